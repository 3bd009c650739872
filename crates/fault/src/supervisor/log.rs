//! The log: every decision as a value with its inputs, one line each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::fault::FaultId;
use crate::supervisor::message::Event;
use crate::supervisor::plan::{JobId, Rung, WorkerId};
use crate::time::Moment;
use crate::unit::UnitId;

/// A line of the log. As JSON it is an object with `"line"`: `"started"`, `"event"` or `"decision"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    Started { seq: u64, now: Moment },
    Event { seq: u64, now: Moment, event: Event },
    Decision(Decision),
}

/// Which rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The policy of this name.
    RetryWhen,
    OpenWhen,
    QuarantineWhen,
    ProbeWhen,
    /// One re-run alone tells a transient fault from one that repeats.
    Rerun,
    /// What is in quarantine is not tried.
    Quarantine,
    /// What has a result at a lower rung only begins there.
    Lowered,
    /// An OPEN breaker withholds the retries of suspects.
    BreakerOpen,
    /// A fault in HALF_OPEN opens the breaker again at once; enough successes, or all, close it.
    HalfOpen,
    /// The number of times a job is handed out again.
    Handouts,
    /// The time a worker has for an answer, to start, or to end.
    WorkerTime,
    /// An answer that is none makes a worker unfit.
    BadReply,
    /// A suspect gets a fresh worker.
    FreshWorker,
    /// The number of workers that end without an answer.
    FruitlessWorkers,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Tried again alone, at the same rung.
    Rerun,
    /// It does not repeat: nothing is counted.
    Transient,
    /// It repeats: it is counted when all jobs of the unit that are being tried have ended.
    Repeats,
    /// Tried again alone, at this rung.
    Down(Rung),
    /// Not tried again, in this build.
    Withheld,
    /// Not tried again until its key or the build changes.
    Quarantined,
    /// Left out of quarantine.
    NotQuarantined,
    /// The breaker opens.
    Opens,
    /// The breaker stays as it is.
    Stays,
    /// The breaker goes to HALF_OPEN.
    Probes,
    /// The breaker closes.
    Closes,
    /// It would have opened if it were not only observing.
    WouldOpen,
    /// Handed out again; nothing is counted.
    HandedOut,
    /// No longer handed out.
    GivenUp,
    /// The worker is killed.
    Killed,
    /// The worker counts as gone although nobody said so.
    PresumedDead,
    /// The policy has no value for these inputs, so the careful choice was made. In words.
    NoValue(String),
}

/// A decision with all that it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub seq: u64,
    pub now: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerId>,
    /// The fault of the job that it is about, if it has one by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultId>,
    pub rule: Rule,
    pub inputs: Vec<(Cow<'static, str>, i64)>,
    pub choice: Choice,
}
