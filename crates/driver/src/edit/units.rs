//! Units that were edited: what they are now, and whether each fragment shows the same to all others as before.

use morph_diag::FragmentId;
use morph_sema::summary::Side;
use morph_syntax::Piece;

use super::Site;
use super::neighbours::Neighbours;
use super::same::{Usage, is_meant, shows_the_same, usages};
use super::standing::{self, text_digest};
use crate::ledger::Ledger;
use crate::reader::{Seen, Source};
use crate::reading::SandboxedReader;
use crate::results::KeptUnit;
use crate::unchanged::Edited;
use crate::unit::Fragment;

/// Fragments of one unit that was edited, as they are now.
pub(super) struct Unit<'a> {
    pub(super) number: usize,
    pub(super) text: &'a str,
    pub(super) fragments: Vec<Fragment<'a>>,
    /// The positions of those with another text, and the digests of all texts.
    pub(super) changed: Vec<usize>,
    pub(super) digests: Vec<u64>,
}

/// The units that were edited, as they are now; `None` if one of them shows something else to others than before.
pub(super) fn read<'a>(
    neighbours: &mut Neighbours<'_, 'a>,
    edited: &Edited,
    site: &Site<'_>,
    ledger: &mut Ledger,
) -> Option<Vec<Unit<'a>>> {
    let changed = &edited.changed;
    let sources: Vec<Source<'a>> =
        changed.iter().map(|(unit, _)| neighbours.source(*unit)).collect::<Option<_>>()?;
    let mut formers = Vec::with_capacity(changed.len());
    for ((number, _), source) in changed.iter().zip(&sources) {
        formers.push(Former::of(*number, source.side, neighbours, ledger)?);
    }
    let told = |unit: usize, at: usize, piece: &Piece| {
        formers.get(unit)?.told(at, piece, sources.get(unit)?.text, neighbours)
    };
    let mut reader = SandboxedReader::new(neighbours.room, site.shield.clone(), ledger).ok()?;
    let all = reader.read_edited(&sources, &told);
    if reader.failure.is_some() || !reader.broken.is_empty() {
        return None;
    }
    let mut units = Vec::with_capacity(all.len());
    for (former, (source, fragments)) in formers.into_iter().zip(sources.iter().zip(all)) {
        let digests: Vec<u64> =
            fragments.iter().map(|one| text_digest(one.piece.text(source.text))).collect();
        let changed = former.compare(&fragments, &digests, neighbours, edited)?;
        let (number, text) = (former.number, source.text);
        units.push((former, Unit { number, text, fragments, changed, digests }));
    }
    for (_, unit) in &units {
        neighbours.put(unit.number, unit.fragments.clone())?;
    }
    for (former, unit) in &units {
        former.keeps_company(unit, edited.was_silent(), neighbours, ledger)?;
    }
    Some(units.into_iter().map(|(_, unit)| unit).collect())
}

/// A unit that was edited, as it was.
pub(super) struct Former<'a> {
    number: usize,
    pieces: Vec<Piece>,
    seen: Vec<Seen<'a>>,
    /// In the words of the worker.
    replies: Vec<&'a [u8]>,
}

impl<'a> Former<'a> {
    fn of(
        number: usize,
        side: Side,
        neighbours: &Neighbours<'_, 'a>,
        ledger: &mut Ledger,
    ) -> Option<Former<'a>> {
        let text = &neighbours.inputs.units.get(number)?.text;
        let kept = neighbours.room.alloc_slice_copy(ledger.results.unit_with(side, text)?);
        let KeptUnit { pieces, seen: replies } = postcard::from_bytes(kept).ok()?;
        let pieces: Vec<Piece> = postcard::from_bytes(pieces).ok()?;
        let seen = replies.iter().map(|seen| postcard::from_bytes::<Seen<'a>>(seen).ok());
        let seen: Vec<Seen<'a>> = seen.collect::<Option<_>>()?;
        let well_formed = seen.iter().all(|seen| seen.summary.is_well_formed());
        let whole = well_formed && seen.len() == pieces.len();
        whole.then_some(Former { number, pieces, seen, replies })
    }

    /// What was told of the fragment at a position, if it is the same still.
    fn told(
        &self,
        at: usize,
        piece: &Piece,
        text: &str,
        neighbours: &Neighbours<'_, 'a>,
    ) -> Option<&'a [u8]> {
        let same = self.pieces.get(at)?.kind == piece.kind
            && self.standing(at, neighbours)?.text == text_digest(piece.text(text));
        self.replies.get(at).copied().filter(|_| same)
    }

    /// The positions of fragments with another text, if each fragment is what it was to all others.
    fn compare(
        &self,
        now: &[Fragment<'a>],
        digests: &[u64],
        neighbours: &Neighbours<'_, 'a>,
        edited: &Edited,
    ) -> Option<Vec<usize>> {
        if now.len() != self.seen.len() {
            return None;
        }
        let mut changed = Vec::new();
        let each = now.iter().zip(digests).zip(self.pieces.iter().zip(&self.seen)).enumerate();
        for (position, ((now, digest), (piece, seen))) in each {
            let standing = self.standing(position, neighbours)?;
            if (now.piece.kind, now.piece.block) != (piece.kind, piece.block) {
                return None;
            }
            if *digest == standing.text {
                continue;
            }
            let quiet = now.fault.is_none() && now.syntax.is_empty() && seen.syntax.is_empty();
            let told = edited.is_told_about(neighbours.id(self.number, position)?);
            if told || !standing.active || !quiet || !shows_the_same(&seen.summary, &now.summary) {
                return None;
            }
            changed.push(position);
        }
        Some(changed)
    }

    fn standing(
        &self,
        position: usize,
        neighbours: &Neighbours<'_, 'a>,
    ) -> Option<standing::Fragment> {
        let FragmentId(id) = neighbours.id(self.number, position)?;
        neighbours.standing.fragments.get(id as usize).copied()
    }

    /// Whether the unit brings the same definitions into the program as before: each name that it uses now or used before, but not both, is
    /// one that the program defines itself, in what it imports. Where it is told who brought something in (the build was not `silent`), each edited fragment
    /// has to.
    fn keeps_company(
        &self,
        unit: &Unit<'a>,
        silent: bool,
        neighbours: &mut Neighbours<'_, 'a>,
        ledger: &mut Ledger,
    ) -> Option<()> {
        if unit.changed.is_empty() {
            return Some(());
        }
        let takes_part =
            |position: &usize| self.standing(*position, neighbours).is_some_and(|one| one.active);
        let active: Vec<usize> = (0..self.seen.len()).filter(takes_part).collect();
        let difference = |fragments: &[usize]| {
            let before = usages(fragments.iter().map(|at| &self.seen[*at].summary));
            let now = usages(fragments.iter().map(|at| &unit.fragments[*at].summary));
            before.symmetric_difference(&now).copied().collect::<Vec<Usage<'a>>>()
        };
        let differences = match silent {
            true => difference(&active),
            false => unit.changed.chunks(1).flat_map(difference).collect(),
        };
        for (name, kind) in differences {
            // What only closure brought in may come too late for this fragment: closure goes through the program in its order.
            let imported = |FragmentId(id): &FragmentId| {
                neighbours.standing.fragments.get(*id as usize).is_some_and(|one| one.imported)
            };
            let ids: Vec<FragmentId> =
                neighbours.names.find(Side::Program, name).filter(imported).collect();
            let mut meant = false;
            for id in ids {
                let found = neighbours.include(id, ledger)?;
                meant |= is_meant(&found.definition, (name, kind));
            }
            if !meant {
                return None;
            }
        }
        Some(())
    }
}
