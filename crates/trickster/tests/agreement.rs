//! Random expressions have the value that a second, differently written evaluator gives them, by both ways of evaluation
//! and with the same errors at the same places.
//!
//! `MORPH_EXPRESSIONS` is how many there are, `MORPH_SEED` the seed of the first one; each next one counts up.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]
#![expect(clippy::disallowed_methods, reason = "the number of expressions is given from outside")]

#[path = "reference/evaluator.rs"]
mod evaluator;
#[path = "reference/generator.rs"]
mod generator;

use std::env;
use std::ops::Range;
use std::thread;

use evaluator::Failure;
use fastrand::Rng;
use generator::NAMES;
use morph_trickster::{EvaluationError, EvaluationErrorKind, Expression};

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn failure(error: &EvaluationError) -> Failure {
    let (start, end) = (error.span().start as usize, error.span().end as usize);
    match error.kind() {
        EvaluationErrorKind::NameUnknown => Failure::Unknown(start, end),
        EvaluationErrorKind::DivisionByZero => Failure::Division(start, end),
        EvaluationErrorKind::RemainderByZero => Failure::Remainder(start, end),
        EvaluationErrorKind::ValueCount { .. } => panic!("{error}"),
    }
}

#[test]
fn random_expressions_have_the_value_of_the_reference() {
    let (first, count) = (number("MORPH_SEED", 1), number("MORPH_EXPRESSIONS", 1_000_000));
    println!("MORPH_SEED={first} MORPH_EXPRESSIONS={count}");
    let half = first + count / 2;
    let (values, failures) = thread::scope(|scope| {
        let other = scope.spawn(|| compare(first..half));
        let (values, failures) = compare(half..first + count);
        let (more_values, more_failures) = other.join().unwrap();
        (values + more_values, failures + more_failures)
    });
    println!("{values} have a value, {failures} have an error");
    assert_eq!(values + failures, count);
    assert!(count < 1000 || (values > count / 2 && failures > count / 100));
}

/// Compares the expressions of these seeds; how many have a value and how many an error.
fn compare(seeds: Range<u64>) -> (u64, u64) {
    let (mut values, mut failures) = (0, 0);
    for seed in seeds {
        let rng = &mut Rng::with_seed(seed);
        let size = rng.usize(1..=12);
        let text = generator::expression(rng, size);
        let context: [(&str, i64); 4] = NAMES.map(|name| (name, generator::value(rng)));
        // Now and then a name is unknown.
        let known = &context[usize::from(rng.u8(..16) == 0)..];
        let lookup =
            |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let expected = evaluator::evaluate(&text, &lookup);

        let expression = Expression::parse(&text).unwrap_or_else(|error| panic!("{seed}: {error}"));
        let found = expression.evaluate(known).map_err(|error| failure(&error));
        assert_eq!(found, expected, "MORPH_SEED={seed}: `{text}` with {known:?}");
        if known.len() == NAMES.len() {
            let bound = expression.bind(&NAMES).unwrap();
            let found = bound.evaluate(&context.map(|(_, value)| value));
            let found = found.map_err(|error| failure(&error));
            assert_eq!(found, expected, "MORPH_SEED={seed}: `{text}` bound, with {known:?}");
        }
        match expected {
            Ok(_) => values += 1,
            Err(_) => failures += 1,
        }
    }
    (values, failures)
}
