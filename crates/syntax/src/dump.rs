//! A tree as text: one S-expression a statement, for tests and for people who want to see what was understood.

use std::fmt::{self, Write};

use morph_diag::{Arg, Diagnostic, Severity, Span};

use crate::split::Piece;
use crate::tree::{
    AsmText, Block, Expr, ExprId, IdRange, Import, Item, PrintForm, ReturnWord, StepBy, Stmt,
    StmtKind, Tree, UnaryOp, VarInit,
};

/// The pieces of a unit, one a line: kind, block, name and text.
pub fn pieces(unit: &str, pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let text = piece.text(unit);
        let block = piece.block.map_or_else(String::new, |block| format!(" [{block}]"));
        let name = piece.name.map_or_else(String::new, |name| format!(" {}", name.text(text)));
        // Writing to a string cannot fail.
        _ = writeln!(out, "{:?}{block}{name} {text:?}", piece.kind);
    }
    out
}

/// The item of `tree`, whose text is `text`, and its diagnostics.
pub fn tree(text: &str, tree: &Tree) -> String {
    let mut dump = Dump { text, tree, out: String::new() };
    _ = dump.item();
    for diagnostic in &tree.diagnostics {
        _ = dump.diagnostic(diagnostic);
    }
    dump.out
}

struct Dump<'t> {
    text: &'t str,
    tree: &'t Tree,
    out: String,
}

