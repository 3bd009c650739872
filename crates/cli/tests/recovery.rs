//! A build that is killed, and the one after it.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its project cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

const FUNCTIONS: usize = 400;

/// A program whose functions all work, and that is checked in order.
fn program(folder: &Path) {
    let mut text = String::new();
    for number in 0..FUNCTIONS {
        let _ = writeln!(text, "fungsi f{number}(a)\n  kembalikan a * {number}\ntutup_fungsi");
    }
    text.push_str("fungsi mulai()\n  cetak(f7(6))\ntutup_fungsi\n");
    fs::write(folder.join("main.fox"), text).unwrap();
}

fn morph(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_morph"));
    command.args(["build", "main.fox", "--lang", "en", "--color", "never"]).args(args);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Waits until the file is there; a recovery point gets its name when it is whole.
fn wait_for(file: &Path, child: &mut Child) {
    let start = Instant::now();
    while !file.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the build ended before it was killed");
        assert!(start.elapsed() < Duration::from_secs(60), "no recovery point");
        // Polling: there is nothing to be told by.
        park_timeout(Duration::from_millis(5));
    }
}

/// A build that sleeps in its last function, killed as soon as it has a recovery point.
fn killed(folder: &Path) {
    let last = format!("main.fox:{}:check:sleep", FUNCTIONS - 1);
    let mut child = morph(folder, &["-o", "killed", "--recovery-after", "1", "--inject", &last])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for(&folder.join(".morph/recovery"), &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_build_that_was_killed_goes_on_where_it_ended_and_makes_the_same_image() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    program(folder);
    killed(folder);
    assert!(!folder.join("killed").exists());

    let resumed = morph(folder, &["-o", "resumed", "--verbose"]).output().unwrap();
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let note = stderr(&resumed);
    let taken: usize = note
        .lines()
        .find_map(|line| line.strip_prefix("note: ")?.split(" fragments were finished by").next())
        .and_then(|count| count.parse().ok())
        .unwrap_or_else(|| panic!("nothing was resumed:\n{note}"));
    assert!(taken > 0 && taken <= FUNCTIONS + 200, "{taken}");

    let clean = morph(folder, &["-o", "clean", "--verbose"]).output().unwrap();
    assert!(!stderr(&clean).contains("finished by"), "{}", stderr(&clean));
    assert_eq!(fs::read(folder.join("resumed")).unwrap(), fs::read(folder.join("clean")).unwrap());
    assert!(!folder.join(".morph/recovery").exists(), "a clean end leaves no recovery point");
}

#[test]
fn what_changed_since_the_kill_is_not_taken_from_the_recovery_point() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    program(folder);
    killed(folder);
    let text = fs::read_to_string(folder.join("main.fox")).unwrap();
    fs::write(folder.join("main.fox"), text.replace("a * 7\n", "a * 8\n")).unwrap();
    let built = morph(folder, &["-o", "image"]).output().unwrap();
    assert_eq!(built.status.code(), Some(0), "{}", stderr(&built));
    let ran = Command::new(folder.join("image")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "48\n");
}

#[test]
fn a_damaged_recovery_point_costs_nothing_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    program(folder);
    let clean = morph(folder, &["-o", "clean"]).output().unwrap();
    assert_eq!(clean.status.code(), Some(0), "{}", stderr(&clean));
    let expected = fs::read(folder.join("clean")).unwrap();
    let path = folder.join(".morph/recovery");
    for damage in ["cut", "flipped", "empty", "another file"] {
        killed(folder);
        let mut bytes = fs::read(&path).unwrap();
        match damage {
            "cut" => bytes.truncate(bytes.len() / 2),
            "flipped" => {
                for at in (0..bytes.len()).step_by(997) {
                    bytes[at] ^= 0x40;
                }
            }
            "empty" => bytes.clear(),
            _ => bytes = b"not a recovery point".to_vec(),
        }
        fs::write(&path, bytes).unwrap();
        let built = morph(folder, &["-o", "image", "--verbose"]).output().unwrap();
        let said = stderr(&built);
        assert_eq!(built.status.code(), Some(0), "{damage}: {said}");
        assert!(said.contains("is not used"), "{damage}: {said}");
        assert_eq!(fs::read(folder.join("image")).unwrap(), expected, "{damage}");
        assert!(!path.exists(), "{damage}");
    }
}
