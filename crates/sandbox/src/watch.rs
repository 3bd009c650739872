//! One worker as the pool sees it: what it was given, what it answered, how it ended.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};

use crate::autopsy;
use crate::control::{Block, MARK, SLOTS, pack, unpack};
use crate::death::{Death, Garble};
use crate::frame;
use crate::job::{Task, TaskId};
use crate::pool::{Event, SandboxError, WorkerId, doomed, known_phase, refused};
use crate::settings::Budget;
use crate::worker::{BATCH, COLLECTED, DRAINED, FULL, LOOK};

/// A slot whose replies took more than this gives its memory back after the batch.
const KEPT: usize = 1 << 20;

/// Why the pool itself ended a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doom {
    Killed,
    Wall,
    Garbled(Garble),
}

#[derive(Debug)]
struct Batch {
    slot: usize,
    number: u32,
    tasks: Vec<TaskId>,
    answered: usize,
    /// Bytes of the slot for replies that were taken.
    taken: usize,
    /// Most bytes that the slot held.
    most: usize,
}

/// A worker, until it is reaped. Whoever drops it kills and reaps it.
#[derive(Debug)]
pub(crate) struct Watched {
    name: WorkerId,
    pid: Pid,
    pub(crate) pidfd: Option<OwnedFd>,
    pub(crate) channel: OwnedFd,
    block: Block,
    /// Oldest first.
    batches: VecDeque<Batch>,
    next_number: u32,
    /// Tasks answered in its whole life.
    answered: u32,
    /// How far it was when it was looked at last, and how long it has been watched there.
    seen: (u64, u32),
    watched: Duration,
    doom: Option<Doom>,
    /// It waits until its slot for replies is emptied.
    full: bool,
    reaped: bool,
}

impl Watched {
    pub(crate) fn new(
        name: WorkerId,
        pid: Pid,
        pidfd: Option<OwnedFd>,
        channel: OwnedFd,
        block: Block,
    ) -> Watched {
        Watched {
            name,
            pid,
            pidfd,
            channel,
            block,
            batches: VecDeque::new(),
            next_number: 1,
            answered: 0,
            seen: (0, 0),
            watched: Duration::ZERO,
            doom: None,
            full: false,
            reaped: false,
        }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.batches.is_empty() && self.doom.is_none()
    }

    pub(crate) fn is_condemned(&self) -> bool {
        self.doom.is_some()
    }

    /// Puts a batch into a free slot and tells the worker.
    pub(crate) fn send(&mut self, tasks: &[Task<'_>]) -> Result<(), SandboxError> {
        if tasks.is_empty() {
            return Err(SandboxError::EmptyBatch);
        }
        let used = self.batches.front().map(|batch| batch.slot);
        let slot = match (self.batches.len(), used) {
            (0, _) | (_, None) => 0,
            (1, Some(used)) => (used + 1) % SLOTS,
            (_, Some(_)) => return Err(SandboxError::NoFreeSlot { worker: self.name }),
        };
        let limit = self.block.request_capacity();
        let mut length = 0;
        for task in tasks {
            let written = frame::request_header(task).is_some_and(|header| {
                self.block.write_request(slot, length, &header)
                    && self.block.write_request(slot, length + header.len(), task.input)
            });
            if !written {
                return Err(SandboxError::BatchTooLarge { limit });
            }
            length += frame::REQUEST_HEADER + task.input.len();
        }
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        let control = self.block.control();
        if let (Some(requested), Some(committed)) =
            (control.requested.get(slot), control.committed.get(slot))
        {
            committed.store(pack(number, 0), Ordering::Relaxed);
            requested.store(pack(number, length as u32), Ordering::Release);
        }
        let tasks = tasks.iter().map(|task| task.id).collect();
        self.batches.push_back(Batch { slot, number, tasks, answered: 0, taken: 0, most: 0 });
        self.tell(BATCH + slot as u8);
        Ok(())
    }

    /// One letter to the worker. If it is gone, that is noticed by whoever watches.
    ///
    /// Never waits: a worker that does not read its letters must not stop the one that watches all others. A channel full of
    /// letters belongs to a worker that asks and never listens; its time runs out.
    fn tell(&self, letter: u8) {
        let flags = rustix::net::SendFlags::NOSIGNAL | rustix::net::SendFlags::DONTWAIT;
        let _gone_or_deaf = rustix::net::send(&self.channel, &[letter], flags);
    }

    /// Reads what the worker says. `true`: it is gone.
    pub(crate) fn listen(&mut self) -> Result<bool, Garble> {
        let mut letters = [0_u8; 64];
        let heard =
            rustix::net::recv(&self.channel, &mut letters[..], rustix::net::RecvFlags::DONTWAIT);
        let heard = match heard {
            Ok((0, _)) => return self.is_gone(),
            Ok((heard, _)) => heard,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                return Ok(self.has_ended());
            }
            Err(_) => return self.is_gone(),
        };
        for letter in letters.iter().take(heard) {
            match *letter {
                // Told by the replies themselves.
                DRAINED | LOOK => {}
                FULL => self.full = true,
                _ => return Err(Garble::Message),
            }
        }
        Ok(false)
    }

