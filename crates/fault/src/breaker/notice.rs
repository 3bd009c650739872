//! What a breaker tells about itself: notices of what happened, and counts.

use serde::{Deserialize, Serialize};

use crate::breaker::state::State;
use crate::time::Moment;

/// Why a breaker changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// The failure threshold or a rate was reached.
    TooManyFailures,
    /// The wait was over when somebody asked.
    WaitOver,
    /// A probe failed, or was slow.
    ProbeFailed,
    /// A probe did not answer within its limit.
    ProbeSilent,
    /// Enough probes succeeded.
    Recovered,
    /// By hand.
    ByHand,
}

/// Something that happened to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Notice {
    /// `at` is when the change took effect, which for a silent probe is before it was noticed.
    Moved { from: State, to: State, reason: Reason, at: Moment },
    /// It would have opened, but the floor of its group forbids.
    Spared { at: Moment },
    /// It would have opened if it were not only observing.
    WouldOpen { at: Moment },
    /// A probe was silent for too long and is free again.
    ProbeReused { at: Moment },
}

/// Counts since the breaker was made. They stop at the largest number instead of beginning again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metrics {
    /// Calls let through, probes too.
    pub admitted: u64,
    /// Calls refused.
    pub refused: u64,
    pub succeeded: u64,
    pub failed: u64,
    /// Of the succeeded and failed: those that took longer than `slow_after`.
    pub slow: u64,
    /// Given back without a result, or with one that does not count.
    pub uncounted: u64,
    /// Results that came after the state had changed.
    pub late: u64,
    /// Probes that did not answer within their limit.
    pub silent: u64,
    /// How often it opened.
    pub opened: u64,
    /// How often it closed again.
    pub closed: u64,
}

/// Adds one to a count.
pub(crate) fn bump(count: &mut u64) {
    *count = count.saturating_add(1);
}
