//! Compiled expressions give what the typed fragment says, at both optimisation levels.

use morph_sema::typed::*;

use crate::build::{Build, function, returns};
use crate::image::{Outcome, run};

const SIGILL: i32 = 4;
const SIGFPE: i32 = 8;

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
            if op == UnaryOp::FloatNegate {
                return b.convert(Conversion::FloatToBits, value);
            }
            value
        });
        assert_eq!(run(&[main, op]), Outcome::Result(result));
    }
}

#[test]
fn a_chain_of_operators_of_any_length_is_compiled() {
    let main = returns("main", |b| {
        let one = b.int(1);
        b.call("chain", &[one])
    });
    let chain = function("chain", 1, |b| {
        let mut left = b.param(0);
        for nth in 0..30_000 {
            let right = b.param(0);
            left = b.binary([BinaryOp::Add, BinaryOp::Multiply][nth % 2], left, right);
        }
        // Short circuits are blocks, of which Cranelift bears fewer at its higher level.
        for _ in 0..1_000 {
            let right = b.param(0);
            let or = b.expr(Expr::OrElse { left, right });
            left = b.expr(Expr::AndThen { left: or, right });
        }
        let right = b.int(41);
        b.binary(BinaryOp::Add, left, right)
    });
    assert_eq!(run(&[main, chain]), Outcome::Result(42));
}
