//! Evaluation of reverse Polish notation over a stack of fixed size: no allocation, no recursion, no loop, so every
//! evaluation ends after at most as many steps as the expression has.

use crate::DEPTH_LIMIT;
use crate::error::EvaluationErrorKind;
use crate::operator::Binary;
use crate::parse::{Operation, Program};

/// A stack this large suffices for nearly every expression and costs nothing to clear.
pub(crate) const SMALL: usize = 8;
/// Every operand on the stack but the last waits for an operator.
pub(crate) const LARGE: usize = (DEPTH_LIMIT + 1).next_power_of_two();

/// The value of `program`, or the index of the step that has none and why.
#[inline]
pub(crate) fn evaluate(
    program: &Program,
    value: impl FnMut(u32) -> Option<i64>,
) -> Result<i64, (usize, EvaluationErrorKind)> {
    if program.depth <= SMALL { run::<SMALL>(program, value) } else { run_large(program, value) }
}

#[inline(never)]
fn run_large(
    program: &Program,
    value: impl FnMut(u32) -> Option<i64>,
) -> Result<i64, (usize, EvaluationErrorKind)> {
    run::<LARGE>(program, value)
}

/// `N` is a power of two and at least the program's depth, so no position on the stack exceeds it; the mask tells that
/// to the optimiser, which then needs no check.
#[inline(always)]
fn run<const N: usize>(
    program: &Program,
    mut value: impl FnMut(u32) -> Option<i64>,
) -> Result<i64, (usize, EvaluationErrorKind)> {
    let mut stack = [0i64; N];
    // The top of the stack; the rest lies in `stack[..below]`.
    let mut top = 0;
    let mut below = 0;
    let mut at = 0;
    while let Some(step) = program.steps.get(at) {
        match step.operation {
            Operation::Number(number) => {
                stack[below & (N - 1)] = top;
                below += 1;
                top = number;
            }
            Operation::Name(name) => {
                stack[below & (N - 1)] = top;
                below += 1;
                top = value(name).ok_or((at, EvaluationErrorKind::NameUnknown))?;
            }
            Operation::Unary(operator) => top = operator.apply(top),
            Operation::Binary(operator) => {
                below -= 1;
                let left = stack[below & (N - 1)];
                top = operator.apply(left, top).ok_or((at, by_zero(operator)))?;
            }
            Operation::And(target) if top == 0 => {
                at = target as usize;
                continue;
            }
            Operation::Or(target) if top != 0 => {
                top = 1;
                at = target as usize;
                continue;
            }
            Operation::And(_) | Operation::Or(_) => {
                below -= 1;
                top = stack[below & (N - 1)];
            }
            Operation::Truth => top = i64::from(top != 0),
        }
        at += 1;
    }
    Ok(top)
}

/// Why `operator`, one of the two that can, has no result.
#[cold]
pub(crate) fn by_zero(operator: Binary) -> EvaluationErrorKind {
    if operator == Binary::Remainder {
        EvaluationErrorKind::RemainderByZero
    } else {
        EvaluationErrorKind::DivisionByZero
    }
}
