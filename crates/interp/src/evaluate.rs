//! Evaluation: one function per kind of thing, in the order of the language's rules.

use morph_sema::typed::{ArgList, Block, Body, Expr, ExprId, Intrinsic, Repr, Stmt, StmtKind};

use crate::arithmetic::{binary, convert, unary};
use crate::system::System;
use crate::{Fault, Limits, Memory, Outcome, Program, Stop};

/// What every stand-in of a closed fragment calls. How it reports is no meaning of the program.
const CLOSED: &str = "@fault_closed";
/// How a unit block runs its shards; `lib/kernel/shards.fox` protects them.
const SHARD_RUN: &str = "@shard_run";
const PARALEL_BEGIN: &str = "@paralel_begin";
const PARALEL_ADD: &str = "@paralel_add";
const PARALEL_JOIN: &str = "@paralel_join";

/// What an expression gives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Word(i64),
    Float(f64),
}

impl Value {
    /// The word; a double here is a fault of the checker, which promises representations.
    pub(crate) fn word(self) -> i64 {
        match self {
            Value::Word(word) => word,
            Value::Float(float) => panic!("a word is needed, {float} is a double"),
        }
    }

    pub(crate) fn float(self) -> f64 {
        match self {
            Value::Float(float) => float,
            Value::Word(word) => panic!("a double is needed, {word} is a word"),
        }
    }

    /// How the value travels: a double as its bits.
    fn bits(self) -> i64 {
        match self {
            Value::Word(word) => word,
            Value::Float(float) => float.to_bits() as i64,
        }
    }
}

/// What a statement does to the statements after it.
enum Flow {
    Next,
    Break,
    Continue,
    Return(i64),
}

struct Machine<'p> {
    program: &'p Program<'p>,
    memory: Memory,
    system: System<'p>,
    steps: u64,
    depth: u32,
}

/// One call.
struct Frame<'p> {
    function: usize,
    body: &'p Body,
    locals: Vec<Value>,
}

pub(crate) fn run(program: &Program<'_>, entry: &str, input: &[u8], limits: Limits) -> Outcome {
    let system = System { input, stdout: Vec::new(), stderr: Vec::new() };
    let mut machine = Machine {
        program,
        memory: program.memory.clone(),
        system,
        steps: limits.steps,
        depth: limits.depth,
    };
    let stop = match machine.call_symbol(entry, &[]) {
        Ok(status) => Stop::Exited(status as u8),
        Err(stop) => stop,
    };
    Outcome { stop, stdout: machine.system.stdout, stderr: machine.system.stderr }
}

impl<'p> Machine<'p> {
    fn call_symbol(&mut self, symbol: &str, arguments: &[i64]) -> Result<i64, Stop> {
        if symbol == CLOSED {
            return Err(Fault::Closed.into());
        }
        // The interpreter knows no crashes that could be survived: shards simply run, in source order.
        if let (SHARD_RUN | PARALEL_ADD, [shard, frame, ..]) = (symbol, arguments) {
            let function = self.program.at(*shard as u64).ok_or(Fault::BadCall(*shard as u64))?;
            return self.call(function, &[*frame]);
        }
        if matches!(symbol, PARALEL_BEGIN | PARALEL_JOIN) {
            return Ok(0);
        }
        match self.program.find(symbol) {
            Some(function) => self.call(function, arguments),
            None => Err(Stop::Unsupported(format!("the symbol {symbol}"))),
        }
    }

    fn call(&mut self, function: usize, arguments: &[i64]) -> Result<i64, Stop> {
        let body = self.program.function(function);
        if self.depth == 0 {
            return Err(Fault::StackOverflow.into());
        }
        self.depth -= 1;
        let initial = |(i, local): (usize, &morph_sema::typed::Local)| {
            // An indirect call may pass fewer words than the function takes; what it would find is not defined.
            let word = arguments.get(i).copied().unwrap_or(0);
            match local.repr {
                Repr::Word => Value::Word(word),
                Repr::Float => Value::Float(f64::from_bits(word as u64)),
            }
        };
        let locals = body.locals.iter().enumerate().map(initial).collect();
        let mut frame = Frame { function, body, locals };
        let flow = self.block(&mut frame, &body.statements)?;
        self.depth += 1;
        Ok(match flow {
            Flow::Return(word) => word,
            Flow::Next | Flow::Break | Flow::Continue => 0,
        })
    }

