//! One text means the same as an expression of `trickster` and in a program: interpreted, with `--opt none` and `--opt speed`.
//!
//! Random expressions become functions of a program, which applies each to the same [`TUPLES`] tuples of arguments and
//! prints a checksum of the values. Pairs that `trickster` cannot divide are left out of it; some of each program are run alone and must
//! fault with a division by zero.
//!
//! `MORPH_EXPRESSIONS` is how many expressions there are, `MORPH_SEED` the seed of the first program; each next one counts up.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

#[path = "../../trickster/tests/reference/generator.rs"]
mod generator;
#[path = "generated/run.rs"]
mod run;

use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use fastrand::Rng;
use generator::NAMES;
use morph_driver::meaning::Workbench;
use morph_interp::{Fault, Limits, Stop};
use morph_trickster::Expression;

/// Distinct expressions; each is evaluated for [`TUPLES`] tuples of arguments.
const EXPRESSIONS: u64 = 40_000;
const TUPLES: usize = 64;
const SEED: u64 = 1;
/// So many expressions make one program.
const EACH: u64 = 400;
/// So many divisions by zero of a program are run.
const FAULTS: usize = 6;
const THREADS: usize = 2;
const LIMITS: Limits = Limits { steps: 100_000_000, depth: 1_000 };

/// FNV-1a's prime, here over words.
const PRIME: i64 = 0x100_0000_01b3;

#[derive(Default)]
struct Counts {
    programs: AtomicU64,
    values: AtomicU64,
    divisions: AtomicU64,
    faults: AtomicU64,
}

#[test]
fn expressions_mean_the_same_as_in_a_program() {
    let number = |name: &str, default: u64| match env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    let (first, count) = (number("MORPH_SEED", SEED), number("MORPH_EXPRESSIONS", EXPRESSIONS));
    println!("MORPH_SEED={first} MORPH_EXPRESSIONS={count}");
    let programs = count.div_ceil(EACH);
    let counts = Counts::default();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let work = || {
                let scratch = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
                let scratch = scratch.unwrap();
                let mut workbench = Workbench::default();
                loop {
                    let index = counts.programs.fetch_add(1, Ordering::Relaxed);
                    if index >= programs {
                        return;
                    }
                    let each = EACH.min(count - index * EACH);
                    let seed = first.wrapping_add(index);
                    if let Err(wrong) = check(seed, each, &mut workbench, scratch.path(), &counts) {
                        // The other thread need not go on.
                        counts.programs.store(programs, Ordering::Relaxed);
                        panic!("MORPH_EXPRESSIONS={each} MORPH_SEED={seed}\n{wrong}");
                    }
                }
            };
            thread::Builder::new().stack_size(run::STACK).spawn_scoped(scope, work).unwrap();
        }
    });
    let (values, divisions) = (counts.values.into_inner(), counts.divisions.into_inner());
    let faults = counts.faults.into_inner();
    println!(
        "{count} expressions, {values} values of expression and arguments compared; of {divisions} divisions by zero \
         {faults} run"
    );
    assert_eq!(values + divisions, count * TUPLES as u64);
    assert!(values > divisions && (count < EACH || faults > 0));
}

