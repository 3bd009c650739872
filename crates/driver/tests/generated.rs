//! Generated programs mean the same interpreted, with `--opt none` and with `--opt speed`.
//!
//! `MORPH_GENERATED` is how many there are, `MORPH_SEED` the seed of the first one; each next one counts up. A
//! failure prints both the seed and the program: `MORPH_GENERATED=1 MORPH_SEED=…` runs that one alone.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

#[path = "generated/generator.rs"]
mod generator;
#[path = "generated/run.rs"]
mod run;

use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use morph_diag::{Color, Format, Lang, Severity};
use morph_driver::meaning::Workbench;
use morph_driver::report::Report;
use morph_interp::{Limits, Stop};

const PROGRAMS: u64 = 10_000;
const SEED: u64 = 1;
const THREADS: usize = 2;
const LIMITS: Limits = Limits { steps: 20_000_000, depth: 1_000 };

#[test]
fn generated_programs_mean_the_same_interpreted_and_compiled() {
    let number = |name: &str, default: u64| match env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    let (first, count) = (number("MORPH_SEED", SEED), number("MORPH_GENERATED", PROGRAMS));
    println!("MORPH_SEED={first} MORPH_GENERATED={count}");
    let (next, skipped) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let work = || work(&next, &skipped, first, count);
            thread::Builder::new().stack_size(run::STACK).spawn_scoped(scope, work).unwrap();
        }
    });
    let skipped = skipped.into_inner();
    println!("{skipped} ran too long to interpret");
    assert!(skipped * 100 <= count, "{skipped} of {count} programs ran too long to interpret");
}

/// Takes seeds until there are no more.
fn work(next: &AtomicU64, skipped: &AtomicU64, first: u64, count: u64) {
    let scratch = scratch();
    let mut workbench = Workbench::default();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        if index >= count {
            return;
        }
        let seed = first.wrapping_add(index);
        let text = generator::program(seed);
        let wrong = |what: String| -> ! {
            // The other thread need not go on.
            next.store(count, Ordering::Relaxed);
            panic!("MORPH_GENERATED=1 MORPH_SEED={seed}\n{text}{what}");
        };
        let meaning = match workbench.text("generated.fox", &text, &run::LEVELS) {
            Ok(meaning) if meaning.report.errors() == 0 => meaning,
            Ok(meaning) => wrong(errors(&meaning.report)),
            Err(report) => wrong(errors(&report)),
        };
        if index.is_multiple_of(500) && meaning.images != alone(&text, scratch.path()) {
            wrong("a build that shares nothing makes another image".to_owned());
        }
        let outcome = run::interpret(&meaning.typed, b"", LIMITS);
        if outcome.stop == Stop::OutOfFuel {
            skipped.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        if let Err(difference) = run::compare(&meaning, &outcome, scratch.path(), b"") {
            wrong(difference);
        }
    }
}

/// The images of a program whose builds share nothing with others.
fn alone(text: &str, folder: &Path) -> Vec<Vec<u8>> {
    let root = folder.join("generated.fox");
    fs::write(&root, text).unwrap();
    run::LEVELS
        .iter()
        .filter_map(|options| {
            morph_driver::build(&root, options, morph_driver::isolation::Isolation::default()).image
        })
        .collect()
}

/// A folder in memory if there is one: twenty thousand images need not reach a disk.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn errors(report: &Report) -> String {
    let errors =
        report.problems.iter().filter(|problem| problem.diagnostic.severity() == Severity::Error);
    errors.map(|problem| report.render(problem, Lang::En, Format::Human, Color::Never)).collect()
}
