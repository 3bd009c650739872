//! How long ten thousand functions of twelve lines take, on one core.
//!
//! Run with `cargo run --release -p morph-codegen --example codegen_speed [-- speed]`.

#[expect(dead_code, reason = "tests use the rest")]
#[path = "../tests/codegen/build.rs"]
mod build;

use build::Build;
use morph_codegen::{Compiler, Debug, Opt, Options, Target, Verify};
use morph_sema::typed::*;

const FUNCTIONS: u32 = 10_000;
const ROUNDS: u32 = 7;

/// Arithmetic, a loop, a condition, a global, two calls.
fn body(n: u32) -> Typed {
    let mut b = Build::new(&format!("function_{n}"), &[Repr::Word, Repr::Word]);
    let mut line = 0;
    let (sum, i) = (b.local("sum", Repr::Word), b.local("i", Repr::Word));
    let mut next_line = |b: &mut Build| {
        line += 10;
        b.place(line);
    };
    next_line(&mut b);
    let start = b.int(i64::from(n));
    let first = b.set(sum, start);
    next_line(&mut b);
    let zero = b.int(0);
    let second = b.set(i, zero);
    next_line(&mut b);
    let (read, limit) = (b.read(i), b.param(0));
    let cond = b.binary(BinaryOp::Less, read, limit);
    next_line(&mut b);
    let (old, factor) = (b.read(sum), b.int(31));
    let product = b.binary(BinaryOp::Multiply, old, factor);
    let index = b.read(i);
    let value = b.binary(BinaryOp::Add, product, index);
    let accumulate = b.set(sum, value);
    next_line(&mut b);
    let (left, mask) = (b.read(sum), b.int(7));
    let masked = b.binary(BinaryOp::BitAnd, left, mask);
    let three = b.int(3);
    let matches = b.binary(BinaryOp::Equal, masked, three);
    next_line(&mut b);
    let (arg, other) = (b.read(sum), b.param(1));
    let callee = format!("function_{}", (n + 1) % FUNCTIONS);
    let called = b.call(&callee, &[arg, other]);
    let replace = b.set(sum, called);
    next_line(&mut b);
    let branch = b.stmt(StmtKind::If { cond: matches, then: vec![replace], otherwise: Vec::new() });
    next_line(&mut b);
    let step = vec![b.add_to(i, 1)];
    let body = vec![accumulate, branch];
    let repeat = b.stmt(StmtKind::Loop { cond: Some(cond), body, step });
    next_line(&mut b);
    let (total, divisor) = (b.read(sum), b.int(10));
    let value = b.binary(BinaryOp::Divide, total, divisor);
    let global = b.symbol("$total");
    let store = b.stmt(StmtKind::SetGlobal { global, value });
    next_line(&mut b);
    let text = b.string("done");
    let print = b.call("@print_line_text", &[text]);
    let print = b.stmt(StmtKind::Expr(print));
    next_line(&mut b);
    let result = b.read(sum);
    let ret = b.ret(result);
    b.finish(vec![first, second, repeat, store, print, ret])
}

#[expect(clippy::print_stdout, clippy::disallowed_types, reason = "it measures and tells")]
#[expect(clippy::unwrap_used, reason = "a measurement of failures is worth nothing")]
fn main() {
    let speed = std::env::args().any(|arg| arg == "speed");
    let opt = if speed { Opt::Speed } else { Opt::None };
    let options =
        Options { opt, target: Target::X86_64Linux, debug: Debug::Line, verify: Verify::Default };
    let bodies: Vec<Typed> = (0..FUNCTIONS).map(body).collect();
    for _ in 0..ROUNDS {
        let start = std::time::Instant::now();
        let mut compiler = Compiler::new(&options).unwrap();
        let mut bytes = 0;
        for body in &bodies {
            bytes += compiler.compile(body).unwrap().text.len();
        }
        println!("{opt:?}: {FUNCTIONS} functions, {bytes} bytes of code, {:.1?}", start.elapsed());
    }
}
