//! A few fragments of a program were edited: they are made anew and exchanged in its image.
//!
//! ```text
//! last build (nothing to tell), texts that have changed
//!   -> the units that were edited, read anew     -> does every fragment show the same to all others as before?
//!   -> the definitions that the edited ones ask about -> check and compile those fragments alone
//!   -> their objects exchanged in the former image -> image, records
//! ```
//!
//! What comes out is what a full build gives; what takes the time in a full build, reading and joining and linking all that has not
//! changed, is left out. Whatever else there is to an edit than this (a name that comes or goes, a signature, an import, anything to
//! tell, a crash) is left to a full build: then nothing of what was tried here counts.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::panic::resume_unwind;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use bumpalo::Bump;
use morph_diag::FragmentId;
use morph_fault::fault::Key;
use morph_link::{Exchange, Sink, relink};
use morph_object::Object;
use morph_sema::summary::Side;
use morph_syntax::Piece;
use rustc_hash::FxHashMap;

use crate::analysis::to_u32;
use crate::deferral::Deferral;
use crate::history::{self, Change};
use crate::image;
use crate::ledger::Ledger;
use crate::options::Options;
use crate::pipeline::{Output, Status};
use crate::program::FragmentRef;
use crate::protection::Shield;
use crate::reader::{Seen, Source};
use crate::reading::SandboxedReader;
use crate::results::KeptUnit;
use crate::sandboxed::SandboxedExecutor;
use crate::stopwatch::Stopwatch;
use crate::task::{Built, Executor as _, Made, Task, Verdict};
use crate::unchanged::{self, Edited, LONGEST_IMAGE, Sum};
use crate::unit::Fragment;
use neighbours::Neighbours;
use same::{Usage, is_meant, shows_the_same, usages};
use standing::text_digest;

mod names;
mod neighbours;
mod same;
pub(crate) mod standing;

/// Where a build is done, and how.
pub(crate) struct Site<'s> {
    pub(crate) options: &'s Options,
    pub(crate) shield: &'s Shield,
    /// Where the image is and belongs.
    pub(crate) image_at: Option<&'s Path>,
    /// The image that the last build gave, perhaps.
    pub(crate) last_image: Option<&'s Arc<Vec<u8>>>,
    pub(crate) deferral: &'s Deferral,
}

/// Fragments of one unit that was edited, as they are now.
struct Unit<'a> {
    number: usize,
    text: &'a str,
    fragments: Vec<Fragment<'a>>,
    /// The positions of those with another text, and the digests of all texts.
    changed: Vec<usize>,
    digests: Vec<u64>,
}

/// What was made of the fragment at a place.
struct Remade {
    object: Option<Object>,
    key: Key,
    /// Whether this build has made it.
    now: bool,
}

/// By unit and position.
type AllRemade = FxHashMap<(usize, usize), Remade>;

/// An image in which objects were exchanged.
struct New {
    sum: Sum,
    /// Its bytes, unless they were written where they belong.
    image: Option<Vec<u8>>,
    /// What has changed in its map.
    changes: morph_link::Changes,
}

/// Builds a program of which nothing but texts has changed. If a full build has to be done instead, the ledger is as it was.
///
/// The former image comes along: giving it up takes time, for which nobody has to wait.
pub(crate) fn build(
    mut edited: Box<Edited>,
    site: &Site<'_>,
    ledger: &mut Ledger,
    stopwatch: &mut Stopwatch,
) -> Result<(Output, FormerImage), Box<Edited>> {
    let (memory, notes) = (ledger.memory.clone(), ledger.notes.len());
    let Some((image, sum, former)) = exchange(&mut edited, site, ledger, stopwatch) else {
        ledger.begin_anew(memory, notes);
        return Err(edited);
    };
    let in_place = image.is_none();
    let folders = std::mem::take(&mut edited.folders);
    let report = edited.into_report().expect("the names of places were looked at before");
    let output = Output {
        image,
        sum: Some(sum),
        in_place,
        folders,
        ..Output::only(report, Status::Complete, Stopwatch::new())
    };
    Ok((output, former))
}