/// One program of `count` expressions.
fn check(
    seed: u64,
    count: u64,
    workbench: &mut Workbench,
    scratch: &Path,
    counts: &Counts,
) -> Result<(), String> {
    let rng = &mut Rng::with_seed(seed);
    let tuples: Vec<[i64; 4]> =
        (0..TUPLES).map(|_| std::array::from_fn(|_| generator::value(rng))).collect();
    let mut functions = String::new();
    let mut checksums = String::new();
    let mut expected = String::new();
    // Expression and tuple of what cannot be divided.
    let mut divisions: Vec<(u64, usize)> = Vec::new();
    for index in 0..count {
        let size = rng.usize(1..=12);
        let text = generator::expression(rng, size);
        let expression = Expression::parse(&text).map_err(|error| error.to_string())?;
        let bound = expression.bind(&NAMES).map_err(|error| error.to_string())?;
        let (mut left_out, mut checksum) = (0u64, 0i64);
        for (place, tuple) in tuples.iter().enumerate() {
            match bound.evaluate(tuple) {
                Ok(value) => checksum = (checksum ^ value).wrapping_mul(PRIME),
                Err(_) => {
                    left_out |= 1 << place;
                    divisions.push((index, place));
                }
            }
        }
        let names = NAMES.join(", ");
        let _ = write!(functions, "fungsi e{index}({names})\n  kembalikan {text}\ntutup_fungsi\n");
        let _ = writeln!(checksums, "    jumlah(e{index}, t, {left_out})");
        let _ = writeln!(expected, "{checksum}");
    }
    let total = count * TUPLES as u64;
    let divided = divisions.len() as u64;
    rng.shuffle(&mut divisions);
    divisions.truncate(FAULTS);

    let program = program(&functions, &checksums, &tuples, &divisions);
    let shown = |what: String| format!("{program}\n{what}");
    let meaning = workbench
        .text("expressions.fox", &program, &run::LEVELS)
        .map_err(|report| shown(format!("{:?}", report.problems)))?;
    if meaning.report.errors() > 0 {
        return Err(shown(format!("{:?}", meaning.report.problems)));
    }
    let outcome = run::interpret(&meaning.typed, b"0", LIMITS);
    let printed = String::from_utf8_lossy(&outcome.stdout);
    if outcome.stop != Stop::Exited(0) || printed != expected {
        let pairs = printed.lines().zip(expected.lines());
        let wrong = pairs.enumerate().find(|(_, (printed, expected))| printed != expected);
        return Err(shown(format!("{:?}, first difference {wrong:?}", outcome.stop)));
    }
    run::compare(&meaning, &outcome, scratch, b"0").map_err(shown)?;

    for division in 1..=divisions.len() {
        let input = division.to_string();
        let outcome = run::interpret(&meaning.typed, input.as_bytes(), LIMITS);
        if outcome.stop != Stop::Faulted(Fault::DivisionByZero) {
            let (index, place) = divisions[division - 1];
            let what = format!("e{index} of {:?}: {:?}", tuples[place], outcome.stop);
            return Err(shown(what));
        }
        run::compare(&meaning, &outcome, scratch, input.as_bytes()).map_err(shown)?;
    }
    counts.values.fetch_add(total - divided, Ordering::Relaxed);
    counts.divisions.fetch_add(divided, Ordering::Relaxed);
    counts.faults.fetch_add(divisions.len() as u64, Ordering::Relaxed);
    Ok(())
}

/// A program that reads a number: 0 prints all checksums, n runs the n-th of the divisions.
fn program(
    functions: &str,
    checksums: &str,
    tuples: &[[i64; 4]],
    divisions: &[(u64, usize)],
) -> String {
    let mut text = format!(
        "{functions}
fungsi jumlah(f, t, dilewati)
  var h = 0
  var j = 0
  selama (j < {TUPLES})
    jika ((dilewati >> j & 1) == 0)
      h = (h ^ f(t[4 * j], t[4 * j + 1], t[4 * j + 2], t[4 * j + 3])) * {PRIME}
    tutup_jika
    j++
  tutup_selama
  cetak(h)
tutup_fungsi
fungsi mulai()
  var t [{}]int
",
        4 * TUPLES
    );
    for (index, value) in tuples.iter().flatten().enumerate() {
        let _ = writeln!(text, "  t[{index}] = {}", *value as u64);
    }
    let _ = write!(text, "  var pilihan = str_to_int(baca(8))\n  jika (pilihan == 0)\n{checksums}");
    for (number, (index, place)) in (1..).zip(divisions) {
        let [a, b, c, d] = tuples[*place].map(|value| value as u64);
        let _ = write!(
            text,
            "  lain_jika (pilihan == {number})\n    cetak(e{index}({a}, {b}, {c}, {d}))\n"
        );
    }
    text.push_str("  tutup_jika\ntutup_fungsi\n");
    text
}
