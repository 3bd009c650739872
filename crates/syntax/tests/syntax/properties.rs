//! For any text: no panic, no byte lost, spans inside the text.

use morph_diag::Severity;
use morph_syntax::{Piece, PieceKind, parse, split};
use proptest::prelude::*;

const KINDS: [PieceKind; 11] = [
    PieceKind::Function,
    PieceKind::Struct,
    PieceKind::Const,
    PieceKind::Global,
    PieceKind::UnitBlock,
    PieceKind::Statement,
    PieceKind::Asm,
    PieceKind::AsmData,
    PieceKind::Routine,
    PieceKind::Import,
    PieceKind::Stray,
];

/// Words, signs and line ends that meet in every possible order.
const WORDS: [&str; 78] = [
    "fungsi",
    "f",
    "(",
    "a",
    ",",
    ")",
    "tutup_fungsi",
    "struktur",
    "tutup_struktur",
    "const",
    "var",
    "=",
    "1",
    "tipe",
    "jika",
    "lain_jika",
    "lain",
    "tutup_jika",
    "selama",
    "tutup_selama",
    "untuk",
    ";",
    "tutup_untuk",
    "pilih",
    "kasus",
    ":",
    "pilihan_lain",
    "tutup_pilih",
    "berhenti",
    "lanjut",
    "cetak",
    "cetak_str",
    "baca",
    "asm_mulai",
    "tutup_asm",
    "asm_data",
    "tutup_data",
    "asm_rutin",
    "indeks",
    "Daftar",
    "Ambil",
    "ambil",
    "benar",
    "akhir",
    "unit",
    "shard",
    "fragment",
    "paralel",
    "gabung",
    "tutup_unit",
    "tutup_shard",
    "tutup_fragment",
    "\"s\"",
    "\"",
    "'",
    "0x1f",
    "1.5",
    "+",
    "-",
    "!",
    "++",
    "&&",
    "[",
    "]",
    ".",
    "#",
    "### 3",
    "\u{e9}",
    "\u{0}",
    "if",
    "else",
    "end",
    "maka",
    "kembalikan",
    "\n",
    "\n",
    "\r\n",
    "\n  ",
];

/// A program with every form.
const PROGRAM: &str = "### 1\nconst K = 1\nvar g = f(1,\n  2)\nstruktur S\n  x int\n  b [4]int\ntutup_struktur\nfungsi f(a, b)\n  var x = a * (b - 1) ; c\n  jika (x < 3)\n    x = x + 1\n  lain_jika (x == 4) f() lain\n    selama (x)\n      x--\n    tutup_selama\n  tutup_jika\n  untuk (var i = 0; i < 3; i++)\n    cetak(\"a;b\")\n  tutup_untuk\n  pilih (x)\n    kasus 1: y = 1\n    pilihan_lain:\n  tutup_pilih\n  asm_mulai\n    mov rax, [var_x]\n  tutup_asm\n  kembalikan\ntutup_fungsi\nunit u\n  shard s\n  paralel\n  gabung\n  tutup_shard\ntutup_unit\nAmbil 1, 2-3\nDaftar \"a\" = 4\nasm_data\n  a db ';'\ntutup_data\ncetak(1)\n";

/// Whether every byte that matters lies in exactly one piece, and every piece begins and ends with such a byte.
fn check_cover(text: &str, pieces: &[Piece]) {
    let mut end = 0;
    for piece in pieces {
        let (start, stop) = (piece.range.start as usize, piece.range.end as usize);
        assert!(end <= start && start < stop && stop <= text.len(), "{piece:?}");
        check_gap(&text[end..start], end == 0, end);
        assert!(
            !text[start..stop].starts_with([' ', '\t', '\n', '\r', ';', '#']),
            "{piece:?} begins with nothing"
        );
        assert!(!text[start..stop].ends_with('\n'), "{piece:?} ends with a line end");
        if let Some(name) = piece.name {
            assert!(!name.text(piece.text(text)).is_empty(), "{piece:?}");
        }
        end = stop;
    }
    check_gap(&text[end..], end == 0, end);
}

