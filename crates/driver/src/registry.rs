//! The registry: which ID stands for which file. A program's `Daftar` lines lie over the built-in table.

use std::collections::BTreeMap;

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::IdRange;

use crate::library;
use crate::program::FragmentRef;

/// More IDs than this in one range are a typing mistake.
pub const RANGE_LIMIT: u64 = 10_000;

/// One `Daftar` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The fragment that holds the line: its file decides how the path is looked up.
    pub place: FragmentRef,
    /// As written.
    pub path: String,
    pub ids: Vec<IdRange>,
}

/// All `Daftar` lines in import order.
#[derive(Debug, Default)]
pub struct Registry {
    lines: Vec<Registration>,
    /// ID to index in `lines`.
    by_id: BTreeMap<u64, usize>,
}

/// Who a registry says has an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered<'a> {
    ByProgram(&'a Registration),
    /// The path of a unit of the built-in library.
    BuiltIn(&'static str),
}

impl Registry {
    /// Joins the lines; where two give an ID to different files the later one wins, with a warning.
    pub fn new(lines: Vec<Registration>) -> (Registry, Vec<(FragmentRef, Diagnostic)>) {
        let mut by_id: BTreeMap<u64, usize> = BTreeMap::new();
        let mut problems = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            for range in &line.ids {
                let Ok(ids) = checked(*range) else { continue };
                let mut warned = false;
                for id in ids {
                    let earlier = by_id.insert(id, index).map(|index| &lines[index]);
                    if let Some(earlier) =
                        earlier.filter(|earlier| stem(&earlier.path) != stem(&line.path))
                        && !warned
                    {
                        // One warning a range: the first ID tells the story.
                        warned = true;
                        let warning = Diagnostic::new(Code::RegistryConflict, range.span)
                            .arg("id", id.to_string())
                            .arg("first", earlier.path.as_str())
                            .arg("second", line.path.as_str());
                        problems.push((line.place, warning));
                    }
                }
            }
        }
        (Registry { lines, by_id }, problems)
    }

    /// Who has `id`: the program's word counts before the built-in table.
    pub fn find(&self, id: u64) -> Option<Registered<'_>> {
        let own =
            self.by_id.get(&id).and_then(|index| self.lines.get(*index)).map(Registered::ByProgram);
        own.or_else(|| built_in(id))
    }

    /// All IDs that the program registers, ascending.
    pub fn ids(&self) -> impl Iterator<Item = (u64, &Registration)> {
        self.by_id.iter().filter_map(|(id, index)| Some((*id, self.lines.get(*index)?)))
    }

    pub fn lines(&self) -> &[Registration] {
        &self.lines
    }
}

/// Who has `id` where only the built-in library counts.
pub fn built_in(id: u64) -> Option<Registered<'static>> {
    library::registered(id).map(Registered::BuiltIn)
}

/// The IDs of a range, or why there are none. A reversed range has been reported by the parser.
pub fn checked(range: IdRange) -> Result<std::ops::RangeInclusive<u64>, Option<Diagnostic>> {
    if range.last < range.first {
        return Err(None);
    }
    let count = (range.last - range.first).saturating_add(1);
    if count > RANGE_LIMIT {
        return Err(Some(too_large(range.span, count)));
    }
    Ok(range.first..=range.last)
}

fn too_large(span: Span, count: u64) -> Diagnostic {
    Diagnostic::new(Code::IdRangeTooLarge, span)
        .arg("count", count.to_string())
        .arg("limit", usize::try_from(RANGE_LIMIT).unwrap_or(usize::MAX))
}

/// A path without its extension: `lib/vector` and `lib/vector.fox` are the same file.
fn stem(path: &str) -> &str {
    path.strip_suffix(".fox").unwrap_or(path)
}