    /// Whether a worker whose channel is closed is gone. It may still be on its way out; one that lives on has closed it itself.
    fn is_gone(&self) -> Result<bool, Garble> {
        // Mostly it is a few microseconds behind its channel: less than going to sleep costs.
        const LOOKS: u32 = 100;
        const STEPS: u32 = 100;
        for _ in 0..LOOKS {
            if self.has_ended() {
                return Ok(true);
            }
            std::thread::yield_now();
        }
        let limit = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
        for _ in 0..STEPS {
            let mut place = self.pidfd.as_ref().map(|pidfd| PollFd::new(pidfd, PollFlags::IN));
            // Interrupted or not, it is looked at again.
            let _woken = rustix::event::poll(place.as_mut_slice(), Some(&limit));
            if self.has_ended() {
                return Ok(true);
            }
        }
        Err(Garble::Channel)
    }

    /// Whether the process has ended. It is not reaped yet.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match rustix::process::waitid(WaitId::Pid(self.pid), options) {
            Ok(status) => status.is_some(),
            // Somebody else reaped it.
            Err(rustix::io::Errno::CHILD) => true,
            Err(_) => false,
        }
    }

    /// Takes all replies that are there.
    ///
    /// # Errors
    /// What is wrong with the first that is wrong. Those before it were taken; after an error nothing more can be.
    pub(crate) fn collect(&mut self, limit: usize, events: &mut Vec<Event>) -> Result<(), Garble> {
        let control = self.block.control();
        if control.mark.load(Ordering::Relaxed) != MARK {
            return Err(Garble::Mark);
        }
        while let Some(batch) = self.batches.front_mut() {
            let word = control.committed.get(batch.slot).ok_or(Garble::Length)?;
            let (number, length) = unpack(word.load(Ordering::Acquire));
            let length = length as usize;
            if number != batch.number || length < batch.taken {
                return Err(Garble::Length);
            }
            if length > batch.taken {
                let mut copy = Vec::new();
                if !self.block.copy_reply(batch.slot, batch.taken, length, &mut copy) {
                    return Err(Garble::Length);
                }
                batch.taken = length;
                batch.most = batch.most.max(length);
                let mut rest = Bytes::from(copy);
                while !rest.is_empty() {
                    let task = batch.tasks.get(batch.answered).copied();
                    let reply = frame::next_reply(&mut rest, task, limit)?;
                    batch.answered += 1;
                    self.answered = self.answered.wrapping_add(1);
                    events.extend(task.map(|task| Event::Answered {
                        worker: self.name,
                        task,
                        reply,
                    }));
                }
            }
            if batch.answered < batch.tasks.len() {
                if std::mem::take(&mut self.full) {
                    batch.taken = 0;
                    word.store(pack(batch.number, 0), Ordering::Release);
                    self.tell(COLLECTED);
                }
                return Ok(());
            }
            if batch.most > KEPT {
                // If it cannot be given back now, it is with the worker's end.
                let _kept = self.block.release_reply(batch.slot);
            }
            self.batches.pop_front();
            events.push(Event::Drained { worker: self.name });
        }
        if std::mem::take(&mut self.full) { Err(Garble::Message) } else { Ok(()) }
    }

    /// Counts time that passed while the worker was watched. `true` if it has been at one place for longer than `limit`.
    pub(crate) fn over_time(&mut self, passed: Duration, limit: Duration) -> bool {
        let place = (self.block.control().progress.load(Ordering::Relaxed) >> 8, self.answered);
        if self.batches.is_empty() || self.seen != place {
            self.seen = place;
            self.watched = Duration::ZERO;
            return false;
        }
        self.watched += passed;
        self.watched > limit
    }

    /// Ends the worker, for a reason. The first reason stands.
    pub(crate) fn condemn(&mut self, doom: Doom) {
        if self.doom.is_none() {
            self.doom = Some(doom);
            // It may be gone already.
            let _gone = self.signal(Signal::KILL);
        }
    }

    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        let sent = match &self.pidfd {
            Some(pidfd) => rustix::process::pidfd_send_signal(pidfd, signal),
            None => rustix::process::kill_process(self.pid, signal),
        };
        match sent {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reaps a worker that ended or was condemned, and tells all that is left to tell of it.
    pub(crate) fn bury(
        mut self,
        budget: &Budget,
        phases: usize,
        image_base: usize,
    ) -> Result<Vec<Event>, SandboxError> {
        let status = self.reap().map_err(refused("reaping a worker"))?;
        let mut events = Vec::new();
        let mut garble = match self.doom {
            Some(Doom::Garbled(garble)) => Some(garble),
            Some(Doom::Killed | Doom::Wall) | None => self.collect(budget.reply, &mut events).err(),
        };
        let control = self.block.control();
        let progress = control.progress.load(Ordering::Relaxed);
        let (begun, phase) = ((progress >> 8) as u32, progress as u8);
        let mut rest =
            self.batches.iter().flat_map(|batch| batch.tasks.iter().skip(batch.answered)).copied();
        let phase = known_phase(phase, phases);
        let mut in_hand = None;
        if garble.is_some() || begun == self.answered.wrapping_add(1) {
            garble = garble.or(phase.err());
            // A garbled answer may be seen when the worker is further on: then the task was through with all phases.
            let last = u8::try_from(phases - 1).unwrap_or(u8::MAX);
            let at_hand = begun == self.answered.wrapping_add(1);
            in_hand =
                rest.next().map(|task| (task, phase.ok().filter(|_| at_hand).unwrap_or(last)));
        } else if begun != self.answered {
            garble = Some(Garble::Sequence);
            in_hand = rest.next().map(|task| (task, 0));
        }
        let unanswered = rest.collect();
        let doomed = self.doom.map(|doom| doomed(doom, budget.wall));
        let death = match garble {
            Some(reason) => Death::Garbled { reason },
            None => autopsy::death(&control.record, status, budget, image_base as u64, doomed),
        };
        events.push(Event::Died { worker: self.name, death, in_hand, unanswered });
        Ok(events)
    }

    /// Waits for the end of the process, which is near. `None` if somebody else has taken the status.
    fn reap(&mut self) -> io::Result<Option<WaitIdStatus>> {
        loop {
            match rustix::process::waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED) {
                Ok(status) => {
                    self.reaped = true;
                    return Ok(status);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::CHILD) => {
                    self.reaped = true;
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.reaped {
            self.condemn(Doom::Killed);
            // Nobody is left to tell; a process that cannot be waited for is not ours any more.
            let _status = self.reap();
        }
    }
}
