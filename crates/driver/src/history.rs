//! What the last build of a program did with each of its fragments, and why.

use std::time::{Duration, SystemTime};

use morph_diag::{FragmentId, Severity};
use morph_fault::fault::{Build, FaultId, Key};
use morph_sema::environment::QuestionKind;
use morph_sema::summary::Definition;
pub use morph_sema::summary::Side;
use morph_store::Store;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::analysis::{Analysis, State};
use crate::aside;
use crate::edit::standing;
use crate::fault_ids::FaultIds;
use crate::ledger::Ledger;
use crate::options::{Grain, Options};
use crate::protection::{Shield, compiler_build};
use crate::results::KeptBuilt;
use crate::unchanged;
use crate::worker::read_built;

/// More changed names than these say nothing new.
const MOST_REASONS: usize = 8;

/// One program as it was built last with certain options.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct History {
    /// How the root file is shown.
    pub root: String,
    /// What was asked for, as on a command line.
    pub options: String,
    /// Seconds since 1970.
    pub built: u64,
    /// Its texts.
    state: unchanged::State,
    compiler: Build,
    /// How each unit is shown, and whose it is. The program's first.
    pub units: Vec<(String, Side)>,
    /// The fragments that take part, in program order.
    pub fragments: Vec<Entry>,
}

/// One fragment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// An index into [`History::units`].
    pub unit: u32,
    /// Which fragment of its unit, from 0.
    pub position: u32,
    /// Line, from 1, on which it begins.
    pub line: u32,
    /// Keyword and name, of a definition.
    pub name: Option<(String, String)>,
    pub state: Fate,
    /// Whether the last build took what an earlier one had made.
    pub reused: bool,
    /// When it was compiled last, in seconds since 1970.
    pub made: u64,
    /// Why it was compiled then.
    pub because: Vec<Reason>,
    key: Key,
    text: u64,
}

/// What became of a fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    Active,
    /// It is closed: the id of the fault, the code of its own first error, and the key under which a fault of the compiler is remembered.
    Closed {
        fault: FaultId,
        code: Option<String>,
        job: Key,
    },
    /// Its whole unit is isolated.
    Isolated,
}

/// Why a fragment was compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// There was none of this name.
    New,
    /// Its text is another.
    Text,
    /// It stands in another file, or (of what runs at start-up) in another place there.
    Place,
    /// A name that it uses means something else, or something instead of nothing.
    Meaning(QuestionKind, String),
    /// The compiler is another.
    Compiler,
    /// What was kept of it is gone, or was never kept: a fault of the compiler, or everything was to be made again.
    NotKept,
}

/// What became of one fragment since a history was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) unit: u32,
    pub(crate) position: u32,
    pub(crate) line: u32,
    /// Its key and the digest of its text, if that is another.
    pub(crate) words: Option<(Key, u64)>,
    /// When it was compiled, if it was.
    pub(crate) made: Option<u64>,
    /// Whether that was in the last build.
    pub(crate) now: bool,
}

/// Adds what another build did.
pub(crate) fn add(changes: &mut Vec<Change>, more: Vec<Change>) {
    changes.iter_mut().for_each(|change| change.now = false);
    for change in more {
        let place = (change.unit, change.position);
        match changes.binary_search_by_key(&place, |known| (known.unit, known.position)) {
            Ok(at) => {
                let known = &mut changes[at];
                let (words, made) = (change.words.or(known.words), change.made.or(known.made));
                *known = Change { words, made, ..change };
            }
            Err(at) => changes.insert(at, change),
        }
    }
}

impl History {
    /// What a record says; what has changed since is put in, if there is anything.
    pub(crate) fn read(user: &str, store: &mut Store) -> Option<History> {
        let sections = store.sections(&record(user))?;
        let mut history: History = postcard::from_bytes(&sections.get(WHOLE)?).ok()?;
        if let Some(since) = standing::exchanges(user, (history.state, history.built), store) {
            history.built = since.now;
            history.fragments.iter_mut().for_each(|entry| entry.reused = true);
            let place = |entry: &Entry| (entry.unit, entry.position);
            for change in &since.history {
                let known =
                    history.fragments.binary_search_by_key(&(change.unit, change.position), place);
                let Some(entry) = known.ok().and_then(|at| history.fragments.get_mut(at)) else {
                    continue;
                };
                entry.line = change.line;
                if let Some((key, text)) = change.words {
                    (entry.key, entry.text) = (key, text);
                }
                if let Some(made) = change.made {
                    (entry.made, entry.because) = (made, vec![Reason::Text]);
                }
                entry.reused = !change.now;
            }
        }
        Some(history)
    }
}

