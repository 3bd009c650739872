//! Units that were edited: what they are now, and whether each fragment shows the same to all others as before.

use morph_diag::FragmentId;
use morph_sema::summary::{Side, Summary};
use morph_syntax::Piece;
use rustc_hash::FxHashMap;

use super::Site;
use super::neighbours::Neighbours;
use super::same::{Likeness, Usage, is_meant, likeness, usages};
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
    /// The positions of those with another text, of those among them whose types come about otherwise, and the digests of all texts.
    pub(super) changed: Vec<usize>,
    retyped: Vec<usize>,
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
        let compared = former.compare(&fragments, &digests, neighbours, edited)?;
        let others = compared.iter().filter(|(_, likeness)| *likeness == Likeness::AllButTypes);
        let retyped = others.map(|(position, _)| *position).collect();
        let changed = compared.iter().map(|(position, _)| *position).collect();
        let (number, text) = (former.number, source.text);
        units.push((former, Unit { number, text, fragments, changed, retyped, digests }));
    }
    for (_, unit) in &units {
        neighbours.put(unit.number, unit.fragments.clone())?;
    }
    for (former, unit) in &units {
        former.keeps_company(unit, edited.was_silent(), neighbours, ledger)?;
    }
    types_are_as_before(&units, neighbours, ledger)?;
    Some(units.into_iter().map(|(_, unit)| unit).collect())
}

/// Whether all types are what they were, where they come about otherwise now.
///
/// The types are the least solution of equations ([`environment`](morph_sema::environment)). If those of which the equations are others
/// come to what they were, so does everything else: its equations are the same. So it is enough to solve a part that has these, as it was and as it is.
fn types_are_as_before<'a>(
    units: &[(Former<'a>, Unit<'a>)],
    neighbours: &mut Neighbours<'_, 'a>,
    ledger: &mut Ledger,
) -> Option<()> {
    let mut formers: FxHashMap<FragmentId, &Summary<'a>> = FxHashMap::default();
    for (former, unit) in units {
        for position in &unit.retyped {
            let id = neighbours.id(unit.number, *position)?;
            let summary = &former.seen.get(*position)?.summary;
            neighbours.include_body(id, ledger)?;
            neighbours.depend(former.side, summary);
            formers.insert(id, summary);
        }
    }
    if formers.is_empty() {
        return Some(());
    }
    neighbours.include_structs(ledger)?;
    neighbours.follow(ledger)?;
    let part = neighbours.part();
    let as_it_was = part.environment_with(|unit, position, now| {
        let id = neighbours.id(unit, position);
        id.and_then(|id| formers.get(&id).copied()).unwrap_or(now)
    });
    part.environment()?.has_types_of(&as_it_was?).then_some(())
}

/// A unit that was edited, as it was.
pub(super) struct Former<'a> {
    number: usize,
    side: Side,
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
        let KeptUnit { pieces, seen } = postcard::from_bytes(kept).ok()?;
        let replies: Vec<&[u8]> = seen.into_iter().map(|seen| &**seen).collect();
        let pieces: Vec<Piece> = postcard::from_bytes(pieces).ok()?;
        let seen = replies.iter().map(|seen| postcard::from_bytes::<Seen<'a>>(seen).ok());
        let seen: Vec<Seen<'a>> = seen.collect::<Option<_>>()?;
        let well_formed = seen.iter().all(|seen| seen.summary.is_well_formed());
        let whole = well_formed && seen.len() == pieces.len();
        whole.then_some(Former { number, side, pieces, seen, replies })
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

    /// The positions of fragments with another text, if each fragment is what it was to all others, or may be.
    fn compare(
        &self,
        now: &[Fragment<'a>],
        digests: &[u64],
        neighbours: &Neighbours<'_, 'a>,
        edited: &Edited,
    ) -> Option<Vec<(usize, Likeness)>> {
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
            let likeness = likeness(&seen.summary, &now.summary);
            if told || !standing.active || !quiet || likeness == Likeness::Less {
                return None;
            }
            changed.push((position, likeness));
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
