//! The beginning of a build: the plan is checked, what is remembered applies.

use std::collections::{BTreeMap, BTreeSet};

use crate::breaker::{Breaker, Input, State};
use crate::fault::Key;
use crate::memory::Memory;
use crate::policy::{Policies, PolicyName};
use crate::supervisor::log::{Choice, Line, Rule};
use crate::supervisor::message::{Action, Outcome};
use crate::supervisor::plan::{JobId, Plan, PlanError, Trace};
use crate::supervisor::record::{JobRecord, Lane, Place, UnitRecord};
use crate::supervisor::{About, Supervisor};
use crate::time::Moment;
use crate::unit::{Unit, UnitEvent, UnitId, Units};

impl Supervisor {
    /// Checks the plan and says what to do first.
    ///
    /// # Errors
    ///
    /// [`PlanError`] before anything is begun: a policy that is no expression, an index that leads nowhere.
    pub fn start(plan: &Plan, now: Moment) -> Result<(Supervisor, Vec<Action>), PlanError> {
        check(plan)?;
        let policies = Policies::check(&plan.policies).map_err(PlanError::Policies)?;
        let (memory, problems) = Memory::load(&plan.memory, now);
        let mut registry = Units::default();
        let mut units = Vec::with_capacity(plan.units.len());
        for (index, unit) in plan.units.iter().enumerate() {
            // Ids are positions here, so none exists twice.
            _ = registry.create(UnitId(index as u32), Unit::new(unit.dependencies.iter().copied()));
            let known = memory.units.get(&unit.name);
            units.push(UnitRecord {
                name: unit.name,
                breaker: match known {
                    Some(known) => Breaker::revive(&known.breaker, &plan.breaker, now),
                    None => Breaker::new(&plan.breaker),
                },
                crash_count: known.map_or(0, |known| known.crash_count),
                pending: 0,
                judged: BTreeSet::new(),
                held: Default::default(),
                wave: BTreeMap::new(),
                careful: BTreeSet::new(),
                careful_busy: None,
                objects: 0,
                repeated: 0,
            });
        }
        let mut jobs = Vec::with_capacity(plan.jobs.len());
        for job in &plan.jobs {
            let suspect = memory.suspects.get(&(job.key, plan.build)).copied();
            let lowered = memory.lowered.get(&(job.key, plan.build));
            let lowered = lowered.filter(|entry| entry.rung < plan.rung);
            let rung = lowered.map_or(plan.rung, |entry| entry.rung);
            jobs.push(JobRecord {
                unit: job.unit,
                key: job.key,
                place: Place::Held,
                rung: suspect.map_or(rung, |suspect| suspect.next.min(rung)),
                faults_here: 0,
                depth: 0,
                lost: 0,
                last: None,
                lowered: lowered.map(|entry| entry.fault),
                suspect,
            });
        }
        let mut supervisor = Supervisor {
            limits: plan.limits,
            config: plan.breaker,
            policies,
            build: plan.build,
            grain: plan.grain,
            trace: plan.trace,
            started: now,
            memory,
            problems,
            texts: plan.units.iter().map(|unit| unit.text).collect(),
            registry,
            unsettled: jobs.len(),
            jobs,
            units,
            workers: BTreeMap::new(),
            next_worker: 0,
            batch: BTreeSet::new(),
            alone: BTreeSet::new(),
            careful: BTreeSet::new(),
            rounds: BTreeSet::new(),
            fruitless: 0,
            seq: 0,
            done: false,
        };
        let mut actions = Vec::new();
        if supervisor.trace == Trace::Events {
            let seq = supervisor.next_seq();
            actions.push(Action::Log(Line::Started { seq, now }));
        }
        supervisor.wake_units(now, &mut actions);
        supervisor.place_jobs(now, &mut actions);
        supervisor.go_on(now, &mut actions);
        Ok((supervisor, actions))
    }