impl<'t> Dump<'t> {
    fn name(&self, span: Span) -> &'t str {
        span.text(self.text)
    }

    fn item(&mut self) -> fmt::Result {
        match &self.tree.item {
            Item::Function { name, params, body } => {
                let params: Vec<_> = params.iter().map(|&param| self.name(param)).collect();
                let head = format!("(function {} ({})", self.name(*name), params.join(" "));
                self.out.push_str(&head);
                self.block(body, 1)?;
                writeln!(self.out, ")")
            }
            Item::Struct { name, fields } => {
                write!(self.out, "(struct {}", self.name(*name))?;
                for field in fields {
                    write!(self.out, " ({}", self.name(field.name))?;
                    if let Some(length) = field.array {
                        write!(self.out, " [")?;
                        self.expr(length)?;
                        write!(self.out, "]")?;
                    }
                    if let Some(ty) = field.ty {
                        write!(self.out, " {}", self.name(ty))?;
                    }
                    write!(self.out, ")")?;
                }
                writeln!(self.out, ")")
            }
            Item::Const { name, value } => {
                write!(self.out, "(const {} ", self.name(*name))?;
                self.expr(*value)?;
                writeln!(self.out, ")")
            }
            Item::Global { name, init } => {
                write!(self.out, "(global {}", self.name(*name))?;
                self.init(*init)?;
                writeln!(self.out, ")")
            }
            Item::UnitBlock { name, body } => {
                write!(self.out, "(unit {}", self.name(*name))?;
                self.block(body, 1)?;
                writeln!(self.out, ")")
            }
            Item::Statement(block) => {
                write!(self.out, "(statement")?;
                self.block(block, 1)?;
                writeln!(self.out, ")")
            }
            Item::Asm(text) => self.asm("asm", *text, "\n"),
            Item::AsmData(text) => self.asm("asm-data", *text, "\n"),
            Item::Routine { name, text } => {
                let head = format!("routine {}", self.name(*name));
                self.asm(&head, *text, "\n")
            }
            Item::Import(import) => {
                self.import(import)?;
                writeln!(self.out)
            }
            Item::Broken => writeln!(self.out, "(broken)"),
        }
    }

    fn asm(&mut self, head: &str, text: AsmText, end: &str) -> fmt::Result {
        write!(self.out, "({head} {:?}){end}", self.name(text.lines))
    }

    fn init(&mut self, init: VarInit) -> fmt::Result {
        match init {
            VarInit::None => Ok(()),
            VarInit::Value(value) => self.with_blank(value),
            VarInit::Array(length) => {
                write!(self.out, " (array")?;
                self.with_blank(length)?;
                write!(self.out, ")")
            }
        }
    }

    fn block(&mut self, block: &Block, depth: usize) -> fmt::Result {
        for statement in block {
            write!(self.out, "\n{:1$}", "", depth * 2)?;
            self.statement(statement, depth)?;
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Stmt, depth: usize) -> fmt::Result {
        match &statement.kind {
            StmtKind::Var { name, init } => {
                write!(self.out, "(var {}", self.name(*name))?;
                self.init(*init)?;
                write!(self.out, ")")
            }
            StmtKind::Const { name, value } => {
                write!(self.out, "(const {}", self.name(*name))?;
                self.closed(&[*value])
            }
            StmtKind::Hint { name, ty } => {
                write!(self.out, "(hint {} {})", self.name(*name), self.name(*ty))
            }
            StmtKind::Assign { target, value } => {
                write!(self.out, "(=")?;
                self.closed(&[*target, *value])
            }
            StmtKind::Step { target, by } => {
                let by = match by {
                    StepBy::Increment => "++",
                    StepBy::Decrement => "--",
                };
                write!(self.out, "({by}")?;
                self.closed(&[*target])
            }
            StmtKind::Call(call) => self.expr(*call),
            StmtKind::Return { word, value } => {
                let word = match word {
                    ReturnWord::Kembalikan => "kembalikan",
                    ReturnWord::Return => "return",
                };
                write!(self.out, "({word}")?;
                self.closed(value.as_slice())
            }
            StmtKind::Save => write!(self.out, "(simpan)"),
            StmtKind::If { arms, otherwise } => {
                write!(self.out, "(if")?;
                for (cond, body) in arms {
                    self.arm("", *cond, body, depth)?;
                }
                self.rest("else", otherwise.as_ref(), depth)
            }
            StmtKind::While { cond, body } => {
                write!(self.out, "(while")?;
                self.with_blank(*cond)?;
                self.block(body, depth + 1)?;
                write!(self.out, ")")
            }
            StmtKind::For { init, cond, step, body } => {
                write!(self.out, "(for ")?;
                self.optional(init.as_deref(), depth)?;
                match cond {
                    Some(cond) => self.with_blank(*cond)?,
                    None => write!(self.out, " _")?,
                }
                write!(self.out, " ")?;
                self.optional(step.as_deref(), depth)?;
                self.block(body, depth + 1)?;
                write!(self.out, ")")
            }
            StmtKind::Switch { value, cases, otherwise } => {
                write!(self.out, "(switch")?;
                self.with_blank(*value)?;
                for (value, body) in cases {
                    self.arm("case ", *value, body, depth)?;
                }
                self.rest("default", otherwise.as_ref(), depth)
            }
            StmtKind::Break => write!(self.out, "(break)"),
            StmtKind::Continue => write!(self.out, "(continue)"),
            StmtKind::Print { value, form } => {
                let form = match form {
                    PrintForm::Cetak => "cetak",
                    PrintForm::CetakStr => "cetak_str",
                };
                write!(self.out, "({form}")?;
                self.closed(&[*value])
            }
            StmtKind::Asm(text) => self.asm("asm", *text, ""),
            StmtKind::Import(import) => self.import(import),
            StmtKind::Shard { name, body } => {
                write!(self.out, "(shard {}", self.name(*name))?;
                self.block(body, depth + 1)?;
                write!(self.out, ")")
            }
            StmtKind::FragmentMark { name } => write!(self.out, "(fragment {})", self.name(*name)),
            StmtKind::Parallel { body } => {
                write!(self.out, "(parallel")?;
                self.block(body, depth + 1)?;
                write!(self.out, ")")
            }
            StmtKind::Error => write!(self.out, "(error)"),
        }
    }

    fn optional(&mut self, statement: Option<&Stmt>, depth: usize) -> fmt::Result {
        match statement {
            Some(statement) => self.statement(statement, depth),
            None => write!(self.out, "_"),
        }
    }

    fn arm(&mut self, head: &str, cond: ExprId, body: &Block, depth: usize) -> fmt::Result {
        write!(self.out, "\n{:1$}({head}", "", depth * 2 + 2)?;
        self.expr(cond)?;
        self.block(body, depth + 2)?;
        write!(self.out, ")")
    }

    fn rest(&mut self, head: &str, body: Option<&Block>, depth: usize) -> fmt::Result {
        if let Some(body) = body {
            write!(self.out, "\n{:1$}({head}", "", depth * 2 + 2)?;
            self.block(body, depth + 2)?;
            write!(self.out, ")")?;
        }
        write!(self.out, ")")
    }

    fn import(&mut self, import: &Import) -> fmt::Result {
        match import {
            Import::File { path } => write!(self.out, "(import {:?})", self.name(*path)),
            Import::Registry { path } => write!(self.out, "(registry {:?})", self.name(*path)),
            Import::Register { path, ids } => {
                write!(self.out, "(register {:?}", self.name(*path))?;
                self.ids(ids)
            }
            Import::Blocks { path, ids } => {
                write!(self.out, "(blocks")?;
                if let Some(path) = path {
                    write!(self.out, " {:?}", self.name(*path))?;
                }
                self.ids(ids)
            }
        }
    }

    fn ids(&mut self, ids: &[IdRange]) -> fmt::Result {
        for id in ids {
            write!(self.out, " {}..={}", id.first, id.last)?;
        }
        write!(self.out, ")")
    }

    fn with_blank(&mut self, expr: ExprId) -> fmt::Result {
        write!(self.out, " ")?;
        self.expr(expr)
    }

    fn closed(&mut self, exprs: &[ExprId]) -> fmt::Result {
        for expr in exprs {
            self.with_blank(*expr)?;
        }
        write!(self.out, ")")
    }

    /// An expression; a chain of operators, which leans to the left, without recursion.
    fn expr(&mut self, id: ExprId) -> fmt::Result {
        let mut at = id;
        let mut operands = Vec::new();
        while let Expr::Binary { op, left, right } = self.tree.expr(at) {
            write!(self.out, "({} ", op.text())?;
            operands.push(right);
            at = left;
        }
        self.operand(at)?;
        while let Some(right) = operands.pop() {
            self.closed(&[right])?;
        }
        Ok(())
    }

    fn operand(&mut self, id: ExprId) -> fmt::Result {
        match self.tree.expr(id) {
            Expr::Int(value) => write!(self.out, "{value}"),
            Expr::Float(value) => write!(self.out, "{value:?}"),
            Expr::Str(span) => write!(self.out, "\"{}\"", self.name(span)),
            Expr::Name(span) => write!(self.out, "{}", self.name(span)),
            Expr::Call { callee, args } => {
                write!(self.out, "(call")?;
                self.with_blank(callee)?;
                self.closed(self.tree.args(args))
            }
            Expr::Index { base, index } => {
                write!(self.out, "([]")?;
                self.closed(&[base, index])
            }
            Expr::Field { base, name } => {
                write!(self.out, "(.")?;
                self.with_blank(base)?;
                write!(self.out, " {})", self.name(name))
            }
            Expr::Unary { op, operand } => {
                let op = match op {
                    UnaryOp::Negate => "-",
                    UnaryOp::Not => "!",
                    UnaryOp::BitNot => "~",
                };
                write!(self.out, "({op}")?;
                self.closed(&[operand])
            }
            Expr::Binary { .. } => self.expr(id),
            Expr::Error => write!(self.out, "?"),
        }
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> fmt::Result {
        let span = diagnostic.primary;
        let before = self.text.get(..span.start as usize).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let severity = match diagnostic.severity() {
            Severity::Error => "",
            Severity::Warning => "warning ",
            Severity::Note => "note ",
        };
        write!(self.out, "{severity}{} {line}:{column} {:?}", diagnostic.code, self.name(span))?;
        for (name, arg) in &diagnostic.args {
            match arg {
                Arg::Text(text) => write!(self.out, " {name}={text:?}")?,
                Arg::Number(number) => write!(self.out, " {name}={number}")?,
                Arg::List(list) => write!(self.out, " {name}={list:?}")?,
            }
        }
        if let Some(fix) = &diagnostic.fix {
            write!(self.out, " fix {:?} => {:?}", self.name(fix.span), fix.replacement)?;
        }
        writeln!(self.out)
    }
}
