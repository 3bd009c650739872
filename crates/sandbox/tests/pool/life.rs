//! What a pool and its workers do from birth to burial, apart from faults.

use std::time::Duration;

use morph_sandbox::{
    Budget, Death, Event, Exhausted, Inject, Job, Marker, Pool, Reply, SandboxError, Settings,
    Task, TaskId, WorkerId,
};

use crate::work::{Echo, answered, batch, until_settled};

/// Answers with as many bytes as the input says.
struct Long;

impl Job for Long {
    const PHASES: &'static [&'static str] = &["all"];

    fn run(&mut self, input: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
        let length = u32::from_le_bytes(input.try_into().unwrap()) as usize;
        let piece = [7_u8; 1000];
        while reply.len() < length {
            reply.write(&piece[..piece.len().min(length - reply.len())]);
        }
    }
}

fn died(worker: WorkerId, death: Death, in_hand: Option<(TaskId, u8)>) -> Event {
    Event::Died { worker, death, in_hand, unanswered: Vec::new() }
}

fn small_replies() -> Settings {
    Settings { budget: Budget { reply: 100_000, ..Budget::default() }, ..Settings::default() }
}

#[test]
fn answers_come_in_the_order_of_the_tasks() {
    let mut pool = Pool::new(Echo, Settings::default()).unwrap();
    let worker = pool.spawn().unwrap();
    let tasks = [
        Task::new(TaskId(7), b"one"),
        Task::new(TaskId(3), b""),
        Task { id: TaskId(5), input: b"three", inject: Some((9, Inject::Segfault)) },
    ];
    assert_eq!(
        batch(&mut pool, worker, &tasks),
        [
            answered(worker, 7, b"one"),
            answered(worker, 3, b""),
            answered(worker, 5, b"three"),
            Event::Drained { worker },
        ]
    );
}

#[test]
fn a_second_batch_may_wait_while_the_first_runs_and_a_third_may_not() {
    let mut pool = Pool::new(Echo, Settings::default()).unwrap();
    let worker = pool.spawn().unwrap();
    pool.send(worker, &[Task::new(TaskId(1), b"a")]).unwrap();
    pool.send(worker, &[Task::new(TaskId(2), b"b"), Task::new(TaskId(3), b"c")]).unwrap();
    let third = pool.send(worker, &[Task::new(TaskId(4), b"d")]);
    assert_eq!(third.unwrap_err().to_string(), "worker 0 has no free slot");
    let mut events = Vec::new();
    while events.len() < 5 {
        events.extend(until_settled(&mut pool));
    }
    assert_eq!(
        events,
        [
            answered(worker, 1, b"a"),
            Event::Drained { worker },
            answered(worker, 2, b"b"),
            answered(worker, 3, b"c"),
            Event::Drained { worker },
        ]
    );
    assert_eq!(
        batch(&mut pool, worker, &[Task::new(TaskId(4), b"d")])[0],
        answered(worker, 4, b"d")
    );
}

#[test]
fn slots_are_used_again_a_thousand_times() {
    let mut pool = Pool::new(Echo, Settings::default()).unwrap();
    let worker = pool.spawn().unwrap();
    pool.send(worker, &[Task::new(TaskId(0), b"0")]).unwrap();
    let mut told = Vec::new();
    for number in 1..1000_u32 {
        pool.send(worker, &[Task::new(TaskId(number), &number.to_le_bytes())]).unwrap();
        told.extend(until_settled(&mut pool));
    }
    while told.len() < 2000 {
        told.extend(until_settled(&mut pool));
    }
    let tasks: Vec<u32> = told
        .iter()
        .filter_map(|event| match event {
            Event::Answered { task, .. } => Some(task.0),
            Event::Drained { .. } | Event::Died { .. } => None,
        })
        .collect();
    assert_eq!(tasks, (0..1000).collect::<Vec<u32>>());
}

