//! Shards: parts of a unit block that run protected, so each is a function of its own.
//!
//! The block around them is walked as one body, so that names and types mean the same in and outside of a shard. Variables
//! of the block that a shard uses travel in a frame on the heap: stored before the call, read when the shard
//! begins, written back when it ends well (its end, `kembalikan`, or `ret` in assembly), read again behind the call. A shard that crashes has written nothing back.
//!
//! ```text
//! shard s        frame = {x, y}; shard_run(&u.s, frame, "u.s"); x = frame.x; y = frame.y
//! paralel        frame = {x, y}; paralel_begin(); paralel_add(&u.s, frame, "u.s"); ...; paralel_join(); x = frame.x; ...
//! ```

use morph_diag::{Code, Diagnostic, Span};
use morph_object::Symbol;
use morph_syntax::tree::{self, StmtKind as Syntax};

use super::checker::{Checker, Result};
use super::stmt::Tail;
use crate::typed::{
    AsmPart, Block, Body, Conversion, Expr, ExprId, Local, LocalId, Repr, Stmt, StmtKind,
};

/// Shards of one `paralel` that can start from the same memory: as in `lib/kernel/shards.fox`.
const SHARDS_LIMIT: usize = 60;

/// A shard that has been walked: what is to become its body.
#[derive(Debug)]
pub(super) struct Part {
    symbol: Symbol,
    span: Span,
    block: Block,
    /// Variables of the block around it that it uses, in order.
    captured: Vec<LocalId>,
    /// Where they are in the frame: those of all shards that share it.
    frame: Vec<LocalId>,
}

impl<'a> Checker<'a> {
    /// `shard s` .. `tutup_shard` outside of `paralel`.
    pub(super) fn shard(
        &mut self,
        name: Span,
        body: &'a [tree::Stmt],
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let span = self.first_line(span);
        let part = self.part(name, body, span);
        let shared = self.walk.shards[part].captured.clone();
        let frame = self.capture(&shared, span, out);
        self.call_part("shard_run", part, frame, span, out);
        self.walk.shards[part].frame.clone_from(&shared);
        self.reload(&shared, frame, span, out);
    }

    /// `paralel` .. `gabung`: statements that are no shards run first, then the shards side by side.
    pub(super) fn parallel(&mut self, body: &'a [tree::Stmt], span: Span, out: &mut Vec<Stmt>) {
        let span = self.first_line(span);
        let mark = self.walk.scope.open();
        let mut parts = Vec::new();
        let mut names = Vec::new();
        let mut shared: Vec<LocalId> = Vec::new();
        for stmt in body {
            if let Syntax::Shard { name, body } = &stmt.kind {
                let at = self.first_line(stmt.span);
                let part = self.part(*name, body, at);
                shared.extend(&self.walk.shards[part].captured);
                parts.push((part, at));
                names.push(*name);
            } else {
                self.statements(std::slice::from_ref(stmt), Tail::Inner, out);
            }
        }
        if let Some(&name) = names.get(SHARDS_LIMIT) {
            let problem = Diagnostic::new(Code::ShardsTooMany, name).arg("count", names.len());
            self.report(problem.arg("limit", SHARDS_LIMIT));
        }
        shared.sort_unstable();
        shared.dedup();
        let frame = self.capture(&shared, span, out);
        self.call_runtime("paralel_begin", &[], span, out);
        for (part, at) in parts {
            self.call_part("paralel_add", part, frame, at, out);
            self.walk.shards[part].frame.clone_from(&shared);
        }
        self.call_runtime("paralel_join", &[], span, out);
        self.reload(&shared, frame, span, out);
        self.walk.scope.close(mark);
    }

    /// Walks a shard's body. Result: its number among the shards of this walk.
    fn part(&mut self, name: Span, body: &'a [tree::Stmt], span: Span) -> usize {
        let declared = self.walk.locals.len() as u32;
        // Nothing in it leaves a loop, or the function, around it.
        let loops = std::mem::take(&mut self.walk.loops);
        let result = std::mem::replace(&mut self.walk.result, Result::Word);
        self.walk.asm.forget_last();
        let mut block = Block::new();
        self.block(body, Tail::Inner, &mut block);
        self.walk.asm.forget_last();
        self.walk.loops = loops;
        self.walk.result = result;
        let mut captured = Vec::new();
        let used = self.used_locals(&block);
        for (number, used) in used.into_iter().enumerate().take(declared as usize) {
            if used {
                captured.push(LocalId(number as u32));
            }
        }
        let symbol = self.part_symbol(self.text(name));
        self.walk.shards.push(Part { symbol, span, block, captured, frame: Vec::new() });
        self.walk.shards.len() - 1
    }

