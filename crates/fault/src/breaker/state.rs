//! The states of a breaker and the one function that says what follows what.
//!
//! ```text
//!             too many failures                  the wait is over
//!   CLOSED ----------------------> OPEN ------------------------------> HALF_OPEN
//!     ^                              ^                                    |   |
//!     |                              '------ a probe failed or hung ------'   |
//!     '---------------------------- enough probes succeeded -----------------'
//! ```
//!
//! What depends on counts and on time is not computed here: [`transition`] *asks*, and says what
//! follows from each answer. So the table in `docs/breaker.md` can be printed from it.

use serde::{Deserialize, Serialize};

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// Calls pass and their results are counted.
    Closed,
    /// Calls are refused until the wait is over.
    Open,
    /// A few calls pass as probes.
    HalfOpen,
    /// Calls are refused until somebody says otherwise.
    ForcedOpen,
    /// Calls pass and nothing is counted.
    Disabled,
    /// Calls pass and are counted; what would have opened the breaker is only reported.
    Observing,
}

impl State {
    pub const ALL: [State; 6] = [
        State::Closed,
        State::Open,
        State::HalfOpen,
        State::ForcedOpen,
        State::Disabled,
        State::Observing,
    ];

    /// The word that people read.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "CLOSED",
            State::Open => "OPEN",
            State::HalfOpen => "HALF_OPEN",
            State::ForcedOpen => "FORCED_OPEN",
            State::Disabled => "DISABLED",
            State::Observing => "OBSERVING",
        }
    }

    /// Whether calls are held back: these members count against the floor of a group.
    pub fn isolates(self) -> bool {
        match self {
            State::Open | State::HalfOpen | State::ForcedOpen => true,
            State::Closed | State::Disabled | State::Observing => false,
        }
    }
}

/// What happens to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Somebody asks whether a call may be made.
    Acquire,
    /// A call that was let through succeeded.
    Success,
    /// A call that was let through failed, or was too slow for a probe.
    Failure,
    /// A call that was let through ended in a way that does not count, or was never made.
    GiveBack,
    /// Time has passed.
    Tick,
    /// By hand: open now, with the usual wait.
    Trip,
    /// By hand: refuse until told otherwise.
    ForceOpen,
    /// By hand: do not wait any longer, let probes through.
    Probe,
    /// By hand: let all pass, count nothing.
    Disable,
    /// By hand: let all pass, only report.
    Observe,
    /// By hand: back to CLOSED with nothing counted.
    Reset,
}

impl Signal {
    pub const ALL: [Signal; 11] = [
        Signal::Acquire,
        Signal::Success,
        Signal::Failure,
        Signal::GiveBack,
        Signal::Tick,
        Signal::Trip,
        Signal::ForceOpen,
        Signal::Probe,
        Signal::Disable,
        Signal::Observe,
        Signal::Reset,
    ];

    /// The word that people read.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Acquire => "acquire",
            Signal::Success => "success",
            Signal::Failure => "failure",
            Signal::GiveBack => "give back",
            Signal::Tick => "tick",
            Signal::Trip => "trip",
            Signal::ForceOpen => "force open",
            Signal::Probe => "probe",
            Signal::Disable => "disable",
            Signal::Observe => "observe",
            Signal::Reset => "reset",
        }
    }
}

/// What [`transition`] wants to know before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// With this result counted, is the threshold or a rate reached?
    Trips,
    /// May one more member of the group be isolated?
    FloorAllows,
    /// Is the wait over?
    WaitOver,
    /// Is a probe to be had?
    ProbeFree,
    /// With this success, are there enough?
    EnoughSuccesses,
    /// Has a probe been silent for longer than the limit?
    ProbeSilent,
    /// Does a silent probe count as a failed one (else its place is given out again)?
    SilenceFails,
}

