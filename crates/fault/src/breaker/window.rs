//! Sliding windows: what the last results, or the results of the last while, were.

use std::collections::VecDeque;

use crate::breaker::config::Window;
use crate::time::{Moment, nanos};

/// One result, as a window sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sample {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

/// Sums over a window or a slice of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Totals {
    pub calls: u32,
    pub failures: u32,
    pub slow: u32,
}

impl Totals {
    fn add(&mut self, sample: Sample) {
        self.calls = self.calls.saturating_add(1);
        self.failures = self.failures.saturating_add(u32::from(sample.failed));
        self.slow = self.slow.saturating_add(u32::from(sample.slow));
    }

    fn subtract(&mut self, other: Totals) {
        self.calls = self.calls.saturating_sub(other.calls);
        self.failures = self.failures.saturating_sub(other.failures);
        self.slow = self.slow.saturating_sub(other.slow);
    }
}

impl From<Sample> for Totals {
    fn from(sample: Sample) -> Totals {
        let mut totals = Totals::default();
        totals.add(sample);
        totals
    }
}

/// The results that rates are computed over, with their running sums.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sliding {
    /// Nothing is kept: no rate is asked for.
    Off,
    Count {
        size: u16,
        samples: VecDeque<Sample>,
        totals: Totals,
    },
    /// Slices by their number since the origin, oldest first, empty ones left out.
    Time {
        width: u64,
        count: u8,
        slices: VecDeque<(u64, Totals)>,
        totals: Totals,
    },
}

impl Sliding {
    pub(crate) fn new(window: Option<Window>) -> Sliding {
        match window {
            None => Sliding::Off,
            Some(Window::Count(size)) => Sliding::Count {
                size: size.get(),
                samples: VecDeque::new(),
                totals: Totals::default(),
            },
            Some(Window::Time { span, slices }) => Sliding::Time {
                width: nanos(span).div_ceil(u64::from(slices.get())).max(1),
                count: slices.get(),
                slices: VecDeque::new(),
                totals: Totals::default(),
            },
        }
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Sliding::Off => {}
            Sliding::Count { samples, totals, .. } => {
                samples.clear();
                *totals = Totals::default();
            }
            Sliding::Time { slices, totals, .. } => {
                slices.clear();
                *totals = Totals::default();
            }
        }
    }

    pub(crate) fn record(&mut self, sample: Sample, now: Moment) {
        match self {
            Sliding::Off => {}
            Sliding::Count { size, samples, totals } => {
                if samples.len() >= usize::from(*size)
                    && let Some(oldest) = samples.pop_front()
                {
                    totals.subtract(oldest.into());
                }
                samples.push_back(sample);
                totals.add(sample);
            }
            Sliding::Time { width, count, slices, totals } => {
                let slice = now.nanos() / *width;
                // A clock that was set back counts into the newest slice there is.
                let slice = slices.back().map_or(slice, |(newest, _)| slice.max(*newest));
                forget(slices, totals, slice, *count);
                match slices.back_mut() {
                    Some((newest, sums)) if *newest == slice => sums.add(sample),
                    Some(_) | None => slices.push_back((slice, sample.into())),
                }
                totals.add(sample);
            }
        }
    }

    /// The sums at `now`.
    pub(crate) fn totals(&self, now: Moment) -> Totals {
        match self {
            Sliding::Off => Totals::default(),
            Sliding::Count { totals, .. } => *totals,
            Sliding::Time { width, count, slices, totals } => {
                let mut left = *totals;
                let current = now.nanos() / *width;
                for (slice, sums) in slices {
                    if slice.saturating_add(u64::from(*count)) <= current {
                        left.subtract(*sums);
                    }
                }
                left
            }
        }
    }

    /// The sums where they do not depend on the time.
    pub(crate) fn counted(&self) -> Option<Totals> {
        match self {
            Sliding::Count { totals, .. } => Some(*totals),
            Sliding::Off | Sliding::Time { .. } => None,
        }
    }

    /// Whether results are forgotten as time passes.
    pub(crate) fn is_timed(&self) -> bool {
        match self {
            Sliding::Time { .. } => true,
            Sliding::Off | Sliding::Count { .. } => false,
        }
    }

    /// Whether one more good result would change nothing at all.
    pub(crate) fn is_saturated(&self) -> bool {
        match self {
            Sliding::Off => true,
            Sliding::Count { size, totals, .. } => {
                *totals == Totals { calls: u32::from(*size), failures: 0, slow: 0 }
            }
            Sliding::Time { .. } => false,
        }
    }
}

/// Drops the slices that are `count` or more behind `current`.
fn forget(slices: &mut VecDeque<(u64, Totals)>, totals: &mut Totals, current: u64, count: u8) {
    while let Some((slice, sums)) = slices.front().copied() {
        if slice.saturating_add(u64::from(count)) > current {
            break;
        }
        slices.pop_front();
        totals.subtract(sums);
    }
}
