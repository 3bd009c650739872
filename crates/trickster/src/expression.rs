//! A parsed expression.

use std::fmt;
use std::sync::Arc;

use crate::error::{EvaluationErrorKind, ParseErrorKind};
use crate::evaluate::evaluate;
use crate::parse::{Program, parse};
use crate::{Bound, Context, EvaluationError, LENGTH_LIMIT, ParseError, Span};

/// An expression that was read once and can be evaluated as often as one likes.
///
/// Two expressions are equal when their texts are.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    program: Program,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first thing in `text` that is no expression, with its place.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        match parse(text) {
            Ok(program) => Ok(Expression { text: Arc::from(text), program }),
            Err((kind, span)) => Err(parse_error(text, kind, span)),
        }
    }

    /// The text as it was given to [`Expression::parse`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The distinct names, in the order of their first use.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.program.names.iter().map(|name| name.text(&self.text))
    }

    /// The value, with the names' values from `context`.
    ///
    /// A name is looked up each time its value is needed, and only then: in `a && b`, if `a` is 0, `b` is not looked up.
    /// Nothing is allocated, errors included.
    ///
    /// # Errors
    /// A name that `context` does not know, or a division or remainder by zero, with its place.
    pub fn evaluate<C: Context + ?Sized>(&self, context: &C) -> Result<i64, EvaluationError> {
        let value = |name: u32| context.value(self.program.names[name as usize].text(&self.text));
        evaluate(&self.program, value).map_err(|(step, kind)| self.error(step, kind))
    }

    /// The expression as a function of the values of `names`, in this order: the way to evaluate it often.
    ///
    /// Of names that are equal the first counts. Names that the expression does not use are fine.
    ///
    /// # Errors
    /// The first name of the expression that `names` lacks, even if evaluation might never ask for it.
    pub fn bind(&self, names: &[&str]) -> Result<Bound, EvaluationError> {
        let mut order = Vec::with_capacity(self.program.names.len());
        for &span in &self.program.names {
            let name = span.text(&self.text);
            match names.iter().position(|given| *given == name) {
                Some(index) => order.push(index as u32),
                None => {
                    let kind = EvaluationErrorKind::NameUnknown;
                    return Err(EvaluationError { kind, span, text: self.text.clone() });
                }
            }
        }
        Ok(Bound::new(self.text.clone(), &self.program, &order, names.len()))
    }

    #[cold]
    fn error(&self, step: usize, kind: EvaluationErrorKind) -> EvaluationError {
        EvaluationError { kind, span: self.program.steps[step].span, text: self.text.clone() }
    }
}

#[cold]
fn parse_error(text: &str, kind: ParseErrorKind, span: Span) -> ParseError {
    let kept = text.floor_char_boundary(LENGTH_LIMIT);
    let end = span.end.min(kept as u32);
    let span = Span { start: span.start.min(end), end };
    ParseError { kind, span, text: Arc::from(&text[..kept]) }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Expression {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Expression, ParseError> {
        Expression::parse(text)
    }
}
