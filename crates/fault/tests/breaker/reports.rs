//! Breakers of other libraries that got stuck in HALF_OPEN, and what ours does in the same place.
//!
//! The pattern of all these reports: a probe is given out and never given back, so that no further
//! call is let through, for ever. Here a probe that is silent expires, and every result gives it back.

use std::time::Duration;

use morph_fault::{
    Answer, Breaker, Config, Counts, Input, Moment, SharedBreaker, Silence, State, Ticket,
};

/// A breaker in HALF_OPEN all of whose three probes have just been given out.
fn all_probes_out(config: &Config) -> (Breaker, Vec<Ticket>, Moment) {
    let mut breaker = Breaker::new(config);
    let now = Moment::from_millis(1_000);
    breaker.apply(config, Input::Trip, now, &mut Vec::new()).unwrap();
    let now = now.after(config.wait.first).after(Duration::from_millis(1));
    let mut probes = Vec::new();
    while let Answer::Admitted(probe) = acquire(&mut breaker, config, now) {
        probes.push(probe);
    }
    assert_eq!((probes.len(), breaker.state()), (3, State::HalfOpen));
    (breaker, probes, now)
}

fn acquire(breaker: &mut Breaker, config: &Config, now: Moment) -> Answer {
    breaker.apply(config, Input::Acquire, now, &mut Vec::new()).unwrap()
}

/// Asks and succeeds, at the first moment that a refusal names, until CLOSED. How often it had to ask.
fn asks_until_closed(breaker: &mut Breaker, config: &Config, mut now: Moment) -> u32 {
    for asks in 0..20 {
        if breaker.state() == State::Closed {
            return asks;
        }
        match acquire(breaker, config, now) {
            Answer::Admitted(ticket) => {
                let report = Input::Report(ticket, Counts::Success);
                breaker.apply(config, report, now, &mut Vec::new()).unwrap();
            }
            Answer::Refused { retry_at } => {
                now = retry_at.unwrap().after(Duration::from_nanos(1));
            }
            Answer::Noted | Answer::Late | Answer::Done => panic!("no answer to acquire"),
        }
    }
    panic!("stuck in {:?}", breaker.state())
}

#[test]
fn resilience4j_1090_probes_whose_callers_never_report_expire() {
    for silence in [Silence::Fails, Silence::GivesBack] {
        let config = Config { silence, ..Config::default() };
        let (mut breaker, probes, now) = all_probes_out(&config);
        drop(probes);
        let asks = asks_until_closed(&mut breaker, &config, now);
        // Refused until the probes expire (and, where silence fails, until the next wait is over); then three successes.
        let refusals = if silence == Silence::Fails { 2 } else { 1 };
        assert_eq!(asks, refusals + 3, "{silence:?}");
    }
}

#[test]
fn resilience4j_1366_results_that_do_not_count_give_the_probe_back() {
    let config = Config::default();
    let (mut breaker, probes, now) = all_probes_out(&config);
    for probe in probes {
        breaker
            .apply(&config, Input::Report(probe, Counts::Nothing), now, &mut Vec::new())
            .unwrap();
    }
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(asks_until_closed(&mut breaker, &config, now), 3);
}

#[test]
fn opossum_119_a_probe_that_is_dropped_without_a_result_is_free_again() {
    let config = Config::default();
    let breaker = SharedBreaker::new(config, || Moment::from_millis(1_000));
    breaker.control(Input::Trip).unwrap();
    breaker.control(Input::Probe).unwrap();
    for _ in 0..10 {
        let probes: Vec<_> = (0..3).map(|_| breaker.acquire().unwrap()).collect();
        assert!(breaker.acquire().is_err());
        drop(probes);
    }
    for _ in 0..3 {
        breaker.call(|| Ok::<_, ()>(())).unwrap();
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_whose_call_panics_has_failed() {
    let breaker = SharedBreaker::new(Config::default(), || Moment::from_millis(1_000));
    breaker.control(Input::Trip).unwrap();
    breaker.control(Input::Probe).unwrap();
    let work = || -> Result<(), ()> { std::panic::resume_unwind(Box::new("of a call")) };
    let call = std::panic::AssertUnwindSafe(|| breaker.call(work));
    assert!(std::panic::catch_unwind(call).is_err());
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_result_from_before_it_opened_does_not_close_it() {
    let config = Config::default();
    let mut breaker = Breaker::new(&config);
    let now = Moment::from_millis(1_000);
    let early: Vec<Answer> = (0..5).map(|_| acquire(&mut breaker, &config, now)).collect();
    breaker.apply(&config, Input::Trip, now, &mut Vec::new()).unwrap();
    breaker.apply(&config, Input::Probe, now, &mut Vec::new()).unwrap();
    for answer in early {
        let Answer::Admitted(ticket) = answer else { panic!("refused while CLOSED") };
        let answer =
            breaker.apply(&config, Input::Report(ticket, Counts::Success), now, &mut Vec::new());
        assert_eq!(answer, Ok(Answer::Late));
    }
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_probe_that_expired_and_answers_later_changes_nothing() {
    let config = Config { silence: Silence::GivesBack, ..Config::default() };
    let (mut breaker, mut probes, now) = all_probes_out(&config);
    let later = now.after(config.probe_limit).after(Duration::from_nanos(1));
    assert!(matches!(acquire(&mut breaker, &config, later), Answer::Admitted(_)));
    let late = probes.pop().unwrap();
    let answer =
        breaker.apply(&config, Input::Report(late, Counts::Failure), later, &mut Vec::new());
    assert_eq!((answer, breaker.state()), (Ok(Answer::Late), State::HalfOpen));
}

#[test]
fn a_ticket_of_another_breaker_is_an_error() {
    let config = Config::default();
    let (_, mut probes, now) = all_probes_out(&config);
    let mut other = Breaker::new(&config);
    let report = Input::Report(probes.pop().unwrap(), Counts::Success);
    let error = other.apply(&config, report, now, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "this ticket was never given out by this breaker");
}
