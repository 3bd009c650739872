//! What stands: what is kept of a build without errors, so that a few fragments of it can be exchanged.
//!
//! Two records: one of the last full build, and one of what was exchanged since. Each says which texts it is about, and which image came
//! of them; the texts alone would not tell that the image is there, the image alone would not tell which texts it comes from. What
//! does not go together, because a build was killed between two records or one was damaged, is not used.

use std::collections::BTreeMap;

use morph_diag::FragmentId;
use morph_fault::fault::Key;
use serde::{Deserialize, Serialize};

use super::names::Names;
use crate::analysis::{self, Analysis, to_u32};
use crate::compile::Placed;
use crate::history::Change;
use crate::key::Hasher;
use crate::ledger::Ledger;
use crate::side_by_side;
use crate::unchanged::{State, Sum};

/// The program of the last full build.
#[derive(Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Its texts.
    state: State,
    image: Sum,
    /// When its history was written.
    built: u64,
    /// How many fragments were checked.
    pub(crate) tasks: usize,
    /// How many fragments each unit has.
    pub(crate) counts: Vec<u32>,
    pub(crate) fragments: Vec<Fragment>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Fragment {
    /// Whether it takes part.
    pub(crate) active: bool,
    /// Whether the program imports it, itself or with its file; else another one's need brought it in.
    pub(crate) imported: bool,
    /// Which input of the link it is, if it has an object.
    pub(crate) input: Option<u32>,
    /// Whether it has something to do at start-up.
    pub(crate) initialises: bool,
    /// Digest of its text.
    pub(crate) text: u64,
}

/// What was exchanged since.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Exchanged {
    /// The texts of the full build, and those of the last one.
    of: State,
    state: State,
    /// The image that came out last.
    image: Sum,
    /// What has changed in the map of the image.
    changes: morph_link::Changes,
    /// Digests of texts that are others now, by fragment.
    texts: BTreeMap<FragmentId, u64>,
    /// When the history that this adds to was written.
    built: u64,
    pub(crate) history: Vec<Change>,
    /// When the last build was.
    pub(crate) now: u64,
}

/// All that is kept for exchanging fragments of the image that came out last.
pub(crate) struct Kept {
    pub(crate) standing: Standing,
    pub(crate) exchanged: Exchanged,
    pub(crate) names: Names,
    pub(crate) map: morph_link::Map,
}

fn record(user: &str) -> String {
    format!("standing-{user}")
}

fn record_of_exchanges(user: &str) -> String {
    format!("exchanged-{user}")
}

/// The sections of the first record; the other one has a head alone.
const HEAD: usize = 0;
const MAP: usize = 1;
const NAMES: usize = 2;

