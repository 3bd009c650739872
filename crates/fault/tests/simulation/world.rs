//! A world without processes: workers, messages and accidents under a virtual clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};

use morph_fault::Moment;
use morph_fault::fault::Phase;
use morph_fault::memory::Memory;
use morph_fault::supervisor::{
    Action, Death, Event, JobId, Line, Outcome, Plan, Rung, Supervisor, Verdict, WorkerId,
};
use morph_fault::unit::Units;

use crate::program::{Mishap, Nature, Program, mishap};

/// What may go wrong beside what is wrong with the program.
pub(crate) struct Accidents {
    random: fastrand::Rng,
    /// Vanished workers and lost messages that are left: fewer than a job may be lost.
    losses: u32,
    /// Per cent of first attempts at a rung with a fault that does not repeat.
    transient: u32,
    /// Longest delay of a message and longest time for a job, in milliseconds.
    delay: u64,
    /// Per cent of messages that come twice, and of nonsense in between.
    noise: u32,
}

impl Accidents {
    pub(crate) fn none(seed: u64) -> Accidents {
        Accidents {
            random: fastrand::Rng::with_seed(seed),
            losses: 0,
            transient: 0,
            delay: 1,
            noise: 0,
        }
    }

    pub(crate) fn random(seed: u64) -> Accidents {
        let mut random = fastrand::Rng::with_seed(seed);
        let losses = random.u32(0..=9);
        let transient = *random.choice([0, 10, 60].iter()).unwrap();
        let delay = *random.choice([1, 50, 2_000].iter()).unwrap();
        let noise = *random.choice([0, 0, 20].iter()).unwrap();
        Accidents { random, losses, transient, delay, noise }
    }

    fn chance(&mut self, per_cent: u32) -> bool {
        self.random.u32(0..100) < per_cent
    }

    fn loss(&mut self) -> bool {
        let lost = self.losses > 0 && self.chance(15);
        self.losses -= u32::from(lost);
        lost
    }

    fn wait(&mut self) -> u64 {
        self.random.u64(0..self.delay * 1_000_000)
    }
}

/// How a build went.
pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) memory: Memory,
    pub(crate) units: Units,
    pub(crate) lines: Vec<Line>,
    /// Milliseconds.
    pub(crate) ended: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// A message reaches the supervisor: its place in the list of messages.
    Message(usize),
    /// A worker takes up its next job, or ends the one in hand.
    Work(u32),
}

#[derive(Default)]
struct Process {
    batch: VecDeque<(JobId, Rung)>,
    in_hand: Option<JobId>,
    alive: bool,
    hangs: bool,
}

struct World<'p> {
    program: &'p Program,
    accidents: Accidents,
    now: u64,
    order: u64,
    heap: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    messages: Vec<Event>,
    processes: BTreeMap<u32, Process>,
    /// First attempts at a rung that have been made: only those can have a fault that does not repeat.
    tried: BTreeSet<(JobId, Rung)>,
    most_alive: usize,
}

/// Builds `program` with `workers` workers from `start`, in milliseconds.
pub(crate) fn simulate(
    program: &Program,
    memory: &Memory,
    start: u64,
    workers: u32,
    accidents: Accidents,
) -> Run {
    let plan = program.plan(memory, workers);
    let mut world = World {
        program,
        accidents,
        now: start * 1_000_000,
        order: 0,
        heap: BinaryHeap::new(),
        messages: Vec::new(),
        processes: BTreeMap::new(),
        tried: BTreeSet::new(),
        most_alive: 0,
    };
    let mut lines = Vec::new();
    let mut settled: BTreeMap<JobId, Outcome> = BTreeMap::new();
    let (mut supervisor, mut actions) =
        Supervisor::start(&plan, Moment::from_nanos(world.now)).unwrap();
    let most = 5_000 + 500 * program.jobs.len();
    for _ in 0..most {
        for action in actions.drain(..) {
            match action {
                Action::Log(line) => lines.push(line),
                Action::Settled { job, outcome } => {
                    assert_eq!(settled.insert(job, outcome), None, "{job:?} ended twice");
                }
                Action::Done => {
                    let outcomes: Vec<Outcome> =
                        supervisor.outcomes().into_iter().flatten().collect();
                    assert_eq!(outcomes, settled.into_values().collect::<Vec<_>>());
                    assert_eq!(outcomes.len(), program.jobs.len());
                    assert!(world.most_alive <= workers as usize, "too many workers at a time");
                    let (memory, units) = (supervisor.memory(), supervisor.units().clone());
                    return Run {
                        plan,
                        outcomes,
                        memory,
                        units,
                        lines,
                        ended: world.now / 1_000_000,
                    };
                }
                Action::Spawn { .. }
                | Action::Send { .. }
                | Action::Kill { .. }
                | Action::Quarantine { .. }
                | Action::Breaker { .. }
                | Action::Unit { .. } => world.carry_out(action),
            }
        }
        let event = world.next_event(supervisor.next_deadline().map(Moment::nanos));
        supervisor.step(event, Moment::from_nanos(world.now), &mut actions);
    }
    panic!("no end after {most} events")
}

