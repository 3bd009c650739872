//! What a build keeps account of: faults, decisions, what is remembered from build to build.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use morph_fault::fault::Fault;
use morph_fault::memory::{Memory, StoredMemory};
use morph_fault::supervisor::Line;
use morph_fault::unit::UnitId;
use morph_fault::{Moment, Notice};
use morph_sandbox::{Death, Inject, SandboxError};

use crate::crew::moment;
use crate::deferral::Deferral;
use crate::isolation::{Injection, Isolation, Keep, Progress, Site, Watcher};
use crate::phase::Phase;
use crate::protection::compiler_build;
use crate::recovery::{self, Recovery};

/// Something that happened to workers, for those who want to know it all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A worker died, with this in hand.
    Died { site: Option<Site>, phase: Phase, death: String },
    /// A worker could not be started.
    NotStarted { reason: String },
    /// A fragment is not tried again until its text, its environment or the compiler changes.
    Quarantined { site: Site, fault: String },
    /// The breaker of a unit changed.
    Breaker { unit: String, text: String },
    /// What was kept of earlier builds could not be used, or not be written.
    Memory { problem: String },
    /// So many fragments were taken from a build that was killed.
    Resumed { fragments: usize },
    /// No recovery point could be made.
    Recovery { problem: String },
    /// The log could not be written.
    Log { problem: String },
    /// A crash bundle that messages name could not be written.
    Bundle { fault: String, problem: String },
}

/// An injection that travels with a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed(usize);

/// The account of one build.
pub(crate) struct Ledger {
    began: Instant,
    epoch: Duration,
    pub(crate) memory: StoredMemory,
    /// As it was read, to be written only if it changed.
    before: StoredMemory,
    folder: Option<PathBuf>,
    log: Option<BufWriter<File>>,
    inject: Vec<Injection>,
    watcher: Option<Watcher>,
    deferral: Deferral,
    progress: Progress,
    pub(crate) notes: Vec<Note>,
    /// The units of the plan that is being carried out.
    pub(crate) units: Vec<String>,
    /// Workers that died of something.
    pub(crate) faults: usize,
    pub(crate) recovery: Recovery,
}