    /// `u.s`; a second shard of that name is `u.s.2`. A name ending in `.asm` would look like assembly.
    fn part_symbol(&self, name: &str) -> Symbol {
        let stem = if name == "asm" { "asm_" } else { name };
        let symbol = format!("{}.{stem}", self.walk.symbol);
        let taken = |symbol: &str| self.walk.shards.iter().any(|part| part.symbol == symbol);
        if !taken(&symbol) {
            return symbol;
        }
        let numbered = (2..).map(|number| format!("{symbol}.{number}"));
        numbered.into_iter().find(|symbol| !taken(symbol)).unwrap_or(symbol)
    }

    /// A frame with the values of these variables; `None` if there are none.
    fn capture(&mut self, shared: &[LocalId], span: Span, out: &mut Vec<Stmt>) -> Option<LocalId> {
        if shared.is_empty() {
            return None;
        }
        let mut values = Vec::with_capacity(shared.len());
        for &local in shared {
            let value = self.node(Expr::Local(local), span);
            values.push(match self.repr(local) {
                Repr::Word => value,
                Repr::Float => self.convert(Conversion::FloatToBits, value),
            });
        }
        let alloc = self.runtime("sys_alloc");
        let words = values.len() as u32;
        let args = self.args_of(&values);
        let frame = self.node(Expr::Construct { alloc, words, args }, span);
        Some(self.temporary(frame, Repr::Word, out))
    }

    /// Takes the variables back from the frame.
    fn reload(
        &mut self,
        shared: &[LocalId],
        frame: Option<LocalId>,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let Some(frame) = frame else { return };
        for (number, &local) in shared.iter().enumerate() {
            let base = self.node(Expr::Local(frame), span);
            let word = self.node(Expr::Load { base, offset: number as i32 * 8 }, span);
            let value = match self.repr(local) {
                Repr::Word => word,
                Repr::Float => self.convert(Conversion::BitsToFloat, word),
            };
            out.push(Stmt { kind: StmtKind::SetLocal { local, value }, span });
        }
    }

    fn call_part(
        &mut self,
        callee: &str,
        part: usize,
        frame: Option<LocalId>,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let name = self.walk.shards[part].symbol.clone();
        let symbol = self.symbol(&name);
        let function = self.node(Expr::Address(symbol), span);
        let frame = match frame {
            Some(frame) => self.node(Expr::Local(frame), span),
            None => self.int(0, span),
        };
        let shown = name.trim_start_matches(['@', '%']).as_bytes().to_vec();
        let name = self.string(shown, span).id;
        self.call_runtime(callee, &[function, frame, name], span, out);
    }

    fn call_runtime(&mut self, name: &str, args: &[ExprId], span: Span, out: &mut Vec<Stmt>) {
        let callee = self.runtime(name);
        let args = self.args_of(args);
        let call = self.node(Expr::Call { callee, args }, span);
        out.push(Stmt { kind: StmtKind::Expr(call), span });
    }

    fn repr(&self, local: LocalId) -> Repr {
        self.walk.locals[local.0 as usize].repr
    }

    /// For each local, whether the block reads or writes it. Assembly uses all that any assembly names.
    fn used_locals(&self, block: &Block) -> Vec<bool> {
        let walk = &self.walk;
        let mut used = vec![false; walk.locals.len()];
        let mut roots = Vec::new();
        let mut assembly = false;
        each_statement(block, &mut |stmt| {
            if let StmtKind::SetLocal { local, .. } = &stmt.kind {
                used[local.0 as usize] = true;
            }
            assembly |= matches!(stmt.kind, StmtKind::Asm { .. });
            roots.extend(operands(&stmt.kind));
        });
        while let Some(id) = roots.pop() {
            let expr = self.expr_at(id);
            if let Expr::Local(local) = expr {
                used[local.0 as usize] = true;
            }
            parts_of(expr, &walk.args, &mut roots);
        }
        if assembly {
            for (used, local) in used.iter_mut().zip(&walk.locals) {
                *used |= local.frame.is_some();
            }
        }
        used
    }
}

/// Makes functions of the shards of `body`, whose walk found `parts`.
pub(super) fn split(body: &mut Body, parts: Vec<Part>) {
    let whole = body.asm.take();
    body.shards = parts.into_iter().map(|part| shard_body(body, whole.as_ref(), part)).collect();
    body.asm = whole;
    if !runs_assembly(&body.statements) {
        without_assembly(body);
    }
}

