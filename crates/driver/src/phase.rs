//! The steps of the work on a fragment, as a worker publishes them.

use serde::{Deserialize, Serialize};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Phase {
    /// Reading the task.
    Start = 0,
    /// Cutting the text of a unit into fragments.
    Split = 1,
    /// Parsing a fragment.
    Parse = 2,
    /// Summarising it for all others.
    Index = 3,
    /// Checking it against the signatures of all others.
    Check = 4,
    /// Generating code.
    Compile = 5,
    /// Writing the answer.
    Reply = 6,
}

impl Phase {
    pub const ALL: [Phase; 7] = [
        Phase::Start,
        Phase::Split,
        Phase::Parse,
        Phase::Index,
        Phase::Check,
        Phase::Compile,
        Phase::Reply,
    ];

    /// Names, by number.
    pub const NAMES: [&'static str; 7] =
        ["start", "split", "parse", "index", "check", "compile", "reply"];

    pub const fn name(self) -> &'static str {
        Phase::NAMES[self as usize]
    }

    /// The phase with this number.
    pub fn of(number: u8) -> Option<Phase> {
        Phase::ALL.get(usize::from(number)).copied()
    }

    /// The phase with this name.
    pub fn named(name: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_stand_in_the_same_order() {
        for (number, phase) in (0..).zip(Phase::ALL) {
            assert_eq!(phase as u8, number);
            assert_eq!(Phase::named(phase.name()), Some(phase));
        }
    }
}
