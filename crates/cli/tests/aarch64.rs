//! Whole programs built for aarch64 and run under `qemu-aarch64`: all those of `programs.rs` and all examples that need no
//! assembly print, report and end as they do on x86_64.
//!
//! What differs for a reason has an expectation of its own beside the common one: `NAME.aarch64.out`, `NAME.aarch64.err`,
//! or `NAME.aarch64.speed.err` where that depends on the optimisation. `UPDATE_EXPECT=1` writes those, where what was seen
//! is not what is common.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

const EMULATOR: &str = "qemu-aarch64";
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Programs that mean something else here, and why.
const ELSEWHERE: [(&str, &str); 6] = [
    ("faults/bukan_alamat", "on x86_64 the emulator reports such an access as one to address 0"),
    ("faults/jatuh_liar", "on x86_64 the emulator reports such an access as one to address 0"),
    ("recovery/bukan_alamat", "on x86_64 the emulator reports such an access as one to address 0"),
    ("recovery/paralel_anak", "the emulator lets no process adopt orphans"),
    (
        "recovery/paralel_banyak",
        "the emulator forks for minutes; `recovery/paralel` has many shards too",
    ),
    ("recovery/paralel_pemetaan", "the emulator sets no limit for what is mapped"),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Without it nothing is tested, and that must not look like a success.
    if let Err(error) = Command::new(EMULATOR).arg("--version").stdout(Stdio::null()).status() {
        let told = format!("cannot run it ({error}): install it with `apt-get install qemu-user`");
        let missing = Trial::test(EMULATOR, move || Err(told.into()));
        return libtest_mimic::run(&Arguments::default(), vec![missing]).exit_code();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut trials = Vec::new();
    for folder in
        ["tests/run", "tests/library", "tests/faults", "tests/recovery", "tests/damage", "examples"]
    {
        let programs = programs(&root.join(folder));
        assert!(programs.len() > 4, "only {} programs in {folder}", programs.len());
        for program in programs {
            let stem = program.strip_prefix(&root).unwrap().with_extension("");
            let name = stem.display().to_string();
            let name = name.trim_start_matches("tests/").to_owned();
            if ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == name) {
                continue;
            }
            trials.push(Trial::test(name, move || {
                ["none", "speed"].iter().try_for_each(|opt| runs_as_on_x86_64(&program, opt))
            }));
        }
    }
    trials.push(Trial::test("a system with large pages", move || large_pages(&root)));
    trials.push(Trial::test("a call between two instructions", call_between_instructions));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Linux on this machine may have pages of 16 or 64 KB: what is protected, kept and brought back is the same.
fn large_pages(root: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let image = folder.path().join("image");
    let mut seen = String::new();
    for program in ["tests/recovery/nol.fox", "tests/library/pulih.fox"] {
        let built = Command::new(env!("CARGO_BIN_EXE_morph"))
            .args(["build", "--target", TARGET])
            .arg(root.join(program))
            .arg("-o")
            .arg(&image)
            .status()?;
        assert!(built.success(), "{program}: {built}");
        for bytes in ["16384", "65536"] {
            let ran = Command::new(EMULATOR).args(["-p", bytes]).arg(&image).output()?;
            let last = String::from_utf8_lossy(&ran.stdout).lines().last().unwrap_or("").to_owned();
            let _ = writeln!(seen, "{program}, pages of {bytes}: {last}, {}", ran.status);
        }
    }
    let mut expected = String::new();
    for (program, last) in [("tests/recovery/nol.fox", "sesudah"), ("tests/library/pulih.fox", "0")]
    {
        for bytes in ["16384", "65536"] {
            let _ = writeln!(expected, "{program}, pages of {bytes}: {last}, exit status: 0");
        }
    }
    if seen == expected { Ok(()) } else { Err(format!("expected\n{expected}seen\n{seen}").into()) }
}

/// Instructions begin at multiples of four here: what is called elsewhere is no function, even inside of one.
fn call_between_instructions() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let program = "fungsi f(n)\n  kembalikan n + 1\ntutup_fungsi\n\
        fungsi mulai()\n  var g = f\n  g = g + 2\n  cetak(g(1))\ntutup_fungsi\n";
    fs::write(folder.path().join("m.fox"), program)?;
    let seen = run(&folder.path().join("m.fox"), "none", "en")?;
    let stderr = String::from_utf8_lossy(&seen.stderr);
    let (before, after) = stderr.split_once("0x").unwrap_or((&stderr, ""));
    let place = "fault: call of something that is not a function\n  called at m.fox:7:9, in `mulai`\n  = why: the value that was called is ";
    let told = before == place && after.contains("\n  = help: store the name of a function");
    if told && seen.status.code() == Some(70) { Ok(()) } else { Err(stderr.into_owned().into()) }
}