fn without_assembly(body: &mut Body) {
    body.asm = None;
    body.on_asm_return.clear();
    for local in &mut body.locals {
        local.frame = None;
    }
    for expr in &mut body.exprs {
        if *expr == Expr::AsmResult {
            *expr = Expr::Int(0);
        }
    }
}

/// The body of one shard: its parameter, the frame, comes before all locals of the body around it.
fn shard_body(around: &Body, asm: Option<&AsmPart>, part: Part) -> Body {
    let span = part.span;
    let frame = LocalId(0);
    let shifted = |local: LocalId| LocalId(local.0 + 1);
    let mut locals = vec![Local { name: String::new(), repr: Repr::Word, frame: None }];
    locals.extend(around.locals.iter().cloned());
    let exprs = around.exprs.iter().map(|expr| {
        if let Expr::Local(local) = *expr { Expr::Local(shifted(local)) } else { *expr }
    });
    let mut body = Body {
        symbol: part.symbol,
        params: 1,
        result: Repr::Word,
        locals,
        exprs: exprs.collect(),
        spans: around.spans.clone(),
        args: around.args.clone(),
        symbols: around.symbols.clone(),
        strings: around.strings.clone(),
        statements: Block::new(),
        asm: asm.cloned(),
        on_asm_return: Vec::new(),
        shards: Vec::new(),
    };
    let captured: Vec<(LocalId, i32)> = part
        .captured
        .iter()
        .map(|local| {
            let place = part.frame.iter().position(|shared| shared == local).unwrap_or(0);
            (shifted(*local), place as i32 * 8)
        })
        .collect();
    let mut block = part.block;
    shift(&mut block);
    // What only the shard uses begins as nothing: assembly may read it before anything is stored there.
    for number in 1..body.locals.len() {
        let local = LocalId(number as u32);
        if !captured.iter().any(|(captured, _)| *captured == local) {
            let zero = match body.locals[number].repr {
                Repr::Word => Expr::Int(0),
                Repr::Float => Expr::Float(0.0),
            };
            let value = node(&mut body, zero, span);
            body.statements.push(Stmt { kind: StmtKind::SetLocal { local, value }, span });
        }
    }
    for &(local, offset) in &captured {
        let base = node(&mut body, Expr::Local(frame), span);
        let mut value = node(&mut body, Expr::Load { base, offset }, span);
        if body.locals[local.0 as usize].repr == Repr::Float {
            let op = Conversion::BitsToFloat;
            value = node(&mut body, Expr::Convert { op, operand: value }, span);
        }
        body.statements.push(Stmt { kind: StmtKind::SetLocal { local, value }, span });
    }
    // Assembly that leaves the shard ends it as well as any other way out.
    body.on_asm_return = write_back(&mut body, &captured, span);
    let block = with_write_backs(&mut body, block, &captured, span);
    body.statements.extend(block);
    let last = write_back(&mut body, &captured, span);
    body.statements.extend(last);
    let zero = node(&mut body, Expr::Int(0), span);
    body.statements.push(Stmt { kind: StmtKind::Return(zero), span });
    if !runs_assembly(&body.statements) {
        without_assembly(&mut body);
    }
    body
}

fn node(body: &mut Body, expr: Expr, span: Span) -> ExprId {
    body.exprs.push(expr);
    body.spans.push(span);
    ExprId(body.exprs.len() as u32 - 1)
}

/// The statements that store the captured variables into the frame.
fn write_back(body: &mut Body, captured: &[(LocalId, i32)], span: Span) -> Block {
    let mut out = Block::with_capacity(captured.len());
    for &(local, offset) in captured {
        let base = node(body, Expr::Local(LocalId(0)), span);
        let mut value = node(body, Expr::Local(local), span);
        if body.locals[local.0 as usize].repr == Repr::Float {
            let op = Conversion::FloatToBits;
            value = node(body, Expr::Convert { op, operand: value }, span);
        }
        out.push(Stmt { kind: StmtKind::Store { base, offset, value }, span });
    }
    out
}

/// The block with a write-back before each `kembalikan`.
fn with_write_backs(
    body: &mut Body,
    block: Block,
    captured: &[(LocalId, i32)],
    span: Span,
) -> Block {
    let mut out = Block::with_capacity(block.len());
    for mut stmt in block {
        for inner in blocks_of(&mut stmt.kind) {
            let old = std::mem::take(inner);
            *inner = with_write_backs(body, old, captured, span);
        }
        if matches!(stmt.kind, StmtKind::Return(_)) {
            out.extend(write_back(body, captured, span));
        }
        out.push(stmt);
    }
    out
}

