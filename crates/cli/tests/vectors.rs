//! The breaker and the expressions of the Morph library (`lib/circuit_breaker.fox`, `lib/trickster.fox`) behave like those of the
//! Rust rooms: the same events and texts go through both, and every answer is compared.
//!
//! `MORPH_VECTORS` is how many events and expressions there are, `MORPH_SEED` the seed.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

#[path = "../../trickster/tests/reference/generator.rs"]
mod generator;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fastrand::Rng;
use generator::NAMES;
use morph_fault::{Answer, Breaker, Config, Counts, Input, Moment, State, Ticket, Wait};
use morph_trickster::{EvaluationErrorKind, Expression, ParseErrorKind};

const VECTORS: u64 = 100_000;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// What the program `tests/vectors/NAME.fox` prints when it reads `input`, at both optimisation levels.
fn run(name: &str, opt: &str, input: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join(name);
    let vectors = folder.path().join("input");
    fs::write(&vectors, input).unwrap();
    let built = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["build", "--fresh", "--opt", opt, "--quiet"])
        .arg(root.join("tests/vectors").join(name).with_extension("fox"))
        .arg("-o")
        .arg(&image)
        .status()
        .unwrap();
    assert!(built.success(), "{name}.fox does not compile");
    let stdin = Stdio::from(fs::File::open(&vectors).unwrap());
    let output = Command::new(&image).stdin(stdin).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Compares line by line, and shows the first difference with what led to it.
fn compare(input: &str, expected: &str, seen: &str, before: usize) {
    let inputs: Vec<&str> = input.lines().collect();
    let mut lines = seen.lines();
    for (at, expected) in expected.lines().enumerate() {
        let seen = lines.next().unwrap_or("nothing");
        if seen != expected {
            let led = &inputs[at.saturating_sub(before)..=at];
            panic!("line {at}: expected {expected}, the library says {seen}\n{}", led.join("\n"));
        }
    }
    assert_eq!(lines.next(), None, "the library says more than was asked");
}

#[test]
fn expressions_of_the_library_have_the_values_and_errors_of_the_rust_room() {
    let (count, seed) = (number("MORPH_VECTORS", VECTORS), number("MORPH_SEED", 1));
    println!("MORPH_VECTORS={count} MORPH_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let (mut input, mut expected) = (String::new(), String::new());
    let mut errors = 0;
    for _ in 0..count {
        let size = rng.usize(1..24);
        let mut text = generator::expression(&mut rng, size);
        if rng.u8(..3) == 0 {
            damage(&mut rng, &mut text);
        }
        let values: Vec<i64> = NAMES.iter().map(|_| generator::value(&mut rng)).collect();
        for value in &values {
            write!(input, "{value} ").unwrap();
        }
        writeln!(input, "{text}").unwrap();
        let (value, kind, start, end) = rust_answer(&text, &values);
        errors += u64::from(kind != 0);
        writeln!(expected, "{value} {kind} {start} {end}").unwrap();
    }
    assert!(errors > count / 20 && errors < count / 2, "{errors} errors");
    for opt in ["none", "speed"] {
        compare(&input, &expected, &run("trickster", opt, &input), 0);
    }
}

/// Makes a text that is probably no expression any more.
fn damage(rng: &mut Rng, text: &mut String) {
    const PIECES: [&str; 24] = [
        "(",
        ")",
        "[",
        ".",
        ".5",
        "1.5",
        "1e9",
        "0x",
        "12ab",
        "99999999999999999999",
        "\"x\"",
        "'",
        "=",
        "++",
        "<<=",
        "+=",
        "and",
        "not",
        "unknown",
        "@",
        "\u{e9}",
        "f(",
        " ",
        "--",
    ];
    for _ in 0..rng.usize(1..3) {
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let at = *rng.choice(&places).unwrap();
        if rng.bool() && at < text.len() {
            text.remove(at);
        } else {
            text.insert_str(at, rng.choice(PIECES).unwrap());
        }
    }
}

/// Value, number of the error as `lib/trickster.fox` counts them, and its place.
fn rust_answer(text: &str, values: &[i64]) -> (i64, u32, u32, u32) {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return (0, parse_number(error.kind()), error.span().start, error.span().end),
    };
    let context = |name: &str| NAMES.iter().position(|known| *known == name).map(|at| values[at]);
    match expression.evaluate(&context) {
        Ok(value) => (value, 0, 0, 0),
        Err(error) => {
            let kind = match error.kind() {
                EvaluationErrorKind::NameUnknown => 19,
                EvaluationErrorKind::DivisionByZero => 20,
                EvaluationErrorKind::RemainderByZero => 21,
                EvaluationErrorKind::ValueCount { .. } => unreachable!("nothing is bound"),
            };
            (0, kind, error.span().start, error.span().end)
        }
    }
}