/// Where the history is to which exchanges of fragments can be added: of these texts, written at this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is that of the last build.
    Current,
    /// It was set aside.
    Aside,
}

/// Where the history of a full build is; `None` if it is nowhere any more.
pub(crate) fn find(written: (unchanged::State, u64), ledger: &mut Ledger) -> Option<Place> {
    let user = ledger.results.user().to_owned();
    let places = [(record(&user), Place::Current), (aside::history(&user), Place::Aside)];
    let found = places.into_iter().find(|(record, _)| {
        let head = ledger.results.sections(record).and_then(|sections| sections.get(HEAD));
        let head = head.and_then(|head| postcard::from_bytes::<Head>(&head).ok());
        head == Some(written)
    });
    found.map(|(_, place)| place)
}

/// When each fragment was compiled last, by its key, as the last build left it.
pub(crate) fn times(ledger: &mut Ledger) -> FxHashMap<Key, u64> {
    let history = ledger.results.history();
    let entries = history.into_iter().flat_map(|history| history.fragments);
    entries.map(|entry| (entry.key, entry.made)).collect()
}

/// The history that was set aside is the history again.
pub(crate) fn restore(ledger: &mut Ledger) {
    let user = ledger.results.user().to_owned();
    ledger.results.copy_record(&aside::history(&user), &record(&user), &mut ledger.notes);
}

/// The sections of the record: its texts and when it was built; all of it.
const HEAD: usize = 0;
const WHOLE: usize = 1;
type Head = (unchanged::State, u64);

/// The name of the record.
pub(crate) fn record(user: &str) -> String {
    format!("{PREFIX}{user}")
}

pub(crate) const PREFIX: &str = "history-";

/// What a build knows about how its fragments came about.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) keys: Vec<Key>,
    /// Those that were compiled in this build.
    pub(crate) made: FxHashSet<FragmentId>,
}