/// Counts every local that a statement sets one up.
fn shift(block: &mut Block) {
    for stmt in block {
        if let StmtKind::SetLocal { local, .. } = &mut stmt.kind {
            local.0 += 1;
        }
        for inner in blocks_of(&mut stmt.kind) {
            shift(inner);
        }
    }
}

fn runs_assembly(block: &Block) -> bool {
    let mut found = false;
    each_statement(block, &mut |stmt| found |= matches!(stmt.kind, StmtKind::Asm { .. }));
    found
}

/// Statements are nested no deeper than the parser lets them be.
fn each_statement(block: &Block, visit: &mut dyn FnMut(&Stmt)) {
    for stmt in block {
        visit(stmt);
        match &stmt.kind {
            StmtKind::If { then, otherwise, .. } => {
                each_statement(then, visit);
                each_statement(otherwise, visit);
            }
            StmtKind::Loop { body, step, .. } => {
                each_statement(body, visit);
                each_statement(step, visit);
            }
            StmtKind::Switch { arms, otherwise, .. } => {
                for (_, arm) in arms {
                    each_statement(arm, visit);
                }
                each_statement(otherwise, visit);
            }
            StmtKind::Expr(_)
            | StmtKind::SetLocal { .. }
            | StmtKind::SetGlobal { .. }
            | StmtKind::Store { .. }
            | StmtKind::StoreIndex { .. }
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Return(_)
            | StmtKind::Asm { .. } => {}
        }
    }
}

fn blocks_of(kind: &mut StmtKind) -> Vec<&mut Block> {
    match kind {
        StmtKind::If { then, otherwise, .. } => vec![then, otherwise],
        StmtKind::Loop { body, step, .. } => vec![body, step],
        StmtKind::Switch { arms, otherwise, .. } => {
            arms.iter_mut().map(|(_, arm)| arm).chain([otherwise]).collect()
        }
        StmtKind::Expr(_)
        | StmtKind::SetLocal { .. }
        | StmtKind::SetGlobal { .. }
        | StmtKind::Store { .. }
        | StmtKind::StoreIndex { .. }
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(_)
        | StmtKind::Asm { .. } => Vec::new(),
    }
}

/// The expressions of a statement itself.
fn operands(kind: &StmtKind) -> Vec<ExprId> {
    match kind {
        StmtKind::Expr(value)
        | StmtKind::SetLocal { value, .. }
        | StmtKind::SetGlobal { value, .. }
        | StmtKind::Return(value) => vec![*value],
        StmtKind::Store { base, value, .. } => vec![*base, *value],
        StmtKind::StoreIndex { base, index, value } => vec![*base, *index, *value],
        StmtKind::If { cond, .. } => vec![*cond],
        StmtKind::Loop { cond, .. } => cond.iter().copied().collect(),
        StmtKind::Switch { value, arms, .. } => {
            [*value].into_iter().chain(arms.iter().map(|(arm, _)| *arm)).collect()
        }
        StmtKind::Break | StmtKind::Continue | StmtKind::Asm { .. } => Vec::new(),
    }
}

/// The expressions that `expr` is made of, onto `out`.
fn parts_of(expr: Expr, args: &[ExprId], out: &mut Vec<ExprId>) {
    let list = match expr {
        Expr::Int(_)
        | Expr::Float(_)
        | Expr::Str(_)
        | Expr::Local(_)
        | Expr::Global(_)
        | Expr::Address(_)
        | Expr::AsmResult
        | Expr::Closed(_) => return,
        Expr::Unary { operand, .. } | Expr::Convert { operand, .. } => return out.push(operand),
        Expr::Binary { left, right, .. }
        | Expr::AndThen { left, right }
        | Expr::OrElse { left, right } => return out.extend([left, right]),
        Expr::Load { base, .. } => return out.push(base),
        Expr::LoadIndex { base, index } => return out.extend([base, index]),
        Expr::CallIndirect { callee, args } => {
            out.push(callee);
            args
        }
        Expr::Call { args, .. } | Expr::Construct { args, .. } | Expr::Intrinsic { args, .. } => {
            args
        }
    };
    out.extend(&args[list.start as usize..(list.start + list.len) as usize]);
}
