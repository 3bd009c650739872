//! `morph watch`: a build at each save, however it is saved, and the program that runs beside it.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use harness::Watch;

mod harness;
mod hot;

const PROGRAM: &str = "fungsi dua(n)\n  kembalikan n * 2\ntutup_fungsi\nfungsi mulai()\n  cetak(dua(4))\ntutup_fungsi\n";

#[test]
fn each_save_is_built_and_run_whether_it_is_written_or_renamed() {
    let watch = Watch::new(PROGRAM, &["--run"]);
    watch.until(&["waiting for a save", "8\n", "the program ended with status 0"]);
    watch.overwrite("a.fox", &PROGRAM.replace("n * 2", "n * 3"));
    let said = watch.until(&["waiting for a save", "12\n", "ended with status 0"]);
    assert!(said.contains(": 1 compiled, "), "{said}");
    watch.save("baru", &PROGRAM.replace("n * 2", "n * 5"));
    fs::rename(watch.path().join("baru"), watch.path().join("a.fox")).unwrap();
    watch.until(&["waiting for a save", "20\n", "ended with status 0"]);
    // A file that comes back after it was gone.
    fs::remove_file(watch.path().join("a.fox")).unwrap();
    watch.until(&["error[FILE_MISSING]", "there is no image"]);
    watch.save("a.fox", PROGRAM);
    watch.until(&["waiting for a save", "8\n"]);
}

#[test]
fn a_large_image_is_the_one_of_the_last_save() {
    let mut program = String::from("fungsi mulai()\n  var c = 0\n");
    (0..2000).for_each(|number| writeln!(program, "  c = c + f{number}(1, 2)").unwrap());
    program.push_str("  cetak(c)\ntutup_fungsi\n");
    for number in 0..2000 {
        writeln!(program, "fungsi f{number}(a, b)\n  var c = a * {number} + b").unwrap();
        (0..8).for_each(|_| program.push_str("  c = c * 3 + (a ^ b) - c / (b + 1)\n"));
        program.push_str("  kembalikan c\ntutup_fungsi\n");
    }
    let watch = Watch::new(&program, &["-o", "hasil"]);
    watch.until(&["waiting for a save"]);
    let image = |name: &str| fs::read(watch.path().join(name)).unwrap();
    assert!(image("hasil").len() > 1 << 20);
    for number in 1..4 {
        program = program.replacen("a * 77", &format!("a * 77 + {number}"), 1);
        watch.save("a.fox", &program);
        watch.until(&["1 compiled"]);
        let clean = Command::new(env!("CARGO_BIN_EXE_morph"))
            .args(["build", "a.fox", "-o", "bersih", "--fresh"])
            .current_dir(watch.path())
            .status();
        assert!(clean.unwrap().success());
        assert!(image("hasil") == image("bersih"), "save {number}");
    }
}

#[test]
fn a_line_is_said_at_once_for_the_program_talks_in_the_same_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.fox"), "fungsi mulai()\n  cetak(1)\ntutup_fungsi\n").unwrap();
    // Each write comes as a message of its own.
    let (said, err) = UnixDatagram::pair().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_morph"));
    command.current_dir(folder.path()).args(["watch", "a.fox", "--builds", "1"]);
    assert!(command.stderr(OwnedFd::from(err)).status().unwrap().success());
    drop(command);
    let mut message = [0; 4096];
    let mut messages = 0;
    said.set_nonblocking(true).unwrap();
    while let Ok(length @ 1..) = said.recv(&mut message) {
        let message = String::from_utf8_lossy(&message[..length]).into_owned();
        assert!(message.ends_with('\n'), "{message:?}");
        messages += 1;
    }
    assert!(messages > 0);
}

#[test]
fn what_is_closed_is_told_and_what_comes_back_too() {
    let watch = Watch::new(PROGRAM, &["-o", "hasil"]);
    watch.until(&["0 closed; waiting for a save"]);
    watch.save("a.fox", &PROGRAM.replace("n * 2", "n * tiada"));
    let said = watch.until(&["1 closed; waiting for a save"]);
    assert!(said.contains("error[NAME_UNKNOWN]"), "{said}");
    watch.save("a.fox", PROGRAM);
    let said = watch.until(&["0 closed; waiting for a save"]);
    assert!(said.contains("fungsi dua (a.fox) works again\n"), "{said}");
    let ran = Command::new(watch.path().join("hasil")).output().unwrap();
    assert_eq!(ran.stdout, b"8\n");
}

#[test]
fn an_import_that_comes_to_be_is_seen_and_saves_in_a_row_are_taken_together() {
    let program = format!("ambil \"lain.fox\"\n{}", PROGRAM.replace("n * 2", "n * nilai"));
    let watch = Watch::new(&program, &["--run"]);
    watch.until(&["error[IMPORT_MISSING]", "waiting for a save"]);
    for value in 0..20 {
        watch.save("lain.fox", &format!("const nilai = {value}\n"));
    }
    // However many builds that took, the last text counts in the end.
    watch.until(&["76\n"]);
}

#[test]
fn a_program_that_does_not_end_is_ended_before_the_next_one_begins() {
    let endless = "fungsi mulai()\n  cetak(1)\n  selama (1)\n  tutup_selama\ntutup_fungsi\n";
    let watch = Watch::new(endless, &["--run"]);
    watch.until(&["1\n", "waiting for a save"]);
    let children = || {
        let id = watch.id();
        let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let threads = fs::read_dir(format!("/proc/{id}/task")).unwrap();
        let of_threads: String = threads
            .map(|thread| fs::read_to_string(thread.unwrap().path().join("children")).unwrap())
            .collect();
        (listed + &of_threads).split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = children();
    watch.save("a.fox", &endless.replace("cetak(1)", "cetak(2)"));
    watch.until(&["2\n"]);
    let is_gone = |id: &String| {
        let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    assert!(first.iter().all(is_gone), "{first:?}");
    // However the watch ends, the program ends with it.
    let second = children();
    assert!(!second.is_empty());
    drop(watch);
    let start = std::time::Instant::now();
    while !second.iter().all(is_gone) {
        assert!(start.elapsed() < Duration::from_secs(10), "{second:?} is still there");
        std::thread::yield_now();
    }
}
