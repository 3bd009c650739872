//! Expressions, walked with a stack of steps and a stack of values.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value};
use morph_sema::typed::{Expr, ExprId, Repr};

use super::{Lowering, MEMORY};

/// What is left to do in an expression.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Leaves the expression's value on the stack.
    Visit(ExprId),
    /// The operands' values are on the stack: replaces them with the result.
    Finish(ExprId),
    /// The left side of a short circuit is on the stack: decides whether `right` is evaluated.
    Decide { right: ExprId, decided_by: Decided },
    /// The right side of a short circuit is on the stack.
    Join(Block),
}

/// The left value that makes the right side unnecessary.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decided {
    ByFalse,
    ByTrue,
}

impl Lowering<'_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, id: ExprId) -> Value {
        if let Some(value) = self.leaf(id) {
            return value;
        }
        let floor = self.scratch.steps.len();
        self.visit(id);
        while self.scratch.steps.len() > floor {
            if let Some(step) = self.scratch.steps.pop() {
                self.step(step);
            }
        }
        self.pop()
    }

    /// The value of an expression that must be a word.
    pub(super) fn word(&mut self, id: ExprId) -> Value {
        let value = self.value(id);
        self.expect(value, Repr::Word)
    }

    pub(super) fn push(&mut self, value: Value) {
        self.scratch.values.push(value);
    }

    pub(super) fn pop(&mut self) -> Value {
        match self.scratch.values.pop() {
            Some(value) => value,
            None => {
                self.refuse("an operation lacks an operand");
                self.int(0)
            }
        }
    }

    pub(super) fn pop_word(&mut self) -> Value {
        let value = self.pop();
        self.expect(value, Repr::Word)
    }

    pub(super) fn pop_double(&mut self) -> Value {
        let value = self.pop();
        self.expect(value, Repr::Float)
    }

    /// `base + 8 * index`.
    pub(super) fn element(&mut self, base: Value, index: Value) -> Value {
        let three = self.int(3);
        let distance = self.builder.ins().ishl(index, three);
        self.builder.ins().iadd(base, distance)
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Visit(id) => match self.leaf(id) {
                Some(value) => self.push(value),
                None => self.visit(id),
            },
            Step::Finish(id) => self.finish(id),
            Step::Decide { right, decided_by } => self.decide(right, decided_by),
            Step::Join(block) => {
                let right = self.pop_word();
                let flag = self.flag(right);
                self.builder.ins().jump(block, &[BlockArg::Value(flag)]);
                self.enter_sealed(block);
                let result = self.builder.block_params(block)[0];
                self.push(result);
            }
        }
    }

    /// The value of an expression without operands.
    fn leaf(&mut self, id: ExprId) -> Option<Value> {
        Some(match self.body.expr(id) {
            Expr::Int(value) => self.int(value),
            Expr::Float(value) => self.builder.ins().f64const(value),
            Expr::Str(id) => self.string_address(id),
            Expr::Local(local) => self.local(local),
            Expr::Global(symbol) => {
                self.at(self.body.span(id));
                let address = self.symbol_address(symbol);
                self.builder.ins().load(I64, MEMORY, address, 0)
            }
            Expr::Address(symbol) => self.symbol_address(symbol),
            Expr::AsmResult => self.asm_result(),
            Expr::Closed(stand_in) => {
                self.at(self.body.span(id));
                self.call(stand_in, &[])
            }
            Expr::Unary { .. }
            | Expr::Binary { .. }
            | Expr::AndThen { .. }
            | Expr::OrElse { .. }
            | Expr::Load { .. }
            | Expr::LoadIndex { .. }
            | Expr::Call { .. }
            | Expr::CallIndirect { .. }
            | Expr::Construct { .. }
            | Expr::Intrinsic { .. }
            | Expr::Convert { .. } => return None,
        })
    }

    /// Puts an expression with operands onto the steps: operands left to right, then itself.
    fn visit(&mut self, id: ExprId) {
        let body = self.body;
        let steps = &mut self.scratch.steps;
        match body.expr(id) {
            Expr::AndThen { left, right } => {
                steps.push(Step::Decide { right, decided_by: Decided::ByFalse });
                steps.push(Step::Visit(left));
            }
            Expr::OrElse { left, right } => {
                steps.push(Step::Decide { right, decided_by: Decided::ByTrue });
                steps.push(Step::Visit(left));
            }
            Expr::Unary { operand, .. } | Expr::Convert { operand, .. } => {
                steps.extend([Step::Finish(id), Step::Visit(operand)]);
            }
            Expr::Binary { left, right, .. } => {
                steps.extend([Step::Finish(id), Step::Visit(right), Step::Visit(left)]);
            }
            Expr::Load { base, .. } => steps.extend([Step::Finish(id), Step::Visit(base)]),
            Expr::LoadIndex { base, index } => {
                steps.extend([Step::Finish(id), Step::Visit(index), Step::Visit(base)]);
            }
            Expr::Call { args, .. }
            | Expr::Construct { args, .. }
            | Expr::Intrinsic { args, .. } => {
                steps.push(Step::Finish(id));
                steps.extend(body.args(args).iter().rev().map(|&arg| Step::Visit(arg)));
            }
            Expr::CallIndirect { callee, args } => {
                steps.push(Step::Finish(id));
                steps.extend(body.args(args).iter().rev().map(|&arg| Step::Visit(arg)));
                steps.push(Step::Visit(callee));
            }
            Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Local(_)
            | Expr::Global(_)
            | Expr::Address(_)
            | Expr::AsmResult
            | Expr::Closed(_) => steps.push(Step::Visit(id)),
        }
    }

    fn finish(&mut self, id: ExprId) {
        let result = match self.body.expr(id) {
            Expr::Unary { op, .. } => self.unary(op),
            Expr::Binary { op, left: _, right } => {
                self.at(self.body.span(id));
                self.binary(op, right)
            }
            Expr::Convert { op, .. } => self.convert(op),
            Expr::Load { offset, .. } => {
                self.at(self.body.span(id));
                let base = self.pop_word();
                self.builder.ins().load(I64, MEMORY, base, offset)
            }
            Expr::LoadIndex { .. } => {
                self.at(self.body.span(id));
                let index = self.pop_word();
                let base = self.pop_word();
                let address = self.element(base, index);
                self.builder.ins().load(I64, MEMORY, address, 0)
            }
            Expr::Call { callee, args } => {
                self.at(self.body.span(id));
                let args = self.pop_words(args.len);
                let result = self.call(callee, &args);
                self.scratch.imports.give_back(args);
                result
            }
            Expr::CallIndirect { args, .. } => {
                self.at(self.body.span(id));
                let args = self.pop_words(args.len);
                let callee = self.pop_word();
                let result = self.call_indirect(callee, &args);
                self.scratch.imports.give_back(args);
                result
            }
            Expr::Construct { alloc, words, args } => {
                self.at(self.body.span(id));
                let args = self.pop_words(args.len);
                let result = self.construct(alloc, words, &args);
                self.scratch.imports.give_back(args);
                result
            }
            Expr::Intrinsic { op, args } => {
                self.at(self.body.span(id));
                let args = self.pop_words(args.len);
                let result = self.intrinsic(op, &args);
                self.scratch.imports.give_back(args);
                result
            }
            Expr::AndThen { .. }
            | Expr::OrElse { .. }
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Local(_)
            | Expr::Global(_)
            | Expr::Address(_)
            | Expr::AsmResult
            | Expr::Closed(_) => return,
        };
        self.push(result);
    }

    /// The last `count` values of the stack, in order, all words.
    fn pop_words(&mut self, count: u32) -> Vec<Value> {
        let mut words = self.scratch.imports.take_list();
        let start = self.scratch.values.len().saturating_sub(count as usize);
        words.extend(self.scratch.values.drain(start..));
        for word in &mut words {
            *word = self.expect(*word, Repr::Word);
        }
        words
    }

    fn decide(&mut self, right: ExprId, decided_by: Decided) {
        let left = self.pop_word();
        let (join, right_block) = (self.builder.create_block(), self.builder.create_block());
        self.builder.append_block_param(join, I64);
        match decided_by {
            Decided::ByFalse => {
                let zero = self.int(0);
                let decided = [BlockArg::Value(zero)];
                self.builder.ins().brif(left, right_block, &[], join, &decided);
            }
            Decided::ByTrue => {
                let one = self.int(1);
                let decided = [BlockArg::Value(one)];
                self.builder.ins().brif(left, join, &decided, right_block, &[]);
            }
        }
        self.enter_sealed(right_block);
        self.scratch.steps.extend([Step::Join(join), Step::Visit(right)]);
    }

    /// 1 unless `word` is 0.
    fn flag(&mut self, word: Value) -> Value {
        let zero = self.int(0);
        let flag = self.builder.ins().icmp(IntCC::NotEqual, word, zero);
        self.builder.ins().uextend(I64, flag)
    }
}
