//! Settings, and what is said about faults: `morph.toml`, notes, warnings, what is withheld.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use morph_driver::decisions;

/// Fragment 1 (`kali`) and fragment 2 (`mulai`) of `m.fox`.
const PROGRAM: &str = "\
fungsi tambah(a, b)
  kembalikan a + b
tutup_fungsi
fungsi kali(a, b)
  kembalikan a * b
tutup_fungsi
fungsi mulai()
  cetak(tambah(kali(2, 3), 4))
tutup_fungsi
";

fn project(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.fox"), PROGRAM).unwrap();
    fs::write(folder.path().join("morph.toml"), settings).unwrap();
    folder
}

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

/// Status and standard error of a command.
fn said(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = morph(folder, args);
    (output.status.code(), text(&output.stderr).to_owned())
}

const SEGV: [&str; 2] = ["--inject", "m.fox:1:check:segv"];

#[test]
fn wrong_settings_are_told_at_once_and_nothing_is_built() {
    let folder = project("[sandbox]\nmemory = 1\n[policy]\nopen_when = \"treshold > 1\"\n");
    let expected = "\
morph.toml:2:1: error[CONFIG_KEY_UNKNOWN]: there is no key `memory` in `[sandbox]`
morph.toml:4:14: error[EXPRESSION_UNDEFINED]: the policy `open_when` knows no `treshold`
";
    for command in [&["build", "m.fox", "-o", "out"][..], &["run", "m.fox"], &["check", "m.fox"]] {
        let args = [command, &["--message-format", "short"]].concat();
        assert_eq!(said(folder.path(), &args), (Some(1), expected.to_owned()));
    }
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["m.fox", "morph.toml"]);
}

#[test]
fn settings_that_cannot_be_read_stop_the_build() {
    let folder = project("");
    fs::write(folder.path().join("morph.toml"), b"[sandbox]\n# \xff\n").unwrap();
    let (status, said) = said(folder.path(), &["run", "m.fox", "--message-format", "short"]);
    assert_eq!(status, Some(1));
    assert!(said.starts_with("error[FILE_NOT_UTF8]: `morph.toml` is not UTF-8"), "{said}");
}

/// The limits of the last plan that a build logged, as `(sandboxes, threshold)`.
fn limits(folder: &Path, args: &[&str]) -> (u32, u32) {
    let args = [&["check", "m.fox", "--fresh", "--log", "log"], args].concat();
    assert_eq!(said(folder, &args), (Some(0), String::new()));
    let log = fs::read_to_string(folder.join("log")).unwrap();
    let limits = decisions::replay(&log).unwrap().pop().unwrap().header.plan.limits;
    (limits.workers, limits.threshold)
}

#[test]
fn the_command_line_counts_before_the_file() {
    let folder = project("[sandbox]\nsandboxes = 3\n[policy]\nthreshold = 7\n");
    assert_eq!(limits(folder.path(), &[]), (3, 7));
    assert_eq!(limits(folder.path(), &["--sandboxes", "2"]), (2, 7));
}

#[test]
fn a_policy_decides_what_is_left_alone_in_the_next_build() {
    let count = |folder: &Path| {
        let (_, said) = said(folder, &[&["check", "m.fox", "--verbose"], &SEGV[..]].concat());
        said.matches("note: a sandbox died").count()
    };
    let folder = project("");
    assert_eq!((count(folder.path()), count(folder.path())), (2, 0));
    let folder = project("[policy]\nquarantine_when = \"0\"\n");
    assert_eq!((count(folder.path()), count(folder.path())), (2, 2));
}

#[test]
fn a_fragment_that_was_too_much_for_one_budget_is_tried_again_with_another() {
    let folder = project("[sandbox]\nwall_ms = 50\n");
    let sleep = ["check", "m.fox", "--inject", "m.fox:1:check:sleep"];
    let (status, first) = said(folder.path(), &sleep);
    assert!(status == Some(3) && first.contains("it needed more time"), "{first}");
    let (status, second) = said(folder.path(), &["check", "m.fox"]);
    assert!(
        status == Some(3) && second.contains("= note: not tried again: it was given up"),
        "{second}"
    );
    fs::write(folder.path().join("morph.toml"), "[sandbox]\nwall_ms = 20000\n").unwrap();
    assert_eq!(said(folder.path(), &["check", "m.fox"]), (Some(0), String::new()));
}

/// The notes below the error, by default.
fn withheld(folder: &Path, args: &[&str]) -> Vec<String> {
    let (status, said) = said(folder, &[&["check", "m.fox"], args].concat());
    assert_eq!(status, Some(3), "{said}");
    let notes = said.lines().filter_map(|line| line.trim().strip_prefix("= note: not tried "));
    notes.map(str::to_owned).collect()
}

#[test]
fn what_is_withheld_is_said_by_default_with_its_reason() {
    const OPEN: &str = "its file has crashed the compiler too often, so its breaker is OPEN";
    let speed = ["--opt", "speed"];
    let crash = [&speed[..], &SEGV].concat();

    let folder = project("[policy]\nthreshold = 1\n");
    assert_eq!(withheld(folder.path(), &crash), [format!("with less optimisation: {OPEN}")]);
    let untested = format!(
        "in this build: {OPEN}; it is tested when the file changes or some time has passed"
    );
    assert_eq!(withheld(folder.path(), &speed), [untested]);

    let folder = project("[policy]\nretry_when = \"0\"\n");
    let reason = "with less optimisation: the policy `retry_when` is against it";
    assert_eq!(withheld(folder.path(), &crash), [reason]);

    let folder = project("");
    assert_eq!(withheld(folder.path(), &crash), Vec::<String>::new());
    let reason = "again: it crashed in an earlier build, and its text, what it uses and the compiler are the same";
    assert_eq!(withheld(folder.path(), &speed), [reason]);
}