/// Between two pieces there are blanks and comments only.
fn check_gap(gap: &str, first: bool, at: usize) {
    let gap = if first { gap.strip_prefix('\u{feff}').unwrap_or(gap) } else { gap };
    for line in gap.split('\n') {
        let content = line.trim_start_matches([' ', '\t', '\r', '\u{b}', '\u{c}']);
        assert!(
            content.is_empty() || content.starts_with([';', '#']),
            "{content:?} near {at} belongs to no piece"
        );
    }
}

fn check_all(text: &str) {
    let pieces = split(text);
    check_cover(text, &pieces);
    for piece in &pieces {
        let part = piece.text(text);
        check_parse(part, piece.kind);
    }
}

fn check_parse(text: &str, kind: PieceKind) {
    let tree = parse(text, kind);
    assert_eq!(tree.exprs.len(), tree.spans.len());
    for span in &tree.spans {
        assert!(
            span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some(),
            "{span:?}"
        );
    }
    let mut last = 0;
    for diagnostic in &tree.diagnostics {
        let span = diagnostic.primary;
        assert!(span.start >= last, "diagnostics in text order");
        last = span.start;
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{diagnostic:?}");
        if let Some(fix) = &diagnostic.fix {
            assert!(
                text.get(fix.span.start as usize..fix.span.end as usize).is_some(),
                "{diagnostic:?}"
            );
        }
    }
}

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec((prop::sample::select(&WORDS[..]), prop::bool::weighted(0.8)), 0..80)
        .prop_map(|words| {
            words.iter().fold(String::new(), |text, (word, blank)| {
                text + word + if *blank { " " } else { "" }
            })
        })
}

/// Whole lines of the program, in any order and number.
fn lines() -> impl Strategy<Value = String> {
    let lines: Vec<&str> = PROGRAM.lines().collect();
    prop::collection::vec(prop::sample::select(lines), 0..40).prop_map(|lines| lines.join("\n"))
}

fn mutated() -> impl Strategy<Value = String> {
    let cut = (0..PROGRAM.len(), 0usize..12, prop::sample::select(&WORDS[..]));
    prop::collection::vec(cut, 1..6).prop_map(|cuts| {
        let mut text = PROGRAM.to_owned();
        for (at, length, word) in cuts {
            let mut start = at.min(text.len());
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.replace_range(start..end, word);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_split_and_parsed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check_all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_are_split_and_parsed(text in soup()) {
        check_all(&text);
    }

    #[test]
    fn any_lines_are_split_and_parsed(text in lines()) {
        check_all(&text);
    }

    #[test]
    fn damaged_programs_are_split_and_parsed(text in mutated()) {
        check_all(&text);
    }

    #[test]
    fn any_text_is_parsed_as_any_kind(text in soup(), kind in prop::sample::select(&KINDS[..])) {
        check_parse(&text, kind);
    }

    #[test]
    fn a_broken_line_in_a_function_reaches_no_other_definition(
        line in prop::sample::select(&WORDS[..]),
        more in prop::collection::vec(prop::sample::select(&WORDS[10..70]), 0..6),
    ) {
        // Closers and definition keywords of this list end the function; the definitions behind it stay.
        let line = format!("{line} {}", more.join(" ").replace('\n', " "));
        let after = "fungsi h(a)\n  kembalikan a\ntutup_fungsi";
        let unit = format!("fungsi f()\n  {line}\ntutup_fungsi\n{after}\n");
        let last = split(&unit).pop();
        let text = last.map_or("", |piece| piece.text(&unit));
        prop_assert_eq!(text, after);
        let tree = parse(text, PieceKind::Function);
        prop_assert!(tree.diagnostics.iter().all(|diagnostic| diagnostic.severity() != Severity::Error));
    }
}

#[test]
fn the_program_itself_has_no_problem() {
    for piece in split(PROGRAM) {
        assert_eq!(parse(piece.text(PROGRAM), piece.kind).diagnostics, Vec::new());
    }
}
