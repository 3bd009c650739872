//! Any text through the assembler: it must not panic, and what assembles must decode.
#![no_main]

use iced_x86::{Decoder, DecoderOptions};
use libfuzzer_sys::fuzz_target;
use morph_asm::{Block, Meaning, Text, Usage, assemble_naked, assemble_routine, names_of};

fuzz_target!(|lines: &str| {
    let mut resolve = |name: &str, usage: Usage, _| match usage {
        Usage::Variable if name.len() % 2 == 0 => Some(Meaning::Value(name.len() as i64)),
        Usage::Variable => Some(Meaning::Frame(8)),
        Usage::Plain if name.starts_with('f') => Some(Meaning::Symbol(name.to_owned())),
        Usage::Plain => None,
    };
    let text = Text { lines, start: 0 };
    let made = assemble_routine(&[Block { text, load: Some(0), record: Some(0) }], &mut resolve);
    for problem in &made.diagnostics {
        let span = problem.primary;
        assert!(lines.get(span.start as usize..span.end as usize).is_some(), "{problem:?}");
    }
    let _ = names_of(text);
    // Line by line, so that data does not pass for code.
    for line in lines.lines().take(20) {
        let plain = names_of(Text { lines: line, start: 0 }).is_empty();
        let lower = line.to_ascii_lowercase();
        let data = ["d", "res", "times", "align"].iter().any(|word| lower.contains(word));
        let made = assemble_naked(Text { lines: line, start: 0 }, "!r", &[0], &mut resolve);
        let code = &made.value.text;
        if made.diagnostics.is_empty() && plain && !data && !code.is_empty() {
            let found = Decoder::new(64, code, DecoderOptions::NONE).decode();
            assert!(!found.is_invalid() && found.len() == code.len(), "{line}: {code:02x?}");
        }
    }
});
