//! Expressions: the walk. What each form means stands in the files beside this one.

use morph_syntax::string::decode;
use morph_syntax::tree::{self, Expr as Syntax};

use super::checker::Checker;
use super::value::{Kind, Value};
use crate::typed::{Conversion, Expr, ExprId};

impl Checker<'_> {
    /// Checks an expression.
    ///
    /// Chains such as `a + b + c` and `a.b.c` lean to the left and can be longer than a stack is deep, so the
    /// walk goes down their left side without recursion. Everything else nests as far as the parser allows.
    pub(super) fn expr(&mut self, id: tree::ExprId) -> Value {
        let base = self.walk.spine.len();
        let mut at = id;
        loop {
            let left = match self.tree.expr(at) {
                Syntax::Binary { left, .. } => left,
                Syntax::Index { base, .. } | Syntax::Field { base, .. } => base,
                Syntax::Call { callee, .. } => match self.tree.expr(callee) {
                    Syntax::Name(_) => break,
                    Syntax::Int(_)
                    | Syntax::Float(_)
                    | Syntax::Str(_)
                    | Syntax::Call { .. }
                    | Syntax::Index { .. }
                    | Syntax::Field { .. }
                    | Syntax::Unary { .. }
                    | Syntax::Binary { .. }
                    | Syntax::Error => callee,
                },
                Syntax::Int(_)
                | Syntax::Float(_)
                | Syntax::Str(_)
                | Syntax::Name(_)
                | Syntax::Unary { .. }
                | Syntax::Error => break,
            };
            self.walk.spine.push(at);
            at = left;
        }
        let mut value = self.leaf(at);
        while self.walk.spine.len() > base {
            let Some(node) = self.walk.spine.pop() else { break };
            value = self.grow(node, value);
        }
        value
    }

    fn leaf(&mut self, id: tree::ExprId) -> Value {
        let span = self.tree.span(id);
        match self.tree.expr(id) {
            Syntax::Int(value) => self.integer(value, span),
            Syntax::Float(value) => self.value(Expr::Float(value), span, Kind::Float),
            Syntax::Str(inner) => {
                let (bytes, _) = decode(self.text(inner));
                self.string(bytes, span)
            }
            Syntax::Name(name) => self.name(name),
            Syntax::Call { callee, args } => self.call(callee, args, span),
            Syntax::Unary { op, operand } => {
                let operand = self.expr(operand);
                self.unary(op, operand, span)
            }
            Syntax::Error | Syntax::Index { .. } | Syntax::Field { .. } | Syntax::Binary { .. } => {
                self.error(span)
            }
        }
    }

    /// `node`, whose left side is `left`.
    fn grow(&mut self, node: tree::ExprId, left: Value) -> Value {
        let span = self.tree.span(node);
        match self.tree.expr(node) {
            Syntax::Binary { op, left: place, right } => {
                self.binary(op, (place, left), right, span)
            }
            Syntax::Index { base, index } => {
                let (base, index) = self.element((base, left), index);
                self.value(Expr::LoadIndex { base, index }, span, Kind::Int)
            }
            Syntax::Field { base, name } => self.load_field((base, left), name, span),
            Syntax::Call { callee, args } => self.call_value((callee, left), args, span),
            Syntax::Int(_)
            | Syntax::Float(_)
            | Syntax::Str(_)
            | Syntax::Name(_)
            | Syntax::Unary { .. }
            | Syntax::Error => self.error(span),
        }
    }

    /// Base and index of `base[index]` as words.
    pub(super) fn element(
        &mut self,
        (place, base): (tree::ExprId, Value),
        index: tree::ExprId,
    ) -> (ExprId, ExprId) {
        if base.kind == Kind::Float {
            self.mismatch(self.tree.span(place), "word", base.kind);
        }
        let value = self.expr(index);
        match value.kind {
            Kind::Float | Kind::Str => self.mismatch(self.tree.span(index), "int", value.kind),
            Kind::Error | Kind::Zero | Kind::Int | Kind::Struct(_) => {}
        }
        (self.bits(base), self.bits(value))
    }

    /// The word in which a value travels, without a word about it.
    pub(super) fn bits(&mut self, value: Value) -> ExprId {
        match value.kind {
            Kind::Float => self.convert(Conversion::FloatToBits, value.id),
            Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_) => value.id,
        }
    }

    /// The value as a double.
    pub(super) fn float(&mut self, value: Value) -> ExprId {
        let span = self.span_at(value.id);
        match value.kind {
            Kind::Float => return value.id,
            Kind::Error | Kind::Zero | Kind::Int => {}
            Kind::Str | Kind::Struct(_) => self.mismatch(span, "float", value.kind),
        }
        if let Expr::Int(number) = self.expr_at(value.id) {
            self.node(Expr::Float(number as f64), span)
        } else {
            self.convert(Conversion::IntToFloat, value.id)
        }
    }

    /// Checks a condition: a word that is true unless 0.
    pub(super) fn condition(&mut self, id: tree::ExprId) -> ExprId {
        let value = self.expr(id);
        self.truth(value)
    }

    pub(super) fn truth(&mut self, value: Value) -> ExprId {
        if value.kind != Kind::Float {
            return value.id;
        }
        let span = self.span_at(value.id);
        let right = self.node(Expr::Float(0.0), span);
        let op = crate::typed::BinaryOp::FloatNotEqual;
        self.node(Expr::Binary { op, left: value.id, right }, span)
    }
}
