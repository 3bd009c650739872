//! What a build keeps account of: faults, decisions, what is remembered from build to build.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use morph_fault::fault::{Fault, FaultId};
use morph_fault::memory::{self, Memory, StoredMemory};
use morph_fault::supervisor::{Line, Outcome, Plan};
use morph_fault::unit::UnitId;
use morph_fault::{Moment, Notice};
use morph_sandbox::{Death, Inject, SandboxError};
use morph_store::{Lock, write_whole};

use crate::crew::moment;
use crate::decisions::{Ended, Entry, Header, VERSION};
use crate::deferral::Deferral;
use crate::isolation::{
    Digests, Injection, Isolation, Keep, Progress, Protection, Reuse, Site, Step, StoreWatcher,
    Watcher,
};
use crate::log_file::LogFile;
use crate::phase::Phase;
use crate::protection::compiler_build;
use crate::recovery::{self, Recovery};
use crate::results::Results;

/// Something that happened to workers, for those who want to know it all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A worker died, with this in hand. `recovered`: the work was done by another, so nothing is lost.
    Died { site: Option<Site>, phase: Phase, death: String, recovered: bool },
    /// A worker gave an answer that cannot be used.
    BadReply { site: Site, recovered: bool },
    /// A worker could not be started.
    NotStarted { reason: String },
    /// A fragment is not tried again until its text, its environment or the compiler changes.
    Quarantined { site: Site, fault: String },
    /// The breaker of a unit changed, because of this fault if it was one.
    Breaker { unit: String, text: String, fault: Option<String> },
    /// What was kept of earlier builds cannot be used. A warning.
    MemoryUnused { problem: String },
    /// What later builds should know could not be written. A warning.
    MemoryUnwritten { problem: String },
    /// So many fragments were taken from a build that was killed.
    Resumed { fragments: usize },
    /// No recovery point could be made.
    Recovery { problem: String },
    /// The log could not be written. A warning.
    Log { problem: String },
    /// So many fragments were compiled by earlier builds, and so many by this one.
    Reused { reused: usize, made: usize },
    /// A part of what was kept of earlier builds is damaged. A warning.
    StoreUnused { problem: String },
    /// What later builds could use could not be written. A warning, unless nobody may write there.
    StoreUnwritten { problem: String, refused: bool },
    /// What was kept of a fragment is not what comes out now; the bundle has what it was made of. A warning.
    Mismatch { site: Site, bundle: Option<String> },
    /// A crash bundle that messages name could not be written.
    Bundle { fault: String, problem: String },
}

impl Note {
    /// Whether it is worth telling those who did not ask for notes.
    pub fn is_warning(&self) -> bool {
        match self {
            // A bundle that is not there has been named by a message.
            Note::MemoryUnused { .. }
            | Note::MemoryUnwritten { .. }
            | Note::Log { .. }
            | Note::StoreUnused { .. }
            | Note::StoreUnwritten { refused: false, .. }
            | Note::Mismatch { .. }
            | Note::Bundle { .. } => true,
            Note::Died { .. }
            | Note::BadReply { .. }
            | Note::NotStarted { .. }
            | Note::Quarantined { .. }
            | Note::Breaker { .. }
            | Note::Resumed { .. }
            | Note::Reused { .. }
            | Note::StoreUnwritten { refused: true, .. }
            | Note::Recovery { .. } => false,
        }
    }
}

/// An injection that travels with a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed(usize);

/// The account of one build.
pub(crate) struct Ledger {
    began: Instant,
    epoch: Duration,
    pub(crate) memory: StoredMemory,
    /// As it was read, to be written only if it changed; `None` if what was read is damaged.
    before: Option<StoredMemory>,
    folder: Option<PathBuf>,
    /// How the folder is called in messages.
    shown: PathBuf,
    log: Option<LogFile>,
    inject: Vec<Injection>,
    watcher: Option<Watcher>,
    deferral: Deferral,
    store_watcher: Option<StoreWatcher>,
    progress: Progress,
    pub(crate) notes: Vec<Note>,
    /// The units of the plan that is being carried out.
    pub(crate) units: Vec<String>,
    /// Workers that died of something.
    pub(crate) faults: usize,
    pub(crate) recovery: Recovery,
    pub(crate) results: Results,
}

