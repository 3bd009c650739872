//! Tokens to reverse Polish notation by Dijkstra's shunting-yard algorithm (1961), in one pass and without recursion.
//!
//! An operator waits on a stack until its right side is complete, then moves behind it. `&&` and `||` leave a jump between
//! their sides, whose target is filled in when they leave the stack.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::error::ParseErrorKind;
use crate::operator::{Binary, LEVEL_UNARY, Unary};
use crate::token::{Kind, Logic, Token, token};
use crate::{DEPTH_LIMIT, LENGTH_LIMIT, Span};

/// One step of the evaluation, which has a stack of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Pushes the number.
    Number(i64),
    /// Pushes the value of the name with this index.
    Name(u32),
    /// Replaces the top.
    Unary(Unary),
    /// Replaces the top two: left below right.
    Binary(Binary),
    /// If the top is 0, leaves it and goes to the step; else pops it.
    And(u32),
    /// If the top is not 0, makes it 1 and goes to the step; else pops it.
    Or(u32),
    /// Makes the top 0 or 1.
    Truth,
}

/// An operation and the place of its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) operation: Operation,
    pub(crate) span: Span,
}

/// An expression in reverse Polish notation.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    /// Distinct names by first use, each as the place of that use.
    pub(crate) names: SmallVec<[Span; 4]>,
    /// So many values are on the stack at most.
    pub(crate) depth: usize,
}

/// An operator or parenthesis whose right side is not complete.
#[derive(Clone, Copy, Debug)]
enum Pending {
    Parenthesis(Span),
    Unary(Unary, Span),
    Binary(Binary, Span),
    /// With the index of its jump.
    Logic(Logic, usize, Span),
}

impl Pending {
    /// Parentheses hold back every operator.
    #[inline(always)]
    fn level(self) -> u8 {
        match self {
            Pending::Parenthesis(_) => 0,
            Pending::Unary(..) => LEVEL_UNARY,
            Pending::Binary(operator, _) => operator.level(),
            Pending::Logic(operator, ..) => operator.level(),
        }
    }
}

type Problem = (ParseErrorKind, Span);

/// Reads `text` as one expression.
///
/// Total: any text gives a program or the first problem in it.
pub(crate) fn parse(text: &str) -> Result<Program, Problem> {
    if text.len() > LENGTH_LIMIT {
        return Err((ParseErrorKind::TooLong, Span::new(LENGTH_LIMIT, LENGTH_LIMIT)));
    }
    let mut parser = Parser {
        text,
        program: Program {
            steps: Vec::with_capacity(text.len() / 4 + 4),
            names: SmallVec::new(),
            depth: 0,
        },
        pending: SmallVec::new(),
        values: 0,
        known: BTreeMap::new(),
    };
    let mut at = 0;
    // An operand is complete and an operator may follow.
    let mut complete = false;
    loop {
        let token = token(text.as_bytes(), at);
        at = token.end;
        if complete {
            complete = match parser.after_operand(token)? {
                After::Operand => true,
                After::Operator => false,
                After::End => return Ok(parser.program),
            };
        } else {
            complete = parser.operand(token)?;
        }
    }
}

/// What a token that follows a complete operand was.
enum After {
    Operand,
    Operator,
    End,
}

struct Parser<'t> {
    text: &'t str,
    program: Program,
    pending: SmallVec<[Pending; 16]>,
    /// Values on the evaluation's stack at this point.
    values: usize,
    /// Indexes of names, used once there are more than [`FEW_NAMES`].
    known: BTreeMap<&'t str, u32>,
}

/// Up to so many names a search from the front is faster than a map.
const FEW_NAMES: usize = 16;

impl<'t> Parser<'t> {
    /// Takes a token where an operand has to begin; tells whether the operand is complete.
    #[inline(always)]
    fn operand(&mut self, token: Token) -> Result<bool, Problem> {
        let span = Span::new(token.start, token.end);
        match token.kind {
            Kind::Name => {
                let name = self.name(span);
                self.push(Operation::Name(name), span);
                return Ok(true);
            }
            Kind::Number(value) => {
                self.push(Operation::Number(value), span);
                return Ok(true);
            }
            Kind::ParenthesisLeft => self.wait(Pending::Parenthesis(span), span)?,
            Kind::Minus => self.wait(Pending::Unary(Unary::Negate, span), span)?,
            Kind::Prefix(operator) => self.wait(Pending::Unary(operator, span), span)?,
            Kind::End if self.program.steps.is_empty() && self.pending.is_empty() => {
                return Err((ParseErrorKind::Empty, span));
            }
            // A field and an index need something to be a part of.
            Kind::Bad(ParseErrorKind::Field | ParseErrorKind::Index) => {
                let sign = Span::new(token.start, token.start + 1);
                return Err((ParseErrorKind::CharacterUnexpected, sign));
            }
            Kind::Bad(kind) => return Err((kind, span)),
            Kind::Binary(_) | Kind::Logic(_) | Kind::ParenthesisRight | Kind::End => {
                return Err((ParseErrorKind::OperandMissing, span));
            }
        }
        Ok(false)
    }

