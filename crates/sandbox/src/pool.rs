//! The pool: forks workers, hands out batches, collects answers, tells deaths.

use std::collections::BTreeMap;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{PidfdFlags, Signal};
use serde::{Deserialize, Serialize};

use crate::control::Block;
use crate::death::{Death, Exhausted, Garble};
use crate::features::{self, Features};
use crate::frame::REPLY_HEADER;
use crate::ground::Ground;
use crate::handler::SignalStack;
use crate::jail::Walls;
use crate::job::{Job, Marker, Task, TaskId};
use crate::settings::Settings;
use crate::spawn::{self, Outfit};
use crate::watch::{Doom, Watched};
use crate::worker::{CHANNEL, Station};

/// Names a worker. Never used twice within a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkerId(pub u32);

/// What [`Pool::wait`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A task is done. In the order of the tasks within a worker.
    Answered {
        /// Who answered.
        worker: WorkerId,
        /// To what.
        task: TaskId,
        /// A private copy of what was written: the worker can no longer change it. Untrusted.
        reply: Bytes,
    },
    /// All tasks of the oldest batch are answered: its slot is free.
    Drained {
        /// Whose batch.
        worker: WorkerId,
    },
    /// The worker is gone. Everything that it had answered was told before.
    Died {
        /// Who.
        worker: WorkerId,
        /// Of what.
        death: Death,
        /// What it was working on, and in which phase.
        in_hand: Option<(TaskId, u8)>,
        /// Tasks that it had not begun.
        unanswered: Vec<TaskId>,
    },
}

/// Why something could not be done. Never about a worker's death: that is an [`Event`].
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The settings make no sense.
    #[error("settings: {reason}")]
    Settings {
        /// What is wrong with them.
        reason: &'static str,
    },
    /// No worker of that name (any more).
    #[error("there is no worker {}", worker.0)]
    NoWorker {
        /// The name.
        worker: WorkerId,
    },
    /// The worker has two batches already.
    #[error("worker {} has no free slot", worker.0)]
    NoFreeSlot {
        /// The worker.
        worker: WorkerId,
    },
    /// The batch is empty.
    #[error("a batch without tasks")]
    EmptyBatch,
    /// The batch is too large.
    #[error("a batch of more than {limit} bytes")]
    BatchTooLarge {
        /// The limit, from [`Settings::batch`].
        limit: usize,
    },
    /// The system refused.
    #[error("{what}: {source}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        source: io::Error,
    },
}

/// Names what was asked of the system when it refuses.
pub(crate) fn refused<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> SandboxError {
    move |error| SandboxError::System { what, source: error.into() }
}

/// Workers for one kind of job.
///
/// It stays on the thread that made it: workers are forked from there, inherit that thread's stack, and die with it. Other threads of the
/// process may exist, but while [`Pool::spawn`] runs they must only wait: a lock that one of them holds stays locked in the worker forever.
///
/// A dropped pool leaves no process, descriptor or mapping behind.
#[derive(Debug)]
pub struct Pool<J: Job> {
    job: J,
    settings: Settings,
    walls: Walls,
    stack: SignalStack,
    ground: Ground,
    null: OwnedFd,
    memory_status: Option<OwnedFd>,
    workers: BTreeMap<WorkerId, Watched>,
    next: u32,
    /// Forked workers are children of this thread.
    here: PhantomData<*const ()>,
}

impl<J: Job> Pool<J> {
    /// A pool without workers. Forks nothing yet, but the first pool of a process [probes](Features::probe) the kernel.
    ///
    /// # Errors
    /// If the settings make no sense or the system refuses what every worker needs.
    pub fn new(job: J, settings: Settings) -> Result<Pool<J>, SandboxError> {
        check(&settings, J::PHASES)?;
        crate::arena::find();
        let features = Features::of_workers();
        let walls = Walls::prepare(&settings.jail, |wall| features.has_wall(wall))
            .map_err(refused("the jail"))?;
        let null = std::fs::File::options()
            .read(true)
            .write(true)
            .open("/dev/null")
            .map_err(refused("/dev/null"))?;
        Ok(Pool {
            job,
            settings,
            walls,
            stack: SignalStack::new().map_err(refused("a signal stack"))?,
            ground: Ground::survey(),
            null: null.into(),
            // Without it (no /proc) data memory stays unlimited; the arena bounds it still.
            memory_status: std::fs::File::open("/proc/self/statm").ok().map(OwnedFd::from),
            workers: BTreeMap::new(),
            next: 0,
            here: PhantomData,
        })
    }

