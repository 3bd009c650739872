//! From the text of a unit to its fragments, each with what it shows to all others.

use morph_diag::Diagnostic;
use morph_sema::index::index;
use morph_sema::summary::{Side, Summary};
use morph_syntax::{Piece, PieceKind};
use serde::{Deserialize, Serialize};

use crate::unit::Fragment;

/// The text of a unit, not yet looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// How the unit is shown.
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    pub(crate) side: Side,
}

/// Who looks at texts.
pub(crate) trait Reader<'a> {
    /// The fragments of each text.
    fn read(&mut self, units: &[Source<'a>]) -> Vec<Vec<Fragment<'a>>>;
}

/// What one fragment is on its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub(crate) struct Seen<'t> {
    pub(crate) syntax: Vec<Diagnostic>,
    pub(crate) summary: Summary<'t>,
}

/// Parses one fragment and summarises it; `phase` is told before the second step.
pub(crate) fn look<'t>(
    text: &'t str,
    kind: PieceKind,
    side: Side,
    phase: &mut dyn FnMut(),
) -> Seen<'t> {
    let tree = morph_syntax::parse(text, kind);
    phase();
    let summary = index(&tree, text, side);
    Seen { syntax: tree.diagnostics, summary }
}

/// Counts lines from piece to piece.
pub(crate) struct Lines<'a> {
    text: &'a str,
    line: u32,
    counted: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Lines<'a> {
        Lines { text, line: 1, counted: 0 }
    }

    /// The line, from 1, on which the next piece begins.
    pub(crate) fn next(&mut self, piece: &Piece) -> u32 {
        let start = piece.range.start as usize;
        let between = self.text.get(self.counted..start).unwrap_or("");
        let newlines = memchr::memchr_iter(b'\n', between.as_bytes()).count();
        self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.counted = start;
        self.line
    }
}
