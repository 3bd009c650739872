//! `--target`: which targets there are, what is said about others, and that what is known of one target's build is not taken
//! for another's.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

const PROGRAM: &str = "\
fungsi dua()
  kembalikan 2
tutup_fungsi
fungsi mulai()
  cetak(dua())
tutup_fungsi
";

fn morph(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["--color", "never"])
        .args(args)
        .env("LC_ALL", "C")
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The image of `PROGRAM`, built in a folder of its own.
fn image(target: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.fox"), PROGRAM).unwrap();
    let built = morph(folder.path(), &["build", "main.fox", "-o", "image", "--target", target]);
    assert_eq!((built.status.code(), text(&built.stderr)), (Some(0), ""));
    fs::read(folder.path().join("image")).unwrap()
}

/// Of a target that is none of ours.
fn elsewhere() -> &'static str {
    if std::env::consts::ARCH == "x86_64" { TARGETS[1] } else { TARGETS[0] }
}

#[test]
fn help_lists_the_targets_and_so_does_the_error_about_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let help = morph(folder.path(), &["build", "--help"]);
    let wrong =
        morph(folder.path(), &["build", "main.fox", "--target", "riscv64gc-unknown-linux-gnu"]);
    assert_eq!(wrong.status.code(), Some(2));
    let said = "error: invalid value 'riscv64gc-unknown-linux-gnu' for '--target <TRIPLE>'";
    assert!(text(&wrong.stderr).starts_with(said), "{}", text(&wrong.stderr));
    for target in TARGETS {
        assert!(text(&help.stdout).contains(target), "{}", text(&help.stdout));
        assert!(text(&wrong.stderr).contains(target), "{}", text(&wrong.stderr));
    }
}

#[test]
fn an_image_is_for_the_target_and_the_same_under_every_name_of_it() {
    for (names, machine) in [
        (["x86_64-unknown-linux-gnu", "x86_64-linux", "x86_64-unknown-linux"], 62),
        (["aarch64-unknown-linux-gnu", "aarch64-linux", "aarch64-unknown-linux"], 183),
    ] {
        let first = image(names[0]);
        assert_eq!(u16::from_le_bytes([first[18], first[19]]), machine);
        for name in &names[1..] {
            assert!(image(name) == first, "{name} is not {}", names[0]);
        }
    }
}

#[test]
fn without_a_target_the_image_is_for_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.fox"), PROGRAM).unwrap();
    let ran = morph(folder.path(), &["run", "main.fox"]);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(0), "2\n"));
}

#[test]
fn what_cannot_run_here_is_not_built_but_told_how_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let target = elsewhere();
    let machine = std::env::consts::ARCH;
    // There is no file: nothing was read.
    let english = morph(folder.path(), &["run", "main.fox", "--target", target]);
    let expected = format!(
        "error: an image for `{target}` does not run on this machine ({machine}): make it with `morph build --target {target}`, \
         and run it there or in an emulator such as `qemu-aarch64`\n"
    );
    assert_eq!((english.status.code(), text(&english.stderr)), (Some(2), &*expected));
    let indonesian = morph(folder.path(), &["run", "main.fox", "--target", target, "--lang", "id"]);
    assert!(text(&indonesian.stderr).starts_with("galat: citra untuk"));
}

#[test]
fn the_units_of_another_target_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let program = "ambil \"lib/kernel/linux_aarch64.fox\"\nfungsi mulai()\n  cetak(SYS_WRITE)\ntutup_fungsi\n";
    fs::write(folder.path().join("main.fox"), program).unwrap();
    let short = ["--message-format", "short", "--quiet"];
    let check = |target| {
        let checked = morph(
            folder.path(),
            &[&["check", "main.fox", "--target", target], &short[..]].concat(),
        );
        (checked.status.code(), text(&checked.stderr).to_owned())
    };
    let missing = "main.fox:1:8: error[IMPORT_MISSING]: cannot find the imported file `lib/kernel/linux_aarch64.fox`\n";
    assert_eq!(check(TARGETS[0]), (Some(3), missing.to_owned()));
    assert_eq!(check(TARGETS[1]), (Some(0), String::new()));
}

#[test]
fn a_fault_for_one_target_is_remembered_and_replayed_for_that_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("main.fox"), PROGRAM).unwrap();
    let build = |target: &str, more: &[&str]| {
        morph(folder, &[&["build", "main.fox", "-o", "image", "--target", target], more].concat())
    };
    let fault = ["--inject", "main.fox:0:compile:abort"];
    let broken = build(TARGETS[1], &fault);
    assert_eq!(broken.status.code(), Some(3));
    let seen = text(&broken.stderr);
    let id = seen.split_once("(fault ").and_then(|(_, rest)| rest.split_once(')')).unwrap().0;
    assert_eq!(build(TARGETS[0], &[]).status.code(), Some(0));
    let again = build(TARGETS[1], &[]);
    assert_eq!(again.status.code(), Some(3));
    assert!(
        text(&again.stderr).contains("not tried again: it crashed in an earlier build"),
        "{}",
        text(&again.stderr)
    );
    let facts = fs::read_to_string(folder.join(".morph/bundles").join(id).join("bundle.json"));
    let facts: serde_json::Value = serde_json::from_str(&facts.unwrap()).unwrap();
    assert_eq!(facts["options"]["target"], TARGETS[1]);
    let replayed = morph(folder, &["replay", id]);
    assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stdout));
}