#[test]
fn replies_that_do_not_fit_into_the_slot_together_all_arrive() {
    let mut pool = Pool::new(Long, small_replies()).unwrap();
    let worker = pool.spawn().unwrap();
    let lengths: Vec<u32> = (0..40).map(|step| 100_000 - step * 777).collect();
    let inputs: Vec<[u8; 4]> = lengths.iter().map(|length| length.to_le_bytes()).collect();
    let tasks: Vec<Task<'_>> =
        inputs.iter().zip(0..).map(|(input, id)| Task::new(TaskId(id), input)).collect();
    // A second batch is queued meanwhile: its letter arrives while the worker waits for room.
    pool.send(worker, &tasks).unwrap();
    pool.send(worker, &tasks[..1]).unwrap();
    let mut replies = Vec::new();
    while replies.len() < 41 {
        for event in pool.wait(Duration::MAX).unwrap() {
            match event {
                Event::Answered { reply, .. } => {
                    assert!(reply.iter().all(|byte| *byte == 7));
                    replies.push(reply.len() as u32);
                }
                Event::Drained { .. } => {}
                Event::Died { death, .. } => panic!("{death}"),
            }
        }
    }
    assert_eq!(replies[..40], lengths);
}

#[test]
fn a_reply_over_the_budget_ends_the_worker_and_one_at_the_budget_does_not() {
    let mut pool = Pool::new(Long, small_replies()).unwrap();
    let worker = pool.spawn().unwrap();
    let inputs = [100_000_u32.to_le_bytes(), 100_001_u32.to_le_bytes()];
    let tasks = [Task::new(TaskId(1), &inputs[0]), Task::new(TaskId(2), &inputs[1])];
    let mut events = batch(&mut pool, worker, &tasks);
    let exhausted = Death::Exhausted(Exhausted::Reply { limit: 100_000 });
    assert_eq!(events.pop(), Some(died(worker, exhausted, Some((TaskId(2), 0)))));
    assert!(matches!(&events[..], [Event::Answered { reply, .. }] if reply.len() == 100_000));
}

#[test]
fn a_worker_that_is_killed_from_outside_is_lost_and_one_killed_by_its_owner_is_not() {
    let mut pool = Pool::new(Echo, Settings::default()).unwrap();
    let struck = Task { id: TaskId(9), input: b"", inject: Some((1, Inject::Sleep)) };
    let worker = pool.spawn().unwrap();
    pool.send(worker, &[struck]).unwrap();
    pool.kill(worker).unwrap();
    let events = until_settled(&mut pool);
    assert!(
        matches!(&events[..], [Event::Died { death: Death::Killed, .. }]),
        "however far it came: {events:?}"
    );
    assert!(matches!(pool.kill(worker), Err(SandboxError::NoWorker { .. })));

    let idle = pool.spawn().unwrap();
    let pid = rustix::process::Pid::from_raw(pool.process_id(idle).unwrap() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    pool.send(idle, &[Task::new(TaskId(1), b"")]).unwrap();
    assert_eq!(
        until_settled(&mut pool),
        [Event::Died {
            worker: idle,
            death: Death::Lost { signal: libc::SIGKILL },
            in_hand: None,
            unanswered: vec![TaskId(1)],
        }]
    );
}

#[test]
fn signals_from_the_terminal_do_not_reach_a_worker() {
    let mut pool = Pool::new(Echo, Settings::default()).unwrap();
    let worker = pool.spawn().unwrap();
    assert_eq!(batch(&mut pool, worker, &[Task::new(TaskId(1), b"x")]).len(), 2);
    let pid = rustix::process::Pid::from_raw(pool.process_id(worker).unwrap() as i32).unwrap();
    use rustix::process::Signal;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        rustix::process::kill_process(pid, signal).unwrap();
    }
    assert_eq!(
        batch(&mut pool, worker, &[Task::new(TaskId(2), b"y")])[0],
        answered(worker, 2, b"y")
    );
}

#[test]
fn a_frozen_worker_answers_when_it_is_thawed() {
    let mut pool = Pool::new(Echo, Settings::default()).unwrap();
    let worker = pool.spawn().unwrap();
    pool.freeze().unwrap();
    pool.send(worker, &[Task::new(TaskId(1), b"x")]).unwrap();
    assert_eq!(pool.wait(Duration::from_millis(50)).unwrap(), []);
    pool.thaw().unwrap();
    assert_eq!(until_settled(&mut pool)[0], answered(worker, 1, b"x"));
}