impl Ledger {
    /// Opens the account: reads what is remembered, opens the log. What cannot be had is noted: no build fails for it.
    pub(crate) fn open(isolation: &mut Isolation, project: &Path, user: String) -> Ledger {
        let folder = match &isolation.keep {
            Keep::Project => Some(project.join(STATE)),
            Keep::Folder(folder) => Some(folder.clone()),
            Keep::Nothing => None,
        };
        let shown = match &isolation.keep {
            Keep::Project | Keep::Nothing => PathBuf::from(STATE),
            Keep::Folder(folder) => folder.clone(),
        };
        let mut notes = Vec::new();
        let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let log = isolation.log.as_deref().map(|path| (path, LogFile::create(path)));
        let log = log.and_then(|(path, log)| match log {
            Ok(log) => Some(log),
            Err(error) => {
                notes.push(Note::Log { problem: format!("{}: {error}", path.display()) });
                None
            }
        });
        let mut damaged = false;
        let memory = match folder.as_deref().map(|folder| read_memory(folder, &shown)) {
            None | Some(Ok(None)) => Memory::default().store(),
            Some(Ok(Some(memory))) => {
                // The supervisor leaves the same things out; here they are told.
                let (_, problems) = Memory::load(&memory, moment(epoch));
                damaged = !problems.is_empty();
                let told = problems.iter().take(MOST_PROBLEMS);
                notes.extend(
                    told.map(|problem| Note::MemoryUnused { problem: problem.to_string() }),
                );
                memory
            }
            Some(Err(problem)) => {
                damaged = true;
                notes.push(Note::MemoryUnused { problem });
                Memory::default().store()
            }
        };
        let first = isolation.recovery_after.unwrap_or(recovery::FIRST);
        let (recovery, left) = Recovery::open(folder.as_deref(), compiler_build(), first);
        let memory = left.memory.unwrap_or(memory);
        notes.extend(left.problem.map(|problem| Note::MemoryUnused { problem }));
        // What is kept says nothing about faults, or about how each answer comes about.
        let reuse = match (isolation.protection, isolation.digests) {
            (Protection::None, _) | (_, Digests::Fragments) => Reuse::Nothing,
            (Protection::Sandboxes, Digests::None) if isolation.inject.is_empty() => {
                isolation.reuse
            }
            (Protection::Sandboxes, Digests::None) => Reuse::History,
        };
        let results =
            Results::open(folder.as_deref(), reuse, user, isolation.store_watcher.clone());
        Ledger {
            results,
            began: Instant::now(),
            epoch,
            before: (!damaged).then(|| memory.clone()),
            memory,
            folder,
            shown,
            log,
            inject: std::mem::take(&mut isolation.inject),
            watcher: isolation.watcher.take(),
            deferral: isolation.deferral.clone(),
            store_watcher: isolation.store_watcher.clone(),
            progress: Progress::default(),
            notes,
            units: Vec::new(),
            faults: 0,
            recovery,
        }
    }

    /// Now, as breakers and logs count.
    pub(crate) fn now(&self) -> Moment {
        moment(self.epoch + self.began.elapsed())
    }

