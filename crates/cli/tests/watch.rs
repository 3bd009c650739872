//! `morph watch`: a build at each save, however it is saved, and the program that runs beside it.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PROGRAM: &str = "fungsi dua(n)\n  kembalikan n * 2\ntutup_fungsi\nfungsi mulai()\n  cetak(dua(4))\ntutup_fungsi\n";

/// A watch that is going on, and all that it and its program say, line by line.
struct Watch {
    folder: tempfile::TempDir,
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn new(program: &str, args: &[&str]) -> Watch {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.fox"), program).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_morph"))
            .args(["watch", "a.fox", "--lang", "en", "--color", "never"])
            .args(args)
            .current_dir(folder.path())
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out: Box<dyn std::io::Read + Send> = Box::new(child.stdout.take().unwrap());
        let err: Box<dyn std::io::Read + Send> = Box::new(child.stderr.take().unwrap());
        for stream in [out, err] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Watch { folder, child, lines }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn save(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// Waits until all of these were said, in any order; gives everything that was said meanwhile.
    #[track_caller]
    fn until(&self, wanted: &[&str]) -> String {
        let mut said = String::new();
        while !wanted.iter().all(|wanted| said.contains(wanted)) {
            match self.lines.recv_timeout(Duration::from_secs(60)) {
                Ok(line) => said = said + &line + "\n",
                Err(error) => panic!("{error}: waited for {wanted:?}, heard\n{said}"),
            }
        }
        said
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn each_save_is_built_and_run_whether_it_is_written_or_renamed() {
    let watch = Watch::new(PROGRAM, &["--run"]);
    watch.until(&["waiting for a save", "8\n", "the program ended with status 0"]);
    watch.save("a.fox", &PROGRAM.replace("n * 2", "n * 3"));
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
        let id = watch.child.id();
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
