//! Problems of expressions as diagnostics: what `trickster` found, for the catalogue to word.
//!
//! The library has one-line messages of its own, for who uses it alone; here only its facts are taken.

use morph_diag::{Code, Diagnostic, Span};
use morph_sema::nearest::nearest;
use morph_trickster::{
    DEPTH_LIMIT, EvaluationError, EvaluationErrorKind, LENGTH_LIMIT, ParseError, ParseErrorKind,
};

/// A text that is no expression; the span counts in that text.
pub fn malformed(error: &ParseError) -> Diagnostic {
    let reason = match error.kind() {
        ParseErrorKind::Empty => "empty",
        ParseErrorKind::TooLong => "too-long",
        ParseErrorKind::TooDeep => "too-deep",
        ParseErrorKind::CharacterUnexpected => "character",
        ParseErrorKind::NumberTooLarge => "number-large",
        ParseErrorKind::NumberMalformed => "number",
        ParseErrorKind::Float => "float",
        ParseErrorKind::String => "string",
        ParseErrorKind::Call => "call",
        ParseErrorKind::Index => "index",
        ParseErrorKind::Field => "field",
        ParseErrorKind::Assignment => "assignment",
        ParseErrorKind::OperatorUnknown => "operator",
        ParseErrorKind::OperatorInWords => "word",
        ParseErrorKind::OperandMissing => "operand-missing",
        ParseErrorKind::OperatorMissing => "operator-missing",
        ParseErrorKind::ParenthesisUnclosed => "unclosed",
        ParseErrorKind::ParenthesisUnopened => "unopened",
    };
    let limit = if error.kind() == ParseErrorKind::TooDeep { DEPTH_LIMIT } else { LENGTH_LIMIT };
    Diagnostic::new(Code::ExpressionMalformed, span(error.span()))
        .arg("reason", reason)
        .arg("text", error.span().text(error.text()))
        .arg("limit", limit)
}

/// An expression without a value, when these names have one; the span counts in its text.
pub fn undefined<'a>(
    error: &EvaluationError,
    names: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let text = error.span().text(error.text());
    let reason = match error.kind() {
        // More or fewer values than names: whoever bound the expression did not know one of them.
        EvaluationErrorKind::NameUnknown | EvaluationErrorKind::ValueCount { .. } => "name",
        EvaluationErrorKind::DivisionByZero => "division",
        EvaluationErrorKind::RemainderByZero => "remainder",
    };
    let diagnostic = Diagnostic::new(Code::ExpressionUndefined, span(error.span()))
        .arg("reason", reason)
        .arg("text", text);
    match nearest(text, names) {
        Some(name) if error.kind() == EvaluationErrorKind::NameUnknown => diagnostic.nearest(name),
        Some(_) | None => diagnostic,
    }
}

fn span(span: morph_trickster::Span) -> Span {
    Span::new(span.start, span.end)
}