/// The programs of a folder that need no assembly, and those that say what comes of theirs.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.join("main.fox").is_file() {
            found.push(path.join("main.fox"));
        } else if path.extension().is_some_and(|extension| extension == "fox") {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            // A file that others import is no program.
            let runs = expected(&path, "out").exists()
                || path.with_extension("err").exists()
                || text.contains("fungsi mulai");
            let told = expected(&path, "aarch64.err").exists();
            if runs && (told || !text.contains("asm")) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Where the file beside a program lies. Those of examples have a folder of their own.
fn expected(program: &Path, extension: &str) -> PathBuf {
    let folder = program.parent().unwrap();
    match folder.file_name() {
        Some(name) if name == "examples" => {
            let name = program.file_name().unwrap();
            folder.join("../tests/examples").join(name).with_extension(extension)
        }
        Some(_) | None => program.with_extension(extension),
    }
}

fn runs_as_on_x86_64(program: &Path, opt: &str) -> Result<(), Failed> {
    let mut wrong = String::new();
    let folder = program.parent().unwrap();
    let seen = run(program, opt, "en")?;
    let stdout = String::from_utf8_lossy(&seen.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&seen.stderr).into_owned();
    let status =
        seen.status.code().map_or_else(|| seen.status.to_string(), |code| code.to_string());
    if folder.ends_with("examples") {
        let all = format!("{stdout}--- stderr\n{stderr}--- status {status}\n");
        compare(&mut wrong, program, opt, "out", &all);
    } else {
        // Those of the library compare values themselves.
        if !folder.ends_with("tests/library") || expected(program, "out").exists() {
            compare(&mut wrong, program, opt, "out", &stdout);
        }
        compare(&mut wrong, program, opt, "err", &stderr);
        if program.with_extension("id.err").exists() {
            let seen = run(program, opt, "id")?;
            let stderr = String::from_utf8_lossy(&seen.stderr);
            compare(&mut wrong, program, opt, "id.err", &stderr);
        }
        let known = fs::read_to_string(program.with_extension("status"));
        let known = known.unwrap_or_else(|_| "0".to_owned());
        if known.trim() != status {
            let _ = writeln!(wrong, "---- ended with status {status} instead of {}", known.trim());
            let _ = writeln!(wrong, "{stdout}");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("with --opt {opt}:\n{wrong}").into()) }
}

/// Builds and runs, with the standard error of both, as `morph run` does on the machine itself.
fn run(program: &Path, opt: &str, lang: &str) -> Result<Output, Failed> {
    let folder = tempfile::tempdir()?;
    let image = folder.path().join("image");
    let file = program.file_name().unwrap();
    let lines = fs::read_to_string(expected(program, "args")).unwrap_or_default();
    let mut options: Vec<&str> = lines.lines().collect();
    let mut arguments = Vec::new();
    if program.parent().unwrap().ends_with("examples") {
        arguments = std::mem::take(&mut options);
    } else if let Some(at) = options.iter().position(|option| *option == "--") {
        arguments = options.split_off(at)[1..].to_vec();
    }
    let built = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args([
            "build", "--fresh", "--target", TARGET, "--lang", lang, "--color", "never", "--opt",
            opt,
        ])
        .args(options)
        .arg(file)
        .arg("-o")
        .arg(&image)
        .current_dir(program.parent().unwrap())
        .output()?;
    if !image.exists() {
        // Then `morph run` has nothing to run either.
        return Ok(built);
    }
    let mut child = Command::new(EMULATOR)
        .arg("-0")
        .arg(file)
        .arg(&image)
        .args(arguments)
        .current_dir(program.parent().unwrap())
        .env("LC_ALL", if lang == "id" { "id_ID.UTF-8" } else { "C" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let input = fs::read(expected(program, "in")).unwrap_or_default();
    // A program that reads nothing may have closed its end already.
    let _ = child.stdin.take().unwrap().write_all(&input);
    let mut seen = child.wait_with_output()?;
    seen.stderr.splice(0..0, built.stderr);
    Ok(seen)
}

/// Compares with what is expected of this target, else of this optimisation level, else of all; nothing if there is no file.
fn compare(wrong: &mut String, program: &Path, opt: &str, extension: &str, seen: &str) {
    let file = |kind: &str| expected(program, &format!("{kind}{extension}"));
    let level = format!("{opt}.");
    let common = if file(&level).exists() { level } else { String::new() };
    let candidates = [format!("aarch64.{opt}."), "aarch64.".to_owned(), common.clone()];
    let path = candidates.iter().map(|kind| file(kind)).find(|path| path.exists());
    let path = path.unwrap_or_else(|| file(&common));
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected == seen {
        return;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        // `none` comes first: what differs then is the other level's own.
        let level = if path == file("aarch64.") { format!("{opt}.") } else { common };
        fs::write(file(&format!("aarch64.{level}")), seen).unwrap();
        return;
    }
    let name = path.file_name().unwrap().display();
    let _ = write!(wrong, "---- {name}: expected ----\n{expected}---- {name}: seen ----\n{seen}");
}