/// Enough to tell one text of a fragment from the next.
pub(crate) fn text_digest(text: &str) -> u64 {
    let Key(digest) = Hasher::of("standing").text(text).finish();
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Fewer units are digested by one thread.
const LEAST_UNITS: usize = 8;

/// Keeps what a full build without errors came to: of which texts, which image, where the linker placed what; and when its history was
/// written.
pub(crate) fn keep(
    analysis: &Analysis<'_>,
    placed: &Placed,
    (state, image): (State, Sum),
    built: u64,
    ledger: &mut Ledger,
) {
    let (reused, made) = ledger.results.counts();
    let tasks = reused + made;
    let units = &analysis.program.units;
    let counts: Vec<u32> = units.iter().map(|unit| to_u32(unit.fragments.len())).collect();
    let texts = side_by_side::map(units, LEAST_UNITS, |unit| {
        let texts = unit.fragments.iter().map(|fragment| text_digest(unit.text_of(fragment)));
        texts.collect::<Vec<u64>>()
    });
    let mut imported = vec![false; analysis.places.len()];
    for place in &analysis.program.included {
        imported[analysis.id(*place).0 as usize] = true;
    }
    let mut fragments: Vec<Fragment> = analysis
        .ids()
        .zip(texts.into_iter().flatten())
        .map(|(id, text)| Fragment {
            active: *analysis.state(id) != analysis::State::Inactive,
            imported: imported[id.0 as usize],
            input: None,
            initialises: false,
            text,
        })
        .collect();
    for (input, (id, initialises)) in (0..).zip(&placed.inputs) {
        if let Some(fragment) = fragments.get_mut(id.0 as usize) {
            (fragment.input, fragment.initialises) = (Some(input), *initialises);
        }
    }
    let standing = Standing { state, image, built, tasks, counts, fragments };
    let (Ok(head), Ok(map)) = (postcard::to_stdvec(&standing), postcard::to_stdvec(&placed.map))
    else {
        return;
    };
    let names = Names::of(analysis);
    let Ledger { results, notes, .. } = ledger;
    let user = results.user().to_owned();
    results.set_sections(&record(&user), &[&head, &map, names.bytes()], notes);
}

/// Forgets what was exchanged: a full build was done since.
pub(crate) fn forget_exchanges(ledger: &mut Ledger) {
    let Ledger { results, notes, .. } = ledger;
    let user = results.user().to_owned();
    results.remove_record(&record_of_exchanges(&user), notes);
}

/// What is kept of the build of these texts that gave this image.
pub(crate) fn read(state: State, image: Sum, ledger: &mut Ledger) -> Option<Kept> {
    let user = ledger.results.user().to_owned();
    let sections = ledger.results.sections(&record(&user))?;
    let mut standing: Standing = postcard::from_bytes(&sections.get(HEAD)?).ok()?;
    let whole = standing.counts.iter().map(|count| *count as usize).sum::<usize>();
    if whole != standing.fragments.len() {
        return None;
    }
    let mut exchanged = Exchanged {
        of: standing.state,
        state: standing.state,
        image: standing.image,
        built: standing.built,
        ..Exchanged::default()
    };
    if let Some(since) = ledger.results.sections(&record_of_exchanges(&user)) {
        let found: Exchanged = postcard::from_bytes(&since.get(HEAD)?).ok()?;
        if found.of == standing.state && found.built == standing.built {
            exchanged = found;
        }
    }
    if (exchanged.state, exchanged.image) != (state, image) {
        return None;
    }
    for (FragmentId(id), text) in &exchanged.texts {
        standing.fragments.get_mut(*id as usize)?.text = *text;
    }
    let mut map: morph_link::Map = postcard::from_bytes(&sections.get(MAP)?).ok()?;
    if !map.apply(&exchanged.changes) {
        return None;
    }
    let names = Names::read(sections.get(NAMES)?);
    Some(Kept { standing, exchanged, names, map })
}

/// What was exchanged since the history of a program was written, if that is the one: of these texts, at this time.
pub(crate) fn exchanges(
    user: &str,
    (state, built): (State, u64),
    store: &mut morph_store::Store,
) -> Option<Exchanged> {
    let head = store.sections(&record_of_exchanges(user))?.get(HEAD)?;
    let exchanged: Exchanged = postcard::from_bytes(&head).ok()?;
    ((exchanged.of, exchanged.built) == (state, built)).then_some(exchanged)
}

impl Exchanged {
    /// What this adds to: the texts of the full build, and when its history was written.
    pub(crate) fn base(&self) -> (State, u64) {
        (self.of, self.built)
    }
}

impl Kept {
    /// Keeps what was exchanged: of these texts this image came out now, and these fragments are others.
    pub(crate) fn keep(
        mut self,
        (state, image): (State, Sum),
        changes: morph_link::Changes,
        texts: Vec<(FragmentId, u64)>,
        ledger: &mut Ledger,
    ) {
        (self.exchanged.state, self.exchanged.image) = (state, image);
        self.exchanged.texts.extend(texts);
        self.exchanged.changes.add(changes);
        let Ok(head) = postcard::to_stdvec(&self.exchanged) else { return };
        let Ledger { results, notes, .. } = ledger;
        let user = results.user().to_owned();
        results.set_sections(&record_of_exchanges(&user), &[&head], notes);
    }
}
