//! A crew of workers under a supervisor: carries out what the supervisor decides, and tells it what happened.
//!
//! The decisions are `morph_fault`'s and the processes `morph_sandbox`'s; here is only the translation between the two.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use morph_fault::Moment;
use morph_fault::fault::{Crash, Fault, FaultKind, Key, Phase as Step};
use morph_fault::supervisor::{
    self, Action, Choice, Decision, Event, JobId, Line, Outcome, Plan, PlanError, Rule, Rung,
    Supervisor, Verdict, WorkerId,
};
use morph_sandbox::{CrashKind, Death, Exhausted, Job, Pool, SandboxError, Task, TaskId};

use crate::isolation::Site;
use crate::ledger::{Armed, Ledger};
use crate::phase::Phase;
use crate::worker::BadAnswer;

/// One kind of work, cut into jobs.
pub(crate) trait Work {
    type Answer;

    /// What it is called in the log.
    const NAME: &'static str;

    /// What a worker is told.
    fn input(&self, job: usize, rung: Rung) -> Vec<u8>;

    /// What it said.
    fn read(&mut self, job: usize, reply: &[u8]) -> Result<(Self::Answer, Verdict), BadAnswer>;

    /// What the job works on.
    fn site(&self, job: usize) -> Site;

    /// Under which digest its answer can be used again, if it can.
    fn key(&self, job: usize) -> Option<Key>;

    /// The phases that a job goes through.
    fn steps(&self) -> &'static [Phase];
}

/// How one job ended.
#[derive(Debug)]
pub(crate) enum Ended<A> {
    Answer(A),
    /// At a lower rung than asked for, because of this.
    Lowered(A, Stubbed),
    Stub(Stubbed),
}

/// Why a job has no answer, or none at the rung that was asked for.
#[derive(Debug)]
pub(crate) struct Stubbed {
    pub(crate) fault: Fault,
    /// What became of the worker that tried last; none if it was not tried in this build.
    pub(crate) death: Option<Death>,
    /// Why less was tried than could have been.
    pub(crate) withheld: Option<Withheld>,
}

/// Why a job was not tried (again), or not tried at a lower rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// It is in quarantine.
    Quarantined,
    /// Its unit's breaker is OPEN: it was not tried in this build.
    Untested,
    /// Its unit's breaker is OPEN: it was tried, but not at a lower rung.
    NotLowered,
    /// The policy `retry_when` says no: it was tried, but not at a lower rung.
    NotRetried,
}

impl Stubbed {
    pub(crate) fn phase(&self) -> Phase {
        match self.fault.kind {
            // Of an answer that could be read to its end, and not understood, no phase is known.
            FaultKind::Crashed(Crash::BadReply) if self.fault.phase == Step::default() => {
                Phase::Reply
            }
            FaultKind::Crashed(_)
            | FaultKind::Exhausted(_)
            | FaultKind::Diagnosed
            | FaultKind::Lost => Phase::of(self.fault.phase.0).unwrap_or(Phase::Start),
        }
    }
}

/// Why a crew cannot work at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrewError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("sandboxes: {0}")]
    Sandbox(#[from] SandboxError),
}

/// Does all jobs of a plan.
pub(crate) fn run<J: Job, W: Work>(
    pool: &mut Pool<J>,
    plan: &Plan,
    work: &mut W,
    ledger: &mut Ledger,
) -> Result<Vec<Ended<W::Answer>>, CrewError> {
    if plan.jobs.is_empty() {
        return Ok(Vec::new());
    }
    ledger.log_plan(W::NAME, plan, || (0..plan.jobs.len()).map(|job| work.site(job)).collect());
    let (supervisor, actions) = Supervisor::start(plan, ledger.now())?;
    let answers = plan.jobs.iter().map(|_| None).collect();
    let before = ledger.notes.len();
    let mut crew = Crew {
        pool,
        work,
        ledger,
        supervisor,
        names: BTreeMap::new(),
        answers,
        deaths: BTreeMap::new(),
        armed: BTreeMap::new(),
        tried: BTreeSet::new(),
        withheld: BTreeMap::new(),
        ended: 0,
    };
    crew.ledger.begin(plan.jobs.len());
    crew.carry_out(actions)?;
    while !crew.supervisor.is_done() {
        crew.listen()?;
    }
    Ok(crew.finish(before))
}