fn parse_number(kind: ParseErrorKind) -> u32 {
    match kind {
        ParseErrorKind::Empty => 1,
        ParseErrorKind::TooLong => 2,
        ParseErrorKind::TooDeep => 3,
        ParseErrorKind::CharacterUnexpected => 4,
        ParseErrorKind::NumberTooLarge => 5,
        ParseErrorKind::NumberMalformed => 6,
        ParseErrorKind::Float => 7,
        ParseErrorKind::String => 8,
        ParseErrorKind::Call => 9,
        ParseErrorKind::Index => 10,
        ParseErrorKind::Field => 11,
        ParseErrorKind::Assignment => 12,
        ParseErrorKind::OperatorUnknown => 13,
        ParseErrorKind::OperatorInWords => 14,
        ParseErrorKind::OperandMissing => 15,
        ParseErrorKind::OperatorMissing => 16,
        ParseErrorKind::ParenthesisUnclosed => 17,
        ParseErrorKind::ParenthesisUnopened => 18,
    }
}

#[test]
fn limits_of_expressions_are_the_same() {
    let texts = [
        format!("{}1{}", "(".repeat(255), ")".repeat(255)),
        format!("{}1{}", "(".repeat(256), ")".repeat(256)),
        format!("1{}", " + 1".repeat(16_000)),
        format!("1{}", " + 1".repeat(17_000)),
        "-".to_owned() + &" -".repeat(300),
        String::new(),
        "   ".to_owned(),
        "9223372036854775808".to_owned(),
        "18446744073709551615 / 2".to_owned(),
        "a / 0 || 1".to_owned(),
        "1 || a / 0".to_owned(),
    ];
    let (mut input, mut expected) = (String::new(), String::new());
    for text in &texts {
        writeln!(input, "1 2 3 4 {text}").unwrap();
        let (value, kind, start, end) = rust_answer(text, &[1, 2, 3, 4]);
        writeln!(expected, "{value} {kind} {start} {end}").unwrap();
    }
    compare(&input, &expected, &run("trickster", "none", &input), 0);
}

/// A breaker of the Rust room, with the tickets of calls that are out: the library has none, there the oldest call reports first.
struct Reference {
    breaker: Breaker,
    config: Config,
    out: Vec<Ticket>,
}

impl Reference {
    fn new(threshold: u32, timeout: u64) -> Reference {
        let wait = Duration::from_millis(timeout);
        let config = Config {
            failures: NonZeroU32::new(threshold),
            wait: Wait { first: wait, growth: 100, longest: wait, jitter: None },
            ..Config::default()
        };
        Reference { breaker: Breaker::new(&config), config, out: Vec::new() }
    }

    fn apply(&mut self, input: Input, now: u64) -> Answer {
        let now = Moment::from_millis(now);
        let before = self.breaker.state();
        let answer = self.breaker.apply(&self.config, input, now, &mut Vec::new()).unwrap();
        if self.breaker.state() != before {
            // Results of calls from before are late; the library is not told of them.
            self.out.clear();
        }
        if let Answer::Admitted(ticket) = &answer {
            self.out.push(ticket.clone());
        }
        answer
    }

    fn digits(&self) -> (u8, u32) {
        match self.breaker.state() {
            State::Closed => (0, self.breaker.failures()),
            State::Open => (1, 0),
            State::HalfOpen => (2, 0),
            State::ForcedOpen | State::Disabled | State::Observing => unreachable!("not by hand"),
        }
    }
}

#[test]
fn breakers_of_the_library_go_through_the_states_of_the_rust_room() {
    let (count, seed) = (number("MORPH_VECTORS", VECTORS), number("MORPH_SEED", 1));
    println!("MORPH_VECTORS={count} MORPH_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let (mut input, mut expected) = (String::new(), String::new());
    let mut seen = [0u64; 3];
    let mut events = 0;
    while events < count {
        let (threshold, timeout) = (rng.u32(1..6), rng.u64(0..5_000));
        let mut reference = Reference::new(threshold, timeout);
        writeln!(input, "n {threshold} {timeout}").unwrap();
        writeln!(expected, "000").unwrap();
        let (mut now, failing) = (0, rng.u8(1..10));
        for _ in 0..rng.usize(10..200) {
            now += match rng.u8(..10) {
                0 => rng.u64(0..40_000),
                1..4 => rng.u64(0..6_000),
                _ => rng.u64(0..20),
            };
            // The breaker notices the time before anything else, and with it that tickets are late.
            reference.apply(Input::Tick, now);
            let answered = if reference.out.is_empty() || rng.bool() {
                writeln!(input, "a {now}").unwrap();
                u8::from(matches!(reference.apply(Input::Acquire, now), Answer::Admitted(_)))
            } else {
                let ticket = reference.out.remove(0);
                let failed = rng.u8(..10) < failing;
                writeln!(input, "{} {now}", if failed { "f" } else { "s" }).unwrap();
                let counts = if failed { Counts::Failure } else { Counts::Success };
                reference.apply(Input::Report(ticket, counts), now);
                0
            };
            let (state, failures) = reference.digits();
            seen[usize::from(state)] += 1;
            writeln!(expected, "{answered}{state}{failures}").unwrap();
            events += 1;
        }
    }
    assert!(seen.iter().all(|times| *times > count / 50), "{seen:?}");
    for opt in ["none", "speed"] {
        compare(&input, &expected, &run("breaker", opt, &input), 30);
    }
}
