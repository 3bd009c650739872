//! The worker's side: the loop that works on batches, and all that it tells the pool through shared memory.

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use crate::arena;
use crate::control::{Cause, Control, Record, SLOTS, pack, unpack};
use crate::frame::{self, REPLY_HEADER};
use crate::ground::Ground;
use crate::job::{Job, Marker, Reply, TaskId};

/// The descriptor of the channel in every worker.
pub(crate) const CHANNEL: i32 = 3;

/// Exit status of a worker that wrote a record.
pub(crate) const RECORDED: i32 = 86;

/// Worker to pool: the batch is through.
pub(crate) const DRAINED: u8 = b'D';
/// Worker to pool: the slot for replies is full, please collect.
pub(crate) const FULL: u8 = b'F';
/// Worker to pool: look at the replies.
pub(crate) const LOOK: u8 = b'L';
/// Pool to worker: collected, the slot for replies is empty again.
pub(crate) const COLLECTED: u8 = b'C';
/// Pool to worker: a batch lies in slot 0; the next letter names slot 1.
pub(crate) const BATCH: u8 = b'0';

/// The station of this process, if it is a worker: for handlers, the panic hook and the arena, which get no arguments.
static STATION: AtomicPtr<Station> = AtomicPtr::new(std::ptr::null_mut());

/// Where a worker sits: its view of the block, and what it must know to die properly.
#[derive(Debug)]
pub(crate) struct Station {
    // Invariant: points into the worker's block, which is mapped for the whole life of the process.
    control: NonNull<Control>,
    requests: [NonNull<u8>; SLOTS],
    request_capacity: usize,
    replies: [NonNull<u8>; SLOTS],
    reply_capacity: usize,
    reply_limit: usize,
    pub(crate) memory_limit: usize,
    pub(crate) phases: usize,
    pub(crate) ground: Ground,
    slot: Cell<usize>,
    batch: Cell<u32>,
    committed: Cell<usize>,
    task: Cell<TaskId>,
    /// Set by the first that writes the record; later ones only leave.
    dying: AtomicBool,
    /// The task that earlier ticks of the processor-time clock saw, and how many did.
    pub(crate) ticked: AtomicU32,
    pub(crate) ticks: AtomicU32,
    pub(crate) tick_limit: u32,
}

impl Station {
    pub(crate) fn new(
        block: &crate::control::Block,
        settings: &crate::Settings,
        phases: usize,
        ground: Ground,
        tick_limit: u32,
    ) -> Station {
        Station {
            control: NonNull::from(block.control()),
            requests: [block.request(0), block.request(1)],
            request_capacity: block.request_capacity(),
            replies: [block.reply(0), block.reply(1)],
            reply_capacity: block.reply_capacity(),
            reply_limit: settings.budget.reply,
            memory_limit: settings.budget.memory,
            phases,
            ground,
            slot: Cell::new(0),
            batch: Cell::new(0),
            committed: Cell::new(0),
            task: Cell::new(TaskId(0)),
            dying: AtomicBool::new(false),
            ticked: AtomicU32::new(0),
            ticks: AtomicU32::new(0),
            tick_limit,
        }
    }

    /// Makes this the station of the process.
    pub(crate) fn occupy(self: Box<Station>) -> &'static Station {
        let station = Box::leak(self);
        STATION.store(station, Ordering::Release);
        station
    }

    /// The station of this process, if it is a worker. Safe in a signal handler.
    pub(crate) fn current() -> Option<&'static Station> {
        let station = STATION.load(Ordering::Acquire);
        // SAFETY: the pointer is null or came from `Box::leak`.
        unsafe { station.as_ref() }
    }

    fn control(&self) -> &Control {
        // SAFETY: by the invariant on `control`; it consists of atomics only.
        unsafe { self.control.as_ref() }
    }

    pub(crate) fn record(&self) -> &Record {
        &self.control().record
    }

    /// Count of tasks begun.
    pub(crate) fn sequence(&self) -> u32 {
        (self.control().progress.load(Ordering::Relaxed) >> 8) as u32
    }

    pub(crate) fn publish(&self, sequence: u32, phase: u8) {
        let progress = u64::from(sequence) << 8 | u64::from(phase);
        self.control().progress.store(progress, Ordering::Relaxed);
    }

    /// Writes bytes of a reply that has `already` bytes, `at` bytes into the slot. Too many: the worker ends.
    pub(crate) fn put(&self, at: usize, already: usize, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len());
        if already.saturating_add(bytes.len()) > self.reply_limit || end > self.reply_capacity {
            self.die(Cause::Reply, |record| {
                record.address.store(bytes.len() as u64, Ordering::Relaxed);
            });
        }
        self.poke(at, bytes);
    }

    /// Writes bytes into the slot for replies, which must have room for them.
    fn poke(&self, at: usize, bytes: &[u8]) {
        let Some(slot) = self.replies.get(self.slot.get()) else { return };
        assert!(at.saturating_add(bytes.len()) <= self.reply_capacity, "no room was made");
        // SAFETY: `at + bytes.len() <= reply_capacity`, for which the slot is mapped and writable; `bytes` does not overlap it,
        // because no reference to a reply slot is ever given out.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), slot.as_ptr().add(at), bytes.len());
        }
    }

    /// Publishes everything up to `committed` bytes of the slot: a store with release, so that the bytes are seen before the length.
    fn commit(&self, committed: usize) {
        self.committed.set(committed);
        if let Some(word) = self.control().committed.get(self.slot.get()) {
            word.store(pack(self.batch.get(), committed as u32), Ordering::Release);
        }
    }

    /// Publishes bytes that are no reply, and has the pool look at them.
    pub(crate) fn publish_raw(&self, bytes: &[u8]) {
        let at = self.committed.get();
        self.poke(at, bytes);
        self.commit(at + bytes.len());
        send(LOOK);
    }

    /// A reply to the task in hand that claims to be twice as long as it is.
    pub(crate) fn first_half_of_a_reply(&self) -> [u8; 2 * REPLY_HEADER] {
        let mut half = [0x5a; 2 * REPLY_HEADER];
        half[..REPLY_HEADER].copy_from_slice(&frame::reply_header(self.task.get(), 16));
        half
    }

    /// Writes the death record and leaves. Safe in a signal handler: it allocates nothing and takes no lock.
    pub(crate) fn die(&self, cause: Cause, fill: impl FnOnce(&Record)) -> ! {
        if !self.dying.swap(true, Ordering::AcqRel) {
            let record = self.record();
            fill(record);
            record.written.store(cause as u32, Ordering::Release);
        }
        // SAFETY: ends the process without running anything of it.
        unsafe { libc::_exit(RECORDED) }
    }

    /// Claims the record without leaving yet: for a handler that adds to it afterwards. `false` if somebody is at it already.
    pub(crate) fn claim(&self) -> bool {
        !self.dying.swap(true, Ordering::AcqRel)
    }

    /// The end of a task that asked for more memory than its budget.
    pub(crate) fn exhaust_memory(&self, asked: usize) -> ! {
        self.die(Cause::Memory, |record| record.address.store(asked as u64, Ordering::Relaxed))
    }

    /// The end of a task that used up its processor time.
    pub(crate) fn exhaust_cpu(&self) -> ! {
        self.die(Cause::Cpu, |_| {})
    }
}

