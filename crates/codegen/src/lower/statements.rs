//! Statements, walked with a stack of what is still to do.

use std::slice;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use cranelift_frontend::Switch;
use morph_sema::typed::{self, Expr, ExprId, Repr, Stmt, StmtKind};

use super::{Loop, Loops, Lowering, MEMORY};

/// From this many constant arms on, a switch searches instead of comparing in order.
const SEARCH_FROM: usize = 4;

/// What is left to do once everything above it on the stack is done.
enum Task<'a> {
    Run(slice::Iter<'a, Stmt>),
    /// The current arm is over: it goes to `join`, and the next arm begins.
    Arm {
        block: Block,
        statements: &'a [Stmt],
        join: Block,
    },
    /// The last arm is over, and control is one again.
    Join(Block),
    /// A loop's body is over: its step follows.
    Step {
        header: Block,
        next: Block,
        step: &'a [Stmt],
    },
    LoopEnd {
        header: Block,
        exit: Block,
    },
}

impl<'a> Lowering<'a> {
    pub(super) fn statements(&mut self, statements: &'a [Stmt]) {
        let mut tasks = vec![Task::Run(statements.iter())];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Run(rest) => self.run(rest, &mut tasks),
                Task::Arm { block, statements, join } => {
                    self.jump(join);
                    self.enter(block);
                    tasks.push(Task::Run(statements.iter()));
                }
                Task::Join(join) => {
                    self.jump(join);
                    self.enter_sealed(join);
                }
                Task::Step { header, next, step } => {
                    self.loops.pop();
                    self.jump(next);
                    if next != header {
                        self.enter_sealed(next);
                        tasks.push(Task::Run(step.iter()));
                    }
                }
                Task::LoopEnd { header, exit } => {
                    self.jump(header);
                    self.builder.seal_block(header);
                    self.enter_sealed(exit);
                }
            }
        }
    }

    /// Runs statements until one has parts of its own, which go onto the stack with the rest below.
    fn run(&mut self, mut rest: slice::Iter<'a, Stmt>, tasks: &mut Vec<Task<'a>>) {
        for stmt in rest.by_ref() {
            if !self.open {
                if !self.asm_may_enter_anywhere() {
                    return;
                }
                let block = self.builder.create_block();
                self.enter_sealed(block);
            }
            self.at(stmt.span);
            match &stmt.kind {
                StmtKind::Expr(value) => {
                    self.value(*value);
                }
                StmtKind::SetLocal { local, value } => {
                    let value = self.value(*value);
                    let value = self.expect(value, self.body.locals[local.0 as usize].repr);
                    self.set_local(*local, value);
                }
                StmtKind::SetGlobal { global, value } => {
                    let value = self.word(*value);
                    self.at(stmt.span);
                    let address = self.symbol_address(*global);
                    self.builder.ins().store(MEMORY, value, address, 0);
                }
                StmtKind::Store { base, offset, value } => {
                    let base = self.word(*base);
                    let value = self.word(*value);
                    self.at(stmt.span);
                    self.builder.ins().store(MEMORY, value, base, *offset);
                }
                StmtKind::StoreIndex { base, index, value } => {
                    let base = self.word(*base);
                    let index = self.word(*index);
                    let value = self.word(*value);
                    self.at(stmt.span);
                    let address = self.element(base, index);
                    self.builder.ins().store(MEMORY, value, address, 0);
                }
                StmtKind::Return(value) => self.return_value(*value),
                StmtKind::Break => self.leave(|innermost| innermost.exit),
                StmtKind::Continue => self.leave(|innermost| innermost.next),
                StmtKind::Asm { block } => self.run_asm(*block),
                StmtKind::If { cond, then, otherwise } => {
                    tasks.push(Task::Run(rest));
                    return self.if_statement(*cond, then, otherwise, tasks);
                }
                StmtKind::Loop { cond, body, step } => {
                    tasks.push(Task::Run(rest));
                    return self.loop_statement(*cond, body, step, tasks);
                }
                StmtKind::Switch { value, arms, otherwise } => {
                    tasks.push(Task::Run(rest));
                    return self.switch_statement(*value, arms, otherwise, tasks);
                }
            }
        }
    }

    /// What the function does on its way out when assembly leaves it.
    pub(super) fn before_asm_return(&mut self) {
        let body = self.body;
        let mut tasks = Vec::new();
        self.run(body.on_asm_return.iter(), &mut tasks);
        if !tasks.is_empty() {
            self.refuse("a way out of assembly that branches");
        }
    }

    fn return_value(&mut self, value: ExprId) {
        let value = self.value(value);
        let value = self.expect(value, self.body.result);
        let word = match self.body.result {
            Repr::Word => value,
            Repr::Float => self.bits_of(value),
        };
        self.return_word(word);
    }

    fn leave(&mut self, target: fn(Loop) -> Block) {
        match self.loops.last() {
            Some(innermost) => self.jump(target(*innermost)),
            None => self.refuse("a `break` or `continue` outside a loop"),
        }
    }

    fn if_statement(
        &mut self,
        cond: ExprId,
        then: &'a [Stmt],
        otherwise: &'a [Stmt],
        tasks: &mut Vec<Task<'a>>,
    ) {
        let then_block = self.builder.create_block();
        let join = self.builder.create_block();
        tasks.push(Task::Join(join));
        let else_block = if otherwise.is_empty() {
            join
        } else {
            let block = self.builder.create_block();
            tasks.push(Task::Arm { block, statements: otherwise, join });
            block
        };
        self.branch(cond, then_block, else_block);
        if else_block != join {
            self.builder.seal_block(else_block);
        }
        self.enter_sealed(then_block);
        tasks.push(Task::Run(then.iter()));
    }

    fn loop_statement(
        &mut self,
        cond: Option<ExprId>,
        body: &'a [Stmt],
        step: &'a [Stmt],
        tasks: &mut Vec<Task<'a>>,
    ) {
        if !self.loops.is_empty() {
            self.nesting = Loops::Nested;
        }
        let header = self.builder.create_block();
        let exit = self.builder.create_block();
        let next = if step.is_empty() { header } else { self.builder.create_block() };
        self.jump(header);
        self.enter(header);
        if let Some(cond) = cond {
            let block = self.builder.create_block();
            self.branch(cond, block, exit);
            self.enter_sealed(block);
        }
        self.loops.push(Loop { exit, next });
        tasks.push(Task::LoopEnd { header, exit });
        tasks.push(Task::Step { header, next, step });
        tasks.push(Task::Run(body.iter()));
    }

    fn switch_statement(
        &mut self,
        value: ExprId,
        arms: &'a [(ExprId, typed::Block)],
        otherwise: &'a [Stmt],
        tasks: &mut Vec<Task<'a>>,
    ) {
        let value = self.value(value);
        let blocks: Vec<Block> = arms.iter().map(|_| self.builder.create_block()).collect();
        let default = match self.constants(value, arms) {
            Some(constants) => self.search(value, &constants, &blocks),
            None => self.compare_in_order(value, arms, &blocks),
        };
        let join = self.builder.create_block();
        tasks.push(Task::Join(join));
        for ((_, statements), &block) in arms.iter().zip(&blocks).rev() {
            self.builder.seal_block(block);
            tasks.push(Task::Arm { block, statements, join });
        }
        self.enter_sealed(default);
        tasks.push(Task::Run(otherwise.iter()));
    }

    /// The arms' values, if all are integer literals and there are enough of them to search.
    fn constants(&self, value: Value, arms: &[(ExprId, typed::Block)]) -> Option<Vec<i64>> {
        if arms.len() < SEARCH_FROM || self.builder.func.dfg.value_type(value) != I64 {
            return None;
        }
        let constant = |&(id, _): &(ExprId, typed::Block)| {
            let Expr::Int(constant) = self.body.expr(id) else { return None };
            Some(constant)
        };
        arms.iter().map(constant).collect()
    }

    /// Jumps to the first arm with the value's constant by binary search and tables.
    fn search(&mut self, value: Value, constants: &[i64], blocks: &[Block]) -> Block {
        let mut switch = Switch::new();
        for (&constant, &block) in constants.iter().zip(blocks) {
            let key = u128::from(constant.cast_unsigned());
            if !switch.entries().contains_key(&key) {
                switch.set_entry(key, block);
            }
        }
        let default = self.builder.create_block();
        switch.emit(&mut self.builder, value, default);
        self.open = false;
        default
    }

    fn compare_in_order(
        &mut self,
        value: Value,
        arms: &[(ExprId, typed::Block)],
        blocks: &[Block],
    ) -> Block {
        let double = self.builder.func.dfg.value_type(value) != I64;
        for (&(id, _), &block) in arms.iter().zip(blocks) {
            let arm = self.value(id);
            let equal = if double {
                let arm = self.expect(arm, Repr::Float);
                self.builder.ins().fcmp(FloatCC::Equal, value, arm)
            } else {
                let arm = self.expect(arm, Repr::Word);
                self.builder.ins().icmp(IntCC::Equal, value, arm)
            };
            let next = self.builder.create_block();
            self.builder.ins().brif(equal, block, &[], next, &[]);
            self.enter_sealed(next);
        }
        let default = self.builder.create_block();
        self.jump(default);
        default
    }
}
