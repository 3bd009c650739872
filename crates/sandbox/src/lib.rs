//! Runs work that may crash in jailed worker processes, and tells exactly what was lost.
#![expect(
    unsafe_code,
    reason = "signals, forks and shared memory have no safe interface; each block says why it holds"
)]

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
mod spawn;
mod typed;
mod watch;
mod worker;

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
