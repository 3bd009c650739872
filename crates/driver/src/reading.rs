//! Reading units in sandboxes: cutting texts, then looking at each piece on its own.

use bumpalo::Bump;
use morph_diag::{Code, Diagnostic, Span};
use morph_fault::fault::Key;
use morph_fault::supervisor::{Rung, Verdict};
use morph_sandbox::Pool;
use morph_syntax::{Piece, PieceKind, UnitRange};

use crate::crew::{CrewError, Ended, Work};
use crate::isolation::{Site, Step};
use crate::key::Hasher;
use crate::ledger::Ledger;
use crate::phase::Phase;
use crate::protection::{Cost, Shield};
use crate::reader::{Lines, Reader, Seen, Source};
use crate::results::KeptUnit;
use crate::sandboxed::{Broken, BrokenTask, encode};
use crate::side_by_side;
use crate::unit::Fragment;
use crate::unread::{closed, head};
use crate::worker::{BadAnswer, FrontJob, FrontTask, read_pieces, read_seen};

/// Texts of most programs have room in this; more address space is taken when it is needed.
const FIRST_ROOM: usize = 4 << 20;

/// Looking at fewer units than these takes no longer than making a thread.
const LEAST_UNITS: usize = 24;

/// Reads units in sandboxes.
pub(crate) struct SandboxedReader<'a, 'l> {
    texts: &'a Bump,
    pool: Pool<FrontJob>,
    /// Bytes of texts that the pool's workers can be sent at once.
    room: usize,
    shield: Shield,
    ledger: &'l mut Ledger,
    /// Units so far.
    read: usize,
    /// Why nothing can be read at all.
    pub(crate) failure: Option<CrewError>,
    /// What broke its worker, to be written down.
    pub(crate) broken: Vec<Broken>,
}

impl<'a, 'l> SandboxedReader<'a, 'l> {
    pub(crate) fn new(
        texts: &'a Bump,
        shield: Shield,
        ledger: &'l mut Ledger,
    ) -> Result<SandboxedReader<'a, 'l>, CrewError> {
        let room = FIRST_ROOM;
        let pool = Pool::new(FrontJob, shield.settings(room))?;
        let (failure, broken) = (None, Vec::new());
        Ok(SandboxedReader { texts, pool, room, shield, ledger, read: 0, failure, broken })
    }

    fn work<W: Work>(
        &mut self,
        jobs: Vec<Key>,
        weight: usize,
        work: &mut W,
    ) -> Vec<Option<Ended<W::Answer>>> {
        let count = jobs.len();
        if self.failure.is_none() {
            let plan = self.shield.plan(jobs, weight, self.ledger);
            let order = self.shield.order(count);
            if weight > self.room {
                match Pool::new(FrontJob, self.shield.settings(weight)) {
                    Ok(pool) => (self.pool, self.room) = (pool, weight),
                    Err(error) => {
                        self.failure = Some(error.into());
                        return (0..count).map(|_| None).collect();
                    }
                }
            }
            match order.run(&mut self.pool, plan, work, self.ledger) {
                Ok(ended) => return ended.into_iter().map(Some).collect(),
                Err(error) => self.failure = Some(error),
            }
        }
        (0..count).map(|_| None).collect()
    }

    /// Reads a text that is one fragment already, at position 0 of its unit.
    pub(crate) fn read_alone(&mut self, source: Source<'a>, piece: Piece) -> Option<Fragment<'a>> {
        let units = [source];
        let mut looking = Looking { texts: self.texts, units: &units, pieces: vec![(0, 0, piece)] };
        let keys = vec![look_key(&source, &piece)];
        let seen = self.work(keys, source.text.len(), &mut looking).pop()?;
        Some(self.fragment(&source, 0, piece, seen, &mut Lines::new(source.text)))
    }

    /// What a fragment is on its own, if its worker could tell.
    fn fragment(
        &mut self,
        source: &Source<'a>,
        at: u32,
        piece: Piece,
        seen: Option<Ended<Look<'a>>>,
        lines: &mut Lines<'_>,
    ) -> Fragment<'a> {
        match seen {
            Some(Ended::Answer((seen, _)) | Ended::Lowered((seen, _), _)) => {
                let Seen { syntax, summary } = seen;
                let line = lines.next(&piece);
                Fragment { piece, line, syntax, summary, fault: None }
            }
            Some(Ended::Stub(stubbed)) => {
                let text = piece.text(source.text);
                let import = piece.kind == PieceKind::Import;
                let cost = if import { Cost::Import } else { Cost::Fragment };
                let problem = self.shield.diagnose(&stubbed, head(&piece, text), cost);
                let site = Site { unit: source.path.to_owned(), fragment: Some(at) };
                let what = BrokenTask::Alone {
                    text: text.to_owned(),
                    kind: piece.kind,
                    side: source.side,
                };
                self.broken.push(Broken { site, stubbed, what });
                closed(piece, text, lines, Box::new(problem))
            }
            None => {
                let problem = Diagnostic::new(Code::CompilerFault, Span::default());
                closed(piece, piece.text(source.text), lines, Box::new(problem))
            }
        }
    }
}

