//! The round of a unit: none of its jobs is under way, so what has come out is counted, in order.

use std::mem;

use crate::breaker::{Answer, Counts, Input, State, Ticket};
use crate::fault::{Fault, FaultKind};
use crate::memory::{Quarantined, Suspect};
use crate::policy::PolicyName;
use crate::supervisor::log::{Choice, Rule};
use crate::supervisor::message::{Action, Outcome};
use crate::supervisor::plan::JobId;
use crate::supervisor::record::{Lane, UnitRecord};
use crate::supervisor::{About, Supervisor};
use crate::time::Moment;
use crate::unit::UnitId;

impl Supervisor {
    pub(super) fn round(&mut self, id: UnitId, now: Moment, actions: &mut Vec<Action>) {
        let Some(unit) = self.unit(id) else { return };
        if unit.pending > 0 {
            return;
        }
        let judged = mem::take(&mut unit.judged);
        let mut wave = mem::take(&mut unit.wave);
        // A wave holds every job that was under way in HALF_OPEN, in order.
        for (job, (ticket, made)) in mem::take(&mut wave) {
            if judged.contains(&job) {
                self.judge(job, Some(ticket), now, actions);
                continue;
            }
            let counts = if made { Counts::Success } else { Counts::Nothing };
            self.tell(id, Input::Report(ticket, counts), None, actions);
        }
        for job in judged {
            // Those of the wave have moved on already.
            if self.is_judged(job) {
                self.judge(job, None, now, actions);
            }
        }
        self.release_held(id, now, actions);
    }

    /// What waits for HALF_OPEN: the next wave, or all of it when that state is over.
    fn release_held(&mut self, id: UnitId, now: Moment, actions: &mut Vec<Action>) {
        let Some(unit) = self.unit(id) else { return };
        if unit.breaker.state() == State::HalfOpen && unit.held.is_empty() && unit.pending == 0 {
            let inputs = [("objects", i64::from(unit.objects)), ("untried", 0)];
            self.note(About::unit(id), Rule::HalfOpen, &inputs, Choice::Closes, now, actions);
            self.tell(id, Input::Reset, None, actions);
            return;
        }
        while let Some(unit) = self.unit(id)
            && let Some(job) = unit.held.front().copied()
        {
            if unit.breaker.state() != State::HalfOpen {
                unit.held.pop_front();
                self.release(job, now, actions);
                continue;
            }
            let Some(Answer::Admitted(ticket)) = self.tell(id, Input::Acquire, None, actions)
            else {
                return;
            };
            let Some(unit) = self.unit(id) else { return };
            unit.held.pop_front();
            unit.wave.insert(job, (ticket, false));
            unit.pending += 1;
            self.enqueue(job, Lane::Alone);
        }
    }

    fn is_judged(&self, id: JobId) -> bool {
        self.jobs
            .get(id.0 as usize)
            .is_some_and(|job| job.place == crate::supervisor::record::Place::Judged)
    }

