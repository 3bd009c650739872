//! The commands as a user types them.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn morph(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(args)
        .env("LC_ALL", "C")
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_new_project_runs_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let made = morph(folder.path(), &["new", "proyek"]);
    assert_eq!((made.status.code(), text(&made.stdout)), (Some(0), "proyek/main.fox\n"));
    let ran = morph(folder.path(), &["run", "proyek/main.fox"]);
    assert_eq!(
        (ran.status.code(), text(&ran.stdout), text(&ran.stderr)),
        (Some(0), "Halo, dunia\n", "")
    );
    fs::write(folder.path().join("proyek/main.fox"), "; mine").unwrap();
    assert_eq!(morph(folder.path(), &["new", "proyek"]).status.code(), Some(74));
    assert_eq!(fs::read_to_string(folder.path().join("proyek/main.fox")).unwrap(), "; mine");
}

#[test]
fn every_code_is_listed_and_explained_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let listed = morph(folder.path(), &["explain"]);
    let codes: Vec<&str> = text(&listed.stdout).lines().collect();
    assert_eq!(codes.len(), morph_diag::Code::ALL.len());
    let english = morph(folder.path(), &["explain", "type_mismatch"]);
    let indonesian = morph(folder.path(), &["--lang", "id", "explain", "TYPE_MISMATCH"]);
    assert!(text(&english.stdout).starts_with("# TYPE_MISMATCH\n"));
    assert!(text(&indonesian.stdout).starts_with("# TYPE_MISMATCH\n"));
    assert_ne!(english.stdout, indonesian.stdout);
    assert_eq!(morph(folder.path(), &["explain", "NO_SUCH_CODE"]).status.code(), Some(2));
}

#[test]
fn json_is_one_object_a_line_and_ends_with_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("a.fox"),
        "fungsi f()\n  cetak(tiada)\ntutup_fungsi\nfungsi mulai()\n  f()\ntutup_fungsi\n",
    )
    .unwrap();
    let checked = morph(folder.path(), &["check", "a.fox", "--message-format", "json"]);
    assert_eq!((checked.status.code(), text(&checked.stdout)), (Some(3), ""));
    let lines: Vec<serde_json::Value> =
        text(&checked.stderr).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["diagnostic", "closed", "summary"]);
    assert_eq!(lines[0]["code"], "NAME_UNKNOWN");
    assert_eq!(lines[0]["place"]["line"], 2);
    assert_eq!(lines[1]["reached_by"], serde_json::json!([["mulai", "f"]]));
    assert_eq!(
        lines[2],
        serde_json::json!({
            "version": 1, "kind": "summary", "status": 3, "image": false, "errors": 1, "warnings": 0,
            "fragments": 2, "closed": 1, "timings": null,
        })
    );
}

#[test]
fn the_program_gets_its_arguments_its_input_and_the_last_word_on_the_status() {
    let folder = tempfile::tempdir().unwrap();
    let program = "fungsi mulai(argc, argv)\n  cetak(argc)\n  cetak_str(argv[2])\n  kembalikan 300\ntutup_fungsi\n";
    fs::write(folder.path().join("a.fox"), program).unwrap();
    let ran = morph(folder.path(), &["run", "a.fox", "--", "--lang", "dua kata"]);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(44), "3\ndua kata\n"));
}

#[test]
fn an_image_stands_alone_and_keeps_its_name_only_when_whole() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.fox"), "cetak(\"satu\")\n").unwrap();
    assert_eq!(morph(folder.path(), &["build", "a.fox"]).status.code(), Some(0));
    let ran = Command::new(folder.path().join("a")).env_clear().output().unwrap();
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(0), "satu\n"));
    // A program without an image leaves the old one alone.
    fs::write(folder.path().join("a.fox"), "").unwrap();
    assert_eq!(morph(folder.path(), &["build", "a.fox"]).status.code(), Some(1));
    assert!(Command::new(folder.path().join("a")).status().unwrap().success());
}

#[test]
fn options_stand_before_or_after_the_command_and_the_locale_chooses_the_language() {
    let folder = tempfile::tempdir().unwrap();
    let english = morph(folder.path(), &["--message-format", "short", "check", "tiada.fox"]);
    assert_eq!(text(&english.stderr), "error[FILE_MISSING]: cannot find the file `tiada.fox`\n");
    let shown = folder.path().join("tiada.fox").display().to_string();
    let absolute = morph(folder.path(), &["--message-format", "short", "check", &shown]);
    let expected = format!("error[FILE_MISSING]: cannot find the file `{shown}`\n");
    assert_eq!(text(&absolute.stderr), expected);
    let indonesian = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["check", "tiada.fox", "--message-format", "short"])
        .env("LC_ALL", "id_ID.UTF-8")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(text(&indonesian.stderr).starts_with("galat[FILE_MISSING]: "));
}

#[test]
fn strict_imports_names_the_id_to_import() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("a.fox"),
        "fungsi mulai()\n  var v = vec_create(1)\ntutup_fungsi\n",
    )
    .unwrap();
    let checked = morph(folder.path(), &["check", "a.fox", "--strict-imports"]);
    assert_eq!(checked.status.code(), Some(3));
    assert!(text(&checked.stderr).contains("[IMPORT_NEEDED]"), "{}", text(&checked.stderr));
    assert!(text(&checked.stderr).contains("Ambil 340"), "{}", text(&checked.stderr));
}