    /// The folder for crash bundles.
    pub(crate) fn bundles(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("bundles"))
    }

    /// Whether nothing is remembered that could change what a build comes to, and nobody wants to see how it comes about.
    pub(crate) fn says_nothing_against_anybody(&self) -> bool {
        let StoredMemory { quarantine, suspects, lowered, units, .. } = &self.memory;
        let empty = quarantine.is_empty() && suspects.is_empty() && lowered.is_empty();
        empty && units.is_empty() && self.log.is_none() && !self.recovery.resumes()
    }

    /// What was found out by now is forgotten: the build begins anew. `memory` is what was remembered before it.
    pub(crate) fn begin_anew(&mut self, memory: StoredMemory, notes: usize) {
        self.memory = memory;
        self.notes.truncate(notes);
        self.faults = 0;
        self.progress = Progress::default();
        self.units = Vec::new();
        self.results.begin_anew();
    }

    /// Whether workers of an earlier crew may go on: nothing speaks against any job.
    pub(crate) fn reuses_workers(&self) -> bool {
        self.memory.suspects.is_empty() && self.memory.units.is_empty()
    }

    pub(crate) fn step(&mut self, step: Step, units: usize) {
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

    /// A crew has ended; this is what is to be remembered.
    pub(crate) fn end(&mut self, memory: Memory, outcomes: &[Option<Outcome>]) {
        self.memory = memory.store();
        if let Some(log) = &mut self.log {
            let ended = Ended { outcomes: outcomes.to_vec(), memory: self.memory.clone() };
            let written = log.line(&Entry::Ended(Box::new(ended)));
            self.logged(written);
        }
    }

    /// A crew begins: all that its decisions depend on goes into the log.
    pub(crate) fn log_plan(&mut self, work: &str, plan: &Plan, sites: impl FnOnce() -> Vec<Site>) {
        let Some(log) = &mut self.log else { return };
        let header = Header {
            version: VERSION,
            work: work.to_owned(),
            sites: sites(),
            units: self.units.clone(),
            plan: plan.clone(),
        };
        let written = log.line(&Entry::Plan(Box::new(header)));
        self.logged(written);
    }

    /// A log that cannot be written is given up, and that is all.
    fn logged(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.notes.push(Note::Log { problem: error.to_string() });
            self.log = None;
        }
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
        if let Some(log) = &mut self.log {
            let written = log.line(line);
            self.logged(written);
        }
    }

    pub(crate) fn note_death(&mut self, site: Option<Site>, phase: Phase, death: &Death) {
        // What we ended ourselves is no news.
        if *death == Death::Killed {
            return;
        }
        self.faults += 1;
        let recovered = false;
        self.notes.push(Note::Died { site, phase, death: death.to_string(), recovered });
    }

    pub(crate) fn note_bad_reply(&mut self, site: Site) {
        self.faults += 1;
        self.notes.push(Note::BadReply { site, recovered: false });
    }

    /// Of all notes from number `before` on: what is not lost was recovered from.
    pub(crate) fn note_recoveries(&mut self, before: usize, lost: &BTreeSet<Site>) {
        for note in self.notes.iter_mut().skip(before) {
            match note {
                Note::Died { site: Some(site), recovered, .. }
                | Note::BadReply { site, recovered } => {
                    *recovered = !lost.contains(site);
                }
                Note::Died { site: None, .. }
                | Note::NotStarted { .. }
                | Note::Quarantined { .. }
                | Note::Breaker { .. }
                | Note::MemoryUnused { .. }
                | Note::MemoryUnwritten { .. }
                | Note::Resumed { .. }
                | Note::Recovery { .. }
                | Note::Bundle { .. }
                | Note::Reused { .. }
                | Note::StoreUnused { .. }
                | Note::StoreUnwritten { .. }
                | Note::Mismatch { .. }
                | Note::Log { .. } => {}
            }
        }
    }

    pub(crate) fn note_refusal(&mut self, error: &SandboxError) {
        self.notes.push(Note::NotStarted { reason: error.to_string() });
    }

    pub(crate) fn note_quarantine(&mut self, site: &Site, fault: Fault) {
        self.notes.push(Note::Quarantined { site: site.clone(), fault: fault.id.to_string() });
    }

    pub(crate) fn note_breaker(&mut self, unit: UnitId, notice: &Notice, fault: Option<FaultId>) {
        let unit = self.units.get(unit.0 as usize).cloned().unwrap_or_default();
        let text = match notice {
            Notice::Moved { from, to, .. } => format!("{} -> {}", from.name(), to.name()),
            Notice::Spared { .. } | Notice::WouldOpen { .. } | Notice::ProbeReused { .. } => {
                format!("{notice:?}")
            }
        };
        let fault = fault.map(|fault| fault.to_string());
        self.notes.push(Note::Breaker { unit, text, fault });
    }

    /// Closes the account: what is to be remembered is written, if it changed.
    pub(crate) fn close(mut self) -> Vec<Note> {
        let (reused, made) = self.results.counts();
        if self.results.are_kept() {
            self.notes.push(Note::Reused { reused, made });
        }
        self.results.close(&mut self.notes);
        if let Some(log) = self.log.take() {
            self.logged(log.close());
        }
        if let Some(folder) =
            self.folder.as_deref().filter(|_| self.before.as_ref() != Some(&self.memory))
            && let Err(error) = self.write_memory(folder)
        {
            let problem = format!("{}: {error}", self.shown.join(MEMORY).display());
            self.notes.push(Note::MemoryUnwritten { problem });
        }
        self.recovery.close();
        self.notes
    }
}

impl Ledger {
    /// Another build of the project may have written since this one began: what that learned is kept too.
    fn write_memory(&self, folder: &Path) -> io::Result<()> {
        let _lock = Lock::of(folder)?;
        let now = match (&self.before, read_memory(folder, &self.shown)) {
            (Some(before), Ok(Some(theirs))) if theirs.version == self.memory.version => {
                memory::merge(before, &self.memory, &theirs)
            }
            (Some(_) | None, Ok(_) | Err(_)) => self.memory.clone(),
        };
        let text = serde_json::to_vec(&now)?;
        self.deferral.uninterrupted(|| {
            write_whole(&folder.join(MEMORY), &text, &mut |step| {
                if let Some(watcher) = &self.store_watcher {
                    (watcher.borrow_mut())(step);
                }
            })
        })
    }
}

/// The project's folder for the state of builds.
pub(crate) const STATE: &str = ".morph";

/// The file of quarantine and breakers.
pub(crate) const MEMORY: &str = "memory.json";

/// More reasons than this why parts of a memory are not used say nothing new.
const MOST_PROBLEMS: usize = 3;

/// More bytes than any memory takes are not read.
const LONGEST: u64 = 64 << 20;

/// `shown` is how the folder is called in messages.
pub(crate) fn read_memory(folder: &Path, shown: &Path) -> Result<Option<StoredMemory>, String> {
    let path = folder.join(MEMORY);
    let problem =
        |error: &dyn std::fmt::Display| format!("{}: {error}", shown.join(MEMORY).display());
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
