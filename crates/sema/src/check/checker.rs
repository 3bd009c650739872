//! The state of one walk over a fragment, and the making of typed nodes.

use morph_diag::{Code, Diagnostic, Span};
use morph_object::Symbol;
use morph_syntax::tree::{self, Tree};
use rustc_hash::FxHashMap;

use super::asm::AsmState;
use super::scope::{Binding, LocalConst, Scope, Variable};
use super::shard::Part;
use super::value::{Kind, Level, Value};
use super::{Options, Site};
use crate::environment::{Asker, StructId};
use crate::nearest::nearest;
use crate::typed::{
    ArgList, Conversion, Expr, ExprId, Local, LocalId, Repr, Stmt, StmtKind, StrId, SymbolId,
};

/// What earlier walks found out about a variable, by the order of declarations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) level: Level,
    /// A hint said so: it does not move.
    pub(super) fixed: bool,
}

/// One check of one fragment.
pub(super) struct Checker<'a> {
    pub(super) tree: &'a Tree,
    pub(super) text: &'a str,
    pub(super) site: Site<'a>,
    pub(super) asker: Asker<'a>,
    pub(super) options: Options<'a>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) closed_by: Vec<String>,
    /// Names that were reported as unknown.
    pub(super) unknown: Vec<&'a str>,
    /// Texts of values whose struct was guessed.
    pub(super) guessed: Vec<&'a str>,
    pub(super) plans: Vec<Plan>,
    /// A plan has changed that this walk has already relied on.
    pub(super) again: bool,
    pub(super) walk: Walk<'a>,
}

/// What one walk over a body makes.
#[derive(Default)]
pub(super) struct Walk<'a> {
    pub(super) exprs: Vec<Expr>,
    pub(super) spans: Vec<Span>,
    pub(super) args: Vec<ExprId>,
    pub(super) symbols: Vec<Symbol>,
    pub(super) symbol_ids: FxHashMap<Symbol, SymbolId>,
    pub(super) strings: Vec<Vec<u8>>,
    pub(super) locals: Vec<Local>,
    /// Runs before the first statement.
    pub(super) prologue: Vec<Stmt>,
    pub(super) scope: Scope<'a>,
    pub(super) variables: Vec<Variable>,
    pub(super) constants: Vec<LocalConst>,
    /// What `tipe` and assignments said about globals so far.
    pub(super) global_hints: Vec<(&'a str, Kind)>,
    pub(super) result: Result,
    /// Lines that could not be parsed.
    pub(super) damaged: Vec<&'a str>,
    /// How many loops are open.
    pub(super) loops: u32,
    pub(super) asm: AsmState<'a>,
    /// Operators whose left side is being checked.
    pub(super) spine: Vec<tree::ExprId>,
    /// Arguments of the calls that are being checked.
    pub(super) pending: Vec<ExprId>,
    /// The symbol of the body.
    pub(super) symbol: Symbol,
    /// Shards that have been walked.
    pub(super) shards: Vec<Part>,
}

/// How the body gives a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Result {
    #[default]
    Word,
    Float,
    /// The entry point: a status, and 0 where none is given.
    Status,
    /// Statements at file level: there is nothing to return from.
    Outside,
}

/// Below this many symbols a search is faster than a table.
const FEW_SYMBOLS: usize = 16;

