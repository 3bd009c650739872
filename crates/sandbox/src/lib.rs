//! Runs work that may crash, hang or eat memory in jailed worker processes, and tells exactly what was lost.
//!
//! For a C library that you cannot trust, a plugin, a parser of files from the net, a compiler: whatever dies there costs the one task that it
//! died of. Linux only. No program to install, nothing to call in `main`: workers are forked when they are wanted, in a fraction of a
//! millisecond, with everything that was prepared before already in their memory.
//!
//! ```
//! use morph_sandbox::{Death, Failure, Marker, Settings, TypedJob, run_all_typed};
//!
//! struct Divide;
//!
//! impl TypedJob for Divide {
//!     const PHASES: &'static [&'static str] = &["divide"];
//!     type Input = (i32, i32);
//!     type Output = i32;
//!
//!     fn run(&mut self, (a, b): (i32, i32), _: &Marker<'_>) -> i32 {
//!         if b == 7 {
//!             std::process::abort();
//!         }
//!         a / b
//!     }
//! }
//!
//! # fn main() -> Result<(), morph_sandbox::SandboxError> {
//! let results = run_all_typed(Divide, &[(6, 2), (1, 0), (1, 7), (9, 3)], Settings::default())?;
//! assert_eq!(results[0], Ok(3));
//! assert!(matches!(&results[1], Err(Failure::Died(Death::Panicked { message, .. }))
//!     if message == "attempt to divide by zero"));
//! assert!(matches!(&results[2], Err(Failure::Died(Death::Crashed(record))) if record.signal == 6));
//! assert_eq!(results[3], Ok(3));
//! # Ok(())
//! # }
//! ```
//!
//! `cargo run -p morph-sandbox --example survive` does the same to C functions that overflow the stack, loop for ever and open files.
//!
//! # What you get
//!
//! | it | ends as |
//! | --- | --- |
//! | crashes: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, a full stack | [`Death::Crashed`], with address, registers and return addresses |
//! | panics | [`Death::Panicked`], with message and place |
//! | runs too long, takes too much memory, replies too much | [`Death::Exhausted`], with the figure |
//! | makes a system call that it has no business to make | [`Death::Crashed`] of kind [`CrashKind::ForbiddenCall`] |
//! | calls `exit` | [`Death::Exited`] |
//! | writes nonsense over the memory that it shares with you | [`Death::Garbled`] |
//! | is killed by somebody else | [`Death::Lost`] |
//!
//! With the death come the task that was in hand, the phase that it was in, and the tasks that had not begun. Everything answered
//! before is delivered before. When the pool is dropped, or its process is killed, nothing of it is left.
//!
//! # Layers
//!
//! - [`run_all`] and [`run_all_typed`]: many inputs, every core, results in order.
//! - [`Pool`]: workers and batches by hand, for whoever has a policy of his own (retries, quarantine, priorities). It decides nothing: it tells
//!   [`Event`]s.
//! - [`ArenaAllocator`]: bounds a task's memory exactly and gives it back in no time. Optional.
//! - [`slot`]: memory with checkpoints, at the price of the pages written.
//! - [`SharedArea`]: memory that a process shares with one that it watches; its workers do not have it.
//! - [`Inject`]: every fault on purpose, for tests and drills.
//!
//! # What holds a worker
//!
//! Its budgets ([`Budget`]), and a jail ([`Jail`]) of resource limits, no privileges, Landlock and a short list of system calls; no
//! descriptor but its channel; a copy of your memory, not your memory. Each part is used where the kernel has it; [`Features`] tells what is missing. It is a jail for
//! work that goes wrong, and a hard one; a hostile program with an exploit for the kernel is beyond it.
//!
//! # What you must know
//!
//! - A worker is a fork. While [`Pool::spawn`] runs, other threads of your process should only wait: a lock that one holds then is locked in the
//!   worker for ever. (The allocators of glibc and of Rust's standard library are safe in this respect; yours may not be.)
//! - A worker can read whatever your memory held when it was forked. Keep secrets elsewhere.
//! - What a job opens or initialises lazily, it must do before the pool is made, or in [`Job::warm_up`]: inside the jail nothing can be opened.
//! - Workers keep what a task leaves in `self`, in statics and thread-locals until they die. The heap is what [`ArenaAllocator`] says.
//! - Do not ignore SIGCHLD and do not reap children that are not yours: the pool then cannot tell how a worker died.
//! - A fork costs by the memory that your process has mapped: keep it small, or make the pool early.
#![expect(
    unsafe_code,
    reason = "signals, forks and shared memory have no safe interface; each block says why it holds"
)]

mod area;
mod arena;
mod autopsy;
mod backtrace;
mod control;
mod death;
mod features;
mod frame;
mod ground;
mod handler;
mod inject;
mod jail;
mod job;
mod many;
mod pool;
mod settings;
pub mod slot;
mod spawn;
mod typed;
mod watch;
mod worker;

pub use area::SharedArea;
pub use arena::ArenaAllocator;
pub use bytes::Bytes;
pub use death::{CrashKind, CrashRecord, Death, Exhausted, Garble};
pub use features::{Feature, Features};
pub use inject::Inject;
pub use job::{Job, Marker, Reply, Task, TaskId};
pub use many::run_all;
pub use pool::{Event, Pool, SandboxError, WorkerId};
pub use settings::{Budget, Guard, Jail, Residue, Settings};
pub use typed::{CodecError, Failure, Typed, TypedJob, run_all_typed};