/// The image, unless it was written where it belongs; and the former one.
fn exchange(
    edited: &mut Edited,
    site: &Site<'_>,
    ledger: &mut Ledger,
    stopwatch: &mut Stopwatch,
) -> Option<(Option<Vec<u8>>, Sum, FormerImage)> {
    let mut kept = standing::read(edited.image, ledger)?;
    let mut former = FormerImage::of(edited, site, ledger)?;
    ledger.results.ask_partly();
    stopwatch.lap("standing");
    let room = Bump::new();
    let (inputs, texts) = (&edited.inputs, &edited.texts);
    let mut neighbours = Neighbours::new(inputs, texts, &kept.standing, &kept.names, &room);
    let units = read(&mut neighbours, edited, site, ledger)?;
    stopwatch.lap("read");
    let remade = make(&mut neighbours, &units, site, ledger)?;
    stopwatch.lap("build");
    let exchanges = exchanges(&units, &remade, &neighbours)?;
    let new = link(&kept.map, &exchanges, edited.image, &mut former, site)?;
    stopwatch.lap("exchange");

    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let history = changes(&units, &remade, time.as_ref().map_or(0, Duration::as_secs));
    let mut digests = Vec::new();
    let mut moved = Vec::new();
    for unit in &units {
        let each = unit.digests.iter().zip(&unit.fragments).enumerate();
        for (position, (digest, fragment)) in each {
            let id = neighbours.id(unit.number, position)?;
            digests.push((id, *digest));
            moved.push((id, fragment.piece.range, fragment.line));
        }
    }
    history::add(&mut kept.exchanged.history, history);
    kept.exchanged.now = time.map_or(0, |time| time.as_secs());
    let made = remade.values().filter(|remade| remade.now).count();
    let asked = remade.len();
    ledger.results.count(kept.standing.tasks.saturating_sub(asked), 0);
    debug_assert!(made <= asked, "what was made was asked for");
    let New { sum, image, changes } = new;
    kept.keep(sum, changes, digests, ledger);
    for (id, range, line) in moved {
        edited.place(id, range, line);
    }
    edited.keep(sum, image.as_deref(), ledger);
    stopwatch.lap("report");
    Some((image, sum, former))
}

/// The units that were edited, as they are now; `None` if one of them shows something else to others than before.
fn read<'a>(
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
struct Former<'a> {
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
    /// one that the program defines itself. Where it is told who brought something in (the build was not `silent`), each edited fragment
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
            let ids: Vec<FragmentId> = neighbours.names.find(Side::Program, name).collect();
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

