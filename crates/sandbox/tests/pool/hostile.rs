//! Jobs that write where they must not. The pool keeps its head, whatever stands in the shared memory.

#![expect(unsafe_code, reason = "jobs here write over the memory that they share with the pool")]

use std::time::Duration;

use morph_sandbox::{
    Budget, Death, Event, Garble, Job, Marker, Pool, Reply, Settings, Task, TaskId,
};

use crate::work::{answered, until_settled};

/// Bytes before the first request slot, which the first input of the first batch lies in.
const HEAD: usize = 4 * 4096;
/// Bytes before the first input in a slot.
const HEADER: usize = 12;

/// Where things lie in the head, in bytes.
const MARK: usize = 0;
const PROGRESS: usize = 8;
const COMMITTED: usize = 16;
const RECORD: usize = 48;

/// Tasks: `[seed, kind]`; seed 0 answers well.
struct Scribbler {
    head: Option<usize>,
}

impl Job for Scribbler {
    const PHASES: &'static [&'static str] = &["read", "write"];

    fn run(&mut self, input: &[u8], phase: &Marker<'_>, reply: &mut Reply<'_>) {
        let head = *self.head.get_or_insert(input.as_ptr().addr() - HEADER - HEAD);
        phase.enter(1);
        let at = |offset: usize| std::ptr::with_exposed_provenance_mut::<u64>(head + offset);
        let mut random = fastrand::Rng::with_seed(u64::from(input[0]));
        // SAFETY: none; but the head is mapped and writable, and this is what the pool must survive.
        unsafe {
            match input[1] {
                b'-' => {}
                b'm' => at(MARK).write_volatile(0),
                b's' => at(PROGRESS).write_volatile(random.u64(..)),
                b'p' => at(PROGRESS).write_volatile(at(PROGRESS).read_volatile() | 0xff),
                b'l' => at(COMMITTED).write_volatile(u64::MAX),
                b'b' => at(COMMITTED).write_volatile(1 << 32 | 3),
                b'r' => at(RECORD).cast::<u32>().write_volatile(99),
                b'f' => {
                    // A forged record of a crash with too many frames.
                    at(RECORD).cast::<u32>().write_volatile(1);
                    at(RECORD).cast::<u32>().add(1).write_volatile(libc::SIGSEGV as u32);
                    at(RECORD).cast::<u32>().add(5).write_volatile(1_000_000);
                    libc::_exit(86);
                }
                b'c' => {
                    libc::close(3);
                    loop {
                        libc::pause();
                    }
                }
                b'w' => {
                    libc::write(3, b"?".as_ptr().cast(), 1);
                }
                b'F' => {
                    libc::write(3, b"F".as_ptr().cast(), 1);
                }
                _ => {
                    for _ in 0..random.usize(1..200) {
                        let reach = if random.bool() { 64 } else { HEAD };
                        let offset = random.usize(..reach) & !7;
                        at(offset).write_volatile(random.u64(..));
                    }
                }
            }
            if matches!(input[1], b's' | b'p' | b'r') {
                libc::_exit(0);
            }
            if matches!(input[1], b'l' | b'b' | b'w') {
                // Have the pool look, and leave it as it is.
                libc::write(3, b"L".as_ptr().cast(), 1);
                loop {
                    libc::pause();
                }
            }
        }
        reply.write(b"said");
    }
}

fn pool(wall: Duration) -> Pool<Scribbler> {
    let settings = Settings {
        budget: Budget { wall, cpu: Duration::from_millis(40), ..Budget::default() },
        jail: morph_sandbox::Jail {
            seccomp: morph_sandbox::Guard::Off,
            ..morph_sandbox::Jail::default()
        },
        ..Settings::default()
    };
    Pool::new(Scribbler { head: None }, settings).unwrap()
}

/// How a worker dies that was answered once and then given one more task of a kind.
fn death_of(kind: u8, phase: u8) -> Death {
    let mut pool = pool(Duration::from_secs(60));
    let worker = pool.spawn().unwrap();
    pool.send(worker, &[Task::new(TaskId(1), b"1-")]).unwrap();
    assert_eq!(until_settled(&mut pool), [answered(worker, 1, b"said"), Event::Drained { worker }]);
    let input = [1, kind];
    // In slot 0 again.
    pool.send(worker, &[Task::new(TaskId(2), &input), Task::new(TaskId(3), b"1-")]).unwrap();
    let mut events = until_settled(&mut pool);
    let Some(Event::Died { death, in_hand, unanswered, .. }) = events.pop() else {
        panic!("{}: {events:?}", char::from(kind));
    };
    assert_eq!(
        (in_hand, unanswered),
        (Some((TaskId(2), phase)), vec![TaskId(3)]),
        "{}: {death}",
        char::from(kind)
    );
    death
}

#[test]
fn a_damaged_control_block_is_garbled_and_blames_the_task_in_hand() {
    let garbled = |reason| Death::Garbled { reason };
    let expected = [
        (b'm', 1, Garble::Mark),
        (b'l', 1, Garble::Length),
        (b'b', 1, Garble::Length),
        (b'w', 1, Garble::Message),
        (b's', 0, Garble::Sequence),
        (b'p', 1, Garble::Phase),
        (b'r', 1, Garble::Record),
        (b'f', 1, Garble::Record),
        (b'c', 1, Garble::Channel),
    ];
    for (kind, phase, reason) in expected {
        assert_eq!(death_of(kind, phase), garbled(reason), "{}", char::from(kind));
    }
}

#[test]
fn whatever_a_job_scribbles_every_task_is_accounted_for_once_and_the_next_worker_is_well() {
    // A worker whose words are damaged may wait for ever: time ends it.
    let mut pool = pool(Duration::from_millis(150));
    let kinds = b"mlbwF*************************";
    for seed in 1..=120_u8 {
        let worker = pool.spawn().unwrap();
        let inputs = [[seed, b'-'], [seed, kinds[usize::from(seed) % kinds.len()]], [seed, b'-']];
        let tasks: Vec<Task<'_>> =
            inputs.iter().zip(1..).map(|(input, id)| Task::new(TaskId(id), input)).collect();
        pool.send(worker, &tasks).unwrap();
        let mut accounted = Vec::new();
        for event in until_settled(&mut pool) {
            match event {
                Event::Answered { task, .. } => accounted.push(task.0),
                Event::Drained { .. } => assert_eq!(accounted.len(), 3),
                Event::Died { in_hand, unanswered, .. } => {
                    accounted.extend(in_hand.map(|(task, _)| task.0));
                    accounted.extend(unanswered.iter().map(|task| task.0));
                }
            }
        }
        assert_eq!(accounted, [1, 2, 3], "seed {seed}");
        if pool.workers().any(|name| name == worker) {
            pool.kill(worker).unwrap();
            until_settled(&mut pool);
        }
        let well = pool.spawn().unwrap();
        pool.send(well, &[Task::new(TaskId(9), b"0-")]).unwrap();
        assert_eq!(
            until_settled(&mut pool),
            [answered(well, 9, b"said"), Event::Drained { worker: well }],
            "after seed {seed}"
        );
        pool.kill(well).unwrap();
        until_settled(&mut pool);
    }
}
