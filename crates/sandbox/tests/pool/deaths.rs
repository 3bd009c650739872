//! Every kind of death: told for what it was, with the task and the phase, and nothing else lost.

use std::time::Duration;

use morph_sandbox::{
    Budget, CrashKind, Death, Event, Exhausted, Garble, Inject, Jail, Pool, Settings, Task, TaskId,
};

use crate::work::{Echo, answered, batch, until_settled};

/// A short time budget only for the fault that is meant to use it up: a busy machine makes everything slow.
fn settings(fault: Inject) -> Settings {
    let cpu = if fault == Inject::Hang { 40 } else { 60_000 };
    let wall = if fault == Inject::Sleep { 300 } else { 60_000 };
    Settings {
        budget: Budget {
            memory: 16 << 20,
            cpu: Duration::from_millis(cpu),
            wall: Duration::from_millis(wall),
            reply: 1 << 20,
        },
        ..Settings::default()
    }
}

/// A short name for a death, without addresses.
fn short(death: &Death) -> String {
    match death {
        Death::Crashed(record) => format!("{} {}", record.kind, record.signal),
        Death::Panicked { .. }
        | Death::Exhausted(_)
        | Death::Exited { .. }
        | Death::Garbled { .. }
        | Death::Lost { .. }
        | Death::Killed => death.to_string(),
    }
}

fn expected(fault: Inject) -> String {
    let crash = |kind: CrashKind, signal: i32| format!("{kind} {signal}");
    let exhausted = |what| Death::Exhausted(what).to_string();
    match fault {
        Inject::Segfault => crash(CrashKind::Segfault, libc::SIGSEGV),
        Inject::Abort => crash(CrashKind::Abort, libc::SIGABRT),
        Inject::Arithmetic => crash(CrashKind::Arithmetic, libc::SIGFPE),
        Inject::Bus => crash(CrashKind::Bus, libc::SIGBUS),
        Inject::IllegalInstruction => crash(CrashKind::IllegalInstruction, libc::SIGILL),
        Inject::StackOverflow => crash(CrashKind::StackOverflow, libc::SIGSEGV),
        Inject::OutOfMemory => exhausted(Exhausted::Memory { asked: 1 << 20, limit: 16 << 20 }),
        Inject::Hang => exhausted(Exhausted::Cpu { limit_ms: 40 }),
        Inject::Sleep => exhausted(Exhausted::Wall { limit_ms: 300 }),
        Inject::Panic => "panicked at".to_owned(),
        Inject::Kill => Death::Lost { signal: libc::SIGKILL }.to_string(),
        Inject::GarbageReply => Death::Garbled { reason: Garble::Order }.to_string(),
        Inject::TruncatedReply => Death::Garbled { reason: Garble::Frame }.to_string(),
        Inject::EarlyExit => Death::Exited { status: 0 }.to_string(),
    }
}

/// Injects every fault into some phases, in this jail, beside healthy tasks.
pub(crate) fn every_fault_is_told(jail: &Jail, phases: &[u8]) {
    for fault in Inject::ALL {
        let settings = Settings { jail: jail.clone(), ..settings(fault) };
        let mut pool = Pool::new(Echo, settings).unwrap();
        for phase in phases.iter().copied() {
            let worker = pool.spawn().unwrap();
            let tasks = [
                Task::new(TaskId(1), b"before"),
                Task { id: TaskId(2), input: b"struck", inject: Some((phase, fault)) },
                Task::new(TaskId(3), b"after"),
                Task::new(TaskId(4), b"last"),
            ];
            let mut events = batch(&mut pool, worker, &tasks);
            let Some(Event::Died { worker: who, death, in_hand, unanswered }) = events.pop() else {
                panic!("{fault:?} in phase {phase}: {events:?}");
            };
            assert_eq!(events, [answered(worker, 1, b"before")], "{fault:?} in phase {phase}");
            assert!(short(&death).starts_with(&expected(fault)), "{fault:?}: {death}");
            assert_eq!(
                (who, in_hand, unanswered),
                (worker, Some((TaskId(2), phase)), vec![TaskId(3), TaskId(4)]),
                "{fault:?} in phase {phase}"
            );
            let next = pool.spawn().unwrap();
            assert_eq!(
                batch(&mut pool, next, &tasks[..1]),
                [answered(next, 1, b"before"), Event::Drained { worker: next }]
            );
            pool.kill(next).unwrap();
            until_settled(&mut pool);
        }
    }
}

#[test]
fn every_fault_in_every_phase_is_told_for_what_it_was_and_costs_one_task() {
    every_fault_is_told(&Jail::default(), &[0, 1, 2]);
}
