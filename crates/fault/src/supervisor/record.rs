//! What a supervisor keeps of each job, unit and worker.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::breaker::{Breaker, Ticket};
use crate::fault::{Fault, FaultKind, Key, Phase};
use crate::memory::Suspect;
use crate::supervisor::message::Outcome;
use crate::supervisor::plan::{JobId, Rung, WorkerId};
use crate::time::Moment;
use crate::unit::UnitId;

/// How a job is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// With others.
    Batch,
    /// By itself, and its unit has no other such job in hand: the breaker is OPEN.
    Careful,
    /// By itself, to a fresh worker: it is suspected.
    Alone,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Its unit's breaker is HALF_OPEN: it waits for its wave.
    Held,
    Waiting(Lane),
    Flying(Lane, WorkerId),
    /// Its fault repeated; what follows is decided in the unit's round.
    Judged,
    Settled(Outcome),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobRecord {
    pub(crate) unit: UnitId,
    pub(crate) key: Key,
    pub(crate) place: Place,
    pub(crate) rung: Rung,
    /// Faults at this rung: the first may be transient, the second has repeated.
    pub(crate) faults_here: u32,
    pub(crate) depth: u32,
    pub(crate) lost: u32,
    pub(crate) last: Option<(FaultKind, Phase)>,
    /// What it died of at a higher rung.
    pub(crate) lowered: Option<Fault>,
    /// What is remembered against it.
    pub(crate) suspect: Option<Suspect>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitRecord {
    pub(crate) name: Key,
    pub(crate) breaker: Breaker,
    pub(crate) crash_count: u32,
    /// Jobs that wait or are in flight.
    pub(crate) pending: u32,
    /// Jobs whose fault repeated in this round.
    pub(crate) judged: BTreeSet<JobId>,
    /// HALF_OPEN: jobs that are not tried yet, in order.
    pub(crate) held: VecDeque<JobId>,
    /// HALF_OPEN: the jobs of this wave, and whether each got an object.
    pub(crate) wave: BTreeMap<JobId, (Ticket, bool)>,
    /// OPEN: first attempts that wait, and the one that is under way.
    pub(crate) careful: BTreeSet<JobId>,
    pub(crate) careful_busy: Option<JobId>,
    /// In this build: jobs with an object, and faults that repeated.
    pub(crate) objects: u32,
    pub(crate) repeated: u32,
}

/// Why a worker was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// No answer for too long: the job in hand, if any, has exhausted its time.
    Silent,
    /// It did not become ready.
    NotReady,
    /// It answered with what is no answer.
    Unfit,
    /// A suspect needs a fresh one in its place.
    Used,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Starting { since: Moment },
    Idle,
    Busy { last_sign: Moment },
    Killed { at: Moment, reason: Reason },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Worker {
    pub(crate) life: Life,
    /// Whether it was ever given a job.
    pub(crate) used: bool,
    /// What it has not answered yet, in order.
    pub(crate) batch: VecDeque<JobId>,
}
