//! Images whose functions are replaced while they run, as values: what is in the image, and what is to be written. That it works in a running
//! program is the business of `crates/cli/tests/watch`.
#![expect(clippy::unwrap_used, reason = "a test")]

use morph_link::hot::{AREA, AREA_SIZE, Function, Hot, HotError, Version, link};
use morph_link::{Debug, Input, Options};
use morph_object::{Definition, Line, Object, Reloc, RelocKind, Section, SymbolKind, Target};
use object::read::{Object as _, ObjectSection as _, ObjectSymbol as _};

fn function(symbol: &str, text: Vec<u8>, callees: &[&str]) -> Object {
    let size = text.len() as u32;
    // Each callee is called by five bytes at the beginning.
    let relocs = (0..callees.len() as u32).map(|number| Reloc {
        section: Section::Text,
        offset: 5 * number + 1,
        kind: RelocKind::Rel32,
        target: Target::Symbol(number),
        addend: -4,
    });
    Object {
        relocs: relocs.collect(),
        symbols: callees.iter().map(|&callee| callee.to_owned()).collect(),
        definitions: vec![Definition {
            symbol: symbol.to_owned(),
            section: Section::Text,
            offset: 0,
            size,
            kind: SymbolKind::Function,
        }],
        lines: vec![Line { offset: 0, line: 0, column: 0 }],
        text,
        ..Object::default()
    }
}

const CALL: [u8; 5] = [0xE8, 0, 0, 0, 0];
const RET: u8 = 0xC3;

/// `!_start` calls `f` and `g`; both can be replaced, `f` calls `g`.
fn program() -> Vec<Object> {
    vec![
        function("!_start", [CALL, CALL].concat(), &["f", "g"]),
        function("f", [&CALL[..], &[RET]].concat(), &["g"]),
        function("g", vec![RET], &[]),
    ]
}

fn input(object: &Object) -> Input<'_> {
    Input { object, unit: "main.fox", first_line: 7, first_column: 0, closable: true }
}

fn linked(objects: &[Object]) -> Hot {
    let inputs: Vec<Input<'_>> = objects.iter().map(input).collect();
    let names = [None, Some("f"), Some("g")];
    let functions: Vec<Option<Function<'_>>> =
        names.iter().map(|name| name.map(|symbol| Function { symbol, params: 0 })).collect();
    link(&inputs, &functions, &Options { debug: Debug::Line, ..Options::default() }).unwrap()
}

/// Where a symbol of the image is, and the bytes that stand there. `~f` is the code of `f`, which debuggers and reports call `f` as well.
fn symbol(hot: &Hot, name: &str) -> (u64, Vec<u8>) {
    let file = object::File::parse(&*hot.image.bytes).unwrap();
    let (shown, kind) = match name.strip_prefix('~') {
        Some(shown) => (shown, object::SymbolKind::Text),
        None if name == "_start" => (name, object::SymbolKind::Text),
        None => (name, object::SymbolKind::Data),
    };
    let mut symbols = file.symbols();
    let found = symbols.find(|symbol| symbol.name() == Ok(shown) && symbol.kind() == kind).unwrap();
    let text = file.section_by_name(".text").unwrap();
    let bytes = text.data_range(found.address(), found.size()).unwrap().unwrap();
    (found.address(), bytes.to_vec())
}

/// The slot through which a function jumps.
fn slot(hot: &Hot, name: &str) -> u64 {
    let (_, code) = symbol(hot, name);
    let [0xFF, 0x24, 0x25, a, b, c, d] = code[..] else { panic!("{name} is {code:02x?}") };
    u64::from(u32::from_le_bytes([a, b, c, d]))
}

fn word(hot: &Hot, slot: u64) -> u64 {
    let mut found = hot.writes.words.iter().filter(|(at, _)| *at == slot);
    let (_, word) = found.next_back().unwrap();
    *word
}

