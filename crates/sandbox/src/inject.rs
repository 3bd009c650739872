//! Faults on purpose: what a drill or a test asks a task to die of.
//!
//! A plan travels with the task, so the price in every build is one predictable branch a phase.

use serde::{Deserialize, Serialize};

use crate::worker::Station;

/// A fault to inject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Inject {
    /// Writes to an address that is not mapped.
    Segfault = 1,
    /// Calls `abort()`.
    Abort,
    /// Divides by zero (raises SIGFPE where the processor does not).
    Arithmetic,
    /// Raises SIGBUS.
    Bus,
    /// Executes an instruction that is none.
    IllegalInstruction,
    /// Recurses until the stack is full.
    StackOverflow,
    /// Allocates until the memory budget is used up.
    OutOfMemory,
    /// Loops until a time budget is used up.
    Hang,
    /// Sleeps until the wall-time budget is used up.
    Sleep,
    /// Panics.
    Panic,
    /// Sends itself SIGKILL.
    Kill,
    /// Publishes random bytes as replies.
    GarbageReply,
    /// Publishes the first half of a reply.
    TruncatedReply,
    /// Leaves with status 0.
    EarlyExit,
}

impl Inject {
    /// Every kind.
    pub const ALL: [Inject; 14] = [
        Inject::Segfault,
        Inject::Abort,
        Inject::Arithmetic,
        Inject::Bus,
        Inject::IllegalInstruction,
        Inject::StackOverflow,
        Inject::OutOfMemory,
        Inject::Hang,
        Inject::Sleep,
        Inject::Panic,
        Inject::Kill,
        Inject::GarbageReply,
        Inject::TruncatedReply,
        Inject::EarlyExit,
    ];
}

/// A fault and the phase in which it strikes, as it travels. `phase` 255: none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) phase: u8,
    pub(crate) fault: u8,
}

impl Plan {
    const NONE: Plan = Plan { phase: u8::MAX, fault: 0 };

    pub(crate) fn of(inject: Option<(u8, Inject)>) -> Plan {
        inject.map_or(Plan::NONE, |(phase, fault)| Plan { phase, fault: fault as u8 })
    }

    /// Strikes, if the fault is one.
    #[cold]
    #[inline(never)]
    pub(crate) fn fire(self, station: &Station) {
        let Some(fault) = Inject::ALL.into_iter().find(|fault| *fault as u8 == self.fault) else {
            return;
        };
        match fault {
            Inject::Segfault => write_to_nowhere(),
            // SAFETY: ends the process; that is what was asked for.
            Inject::Abort => unsafe { libc::abort() },
            Inject::Arithmetic => divide_by_zero(),
            Inject::Bus => raise(libc::SIGBUS),
            Inject::IllegalInstruction => execute_nonsense(),
            Inject::StackOverflow => {
                std::hint::black_box(descend(std::hint::black_box(u64::MAX)));
            }
            Inject::OutOfMemory => allocate_all(station),
            Inject::Hang => loop {
                std::hint::spin_loop();
            },
            Inject::Sleep => loop {
                sleep();
            },
            Inject::Panic => panic_on_purpose(),
            Inject::Kill => raise(libc::SIGKILL),
            Inject::GarbageReply => {
                station.publish_raw(&[0xa5; 64]);
                loop {
                    sleep();
                }
            }
            Inject::TruncatedReply => {
                station.publish_raw(&station.first_half_of_a_reply());
                loop {
                    sleep();
                }
            }
            // SAFETY: ends the process; that is what was asked for.
            Inject::EarlyExit => unsafe { libc::_exit(0) },
        }
    }
}

fn write_to_nowhere() {
    // SAFETY: not safe at all: the fault is the purpose. Page 0 is never mapped, so nothing is overwritten.
    unsafe { std::hint::black_box(std::ptr::without_provenance_mut::<u8>(8)).write_volatile(1) };
}

#[cfg(target_arch = "x86_64")]
fn divide_by_zero() {
    // SAFETY: raises SIGFPE; RAX and RDX are declared as changed.
    unsafe {
        std::arch::asm!("div {zero}", zero = in(reg) 0_u64, inout("rax") 1_u64 => _, inout("rdx") 0_u64 => _);
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn divide_by_zero() {
    raise(libc::SIGFPE);
}

fn execute_nonsense() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: raises SIGILL and never goes on.
    unsafe {
        std::arch::asm!("ud2", options(noreturn));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: raises SIGILL and never goes on.
    unsafe {
        std::arch::asm!("udf #0", options(noreturn));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    raise(libc::SIGILL);
}

/// Sends itself a signal, through the one call that the jail allows for that.
fn raise(signal: i32) {
    // SAFETY: both calls take plain numbers; the thread named is the caller.
    unsafe {
        libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::gettid(), signal);
    }
}

fn sleep() {
    let time = libc::timespec { tv_sec: 3600, tv_nsec: 0 };
    // SAFETY: `time` lives through the call, and null says that the rest is not wanted.
    unsafe {
        libc::nanosleep(&time, std::ptr::null_mut());
    }
}

/// Uses up the stack, a page and more a level.
fn descend(depth: u64) -> u64 {
    let mut page = std::hint::black_box([depth; 512]);
    if depth == 0 {
        return 0;
    }
    page[0] = descend(depth - 1);
    std::hint::black_box(&mut page)[0] + 1
}

fn panic_on_purpose() {
    let reason = std::hint::black_box("a panic was injected");
    std::panic::panic_any(reason);
}

/// Takes a megabyte at a time until there is no more. With the arena installed the allocator itself ends it; else the limit on
/// data does, or, without that too, the budget's size.
fn allocate_all(station: &Station) {
    const STEP: usize = 1 << 20;
    let mut taken: Vec<Vec<u8>> = Vec::new();
    let mut total = 0;
    while total <= station.memory_limit.saturating_mul(2) {
        let mut step: Vec<u8> = Vec::new();
        if taken.try_reserve(1).is_err() || step.try_reserve_exact(STEP).is_err() {
            break;
        }
        step.resize(STEP, 1);
        taken.push(std::hint::black_box(step));
        total += STEP;
    }
    station.exhaust_memory(STEP);
}