/// What a look at a piece gave: what it is, and in the words of the worker.
type Look<'a> = (Seen<'a>, &'a [u8]);

/// What an earlier look at a piece gave, by its unit and its position there.
pub(crate) type Told<'t, 'a> = dyn Fn(usize, usize, &Piece) -> Option<&'a [u8]> + 't;

/// The digest of all that reading a fragment on its own depends on.
fn look_key(source: &Source<'_>, piece: &Piece) -> Key {
    Hasher::of("look")
        .number(piece.kind as u64)
        .number(source.side as u64)
        .text(piece.text(source.text))
        .finish()
}

impl<'a> Reader<'a> for SandboxedReader<'a, '_> {
    fn read(&mut self, units: &[Source<'a>]) -> Vec<Vec<Fragment<'a>>> {
        self.read += units.len();
        self.ledger.step(Step::Reading, self.read);
        let kept: Vec<_> = units.iter().map(|unit| (*unit, self.kept(unit))).collect();
        let known = side_by_side::map(&kept, LEAST_UNITS, |(unit, kept)| known(unit, (*kept)?));
        let missing = units.iter().zip(&known).filter(|(_, known)| known.is_none());
        let missing: Vec<Source<'a>> = missing.map(|(unit, _)| *unit).collect();
        let mut read = self.read_anew(&missing, &|_, _, _| None).into_iter();
        let found = known.into_iter().map(|known| known.or_else(|| read.next()));
        found.map(Option::unwrap_or_default).collect()
    }
}

impl<'a> SandboxedReader<'a, '_> {
    /// What an earlier build has kept of a unit.
    fn kept(&mut self, source: &Source<'a>) -> Option<&'a [u8]> {
        let kept = self.ledger.results.unit(source.side, source.text)?;
        Some(self.texts.alloc_slice_copy(kept))
    }

    /// Reads units of which much is known: what a look at a piece once gave, by unit and position.
    pub(crate) fn read_edited(
        &mut self,
        units: &[Source<'a>],
        told: &Told<'_, 'a>,
    ) -> Vec<Vec<Fragment<'a>>> {
        self.read += units.len();
        self.ledger.step(Step::Reading, self.read);
        self.read_anew(units, told)
    }

    /// Reads units in sandboxes, and keeps what comes out.
    fn read_anew(&mut self, units: &[Source<'a>], told: &Told<'_, 'a>) -> Vec<Vec<Fragment<'a>>> {
        if units.is_empty() {
            return Vec::new();
        }
        let keys = units.iter().map(|unit| Hasher::of("split").text(unit.text).finish()).collect();
        let weight = units.iter().map(|unit| unit.text.len()).sum();
        let mut cutting = Cutting { units };
        let cut = self.work(keys, weight, &mut cutting);
        let mut whole: Vec<Option<Box<Diagnostic>>> = Vec::new();
        let mut pieces: Vec<Vec<Piece>> = Vec::new();
        for (unit, cut) in units.iter().zip(cut) {
            match cut {
                Some(Ended::Answer(cut) | Ended::Lowered(cut, _)) => {
                    pieces.push(cut);
                    whole.push(None);
                }
                Some(Ended::Stub(stubbed)) => {
                    // The unit is one fragment then, and that one is closed.
                    let end = u32::try_from(unit.text.len()).unwrap_or(u32::MAX);
                    pieces.push(vec![Piece {
                        range: UnitRange { start: 0, end },
                        kind: PieceKind::Stray,
                        block: None,
                        name: None,
                    }]);
                    let first_line = unit.text.find('\n').unwrap_or(unit.text.len());
                    let head = Span::new(0, u32::try_from(first_line).unwrap_or(u32::MAX));
                    let problem = self.shield.diagnose(&stubbed, head, Cost::File);
                    whole.push(Some(Box::new(problem)));
                    let site = Site { unit: unit.path.to_owned(), fragment: None };
                    let what = BrokenTask::Unit { text: unit.text.to_owned(), side: unit.side };
                    self.broken.push(Broken { site, stubbed, what });
                }
                None => {
                    pieces.push(Vec::new());
                    whole.push(None);
                }
            }
        }
        let mut looking = Looking { texts: self.texts, units, pieces: Vec::new() };
        // What is known is read as if a worker had said it just now.
        let mut known: Vec<Vec<Option<Look<'a>>>> = Vec::with_capacity(units.len());
        let mut weight = 0;
        for (unit, (pieces, whole)) in pieces.iter().zip(&whole).enumerate() {
            let mut own = Vec::with_capacity(pieces.len());
            for (at, piece) in (0_u32..).zip(pieces) {
                let text = piece.text(units[unit].text);
                let reply = told(unit, at as usize, piece);
                let seen =
                    reply.and_then(|reply| Some((read_seen(reply, piece, text).ok()?, reply)));
                if whole.is_none() && seen.is_none() {
                    looking.pieces.push((unit, at, *piece));
                    weight += text.len();
                }
                own.push(seen);
            }
            known.push(own);
        }
        let keys = looking.pieces.iter().map(|(unit, _, piece)| look_key(&units[*unit], piece));
        let keys = keys.collect();
        let looked = self.work(keys, weight, &mut looking);
        let mut looked = looking.pieces.into_iter().zip(looked);
        let mut read = Vec::new();
        for (number, (source, (pieces, whole))) in
            units.iter().zip(pieces.into_iter().zip(whole)).enumerate()
        {
            let mut lines = Lines::new(source.text);
            if let Some(fault) = whole {
                read.push(
                    pieces
                        .into_iter()
                        .map(|piece| {
                            closed(piece, piece.text(source.text), &mut lines, fault.clone())
                        })
                        .collect(),
                );
                continue;
            }
            let mut fragments = Vec::with_capacity(pieces.len());
            let mut replies = Vec::with_capacity(pieces.len());
            for ((at, piece), known) in (0..).zip(pieces.iter().copied()).zip(&mut known[number]) {
                let seen = match known.take() {
                    Some(seen) => Some(Ended::Answer(seen)),
                    None => looked.next().and_then(|(_, seen)| seen),
                };
                if seen.is_none() {
                    debug_assert!(self.failure.is_some(), "unit {number} has no answer");
                }
                if let Some(Ended::Answer((_, reply))) = &seen {
                    replies.push(*reply);
                }
                fragments.push(self.fragment(source, at, piece, seen, &mut lines));
            }
            if replies.len() == pieces.len() {
                self.ledger.results.keep_unit(source.side, source.text, &pieces, &replies);
            }
            read.push(fragments);
        }
        read
    }
}

/// The fragments of a unit that an earlier build has read.
fn known<'a>(source: &Source<'a>, kept: &'a [u8]) -> Option<Vec<Fragment<'a>>> {
    let KeptUnit { pieces, seen } = postcard::from_bytes(kept).ok()?;
    let pieces = read_pieces(pieces, source.text).ok()?;
    if pieces.len() != seen.len() {
        return None;
    }
    let mut lines = Lines::new(source.text);
    let read = pieces.into_iter().zip(seen).map(|(piece, seen)| {
        let Seen { syntax, summary } = read_seen(seen, &piece, piece.text(source.text)).ok()?;
        let line = lines.next(&piece);
        Some(Fragment { piece, line, syntax, summary, fault: None })
    });
    read.collect()
}

/// Cutting units: one job each.
struct Cutting<'r, 'a> {
    units: &'r [Source<'a>],
}

impl Work for Cutting<'_, '_> {
    const NAME: &'static str = "split";
    type Answer = Vec<Piece>;

    fn input(&self, job: usize, _rung: Rung) -> Vec<u8> {
        encode(&FrontTask::Split { text: self.units[job].text })
    }

    fn read(&mut self, job: usize, reply: &[u8]) -> Result<(Vec<Piece>, Verdict), BadAnswer> {
        Ok((read_pieces(reply, self.units[job].text)?, Verdict::Accepted))
    }

    /// Texts are read again: that is soon done.
    fn key(&self, _job: usize) -> Option<Key> {
        None
    }

    fn site(&self, job: usize) -> Site {
        Site { unit: self.units[job].path.to_owned(), fragment: None }
    }

    fn steps(&self) -> &'static [Phase] {
        &[Phase::Start, Phase::Split, Phase::Reply]
    }
}

/// Reading fragments on their own: one job each.
struct Looking<'r, 'a> {
    texts: &'a Bump,
    units: &'r [Source<'a>],
    /// Unit, position in it, piece.
    pieces: Vec<(usize, u32, Piece)>,
}

impl<'a> Work for Looking<'_, 'a> {
    const NAME: &'static str = "look";
    type Answer = Look<'a>;

    fn input(&self, job: usize, _rung: Rung) -> Vec<u8> {
        let (unit, _, piece) = &self.pieces[job];
        let Source { text, side, .. } = self.units[*unit];
        encode(&FrontTask::Look { text: piece.text(text), kind: piece.kind, side })
    }

    fn read(&mut self, job: usize, reply: &[u8]) -> Result<(Self::Answer, Verdict), BadAnswer> {
        let (unit, _, piece) = &self.pieces[job];
        let text = piece.text(self.units[*unit].text);
        let reply: &'a [u8] = self.texts.alloc_slice_copy(reply);
        let seen = read_seen(reply, piece, text)?;
        Ok(((seen, reply), Verdict::Accepted))
    }

    fn key(&self, _job: usize) -> Option<Key> {
        None
    }

    fn site(&self, job: usize) -> Site {
        let (unit, at, _) = &self.pieces[job];
        Site { unit: self.units[*unit].path.to_owned(), fragment: Some(*at) }
    }

    fn steps(&self) -> &'static [Phase] {
        &[Phase::Start, Phase::Parse, Phase::Index]
    }
}