impl Question {
    /// The condition in words, for when the answer is yes and for when it is no.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Question::Trips => ("threshold or rate reached", "below threshold and rates"),
            Question::FloorAllows => ("the floor allows it", "the floor is reached"),
            Question::WaitOver => ("wait over", "still waiting"),
            Question::ProbeFree => ("a probe is free", "all probes are out"),
            Question::EnoughSuccesses => ("enough successes", "more successes needed"),
            Question::ProbeSilent => ("a probe is silent for too long", "no probe is overdue"),
            Question::SilenceFails => ("silence fails", "silence gives back"),
        }
    }
}

/// What is done beside going to the next state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The call may be made.
    Admit,
    /// The call may be made and takes a probe.
    AdmitProbe,
    /// The call may not be made.
    Refuse,
    /// The result is counted.
    Count,
    /// The result is counted; it would have opened the breaker, but the floor forbids.
    Spare,
    /// The result is counted; it would have opened the breaker if that were not only observing.
    WouldOpen,
    /// The probe is free again.
    Release,
    /// The result belongs to a call from before the last change of state: nothing is done.
    Late,
    /// What was counted is forgotten.
    Forget,
    /// Nothing to do.
    Nothing,
}

impl Effect {
    /// The effect in words.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Admit => "let through",
            Effect::AdmitProbe => "let through as a probe",
            Effect::Refuse => "refuse",
            Effect::Count => "count",
            Effect::Spare => "count, report `spared`",
            Effect::WouldOpen => "count, report `would open`",
            Effect::Release => "free the probe",
            Effect::Late => "ignore, it is late",
            Effect::Forget => "forget what was counted",
            Effect::Nothing => "",
        }
    }
}

/// The next state and what else is done.
pub type Step = (State, Effect);

/// A signal that makes no sense in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    #[error("a breaker that is {} does not take `{}`", .0.name(), .1.name())]
    Transition(State, Signal),
    #[error("one more isolated member would break the floor of the group")]
    Floor,
    #[error("this ticket was never given out by this breaker")]
    UnknownTicket,
}

