//! Constant expressions to values.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{BinaryOp, UnaryOp};

use super::ConstValue;
use crate::summary::{ConstExpr, ConstOp};

/// What became of a constant expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Folded {
    Value(ConstValue),
    /// It can have no value, and this says why.
    Problem(Box<Diagnostic>),
    /// It needs something broken that is reported elsewhere (the symbol of a closed constant, if it is one).
    Broken(Option<String>),
}

/// Folds a constant expression; `lookup` gives the value of a name, or `None` if no constant has it.
///
/// Integers wrap; a float operand makes the operation a float one.
pub fn fold(expr: &ConstExpr<'_>, lookup: &mut dyn FnMut(&str) -> Option<ConstValue>) -> Folded {
    let mut stack: Vec<ConstValue> = Vec::new();
    for op in &expr.ops {
        let value = match op {
            ConstOp::Int(value) => ConstValue::Int(*value),
            ConstOp::Float(value) => ConstValue::Float(*value),
            ConstOp::Str(bytes) => ConstValue::Str(bytes.clone()),
            ConstOp::Name(name, span) => match lookup(name) {
                Some(ConstValue::Closed(symbol)) => return Folded::Broken(Some(symbol)),
                Some(value @ (ConstValue::Int(_) | ConstValue::Float(_) | ConstValue::Str(_))) => {
                    value
                }
                None => return problem(Code::ConstantNotConstant, *span),
            },
            ConstOp::NotConstant(span) => return problem(Code::ConstantNotConstant, *span),
            ConstOp::Broken => return Folded::Broken(None),
            ConstOp::Unary(op, span) => {
                let Some(operand) = stack.pop() else { return Folded::Broken(None) };
                match unary(*op, operand, *span) {
                    Ok(value) => value,
                    Err(problem) => return Folded::Problem(problem),
                }
            }
            ConstOp::Binary(op, span) => {
                let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
                    return Folded::Broken(None);
                };
                match binary(*op, &left, &right, *span) {
                    Ok(value) => value,
                    Err(problem) => return Folded::Problem(problem),
                }
            }
        };
        stack.push(value);
    }
    stack.pop().map_or(Folded::Broken(None), Folded::Value)
}

fn problem(code: Code, span: Span) -> Folded {
    Folded::Problem(Box::new(Diagnostic::new(code, span)))
}

type Step = Result<ConstValue, Box<Diagnostic>>;

fn refuse(code: Code, span: Span, op: &'static str) -> Step {
    Err(Box::new(Diagnostic::new(code, span).arg("op", op)))
}

fn unary(op: UnaryOp, operand: ConstValue, span: Span) -> Step {
    Ok(match (op, operand) {
        (UnaryOp::Negate, ConstValue::Int(value)) => ConstValue::Int(value.wrapping_neg()),
        (UnaryOp::Negate, ConstValue::Float(value)) => ConstValue::Float(-value),
        (UnaryOp::Not, ConstValue::Int(value)) => ConstValue::Int((value == 0).into()),
        (UnaryOp::Not, ConstValue::Float(value)) => ConstValue::Int((value == 0.0).into()),
        (UnaryOp::BitNot, ConstValue::Int(value)) => ConstValue::Int(!value),
        (UnaryOp::BitNot, ConstValue::Float(_)) => return refuse(Code::FloatOperator, span, "~"),
        // The address of a literal is not known here.
        (_, ConstValue::Str(_) | ConstValue::Closed(_)) => {
            return Err(Box::new(Diagnostic::new(Code::ConstantNotConstant, span)));
        }
    })
}

fn binary(op: BinaryOp, left: &ConstValue, right: &ConstValue, span: Span) -> Step {
    match (left, right) {
        (ConstValue::Int(left), ConstValue::Int(right)) => integers(op, *left, *right, span),
        (ConstValue::Float(left), ConstValue::Float(right)) => floats(op, *left, *right, span),
        (ConstValue::Int(left), ConstValue::Float(right)) => floats(op, *left as f64, *right, span),
        (ConstValue::Float(left), ConstValue::Int(right)) => floats(op, *left, *right as f64, span),
        (ConstValue::Str(_) | ConstValue::Closed(_), _)
        | (_, ConstValue::Str(_) | ConstValue::Closed(_)) => match op {
            BinaryOp::Add => refuse(Code::StringOperator, span, op.text()),
            BinaryOp::OrElse
            | BinaryOp::AndThen
            | BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::Greater
            | BinaryOp::LessEqual
            | BinaryOp::GreaterEqual
            | BinaryOp::BitOr
            | BinaryOp::BitXor
            | BinaryOp::BitAnd
            | BinaryOp::ShiftLeft
            | BinaryOp::ShiftRight
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder => {
                Err(Box::new(Diagnostic::new(Code::ConstantNotConstant, span)))
            }
        },
    }
}

fn integers(op: BinaryOp, left: i64, right: i64, span: Span) -> Step {
    let shift = (right & 63) as u32;
    Ok(ConstValue::Int(match op {
        BinaryOp::OrElse => (left != 0 || right != 0).into(),
        BinaryOp::AndThen => (left != 0 && right != 0).into(),
        BinaryOp::Equal => (left == right).into(),
        BinaryOp::NotEqual => (left != right).into(),
        BinaryOp::Less => (left < right).into(),
        BinaryOp::Greater => (left > right).into(),
        BinaryOp::LessEqual => (left <= right).into(),
        BinaryOp::GreaterEqual => (left >= right).into(),
        BinaryOp::BitOr => left | right,
        BinaryOp::BitXor => left ^ right,
        BinaryOp::BitAnd => left & right,
        BinaryOp::ShiftLeft => left.wrapping_shl(shift),
        BinaryOp::ShiftRight => (left as u64).wrapping_shr(shift) as i64,
        BinaryOp::Add => left.wrapping_add(right),
        BinaryOp::Subtract => left.wrapping_sub(right),
        BinaryOp::Multiply => left.wrapping_mul(right),
        BinaryOp::Divide | BinaryOp::Remainder if right == 0 => {
            return Err(Box::new(
                Diagnostic::new(Code::ConstantNotConstant, span).footer("note-division"),
            ));
        }
        BinaryOp::Divide => left.wrapping_div(right),
        BinaryOp::Remainder => left.wrapping_rem(right),
    }))
}

fn floats(op: BinaryOp, left: f64, right: f64, span: Span) -> Step {
    let truth = |truth: bool| Ok(ConstValue::Int(truth.into()));
    match op {
        BinaryOp::OrElse => truth(left != 0.0 || right != 0.0),
        BinaryOp::AndThen => truth(left != 0.0 && right != 0.0),
        BinaryOp::Equal => truth(left == right),
        BinaryOp::NotEqual => truth(left != right),
        BinaryOp::Less => truth(left < right),
        BinaryOp::Greater => truth(left > right),
        BinaryOp::LessEqual => truth(left <= right),
        BinaryOp::GreaterEqual => truth(left >= right),
        BinaryOp::Add => Ok(ConstValue::Float(left + right)),
        BinaryOp::Subtract => Ok(ConstValue::Float(left - right)),
        BinaryOp::Multiply => Ok(ConstValue::Float(left * right)),
        BinaryOp::Divide => Ok(ConstValue::Float(left / right)),
        BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::BitAnd
        | BinaryOp::ShiftLeft
        | BinaryOp::ShiftRight
        | BinaryOp::Remainder => refuse(Code::FloatOperator, span, op.text()),
    }
}
