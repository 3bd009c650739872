//! Whole programs: built and run as a user would, compared with the files beside them.
//!
//! ```text
//! tests/run/NAME.fox        a program; or a folder tests/run/NAME/ whose root is main.fox
//!           NAME.out        what it prints (a folder keeps these files as main.out, ...)
//!           NAME.err        what goes to stderr: diagnostics and fault reports; no file: nothing
//!           NAME.speed.err  the same at --opt speed, where it differs (frames of a stack overflow)
//!           NAME.id.err     the same with --lang id; no file: not tested
//!           NAME.status     its exit status; no file: 0
//!           NAME.args       options of morph and of the program: one a line, `--` between the two
//!           NAME.in         its standard input; no file: empty
//!           NAME.aarch64.*  what differs on aarch64, see aarch64.rs
//! ```
//!
//! All run at both optimisation levels and print the same. Those in `tests/faults` are wrong on purpose; those in `tests/recovery`
//! crash and go on. Those in
//! `tests/damage` have one damaged definition each, amid healthy ones: whatever stands in a `cetak("sehat: ...")` must
//! be printed. Those in
//! `tests/library` compare values themselves: their status says whether all agreed, and without a `.out` what they
//! print is free. `UPDATE_EXPECT=1` writes what was seen.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut trials = Vec::new();
    for folder in ["run", "library", "faults", "recovery", "damage"] {
        for program in programs(&root.join(folder)) {
            let stem = program.strip_prefix(&root).unwrap().with_extension("");
            let name = stem.display().to_string();
            // One after the other: a program may write files.
            trials.push(Trial::test(name, move || {
                ["none", "speed"].iter().try_for_each(|opt| check(&program, opt))
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Programs of a folder: files with a `mulai` or an expectation, and `main.fox` of each folder in it.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.join("main.fox").is_file() {
            found.push(path.join("main.fox"));
        } else if path.extension().is_some_and(|extension| extension == "fox") && is_program(&path)
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A file that others import is no program.
fn is_program(path: &Path) -> bool {
    path.with_extension("out").exists()
        || path.with_extension("err").exists()
        || fs::read_to_string(path).unwrap().contains("fungsi mulai")
}

fn check(program: &Path, opt: &str) -> Result<(), Failed> {
    let mut wrong = String::new();
    let seen = run(program, opt, "en");
    let status =
        seen.status.code().map_or_else(|| seen.status.to_string(), |code| code.to_string());
    let free = program.parent().unwrap().ends_with("tests/library")
        && !program.with_extension("out").exists();
    let stdout = String::from_utf8_lossy(&seen.stdout);
    if !free {
        compare(&mut wrong, program, "out", &stdout, "");
    }
    if program.parent().unwrap().ends_with("tests/damage") {
        healthy(&mut wrong, program, &stdout);
    }
    let own = format!("{opt}.err");
    let err = if program.with_extension(&own).exists() { &own } else { "err" };
    compare(
        &mut wrong,
        program,
        err,
        &without_addresses(&String::from_utf8_lossy(&seen.stderr)),
        "",
    );
    compare(&mut wrong, program, "status", &format!("{status}\n"), "0\n");
    if program.with_extension("id.err").exists() {
        let seen = run(program, opt, "id");
        compare(&mut wrong, program, "id.err", &String::from_utf8_lossy(&seen.stderr), "");
    }
    if free && !wrong.is_empty() {
        let _ = write!(wrong, "---- what it printed ----\n{stdout}");
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("with --opt {opt}:\n{wrong}").into()) }
}

/// Where code of the library lies changes with every change of it: such numbers of a trace are left out.
fn without_addresses(text: &str) -> String {
    let mut plain = String::new();
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n').and_then(|line| line.rsplit_once(": ")) {
            Some((what, number)) if what.starts_with("[CRASH]") && number.len() > 5 => {
                let _ = writeln!(plain, "{what}: ADDRESS");
            }
            Some(_) | None => plain.push_str(line),
        }
    }
    plain
}

/// Every healthy function of a damaged program says so when it runs.
fn healthy(wrong: &mut String, program: &Path, stdout: &str) {
    let text = fs::read_to_string(program).unwrap();
    let mut count = 0;
    for part in text.split("cetak(\"sehat: ").skip(1) {
        count += 1;
        let line = format!("sehat: {}", part.split('"').next().unwrap());
        if !stdout.lines().any(|seen| seen == line) {
            let _ = writeln!(wrong, "lost although healthy: {line}");
        }
    }
    if count == 0 {
        wrong.push_str("nothing in this program says that it is healthy\n");
    }
}

fn run(program: &Path, opt: &str, lang: &str) -> Output {
    let lines = fs::read_to_string(program.with_extension("args")).unwrap_or_default();
    let mut options: Vec<&str> = lines.lines().collect();
    let rest = options.iter().position(|option| *option == "--").map(|at| options.split_off(at));
    let mut child = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["run", "--fresh", "--lang", lang, "--color", "never", "--opt", opt])
        .args(options)
        .arg(program.file_name().unwrap())
        .args(rest.unwrap_or_default())
        .current_dir(program.parent().unwrap())
        .env("LC_ALL", if lang == "id" { "id_ID.UTF-8" } else { "C" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = fs::read(program.with_extension("in")).unwrap_or_default();
    // A program that reads nothing may have closed its end already.
    let _ = child.stdin.take().unwrap().write_all(&input);
    child.wait_with_output().unwrap()
}

/// Compares with the file `extension` beside the program; without one with `default`.
fn compare(wrong: &mut String, program: &Path, extension: &str, seen: &str, default: &str) {
    let path = program.with_extension(extension);
    let expected = fs::read_to_string(&path).unwrap_or_else(|_| default.to_owned());
    let same =
        if extension == "status" { expected.trim() == seen.trim() } else { expected == seen };
    if same {
        return;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        if seen == default {
            fs::remove_file(&path).unwrap();
        } else {
            fs::write(&path, seen).unwrap();
        }
        return;
    }
    let name = path.file_name().unwrap().display();
    let _ = write!(wrong, "---- {name}: expected ----\n{expected}---- {name}: seen ----\n{seen}");
}
