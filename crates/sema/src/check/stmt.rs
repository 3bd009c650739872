//! Statements and blocks.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{self, PrintForm, ReturnWord, StmtKind as Syntax};

use super::checker::{Checker, Result};
use super::value::{Kind, Value};
use crate::typed::{Expr, ExprId, Stmt, StmtKind};

/// What follows the end of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// The end of the function: an asm block that comes last gives the result.
    End,
    /// More code, or the loop's head.
    Inner,
}

/// A `simpan` that no `kembalikan` has closed yet.
struct Save {
    span: Span,
    /// Where the asm block before it leaves its registers.
    area: Option<i32>,
}

impl<'a> Checker<'a> {
    /// A block with a scope of its own.
    pub(super) fn block(&mut self, block: &'a [tree::Stmt], tail: Tail, out: &mut Vec<Stmt>) {
        let mark = self.walk.scope.open();
        self.statements(block, tail, out);
        self.walk.scope.close(mark);
    }

    pub(super) fn nested(&mut self, block: &'a [tree::Stmt], tail: Tail) -> Vec<Stmt> {
        let mut out = Vec::with_capacity(block.len());
        self.block(block, tail, &mut out);
        out
    }

    pub(super) fn statements(&mut self, block: &'a [tree::Stmt], tail: Tail, out: &mut Vec<Stmt>) {
        let last = match tail {
            Tail::End => block.iter().rposition(is_executable),
            Tail::Inner => None,
        };
        let mut saves: Vec<Save> = Vec::new();
        // What the asm block that directly follows a closing `kembalikan` gets.
        let mut load = None;
        let mut left: Option<Span> = None;
        let mut warned = false;
        for (position, stmt) in block.iter().enumerate() {
            let executable = is_executable(stmt);
            if let (Some(place), false, true) = (left, warned, executable) {
                warned = true;
                let diagnostic = Diagnostic::new(Code::CodeUnreachable, self.first_line(stmt.span))
                    .mark(place, "mark-leaves");
                self.report(diagnostic);
            }
            let loaded = if executable { load.take() } else { None };
            let tail = if last == Some(position) { Tail::End } else { Tail::Inner };
            match &stmt.kind {
                Syntax::Save => {
                    let area = self.record();
                    saves.push(Save { span: stmt.span, area });
                    continue;
                }
                Syntax::Return { word: ReturnWord::Kembalikan, value: None } => {
                    if let Some(save) = saves.pop() {
                        load = save.area;
                        continue;
                    }
                    self.statement(stmt, tail, out);
                }
                Syntax::Asm(text) => {
                    self.asm_block(*text, loaded, stmt.span, out);
                    if tail == Tail::End && self.walk.result != Result::Status {
                        self.return_nothing(stmt.span, out);
                    }
                }
                Syntax::Var { .. }
                | Syntax::Const { .. }
                | Syntax::Hint { .. }
                | Syntax::Assign { .. }
                | Syntax::Step { .. }
                | Syntax::Call(_)
                | Syntax::Return { .. }
                | Syntax::If { .. }
                | Syntax::While { .. }
                | Syntax::For { .. }
                | Syntax::Switch { .. }
                | Syntax::Break
                | Syntax::Continue
                | Syntax::Print { .. }
                | Syntax::Import(_)
                | Syntax::Shard { .. }
                | Syntax::FragmentMark { .. }
                | Syntax::Parallel { .. }
                | Syntax::Error => self.statement(stmt, tail, out),
            }
            let leaves = match stmt.kind {
                Syntax::Return { .. } => true,
                Syntax::Break | Syntax::Continue => self.walk.loops > 0,
                Syntax::Var { .. }
                | Syntax::Const { .. }
                | Syntax::Hint { .. }
                | Syntax::Assign { .. }
                | Syntax::Step { .. }
                | Syntax::Call(_)
                | Syntax::Save
                | Syntax::If { .. }
                | Syntax::While { .. }
                | Syntax::For { .. }
                | Syntax::Switch { .. }
                | Syntax::Print { .. }
                | Syntax::Asm(_)
                | Syntax::Import(_)
                | Syntax::Shard { .. }
                | Syntax::FragmentMark { .. }
                | Syntax::Parallel { .. }
                | Syntax::Error => false,
            };
            if leaves {
                left = left.or(Some(stmt.span));
            }
        }
        for save in saves {
            self.report(Diagnostic::new(Code::SaveUnclosed, save.span));
        }
    }

