//! How a worker died, as a value.
//!
//! Every number in here that came from the worker itself was range-checked, but its *meaning* is the worker's word: code
//! that runs wild can lie about its own death. It cannot lie about another worker's, nor take an answer back.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a worker is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Death {
    /// A fatal signal of its own making.
    Crashed(CrashRecord),
    /// A Rust panic. Nothing was unwound: the worker ended where it panicked.
    Panicked {
        /// The panic's message, at most [`Death::MESSAGE_LIMIT`] bytes of it.
        message: String,
        /// `file:line:column`.
        location: String,
    },
    /// A budget ran out.
    Exhausted(Exhausted),
    /// It left without being told to.
    Exited {
        /// The exit status, 0..=255.
        status: i32,
    },
    /// What it wrote into its control block, its replies or its channel is not valid; it was killed for that.
    Garbled {
        /// What was wrong.
        reason: Garble,
    },
    /// It vanished without a record, and not by the pool's hand (somebody's SIGKILL, the kernel's out-of-memory killer).
    Lost {
        /// The signal that ended it; 0 if even that is not known (somebody else reaped it).
        signal: i32,
    },
    /// The pool's owner ended it with [`Pool::kill`](crate::Pool::kill).
    Killed,
}

impl Death {
    /// Where a worker is said to have panicked that could not be made ready: the system refused a part of its jail.
    pub const START: &str = "the start of the worker";

    /// Bytes of a panic message that are kept.
    pub const MESSAGE_LIMIT: usize = 4096;
}

/// What the signal handler of a dying worker wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashRecord {
    /// What kind of crash it was, told from signal, code and address.
    pub kind: CrashKind,
    /// Number of the signal.
    pub signal: i32,
    /// `si_code` of the signal.
    pub code: i32,
    /// The address that could not be accessed, if the signal has one. A non-canonical address shows as 0 with code 128.
    pub address: u64,
    /// Where it was.
    pub instruction_pointer: u64,
    /// Where its stack was.
    pub stack_pointer: u64,
    /// Return addresses, innermost first, at most [`CrashRecord::FRAME_LIMIT`]: by frame pointers where they lead into the stack, else every word of the
    /// stack that is an address just behind a call in the executable's code (then some may be left over from earlier calls).
    pub backtrace: Vec<u64>,
    /// Where the executable was loaded: `address - image_base` is what `addr2line` wants.
    pub image_base: u64,
}

impl CrashRecord {
    /// Return addresses that are kept.
    pub const FRAME_LIMIT: usize = 32;

    /// A record of a signal of which nothing else is known: the handler could not run.
    pub(crate) fn of_signal(signal: i32, image_base: u64) -> CrashRecord {
        CrashRecord {
            kind: CrashKind::of(signal, 0, false),
            signal,
            code: 0,
            address: 0,
            instruction_pointer: 0,
            stack_pointer: 0,
            backtrace: Vec::new(),
            image_base,
        }
    }
}

/// Kinds of crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CrashKind {
    /// SIGSEGV: an access to memory that is not there or not allowed.
    Segfault,
    /// SIGSEGV at the stack's guard.
    StackOverflow,
    /// SIGABRT: `abort()`, a failed assertion in C, a corrupted heap.
    Abort,
    /// SIGFPE: a division by zero or with an overflow.
    Arithmetic,
    /// SIGBUS: an access behind the end of a mapped file, or a misaligned one.
    Bus,
    /// SIGILL: an instruction that is none.
    IllegalInstruction,
    /// SIGTRAP: a breakpoint instruction.
    Trap,
    /// SIGSYS: a system call that the jail does not allow.
    ForbiddenCall {
        /// The number of the call.
        call: i32,
    },
    /// Another signal that the worker got.
    Other,
}

impl CrashKind {
    pub(crate) fn of(signal: i32, call: i32, at_guard: bool) -> CrashKind {
        match signal {
            libc::SIGSEGV if at_guard => CrashKind::StackOverflow,
            libc::SIGSEGV => CrashKind::Segfault,
            libc::SIGABRT => CrashKind::Abort,
            libc::SIGFPE => CrashKind::Arithmetic,
            libc::SIGBUS => CrashKind::Bus,
            libc::SIGILL => CrashKind::IllegalInstruction,
            libc::SIGTRAP => CrashKind::Trap,
            libc::SIGSYS => CrashKind::ForbiddenCall { call },
            _ => CrashKind::Other,
        }
    }
}