#[test]
fn waiting_without_anything_to_wait_for_returns_at_once() {
    let mut pool = Pool::new(Echo, Settings::default()).unwrap();
    assert_eq!(pool.wait(Duration::MAX).unwrap(), []);
    pool.spawn().unwrap();
    assert_eq!(pool.wait(Duration::MAX).unwrap(), []);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    let mut pool = Pool::new(Echo, Settings { batch: 4096, ..Settings::default() }).unwrap();
    let worker = pool.spawn().unwrap();
    let nobody = WorkerId(17);
    let long = vec![0; 5000];
    let refused = [
        pool.send(nobody, &[Task::new(TaskId(0), b"")]),
        pool.send(worker, &[]),
        pool.send(worker, &[Task::new(TaskId(0), &long)]),
        pool.kill(nobody),
    ];
    assert_eq!(
        refused.map(|result| result.unwrap_err().to_string()),
        [
            "there is no worker 17",
            "a batch without tasks",
            "a batch of more than 4096 bytes",
            "there is no worker 17"
        ]
    );
    assert_eq!(
        batch(&mut pool, worker, &[Task::new(TaskId(1), b"x")])[0],
        answered(worker, 1, b"x")
    );
    let budget = Budget { reply: 0, ..Budget::default() };
    let error = Pool::new(Echo, Settings { budget, ..Settings::default() }).unwrap_err();
    assert_eq!(error.to_string(), "settings: the budget for a reply is 1 byte to 1 GiB");
}

/// Counts, and answers with the count.
struct Counter {
    warmed: bool,
    count: u8,
}

impl Job for Counter {
    const PHASES: &'static [&'static str] = &["all"];

    fn warm_up(&mut self) {
        self.warmed = true;
    }

    fn run(&mut self, _: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
        self.count += 1;
        reply.write(&[u8::from(self.warmed), self.count]);
    }
}

#[test]
fn a_worker_has_a_copy_of_the_job_as_it_was_when_it_was_forked() {
    let mut pool = Pool::new(Counter { warmed: false, count: 10 }, Settings::default()).unwrap();
    let first = pool.spawn().unwrap();
    pool.job_mut().count = 20;
    let second = pool.spawn().unwrap();
    let task = [Task::new(TaskId(0), b"")];
    assert_eq!(batch(&mut pool, first, &task)[0], answered(first, 0, &[1, 11]));
    assert_eq!(batch(&mut pool, first, &task)[0], answered(first, 0, &[1, 12]));
    assert_eq!(batch(&mut pool, second, &task)[0], answered(second, 0, &[1, 21]));
    assert!(!pool.job_mut().warmed, "the worker's copy was warmed, not ours");
}

/// Catches its own panics.
struct Catcher;

impl Job for Catcher {
    const PHASES: &'static [&'static str] = &["all"];

    fn run(&mut self, input: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
        let caught = std::panic::catch_unwind(|| {
            assert!(input.is_empty(), "caught? \u{e9}{}", "x".repeat(5000));
        });
        reply.write(&[u8::from(caught.is_err())]);
    }
}

#[test]
fn a_panic_ends_the_worker_even_where_it_would_be_caught_and_its_message_is_cut_between_letters() {
    let mut pool = Pool::new(Catcher, Settings::default()).unwrap();
    let worker = pool.spawn().unwrap();
    let mut events = batch(&mut pool, worker, &[Task::new(TaskId(1), b"no")]);
    let Some(Event::Died { death: Death::Panicked { message, location }, .. }) = events.pop()
    else {
        panic!("{events:?}");
    };
    assert_eq!(message.len(), Death::MESSAGE_LIMIT);
    assert!(message.starts_with("caught? \u{e9}xxx"), "{message}");
    assert!(location.contains("tests/pool/life.rs:"), "{location}");
}
