//! What single options of a breaker do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::cell::Cell;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use morph_fault::{
    Answer, Breaker, CallError, Config, Counts, Group, Illegal, Input, Moment, Notice, Percent,
    Rates, Reason, SharedBreaker, State, StoredBreaker, Wait, Window,
};

const NOW: Moment = Moment::from_millis(1_000_000);

fn calls(breaker: &mut Breaker, config: &Config, results: &str) -> Vec<Notice> {
    let mut notices = Vec::new();
    for result in results.chars() {
        let counts = if result == 'x' { Counts::Failure } else { Counts::Success };
        let answer = breaker.apply(config, Input::Acquire, NOW, &mut notices).unwrap();
        let Answer::Admitted(ticket) = answer else { return notices };
        breaker.apply(config, Input::Report(ticket, counts), NOW, &mut notices).unwrap();
    }
    notices
}

fn opened() -> Notice {
    let (from, to) = (State::Closed, State::Open);
    Notice::Moved { from, to, reason: Reason::TooManyFailures, at: NOW }
}

#[test]
fn five_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
    let config = Config::default();
    for (results, notices) in
        [("xxxx", vec![]), ("xxxx.xxxx", vec![]), ("xxxx.xxxxx", vec![opened()])]
    {
        let mut breaker = Breaker::new(&config);
        assert_eq!(calls(&mut breaker, &config, results), notices, "{results}");
    }
}

#[test]
fn a_rate_judges_the_last_calls_and_only_when_there_are_enough() {
    let rates = Rates {
        window: Window::Count(NonZeroU16::new(10).unwrap()),
        minimum_calls: 4,
        failures: Percent::new(50),
        slow: None,
    };
    let config = Config { failures: None, rates: Some(rates), ..Config::default() };
    for (results, opens) in [
        ("xxx", false),
        ("xxxx", true),
        ("...x.x.x.x", false),
        ("...x.x.x.xx", true),
        ("x.....................xxxx", false),
        ("x.....................xxxxx", true),
    ] {
        let mut breaker = Breaker::new(&config);
        assert_eq!(!calls(&mut breaker, &config, results).is_empty(), opens, "{results}");
    }
}

#[test]
fn slow_calls_open_it_although_they_succeed() {
    let rates = Rates {
        window: Window::Count(NonZeroU16::new(4).unwrap()),
        minimum_calls: 4,
        failures: None,
        slow: Percent::new(75),
    };
    let slow_after = Some(Duration::from_millis(100));
    let config = Config { rates: Some(rates), slow_after, ..Config::default() };
    let time = Cell::new(0);
    let breaker = SharedBreaker::new(config, || Moment::from_millis(time.get()));
    for (call, duration) in [100, 101, 500, 101].into_iter().enumerate() {
        assert_eq!(breaker.state(), State::Closed, "before call {call}");
        breaker
            .call(|| {
                time.set(time.get() + duration);
                Ok::<_, ()>(())
            })
            .unwrap();
    }
    assert_eq!((breaker.state(), breaker.metrics().slow), (State::Open, 3));
}

#[test]
fn the_wait_grows_and_its_jitter_follows_from_the_seed_alone() {
    let wait = Wait {
        first: Duration::from_millis(100),
        growth: 200,
        longest: Duration::from_millis(1_000),
        jitter: None,
    };
    let waits = |wait: Wait, seed| -> Vec<u128> {
        (1..=6).map(|opens| wait.after(opens, seed).as_millis()).collect()
    };
    assert_eq!(waits(wait, 1), [100, 200, 400, 800, 1000, 1000]);
    let jitter = Wait { jitter: Percent::new(50), ..wait };
    assert_eq!(waits(jitter, 1), waits(jitter, 1));
    assert_ne!(waits(jitter, 1), waits(jitter, 2));
    for seed in 0..1_000 {
        for (short, long) in waits(jitter, seed).into_iter().zip(waits(wait, seed)) {
            assert!(long / 2 <= short && short <= long, "{short} of {long}, seed {seed}");
        }
    }
    assert_eq!(wait.after(u32::MAX, 0), wait.longest);
}

