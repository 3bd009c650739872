//! What a supervisor is told, and what it wants done.

use serde::{Deserialize, Serialize};

use crate::breaker::Notice;
use crate::fault::{Fault, FaultId, Key, Phase};
use crate::supervisor::log::Line;
use crate::supervisor::plan::{JobId, Rung, WorkerId};
use crate::unit::{UnitId, UnitState};

/// What a worker says about a job that it finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// There is an object; whoever carries events has validated it.
    Accepted,
    /// The input is wrong; there are diagnostics.
    Diagnosed,
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Death {
    /// By a signal, with a crash record.
    Crashed { signal: u8 },
    /// By using up its stack, with a crash record.
    StackOverflow,
    /// By a panic, with a record.
    Panicked,
    /// Its time budget was over.
    OutOfTime,
    /// Its memory budget was over.
    OutOfMemory,
    /// Its answer was longer than it may be.
    ReplyTooLong,
    /// It left, or fell silent for good, with an answer that is none: as [`Event::BadReply`], but the worker is gone.
    Garbled,
    /// Without a record. If the supervisor had it killed, it knows.
    Lost,
}

/// What a supervisor is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A worker that was spawned waits for its first batch.
    WorkerReady { worker: WorkerId },
    /// A worker could not be started or made ready: the system refuses. Speaks against nobody.
    Refused { worker: WorkerId },
    /// A worker answered a job of its batch.
    Finished { worker: WorkerId, job: JobId, verdict: Verdict },
    /// A worker answered a job with bytes that are no answer, or with too few.
    BadReply { worker: WorkerId, job: JobId },
    /// A worker ended. `in_hand` and `phase` are what it had published last.
    Died { worker: WorkerId, how: Death, in_hand: Option<JobId>, phase: Phase },
    /// Time has passed. Due at [`Supervisor::next_deadline`](super::Supervisor::next_deadline).
    Tick,
}

/// How a job ended, once and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The object that was compiled at this rung.
    Object(Rung),
    Diagnosed,
    /// No object: a stub in its place.
    Stub(Fault),
}

/// What a supervisor wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Start a worker under this number.
    Spawn { worker: WorkerId },
    /// Give a worker these jobs, to be done in this order.
    Send { worker: WorkerId, batch: Vec<(JobId, Rung)> },
    /// End a worker, however busy, and report its death. May come more than once.
    Kill { worker: WorkerId },
    /// A job has ended; only now its object or diagnostics count.
    Settled { job: JobId, outcome: Outcome },
    /// A job is not tried again until its key or the build changes.
    Quarantine { job: JobId, key: Key, fault: Fault },
    /// Something happened to the breaker of a unit, because of this fault if it was one.
    Breaker { unit: UnitId, notice: Notice, fault: Option<FaultId> },
    /// The state of a unit changed.
    Unit { unit: UnitId, state: UnitState },
    /// A line for the log.
    Log(Line),
    /// All jobs have ended. Workers that are left are no longer needed.
    Done,
}
