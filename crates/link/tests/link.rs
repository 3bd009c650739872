//! Objects made by hand are linked, read back with another ELF reader, and run.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "these tests run what they link"
)]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use expect_test::{Expect, expect};
use morph_link::{Debug, Input, LinkError, Options, link, tables};
use morph_object::{
    Definition, Line, Object, Reloc, RelocKind, Section, SymbolKind, Target, Trap, TrapKind,
};
use object::read::{Object as _, ObjectSection as _, ObjectSymbol as _};

/// `mov edi, status; mov eax, 60; syscall`.
fn exit(status: u8) -> Vec<u8> {
    vec![0xBF, status, 0, 0, 0, 0xB8, 60, 0, 0, 0, 0x0F, 0x05]
}

/// `call symbol` with its relocation left open at offset 1.
fn call() -> Vec<u8> {
    vec![0xE8, 0, 0, 0, 0]
}

fn function(symbol: &str, text: Vec<u8>, symbols: &[&str], relocs: &[Reloc]) -> Object {
    let size = text.len() as u32;
    Object {
        text,
        definitions: vec![Definition {
            symbol: symbol.into(),
            section: Section::Text,
            offset: 0,
            size,
            kind: SymbolKind::Function,
        }],
        symbols: symbols.iter().map(|&symbol| symbol.into()).collect(),
        relocs: relocs.to_vec(),
        ..Object::default()
    }
}

fn reloc(offset: u32, kind: RelocKind, symbol: u32, addend: i64) -> Reloc {
    Reloc { section: Section::Text, offset, kind, target: Target::Symbol(symbol), addend }
}

fn calling(symbol: &str, callee: &str) -> Object {
    function(symbol, call(), &[callee], &[reloc(1, RelocKind::Rel32, 0, -4)])
}

/// A global of eight bytes.
fn global(symbol: &str, value: u64) -> Object {
    Object {
        data: value.to_le_bytes().to_vec(),
        definitions: vec![Definition {
            symbol: symbol.into(),
            section: Section::Data,
            offset: 0,
            size: 8,
            kind: SymbolKind::Data,
        }],
        ..Object::default()
    }
}

fn inputs(objects: &[Object]) -> Vec<Input<'_>> {
    let input =
        |object| Input { object, unit: "main.fox", first_line: 1, first_column: 0, closable: true };
    objects.iter().map(input).collect()
}

fn image(objects: &[Object], options: &Options) -> Vec<u8> {
    link(&inputs(objects), options).unwrap().bytes
}

fn failure(objects: &[Object], expected: Expect) {
    expected.assert_eq(&link(&inputs(objects), &Options::default()).unwrap_err().to_string());
}

/// How a run of the image ended.
fn run(image: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    std::fs::write(&path, image).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    // Another test's child may hold the file open for writing between its fork and its exec.
    let status = loop {
        match Command::new(&path).status() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => continue,
            other => break other.unwrap(),
        }
    };
    match status.signal() {
        Some(signal) => format!("signal {signal}"),
        None => format!("status {}", status.code().unwrap()),
    }
}

#[test]
fn an_image_of_one_routine_runs_and_is_tiny() {
    for debug in [Debug::None, Debug::Line] {
        let image = image(
            &[function("!_start", exit(42), &[], &[])],
            &Options { debug, ..Options::default() },
        );
        assert_eq!(run(&image), "status 42", "{debug:?}");
        assert!(image.len() < 1400, "{} bytes with {debug:?}", image.len());
    }
}

#[test]
fn every_kind_of_relocation_reaches_data_code_and_constants() {
    // mov edi, [number] (Abs32Signed through SIB); add edi, [rip + constant]; mov rax, &pointer (Abs64);
    // mov rax, [rax]; add edi, [rax]; mov eax, finish (Abs32); jmp rax
    let mut text = vec![0x8B, 0x3C, 0x25, 0, 0, 0, 0];
    text.extend([0x03, 0x3D, 0, 0, 0, 0]);
    text.extend([0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0]);
    text.extend([0x48, 0x8B, 0x00]);
    text.extend([0x03, 0x38]);
    text.extend([0xB8, 0, 0, 0, 0]);
    text.extend([0xFF, 0xE0]);
    let mut start = function(
        "!_start",
        text,
        &["$number", "$pointer", "finish"],
        &[
            reloc(3, RelocKind::Abs32Signed, 0, 0),
            Reloc { target: Target::Section(Section::Rodata), ..reloc(9, RelocKind::Rel32, 0, 0) },
            reloc(15, RelocKind::Abs64, 1, 0),
            reloc(29, RelocKind::Abs32, 2, 0),
        ],
    );
    start.rodata = vec![20, 0, 0, 0];
    start.relocs[1].addend = -4;
    let mut pointer = global("$pointer", 0);
    pointer.symbols = vec![String::from("$number")];
    pointer.relocs = vec![Reloc { section: Section::Data, ..reloc(0, RelocKind::Abs64, 0, 0) }];
    // mov eax, 60; syscall
    let finish = function("finish", vec![0xB8, 60, 0, 0, 0, 0x0F, 0x05], &[], &[]);
    let image = image(&[start, global("$number", 11), pointer, finish], &Options::default());
    assert_eq!(run(&image), "status 42");
}

