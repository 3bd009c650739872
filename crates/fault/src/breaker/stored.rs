//! A breaker as it is kept across restarts.

use serde::{Deserialize, Serialize};

use crate::breaker::{Breaker, Config, Phase, State};
use crate::time::Moment;

/// What of a breaker outlives the process. The window and the probes that are out do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoredBreaker {
    pub state: State,
    pub failures: u32,
    pub opens: u32,
    /// When it opened; means nothing unless OPEN.
    pub since: Moment,
}

impl Breaker {
    pub fn store(&self) -> StoredBreaker {
        let since = self.open_span().map_or(Moment::ZERO, |(since, _)| since);
        StoredBreaker { state: self.state(), failures: self.failures, opens: self.opens, since }
    }

    /// The breaker that was stored. Total: whatever the bytes said, the result is one that
    /// [`Breaker::apply`] could have led to, and none waits longer than the options allow.
    pub fn revive(stored: &StoredBreaker, config: &Config, now: Moment) -> Breaker {
        let mut breaker = Breaker::new(config);
        breaker.phase = match stored.state {
            State::Closed => Phase::Closed,
            State::Open => {
                // A time that lies ahead was written by a clock that was set back since.
                let since = stored.since.min(now);
                breaker.opens = stored.opens.max(1);
                Phase::Open {
                    since,
                    until: since.after(config.wait.after(breaker.opens, config.seed)),
                }
            }
            State::HalfOpen => {
                breaker.opens = stored.opens.max(1);
                Phase::HalfOpen { probes: Vec::new(), successes: 0 }
            }
            State::ForcedOpen => Phase::ForcedOpen,
            State::Disabled => Phase::Disabled,
            State::Observing => Phase::Observing,
        };
        if matches!(stored.state, State::Closed | State::Observing) {
            breaker.failures = stored.failures;
        }
        breaker
    }
}