#[test]
fn doctor_says_what_it_knows_and_fails_never() {
    let folder = tempfile::tempdir().unwrap();
    let seen = morph(folder.path(), &["doctor"]);
    assert_eq!(seen.status.code(), Some(0));
    assert!(text(&seen.stdout).starts_with("morph "));
}

/// Status, standard output and standard error of `morph eval`.
fn eval(args: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = morph(folder.path(), &[&["eval"], args].concat());
    (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

#[test]
fn eval_prints_the_value() {
    let policy = "crash_count < threshold && depth < max_depth";
    let table: &[(&[&str], &str)] = &[
        (&[policy, "crash_count=2", "threshold=3", "depth=0", "max_depth=10"], "1\n"),
        (&[policy, "crash_count=3", "threshold=3", "depth=0", "max_depth=10"], "0\n"),
        (&["6 * 7"], "42\n"),
        (&["--", "-a >> 1", "a=8"], "9223372036854775804\n"),
        (&["a + b", "a=-0x10", "b=1 << 4"], "0\n"),
        (&["0 && nobody"], "0\n"),
    ];
    for (args, expected) in table {
        assert_eq!(eval(args), (Some(0), (*expected).to_owned(), String::new()), "{args:?}");
    }
}

#[test]
fn eval_marks_what_is_no_expression_or_has_no_value() {
    let english = "\
error[EXPRESSION_MALFORMED]: `1.5` is not an integer
 --> EXPR:1:15
  |
1 | crash_count < 1.5
  |               ^^^ values are integers
  |
  = help: scale the value, for example to milliseconds
";
    let indonesian = "\
galat[EXPRESSION_UNDEFINED]: tidak ada yang memberi nilai pada `crash_cout`
 --> EXPR:1:1
  |
1 | crash_cout < 3
  | ^^^^^^^^^^ nama tidak dikenal
  |
  = saran: apakah maksudnya `crash_count`?
  = saran: beri nilai atau perbaiki namanya
";
    let short = |message: &str| format!("{message}\n");
    let table: &[(&[&str], String)] = &[
        (&["crash_count < 1.5"], english.to_owned()),
        (&["crash_cout < 3", "crash_count=1", "--lang", "id"], indonesian.to_owned()),
        (
            &["a / b", "a=1", "b=0", "--message-format", "short"],
            short("EXPR:1:3: error[EXPRESSION_UNDEFINED]: this divides by zero"),
        ),
        (
            &["a % 0", "a=1", "--message-format", "short", "--lang", "id"],
            short("EXPR:1:3: galat[EXPRESSION_UNDEFINED]: ini mengambil sisa bagi dengan nol"),
        ),
        (
            &["", "--message-format", "short"],
            short("EXPR:1:1: error[EXPRESSION_MALFORMED]: the expression is empty"),
        ),
    ];
    for (args, expected) in table {
        assert_eq!(eval(args), (Some(1), String::new(), expected.clone()), "{args:?}");
    }
}

/// The help of each reason is worded: in the catalogue's table the last one would stand for a forgotten one.
#[test]
fn eval_words_every_reason_of_its_own() {
    let deep = "(".repeat(300);
    let long = "1+".repeat(40_000);
    let texts = [
        "",
        &long,
        &deep,
        "@",
        "99999999999999999999",
        "1x",
        "1.5",
        "\"t\"",
        "f(1)",
        "a[1]",
        "a.b",
        "a = 1",
        "a ++ b",
        "a and b",
        "a +",
        "a b",
        "(a",
        "a)",
    ];
    for lang in ["en", "id"] {
        let messages: Vec<String> = texts
            .iter()
            .map(|text| {
                let (status, _, message) =
                    eval(&["--lang", lang, "--message-format", "json", "--", text]);
                assert_eq!(status, Some(1), "{text}");
                let object: serde_json::Value = serde_json::from_str(&message).unwrap();
                assert_eq!(object["code"], "EXPRESSION_MALFORMED");
                object["message"].as_str().unwrap().to_owned()
            })
            .collect();
        let distinct: std::collections::BTreeSet<&String> = messages.iter().collect();
        assert_eq!(distinct.len(), texts.len(), "{messages:#?}");
    }
}

#[test]
fn eval_refuses_a_wrong_command_line() {
    let table: &[(&[&str], &str)] = &[
        (&["a", "a"], "write NAME=VALUE"),
        (&["a", "1a=2"], "`1a` is not a name"),
        (&["a", " a=2"], "` a` is not a name"),
        (&["a", "a=x"], "unknown name at bytes 0..1 (`x`)"),
        (&["a", "a="], "the expression is empty"),
        (&["a", "a=1", "a=2"], "error: `a` is given two values\n"),
        (&[], "<EXPR>"),
    ];
    for (args, expected) in table {
        let (status, out, error) = eval(args);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{args:?}");
        assert!(error.contains(expected), "{args:?}: {error}");
    }
}
