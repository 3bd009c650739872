//! The decisions of a supervisor: which worker gets which job, what a death means, what is tried again.
//!
//! There is no process here, no clock and no thread. Whoever has them carries out [`Action`]s and
//! reports [`Event`]s; so the whole can be simulated, and every decision replayed.
//!
//! # The rules
//!
//! 1. A job is never refused its first attempt, whatever its unit's breaker says.
//! 2. A job that was in hand when its worker crashed, ran out of time or memory, or answered with
//!    garbage is tried once more, alone, in a fresh worker. If that works the fault was transient and nothing is counted.
//! 3. If not, the fault *repeats*. It is counted when all jobs of the unit that are under way have ended, and in the
//!    order of jobs. Then policies decide: breaker, one rung down, stub, quarantine.
//! 4. A lost worker speaks against nobody. Its job is handed out again, ten times; the rest of its batch goes back.
//!
//! # Why the outcome does not depend on timing
//!
//! What repeats is a property of a job. Everything that counts is counted in rounds: a unit's round
//! begins when none of its jobs is under way, and goes through them in order. Time enters a round
//! only as the start of the build. The order of arrival and the number of workers enter nowhere.

mod dispatch;
mod log;
mod message;
mod plan;
mod record;
mod replay;
mod round;
mod start;
mod workers;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub use log::{Choice, Decision, Line, Rule};
pub use message::{Action, Death, Event, Outcome, Verdict};
pub use plan::{
    Grain, Job, JobId, Limits, Plan, PlanError, PlannedUnit, Rung, Trace, WorkerId, unit_breaker,
};
pub use replay::{ReplayError, replay};

use record::{JobRecord, Lane, Place, UnitRecord, Worker};

use crate::breaker::{Answer, Breaker, Config, Input, State};
use crate::fault::{Build, Fault, FaultId, FaultKind, Resource};
use crate::memory::{Lowered, Memory, MemoryProblem, UnitMemory};
use crate::policy::{Policies, PolicyName};
use crate::time::Moment;
use crate::unit::{UnitEvent, UnitId, Units};

/// The state of a supervisor.
#[derive(Clone, Debug)]
pub struct Supervisor {
    limits: Limits,
    config: Config,
    policies: Policies,
    build: Build,
    grain: Grain,
    trace: Trace,
    /// The only time that the breakers of units know.
    started: Moment,
    memory: Memory,
    problems: Vec<MemoryProblem>,
    /// The digests of the units' texts, for the memory.
    texts: Vec<crate::fault::Key>,
    registry: Units,
    jobs: Vec<JobRecord>,
    units: Vec<UnitRecord>,
    workers: BTreeMap<WorkerId, Worker>,
    next_worker: u32,
    /// Jobs that wait to be handed out with others.
    batch: BTreeSet<JobId>,
    /// Jobs that wait for a fresh worker of their own.
    alone: BTreeSet<JobId>,
    /// Units that have a careful job waiting and none under way.
    careful: BTreeSet<UnitId>,
    /// Units none of whose jobs is under way, whose round is due.
    rounds: BTreeSet<UnitId>,
    unsettled: usize,
    /// Workers in a row that ended without an answer and without anybody to blame.
    fruitless: u32,
    seq: u64,
    done: bool,
}

/// What a supervisor does at `event`, and the state it is in then.
///
/// Total: an event that makes no sense (an unknown worker, an answer that nobody asked for) changes nothing.
pub fn decide(mut state: Supervisor, event: Event, now: Moment) -> (Supervisor, Vec<Action>) {
    let mut actions = Vec::new();
    state.step(event, now, &mut actions);
    (state, actions)
}

