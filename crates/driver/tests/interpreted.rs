//! Every whole program means the same interpreted, with `--opt none` and with `--opt speed`.
//!
//! What stands in `tests/run`, `tests/library` and `examples` takes part unless it is excluded below.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

#[path = "generated/run.rs"]
mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};
use morph_driver::meaning::Workbench;
use morph_interp::Limits;

/// What the interpreter leaves out on purpose.
const EXCLUDED: &[(&str, &str)] = &[
    ("tests/run/asm_blocks.fox", "inline assembly"),
    ("tests/run/structs.fox", "inline assembly"),
    ("tests/run/top_level.fox", "inline assembly"),
    ("tests/library/routines.fox", "inline assembly"),
    (
        "tests/library/kernel.fox",
        "the tables of snapshots and sandboxes are found by inline assembly",
    ),
    (
        "tests/library/memory.fox",
        "the memory monitor reads files, and snapshots use inline assembly",
    ),
    ("examples/paralel.fox", "crashes that are survived"),
    ("examples/pelayan.fox", "crashes that are survived"),
    ("examples/test_integrated_recovery.fox", "crashes that are survived"),
    ("tests/library/pemulihan.fox", "crashes that are survived"),
    ("tests/library/pulih.fox", "crashes that are survived"),
    ("tests/library/pulih_terjaga.fox", "crashes that are survived"),
    ("tests/library/buffer.fox", "files"),
    ("tests/library/builtins.fox", "files"),
    ("examples/berkas.fox", "files"),
    ("examples/rakitan.fox", "inline assembly"),
];

/// For programs without a `.in` file of their own: enough to play a little.
const INPUT: &[u8] = b"w\na\ns\nd\nq\n";

const LIMITS: Limits = Limits { steps: 2_000_000_000, depth: 100_000 };

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    let mut trials = vec![Trial::test("what is excluded exists", {
        let root = root.clone();
        move || match EXCLUDED.iter().find(|(name, _)| !root.join(name).is_file()) {
            Some((name, _)) => Err(Failed::from(*name)),
            None => Ok(()),
        }
    })];
    for folder in ["tests/run", "tests/library", "examples"] {
        for path in programs(&root.join(folder)) {
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            if EXCLUDED.iter().all(|(excluded, _)| *excluded != name) {
                trials.push(Trial::test(name, move || check(path)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Files with a `mulai` or an expectation, and `main.fox` of each folder.
fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
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
        || fs::read_to_string(path).unwrap().contains("fungsi mulai")
}

fn check(path: PathBuf) -> Result<(), Failed> {
    let thread =
        thread::Builder::new().stack_size(run::STACK).spawn(move || compare(&path)).unwrap();
    match thread.join() {
        Ok(result) => result.map_err(Failed::from),
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

fn compare(path: &Path) -> Result<(), String> {
    let scratch = tempfile::tempdir().unwrap();
    let input = fs::read(path.with_extension("in")).unwrap_or_else(|_| INPUT.to_vec());
    let meaning = Workbench::default()
        .file(path, &run::LEVELS)
        .map_err(|report| format!("{:?}", report.problems))?;
    let outcome = run::interpret(&meaning.typed, &input, LIMITS);
    run::compare(&meaning, &outcome, scratch.path(), &input)
}
