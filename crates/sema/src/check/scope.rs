//! Which local name means what, at each point of a function.
//!
//! A binding begins after its declaration and ends with its block. Searching backwards finds the
//! innermost one first.

use morph_diag::Span;

use super::value::Level;
use crate::environment::{ConstValue, StructId};
use crate::typed::LocalId;

/// A local variable or parameter.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each asked by its name")]
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) local: LocalId,
    /// Where it was declared.
    pub(super) span: Span,
    pub(super) level: Level,
    /// `tipe x float`, `string` or `int`: the level does not move.
    pub(super) fixed: bool,
    /// The struct that it points to, from here on in the text.
    pub(super) structure: Option<StructId>,
    /// Code was made that relies on the level.
    pub(super) relied_on: bool,
    /// Its level went into that of another variable while it was zero.
    pub(super) zero_relied_on: bool,
    /// Its type could not be determined; a diagnostic says why.
    pub(super) broken: bool,
    /// Declared by `[var_x]` in assembly.
    pub(super) implicit: bool,
    pub(super) parameter: bool,
}

/// A constant declared in a body.
#[derive(Debug)]
pub(super) struct LocalConst {
    pub(super) span: Span,
    /// `None`: a diagnostic explains why there is none.
    pub(super) value: Option<ConstValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// An index into the function's variables.
    Variable(u32),
    /// An index into the function's constants.
    Constant(u32),
}

/// The blocks that are open.
#[derive(Debug, Default)]
pub(super) struct Scope<'t> {
    entries: Vec<(&'t str, Binding)>,
    /// Where in `entries` the innermost block begins.
    block: usize,
    /// Variables of the whole function that assembly declares.
    implicit: Vec<(&'t str, Binding)>,
}

/// What to restore when a block ends.
#[derive(Debug)]
pub(super) struct Mark {
    entries: usize,
    block: usize,
}

impl<'t> Scope<'t> {
    pub(super) fn with_capacity(names: usize) -> Scope<'t> {
        Scope { entries: Vec::with_capacity(names), ..Scope::default() }
    }

    pub(super) fn open(&mut self) -> Mark {
        let mark = Mark { entries: self.entries.len(), block: self.block };
        self.block = self.entries.len();
        mark
    }

    pub(super) fn close(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.block = mark.block;
    }

    pub(super) fn declare(&mut self, name: &'t str, binding: Binding) {
        self.entries.push((name, binding));
    }

    pub(super) fn declare_implicit(&mut self, name: &'t str, binding: Binding) {
        self.implicit.push((name, binding));
    }

    /// The innermost binding of `name`.
    pub(super) fn find(&self, name: &str) -> Option<Binding> {
        let entry = self.entries.iter().rev().find(|(bound, _)| *bound == name);
        entry.or_else(|| self.implicit.iter().find(|(bound, _)| *bound == name)).map(|(_, b)| *b)
    }

    /// All names that are bound, innermost first.
    pub(super) fn names(&self) -> impl Iterator<Item = &'t str> {
        self.entries.iter().rev().chain(&self.implicit).map(|(name, _)| *name)
    }

    /// The binding of `name` that the innermost block itself declares.
    pub(super) fn find_in_block(&self, name: &str) -> Option<Binding> {
        let mut entries = self.entries[self.block..].iter().rev();
        entries.find(|(bound, _)| *bound == name).map(|(_, binding)| *binding)
    }
}