/// A worker that breaks once costs nothing, and a note names what it had in hand.
#[test]
fn a_fault_that_was_recovered_from_is_a_note_with_name_and_place() {
    let table = [
        ("m.fox:1:check:segv:1", "fungsi kali (m.fox:4) in hand, in the phase `check`", "crashed"),
        (
            "m.fox:2:parse:panic:1",
            "fungsi mulai (m.fox:7) in hand, in the phase `parse`",
            "panicked",
        ),
        ("m.fox:-:split:kill:1", "all of m.fox in hand, in the phase `split`", "lost"),
        ("m.fox:1:reply:exit:1", "fungsi kali (m.fox:4) in hand, in the phase `reply`", "left"),
    ];
    for (fault, place, death) in table {
        let folder = project("");
        let check = ["check", "m.fox", "--inject", fault];
        assert_eq!(said(folder.path(), &check), (Some(0), String::new()), "{fault}");
        let (status, said) = said(folder.path(), &[&check[..], &["--verbose"]].concat());
        let start = format!(
            "note: a sandbox died with {place}; it was tried again and nothing is lost: {death}"
        );
        assert_eq!((status, said.lines().count()), (Some(0), 1), "{said}");
        assert!(said.starts_with(&start), "{fault}: {said}");
    }
}

#[test]
fn in_json_a_note_is_an_object_and_only_where_notes_are_asked_for() {
    let folder = project("");
    let check = ["check", "m.fox", "--inject", "m.fox:1:check:abort:1", "--message-format", "json"];
    let objects = |args: &[&str]| -> Vec<serde_json::Value> {
        let (status, said) = said(folder.path(), args);
        assert_eq!(status, Some(0), "{said}");
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let kinds = |objects: &[serde_json::Value]| -> Vec<String> {
        objects.iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&objects(&check)), ["summary"]);
    let verbose = objects(&[&check[..], &["--verbose"]].concat());
    assert_eq!(kinds(&verbose), ["note", "summary"]);
    let expected = serde_json::json!({
        "version": 1, "kind": "note", "severity": "note", "event": "died", "lang": "en",
        "message": "a sandbox died with fungsi kali (m.fox:4) in hand, in the phase `check`; it was tried again and nothing is lost: crashed: abort (signal 6)",
        "path": "m.fox", "line": 4,
    });
    assert_eq!(verbose[0], expected);
}

#[test]
fn what_cannot_be_kept_or_logged_is_a_warning_and_costs_nothing() {
    let folder = project("");
    fs::create_dir(folder.path().join(".morph")).unwrap();
    let memory = folder.path().join(".morph/memory.json");
    fs::write(&memory, "{").unwrap();
    let run = |args: &[&str]| {
        let output = morph(folder.path(), &[&["run", "m.fox"], args].concat());
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "10\n"));
        text(&output.stderr).to_owned()
    };
    let unused = "warning: what was kept of earlier builds is not used: .morph/memory.json: \
        EOF while parsing an object at line 1 column 1\n";
    assert_eq!(run(&[]), unused);
    // It was replaced: there is nothing to warn of any more.
    assert_eq!(run(&[]), "");
    fs::write(&memory, "{").unwrap();
    assert_eq!(run(&["--quiet"]), "");

    let full =
        "warning: the log of decisions is incomplete: No space left on device (os error 28)\n";
    assert_eq!(run(&["--fresh", "--log", "/dev/full"]), full);
    let nowhere = run(&["--log", "tiada/log"]);
    assert!(
        nowhere.starts_with("warning: the log of decisions is incomplete: tiada/log: "),
        "{nowhere}"
    );
    assert!(Command::new("mkfifo").arg(folder.path().join("pipa")).status().unwrap().success());
    // Nobody reads it, so nobody will.
    assert!(
        run(&["--fresh", "--log", "pipa"]).starts_with("warning: the log"),
        "a pipe without a reader"
    );
}

#[test]
fn a_reader_that_is_slow_gets_the_whole_log() {
    let folder = project("");
    let script = format!(
        "{} run m.fox --log >(head -c 1 >a; cat >>a; touch done) && until test -e done; do :; done",
        env!("CARGO_BIN_EXE_morph")
    );
    let ran =
        Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    assert_eq!((text(&ran.stdout), text(&ran.stderr)), ("10\n", ""));
    let log = fs::read_to_string(folder.path().join("a")).unwrap();
    let replayed = decisions::replay(&log).unwrap();
    assert!(replayed.iter().all(|crew| crew.ended.is_some()) && replayed.len() == 3);
}

#[test]
fn doctor_has_tried_what_sandboxes_need() {
    let folder = project("");
    let seen = morph(folder.path(), &["doctor"]);
    let lines: Vec<&str> =
        text(&seen.stdout).lines().skip_while(|line| *line != "sandboxes").skip(1).collect();
    let features = morph_sandbox::Features::probe().list();
    assert_eq!(lines.len(), features.len());
    for (line, feature) in lines.iter().zip(features) {
        let expected = match &feature.missing {
            None => format!("{:18} works: {}", feature.name, feature.purpose),
            Some(reason) => format!("{:18} missing ({reason}): {}", feature.name, feature.loss),
        };
        assert_eq!(*line, expected);
    }
}
