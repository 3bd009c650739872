//! What a supervisor is given: jobs in units, budgets, policies, and what is remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker::{Config, Wait};
use crate::fault::{Build, Key};
use crate::memory::StoredMemory;
use crate::policy::{PolicyError, PolicyTexts};
use crate::unit::UnitId;

/// A job: dense, and in the order in which results are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u32);

/// A worker process. A new worker gets a new number, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub u32);

/// How hard a job is tried: what faults repeatedly at one rung is tried at the next lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rung {
    /// The simple way, with the least that can go wrong.
    None,
    /// With all optimisations.
    Speed,
}

impl Rung {
    /// The next lower rung; below the lowest there is only the stub.
    pub fn below(self) -> Option<Rung> {
        match self {
            Rung::Speed => Some(Rung::None),
            Rung::None => None,
        }
    }

    /// How many rungs are below.
    pub fn left(self) -> u32 {
        match self {
            Rung::Speed => 1,
            Rung::None => 0,
        }
    }
}

/// What is isolated at a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Grain {
    /// The job.
    #[default]
    Fragment,
    /// The whole unit, at its first fault of any kind.
    Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub unit: UnitId,
    pub key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedUnit {
    /// What names the unit from build to build (the digest of its path).
    pub name: Key,
    /// The digest of its text.
    pub text: Key,
    pub dependencies: Vec<UnitId>,
}

/// Budgets and other numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How many workers there are at a time; at least 1.
    pub workers: u32,
    /// How many jobs a worker is given at a time, at most; at least 1.
    pub batch: u32,
    /// How often a job is handed out again after its worker was lost.
    pub handouts: u32,
    /// How long a worker may go without an answer.
    pub job_time: Duration,
    /// How long a worker may take until it is ready.
    pub start_time: Duration,
    /// How long a killed worker may take to be gone.
    pub kill_time: Duration,
    /// After so many workers in a row that ended without a single answer, none is started any more.
    pub fruitless_workers: u32,
    /// `threshold` of the policies.
    pub threshold: u32,
    /// `max_depth` of the policies.
    pub max_depth: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            workers: 2,
            batch: 100,
            handouts: 10,
            job_time: Duration::from_secs(10),
            start_time: Duration::from_secs(10),
            kill_time: Duration::from_secs(2),
            fruitless_workers: 64,
            threshold: 5,
            max_depth: 10,
        }
    }
}

/// What is written to the log beside decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trace {
    /// Nothing.
    #[default]
    Decisions,
    /// Every event that changed something: such a log can be replayed.
    Events,
}

/// All that a supervisor's outcome depends on, beside which faults repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub jobs: Vec<Job>,
    pub units: Vec<PlannedUnit>,
    pub limits: Limits,
    pub policies: PolicyTexts,
    /// The breakers of units: their wait, probes and successes. Their thresholds are not used: `open_when` is.
    pub breaker: Config,
    pub memory: StoredMemory,
    pub build: Build,
    /// Where the ladder begins.
    pub rung: Rung,
    pub grain: Grain,
    pub trace: Trace,
}

impl Plan {
    /// A plan with the usual options and an empty memory.
    pub fn new(jobs: Vec<Job>, units: Vec<PlannedUnit>, build: Build) -> Plan {
        Plan {
            jobs,
            units,
            limits: Limits::default(),
            policies: PolicyTexts::default(),
            breaker: unit_breaker(),
            memory: crate::memory::Memory::default().store(),
            build,
            rung: Rung::None,
            grain: Grain::Fragment,
            trace: Trace::Decisions,
        }
    }
}

/// The usual options of the breaker of a unit.
pub fn unit_breaker() -> Config {
    Config {
        failures: None,
        wait: Wait {
            first: Duration::from_secs(60),
            growth: 200,
            longest: Duration::from_secs(3600),
            jitter: None,
        },
        ..Config::default()
    }
}

/// A plan that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("job {} is of unit {}, which is not in the plan", .0.0, .1.0)]
    NoUnit(JobId, UnitId),
    #[error("unit {} depends on unit {}, which is not in the plan", .0.0, .1.0)]
    NoDependency(UnitId, UnitId),
    #[error("units {} and {} have the same name", .0.0, .1.0)]
    SameName(UnitId, UnitId),
    #[error("a plan has at most 2^31 jobs and units")]
    TooMany,
    #[error("at least one worker is needed")]
    NoWorkers,
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Policies(Vec<PolicyError>),
}