#[test]
fn each_function_is_a_jump_through_a_slot_that_leads_to_its_code() {
    let hot = linked(&program());
    let (start, code) = symbol(&hot, "_start");
    for (name, at) in [("f", 0), ("g", 5)] {
        let slot = slot(&hot, name);
        assert!((AREA..AREA + AREA_SIZE).contains(&slot), "{slot:#x}");
        assert_eq!(word(&hot, slot), symbol(&hot, &format!("~{name}")).0, "{name}");
        // Others call the jump, not the code.
        let distance = i32::from_le_bytes(code[at + 1..at + 5].try_into().unwrap());
        let called = (start + at as u64 + 5).wrapping_add_signed(i64::from(distance));
        assert_eq!(called, symbol(&hot, name).0, "{name}");
    }
}

#[test]
fn a_new_version_is_written_whole_before_its_slot_leads_there() {
    let hot = linked(&program());
    let mut running = hot.running.clone();
    let f = function("f", [&CALL[..], &CALL[..], &[RET]].concat(), &["g", "g"]);
    let read = |address| word(&hot, address);
    for (tried, number) in [(true, 1), (false, 2)] {
        let version = Version {
            input: input(&f),
            function: Function { symbol: "f", params: 0 },
            tried,
            stands_in: false,
        };
        let writes = running.replace(&[version], &[], &|_| None, &read).unwrap();
        let (code, bytes) =
            writes.bytes.iter().find(|(_, bytes)| bytes.starts_with(&[0xE8])).unwrap();
        for at in [0_usize, 5] {
            let distance = i32::from_le_bytes(bytes[at + 1..at + 5].try_into().unwrap());
            let called = (code + at as u64 + 5).wrapping_add_signed(i64::from(distance));
            assert_eq!(called, symbol(&hot, "g").0, "version {number}");
        }
        // The last word is the slot. On probation it leads to an adapter, which is written too.
        let (at, entry) = *writes.words.last().unwrap();
        assert_eq!(at, slot(&hot, "f"));
        assert_eq!(entry == *code, !tried, "version {number}: {entry:#x}, code at {code:#x}");
        assert!(
            writes
                .bytes
                .iter()
                .any(|(start, bytes)| { (*start..*start + bytes.len() as u64).contains(&entry) })
        );
        for (start, bytes) in &writes.bytes {
            assert!(*start >= AREA && start + bytes.len() as u64 <= AREA + AREA_SIZE);
        }
    }
}

#[test]
fn a_function_that_only_moved_gets_other_lines_and_nothing_else() {
    let hot = linked(&program());
    let objects = program();
    let moved = Version {
        input: Input { first_line: 9, ..input(&objects[1]) },
        function: Function { symbol: "f", params: 0 },
        tried: true,
        stands_in: false,
    };
    let writes = hot.running.clone().replace(&[], &[moved], &|_| None, &|_| 0).unwrap();
    assert_eq!((writes.words, writes.bytes.len()), (Vec::new(), 1));
    assert_eq!(writes.bytes[0].1.len(), 4);
}

#[test]
fn what_the_program_lacks_comes_along_or_is_named() {
    let hot = linked(&program());
    let f = function("f", [&CALL[..], &[RET]].concat(), &["@h"]);
    let (h, i) =
        (function("@h", [&CALL[..], &[RET]].concat(), &["@i"]), function("@i", vec![RET], &[]));
    let version = |params| Version {
        input: input(&f),
        function: Function { symbol: "f", params },
        tried: true,
        stands_in: false,
    };
    let missing = hot.running.clone().replace(&[version(0)], &[], &|_| None, &|_| 0);
    assert_eq!(missing.unwrap_err(), HotError::Missing { symbol: String::from("h") });
    let more = |symbol: &str| match symbol {
        "@h" => Some(input(&h)),
        "@i" => Some(input(&i)),
        _ => None,
    };
    let writes = hot.running.clone().replace(&[version(0)], &[], &more, &|_| 0).unwrap();
    let codes = writes.bytes.iter().filter(|(_, bytes)| bytes.last() == Some(&RET));
    assert!(codes.count() >= 3, "{:?}", writes.bytes);
    let many = hot.running.clone().replace(&[version(17)], &[], &more, &|_| 0);
    assert_eq!(many.unwrap_err(), HotError::Parameters { symbol: String::from("f") });
    let mut large = f.clone();
    large.text.resize(AREA_SIZE as usize, 0x90);
    let version = Version { input: input(&large), ..version(0) };
    let full = hot.running.clone().replace(&[version], &[], &more, &|_| 0);
    assert_eq!(full.unwrap_err(), HotError::Full);
}
