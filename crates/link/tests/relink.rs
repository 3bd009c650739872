//! Exchanging objects of an image gives the bytes that linking everything gives, or says that it cannot.
#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use morph_link::{
    Debug, Exchange, Image, Input, Map, Options, Unfit, link_with_map, relink, tables,
};
use morph_object::{
    Definition, Line, Object, Reloc, RelocKind, Section, SymbolKind, Target, Trap, TrapKind,
};

/// One input: its object and where it stands.
#[derive(Clone)]
struct Part {
    object: Object,
    unit: String,
    first_line: u32,
    first_column: u32,
}

/// An object that defines `symbol` and names `others`.
fn object(rng: &mut Rng, symbol: &str, others: &[&str]) -> Object {
    // push rbp; mov rbp, rsp: a frame to describe.
    let mut text: Vec<u8> = if rng.bool() { vec![0x55, 0x48, 0x89, 0xe5] } else { vec![0x90; 4] };
    text.extend((0..rng.usize(140..300)).map(|_| rng.u8(..)));
    let data: Vec<u8> = (0..rng.usize(0..3) * 12).map(|_| rng.u8(..)).collect();
    let rodata: Vec<u8> = (0..rng.usize(0..3) * 12).map(|_| rng.u8(..)).collect();
    let mut relocs = Vec::new();
    let mut offset = 4;
    for (at, _) in (0..).zip(others) {
        let kind =
            *rng.choice(&[RelocKind::Rel32, RelocKind::Abs32, RelocKind::Abs32Signed]).unwrap();
        let addend = rng.i64(-8..8);
        let target = Target::Symbol(at);
        relocs.push(Reloc { section: Section::Text, offset, kind, target, addend });
        offset += 4;
    }
    let target = Target::Section(*rng.choice(&[Section::Rodata, Section::Text]).unwrap());
    let kind = RelocKind::Abs64;
    relocs.push(Reloc { section: Section::Text, offset, kind, target, addend: 3 });
    if data.len() >= 8 {
        let target = Target::Section(Section::Bss);
        relocs.push(Reloc { section: Section::Data, offset: 0, kind, target, addend: 0 });
    }
    let size = text.len() as u32;
    let definition =
        |symbol: String, section, kind, size| Definition { symbol, section, offset: 0, size, kind };
    let definitions = vec![
        definition(symbol.to_owned(), Section::Text, SymbolKind::Function, size),
        definition(format!("${symbol}"), Section::Data, SymbolKind::Data, data.len() as u32),
    ];
    let mut lines = Vec::new();
    let mut at = 0;
    for line in 0..rng.u32(0..6) {
        lines.push(Line { offset: at, line, column: rng.u32(0..80) });
        at += rng.u32(1..6);
    }
    let traps = (0..rng.u32(0..3)).map(|n| Trap { offset: n * 3, kind: TrapKind::DivisionByZero });
    Object {
        text,
        rodata,
        data,
        bss_size: rng.u32(0..3) * 8,
        definitions,
        symbols: others.iter().map(|&symbol| symbol.to_owned()).collect(),
        relocs,
        lines,
        traps: traps.collect(),
    }
}

/// A program: the entry names all others, or most; some name each other, and what the linker provides.
fn program(rng: &mut Rng) -> Vec<Part> {
    let count = rng.usize(2..30);
    let names: Vec<String> = (0..count).map(|n| format!("f{n}")).collect();
    let reached: Vec<&str> =
        names.iter().map(String::as_str).filter(|_| rng.u8(..10) != 0).collect();
    let mut parts = vec![Part {
        object: object(rng, "!_start", &reached),
        unit: String::from("a.fox"),
        first_line: 1,
        first_column: 0,
    }];
    let mut unit = 0;
    for name in &names {
        if rng.u8(..4) == 0 {
            unit += 1;
        }
        parts.push(Part {
            object: referring(rng, name, &names),
            unit: format!("unit{unit}.fox"),
            first_line: rng.u32(1..900),
            first_column: rng.u32(0..3) * 10,
        });
    }
    parts
}

fn referring(rng: &mut Rng, name: &str, names: &[String]) -> Object {
    let mut others: Vec<&str> = Vec::new();
    for _ in 0..rng.usize(0..5) {
        let other = match rng.u8(..12) {
            0 => "=functions_end",
            1 => "=data_start",
            2 => "=gates",
            _ => rng.choice(names).unwrap(),
        };
        if !others.contains(&other) {
            others.push(other);
        }
    }
    object(rng, name, &others)
}

fn inputs(parts: &[Part]) -> Vec<Input<'_>> {
    parts
        .iter()
        .map(|part| Input {
            object: &part.object,
            unit: &part.unit,
            first_line: part.first_line,
            first_column: part.first_column,
            closable: part.unit != "a.fox",
        })
        .collect()
}

fn linked(parts: &[Part], options: &Options) -> (Image, Map) {
    let (image, map) = link_with_map(&inputs(parts), options).unwrap();
    (image, map.unwrap())
}

