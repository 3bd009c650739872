//! What is injected where: all kinds and phases by turns, at random fragments.

use crate::drill::picture::Picture;
use crate::drill::{Cell, Lasting, Settings, Violation};
use crate::isolation::{INJECTS, Inject, Injection, Site};
use crate::phase::Phase;

/// Which faults a build has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// All of one kind, in one phase.
    Alike,
    /// Of every kind, in every phase.
    Mixed,
}

/// A place for faults.
#[derive(Debug)]
struct Target {
    site: Site,
    /// Whether it is the program's own.
    ours: bool,
    phases: Vec<Phase>,
}

/// The state of a drill.
#[derive(Debug)]
pub(super) struct Roster {
    settings: Settings,
    rng: fastrand::Rng,
    targets: Vec<Target>,
    pub(super) cells: Vec<Cell>,
    pub(super) units: usize,
    pub(super) fragments: usize,
    /// Builds in a row in which nothing struck.
    fruitless: u32,
}

/// Every image consists of these units: without one of their fragments there is none, and a build says so. They must survive what
/// strikes once.
const KERNEL: &str = "lib/kernel/";

/// No build has more faults.
const MOST: usize = 64;

impl Roster {
    pub(super) fn new(reference: &Picture, settings: Settings) -> Roster {
        let mut units: Vec<String> =
            reference.checked.keys().map(|site| site.unit.clone()).collect();
        units.dedup();
        let whole = units.into_iter().map(|unit| {
            let site = Site { unit, fragment: None };
            let ours = reference.is_ours(&site);
            Target { site, ours, phases: vec![Phase::Start, Phase::Split, Phase::Reply] }
        });
        let mut targets: Vec<Target> = whole.collect();
        let units = targets.len();
        for (site, digest) in &reference.checked {
            let mut phases = vec![Phase::Start, Phase::Parse, Phase::Index];
            if let Some(answer) = &digest.answer {
                phases.extend([Phase::Check, Phase::Reply]);
                if answer.compiled {
                    phases.push(Phase::Compile);
                }
            }
            let ours = reference.is_ours(site);
            targets.push(Target { site: site.clone(), ours, phases });
        }
        let reached = |phase: &Phase| targets.iter().any(|target| target.phases.contains(phase));
        let mut cells = Vec::new();
        for (name, kind) in INJECTS {
            for phase in Phase::ALL.into_iter().filter(reached) {
                cells.push(Cell {
                    name,
                    kind,
                    phase,
                    injected: 0,
                    transient: 0,
                    survived: 0,
                    lost: 0,
                    dependants: 0,
                    unequal: 0,
                    timed: 0,
                    added: std::time::Duration::ZERO,
                });
            }
        }
        let fragments = targets.len() - units;
        let rng = fastrand::Rng::with_seed(settings.seed);
        Roster { settings, rng, targets, cells, units, fragments, fruitless: 0 }
    }

    pub(super) fn injected(&self) -> u32 {
        self.cells.iter().map(|cell| cell.injected).sum()
    }

    /// Whether nothing has struck for so long that nothing will.
    pub(super) fn is_stuck(&self) -> bool {
        self.fruitless >= 64
    }

    /// The faults of the next build, each with its cell.
    pub(super) fn draw(&mut self, manner: Manner, lasting: Lasting) -> Vec<(usize, Injection)> {
        let left = self.settings.faults.saturating_sub(self.injected()) as usize;
        let third = (self.targets.len() / 3).clamp(1, MOST);
        let share = self.settings.faults as usize / self.cells.len().max(1);
        let most = match manner {
            Manner::Alike => third.min(share.div_ceil(4).max(1)),
            Manner::Mixed => third,
        };
        let mut drawn: Vec<(usize, Injection)> = Vec::new();
        let mut counts: Vec<u32> = self.cells.iter().map(|cell| cell.injected).collect();
        while drawn.len() < most.min(left) {
            let alone = drawn.is_empty() && manner == Manner::Alike;
            let cell = match (manner, drawn.first()) {
                (Manner::Alike, Some((cell, _))) => Some(*cell),
                (Manner::Alike, None) => self.least_timed(),
                (Manner::Mixed, _) => self.rarest(&counts),
            };
            let Some(cell) = cell else { break };
            let Some(site) = self.site(cell, lasting, alone, &drawn) else {
                // Nothing is left for this cell in this build.
                match manner {
                    Manner::Alike => break,
                    Manner::Mixed => counts[cell] = u32::MAX,
                }
                continue;
            };
            counts[cell] = counts[cell].saturating_add(1);
            let Cell { kind, phase, .. } = self.cells[cell];
            let times = match lasting {
                Lasting::Transient => 1,
                Lasting::Repeatable => u32::MAX,
            };
            let whole = site.fragment.is_none();
            drawn.push((cell, Injection { site, phase, kind, times }));
            if whole && lasting == Lasting::Repeatable {
                break;
            }
        }
        drawn
    }

