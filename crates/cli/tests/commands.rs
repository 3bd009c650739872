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
