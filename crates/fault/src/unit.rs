//! Units: groups of jobs that are isolated together, each with a state, its errors and what it needs.
//!
//! The words pull the other way than a breaker's: a unit is *active* (OPEN), *isolated* (CLOSED) or
//! *testing*. The two enums never meet in one expression.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::fault::FaultId;

/// A unit, dense and stable within one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnitId(pub u32);

/// Whether a unit can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnitState {
    /// Active: it can be used.
    Open,
    /// Isolated: nothing of it is used, all others go on.
    Closed,
    /// A fix is being tried: it can be used.
    Testing,
}

/// What happens to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UnitEvent {
    /// It is isolated: by hand, by its breaker, because it cannot be read, or at its first error.
    Close,
    /// A fix is tried.
    Test,
    /// The fix held.
    Open,
}

/// An event that contradicts a unit's state, or a unit that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("a unit that is {0} cannot {1}")]
    Transition(&'static str, &'static str),
    #[error("there is no unit {}", .0.0)]
    Unknown(UnitId),
    #[error("unit {} exists already", .0.0)]
    Exists(UnitId),
}

impl UnitState {
    /// The word that people read.
    pub fn name(self) -> &'static str {
        match self {
            UnitState::Open => "active",
            UnitState::Closed => "isolated",
            UnitState::Testing => "testing",
        }
    }

    /// What follows `event`.
    ///
    /// # Errors
    ///
    /// [`UnitError::Transition`] for an event that contradicts the state.
    pub fn after(self, event: UnitEvent) -> Result<UnitState, UnitError> {
        let illegal = |what| Err(UnitError::Transition(self.name(), what));
        match (self, event) {
            (UnitState::Open | UnitState::Testing, UnitEvent::Close) => Ok(UnitState::Closed),
            (UnitState::Closed, UnitEvent::Close) => illegal("be closed again"),
            (UnitState::Open | UnitState::Closed, UnitEvent::Test) => Ok(UnitState::Testing),
            (UnitState::Testing, UnitEvent::Test) => illegal("be tested twice at a time"),
            (UnitState::Closed | UnitState::Testing, UnitEvent::Open) => Ok(UnitState::Open),
            (UnitState::Open, UnitEvent::Open) => illegal("be opened again"),
        }
    }

    /// Whether the unit may be used.
    pub fn can_execute(self) -> bool {
        match self {
            UnitState::Open | UnitState::Testing => true,
            UnitState::Closed => false,
        }
    }
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    pub state: UnitState,
    /// How many of its jobs have a fault.
    pub error_count: u32,
    /// The last of them, in the order of jobs.
    pub last_error: Option<FaultId>,
    /// The units that it uses.
    pub dependencies: BTreeSet<UnitId>,
    /// The mark to which it can be rolled back, by whoever makes such marks.
    pub checkpoint: Option<u64>,
}

impl Unit {
    /// A unit that is active and has no error.
    pub fn new(dependencies: impl IntoIterator<Item = UnitId>) -> Unit {
        Unit {
            state: UnitState::Open,
            error_count: 0,
            last_error: None,
            dependencies: dependencies.into_iter().collect(),
            checkpoint: None,
        }
    }

    /// In use although some of its jobs have faults.
    pub fn is_degraded(&self) -> bool {
        self.state.can_execute() && self.error_count > 0
    }
}

/// All units, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    units: BTreeMap<UnitId, Unit>,
}

impl Units {
    /// # Errors
    ///
    /// [`UnitError::Exists`] if there is one with this id.
    pub fn create(&mut self, id: UnitId, unit: Unit) -> Result<(), UnitError> {
        if self.units.contains_key(&id) {
            return Err(UnitError::Exists(id));
        }
        self.units.insert(id, unit);
        Ok(())
    }

    pub fn get(&self, id: UnitId) -> Option<&Unit> {
        self.units.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (UnitId, &Unit)> {
        self.units.iter().map(|(id, unit)| (*id, unit))
    }

    /// Whether `id` may be used; an unknown unit may not.
    pub fn can_execute(&self, id: UnitId) -> bool {
        self.units.get(&id).is_some_and(|unit| unit.state.can_execute())
    }

    /// Changes the state of a unit.
    ///
    /// # Errors
    ///
    /// [`UnitError`] if there is no such unit or the event contradicts its state.
    pub fn apply(&mut self, id: UnitId, event: UnitEvent) -> Result<UnitState, UnitError> {
        let unit = self.units.get_mut(&id).ok_or(UnitError::Unknown(id))?;
        unit.state = unit.state.after(event)?;
        Ok(unit.state)
    }

    /// Notes one more fault in a unit. It stays active, degraded.
    ///
    /// # Errors
    ///
    /// [`UnitError::Unknown`].
    pub fn note_error(&mut self, id: UnitId, error: Option<FaultId>) -> Result<(), UnitError> {
        let unit = self.units.get_mut(&id).ok_or(UnitError::Unknown(id))?;
        unit.error_count = unit.error_count.saturating_add(1);
        unit.last_error = error.or(unit.last_error);
        Ok(())
    }

    /// Sets or forgets the mark to which a unit can be rolled back.
    ///
    /// # Errors
    ///
    /// [`UnitError::Unknown`].
    pub fn set_checkpoint(&mut self, id: UnitId, mark: Option<u64>) -> Result<(), UnitError> {
        let unit = self.units.get_mut(&id).ok_or(UnitError::Unknown(id))?;
        unit.checkpoint = mark;
        Ok(())
    }

    /// Who uses `id`, directly or through others, in order; `id` itself only if it is in a cycle.
    pub fn dependents(&self, id: UnitId) -> BTreeSet<UnitId> {
        let mut users: BTreeMap<UnitId, Vec<UnitId>> = BTreeMap::new();
        for (user, unit) in &self.units {
            for used in &unit.dependencies {
                users.entry(*used).or_default().push(*user);
            }
        }
        let mut found = BTreeSet::new();
        let mut left = vec![id];
        while let Some(next) = left.pop() {
            for user in users.get(&next).into_iter().flatten() {
                if found.insert(*user) {
                    left.push(*user);
                }
            }
        }
        found
    }
}
