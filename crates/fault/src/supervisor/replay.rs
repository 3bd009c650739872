//! A log, told again: the same plan and the same events lead to the same decisions and states.

use crate::supervisor::log::Line;
use crate::supervisor::message::Action;
use crate::supervisor::plan::{Plan, PlanError};
use crate::supervisor::{Supervisor, Trace};

/// Why a log cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("the log was made without events: only one with `Trace::Events` can be replayed")]
    NoEvents,
    #[error("line {line}: the log has {logged:?}, the replay decided {replayed:?}")]
    Differs { line: usize, logged: Option<Box<Line>>, replayed: Option<Box<Line>> },
}

/// Tells the events of `log` to a new supervisor of `plan`, and compares its decisions with those of the log.
///
/// # Errors
///
/// The first line in which the two differ: then plan or program are not those that made the log.
pub fn replay(plan: &Plan, log: &[Line]) -> Result<Supervisor, ReplayError> {
    if plan.trace != Trace::Events {
        return Err(ReplayError::NoEvents);
    }
    let Some(Line::Started { now, .. }) = log.first() else { return Err(ReplayError::NoEvents) };
    let (mut supervisor, mut actions) = Supervisor::start(plan, *now)?;
    let mut at = 0;
    at = compare(log, at, &actions)?;
    while let Some(line) = log.get(at) {
        let Line::Event { now, event, .. } = line else {
            let logged = Some(Box::new(line.clone()));
            return Err(ReplayError::Differs { line: at + 1, logged, replayed: None });
        };
        actions.clear();
        supervisor.step(event.clone(), *now, &mut actions);
        let next = compare(log, at, &actions)?;
        if next == at {
            // An event that the supervisor did not log: it would be told again for ever.
            let logged = Some(Box::new(line.clone()));
            return Err(ReplayError::Differs { line: at + 1, logged, replayed: None });
        }
        at = next;
    }
    Ok(supervisor)
}

/// Compares what was logged from line `at` on with what `actions` log; the line after that.
fn compare(log: &[Line], at: usize, actions: &[Action]) -> Result<usize, ReplayError> {
    let lines = actions.iter().filter_map(|action| match action {
        Action::Log(line) => Some(line),
        Action::Spawn { .. }
        | Action::Send { .. }
        | Action::Kill { .. }
        | Action::Settled { .. }
        | Action::Quarantine { .. }
        | Action::Breaker { .. }
        | Action::Unit { .. }
        | Action::Done => None,
    });
    let mut at = at;
    for line in lines {
        if log.get(at) != Some(line) {
            return Err(ReplayError::Differs {
                line: at + 1,
                logged: log.get(at).cloned().map(Box::new),
                replayed: Some(Box::new(line.clone())),
            });
        }
        at += 1;
    }
    Ok(at)
}
