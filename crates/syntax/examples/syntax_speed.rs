//! How fast a file is split and parsed: `speed FILE` prints the best of five runs.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads a file and the clock, and prints"
)]

use std::hint::black_box;
use std::time::Instant;

use morph_syntax::{dump, parse, split};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path =
        arguments.next().ok_or_else(|| std::io::Error::other("usage: speed FILE [--dump]"))?;
    let unit = std::fs::read_to_string(path)?;
    if arguments.next().is_some_and(|argument| argument == "--dump") {
        for piece in split(&unit) {
            let text = piece.text(&unit);
            println!("{:?} at {}..{}", piece.kind, piece.range.start, piece.range.end);
            print!("{}", dump::tree(text, &parse(text, piece.kind)));
        }
        return Ok(());
    }
    let megabytes = unit.len() as f64 / 1e6;
    let (mut best_split, mut best) = (f64::INFINITY, f64::INFINITY);
    let (mut fragments, mut problems, mut exprs) = (0, 0, 0);
    for _ in 0..5 {
        let start = Instant::now();
        let pieces = black_box(split(black_box(&unit)));
        best_split = best_split.min(start.elapsed().as_secs_f64());
        (fragments, problems, exprs) = (pieces.len(), 0, 0);
        for piece in pieces {
            let tree = black_box(parse(piece.text(&unit), piece.kind));
            problems += tree.diagnostics.len();
            exprs += tree.exprs.len();
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{megabytes:.2} MB, {fragments} fragments, {exprs} expressions, {problems} problems");
    println!("split {:.1} ms, {:.0} MB/s", best_split * 1e3, megabytes / best_split);
    println!("split and parse {:.1} ms, {:.0} MB/s", best * 1e3, megabytes / best);
    Ok(())
}
