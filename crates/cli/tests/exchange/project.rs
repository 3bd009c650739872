//! A small program, edited and built again and again.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) const ROOT: &str = "\
ambil \"hitung\"\n\
var banyak = 2\n\
fungsi mulai()\n  banyak = banyak + ganda(20)\n  cetak(banyak)\ntutup_fungsi\n";

pub(crate) const COUNTING: &str = "\
fungsi ganda(a)\n  kembalikan a * 2\ntutup_fungsi\n\
fungsi tebak(p)\n  kembalikan p.lebar\ntutup_fungsi\n\
struktur Kotak\n  lebar int\ntutup_struktur\n";

pub(crate) struct Project(tempfile::TempDir);

/// What a build gives: status, report, image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) status: Option<i32>,
    pub(crate) report: String,
    pub(crate) image: Vec<u8>,
}

impl Project {
    pub(crate) fn new() -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        project.save("utama.fox", ROOT);
        project.save("hitung.fox", COUNTING);
        project
    }

    /// One with an image of more than a megabyte.
    pub(crate) fn large() -> Project {
        let project = Project::new();
        let mut text = String::from(COUNTING);
        for number in 0..2500 {
            writeln!(text, "fungsi f{number}(a, b)\n  var c = a * {number} + b").unwrap();
            for _ in 0..8 {
                writeln!(text, "  c = c * 3 + (a ^ b) - c / (b + 1)").unwrap();
            }
            writeln!(text, "  kembalikan c\ntutup_fungsi").unwrap();
        }
        text.push_str("fungsi semua()\n  var c = 0\n");
        (0..2500).for_each(|number| writeln!(text, "  c = c + f{number}(1, 2)").unwrap());
        text.push_str("  kembalikan c\ntutup_fungsi\n");
        project.save("hitung.fox", &text);
        project.save("utama.fox", &ROOT.replace("cetak(banyak)", "cetak(banyak + semua())"));
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn save(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name);
        assert!(text.contains(from), "{from} is not in {name}");
        self.save(name, &text.replacen(from, to, 1));
    }

    pub(crate) fn morph(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_morph"));
        command.current_dir(self.path()).args(["--lang", "en", "--color", "never"]).args(args);
        command.stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn built(&self, out: &str, args: &[&str]) -> Built {
        let output = self.morph(&[&["build", "utama.fox", "-o", out], args].concat());
        let report = String::from_utf8(output.stderr).unwrap();
        let image = fs::read(self.path().join(out)).unwrap_or_default();
        Built { status: output.status.code(), report, image }
    }

    /// Builds after an edit; whether objects were exchanged. It is what a clean build gives.
    pub(crate) fn build(&self) -> bool {
        let output = self.morph(&["build", "utama.fox", "-o", "hasil", "--timings"]);
        let report = String::from_utf8(output.stderr).unwrap();
        let exchanged = report.lines().any(|line| line.starts_with("exchange "));
        let clean = self.built("bersih", &["--fresh"]);
        assert_eq!(output.status.code(), clean.status, "{report}");
        assert!(fs::read(self.path().join("hasil")).unwrap() == clean.image, "{report}");
        // The next one has nothing to do, and tells the same.
        assert_eq!(self.built("hasil", &[]), clean);
        exchanged
    }

    pub(crate) fn run(&self) -> String {
        let output = Command::new(self.path().join("hasil")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn records(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.path().join(".morph/records")).unwrap();
        let mut records: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        records.sort();
        records
    }
}
