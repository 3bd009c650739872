//! Who defines a name, among all candidates.

use rustc_hash::FxHashMap;

use crate::summary::{Definition, Side, Summary};

use super::Candidate;

/// The tables that a name can stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Table {
    Functions,
    /// Globals and constants.
    Variables,
    Structs,
    Routines,
    Labels,
}

/// Definitions by name and table, in the order of the candidates.
#[derive(Debug, Default)]
pub(super) struct Names<'t> {
    first: FxHashMap<(Table, &'t str), u32>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    candidate: u32,
    /// Index of the next entry of this name, or [`END`].
    next: u32,
}

const END: u32 = u32::MAX;

impl<'t> Names<'t> {
    pub(super) fn new(candidates: &[Candidate<'_, 't>]) -> Names<'t> {
        let mut names = Names::default();
        names.first.reserve(candidates.len());
        // Backwards, so that each chain runs forwards.
        for (at, candidate) in candidates.iter().enumerate().rev() {
            match &candidate.summary.definition {
                Definition::Function { name, .. } | Definition::UnitBlock { name } => {
                    names.add(Table::Functions, name, at);
                }
                Definition::Struct { name, .. } => names.add(Table::Structs, name, at),
                Definition::Const { name, .. } | Definition::Global { name, .. } => {
                    names.add(Table::Variables, name, at);
                }
                Definition::Routine { name } => names.add(Table::Routines, name, at),
                Definition::Data { labels } => {
                    for (label, _) in labels.iter().rev() {
                        names.add(Table::Labels, label, at);
                    }
                }
                Definition::Statement | Definition::Import | Definition::Broken => {}
            }
        }
        names
    }

    fn add(&mut self, table: Table, name: &'t str, candidate: usize) {
        let entry = self.entries.len() as u32;
        let next = self.first.insert((table, name), entry).unwrap_or(END);
        self.entries.push(Entry { candidate: candidate as u32, next });
    }

    /// Indices of the candidates that define `name` in `table`.
    pub(super) fn of(&self, table: Table, name: &str) -> impl Iterator<Item = usize> {
        let mut at = self.first.get(&(table, name)).copied().unwrap_or(END);
        std::iter::from_fn(move || {
            let entry = *self.entries.get(at as usize)?;
            at = entry.next;
            Some(entry.candidate as usize)
        })
    }
}

/// Whether two definitions of one name say the same: identical structs and constants count as one.
pub(super) fn identical(left: &Summary<'_>, right: &Summary<'_>) -> bool {
    match (&left.definition, &right.definition) {
        (Definition::Struct { fields: left, .. }, Definition::Struct { fields: right, .. }) => {
            crate::summary::same_fields(left, right)
        }
        (Definition::Const { value: left, .. }, Definition::Const { value: right, .. }) => {
            left.same(right)
        }
        (
            Definition::Function { .. }
            | Definition::UnitBlock { .. }
            | Definition::Struct { .. }
            | Definition::Const { .. }
            | Definition::Global { .. }
            | Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement
            | Definition::Import
            | Definition::Broken,
            _,
        ) => false,
    }
}

/// Whether a candidate belongs to code that `side` may name.
pub(super) fn visible(side: Side, candidate: &Candidate<'_, '_>) -> bool {
    match side {
        Side::Program => true,
        Side::Library => candidate.side == Side::Library,
    }
}
