//! Points in time as numbers. There is no clock in this room: whoever has one passes `now`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time, in nanoseconds since an origin that the caller chooses.
///
/// A breaker that lives in memory wants a monotonic clock; what is kept on disk across restarts wants
/// the time since 1970. Arithmetic saturates, so no value that comes in can overflow.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// The origin.
    pub const ZERO: Moment = Moment(0);
    /// The last point in time that can be told: "never".
    pub const NEVER: Moment = Moment(u64::MAX);

    pub const fn from_nanos(nanos: u64) -> Moment {
        Moment(nanos)
    }

    pub const fn from_millis(millis: u64) -> Moment {
        Moment(millis.saturating_mul(1_000_000))
    }

    pub const fn nanos(self) -> u64 {
        self.0
    }

    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The moment `span` later.
    pub fn after(self, span: Duration) -> Moment {
        Moment(self.0.saturating_add(nanos(span)))
    }

    /// How long ago `earlier` was; zero if it lies in the future (clocks are set back).
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A span in nanoseconds; 584 years is the longest.
pub(crate) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Where `now` comes from in a [`SharedBreaker`](crate::SharedBreaker).
///
/// Any closure that returns a [`Moment`] is one.
pub trait Clock {
    fn now(&self) -> Moment;
}

impl<F: Fn() -> Moment> Clock for F {
    fn now(&self) -> Moment {
        self()
    }
}
