//! Nothing is left behind: no process, zombie, descriptor or mapping.
//!
//! Descriptors and children are counted in a process of its own, because other tests of this program come and go.

use std::collections::BTreeSet;

use morph_sandbox::{Budget, Event, Inject, Pool, Settings, Task, TaskId};

use crate::work::{Echo, until_settled};

/// Descriptors, and mappings shared with workers, of this process.
fn possessions() -> (usize, usize) {
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().count();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    (descriptors, maps.lines().filter(|line| line.contains("memfd:morph-sandbox")).count())
}

/// Process ids of the children of this thread, zombies included.
fn children() -> BTreeSet<u32> {
    let path = format!("/proc/self/task/{}/children", rustix::thread::gettid());
    let list = std::fs::read_to_string(path).unwrap();
    list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

#[test]
fn a_thousand_random_crashes_leave_nothing_behind() {
    let settings = Settings {
        budget: Budget {
            memory: 4 << 20,
            cpu: std::time::Duration::from_millis(5),
            wall: std::time::Duration::from_millis(20),
            ..Budget::default()
        },
        ..Settings::default()
    };
    let mut pool = Pool::new(Echo, settings).unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    let mut deaths = 0;
    let mut mine = BTreeSet::new();
    while deaths < 1000 {
        while pool.workers().count() < 3 {
            let worker = pool.spawn().unwrap();
            mine.insert(pool.process_id(worker).unwrap());
            let fault = Inject::ALL[random.usize(..Inject::ALL.len())];
            let phase = random.u8(..3);
            let tasks = [
                Task::new(TaskId(1), b"well"),
                Task { id: TaskId(2), input: b"ill", inject: Some((phase, fault)) },
            ];
            pool.send(worker, &tasks).unwrap();
        }
        for event in until_settled(&mut pool) {
            if let Event::Died { .. } = event {
                deaths += 1;
            }
        }
    }
    let alive: BTreeSet<u32> =
        pool.workers().filter_map(|worker| pool.process_id(worker)).collect();
    assert_eq!(children(), alive, "no zombie besides the workers that live");
    drop(pool);
    assert_eq!(children(), BTreeSet::new());
    assert!(mine.len() >= 1000);
}

#[test]
fn dropping_a_pool_that_works_leaves_neither_descriptor_nor_mapping() {
    // Serial with itself only: what other tests hold at the moment is left out by counting twice until it is stable.
    let held = || {
        let mut pool = Pool::new(Echo, Settings::default()).unwrap();
        for _ in 0..4 {
            let worker = pool.spawn().unwrap();
            let busy = Task { id: TaskId(1), input: b"", inject: Some((0, Inject::Sleep)) };
            pool.send(worker, &[busy]).unwrap();
        }
        children().len()
    };
    let before = possessions();
    for _ in 0..50 {
        assert_eq!(held(), 4);
        assert_eq!(children(), BTreeSet::new());
    }
    let after = possessions();
    // Fifty pools with four workers each: a leak of one a pool would show whatever the neighbours do.
    assert!(after.0 < before.0 + 50 && after.1 < before.1 + 50, "{before:?} -> {after:?}");
}