impl World<'_> {
    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Spawn { worker } => {
                let process = Process { alive: true, ..Process::default() };
                assert!(self.processes.insert(worker.0, process).is_none(), "{worker:?} twice");
                let alive = self.processes.values().filter(|process| process.alive).count();
                self.most_alive = self.most_alive.max(alive);
                if self.accidents.loss() {
                    self.die(worker.0, Death::Lost);
                } else if self.accidents.loss() {
                    // The system has no room for it.
                    self.processes.get_mut(&worker.0).unwrap().alive = false;
                    self.tell(Event::Refused { worker });
                } else {
                    self.tell(Event::WorkerReady { worker });
                }
            }
            Action::Send { worker, batch } => {
                let process = self.processes.get_mut(&worker.0).unwrap();
                process.batch = batch.into();
                let wait = self.accidents.wait();
                self.happen(wait, Happening::Work(worker.0));
            }
            Action::Kill { worker } => self.die(worker.0, Death::Lost),
            Action::Quarantine { .. }
            | Action::Breaker { .. }
            | Action::Unit { .. }
            | Action::Settled { .. }
            | Action::Log(_)
            | Action::Done => {}
        }
    }

    /// What the supervisor hears next: a message, or that time has passed.
    fn next_event(&mut self, deadline: Option<u64>) -> Event {
        loop {
            let next = self.heap.peek().map(|Reverse((at, _, _))| *at);
            let tick = deadline.map(|deadline| (deadline + 1).max(self.now));
            match (next, tick) {
                (None, None) => panic!("nothing will ever happen again"),
                (Some(next), tick) if tick.is_none_or(|tick| next <= tick) => {
                    let Some(Reverse((at, _, happening))) = self.heap.pop() else { continue };
                    self.now = at;
                    match happening {
                        Happening::Message(message) => return self.messages[message].clone(),
                        Happening::Work(worker) => self.work(worker),
                    }
                }
                (_, Some(tick)) => {
                    self.now = tick;
                    return Event::Tick;
                }
                (Some(_), None) => unreachable!("taken above"),
            }
        }
    }

    fn work(&mut self, worker: u32) {
        let process = self.processes.get_mut(&worker).unwrap();
        if !process.alive || process.hangs {
            return;
        }
        let Some((job, rung)) = process.batch.pop_front() else { return };
        process.in_hand = Some(job);
        let nature = self.program.jobs[job.0 as usize].nature;
        let first = self.tried.insert((job, rung));
        let repeats = match nature {
            Nature::Bad { mishap, from } if rung >= from => Some(mishap),
            Nature::Bad { .. } | Nature::Good | Nature::Wrong => None,
        };
        let transient = self.accidents.transient;
        if let Some(mishap) = repeats {
            self.suffer(worker, job, mishap);
        } else if first && self.accidents.chance(transient) {
            let mishap = mishap(&mut self.accidents.random);
            self.suffer(worker, job, mishap);
        } else if self.accidents.loss() {
            self.die(worker, Death::Lost);
        } else {
            let verdict =
                if nature == Nature::Wrong { Verdict::Diagnosed } else { Verdict::Accepted };
            self.tell(Event::Finished { worker: WorkerId(worker), job, verdict });
            self.go_on(worker);
        }
    }

    fn go_on(&mut self, worker: u32) {
        self.processes.get_mut(&worker).unwrap().in_hand = None;
        let wait = self.accidents.wait();
        self.happen(wait, Happening::Work(worker));
    }

    fn suffer(&mut self, worker: u32, job: JobId, mishap: Mishap) {
        match mishap {
            Mishap::Signal(signal) => self.die(worker, Death::Crashed { signal }),
            Mishap::Panic => self.die(worker, Death::Panicked),
            Mishap::OutOfTime => self.die(worker, Death::OutOfTime),
            Mishap::OutOfMemory => self.die(worker, Death::OutOfMemory),
            Mishap::Garbled => self.die(worker, Death::Garbled),
            Mishap::Hang => self.processes.get_mut(&worker).unwrap().hangs = true,
            Mishap::BadReply => {
                self.tell(Event::BadReply { worker: WorkerId(worker), job });
                self.go_on(worker);
            }
        }
    }

    fn die(&mut self, worker: u32, how: Death) {
        let process = self.processes.get_mut(&worker).unwrap();
        // The dead are not heard a second time.
        if !process.alive {
            return;
        }
        process.alive = false;
        let in_hand = process.in_hand;
        let phase = Phase(in_hand.map_or(0, |job| self.program.jobs[job.0 as usize].key as u8));
        self.tell(Event::Died { worker: WorkerId(worker), how, in_hand, phase });
    }

    /// Sends a message to the supervisor: late, twice, or not at all.
    fn tell(&mut self, event: Event) {
        if self.accidents.loss() {
            return;
        }
        let noise = self.accidents.noise;
        if self.accidents.chance(noise) {
            self.send(event.clone());
            let (worker, job) =
                (WorkerId(self.accidents.random.u32(0..40)), JobId(self.accidents.random.u32(..)));
            let verdict = Verdict::Accepted;
            self.send(Event::Finished { worker, job, verdict });
        }
        self.send(event);
    }

    fn send(&mut self, event: Event) {
        self.messages.push(event);
        let wait = self.accidents.wait();
        self.happen(wait, Happening::Message(self.messages.len() - 1));
    }

    fn happen(&mut self, wait: u64, happening: Happening) {
        self.order += 1;
        self.heap.push(Reverse((self.now + wait, self.order, happening)));
    }
}
