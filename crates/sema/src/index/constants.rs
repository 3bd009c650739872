//! Expressions as constant expressions.

use morph_syntax::string;
use morph_syntax::tree::{Expr, ExprId, Tree};

use crate::summary::{ConstExpr, ConstOp};

enum Step {
    Visit(ExprId),
    Emit(ExprId),
}

pub(super) fn constant<'t>(tree: &Tree, text: &'t str, expr: ExprId) -> ConstExpr<'t> {
    let mut ops = Vec::new();
    let mut stack = vec![Step::Visit(expr)];
    while let Some(step) = stack.pop() {
        let (id, operands_done) = match step {
            Step::Visit(id) => (id, false),
            Step::Emit(id) => (id, true),
        };
        let span = tree.span(id);
        match tree.expr(id) {
            Expr::Int(value) => ops.push(ConstOp::Int(value)),
            Expr::Float(value) => ops.push(ConstOp::Float(value)),
            Expr::Str(quoted) => ops.push(ConstOp::Str(string::decode(quoted.text(text)).0)),
            Expr::Name(name) => ops.push(ConstOp::Name(name.text(text), span)),
            Expr::Unary { op, operand } => {
                if operands_done {
                    ops.push(ConstOp::Unary(op, span));
                } else {
                    stack.extend([Step::Emit(id), Step::Visit(operand)]);
                }
            }
            Expr::Binary { op, left, right } => {
                if operands_done {
                    ops.push(ConstOp::Binary(op, span));
                } else {
                    stack.extend([Step::Emit(id), Step::Visit(right), Step::Visit(left)]);
                }
            }
            Expr::Call { .. } | Expr::Index { .. } | Expr::Field { .. } => {
                ops.push(ConstOp::NotConstant(span));
            }
            Expr::Error => ops.push(ConstOp::Broken),
        }
    }
    ConstExpr { ops, span: tree.span(expr) }
}