#[test]
fn observing_only_tells_and_disabled_does_not_even_count() {
    let config = Config::default();
    let mut breaker = Breaker::new(&config);
    breaker.apply(&config, Input::Observe, NOW, &mut Vec::new()).unwrap();
    let notices = calls(&mut breaker, &config, "xxxxxxxxxx");
    assert_eq!(notices, [Notice::WouldOpen { at: NOW }, Notice::WouldOpen { at: NOW }]);
    breaker.apply(&config, Input::Disable, NOW, &mut Vec::new()).unwrap();
    assert_eq!(calls(&mut breaker, &config, "xxxxxxxxxx"), []);
    assert_eq!((breaker.state(), breaker.failures()), (State::Disabled, 0));
}

#[test]
fn what_does_not_speak_against_the_dependency_does_not_count() {
    let breaker = SharedBreaker::new(Config::default(), || NOW);
    for _ in 0..100 {
        let result = breaker.call_counting(
            || Err::<(), _>("no such user"),
            |result| if result == &Err("no such user") { Counts::Nothing } else { Counts::Failure },
        );
        assert_eq!(result, Err(CallError::Failed("no such user")));
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_group_never_isolates_more_than_its_share() {
    let config = Config::default();
    let mut group = Group::new(&config, 0..10, Percent::new(30));
    let mut spared = 0;
    for member in 0..10 {
        let mut notices = Vec::new();
        for _ in 0..5 {
            let answer = group.apply(&member, &config, Input::Acquire, NOW, &mut notices).unwrap();
            let Ok(Answer::Admitted(ticket)) = answer else { panic!("{answer:?}") };
            let report = Input::Report(ticket, Counts::Failure);
            group.apply(&member, &config, report, NOW, &mut notices).unwrap().unwrap();
        }
        spared += notices.iter().filter(|notice| **notice == Notice::Spared { at: NOW }).count();
    }
    assert_eq!((group.isolated(), spared), (3, 7));
    let by_hand = group.apply(&9, &config, Input::ForceOpen, NOW, &mut Vec::new());
    assert_eq!(by_hand, Some(Err(Illegal::Floor)));
    // One recovers, so the next may go.
    group.apply(&0, &config, Input::Reset, NOW, &mut Vec::new()).unwrap().unwrap();
    group.apply(&9, &config, Input::ForceOpen, NOW, &mut Vec::new()).unwrap().unwrap();
    assert_eq!(group.isolated(), 3);
}

#[test]
fn an_input_that_contradicts_the_state_is_an_error_that_says_so() {
    let config = Config::default();
    let mut breaker = Breaker::new(&config);
    let error = breaker.apply(&config, Input::Probe, NOW, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "a breaker that is CLOSED does not take `probe`");
    assert_eq!(breaker, Breaker::new(&config));
}

#[test]
fn a_stored_breaker_comes_back_and_hostile_ones_cannot_wait_for_ever() {
    let config = Config::default();
    let mut breaker = Breaker::new(&config);
    breaker.apply(&config, Input::Trip, NOW, &mut Vec::new()).unwrap();
    let text = serde_json::to_string(&breaker.store()).unwrap();
    assert_eq!(text, r#"{"state":"Open","failures":0,"opens":1,"since":1000000000000}"#);
    let stored: StoredBreaker = serde_json::from_str(&text).unwrap();
    let back = Breaker::revive(&stored, &config, NOW);
    assert_eq!((back.state(), back.open_span()), (State::Open, breaker.open_span()));

    let hostile = StoredBreaker { state: State::Open, failures: 0, opens: 0, since: Moment::NEVER };
    let back = Breaker::revive(&hostile, &config, NOW);
    assert_eq!(back.open_span(), Some((NOW, NOW.after(config.wait.first))));
    let hostile = StoredBreaker { opens: u32::MAX, ..hostile };
    let back = Breaker::revive(&hostile, &config, NOW);
    assert_eq!(back.open_span(), Some((NOW, NOW.after(config.wait.longest))));
    for state in State::ALL {
        let stored = StoredBreaker { state, failures: u32::MAX, ..hostile };
        let mut breaker = Breaker::revive(&stored, &config, NOW);
        assert_eq!(breaker.state(), state);
        calls(&mut breaker, &config, "x");
    }
}

#[test]
fn the_quiet_path_misses_no_failure() {
    // A window that is full of good results is quiet; the failures that follow are all there.
    let rates = Rates {
        window: Window::Count(NonZeroU16::new(4).unwrap()),
        minimum_calls: 4,
        failures: Percent::new(50),
        slow: None,
    };
    let failures = NonZeroU32::new(100);
    let breaker =
        SharedBreaker::new(Config { failures, rates: Some(rates), ..Config::default() }, || NOW);
    for _ in 0..1_000 {
        breaker.call(|| Ok::<_, ()>(())).unwrap();
    }
    assert_eq!(breaker.metrics().succeeded, 4, "the rest passed without touching anything");
    assert_eq!(breaker.call(|| Err::<(), _>("x")), Err(CallError::Failed("x")));
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.call(|| Err::<(), _>("x")), Err(CallError::Failed("x")));
    assert_eq!(breaker.take_notices(), (vec![opened()], 0));
    let refused = breaker.call(|| Ok::<_, String>(())).unwrap_err();
    assert_eq!(refused.to_string(), "the circuit breaker is OPEN");
}

/// A shared breaker leaves out what changes nothing; it must not leave out anything else.
#[test]
fn a_shared_breaker_does_what_the_pure_one_does() {
    let seed = 20_260_117;
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..2_000 {
        let size = NonZeroU16::new(random.u16(1..8)).unwrap();
        let rates = Rates {
            window: Window::Count(size),
            minimum_calls: random.u32(0..10),
            failures: Percent::new(random.u8(1..=100)),
            slow: Percent::new(50),
        };
        let config = Config {
            failures: NonZeroU32::new(random.u32(0..6)),
            rates: Some(rates).filter(|_| random.u8(..) < 200),
            slow_after: Some(Duration::from_millis(3)).filter(|_| random.u8(..) < 50),
            wait: Wait { first: Duration::from_millis(5), ..Config::default().wait },
            ..Config::default()
        };
        let time = Cell::new(1);
        let shared = SharedBreaker::new(config, || Moment::from_millis(time.get()));
        let (mut pure, mut notices) = (Breaker::new(&config), Vec::new());
        for step in 0..60 {
            time.set(time.get() + random.u64(0..4));
            let now = Moment::from_millis(time.get());
            let permit = shared.acquire();
            let answer = pure.apply(&config, Input::Acquire, now, &mut notices).unwrap();
            let place = format!("seed {seed}, round {round}, step {step}");
            match (permit, answer) {
                (Ok(permit), Answer::Admitted(ticket)) => {
                    let counts = *random
                        .choice(&[
                            Counts::Success,
                            Counts::Success,
                            Counts::Failure,
                            Counts::Nothing,
                        ])
                        .unwrap();
                    time.set(time.get() + random.u64(0..6));
                    let now = Moment::from_millis(time.get());
                    permit.report(counts);
                    let report = Input::Report(ticket, counts);
                    pure.apply(&config, report, now, &mut notices).unwrap();
                }
                (Err(refused), Answer::Refused { retry_at }) => {
                    assert_eq!(refused.retry_at, retry_at, "{place}");
                }
                (permit, answer) => panic!("{place}: {}, {answer:?}", permit.is_ok()),
            }
            assert_eq!(shared.take_notices().0, notices, "{place}");
            notices.clear();
            assert_eq!(shared.state(), pure.state(), "{place}");
        }
    }
}