impl Supervisor {
    /// [`decide`] in place: what is to be done is appended to `actions`.
    ///
    /// `now` counts from 1970, because breakers outlive the process, and does not step back within one build.
    pub fn step(&mut self, event: Event, now: Moment, actions: &mut Vec<Action>) {
        if self.done {
            return;
        }
        let (before, seq) = (actions.len(), self.seq);
        let line = (self.trace == Trace::Events).then(|| Line::Event {
            seq: self.next_seq(),
            now,
            event: event.clone(),
        });
        let tick = event == Event::Tick;
        match event {
            Event::WorkerReady { worker } => self.ready(worker),
            Event::Refused { worker } => self.refused(worker, now, actions),
            Event::Finished { worker, job, verdict } => {
                self.finished(worker, job, verdict, now, actions);
            }
            Event::BadReply { worker, job } => self.bad_reply(worker, job, now, actions),
            Event::Died { worker, how, in_hand, phase } => {
                self.died(worker, how, in_hand, phase, now, actions);
            }
            Event::Tick => self.tick(now, actions),
        }
        self.go_on(now, actions);
        match line {
            // A tick at which nothing was due changed nothing.
            Some(_) if tick && actions.len() == before => self.seq = seq,
            Some(line) => actions.insert(before, Action::Log(line)),
            None => {}
        }
    }

    /// Rounds that are due, jobs that can be handed out, the end.
    fn go_on(&mut self, now: Moment, actions: &mut Vec<Action>) {
        while let Some(unit) = self.rounds.pop_first() {
            self.round(unit, now, actions);
        }
        if self.unsettled > 0 && self.fruitless >= self.limits.fruitless_workers.max(1) {
            self.give_up(now, actions);
        }
        if self.unsettled == 0 {
            self.finish(actions);
        } else {
            self.dispatch(now, actions);
        }
    }

    /// Whether all jobs have ended.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// How each job ended, in their order; `None` where it has not.
    pub fn outcomes(&self) -> Vec<Option<Outcome>> {
        let outcome = |job: &JobRecord| match job.place {
            Place::Settled(outcome) => Some(outcome),
            Place::Held | Place::Waiting(_) | Place::Flying(..) | Place::Judged => None,
        };
        self.jobs.iter().map(outcome).collect()
    }

    /// What each job died of at a higher rung than that of its outcome, in their order.
    pub fn lowered(&self) -> Vec<Option<Fault>> {
        self.jobs.iter().map(|job| job.lowered).collect()
    }

    /// The units with their states and errors; errors are noted when all jobs have ended.
    pub fn units(&self) -> &Units {
        &self.registry
    }

    /// The breaker of a unit.
    pub fn breaker(&self, unit: UnitId) -> Option<&Breaker> {
        self.units.get(unit.0 as usize).map(|unit| &unit.breaker)
    }

    /// What was wrong with the memory that the plan brought.
    pub fn memory_problems(&self) -> &[MemoryProblem] {
        &self.problems
    }

    /// What is to be remembered, at any time: also of a build that is interrupted.
    pub fn memory(&self) -> Memory {
        let mut memory = self.memory.clone();
        let mut busy = BTreeSet::new();
        for job in &self.jobs {
            if !matches!(job.place, Place::Settled(_)) {
                busy.insert(job.unit);
            }
        }
        for (index, (unit, text)) in self.units.iter().zip(&self.texts).enumerate() {
            let old = memory.units.get(&unit.name).map(|old| old.text);
            // A changed text counts as built only when the whole unit was.
            let unfinished = busy.contains(&UnitId(index as u32));
            let text = old.filter(|_| unfinished).unwrap_or(*text);
            let breaker = unit.breaker.store();
            if breaker.state == State::Closed && unit.crash_count == 0 {
                memory.units.remove(&unit.name);
            } else {
                let entry = UnitMemory { text, breaker, crash_count: unit.crash_count };
                memory.units.insert(unit.name, entry);
            }
        }
        memory.prune(&self.build);
        memory
    }