    pub(super) fn statement(&mut self, stmt: &'a tree::Stmt, tail: Tail, out: &mut Vec<Stmt>) {
        let span = stmt.span;
        match &stmt.kind {
            Syntax::Var { name, init } => self.declare(*name, *init, span, out),
            Syntax::Const { name, value } => self.declare_constant(*name, *value),
            Syntax::Hint { name, ty } => self.hint(*name, *ty),
            Syntax::Assign { target, value } => self.assign(*target, *value, span, out),
            Syntax::Step { target, by } => self.step(*target, *by, span, out),
            Syntax::Call(call) => {
                let value = self.expr(*call);
                out.push(Stmt { kind: StmtKind::Expr(value.id), span });
            }
            Syntax::Return { word, value } if self.walk.result == Result::Outside => {
                if let Some(value) = value {
                    self.expr(*value);
                }
                let word = match word {
                    ReturnWord::Kembalikan => "kembalikan",
                    ReturnWord::Return => "return",
                };
                self.report(Diagnostic::new(Code::ReturnOutside, span).arg("word", word));
            }
            Syntax::Return { value: Some(value), .. } => {
                let value = self.expr(*value);
                let value = self.result(value);
                out.push(Stmt { kind: StmtKind::Return(value), span });
            }
            Syntax::Return { value: None, .. } => self.return_nothing(span, out),
            Syntax::If { arms, otherwise } => {
                self.choose(arms, otherwise.as_deref(), tail, span, out);
            }
            Syntax::While { cond, body } => self.while_loop(*cond, body, span, out),
            Syntax::For { init, cond, step, body } => {
                let init = init.as_deref();
                self.for_loop((init, *cond, step.as_deref()), body, span, out);
            }
            Syntax::Switch { value, cases, otherwise } => {
                self.switch(*value, (cases, otherwise.as_deref()), tail, span, out);
            }
            Syntax::Break => self.leave_loop("berhenti", StmtKind::Break, span, out),
            Syntax::Continue => self.leave_loop("lanjut", StmtKind::Continue, span, out),
            Syntax::Print { value, form } => self.print(*value, *form, span, out),
            Syntax::Shard { name, body } => self.shard(*name, body, span, out),
            Syntax::Parallel { body } => self.parallel(body, span, out),
            Syntax::Asm(text) => self.asm_block(*text, None, span, out),
            Syntax::Save => self.report(Diagnostic::new(Code::SaveUnclosed, span)),
            Syntax::Error => {
                let rest = self.text.get(span.start as usize..).unwrap_or("");
                self.walk.damaged.extend(rest.lines().next());
            }
            Syntax::Import(_) | Syntax::FragmentMark { .. } => {}
        }
    }

    fn leave_loop(&mut self, word: &str, kind: StmtKind, span: Span, out: &mut Vec<Stmt>) {
        if self.walk.loops == 0 {
            self.report(Diagnostic::new(Code::LoopOutside, span).arg("word", word));
        } else {
            out.push(Stmt { kind, span });
        }
    }

    /// What a value becomes as the body's result.
    fn result(&mut self, value: Value) -> ExprId {
        match self.walk.result {
            Result::Float => self.float(value),
            Result::Word | Result::Status | Result::Outside => {
                if value.kind == Kind::Float {
                    self.mismatch(self.span_at(value.id), "int", value.kind);
                }
                self.bits(value)
            }
        }
    }

    /// Returns what the asm block that ran last left, or 0.
    fn return_nothing(&mut self, span: Span, out: &mut Vec<Stmt>) {
        let value = match self.walk.result {
            Result::Status => self.int(0, span),
            Result::Word | Result::Outside => self.asm_result(span),
            Result::Float => {
                let word = self.asm_result(span);
                self.of_word(word, Kind::Float).id
            }
        };
        out.push(Stmt { kind: StmtKind::Return(value), span });
    }

    fn print(&mut self, value: tree::ExprId, form: PrintForm, span: Span, out: &mut Vec<Stmt>) {
        let value = self.expr(value);
        let name = match (form, value.kind) {
            (PrintForm::CetakStr, Kind::Float) => {
                return self.mismatch(self.span_at(value.id), "string", value.kind);
            }
            (PrintForm::CetakStr, _) | (PrintForm::Cetak, Kind::Str) => "print_line_text",
            (PrintForm::Cetak, Kind::Float) => "print_line_float",
            (PrintForm::Cetak, Kind::Error | Kind::Zero | Kind::Int | Kind::Struct(_)) => {
                "print_line_int"
            }
        };
        let word = self.bits(value);
        let callee = self.runtime(name);
        let args = self.args_of(&[word]);
        let call = self.node(Expr::Call { callee, args }, span);
        out.push(Stmt { kind: StmtKind::Expr(call), span });
    }
}

/// Whether a statement does anything when the program runs.
fn is_executable(stmt: &tree::Stmt) -> bool {
    match &stmt.kind {
        Syntax::Const { .. }
        | Syntax::Hint { .. }
        | Syntax::Import(_)
        | Syntax::FragmentMark { .. }
        | Syntax::Error => false,
        Syntax::Var { .. }
        | Syntax::Assign { .. }
        | Syntax::Step { .. }
        | Syntax::Call(_)
        | Syntax::Return { .. }
        | Syntax::Save
        | Syntax::If { .. }
        | Syntax::While { .. }
        | Syntax::For { .. }
        | Syntax::Switch { .. }
        | Syntax::Break
        | Syntax::Continue
        | Syntax::Print { .. }
        | Syntax::Asm(_)
        | Syntax::Shard { .. }
        | Syntax::Parallel { .. } => true,
    }
}
