//! All constants to values, whatever order they are written in.

use morph_diag::{Code, Diagnostic, FragmentId};

use super::ConstValue;
use super::fold::{Folded, fold};
use crate::summary::{ConstExpr, ConstOp};

/// A constant on its way to a value.
#[derive(Debug)]
pub(super) struct Constant<'s, 't> {
    pub(super) name: &'t str,
    pub(super) fragment: FragmentId,
    /// Its stand-in, should it have no value.
    pub(super) symbol: String,
    pub(super) expr: &'s ConstExpr<'t>,
    /// Broken already, for a reason that was reported.
    pub(super) broken: bool,
}

/// What a name in a constant expression is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    Constant(usize),
    /// A global or function: no constant.
    Other,
    Unknown,
}

#[derive(Clone, Debug)]
enum State {
    New,
    Open,
    Done(ConstValue),
}

/// Values in the order of `constants`. `resolve(n, name)` says what `name` means to constant `n`.
pub(super) fn values(
    constants: &[&Constant<'_, '_>],
    resolve: &dyn Fn(usize, &str) -> Meaning,
    problems: &mut Vec<(FragmentId, Diagnostic)>,
) -> Vec<ConstValue> {
    let mut states = vec![State::New; constants.len()];
    for root in 0..constants.len() {
        settle(root, constants, resolve, &mut states, problems);
    }
    let closed = |constant: &Constant<'_, '_>| ConstValue::Closed(constant.symbol.clone());
    let value = |(state, constant): (State, &&Constant<'_, '_>)| match state {
        State::Done(value) => value,
        State::New | State::Open => closed(constant),
    };
    states.into_iter().zip(constants).map(value).collect()
}

/// Settles one constant after those that it needs; an own stack instead of recursion.
fn settle(
    root: usize,
    constants: &[&Constant<'_, '_>],
    resolve: &dyn Fn(usize, &str) -> Meaning,
    states: &mut [State],
    problems: &mut Vec<(FragmentId, Diagnostic)>,
) {
    let mut path = vec![root];
    while let Some(&at) = path.last() {
        let constant = constants[at];
        match states[at] {
            State::Done(_) => {
                path.pop();
                continue;
            }
            State::New if constant.broken => {
                states[at] = State::Done(ConstValue::Closed(constant.symbol.clone()));
                continue;
            }
            State::New | State::Open => states[at] = State::Open,
        }
        let mut waiting = None;
        for (name, _) in names(constant.expr) {
            if let Meaning::Constant(needed) = resolve(at, name) {
                match states[needed] {
                    State::New => waiting = Some(needed),
                    State::Open => {
                        cycle(&path, needed, constants, states, problems);
                        waiting = Some(at);
                    }
                    State::Done(_) => continue,
                }
                break;
            }
        }
        match waiting {
            Some(needed) if needed != at => path.push(needed),
            Some(_) => {}
            None => {
                let value = folded(at, constants, resolve, states, problems);
                states[at] = State::Done(value);
            }
        }
    }
}

fn names<'s, 't>(
    expr: &'s ConstExpr<'t>,
) -> impl Iterator<Item = (&'t str, morph_diag::Span)> + use<'s, 't> {
    expr.ops.iter().filter_map(|op| match op {
        ConstOp::Name(name, span) => Some((*name, *span)),
        ConstOp::Int(_)
        | ConstOp::Float(_)
        | ConstOp::Str(_)
        | ConstOp::Unary(..)
        | ConstOp::Binary(..)
        | ConstOp::NotConstant(_)
        | ConstOp::Broken => None,
    })
}

/// Reports the cycle at its first constant in program order; the others are closed without a message.
fn cycle(
    path: &[usize],
    needed: usize,
    constants: &[&Constant<'_, '_>],
    states: &mut [State],
    problems: &mut Vec<(FragmentId, Diagnostic)>,
) {
    let start = path.iter().position(|at| *at == needed).unwrap_or(0);
    let mut members = path[start..].to_vec();
    let first = (0..members.len()).min_by_key(|&at| constants[members[at]].fragment).unwrap_or(0);
    members.rotate_left(first);
    let chain: Vec<&str> =
        members.iter().chain(members.first()).map(|&member| constants[member].name).collect();
    for (nth, &member) in members.iter().enumerate() {
        let constant = constants[member];
        states[member] = State::Done(ConstValue::Closed(constant.symbol.clone()));
        let problem = if nth == 0 {
            Diagnostic::new(Code::ConstantCycle, constant.expr.span)
                .arg("chain", chain.join(" -> "))
        } else {
            Diagnostic::new(Code::FragmentClosed, constant.expr.span).arg("name", chain[0])
        };
        problems.push((constant.fragment, problem));
    }
}

fn folded(
    at: usize,
    constants: &[&Constant<'_, '_>],
    resolve: &dyn Fn(usize, &str) -> Meaning,
    states: &[State],
    problems: &mut Vec<(FragmentId, Diagnostic)>,
) -> ConstValue {
    let constant = constants[at];
    let mut closed_by = None;
    let unknown =
        names(constant.expr).find(|(name, _)| matches!(resolve(at, name), Meaning::Unknown));
    let mut lookup = |name: &str| match resolve(at, name) {
        Meaning::Constant(needed) => match &states[needed] {
            State::Done(value) => {
                if let ConstValue::Closed(_) = value {
                    closed_by = Some(constants[needed].name);
                }
                Some(value.clone())
            }
            State::New | State::Open => None,
        },
        Meaning::Other | Meaning::Unknown => None,
    };
    let problem = match (unknown, fold(constant.expr, &mut lookup)) {
        (Some((name, span)), _) => {
            Diagnostic::new(Code::NameUnknown, span).arg("name", name).arg("kind", "constant")
        }
        (None, Folded::Value(value)) => return value,
        (None, Folded::Problem(problem)) => *problem,
        (None, Folded::Broken(_)) => match closed_by {
            Some(name) => {
                Diagnostic::new(Code::FragmentClosed, constant.expr.span).arg("name", name)
            }
            None => return ConstValue::Closed(constant.symbol.clone()),
        },
    };
    problems.push((constant.fragment, problem));
    ConstValue::Closed(constant.symbol.clone())
}
