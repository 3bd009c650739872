//! What the arena gives back, and what it must not.

#![expect(unsafe_code, reason = "one test looks where no pointer of its own leads")]

use std::cell::RefCell;

use morph_sandbox::{
    Budget, Death, Event, Exhausted, Job, Marker, Pool, Reply, Residue, Settings, Task, TaskId,
};

use crate::work::batch;

fn settings() -> Settings {
    Settings {
        budget: Budget { memory: 8 << 20, ..Budget::default() },
        residue: Residue::Poisoned,
        ..Settings::default()
    }
}

/// Runs one function on every input.
struct With<F>(F);

impl<F: FnMut(&[u8]) -> Vec<u8>> Job for With<F> {
    const PHASES: &'static [&'static str] = &["all"];

    fn run(&mut self, input: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
        reply.write(&(self.0)(input));
    }
}

/// What one worker answers to each input, one after the other, until it dies.
fn answers<F: FnMut(&[u8]) -> Vec<u8>>(job: F, inputs: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Death>) {
    let mut pool = Pool::new(With(job), settings()).unwrap();
    let worker = pool.spawn().unwrap();
    let tasks: Vec<Task<'_>> = inputs.iter().map(|input| Task::new(TaskId(0), input)).collect();
    let mut replies = Vec::new();
    for event in batch(&mut pool, worker, &tasks) {
        match event {
            Event::Answered { reply, .. } => replies.push(reply.to_vec()),
            Event::Drained { .. } => {}
            Event::Died { death, .. } => return (replies, Some(death)),
        }
    }
    (replies, None)
}

fn address(bytes: &[u8]) -> Vec<u8> {
    bytes.as_ptr().addr().to_le_bytes().to_vec()
}

#[test]
fn what_a_task_freed_is_used_again_by_the_next() {
    let job = |_: &[u8]| {
        let first = vec![1_u8; 100];
        let _second = vec![2_u8; 4000];
        address(&first)
    };
    let (replies, death) = answers(job, &[&b""[..]; 1000]);
    assert_eq!((replies.len(), death), (1000, None));
    assert!(replies.iter().all(|reply| *reply == replies[0]), "each task begins at the same place");
}

#[test]
fn a_hundred_tasks_may_each_use_most_of_the_budget() {
    let job = |_: &[u8]| vec![7_u8; 7 << 20].iter().step_by(1 << 20).copied().collect();
    let (replies, death) = answers(job, &[&b""[..]; 100]);
    assert_eq!((replies, death), (vec![vec![7; 7]; 100], None));
}

#[test]
fn what_a_task_keeps_is_not_overwritten_by_later_ones() {
    let mut kept: Vec<String> = Vec::new();
    let job = move |input: &[u8]| {
        let noise = vec![0xee_u8; 10_000];
        kept.push(String::from_utf8_lossy(input).repeat(3));
        let all = kept.join(",");
        drop(noise);
        all.into_bytes()
    };
    let (replies, death) = answers(job, &[b"a", b"b", b"c", b"d"]);
    assert_eq!(death, None);
    assert_eq!(replies, [&b"aaa"[..], b"aaa,bbb", b"aaa,bbb,ccc", b"aaa,bbb,ccc,ddd"]);
}

#[test]
fn a_block_from_before_the_task_grows_and_stays() {
    let mut inherited = b"x".to_vec();
    let job = move |_: &[u8]| {
        inherited.extend_from_within(..);
        inherited.clone()
    };
    let (replies, death) = answers(job, &[&b""[..]; 8]);
    assert_eq!((replies.last().map(Vec::len), death), (Some(256), None));
}

#[test]
fn keeping_for_ever_ends_with_the_budget_and_not_with_a_dangling_pointer() {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let job = move |_: &[u8]| {
        kept.push(vec![kept.len() as u8; 1 << 20]);
        let sound = kept.iter().enumerate().all(|(at, one)| one.iter().all(|b| *b == at as u8));
        vec![u8::from(sound)]
    };
    let (replies, death) = answers(job, &[&b""[..]; 200]);
    assert!(replies.iter().all(|reply| *reply == [1]), "a kept block was overwritten");
    assert_eq!(death, Some(Death::Exhausted(Exhausted::Memory { asked: 1 << 20, limit: 8 << 20 })));
}