    /// What the kernel has of what the sandbox can use.
    pub fn probe(&self) -> &'static Features {
        Features::probe()
    }

    /// The job that the next worker will have a copy of.
    pub fn job_mut(&mut self) -> &mut J {
        &mut self.job
    }

    /// Workers that live, as far as [`Pool::wait`] has seen.
    pub fn workers(&self) -> impl Iterator<Item = WorkerId> {
        self.workers.keys().copied()
    }

    /// Forks a worker. It is ready for work at once.
    ///
    /// # Errors
    /// If the system refuses (no more processes, descriptors or memory).
    pub fn spawn(&mut self) -> Result<WorkerId, SandboxError> {
        let budget = self.settings.budget;
        let replies = 2 * (budget.reply + REPLY_HEADER);
        let block = Block::new(self.settings.batch, replies).map_err(refused("shared memory"))?;
        let (ours, theirs) = rustix::net::socketpair(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::STREAM,
            rustix::net::SocketFlags::CLOEXEC,
            None,
        )
        .map_err(refused("a channel"))?;
        let tick_limit = 8;
        let cpu_tick = (budget.cpu / tick_limit).max(Duration::from_millis(5));
        let ticks = budget.cpu.as_micros().div_ceil(cpu_tick.as_micros().max(1));
        let features = Features::of_workers();
        let outfit = Outfit {
            station: Station::new(
                &block,
                &self.settings,
                J::PHASES.len(),
                self.ground.clone(),
                u32::try_from(ticks).unwrap_or(tick_limit),
            ),
            block: &block,
            walls: &mut self.walls,
            stack: &self.stack,
            channel: theirs,
            null: self.null.as_fd(),
            cpu_tick,
            data_limit: self
                .memory_status
                .as_ref()
                .and_then(|status| data_limit(status, budget.memory)),
            close_range: features.has(features::CLOSE_RANGE),
            residue: self.settings.residue,
        };
        let pid = spawn::fork(&mut self.job, outfit).map_err(refused("a process"))?;
        block.hide().map_err(refused("shared memory"))?;
        // Without it, the end of the channel alone tells a death.
        let pidfd = features
            .has(features::PIDFD)
            .then(|| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok())
            .flatten();
        let worker = WorkerId(self.next);
        self.next = self.next.wrapping_add(1);
        self.workers.insert(worker, Watched::new(worker, pid, pidfd, ours, block));
        Ok(worker)
    }

    /// Gives a worker a batch, at once or to be begun when it is through with the one before.
    ///
    /// # Errors
    /// If there is no such worker, it has two batches already, or the batch is empty or too large. Nothing is sent then.
    pub fn send(&mut self, worker: WorkerId, tasks: &[Task<'_>]) -> Result<(), SandboxError> {
        let watched = self.workers.get_mut(&worker).ok_or(SandboxError::NoWorker { worker })?;
        watched.send(tasks)
    }

    /// Waits until something is to be told, at most `timeout` (`Duration::MAX`: without limit).
    ///
    /// Returns at once, with nothing, if no worker has anything to do. The time of a task is only counted while somebody waits here.
    ///
    /// # Errors
    /// If the system refuses to watch or to reap.
    pub fn wait(&mut self, timeout: Duration) -> Result<Vec<Event>, SandboxError> {
        let began = Instant::now();
        let tick = self.tick();
        let mut events = Vec::new();
        let mut before = began;
        let mut patience = timeout;
        if self.workers.values().all(Watched::is_idle) {
            patience = Duration::ZERO;
        }
        loop {
            let left = patience.saturating_sub(began.elapsed());
            let stirred = self.poll(left.min(tick))?;
            let now = Instant::now();
            // Time in which the pool itself was stopped (Ctrl-Z, a debugger) does not count against a worker.
            let passed = (now - before).min(tick.saturating_mul(2));
            before = now;
            self.look(&stirred, passed, &mut events)?;
            if !events.is_empty() || began.elapsed() >= patience {
                return Ok(events);
            }
        }
    }

    /// The process id of a worker, for whoever looks at it from outside.
    pub fn process_id(&self, worker: WorkerId) -> Option<u32> {
        self.workers.get(&worker).map(Watched::process_id)
    }

    /// Ends a worker. Its death is told by the next [`Pool::wait`].
    ///
    /// # Errors
    /// If there is no such worker.
    pub fn kill(&mut self, worker: WorkerId) -> Result<(), SandboxError> {
        let watched = self.workers.get_mut(&worker).ok_or(SandboxError::NoWorker { worker })?;
        watched.condemn(Doom::Killed);
        Ok(())
    }

    /// Ends all workers, without waiting for them: what they hold of this process's memory is given up meanwhile.
    pub fn dismiss(&mut self) {
        for watched in self.workers.values_mut() {
            watched.condemn(Doom::Killed);
        }
    }

    /// Stops all workers where they are, until [`Pool::thaw`]. No time is counted for them meanwhile, as long as nobody waits.
    ///
    /// # Errors
    /// If the system refuses to signal.
    pub fn freeze(&mut self) -> Result<(), SandboxError> {
        self.signal_all(Signal::STOP)
    }

    /// Lets all workers go on.
    ///
    /// # Errors
    /// If the system refuses to signal.
    pub fn thaw(&mut self) -> Result<(), SandboxError> {
        self.signal_all(Signal::CONT)
    }

    /// Whether a worker lives and has nothing to do.
    pub fn is_idle(&self, worker: WorkerId) -> bool {
        self.workers.get(&worker).is_some_and(Watched::is_idle)
    }

    fn signal_all(&mut self, signal: Signal) -> Result<(), SandboxError> {
        for watched in self.workers.values() {
            watched.signal(signal).map_err(refused("a signal"))?;
        }
        Ok(())
    }

    fn tick(&self) -> Duration {
        let eighth = self.settings.budget.wall / 8;
        self.settings
            .tick
            .unwrap_or(eighth)
            .clamp(Duration::from_millis(1), Duration::from_millis(250))
    }

    /// Sleeps until a worker stirs. Returns who did.
    fn poll(&self, timeout: Duration) -> Result<Vec<WorkerId>, SandboxError> {
        let mut names = Vec::with_capacity(2 * self.workers.len());
        let mut places = Vec::with_capacity(2 * self.workers.len());
        for (name, watched) in &self.workers {
            names.push(*name);
            places.push(PollFd::new(&watched.channel, PollFlags::IN));
            if let Some(pidfd) = &watched.pidfd {
                names.push(*name);
                places.push(PollFd::new(pidfd, PollFlags::IN));
            }
        }
        let limit = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        match rustix::event::poll(&mut places, Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(refused("watching workers")(error)),
        }
        let mut stirred: Vec<WorkerId> = names
            .into_iter()
            .zip(&places)
            .filter(|(_, place)| !place.revents().is_empty())
            .map(|(name, _)| name)
            .collect();
        stirred.dedup();
        Ok(stirred)
    }

    /// Collects from those that stirred, counts the time of all, and buries the dead.
    fn look(
        &mut self,
        stirred: &[WorkerId],
        passed: Duration,
        events: &mut Vec<Event>,
    ) -> Result<(), SandboxError> {
        let budget = self.settings.budget;
        let phases = J::PHASES.len();
        let mut dead = Vec::new();
        for (name, watched) in &mut self.workers {
            let heard = if stirred.contains(name) { watched.listen() } else { Ok(false) };
            let gone = match heard {
                Ok(gone) => gone,
                Err(garble) => {
                    watched.condemn(Doom::Garbled(garble));
                    false
                }
            };
            // Those that did not stir may have answered part of a batch.
            if let Err(garble) = watched.collect(budget.reply, events) {
                watched.condemn(Doom::Garbled(garble));
            }
            if watched.over_time(passed, budget.wall) {
                watched.condemn(Doom::Wall);
            }
            if gone || watched.is_condemned() {
                dead.push(*name);
            }
        }
        for name in dead {
            if let Some(watched) = self.workers.remove(&name) {
                events.extend(watched.bury(&budget, phases, self.ground.image_base)?);
            }
        }
        Ok(())
    }
}

