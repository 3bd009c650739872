//! Operations on literals, done here: constants of a body, lengths, case values.
//!
//! What would fault at run time is left as it is.

use crate::typed::{BinaryOp, Expr, UnaryOp};

pub(super) fn unary(op: UnaryOp, operand: Expr) -> Option<Expr> {
    match (op, operand) {
        (UnaryOp::Negate, Expr::Int(value)) => Some(Expr::Int(value.wrapping_neg())),
        (UnaryOp::Not, Expr::Int(value)) => Some(Expr::Int(i64::from(value == 0))),
        (UnaryOp::BitNot, Expr::Int(value)) => Some(Expr::Int(!value)),
        (UnaryOp::FloatNegate, Expr::Float(value)) => Some(Expr::Float(-value)),
        (UnaryOp::FloatNot, Expr::Float(value)) => Some(Expr::Int(i64::from(value == 0.0))),
        _ => None,
    }
}

pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Option<Expr> {
    match (left, right) {
        (Expr::Int(left), Expr::Int(right)) => words(op, left, right).map(Expr::Int),
        (Expr::Float(left), Expr::Float(right)) => doubles(op, left, right),
        _ => None,
    }
}

fn words(op: BinaryOp, left: i64, right: i64) -> Option<i64> {
    let truth = |value: bool| Some(i64::from(value));
    match op {
        BinaryOp::Add => Some(left.wrapping_add(right)),
        BinaryOp::Subtract => Some(left.wrapping_sub(right)),
        BinaryOp::Multiply => Some(left.wrapping_mul(right)),
        BinaryOp::Divide => (right != 0).then(|| left.wrapping_div(right)),
        BinaryOp::Remainder => (right != 0).then(|| left.wrapping_rem(right)),
        BinaryOp::BitAnd => Some(left & right),
        BinaryOp::BitOr => Some(left | right),
        BinaryOp::BitXor => Some(left ^ right),
        BinaryOp::ShiftLeft => Some(left << (right & 63)),
        BinaryOp::ShiftRight => Some((left as u64 >> (right & 63)) as i64),
        BinaryOp::Equal => truth(left == right),
        BinaryOp::NotEqual => truth(left != right),
        BinaryOp::Less => truth(left < right),
        BinaryOp::LessEqual => truth(left <= right),
        BinaryOp::Greater => truth(left > right),
        BinaryOp::GreaterEqual => truth(left >= right),
        BinaryOp::FloatAdd
        | BinaryOp::FloatSubtract
        | BinaryOp::FloatMultiply
        | BinaryOp::FloatDivide
        | BinaryOp::FloatEqual
        | BinaryOp::FloatNotEqual
        | BinaryOp::FloatLess
        | BinaryOp::FloatLessEqual
        | BinaryOp::FloatGreater
        | BinaryOp::FloatGreaterEqual => None,
    }
}

#[expect(clippy::float_cmp, reason = "the language compares doubles exactly")]
fn doubles(op: BinaryOp, left: f64, right: f64) -> Option<Expr> {
    let truth = |value: bool| Some(Expr::Int(i64::from(value)));
    // Which not-a-number an operation gives is the machine's business.
    let double = |value: f64| (!value.is_nan()).then_some(Expr::Float(value));
    match op {
        BinaryOp::FloatAdd => double(left + right),
        BinaryOp::FloatSubtract => double(left - right),
        BinaryOp::FloatMultiply => double(left * right),
        BinaryOp::FloatDivide => double(left / right),
        BinaryOp::FloatEqual => truth(left == right),
        BinaryOp::FloatNotEqual => truth(left != right),
        BinaryOp::FloatLess => truth(left < right),
        BinaryOp::FloatLessEqual => truth(left <= right),
        BinaryOp::FloatGreater => truth(left > right),
        BinaryOp::FloatGreaterEqual => truth(left >= right),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::BitAnd
        | BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::ShiftLeft
        | BinaryOp::ShiftRight
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual => None,
    }
}