    /// By when [`Event::Tick`] is due; `None` while no worker has to do anything in time.
    pub fn next_deadline(&self) -> Option<Moment> {
        self.workers.values().filter_map(|worker| self.deadline(worker)).min()
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn job(&mut self, job: JobId) -> Option<&mut JobRecord> {
        self.jobs.get_mut(job.0 as usize)
    }

    fn unit(&mut self, unit: UnitId) -> Option<&mut UnitRecord> {
        self.units.get_mut(unit.0 as usize)
    }

    /// Logs a decision.
    fn note(
        &mut self,
        about: About,
        rule: Rule,
        inputs: &[(&'static str, i64)],
        choice: Choice,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let inputs = inputs.iter().map(|(name, value)| (Cow::Borrowed(*name), *value)).collect();
        let About { job, unit, worker } = about;
        let seq = self.next_seq();
        let fault = job.and_then(|job| self.fault_of(job));
        let decision = Decision { seq, now, job, unit, worker, fault, rule, inputs, choice };
        actions.push(Action::Log(Line::Decision(decision)));
    }

    /// What last went wrong with a job, in this build or an earlier one.
    fn fault_of(&self, job: JobId) -> Option<FaultId> {
        let JobRecord { key, last, .. } = self.jobs.get(job.0 as usize)?;
        if let Some((kind, phase)) = last {
            return Some(FaultId::new(key, *phase, *kind, &self.build));
        }
        let entry = (*key, self.build);
        let quarantined = self.memory.quarantine.get(&entry).map(|entry| entry.fault);
        let suspect = || self.memory.suspects.get(&entry).map(|entry| entry.fault);
        let lowered = || self.memory.lowered.get(&entry).map(|entry| entry.fault);
        quarantined.or_else(suspect).or_else(lowered).map(|fault| fault.id)
    }

    /// Asks a policy; where it has no value the answer is no, and the reason comes with it.
    fn policy(&self, policy: PolicyName, values: &[i64]) -> (bool, Option<Choice>) {
        match self.policies.holds(policy, values) {
            Ok(holds) => (holds, None),
            Err(reason) => (false, Some(Choice::NoValue(reason))),
        }
    }

    /// Tells the breaker of a unit something, as of the start of the build; `because` of a job, where it is one's fault.
    fn tell(
        &mut self,
        id: UnitId,
        input: Input,
        because: Option<JobId>,
        actions: &mut Vec<Action>,
    ) -> Option<Answer> {
        let fault = because.and_then(|job| self.fault_of(job));
        let (config, started) = (self.config, self.started);
        let unit = self.units.get_mut(id.0 as usize)?;
        let mut notices = Vec::new();
        let answer = unit.breaker.apply(&config, input, started, &mut notices);
        actions.extend(notices.into_iter().map(|notice| Action::Breaker {
            unit: id,
            notice,
            fault,
        }));
        answer.ok()
    }

    /// Makes a job wait in a lane.
    fn enqueue(&mut self, id: JobId, lane: Lane) {
        let Some(job) = self.job(id) else { return };
        job.place = Place::Waiting(lane);
        let unit_id = job.unit;
        match lane {
            Lane::Batch => {
                self.batch.insert(id);
            }
            Lane::Alone => {
                self.alone.insert(id);
            }
            Lane::Careful => {
                let Some(unit) = self.unit(unit_id) else { return };
                unit.careful.insert(id);
                if unit.careful_busy == Some(id) {
                    unit.careful_busy = None;
                }
                if unit.careful_busy.is_none() {
                    self.careful.insert(unit_id);
                }
            }
        }
    }

    /// A job is no longer under way: the next careful one may go, and a round may be due.
    fn landed(&mut self, id: JobId, unit_id: UnitId) {
        let Some(unit) = self.unit(unit_id) else { return };
        unit.pending = unit.pending.saturating_sub(1);
        let round = unit.pending == 0;
        let mut next = false;
        if unit.careful_busy == Some(id) {
            unit.careful_busy = None;
            next = !unit.careful.is_empty();
        }
        if next {
            self.careful.insert(unit_id);
        }
        if round {
            self.rounds.insert(unit_id);
        }
    }

    /// A job has ended, once and for all.
    fn settle(&mut self, id: JobId, outcome: Outcome, actions: &mut Vec<Action>) {
        let build = self.build;
        let Some(job) = self.job(id) else { return };
        let (unit_id, key, lowered) = (job.unit, job.key, job.lowered);
        let was = job.place;
        job.place = Place::Settled(outcome);
        let entry = (key, build);
        match outcome {
            Outcome::Object(_) | Outcome::Diagnosed => {
                self.memory.suspects.remove(&entry);
            }
            Outcome::Stub(_) => {}
        }
        match (outcome, lowered) {
            (Outcome::Object(rung), Some(fault)) => {
                let since = self.started;
                let known = self.memory.lowered.entry(entry);
                known.or_insert(Lowered { fault, rung, since });
            }
            (Outcome::Object(_) | Outcome::Diagnosed, _) | (Outcome::Stub(_), _) => {
                self.memory.lowered.remove(&entry);
            }
        }
        if let (Outcome::Object(_), Some(unit)) = (outcome, self.unit(unit_id)) {
            unit.objects += 1;
            if let Some((_, made)) = unit.wave.get_mut(&id) {
                *made = true;
            }
        }
        self.unsettled = self.unsettled.saturating_sub(1);
        actions.push(Action::Settled { job: id, outcome });
        match was {
            Place::Waiting(_) | Place::Flying(..) => self.landed(id, unit_id),
            Place::Held | Place::Judged | Place::Settled(_) => {}
        }
    }

    /// No worker can be started any more: what is left has no object, through no fault of its own.
    fn give_up(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let inputs = [("fruitless", i64::from(self.fruitless))];
        self.note(About::default(), Rule::FruitlessWorkers, &inputs, Choice::GivenUp, now, actions);
        self.batch.clear();
        self.alone.clear();
        self.careful.clear();
        for index in 0..self.jobs.len() {
            let id = JobId(index as u32);
            let build = self.build;
            let Some(job) = self.job(id) else { continue };
            if matches!(job.place, Place::Settled(_)) {
                continue;
            }
            let kind = FaultKind::Exhausted(Resource::Workers);
            let fault = Fault::new(&job.key, Default::default(), kind, &build);
            self.settle(id, Outcome::Stub(fault), actions);
        }
        self.rounds.clear();
    }

    /// All jobs have ended: units get their states.
    fn finish(&mut self, actions: &mut Vec<Action>) {
        for job in &self.jobs {
            let error = match job.place {
                Place::Settled(Outcome::Stub(fault)) => Some(fault.id),
                Place::Settled(Outcome::Diagnosed) => None,
                Place::Settled(Outcome::Object(_))
                | Place::Held
                | Place::Waiting(_)
                | Place::Flying(..)
                | Place::Judged => continue,
            };
            // Every job's unit was registered when the plan was checked.
            _ = self.registry.note_error(job.unit, error);
        }
        for index in 0..self.units.len() {
            let id = UnitId(index as u32);
            let errors = self.registry.get(id).map_or(0, |unit| unit.error_count);
            let Some(unit) = self.unit(id) else { continue };
            if unit.breaker.state() == State::Closed && unit.repeated == 0 && unit.objects > 0 {
                unit.crash_count = 0;
            }
            let event = match self.grain {
                Grain::Unit if errors > 0 => UnitEvent::Close,
                Grain::Unit | Grain::Fragment => UnitEvent::Open,
            };
            // A unit that is active already cannot be opened: then nothing has changed.
            if let Ok(state) = self.registry.apply(id, event) {
                actions.push(Action::Unit { unit: id, state });
            }
        }
        self.done = true;
        actions.push(Action::Done);
    }
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, Default)]
struct About {
    job: Option<JobId>,
    unit: Option<UnitId>,
    worker: Option<WorkerId>,
}

impl About {
    fn job(job: JobId, unit: UnitId) -> About {
        About { job: Some(job), unit: Some(unit), worker: None }
    }

    fn unit(unit: UnitId) -> About {
        About { job: None, unit: Some(unit), worker: None }
    }

    fn worker(worker: WorkerId) -> About {
        About { job: None, unit: None, worker: Some(worker) }
    }
}