/// What follows `signal` in `state`.
///
/// `ask` answers the questions that depend on counts and time; it is asked only what matters.
///
/// # Errors
///
/// [`Illegal`] for signals by hand that contradict the state (nothing changes then).
pub fn transition(
    state: State,
    signal: Signal,
    mut ask: impl FnMut(Question) -> bool,
) -> Result<Step, Illegal> {
    use Effect as E;
    use Question as Q;
    use Signal as S;
    use State as St;

    let illegal = Err(Illegal::Transition(state, signal));
    let step = match (state, signal) {
        (St::Closed, S::Acquire) => (state, E::Admit),
        (St::Closed, S::Success | S::Failure) => {
            if !ask(Q::Trips) {
                (state, E::Count)
            } else if ask(Q::FloorAllows) {
                (St::Open, E::Count)
            } else {
                (state, E::Spare)
            }
        }
        (St::Closed, S::GiveBack | S::Tick) => (state, E::Nothing),
        (St::Closed, S::Trip) if ask(Q::FloorAllows) => (St::Open, E::Nothing),
        (St::Closed, S::ForceOpen) if ask(Q::FloorAllows) => (St::ForcedOpen, E::Nothing),
        (St::Closed, S::Trip | S::ForceOpen) => return Err(Illegal::Floor),
        (St::Closed, S::Probe) => return illegal,
        (St::Closed, S::Disable) => (St::Disabled, E::Nothing),
        (St::Closed, S::Observe) => (St::Observing, E::Nothing),
        (St::Closed, S::Reset) => (St::Closed, E::Forget),

        (St::Open, S::Acquire) if ask(Q::WaitOver) => (St::HalfOpen, E::AdmitProbe),
        (St::Open, S::Acquire) => (state, E::Refuse),
        (St::Open, S::Success | S::Failure | S::GiveBack) => (state, E::Late),
        (St::Open, S::Tick) => (state, E::Nothing),
        (St::Open, S::Trip) => return illegal,
        (St::Open, S::ForceOpen) => (St::ForcedOpen, E::Nothing),
        (St::Open, S::Probe) => (St::HalfOpen, E::Nothing),
        (St::Open, S::Disable) => (St::Disabled, E::Nothing),
        (St::Open, S::Observe) => (St::Observing, E::Nothing),
        (St::Open, S::Reset) => (St::Closed, E::Forget),

        (St::HalfOpen, S::Acquire) if ask(Q::ProbeFree) => (state, E::AdmitProbe),
        (St::HalfOpen, S::Acquire) => (state, E::Refuse),
        (St::HalfOpen, S::Success) if ask(Q::EnoughSuccesses) => (St::Closed, E::Release),
        (St::HalfOpen, S::Success) => (state, E::Release),
        (St::HalfOpen, S::Failure) => (St::Open, E::Release),
        (St::HalfOpen, S::GiveBack) => (state, E::Release),
        (St::HalfOpen, S::Tick) if !ask(Q::ProbeSilent) => (state, E::Nothing),
        (St::HalfOpen, S::Tick) if ask(Q::SilenceFails) => (St::Open, E::Release),
        (St::HalfOpen, S::Tick) => (state, E::Release),
        (St::HalfOpen, S::Trip) => (St::Open, E::Nothing),
        (St::HalfOpen, S::ForceOpen) => (St::ForcedOpen, E::Nothing),
        (St::HalfOpen, S::Probe) => return illegal,
        (St::HalfOpen, S::Disable) => (St::Disabled, E::Nothing),
        (St::HalfOpen, S::Observe) => (St::Observing, E::Nothing),
        (St::HalfOpen, S::Reset) => (St::Closed, E::Forget),

        (St::ForcedOpen, S::Acquire) => (state, E::Refuse),
        (St::ForcedOpen, S::Success | S::Failure | S::GiveBack) => (state, E::Late),
        (St::ForcedOpen, S::Tick) => (state, E::Nothing),
        (St::ForcedOpen, S::Trip | S::ForceOpen) => return illegal,
        (St::ForcedOpen, S::Probe) => (St::HalfOpen, E::Nothing),
        (St::ForcedOpen, S::Disable) => (St::Disabled, E::Nothing),
        (St::ForcedOpen, S::Observe) => (St::Observing, E::Nothing),
        (St::ForcedOpen, S::Reset) => (St::Closed, E::Forget),

        (St::Disabled, S::Acquire) => (state, E::Admit),
        (St::Disabled, S::Success | S::Failure | S::GiveBack | S::Tick) => (state, E::Nothing),
        (St::Disabled, S::ForceOpen) if ask(Q::FloorAllows) => (St::ForcedOpen, E::Nothing),
        (St::Disabled, S::ForceOpen) => return Err(Illegal::Floor),
        (St::Disabled, S::Trip | S::Probe | S::Disable) => return illegal,
        (St::Disabled, S::Observe) => (St::Observing, E::Nothing),
        (St::Disabled, S::Reset) => (St::Closed, E::Forget),

        (St::Observing, S::Acquire) => (state, E::Admit),
        (St::Observing, S::Success | S::Failure) if ask(Q::Trips) => (state, E::WouldOpen),
        (St::Observing, S::Success | S::Failure) => (state, E::Count),
        (St::Observing, S::GiveBack | S::Tick) => (state, E::Nothing),
        (St::Observing, S::ForceOpen) if ask(Q::FloorAllows) => (St::ForcedOpen, E::Nothing),
        (St::Observing, S::ForceOpen) => return Err(Illegal::Floor),
        (St::Observing, S::Trip | S::Probe | S::Observe) => return illegal,
        (St::Observing, S::Disable) => (St::Disabled, E::Nothing),
        (St::Observing, S::Reset) => (St::Closed, E::Forget),
    };
    Ok(step)
}
