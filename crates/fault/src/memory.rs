//! What a supervisor remembers from one build to the next: quarantine, suspects, lowered jobs, breakers.
//!
//! [`StoredMemory`] is what is written, version first. Whatever is read back is checked: an entry that
//! could not have been written is left out and named, so hostile or damaged bytes cost at most retries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::breaker::{Counts, StoredBreaker};
use crate::fault::{Build, Fault, FaultId, Key};
use crate::supervisor::Rung;
use crate::time::Moment;

/// The version of [`StoredMemory`].
pub const MEMORY_VERSION: u32 = 2;

/// More entries of a kind than this are not kept; the oldest go first.
pub const MEMORY_LIMIT: usize = 65_536;

/// A job that is not tried again until its key or the build changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub fault: Fault,
    pub since: Moment,
}

/// A job whose fault repeated, and whose further retries were withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    pub fault: Fault,
    /// The rung at which it is to be tried next.
    pub next: Rung,
    pub since: Moment,
}

/// A job that has a result at a lower rung only, and begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowered {
    /// What it died of at the rung above.
    pub fault: Fault,
    pub rung: Rung,
    pub since: Moment,
}

/// What is remembered of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitMemory {
    /// The digest of its text when it was last built.
    pub text: Key,
    pub breaker: StoredBreaker,
    /// Faults that repeated, since its breaker was last CLOSED and all was well.
    pub crash_count: u32,
}

/// What is remembered from one build to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub quarantine: BTreeMap<(Key, Build), Quarantined>,
    pub suspects: BTreeMap<(Key, Build), Suspect>,
    pub lowered: BTreeMap<(Key, Build), Lowered>,
    /// By the digest of what names the unit from build to build.
    pub units: BTreeMap<Key, UnitMemory>,
}

/// [`Memory`] as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMemory {
    pub version: u32,
    pub quarantine: Vec<(Key, Build, Quarantined)>,
    pub suspects: Vec<(Key, Build, Suspect)>,
    pub lowered: Vec<(Key, Build, Lowered)>,
    pub units: Vec<(Key, UnitMemory)>,
}

/// Why a part of a stored memory is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryProblem {
    #[error("the memory is of version {0}, not {MEMORY_VERSION}: nothing of it is used")]
    Version(u32),
    #[error(
        "the memory holds {0} entries of a kind, more than {MEMORY_LIMIT}: the rest is not used"
    )]
    TooMany(usize),
    #[error("an entry for {0:?} is left out: its fault id does not follow from it")]
    WrongId(Key),
    #[error("an entry for {0:?} is left out: a fault of its kind is not remembered")]
    WrongKind(Key),
    #[error("a second entry for {0:?} is left out")]
    Twice(Key),
}

impl Memory {
    pub fn store(&self) -> StoredMemory {
        StoredMemory {
            version: MEMORY_VERSION,
            quarantine: self
                .quarantine
                .iter()
                .map(|((key, build), it)| (*key, *build, *it))
                .collect(),
            suspects: self.suspects.iter().map(|((key, build), it)| (*key, *build, *it)).collect(),
            lowered: self.lowered.iter().map(|((key, build), it)| (*key, *build, *it)).collect(),
            units: self.units.iter().map(|(name, it)| (*name, *it)).collect(),
        }
    }

