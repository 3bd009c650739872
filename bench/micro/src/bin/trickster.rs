//! Expressions: reading, binding and evaluating policies, beside fasteval and beside the same condition in Rust.

use std::hint::black_box;

use fasteval::{Compiler, Evaler};
use morph_bench::{Row, row, table};
use morph_trickster::{Bound, Expression};

const NAMES: [&str; 4] = ["crash_count", "threshold", "depth", "max_depth"];
const VALUES: [i64; 4] = [2, 3, 1, 10];

const POLICY: &str = "crash_count < threshold && depth < max_depth";
const ARITHMETIC: &str =
    "(crash_count * 100 + depth) % 97 - threshold / 2 > max_depth * max_depth - 70";

fn main() {
    subject("a policy", POLICY, |[crash_count, threshold, depth, max_depth]| {
        crash_count < threshold && depth < max_depth
    });
    subject("arithmetic", ARITHMETIC, |[crash_count, threshold, depth, max_depth]| {
        (crash_count * 100 + depth) % 97 - threshold / 2 > max_depth * max_depth - 70
    });
}

fn subject(title: &str, text: &str, native: impl Fn([i64; 4]) -> bool) {
    println!("\n## {title}: `{text}`");
    let context: [(&str, i64); 4] = std::array::from_fn(|i| (NAMES[i], VALUES[i]));
    let expression = parsed(text);
    let fixed = bound(text);
    let parser = fasteval::Parser::new();
    let floats = VALUES.map(|value| value as f64);
    let by_name = |name: &str, _: Vec<f64>| {
        NAMES.iter().position(|known| *known == name).map(|index| floats[index])
    };

    let mut slab = fasteval::Slab::new();
    let compiled = parser
        .parse(text, &mut slab.ps)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .from(&slab.ps)
        .compile(&slab.ps, &mut slab.cs);
    let value = compiled
        .eval(&slab, &mut by_name.clone())
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    let ours = expression.evaluate(&context).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(value, ours as f64, "both mean the same");
    assert_eq!(native(VALUES), ours != 0, "both mean the same");

    let rows: Vec<Row<'_>> = vec![
        row("trickster: parse and evaluate", || {
            parsed(black_box(text)).evaluate(black_box(&context)).map_or(0, |value| value)
        }),
        row("fasteval: parse and evaluate", || {
            let mut slab = fasteval::Slab::new();
            let parsed = parser.parse(black_box(text), &mut slab.ps);
            parsed.map_or(0.0, |parsed| {
                parsed.from(&slab.ps).eval(&slab, &mut by_name.clone()).map_or(0.0, |value| value)
            })
        }),
        row("trickster: parse alone", || parsed(black_box(text))),
        row("trickster: parse and bind", || bound(black_box(text))),
    ];
    table("reading", &rows);

    let rows: Vec<Row<'_>> = vec![
        row("trickster: bound, evaluate", || {
            fixed.evaluate(black_box(&VALUES)).map_or(0, |value| value)
        }),
        row("trickster: by names, evaluate", || {
            expression.evaluate(black_box(&context)).map_or(0, |value| value)
        }),
        row("fasteval: compiled, evaluate", || {
            compiled.eval(&slab, &mut by_name.clone()).map_or(0.0, |value| value)
        }),
        row("Rust", || native(black_box(VALUES))),
    ];
    table("evaluating", &rows);
}

fn parsed(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn bound(text: &str) -> Bound {
    parsed(text).bind(&NAMES).unwrap_or_else(|error| panic!("{error}"))
}
