//! A circuit breaker as a pure state machine: [`Breaker::apply`] takes what happened and the time.
//!
//! The states and what follows what are in [`transition`]; here are the counts and times that answer
//! its questions. A breaker remembers to whom it gave a probe: a [`Ticket`] that never comes back
//! expires, so HALF_OPEN cannot be stuck, and a result from before the last change of state is late
//! and changes nothing.

mod config;
mod group;
mod input;
mod notice;
mod shared;
mod state;
mod stored;
mod sync;
mod table;
mod window;

pub use config::{Config, NoPercent, Percent, Rates, Silence, Wait, Window};
pub use group::Group;
pub use input::{Answer, Counts, Input, Ticket};
pub use notice::{Metrics, Notice, Reason};
pub use shared::{CallError, Permit, Refused, SharedBreaker};
pub use state::{Effect, Illegal, Question, Signal, State, Step, transition};
pub use stored::StoredBreaker;
pub use table::transition_table;
pub use window::Totals;

use notice::bump;
use window::{Sample, Sliding};

use crate::time::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Probe {
    serial: u64,
    since: Moment,
}

/// What only one state has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Closed,
    Open {
        since: Moment,
        until: Moment,
    },
    /// `probes` are those that are out, oldest first.
    HalfOpen {
        probes: Vec<Probe>,
        successes: u32,
    },
    ForcedOpen,
    Disabled,
    Observing,
}

/// A circuit breaker. Its [`Config`] is passed to each step, so that many can share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Breaker {
    phase: Phase,
    /// Changes with the state: tickets of another generation are late.
    generation: u64,
    next_probe: u64,
    failures: u32,
    /// Openings in a row, without CLOSED between them.
    opens: u32,
    window: Sliding,
    metrics: Metrics,
}

impl Breaker {
    /// A breaker that is CLOSED.
    pub fn new(config: &Config) -> Breaker {
        Breaker {
            phase: Phase::Closed,
            generation: 0,
            next_probe: 0,
            failures: 0,
            opens: 0,
            window: Sliding::new(config.rates.map(|rates| rates.window)),
            metrics: Metrics::default(),
        }
    }