    /// What of `stored` can be used at `now`, and what is wrong with the rest.
    pub fn load(stored: &StoredMemory, now: Moment) -> (Memory, Vec<MemoryProblem>) {
        let mut memory = Memory::default();
        let mut problems = Vec::new();
        if stored.version != MEMORY_VERSION {
            problems.push(MemoryProblem::Version(stored.version));
            return (memory, problems);
        }
        let StoredMemory { quarantine, suspects, lowered, units, .. } = stored;
        for count in [quarantine.len(), suspects.len(), lowered.len(), units.len()] {
            if count > MEMORY_LIMIT {
                problems.push(MemoryProblem::TooMany(count));
            }
        }
        for (key, build, entry) in stored.quarantine.iter().take(MEMORY_LIMIT) {
            match check(key, build, &entry.fault, memory.quarantine.contains_key(&(*key, *build))) {
                Some(problem) => problems.push(problem),
                None => {
                    let entry = Quarantined { since: entry.since.min(now), ..*entry };
                    memory.quarantine.insert((*key, *build), entry);
                }
            }
        }
        for (key, build, entry) in stored.suspects.iter().take(MEMORY_LIMIT) {
            match check(key, build, &entry.fault, memory.suspects.contains_key(&(*key, *build))) {
                Some(problem) => problems.push(problem),
                None => {
                    let entry = Suspect { since: entry.since.min(now), ..*entry };
                    memory.suspects.insert((*key, *build), entry);
                }
            }
        }
        for (key, build, entry) in stored.lowered.iter().take(MEMORY_LIMIT) {
            match check(key, build, &entry.fault, memory.lowered.contains_key(&(*key, *build))) {
                Some(problem) => problems.push(problem),
                None => {
                    let entry = Lowered { since: entry.since.min(now), ..*entry };
                    memory.lowered.insert((*key, *build), entry);
                }
            }
        }
        for (name, unit) in stored.units.iter().take(MEMORY_LIMIT) {
            if memory.units.insert(*name, *unit).is_some() {
                problems.push(MemoryProblem::Twice(*name));
            }
        }
        (memory, problems)
    }

    /// Forgets what other builds of the compiler left, and the oldest entries beyond the limit.
    pub(crate) fn prune(&mut self, build: &Build) {
        self.quarantine.retain(|(_, of), _| of == build);
        self.suspects.retain(|(_, of), _| of == build);
        self.lowered.retain(|(_, of), _| of == build);
        drop_oldest(&mut self.quarantine, |entry| entry.since);
        drop_oldest(&mut self.suspects, |entry| entry.since);
        drop_oldest(&mut self.lowered, |entry| entry.since);
        drop_oldest(&mut self.units, |entry| entry.breaker.since);
    }
}

/// What two builds at once leave together: what `ours` changed since both began with `base`, and of the rest what `theirs` says.
pub fn merge(base: &StoredMemory, ours: &StoredMemory, theirs: &StoredMemory) -> StoredMemory {
    fn entries<K: Ord + Clone, V: Clone>(all: &[V], key: impl Fn(&V) -> K) -> BTreeMap<K, V> {
        all.iter().map(|entry| (key(entry), entry.clone())).collect()
    }
    fn merged<K: Ord + Clone, V: Clone + PartialEq>(
        [base, ours, theirs]: [&[V]; 3],
        key: impl Fn(&V) -> K,
    ) -> Vec<V> {
        let (base, ours) = (entries(base, &key), entries(ours, &key));
        let mut result = entries(theirs, &key);
        for (key, entry) in &ours {
            if base.get(key) != Some(entry) {
                result.insert(key.clone(), entry.clone());
            }
        }
        result.retain(|key, _| ours.contains_key(key) || !base.contains_key(key));
        result.into_values().collect()
    }
    StoredMemory {
        version: ours.version,
        quarantine: merged(
            [&base.quarantine, &ours.quarantine, &theirs.quarantine],
            |(key, build, _)| (*key, *build),
        ),
        suspects: merged([&base.suspects, &ours.suspects, &theirs.suspects], |(key, build, _)| {
            (*key, *build)
        }),
        lowered: merged([&base.lowered, &ours.lowered, &theirs.lowered], |(key, build, _)| {
            (*key, *build)
        }),
        units: merged([&base.units, &ours.units, &theirs.units], |(name, _)| *name),
    }
}

fn check(key: &Key, build: &Build, fault: &Fault, twice: bool) -> Option<MemoryProblem> {
    if fault.id != FaultId::new(key, fault.phase, fault.kind, build) {
        Some(MemoryProblem::WrongId(*key))
    } else if fault.kind.counts() != Counts::Failure {
        Some(MemoryProblem::WrongKind(*key))
    } else if twice {
        Some(MemoryProblem::Twice(*key))
    } else {
        None
    }
}

fn drop_oldest<K: Ord + Clone, V>(entries: &mut BTreeMap<K, V>, since: impl Fn(&V) -> Moment) {
    let surplus = entries.len().saturating_sub(MEMORY_LIMIT);
    if surplus == 0 {
        return;
    }
    let mut by_age: Vec<(Moment, K)> =
        entries.iter().map(|(key, entry)| (since(entry), key.clone())).collect();
    by_age.sort();
    for (_, key) in by_age.into_iter().take(surplus) {
        entries.remove(&key);
    }
}