/// Checks and compiles what was edited, among its neighbours.
fn make(
    neighbours: &mut Neighbours<'_, '_>,
    units: &[Unit<'_>],
    site: &Site<'_>,
    ledger: &mut Ledger,
) -> Option<AllRemade> {
    let mut edits = Vec::new();
    for unit in units {
        for position in &unit.changed {
            let id = neighbours.id(unit.number, *position)?;
            neighbours.include_body(id, ledger)?;
            edits.push((unit.number, *position));
        }
    }
    if edits.is_empty() {
        return Some(AllRemade::default());
    }
    // A field can be asked for by its name alone.
    let structs: Vec<FragmentId> = neighbours.names.structs().collect();
    for id in structs {
        neighbours.include(id, ledger)?;
    }
    for _ in 0..MOST_ATTEMPTS {
        neighbours.follow(ledger)?;
        let (answers, keys, made) = attempt(neighbours, &edits, site, ledger)?;
        let mut missing = Vec::new();
        for ((unit, _), built) in edits.iter().zip(&answers) {
            missing.extend(neighbours.missing(*unit, &built.asked));
        }
        if missing.is_empty() {
            let mut remade = AllRemade::default();
            for ((place, built), (key, now)) in
                edits.into_iter().zip(answers).zip(keys.into_iter().zip(made))
            {
                let object = object(built, place, neighbours)?;
                remade.insert(place, Remade { object, key, now });
            }
            return Some(remade);
        }
        // The answers do not count: they could be others.
        ledger.results.uncount();
        for id in missing {
            neighbours.include(id, ledger)?;
        }
    }
    None
}

/// Each attempt knows what the one before asked about in vain.
const MOST_ATTEMPTS: usize = 3;

/// What the fragments at these places come to among the neighbours, their keys, and whether they were made just now.
fn attempt(
    neighbours: &Neighbours<'_, '_>,
    edits: &[(usize, usize)],
    site: &Site<'_>,
    ledger: &mut Ledger,
) -> Option<(Vec<Built>, Vec<Key>, Vec<bool>)> {
    let part = neighbours.part();
    let environment = Rc::new(part.environment()?);
    let places: Rc<[FragmentRef]> = part.places.as_slice().into();
    let ids: Vec<FragmentId> =
        edits.iter().map(|(unit, at)| part.id(*unit, *at)).collect::<Option<_>>()?;
    let shield = site.shield.clone();
    let mut executor = SandboxedExecutor::new(
        &part.program,
        &places,
        &environment,
        site.options,
        shield,
        ledger,
        Some(&ids),
    )
    .ok()?;
    let mut answers = executor.run(ids.iter().copied().map(Task).collect());
    executor.rest();
    if executor.failure.is_some() || !executor.broken.is_empty() || answers.len() != ids.len() {
        return None;
    }
    let made = executor.into_made();
    answers.sort_by_key(|(task, _)| *task);
    let mut in_order: FxHashMap<FragmentId, Built> = FxHashMap::default();
    for (Task(id), verdict) in answers {
        match verdict {
            Verdict::Built(built) => in_order.insert(id, *built),
            Verdict::Faulted(_) => return None,
        };
    }
    let built = ids.iter().map(|id| in_order.remove(id)).collect::<Option<_>>()?;
    let keys = ids.iter().map(|id| made.keys.get(id.0 as usize).copied());
    let now = ids.iter().map(|id| made.made.contains(id)).collect();
    Some((built, keys.collect::<Option<_>>()?, now))
}

/// The object that takes the place of the former one; `None` if there is anything to tell, or if it is of another kind.
#[expect(clippy::option_option, reason = "no object is as good an answer as one")]
fn object(
    built: Built,
    (unit, position): (usize, usize),
    neighbours: &Neighbours<'_, '_>,
) -> Option<Option<Object>> {
    let Built { diagnostics, closed_by, made, .. } = built;
    let FragmentId(id) = neighbours.id(unit, position)?;
    let standing = neighbours.standing.fragments.get(id as usize)?;
    if !diagnostics.is_empty() || !closed_by.is_empty() {
        return None;
    }
    match made {
        Made::Object { object, initialiser } => {
            let same = standing.input.is_some() && initialiser.is_some() == standing.initialises;
            same.then_some(Some(object))
        }
        Made::Nothing => standing.input.is_none().then_some(None),
        Made::Closed | Made::Refused(_) => None,
    }
}

/// Where all fragments of the units stand now, and the new objects.
fn exchanges<'r>(
    units: &[Unit<'_>],
    remade: &'r AllRemade,
    neighbours: &Neighbours<'_, '_>,
) -> Option<Vec<Exchange<'r>>> {
    let mut exchanges = Vec::new();
    for unit in units {
        for (position, fragment) in unit.fragments.iter().enumerate() {
            let FragmentId(id) = neighbours.id(unit.number, position)?;
            let standing = neighbours.standing.fragments.get(id as usize)?;
            let Some(input) = standing.input else { continue };
            let remade = remade.get(&(unit.number, position));
            exchanges.push(Exchange {
                input,
                object: remade.and_then(|remade| remade.object.as_ref()),
                first_line: fragment.line,
                first_column: column(unit.text, fragment.piece.range.start as usize),
            });
        }
    }
    Some(exchanges)
}

/// The column, from 0, of a byte of a text.
fn column(text: &str, at: usize) -> u32 {
    let before = text.get(..at).unwrap_or("");
    to_u32(before.len() - before.rfind('\n').map_or(0, |newline| newline + 1))
}

