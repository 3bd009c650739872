//! Arithmetic, comparisons and conversions.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use morph_sema::typed::{BinaryOp, Conversion, Expr, ExprId, Repr, UnaryOp};

use super::Lowering;

/// How two operands are compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Words(IntCC),
    Doubles(FloatCC),
}

/// The comparison that `op` is, if it is one.
pub(super) fn comparison(op: BinaryOp) -> Option<Comparison> {
    use Comparison::{Doubles, Words};
    match op {
        BinaryOp::Equal => Some(Words(IntCC::Equal)),
        BinaryOp::NotEqual => Some(Words(IntCC::NotEqual)),
        BinaryOp::Less => Some(Words(IntCC::SignedLessThan)),
        BinaryOp::LessEqual => Some(Words(IntCC::SignedLessThanOrEqual)),
        BinaryOp::Greater => Some(Words(IntCC::SignedGreaterThan)),
        BinaryOp::GreaterEqual => Some(Words(IntCC::SignedGreaterThanOrEqual)),
        BinaryOp::FloatEqual => Some(Doubles(FloatCC::Equal)),
        BinaryOp::FloatNotEqual => Some(Doubles(FloatCC::NotEqual)),
        BinaryOp::FloatLess => Some(Doubles(FloatCC::LessThan)),
        BinaryOp::FloatLessEqual => Some(Doubles(FloatCC::LessThanOrEqual)),
        BinaryOp::FloatGreater => Some(Doubles(FloatCC::GreaterThan)),
        BinaryOp::FloatGreaterEqual => Some(Doubles(FloatCC::GreaterThanOrEqual)),
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
        | BinaryOp::FloatAdd
        | BinaryOp::FloatSubtract
        | BinaryOp::FloatMultiply
        | BinaryOp::FloatDivide => None,
    }
}

impl Lowering<'_> {
    /// The flag (one byte) of a comparison.
    pub(super) fn compare(&mut self, op: BinaryOp, left: Value, right: Value) -> Value {
        match comparison(op) {
            Some(Comparison::Words(condition)) => {
                let left = self.expect(left, Repr::Word);
                let right = self.expect(right, Repr::Word);
                self.builder.ins().icmp(condition, left, right)
            }
            Some(Comparison::Doubles(condition)) => {
                let left = self.expect(left, Repr::Float);
                let right = self.expect(right, Repr::Float);
                self.builder.ins().fcmp(condition, left, right)
            }
            None => {
                self.refuse("an operator is no comparison");
                self.int(0)
            }
        }
    }

    /// Applies `op` to the value on the stack.
    pub(super) fn unary(&mut self, op: UnaryOp) -> Value {
        match op {
            UnaryOp::Negate => {
                let word = self.pop_word();
                self.builder.ins().ineg(word)
            }
            UnaryOp::BitNot => {
                let word = self.pop_word();
                self.builder.ins().bnot(word)
            }
            UnaryOp::Not => {
                let word = self.pop_word();
                let zero = self.int(0);
                let flag = self.builder.ins().icmp(IntCC::Equal, word, zero);
                self.builder.ins().uextend(I64, flag)
            }
            UnaryOp::FloatNegate => {
                let double = self.pop_double();
                self.builder.ins().fneg(double)
            }
            UnaryOp::FloatNot => {
                let double = self.pop_double();
                let zero = self.builder.ins().f64const(0.0);
                let flag = self.builder.ins().fcmp(FloatCC::Equal, double, zero);
                self.builder.ins().uextend(I64, flag)
            }
        }
    }

    /// Applies `op` to the two values on the stack. `right_id` is the right operand, for what a
    /// known divisor saves.
    pub(super) fn binary(&mut self, op: BinaryOp, right_id: ExprId) -> Value {
        let right = self.pop();
        let left = self.pop();
        if comparison(op).is_some() {
            let flag = self.compare(op, left, right);
            return self.builder.ins().uextend(I64, flag);
        }
        let repr = match op {
            BinaryOp::FloatAdd
            | BinaryOp::FloatSubtract
            | BinaryOp::FloatMultiply
            | BinaryOp::FloatDivide => Repr::Float,
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
            | BinaryOp::GreaterEqual
            | BinaryOp::FloatEqual
            | BinaryOp::FloatNotEqual
            | BinaryOp::FloatLess
            | BinaryOp::FloatLessEqual
            | BinaryOp::FloatGreater
            | BinaryOp::FloatGreaterEqual => Repr::Word,
        };
        let left = self.expect(left, repr);
        let right = self.expect(right, repr);
        match op {
            BinaryOp::Add => self.builder.ins().iadd(left, right),
            BinaryOp::Subtract => self.builder.ins().isub(left, right),
            BinaryOp::Multiply => self.builder.ins().imul(left, right),
            BinaryOp::Divide => self.divide(left, right, right_id),
            BinaryOp::Remainder => self.builder.ins().srem(left, right),
            BinaryOp::BitAnd => self.builder.ins().band(left, right),
            BinaryOp::BitOr => self.builder.ins().bor(left, right),
            BinaryOp::BitXor => self.builder.ins().bxor(left, right),
            BinaryOp::ShiftLeft => self.builder.ins().ishl(left, right),
            BinaryOp::ShiftRight => self.builder.ins().ushr(left, right),
            BinaryOp::FloatAdd => self.builder.ins().fadd(left, right),
            BinaryOp::FloatSubtract => self.builder.ins().fsub(left, right),
            BinaryOp::FloatMultiply => self.builder.ins().fmul(left, right),
            BinaryOp::FloatDivide => self.builder.ins().fdiv(left, right),
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
            | BinaryOp::FloatEqual
            | BinaryOp::FloatNotEqual
            | BinaryOp::FloatLess
            | BinaryOp::FloatLessEqual
            | BinaryOp::FloatGreater
            | BinaryOp::FloatGreaterEqual => left,
        }
    }

    /// Cranelift's `sdiv` faults on minimum / -1 (its `srem` does not), so a divisor of -1 never gets there:
    /// the quotient by 1 is negated instead, without a branch. By zero it faults by itself.
    fn divide(&mut self, left: Value, right: Value, right_id: ExprId) -> Value {
        if let Expr::Int(divisor) = self.body.expr(right_id) {
            return match divisor {
                -1 => self.builder.ins().ineg(left),
                _ => self.builder.ins().sdiv(left, right),
            };
        }
        let (one, minus_one) = (self.int(1), self.int(-1));
        let negates = self.builder.ins().icmp(IntCC::Equal, right, minus_one);
        let divisor = self.builder.ins().select(negates, one, right);
        let quotient = self.builder.ins().sdiv(left, divisor);
        let negated = self.builder.ins().ineg(quotient);
        self.builder.ins().select(negates, negated, quotient)
    }

    /// Applies `op` to the value on the stack.
    pub(super) fn convert(&mut self, op: Conversion) -> Value {
        match op {
            Conversion::IntToFloat => {
                let word = self.pop_word();
                self.builder.ins().fcvt_from_sint(F64, word)
            }
            Conversion::FloatToInt => {
                let double = self.pop_double();
                self.builder.ins().fcvt_to_sint_sat(I64, double)
            }
            Conversion::FloatToBits => {
                let double = self.pop_double();
                self.bits_of(double)
            }
            Conversion::BitsToFloat => {
                let word = self.pop_word();
                self.double_of(word)
            }
        }
    }
}
