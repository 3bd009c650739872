//! Images for aarch64: the header, and addresses inside of instructions. They run in the tests of `morph-cli`.

use std::fmt::Write as _;

use expect_test::expect;
use morph_link::{Input, Machine, Options, link};
use morph_object::{Definition, Object, Reloc, RelocKind, Section, SymbolKind, Target};
use object::read::{Object as _, ObjectSection as _, ObjectSegment as _, ObjectSymbol as _};

const BL: u32 = 0x9400_0000;
const ADRP_X1: u32 = 0x9000_0001;
const ADD_X1_X1: u32 = 0x9100_0021;
const LDR_X2_X1: u32 = 0xf940_0022;
const RET: u32 = 0xd65f_03c0;

fn function(symbol: &str, words: &[u32], symbols: &[&str], relocs: &[Reloc]) -> Object {
    let text: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let definition = Definition {
        symbol: symbol.into(),
        section: Section::Text,
        offset: 0,
        size: text.len() as u32,
        kind: SymbolKind::Function,
    };
    Object {
        text,
        definitions: vec![definition],
        symbols: symbols.iter().map(|&symbol| symbol.into()).collect(),
        relocs: relocs.to_vec(),
        ..Object::default()
    }
}

/// Eight bytes of data behind `before` others.
fn word(symbol: &str, before: usize) -> Object {
    let definition = Definition {
        symbol: symbol.into(),
        section: Section::Data,
        offset: before as u32,
        size: 8,
        kind: SymbolKind::Data,
    };
    Object { data: vec![7; before + 8], definitions: vec![definition], ..Object::default() }
}

fn reloc(offset: u32, kind: RelocKind, symbol: u32, addend: i64) -> Reloc {
    Reloc { section: Section::Text, offset, kind, target: Target::Symbol(symbol), addend }
}

fn linked(objects: &[Object]) -> Result<Vec<u8>, String> {
    let input =
        |object| Input { object, unit: "main.fox", first_line: 1, first_column: 0, closable: true };
    let inputs: Vec<Input<'_>> = objects.iter().map(input).collect();
    let options = Options { machine: Machine::Aarch64, ..Options::default() };
    link(&inputs, &options).map(|image| image.bytes).map_err(|error| error.to_string())
}

/// `value` in two's complement of `bits` bits.
fn signed(value: u32, bits: u32) -> i64 {
    i64::from(value << (32 - bits)).wrapping_shl(32) >> (64 - bits)
}

#[test]
fn addresses_stand_in_the_fields_of_instructions_and_nothing_else_changes() {
    let objects = [
        function(
            "!_start",
            // What stood in the fields before does not count.
            &[BL | 0x3ff, ADRP_X1 | 0x60ff_ffe0, ADD_X1_X1 | 0x0010_0000, LDR_X2_X1, BL, RET],
            &["near", "$data"],
            &[
                reloc(0, RelocKind::Branch26, 0, 0),
                reloc(4, RelocKind::Page21, 1, 0),
                reloc(8, RelocKind::PageOffset12, 1, 4),
                reloc(12, RelocKind::WordOffset12, 1, 0),
                reloc(16, RelocKind::Branch26, 0, -4),
            ],
        ),
        function("near", &[RET, RET], &[], &[]),
        word("$data", 0x4448),
    ];
    let image = linked(&objects).unwrap();
    let file = object::File::parse(&*image).unwrap();
    let text = file.section_by_name(".text").unwrap();
    let at = |name: &str| {
        file.symbols().find(|symbol| symbol.name() == Ok(name)).unwrap().address() as i64
    };
    let words: Vec<u32> = text.data().unwrap()[..24]
        .chunks_exact(4)
        .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    let place = |nth: i64| text.address() as i64 + 4 * nth;
    let mut seen = String::new();
    let branch = |nth: usize| place(nth as i64) + 4 * signed(words[nth] & 0x03ff_ffff, 26);
    let pages = words[1] >> 29 & 3 | (words[1] >> 5 & 0x7_ffff) << 2;
    let page = (place(1) >> 12) + signed(pages, 21);
    let offset = |nth: usize| i64::from(words[nth] >> 10 & 0xfff);
    writeln!(seen, "{:?}", file.architecture()).unwrap();
    writeln!(seen, "bl near{:+}", branch(0) - at("near")).unwrap();
    writeln!(seen, "adrp, add: data{:+}", (page << 12) + offset(2) - at("data")).unwrap();
    writeln!(seen, "adrp, ldr: data{:+}", (page << 12) + 8 * offset(3) - at("data")).unwrap();
    writeln!(seen, "bl near{:+}", branch(4) - at("near")).unwrap();
    let rest =
        [words[0] >> 26, words[1] & 0x9f00_001f, words[2] & 0xffc0_03ff, words[3] & 0xffc0_03ff];
    writeln!(seen, "{rest:08x?} {:08x}", words[5]).unwrap();
    let aligned = file.segments().all(|segment| segment.align() == 0x1_0000);
    writeln!(seen, "every segment suits pages of 64 KB: {aligned}").unwrap();
    expect![[r#"
        Aarch64
        bl near+0
        adrp, add: data+4
        adrp, ldr: data+0
        bl near-4
        [00000025, 90000001, 91000021, f9400022] d65f03c0
        every segment suits pages of 64 KB: true
    "#]]
    .assert_eq(&seen);
}

#[test]
fn what_an_instruction_cannot_reach_is_an_error() {
    let mut seen = String::new();
    for (kind, instruction, addend) in [
        (RelocKind::Branch26, BL, 1 << 27),
        (RelocKind::Branch26, BL, -(1 << 28)),
        (RelocKind::Branch26, BL, 2),
        (RelocKind::Page21, ADRP_X1, 1 << 33),
        (RelocKind::WordOffset12, LDR_X2_X1, 4),
    ] {
        let start = function("!_start", &[instruction], &["$data"], &[reloc(0, kind, 0, addend)]);
        let error = linked(&[start, word("$data", 0)]).unwrap_err();
        writeln!(seen, "{kind:?}: {error}").unwrap();
    }
    expect![[r#"
        Branch26: the address of `data` plus 134217728 does not fit where `_start` of main.fox uses it
        Branch26: the address of `data` plus -268435456 does not fit where `_start` of main.fox uses it
        Branch26: the address of `data` plus 2 does not fit where `_start` of main.fox uses it
        Page21: the address of `data` plus 8589934592 does not fit where `_start` of main.fox uses it
        WordOffset12: the address of `data` plus 4 does not fit where `_start` of main.fox uses it
    "#]]
    .assert_eq(&seen);
}
