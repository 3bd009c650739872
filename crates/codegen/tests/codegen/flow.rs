//! Compiled statements and calls run in the order that the typed fragment says, at both optimisation levels.

use morph_codegen::Opt;
use morph_sema::typed::*;

use crate::build::{Build, function, returns};
use crate::image::{Outcome, routines, run};

/// `f(n)`: records `n` as the next decimal digit of `$trace`, gives `n`.
fn tracer() -> Vec<Typed> {
    let mut body = Build::new("f", &[Repr::Word]);
    let (old, ten) = (body.global("$trace"), body.int(10));
    let shifted = body.binary(BinaryOp::Multiply, old, ten);
    let digit = body.param(0);
    let value = body.binary(BinaryOp::Add, shifted, digit);
    let global = body.symbol("$trace");
    let result = body.param(0);
    let statements = vec![body.stmt(StmtKind::SetGlobal { global, value }), body.ret(result)];
    let trace = Item::Global { symbol: "$trace".to_owned(), value: 0, initialiser: None };
    vec![body.finish(statements), crate::build::typed(trace)]
}

#[test]
fn operands_are_evaluated_left_to_right_and_short_circuits_skip() {
    use BinaryOp::Add;
    type Make = fn(&mut Build) -> ExprId;
    fn f(b: &mut Build, n: i64) -> ExprId {
        let n = b.int(n);
        b.call("f", &[n])
    }
    let cases: [(&str, Make, i64, i64); 7] = [
        (
            "f(1) + (f(2) + f(3))",
            |b| {
                let (one, two, three) = (f(b, 1), f(b, 2), f(b, 3));
                let right = b.binary(Add, two, three);
                b.binary(Add, one, right)
            },
            6,
            123,
        ),
        (
            "f(2) and f(3)",
            |b| {
                let (left, right) = (f(b, 2), f(b, 3));
                b.expr(Expr::AndThen { left, right })
            },
            1,
            23,
        ),
        (
            "f(0) and f(3)",
            |b| {
                let (left, right) = (f(b, 0), f(b, 3));
                b.expr(Expr::AndThen { left, right })
            },
            0,
            0,
        ),
        (
            "f(4) or f(5)",
            |b| {
                let (left, right) = (f(b, 4), f(b, 5));
                b.expr(Expr::OrElse { left, right })
            },
            1,
            4,
        ),
        (
            "f(0) or f(5)",
            |b| {
                let (left, right) = (f(b, 0), f(b, 5));
                b.expr(Expr::OrElse { left, right })
            },
            1,
            5,
        ),
        (
            "f(0) or f(0)",
            |b| {
                let (left, right) = (f(b, 0), f(b, 0));
                b.expr(Expr::OrElse { left, right })
            },
            0,
            0,
        ),
        (
            "f(7) + (f(8) and (f(0) or f(9)))",
            |b| {
                let (seven, eight, zero, nine) = (f(b, 7), f(b, 8), f(b, 0), f(b, 9));
                let or = b.expr(Expr::OrElse { left: zero, right: nine });
                let and = b.expr(Expr::AndThen { left: eight, right: or });
                b.binary(Add, seven, and)
            },
            8,
            7809,
        ),
    ];
    for (text, make, result, trace) in cases {
        for (wanted, what) in [(result, "result"), (trace, "trace")] {
            let mut main = Build::new("main", &[]);
            let value = make(&mut main);
            let local = main.local("x", Repr::Word);
            let set = main.set(local, value);
            let shown = if what == "result" { main.read(local) } else { main.global("$trace") };
            let ret = main.ret(shown);
            let mut fragments = tracer();
            fragments.push(main.finish(vec![set, ret]));
            assert_eq!(run(&fragments), Outcome::Result(wanted), "{what} of {text}");
        }
    }
}

#[test]
fn conditions_with_short_circuits_branch_as_their_values_say() {
    for a in 0..2 {
        for b in 0..2 {
            for c in 0..2 {
                let main = returns("main", |body| {
                    let args = [a, b, c].map(|n| body.int(n));
                    body.call("f", &args)
                });
                // if not (a and not b) and (b or c) then 10 else 20
                let mut f = Build::new("f", &[Repr::Word; 3]);
                let [pa, pb, pb2, pc] = [0, 1, 1, 2].map(|n| f.param(n));
                let not_b = f.unary(UnaryOp::Not, pb);
                let and = f.expr(Expr::AndThen { left: pa, right: not_b });
                let left = f.unary(UnaryOp::Not, and);
                let right = f.expr(Expr::OrElse { left: pb2, right: pc });
                let cond = f.expr(Expr::AndThen { left, right });
                let (ten, twenty) = (f.int(10), f.int(20));
                let then = vec![f.ret(ten)];
                let otherwise = vec![f.ret(twenty)];
                let branch = f.stmt(StmtKind::If { cond, then, otherwise });
                let f = f.finish(vec![branch]);
                let guard = a != 0 && b == 0;
                let holds = !guard && (b != 0 || c != 0);
                let wanted = Outcome::Result(if holds { 10 } else { 20 });
                assert_eq!(run(&[main, f]), wanted, "{a} {b} {c}");
            }
        }
    }
}

