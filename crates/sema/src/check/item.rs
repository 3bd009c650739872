//! Items: what a fragment as a whole becomes.

use morph_asm::{Meaning, Usage, assemble_data, assemble_naked, has_instruction, is_data_only};
use morph_diag::{Code, Diagnostic, Span};
use morph_object::{Object, Symbol};
use morph_syntax::tree::{self, AsmText, Item as Syntax, VarInit};

use super::asm::plain;
use super::checker::{Checker, Result, Walk};
use super::scope::Scope;
use super::shard::split;
use super::stmt::Tail;
use super::value::{Kind, Level};
use crate::environment::{FunctionInfo, Ty, Variable};
use crate::summary::Side;
use crate::typed::{Body, Expr, Item, Repr, Stmt};

/// The function at which a program begins.
const ENTRY: &str = "mulai";
const MOST_ENTRY_PARAMETERS: usize = 2;

impl<'a> Checker<'a> {
    /// `None` if there is nothing to make; a diagnostic or something closed says why.
    pub(super) fn item(&mut self) -> Option<Item> {
        let tree = self.tree;
        match &tree.item {
            Syntax::Function { name, params, body } => {
                Some(Item::Function(self.function(*name, params, body)))
            }
            Syntax::UnitBlock { name, body } => {
                let symbol = self.prefixed("", self.text(*name));
                let body = self.body(symbol, Result::Word, &mut |checker, out| {
                    checker.block(body, Tail::End, out);
                });
                Some(Item::Function(body))
            }
            Syntax::Global { name, init } => Some(self.global(*name, *init)),
            Syntax::Statement(block) => {
                let body = self.body(self.initialiser(), Result::Outside, &mut |checker, out| {
                    checker.block(block, Tail::Inner, out);
                });
                let empty = body.statements.is_empty();
                Some(if empty { Item::Nothing } else { Item::Function(body) })
            }
            Syntax::Asm(text) => self.file_asm(*text),
            Syntax::AsmData(text) => self.data(*text).map(Item::Raw),
            Syntax::Routine { name, text } => self.routine(*name, *text),
            Syntax::Struct { .. } | Syntax::Const { .. } | Syntax::Import(_) => Some(Item::Nothing),
            Syntax::Broken => None,
        }
    }

    fn prefixed(&self, sigil: &str, name: &str) -> Symbol {
        match self.asker.side() {
            Side::Program => format!("{sigil}{name}"),
            Side::Library => format!("@{sigil}{name}"),
        }
    }

    fn initialiser(&self) -> Symbol {
        format!("%{}:{}", self.site.unit, self.site.ordinal)
    }

