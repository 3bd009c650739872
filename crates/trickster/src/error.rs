//! Why an expression has no value, as facts: a kind, a place, the text.
//!
//! The kinds are for programs, [`Display`](fmt::Display) is for people. Its one line says what is wrong, where, why, and
//! what to do. Whoever shows the text itself with a mark under it takes [`ParseError::span`] and words the kind alone.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::{DEPTH_LIMIT, LENGTH_LIMIT, Span};

/// What makes a text no expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// Nothing but blanks.
    Empty,
    /// More than [`LENGTH_LIMIT`] bytes.
    TooLong,
    /// More than [`DEPTH_LIMIT`] operators and parentheses that wait for their right side.
    TooDeep,
    /// A character that begins nothing.
    CharacterUnexpected,
    /// An integer that 64 bits do not hold.
    NumberTooLarge,
    /// Digits that run into letters, or `0x` without digits.
    NumberMalformed,
    /// A number with a fraction or an exponent.
    Float,
    /// A text in quotes.
    String,
    /// A name before `(`.
    Call,
    /// A `[`.
    Index,
    /// A `.` behind an operand.
    Field,
    /// `=`, where a comparison is `==`.
    Assignment,
    /// An operator of other languages, such as `++` or `<<=`.
    OperatorUnknown,
    /// `and`, `or` or `not`, where the operators are `&&`, `||` and `!`.
    OperatorInWords,
    /// An operand was expected; something else stands here.
    OperandMissing,
    /// Two operands without an operator between them.
    OperatorMissing,
    /// A `(` without its `)`.
    ParenthesisUnclosed,
    /// A `)` without its `(`.
    ParenthesisUnopened,
}

/// What kept an expression from having a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationErrorKind {
    /// The context, or the list of names that was bound, lacks the name at the span.
    NameUnknown,
    /// The right side of the `/` at the span is 0.
    DivisionByZero,
    /// The right side of the `%` at the span is 0.
    RemainderByZero,
    /// A bound expression was given another number of values than it was bound to names.
    ValueCount { expected: usize, given: usize },
}

/// A text that is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub(crate) kind: ParseErrorKind,
    pub(crate) span: Span,
    pub(crate) text: Arc<str>,
}

/// An expression without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError {
    pub(crate) kind: EvaluationErrorKind,
    pub(crate) span: Span,
    pub(crate) text: Arc<str>,
}

impl ParseError {
    /// What is wrong.
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// Where, in bytes of [`ParseError::text`].
    pub fn span(&self) -> Span {
        self.span
    }

    /// The text that was parsed; of one that is too long, the first [`LENGTH_LIMIT`] bytes.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl EvaluationError {
    /// What is wrong.
    pub fn kind(&self) -> EvaluationErrorKind {
        self.kind
    }

    /// Where, in bytes of [`EvaluationError::text`].
    pub fn span(&self) -> Span {
        self.span
    }