#[test]
fn loops_step_break_and_continue() {
    // i = 0; sum = 0
    // loop i < 10 { if i == 3 continue; if i == 7 break; sum += i } step { i += 1 }
    // return sum * 100 + i
    let mut b = Build::new("main", &[]);
    let (i, sum) = (b.local("i", Repr::Word), b.local("sum", Repr::Word));
    let (read, ten) = (b.read(i), b.int(10));
    let cond = b.binary(BinaryOp::Less, read, ten);
    let exits = [(3, StmtKind::Continue), (7, StmtKind::Break)].map(|(at, kind)| {
        let (read, at) = (b.read(i), b.int(at));
        let cond = b.binary(BinaryOp::Equal, read, at);
        let then = vec![b.stmt(kind)];
        b.stmt(StmtKind::If { cond, then, otherwise: Vec::new() })
    });
    let mut body: Vec<Stmt> = exits.into();
    let (old, read) = (b.read(sum), b.read(i));
    let value = b.binary(BinaryOp::Add, old, read);
    body.push(b.set(sum, value));
    let step = vec![b.add_to(i, 1)];
    let whole = b.stmt(StmtKind::Loop { cond: Some(cond), body, step });
    let (total, hundred, last) = (b.read(sum), b.int(100), b.read(i));
    let scaled = b.binary(BinaryOp::Multiply, total, hundred);
    let value = b.binary(BinaryOp::Add, scaled, last);
    let ret = b.ret(value);
    // 0 + 1 + 2 + 4 + 5 + 6
    assert_eq!(run(&[b.finish(vec![whole, ret])]), Outcome::Result(1807));
}

#[test]
fn an_endless_loop_without_step_ends_by_return_and_dead_code_is_dropped() {
    let mut b = Build::new("main", &[]);
    let i = b.local("i", Repr::Word);
    let add = b.add_to(i, 2);
    let (read, limit) = (b.read(i), b.int(9));
    let cond = b.binary(BinaryOp::Greater, read, limit);
    let value = b.read(i);
    let dead = b.int(77);
    let then = vec![b.ret(value), b.ret(dead), b.stmt(StmtKind::Break)];
    let branch = b.stmt(StmtKind::If { cond, then, otherwise: Vec::new() });
    let again = b.stmt(StmtKind::Continue);
    let dead = b.add_to(i, 1000);
    let body = vec![add, branch, again, dead];
    let whole = b.stmt(StmtKind::Loop { cond: None, body, step: Vec::new() });
    let dead = b.int(88);
    let ret = b.ret(dead);
    assert_eq!(run(&[b.finish(vec![whole, ret])]), Outcome::Result(10));
}

#[test]
fn a_switch_takes_the_first_equal_arm() {
    for (values, is_literal) in [
        (vec![5, 9], true),
        (vec![5, 9, 5, -1, i64::MAX, 6], true),
        (vec![5, 9, 5, -1, i64::MAX, 6], false),
        (vec![], true),
    ] {
        for asked in [5, 9, -1, i64::MAX, 6, 42] {
            let main = returns("main", |b| {
                let asked = b.int(asked);
                b.call("f", &[asked])
            });
            let mut b = Build::new("f", &[Repr::Word]);
            let out = b.local("out", Repr::Word);
            let value = b.param(0);
            let arms = values.iter().enumerate().map(|(index, &constant)| {
                let mut arm = b.int(constant);
                if !is_literal {
                    arm = b.unary(UnaryOp::BitNot, arm);
                    arm = b.unary(UnaryOp::BitNot, arm);
                }
                let number = b.int(index as i64);
                (arm, vec![b.set(out, number)])
            });
            let arms = arms.collect();
            let none = b.int(-7);
            let otherwise = vec![b.set(out, none)];
            let switch = b.stmt(StmtKind::Switch { value, arms, otherwise });
            let result = b.read(out);
            let ret = b.ret(result);
            let wanted = values.iter().position(|&value| value == asked);
            let wanted = wanted.map_or(-7, |index| index as i64);
            let outcome = run(&[main, b.finish(vec![switch, ret])]);
            assert_eq!(outcome, Outcome::Result(wanted), "{asked} in {values:?}");
        }
    }
}

