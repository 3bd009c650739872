//! A few fragments of a program were edited: they are made anew and exchanged in its image.
//!
//! ```text
//! last build (no error), texts that have changed
//!   -> the units that were edited, read anew     -> does every fragment show the same to all others as before?
//!   -> the definitions that the edited ones ask about -> check and compile those fragments alone
//!   -> their objects exchanged in the former image -> image, records
//! ```
//!
//! What comes out is what a full build gives; what takes the time in a full build, reading and joining and linking all that has not
//! changed, is left out. Whatever else there is to an edit than this (a name that comes or goes, a signature, an import, anything to
//! tell about an edited fragment, a crash) is left to a full build: then nothing of what was tried here counts.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bumpalo::Bump;
use morph_diag::FragmentId;
use morph_fault::fault::Key;
use morph_link::Exchange;
use morph_object::Object;
use morph_sema::summary::Side;
use rustc_hash::FxHashMap;

use crate::analysis::to_u32;
use crate::aside;
use crate::deferral::Deferral;
use crate::history::{self, Change};
use crate::ledger::Ledger;
use crate::options::Options;
use crate::pipeline::{Output, Status};
use crate::program::FragmentRef;
use crate::protection::Shield;
use crate::sandboxed::SandboxedExecutor;
use crate::stopwatch::Stopwatch;
use crate::task::{Built, Executor as _, Made, Task, Verdict};
use crate::unchanged::{Edited, Sum};
use image::{FormerImage, New, link};
use neighbours::Neighbours;
use units::{Unit, read};

mod image;
mod names;
mod neighbours;
mod same;
pub(crate) mod standing;
mod units;

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

/// What was made of the fragment at a place.
struct Remade {
    object: Option<Object>,
    key: Key,
    /// Whether this build has made it.
    now: bool,
}

/// By unit and position.
type AllRemade = FxHashMap<(usize, usize), Remade>;

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
    let mut kept = standing::read(edited.inputs.state(), edited.image, ledger)?;
    let built = kept.exchanged.base();
    let place = history::find(built, ledger)?;
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
    let since = match place {
        history::Place::Current => FxHashMap::default(),
        history::Place::Aside => history::times(ledger),
    };
    let now = time.as_ref().map_or(0, Duration::as_secs);
    let history = changes(&units, &remade, now, &since);
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
    kept.exchanged.now = now;
    // Those that were edited are counted already.
    ledger.results.count(kept.standing.tasks.saturating_sub(remade.len()), 0);
    let New { sum, image, changes } = new;
    if place == history::Place::Aside {
        history::restore(ledger);
    }
    edited.take_digests();
    kept.keep((edited.inputs.state(), sum), changes, digests, ledger);
    for (id, range, line) in moved {
        edited.place(id, range, line);
    }
    edited.keep(sum, image.as_deref(), ledger);
    if place == history::Place::Aside {
        aside::forget(ledger);
    }
    stopwatch.lap("report");
    Some((image, sum, former))
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
    neighbours.include_structs(ledger)?;
    for name in CALLED_UNNAMED {
        neighbours.mention(Side::Library, name);
    }
    let read: Vec<_> = units.iter().filter_map(|unit| kept_unit(unit, ledger)).collect();
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
        // The answers do not count: they could be others. What was read does.
        ledger.results.begin_anew();
        ledger.results.ask_partly();
        for (text, kept) in &read {
            ledger.results.keep_unit_as(Side::Program, text, kept);
        }
        for id in missing {
            neighbours.include(id, ledger)?;
        }
    }
    None
}

/// What is kept of a unit as it is now, by its text.
fn kept_unit<'a>(unit: &Unit<'a>, ledger: &mut Ledger) -> Option<(&'a str, Vec<u8>)> {
    let kept = ledger.results.unit(Side::Program, unit.text)?;
    Some((unit.text, kept.to_vec()))
}

/// Functions of the library that code is made to call by what a name means, whatever the text says: a call of a struct needs memory.
const CALLED_UNNAMED: [&str; 2] = ["sys_alloc", "sys_read"];

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

/// What the history of the program has to say of these units. What was not made now may have been made `since` that history was written.
fn changes(
    units: &[Unit<'_>],
    remade: &AllRemade,
    now: u64,
    since: &FxHashMap<Key, u64>,
) -> Vec<Change> {
    let time = |remade: &Remade| match remade.now {
        true => Some(now),
        false => since.get(&remade.key).copied(),
    };
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
                made: remade.and_then(time),
                now: remade.is_some_and(|remade| remade.now),
            });
        }
    }
    changes
}