    fn step(&mut self) -> Result<(), Stop> {
        self.steps = self.steps.checked_sub(1).ok_or(Stop::OutOfFuel)?;
        Ok(())
    }

    fn block(&mut self, frame: &mut Frame<'p>, block: &'p Block) -> Result<Flow, Stop> {
        for statement in block {
            match self.statement(frame, statement)? {
                Flow::Next => {}
                flow @ (Flow::Break | Flow::Continue | Flow::Return(_)) => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, frame: &mut Frame<'p>, statement: &'p Stmt) -> Result<Flow, Stop> {
        self.step()?;
        match &statement.kind {
            StmtKind::Expr(value) => {
                self.value(frame, *value)?;
            }
            StmtKind::SetLocal { local, value } => {
                let value = self.value(frame, *value)?;
                frame.locals[local.0 as usize] = value;
            }
            StmtKind::SetGlobal { global, value } => {
                let value = self.value(frame, *value)?.bits();
                let address = self.global(frame.body.symbol(*global))?;
                self.memory.store(address, value as u64, 8)?;
            }
            StmtKind::Store { base, offset, value } => {
                let base = self.word(frame, *base)?;
                let value = self.value(frame, *value)?.bits();
                self.memory.store(base.wrapping_add((*offset).into()) as u64, value as u64, 8)?;
            }
            StmtKind::StoreIndex { base, index, value } => {
                let base = self.word(frame, *base)?;
                let index = self.word(frame, *index)?;
                let value = self.value(frame, *value)?.bits();
                self.memory.store(
                    base.wrapping_add(index.wrapping_mul(8)) as u64,
                    value as u64,
                    8,
                )?;
            }
            StmtKind::If { cond, then, otherwise } => {
                let taken = if self.word(frame, *cond)? != 0 { then } else { otherwise };
                return self.block(frame, taken);
            }
            StmtKind::Loop { cond, body, step } => return self.repeat(frame, *cond, body, step),
            StmtKind::Switch { value, arms, otherwise } => {
                let value = self.word(frame, *value)?;
                for (label, block) in arms {
                    if self.word(frame, *label)? == value {
                        return self.block(frame, block);
                    }
                }
                return self.block(frame, otherwise);
            }
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Return(value) => return Ok(Flow::Return(self.value(frame, *value)?.bits())),
            StmtKind::Asm { .. } => return Err(Stop::Unsupported("inline assembly".to_owned())),
        }
        Ok(Flow::Next)
    }

    fn repeat(
        &mut self,
        frame: &mut Frame<'p>,
        cond: Option<ExprId>,
        body: &'p Block,
        step: &'p Block,
    ) -> Result<Flow, Stop> {
        loop {
            self.step()?;
            if let Some(cond) = cond
                && self.word(frame, cond)? == 0
            {
                return Ok(Flow::Next);
            }
            match self.block(frame, body)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(word) => return Ok(Flow::Return(word)),
            }
            // A step is a simple statement: it never leaves the loop.
            self.block(frame, step)?;
        }
    }

    fn word(&mut self, frame: &mut Frame<'p>, id: ExprId) -> Result<i64, Stop> {
        Ok(self.value(frame, id)?.word())
    }

    fn words(&mut self, frame: &mut Frame<'p>, list: ArgList) -> Result<Vec<i64>, Stop> {
        frame.body.args(list).iter().map(|id| Ok(self.value(frame, *id)?.bits())).collect()
    }

    /// The value of an expression. Chains lean to the left and can be longer than a stack is deep, so their left
    /// side is walked without recursion.
    fn value(&mut self, frame: &mut Frame<'p>, id: ExprId) -> Result<Value, Stop> {
        let mut spine = Vec::new();
        let mut at = id;
        self.step()?;
        while let Some(first) = first_operand(frame.body.expr(at)) {
            spine.push(at);
            at = first;
            self.step()?;
        }
        let mut value = self.leaf(frame, at)?;
        while let Some(id) = spine.pop() {
            value = self.grow(frame, id, value)?;
        }
        Ok(value)
    }

    /// The value of an operator whose first operand is `first`.
    fn grow(&mut self, frame: &mut Frame<'p>, id: ExprId, first: Value) -> Result<Value, Stop> {
        Ok(match frame.body.expr(id) {
            Expr::Unary { op, .. } => unary(op, first),
            Expr::Convert { op, .. } => convert(op, first),
            Expr::Binary { op, right, .. } => binary(op, first, self.value(frame, right)?)?,
            Expr::AndThen { right, .. } => {
                Value::Word((first.word() != 0 && self.word(frame, right)? != 0).into())
            }
            Expr::OrElse { right, .. } => {
                Value::Word((first.word() != 0 || self.word(frame, right)? != 0).into())
            }
            Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Local(_)
            | Expr::Global(_)
            | Expr::Address(_)
            | Expr::Load { .. }
            | Expr::LoadIndex { .. }
            | Expr::Call { .. }
            | Expr::CallIndirect { .. }
            | Expr::Construct { .. }
            | Expr::Intrinsic { .. }
            | Expr::AsmResult
            | Expr::Closed(_) => first,
        })
    }

    fn leaf(&mut self, frame: &mut Frame<'p>, id: ExprId) -> Result<Value, Stop> {
        let word = match frame.body.expr(id) {
            Expr::Int(word) => word,
            Expr::Float(float) => return Ok(Value::Float(float)),
            Expr::Str(string) => self.program.string(frame.function, string.0) as i64,
            Expr::Local(local) => return Ok(frame.locals[local.0 as usize]),
            Expr::Global(symbol) => {
                let address = self.global(frame.body.symbol(symbol))?;
                self.memory.load(address, 8)? as i64
            }
            Expr::Address(symbol) => self.address(frame.body.symbol(symbol)),
            Expr::Unary { .. }
            | Expr::Convert { .. }
            | Expr::Binary { .. }
            | Expr::AndThen { .. }
            | Expr::OrElse { .. } => return self.value(frame, id),
            Expr::Load { base, offset } => {
                let base = self.word(frame, base)?;
                self.memory.load(base.wrapping_add(offset.into()) as u64, 8)? as i64
            }
            Expr::LoadIndex { base, index } => {
                let base = self.word(frame, base)?;
                let index = self.word(frame, index)?;
                self.memory.load(base.wrapping_add(index.wrapping_mul(8)) as u64, 8)? as i64
            }
            Expr::Call { callee, args } => {
                let arguments = self.words(frame, args)?;
                self.call_symbol(frame.body.symbol(callee), &arguments)?
            }
            Expr::CallIndirect { callee, args } => {
                let callee = self.word(frame, callee)? as u64;
                let arguments = self.words(frame, args)?;
                let function = self.program.at(callee).ok_or(Fault::BadCall(callee))?;
                self.call(function, &arguments)?
            }
            Expr::Construct { alloc, words, args } => {
                let arguments = self.words(frame, args)?;
                let address =
                    self.call_symbol(frame.body.symbol(alloc), &[i64::from(words) * 8])?;
                for i in 0..words as usize {
                    let value = arguments.get(i).copied().unwrap_or(0);
                    self.memory.store(address as u64 + 8 * i as u64, value as u64, 8)?;
                }
                address
            }
            Expr::Intrinsic { op, args } => {
                let arguments = self.words(frame, args)?;
                self.intrinsic(op, &arguments)?
            }
            Expr::AsmResult => 0,
            Expr::Closed(symbol) => self.call_symbol(frame.body.symbol(symbol), &[])?,
        };
        Ok(Value::Word(word))
    }

    fn global(&self, symbol: &str) -> Result<u64, Stop> {
        self.program.global(symbol).ok_or_else(|| Stop::Unsupported(format!("the global {symbol}")))
    }

    /// The address of a function or global; what only the linker knows is 0.
    fn address(&self, symbol: &str) -> i64 {
        let function = self.program.find(symbol).map(|function| self.program.address(function));
        function.or_else(|| self.program.global(symbol)).unwrap_or(0) as i64
    }

    fn intrinsic(&mut self, op: Intrinsic, arguments: &[i64]) -> Result<i64, Stop> {
        let argument = |i: usize| arguments.get(i).copied().unwrap_or(0);
        let address = argument(0) as u64;
        Ok(match op {
            Intrinsic::Load8 => self.memory.load(address, 1)? as i64,
            Intrinsic::Load16 => self.memory.load(address, 2)? as i64,
            Intrinsic::Load32 => self.memory.load(address, 4)? as i64,
            Intrinsic::Load64 | Intrinsic::AtomicLoad => self.memory.load(address, 8)? as i64,
            Intrinsic::Store8 => self.store(address, argument(1), 1)?,
            Intrinsic::Store16 => self.store(address, argument(1), 2)?,
            Intrinsic::Store32 => self.store(address, argument(1), 4)?,
            Intrinsic::Store64 | Intrinsic::AtomicStore => self.store(address, argument(1), 8)?,
            Intrinsic::MemoryCopy => {
                for i in 0..argument(2) as u64 {
                    let byte = self.memory.load_byte((argument(1) as u64).wrapping_add(i))?;
                    self.memory.store_byte(address.wrapping_add(i), byte)?;
                    self.step()?;
                }
                argument(0)
            }
            Intrinsic::MemoryFill => {
                for i in 0..argument(2) as u64 {
                    self.memory.store_byte(address.wrapping_add(i), argument(1) as u8)?;
                    self.step()?;
                }
                argument(0)
            }
            Intrinsic::Syscall => self.system.call(&mut self.memory, arguments)?,
            Intrinsic::StackPointer | Intrinsic::FramePointer => 0,
            Intrinsic::AtomicAdd => {
                let old = self.memory.load(address, 8)? as i64;
                self.store(address, old.wrapping_add(argument(1)), 8)?;
                old
            }
            Intrinsic::AtomicCompareExchange => {
                let found = self.memory.load(address, 8)? as i64;
                if found == argument(1) {
                    self.store(address, argument(2), 8)?;
                }
                found
            }
            Intrinsic::UnsignedDivide | Intrinsic::UnsignedRemainder if argument(1) == 0 => {
                return Err(Fault::DivisionByZero.into());
            }
            Intrinsic::UnsignedDivide => (argument(0) as u64 / argument(1) as u64) as i64,
            Intrinsic::UnsignedRemainder => (argument(0) as u64 % argument(1) as u64) as i64,
            Intrinsic::UnsignedLess => ((argument(0) as u64) < argument(1) as u64).into(),
            Intrinsic::UnsignedMultiplyHigh => {
                ((u128::from(argument(0) as u64) * u128::from(argument(1) as u64)) >> 64) as i64
            }
        })
    }

    fn store(&mut self, address: u64, value: i64, size: u64) -> Result<i64, Stop> {
        self.memory.store(address, value as u64, size)?;
        Ok(0)
    }
}

/// The operand that an operator evaluates first.
fn first_operand(expr: Expr) -> Option<ExprId> {
    match expr {
        Expr::Unary { operand, .. } | Expr::Convert { operand, .. } => Some(operand),
        Expr::Binary { left, .. } | Expr::AndThen { left, .. } | Expr::OrElse { left, .. } => {
            Some(left)
        }
        Expr::Int(_)
        | Expr::Float(_)
        | Expr::Str(_)
        | Expr::Local(_)
        | Expr::Global(_)
        | Expr::Address(_)
        | Expr::Load { .. }
        | Expr::LoadIndex { .. }
        | Expr::Call { .. }
        | Expr::CallIndirect { .. }
        | Expr::Construct { .. }
        | Expr::Intrinsic { .. }
        | Expr::AsmResult
        | Expr::Closed(_) => None,
    }
}