#[test]
fn zeroed_data_is_zero_and_writable() {
    // mov rax, &counter; add dword [rax + 4000], 7; mov edi, [rax + 4000]; mov eax, 60; syscall
    let mut text = vec![0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0];
    text.extend([0x83, 0x80, 0xA0, 0x0F, 0, 0, 7]);
    text.extend([0x8B, 0xB8, 0xA0, 0x0F, 0, 0]);
    text.extend([0xB8, 60, 0, 0, 0, 0x0F, 0x05]);
    let start = function("!_start", text, &["#area"], &[reloc(2, RelocKind::Abs64, 0, 0)]);
    let area = Object {
        bss_size: 8000,
        definitions: vec![Definition {
            symbol: "#area".into(),
            section: Section::Bss,
            offset: 0,
            size: 8000,
            kind: SymbolKind::Data,
        }],
        ..Object::default()
    };
    for data in [None, Some(global("$x", u64::MAX))] {
        let mut objects = vec![start.clone(), area.clone()];
        objects.extend(data);
        let options = Options { roots: vec![], ..Options::default() };
        assert_eq!(run(&image(&objects, &options)), "status 7");
    }
}

#[test]
fn only_what_the_entry_or_a_root_reaches_is_placed() {
    let objects = [
        calling("unused", "missing"),
        calling("!_start", "a"),
        function("kept", exit(1), &[], &[]),
        calling("a", "b"),
        function("b", exit(9), &[], &[]),
    ];
    let options = Options { roots: vec![String::from("kept")], ..Options::default() };
    assert_eq!(link(&inputs(&objects), &Options::default()).unwrap().placed, 3);
    let linked = link(&inputs(&objects), &options).unwrap();
    assert_eq!(linked.placed, 4);
    assert_eq!(run(&linked.bytes), "status 9");
    let file = object::File::parse(&*linked.bytes).unwrap();
    let names: Vec<_> = file.symbols().map(|symbol| symbol.name().unwrap()).collect();
    assert_eq!(names, ["_start", "kept", "a", "b"]);
}

#[test]
fn a_closed_global_faults_when_it_is_read_and_written_and_its_stand_in_is_listed() {
    // mov rax, [closed] / mov [closed], rax
    for access in [0x8B, 0x89] {
        let start = function(
            "!_start",
            vec![0x48, access, 0x04, 0x25, 0, 0, 0, 0],
            &["$g", "=closed_start", "=closed_globals"],
            &[reloc(4, RelocKind::Abs32Signed, 0, 0)],
        );
        let objects =
            [start, function("?$g", exit(3), &[], &[]), function("?$h", exit(4), &[], &[])];
        let closed_globals = vec![String::from("$h"), String::from("$g")];
        let linked =
            link(&inputs(&objects), &Options { closed_globals, ..Options::default() }).unwrap();
        assert_eq!(run(&linked.bytes), "signal 11");
        assert_eq!(linked.placed, 2, "the stand-in of `$h` is not needed");
    }
}

#[test]
fn the_table_of_closed_globals_holds_the_stand_ins() {
    // mov rax, [closed_globals + 8]; jmp rax
    let objects = [
        function(
            "!_start",
            vec![0x48, 0x8B, 0x04, 0x25, 0, 0, 0, 0, 0xFF, 0xE0],
            &["=closed_globals", "$g", "$h"],
            &[reloc(4, RelocKind::Abs32Signed, 0, 8)],
        ),
        function("?$g", exit(3), &[], &[]),
        function("?$h", exit(4), &[], &[]),
    ];
    let closed_globals = vec![String::from("$g"), String::from("$h")];
    let image = image(&objects, &Options { closed_globals, ..Options::default() });
    assert_eq!(run(&image), "status 4");
}

