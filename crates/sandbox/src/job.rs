//! What the user of the pool writes, and what he is handed while it runs.

use std::io;

use serde::{Deserialize, Serialize};

use crate::inject::{Inject, Plan};
use crate::worker::Station;

/// Work that may crash. It runs in worker processes; `self` is a worker's own copy-on-write copy.
pub trait Job {
    /// Names of the phases that `run` marks, for records and messages: at least one, at most [`Marker::PHASE_LIMIT`]. A task begins in phase 0.
    const PHASES: &'static [&'static str];

    /// Called once in every worker, before its first task and outside of the arena. Touch here what is initialised lazily: made inside
    /// a task it would live in the arena and keep that task's memory from being reused.
    fn warm_up(&mut self) {}

    /// Works on one task: `input` comes from the caller, what is written to `reply` goes back to him.
    ///
    /// A panic in here, even one that would be caught, ends the worker.
    fn run(&mut self, input: &[u8], phase: &Marker<'_>, reply: &mut Reply<'_>);
}

/// Names a task within a pool. The caller chooses it; it need not be unique in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskId(pub u32);

/// A task to send.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Its name.
    pub id: TaskId,
    /// What [`Job::run`] gets.
    pub input: &'a [u8],
    /// A fault to inject when the task enters a phase.
    pub inject: Option<(u8, Inject)>,
}

impl<'a> Task<'a> {
    /// A task without an injected fault.
    pub fn new(id: TaskId, input: &'a [u8]) -> Task<'a> {
        Task { id, input, inject: None }
    }
}

/// Tells the outside which phase a task is in.
#[derive(Debug)]
pub struct Marker<'a> {
    station: &'a Station,
    sequence: u32,
    plan: Plan,
}

impl<'a> Marker<'a> {
    /// Most phases that a job can have.
    pub const PHASE_LIMIT: usize = 16;

    pub(crate) fn new(station: &'a Station, sequence: u32, plan: Plan) -> Marker<'a> {
        Marker { station, sequence, plan }
    }

    /// Enters a phase: one store into shared memory.
    ///
    /// # Panics
    /// If the job has no such phase.
    pub fn enter(&self, phase: u8) {
        assert!(usize::from(phase) < self.station.phases, "the job has no phase {phase}");
        self.station.publish(self.sequence, phase);
        if self.plan.phase == phase {
            self.plan.fire(self.station);
        }
    }
}

/// Where a task writes its answer. The bytes go straight into shared memory.
///
/// What passes the budget does not fit: the worker ends with [`Exhausted::Reply`](crate::Exhausted::Reply).
#[derive(Debug)]
pub struct Reply<'a> {
    station: &'a Station,
    start: usize,
    length: usize,
}

impl<'a> Reply<'a> {
    pub(crate) fn new(station: &'a Station, start: usize) -> Reply<'a> {
        Reply { station, start, length: 0 }
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        self.station.put(self.start + self.length, self.length, bytes);
        self.length += bytes.len();
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl io::Write for Reply<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Reply::write(self, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// For `postcard::serialize_with_flavor(&value, &mut reply)`.
impl postcard::ser_flavors::Flavor for &mut Reply<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        Reply::write(self, data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        Reply::write(self, &[data]);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
