//! Programs to build: jobs in units, some of which crash, hang or are wrong, every time or not.

use morph_fault::fault::{Build, Key};
use morph_fault::memory::Memory;
use morph_fault::supervisor::{Job, Plan, PlannedUnit, Rung, Trace};
use morph_fault::unit::UnitId;

/// What goes wrong with a job while a worker has it in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    Signal(u8),
    Panic,
    OutOfTime,
    OutOfMemory,
    /// It never ends: the supervisor has to notice.
    Hang,
    BadReply,
    Garbled,
}

/// What a job is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    Good,
    Wrong,
    /// Faults every time, at this rung and above.
    Bad {
        mishap: Mishap,
        from: Rung,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct SimulatedJob {
    pub(crate) unit: u32,
    pub(crate) key: u64,
    pub(crate) nature: Nature,
    /// It used to fault: the supervisor may remember that against it.
    pub(crate) recovered: bool,
}

impl SimulatedJob {
    pub(crate) fn is_healthy(&self) -> bool {
        match self.nature {
            Nature::Good | Nature::Wrong => !self.recovered,
            Nature::Bad { .. } => false,
        }
    }
}

/// The usual policy, and one that gives up on hangs.
const RETRY_WHEN: [&str; 2] = ["crash_count < threshold && depth < max_depth", "kind != 3"];

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) jobs: Vec<SimulatedJob>,
    /// The texts of the units, as numbers.
    pub(crate) texts: Vec<u64>,
    pub(crate) rung: Rung,
    pub(crate) threshold: u32,
    pub(crate) retry_when: &'static str,
    /// Milliseconds until it is built again.
    pub(crate) pause: u64,
}

impl Program {
    pub(crate) fn random(seed: u64) -> Program {
        let mut random = fastrand::Rng::with_seed(seed);
        let units = random.u32(1..=4);
        let mut jobs = Vec::new();
        for unit in 0..units {
            // Some units are bad through and through, so that breakers have something to do.
            let badness = *random.choice([0, 5, 30, 80].iter()).unwrap();
            for _ in 0..random.u32(0..=8) {
                jobs.push(SimulatedJob {
                    unit,
                    key: random.u64(..),
                    nature: nature(&mut random, badness),
                    recovered: false,
                });
            }
        }
        Program {
            jobs,
            retry_when: random.choice(RETRY_WHEN).unwrap(),
            texts: (0..units).map(|_| random.u64(..)).collect(),
            rung: if random.bool() { Rung::Speed } else { Rung::None },
            threshold: random.u32(1..=4),
            pause: random.u64(0..200_000),
        }
    }

    /// Somebody works on the program: some jobs get another text, mostly a better one; some of
    /// what was quarantined or suspected stays as it is.
    pub(crate) fn edit(&mut self, seed: u64) {
        let mut random = fastrand::Rng::with_seed(seed ^ 0xed17);
        for job in &mut self.jobs {
            if random.u8(..) < 30 {
                job.key = random.u64(..);
                job.nature = nature(&mut random, 20);
                job.recovered = false;
                if let Some(text) = self.texts.get_mut(job.unit as usize) {
                    *text = random.u64(..);
                }
            } else if random.u8(..) < 10 {
                // The machine was to blame: from now on the same job works.
                job.recovered = job.recovered || !job.is_healthy();
                job.nature = Nature::Good;
            }
        }
        self.pause = random.u64(0..200_000);
    }

    pub(crate) fn plan(&self, memory: &Memory, workers: u32) -> Plan {
        let jobs =
            self.jobs.iter().map(|job| Job { unit: UnitId(job.unit), key: key(job.key) }).collect();
        let units = self
            .texts
            .iter()
            .enumerate()
            .map(|(index, text)| PlannedUnit {
                name: key(index as u64),
                text: key(*text),
                dependencies: (0..index as u32).map(UnitId).collect(),
            })
            .collect();
        let mut plan = Plan::new(jobs, units, Build([9; 32]));
        plan.memory = memory.store();
        plan.rung = self.rung;
        plan.limits.workers = workers;
        plan.limits.threshold = self.threshold;
        plan.policies.retry_when = self.retry_when.to_owned();
        plan.trace = Trace::Events;
        plan
    }
}

fn nature(random: &mut fastrand::Rng, badness: u8) -> Nature {
    if random.u8(0..100) < badness {
        let mishap = mishap(random);
        let from = if random.bool() { Rung::None } else { Rung::Speed };
        Nature::Bad { mishap, from }
    } else if random.u8(0..100) < 10 {
        Nature::Wrong
    } else {
        Nature::Good
    }
}

pub(crate) fn mishap(random: &mut fastrand::Rng) -> Mishap {
    match random.u8(0..7) {
        0 => Mishap::Signal(*random.choice([4, 6, 7, 8, 11].iter()).unwrap()),
        1 => Mishap::Panic,
        2 => Mishap::OutOfTime,
        3 => Mishap::OutOfMemory,
        4 => Mishap::Hang,
        5 => Mishap::Garbled,
        _ => Mishap::BadReply,
    }
}

pub(crate) fn key(number: u64) -> Key {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Key(bytes)
}
