//! How long linking 10,000 functions takes: `cargo run --release -p morph-link --example link_speed`.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a measurement prints its result"
)]

use std::time::{Duration, Instant};

use morph_link::{Input, LinkError, Options, link};
use morph_object::{Definition, Line, Object, Reloc, RelocKind, Section, SymbolKind, Target};

const FUNCTIONS: usize = 10_000;
const CALLS: usize = 6;

fn function(n: usize) -> Object {
    let mut text = Vec::new();
    let mut relocs = Vec::new();
    let mut symbols = Vec::new();
    for call in 0..CALLS {
        text.extend([0x90; 11]);
        text.extend([0xE8, 0, 0, 0, 0]);
        let callee = (n * 7 + call * 131 + 1) % FUNCTIONS;
        symbols.push(if call == 0 { name((n + 1) % FUNCTIONS) } else { name(callee) });
        let offset = text.len() as u32 - 4;
        let target = Target::Symbol(call as u32);
        relocs.push(Reloc {
            section: Section::Text,
            offset,
            kind: RelocKind::Rel32,
            target,
            addend: -4,
        });
    }
    let size = text.len() as u32;
    let symbol = name(n);
    let definition =
        Definition { symbol, section: Section::Text, offset: 0, size, kind: SymbolKind::Function };
    let lines = (0..12).map(|line| Line { offset: line * 8, line, column: 4 }).collect();
    Object { text, relocs, symbols, definitions: vec![definition], lines, ..Object::default() }
}

fn name(n: usize) -> String {
    if n == 0 { String::from("!_start") } else { format!("function_number_{n}") }
}

fn main() -> Result<(), LinkError> {
    let objects: Vec<Object> = (0..FUNCTIONS).map(function).collect();
    let inputs: Vec<Input<'_>> = objects
        .iter()
        .map(|object| Input {
            object,
            unit: "main.fox",
            first_line: 1,
            first_column: 0,
            closable: true,
        })
        .collect();
    let options = Options::default();
    let mut times: Vec<Duration> = Vec::new();
    let mut bytes = 0;
    for _ in 0..21 {
        let start = Instant::now();
        bytes = link(&inputs, &options)?.bytes.len();
        times.push(start.elapsed());
    }
    times.sort();
    let (best, median) = (times[0], times[times.len() / 2]);
    println!(
        "{FUNCTIONS} functions, {} calls, {bytes} bytes: median {median:?}, best {best:?}",
        FUNCTIONS * CALLS
    );
    Ok(())
}
