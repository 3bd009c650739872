//! An expression as a function of a list of values.
//!
//! Binding merges the steps of the reverse Polish notation that mostly stand together: an operator takes operands that are
//! names or numbers from where they are instead of through the stack. `a < b && c < d` has eight steps and four of these
//! instructions, none of which touches the stack.

use std::fmt;
use std::sync::Arc;

use crate::error::EvaluationErrorKind;
use crate::evaluate::{LARGE, SMALL, by_zero};
use crate::operator::{Binary, Unary};
use crate::parse::{Operation, Program};
use crate::{EvaluationError, Span};

/// An expression bound to an ordered list of names, made by [`Expression::bind`](crate::Expression::bind).
#[derive(Clone)]
pub struct Bound {
    text: Arc<str>,
    code: Box<[Instruction]>,
    /// Beside `code`: the place of what can fail in it.
    spans: Box<[Span]>,
    /// So many values lie on the stack at most, the top included.
    depth: usize,
    names: usize,
}

/// What to do with the top of the stack and the values. `Value` operands are indexes of values.
#[derive(Clone, Copy, Debug)]
enum Instruction {
    PushNumber(i64),
    PushValue(u32),
    Unary(Unary),
    /// The operator of the top two.
    Binary(Binary),
    /// The operator of the top and a number or value.
    BinaryNumber(Binary, i64),
    BinaryValue(Binary, u32),
    /// Pushes the operator of two values, or of a value and a number.
    PushValues(Binary, u32, u32),
    PushValueNumber(Binary, u32, i64),
    And(u32),
    Or(u32),
    Truth,
}

impl Bound {
    /// `order` has for each name of the program the index of its value.
    pub(crate) fn new(text: Arc<str>, program: &Program, order: &[u32], names: usize) -> Bound {
        let mut code: Vec<Instruction> = Vec::with_capacity(program.steps.len());
        let mut spans: Vec<Span> = Vec::with_capacity(program.steps.len());
        // For each step its instruction: jumps lead to steps.
        let mut places = Vec::with_capacity(program.steps.len() + 1);
        for step in &program.steps {
            places.push(code.len() as u32);
            let instruction = match step.operation {
                Operation::Number(number) => Instruction::PushNumber(number),
                Operation::Name(name) => Instruction::PushValue(order[name as usize]),
                Operation::Unary(operator) => Instruction::Unary(operator),
                Operation::Binary(operator) => merge(operator, &mut code, &mut spans),
                // Patched below, when the places of all steps are known.
                Operation::And(target) => Instruction::And(target),
                Operation::Or(target) => Instruction::Or(target),
                // The sides that end here by a jump are 0 or 1 already.
                Operation::Truth if code.last().is_some_and(is_truth) => continue,
                Operation::Truth => Instruction::Truth,
            };
            code.push(instruction);
            spans.push(step.span);
        }
        places.push(code.len() as u32);
        for instruction in &mut code {
            if let Instruction::And(target) | Instruction::Or(target) = instruction {
                *target = places[*target as usize];
            }
        }
        Bound { text, code: code.into(), spans: spans.into(), depth: program.depth, names }
    }

    /// The text of the expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value, with the names' values in the order in which they were bound.
    ///
    /// Nothing is allocated, errors included.
    ///
    /// # Errors
    /// Another number of values than of bound names, or a division or remainder by zero, with its place.
    #[inline]
    pub fn evaluate(&self, values: &[i64]) -> Result<i64, EvaluationError> {
        if values.len() != self.names {
            return Err(self.miscounted(values.len()));
        }
        let result = if self.depth <= SMALL {
            run::<SMALL>(&self.code, values)
        } else {
            run_large(&self.code, values)
        };
        result.map_err(|(at, kind)| self.error(at, kind))
    }

    #[cold]
    fn error(&self, at: usize, kind: EvaluationErrorKind) -> EvaluationError {
        EvaluationError { kind, span: self.spans[at], text: self.text.clone() }
    }

    #[cold]
    fn miscounted(&self, given: usize) -> EvaluationError {
        let kind = EvaluationErrorKind::ValueCount { expected: self.names, given };
        EvaluationError { kind, span: Span::new(0, self.text.len()), text: self.text.clone() }
    }
}

