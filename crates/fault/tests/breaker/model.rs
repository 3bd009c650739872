//! A breaker written in another way: it keeps the results themselves and looks through them each
//! time, has no transition function, and counts in milliseconds.

use morph_fault::{Config, Counts, Input, Metrics, Silence, State, Window};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ModelTicket {
    era: u64,
    probe: Option<u64>,
    at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Outcome {
    at: u64,
    failed: bool,
    slow: bool,
}

/// What a model answers; the ticket is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Admitted(ModelTicket),
    Refused(Option<u64>),
    Noted,
    Late,
    Done,
    Illegal,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    pub(crate) state: State,
    era: u64,
    results: Vec<Outcome>,
    opened_at: u64,
    pub(crate) opens: u32,
    out: Vec<(u64, u64)>,
    good: u32,
    probes_given: u64,
    /// What happened in this step.
    pub(crate) happened: Vec<&'static str>,
}

pub(crate) fn millis(span: std::time::Duration) -> u64 {
    span.as_millis() as u64
}

impl Model {
    pub(crate) fn new() -> Model {
        Model {
            state: State::Closed,
            era: 0,
            results: Vec::new(),
            opened_at: 0,
            opens: 0,
            out: Vec::new(),
            good: 0,
            probes_given: 0,
            happened: Vec::new(),
        }
    }

    fn turn(&mut self, to: State, at: u64) {
        self.era += 1;
        self.results.clear();
        self.out.clear();
        self.good = 0;
        if to == State::Open {
            self.opens += 1;
            self.opened_at = at;
        }
        if to == State::Closed {
            self.opens = 0;
        }
        self.state = to;
        self.happened.push(to.name());
    }

    fn holds_back(&self) -> bool {
        [State::Open, State::HalfOpen, State::ForcedOpen].contains(&self.state)
    }

    fn wait(&self, config: &Config) -> u64 {
        millis(config.wait.after(self.opens, config.seed))
    }

    pub(crate) fn apply(
        &mut self,
        config: &Config,
        input: &Input,
        ticket: Option<&ModelTicket>,
        now: u64,
        may_isolate: bool,
        counts: &mut Metrics,
    ) -> Said {
        self.happened.clear();
        let limit = millis(config.probe_limit);
        if self.state == State::HalfOpen {
            let overdue = self.out.iter().filter(|(_, at)| at + limit < now).count();
            counts.silent += overdue as u64;
            if overdue > 0 && config.silence == Silence::Fails {
                let due = self.out.iter().map(|(_, at)| at + limit).min().unwrap_or(now);
                self.turn(State::Open, due);
                counts.opened += 1;
            } else {
                self.out.retain(|(_, at)| at + limit >= now);
                self.happened.extend(std::iter::repeat_n("reused", overdue));
            }
        }
        match input {
            Input::Acquire => {
                if self.state == State::Open && now > self.opened_at + self.wait(config) {
                    self.turn(State::HalfOpen, now);
                }
                if !self.holds_back() {
                    counts.admitted += 1;
                    return Said::Admitted(ModelTicket { era: self.era, probe: None, at: now });
                }
                if self.state == State::HalfOpen && self.out.len() < config.probes.get() as usize {
                    counts.admitted += 1;
                    let probe = self.probes_given;
                    self.probes_given += 1;
                    self.out.push((probe, now));
                    return Said::Admitted(ModelTicket {
                        era: self.era,
                        probe: Some(probe),
                        at: now,
                    });
                }
                counts.refused += 1;
                if self.state == State::Open {
                    return Said::Refused(Some(self.opened_at + self.wait(config)));
                }
                Said::Refused(self.out.iter().map(|(_, at)| at + limit).min())
            }
            Input::Report(_, result) => {
                let Some(ticket) = ticket else { return Said::Illegal };
                self.report(config, ticket, *result, now, may_isolate, counts)
            }
            Input::Tick => Said::Done,
            Input::Reset => self.by_hand(State::Closed, now, counts),
            Input::Trip => {
                let possible = [State::Closed, State::HalfOpen].contains(&self.state);
                if !possible || (self.state == State::Closed && !may_isolate) {
                    return Said::Illegal;
                }
                self.by_hand(State::Open, now, counts)
            }
            Input::ForceOpen => {
                if self.state == State::ForcedOpen || (!self.holds_back() && !may_isolate) {
                    return Said::Illegal;
                }
                self.by_hand(State::ForcedOpen, now, counts)
            }
            Input::Probe => {
                if ![State::Open, State::ForcedOpen].contains(&self.state) {
                    return Said::Illegal;
                }
                self.by_hand(State::HalfOpen, now, counts)
            }
            Input::Disable if self.state == State::Disabled => Said::Illegal,
            Input::Disable => self.by_hand(State::Disabled, now, counts),
            Input::Observe if self.state == State::Observing => Said::Illegal,
            Input::Observe => self.by_hand(State::Observing, now, counts),
        }
    }

