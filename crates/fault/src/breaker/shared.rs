//! A breaker that many threads share.
//!
//! The state machine stands behind a lock. But as long as it is *quiet* (CLOSED, no failure counted,
//! a counting window full of good results) neither acquiring nor succeeding would change it, so both
//! are one read of a word that says so. A success takes effect at that second read: if the word is
//! still the same then, the state machine would have answered "nothing changes" at that very moment.
//! While it is only *passing* (CLOSED, but failures are counted) acquiring is still one read, and a result takes the lock.

use std::collections::VecDeque;
use std::mem;

use crate::breaker::sync::{AtomicU64, Mutex, MutexGuard, Ordering};
use crate::breaker::{
    Answer, Breaker, Config, Counts, Illegal, Input, Metrics, Notice, State, Ticket,
};
use crate::time::{Clock, Moment};

/// So many notices are kept for [`SharedBreaker::take_notices`]; older ones are dropped.
const NOTICES: usize = 256;

/// Set in [`SharedBreaker::word`] while the breaker is quiet.
const QUIET: u64 = 1;
/// Set while it is passing, so also while it is quiet. The other bits are its generation.
const PASSING: u64 = 2;
const FLAGS: u32 = 2;

/// A circuit breaker for calls from any number of threads.
#[derive(Debug)]
pub struct SharedBreaker<C> {
    word: Line,
    inner: Mutex<Inner>,
    config: Config,
    clock: C,
}

/// Alone on its cache line (two, because neighbours are fetched in pairs): taking the lock next to it
/// must not slow down those who only read.
#[derive(Debug)]
#[repr(align(128))]
struct Line(AtomicU64);

#[derive(Debug)]
struct Inner {
    breaker: Breaker,
    notices: VecDeque<Notice>,
    dropped: u64,
}

/// Why a call was not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is {}", .state.name())]
pub struct Refused {
    pub state: State,
    /// Strictly after this moment it is worth asking again; `None`: only when told.
    pub retry_at: Option<Moment>,
}

/// Why a call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError<E> {
    #[error(transparent)]
    Refused(Refused),
    #[error("{0}")]
    Failed(E),
}

impl<C: Clock> SharedBreaker<C> {
    pub fn new(config: Config, clock: C) -> SharedBreaker<C> {
        let breaker = Breaker::new(&config);
        let word = Line(AtomicU64::new(word_of(&breaker, &config)));
        let inner = Inner { breaker, notices: VecDeque::new(), dropped: 0 };
        SharedBreaker { word, inner: Mutex::new(inner), config, clock }
    }

