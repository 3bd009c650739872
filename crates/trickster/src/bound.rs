//! An expression as a function of a list of values.
//!
//! Binding merges the steps of the reverse Polish notation that mostly stand together: an operator takes operands that are
//! names or numbers from where they are instead of through the stack, and a comparison on the left of `&&` or `||` takes the
//! jump itself. `a < b && c < d` has eight steps and two of these instructions.

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
    /// Pushes the comparison of two values.
    PushComparison(Order, u32, u32),
    /// The comparison and `And`: only if it is 0 it is pushed, and then the jump is taken.
    ComparisonAnd(Order, u32, u32, u32),
    ComparisonNumberAnd(Order, u32, i32, u32),
    /// The comparison and `Or`: only if it is 1 it is pushed, and then the jump is taken.
    ComparisonOr(Order, u32, u32, u32),
    ComparisonNumberOr(Order, u32, i32, u32),
    And(u32),
    Or(u32),
    Truth,
}

/// A comparison as the set of orders for which it holds: bit 0 less, bit 1 equal, bit 2 greater.
///
/// Six comparisons in one instruction without a branch between them.
#[derive(Clone, Copy, Debug)]
struct Order(u8);

impl Order {
    fn of(operator: Binary) -> Option<Order> {
        match operator {
            Binary::Less => Some(Order(0b001)),
            Binary::LessEqual => Some(Order(0b011)),
            Binary::Equal => Some(Order(0b010)),
            Binary::NotEqual => Some(Order(0b101)),
            Binary::GreaterEqual => Some(Order(0b110)),
            Binary::Greater => Some(Order(0b100)),
            Binary::BitOr
            | Binary::BitXor
            | Binary::BitAnd
            | Binary::ShiftLeft
            | Binary::ShiftRight
            | Binary::Add
            | Binary::Subtract
            | Binary::Multiply
            | Binary::Divide
            | Binary::Remainder => None,
        }
    }

    #[inline(always)]
    fn holds(self, left: i64, right: i64) -> bool {
        let order = 1 + i8::from(left > right) - i8::from(left < right);
        self.0 >> order & 1 != 0
    }
}

impl Bound {
    /// `order` has for each name of the program the index of its value.
    pub(crate) fn new(text: Arc<str>, program: &Program, order: &[u32], names: usize) -> Bound {
        let mut code: Vec<Instruction> = Vec::with_capacity(program.steps.len());
        let mut spans: Vec<Span> = Vec::with_capacity(program.steps.len());
        // For each step its instruction: jumps lead to steps.
        let mut places = Vec::with_capacity(program.steps.len() + 1);
        // Behind a `Truth` jumps arrive that have not run what stands before it.
        let mut arrival = false;
        for step in &program.steps {
            places.push(code.len() as u32);
            let instruction = match step.operation {
                Operation::Number(number) => Instruction::PushNumber(number),
                Operation::Name(name) => Instruction::PushValue(order[name as usize]),
                Operation::Unary(operator) => Instruction::Unary(operator),
                Operation::Binary(operator) => merge(operator, &mut code, &mut spans),
                // Patched below, when the places of all steps are known.
                Operation::And(target) | Operation::Or(target) => {
                    let before = if arrival { &[] } else { code.as_slice() };
                    let jump = jump(step.operation, target, before);
                    if !matches!(jump, Instruction::And(_) | Instruction::Or(_)) {
                        code.pop();
                        spans.pop();
                    }
                    jump
                }
                // The sides that end here by a jump are 0 or 1 already.
                Operation::Truth if code.last().is_some_and(is_truth) => {
                    arrival = true;
                    continue;
                }
                Operation::Truth => Instruction::Truth,
            };
            arrival = step.operation == Operation::Truth;
            code.push(instruction);
            spans.push(step.span);
        }
        places.push(code.len() as u32);
        for instruction in &mut code {
            if let Instruction::And(target)
            | Instruction::Or(target)
            | Instruction::ComparisonAnd(.., target)
            | Instruction::ComparisonNumberAnd(.., target)
            | Instruction::ComparisonOr(.., target)
            | Instruction::ComparisonNumberOr(.., target) = instruction
            {
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
            let merged = match Order::of(operator) {
                Some(order) => Instruction::PushComparison(order, *left, *right),
                None => Instruction::PushValues(operator, *left, *right),
            };
            (merged, 2)
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

/// The instruction for a jump to `target`, which replaces the comparison before it if it can.
fn jump(operation: Operation, target: u32, code: &[Instruction]) -> Instruction {
    let is_and = matches!(operation, Operation::And(_));
    match code.last() {
        Some(&Instruction::PushComparison(order, left, right)) if is_and => {
            Instruction::ComparisonAnd(order, left, right, target)
        }
        Some(&Instruction::PushComparison(order, left, right)) => {
            Instruction::ComparisonOr(order, left, right, target)
        }
        Some(&Instruction::PushValueNumber(operator, left, right)) => {
            match (Order::of(operator), i32::try_from(right)) {
                (Some(order), Ok(right)) if is_and => {
                    Instruction::ComparisonNumberAnd(order, left, right, target)
                }
                (Some(order), Ok(right)) => {
                    Instruction::ComparisonNumberOr(order, left, right, target)
                }
                _ if is_and => Instruction::And(target),
                _ => Instruction::Or(target),
            }
        }
        _ if is_and => Instruction::And(target),
        _ => Instruction::Or(target),
    }
}

/// Whether the instruction leaves 0 or 1.
fn is_truth(instruction: &Instruction) -> bool {
    match instruction {
        Instruction::Truth | Instruction::PushComparison(..) => true,
        Instruction::Unary(operator) => *operator == Unary::Not,
        Instruction::Binary(operator)
        | Instruction::BinaryNumber(operator, _)
        | Instruction::BinaryValue(operator, _)
        | Instruction::PushValues(operator, ..)
        | Instruction::PushValueNumber(operator, ..) => operator.is_comparison(),
        Instruction::PushNumber(_)
        | Instruction::PushValue(_)
        | Instruction::ComparisonAnd(..)
        | Instruction::ComparisonNumberAnd(..)
        | Instruction::ComparisonOr(..)
        | Instruction::ComparisonNumberOr(..)
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
            Instruction::PushComparison(order, left, right) => {
                push!(i64::from(order.holds(values[left as usize], values[right as usize])));
            }
            Instruction::ComparisonAnd(order, left, right, target) => {
                if !order.holds(values[left as usize], values[right as usize]) {
                    push!(0);
                    at = target as usize;
                    continue;
                }
            }
            Instruction::ComparisonNumberAnd(order, left, right, target) => {
                if !order.holds(values[left as usize], i64::from(right)) {
                    push!(0);
                    at = target as usize;
                    continue;
                }
            }
            Instruction::ComparisonOr(order, left, right, target) => {
                if order.holds(values[left as usize], values[right as usize]) {
                    push!(1);
                    at = target as usize;
                    continue;
                }
            }
            Instruction::ComparisonNumberOr(order, left, right, target) => {
                if order.holds(values[left as usize], i64::from(right)) {
                    push!(1);
                    at = target as usize;
                    continue;
                }
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
