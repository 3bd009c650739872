//! Conditions as control flow: a short circuit in a condition makes no value.

use cranelift_codegen::ir::{Block, InstBuilder};
use morph_sema::typed::{Expr, ExprId, UnaryOp};

use super::Lowering;
use super::operators::comparison;

/// A part of a condition that is still to do.
enum Part {
    Test {
        cond: ExprId,
        then: Block,
        otherwise: Block,
    },
    /// The left side is over; the right side begins here.
    Enter(Block),
}

impl Lowering<'_> {
    /// Ends the current block: to `then` if `cond` is not 0, else to `otherwise`.
    pub(super) fn branch(&mut self, cond: ExprId, then: Block, otherwise: Block) {
        let mut parts = vec![Part::Test { cond, then, otherwise }];
        while let Some(part) = parts.pop() {
            match part {
                Part::Enter(block) => self.enter_sealed(block),
                Part::Test { cond, then, otherwise } => {
                    self.test(cond, then, otherwise, &mut parts);
                }
            }
        }
        self.open = false;
    }

    fn test(&mut self, cond: ExprId, then: Block, otherwise: Block, parts: &mut Vec<Part>) {
        match self.body.expr(cond) {
            Expr::AndThen { left, right } => {
                let block = self.builder.create_block();
                parts.push(Part::Test { cond: right, then, otherwise });
                parts.push(Part::Enter(block));
                parts.push(Part::Test { cond: left, then: block, otherwise });
            }
            Expr::OrElse { left, right } => {
                let block = self.builder.create_block();
                parts.push(Part::Test { cond: right, then, otherwise });
                parts.push(Part::Enter(block));
                parts.push(Part::Test { cond: left, then, otherwise: block });
            }
            Expr::Unary { op: UnaryOp::Not, operand } => {
                parts.push(Part::Test { cond: operand, then: otherwise, otherwise: then });
            }
            Expr::Int(value) => {
                let target = if value == 0 { otherwise } else { then };
                self.builder.ins().jump(target, &[]);
            }
            Expr::Binary { op, left, right } if comparison(op).is_some() => {
                let left = self.value(left);
                let right = self.value(right);
                let flag = self.compare(op, left, right);
                self.builder.ins().brif(flag, then, &[], otherwise, &[]);
            }
            Expr::Float(_)
            | Expr::Str(_)
            | Expr::Local(_)
            | Expr::Global(_)
            | Expr::Address(_)
            | Expr::Unary { .. }
            | Expr::Binary { .. }
            | Expr::Load { .. }
            | Expr::LoadIndex { .. }
            | Expr::Call { .. }
            | Expr::CallIndirect { .. }
            | Expr::Construct { .. }
            | Expr::Intrinsic { .. }
            | Expr::Convert { .. }
            | Expr::AsmResult
            | Expr::Closed(_) => {
                let value = self.word(cond);
                self.builder.ins().brif(value, then, &[], otherwise, &[]);
            }
        }
    }
}
