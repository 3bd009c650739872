//! Result types and types of globals, solved together.
//!
//! The types form a lattice of finite height, and every step joins what is known with what was found, so
//! the work ends whatever the program says:
//!
//! ```text
//!   nothing < zero < string < integer < struct a, struct b, .. < several structs < float
//! ```
//!
//! A struct beside an integer stays a struct (an integer is also any untyped word); two structs are an integer
//! in the end, because nobody can say which one it is.

use std::collections::VecDeque;

use crate::summary::{Shape, Side};

use super::fields::Fields;
use super::{StructId, Ty};

/// What is known of a value so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Known {
    #[default]
    Nothing,
    Zero,
    Str,
    Int,
    Struct(StructId),
    Structs,
    Float,
}

impl Known {
    fn level(self) -> u8 {
        match self {
            Known::Nothing => 0,
            Known::Zero => 1,
            Known::Str => 2,
            Known::Int => 3,
            Known::Struct(_) => 4,
            Known::Structs => 5,
            Known::Float => 6,
        }
    }

    pub(super) fn join(self, other: Known) -> Known {
        match (self, other) {
            (Known::Struct(a), Known::Struct(b)) if a != b => Known::Structs,
            (a, b) if a.level() >= b.level() => a,
            (_, b) => b,
        }
    }

    pub(super) fn ty(self) -> Ty {
        match self {
            Known::Nothing | Known::Zero | Known::Int | Known::Structs => Ty::Int,
            Known::Str => Ty::Str,
            Known::Struct(id) => Ty::Struct(id),
            Known::Float => Ty::Float,
        }
    }
}

impl From<Ty> for Known {
    fn from(ty: Ty) -> Known {
        match ty {
            Ty::Int => Known::Int,
            Ty::Float => Known::Float,
            Ty::Str => Known::Str,
            Ty::Struct(id) => Known::Struct(id),
        }
    }
}

/// What a name is to the solver.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    /// A function's result or a global, by index.
    Node(usize),
    Fixed(Known),
}

/// Resolves names of shapes as the fragments of each side see them.
pub(super) trait Resolve {
    fn callee(&self, side: Side, name: &str) -> Named;
    fn variable(&self, side: Side, name: &str) -> Named;
    fn structure(&self, side: Side, name: &str) -> Option<StructId>;
}

/// One shape that a function's result or a global (the node) can have, as its side sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term<'s, 't> {
    pub(super) node: usize,
    pub(super) side: Side,
    pub(super) shape: &'s Shape<'t>,
}

/// The least solution for nodes `0..nodes`, in the order of the terms.
///
/// When a node changes, only the terms that name it are looked at again: the cost is bounded by the number of names times
/// the height of the lattice.
pub(super) fn solve(
    nodes: usize,
    terms: &[Term<'_, '_>],
    names: &impl Resolve,
    fields: &Fields<'_>,
) -> Vec<Known> {
    let mut known = vec![Known::Nothing; nodes];
    let mut dependants: Vec<Vec<u32>> = vec![Vec::new(); nodes];
    for (at, term) in terms.iter().enumerate() {
        needs(term.shape, term.side, names, &mut |needed| {
            if dependants[needed].last() != Some(&(at as u32)) {
                dependants[needed].push(at as u32);
            }
        });
    }
    let mut queue: VecDeque<u32> = (0..terms.len() as u32).collect();
    let mut queued = vec![true; terms.len()];
    while let Some(at) = queue.pop_front() {
        queued[at as usize] = false;
        let Term { node, side, shape } = terms[at as usize];
        let joined = known[node].join(evaluate(shape, side, names, fields, &known));
        if joined != known[node] {
            known[node] = joined;
            for &dependant in &dependants[node] {
                if !std::mem::replace(&mut queued[dependant as usize], true) {
                    queue.push_back(dependant);
                }
            }
        }
    }
    known
}

fn needs(shape: &Shape<'_>, side: Side, names: &impl Resolve, add: &mut impl FnMut(usize)) {
    match shape {
        Shape::Int | Shape::Float | Shape::Str | Shape::Zero | Shape::Struct(_) => {}
        Shape::Call(name) => {
            if let Named::Node(node) = names.callee(side, name) {
                add(node);
            }
        }
        Shape::Variable(name) => {
            if let Named::Node(node) = names.variable(side, name) {
                add(node);
            }
        }
        Shape::Field(base, _) => needs(base, side, names, add),
        Shape::Word(inner) => needs(inner, side, names, add),
        Shape::Arithmetic(parts) | Shape::Join(parts) => {
            for part in parts {
                needs(part, side, names, add);
            }
        }
    }
}

fn evaluate(
    shape: &Shape<'_>,
    side: Side,
    names: &impl Resolve,
    fields: &Fields<'_>,
    known: &[Known],
) -> Known {
    let named = |named: Named| match named {
        Named::Node(node) => known[node],
        Named::Fixed(fixed) => fixed,
    };
    let parts = |parts: &[Shape<'_>]| {
        parts
            .iter()
            .map(|part| evaluate(part, side, names, fields, known))
            .fold(Known::Nothing, Known::join)
    };
    match shape {
        Shape::Int => Known::Int,
        Shape::Float => Known::Float,
        Shape::Str => Known::Str,
        Shape::Zero => Known::Zero,
        Shape::Struct(name) => names.structure(side, name).map_or(Known::Int, Known::Struct),
        Shape::Call(name) => named(names.callee(side, name)),
        Shape::Variable(name) => named(names.variable(side, name)),
        Shape::Field(base, field) => match evaluate(base, side, names, fields, known) {
            Known::Nothing | Known::Zero => Known::Nothing,
            Known::Struct(id) => fields.of(id, field),
            Known::Str | Known::Int | Known::Structs | Known::Float => fields.guess(side, field),
        },
        Shape::Arithmetic(operands) => match parts(operands) {
            Known::Float => Known::Float,
            Known::Nothing
            | Known::Zero
            | Known::Str
            | Known::Int
            | Known::Struct(_)
            | Known::Structs => Known::Int,
        },
        Shape::Word(inner) => match evaluate(inner, side, names, fields, known) {
            Known::Float => Known::Int,
            other @ (Known::Nothing
            | Known::Zero
            | Known::Str
            | Known::Int
            | Known::Struct(_)
            | Known::Structs) => other,
        },
        Shape::Join(alternatives) => parts(alternatives),
    }
}
