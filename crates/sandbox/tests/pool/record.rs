//! What a crash record tells of where it was.

#![expect(unsafe_code, reason = "the job crashes for real")]

use morph_sandbox::{CrashKind, Death, Event, Job, Marker, Pool, Reply, Settings, Task, TaskId};

use crate::work::batch;

/// Crashes in a function of its own.
struct Crasher;

impl Job for Crasher {
    const PHASES: &'static [&'static str] = &["all"];

    fn run(&mut self, input: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
        reply.write(&[outer(input)]);
    }
}

#[inline(never)]
fn outer(input: &[u8]) -> u8 {
    std::hint::black_box(inner(input)).wrapping_add(1)
}

#[inline(never)]
fn inner(input: &[u8]) -> u8 {
    // A library function that is given rubbish: the crash lies outside of the executable.
    let text = std::ptr::without_provenance(usize::from(input[0]));
    // SAFETY: none; this must crash.
    let length = std::hint::black_box(unsafe { libc::strlen(text) });
    length.to_le_bytes()[0]
}

#[test]
fn a_crash_record_leads_to_the_functions_that_crashed() {
    let mut pool = Pool::new(Crasher, Settings::default()).unwrap();
    let worker = pool.spawn().unwrap();
    let mut events = batch(&mut pool, worker, &[Task::new(TaskId(1), b"*")]);
    let Some(Event::Died { death: Death::Crashed(record), .. }) = events.pop() else {
        panic!("{events:?}");
    };
    assert_eq!((record.kind, record.signal, record.address), (CrashKind::Segfault, 11, 42));
    let inside = |function: usize| {
        // Both are shorter, and lie apart by more.
        let function = function as u64;
        record.backtrace.iter().position(|at| (function..function + 48).contains(at))
    };
    let inner = inside(inner as fn(&[u8]) -> u8 as usize);
    let outer = inside(outer as fn(&[u8]) -> u8 as usize);
    assert!(inner.is_some() && inner < outer, "{inner:?} {outer:?} in {:x?}", record.backtrace);
    assert!(record.image_base > 0 && record.backtrace.iter().all(|at| *at > record.image_base));
}
