//! What can be told to a breaker, and what it says.

use serde::{Deserialize, Serialize};

use crate::time::Moment;

/// How a call that was let through ended, as far as the breaker cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Counts {
    /// The dependency works.
    Success,
    /// The dependency does not work.
    Failure,
    /// Says nothing about the dependency (the caller's own mistake, a call that was never made).
    Nothing,
}

/// The right to make one call, to be reported back with its result.
///
/// The only way to get one is to be admitted. It is plain data: for a permit that gives itself back
/// when it is dropped see [`SharedBreaker`](crate::SharedBreaker).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(super) generation: u64,
    /// Its number among all probes.
    pub(super) probe: Option<u64>,
    pub(super) since: Moment,
}

impl Ticket {
    /// Whether the call is a probe of HALF_OPEN.
    pub fn is_probe(&self) -> bool {
        self.probe.is_some()
    }
}

/// What can be told to a breaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// May a call be made?
    Acquire,
    /// The call of this ticket ended.
    Report(Ticket, Counts),
    /// Time has passed. Never needed: every input notices the time. It makes notices come sooner.
    Tick,
    /// Open now, with the usual wait.
    Trip,
    /// Refuse until told otherwise.
    ForceOpen,
    /// Do not wait any longer.
    Probe,
    /// Let all pass, count nothing.
    Disable,
    /// Let all pass, report what would have opened it.
    Observe,
    /// Back to CLOSED with nothing counted.
    Reset,
}

/// What a breaker says to an [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To `Acquire`: make the call, and report.
    Admitted(Ticket),
    /// To `Acquire`: do not make the call. Strictly after `retry_at` it is worth asking again; `None`: only when told.
    Refused { retry_at: Option<Moment> },
    /// To `Report`: it was taken into account.
    Noted,
    /// To `Report`: the state has changed since the ticket was given, or the ticket expired.
    Late,
    /// To all others.
    Done,
}
