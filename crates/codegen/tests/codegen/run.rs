//! Compiled code does what the typed fragment says, at both optimisation levels.

use morph_codegen::Opt;
use morph_sema::typed::*;

use crate::build::{Build, function, returns};
use crate::image::{Outcome, routines, run};

const SIGILL: i32 = 4;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;

/// The outcome of `main() = op(left, right)` where neither operand is known when compiling.
fn binary(op: BinaryOp, left: i64, right: i64) -> Outcome {
    let main = returns("main", |b| {
        let (left, right) = (b.int(left), b.int(right));
        b.call("op", &[left, right])
    });
    let op = function("op", 2, |b| {
        let (left, right) = (b.param(0), b.param(1));
        b.binary(op, left, right)
    });
    run(&[main, op])
}

/// The same where the right operand is a literal.
fn binary_literal(op: BinaryOp, left: i64, right: i64) -> Outcome {
    let main = returns("main", |b| {
        let left = b.int(left);
        b.call("op", &[left])
    });
    let op = function("op", 1, |b| {
        let (left, right) = (b.param(0), b.int(right));
        b.binary(op, left, right)
    });
    run(&[main, op])
}

#[test]
fn integers_wrap_truncate_and_compare_signed() {
    use BinaryOp::*;
    const MIN: i64 = i64::MIN;
    const MAX: i64 = i64::MAX;
    for (op, left, right, result) in [
        (Add, MAX, 1, MIN),
        (Subtract, MIN, 1, MAX),
        (Multiply, MAX, 2, -2),
        (Divide, 7, 2, 3),
        (Divide, -7, 2, -3),
        (Divide, 7, -2, -3),
        (Divide, 42, -1, -42),
        (Divide, MIN, -1, MIN),
        (Divide, MIN, 1, MIN),
        (Remainder, 7, 3, 1),
        (Remainder, -7, 3, -1),
        (Remainder, 7, -3, 1),
        (Remainder, 7, -1, 0),
        (Remainder, MIN, -1, 0),
        (BitAnd, 12, 10, 8),
        (BitOr, 12, 10, 14),
        (BitXor, 12, 10, 6),
        (ShiftLeft, 1, 65, 2),
        (ShiftRight, -1, 63, 1),
        (ShiftRight, -1, 64, -1),
        (Equal, 3, 3, 1),
        (NotEqual, 3, 3, 0),
        (Less, -1, 1, 1),
        (LessEqual, 1, 1, 1),
        (Greater, -1, 1, 0),
        (GreaterEqual, 1, 2, 0),
    ] {
        let at = format!("{op:?} {left} {right}");
        assert_eq!(binary(op, left, right), Outcome::Result(result), "{at}");
        assert_eq!(binary_literal(op, left, right), Outcome::Result(result), "literal {at}");
    }
}

#[test]
fn a_division_by_zero_ends_in_a_fatal_signal() {
    for op in [BinaryOp::Divide, BinaryOp::Remainder] {
        for outcome in [binary(op, 1, 0), binary_literal(op, 1, 0)] {
            assert!(matches!(outcome, Outcome::Signal(SIGILL | SIGFPE)), "{op:?} gave {outcome:?}");
        }
    }
}

#[test]
fn doubles_follow_ieee_and_travel_as_bits() {
    use BinaryOp::*;
    let nan = f64::NAN;
    for (op, left, right, result) in [
        (FloatAdd, 0.1, 0.2, (0.1_f64 + 0.2).to_bits() as i64),
        (FloatSubtract, 1.0, 0.5, 0.5_f64.to_bits() as i64),
        (FloatMultiply, 3.0, -2.0, (-6.0_f64).to_bits() as i64),
        (FloatDivide, 1.0, 0.0, f64::INFINITY.to_bits() as i64),
        (FloatEqual, 1.0, 1.0, 1),
        (FloatEqual, nan, nan, 0),
        (FloatNotEqual, nan, nan, 1),
        (FloatLess, nan, 1.0, 0),
        (FloatLess, 1.0, 2.0, 1),
        (FloatLessEqual, 2.0, 2.0, 1),
        (FloatGreater, nan, 1.0, 0),
        (FloatGreaterEqual, 2.0, 3.0, 0),
    ] {
        let main = returns("main", |b| {
            let (left, right) = (b.float(left), b.float(right));
            let left = b.convert(Conversion::FloatToBits, left);
            let right = b.convert(Conversion::FloatToBits, right);
            b.call("op", &[left, right])
        });
        let is_double = matches!(op, FloatAdd | FloatSubtract | FloatMultiply | FloatDivide);
        let repr = if is_double { Repr::Float } else { Repr::Word };
        let mut body = Build::new("op", &[Repr::Float, Repr::Float]).result(repr);
        let (l, r) = (body.param(0), body.param(1));
        let value = body.binary(op, l, r);
        let statement = body.ret(value);
        let outcome = run(&[main, body.finish(vec![statement])]);
        assert_eq!(outcome, Outcome::Result(result), "{op:?} {left} {right}");
    }
}

