//! Every interleaving of a few threads at one shared breaker.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p morph-fault --test loom --release`; without that flag there is nothing here.

#![cfg(loom)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::num::NonZeroU32;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
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
fn a_success_between_two_failures_is_never_overlooked() {
    loom::model(|| {
        let breaker = breaker(2, 1);
        let (first_failed, succeeded) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (other, told, heard) = (breaker.clone(), first_failed.clone(), succeeded.clone());
        let thread = thread::spawn(move || {
            assert!(other.call(|| Err::<(), ()>(())).is_err());
            told.store(true, Ordering::Release);
            let before = heard.load(Ordering::Acquire);
            assert!(other.call(|| Err::<(), ()>(())).is_err());
            before
        });
        let after = first_failed.load(Ordering::Acquire);
        let passed = breaker.call(|| Ok::<_, ()>(())).is_ok();
        succeeded.store(true, Ordering::Release);
        let before = thread.join().unwrap();
        if after && before {
            assert!(passed);
            assert_eq!((breaker.state(), breaker.metrics().succeeded), (State::Closed, 1));
        } else {
            assert!(matches!(breaker.state(), State::Open | State::Closed));
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