impl Ledger {
    /// Opens the account: reads what is remembered, opens the log.
    pub(crate) fn open(isolation: &mut Isolation, project: &Path) -> io::Result<Ledger> {
        let folder = match &isolation.keep {
            Keep::Project => Some(project.join(".morph")),
            Keep::Folder(folder) => Some(folder.clone()),
            Keep::Nothing => None,
        };
        let log = match &isolation.log {
            Some(path) => Some(BufWriter::new(File::create(path)?)),
            None => None,
        };
        let mut notes = Vec::new();
        let memory = match folder.as_deref().map(read_memory) {
            None | Some(Ok(None)) => Memory::default().store(),
            Some(Ok(Some(memory))) => memory,
            Some(Err(problem)) => {
                notes.push(Note::Memory { problem });
                Memory::default().store()
            }
        };
        let first = isolation.recovery_after.unwrap_or(recovery::FIRST);
        let (recovery, left) = Recovery::open(folder.as_deref(), compiler_build(), first);
        let memory = left.memory.unwrap_or(memory);
        notes.extend(left.problem.map(|problem| Note::Memory { problem }));
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Ledger {
            began: Instant::now(),
            epoch,
            before: memory.clone(),
            memory,
            folder,
            log,
            inject: std::mem::take(&mut isolation.inject),
            watcher: isolation.watcher.take(),
            deferral: isolation.deferral.clone(),
            progress: Progress::default(),
            notes,
            units: Vec::new(),
            faults: 0,
            recovery,
        })
    }

    /// Now, as breakers and logs count.
    pub(crate) fn now(&self) -> Moment {
        moment(self.epoch + self.began.elapsed())
    }

    /// The folder for crash bundles.
    pub(crate) fn bundles(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("bundles"))
    }

    /// Whether workers of an earlier crew may go on: nothing speaks against any job.
    pub(crate) fn reuses_workers(&self) -> bool {
        self.memory.suspects.is_empty() && self.memory.units.is_empty()
    }

    pub(crate) fn step(&mut self, step: &'static str, units: usize) {
        self.progress.step = step;
        self.progress.units = units;
    }

    pub(crate) fn begin(&mut self, total: usize) {
        self.progress.total = total;
        self.progress.done = 0;
    }

    pub(crate) fn progress(&mut self, done: usize, sandboxes: usize) {
        self.progress.done = done;
        self.progress.sandboxes = sandboxes;
        self.progress.faults = self.faults;
        if let Some(watcher) = &mut self.watcher {
            watcher(self.progress);
        }
    }

    /// Makes a recovery point, if one is due.
    pub(crate) fn recovery_point(&mut self, memory: impl FnOnce() -> Memory) {
        if self.recovery.is_due()
            && let Err(error) = self.recovery.point(memory().store())
        {
            self.notes.push(Note::Recovery { problem: error.to_string() });
        }
    }

    pub(crate) fn note_resumed(&mut self, fragments: usize) {
        self.notes.push(Note::Resumed { fragments });
    }

    pub(crate) fn end(&mut self, memory: Memory) {
        self.memory = memory.store();
    }

    /// The fault to inject into a task about `site`, if there is one for a phase that it has.
    pub(crate) fn injection(
        &mut self,
        site: impl Fn() -> Site,
        steps: &[Phase],
    ) -> Option<(Armed, (u8, Inject))> {
        if self.inject.is_empty() {
            return None;
        }
        let site = site();
        let mut found = self.inject.iter_mut().enumerate().filter(|(_, injection)| {
            injection.times > 0 && injection.site == site && steps.contains(&injection.phase)
        });
        let (index, injection) = found.next()?;
        injection.times = injection.times.saturating_sub(1);
        Some((Armed(index), (injection.phase as u8, injection.kind)))
    }

    /// Takes an injection back: its worker died of something else before it came to the task.
    pub(crate) fn disarm(&mut self, Armed(index): Armed) {
        if let Some(injection) = self.inject.get_mut(index) {
            injection.times = injection.times.saturating_add(1);
        }
    }

    /// The fault that was injected into tasks about `site`, of which one ended in this phase.
    pub(crate) fn injected(&self, site: &Site, phase: Phase) -> Option<(Phase, Inject)> {
        let here = || self.inject.iter().filter(|injection| injection.site == *site);
        let found = here().find(|injection| injection.phase == phase).or_else(|| here().next());
        found.map(|injection| (injection.phase, injection.kind))
    }

    pub(crate) fn log(&mut self, line: &Line) {
        let Some(log) = &mut self.log else { return };
        let written = serde_json::to_writer(&mut *log, line)
            .map_err(io::Error::from)
            .and_then(|()| log.write_all(b"\n"));
        if let Err(error) = written {
            self.notes.push(Note::Log { problem: error.to_string() });
            self.log = None;
        }
    }

    pub(crate) fn note_death(&mut self, site: Option<Site>, phase: Phase, death: &Death) {
        // What we ended ourselves is no news.
        if *death == Death::Killed {
            return;
        }
        self.faults += 1;
        self.notes.push(Note::Died { site, phase, death: death.to_string() });
    }

    pub(crate) fn note_refusal(&mut self, error: &SandboxError) {
        self.notes.push(Note::NotStarted { reason: error.to_string() });
    }

    pub(crate) fn note_quarantine(&mut self, site: &Site, fault: Fault) {
        self.notes.push(Note::Quarantined { site: site.clone(), fault: fault.id.to_string() });
    }

    pub(crate) fn note_breaker(&mut self, unit: UnitId, notice: &Notice) {
        let unit = self.units.get(unit.0 as usize).cloned().unwrap_or_default();
        let text = match notice {
            Notice::Moved { from, to, .. } => format!("{from:?} -> {to:?}"),
            Notice::Spared { .. } | Notice::WouldOpen { .. } | Notice::ProbeReused { .. } => {
                format!("{notice:?}")
            }
        };
        self.notes.push(Note::Breaker { unit, text });
    }

    /// Closes the account: what is to be remembered is written, if it changed.
    pub(crate) fn close(mut self) -> Vec<Note> {
        if let Some(Err(error)) = self.log.take().map(|mut log| log.flush()) {
            self.notes.push(Note::Log { problem: error.to_string() });
        }
        if let Some(folder) = self.folder.as_deref().filter(|_| self.memory != self.before)
            && let Err(error) = write_memory(folder, &self.memory, &self.deferral)
        {
            let problem = format!("{}: {error}", folder.join(MEMORY).display());
            self.notes.push(Note::Memory { problem });
        }
        self.recovery.close();
        self.notes
    }
}

/// The file of quarantine and breakers.
const MEMORY: &str = "memory.json";

/// More bytes than any memory takes are not read.
const LONGEST: u64 = 64 << 20;

fn read_memory(folder: &Path) -> Result<Option<StoredMemory>, String> {
    let path = folder.join(MEMORY);
    let problem = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let length = match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Err(problem(&"not a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(problem(&error)),
    };
    if length > LONGEST {
        return Err(problem(&"too large"));
    }
    let bytes = std::fs::read(&path).map_err(|error| problem(&error))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| problem(&error))
}

fn write_memory(folder: &Path, memory: &StoredMemory, deferral: &Deferral) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let text = serde_json::to_vec(memory)?;
    let temporary = folder.join(format!(".{MEMORY}.{}.tmp", std::process::id()));
    deferral.uninterrupted(|| {
        let written = std::fs::write(&temporary, text)
            .and_then(|()| std::fs::rename(&temporary, folder.join(MEMORY)));
        if written.is_err() {
            // The first error is the one that matters.
            let _ = std::fs::remove_file(&temporary);
        }
        written
    })
}