    pub fn state(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
            Phase::ForcedOpen => State::ForcedOpen,
            Phase::Disabled => State::Disabled,
            Phase::Observing => State::Observing,
        }
    }

    /// Failures in a row since the last success or change of state.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Openings in a row, without CLOSED between them.
    pub fn opens(&self) -> u32 {
        self.opens
    }

    /// When it opened, and until when it waits; `None` unless OPEN.
    pub fn open_span(&self) -> Option<(Moment, Moment)> {
        match self.phase {
            Phase::Open { since, until } => Some((since, until)),
            Phase::Closed
            | Phase::HalfOpen { .. }
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::Observing => None,
        }
    }

    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The counts since they were last taken; they begin at zero again.
    pub fn take_metrics(&mut self) -> Metrics {
        std::mem::take(&mut self.metrics)
    }

    /// The sums over the sliding window at `now`; zero where no rate is asked for.
    pub fn totals(&self, now: Moment) -> Totals {
        self.window.totals(now)
    }

    /// Whether acquiring and succeeding would change nothing but [`Metrics`], however often.
    pub(crate) fn is_quiet(&self, config: &Config) -> bool {
        match self.phase {
            // Whether a call was slow can only be told by the clock.
            _ if config.slow_after.is_some() => false,
            Phase::Disabled => true,
            Phase::Closed | Phase::Observing => self.failures == 0 && self.window.is_saturated(),
            Phase::Open { .. } | Phase::HalfOpen { .. } | Phase::ForcedOpen => false,
        }
    }

    /// Whether acquiring would let the call through and change nothing but [`Metrics`].
    pub(crate) fn is_passing(&self, config: &Config) -> bool {
        // A ticket that is given out without asking the clock cannot tell later how long the call took.
        config.slow_after.is_none() && !self.state().isolates()
    }

    /// Whether the time at which a call succeeds can make a difference.
    pub(crate) fn success_needs_time(&self, config: &Config) -> bool {
        if config.slow_after.is_some() || self.state().isolates() {
            return true;
        }
        let (Some(totals), Some(rates)) = (self.window.counted(), config.rates) else {
            return self.window.is_timed();
        };
        // A success opens a breaker only by being the one with which there are enough calls to judge.
        totals.failures > 0 && totals.calls < minimum_calls(&rates)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// A ticket such as [`Input::Acquire`] gives while [`Self::is_passing`].
    pub(crate) fn quiet_ticket(generation: u64) -> Ticket {
        Ticket { generation, probe: None, since: Moment::ZERO }
    }

    /// Takes note of `input` at `now` as a member of no group. What happens on the way goes to `notices`.
    ///
    /// # Errors
    ///
    /// [`Illegal`] for an input that contradicts the state; nothing changes then, except that time has passed.
    pub fn apply(
        &mut self,
        config: &Config,
        input: Input,
        now: Moment,
        notices: &mut Vec<Notice>,
    ) -> Result<Answer, Illegal> {
        self.apply_as_member(config, input, now, true, notices)
    }

    /// As [`Self::apply`]; `may_isolate` says whether the floor of the group allows one more isolated member.
    ///
    /// # Errors
    ///
    /// As [`Self::apply`], and [`Illegal::Floor`].
    pub fn apply_as_member(
        &mut self,
        config: &Config,
        input: Input,
        now: Moment,
        may_isolate: bool,
        notices: &mut Vec<Notice>,
    ) -> Result<Answer, Illegal> {
        self.expire(config, now, notices)?;
        let signal = match input {
            Input::Acquire => return self.acquire(config, now, notices),
            Input::Report(ticket, counts) => {
                return self.report(config, &ticket, counts, now, may_isolate, notices);
            }
            Input::Tick => return Ok(Answer::Done),
            Input::Trip => Signal::Trip,
            Input::ForceOpen => Signal::ForceOpen,
            Input::Probe => Signal::Probe,
            Input::Disable => Signal::Disable,
            Input::Observe => Signal::Observe,
            Input::Reset => Signal::Reset,
        };
        self.by_hand(config, signal, now, may_isolate, notices)
    }

    /// Notices that probes have been silent for too long.
    fn expire(
        &mut self,
        config: &Config,
        now: Moment,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Illegal> {
        let Phase::HalfOpen { probes, .. } = &self.phase else { return Ok(()) };
        let overdue = |probe: &Probe| probe.since.after(config.probe_limit) < now;
        let silent = probes.iter().filter(|probe| overdue(probe)).count();
        let first = probes.first().map(|probe| probe.since.after(config.probe_limit));
        let (next, effect) =
            transition(State::HalfOpen, Signal::Tick, |question| match question {
                Question::ProbeSilent => silent > 0,
                Question::SilenceFails => config.silence == Silence::Fails,
                Question::Trips
                | Question::FloorAllows
                | Question::WaitOver
                | Question::ProbeFree
                | Question::EnoughSuccesses => false,
            })?;
        if effect != Effect::Release {
            return Ok(());
        }
        self.metrics.silent = self.metrics.silent.saturating_add(silent as u64);
        if next == State::HalfOpen {
            if let Phase::HalfOpen { probes, .. } = &mut self.phase {
                for probe in probes.extract_if(.., |probe| overdue(probe)) {
                    notices.push(Notice::ProbeReused { at: probe.since.after(config.probe_limit) });
                }
            }
        } else {
            // It opened when the oldest probe was due, whenever that is noticed.
            self.enter(config, next, Reason::ProbeSilent, first.unwrap_or(now), notices);
        }
        Ok(())
    }

    fn acquire(
        &mut self,
        config: &Config,
        now: Moment,
        notices: &mut Vec<Notice>,
    ) -> Result<Answer, Illegal> {
        let from = self.state();
        let (next, effect) = transition(from, Signal::Acquire, |question| match question {
            Question::WaitOver => self.open_span().is_some_and(|(_, until)| until < now),
            Question::ProbeFree => match &self.phase {
                Phase::HalfOpen { probes, .. } => probes.len() < usize::from(config.probes.get()),
                Phase::Closed
                | Phase::Open { .. }
                | Phase::ForcedOpen
                | Phase::Disabled
                | Phase::Observing => false,
            },
            Question::Trips
            | Question::FloorAllows
            | Question::EnoughSuccesses
            | Question::ProbeSilent
            | Question::SilenceFails => false,
        })?;
        if next != from {
            self.enter(config, next, Reason::WaitOver, now, notices);
        }
        let probe = match effect {
            Effect::Admit => None,
            Effect::AdmitProbe => {
                let serial = self.next_probe;
                self.next_probe += 1;
                if let Phase::HalfOpen { probes, .. } = &mut self.phase {
                    probes.push(Probe { serial, since: now });
                }
                Some(serial)
            }
            Effect::Refuse
            | Effect::Count
            | Effect::Spare
            | Effect::WouldOpen
            | Effect::Release
            | Effect::Late
            | Effect::Forget
            | Effect::Nothing => {
                bump(&mut self.metrics.refused);
                return Ok(Answer::Refused { retry_at: self.retry_at(config) });
            }
        };
        bump(&mut self.metrics.admitted);
        Ok(Answer::Admitted(Ticket { generation: self.generation, probe, since: now }))
    }

    /// Strictly after this moment a refused caller may be admitted.
    fn retry_at(&self, config: &Config) -> Option<Moment> {
        match &self.phase {
            Phase::Open { until, .. } => Some(*until),
            Phase::HalfOpen { probes, .. } => {
                probes.first().map(|probe| probe.since.after(config.probe_limit))
            }
            Phase::Closed | Phase::ForcedOpen | Phase::Disabled | Phase::Observing => None,
        }
    }

    fn report(
        &mut self,
        config: &Config,
        ticket: &Ticket,
        counts: Counts,
        now: Moment,
        may_isolate: bool,
        notices: &mut Vec<Notice>,
    ) -> Result<Answer, Illegal> {
        let from = self.state();
        if ticket.generation > self.generation
            || ticket.probe.is_some_and(|serial| serial >= self.next_probe)
        {
            return Err(Illegal::UnknownTicket);
        }
        let out = match &self.phase {
            Phase::HalfOpen { probes, .. } => {
                probes.iter().any(|probe| Some(probe.serial) == ticket.probe)
            }
            Phase::Closed
            | Phase::Open { .. }
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::Observing => true,
        };
        if ticket.generation != self.generation || !out {
            bump(&mut self.metrics.late);
            return Ok(Answer::Late);
        }
        let slow = counts != Counts::Nothing
            && config.slow_after.is_some_and(|limit| now.since(ticket.since) > limit);
        let signal = match counts {
            Counts::Success if slow && from == State::HalfOpen => Signal::Failure,
            Counts::Success => Signal::Success,
            Counts::Failure => Signal::Failure,
            Counts::Nothing => Signal::GiveBack,
        };
        match counts {
            Counts::Success => bump(&mut self.metrics.succeeded),
            Counts::Failure => bump(&mut self.metrics.failed),
            Counts::Nothing => bump(&mut self.metrics.uncounted),
        }
        if slow {
            bump(&mut self.metrics.slow);
        }
        if matches!(from, State::Closed | State::Observing) && signal != Signal::GiveBack {
            self.count(Sample { failed: counts == Counts::Failure, slow }, now);
        }
        let (next, effect) = transition(from, signal, |question| match question {
            Question::Trips => self.trips(config, now),
            Question::FloorAllows => may_isolate,
            Question::EnoughSuccesses => match self.phase {
                Phase::HalfOpen { successes, .. } => {
                    successes.saturating_add(1) >= config.successes.get()
                }
                Phase::Closed
                | Phase::Open { .. }
                | Phase::ForcedOpen
                | Phase::Disabled
                | Phase::Observing => false,
            },
            Question::WaitOver
            | Question::ProbeFree
            | Question::ProbeSilent
            | Question::SilenceFails => false,
        })?;
        match effect {
            Effect::Spare => notices.push(Notice::Spared { at: now }),
            Effect::WouldOpen => {
                self.failures = 0;
                self.window.clear();
                notices.push(Notice::WouldOpen { at: now });
            }
            Effect::Release => {
                if let Phase::HalfOpen { probes, successes } = &mut self.phase {
                    probes.retain(|probe| Some(probe.serial) != ticket.probe);
                    *successes = successes.saturating_add(u32::from(signal == Signal::Success));
                }
            }
            Effect::Admit
            | Effect::AdmitProbe
            | Effect::Refuse
            | Effect::Count
            | Effect::Late
            | Effect::Forget
            | Effect::Nothing => {}
        }
        if next != from {
            let reason = match from {
                State::HalfOpen if next == State::Closed => Reason::Recovered,
                State::HalfOpen => Reason::ProbeFailed,
                State::Closed
                | State::Open
                | State::ForcedOpen
                | State::Disabled
                | State::Observing => Reason::TooManyFailures,
            };
            self.enter(config, next, reason, now, notices);
        }
        Ok(Answer::Noted)
    }

    fn by_hand(
        &mut self,
        config: &Config,
        signal: Signal,
        now: Moment,
        may_isolate: bool,
        notices: &mut Vec<Notice>,
    ) -> Result<Answer, Illegal> {
        let (next, _) = transition(self.state(), signal, |question| match question {
            Question::FloorAllows => may_isolate,
            Question::Trips
            | Question::WaitOver
            | Question::ProbeFree
            | Question::EnoughSuccesses
            | Question::ProbeSilent
            | Question::SilenceFails => false,
        })?;
        self.enter(config, next, Reason::ByHand, now, notices);
        Ok(Answer::Done)
    }

    fn count(&mut self, sample: Sample, now: Moment) {
        self.failures = if sample.failed { self.failures.saturating_add(1) } else { 0 };
        self.window.record(sample, now);
    }

    fn trips(&self, config: &Config, now: Moment) -> bool {
        if config.failures.is_some_and(|limit| self.failures >= limit.get()) {
            return true;
        }
        let Some(rates) = config.rates else { return false };
        let totals = self.window.totals(now);
        totals.calls >= minimum_calls(&rates)
            && (rates.failures.is_some_and(|share| share.reached(totals.failures, totals.calls))
                || rates.slow.is_some_and(|share| share.reached(totals.slow, totals.calls)))
    }

    /// Goes to `next`, with all that only the state before had forgotten.
    fn enter(
        &mut self,
        config: &Config,
        next: State,
        reason: Reason,
        at: Moment,
        notices: &mut Vec<Notice>,
    ) {
        notices.push(Notice::Moved { from: self.state(), to: next, reason, at });
        self.generation += 1;
        self.phase = match next {
            State::Closed => {
                self.opens = 0;
                bump(&mut self.metrics.closed);
                Phase::Closed
            }
            State::Open => {
                self.opens = self.opens.saturating_add(1);
                bump(&mut self.metrics.opened);
                let wait = config.wait.after(self.opens, config.seed);
                Phase::Open { since: at, until: at.after(wait) }
            }
            State::HalfOpen => Phase::HalfOpen { probes: Vec::new(), successes: 0 },
            State::ForcedOpen => Phase::ForcedOpen,
            State::Disabled => Phase::Disabled,
            State::Observing => Phase::Observing,
        };
        self.failures = 0;
        self.window.clear();
    }
}

/// With fewer results than this nothing is judged; a counting window cannot hold more than its size.
fn minimum_calls(rates: &Rates) -> u32 {
    match rates.window {
        Window::Count(size) => rates.minimum_calls.min(u32::from(size.get())),
        Window::Time { .. } => rates.minimum_calls,
    }
}