struct Crew<'c, J: Job, W: Work> {
    pool: &'c mut Pool<J>,
    work: &'c mut W,
    ledger: &'c mut Ledger,
    supervisor: Supervisor,
    /// The supervisor's names of workers, and the pool's.
    names: BTreeMap<WorkerId, morph_sandbox::WorkerId>,
    /// What was said last about each job; it counts when the supervisor says so.
    answers: Vec<Option<W::Answer>>,
    /// What the worker died of that had the job in hand last.
    deaths: BTreeMap<JobId, Death>,
    /// Faults on purpose that travel with jobs.
    armed: BTreeMap<JobId, Armed>,
    /// Those on which a worker broke.
    tried: BTreeSet<JobId>,
    withheld: BTreeMap<JobId, Withheld>,
    ended: usize,
}

impl<J: Job, W: Work> Crew<'_, J, W> {
    /// Carries out actions and all that follow from them at once.
    fn carry_out(&mut self, actions: Vec<Action>) -> Result<(), CrewError> {
        let mut todo = std::collections::VecDeque::from(actions);
        while let Some(action) = todo.pop_front() {
            match action {
                Action::Spawn { worker } => {
                    let event = match self.hire() {
                        Ok(name) => {
                            self.names.insert(worker, name);
                            Event::WorkerReady { worker }
                        }
                        Err(error) => {
                            self.ledger.note_refusal(&error);
                            if self.names.is_empty() {
                                // What lacks may be back in a moment.
                                std::thread::park_timeout(BREATH);
                            }
                            Event::Refused { worker }
                        }
                    };
                    todo.extend(self.tell(event));
                }
                Action::Send { worker, batch } => self.send(worker, &batch)?,
                Action::Kill { worker } => {
                    // One that is gone already is known to be, or will be told.
                    if let Some(name) = self.names.get(&worker) {
                        match self.pool.kill(*name) {
                            Ok(()) | Err(SandboxError::NoWorker { .. }) => {}
                            Err(error) => return Err(error.into()),
                        }
                    }
                }
                Action::Settled { .. } => self.ended += 1,
                Action::Quarantine { job, fault, .. } => {
                    let site = self.work.site(job.0 as usize);
                    self.ledger.note_quarantine(&site, fault);
                }
                Action::Breaker { unit, notice, fault } => {
                    self.ledger.note_breaker(unit, &notice, fault);
                }
                Action::Unit { .. } | Action::Done => {}
                Action::Log(line) => {
                    self.heed(&line);
                    self.ledger.log(&line);
                }
            }
        }
        Ok(())
    }

    /// Remembers what was withheld, to tell those whom it concerns.
    fn heed(&mut self, line: &Line) {
        let Line::Decision(Decision { job: Some(job), rule, choice: Choice::Withheld, .. }) = line
        else {
            return;
        };
        let withheld = match rule {
            Rule::Quarantine => Withheld::Quarantined,
            Rule::BreakerOpen if self.tried.contains(job) => Withheld::NotLowered,
            Rule::BreakerOpen => Withheld::Untested,
            Rule::RetryWhen => Withheld::NotRetried,
            Rule::OpenWhen
            | Rule::QuarantineWhen
            | Rule::ProbeWhen
            | Rule::Rerun
            | Rule::HalfOpen
            | Rule::Handouts
            | Rule::WorkerTime
            | Rule::BadReply
            | Rule::FreshWorker
            | Rule::Lowered
            | Rule::FruitlessWorkers => return,
        };
        self.withheld.insert(*job, withheld);
    }

    /// A worker that an earlier crew left, if it is as good as a new one; else a new one.
    fn hire(&mut self) -> Result<morph_sandbox::WorkerId, SandboxError> {
        if self.ledger.reuses_workers() && self.deaths.is_empty() {
            // One that an earlier crew gave up may still be at work, and would answer that crew's tasks.
            let free = |name: &morph_sandbox::WorkerId| {
                self.pool.is_idle(*name) && !self.names.values().any(|own| own == name)
            };
            if let Some(name) = self.pool.workers().find(free) {
                return Ok(name);
            }
        }
        self.pool.spawn()
    }

    fn tell(&mut self, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.supervisor.step(event, self.ledger.now(), &mut actions);
        actions
    }

    fn send(&mut self, worker: WorkerId, batch: &[(JobId, Rung)]) -> Result<(), CrewError> {
        let Some(name) = self.names.get(&worker).copied() else { return Ok(()) };
        let mut inputs = Vec::with_capacity(batch.len());
        for (job, rung) in batch {
            let input = self.work.input(job.0 as usize, *rung);
            let site = || self.work.site(job.0 as usize);
            let injection = self.ledger.injection(site, self.work.steps());
            if let Some((armed, _)) = injection {
                self.armed.insert(*job, armed);
            }
            inputs.push((TaskId(job.0), input, injection.map(|(_, inject)| inject)));
        }
        let tasks: Vec<Task<'_>> = inputs
            .iter()
            .map(|(id, input, inject)| Task { id: *id, input, inject: *inject })
            .collect();
        match self.pool.send(name, &tasks) {
            // Its death will be told.
            Ok(()) | Err(SandboxError::NoWorker { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for what happens next, and acts on it.
    fn listen(&mut self) -> Result<(), CrewError> {
        let now = self.ledger.now();
        let patience = self.supervisor.next_deadline().map_or(LONGEST, |at| at.since(now));
        let heard = self.pool.wait(patience.clamp(SHORTEST, LONGEST))?;
        for event in heard {
            if let Some(event) = self.translate(event) {
                let actions = self.tell(event);
                self.carry_out(actions)?;
            }
        }
        let actions = self.tell(Event::Tick);
        self.carry_out(actions)?;
        self.ledger.recovery_point(|| self.supervisor.memory());
        self.ledger.progress(self.ended, self.pool.workers().count());
        Ok(())
    }

    fn translate(&mut self, event: morph_sandbox::Event) -> Option<Event> {
        let (morph_sandbox::Event::Answered { worker: name, .. }
        | morph_sandbox::Event::Drained { worker: name }
        | morph_sandbox::Event::Died { worker: name, .. }) = event;
        let (worker, _) = self.names.iter().find(|(_, known)| **known == name)?;
        let worker = *worker;
        match event {
            morph_sandbox::Event::Answered { task, reply, .. } => {
                let job = JobId(task.0);
                Some(match self.work.read(task.0 as usize, &reply) {
                    Ok((answer, verdict)) => {
                        if let Some(key) = self.work.key(task.0 as usize) {
                            self.ledger.recovery.keep(key, &reply);
                        }
                        if let Some(slot) = self.answers.get_mut(task.0 as usize) {
                            *slot = Some(answer);
                        }
                        Event::Finished { worker, job, verdict }
                    }
                    Err(BadAnswer) => {
                        self.tried.insert(job);
                        self.ledger.note_bad_reply(self.work.site(task.0 as usize));
                        Event::BadReply { worker, job }
                    }
                })
            }
            morph_sandbox::Event::Drained { .. } => None,
            morph_sandbox::Event::Died { death, in_hand, unanswered, .. } => {
                for TaskId(task) in unanswered {
                    if let Some(armed) = self.armed.remove(&JobId(task)) {
                        self.ledger.disarm(armed);
                    }
                }
                Some(self.died(worker, death, in_hand))
            }
        }
    }

    fn died(&mut self, worker: WorkerId, death: Death, in_hand: Option<(TaskId, u8)>) -> Event {
        self.names.remove(&worker);
        if matches!(&death, Death::Panicked { location, .. } if location == Death::START) {
            self.ledger.note_death(None, Phase::Start, &death);
            return Event::Refused { worker };
        }
        let job = in_hand.map(|(task, _)| JobId(task.0));
        let phase = Step(in_hand.map_or(0, |(_, phase)| phase));
        let how = match &death {
            Death::Crashed(record) if record.kind == CrashKind::StackOverflow => {
                supervisor::Death::StackOverflow
            }
            Death::Crashed(record) => {
                let signal = u8::try_from(record.signal).unwrap_or(0);
                supervisor::Death::Crashed { signal }
            }
            Death::Panicked { .. } => supervisor::Death::Panicked,
            Death::Exhausted(Exhausted::Memory { .. }) => supervisor::Death::OutOfMemory,
            Death::Exhausted(Exhausted::Reply { .. }) => supervisor::Death::ReplyTooLong,
            Death::Exhausted(Exhausted::Cpu { .. } | Exhausted::Wall { .. }) => {
                supervisor::Death::OutOfTime
            }
            // It left without an answer, or with something that is none.
            Death::Exited { .. } | Death::Garbled { .. } => supervisor::Death::Garbled,
            Death::Lost { .. } | Death::Killed => supervisor::Death::Lost,
        };
        let site = job.map(|job| self.work.site(job.0 as usize));
        self.ledger.note_death(site, Phase::of(phase.0).unwrap_or(Phase::Start), &death);
        // Whatever was in hand when we ended a worker is not to blame.
        if let Some(job) = job.filter(|_| death != Death::Killed) {
            self.tried.insert(job);
            self.deaths.insert(job, death);
        }
        Event::Died { worker, how, in_hand: job, phase }
    }

    /// `before` is how many notes there were before this crew.
    fn finish(mut self, before: usize) -> Vec<Ended<W::Answer>> {
        let outcomes = self.supervisor.outcomes();
        let lowered = self.supervisor.lowered();
        self.ledger.end(self.supervisor.memory(), &outcomes);
        let is_stub = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Stub(_)));
        let lost = outcomes.iter().enumerate().filter(|(_, outcome)| is_stub(outcome));
        let lost: BTreeSet<Site> = lost.map(|(job, _)| self.work.site(job)).collect();
        self.ledger.note_recoveries(before, &lost);
        let answers = std::mem::take(&mut self.answers);
        let jobs = (0..).map(JobId);
        jobs.zip(outcomes)
            .zip(answers)
            .zip(lowered)
            .map(|(((job, outcome), answer), lowered)| match (outcome, answer) {
                (Some(Outcome::Object(_)), Some(answer)) => match lowered {
                    Some(fault) => {
                        let death = self.deaths.remove(&job);
                        Ended::Lowered(answer, Stubbed { fault, death, withheld: None })
                    }
                    None => Ended::Answer(answer),
                },
                (Some(Outcome::Diagnosed), Some(answer)) => Ended::Answer(answer),
                (Some(Outcome::Stub(fault)), _) => {
                    let death = self.deaths.remove(&job);
                    let withheld = self.withheld.remove(&job);
                    Ended::Stub(Stubbed { fault, death, withheld })
                }
                (Some(Outcome::Object(_) | Outcome::Diagnosed) | None, _) => {
                    unreachable!("a supervisor that is done has settled every job, by its answer or by a stub")
                }
            })
            .collect()
    }
}

/// How long nothing is started after the system refused the only worker.
const BREATH: Duration = Duration::from_millis(10);
/// No wait is longer, so that progress is shown.
const LONGEST: Duration = Duration::from_millis(200);
/// The supervisor's deadlines are coarse: waking up more often than this gains nothing.
const SHORTEST: Duration = Duration::from_millis(1);

/// The time since 1970, for breakers that outlive the process.
pub(crate) fn moment(since_epoch: Duration) -> Moment {
    Moment::from_nanos(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}
