//! Every interleaving of a few threads at one shared breaker.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p morph-fault --test loom --release`; without that flag there is nothing here.

#![cfg(loom)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::num::NonZeroU32;

use loom::sync::Arc;
use loom::thread;
use morph_fault::{Config, Input, Moment, SharedBreaker, State};

type Breaker = Arc<SharedBreaker<fn() -> Moment>>;

fn breaker(failures: u32, successes: u32) -> Breaker {
    let config = Config {
        failures: NonZeroU32::new(failures),
        successes: NonZeroU32::new(successes).unwrap(),
        ..Config::default()
    };
    let clock: fn() -> Moment = || Moment::from_millis(1);
    Arc::new(SharedBreaker::new(config, clock))
}

#[test]
fn no_failure_is_lost() {
    loom::model(|| {
        let breaker = breaker(2, 1);
        let other = breaker.clone();
        let thread = thread::spawn(move || _ = other.call(|| Err::<(), ()>(())));
        _ = breaker.call(|| Err::<(), ()>(()));
        thread.join().unwrap();
        assert_eq!(breaker.state(), State::Open);
        assert_eq!(breaker.metrics().failed, 2);
    });
}

#[test]
fn a_success_between_two_failures_either_counts_or_came_before_or_after() {
    loom::model(|| {
        let breaker = breaker(2, 1);
        let other = breaker.clone();
        let thread = thread::spawn(move || {
            let first = other.call(|| Err::<(), ()>(())).is_err();
            let second = other.call(|| Err::<(), ()>(())).is_err();
            assert!(first && second);
        });
        let passed = breaker.call(|| Ok::<_, ()>(())).is_ok();
        thread.join().unwrap();
        match breaker.state() {
            // Before the first, after the second, or not at all.
            State::Open => assert_eq!(breaker.metrics().opened, 1),
            // Between the two.
            State::Closed => assert!(passed && breaker.metrics().succeeded == 1),
            State::HalfOpen | State::ForcedOpen | State::Disabled | State::Observing => {
                panic!("nobody asked for this")
            }
        }
    });
}

#[test]
fn probes_are_never_more_than_allowed_and_all_come_back() {
    loom::model(|| {
        let breaker = breaker(1, 3);
        breaker.control(Input::Trip).unwrap();
        breaker.control(Input::Probe).unwrap();
        let first = breaker.acquire().unwrap();
        let second = breaker.acquire().unwrap();
        let other = breaker.clone();
        // One probe is left for two.
        let thread = thread::spawn(move || other.acquire().is_ok_and(|permit| permit.is_probe()));
        let third = breaker.acquire();
        let mine = third.is_ok();
        drop(third);
        let theirs = thread.join().unwrap();
        assert!(mine || theirs);
        drop((first, second));
        for _ in 0..3 {
            breaker.call(|| Ok::<_, ()>(())).unwrap();
        }
        assert_eq!(breaker.state(), State::Closed);
    });
}

#[test]
fn forced_open_refuses_everybody_who_asks_afterwards() {
    loom::model(|| {
        let breaker = breaker(1, 1);
        let other = breaker.clone();
        let thread = thread::spawn(move || {
            other.control(Input::ForceOpen).unwrap();
            other.acquire().is_err()
        });
        _ = breaker.call(|| Ok::<_, ()>(()));
        assert!(thread.join().unwrap());
        assert!(breaker.acquire().is_err());
    });
}
