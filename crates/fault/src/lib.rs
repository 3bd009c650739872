//! Deciding what to do about faults: circuit breakers, quarantine, retries, and a supervisor of workers.
//!
//! Everything here is a pure state machine: no clock, no randomness, no thread, no process. What happened
//! and what time it is come in; what to do comes out. So it can be tested exhaustively, simulated
//! and replayed.
//!
//! # A breaker around a call that sometimes fails
//!
//! When a service is down, calling it again and again makes callers wait and keeps it down. A *circuit breaker*
//! counts failures; after too many it refuses calls at once (OPEN), lets a few *probes* through after a while
//! (HALF_OPEN) and, if they succeed, all calls again (CLOSED).
//!
//! ```
//! use std::time::{Duration, Instant};
//! use morph_fault::{CallError, Config, Moment, SharedBreaker, State};
//!
//! // The clock is whatever you say it is.
//! let start = Instant::now();
//! let clock = move || Moment::from_nanos(start.elapsed().as_nanos() as u64);
//! let breaker = SharedBreaker::new(Config::default(), clock);
//!
//! // The calls: from any number of threads, through a shared reference.
//! let flaky = || -> Result<&str, &str> { Err("connection refused") };
//! for _ in 0..5 {
//!     assert_eq!(breaker.call(flaky), Err(CallError::Failed("connection refused")));
//! }
//!
//! // Five failures in a row are enough: the sixth call is not made.
//! assert!(matches!(breaker.call(flaky), Err(CallError::Refused(_))));
//! assert_eq!(breaker.state(), State::Open);
//! ```
//!
//! The same without threads, with a clock that is a number:
//!
//! ```
//! use morph_fault::{Answer, Breaker, Config, Counts, Input, Moment, State};
//!
//! let config = Config::default();
//! let mut breaker = Breaker::new(&config);
//! let mut notices = Vec::new();
//! let mut now = Moment::from_millis(1);
//! breaker.apply(&config, Input::Trip, now, &mut notices)?;
//!
//! now = Moment::from_millis(30_002); // Strictly more than the wait of 30 s later.
//! for _ in 0..3 {
//!     let Answer::Admitted(probe) = breaker.apply(&config, Input::Acquire, now, &mut notices)? else {
//!         panic!("a probe is free");
//!     };
//!     breaker.apply(&config, Input::Report(probe, Counts::Success), now, &mut notices)?;
//! }
//! assert_eq!(breaker.state(), State::Closed);
//! # Ok::<(), morph_fault::Illegal>(())
//! ```
//!
//! # A supervisor of workers that crash
//!
//! [`supervisor`] decides for a process that hands out jobs to worker processes which may crash, hang, eat
//! memory, answer garbage or vanish: who gets what, whom a death speaks against, what is tried again
//! and what is given up. See [`supervisor::Supervisor`].
//!
//! # What else is here
//!
//! [`Group`] never isolates more than a share of its members; [`mod@unit`] keeps the states of units; [`fault`]
//! names faults; [`policy`] has the decisions that users may change; [`memory`] is what outlives a build.

mod breaker;
pub mod fault;
pub mod memory;
mod mix;
pub mod policy;
pub mod supervisor;
mod time;
pub mod unit;

pub use breaker::{
    Answer, Breaker, CallError, Config, Counts, Effect, Group, Illegal, Input, Metrics, NoPercent,
    Notice, Percent, Permit, Question, Rates, Reason, Refused, SharedBreaker, Signal, Silence,
    State, Step, StoredBreaker, Ticket, Totals, Wait, Window, transition, transition_table,
};
pub use time::{Clock, Moment};
