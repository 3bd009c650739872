//! A fire drill: breaks the compiler on purpose while it builds somebody's program, and says whether the program survived.
//!
//! One build without faults is the reference. Then come builds with faults injected at random fragments and phases: *transient* ones,
//! which strike once and must leave image and diagnostics as they are, by turns with *repeatable* ones, which strike whenever the
//! fragment is tried and may cost that fragment, those that need its layout or value, and nothing else. Every second pair of
//! builds has faults of one kind in one phase, whose time can be told; the others mix all of them.
//!
//! A drill keeps nothing: it never touches quarantine or breakers of the project. What the program does when it runs is not its
//! business either: that fragments are unharmed is seen by digests of their objects.

mod picture;
mod roster;

use std::path::Path;
use std::time::{Duration, Instant};

use picture::{Picture, Verdict};
use roster::{Manner, Roster};

use crate::isolation::{Budget, Digests, Inject, Injection, Isolation, Keep, Site};
use crate::options::{Opt, Options};
use crate::phase::Phase;
use crate::pipeline::{Output, build};

/// What a drill does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many faults strike.
    pub faults: u32,
    /// Where the choice of kinds, phases and fragments comes from.
    pub seed: u64,
    /// How many sandboxes work at once; as many as processors if it is not said.
    pub sandboxes: Option<u32>,
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// It strikes once.
    Transient,
    /// It strikes whenever its fragment is tried.
    Repeatable,
}

/// All faults of one kind in one phase.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its name in [`INJECTS`](crate::isolation::INJECTS).
    pub name: &'static str,
    pub kind: Inject,
    pub phase: Phase,
    /// Faults that struck, and those of them that were transient.
    pub injected: u32,
    pub transient: u32,
    /// Faults whose build held: it ended, and nothing was lost but what the fault may cost.
    pub survived: u32,
    /// Fragments that were lost or changed though nothing was injected into them.
    pub lost: u32,
    /// Fragments closed by design: they need the layout or the value of what was injected into, or what it imports.
    pub dependants: u32,
    /// Transient faults after which the image had other bytes.
    pub unequal: u32,
    /// Faults of builds that had no other kind or phase, and what those took beyond a build without faults.
    pub timed: u32,
    pub added: Duration,
}

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A transient fault changed the image.
    ImageDiffers,
    /// A transient fault changed what is reported.
    ReportDiffers,
    /// A fault never struck.
    NotStruck(Site),
    /// A fault that repeats left its fragment open.
    NotClosed(Site),
    /// A fragment that nothing was injected into is closed, reported or gone.
    Lost(Site),
    /// The same work on a fragment had another result.
    Changed(Site),
    /// No image was made though there was one without faults.
    NoImage,
}

/// A build that did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    pub violation: Violation,
    /// All that was injected into that build.
    pub injections: Vec<Injection>,
}

/// What a drill found.
#[derive(Clone, Debug)]
pub struct Drill {
    pub settings: Settings,
    /// By kind, then by phase.
    pub cells: Vec<Cell>,
    pub failures: Vec<Failure>,
    /// Units and fragments into which faults were injected.
    pub units: usize,
    pub fragments: usize,
    /// Builds with faults.
    pub builds: u32,
    /// The median build without faults.
    pub reference: Duration,
    /// What a fragment was allowed in builds with faults, and in those that wait for sleepers.
    pub budget: Budget,
    pub sleeping: Budget,
    pub opt: Opt,
}

impl Drill {
    /// Whether everything held.
    pub fn held(&self) -> bool {
        self.failures.is_empty()
    }

    pub fn injected(&self) -> u32 {
        self.cells.iter().map(|cell| cell.injected).sum()
    }

    /// A bound to compare the time of one fault with: for each attempt the budget that the fault uses up, else a whole build, which
    /// is what a compiler without sandboxes would have to do again.
    pub fn bound(&self, kind: Inject) -> Duration {
        let rungs = match self.opt {
            Opt::None => 1,
            Opt::Speed => 2,
        };
        // The first attempt and the one in a fresh worker, on each rung; a lost worker is replaced ten times.
        let attempts = if kind == Inject::Kill { 11 } else { 2 * rungs };
        let once = match kind {
            Inject::Hang => self.budget.cpu,
            Inject::Sleep => self.sleeping.wall,
            Inject::Segfault
            | Inject::Abort
            | Inject::Arithmetic
            | Inject::Bus
            | Inject::IllegalInstruction
            | Inject::StackOverflow
            | Inject::OutOfMemory
            | Inject::Panic
            | Inject::Kill
            | Inject::GarbageReply
            | Inject::TruncatedReply
            | Inject::EarlyExit => self.reference,
        };
        once * attempts
    }
}