#[test]
fn a_double_becomes_an_integer_by_truncation_and_saturates() {
    for (double, integer) in [
        (2.9, 2),
        (-2.9, -2),
        (1e300, i64::MAX),
        (-1e300, i64::MIN),
        (f64::NAN, 0),
        (f64::INFINITY, i64::MAX),
        (-0.0, 0),
    ] {
        let main = returns("main", |b| {
            let bits = b.int(double.to_bits() as i64);
            b.call("truncate", &[bits])
        });
        let mut body = Build::new("truncate", &[Repr::Float]);
        let double = body.param(0);
        let value = body.convert(Conversion::FloatToInt, double);
        let statement = body.ret(value);
        let outcome = run(&[main, body.finish(vec![statement])]);
        assert_eq!(outcome, Outcome::Result(integer), "{double:?}");
    }
}

#[test]
fn unary_operators_give_words_and_doubles() {
    let cases: [(UnaryOp, f64, i64); 9] = [
        (UnaryOp::Negate, 5.0, -5),
        (UnaryOp::Not, 0.0, 1),
        (UnaryOp::Not, 7.0, 0),
        (UnaryOp::BitNot, 0.0, -1),
        (UnaryOp::FloatNegate, 2.0, (-2.0_f64).to_bits() as i64),
        (UnaryOp::FloatNegate, 0.0, (-0.0_f64).to_bits() as i64),
        (UnaryOp::FloatNot, 0.0, 1),
        (UnaryOp::FloatNot, -0.0, 1),
        (UnaryOp::FloatNot, 0.5, 0),
    ];
    for (op, operand, result) in cases {
        let double = matches!(op, UnaryOp::FloatNegate | UnaryOp::FloatNot);
        let main = returns("main", |b| {
            let word = if double { operand.to_bits() as i64 } else { operand as i64 };
            let word = b.int(word);
            b.call("op", &[word])
        });
        let op = function("op", 1, |b| {
            let mut operand = b.param(0);
            if double {
                operand = b.convert(Conversion::BitsToFloat, operand);
            }
            let value = b.unary(op, operand);
            match op {
                UnaryOp::FloatNegate => b.convert(Conversion::FloatToBits, value),
                _ => value,
            }
        });
        assert_eq!(run(&[main, op]), Outcome::Result(result));
    }
}

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
                let holds = !(a != 0 && b == 0) && (b != 0 || c != 0);
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

/// `@sys_alloc`: hands out an arena that is full of 0xAA bytes.
fn allocator() -> Vec<Typed> {
    let arena = morph_object::Definition {
        symbol: "$arena".to_owned(),
        section: morph_object::Section::Data,
        offset: 0,
        size: 4096,
        kind: morph_object::SymbolKind::Data,
    };
    let arena = morph_object::Object {
        data: vec![0xaa; 4096],
        definitions: vec![arena],
        ..morph_object::Object::default()
    };
    vec![crate::build::typed(Item::Raw(arena)), function("@sys_alloc", 1, |b| b.address("$arena"))]
}

#[test]
fn construction_fills_and_zeroes_whatever_the_allocator_gives() {
    for (words, filled) in [(1, 0), (3, 2), (20, 1), (40, 3)] {
        for word in 0..words {
            let mut fragments = routines();
            fragments.extend(allocator());
            fragments.push(returns("main", |b| {
                let args: Vec<ExprId> = (0..filled).map(|n| b.int(n + 100)).collect();
                let (alloc, args) = (b.symbol("@sys_alloc"), b.args(&args));
                let base = b.expr(Expr::Construct { alloc, words, args });
                let index = b.int(i64::from(word));
                b.expr(Expr::LoadIndex { base, index })
            }));
            let wanted = if i64::from(word) < filled { i64::from(word) + 100 } else { 0 };
            assert_eq!(run(&fragments), Outcome::Result(wanted), "{word} of {words}");
        }
    }
}