    /// Counts a fault that repeated, and decides what becomes of the job.
    fn judge(&mut self, id: JobId, ticket: Option<Ticket>, now: Moment, actions: &mut Vec<Action>) {
        let Some(job) = self.jobs.get(id.0 as usize).cloned() else { return };
        let Some((kind, phase)) = job.last else { return };
        let Some(unit) = self.unit(job.unit) else { return };
        unit.crash_count = unit.crash_count.saturating_add(1);
        unit.repeated = unit.repeated.saturating_add(1);
        self.count(id, job.unit, kind, ticket, now, actions);

        let Some(unit) = self.units.get(job.unit.0 as usize) else { return };
        let isolated = unit.breaker.state().isolates();
        let inputs = [
            ("crash_count", i64::from(unit.crash_count)),
            ("threshold", i64::from(self.limits.threshold)),
            ("depth", i64::from(job.depth)),
            ("max_depth", i64::from(self.limits.max_depth)),
            ("rungs_left", i64::from(job.rung.left())),
            ("kind", i64::from(kind.code())),
        ];
        let about = About::job(id, job.unit);
        let next = job.rung.below();
        if let Some(lower) = next {
            if isolated {
                self.note(about, Rule::BreakerOpen, &inputs, Choice::Withheld, now, actions);
            } else {
                let (holds, error) =
                    self.policy(PolicyName::RetryWhen, &inputs.map(|(_, value)| value));
                let choice =
                    error.unwrap_or(if holds { Choice::Down(lower) } else { Choice::Withheld });
                self.note(about, Rule::RetryWhen, &inputs, choice, now, actions);
                if holds {
                    let fault = Fault::new(&job.key, phase, kind, &self.build);
                    if let Some(job) = self.job(id) {
                        job.lowered = Some(fault);
                        job.rung = lower;
                        job.depth += 1;
                        job.faults_here = 0;
                    }
                    if let Some(unit) = self.unit(job.unit) {
                        unit.pending += 1;
                    }
                    self.enqueue(id, Lane::Alone);
                    return;
                }
            }
        }
        let fault = Fault::new(&job.key, phase, kind, &self.build);
        let [crash_count, threshold, depth, _, rungs_left, kind_input] = inputs;
        let inputs = [crash_count, threshold, depth, rungs_left, kind_input];
        let (holds, error) = self.policy(PolicyName::QuarantineWhen, &inputs.map(|(_, v)| v));
        let choice =
            error.unwrap_or(if holds { Choice::Quarantined } else { Choice::NotQuarantined });
        self.note(about, Rule::QuarantineWhen, &inputs, choice, now, actions);
        let since = self.started;
        let entry = (job.key, self.build);
        if holds {
            self.memory.suspects.remove(&entry);
            self.memory.quarantine.insert(entry, Quarantined { fault, since });
            actions.push(Action::Quarantine { job: id, key: job.key, fault });
        } else {
            let next = next.unwrap_or(job.rung);
            self.memory.suspects.insert(entry, Suspect { fault, next, since });
        }
        self.settle(id, Outcome::Stub(fault), actions);
    }

    /// Tells the breaker of a fault that repeated; opens it if the policy says so.
    fn count(
        &mut self,
        id: JobId,
        unit_id: UnitId,
        kind: FaultKind,
        ticket: Option<Ticket>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(unit) = self.unit(unit_id) else { return };
        let about = About::job(id, unit_id);
        match unit.breaker.state() {
            State::HalfOpen => {
                let inputs = [("kind", i64::from(kind.code()))];
                self.note(about, Rule::HalfOpen, &inputs, Choice::Opens, now, actions);
                if let Some(ticket) = ticket {
                    self.tell(unit_id, Input::Report(ticket, Counts::Failure), Some(id), actions);
                }
            }
            State::Closed | State::Observing => {
                if let Some(Answer::Admitted(ticket)) =
                    self.tell(unit_id, Input::Acquire, Some(id), actions)
                {
                    self.tell(unit_id, Input::Report(ticket, Counts::Failure), Some(id), actions);
                }
                self.ask_to_open(about, unit_id, kind, now, actions);
            }
            State::Open | State::ForcedOpen | State::Disabled => {}
        }
    }

    fn ask_to_open(
        &mut self,
        about: About,
        unit_id: UnitId,
        kind: FaultKind,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let threshold = self.limits.threshold;
        let Some(UnitRecord { breaker, crash_count, .. }) = self.unit(unit_id) else { return };
        let inputs = [
            ("crash_count", i64::from(*crash_count)),
            ("threshold", i64::from(threshold)),
            ("opens", i64::from(breaker.opens())),
            ("kind", i64::from(kind.code())),
        ];
        let observing = breaker.state() == State::Observing;
        let (holds, error) = self.policy(PolicyName::OpenWhen, &inputs.map(|(_, v)| v));
        let choice = error.unwrap_or(match (holds, observing) {
            (true, true) => Choice::WouldOpen,
            (true, false) => Choice::Opens,
            (false, true | false) => Choice::Stays,
        });
        self.note(about, Rule::OpenWhen, &inputs, choice, now, actions);
        if holds && !observing {
            self.tell(unit_id, Input::Trip, about.job, actions);
        }
    }
}