#[test]
fn calls_pass_any_number_of_words_directly_and_through_addresses() {
    for count in [0_usize, 1, 6, 7, 12] {
        for direct in [true, false] {
            let mut fragments = routines();
            fragments.push(returns("main", |b| {
                let values: Vec<ExprId> = (0..count).map(|n| b.int(n as i64 + 1)).collect();
                if direct {
                    return b.call("f", &values);
                }
                let callee = b.address("f");
                let args = b.args(&values);
                b.expr(Expr::CallIndirect { callee, args })
            }));
            fragments.push(function("f", count, |b| {
                (0..count as u32).fold(b.expr(Expr::Int(0)), |sum, index| {
                    let ten = b.int(10);
                    let scaled = b.binary(BinaryOp::Multiply, sum, ten);
                    let param = b.param(index);
                    b.binary(BinaryOp::Add, scaled, param)
                })
            }));
            let wanted = (0..count).fold(0, |sum, n| sum * 10 + n as i64 + 1);
            assert_eq!(run(&fragments), Outcome::Result(wanted), "{count} {direct}");
        }
    }
}

#[test]
fn recursion_keeps_each_activation_apart() {
    let main = returns("main", |b| {
        let n = b.int(20);
        b.call("fib", &[n])
    });
    let mut b = Build::new("fib", &[Repr::Word]);
    let (n, two) = (b.param(0), b.int(2));
    let cond = b.binary(BinaryOp::Less, n, two);
    let small = b.param(0);
    let then = vec![b.ret(small)];
    let base = b.stmt(StmtKind::If { cond, then, otherwise: Vec::new() });
    let calls = [1, 2].map(|distance| {
        let (n, distance) = (b.param(0), b.int(distance));
        let smaller = b.binary(BinaryOp::Subtract, n, distance);
        b.call("fib", &[smaller])
    });
    let sum = b.binary(BinaryOp::Add, calls[0], calls[1]);
    let ret = b.ret(sum);
    assert_eq!(run(&[main, b.finish(vec![base, ret])]), Outcome::Result(6765));
}

#[test]
fn falling_off_the_end_and_unwritten_locals_give_zero() {
    assert_eq!(run(&[Build::new("main", &[]).finish(Vec::new())]), Outcome::Result(0));
    for repr in [Repr::Word, Repr::Float] {
        let mut b = Build::new("main", &[]).result(repr);
        let local = b.local("x", repr);
        let value = b.read(local);
        let ret = b.ret(value);
        assert_eq!(run(&[b.finish(vec![ret])]), Outcome::Result(0));
    }
}

#[test]
fn reading_something_closed_calls_its_stand_in() {
    let main = returns("main", |b| {
        let stand_in = b.symbol("?LIMIT");
        b.expr(Expr::Closed(stand_in))
    });
    let mut fragments = routines();
    fragments.push(main);
    fragments.push(returns("?LIMIT", |b| {
        let args = [60, 70].map(|n| b.int(n));
        b.intrinsic(Intrinsic::Syscall, &args)
    }));
    assert_eq!(run(&fragments), Outcome::Exit(70));
}

#[test]
fn depth_costs_no_machine_stack() {
    // 100,000 nested operators, then 20,000 nested conditionals, on a stack of 256 KB.
    let worker = std::thread::Builder::new().stack_size(256 * 1024);
    let worker = worker.spawn(|| {
        let mut b = Build::new("main", &[]);
        let mut sum = b.int(0);
        for index in 0..100_000 {
            let one = b.int(1);
            sum = if index % 2 == 0 {
                b.binary(BinaryOp::Add, sum, one)
            } else {
                b.binary(BinaryOp::Add, one, sum)
            };
        }
        let mut statements = vec![b.ret(sum)];
        for _ in 0..900 {
            let cond = b.int(1);
            let then = std::mem::take(&mut statements);
            statements.push(b.stmt(StmtKind::If { cond, then, otherwise: Vec::new() }));
        }
        crate::image::compile_all(&[b.finish(statements)], Opt::None).len()
    });
    assert_eq!(worker.unwrap().join().unwrap(), 1);
}