    /// Takes a token behind a complete operand.
    #[inline(always)]
    fn after_operand(&mut self, token: Token) -> Result<After, Problem> {
        let span = Span::new(token.start, token.end);
        match token.kind {
            Kind::Binary(operator) => {
                self.complete(operator.level());
                self.wait(Pending::Binary(operator, span), span)?;
            }
            Kind::Minus => {
                self.complete(Binary::Subtract.level());
                self.wait(Pending::Binary(Binary::Subtract, span), span)?;
            }
            Kind::Logic(operator) => {
                self.complete(operator.level());
                let jump = self.program.steps.len();
                self.wait(Pending::Logic(operator, jump, span), span)?;
                self.program.steps.push(Step { operation: Operation::Truth, span });
                self.values -= 1;
            }
            Kind::ParenthesisRight => {
                self.complete(1);
                if self.pending.pop().is_none() {
                    return Err((ParseErrorKind::ParenthesisUnopened, span));
                }
                return Ok(After::Operand);
            }
            Kind::End => {
                self.complete(1);
                return match self.pending.last() {
                    Some(Pending::Parenthesis(opener)) => {
                        Err((ParseErrorKind::ParenthesisUnclosed, *opener))
                    }
                    Some(Pending::Unary(..) | Pending::Binary(..) | Pending::Logic(..)) | None => {
                        Ok(After::End)
                    }
                };
            }
            Kind::Bad(kind) => return Err((kind, span)),
            Kind::Name | Kind::Number(_) | Kind::ParenthesisLeft | Kind::Prefix(_) => {
                return Err(self.side_by_side(token));
            }
        }
        Ok(After::Operator)
    }

    /// What it means that `token` follows an operand without an operator between them.
    #[cold]
    fn side_by_side(&self, token: Token) -> Problem {
        let span = Span::new(token.start, token.end);
        let kind = match (token.kind, self.program.steps.last()) {
            (Kind::ParenthesisLeft, Some(Step { operation: Operation::Name(_), span: name }))
                if !self.text[name.end as usize..token.start].contains(')') =>
            {
                return (ParseErrorKind::Call, Span { start: name.start, end: span.end });
            }
            (Kind::Name, _) if matches!(span.text(self.text), "and" | "or" | "not") => {
                ParseErrorKind::OperatorInWords
            }
            _ => ParseErrorKind::OperatorMissing,
        };
        (kind, span)
    }

    /// The index of the name at `span`.
    #[inline(always)]
    fn name(&mut self, span: Span) -> u32 {
        let text = span.text(self.text);
        let names = &self.program.names;
        if names.len() <= FEW_NAMES {
            // Names of another length need no comparison.
            let found = names.iter().position(|known| {
                known.end - known.start == span.end - span.start && known.text(self.text) == text
            });
            if let Some(index) = found {
                return index as u32;
            }
        }
        self.new_name(text, span)
    }

    #[inline(never)]
    fn new_name(&mut self, text: &'t str, span: Span) -> u32 {
        let names = &mut self.program.names;
        if names.len() == FEW_NAMES {
            let indexes = names.iter().map(|known| known.text(self.text)).zip(0..);
            self.known.extend(indexes);
        }
        let next = names.len() as u32;
        if names.len() >= FEW_NAMES {
            let index = *self.known.entry(text).or_insert(next);
            if index != next {
                return index;
            }
        }
        names.push(span);
        next
    }

    #[inline(always)]
    fn push(&mut self, operation: Operation, span: Span) {
        self.program.steps.push(Step { operation, span });
        self.values += 1;
        self.program.depth = self.program.depth.max(self.values);
    }

    /// Puts an operator or parenthesis on the stack.
    #[inline(always)]
    fn wait(&mut self, pending: Pending, span: Span) -> Result<(), Problem> {
        if self.pending.len() == DEPTH_LIMIT {
            return Err((ParseErrorKind::TooDeep, span));
        }
        self.pending.push(pending);
        Ok(())
    }

    /// Moves the operators that bind at least as tightly as `level` behind their right side.
    #[inline(always)]
    fn complete(&mut self, level: u8) {
        while let Some(&pending) = self.pending.last()
            && pending.level() >= level
        {
            self.pending.pop();
            let steps = &mut self.program.steps;
            let (operation, span) = match pending {
                // Their level is below every operator's.
                Pending::Parenthesis(_) => return,
                Pending::Unary(operator, span) => (Operation::Unary(operator), span),
                Pending::Binary(operator, span) => {
                    self.values -= 1;
                    (Operation::Binary(operator), span)
                }
                Pending::Logic(operator, jump, span) => {
                    let target = steps.len() as u32 + 1;
                    steps[jump].operation = match operator {
                        Logic::And => Operation::And(target),
                        Logic::Or => Operation::Or(target),
                    };
                    (Operation::Truth, span)
                }
            };
            steps.push(Step { operation, span });
        }
    }
}
