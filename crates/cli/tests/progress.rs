//! The line that shows progress: on a terminal only, and gone when the build is done.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A project in which one fragment takes as long as it may: a build lasts most of a second.
fn slow_project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.fox"), "fungsi mulai()\n  cetak(1)\ntutup_fungsi\n").unwrap();
    fs::write(folder.path().join("morph.toml"), "[sandbox]\nwall_ms = 800\n").unwrap();
    folder
}

/// Two ends of a terminal that is 80 columns wide.
fn terminal() -> (File, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&master, size).unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (File::from(master), slave.into())
}

/// All that a terminal is told on standard error.
fn told(folder: &Path, args: &[&str], term: &str) -> String {
    let (mut master, slave) = terminal();
    let mut child = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["check", "m.fox", "--inject", "m.fox:0:check:sleep:1", "--color", "never"])
        .args(args)
        .env("LC_ALL", "C")
        .env("TERM", term)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(slave)
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    let mut buffer = [0; 4096];
    // The read fails when the other end is closed by the last process that has it.
    while let Ok(count) = master.read(&mut buffer) {
        if count == 0 {
            break;
        }
        told.extend_from_slice(&buffer[..count]);
    }
    assert!(child.wait().unwrap().success());
    String::from_utf8(told).unwrap()
}

/// What is left to see: lines, with what was erased or written over gone.
fn screen(told: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let (mut row, mut column) = (0, 0);
    let mut rest = told;
    while let Some(character) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
            let count = sequence[..end].parse().unwrap_or(1);
            match &sequence[end..=end] {
                "K" => lines[row].clear(),
                "A" => row -= count,
                other => panic!("an unknown sequence: {other:?} in {told:?}"),
            }
            rest = &sequence[end + 1..];
            continue;
        }
        match character {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                lines.resize(lines.len().max(row + 1), String::new());
            }
            _ => {
                let line = &mut lines[row];
                line.truncate(column);
                line.push(character);
                column = line.len();
            }
        }
        rest = &rest[character.len_utf8()..];
    }
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

#[test]
fn a_terminal_sees_how_far_a_long_build_is_and_nothing_of_it_stays() {
    let folder = slow_project();
    let told = told(folder.path(), &["--verbose"], "xterm");
    assert!(told.contains("compiling: ") && told.contains(" fragments, 1 sandbox"), "{told:?}");
    let left = screen(&told);
    // On a busy machine others may run out of time as well.
    assert!(left.iter().all(|line| line.starts_with("note: a sandbox died with ")), "{left:?}");
    assert!(left.iter().any(|line| line.contains("fungsi mulai (m.fox:1)")), "{left:?}");
}

#[test]
fn whoever_wants_to_hear_nothing_and_whatever_is_no_terminal_sees_no_progress() {
    let folder = slow_project();
    assert_eq!(told(folder.path(), &["--quiet"], "xterm"), "");
    assert_eq!(told(folder.path(), &[], "dumb"), "");
    let json = told(folder.path(), &["--message-format", "json"], "xterm");
    assert!(json.lines().count() == 1 && json.starts_with('{'), "{json}");
    let pipe = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["check", "m.fox", "--inject", "m.fox:0:check:sleep:1"])
        .env("TERM", "xterm")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!((pipe.status.success(), pipe.stderr.as_slice()), (true, &b""[..]));
}
