//! Worker processes and slots: what isolation costs, beside bare forks and plain copies.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use morph_bench::{row, table, timed};
use morph_sandbox::slot::{PAGE, Slot, SlotTable, Tracking};
use morph_sandbox::{
    ArenaAllocator, Event, Guard, Inject, Jail, Job, Marker, Pool, Reply, Settings, Task, TaskId,
    WorkerId,
};

#[global_allocator]
static ALLOCATOR: ArenaAllocator<std::alloc::System> = ArenaAllocator::new(std::alloc::System);

/// Replies the sum of its input, in two phases.
struct Sum;

impl Job for Sum {
    const PHASES: &'static [&'static str] = &["read", "sum"];

    fn run(&mut self, input: &[u8], phase: &Marker<'_>, reply: &mut Reply<'_>) {
        phase.enter(1);
        let sum: u64 = input.iter().map(|byte| u64::from(*byte)).sum();
        reply.write(&sum.to_le_bytes());
    }
}

fn open() -> Jail {
    let off = Guard::Off;
    Jail { limits: off, privileges: off, landlock: off, seccomp: off, calls: Vec::new() }
}

fn pool(jail: Jail) -> RefCell<Pool<Sum>> {
    let settings = Settings { jail, ..Settings::default() };
    RefCell::new(Pool::new(Sum, settings).unwrap_or_else(|error| panic!("{error}")))
}

fn spawn(pool: &mut Pool<Sum>) -> WorkerId {
    pool.spawn().unwrap_or_else(|error| panic!("{error}"))
}

/// Sends a batch and waits until it is through or the worker is dead. Returns how many answers came.
fn batch(pool: &mut Pool<Sum>, worker: WorkerId, tasks: &[Task<'_>]) -> usize {
    pool.send(worker, tasks).unwrap_or_else(|error| panic!("{error}"));
    let mut answers = 0;
    loop {
        for event in pool.wait(Duration::MAX).unwrap_or_else(|error| panic!("{error}")) {
            match event {
                Event::Answered { .. } => answers += 1,
                Event::Drained { .. } | Event::Died { .. } => return answers,
            }
        }
    }
}

const WELL: Task<'_> = Task { id: TaskId(0), input: b"well", inject: None };
const ILL: Task<'_> = Task { id: TaskId(1), input: b"ill", inject: Some((1, Inject::Segfault)) };

/// A child that answers one byte with `work`, made with nothing but a socket pair and a fork.
fn bare(work: impl Fn()) -> (i32, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().unwrap_or_else(|error| panic!("{error}"));
    // SAFETY: this program has one thread.
    match unsafe { libc::fork() } {
        0 => {
            let mut byte = [0];
            let heard = theirs.read_exact(&mut byte).is_ok();
            work();
            // SAFETY: ends the child.
            unsafe { libc::_exit(i32::from(!(heard && theirs.write_all(&byte).is_ok()))) }
        }
        child => (child, ours),
    }
}

/// Asks a bare child, and waits for its answer or its end.
fn ask((child, mut channel): (i32, UnixStream)) -> i32 {
    let mut byte = [1];
    let _told = channel.write_all(&byte).and_then(|()| channel.read_exact(&mut byte));
    child
}

fn reap(child: i32) {
    let mut status = 0;
    // SAFETY: the status lives through the call.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
}

fn main() {
    births();
    crashes();
    round_trips();
    resets();
    snapshots();
}

fn births() {
    let (jailed, free) = (pool(Jail::default()), pool(open()));
    let pooled = |pool: &RefCell<Pool<Sum>>, count: u64| {
        let mut pool = pool.borrow_mut();
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let begin = Instant::now();
            let worker = spawn(&mut pool);
            batch(&mut pool, worker, &[WELL]);
            total += begin.elapsed();
            pool.kill(worker).unwrap_or_else(|error| panic!("{error}"));
            pool.wait(Duration::ZERO).unwrap_or_else(|error| panic!("{error}"));
        }
        total
    };
    table(
        "From nothing to the first answer",
        &[
            timed("bare fork and socket pair", |count| {
                let mut total = Duration::ZERO;
                for _ in 0..count {
                    let begin = Instant::now();
                    let child = ask(bare(|| ()));
                    total += begin.elapsed();
                    reap(child);
                }
                total
            }),
            timed("pool, without jail", |count| pooled(&free, count)),
            timed("pool, jailed", |count| pooled(&jailed, count)),
            timed("`std::process::Command` of `/bin/true`, until it has ended", |count| {
                let begin = Instant::now();
                for _ in 0..count {
                    let status = std::process::Command::new("/bin/true").status();
                    assert!(status.is_ok_and(|status| status.success()));
                }
                begin.elapsed()
            }),
        ],
    );
}