/// Where the bytes of the former image are.
pub(crate) enum FormerImage {
    File(File),
    Bytes(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl FormerImage {
    fn of(edited: &Edited, site: &Site<'_>, ledger: &mut Ledger) -> Option<FormerImage> {
        let (length, _) = edited.image;
        if length <= LONGEST_IMAGE as u64 {
            return unchanged::kept_image(ledger, edited.image).map(FormerImage::Bytes);
        }
        if let Some(path) = site.image_at.filter(|_| edited.in_place) {
            return File::open(path).ok().map(FormerImage::File);
        }
        let last = site.last_image.filter(|image| unchanged::checksum(image) == edited.image)?;
        Some(FormerImage::Shared(Arc::clone(last)))
    }

    fn read(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let bytes = match self {
            FormerImage::File(file) => return file.read_exact_at(into, offset),
            FormerImage::Bytes(bytes) => bytes,
            FormerImage::Shared(bytes) => &**bytes,
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(into.len());
        let found = bytes.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(found);
        Ok(())
    }
}

/// The new image: it comes as bytes, unless the former one is a large file, in whose place it is written at once.
fn link(
    map: &morph_link::Map,
    exchanges: &[Exchange<'_>],
    former: Sum,
    from: &mut FormerImage,
    site: &Site<'_>,
) -> Option<New> {
    let in_file = matches!(from, FormerImage::File(_));
    let mut read = |offset: u64, into: &mut [u8]| from.read(offset, into);
    let is_large = |length: u64| length > LONGEST_IMAGE as u64;
    let new = if in_file {
        let written = image::write_with(site.image_at?, site.deferral, |file| {
            written_beside(file, |sink| {
                relink(map, exchanges, &mut read, sink).map_err(io::Error::other)
            })
        });
        let (changes, sum) = written.ok()?;
        New { sum, image: None, changes }
    } else {
        let mut image = Vec::with_capacity(former.0 as usize + (former.0 as usize >> 3));
        let mut sink = |bytes: &[u8]| {
            image.extend_from_slice(bytes);
            Ok(())
        };
        let changes = relink(map, exchanges, &mut read, &mut sink).ok()?;
        New { sum: unchanged::checksum(&image), image: Some(image), changes }
    };
    // Small ones are kept elsewhere than large ones.
    (is_large(new.sum.0) == is_large(former.0)).then_some(new)
}

/// Writes to a file what `work` gives to its sink, while it goes on with its work; gives its length and checksum too.
fn written_beside<T>(
    file: &mut File,
    work: impl FnOnce(&mut Sink<'_>) -> io::Result<T>,
) -> io::Result<(T, Sum)> {
    let (pieces, full) = mpsc::sync_channel::<Vec<u8>>(PIECES);
    let (written, empty) = mpsc::channel::<Vec<u8>>();
    thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut hasher = crc32fast::Hasher::new();
            let mut length = 0;
            for mut piece in full {
                hasher.update(&piece);
                length += piece.len() as u64;
                file.write_all(&piece)?;
                piece.clear();
                // Whoever made it may be through with its work.
                let _taken_back = written.send(piece);
            }
            io::Result::Ok((length, hasher.finalize()))
        });
        let mut sink = |bytes: &[u8]| {
            let mut piece = empty.try_recv().unwrap_or_default();
            piece.extend_from_slice(bytes);
            // A writer that has ended says why below.
            pieces.send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
        };
        let done = work(&mut sink);
        drop(pieces);
        let sum = match writer.join() {
            Ok(sum) => sum?,
            Err(panic) => resume_unwind(panic),
        };
        Ok((done?, sum))
    })
}

/// So many pieces wait to be written at most.
const PIECES: usize = 4;

/// What the history of the program has to say of these units.
fn changes(units: &[Unit<'_>], remade: &AllRemade, time: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for unit in units {
        for (position, fragment) in unit.fragments.iter().enumerate() {
            let remade = remade.get(&(unit.number, position));
            let words = history::text_digest(fragment.piece.text(unit.text));
            changes.push(Change {
                unit: to_u32(unit.number),
                position: to_u32(position),
                line: fragment.line,
                words: remade.map(|remade| (remade.key, words)),
                made: remade.filter(|remade| remade.now).map(|_| time),
                now: remade.is_some_and(|remade| remade.now),
            });
        }
    }
    changes
}