#[test]
fn asking_for_more_than_the_budget_tells_how_much_was_asked() {
    let job = |_: &[u8]| vec![0_u8; 9 << 20];
    let (replies, death) = answers(job, &[b""]);
    let memory = Exhausted::Memory { asked: 9 << 20, limit: 8 << 20 };
    assert_eq!((replies, death), (Vec::new(), Some(Death::Exhausted(memory))));
}

#[test]
fn zeroed_memory_is_zero_where_an_earlier_task_wrote() {
    let job = |input: &[u8]| {
        if input == b"dirty" {
            return vec![0xff_u8; 3 << 20].split_off((3 << 20) - 1);
        }
        let clean = vec![0_u8; 3 << 20];
        vec![clean.iter().copied().max().unwrap_or(1)]
    };
    let (replies, death) = answers(job, &[b"dirty", b"clean", b"dirty", b"clean"]);
    assert_eq!((replies, death), (vec![vec![0xff], vec![0], vec![0xff], vec![0]], None));
}

#[test]
fn a_value_planted_on_the_heap_is_not_there_for_the_next_task() {
    const LENGTH: usize = 1 << 16;
    let job = |input: &[u8]| {
        if input == b"plant" {
            let planted = std::hint::black_box(vec![b'M'; 4 * LENGTH]);
            return vec![planted[0]];
        }
        let block = std::hint::black_box(vec![0_u8; LENGTH]);
        let behind = block.as_ptr().wrapping_add(2 * LENGTH);
        // SAFETY: not by the rules of the language, but the arena has this memory mapped; looking there is the purpose.
        vec![unsafe { behind.read_volatile() }]
    };
    let (replies, death) = answers(job, &[b"plant", b"look"]);
    assert_eq!((replies, death), (vec![vec![b'M'], vec![0xdd]], None));
}

#[test]
fn blocks_that_grow_in_turns_keep_their_bytes() {
    let job = |input: &[u8]| {
        let mut random = fastrand::Rng::with_seed(u64::from(input[0]));
        let blocks: Vec<RefCell<Vec<u8>>> = (0..20).map(|_| RefCell::default()).collect();
        for _ in 0..2000 {
            let at = random.usize(..blocks.len());
            let mut block = blocks[at].borrow_mut();
            match random.u8(..4) {
                0 if random.bool() => *block = Vec::new(),
                0 => block.shrink_to_fit(),
                _ => {
                    let length = block.len() + random.usize(..50);
                    block.resize(length, at as u8);
                }
            }
        }
        let sound =
            blocks.iter().enumerate().all(|(at, one)| one.borrow().iter().all(|b| *b == at as u8));
        vec![u8::from(sound)]
    };
    let inputs: Vec<[u8; 1]> = (0..50).map(|seed| [seed]).collect();
    let inputs: Vec<&[u8]> = inputs.iter().map(|seed| &seed[..]).collect();
    assert_eq!(answers(job, &inputs), (vec![vec![1]; 50], None));
}

#[test]
fn blocks_that_another_thread_frees_harm_nobody() {
    let settings = Settings {
        jail: morph_sandbox::Jail {
            limits: morph_sandbox::Guard::Off,
            seccomp: morph_sandbox::Guard::Off,
            ..Default::default()
        },
        ..settings()
    };
    let job = With(|input: &[u8]| {
        let block = input.repeat(1000);
        let thread = std::thread::spawn(move || {
            let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
            drop(block);
            sum
        });
        let sum = thread.join().unwrap_or(0);
        sum.to_le_bytes().to_vec()
    });
    let mut pool = Pool::new(job, settings).unwrap();
    let worker = pool.spawn().unwrap();
    let tasks = [Task::new(TaskId(0), b"\x01"), Task::new(TaskId(1), b"\x02")];
    let replies: Vec<u64> = batch(&mut pool, worker, &tasks)
        .into_iter()
        .filter_map(|event| match event {
            Event::Answered { reply, .. } => {
                Some(u64::from_le_bytes(reply[..].try_into().unwrap()))
            }
            Event::Drained { .. } => None,
            Event::Died { death, .. } => panic!("{death}"),
        })
        .collect();
    assert_eq!(replies, [1000, 2000]);
}
