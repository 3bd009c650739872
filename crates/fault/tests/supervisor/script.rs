//! A build told as a text: workers without delays, whose behaviour a test writes down.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use morph_fault::fault::{Build, Key, Phase};
use morph_fault::memory::StoredMemory;
use morph_fault::supervisor::{
    Action, Death, Event, Job, JobId, Line, Outcome, Plan, PlannedUnit, Rung, Supervisor, Verdict,
};
use morph_fault::unit::UnitId;
use morph_fault::{Moment, Notice};

/// What a worker does with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    Answers(Verdict),
    Dies(Death),
    BadReply,
    /// Nothing, until it is killed.
    Hangs,
}

pub(crate) const OK: Does = Does::Answers(Verdict::Accepted);
pub(crate) const WRONG: Does = Does::Answers(Verdict::Diagnosed);
pub(crate) const SEGV: Does = Does::Dies(Death::Crashed { signal: 11 });

pub(crate) fn key(number: u8) -> Key {
    Key([number; 32])
}

/// A plan of units with so many jobs each; the key of job n is made of n, the text of unit n of 100 + n.
pub(crate) fn plan(units: &[u8]) -> Plan {
    let mut jobs: Vec<Job> = Vec::new();
    let mut planned = Vec::new();
    for (unit, count) in units.iter().enumerate() {
        for _ in 0..*count {
            jobs.push(Job { unit: UnitId(unit as u32), key: key(jobs.len() as u8) });
        }
        let (name, text) = (key(200 + unit as u8), key(100 + unit as u8));
        planned.push(PlannedUnit { name, text, dependencies: Vec::new() });
    }
    let mut plan = Plan::new(jobs, planned, Build([1; 32]));
    plan.limits.workers = 1;
    plan
}

/// What a build did, a line each, and what is to be remembered of it.
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) memory: StoredMemory,
    /// The most jobs that were under way at a time.
    pub(crate) most: usize,
}

/// Builds at `start` (milliseconds); `behave` gets job, rung and how often this job was tried at this rung before.
pub(crate) fn build(
    plan: &Plan,
    start: u64,
    mut behave: impl FnMut(u32, Rung, u32) -> Does,
) -> Told {
    let mut now = Moment::from_millis(start);
    let (mut supervisor, mut actions) = Supervisor::start(plan, now).unwrap();
    let mut text = String::new();
    let mut events: VecDeque<Event> = VecDeque::new();
    let mut tries: BTreeMap<(JobId, Rung), u32> = BTreeMap::new();
    let mut hanging: BTreeMap<u32, JobId> = BTreeMap::new();
    let (mut under_way, mut most) = (Vec::new(), 0);
    for _ in 0..10_000 {
        for action in actions.drain(..) {
            tell(&mut text, &action);
            match action {
                Action::Spawn { worker } => events.push_back(Event::WorkerReady { worker }),
                Action::Send { worker, batch } => {
                    under_way.extend(batch.iter().map(|(job, _)| *job));
                    most = most.max(under_way.len());
                    for (job, rung) in batch {
                        let tried = tries.entry((job, rung)).or_default();
                        let does = behave(job.0, rung, *tried);
                        *tried += 1;
                        match does {
                            Does::Answers(verdict) => {
                                events.push_back(Event::Finished { worker, job, verdict });
                            }
                            Does::BadReply => events.push_back(Event::BadReply { worker, job }),
                            Does::Dies(how) => {
                                let (in_hand, phase) = (Some(job), Phase(2));
                                events.push_back(Event::Died { worker, how, in_hand, phase });
                                break;
                            }
                            Does::Hangs => {
                                hanging.insert(worker.0, job);
                                break;
                            }
                        }
                    }
                }
                Action::Kill { worker } => {
                    let (in_hand, phase) = (hanging.remove(&worker.0), Phase(2));
                    let how = Death::Lost;
                    events.push_back(Event::Died { worker, how, in_hand, phase });
                }
                Action::Done => {
                    return Told { text, memory: supervisor.memory().store(), most };
                }
                Action::Settled { .. }
                | Action::Quarantine { .. }
                | Action::Breaker { .. }
                | Action::Unit { .. }
                | Action::Log(_) => {}
            }
        }
        let event = events.pop_front().unwrap_or_else(|| {
            now = supervisor.next_deadline().unwrap().after(std::time::Duration::from_nanos(1));
            Event::Tick
        });
        match &event {
            Event::Finished { job, .. } | Event::BadReply { job, .. } => {
                under_way.retain(|other| other != job);
            }
            Event::Died { .. } => under_way.clear(),
            Event::WorkerReady { .. } | Event::Refused { .. } | Event::Tick => {}
        }
        supervisor.step(event, now, &mut actions);
    }
    panic!("no end:\n{text}")
}

fn tell(text: &mut String, action: &Action) {
    let line = match action {
        Action::Spawn { worker } => format!("spawn worker {}", worker.0),
        Action::Send { worker, batch } => {
            let jobs: Vec<String> =
                batch.iter().map(|(job, rung)| format!("{}@{rung:?}", job.0)).collect();
            format!("send {} to worker {}", jobs.join(" "), worker.0)
        }
        Action::Kill { worker } => format!("kill worker {}", worker.0),
        Action::Settled { job, outcome } => match outcome {
            Outcome::Stub(fault) => {
                format!("job {}: stub, {}", job.0, fault.kind)
            }
            Outcome::Object(_) | Outcome::Diagnosed => format!("job {}: {outcome:?}", job.0),
        },
        Action::Quarantine { job, .. } => format!("quarantine job {}", job.0),
        Action::Breaker { unit, notice, .. } => match notice {
            Notice::Moved { from, to, .. } => {
                format!("unit {}: breaker {} -> {}", unit.0, from.name(), to.name())
            }
            Notice::Spared { .. } | Notice::WouldOpen { .. } | Notice::ProbeReused { .. } => {
                format!("unit {}: {notice:?}", unit.0)
            }
        },
        Action::Unit { unit, state } => format!("unit {}: {}", unit.0, state.name()),
        Action::Log(Line::Decision(decision)) => {
            let about = decision.job.map_or(String::new(), |job| format!("job {}, ", job.0));
            let inputs: Vec<String> =
                decision.inputs.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("  {about}{:?} ({}): {:?}", decision.rule, inputs.join(", "), decision.choice)
        }
        Action::Log(Line::Started { .. } | Line::Event { .. }) => return,
        Action::Done => "done".to_owned(),
    };
    writeln!(text, "{line}").unwrap();
}