/// The instruction for `operator`, after taking away the pushes of its operands as far as they came last.
///
/// A jump leads only behind a `Truth` or a comparison, never between the pushes that are taken away: its target stays where it is.
fn merge(operator: Binary, code: &mut Vec<Instruction>, spans: &mut Vec<Span>) -> Instruction {
    let (instruction, taken) = match code.as_slice() {
        [.., Instruction::PushValue(left), Instruction::PushValue(right)] => {
            (Instruction::PushValues(operator, *left, *right), 2)
        }
        [.., Instruction::PushValue(left), Instruction::PushNumber(right)] => {
            (Instruction::PushValueNumber(operator, *left, *right), 2)
        }
        [.., Instruction::PushValue(right)] => (Instruction::BinaryValue(operator, *right), 1),
        [.., Instruction::PushNumber(right)] => (Instruction::BinaryNumber(operator, *right), 1),
        _ => (Instruction::Binary(operator), 0),
    };
    code.truncate(code.len() - taken);
    spans.truncate(code.len());
    instruction
}

/// Whether the instruction leaves 0 or 1.
fn is_truth(instruction: &Instruction) -> bool {
    match instruction {
        Instruction::Truth => true,
        Instruction::Unary(operator) => *operator == Unary::Not,
        Instruction::Binary(operator)
        | Instruction::BinaryNumber(operator, _)
        | Instruction::BinaryValue(operator, _)
        | Instruction::PushValues(operator, ..)
        | Instruction::PushValueNumber(operator, ..) => operator.is_comparison(),
        Instruction::PushNumber(_)
        | Instruction::PushValue(_)
        | Instruction::And(_)
        | Instruction::Or(_) => false,
    }
}

#[inline(never)]
fn run_large(code: &[Instruction], values: &[i64]) -> Result<i64, (usize, EvaluationErrorKind)> {
    run::<LARGE>(code, values)
}

/// As [`crate::evaluate::evaluate`]: `N` is a power of two and at least the depth.
#[inline(always)]
fn run<const N: usize>(
    code: &[Instruction],
    values: &[i64],
) -> Result<i64, (usize, EvaluationErrorKind)> {
    let mut stack = [0i64; N];
    let mut top = 0;
    let mut below = 0usize;
    let mut at = 0;
    macro_rules! push {
        ($value:expr) => {{
            let value = $value;
            stack[below & (N - 1)] = top;
            below += 1;
            top = value;
        }};
    }
    macro_rules! apply {
        ($operator:expr, $left:expr, $right:expr) => {
            match $operator.apply($left, $right) {
                Some(value) => value,
                None => return Err((at, by_zero($operator))),
            }
        };
    }
    while let Some(instruction) = code.get(at) {
        match *instruction {
            Instruction::PushNumber(number) => push!(number),
            Instruction::PushValue(value) => push!(values[value as usize]),
            Instruction::Unary(operator) => top = operator.apply(top),
            Instruction::Binary(operator) => {
                below -= 1;
                top = apply!(operator, stack[below & (N - 1)], top);
            }
            Instruction::BinaryNumber(operator, right) => top = apply!(operator, top, right),
            Instruction::BinaryValue(operator, right) => {
                top = apply!(operator, top, values[right as usize]);
            }
            Instruction::PushValues(operator, left, right) => {
                push!(apply!(operator, values[left as usize], values[right as usize]));
            }
            Instruction::PushValueNumber(operator, left, right) => {
                push!(apply!(operator, values[left as usize], right));
            }
            Instruction::And(target) if top == 0 => {
                at = target as usize;
                continue;
            }
            Instruction::Or(target) if top != 0 => {
                top = 1;
                at = target as usize;
                continue;
            }
            Instruction::And(_) | Instruction::Or(_) => {
                below -= 1;
                top = stack[below & (N - 1)];
            }
            Instruction::Truth => top = i64::from(top != 0),
        }
        at += 1;
    }
    Ok(top)
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("text", &self.text).field("names", &self.names).finish()
    }
}