/// Works on batches until the channel is closed.
pub(crate) fn serve<J: Job>(job: &mut J, station: &'static Station) -> ! {
    let mut queued: [Option<usize>; SLOTS] = [None; SLOTS];
    let mut sequence = 0;
    loop {
        let slot = match queued[0].take() {
            Some(slot) => {
                queued.swap(0, 1);
                slot
            }
            None => slot_of(receive()),
        };
        work(job, station, slot, &mut sequence, &mut queued);
        send(DRAINED);
    }
}

/// One batch. What arrives on the channel meanwhile, while room is waited for, is queued.
fn work<J: Job>(
    job: &mut J,
    station: &'static Station,
    slot: usize,
    sequence: &mut u32,
    queued: &mut [Option<usize>; SLOTS],
) {
    let (Some(word), Some(requests)) =
        (station.control().requested.get(slot), station.requests.get(slot))
    else {
        leave();
    };
    let (number, length) = unpack(word.load(Ordering::Acquire));
    let length = (length as usize).min(station.request_capacity);
    // SAFETY: the slot is mapped for `request_capacity` bytes, and the pool does not write to it until the batch is drained.
    let mut requests =
        unsafe { std::slice::from_raw_parts(requests.as_ptr().cast_const(), length) };
    station.slot.set(slot);
    station.batch.set(number);
    station.commit(0);
    while let Some(request) = frame::next_request(&mut requests) {
        let room = station.reply_capacity - station.committed.get();
        if room < station.reply_limit.saturating_add(REPLY_HEADER) {
            make_room(station, queued);
        }
        let start = station.committed.get();
        *sequence += 1;
        station.task.set(request.task);
        station.publish(*sequence, 0);
        let marker = Marker::new(station, *sequence, request.plan);
        let mut reply = Reply::new(station, start + REPLY_HEADER);
        arena::enter();
        if request.plan.phase == 0 {
            request.plan.fire(station);
        }
        job.run(request.input, &marker, &mut reply);
        arena::leave();
        let length = reply.len();
        station.poke(start, &frame::reply_header(request.task, length as u32));
        station.commit(start + REPLY_HEADER + length);
    }
}

/// Has the pool take what is in the slot for replies, and begins it anew.
fn make_room(station: &Station, queued: &mut [Option<usize>; SLOTS]) {
    send(FULL);
    loop {
        let letter = receive();
        if letter == COLLECTED {
            station.commit(0);
            return;
        }
        match queued.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(slot_of(letter)),
            None => leave(),
        }
    }
}

fn slot_of(letter: u8) -> usize {
    let slot = usize::from(letter.wrapping_sub(BATCH));
    if slot >= SLOTS {
        leave();
    }
    slot
}

/// The next letter from the pool. A closed channel ends the worker: nobody is left to work for.
fn receive() -> u8 {
    let mut letter = 0_u8;
    loop {
        // SAFETY: one byte that lives through the call.
        let got = unsafe { libc::read(CHANNEL, (&raw mut letter).cast(), 1) };
        if got == 1 {
            return letter;
        }
        let interrupted =
            got < 0 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted;
        if !interrupted {
            leave();
        }
    }
}

/// Tells the pool one letter. If nobody listens any more, the worker ends.
fn send(letter: u8) {
    loop {
        // SAFETY: one byte that lives through the call.
        let sent = unsafe { libc::write(CHANNEL, (&raw const letter).cast(), 1) };
        if sent == 1 {
            return;
        }
        let interrupted =
            sent < 0 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted;
        if !interrupted {
            leave();
        }
    }
}

fn leave() -> ! {
    // SAFETY: ends the process without running anything of it.
    unsafe { libc::_exit(0) }
}
