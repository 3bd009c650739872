//! A breaker and its model side by side: each input goes to both, and they must agree on everything.

use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};
use std::time::Duration;

use morph_fault::{
    Answer, Breaker, Config, Counts, Input, Metrics, Moment, Notice, Percent, Rates, Silence,
    State, Ticket, Wait, Window,
};

use crate::model::{Model, ModelTicket, Said};

/// What a test does: an input, or letting time pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Acquire,
    /// The result of the call that was let through first, and of the latest, of those still under way.
    First(Counts),
    Latest(Counts),
    Tick,
    Trip,
    ForceOpen,
    Probe,
    Disable,
    Observe,
    Reset,
    Pass(u64),
}

pub(crate) const DEEDS: [Deed; 17] = [
    Deed::Acquire,
    Deed::First(Counts::Success),
    Deed::First(Counts::Failure),
    Deed::First(Counts::Nothing),
    Deed::Latest(Counts::Success),
    Deed::Latest(Counts::Failure),
    Deed::Latest(Counts::Nothing),
    Deed::Tick,
    Deed::Trip,
    Deed::ForceOpen,
    Deed::Probe,
    Deed::Disable,
    Deed::Observe,
    Deed::Reset,
    Deed::Pass(5),
    Deed::Pass(11),
    Deed::Pass(40),
];

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub(crate) breaker: Breaker,
    pub(crate) model: Model,
    pub(crate) tickets: Vec<(Ticket, ModelTicket)>,
    pub(crate) now: u64,
    may_isolate: bool,
}

impl Pair {
    pub(crate) fn new(config: &Config, may_isolate: bool) -> Pair {
        let (breaker, model) = (Breaker::new(config), Model::new());
        Pair { breaker, model, tickets: Vec::new(), now: 100, may_isolate }
    }

    /// Does it to both. Panics where they disagree.
    pub(crate) fn act(&mut self, config: &Config, deed: Deed) {
        let (input, ticket) = match deed {
            Deed::Pass(time) => {
                self.now += time;
                return;
            }
            Deed::First(counts) | Deed::Latest(counts) => {
                if self.tickets.is_empty() {
                    return;
                }
                let last = self.tickets.len() - 1;
                let at = if matches!(deed, Deed::First(_)) { 0 } else { last };
                let (ticket, model) = self.tickets.remove(at);
                (Input::Report(ticket, counts), Some(model))
            }
            Deed::Acquire => (Input::Acquire, None),
            Deed::Tick => (Input::Tick, None),
            Deed::Trip => (Input::Trip, None),
            Deed::ForceOpen => (Input::ForceOpen, None),
            Deed::Probe => (Input::Probe, None),
            Deed::Disable => (Input::Disable, None),
            Deed::Observe => (Input::Observe, None),
            Deed::Reset => (Input::Reset, None),
        };
        let mut expected = Metrics::default();
        let said = self.model.apply(
            config,
            &input,
            ticket.as_ref(),
            self.now,
            self.may_isolate,
            &mut expected,
        );
        let now = Moment::from_millis(self.now);
        let mut notices = Vec::new();
        let answer =
            self.breaker.apply_as_member(config, input, now, self.may_isolate, &mut notices);
        match (answer, said) {
            (Ok(Answer::Admitted(ticket)), Said::Admitted(model)) => {
                self.tickets.push((ticket, model));
            }
            (Ok(Answer::Refused { retry_at }), Said::Refused(at)) => {
                assert_eq!(retry_at.map(Moment::millis), at);
            }
            (Ok(Answer::Noted), Said::Noted)
            | (Ok(Answer::Late), Said::Late)
            | (Ok(Answer::Done), Said::Done)
            | (Err(_), Said::Illegal) => {}
            (answer, said) => panic!("{deed:?}: the breaker says {answer:?}, the model {said:?}"),
        }
        let happened: Vec<&str> = notices
            .iter()
            .map(|notice| match notice {
                Notice::Moved { to, .. } => to.name(),
                Notice::Spared { .. } => "spared",
                Notice::WouldOpen { .. } => "would open",
                Notice::ProbeReused { .. } => "reused",
            })
            .collect();
        assert_eq!(happened, self.model.happened);
        assert_eq!(self.breaker.take_metrics(), expected);
        assert_eq!(self.breaker.state(), self.model.state);
        assert_eq!(self.breaker.opens(), self.model.opens);
        assert_eq!(self.breaker.failures(), self.model.in_a_row());
        let totals = self.breaker.totals(now);
        let window = self.model.window(config, self.now);
        assert_eq!((totals.calls, totals.failures, totals.slow), window);
    }

    /// With a dependency that always works: how many calls it takes until CLOSED, with the waits that are asked for.
    pub(crate) fn recover(mut self, config: &Config) -> u32 {
        for step in 0..100 {
            match self.breaker.state() {
                State::Closed | State::Disabled | State::Observing => return step,
                State::ForcedOpen => self.act(config, Deed::Probe),
                State::Open | State::HalfOpen => {}
            }
            let mut notices = Vec::new();
            let now = Moment::from_millis(self.now);
            let answer = self.breaker.apply(config, Input::Acquire, now, &mut notices).unwrap();
            match answer {
                Answer::Admitted(ticket) => {
                    let report = Input::Report(ticket, Counts::Success);
                    self.breaker.apply(config, report, now, &mut notices).unwrap();
                }
                Answer::Refused { retry_at } => {
                    self.now = retry_at.unwrap_or(now).millis() + 1;
                }
                Answer::Noted | Answer::Late | Answer::Done => panic!("{answer:?} to acquire"),
            }
        }
        panic!("stuck in {:?}", self.breaker)
    }
}

fn percent(share: u8) -> Option<Percent> {
    Percent::new(share)
}

fn base() -> Config {
    Config {
        failures: NonZeroU32::new(2),
        rates: None,
        slow_after: None,
        wait: Wait {
            first: Duration::from_millis(10),
            growth: 200,
            longest: Duration::from_millis(30),
            jitter: None,
        },
        probes: NonZeroU8::new(2).unwrap(),
        successes: NonZeroU32::new(2).unwrap(),
        probe_limit: Duration::from_millis(15),
        silence: Silence::Fails,
        seed: 1,
    }
}

/// Options that together use everything there is.
pub(crate) fn configs() -> Vec<(&'static str, Config, bool)> {
    let count = Rates {
        window: Window::Count(NonZeroU16::new(3).unwrap()),
        minimum_calls: 2,
        failures: percent(60),
        slow: percent(50),
    };
    let time = Rates {
        window: Window::Time {
            span: Duration::from_millis(20),
            slices: NonZeroU8::new(4).unwrap(),
        },
        minimum_calls: 3,
        failures: percent(50),
        slow: None,
    };
    let slow_after = Some(Duration::from_millis(5));
    vec![
        ("failures in a row", base(), true),
        ("a floor that is reached", base(), false),
        (
            "a window of counts, slow calls",
            Config {
                failures: None,
                rates: Some(count),
                slow_after,
                silence: Silence::GivesBack,
                ..base()
            },
            true,
        ),
        (
            "a window of time, three probes",
            Config {
                failures: NonZeroU32::new(3),
                rates: Some(time),
                probes: NonZeroU8::new(3).unwrap(),
                successes: NonZeroU32::new(3).unwrap(),
                ..base()
            },
            true,
        ),
    ]
}