/// Every so many builds one has no faults: the machine may be busier than when the drill began.
const REFERENCE_EVERY: u32 = 16;

/// A hang is ended after this much processor time, or a multiple that the program itself needs.
const HANG: Duration = Duration::from_millis(50);

/// Nothing but sleeping takes long by the clock; a sleeper is ended after a tenth.
const WALL: Duration = Duration::from_secs(2);

/// Drills the program whose root is `root`; `watcher` is told how many faults have struck.
///
/// # Errors
/// The build without faults, if it has no image: then there is nothing to compare with.
pub fn drill(
    root: &Path,
    options: &Options,
    settings: Settings,
    watcher: &mut dyn FnMut(u32),
) -> Result<Drill, Box<Output>> {
    let build = |inject: &[Injection], budget: Budget| {
        let isolation = Isolation {
            keep: Keep::Nothing,
            sandboxes: settings.sandboxes,
            budget: Some(budget),
            inject: inject.to_vec(),
            digests: Digests::Fragments,
            ..Isolation::default()
        };
        let began = Instant::now();
        let output = build(root, options, isolation);
        (output, began.elapsed())
    };
    let (first, _) = build(&[], Budget::default());
    if first.image.is_none() {
        return Err(Box::new(first));
    }
    let reference = Picture::of(&first);
    let budget = affordable(&|budget| Picture::of(&build(&[], budget).0) == reference);
    let sleeping = Budget { wall: budget.wall / 10, ..budget };
    let mut calm: Vec<Duration> = (0..5).map(|_| build(&[], budget).1).collect();

    let mut roster = Roster::new(&reference, settings);
    let mut failures = Vec::new();
    let mut builds = 0;
    let mut timed: Vec<(usize, Duration)> = Vec::new();
    while roster.injected() < settings.faults && !roster.is_stuck() {
        if builds % REFERENCE_EVERY == REFERENCE_EVERY - 1 {
            calm.push(build(&[], budget).1);
        }
        let lasting = if builds % 2 == 0 { Lasting::Transient } else { Lasting::Repeatable };
        let manner = if builds / 2 % 2 == 0 { Manner::Alike } else { Manner::Mixed };
        builds += 1;
        let drawn = roster.draw(manner, lasting);
        let injections: Vec<Injection> =
            drawn.iter().map(|(_, injection)| injection.clone()).collect();
        let sleeps = injections.iter().any(|injection| injection.kind == Inject::Sleep);
        let (output, time) = build(&injections, if sleeps { sleeping } else { budget });
        let seen = Picture::of(&output);
        let Verdict { struck, dependants, lost, violations } =
            reference.compare(&seen, &injections, lasting);
        let count = roster.count(&drawn, &struck, lasting, &violations, dependants, lost);
        if let (Manner::Alike, [(cell, _), ..]) = (manner, drawn.as_slice()) {
            roster.cells[*cell].timed += count;
            timed.push((*cell, time));
        }
        failures.extend(
            violations
                .into_iter()
                .map(|violation| Failure { violation, injections: injections.clone() }),
        );
        watcher(roster.injected());
    }
    calm.sort_unstable();
    let median = calm[calm.len() / 2];
    let mut cells = roster.cells;
    for (cell, time) in timed {
        cells[cell].added += time.saturating_sub(median);
    }
    Ok(Drill {
        settings,
        cells,
        failures,
        units: roster.units,
        fragments: roster.fragments,
        builds,
        reference: median,
        budget,
        sleeping,
        opt: options.opt,
    })
}

/// The shortest budget with which the program is built as without any hurry: a fragment may need more than the usual one itself.
fn affordable(builds: &dyn Fn(Budget) -> bool) -> Budget {
    let full = Budget::default();
    let mut budget = Budget { cpu: HANG, wall: WALL, ..full };
    while budget.cpu < full.cpu && !builds(budget) {
        budget.cpu = (budget.cpu * 2).min(full.cpu);
        budget.wall = (budget.wall * 2).min(full.wall);
    }
    budget
}