impl<'a> Checker<'a> {
    pub(super) fn new(
        tree: &'a Tree,
        text: &'a str,
        site: Site<'a>,
        asker: Asker<'a>,
        options: Options<'a>,
    ) -> Checker<'a> {
        Checker {
            tree,
            text,
            site,
            asker,
            options,
            diagnostics: Vec::new(),
            closed_by: Vec::new(),
            unknown: Vec::new(),
            guessed: Vec::new(),
            plans: Vec::with_capacity(8),
            again: false,
            walk: Walk::default(),
        }
    }

    pub(super) fn text(&self, span: Span) -> &'a str {
        span.text(self.text)
    }

    /// The part of `span` on its first line that is not blank: enough to point at a statement.
    pub(super) fn first_line(&self, span: Span) -> Span {
        let text = self.text(span).trim_start();
        let start = span.start + (self.text(span).len() - text.len()) as u32;
        let line = text.lines().next().unwrap_or("").trim_end();
        Span::new(start, start + line.len() as u32)
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Something closed is needed here: the fragment is closed too, without a message.
    pub(super) fn close(&mut self, name: &str) {
        self.closed_by.push(name.to_owned());
    }

    /// A name that nothing defines: said once, and not where a line that could not be read may have declared it.
    pub(super) fn unknown_name(&mut self, name: &'a str, span: Span, kind: &'static str) {
        if self.unknown.contains(&name) {
            return;
        }
        self.unknown.push(name);
        let is_name_byte = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mentions = |line: &&str| line.split(|c| !is_name_byte(c)).any(|word| word == name);
        if self.walk.damaged.iter().any(mentions) {
            return;
        }
        let mut diagnostic =
            Diagnostic::new(Code::NameUnknown, span).arg("name", name).arg("kind", kind);
        if let Some(like) = nearest(name, self.walk.scope.names()) {
            diagnostic = diagnostic.nearest(like);
        }
        self.report(diagnostic);
    }

    pub(super) fn mismatch(&mut self, span: Span, expected: &str, found: Kind) {
        let found = self.kind_name(found);
        let code = Code::TypeMismatch;
        self.report(Diagnostic::new(code, span).arg("expected", expected).arg("found", found));
    }

    pub(super) fn kind_name(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Error | Kind::Zero | Kind::Int => "int".to_owned(),
            Kind::Float => "float".to_owned(),
            Kind::Str => "string".to_owned(),
            Kind::Struct(id) => self.struct_name(id),
        }
    }

    pub(super) fn struct_name(&mut self, id: StructId) -> String {
        let info = self.asker.structure_by_id(id);
        info.map_or_else(|| "struct".to_owned(), |info| info.name.clone())
    }

    // ---- Typed nodes.

    pub(super) fn node(&mut self, expr: Expr, span: Span) -> ExprId {
        let id = ExprId(self.walk.exprs.len() as u32);
        self.walk.exprs.push(expr);
        self.walk.spans.push(span);
        id
    }

    pub(super) fn value(&mut self, expr: Expr, span: Span, kind: Kind) -> Value {
        Value { id: self.node(expr, span), kind }
    }

    pub(super) fn int(&mut self, value: i64, span: Span) -> ExprId {
        self.node(Expr::Int(value), span)
    }

    /// Stands where something is broken.
    pub(super) fn error(&mut self, span: Span) -> Value {
        self.value(Expr::Int(0), span, Kind::Error)
    }

    pub(super) fn expr_at(&self, id: ExprId) -> Expr {
        self.walk.exprs[id.0 as usize]
    }

    pub(super) fn span_at(&self, id: ExprId) -> Span {
        self.walk.spans[id.0 as usize]
    }

    pub(super) fn convert(&mut self, op: Conversion, operand: ExprId) -> ExprId {
        let span = self.span_at(operand);
        self.node(Expr::Convert { op, operand }, span)
    }

    pub(super) fn symbol(&mut self, symbol: &str) -> SymbolId {
        let walk = &mut self.walk;
        if walk.symbols.len() <= FEW_SYMBOLS {
            if let Some(at) = walk.symbols.iter().position(|known| known == symbol) {
                return SymbolId(at as u32);
            }
        } else {
            if walk.symbol_ids.is_empty() {
                let known = walk.symbols.iter().enumerate();
                walk.symbol_ids =
                    known.map(|(at, name)| (name.clone(), SymbolId(at as u32))).collect();
            }
            if let Some(id) = walk.symbol_ids.get(symbol) {
                return *id;
            }
        }
        let id = SymbolId(walk.symbols.len() as u32);
        walk.symbols.push(symbol.to_owned());
        if !walk.symbol_ids.is_empty() {
            walk.symbol_ids.insert(symbol.to_owned(), id);
        }
        id
    }

    /// The symbol of a library function that lowering needs.
    pub(super) fn runtime(&mut self, name: &str) -> SymbolId {
        match self.asker.library_function(name) {
            Some(info) => self.symbol(&info.symbol),
            None => self.symbol(&format!("@{name}")),
        }
    }

    pub(super) fn string(&mut self, bytes: Vec<u8>, span: Span) -> Value {
        let id = StrId(self.walk.strings.len() as u32);
        self.walk.strings.push(bytes);
        self.value(Expr::Str(id), span, Kind::Str)
    }

    /// Makes a run of the arguments that were pushed onto `pending` since it had `from` of them.
    pub(super) fn arg_list(&mut self, from: usize) -> ArgList {
        let walk = &mut self.walk;
        let start = walk.args.len() as u32;
        walk.args.extend(walk.pending.drain(from..));
        ArgList { start, len: walk.args.len() as u32 - start }
    }

    pub(super) fn args_of(&mut self, args: &[ExprId]) -> ArgList {
        let start = self.walk.args.len() as u32;
        self.walk.args.extend_from_slice(args);
        ArgList { start, len: args.len() as u32 }
    }

    // ---- Locals.

    pub(super) fn local(&mut self, name: &str, repr: Repr) -> LocalId {
        let id = LocalId(self.walk.locals.len() as u32);
        self.walk.locals.push(Local { name: name.to_owned(), repr, frame: None });
        id
    }

    /// A local that no name reaches, set to `value` here.
    pub(super) fn temporary(&mut self, value: ExprId, repr: Repr, out: &mut Vec<Stmt>) -> LocalId {
        let span = self.span_at(value);
        let local = self.local("", repr);
        out.push(Stmt { kind: StmtKind::SetLocal { local, value }, span });
        local
    }

    /// Declares a variable with what is known about its level; its index.
    pub(super) fn variable(&mut self, name: &'a str, span: Span, least: Level) -> u32 {
        let index = self.new_variable(name, span, least);
        self.walk.scope.declare(name, Binding::Variable(index));
        index
    }

    /// A variable that no scope holds yet.
    pub(super) fn new_variable(&mut self, name: &'a str, span: Span, least: Level) -> u32 {
        let index = self.walk.variables.len();
        if self.plans.len() <= index {
            self.plans.push(Plan { level: least, fixed: false });
        }
        let plan = &mut self.plans[index];
        if !plan.fixed {
            plan.level = plan.level.max(least);
        }
        let Plan { level, fixed } = *plan;
        let local = self.local(name, level.repr());
        self.walk.variables.push(Variable {
            local,
            span,
            level,
            fixed,
            structure: None,
            relied_on: false,
            zero_relied_on: false,
            broken: false,
            implicit: false,
            parameter: false,
        });
        index as u32
    }

    /// Lifts a variable's level, and asks for another walk if code relies on the old one.
    pub(super) fn raise(&mut self, index: u32, level: Level) {
        let variable = &mut self.walk.variables[index as usize];
        if variable.fixed || level <= variable.level {
            return;
        }
        let relied = match level {
            Level::Float => true,
            Level::Zero | Level::Str | Level::Int => {
                let zero = variable.level == Level::Zero;
                // A zero that is read is read as an integer.
                let read = variable.relied_on && !(zero && level == Level::Int);
                read || variable.zero_relied_on
            }
        };
        variable.level = level;
        self.plans[index as usize].level = level;
        self.again |= relied;
    }
}