fn relinked(map: &Map, image: &Image, exchanges: &[Exchange<'_>]) -> Result<(Vec<u8>, Map), Unfit> {
    let mut bytes = Vec::new();
    let mut former = |offset: u64, into: &mut [u8]| {
        let from = offset as usize;
        into.copy_from_slice(image.bytes.get(from..from + into.len()).unwrap());
        Ok(())
    };
    let mut sink = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    let changes = relink(map, exchanges, &mut former, &mut sink)?;
    let mut map = map.clone();
    assert!(map.apply(&changes));
    Ok((bytes, map))
}

#[test]
fn what_comes_out_is_what_linking_everything_gives() {
    let seed = 7;
    let mut rng = Rng::with_seed(seed);
    let mut fit = 0;
    for round in 0..600 {
        let options = Options {
            debug: if rng.u8(..4) == 0 { Debug::None } else { Debug::Line },
            ..Options::default()
        };
        let mut parts = program(&mut rng);
        let (mut image, mut map) = linked(&parts, &options);
        let names: Vec<String> = (0..parts.len() - 1).map(|n| format!("f{n}")).collect();
        for step in 0..4 {
            let mut next = parts.clone();
            let mut exchanged = Vec::new();
            for (at, part) in next.iter_mut().enumerate().skip(1) {
                match rng.u8(..8) {
                    0 => {
                        part.object = referring(&mut rng, &names[at - 1], &names);
                        exchanged.push((at, true));
                    }
                    1 => {
                        part.first_line = rng.u32(1..900);
                        part.first_column = rng.u32(0..3) * 10;
                        exchanged.push((at, false));
                    }
                    2 => exchanged.push((at, rng.bool())),
                    _ => {}
                }
            }
            let exchanges: Vec<Exchange<'_>> = exchanged
                .iter()
                .map(|(at, object)| Exchange {
                    input: *at as u32,
                    object: object.then_some(&next[*at].object),
                    first_line: next[*at].first_line,
                    first_column: next[*at].first_column,
                })
                .collect();
            let expected = linked(&next, &options);
            match relinked(&map, &image, &exchanges) {
                Ok((bytes, new)) => {
                    fit += 1;
                    let first = bytes.iter().zip(&expected.0.bytes).position(|(a, b)| a != b);
                    let lengths = (bytes.len(), expected.0.bytes.len());
                    assert!(
                        first.is_none() && lengths.0 == lengths.1,
                        "seed {seed}, round {round}, step {step}: byte {first:?} of {lengths:?}"
                    );
                    assert_eq!(new, expected.1, "seed {seed}, round {round}, step {step}");
                }
                Err(Unfit::Other(_)) => {}
                Err(Unfit::Io(error)) => panic!("{error}"),
            }
            (image, map) = expected;
            parts = next;
        }
    }
    // Where an object is reached from others only, exchanging those often ends that.
    assert!(fit > 800, "only {fit} of 2400 fitted");
}

/// Two functions that the entry names.
fn small() -> Vec<Part> {
    let mut rng = Rng::with_seed(1);
    let part = |object, first_line| Part {
        object,
        unit: String::from("b.fox"),
        first_line,
        first_column: 0,
    };
    vec![
        part(object(&mut rng, "!_start", &["f", "g"]), 1),
        part(object(&mut rng, "f", &["g"]), 2),
        part(object(&mut rng, "g", &[]), 3),
    ]
}

fn reason(exchanges: &[Exchange<'_>]) -> String {
    let (image, map) = linked(&small(), &Options::default());
    relinked(&map, &image, exchanges).unwrap_err().to_string()
}

fn exchange(input: u32, object: Option<&Object>) -> Exchange<'_> {
    Exchange { input, object, first_line: 2, first_column: 0 }
}

#[test]
fn what_only_a_whole_link_can_do_is_told() {
    let mut rng = Rng::with_seed(2);
    let other_name = object(&mut rng, "h", &["g"]);
    assert_eq!(reason(&[exchange(1, Some(&other_name))]), "an object defines other symbols");
    let unknown = object(&mut rng, "f", &["nowhere"]);
    assert_eq!(reason(&[exchange(1, Some(&unknown))]), "a symbol is not in the image");
    let alone = object(&mut rng, "!_start", &["g"]);
    assert_eq!(reason(&[exchange(0, Some(&alone))]), "something is no longer reached");
    let gates = object(&mut rng, "f", &["=gates"]);
    assert_eq!(reason(&[exchange(1, Some(&gates))]), "something is no longer reached");
    let mut far = object(&mut rng, "f", &["g"]);
    far.relocs[0].kind = RelocKind::Abs32;
    far.relocs[0].addend = i64::from(u32::MAX);
    assert_eq!(reason(&[exchange(1, Some(&far))]), "an address does not fit");
    let mut outside = object(&mut rng, "f", &["g"]);
    outside.relocs[0].offset = outside.text.len() as u32;
    assert_eq!(reason(&[exchange(1, Some(&outside))]), "a relocation reaches past its section");
}

#[test]
fn a_column_that_the_table_of_lines_cannot_tell_is_not_guessed() {
    let mut parts = small();
    parts[1].object.lines = vec![Line { offset: 0, line: 0, column: 5000 }];
    let (image, map) = linked(&parts, &Options::default());
    let moved = Exchange { first_line: 9, ..exchange(1, None) };
    let told = relinked(&map, &image, &[moved]).unwrap_err().to_string();
    assert_eq!(told, "a line is too long");
    assert_eq!(tables::line_and_column(tables::place(2, 5001)), (2, 1023));
}

#[test]
fn images_with_more_to_them_have_no_map() {
    let parts = small();
    let none = |options: &Options| link_with_map(&inputs(&parts), options).unwrap().1.is_none();
    assert!(none(&Options { debug: Debug::Full, ..Options::default() }));
    assert!(none(&Options { roots: vec![String::from("g")], ..Options::default() }));
    let mut parts = small();
    let mut rng = Rng::with_seed(3);
    parts.push(Part { object: object(&mut rng, "?$weg", &[]), ..parts[0].clone() });
    parts[0].object = object(&mut rng, "!_start", &["$weg"]);
    let closed_globals = vec![String::from("$weg")];
    let options = Options { closed_globals, ..Options::default() };
    assert!(link_with_map(&inputs(&parts), &options).unwrap().1.is_none());
}
