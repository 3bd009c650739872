//! What a worker does with a task, and how the answer is read: bytes in, bytes out.
//!
//! Whoever reads an answer trusts nothing in it: a worker that has gone wrong can send anything.

use morph_object::Object;
use morph_sandbox::{Job, Marker, Reply};
use morph_sema::summary::{Definition, Side, Summary};
use morph_syntax::{Piece, PieceKind};
use serde::{Deserialize, Serialize};

use crate::back::Back;
use crate::phase::Phase;
use crate::reader::{Seen, look};
use crate::task::{Built, Made, Task};

/// A piece of work on a text of the user's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum FrontTask<'t> {
    /// Cut a unit into fragments.
    Split { text: &'t str },
    /// Parse and summarise one fragment.
    Look { text: &'t str, kind: PieceKind, side: Side },
}

/// A task that a worker cannot read; the empty answer is refused by whoever asked.
fn unreadable(reply: &Reply<'_>) {
    debug_assert!(reply.is_empty(), "an answer to an unreadable task");
}

fn answer(value: &impl Serialize, phase: &Marker<'_>, reply: &mut Reply<'_>) {
    phase.enter(Phase::Reply as u8);
    // Byte by byte into shared memory would cost more than the copy. A value of ours is always written; if it were not, the
    // empty answer would be refused.
    reply.write(&postcard::to_stdvec(value).unwrap_or_default());
}

/// Cuts and summarises.
#[derive(Debug, Default)]
pub(crate) struct FrontJob;

impl Job for FrontJob {
    const PHASES: &'static [&'static str] = &Phase::NAMES;

    fn run(&mut self, input: &[u8], phase: &Marker<'_>, reply: &mut Reply<'_>) {
        match postcard::from_bytes::<FrontTask<'_>>(input) {
            Ok(FrontTask::Split { text }) => {
                phase.enter(Phase::Split as u8);
                let pieces = morph_syntax::split(text);
                answer(&pieces, phase, reply);
            }
            Ok(FrontTask::Look { text, kind, side }) => {
                phase.enter(Phase::Parse as u8);
                let seen = look(text, kind, side, &mut || phase.enter(Phase::Index as u8));
                answer(&seen, phase, reply);
            }
            Err(_) => unreadable(reply),
        }
    }
}

/// Checks and compiles; with the memory of the process that made it.
#[derive(Debug)]
pub(crate) struct BackJob<'p> {
    /// One for each rung of the ladder, the lowest first.
    pub(crate) rungs: Vec<Back<'p>>,
}

impl Job for BackJob<'_> {
    const PHASES: &'static [&'static str] = &Phase::NAMES;

    /// Compiles something small, so that whatever is made on first use is there before the arena begins.
    fn warm_up(&mut self) {
        self.rungs.iter_mut().for_each(Back::warm_up);
    }

    fn run(&mut self, input: &[u8], phase: &Marker<'_>, reply: &mut Reply<'_>) {
        let Ok((rung, task)) = postcard::from_bytes::<(u8, Task)>(input) else {
            return unreadable(reply);
        };
        let Some(back) = self.rungs.get_mut(usize::from(rung)) else { return unreadable(reply) };
        let built = back.build(&task, &mut |step| phase.enter(step as u8));
        answer(&built, phase, reply);
        // Its memory belongs to this task.
        back.forget();
    }
}

/// An answer that no worker in its right mind gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the worker's answer is malformed")]
pub(crate) struct BadAnswer;

/// The pieces of `text`, if `bytes` are a cut of it.
pub(crate) fn read_pieces(bytes: &[u8], text: &str) -> Result<Vec<Piece>, BadAnswer> {
    let pieces: Vec<Piece> = whole(bytes)?;
    let mut end = 0;
    for piece in &pieces {
        let range = piece.range;
        let Some(own) = text.get(range.start as usize..range.end as usize) else {
            return Err(BadAnswer);
        };
        let name = piece.name.is_none_or(|name| {
            name.start <= name.end && own.get(name.start as usize..name.end as usize).is_some()
        });
        if range.start < end || range.start >= range.end || !name {
            return Err(BadAnswer);
        }
        end = range.end;
    }
    Ok(pieces)
}

/// What the fragment that is `piece`, with this text, is on its own.
pub(crate) fn read_seen<'b>(
    bytes: &'b [u8],
    piece: &Piece,
    text: &str,
) -> Result<Seen<'b>, BadAnswer> {
    let seen: Seen<'_> = whole(bytes)?;
    let fits = seen.summary.is_well_formed() && defines_its_own(&seen.summary, piece, text);
    if fits { Ok(seen) } else { Err(BadAnswer) }
}

/// Whether a summary defines what the fragment's text does, and nothing under another name.
fn defines_its_own(summary: &Summary<'_>, piece: &Piece, text: &str) -> bool {
    let name = match &summary.definition {
        Definition::Function { name, .. }
        | Definition::UnitBlock { name }
        | Definition::Struct { name, .. }
        | Definition::Const { name, .. }
        | Definition::Global { name, .. }
        | Definition::Routine { name } => Some(*name),
        Definition::Data { labels } => {
            return matches!(piece.kind, PieceKind::Asm | PieceKind::AsmData)
                && labels.iter().all(|(label, span)| span.text(text) == *label);
        }
        Definition::Statement | Definition::Import | Definition::Broken => None,
    };
    let kind = match (&summary.definition, piece.kind) {
        // Whatever could not be parsed.
        (Definition::Broken, _) => true,
        (Definition::Function { .. }, PieceKind::Function)
        | (Definition::UnitBlock { .. }, PieceKind::UnitBlock)
        | (Definition::Struct { .. }, PieceKind::Struct)
        | (Definition::Const { .. }, PieceKind::Const)
        | (Definition::Global { .. }, PieceKind::Global)
        | (Definition::Routine { .. }, PieceKind::Routine)
        | (Definition::Import, PieceKind::Import)
        | (Definition::Statement, PieceKind::Statement | PieceKind::Asm) => true,
        // A damaged definition, recognised by its words alone.
        (Definition::Function { .. } | Definition::Global { .. } | Definition::Const { .. }, _) => {
            summary.header_damaged
        }
        (
            Definition::UnitBlock { .. }
            | Definition::Struct { .. }
            | Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement
            | Definition::Import,
            _,
        ) => false,
    };
    kind && name.is_none_or(|name| {
        summary.name_span.text(text) == name && piece.name.is_none_or(|own| own.text(text) == name)
    })
}

/// What a task came to.
pub(crate) fn read_built(bytes: &[u8]) -> Result<Built, BadAnswer> {
    let built: Built = whole(bytes)?;
    match &built.made {
        Made::Object { object, .. } if object.problem().is_some() => Err(BadAnswer),
        Made::Object { object, initialiser: Some(symbol) } if !initialises(object, symbol) => {
            Err(BadAnswer)
        }
        Made::Object { .. } | Made::Closed | Made::Nothing | Made::Refused(_) => Ok(built),
    }
}

/// Whether `symbol` is the initialiser that `object` defines.
fn initialises(object: &Object, symbol: &str) -> bool {
    symbol.starts_with('%') && object.definitions.iter().any(|own| own.symbol == symbol)
}

/// A value that takes all of the bytes.
fn whole<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, BadAnswer> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(BadAnswer),
    }
}