    /// Makes the call if it may be made. Every `Err` counts as a failure, and so does a panic.
    ///
    /// # Errors
    ///
    /// The error of the call, or [`Refused`] without having made it.
    pub fn call<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        self.call_counting(work, |result| match result {
            Ok(_) => Counts::Success,
            Err(_) => Counts::Failure,
        })
    }

    /// As [`Self::call`]; `classify` says what counts.
    ///
    /// # Errors
    ///
    /// As [`Self::call`].
    pub fn call_counting<T, E>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
        classify: impl FnOnce(&Result<T, E>) -> Counts,
    ) -> Result<T, CallError<E>> {
        let mut permit = self.acquire().map_err(CallError::Refused)?;
        permit.when_dropped = Counts::Failure;
        let result = work();
        let counts = classify(&result);
        permit.report(counts);
        result.map_err(CallError::Failed)
    }

    /// Asks for the right to make one call.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the call may not be made.
    pub fn acquire(&self) -> Result<Permit<'_, C>, Refused> {
        let word = self.word.0.load(Ordering::Acquire);
        if word & PASSING != 0 {
            let ticket = Breaker::quiet_ticket(word >> FLAGS);
            return Ok(Permit { of: self, ticket, when_dropped: Counts::Nothing });
        }
        self.acquire_slowly()
    }

    #[cold]
    fn acquire_slowly(&self) -> Result<Permit<'_, C>, Refused> {
        let mut inner = self.lock();
        let now = self.clock.now();
        match self.apply(&mut inner, Input::Acquire, now) {
            Ok(Answer::Admitted(ticket)) => {
                Ok(Permit { of: self, ticket, when_dropped: Counts::Nothing })
            }
            Ok(Answer::Refused { retry_at }) => {
                Err(Refused { state: inner.breaker.state(), retry_at })
            }
            // Neither is an answer to `Acquire`; a caller who is refused loses least.
            Ok(Answer::Noted | Answer::Late | Answer::Done) | Err(_) => {
                Err(Refused { state: inner.breaker.state(), retry_at: None })
            }
        }
    }

    /// Takes the breaker into one's own hand: `Trip`, `ForceOpen`, `Probe`, `Disable`, `Observe`, `Reset`, `Tick`.
    ///
    /// # Errors
    ///
    /// As [`Breaker::apply`].
    pub fn control(&self, input: Input) -> Result<Answer, Illegal> {
        let mut inner = self.lock();
        let now = self.clock.now();
        self.apply(&mut inner, input, now)
    }

    /// The state as of the last input.
    pub fn state(&self) -> State {
        self.lock().breaker.state()
    }

    /// The counts, without what passed by without the lock: calls while the breaker was quiet, and of those that
    /// were made while it was CLOSED and not quiet, their part in [`Metrics::admitted`].
    pub fn metrics(&self) -> Metrics {
        *self.lock().breaker.metrics()
    }

    /// What happened since the last time this was asked (the latest 256), and how many more were dropped.
    pub fn take_notices(&self) -> (Vec<Notice>, u64) {
        let mut inner = self.lock();
        let dropped = mem::take(&mut inner.dropped);
        (mem::take(&mut inner.notices).into(), dropped)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while the lock is held but a clock of the user's, which runs before any change.
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn apply(&self, inner: &mut Inner, input: Input, now: Moment) -> Result<Answer, Illegal> {
        let mut notices = Vec::new();
        let answer = inner.breaker.apply(&self.config, input, now, &mut notices);
        for notice in notices {
            if inner.notices.len() == NOTICES {
                inner.notices.pop_front();
                inner.dropped = inner.dropped.saturating_add(1);
            }
            inner.notices.push_back(notice);
        }
        self.word.0.store(word_of(&inner.breaker, &self.config), Ordering::Release);
        answer
    }

    #[cold]
    fn report_slowly(&self, ticket: Ticket, counts: Counts) {
        let mut inner = self.lock();
        let success = counts == Counts::Success;
        let now = if success && !inner.breaker.success_needs_time(&self.config) {
            Moment::ZERO
        } else {
            self.clock.now()
        };
        // The ticket is ours, so it is known: a report cannot be an error.
        let answer = self.apply(&mut inner, Input::Report(ticket, counts), now);
        debug_assert!(answer.is_ok(), "a permit of this breaker was not known to it");
    }
}

fn word_of(breaker: &Breaker, config: &Config) -> u64 {
    let passing = if breaker.is_passing(config) { PASSING } else { 0 };
    let quiet = if breaker.is_quiet(config) { QUIET } else { 0 };
    (breaker.generation() << FLAGS) | passing | quiet
}

/// The right to make one call. Dropped without a result it gives itself back and counts nothing.
#[derive(Debug)]
#[must_use = "dropping it gives the right back"]
pub struct Permit<'b, C: Clock> {
    of: &'b SharedBreaker<C>,
    ticket: Ticket,
    when_dropped: Counts,
}

impl<C: Clock> Permit<'_, C> {
    pub fn is_probe(&self) -> bool {
        self.ticket.is_probe()
    }

    /// The call succeeded.
    pub fn succeed(self) {
        self.report(Counts::Success);
    }

    /// The call failed.
    pub fn fail(self) {
        self.report(Counts::Failure);
    }

    /// The call ended so.
    pub fn report(mut self, counts: Counts) {
        self.when_dropped = counts;
    }
}

impl<C: Clock> Drop for Permit<'_, C> {
    fn drop(&mut self) {
        let quiet = self.of.word.0.load(Ordering::Acquire)
            == (self.ticket.generation << FLAGS | PASSING | QUIET);
        if quiet && self.when_dropped != Counts::Failure {
            return;
        }
        if self.ticket.probe.is_none() && self.when_dropped == Counts::Nothing {
            return;
        }
        self.of.report_slowly(self.ticket.clone(), self.when_dropped);
    }
}