/// Writes down what a build did, and gives the time, in seconds since 1970.
pub(crate) fn keep(
    made: &Made,
    root: &str,
    analysis: &Analysis<'_>,
    options: &Options,
    state: unchanged::State,
    shield: &Shield,
    ledger: &mut Ledger,
) -> u64 {
    if !ledger.results.have_history() || made.keys.len() != analysis.places.len() {
        return 0;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.as_ref().map_or(0, Duration::as_secs);
    let record = record(ledger.results.user());
    let before = ledger.results.history();
    let known = Known::new(before.as_ref());
    let faults = FaultIds::new(analysis);
    let mut codes: FxHashMap<FragmentId, &str> = FxHashMap::default();
    for (id, problem) in &analysis.problems {
        if problem.severity() == Severity::Error {
            codes.entry(*id).or_insert(problem.code.name());
        }
    }
    let mut fragments = Vec::new();
    for id in analysis.ids().filter(|id| *analysis.state(*id) != State::Inactive) {
        if matches!(analysis.summary(id).definition, Definition::Import) {
            continue;
        }
        let place = analysis.places[id.0 as usize];
        let unit = analysis.unit(id);
        let fragment = analysis.fragment(id);
        let key = made.keys[id.0 as usize];
        let mut entry = Entry {
            unit: place.unit,
            position: place.fragment,
            line: fragment.line,
            name: analysis.name(id).map(|(keyword, name)| (keyword.to_owned(), name.to_owned())),
            state: match analysis.state(id) {
                State::Dependent(_) if options.grain == Grain::Unit && !codes.contains_key(&id) => {
                    Fate::Isolated
                }
                State::Broken | State::Dependent(_) => Fate::Closed {
                    fault: faults.of(id),
                    code: codes.get(&id).map(|code| (*code).to_owned()),
                    job: shield.job_key(key),
                },
                State::Inactive | State::Active => Fate::Active,
            },
            reused: !made.made.contains(&id),
            made: now,
            because: Vec::new(),
            key,
            text: text_digest(unit.text_of(fragment)),
        };
        let earlier = known.find(&unit.path, analysis.side(id), &entry);
        if entry.reused {
            // It may have been made by a build of another program.
            entry.made = earlier.map_or(now, |(_, earlier)| earlier.made);
            entry.because = earlier.map_or_else(Vec::new, |(_, earlier)| earlier.because.clone());
        } else {
            entry.because = reasons(&entry, earlier, before.as_ref(), analysis, id, ledger);
        }
        fragments.push(entry);
    }
    let units = &analysis.program.units;
    let history = History {
        root: root.to_owned(),
        options: options.to_string(),
        built: now,
        state,
        compiler: compiler_build(),
        units: units.iter().map(|unit| (unit.path.clone(), unit.side())).collect(),
        fragments,
    };
    let head: Head = (history.state, history.built);
    if let (Ok(head), Ok(whole)) = (postcard::to_stdvec(&head), postcard::to_stdvec(&history)) {
        ledger.results.set_sections(&record, &[&head, &whole], &mut ledger.notes);
    }
    now
}

/// Enough to tell one text of a fragment from the next.
pub(crate) fn text_digest(text: &str) -> u64 {
    u64::from(crc32fast::hash(text.as_bytes())) << 32 | text.len() as u64 & 0xffff_ffff
}

/// The fragments of the build before, by what people call them.
struct Known<'h> {
    by_name: FxHashMap<(Side, &'h str, &'h str), (&'h str, &'h Entry)>,
    by_position: FxHashMap<(Side, &'h str, u32), (&'h str, &'h Entry)>,
}

impl<'h> Known<'h> {
    fn new(history: Option<&'h History>) -> Known<'h> {
        let mut known = Known { by_name: FxHashMap::default(), by_position: FxHashMap::default() };
        let Some(history) = history else { return known };
        for entry in &history.fragments {
            let Some((path, side)) = history.units.get(entry.unit as usize) else { continue };
            match &entry.name {
                Some((keyword, name)) => {
                    let name = (*side, keyword.as_str(), name.as_str());
                    known.by_name.entry(name).or_insert((path, entry));
                }
                None => {
                    known.by_position.insert((*side, path, entry.position), (path, entry));
                }
            }
        }
        known
    }

    /// The same fragment then, and the file in which it stood.
    fn find(&self, path: &str, side: Side, entry: &Entry) -> Option<(&'h str, &'h Entry)> {
        match &entry.name {
            Some((keyword, name)) => {
                self.by_name.get(&(side, keyword.as_str(), name.as_str())).copied()
            }
            None => self.by_position.get(&(side, path, entry.position)).copied(),
        }
    }
}

fn reasons(
    entry: &Entry,
    earlier: Option<(&str, &Entry)>,
    before: Option<&History>,
    analysis: &Analysis<'_>,
    id: FragmentId,
    ledger: &mut Ledger,
) -> Vec<Reason> {
    let Some((path, earlier)) = earlier else { return vec![Reason::New] };
    if before.is_some_and(|before| before.compiler != compiler_build()) {
        return vec![Reason::Compiler];
    }
    if earlier.text != entry.text {
        return vec![Reason::Text];
    }
    if path != analysis.unit(id).path
        || entry.position != earlier.position
            && matches!(analysis.summary(id).definition, Definition::Global { .. })
    {
        return vec![Reason::Place];
    }
    let side = analysis.side(id);
    let kept = ledger.results.built(&earlier.key);
    let kept = kept.and_then(|kept| postcard::from_bytes::<KeptBuilt<'_>>(kept).ok());
    let Some(built) = kept.and_then(|kept| read_built(kept.reply).ok()) else {
        return vec![Reason::NotKept];
    };
    let changed = built
        .asked
        .iter()
        .filter(|entry| analysis.environment.answer(side, entry.question) != entry.answer);
    let mut changed: Vec<Reason> = changed
        .map(|entry| Reason::Meaning(entry.question.kind, entry.question.name.to_owned()))
        .collect();
    changed.dedup_by(|a, b| match (a, b) {
        (Reason::Meaning(_, a), Reason::Meaning(_, b)) => a == b,
        (_, _) => false,
    });
    changed.truncate(MOST_REASONS);
    if changed.is_empty() { vec![Reason::NotKept] } else { changed }
}