#[test]
fn memory_strings_and_globals_hold_what_was_stored() {
    let mut fragments = routines();
    let global = Item::Global { symbol: "$g".to_owned(), value: 40, initialiser: None };
    fragments.push(crate::build::typed(global));
    fragments.extend(allocator());
    let mut b = Build::new("main", &[]);
    let base = b.address("$arena");
    let one = b.int(1);
    let store = b.stmt(StmtKind::Store { base, offset: 16, value: one });
    let (base, index, two) = (b.address("$arena"), b.int(3), b.int(2));
    let store_index = b.stmt(StmtKind::StoreIndex { base, index, value: two });
    let text = b.string("AB");
    let load = b.intrinsic(Intrinsic::Load16, &[text]);
    let base = b.address("$arena");
    let first = b.expr(Expr::Load { base, offset: 16 });
    let (base, index) = (b.address("$arena"), b.int(3));
    let second = b.expr(Expr::LoadIndex { base, index });
    let mut value = b.global("$g");
    for term in [load, first, second] {
        value = b.binary(BinaryOp::Add, value, term);
    }
    let ret = b.ret(value);
    fragments.push(b.finish(vec![store, store_index, ret]));
    assert_eq!(run(&fragments), Outcome::Result(40 + 0x4241 + 1 + 2));
}

#[test]
fn intrinsics_do_what_their_names_say() {
    use Intrinsic::*;
    type Make = fn(&mut Build) -> ExprId;
    let cases: [(&str, Make, i64); 14] = [
        ("load8", |b| memory(b, Load8, 0), 0xaa),
        ("load16", |b| memory(b, Load16, 0), 0xaaaa),
        ("load32", |b| memory(b, Load32, 0), 0xaaaa_aaaa),
        ("load64", |b| memory(b, Load64, 0), 0xaaaa_aaaa_aaaa_aaaa_u64 as i64),
        ("store8", |b| store(b, Store8), 0xaaaa_aaaa_aaaa_aaef_u64 as i64),
        ("store16", |b| store(b, Store16), 0xaaaa_aaaa_aaaa_cdef_u64 as i64),
        ("store32", |b| store(b, Store32), 0xaaaa_aaaa_89ab_cdef_u64 as i64),
        ("store64", |b| store(b, Store64), 0x0123_4567_89ab_cdef),
        ("atomic_store", |b| store(b, AtomicStore), 0x0123_4567_89ab_cdef),
        ("unsigned_div", |b| words(b, UnsignedDivide, -1, 2), i64::MAX),
        ("unsigned_rem", |b| words(b, UnsignedRemainder, -1, 10), 5),
        ("unsigned_less", |b| words(b, UnsignedLess, 1, -1), 1),
        ("unsigned_mul_high", |b| words(b, UnsignedMultiplyHigh, -1, -1), -2),
        (
            "syscall",
            |b| {
                // dup2(1, -1): EBADF
                let args = [33, 1, -1].map(|n| b.int(n));
                b.intrinsic(Syscall, &args)
            },
            -9,
        ),
    ];
    fn memory(b: &mut Build, op: Intrinsic, offset: i64) -> ExprId {
        let (base, offset) = (b.address("$arena"), b.int(offset));
        let address = b.binary(BinaryOp::Add, base, offset);
        b.intrinsic(op, &[address])
    }
    fn words(b: &mut Build, op: Intrinsic, left: i64, right: i64) -> ExprId {
        let args = [left, right].map(|n| b.int(n));
        b.intrinsic(op, &args)
    }
    fn store(b: &mut Build, op: Intrinsic) -> ExprId {
        let (address, word) = (b.address("$arena"), b.int(0x0123_4567_89ab_cdef));
        let stored = b.intrinsic(op, &[address, word]);
        let address = b.address("$arena");
        let found = b.intrinsic(AtomicLoad, &[address]);
        b.binary(BinaryOp::BitOr, stored, found)
    }
    for (name, make, wanted) in cases {
        let mut fragments = routines();
        fragments.extend(allocator());
        fragments.push(returns("main", make));
        assert_eq!(run(&fragments), Outcome::Result(wanted), "{name}");
    }
}

