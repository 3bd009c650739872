//! What `morph explain` shows is true: a page's first program is reported with the page's code, its second is not.
//!
//! Codes whose page shows a console instead, because they need a file system or a machine of a certain kind, are
//! listed here with the test that produces them.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::process::Command;

use morph_diag::{Code, Lang, explain};

/// Code and the test that produces it; a change of the list is a change of what is tested.
const ELSEWHERE: [(&str, &str); 25] = [
    ("FILE_MISSING", "commands.rs"),
    ("FILE_UNREADABLE", "hostile.rs"),
    ("FILE_NOT_UTF8", "hostile.rs"),
    ("FILE_TOO_LARGE", "no test: a file of 4 GiB"),
    ("CONFIG_MALFORMED", "configuration.rs of driver"),
    ("CONFIG_KEY_UNKNOWN", "configuration.rs"),
    ("CONFIG_VALUE", "configuration.rs of driver"),
    ("NESTING_TOO_DEEP", "tests/damage/bersarang_dalam.fox"),
    ("TEXT_NUL", "tests/damage/byte_nol.fox"),
    ("IMPORT_MISSING", "tests/damage/impor_hilang.fox"),
    ("IMPORT_OUTSIDE", "hostile.rs"),
    ("IMPORT_CYCLE", "below"),
    ("IMPORT_NEEDED", "commands.rs"),
    ("NAME_AMBIGUOUS", "names/closure.rs of sema"),
    ("ASM_TARGET", "check/asm.rs of sema"),
    ("EXPRESSION_MALFORMED", "commands.rs"),
    ("EXPRESSION_UNDEFINED", "commands.rs"),
    ("FRAGMENT_CLOSED", "tests/damage/struktur_rusak.fox, as what is lost"),
    ("SHARDS_TOO_MANY", "check/flow.rs of sema"),
    ("FUNCTION_TOO_LARGE", "codegen/objects.rs of codegen"),
    ("COMPILER_CRASHED", "isolation.rs"),
    ("COMPILER_EXHAUSTED", "isolation.rs"),
    ("COMPILER_LOWERED", "quarantine.rs"),
    ("COMPILER_FAULT", "codegen/objects.rs of codegen"),
    ("OUTPUT_FAILED", "below"),
];

/// The `fox` blocks of a page.
fn programs(page: &str) -> Vec<&str> {
    let blocks = page.split("```fox\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

/// The codes that a build of this program reports, notes too.
fn codes(program: &str) -> Vec<String> {
    codes_with(&[("main.fox", program)], &["-o", "main"])
}

fn codes_with(files: &[(&str, &str)], options: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["build", "main.fox", "--verbose", "--message-format", "json"])
        .args(options)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let objects = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    objects
        .filter_map(|object: serde_json::Value| Some(object["code"].as_str()?.to_owned()))
        .collect()
}

#[test]
fn the_first_program_of_a_page_is_reported_and_the_second_is_not() {
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().copied() {
        if let [before, after] = programs(explain(code, Lang::En))[..] {
            let reported = |program| codes(program).iter().any(|found| found == code.name());
            if !reported(before) {
                wrong.push(format!("{code}: its first program does not produce it"));
            }
            if reported(after) {
                wrong.push(format!("{code}: its corrected program still produces it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_whose_page_shows_no_program_are_listed_with_their_test() {
    let pages = Code::ALL.iter().copied();
    let mut without: Vec<&str> = pages
        .filter(|code| programs(explain(*code, Lang::En)).is_empty())
        .map(Code::name)
        .collect();
    let mut listed: Vec<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    without.sort_unstable();
    listed.sort_unstable();
    assert_eq!(without, listed);
}

#[test]
fn files_that_import_each_other_are_noted() {
    let main = "ambil \"lain.fox\"\nfungsi mulai()\n  cetak(1)\ntutup_fungsi\n";
    let files = [("main.fox", main), ("lain.fox", "ambil \"main.fox\"\n")];
    assert_eq!(codes_with(&files, &["-o", "main"]), ["IMPORT_CYCLE"]);
}

#[test]
fn an_image_that_cannot_be_written_is_reported() {
    let files = [("main.fox", "cetak(1)\n")];
    assert_eq!(codes_with(&files, &["-o", "tidak/ada/main"]), ["OUTPUT_FAILED"]);
}
