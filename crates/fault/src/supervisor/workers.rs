//! What workers say, and what it means when they no longer say anything.

use std::mem;

use crate::fault::{Crash, Fault, FaultKind, Phase, Resource};
use crate::supervisor::log::{Choice, Rule};
use crate::supervisor::message::{Action, Death, Outcome, Verdict};
use crate::supervisor::plan::{JobId, WorkerId};
use crate::supervisor::record::{Lane, Life, Place, Reason, Worker};
use crate::supervisor::{About, Supervisor};
use crate::time::Moment;

impl Supervisor {
    pub(super) fn ready(&mut self, id: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&id)
            && matches!(worker.life, Life::Starting { .. })
        {
            worker.life = Life::Idle;
        }
    }

    pub(super) fn finished(
        &mut self,
        id: WorkerId,
        job_id: JobId,
        verdict: Verdict,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        // An answer that nobody waits for (a repeated message, a hostile worker) is no answer.
        if !self.take(id, job_id) {
            return;
        }
        if let Some(worker) = self.workers.get_mut(&id) {
            match worker.life {
                Life::Busy { .. } if worker.batch.is_empty() => worker.life = Life::Idle,
                Life::Busy { .. } => worker.life = Life::Busy { last_sign: now },
                Life::Starting { .. } | Life::Idle | Life::Killed { .. } => {}
            }
        }
        self.fruitless = 0;
        let Some(job) = self.job(job_id) else { return };
        let (unit, rung, faults) = (job.unit, job.rung, job.faults_here);
        if faults > 0 {
            let about = About::job(job_id, unit);
            let inputs = [("faults", i64::from(faults))];
            self.note(about, Rule::Rerun, &inputs, Choice::Transient, now, actions);
        }
        let outcome = match verdict {
            Verdict::Accepted => Outcome::Object(rung),
            Verdict::Diagnosed => Outcome::Diagnosed,
        };
        self.settle(job_id, outcome, actions);
    }

    pub(super) fn bad_reply(
        &mut self,
        id: WorkerId,
        job_id: JobId,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(worker) = self.workers.get(&id) else { return };
        let killed = matches!(worker.life, Life::Killed { .. });
        let about = About { job: Some(job_id), unit: None, worker: Some(id) };
        if !killed {
            self.note(about, Rule::BadReply, &[], Choice::Killed, now, actions);
            self.kill(id, Reason::Unfit, now, actions);
        }
        let known = self.take(id, job_id);
        let rest = self.empty_batch(id);
        if known {
            let kind = FaultKind::Crashed(Crash::BadReply);
            self.fault(job_id, kind, Phase::default(), now, actions);
            self.put_back(&rest, None, now, actions);
        } else {
            // Garbage about a job that it does not have: it is the worker that is broken.
            self.put_back(&rest, rest.first().copied(), now, actions);
        }
    }

    pub(super) fn died(
        &mut self,
        id: WorkerId,
        how: Death,
        in_hand: Option<JobId>,
        phase: Phase,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let in_hand = in_hand.filter(|job| self.take(id, *job));
        let rest = self.empty_batch(id);
        let Some(worker) = self.workers.remove(&id) else { return };
        let silent = matches!(worker.life, Life::Killed { reason: Reason::Silent, .. });
        let kind = match how {
            Death::Crashed { signal } => FaultKind::Crashed(Crash::Signal(signal)),
            Death::StackOverflow => FaultKind::Crashed(Crash::StackOverflow),
            Death::Panicked => FaultKind::Crashed(Crash::Panic),
            Death::OutOfTime => FaultKind::Exhausted(Resource::Time),
            Death::OutOfMemory => FaultKind::Exhausted(Resource::Memory),
            Death::ReplyTooLong => FaultKind::Exhausted(Resource::Reply),
            Death::Garbled => FaultKind::Crashed(Crash::BadReply),
            Death::Lost if silent => FaultKind::Exhausted(Resource::Time),
            Death::Lost => FaultKind::Lost,
        };
        match (in_hand, kind) {
            (Some(job), FaultKind::Lost) => {
                self.lost(job, now, actions);
                self.put_back(&rest, None, now, actions);
            }
            (Some(job), FaultKind::Crashed(_) | FaultKind::Exhausted(_) | FaultKind::Diagnosed) => {
                self.fruitless = 0;
                self.fault(job, kind, phase, now, actions);
                self.put_back(&rest, None, now, actions);
            }
            // It died between two jobs: nobody's fault, but a batch cannot go back for ever.
            (None, _) => {
                let expected = matches!(
                    worker.life,
                    Life::Killed { reason: Reason::Used | Reason::Unfit, .. }
                );
                if !expected && rest.is_empty() {
                    self.fruitless = self.fruitless.saturating_add(1);
                }
                self.put_back(&rest, rest.first().copied(), now, actions);
            }
        }
    }

    /// The system has no room for another worker: those that live go on. Only if there are none is that worth counting.
    pub(super) fn refused(&mut self, id: WorkerId, now: Moment, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.remove(&id) else { return };
        let rest: Vec<JobId> = worker.batch.into_iter().collect();
        self.put_back(&rest, None, now, actions);
        match u32::try_from(self.workers.len()) {
            Ok(0) | Err(_) => self.fruitless = self.fruitless.saturating_add(1),
            Ok(living) => self.limits.workers = self.limits.workers.min(living),
        }
    }

    /// Kills whoever took too long, and gives up waiting for the death of whoever was killed.
    pub(super) fn tick(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let due: Vec<(WorkerId, Life)> = self
            .workers
            .iter()
            .filter(|(_, worker)| self.deadline(worker).is_some_and(|deadline| deadline < now))
            .map(|(id, worker)| (*id, worker.life))
            .collect();
        for (id, life) in due {
            let (since, reason) = match life {
                Life::Starting { since } => (since, Some(Reason::NotReady)),
                Life::Busy { last_sign } => (last_sign, Some(Reason::Silent)),
                Life::Killed { at, .. } => (at, None),
                Life::Idle => continue,
            };
            let waited = i64::try_from(now.since(since).as_millis()).unwrap_or(i64::MAX);
            let inputs = [("waited", waited)];
            let choice = if reason.is_some() { Choice::Killed } else { Choice::PresumedDead };
            self.note(About::worker(id), Rule::WorkerTime, &inputs, choice, now, actions);
            match reason {
                Some(reason) => self.kill(id, reason, now, actions),
                None => {
                    // Once more, in case the first order was not heard.
                    actions.push(Action::Kill { worker: id });
                    self.died(id, Death::Lost, None, Phase::default(), now, actions);
                }
            }
        }
    }

    /// Strictly after this moment a worker has taken too long.
    pub(super) fn deadline(&self, worker: &Worker) -> Option<Moment> {
        match worker.life {
            Life::Starting { since } => Some(since.after(self.limits.start_time)),
            Life::Busy { last_sign } => Some(last_sign.after(self.limits.job_time)),
            Life::Killed { at, .. } => Some(at.after(self.limits.kill_time)),
            Life::Idle => None,
        }
    }

    /// Takes a job out of the batch of a worker; false if it is not in there.
    fn take(&mut self, id: WorkerId, job: JobId) -> bool {
        let Some(worker) = self.workers.get_mut(&id) else { return false };
        let Some(place) = worker.batch.iter().position(|held| *held == job) else { return false };
        worker.batch.remove(place);
        true
    }

    fn empty_batch(&mut self, id: WorkerId) -> Vec<JobId> {
        self.workers
            .get_mut(&id)
            .map(|worker| mem::take(&mut worker.batch).into())
            .unwrap_or_default()
    }

    /// Puts the rest of a batch back. Of them only `charged` has used up one of its handouts.
    fn put_back(
        &mut self,
        rest: &[JobId],
        charged: Option<JobId>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        for id in rest {
            if charged == Some(*id) {
                self.lost(*id, now, actions);
            } else if let Some(lane) = self.lane(*id) {
                self.enqueue(*id, lane);
            }
        }
    }

    fn lane(&self, id: JobId) -> Option<Lane> {
        match self.jobs.get(id.0 as usize)?.place {
            Place::Flying(lane, _) => Some(lane),
            Place::Held | Place::Waiting(_) | Place::Judged | Place::Settled(_) => None,
        }
    }

    /// A job was lost with its worker.
    fn lost(&mut self, id: JobId, now: Moment, actions: &mut Vec<Action>) {
        let Some(lane) = self.lane(id) else { return };
        let (handouts, build) = (self.limits.handouts, self.build);
        let Some(job) = self.job(id) else { return };
        job.lost = job.lost.saturating_add(1);
        let (lost, about) = (job.lost, About::job(id, job.unit));
        let inputs = [("lost", i64::from(lost)), ("handouts", i64::from(handouts))];
        if lost <= handouts {
            self.note(about, Rule::Handouts, &inputs, Choice::HandedOut, now, actions);
            self.enqueue(id, lane);
        } else {
            let kind = FaultKind::Exhausted(Resource::Handouts);
            let fault = Fault::new(&job.key, Phase::default(), kind, &build);
            self.note(about, Rule::Handouts, &inputs, Choice::GivenUp, now, actions);
            self.settle(id, Outcome::Stub(fault), actions);
        }
    }

    /// A job faulted in a way that speaks against it.
    fn fault(
        &mut self,
        id: JobId,
        kind: FaultKind,
        phase: Phase,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(job) = self.job(id) else { return };
        job.faults_here += 1;
        job.last = Some((kind, phase));
        let (faults, unit) = (job.faults_here, job.unit);
        let inputs = [
            ("faults", i64::from(faults)),
            ("kind", i64::from(kind.code())),
            ("phase", i64::from(phase.0)),
        ];
        let about = About::job(id, unit);
        if faults < 2 {
            self.note(about, Rule::Rerun, &inputs, Choice::Rerun, now, actions);
            self.enqueue(id, Lane::Alone);
        } else {
            self.note(about, Rule::Rerun, &inputs, Choice::Repeats, now, actions);
            if let Some(job) = self.job(id) {
                job.place = Place::Judged;
            }
            if let Some(unit) = self.unit(unit) {
                unit.judged.insert(id);
            }
            self.landed(id, unit);
        }
    }
}
