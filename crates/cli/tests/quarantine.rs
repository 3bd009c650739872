//! What is remembered of faults of the compiler from build to build: quarantine, breakers, the rung to begin at.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::process::Command;

fn morph() -> Command {
    Command::new(env!("CARGO_BIN_EXE_morph"))
}

/// A project whose builds remember.
struct Project {
    folder: tempfile::TempDir,
    text: String,
}

impl Project {
    fn new(text: &str) -> Project {
        Project { folder: tempfile::tempdir().unwrap(), text: text.to_owned() }
    }

    fn edit(&mut self, from: &str, to: &str) {
        assert!(self.text.contains(from));
        self.text = self.text.replace(from, to);
    }

    /// Builds and runs: what was printed, the report, how many workers died.
    fn run(&self, arguments: &[&str]) -> (String, String, usize) {
        fs::write(self.folder.path().join("a.fox"), &self.text).unwrap();
        let output = morph()
            .current_dir(self.folder.path())
            .args(["--lang", "en", "run", "a.fox", "--verbose"])
            .args(arguments)
            .output()
            .unwrap();
        let report = String::from_utf8(output.stderr).unwrap();
        let kept = |line: &&str| !line.contains("as in an earlier build");
        let report: String = report.split_inclusive('\n').filter(kept).collect();
        let deaths = report.lines().filter(|line| line.starts_with("note: a sandbox ")).count();
        (String::from_utf8(output.stdout).unwrap(), report, deaths)
    }

    fn remembers(&self) -> bool {
        self.folder.path().join(".morph/memory.json").exists()
    }
}

const WITHHELD: &str = "not tried again: it crashed in an earlier build";

#[test]
fn a_fragment_that_crashed_twice_is_not_tried_again_until_it_changes() {
    let mut project = Project::new(
        "fungsi satu()\n  kembalikan 1\ntutup_fungsi\nfungsi dua()\n  kembalikan 2\ntutup_fungsi\nfungsi mulai()\n  cetak(dua())\ntutup_fungsi\n",
    );
    let crash = ["--inject", "a.fox:0:check:segv"];
    let (printed, report, deaths) = project.run(&crash);
    assert_eq!((printed.as_str(), deaths), ("2\n", 2), "{report}");
    assert!(
        !report.contains(WITHHELD) && report.contains("fungsi satu (a.fox:1) is in quarantine"),
        "{report}"
    );
    // Nothing is tried, so nothing can crash: the fault is not even armed.
    let (printed, report, deaths) = project.run(&crash);
    assert_eq!((printed.as_str(), deaths), ("2\n", 0), "{report}");
    assert!(report.contains(WITHHELD), "{report}");
    // Another fragment's text is not its own.
    project.edit("kembalikan 2", "kembalikan 3");
    let (printed, report, deaths) = project.run(&crash);
    assert_eq!((printed.as_str(), deaths), ("3\n", 0), "{report}");
    assert!(report.contains(WITHHELD), "{report}");
    project.edit("kembalikan 1", "kembalikan 10");
    let (printed, report, deaths) = project.run(&crash);
    assert_eq!((printed.as_str(), deaths), ("3\n", 2), "{report}");
    assert!(!report.contains(WITHHELD), "{report}");
    project.edit("kembalikan 10", "kembalikan 100");
    let (printed, report, deaths) = project.run(&[]);
    assert_eq!((printed.as_str(), deaths, report.as_str()), ("3\n", 0, ""));
}

#[test]
fn a_fragment_that_broke_its_reader_is_not_read_again_until_it_changes() {
    let mut project = Project::new(
        "fungsi satu()\n  kembalikan 1\ntutup_fungsi\nfungsi mulai()\n  cetak(5)\ntutup_fungsi\n",
    );
    let crash = ["--inject", "a.fox:0:parse:panic"];
    assert_eq!(project.run(&crash).2, 2);
    let (printed, report, deaths) = project.run(&crash);
    assert_eq!((printed.as_str(), deaths), ("5\n", 0), "{report}");
    assert!(report.contains(WITHHELD), "{report}");
    project.edit("kembalikan 1", "kembalikan 2");
    let (printed, report, deaths) = project.run(&[]);
    assert_eq!((printed.as_str(), deaths, report.as_str()), ("5\n", 0, ""));
}

