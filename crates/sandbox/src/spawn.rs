//! From `fork` to a worker that waits for its first batch.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::process::{DumpableBehavior, Pid, Signal};

use crate::arena;
use crate::control::Block;
use crate::handler::{self, SignalStack};
use crate::jail::{Wall, Walls};
use crate::job::Job;
use crate::worker::{self, CHANNEL, Station};

/// What the pool hands to a worker that it forks.
pub(crate) struct Outfit<'a> {
    pub(crate) station: Station,
    pub(crate) block: &'a Block,
    pub(crate) walls: &'a mut Walls,
    pub(crate) stack: &'a SignalStack,
    /// The worker's end of the channel.
    pub(crate) channel: OwnedFd,
    /// What stands for standard input, output and error.
    pub(crate) null: BorrowedFd<'a>,
    pub(crate) cpu_tick: Duration,
    /// Bytes of data memory that the process may have in all; `None` without limit.
    pub(crate) data_limit: Option<u64>,
    pub(crate) close_range: bool,
    pub(crate) residue: crate::settings::Residue,
}

/// Forks a worker. Returns its process id; in the worker it does not return.
pub(crate) fn fork<J: Job>(job: &mut J, outfit: Outfit<'_>) -> io::Result<Pid> {
    let parent = rustix::process::getpid();
    let mask = block_signals()?;
    // SAFETY: the child runs on with this thread only. By the rule of `Pool::new` other threads, if there are any, only wait,
    // so they hold no lock that the child could want. All signals are blocked, so no handler of the caller runs in the child.
    let child = unsafe { libc::fork() };
    let failure = io::Error::last_os_error();
    if child == 0 {
        become_worker(job, outfit, parent);
    }
    restore_signals(&mask)?;
    if child < 0 {
        return Err(failure);
    }
    Pid::from_raw(child).ok_or(failure)
}

fn become_worker<J: Job>(job: &mut J, outfit: Outfit<'_>, parent: Pid) -> ! {
    let Outfit { station, block, walls, channel, null, .. } = outfit;
    let station = Box::new(station).occupy();
    let check = |step: &str, done: io::Result<()>| {
        if let Err(error) = done {
            handler::die_unprepared(station, step, &error);
        }
    };
    let stand = |closed: Result<(), (Wall, io::Error)>| {
        if let Err((wall, error)) = closed {
            handler::die_unprepared(station, wall.name(), &error);
        }
    };
    // First: nothing that goes wrong from here on may outlive the parent.
    check("death signal", die_with(parent));
    check("signal handlers", handler::install(outfit.stack));
    check("signals", unblock_signals());
    check("requests", block.protect_requests());
    stand(walls.close_outer());
    check("descriptors", keep_descriptors(&channel, null, outfit.close_range));
    // Closed or taken over already.
    std::mem::forget(channel);
    check("privacy", keep_to_itself());
    check("clock", handler::start_clock(outfit.cpu_tick));
    check("arena", arena::reserve(station.memory_limit, outfit.residue));
    stand(walls.close_inner(outfit.data_limit));
    job.warm_up();
    worker::serve(job, station)
}

/// Blocks all signals, so that none reaches the worker before it has handlers of its own. Returns what was blocked before.
fn block_signals() -> io::Result<libc::sigset_t> {
    // SAFETY: both sets live through the calls, and `old` is written before it is read.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut old: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        match libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut old) {
            0 => Ok(old),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }
}

fn restore_signals(mask: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: the set lives through the call.
    match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

fn unblock_signals() -> io::Result<()> {
    // SAFETY: a zeroed set is valid, and then made empty properly.
    let none = unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        none
    };
    restore_signals(&none)
}

/// Nobody may look into the worker or dump it.
fn keep_to_itself() -> io::Result<()> {
    Ok(rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// The worker goes when its parent goes.
fn die_with(parent: Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() != Some(parent) {
        // It went before it could be asked to tell.
        // SAFETY: ends the process without running anything of it.
        unsafe { libc::_exit(0) }
    }
    Ok(())
}

/// Leaves the worker its channel and three descriptors that lead nowhere, and closes all others.
fn keep_descriptors(channel: &OwnedFd, null: BorrowedFd<'_>, close_range: bool) -> io::Result<()> {
    let check = |result: i32| {
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
    };
    // SAFETY: the calls take numbers only. The descriptors replaced and closed belong to owners that live in this process too, but
    // none of them runs any more: the worker only ever uses 0 to 3, and leaves by `_exit`.
    unsafe {
        // Out of the way of the numbers that are taken over.
        let channel = check(libc::fcntl(channel.as_raw_fd(), libc::F_DUPFD, CHANNEL + 1))?;
        let null = check(libc::fcntl(null.as_raw_fd(), libc::F_DUPFD, CHANNEL + 1))?;
        for standard in 0..CHANNEL {
            check(libc::dup2(null, standard))?;
        }
        check(libc::dup2(channel, CHANNEL))?;
        let first = CHANNEL as libc::c_uint + 1;
        if close_range {
            check(libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) as i32)?;
        } else {
            close_one_by_one(CHANNEL + 1)?;
        }
    }
    Ok(())
}

/// Closes all descriptors from `first` on, as the list of the process has them.
fn close_one_by_one(first: i32) -> io::Result<()> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        if let Some(number) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
            open.push(number);
        }
    }
    for number in open.into_iter().filter(|number: &i32| *number >= first) {
        // SAFETY: takes a number; as above. The one that read the list is closed already, so this may fail for it, which is what is wanted.
        unsafe { libc::close(number) };
    }
    Ok(())
}
