//! Comments and layout mean nothing, and where each word stands is known all the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "the programs of this repository are read")]

use std::fs;
use std::path::{Path, PathBuf};

use morph_syntax::significant::{Run, runs};
use morph_syntax::{PieceKind, dump, parse, split};
use proptest::prelude::*;

/// The same runs with other things between them: `choices` says which.
fn relaid(text: &str, runs: &[Run], choices: &mut impl Iterator<Item = usize>) -> String {
    const BLANKS: [&str; 4] = [" ", "\t", "   ", " \t "];
    const LINE_ENDS: [&str; 7] = [
        "\n",
        "\r\n  ",
        "\n\n\n\t",
        " ; catatan (\n",
        "# \" ' untuk (\n  ; asm_mulai )\n",
        "\n### 7\n\n",
        "\n      ",
    ];
    let mut laid = String::new();
    for (number, run) in runs.iter().enumerate() {
        let choice = choices.next().unwrap_or(0);
        match run.begins_line {
            _ if number == 0 => {}
            true => laid.push_str(LINE_ENDS[choice % LINE_ENDS.len()]),
            false => laid.push_str(BLANKS[choice % BLANKS.len()]),
        }
        laid.push_str(run.text(text));
    }
    laid
}

/// Compares a text with itself laid out anew. Says whether there was anything to compare.
fn check_relaid(text: &str, kind: PieceKind, mut choices: impl Iterator<Item = usize>) -> bool {
    let tree = parse(text, kind);
    if !tree.diagnostics.is_empty() {
        return false;
    }
    let Some(before) = runs(text) else { return false };
    let laid = relaid(text, &before, &mut choices);
    let after = runs(&laid).unwrap_or_else(|| panic!("no runs any more:\n{laid}"));
    let words = |text: &str, runs: &[Run]| -> Vec<(String, bool)> {
        runs.iter().map(|run| (run.text(text).to_owned(), run.begins_line)).collect()
    };
    assert_eq!(words(text, &before), words(&laid, &after), "of\n{text}\nand\n{laid}");
    for run in &after {
        let above = &laid[..run.start as usize];
        let line_start = above.rfind('\n').map_or(0, |end| end + 1);
        assert_eq!(run.line as usize, above.matches('\n').count(), "{run:?} of\n{laid}");
        assert_eq!(run.column as usize, above.len() - line_start, "{run:?} of\n{laid}");
    }
    assert_eq!(
        dump::tree(text, &tree),
        dump::tree(&laid, &parse(&laid, kind)),
        "laid out as\n{laid}"
    );
    true
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "fox") {
            found.push(path);
        }
    }
}

#[test]
fn comments_and_layout_change_no_tree_of_any_program_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["lib", "tests", "examples"] {
        sources(&root.join(folder), &mut found);
    }
    found.sort();
    let (mut compared, mut all) = (0, 0);
    for path in found {
        let unit = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        for piece in split(&unit) {
            for seed in [3, 5, 11] {
                let choices = (0..).map(|number: usize| number * seed + number / 7);
                all += 1;
                compared += usize::from(check_relaid(piece.text(&unit), piece.kind, choices));
            }
        }
    }
    // What is left out has assembly, or an error that somebody put there.
    assert!(compared * 10 > all * 8, "{compared} of {all}");
}

#[test]
fn where_only_the_parser_knows_what_a_sign_means_there_are_no_runs() {
    for text in [
        "untuk (var i = 0\n  ; i < 3; i++)\n  lanjut\ntutup_untuk",
        "untuk (var i = 0; # c\n i < 3; i++)\n  lanjut\ntutup_untuk",
        "untuk var i = 0; i < 3; i++\n  lanjut\ntutup_untuk",
        "fungsi f()\n  asm_mulai\n    mov al, ';'\n  tutup_asm\ntutup_fungsi",
        "cetak_str(\"tak ditutup)",
    ] {
        assert_eq!(runs(text), None, "{text}");
    }
}

#[test]
fn what_looks_like_a_comment_in_a_string_or_a_header_is_none() {
    let text = "untuk (var i = 0; i < 3; i++) ; c\n  cetak_str(\"a; b # c\") # d\ntutup_untuk";
    let words: Vec<&str> = runs(text).unwrap().iter().map(|run| run.text(text)).collect();
    assert_eq!(words, ["untuk (var i = 0; i < 3; i++)", "cetak_str(\"a; b # c\")", "tutup_untuk"]);
}

proptest! {
    #[test]
    fn comments_and_layout_change_no_tree_of_any_words(
        words in prop::collection::vec(
            prop::sample::select(&[
                "f", "(", ")", "a", ",", "=", "1", "var", "jika", "tutup_jika", "lain", "untuk",
                "(var i = 0; i < 3; i++)", "(i = 0; ; )", "tutup_untuk", "cetak", "(\"s ; #\")", "kembalikan", "[",
                "]", "-", "+", "&&", "unit", "shard", "x", " ", " ", "\n", "\n", " ; c (\n", "# )\n",
            ][..]),
            0..24,
        ),
        choices in prop::collection::vec(0..28_usize, 0..40),
    ) {
        let text = format!("fungsi g()\n{}\ntutup_fungsi", words.concat());
        check_relaid(&text, PieceKind::Function, choices.into_iter());
    }
}