impl<J: Job> Drop for Pool<J> {
    fn drop(&mut self) {
        // All at once, so that they end side by side; each `Watched` then reaps its own.
        self.dismiss();
    }
}

fn check(settings: &Settings, phases: &[&str]) -> Result<(), SandboxError> {
    const MOST: usize = 1 << 30;
    let budget = &settings.budget;
    let wrong = |reason| Err(SandboxError::Settings { reason });
    if phases.is_empty() || phases.len() > Marker::PHASE_LIMIT {
        return wrong("a job has 1 to 16 phases");
    }
    if budget.reply == 0 || budget.reply > MOST {
        return wrong("the budget for a reply is 1 byte to 1 GiB");
    }
    if settings.batch == 0 || settings.batch > MOST {
        return wrong("a batch is 1 byte to 1 GiB");
    }
    if budget.memory < 1 << 20 || budget.memory > 1 << 40 {
        return wrong("the budget for memory is 1 MiB to 1 TiB");
    }
    if budget.cpu.is_zero() || budget.wall.is_zero() {
        return wrong("a budget of time is not zero");
    }
    Ok(())
}

/// Data memory that a worker may have: what this process has, the budget, and room for the worker's own arena and signal stack.
fn data_limit(status: &OwnedFd, memory: usize) -> Option<u64> {
    const SLACK: u64 = 4 << 20;
    let mut text = [0_u8; 256];
    let length = rustix::io::pread(status, &mut text, 0).ok()?;
    // size resident shared text lib data dt, in pages.
    let text = std::str::from_utf8(text.get(..length)?).ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(5)?.parse().ok()?;
    let page = rustix::param::page_size() as u64;
    Some(pages * page + memory as u64 + crate::arena::reserved(memory) as u64 + SLACK)
}

const _: () = assert!(CHANNEL == 3, "standard input, output and error lie below the channel");

/// The death of a worker that the pool's own watch ended.
pub(crate) fn doomed(doom: Doom, wall: Duration) -> Death {
    match doom {
        Doom::Killed => Death::Killed,
        Doom::Wall => Death::Exhausted(Exhausted::Wall { limit_ms: millis(wall) }),
        Doom::Garbled(reason) => Death::Garbled { reason },
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What is wrong with a phase that a job does not have.
pub(crate) fn known_phase(phase: u8, phases: usize) -> Result<u8, Garble> {
    if usize::from(phase) < phases { Ok(phase) } else { Err(Garble::Phase) }
}
