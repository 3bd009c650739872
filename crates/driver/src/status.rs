//! What is known about a project: its programs, units and fragments, breakers and quarantine, what is kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use morph_fault::State;
use morph_fault::fault::{Fault, Key};
use morph_fault::memory::StoredMemory;
use morph_sema::summary::Side;
use morph_store::{Lock, Store, write_whole};

use crate::config;
use crate::history::{self, Entry, Fate, History};
use crate::ledger::{MEMORY, STATE, read_memory};
use crate::project::Project;
use crate::source::SourceError;
use crate::task::unit_name;

/// All that is kept of a project.
#[derive(Debug)]
pub struct ProjectStatus {
    /// The folder that holds it.
    folder: PathBuf,
    /// Each program under its options, the one that was built last first.
    pub programs: Vec<History>,
    memory: StoredMemory,
    /// How much is kept: entries, and bytes of all files.
    pub entries: usize,
    pub bytes: u64,
    /// What of it cannot be used.
    pub problems: Vec<String>,
}

/// A fragment that is not tried again, or only at a lower rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Quarantined(Fault),
    Suspect(Fault),
    Lowered(Fault),
}

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("nothing is kept here: no program of this project was built yet")]
    Nothing,
    #[error("{0}")]
    System(#[from] io::Error),
}

/// The folder in which the project of `file` keeps its state; without a file the project of the working directory, which is the
/// nearest folder above with a `morph.toml`, or else the working directory itself.
///
/// # Errors
///
/// The file cannot be found, or nothing was kept yet.
pub fn folder(file: Option<&Path>) -> Result<PathBuf, StatusError> {
    let found = match file {
        Some(file) => {
            let (project, _) = Project::of_root(file)?;
            Some(project.folder().join(STATE)).filter(|state| state.is_dir())
        }
        None => {
            let here = std::env::current_dir()?;
            let marked = here.ancestors().find(|folder| folder.join(config::FILE).is_file());
            Some(marked.unwrap_or(&here).join(STATE)).filter(|state| state.is_dir())
        }
    };
    found.ok_or(StatusError::Nothing)
}

impl ProjectStatus {
    /// Reads what is kept in `folder`.
    pub fn read(folder: PathBuf) -> ProjectStatus {
        let mut store = Store::open(&folder);
        let mut programs: Vec<History> = store
            .records(history::PREFIX)
            .iter()
            .filter_map(|name| History::read(name.strip_prefix(history::PREFIX)?, &mut store))
            .collect();
        programs.sort_by(|a, b| (b.built, &a.root).cmp(&(a.built, &b.root)));
        let mut problems = Vec::new();
        let memory = match read_memory(&folder, Path::new(STATE)) {
            Ok(memory) => memory,
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let memory = memory.unwrap_or_else(|| morph_fault::memory::Memory::default().store());
        let entries = store.len();
        problems.extend(store.problems().iter().map(ToString::to_string));
        let bytes = size(&folder);
        ProjectStatus { folder, programs, memory, entries, bytes, problems }
    }

    /// The state of the breaker of a unit; CLOSED if nothing is known against it.
    pub fn breaker(&self, path: &str) -> State {
        let name = unit_name(Side::Program, path);
        let found = self.memory.units.iter().find(|(known, _)| *known == name);
        found.map_or(State::Closed, |(_, unit)| unit.breaker.state)
    }

    /// What is remembered against a fragment.
    pub fn held(&self, entry: &Entry) -> Option<Held> {
        let Fate::Closed { job, .. } = &entry.state else { return None };
        let StoredMemory { quarantine, suspects, lowered, .. } = &self.memory;
        let quarantined = quarantine.iter().find(|(key, ..)| key == job);
        let quarantined = quarantined.map(|(.., it)| Held::Quarantined(it.fault));
        let suspect = suspects.iter().find(|(key, ..)| key == job);
        let lowered = lowered.iter().find(|(key, ..)| key == job);
        quarantined
            .or_else(|| suspect.map(|(.., it)| Held::Suspect(it.fault)))
            .or_else(|| lowered.map(|(.., it)| Held::Lowered(it.fault)))
    }

    /// Forgets all that is remembered against a unit of the program: its breaker and the quarantine of its fragments. How many things
    /// those were.
    ///
    /// # Errors
    ///
    /// What the system says; then nothing is forgotten.
    pub fn reset(&self, path: &str) -> io::Result<usize> {
        let name = unit_name(Side::Program, path);
        let own = self.programs.iter().flat_map(|program| {
            let of_unit = move |entry: &&Entry| {
                program.units.get(entry.unit as usize).is_some_and(|(known, _)| known == path)
            };
            program.fragments.iter().filter(of_unit)
        });
        let jobs: Vec<Key> = own
            .filter_map(|entry| match &entry.state {
                Fate::Closed { job, .. } => Some(*job),
                Fate::Active | Fate::Isolated => None,
            })
            .collect();
        let _lock = Lock::of(&self.folder)?;
        let found = read_memory(&self.folder, Path::new(STATE)).map_err(io::Error::other)?;
        let Some(mut memory) = found else { return Ok(0) };
        let before = count(&memory);
        memory.units.retain(|(known, _)| *known != name);
        memory.quarantine.retain(|(key, ..)| !jobs.contains(key));
        memory.suspects.retain(|(key, ..)| !jobs.contains(key));
        memory.lowered.retain(|(key, ..)| !jobs.contains(key));
        let forgotten = before - count(&memory);
        let text = serde_json::to_vec(&memory)?;
        write_whole(&self.folder.join(MEMORY), &text, &mut |_| {})?;
        Ok(forgotten)
    }
}

fn count(memory: &StoredMemory) -> usize {
    let StoredMemory { quarantine, suspects, lowered, units, .. } = memory;
    quarantine.len() + suspects.len() + lowered.len() + units.len()
}

/// Bytes of all files in a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        Ok(_) => entry.metadata().map_or(0, |metadata| metadata.len()),
        Err(_) => 0,
    });
    sizes.sum()
}

/// Removes all that is kept in `folder`; how many bytes those were.
///
/// # Errors
///
/// What the system says.
pub fn clean(folder: &Path) -> io::Result<u64> {
    let bytes = size(folder);
    fs::remove_dir_all(folder)?;
    Ok(bytes)
}