#[test]
fn the_tables_name_functions_lines_and_traps() {
    let mut start = calling("!_start", "@f");
    start.symbols.extend(["=functions", "=functions_end", "=lines", "=traps"].map(String::from));
    start.lines =
        vec![Line { offset: 0, line: 0, column: 2 }, Line { offset: 4, line: 3, column: 1 }];
    let mut library = function("@f", exit(0), &[], &[]);
    library.lines = vec![Line { offset: 0, line: 1, column: 2000 }];
    library.traps = vec![Trap { offset: 5, kind: TrapKind::DivisionByZero }];
    let inputs = [
        Input {
            object: &start,
            unit: "kernel/entry.fox",
            first_line: 10,
            first_column: 4,
            closable: true,
        },
        Input { object: &library, unit: "f.fox", first_line: 7, first_column: 0, closable: true },
    ];
    let image = link(&inputs, &Options::default()).unwrap().bytes;
    expect![[r#"
        function +0 5 bytes: _start of kernel/entry.fox
        function +16 12 bytes: f of f.fox
        line +0: 10:7
        line +4: 13:2
        line +16: 8:1023
        trap +21: 1
    "#]]
    .assert_eq(&read_tables(&image, 2, 3, 1));
}

#[test]
fn the_table_of_gates_is_in_every_image_that_names_it_and_in_no_other() {
    let names = |symbols: &[&str]| {
        let mut start = calling("!_start", "@f");
        start.symbols.extend(symbols.iter().map(|&symbol| symbol.to_owned()));
        start
    };
    let (f, g) = (calling("@f", "@g"), function("@g", exit(0), &[], &[]));
    for debug in [Debug::None, Debug::Line, Debug::Full] {
        let linked = |start: &Object| {
            let inputs = [
                Input {
                    object: start,
                    unit: "lib/kernel/entry.fox",
                    first_line: 1,
                    first_column: 0,
                    closable: false,
                },
                Input { object: &f, unit: "f.fox", first_line: 1, first_column: 0, closable: true },
                Input { object: &g, unit: "f.fox", first_line: 4, first_column: 0, closable: true },
            ];
            link(&inputs, &Options { debug, ..Options::default() }).unwrap().bytes
        };
        let (with, without) = (linked(&names(&["=gates", "=gates_end"])), linked(&names(&[])));
        assert_eq!((run(&with), run(&without)), ("status 0".into(), "status 0".into()));
        let code = entry(&with) as u32;
        let table = |path: usize| -> Vec<u8> {
            let path = path as u32 + 0x40_0000;
            [code + 16, path, code + 32, path].into_iter().flat_map(u32::to_le_bytes).collect()
        };
        let found = (0..with.len()).filter(|&at| with[at..].starts_with(b"f.fox\0")).any(|path| {
            let table = table(path);
            with.windows(16).any(|window| window == table)
        });
        assert!(found, "{debug:?}");
        let paths = |image: &[u8]| image.windows(6).filter(|window| window == b"f.fox\0").count();
        assert_eq!(paths(&with), paths(&without) + 1, "{debug:?}");
        assert!(debug != Debug::None || paths(&without) == 0);
    }
}

/// Where an image begins to run: `!_start` is its first code.
fn entry(image: &[u8]) -> u64 {
    object::File::parse(image).unwrap().entry()
}

/// Reads the tables back as the crash reporter does: they stand behind the objects' constants.
fn read_tables(image: &[u8], functions: usize, lines: usize, traps: usize) -> String {
    let file = object::File::parse(image).unwrap();
    let rodata = file.section_by_name(".rodata").unwrap();
    let text = file.section_by_name(".text").unwrap().address() as u32;
    let bytes = rodata.data().unwrap();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let name = |address: u32| {
        let from = &bytes[address as usize - rodata.address() as usize..];
        String::from_utf8(from.iter().copied().take_while(|&byte| byte != 0).collect()).unwrap()
    };
    let mut out = String::new();
    let mut at = 0;
    for _ in 0..functions {
        let (address, size) = (word(at) - text, word(at + 4));
        let (function, unit) = (name(word(at + 8)), name(word(at + 12)));
        writeln!(out, "function +{address} {size} bytes: {function} of {unit}").unwrap();
        at += tables::FUNCTION_ENTRY;
    }
    for _ in 0..lines {
        let (line, column) = tables::line_and_column(word(at + 4));
        writeln!(out, "line +{}: {line}:{column}", word(at) - text).unwrap();
        at += tables::LINE_ENTRY;
    }
    for _ in 0..traps {
        writeln!(out, "trap +{}: {}", word(at) - text, word(at + 4)).unwrap();
        at += tables::TRAP_ENTRY;
    }
    out
}

#[test]
fn symbols_have_kinds_sizes_and_plain_names_for_debuggers() {
    let mut start = function("!_start", exit(0), &["$number", "%main:0"], &[]);
    start.text.push(0x90);
    let image = image(
        &[start, global("$number", 1), function("%main:0", exit(0), &[], &[])],
        &Options::default(),
    );
    let file = object::File::parse(&*image).unwrap();
    let mut out = String::new();
    for symbol in file.symbols() {
        let section = symbol.section_index().map(|at| file.section_by_index(at).unwrap());
        let section = section.map(|section| section.name().unwrap().to_owned()).unwrap_or_default();
        writeln!(out, "{} {:?} {section} {}", symbol.name().unwrap(), symbol.kind(), symbol.size())
            .unwrap();
    }
    expect![[r#"
        _start Text .text 12
        number Data .data 8
        main:0 Text .text 12
    "#]]
    .assert_eq(&out);
}

#[test]
fn equal_inputs_give_equal_bytes_and_order_is_the_order_of_inputs() {
    let objects = [calling("!_start", "b"), function("a", exit(1), &[], &[]), calling("b", "a")];
    let first = image(&objects, &Options::default());
    assert_eq!(first, image(&objects.clone(), &Options::default()));
    let file = object::File::parse(&*first).unwrap();
    let addresses: Vec<_> = file.symbols().map(|symbol| symbol.address()).collect();
    assert!(addresses.is_sorted(), "{addresses:x?}");
}

#[test]
fn without_debug_there_are_no_names_in_the_image() {
    let objects = [calling("!_start", "a_long_name"), function("a_long_name", exit(5), &[], &[])];
    let image = image(&objects, &Options { debug: Debug::None, ..Options::default() });
    assert_eq!(run(&image), "status 5");
    assert!(!image.windows(11).any(|window| window == b"a_long_name"));
}

#[test]
fn errors_name_the_symbol_and_who_uses_it() {
    failure(&[], expect!["`!_start`, used by the image itself, is not defined"]);
    failure(
        &[calling("!_start", "f")],
        expect!["`f`, used by `_start` of main.fox, is not defined"],
    );
    let twice = [function("!_start", exit(0), &[], &[]), calling("f", "f"), calling("f", "f")];
    failure(&twice, expect!["`f` is defined by both `f` of main.fox and `f` of main.fox"]);
    let far = function("!_start", call(), &["!_start"], &[reloc(1, RelocKind::Abs32, 0, 1 << 40)]);
    failure(
        &[far],
        expect![
            "the address of `_start` plus 1099511627776 does not fit where `_start` of main.fox uses it"
        ],
    );
    let table = function("=lines", exit(0), &[], &[]);
    failure(&[table], expect!["`=lines` is defined by both the linker and `lines` of main.fox"]);
}

#[test]
fn a_malformed_object_is_an_error_and_not_a_panic() {
    let start = || function("!_start", exit(0), &["!_start"], &[]);
    let mut past = start();
    past.relocs = vec![reloc(10, RelocKind::Abs64, 0, 0)];
    let mut stranger = start();
    stranger.relocs = vec![reloc(0, RelocKind::Abs64, 1, 0)];
    let mut zeroed = start();
    zeroed.relocs = vec![Reloc { section: Section::Bss, ..reloc(0, RelocKind::Abs64, 0, 0) }];
    let mut large = start();
    large.definitions[0].size = u32::MAX;
    let mut overhang = start();
    overhang.definitions[0].offset = 13;
    for object in [past, stranger, zeroed, large, overhang] {
        let result = link(&inputs(&[object]), &Options::default());
        assert!(matches!(result, Err(LinkError::Malformed { .. })), "{result:?}");
    }
    let mut huge = start();
    huge.bss_size = u32::MAX;
    let result = link(&inputs(&[huge]), &Options::default());
    assert!(matches!(result, Err(LinkError::TooLarge { .. })), "{result:?}");
}