    /// The text of the expression.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = At { text: &self.text, span: self.span };
        match self.kind {
            ParseErrorKind::Empty => f.write_str(
                "the expression is empty, so it has no value: write at least a number or a name",
            ),
            ParseErrorKind::TooLong => {
                write!(f, "the expression is longer than {LENGTH_LIMIT} bytes: split it up")
            }
            ParseErrorKind::TooDeep => write!(
                f,
                "too deep at {at}: more than {DEPTH_LIMIT} operators and parentheses wait for their right side; \
                 split the expression up"
            ),
            ParseErrorKind::CharacterUnexpected => write!(
                f,
                "unexpected character at {at}: an expression has integers, names, operators and parentheses; \
                 remove it"
            ),
            ParseErrorKind::NumberTooLarge => {
                write!(f, "number too large at {at}: 64 bits do not hold it; write a smaller one")
            }
            ParseErrorKind::NumberMalformed => write!(
                f,
                "malformed number at {at}: an integer is decimal digits, or `0x` and hexadecimal digits; \
                 separate it from the word behind it or complete it"
            ),
            ParseErrorKind::Float => write!(
                f,
                "number with a fraction or an exponent at {at}: values are integers; scale it, \
                 for example to milliseconds"
            ),
            ParseErrorKind::String => {
                write!(f, "text in quotes at {at}: values are integers; write a name or a number")
            }
            ParseErrorKind::Call => write!(
                f,
                "call at {at}: an expression has no functions; give the result as a value with a name"
            ),
            ParseErrorKind::Index => write!(
                f,
                "index at {at}: an expression has no arrays; give the element as a value with a name"
            ),
            ParseErrorKind::Field => write!(
                f,
                "field at {at}: names have no fields; give the field as a value with a name"
            ),
            ParseErrorKind::Assignment => {
                write!(f, "assignment at {at}: an expression changes nothing; compare with `==`")
            }
            ParseErrorKind::OperatorUnknown => write!(
                f,
                "unknown operator at {at}: the operators are \
                 || && == != < > <= >= | ^ & << >> + - * / % ! ~; write it out with these"
            ),
            ParseErrorKind::OperatorInWords => write!(
                f,
                "operator written as a word at {at}: logic is written in signs; use `&&`, `||` or `!`"
            ),
            ParseErrorKind::OperandMissing => write!(
                f,
                "missing operand at {at}: a number, a name, `(`, `!`, `~` or `-` has to stand here; \
                 complete the expression or remove the operator"
            ),
            ParseErrorKind::OperatorMissing => write!(
                f,
                "missing operator at {at}: two operands stand side by side; \
                 join them with an operator or remove one"
            ),
            ParseErrorKind::ParenthesisUnclosed => {
                write!(f, "unclosed parenthesis at {at}: its `)` is missing; add it")
            }
            ParseErrorKind::ParenthesisUnopened => {
                write!(
                    f,
                    "unopened parenthesis at {at}: its `(` is missing; add it or remove this one"
                )
            }
        }
    }
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = At { text: &self.text, span: self.span };
        match self.kind {
            EvaluationErrorKind::NameUnknown => write!(
                f,
                "unknown name at {at}: the expression was given no value for it; give one or correct the name"
            ),
            EvaluationErrorKind::DivisionByZero => write!(
                f,
                "division by zero at {at}: its right side is 0; test it first, as in `n != 0 && m / n > 2`"
            ),
            EvaluationErrorKind::RemainderByZero => write!(
                f,
                "remainder by zero at {at}: its right side is 0; test it first, as in `n != 0 && m % n == 0`"
            ),
            EvaluationErrorKind::ValueCount { expected, given } => write!(
                f,
                "wrong number of values for {at}: the expression is bound to {expected} names and got {given} \
                 values; give one value a name, in the same order"
            ),
        }
    }
}

impl Error for ParseError {}
impl Error for EvaluationError {}

/// A place in a message: the bytes and what stands there with what is around it.
struct At<'a> {
    text: &'a str,
    span: Span,
}

/// So many bytes on each side of the place are shown.
const AROUND: usize = 40;

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let from = self.text.floor_char_boundary(start.saturating_sub(AROUND));
        // A place may itself be long, for example a number of a thousand digits.
        let shown = self.text.floor_char_boundary(end.min(start + AROUND));
        let to = self.text.ceil_char_boundary(shown + AROUND);
        if start < end {
            let cut = if shown < end { "..." } else { "" };
            write!(f, "bytes {start}..{end} (`{}{cut}`) of `", self.part(start, shown))?;
        } else {
            write!(f, "byte {start} of `")?;
        }
        let left = if from == 0 { "" } else { "..." };
        let right = if to == self.text.len() { "" } else { "..." };
        write!(f, "{left}{}{right}`", self.part(from, to))
    }
}

impl At<'_> {
    /// A part of the text on one line, without characters that a terminal would obey.
    fn part(&self, start: usize, end: usize) -> String {
        let part = self.text.get(start..end).unwrap_or("");
        let mut shown = String::with_capacity(part.len());
        for character in part.chars() {
            if character.is_control() {
                shown.extend(character.escape_default());
            } else {
                shown.push(character);
            }
        }
        shown
    }
}