    /// The cell with the fewest faults so far, any of them. Sleepers take long, so there are few.
    fn rarest(&mut self, counts: &[u32]) -> Option<usize> {
        let weighted = |(cell, count): (&Cell, &u32)| match cell.kind {
            Inject::Sleep => count.saturating_mul(10),
            Inject::Segfault
            | Inject::Abort
            | Inject::Arithmetic
            | Inject::Bus
            | Inject::IllegalInstruction
            | Inject::StackOverflow
            | Inject::OutOfMemory
            | Inject::Hang
            | Inject::Panic
            | Inject::Kill
            | Inject::GarbageReply
            | Inject::TruncatedReply
            | Inject::EarlyExit => *count,
        };
        let weights: Vec<u32> = self.cells.iter().zip(counts).map(weighted).collect();
        let least = *weights.iter().min()?;
        let rarest: Vec<usize> =
            (0..weights.len()).filter(|cell| weights[*cell] == least).collect();
        (least < u32::MAX).then(|| self.rng.choice(rarest)).flatten()
    }

    /// The cell of which the least is known how long its faults take; of the kind of which the least is known.
    fn least_timed(&mut self) -> Option<usize> {
        let of_kind = |kind: Inject| {
            self.cells.iter().filter(|cell| cell.kind == kind).map(|cell| cell.timed).sum::<u32>()
        };
        let known: Vec<(u32, u32)> =
            self.cells.iter().map(|cell| (of_kind(cell.kind), cell.timed)).collect();
        let least = *known.iter().min()?;
        let candidates: Vec<usize> =
            (0..known.len()).filter(|cell| known[*cell] == least).collect();
        self.rng.choice(candidates)
    }

    /// A site that has the phase of a cell and no fault yet in this build. A whole unit that is lost takes other faults with it, so it is
    /// lost alone.
    fn site(
        &mut self,
        cell: usize,
        lasting: Lasting,
        alone: bool,
        drawn: &[(usize, Injection)],
    ) -> Option<Site> {
        let phase = self.cells[cell].phase;
        let free = |target: &&Target| {
            target.phases.contains(&phase)
                && (alone || lasting == Lasting::Transient || target.site.fragment.is_some())
                && (lasting == Lasting::Transient || !target.site.unit.starts_with(KERNEL))
                && drawn.iter().all(|(_, injection)| injection.site != target.site)
        };
        // There is more library than program, and the program is what a drill is about; two thirds of it stay unharmed.
        let all = self.targets.iter().filter(|target| target.ours).count();
        let taken = |target: &&Target| {
            target.ours && drawn.iter().any(|(_, injection)| injection.site == target.site)
        };
        let taken = self.targets.iter().filter(taken).count();
        let ours = taken < (all / 3).max(1) && self.rng.bool();
        let (own, library): (Vec<&Target>, Vec<&Target>) =
            self.targets.iter().filter(free).partition(|target| target.ours);
        let from = if ours && !own.is_empty() || library.is_empty() { own } else { library };
        self.rng.choice(from).map(|target| target.site.clone())
    }

    /// Counts what came of a build; gives the number of faults that struck.
    pub(super) fn count(
        &mut self,
        drawn: &[(usize, Injection)],
        struck: &[bool],
        lasting: Lasting,
        violations: &[Violation],
        dependants: u32,
        lost: u32,
    ) -> u32 {
        let unequal = violations.contains(&Violation::ImageDiffers);
        let mut count = 0;
        for ((cell, _), _) in drawn.iter().zip(struck).filter(|(_, struck)| **struck) {
            let cell = &mut self.cells[*cell];
            count += 1;
            cell.injected += 1;
            cell.transient += u32::from(lasting == Lasting::Transient);
            cell.survived += u32::from(violations.is_empty());
            cell.unequal += u32::from(unequal);
        }
        // Which of several faults did it nobody knows: it is counted once.
        if let Some((cell, _)) = drawn.first() {
            let cell = &mut self.cells[*cell];
            cell.dependants += dependants;
            cell.lost += lost;
        }
        self.fruitless = if count == 0 { self.fruitless + 1 } else { 0 };
        count
    }
}