/// Which budget ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Exhausted {
    /// Bytes of memory: `asked` more than were left of `limit`.
    Memory {
        /// The request that did not fit, in bytes.
        asked: u64,
        /// The budget, in bytes.
        limit: u64,
    },
    /// Processor time for one task, in milliseconds.
    Cpu {
        /// The budget.
        limit_ms: u64,
    },
    /// Time by the clock for one task, in milliseconds.
    Wall {
        /// The budget.
        limit_ms: u64,
    },
    /// Bytes of one reply.
    Reply {
        /// The budget, in bytes.
        limit: u64,
    },
}

/// What was not valid in what a worker wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Garble {
    /// The mark at the start of its control block was overwritten.
    Mark,
    /// The length of what it committed lies outside its reply slot, or went backwards.
    Length,
    /// A reply is cut off, or claims to be longer than what was committed or allowed.
    Frame,
    /// A reply to a task that it was not given, or out of order, or twice.
    Order,
    /// The count of tasks begun cannot be.
    Sequence,
    /// A phase that the job does not have.
    Phase,
    /// Its death record is damaged, or does not fit to how it died.
    Record,
    /// A message on its channel that means nothing, or at the wrong time.
    Message,
    /// It closed its channel and lived on.
    Channel,
}

impl fmt::Display for Garble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Garble::Mark => "the control block was overwritten",
            Garble::Length => "the length of the replies cannot be",
            Garble::Frame => "a reply is cut off or too long",
            Garble::Order => "a reply to a task that was not asked",
            Garble::Sequence => "the count of tasks begun cannot be",
            Garble::Phase => "a phase that does not exist",
            Garble::Record => "the record of its death is damaged",
            Garble::Message => "a message that means nothing",
            Garble::Channel => "the channel was closed",
        })
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exhausted::Memory { asked, limit } => {
                write!(f, "needed {asked} more bytes than its {limit} bytes of memory hold")
            }
            Exhausted::Cpu { limit_ms } => {
                write!(f, "needed more than {limit_ms} ms of processor time")
            }
            Exhausted::Wall { limit_ms } => write!(f, "did not answer within {limit_ms} ms"),
            Exhausted::Reply { limit } => write!(f, "replied more than {limit} bytes"),
        }
    }
}

impl fmt::Display for CrashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CrashKind::Segfault => f.write_str("invalid memory access"),
            CrashKind::StackOverflow => f.write_str("stack overflow"),
            CrashKind::Abort => f.write_str("abort"),
            CrashKind::Arithmetic => f.write_str("arithmetic fault"),
            CrashKind::Bus => f.write_str("bus error"),
            CrashKind::IllegalInstruction => f.write_str("illegal instruction"),
            CrashKind::Trap => f.write_str("breakpoint"),
            CrashKind::ForbiddenCall { call } => write!(f, "forbidden system call {call}"),
            CrashKind::Other => f.write_str("fatal signal"),
        }
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Death::Crashed(record) => {
                write!(f, "crashed: {} (signal {})", record.kind, record.signal)?;
                match record.kind {
                    CrashKind::Segfault | CrashKind::StackOverflow | CrashKind::Bus => {
                        write!(f, " at address {:#x}", record.address)
                    }
                    CrashKind::Abort
                    | CrashKind::Arithmetic
                    | CrashKind::IllegalInstruction
                    | CrashKind::Trap
                    | CrashKind::ForbiddenCall { .. }
                    | CrashKind::Other => Ok(()),
                }
            }
            Death::Panicked { message, location } => {
                write!(f, "panicked at {location}: {message}")
            }
            Death::Exhausted(exhausted) => write!(f, "exhausted: {exhausted}"),
            Death::Exited { status } => write!(f, "left with status {status}"),
            Death::Garbled { reason } => write!(f, "garbled: {reason}"),
            Death::Lost { signal } => write!(f, "lost (signal {signal})"),
            Death::Killed => f.write_str("killed by its owner"),
        }
    }
}
