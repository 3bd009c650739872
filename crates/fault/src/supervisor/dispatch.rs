//! Handing out: which worker gets what next, and when workers are started.

use crate::supervisor::log::{Choice, Rule};
use crate::supervisor::message::Action;
use crate::supervisor::plan::{JobId, WorkerId};
use crate::supervisor::record::{Lane, Life, Place, Reason, Worker};
use crate::supervisor::{About, Supervisor};
use crate::time::Moment;

impl Supervisor {
    /// Gives work to idle workers and starts as many as there is work for.
    pub(super) fn dispatch(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let idle = |worker: &Worker| worker.life == Life::Idle;
        let waiting: Vec<WorkerId> =
            self.workers.iter().filter(|(_, worker)| idle(worker)).map(|(id, _)| *id).collect();
        for id in waiting {
            let fresh = self.workers.get(&id).is_some_and(|worker| !worker.used);
            if let Some((lane, jobs)) = self.next_jobs(fresh) {
                self.send(id, lane, jobs, now, actions);
            } else if self.coming() < self.alone.len() {
                let inputs = [("suspects", self.alone.len() as i64)];
                let about = About::worker(id);
                self.note(about, Rule::FreshWorker, &inputs, Choice::Killed, now, actions);
                self.kill(id, Reason::Used, now, actions);
            }
        }
        let work = self.batch.len() + self.alone.len() + self.careful.len();
        let mut ready = self
            .workers
            .values()
            .filter(|worker| matches!(worker.life, Life::Idle | Life::Starting { .. }))
            .count();
        while ready < work && self.workers.len() < self.limits.workers as usize {
            let id = WorkerId(self.next_worker);
            self.next_worker = self.next_worker.wrapping_add(1);
            self.workers.insert(
                id,
                Worker {
                    life: Life::Starting { since: now },
                    used: false,
                    batch: Default::default(),
                },
            );
            actions.push(Action::Spawn { worker: id });
            ready += 1;
        }
    }

    /// Workers that are being started or replaced: they will be fresh.
    fn coming(&self) -> usize {
        let coming =
            |worker: &&Worker| matches!(worker.life, Life::Starting { .. } | Life::Killed { .. });
        self.workers.values().filter(coming).count()
    }

    /// What a worker gets next. Suspects come first: they need the worker while it is fresh.
    fn next_jobs(&mut self, fresh: bool) -> Option<(Lane, Vec<JobId>)> {
        if fresh && let Some(job) = self.alone.pop_first() {
            return Some((Lane::Alone, vec![job]));
        }
        while let Some(id) = self.careful.pop_first() {
            let Some(unit) = self.unit(id) else { continue };
            if let (None, Some(job)) = (unit.careful_busy, unit.careful.pop_first()) {
                unit.careful_busy = Some(job);
                return Some((Lane::Careful, vec![job]));
            }
        }
        // Half of an even share each time, so that all workers end at about the same time.
        let share = self.batch.len().div_ceil(2 * self.limits.workers as usize);
        let size = share.clamp(1, self.limits.batch.max(1) as usize);
        let jobs: Vec<JobId> = self.batch.iter().take(size).copied().collect();
        for job in &jobs {
            self.batch.remove(job);
        }
        if jobs.is_empty() { None } else { Some((Lane::Batch, jobs)) }
    }

    fn send(
        &mut self,
        id: WorkerId,
        lane: Lane,
        jobs: Vec<JobId>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let mut batch = Vec::with_capacity(jobs.len());
        for job_id in &jobs {
            let Some(job) = self.job(*job_id) else { continue };
            job.place = Place::Flying(lane, id);
            batch.push((*job_id, job.rung));
        }
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.life = Life::Busy { last_sign: now };
            worker.used = true;
            worker.batch = jobs.into();
        }
        actions.push(Action::Send { worker: id, batch });
    }

    pub(super) fn kill(
        &mut self,
        id: WorkerId,
        reason: Reason,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.life = Life::Killed { at: now, reason };
        actions.push(Action::Kill { worker: id });
    }
}
