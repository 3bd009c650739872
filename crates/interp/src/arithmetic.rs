//! What the operators mean.

use morph_sema::typed::{BinaryOp, Conversion, UnaryOp};

use crate::Fault;
use crate::evaluate::Value;

pub(crate) fn unary(op: UnaryOp, operand: Value) -> Value {
    match op {
        UnaryOp::Negate => Value::Word(operand.word().wrapping_neg()),
        UnaryOp::Not => Value::Word((operand.word() == 0).into()),
        UnaryOp::BitNot => Value::Word(!operand.word()),
        UnaryOp::FloatNegate => Value::Float(-operand.float()),
        UnaryOp::FloatNot => Value::Word((operand.float() == 0.0).into()),
    }
}

pub(crate) fn binary(op: BinaryOp, left: Value, right: Value) -> Result<Value, Fault> {
    let word = |word: i64| Ok(Value::Word(word));
    let truth = |truth: bool| Ok(Value::Word(truth.into()));
    let float = |float: f64| Ok(Value::Float(float));
    match op {
        BinaryOp::Add => word(left.word().wrapping_add(right.word())),
        BinaryOp::Subtract => word(left.word().wrapping_sub(right.word())),
        BinaryOp::Multiply => word(left.word().wrapping_mul(right.word())),
        BinaryOp::Divide if right.word() == 0 => Err(Fault::DivisionByZero),
        BinaryOp::Divide => word(left.word().wrapping_div(right.word())),
        BinaryOp::Remainder if right.word() == 0 => Err(Fault::DivisionByZero),
        BinaryOp::Remainder => word(left.word().wrapping_rem(right.word())),
        BinaryOp::BitAnd => word(left.word() & right.word()),
        BinaryOp::BitOr => word(left.word() | right.word()),
        BinaryOp::BitXor => word(left.word() ^ right.word()),
        BinaryOp::ShiftLeft => word(left.word() << (right.word() & 63)),
        BinaryOp::ShiftRight => word((left.word() as u64 >> (right.word() & 63)) as i64),
        BinaryOp::Equal => truth(left.word() == right.word()),
        BinaryOp::NotEqual => truth(left.word() != right.word()),
        BinaryOp::Less => truth(left.word() < right.word()),
        BinaryOp::LessEqual => truth(left.word() <= right.word()),
        BinaryOp::Greater => truth(left.word() > right.word()),
        BinaryOp::GreaterEqual => truth(left.word() >= right.word()),
        BinaryOp::FloatAdd => float(left.float() + right.float()),
        BinaryOp::FloatSubtract => float(left.float() - right.float()),
        BinaryOp::FloatMultiply => float(left.float() * right.float()),
        BinaryOp::FloatDivide => float(left.float() / right.float()),
        BinaryOp::FloatEqual => truth(left.float() == right.float()),
        BinaryOp::FloatNotEqual => truth(left.float() != right.float()),
        BinaryOp::FloatLess => truth(left.float() < right.float()),
        BinaryOp::FloatLessEqual => truth(left.float() <= right.float()),
        BinaryOp::FloatGreater => truth(left.float() > right.float()),
        BinaryOp::FloatGreaterEqual => truth(left.float() >= right.float()),
    }
}

pub(crate) fn convert(op: Conversion, operand: Value) -> Value {
    match op {
        Conversion::IntToFloat => Value::Float(operand.word() as f64),
        // Saturates, and not-a-number gives 0: Rust's cast is defined so.
        Conversion::FloatToInt => Value::Word(operand.float() as i64),
        Conversion::FloatToBits => Value::Word(operand.float().to_bits() as i64),
        Conversion::BitsToFloat => Value::Float(f64::from_bits(operand.word() as u64)),
    }
}