    fn by_hand(&mut self, to: State, now: u64, counts: &mut Metrics) -> Said {
        self.turn(to, now);
        counts.opened += u64::from(to == State::Open);
        counts.closed += u64::from(to == State::Closed);
        Said::Done
    }

    fn report(
        &mut self,
        config: &Config,
        ticket: &ModelTicket,
        result: Counts,
        now: u64,
        may_isolate: bool,
        counts: &mut Metrics,
    ) -> Said {
        if ticket.era != self.era {
            counts.late += 1;
            return Said::Late;
        }
        if self.state == State::HalfOpen {
            let Some(place) = self.out.iter().position(|(probe, _)| Some(*probe) == ticket.probe)
            else {
                counts.late += 1;
                return Said::Late;
            };
            self.out.remove(place);
        }
        if result == Counts::Nothing {
            counts.uncounted += 1;
            return Said::Noted;
        }
        let failed = result == Counts::Failure;
        let slow = config.slow_after.is_some_and(|most| now - ticket.at > millis(most));
        counts.failed += u64::from(failed);
        counts.succeeded += u64::from(!failed);
        counts.slow += u64::from(slow);
        if self.state == State::HalfOpen {
            if failed || slow {
                self.turn(State::Open, now);
                counts.opened += 1;
            } else {
                self.good += 1;
                if self.good == config.successes.get() {
                    self.turn(State::Closed, now);
                    counts.closed += 1;
                }
            }
        } else if self.state != State::Disabled {
            self.results.push(Outcome { at: now, failed, slow });
            if self.too_bad(config, now) {
                if self.state == State::Observing {
                    self.results.clear();
                    self.happened.push("would open");
                } else if may_isolate {
                    self.turn(State::Open, now);
                    counts.opened += 1;
                } else {
                    self.happened.push("spared");
                }
            }
        }
        Said::Noted
    }

    /// Failures at the end of the results.
    pub(crate) fn in_a_row(&self) -> u32 {
        self.results.iter().rev().take_while(|result| result.failed).count() as u32
    }

    /// The results that a window holds at `now`: how many, how many failed, how many were slow.
    pub(crate) fn window(&self, config: &Config, now: u64) -> (u32, u32, u32) {
        let Some(rates) = config.rates else { return (0, 0, 0) };
        let seen: Vec<&Outcome> = match rates.window {
            Window::Count(size) => self.results.iter().rev().take(size.get() as usize).collect(),
            Window::Time { span, slices } => {
                let width = millis(span) / u64::from(slices.get());
                let first = (now / width + 1).saturating_sub(u64::from(slices.get()));
                self.results.iter().filter(|result| result.at / width >= first).collect()
            }
        };
        let count =
            |yes: &dyn Fn(&Outcome) -> bool| seen.iter().filter(|it| yes(it)).count() as u32;
        (seen.len() as u32, count(&|it| it.failed), count(&|it| it.slow))
    }

    fn too_bad(&self, config: &Config, now: u64) -> bool {
        if config.failures.is_some_and(|most| self.in_a_row() >= most.get()) {
            return true;
        }
        let Some(rates) = config.rates else { return false };
        let (calls, failed, slow) = self.window(config, now);
        let enough = match rates.window {
            Window::Count(size) => calls >= rates.minimum_calls.min(u32::from(size.get())),
            Window::Time { .. } => calls >= rates.minimum_calls,
        };
        let share = |part: u32, least: u8| {
            calls > 0 && part as f64 / calls as f64 >= f64::from(least) / 100.0
        };
        enough
            && (rates.failures.is_some_and(|least| share(failed, least.get()))
                || rates.slow.is_some_and(|least| share(slow, least.get())))
    }
}
