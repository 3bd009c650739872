//! A fragment whose text differs from an earlier one in comments and layout alone: what that one came to holds, at other places.
//!
//! An object says where things are in the text. Each place lies in a word of the earlier text, and that word stands in the later one too.

use morph_diag::Span;
use morph_object::Line;
use morph_sema::summary::Side;
use morph_syntax::significant::{self, Run};
use morph_syntax::{Piece, PieceKind};
use rustc_hash::FxHashMap;

use crate::results::{KeptUnit, Results};
use crate::task::{Built, Made};
use crate::unchanged::{self, Digest};
use crate::worker::read_pieces;

/// Texts of fragments in earlier builds, in which those are found that a later one was before it was laid out anew.
#[derive(Default)]
pub(crate) struct Earlier {
    /// The texts of each unit, by its path, once somebody has asked.
    units: Option<FxHashMap<String, Vec<Digest>>>,
    /// The fragments of those that were looked into.
    fragments: FxHashMap<String, Vec<Fragment>>,
}

struct Fragment {
    kind: PieceKind,
    name: Option<String>,
    text: String,
}

impl Fragment {
    fn new(piece: &Piece, unit: &str) -> Fragment {
        let text = piece.text(unit);
        let name =
            piece.name.and_then(|Span { start, end }| text.get(start as usize..end as usize));
        Fragment { kind: piece.kind, name: name.map(str::to_owned), text: text.to_owned() }
    }
}

impl Earlier {
    /// Whether there was a unit with this path; then its fragments are read.
    pub(crate) fn knows(&mut self, path: &str, results: &mut Results) -> bool {
        let units = self.units.get_or_insert_with(|| unchanged::earlier_texts(results));
        let Some(digests) = units.get(path) else { return false };
        if !self.fragments.contains_key(path) {
            let read = digests.iter().filter_map(|digest| read(digest, results));
            self.fragments.insert(path.to_owned(), read.flatten().collect());
        }
        true
    }

    /// Other texts of a fragment of the unit with this path and text: those that have the same words, with where they stand. They
    /// stand in `runs` now.
    pub(crate) fn texts(
        &self,
        (path, unit): (&str, &str),
        piece: &Piece,
        runs: &[Run],
    ) -> Vec<(String, Vec<Run>)> {
        let now = Fragment::new(piece, unit);
        let canonical = canonical(&now.text, runs);
        let same = |earlier: &&Fragment| {
            earlier.kind == now.kind && earlier.name == now.name && earlier.text != now.text
        };
        let all = self.fragments.get(path).into_iter().flatten().filter(same);
        let alike = all.filter_map(|earlier| {
            let runs = significant::runs(&earlier.text)?;
            let same = self::canonical(&earlier.text, &runs) == canonical;
            same.then(|| (earlier.text.clone(), runs))
        });
        alike.collect()
    }
}

/// The fragments of a unit whose text had this digest.
fn read(digest: &Digest, results: &mut Results) -> Option<Vec<Fragment>> {
    let text = results.text(digest)?;
    let KeptUnit { pieces, .. } =
        postcard::from_bytes(results.unit_with(Side::Program, digest)?).ok()?;
    let pieces = read_pieces(pieces, &text).ok()?;
    Some(pieces.iter().map(|piece| Fragment::new(piece, &text)).collect())
}

/// The text without what stands between its words; equal for texts that are the same fragment.
fn canonical(text: &str, runs: &[Run]) -> String {
    let mut canonical = String::with_capacity(text.len());
    for run in runs {
        canonical.push(if run.begins_line { '\n' } else { ' ' });
        canonical.push_str(run.text(text));
    }
    canonical
}

/// Moves all places in `built` from the one text to the other. `None` if one of them is in no word, or if there is anything to tell:
/// diagnostics quote the text as it is laid out.
pub(crate) fn relocate(mut built: Built, from: &[Run], to: &[Run]) -> Option<Built> {
    let same =
        |(a, b): (&Run, &Run)| a.end - a.start == b.end - b.start && a.begins_line == b.begins_line;
    let fits = from.len() == to.len() && from.iter().zip(to).all(same);
    if !fits || !built.diagnostics.is_empty() {
        return None;
    }
    match &mut built.made {
        Made::Object { object, .. } => {
            object.lines.iter_mut().try_for_each(|line| move_line(line, from, to))?;
        }
        Made::Closed | Made::Nothing | Made::Refused(_) => {}
    }
    Some(built)
}

fn move_line(line: &mut Line, from: &[Run], to: &[Run]) -> Option<()> {
    let place = (line.line, line.column);
    let before = |run: &Run| (run.line, run.column) <= place;
    let number = from.partition_point(before).checked_sub(1)?;
    let (from, to) = (from.get(number)?, to.get(number)?);
    let within = line.column.checked_sub(from.column)?;
    if line.line != from.line || within >= from.end - from.start {
        return None;
    }
    (line.line, line.column) = (to.line, to.column + within);
    Some(())
}
