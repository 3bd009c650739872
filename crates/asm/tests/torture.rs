//! Garbled text: nothing panics, nothing takes long, and what assembles decodes.

use iced_x86::{Decoder, DecoderOptions};
use morph_asm::{
    Block, Meaning, Text, Usage, assemble_data, assemble_routine, constants_of, is_data_only,
    labels_of, names_of,
};
use morph_diag::Span;
use proptest::prelude::*;

/// Pieces that lines are garbled from.
const PIECES: &[&str] = &[
    "mov",
    "rax",
    "rbx",
    "eax",
    "al",
    "xmm3",
    "[",
    "]",
    ",",
    "+",
    "-",
    "*",
    "8",
    "0x7fffffffffffffff",
    "'c'",
    "\"text\"",
    "`\\n`",
    "\n",
    "\n",
    "\n",
    ":",
    ".l",
    "name",
    "equ",
    "db",
    "dq",
    "times",
    "align",
    "resb",
    "call",
    "jmp",
    "jnz",
    "$",
    "$$",
    "(",
    ")",
    "~",
    "<<",
    ">>",
    "/",
    "%",
    "var_x",
    "var_c",
    "qword",
    "byte",
    "rel",
    "rep",
    "lock",
    "stosq",
    "add",
    "imul",
    "push",
    "f",
    "{k1}",
    "{z}",
    "vaddps",
    "zmm1",
    "fs:",
    "short",
    "ret",
    ";",
    "é",
    "0",
    "1",
    "65536",
    "-1",
    "test",
    "xchg",
    "lea",
    "movzx",
    "st",
    "fld",
    "default",
    "rip",
];

fn resolve(name: &str, usage: Usage, _: Span) -> Option<Meaning> {
    match (name, usage) {
        ("x", Usage::Variable) => Some(Meaning::Frame(8)),
        ("c", Usage::Variable) => Some(Meaning::Value(9)),
        ("f", Usage::Plain) => Some(Meaning::Symbol("f".to_owned())),
        _ => None,
    }
}

fn torture(lines: &str) {
    let text = Text { lines, start: 3 };
    let block = Block { text, load: None, record: Some(8) };
    let made = assemble_routine(&[block, Block { load: Some(8), ..block }], &mut resolve);
    for problem in &made.diagnostics {
        let span = problem.primary;
        assert!(span.start >= 3 && span.end as usize <= lines.len() + 3, "{problem:?}");
        assert!(lines.get(span.start as usize - 3..span.end as usize - 3).is_some(), "{problem:?}");
    }
    assemble_data(text, "#", &mut resolve);
    let _ = (constants_of(text), is_data_only(text), labels_of(text), names_of(text));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn garbled_text_becomes_diagnostics(picks in prop::collection::vec((0..PIECES.len(), any::<bool>()), 0..60)) {
        let text: String =
            picks.iter().flat_map(|(at, space)| [PIECES[*at], if *space { " " } else { "" }]).collect();
        torture(&text);
    }

    #[test]
    fn any_characters_become_diagnostics(text in "\\PC{0,80}") {
        torture(&text);
    }

    #[test]
    fn a_line_that_assembles_decodes(picks in prop::collection::vec(0..PIECES.len(), 1..9)) {
        let words: Vec<&str> = picks.iter().map(|at| PIECES[*at]).filter(|piece| *piece != "\n").collect();
        let line = words.join(" ");
        let text = Text { lines: &line, start: 0 };
        let made = morph_asm::assemble_naked(text, "!r", &[0], &mut resolve);
        let plain = !["db", "dq", "times", "align", "resb", "var_c"].iter().any(|word| line.contains(word));
        if made.diagnostics.is_empty() && plain && !made.value.text.is_empty() {
            let found = Decoder::new(64, &made.value.text, DecoderOptions::NONE).decode();
            prop_assert_eq!(found.len(), made.value.text.len(), "{}", line);
            prop_assert!(!found.is_invalid(), "{}", line);
        }
    }
}

#[test]
fn hostile_texts_end_soon() {
    let doubling: String = (0..60).map(|n| format!("c{n} equ c{} + c{}\n", n + 1, n + 1)).collect();
    let enumeration: String =
        (1..60).map(|n| format!("e{n} equ e{} + 1\n", n - 1)).collect::<String>()
            + "e0 equ 1\nmov eax, e59\n";
    let chain: String = (0..2000).map(|n| format!("jmp .l{}\n.m{n}: nop\n", n)).collect::<String>()
        + &(0..2000).map(|n| format!(".l{n}: nop\n")).collect::<String>();
    let texts = [
        doubling,
        enumeration,
        chain,
        "(".repeat(100_000),
        format!("mov rax, {}1", "1+".repeat(50_000)),
        format!("mov rax, {}1", "-".repeat(50_000)),
        "times 16000000 jmp $".to_owned(),
        "times 0x7fffffffffffffff db 1".to_owned(),
        "times 0x7fffffffffffffff align 8".to_owned(),
        "times 0x7fffffffffffffff resb 0".to_owned(),
        "resb 16000000\n".repeat(50),
        "a: times 64 - (b - a) db 0\nb:".to_owned(),
        "[".repeat(100_000),
        "x:".repeat(100_000),
        "mov rax, rbx\n".repeat(20_000),
    ];
    for text in texts {
        torture(&text);
    }
}