    /// The name of the function that is being checked.
    pub(super) fn function_name(&self) -> &'a str {
        match &self.tree.item {
            Syntax::Function { name, .. } => self.text(*name),
            Syntax::Struct { .. }
            | Syntax::Const { .. }
            | Syntax::Global { .. }
            | Syntax::UnitBlock { .. }
            | Syntax::Statement(_)
            | Syntax::Asm(_)
            | Syntax::AsmData(_)
            | Syntax::Routine { .. }
            | Syntax::Import(_)
            | Syntax::Broken => "",
        }
    }

    fn function(&mut self, name: Span, params: &'a [Span], block: &'a [tree::Stmt]) -> Body {
        let text = self.text(name);
        let info = self.asker.function(text);
        let entry = text == ENTRY && self.asker.side() == Side::Program;
        if entry && params.len() > MOST_ENTRY_PARAMETERS {
            let code = Code::EntryParameters;
            self.report(Diagnostic::new(code, name).arg("count", params.len()));
        }
        let result = match info.map(|info| info.result) {
            _ if entry => Result::Status,
            Some(Ty::Float) => Result::Float,
            Some(Ty::Int | Ty::Str | Ty::Struct(_)) | None => Result::Word,
        };
        let symbol = self.prefixed("", text);
        let mut body = self.body(symbol, result, &mut |checker, out| {
            let mark = checker.walk.scope.open();
            checker.parameters(params, info);
            checker.statements(block, Tail::End, out);
            checker.walk.scope.close(mark);
        });
        body.params = params.len() as u32;
        body
    }

    /// Parameters hold what the callers of this signature pass.
    fn parameters(&mut self, params: &'a [Span], info: Option<&FunctionInfo>) {
        for (nth, span) in params.iter().enumerate() {
            let known = info.and_then(|info| info.params.get(nth)).filter(|known| known.hinted);
            let level = match known.map(|known| known.ty) {
                Some(Ty::Float) => Level::Float,
                Some(Ty::Str) => Level::Str,
                Some(Ty::Int | Ty::Struct(_)) | None => Level::Int,
            };
            let index = self.variable(self.text(*span), *span, level);
            let variable = &mut self.walk.variables[index as usize];
            variable.level = level;
            variable.fixed = true;
            variable.parameter = true;
        }
    }

    /// Walks a body until nothing changes any more.
    fn body(
        &mut self,
        symbol: Symbol,
        result: Result,
        emit: &mut dyn FnMut(&mut Checker<'a>, &mut Vec<Stmt>),
    ) -> Body {
        let kept = (self.diagnostics.len(), self.closed_by.len());
        let mut statements = Vec::with_capacity(8);
        loop {
            let size = self.tree.exprs.len();
            self.walk = Walk {
                result,
                symbol: symbol.clone(),
                exprs: Vec::with_capacity(size + 4),
                spans: Vec::with_capacity(size + 4),
                args: Vec::with_capacity(self.tree.args.len() + 4),
                symbols: Vec::with_capacity(8),
                locals: Vec::with_capacity(8),
                variables: Vec::with_capacity(8),
                scope: Scope::with_capacity(8),
                ..Walk::default()
            };
            emit(self, &mut statements);
            if !self.again {
                break;
            }
            self.again = false;
            statements.clear();
            self.diagnostics.truncate(kept.0);
            self.closed_by.truncate(kept.1);
            self.unknown.clear();
            self.guessed.clear();
        }
        let asm = self.finish_asm();
        let mut walk = std::mem::take(&mut self.walk);
        if !walk.prologue.is_empty() {
            walk.prologue.append(&mut statements);
            statements = walk.prologue;
        }
        let mut body = Body {
            symbol,
            params: 0,
            result: if result == Result::Float { Repr::Float } else { Repr::Word },
            locals: walk.locals,
            exprs: walk.exprs,
            spans: walk.spans,
            args: walk.args,
            symbols: walk.symbols,
            strings: walk.strings,
            statements,
            asm,
            on_asm_return: Vec::new(),
            shards: Vec::new(),
        };
        if !walk.shards.is_empty() {
            split(&mut body, walk.shards);
        }
        body
    }

    fn global(&mut self, name: Span, init: VarInit) -> Item {
        let text = self.text(name);
        let symbol = self.prefixed("$", text);
        let info = match self.asker.variable(text) {
            Some(Variable::Global(info)) => Some(info),
            Some(Variable::Const(_)) | None => None,
        };
        let float = info.is_some_and(|info| info.ty == Ty::Float);
        let mut literal = None;
        let body = self.body(self.initialiser(), Result::Word, &mut |checker, out| {
            let value = match init {
                VarInit::None => checker.integer(0, name),
                VarInit::Value(value) => checker.expr(value),
                VarInit::Array(length) => checker.array(length, name),
            };
            literal = match (checker.expr_at(value.id), float) {
                (Expr::Int(number), false) => Some(number),
                (Expr::Int(number), true) => Some((number as f64).to_bits() as i64),
                (Expr::Float(number), true) => Some(number.to_bits() as i64),
                _ => None,
            };
            if literal.is_some() && value.kind != Kind::Error {
                return;
            }
            if let Some(info) = info {
                checker.set_global(text, info, value, name, out);
            }
        });
        match literal {
            Some(value) => Item::Global { symbol, value, initialiser: None },
            None => Item::Global { symbol, value: 0, initialiser: Some(body) },
        }
    }

    // ---- Assembly at file level.

    fn file_asm(&mut self, text: AsmText) -> Option<Item> {
        if is_data_only(self.asm_text(text)) {
            return self.data(text).map(Item::Raw);
        }
        let body = self.body(self.initialiser(), Result::Word, &mut |checker, out| {
            checker.asm_block(text, None, text.lines, out);
        });
        Some(Item::Function(body))
    }

    fn data(&mut self, text: AsmText) -> Option<Object> {
        // Data is the same on every machine.
        if has_instruction(self.asm_text(text)) && !self.asm_is_for_target(text.lines) {
            return None;
        }
        let prefix = self.prefixed("#", "");
        let text = self.asm_text(text);
        let asker = &mut self.asker;
        let assembled = assemble_data(text, &prefix, &mut |name, usage, _| match usage {
            Usage::Plain => plain(asker, name),
            Usage::Variable => outer(asker, name),
        });
        self.diagnostics.extend(assembled.diagnostics);
        Some(assembled.value)
    }

    fn routine(&mut self, name: Span, text: AsmText) -> Option<Item> {
        if self.asker.side() == Side::Program {
            self.report(Diagnostic::new(Code::LibraryOnly, name).arg("word", "asm_rutin"));
            return None;
        }
        if self.options.naked.contains(&self.text(name)) {
            return Some(Item::Naked(self.text(name).to_owned()));
        }
        if !self.asm_is_for_target(name) {
            return None;
        }
        let symbol = format!("!{}", self.text(name));
        let text = self.asm_text(text);
        let lines = super::line_starts(self.text);
        let asker = &mut self.asker;
        let assembled = assemble_naked(text, &symbol, &lines, &mut |name, usage, _| match usage {
            Usage::Plain => plain(asker, name),
            Usage::Variable => outer(asker, name),
        });
        self.diagnostics.extend(assembled.diagnostics);
        Some(Item::Raw(assembled.value))
    }
}

/// `[var_x]` where there are no locals.
fn outer(asker: &mut crate::environment::Asker<'_>, name: &str) -> Option<Meaning> {
    match asker.variable(name)? {
        Variable::Global(global) => Some(Meaning::Symbol(global.symbol.clone())),
        Variable::Const(_) => plain(asker, name),
    }
}
