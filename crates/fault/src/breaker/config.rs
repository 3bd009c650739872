//! The options of a breaker. No value of these types is invalid, so there is nothing to check.

use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::mix::splitmix;
use crate::time::nanos;

/// A share from 1 to 100 per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

/// A share outside of 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a share is 1 to 100 per cent, not {0}")]
pub struct NoPercent(pub u8);

impl Percent {
    /// `None` outside of 1 to 100.
    pub const fn new(share: u8) -> Option<Percent> {
        if share >= 1 && share <= 100 { Some(Percent(share)) } else { None }
    }

    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether `part` of `whole` is at least this share. No share of nothing is reached.
    pub(crate) fn reached(self, part: u32, whole: u32) -> bool {
        whole > 0 && u64::from(part) * 100 >= u64::from(self.0) * u64::from(whole)
    }
}

impl TryFrom<u8> for Percent {
    type Error = NoPercent;
    fn try_from(share: u8) -> Result<Percent, NoPercent> {
        Percent::new(share).ok_or(NoPercent(share))
    }
}

impl From<Percent> for u8 {
    fn from(share: Percent) -> u8 {
        share.0
    }
}

/// Which results the rates look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Window {
    /// The last so many results.
    Count(NonZeroU16),
    /// The results of the last `span`, forgotten slice by slice.
    Time { span: Duration, slices: NonZeroU8 },
}

/// Opening by shares of a window's results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    pub window: Window,
    /// With fewer results than this nothing is judged. More than a counting window holds means: all of it.
    pub minimum_calls: u32,
    /// Opens when this share of the results are failures.
    pub failures: Option<Percent>,
    /// Opens when this share of the results were slower than [`Config::slow_after`].
    pub slow: Option<Percent>,
}

/// How long OPEN lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The wait after the first opening.
    pub first: Duration,
    /// What each further opening in a row multiplies it by, in per cent: 100 keeps it, 200 doubles it.
    pub growth: u32,
    /// The wait never grows beyond this (a first wait that is longer stays as it is).
    pub longest: Duration,
    /// Up to this share of the wait is taken off, by the seed, so that many breakers do not probe together.
    pub jitter: Option<Percent>,
}

impl Wait {
    /// The wait after the `opens`-th opening in a row (from 1). Depends on nothing else.
    pub fn after(&self, opens: u32, seed: u64) -> Duration {
        let first = nanos(self.first);
        let longest = nanos(self.longest).max(first);
        let mut wait = first;
        for _ in 1..opens {
            let grown = u128::from(wait) * u128::from(self.growth.max(100)) / 100;
            let grown = u64::try_from(grown).unwrap_or(u64::MAX).min(longest);
            if grown == wait {
                break;
            }
            wait = grown;
        }
        let Some(jitter) = self.jitter else { return Duration::from_nanos(wait) };
        let room = u128::from(wait) * u128::from(jitter.get()) / 100;
        let random = u128::from(splitmix(seed ^ splitmix(u64::from(opens))));
        // `room` is at most `wait`, so the shortened wait is not negative.
        let off = u64::try_from((random * (room + 1)) >> 64).unwrap_or(wait);
        Duration::from_nanos(wait.saturating_sub(off))
    }
}

/// What it means that a probe has not answered within [`Config::probe_limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// It hangs: the probe failed, the breaker opens again.
    Fails,
    /// It was lost: its place is given out again, nothing is counted.
    GivesBack,
}

/// The options of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Opens after this many failures in a row.
    pub failures: Option<NonZeroU32>,
    /// Opens by shares of a sliding window.
    pub rates: Option<Rates>,
    /// A call that takes longer is slow: it counts for [`Rates::slow`], and as a probe it has failed.
    pub slow_after: Option<Duration>,
    pub wait: Wait,
    /// How many probes may be out at a time in HALF_OPEN.
    pub probes: NonZeroU8,
    /// How many successful probes close the breaker.
    pub successes: NonZeroU32,
    /// How long a probe may be out.
    pub probe_limit: Duration,
    pub silence: Silence,
    /// Where the jitter comes from. Give every breaker its own.
    pub seed: u64,
}

const THREE_PROBES: NonZeroU8 = NonZeroU8::MIN.saturating_add(2);
const THREE: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
const FIVE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);

impl Default for Config {
    /// Five failures in a row open it; after 30 s, growing to 5 minutes, three successful probes close it.
    fn default() -> Config {
        Config {
            failures: Some(FIVE),
            rates: None,
            slow_after: None,
            wait: Wait {
                first: Duration::from_secs(30),
                growth: 200,
                longest: Duration::from_secs(300),
                jitter: None,
            },
            probes: THREE_PROBES,
            successes: THREE,
            probe_limit: Duration::from_secs(30),
            silence: Silence::Fails,
            seed: 0,
        }
    }
}
