//! What an expression is: a typed expression and its static type.

use crate::environment::{StructId, Ty};
use crate::typed::{ExprId, Repr};

/// The static type of a checked expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A diagnostic or a closed definition explains it already: stay silent.
    Error,
    /// The literal 0: an integer, or a string or struct that is not there.
    Zero,
    Int,
    Float,
    Str,
    Struct(StructId),
}

impl Kind {
    pub(super) fn of(ty: Ty) -> Kind {
        match ty {
            Ty::Int => Kind::Int,
            Ty::Float => Kind::Float,
            Ty::Str => Kind::Str,
            Ty::Struct(id) => Kind::Struct(id),
        }
    }

    /// How high a variable must stand to hold this; `None` says nothing about it.
    pub(super) fn level(self) -> Option<Level> {
        match self {
            Kind::Error => None,
            Kind::Zero => Some(Level::Zero),
            Kind::Int | Kind::Struct(_) => Some(Level::Int),
            Kind::Float => Some(Level::Float),
            Kind::Str => Some(Level::Str),
        }
    }
}

/// What a variable is over the whole function: the highest of all that is assigned to it.
///
/// A string with zeros among them is a string, with integers an integer; one float makes all floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Zero,
    Str,
    Int,
    Float,
}

impl Level {
    pub(super) fn kind(self) -> Kind {
        match self {
            Level::Zero => Kind::Zero,
            Level::Str => Kind::Str,
            Level::Int => Kind::Int,
            Level::Float => Kind::Float,
        }
    }

    pub(super) fn repr(self) -> Repr {
        match self {
            Level::Float => Repr::Float,
            Level::Zero | Level::Str | Level::Int => Repr::Word,
        }
    }
}

/// A checked expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) id: ExprId,
    pub(super) kind: Kind,
}
