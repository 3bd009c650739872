//! What is kept of earlier builds: whatever happens to it, the next build gives what a clean one gives.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = "\
struktur Titik\n  x int\ntutup_struktur\n\
fungsi satu()\n  kembalikan 1\ntutup_fungsi\n\
fungsi rusak(p)\n  tipe p Titik\n  kembalikan p.z\ntutup_fungsi\n\
fungsi mulai()\n  cetak(satu())\ntutup_fungsi\n";

struct Project(tempfile::TempDir);

/// What a build gives: status, report, image.
#[derive(Debug, PartialEq, Eq)]
struct Built {
    status: Option<i32>,
    report: String,
    image: Vec<u8>,
}

impl Project {
    fn new() -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        project.save("utama.fox", PROGRAM);
        project
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn save(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn morph(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_morph"));
        command.current_dir(self.path()).args(["--lang", "en", "--color", "never"]).args(args);
        command.stdin(Stdio::null()).output().unwrap()
    }

    fn build(&self, args: &[&str]) -> Built {
        let output = self.morph(&[&["build", "utama.fox", "-o", "hasil"], args].concat());
        let report = String::from_utf8(output.stderr).unwrap();
        let image = fs::read(self.path().join("hasil")).unwrap_or_default();
        Built { status: output.status.code(), report, image }
    }

    fn clean(&self) -> Built {
        self.build(&["--fresh"])
    }

    /// All files that are kept, relative to the project.
    fn kept(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        walk(&self.path().join(".morph"), &mut found);
        found.sort();
        found
    }
}

/// How many fragments were used again and made, as `--verbose` says.
fn counts(built: &Built) -> (usize, usize) {
    let line = built.report.lines().find(|line| line.contains("as in an earlier build")).unwrap();
    let numbers: Vec<usize> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    (numbers[0], numbers[1])
}

#[test]
fn one_changed_fragment_is_compiled_and_moving_or_commenting_others_compiles_nothing() {
    let project = Project::new();
    let first = project.build(&["--verbose"]);
    assert_eq!(counts(&first).0, 0, "{}", first.report);
    let edits = [
        (PROGRAM.replace("kembalikan 1", "kembalikan 2"), 1),
        (PROGRAM.to_owned(), 0),
        (format!("; catatan\n\n{PROGRAM}\n; akhir\n"), 0),
        (PROGRAM.replace("fungsi mulai", "\n\n; di antara\nfungsi mulai"), 0),
        // Inside of functions; one with an error is looked at again, because its message quotes it.
        (PROGRAM.replace("  kembalikan", "\n  ; di dalam\n      kembalikan"), 1),
        (PROGRAM.replace("  kembalikan 1", "\n  ; di dalam\n      kembalikan   1"), 0),
        (PROGRAM.replace("\ntutup_fungsi", " # di belakang\n\n tutup_fungsi"), 1),
        (PROGRAM.replace("p.z", "p.x"), 1),
        (PROGRAM.replace("  kembalikan p.z", "; di dalam\n\n kembalikan   p.x"), 0),
        // A new field: who reads the struct, and the struct.
        (PROGRAM.replace("x int", "x int\n  z int"), 2),
        (PROGRAM.replace("rusak", "utuh"), 1),
    ];
    for (text, expected) in edits {
        project.save("utama.fox", &text);
        let built = project.build(&["--verbose"]);
        assert_eq!(counts(&built).1, expected, "{text}\n{}", built.report);
        let built = project.build(&[]);
        assert_eq!(built, project.clean(), "{text}");
    }
}

#[test]
fn a_change_behind_a_file_of_the_library_is_taken_for_what_it_is() {
    let project = Project::new();
    let root = "Ambil 210-217\nambil \"a.fox\"\nAmbil 200-209\nambil \"b.fox\"\nfungsi mulai()\n  cetak(a() * 100 + b())\n  cetak(cb_create(3, 100) != 0)\ntutup_fungsi\n";
    project.save("utama.fox", root);
    let file =
        |name: &str, value: u32| format!("fungsi {name}()\n  kembalikan {value}\ntutup_fungsi\n");
    for (a, b) in [(1, 2), (1, 3), (4, 3), (5, 6)] {
        project.save("a.fox", &file("a", a));
        project.save("b.fox", &file("b", b));
        let built = project.build(&[]);
        assert_eq!(built, project.clean(), "{a}, {b}");
        let ran = Command::new(project.path().join("hasil")).output().unwrap();
        let printed = String::from_utf8(ran.stdout).unwrap();
        assert!(printed.starts_with(&format!("{}\n", a * 100 + b)), "{printed}{}", built.report);
    }
}

#[test]
fn killed_before_each_step_that_changes_what_is_kept_the_next_build_is_the_same() {
    let mut last = 0;
    loop {
        let project = Project::new();
        project.build(&[]);
        project.save("utama.fox", &PROGRAM.replace("kembalikan 1", "kembalikan 2"));
        let number = last.to_string();
        let killed = project.morph(&["build", "utama.fox", "-o", "hasil", "--die-at", &number]);
        let built = project.build(&[]);
        assert_eq!(built, project.clean(), "step {last}");
        assert_eq!(built.status, Some(3));
        // And what was left half written is gone when something is kept again.
        project.save("utama.fox", &PROGRAM.replace("kembalikan 1", "kembalikan 3"));
        project.build(&[]);
        let half = project
            .kept()
            .into_iter()
            .find(|path| path.file_name().unwrap().to_string_lossy().starts_with(".tmp"));
        assert_eq!(half, None, "step {last}");
        if killed.status.signal().is_none() {
            assert!(last > 10, "only {last} steps");
            return;
        }
        last += 1;
    }
}

#[test]
fn damaged_truncated_missing_and_foreign_files_cost_time_and_are_told() {
    let project = Project::new();
    let clean = project.clean();
    project.build(&[]);
    // So that what is kept of the fragments is needed, not only the outcome.
    let changed = PROGRAM.replace("kembalikan 1", "kembalikan 2");
    project.save("utama.fox", &changed);
    let other = project.clean();
    project.save("utama.fox", PROGRAM);
    let whole: Vec<(PathBuf, Vec<u8>)> =
        project.kept().into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    assert!(whole.len() >= 5, "{whole:?}");
    let restore = || {
        fs::remove_dir_all(project.path().join(".morph")).unwrap();
        for (path, bytes) in &whole {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    };
    let mut told = 0;
    for (path, bytes) in &whole {
        let places = [0, 8, 12, 16, 20, 52, 60, bytes.len() / 2, bytes.len().saturating_sub(1)];
        let flips = places.into_iter().filter(|place| *place < bytes.len()).map(|place| {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            damaged
        });
        let cuts = [0, 10, 30, bytes.len() / 2].into_iter().map(|length| {
            let length = length.min(bytes.len());
            bytes[..length].to_vec()
        });
        for damaged in flips.chain(cuts) {
            restore();
            fs::write(path, &damaged).unwrap();
            for (text, expected) in [(PROGRAM, &clean), (&changed, &other)] {
                project.save("utama.fox", text);
                let mut built = project.build(&[]);
                let warning = |line: &&str| line.starts_with("warning: ");
                told += built.report.lines().filter(warning).count();
                let rest: Vec<&str> = built.report.lines().filter(|line| !warning(line)).collect();
                built.report = rest.iter().map(|line| format!("{line}\n")).collect();
                assert_eq!(&built, expected, "{}", path.display());
            }
        }
        restore();
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
        project.save("utama.fox", PROGRAM);
        let built = project.build(&[]);
        assert_eq!((built.status, built.image), (clean.status, clean.image.clone()));
    }
    assert!(told > 20, "only {told} were told");
}

#[test]
fn what_cannot_be_kept_is_a_warning_and_the_image_is_made() {
    let project = Project::new();
    let clean = project.clean();
    project.save(".morph", "a file where a folder should be");
    let built = project.build(&[]);
    assert_eq!((built.status, &built.image), (clean.status, &clean.image));
    let warnings = built.report.lines().filter(|line| line.starts_with("warning: "));
    assert!(warnings.count() >= 1, "{}", built.report);
    // As on a full disk: no file may be longer than this.
    fs::remove_file(project.path().join(".morph")).unwrap();
    let limited = format!(
        "ulimit -f 64; exec {} build utama.fox -o hasil --lang en",
        env!("CARGO_BIN_EXE_morph")
    );
    let output =
        Command::new("bash").args(["-c", &limited]).current_dir(project.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Not even a sandbox can be made with so little; but it ends with words.
    assert!(output.status.code().is_some() && !said.is_empty(), "{output:?}");
    assert_eq!(project.build(&[]), clean);
}

#[test]
fn on_a_full_disk_the_image_is_made_and_the_next_build_is_the_same() {
    let project = Project::new();
    let clean = project.clean();
    // A disk of 64 KB for what is kept, in a name space of its own: that needs no rights.
    let script = format!(
        "mkdir .morph && mount -t tmpfs -o size=64k tmpfs .morph && for n in 1 2 3; do {} build utama.fox -o hasil --lang en; done",
        env!("CARGO_BIN_EXE_morph")
    );
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .current_dir(project.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    let warnings = said.lines().filter(|line| {
        line.starts_with("warning: what later builds could use again could not be kept: No space")
    });
    assert!(warnings.count() >= 1, "{said}");
    assert_eq!(fs::read(project.path().join("hasil")).unwrap(), clean.image);
    assert_eq!(project.build(&[]), clean);
}

#[test]
fn several_builds_at_once_give_what_one_gives() {
    let project = Project::new();
    let clean = project.clean();
    for round in 0..4 {
        project.save("utama.fox", &format!("{PROGRAM}; {round}\nconst baru{round} = {round}\n"));
        let children: Vec<_> = (0..4)
            .map(|number| {
                Command::new(env!("CARGO_BIN_EXE_morph"))
                    .args(["build", "utama.fox", "--lang", "en", "-o", &format!("hasil{number}")])
                    .current_dir(project.path())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for (number, child) in children.into_iter().enumerate() {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!said.contains("warning"), "{said}");
            let image = fs::read(project.path().join(format!("hasil{number}"))).unwrap();
            assert_eq!((output.status.code(), &image), (Some(3), &clean.image));
        }
    }
}

#[test]
fn an_edit_of_the_same_length_within_one_tick_of_the_clock_is_seen() {
    let project = Project::new();
    let path = project.path().join("utama.fox");
    for round in 0..6 {
        project.save("utama.fox", &PROGRAM.replace("kembalikan 1", &format!("kembalikan {round}")));
        let then = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        fs::File::options().write(true).open(&path).unwrap().set_modified(then).unwrap();
        project.build(&[]);
        let ran = Command::new(project.path().join("hasil")).output().unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap(), format!("{round}\n"));
    }
}

/// Puts each value of a pack under the key of the next one, all checksums right.
fn confuse(pack: &Path) {
    let mut bytes = fs::read(pack).unwrap();
    let count = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let end = 20 + count * 48;
    let mut places: Vec<Vec<u8>> =
        bytes[20..end].chunks(48).map(|entry| entry[32..].to_vec()).collect();
    places.rotate_left(1);
    let (front, values) = bytes.split_at_mut(end);
    for (entry, place) in front[20..].chunks_mut(48).zip(&places) {
        entry[32..].copy_from_slice(place);
        let offset = u64::from_le_bytes(entry[32..40].try_into().unwrap()) as usize;
        let length = u32::from_le_bytes(entry[40..44].try_into().unwrap()) as usize;
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&entry[..32]);
        hasher.update(&values[offset..offset + length]);
        entry[44..].copy_from_slice(&hasher.finalize().to_le_bytes());
    }
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[8..16]);
    hasher.update(&bytes[20..end]);
    bytes[16..20].copy_from_slice(&hasher.finalize().to_le_bytes());
    fs::write(pack, bytes).unwrap();
}

#[test]
fn a_watch_finds_what_is_kept_wrongly_while_nothing_is_saved() {
    // Enough fragments that one in 64 is some of them, whichever.
    let mut program = String::from(PROGRAM);
    for number in 0..700 {
        writeln!(program, "fungsi lain{number}()\n  kembalikan {number}\ntutup_fungsi").unwrap();
    }
    let project = Project::new();
    project.save("utama.fox", &program);
    project.build(&[]);
    confuse(&project.path().join(".morph/packs/0000000001.pack"));
    let mut watch = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["watch", "utama.fox", "--lang", "en", "--color", "never"])
        .current_dir(project.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(watch.stderr.take().unwrap()).lines().map_while(Result::ok);
    let wrong = "is not what comes out now: it was made again";
    let found = lines.into_iter().find(|line| line.contains(wrong));
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(found.is_some());
    let bundles = fs::read_dir(project.path().join(".morph/bundles")).unwrap();
    assert!(bundles.count() > 0);
    // Whatever was looked at is right again, and nothing else is worse for it.
    let verified = project.build(&["--verify"]);
    assert_eq!((verified.status, verified.image), (Some(3), project.clean().image));
}

/// All files that are kept, with their bytes.
fn snapshot(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    project.kept().into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

#[test]
fn after_a_power_loss_any_mixture_of_old_new_and_torn_files_gives_the_same_build() {
    let project = Project::new();
    project.build(&[]);
    let before = snapshot(&project);
    project.save("utama.fox", &PROGRAM.replace("kembalikan 1", "kembalikan 2"));
    let clean = project.clean();
    project.build(&[]);
    let after = snapshot(&project);
    let changed: Vec<&PathBuf> =
        after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.len() >= 4, "{changed:?}");
    // Names can reach the disk in any order, and without what the files contain: nothing of it, or its first pages.
    let fates = 4_usize;
    let mut random = fastrand::Rng::with_seed(5);
    let all = fates.pow(u32::try_from(changed.len()).unwrap());
    let mut told = 0;
    for number in (0..150).map(|_| random.usize(0..all)).chain([0, all - 1]) {
        fs::remove_dir_all(project.path().join(".morph")).unwrap();
        for (path, new) in &after {
            let place = changed.iter().position(|changed| *changed == path);
            let fate =
                place.map_or(1, |place| number / fates.pow(u32::try_from(place).unwrap()) % fates);
            let bytes = match fate {
                0 => before.get(path).cloned(),
                1 => Some(new.clone()),
                2 => Some(vec![0; new.len()]),
                _ => {
                    let mut torn = new.clone();
                    let written = 4096.min(new.len() / 2);
                    torn[written..].fill(0);
                    Some(torn)
                }
            };
            if let Some(bytes) = bytes {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
        let built = project.build(&[]);
        let (warnings, rest): (Vec<&str>, Vec<&str>) =
            built.report.lines().partition(|line| line.starts_with("warning: "));
        told += warnings.len();
        let report: String = rest.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(report, clean.report, "mixture {number}");
        assert!((built.status, &built.image) == (clean.status, &clean.image), "mixture {number}");
        // Whoever needs what is kept hears of what is left of it; then it is whole.
        told += project.build(&["--verify"]).report.matches("warning: ").count();
        assert_eq!(project.build(&["--verify"]), clean, "mixture {number}");
    }
    assert!(told > 50, "only {told} were told");
}

#[test]
fn verifying_finds_what_is_kept_wrongly_and_makes_it_again() {
    let project = Project::new();
    project.build(&[]);
    let verified = project.build(&["--verify"]);
    assert_eq!(verified, project.clean());
    confuse(&project.path().join(".morph/packs/0000000001.pack"));
    let clean = project.clean();
    let verified = project.build(&["--verify"]);
    assert_eq!((verified.status, &verified.image), (clean.status, &clean.image));
    let wrong = "is not what comes out now: it was made again";
    assert!(verified.report.matches(wrong).count() > 10, "{}", verified.report);
    // It was put right.
    assert_eq!(project.build(&["--verify"]), clean);
    project.save("utama.fox", &PROGRAM.replace("kembalikan 1", "kembalikan 2"));
    assert_eq!(project.build(&[]), project.clean());
}

#[test]
fn status_why_reset_and_clean_tell_what_is_known() {
    let project = Project::new();
    let none = project.morph(&["status"]);
    assert_eq!(none.status.code(), Some(1));
    project.build(&[]);
    project.save("utama.fox", &PROGRAM.replace("x int", "x int\n  z int"));
    project.build(&["--inject", "utama.fox:2:compile:segv"]);
    let said = |args: &[&str]| String::from_utf8(project.morph(args).stdout).unwrap();
    let status = said(&["status"]);
    assert!(status.contains("utama.fox  degraded           4        1  CLOSED"), "{status}");
    assert!(status.contains("in quarantine (crashed by signal 11)"), "{status}");
    let why = said(&["why", "rusak"]);
    assert!(
        why.contains("compiled in the last build") && why.contains("what `Titik` means changed"),
        "{why}"
    );
    let why = said(&["why", "utama.fox:14", "--message-format", "json"]);
    assert!(why.contains(r#""name":"mulai""#) && why.contains(r#""reused":false"#), "{why}");
    assert_eq!(project.morph(&["why", "tiada"]).status.code(), Some(1));
    let reset = said(&["status", "--reset", "utama.fox"]);
    assert!(reset.contains("2 things"), "{reset}");
    let built = project.build(&[]);
    assert_eq!((built.status, &built), (Some(0), &project.clean()));
    let clean = said(&["clean"]);
    assert!(clean.contains("removed"), "{clean}");
    assert!(!project.path().join(".morph").exists());
}
