//! What names in assembly text stand for: labels, `equ` constants, and what the resolver knows.

use indexmap::{IndexMap, IndexSet};
use morph_diag::{Code, Diagnostic, Span};
use morph_object::Symbol;
use rustc_hash::FxHashMap;

use crate::expr::{Anchor, Expr, Failure, Scope, Value};
use crate::{Meaning, Resolver, Usage};

/// Constants that need each other nest this deep.
const DEPTH: u32 = 64;

/// A label: the item that it stands before, and the block in which it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) item: usize,
    pub(crate) block: u32,
    pub(crate) span: Span,
}

/// An `equ` constant: its text, and the item at which it stands.
#[derive(Clone, Debug)]
struct Constant<'t> {
    expr: Expr<'t>,
    item: usize,
    block: u32,
    span: Span,
}

/// All names of one assembled text.
pub(crate) struct Names<'t, 'r> {
    pub(crate) labels: IndexMap<&'t str, Label>,
    constants: FxHashMap<&'t str, Constant<'t>>,
    /// Values of constants in this pass.
    known: FxHashMap<&'t str, Result<Value, Failure>>,
    resolver: &'r mut Resolver<'r>,
    cache: FxHashMap<(String, Usage), Option<Value>>,
    pub(crate) symbols: IndexSet<Symbol>,
    /// Constants that are read as memory, and after the last pass where the pool lies.
    pub(crate) pool: Vec<i64>,
    pub(crate) pool_at: i64,
    /// Offset of each item, and one more for the end.
    pub(crate) offsets: Vec<i64>,
    /// The item being encoded.
    pub(crate) item: usize,
    pub(crate) block: u32,
    pub(crate) jumped_into: std::collections::BTreeSet<u32>,
    /// The value asked for depends on where things lie.
    pub(crate) moved: bool,
    pub(crate) diagnostics: Vec<Diagnostic>,
    depth: u32,
    /// Constants that need each other were met.
    too_deep: bool,
}

impl std::fmt::Debug for Names<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("labels", &self.labels).finish_non_exhaustive()
    }
}

impl<'t, 'r> Names<'t, 'r> {
    pub(crate) fn new(resolver: &'r mut Resolver<'r>) -> Names<'t, 'r> {
        Names {
            labels: IndexMap::new(),
            constants: FxHashMap::default(),
            known: FxHashMap::default(),
            resolver,
            cache: FxHashMap::default(),
            symbols: IndexSet::new(),
            pool: Vec::new(),
            pool_at: 0,
            offsets: Vec::new(),
            item: 0,
            block: 0,
            jumped_into: std::collections::BTreeSet::new(),
            moved: false,
            diagnostics: Vec::new(),
            depth: 0,
            too_deep: false,
        }
    }

    pub(crate) fn add_label(&mut self, name: &'t str, label: Label) {
        if let Some(first) = self.first(name) {
            self.duplicate(name, first, label.span);
        } else {
            self.labels.insert(name, label);
        }
    }

    pub(crate) fn add_constant(&mut self, name: &'t str, expr: Expr<'t>, label: Label) {
        if let Some(first) = self.first(name) {
            self.duplicate(name, first, label.span);
        } else {
            let Label { item, block, span } = label;
            self.constants.insert(name, Constant { expr, item, block, span });
        }
    }

    fn first(&self, name: &str) -> Option<Span> {
        let label = self.labels.get(name).map(|label| label.span);
        label.or_else(|| self.constants.get(name).map(|constant| constant.span))
    }

    fn duplicate(&mut self, name: &str, first: Span, second: Span) {
        let diagnostic = Diagnostic::new(Code::AsmLabelDuplicate, second).arg("name", name);
        self.diagnostics.push(diagnostic.mark(first, "first"));
    }

    /// Offset of the item being encoded.
    pub(crate) fn position(&self) -> i64 {
        self.offsets.get(self.item).or(self.offsets.last()).copied().unwrap_or(0)
    }

