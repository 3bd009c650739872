//! Operators: which of them exist for which types.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{self, BinaryOp as Op, UnaryOp as UnarySyntax};

use super::checker::Checker;
use super::constant;
use super::value::{Kind, Value};
use crate::typed::{BinaryOp, Expr, UnaryOp};

/// What an operator is for words, and for doubles if it has a meaning for them.
enum Meaning {
    Arithmetic(BinaryOp, BinaryOp),
    Bits(BinaryOp),
    Comparison(BinaryOp, BinaryOp),
    And,
    Or,
}

fn meaning(op: Op) -> Meaning {
    use BinaryOp as T;
    match op {
        Op::OrElse => Meaning::Or,
        Op::AndThen => Meaning::And,
        Op::Equal => Meaning::Comparison(T::Equal, T::FloatEqual),
        Op::NotEqual => Meaning::Comparison(T::NotEqual, T::FloatNotEqual),
        Op::Less => Meaning::Comparison(T::Less, T::FloatLess),
        Op::Greater => Meaning::Comparison(T::Greater, T::FloatGreater),
        Op::LessEqual => Meaning::Comparison(T::LessEqual, T::FloatLessEqual),
        Op::GreaterEqual => Meaning::Comparison(T::GreaterEqual, T::FloatGreaterEqual),
        Op::BitOr => Meaning::Bits(T::BitOr),
        Op::BitXor => Meaning::Bits(T::BitXor),
        Op::BitAnd => Meaning::Bits(T::BitAnd),
        Op::ShiftLeft => Meaning::Bits(T::ShiftLeft),
        Op::ShiftRight => Meaning::Bits(T::ShiftRight),
        Op::Add => Meaning::Arithmetic(T::Add, T::FloatAdd),
        Op::Subtract => Meaning::Arithmetic(T::Subtract, T::FloatSubtract),
        Op::Multiply => Meaning::Arithmetic(T::Multiply, T::FloatMultiply),
        Op::Divide => Meaning::Arithmetic(T::Divide, T::FloatDivide),
        Op::Remainder => Meaning::Bits(T::Remainder),
    }
}

impl Checker<'_> {
    pub(super) fn unary(&mut self, op: UnarySyntax, value: Value, span: Span) -> Value {
        let (word, float, text) = match op {
            UnarySyntax::Negate => (UnaryOp::Negate, Some(UnaryOp::FloatNegate), "-"),
            UnarySyntax::Not => (UnaryOp::Not, Some(UnaryOp::FloatNot), "!"),
            UnarySyntax::BitNot => (UnaryOp::BitNot, None, "~"),
        };
        let result = if op == UnarySyntax::Not || value.kind != Kind::Float {
            Kind::Int
        } else {
            Kind::Float
        };
        let typed = match (value.kind, float) {
            (Kind::Float, Some(float)) => float,
            (Kind::Float, None) => return self.no_float(text, span),
            (Kind::Str, _) if op != UnarySyntax::Not => return self.no_string(text, span, None),
            (Kind::Error, _) => return Value { id: value.id, kind: Kind::Error },
            (Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_), _) => word,
        };
        let expr = Expr::Unary { op: typed, operand: value.id };
        match constant::unary(typed, self.expr_at(value.id)) {
            Some(Expr::Int(number)) => self.integer(number, span),
            Some(folded) => self.value(folded, span, result),
            None => self.value(expr, span, result),
        }
    }

    pub(super) fn binary(
        &mut self,
        op: Op,
        (place, left): (tree::ExprId, Value),
        right_id: tree::ExprId,
        span: Span,
    ) -> Value {
        let meaning = meaning(op);
        if matches!(meaning, Meaning::And | Meaning::Or) {
            let left = self.truth(left);
            let right = self.condition(right_id);
            if let (Expr::Int(left), Expr::Int(right)) = (self.expr_at(left), self.expr_at(right)) {
                let and = matches!(meaning, Meaning::And);
                let (left, right) = (left != 0, right != 0);
                let truth = if and { left && right } else { left || right };
                return self.value(Expr::Int(i64::from(truth)), span, Kind::Int);
            }
            let expr = if matches!(meaning, Meaning::And) {
                Expr::AndThen { left, right }
            } else {
                Expr::OrElse { left, right }
            };
            return self.value(expr, span, Kind::Int);
        }
        let right = self.expr(right_id);
        let places = (self.tree.span(place), self.tree.span(right_id));
        let float = left.kind == Kind::Float || right.kind == Kind::Float;
        let string = left.kind == Kind::Str || right.kind == Kind::Str;
        let broken = left.kind == Kind::Error || right.kind == Kind::Error;
        let (typed, result) = match meaning {
            Meaning::Arithmetic(_, on_floats) if float => (on_floats, Kind::Float),
            Meaning::Comparison(_, on_floats) if float => (on_floats, Kind::Int),
            Meaning::Bits(_) if float => return self.no_float(op.text(), span),
            Meaning::Arithmetic(..) | Meaning::Bits(_) if string && !broken => {
                let both = left.kind == Kind::Str && right.kind == Kind::Str;
                let fix = both.then(|| self.as_call("str_concat", places));
                return self.no_string(op.text(), span, fix.filter(|_| op == Op::Add));
            }
            Meaning::Comparison(word, _) => {
                if left.kind == Kind::Str && right.kind == Kind::Str {
                    self.string_compared(op, places, span);
                }
                (word, Kind::Int)
            }
            Meaning::Arithmetic(word, _) | Meaning::Bits(word) => (word, Kind::Int),
            Meaning::And | Meaning::Or => return self.error(span),
        };
        let (left, right) =
            if float { (self.float(left), self.float(right)) } else { (left.id, right.id) };
        let operands = (self.expr_at(left), self.expr_at(right));
        if matches!(op, Op::Divide | Op::Remainder) && operands.1 == Expr::Int(0) {
            self.report(Diagnostic::new(Code::DivisionByZero, places.1));
        }
        match constant::binary(typed, operands.0, operands.1) {
            Some(Expr::Int(number)) => {
                let value = self.integer(number, span);
                Value { kind: if result == Kind::Int { Kind::Int } else { value.kind }, ..value }
            }
            Some(folded) => self.value(folded, span, result),
            None => {
                let kind = if broken && !float { Kind::Error } else { result };
                self.value(Expr::Binary { op: typed, left, right }, span, kind)
            }
        }
    }

    fn no_float(&mut self, op: &str, span: Span) -> Value {
        self.report(Diagnostic::new(Code::FloatOperator, span).arg("op", op));
        self.error(span)
    }

    fn no_string(&mut self, op: &str, span: Span, fix: Option<String>) -> Value {
        let mut diagnostic = Diagnostic::new(Code::StringOperator, span).arg("op", op);
        if op == "+" {
            diagnostic = diagnostic.footer("help-concat");
        }
        if let Some(fix) = fix {
            diagnostic = diagnostic.fix(span, fix);
        }
        self.report(diagnostic);
        self.error(span)
    }

    fn string_compared(&mut self, op: Op, places: (Span, Span), span: Span) {
        let mut diagnostic = Diagnostic::new(Code::StringCompared, span);
        let call = self.as_call("str_eq", places);
        if op == Op::Equal {
            diagnostic = diagnostic.fix(span, call);
        } else if op == Op::NotEqual {
            diagnostic = diagnostic.fix(span, format!("!{call}"));
        }
        self.report(diagnostic);
    }

    fn as_call(&self, name: &str, (left, right): (Span, Span)) -> String {
        format!("{name}({}, {})", self.text(left), self.text(right))
    }
}