fn crashes() {
    let (jailed, free) = (pool(Jail::default()), pool(open()));
    let pooled = |pool: &RefCell<Pool<Sum>>, count: u64| {
        let mut pool = pool.borrow_mut();
        let mut worker = spawn(&mut pool);
        batch(&mut pool, worker, &[WELL]);
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let begin = Instant::now();
            assert_eq!(batch(&mut pool, worker, &[ILL]), 0);
            worker = spawn(&mut pool);
            assert_eq!(batch(&mut pool, worker, &[WELL]), 1);
            total += begin.elapsed();
        }
        pool.kill(worker).unwrap_or_else(|error| panic!("{error}"));
        pool.wait(Duration::ZERO).unwrap_or_else(|error| panic!("{error}"));
        total
    };
    let spare = |count: u64| {
        let mut pool = jailed.borrow_mut();
        let mut total = Duration::ZERO;
        for _ in 0..count {
            let worker = spawn(&mut pool);
            let spare = spawn(&mut pool);
            batch(&mut pool, worker, &[WELL]);
            batch(&mut pool, spare, &[WELL]);
            let begin = Instant::now();
            assert_eq!(batch(&mut pool, worker, &[ILL]), 0);
            assert_eq!(batch(&mut pool, spare, &[WELL]), 1);
            total += begin.elapsed();
            pool.kill(spare).unwrap_or_else(|error| panic!("{error}"));
            pool.wait(Duration::ZERO).unwrap_or_else(|error| panic!("{error}"));
        }
        total
    };
    // SAFETY: none; the child is to die of it.
    let crash = || unsafe {
        libc::signal(libc::SIGSEGV, libc::SIG_DFL);
        std::ptr::without_provenance_mut::<u8>(8).write_volatile(1);
    };
    table(
        "From a task that crashes to the answer of the replacement (goal: 500 us)",
        &[
            timed("bare fork, killed by the signal itself", |count| {
                let mut total = Duration::ZERO;
                for _ in 0..count {
                    let ill = bare(crash);
                    let begin = Instant::now();
                    reap(ask(ill));
                    let well = ask(bare(|| ()));
                    total += begin.elapsed();
                    reap(well);
                }
                total
            }),
            timed("pool, without jail", |count| pooled(&free, count)),
            timed("pool, jailed", |count| pooled(&jailed, count)),
            timed("pool, jailed, a warm spare answers", spare),
        ],
    );
}

fn round_trips() {
    let pool = pool(Jail::default());
    let worker = spawn(&mut pool.borrow_mut());
    let input = [7_u8; 64];
    let tasks: Vec<Task<'_>> = (0..100).map(|id| Task::new(TaskId(id), &input)).collect();
    let batches = |size: usize| {
        let (pool, tasks) = (&pool, &tasks);
        move || assert_eq!(batch(&mut pool.borrow_mut(), worker, &tasks[..size]), size)
    };
    let (mut ours, mut theirs) = UnixStream::pair().unwrap_or_else(|error| panic!("{error}"));
    // SAFETY: this program has one thread.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: the other end is not used in the child.
        drop(unsafe { UnixStream::from_raw_fd(std::os::fd::AsRawFd::as_raw_fd(&ours)) });
        let mut byte = [0];
        while theirs.read_exact(&mut byte).is_ok() && theirs.write_all(&byte).is_ok() {}
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) }
    }
    drop(theirs);
    {
        let bare = RefCell::new(&mut ours);
        table(
            "A batch there and back",
            &[
                row("one byte each way over a socket pair", || {
                    let mut byte = [1];
                    let mut bare = bare.borrow_mut();
                    bare.write_all(&byte).and_then(|()| bare.read_exact(&mut byte)).is_ok()
                }),
                row("a batch of 1 task of 64 bytes", batches(1)),
                row("a batch of 10", batches(10)),
                row("a batch of 100", batches(100)),
            ],
        );
    }
    drop(ours);
    reap(child);
}