    /// The value of the constant `name`, if there is one.
    fn constant(&mut self, name: &str) -> Option<Result<Value, Failure>> {
        let (name, constant) = self.constants.get_key_value(name)?;
        let (name, constant) = (*name, constant.clone());
        if let Some(known) = self.known.get(name).copied() {
            self.moved |= known.is_ok_and(|value| value.moves);
            return Some(known);
        }
        if self.depth >= DEPTH {
            self.too_deep = true;
            return Some(Err(Failure::Meaningless));
        }
        self.depth += 1;
        let (item, block) = (self.item, self.block);
        (self.item, self.block) = (constant.item, constant.block);
        let value = constant.expr.eval(self);
        (self.item, self.block) = (item, block);
        self.depth -= 1;
        self.known.insert(name, value);
        Some(value)
    }

    /// Places have changed: what was known of constants is stale.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// Evaluates all constants, so that a broken one is told once, at its place.
    pub(crate) fn check_constants(&mut self) {
        let mut all: Vec<(&str, Span)> =
            self.constants.iter().map(|(name, constant)| (*name, constant.span)).collect();
        all.sort_by_key(|(_, span)| *span);
        for (name, span) in all {
            self.too_deep = false;
            let broken = self.constant(name) == Some(Err(Failure::Meaningless));
            if broken || self.too_deep {
                let problem = Diagnostic::new(Code::AsmOperandMalformed, span);
                self.diagnostics.push(problem.arg("text", format!("{name} equ")));
            }
        }
    }

    /// The value of an `equ` constant if it is a plain number.
    pub(crate) fn number(&mut self, name: &str) -> Option<i64> {
        self.constant(name)?.ok()?.constant()
    }

    fn outside(&mut self, name: &str, span: Span) -> Option<Value> {
        let (asked, usage) = match name.strip_prefix("var_") {
            Some(variable) if !variable.is_empty() => (variable, Usage::Variable),
            _ => (name, Usage::Plain),
        };
        let key = (asked.to_owned(), usage);
        if let Some(known) = self.cache.get(&key) {
            return *known;
        }
        let value = match (self.resolver)(asked, usage, span) {
            None => {
                let problem = Diagnostic::new(Code::AsmSymbol, span).arg("name", name);
                self.diagnostics.push(problem);
                None
            }
            Some(Meaning::Frame(offset)) => {
                let number = i64::from(offset) + i64::from(crate::FRAME_LINK);
                Some(Value { number, anchor: Anchor::Frame, ..Value::default() })
            }
            Some(Meaning::Symbol(symbol)) => {
                let (index, _) = self.symbols.insert_full(symbol);
                Some(Value { anchor: Anchor::Symbol(index as u32), ..Value::default() })
            }
            Some(Meaning::Value(number)) if usage == Usage::Plain => Some(Value::number(number)),
            Some(Meaning::Value(number)) => {
                let at = self.pool.iter().position(|known| *known == number).unwrap_or_else(|| {
                    self.pool.push(number);
                    self.pool.len() - 1
                });
                // The number is the place in the pool until `name` adds where the pool lies.
                Some(Value {
                    number: at as i64 * 8,
                    anchor: Anchor::Section,
                    moves: true,
                    ..Value::default()
                })
            }
        };
        self.cache.insert(key, value);
        value
    }
}

impl Scope for Names<'_, '_> {
    fn name(&mut self, name: &str, span: Span) -> Result<Value, Failure> {
        if let Some(label) = self.labels.get(name).copied() {
            self.moved = true;
            if label.block != self.block {
                self.jumped_into.insert(label.block);
            }
            let number = self.offsets.get(label.item).copied().unwrap_or_else(|| self.position());
            return Ok(Value { number, anchor: Anchor::Section, moves: true, ..Value::default() });
        }
        if let Some(value) = self.constant(name) {
            // What is wrong with the constant is said at the constant.
            return value.map_err(|_| Failure::Unknown(span));
        }
        let value = self.outside(name, span).ok_or(Failure::Unknown(span))?;
        if value.anchor == Anchor::Section {
            self.moved = true;
            return Ok(Value { number: value.number.wrapping_add(self.pool_at), ..value });
        }
        Ok(value)
    }

    fn here(&mut self) -> i64 {
        self.moved = true;
        self.position()
    }
}
