//! An incremental build equals a clean one, whatever was edited before: image, diagnostics, what is closed.
//!
//! Random programs, random histories of edits, and after each edit both builds. `MORPH_EDITS` (how many steps; 10,000 by hand) and
//! `MORPH_SEED` choose another history; the seed is printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod program;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use morph_diag::{Color, Format, Lang};
use morph_driver::isolation::{Isolation, Keep, Reuse};
use morph_driver::options::{Debug, Goal, Grain, Opt, Options};
use morph_driver::{Note, Output};

use program::Program;

/// Steps of one history; then a new program begins.
const HISTORY: usize = 50;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().map_or(default, |value| value.parse().unwrap())
}

/// All that a build says, in both languages.
fn said(output: &Output) -> String {
    let mut text = format!("{:?}\n", output.status);
    for lang in [Lang::En, Lang::Id] {
        for problem in &output.report.problems {
            let worded = output.report.render(problem, lang, Format::Human, Color::Never);
            writeln!(text, "{worded}").unwrap();
        }
    }
    for problem in &output.report.problems {
        let worded = output.report.render(problem, Lang::En, Format::Json, Color::Never);
        writeln!(text, "{worded}").unwrap();
    }
    writeln!(text, "{:#?} of {}", output.report.closed, output.report.total).unwrap();
    text
}

fn build(root: &Path, options: &Options, reuse: Reuse, store: &Path) -> Output {
    let keep = Keep::Folder(store.to_owned());
    let isolation = Isolation { keep, reuse, sandboxes: Some(1), ..Isolation::default() };
    morph_driver::build(root, options, isolation)
}

/// Mostly the same options, so that there is something to use again.
fn options(random: &mut fastrand::Rng) -> Options {
    let rarely = |random: &mut fastrand::Rng| random.u32(0..16) == 0;
    Options {
        opt: if rarely(random) { Opt::Speed } else { Opt::None },
        debug: if rarely(random) { Debug::Full } else { Debug::Line },
        grain: if rarely(random) { Grain::Unit } else { Grain::Fragment },
        goal: if rarely(random) { Goal::Check } else { Goal::Image },
        ..Options::default()
    }
}

/// How people edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// They break things, mend them, and move them about.
    Any,
    /// They work on what is inside of functions, most of the time.
    Gentle,
    /// They break what was healthy, and mend it.
    Mending,
}

/// What builds came to: how many fragments were used again, and how many made; in how many builds they were exchanged in the
/// former image.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    reused: usize,
    made: usize,
    exchanged: usize,
}

/// What one thread goes through.
fn histories(seed: u64, steps: usize, manner: Manner) -> Counts {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut counts = Counts::default();
    let mut step = 0;
    while step < steps {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let source = folder.path().join("source");
        let mut program = match manner {
            Manner::Any => Program::new(&mut random),
            Manner::Gentle | Manner::Mending => Program::healthy(&mut random),
        };
        let mut options = match manner {
            Manner::Any => Options::default(),
            // Neither a check nor entries for debuggers: with them nothing is exchanged.
            Manner::Gentle | Manner::Mending => {
                let (goal, debug) = (Goal::Image, Debug::Line);
                Options { goal, debug, ..self::options(&mut random) }
            }
        };
        let mut past = Vec::new();
        let mut log = Vec::new();
        for _ in 0..HISTORY.min(steps - step) {
            past.push(program.clone());
            let edit = match manner {
                Manner::Any => program.edit(&past, &mut random),
                Manner::Gentle => program.edit_gently(&past, &mut random),
                Manner::Mending => program.break_or_mend(&past, &mut random),
            };
            log.push(edit);
            let _nothing_there_yet = fs::remove_dir_all(&source);
            fs::create_dir_all(&source).unwrap();
            for (name, text) in program.files() {
                fs::write(source.join(name), text).unwrap();
            }
            if manner == Manner::Any {
                options = self::options(&mut random);
            }
            let root = source.join("utama.fox");
            let incremental = build(&root, &options, Reuse::Results, &store);
            let clean = build(&root, &options, Reuse::Nothing, &store);
            let context = || {
                let texts: Vec<String> =
                    program.files().map(|(name, text)| format!("--- {name}\n{text}")).collect();
                format!("seed {seed}, step {step}, {options:?}\n{log:?}\n{}", texts.join("\n"))
            };
            assert_eq!(said(&incremental), said(&clean), "{}", context());
            assert!(incremental.image == clean.image, "the images differ: {}", context());
            for note in &incremental.notes {
                let Note::Reused { reused: old, made: new } = note else {
                    panic!("{note:?}: {}", context());
                };
                counts.reused += old;
                counts.made += new;
            }
            let exchanged = incremental.timings.iter().any(|(lap, _)| *lap == "exchange");
            counts.exchanged += usize::from(exchanged);
            step += 1;
        }
    }
    counts
}

/// What to go through.
#[derive(Clone, Copy, Debug)]
struct Plan {
    seed: u64,
    steps: usize,
    manner: Manner,
}

/// A plan of so many steps, if nobody says another number.
fn plan(default: u64, manner: Manner) -> Plan {
    let steps = usize::try_from(number("MORPH_EDITS", default)).unwrap();
    Plan { seed: number("MORPH_SEED", 20_261_126), steps, manner }
}

/// What two threads go through.
fn all_histories(Plan { seed, steps, manner }: Plan) -> Counts {
    let threads: Vec<_> = [seed, seed + 1]
        .map(|seed| std::thread::spawn(move || histories(seed, steps / 2, manner)))
        .into_iter()
        .collect();
    let mut all = Counts::default();
    for thread in threads {
        let counts = thread.join().unwrap();
        all.reused += counts.reused;
        all.made += counts.made;
        all.exchanged += counts.exchanged;
    }
    all
}

#[test]
fn an_incremental_build_equals_a_clean_one_whatever_was_edited() {
    let plan = plan(2_000, Manner::Any);
    println!("{plan:?}");
    let counts = all_histories(plan);
    println!("{counts:?}");
    assert!(counts.reused > counts.made, "hardly anything was used again: {counts:?}");
}

#[test]
fn what_mends_a_program_is_exchanged_in_the_image_that_a_clean_build_gives() {
    let plan = plan(400, Manner::Mending);
    println!("{plan:?}");
    let counts = all_histories(plan);
    println!("{counts:?}");
    assert!(counts.exchanged > plan.steps / 25, "hardly any exchange: {counts:?}");
}

#[test]
fn a_fragment_that_was_edited_is_exchanged_in_the_image_that_a_clean_build_gives() {
    let plan = plan(600, Manner::Gentle);
    println!("{plan:?}");
    let counts = all_histories(plan);
    println!("{counts:?}");
    assert!(counts.exchanged > plan.steps / 8, "hardly any exchange: {counts:?}");
}