#[test]
fn a_lost_worker_speaks_against_nobody() {
    let project = Project::new(
        "fungsi satu()\n  kembalikan 1\ntutup_fungsi\nfungsi mulai()\n  cetak(satu())\ntutup_fungsi\n",
    );
    let (printed, report, deaths) = project.run(&["--inject", "a.fox:0:check:kill:10"]);
    assert_eq!((printed.as_str(), deaths), ("1\n", 10), "{report}");
    assert!(!project.remembers());
    // One time too many: this build gives it up, the next one tries it as if nothing had been.
    let (printed, report, deaths) = project.run(&["--inject", "a.fox:0:check:kill:11"]);
    assert_eq!((printed.as_str(), deaths), ("", 11), "{report}");
    assert!(report.contains("its worker was lost too often"), "{report}");
    assert!(!project.remembers());
    let (printed, report, deaths) = project.run(&[]);
    assert_eq!((printed.as_str(), deaths, report.as_str()), ("1\n", 0, ""));
}

#[test]
fn an_open_breaker_withholds_retries_and_no_healthy_fragment() {
    let mut text: String =
        (0..8).map(|n| format!("fungsi f{n}()\n  kembalikan {n}\ntutup_fungsi\n")).collect();
    text.push_str("fungsi mulai()\n  cetak(f7())\ntutup_fungsi\n");
    let mut project = Project::new(&text);
    let faults: Vec<String> = (0..6).map(|n| format!("a.fox:{n}:compile:segv")).collect();
    let speed = ["--opt", "speed"];
    let mut arguments = speed.to_vec();
    arguments.extend(faults.iter().flat_map(|fault| ["--inject", fault.as_str()]));
    // Six break twice at `speed`. The fifth opens the breaker: the first four are tried at `none` too, the last two are not.
    let (printed, report, deaths) = project.run(&arguments);
    assert_eq!((printed.as_str(), deaths), ("7\n", 6 * 2 + 4 * 2), "{report}");
    assert!(report.contains("note: breaker of a.fox: CLOSED -> OPEN"), "{report}");
    assert!(report.contains("isolated: 6 of 9 fragments; the other 3 work"), "{report}");
    // Nothing has changed: four are in quarantine, two are withheld, and what is healthy compiles.
    let (printed, report, deaths) = project.run(&arguments);
    assert_eq!((printed.as_str(), deaths), ("7\n", 0), "{report}");
    assert_eq!(report.matches(WITHHELD).count(), 4, "{report}");
    let untested = "not tried in this build: its file has crashed the compiler too often";
    assert_eq!(report.matches(untested).count(), 2, "{report}");
    // A change of the unit's text half-opens it: the two are tried, and all is well with them.
    project.edit("kembalikan 7", "kembalikan 8");
    let (printed, report, deaths) = project.run(&speed);
    assert_eq!((printed.as_str(), deaths), ("8\n", 0), "{report}");
    assert!(report.contains("note: breaker of a.fox: OPEN -> HALF_OPEN"), "{report}");
    assert!(report.contains("note: breaker of a.fox: HALF_OPEN -> CLOSED"), "{report}");
    assert!(report.contains("isolated: 4 of 9 fragments; the other 5 work"), "{report}");
}

#[test]
fn what_crashes_at_speed_only_is_compiled_without_optimisation_and_begins_there_next_time() {
    let mut project = Project::new(
        "fungsi satu()\n  kembalikan 1\ntutup_fungsi\nfungsi mulai()\n  cetak(satu())\ntutup_fungsi\n",
    );
    let speed = ["--opt", "speed"];
    let crash = [&speed[..], &["--inject", "a.fox:0:compile:segv:2"]].concat();
    let (printed, first, deaths) = project.run(&crash);
    assert_eq!((printed.as_str(), deaths), ("1\n", 2), "{first}");
    let warning = "warning[COMPILER_LOWERED]: the compiler failed on this fragment with `--opt speed`: SIGSEGV";
    assert!(first.contains(warning) && !first.contains("isolated:"), "{first}");
    let id = first.split("(fault ").nth(1).unwrap().split(')').next().unwrap();
    assert!(project.folder.path().join(".morph/bundles").join(id).is_dir(), "{first}");
    // The same is said, and it begins without optimisation, so it does not crash.
    let (printed, again, deaths) = project.run(&speed);
    assert!(again.contains(warning), "{again}");
    assert_eq!((printed.as_str(), deaths), ("1\n", 0), "{again}");
    let said = |report: &str| {
        let lines = report.lines().filter(|line| !line.starts_with("note: "));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(said(&first), said(&again));
    // A changed fragment begins at the top again.
    project.edit("kembalikan 1", "kembalikan 2");
    let (printed, report, deaths) = project.run(&speed);
    assert_eq!((printed.as_str(), deaths, report.as_str()), ("2\n", 0, ""));
}