    /// Decides which units are tested.
    fn wake_units(&mut self, now: Moment, actions: &mut Vec<Action>) {
        for index in 0..self.units.len() {
            let id = UnitId(index as u32);
            let Some(unit) = self.units.get(index) else { continue };
            if let Some((since, until)) = unit.breaker.open_span() {
                let old = self.memory.units.get(&unit.name).map(|old| old.text);
                let inputs = [
                    ("elapsed_time", millis(now.since(since))),
                    ("timeout", millis(until.since(since))),
                    ("text_changed", i64::from(old != self.texts.get(index).copied())),
                    ("opens", i64::from(unit.breaker.opens())),
                ];
                let (holds, error) = self.policy(PolicyName::ProbeWhen, &inputs.map(|(_, v)| v));
                let choice = error.unwrap_or(if holds { Choice::Probes } else { Choice::Stays });
                self.note(About::unit(id), Rule::ProbeWhen, &inputs, choice, now, actions);
                if holds {
                    self.tell(id, Input::Probe, None, actions);
                }
            }
            let testing =
                self.units.get(index).is_some_and(|unit| unit.breaker.state() == State::HalfOpen);
            if testing && let Ok(state) = self.registry.apply(id, UnitEvent::Test) {
                actions.push(Action::Unit { unit: id, state });
            }
        }
    }

    /// Gives every job its place: stub, lane, or hold.
    fn place_jobs(&mut self, now: Moment, actions: &mut Vec<Action>) {
        for index in 0..self.jobs.len() {
            let id = JobId(index as u32);
            let Some(job) = self.jobs.get(index).cloned() else { continue };
            if let Some(entry) = self.memory.quarantine.get(&(job.key, self.build)).copied() {
                let inputs = [("kind", i64::from(entry.fault.kind.code()))];
                let about = About::job(id, job.unit);
                self.note(about, Rule::Quarantine, &inputs, Choice::Withheld, now, actions);
                self.settle(id, Outcome::Stub(entry.fault), actions);
                continue;
            }
            if let Some(fault) = job.lowered {
                let inputs = [("kind", i64::from(fault.kind.code()))];
                let about = About::job(id, job.unit);
                self.note(about, Rule::Lowered, &inputs, Choice::Down(job.rung), now, actions);
            }
            let Some(unit) = self.unit(job.unit) else { continue };
            if unit.breaker.state() == State::HalfOpen {
                unit.held.push_back(id);
            } else {
                self.release(id, now, actions);
            }
        }
        for index in 0..self.units.len() {
            let id = UnitId(index as u32);
            if self.units.get(index).is_some_and(|unit| unit.breaker.state() == State::HalfOpen) {
                self.rounds.insert(id);
            }
        }
    }

    /// Lets a job go that was not tried yet, as the breaker of its unit allows (which is not HALF_OPEN).
    pub(super) fn release(&mut self, id: JobId, now: Moment, actions: &mut Vec<Action>) {
        let Some(job) = self.jobs.get(id.0 as usize).cloned() else { return };
        let Some(unit) = self.units.get_mut(job.unit.0 as usize) else { return };
        let isolated = unit.breaker.state().isolates();
        let lane = match job.suspect {
            Some(suspect) if isolated => {
                let inputs = [("kind", i64::from(suspect.fault.kind.code()))];
                let about = About::job(id, job.unit);
                self.note(about, Rule::BreakerOpen, &inputs, Choice::Withheld, now, actions);
                self.settle(id, Outcome::Stub(suspect.fault), actions);
                return;
            }
            Some(_) => Lane::Alone,
            None if isolated => Lane::Careful,
            None => Lane::Batch,
        };
        unit.pending += 1;
        self.enqueue(id, lane);
    }
}

fn millis(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

fn check(plan: &Plan) -> Result<(), PlanError> {
    let most = 1 << 31;
    if plan.jobs.len() > most || plan.units.len() > most {
        return Err(PlanError::TooMany);
    }
    if plan.limits.workers == 0 {
        return Err(PlanError::NoWorkers);
    }
    for (index, job) in plan.jobs.iter().enumerate() {
        if job.unit.0 as usize >= plan.units.len() {
            return Err(PlanError::NoUnit(JobId(index as u32), job.unit));
        }
    }
    let mut names: BTreeMap<Key, UnitId> = BTreeMap::new();
    for (index, unit) in plan.units.iter().enumerate() {
        let id = UnitId(index as u32);
        for used in &unit.dependencies {
            if used.0 as usize >= plan.units.len() {
                return Err(PlanError::NoDependency(id, *used));
            }
        }
        if let Some(first) = names.insert(unit.name, id) {
            return Err(PlanError::SameName(first, id));
        }
    }
    Ok(())
}
