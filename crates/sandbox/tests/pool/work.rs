//! A job for these tests, and how they talk to a pool.

use std::time::Duration;

use morph_sandbox::{Event, Job, Marker, Pool, Reply, Task, TaskId, WorkerId};

/// Answers with what it got, in three phases.
#[derive(Debug)]
pub(crate) struct Echo;

impl Job for Echo {
    const PHASES: &'static [&'static str] = &["read", "think", "answer"];

    fn run(&mut self, input: &[u8], phase: &Marker<'_>, reply: &mut Reply<'_>) {
        phase.enter(1);
        let thought = input.to_vec();
        phase.enter(2);
        reply.write(&thought);
    }
}

/// Sends one batch and waits until all is told that it brings: `Drained` or `Died`.
pub(crate) fn batch<J: Job>(
    pool: &mut Pool<J>,
    worker: WorkerId,
    tasks: &[Task<'_>],
) -> Vec<Event> {
    pool.send(worker, tasks).unwrap();
    until_settled(pool)
}

/// All events up to the first `Drained` or `Died`.
pub(crate) fn until_settled<J: Job>(pool: &mut Pool<J>) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let some = pool.wait(Duration::MAX).unwrap();
        assert!(!some.is_empty(), "nothing more comes, after {events:?}");
        events.extend(some);
        if events.iter().any(|event| matches!(event, Event::Drained { .. } | Event::Died { .. })) {
            return events;
        }
    }
}

pub(crate) fn answered(worker: WorkerId, task: u32, reply: &'static [u8]) -> Event {
    Event::Answered { worker, task: TaskId(task), reply: reply.into() }
}