#[test]
fn atomic_read_modify_write_gives_the_old_value() {
    use Intrinsic::{AtomicAdd, AtomicCompareExchange};
    for (op, args, old, new) in [
        (AtomicAdd, vec![5], 40, 45),
        (AtomicCompareExchange, vec![40, 7], 40, 7),
        (AtomicCompareExchange, vec![41, 7], 40, 40),
    ] {
        let main = returns("main", |b| {
            let mut operands = vec![b.address("$g")];
            operands.extend(args.iter().map(|&n| b.int(n)));
            let old = b.intrinsic(op, &operands);
            let thousand = b.int(1000);
            let scaled = b.binary(BinaryOp::Multiply, old, thousand);
            let new = b.global("$g");
            b.binary(BinaryOp::Add, scaled, new)
        });
        let global = Item::Global { symbol: "$g".to_owned(), value: 40, initialiser: None };
        let outcome = run(&[main, crate::build::typed(global)]);
        assert_eq!(outcome, Outcome::Result(old * 1000 + new), "{op:?}");
    }
}

#[test]
fn memory_is_copied_and_filled_with_the_destination_as_result() {
    let mut fragments = routines();
    fragments.extend(allocator());
    fragments.push(returns("main", |b| {
        let (arena, byte, count) = (b.address("$arena"), b.int(0x1ff), b.int(3));
        let filled = b.intrinsic(Intrinsic::MemoryFill, &[arena, byte, count]);
        let (text, count) = (b.string("hello"), b.int(1));
        let copied = b.intrinsic(Intrinsic::MemoryCopy, &[filled, text, count]);
        b.intrinsic(Intrinsic::Load32, &[copied])
    }));
    assert_eq!(run(&fragments), Outcome::Result(0xaaff_ff68));
}

#[test]
fn frame_pointers_lead_from_callee_to_caller() {
    // The caller's frame pointer is what the callee finds at its own.
    let main = returns("main", |b| {
        let saved = b.call("saved", &[]);
        let own = b.intrinsic(Intrinsic::FramePointer, &[]);
        let same = b.binary(BinaryOp::Equal, saved, own);
        let (own, stack) =
            (b.intrinsic(Intrinsic::FramePointer, &[]), b.intrinsic(Intrinsic::StackPointer, &[]));
        let below = b.binary(BinaryOp::LessEqual, stack, own);
        b.binary(BinaryOp::BitAnd, same, below)
    });
    let saved = returns("saved", |b| {
        let base = b.intrinsic(Intrinsic::FramePointer, &[]);
        b.expr(Expr::Load { base, offset: 0 })
    });
    assert_eq!(run(&[main, saved]), Outcome::Result(1));
}

#[test]
fn a_dead_load_from_nowhere_still_faults() {
    let mut b = Build::new("main", &[]);
    let base = b.int(8);
    let load = b.expr(Expr::Load { base, offset: 0 });
    let drop = b.stmt(StmtKind::Expr(load));
    assert_eq!(run(&[b.finish(vec![drop])]), Outcome::Signal(SIGSEGV));
}

#[test]
fn an_initialiser_stores_its_global_and_may_use_literals() {
    let mut init = Build::new("%main:0", &[]);
    let global = init.symbol("$g");
    let value = init.string("Z");
    let set = init.stmt(StmtKind::SetGlobal { global, value });
    let initialiser = Some(init.body(vec![set]));
    let global = Item::Global { symbol: "$g".to_owned(), value: 0, initialiser };
    let mut main = Build::new("main", &[]);
    let init = main.call("%main:0", &[]);
    let init = main.stmt(StmtKind::Expr(init));
    let text = main.global("$g");
    let letter = main.intrinsic(Intrinsic::Load16, &[text]);
    let ret = main.ret(letter);
    let fragments = [crate::build::typed(global), main.finish(vec![init, ret])];
    assert_eq!(run(&fragments), Outcome::Result(0x5a));
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
    #[expect(clippy::disallowed_methods, reason = "the stack's size is what is tested")]
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