/// Writes into `count` pages spread over the memory.
fn soil(bytes: &mut [u8], count: usize, value: u8) {
    let step = bytes.len() / PAGE / count * PAGE;
    for page in 0..count {
        bytes[page * step + 8] = value;
    }
}

fn slot(size: usize, tracking: Tracking) -> RefCell<Slot> {
    let mut slot = Slot::with_tracking(size, tracking).unwrap_or_else(|error| panic!("{error}"));
    slot.bytes_mut().fill(3);
    slot.checkpoint().unwrap_or_else(|error| panic!("{error}"));
    RefCell::new(slot)
}

fn resets() {
    const SIZE: usize = 64 << 20;
    let reset = |pages: usize| {
        let slot = slot(SIZE, Tracking::best());
        move |count: u64| {
            let mut slot = slot.borrow_mut();
            let mut total = Duration::ZERO;
            for _ in 0..count {
                soil(slot.bytes_mut(), pages, 9);
                let begin = Instant::now();
                slot.restore().unwrap_or_else(|error| panic!("{error}"));
                total += begin.elapsed();
            }
            total
        }
    };
    let write = slot(SIZE, Tracking::best());
    let (from, to) = (vec![1_u8; SIZE], RefCell::new(vec![2_u8; SIZE]));
    table(
        "Rolling a slot of 64 MB back (goals: 10 us at 16 pages, 100 us at 256)",
        &[
            row("copying all of it", || to.borrow_mut().copy_from_slice(&from)),
            timed("16 pages written", reset(16)),
            timed("256 pages written", reset(256)),
            timed("16,384 pages written (all)", reset(16_384)),
            timed("for the writer: the first write to each of 256 pages", |count| {
                let mut slot = write.borrow_mut();
                let mut total = Duration::ZERO;
                for _ in 0..count {
                    let begin = Instant::now();
                    soil(slot.bytes_mut(), 256, 9);
                    total += begin.elapsed();
                    slot.restore().unwrap_or_else(|error| panic!("{error}"));
                }
                total
            }),
        ],
    );
}

fn snapshots() {
    const SIZE: usize = 128 << 20;
    let dirty = SIZE / PAGE / 100;
    println!("\nBest way to find written pages here: {:?}", Tracking::best());
    let checkpoint = |tracking: Tracking| {
        let slot = slot(SIZE, tracking);
        move |count: u64| {
            let mut slot = slot.borrow_mut();
            let mut total = Duration::ZERO;
            for round in 0..count {
                soil(slot.bytes_mut(), dirty, round as u8);
                let begin = Instant::now();
                slot.checkpoint().unwrap_or_else(|error| panic!("{error}"));
                total += begin.elapsed();
            }
            total
        }
    };
    let mut slots = SlotTable::new(SIZE).unwrap_or_else(|error| panic!("{error}"));
    if let Some(bytes) = slots.bytes_mut(0) {
        bytes.fill(3);
    }
    slots.checkpoint(0).unwrap_or_else(|error| panic!("{error}"));
    let slots = RefCell::new(slots);
    let (from, to) = (vec![1_u8; SIZE], RefCell::new(vec![2_u8; SIZE]));
    let pages = || {
        let step = SIZE / PAGE / dirty * PAGE;
        let mut to = to.borrow_mut();
        for at in (0..dirty).map(|page| page * step) {
            to[at..at + PAGE].copy_from_slice(&from[at..at + PAGE]);
        }
    };
    table(
        "A snapshot of 128 MB of which 1 % was written, spread evenly (goal: 200 us)",
        &[
            row("copying all of it", || to.borrow_mut().copy_from_slice(&from)),
            row("copying the written pages, if somebody knew which", pages),
            timed("checkpoint, pages listed by PAGEMAP_SCAN", checkpoint(Tracking::Scan)),
            timed("checkpoint, pages read from /proc/self/pagemap", checkpoint(Tracking::Pagemap)),
            timed("checkpoint, all compared", checkpoint(Tracking::Compare)),
            timed("checkpoint in a table, with checksums", |count| {
                let mut slots = slots.borrow_mut();
                let mut total = Duration::ZERO;
                for round in 0..count {
                    if let Some(bytes) = slots.bytes_mut(0) {
                        soil(bytes, dirty, round as u8);
                    }
                    let begin = Instant::now();
                    slots.checkpoint(0).unwrap_or_else(|error| panic!("{error}"));
                    total += begin.elapsed();
                }
                total
            }),
        ],
    );
}
