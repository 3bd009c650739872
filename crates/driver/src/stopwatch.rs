//! How long each phase of a build took.

use std::time::{Duration, Instant};

/// The time that each phase took, in the order in which they first ended.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    last: Instant,
    pub(crate) laps: Vec<(&'static str, Duration)>,
}

impl Stopwatch {
    pub(crate) fn new() -> Stopwatch {
        Stopwatch { last: Instant::now(), laps: Vec::new() }
    }

    /// What passed since the last lap belongs to `phase`.
    pub(crate) fn lap(&mut self, phase: &'static str) {
        let now = Instant::now();
        let passed = now - self.last;
        self.last = now;
        match self.laps.iter_mut().find(|(known, _)| *known == phase) {
            Some((_, time)) => *time += passed,
            None => self.laps.push((phase, passed)),
        }
    }

    /// `part` of the time of `whole` is a phase of its own, before it.
    pub(crate) fn split_off(&mut self, whole: &'static str, phase: &'static str, part: Duration) {
        if let Some(at) = self.laps.iter().position(|(known, _)| *known == whole) {
            self.laps[at].1 = self.laps[at].1.saturating_sub(part);
            self.laps.insert(at, (phase, part));
        }
    }
}
