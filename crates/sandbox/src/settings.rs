//! What a pool may be told: budgets, and how tight the jail is.

use std::time::Duration;

/// Settings of a pool. `Settings::default()` is the tightest jail that the kernel has.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What one task may use.
    pub budget: Budget,
    /// What holds a worker back.
    pub jail: Jail,
    /// How often [`Pool::wait`](crate::Pool::wait) looks whether a busy worker is over its time, and collects finished answers
    /// of batches that still run. `None`: an eighth of the time budget, at most 250 ms.
    pub tick: Option<Duration>,
    /// What happens to memory that a task used, when the arena is reset behind it.
    pub residue: Residue,
    /// Most bytes of one batch of tasks, inputs and framing together. Address space, not memory.
    pub batch: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            budget: Budget::default(),
            jail: Jail::default(),
            tick: None,
            residue: if cfg!(debug_assertions) { Residue::Poisoned } else { Residue::Left },
            batch: 64 << 20,
        }
    }
}

/// What one task may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of memory beyond what the worker had when it was forked.
    pub memory: usize,
    /// Processor time, measured to an eighth of it and not below 5 ms.
    pub cpu: Duration,
    /// Time by the clock.
    pub wall: Duration,
    /// Bytes of a reply.
    pub reply: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            memory: 64 << 20,
            cpu: Duration::from_secs(2),
            wall: Duration::from_secs(10),
            reply: 16 << 20,
        }
    }
}

/// One part of the jail: wanted where the kernel has it, or left away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guard {
    /// Used where the kernel has it; [`Features`](crate::Features) tells.
    #[default]
    WherePossible,
    /// Not used.
    Off,
}

impl Guard {
    pub(crate) fn wanted(self) -> bool {
        match self {
            Guard::WherePossible => true,
            Guard::Off => false,
        }
    }
}

/// What holds a worker back.
///
/// Whatever is switched off here, a worker still ignores Ctrl-C, dies with its parent and has no descriptors but its channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jail {
    /// Limits on data memory, files, processes and core dumps.
    pub limits: Guard,
    /// No new privileges, no capabilities.
    pub privileges: Guard,
    /// No access to any file, and no network (Landlock).
    pub landlock: Guard,
    /// A short list of allowed system calls (seccomp); any other ends the worker with
    /// [`CrashKind::ForbiddenCall`](crate::CrashKind::ForbiddenCall). Needs `privileges`.
    pub seccomp: Guard,
    /// Numbers of further system calls to allow.
    pub calls: Vec<i64>,
}

/// What happens to memory that a task used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residue {
    /// Left as it is: the next task's allocations begin with old bytes, as `malloc` does.
    Left,
    /// Filled with 0xDD, so that whoever still points there is seen. The default in debug builds.
    Poisoned,
}
