//! The policies of `morph.toml`: expressions whose every name is known.

use std::ops::Range;

use morph_diag::{Code, Diagnostic, Span};
use morph_fault::policy::{PolicyName, PolicyTexts};
use morph_sema::nearest::nearest;
use morph_trickster::{EvaluationErrorKind, Expression};

use super::read::span_of;
use crate::expression;

/// The place of a policy among the texts.
pub(super) fn slot(texts: &mut PolicyTexts, policy: PolicyName) -> &mut String {
    match policy {
        PolicyName::RetryWhen => &mut texts.retry_when,
        PolicyName::OpenWhen => &mut texts.open_when,
        PolicyName::QuarantineWhen => &mut texts.quarantine_when,
        PolicyName::ProbeWhen => &mut texts.probe_when,
    }
}

/// What is wrong with a policy that is written in the bytes `written` of `toml`.
pub(super) fn check(
    policy: PolicyName,
    text: &str,
    written: Range<usize>,
    toml: &str,
) -> Option<Diagnostic> {
    let names: Vec<&str> = policy.names().iter().map(|(name, _)| *name).collect();
    let mut problem = match Expression::parse(text) {
        Err(error) => expression::malformed(&error),
        Ok(expression) => {
            let error = expression.bind(&names).err()?;
            match error.kind() {
                EvaluationErrorKind::NameUnknown => {
                    let name = error.span().text(error.text());
                    let span = Span::new(error.span().start, error.span().end);
                    let problem = Diagnostic::new(Code::ExpressionUndefined, span)
                        .arg("reason", "policy-name")
                        .arg("policy", policy.name())
                        .arg("text", name)
                        .arg(
                            "names",
                            names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
                        )
                        .footer("note-names");
                    match nearest(name, names) {
                        Some(nearest) => problem.nearest(nearest).fix(span, nearest),
                        None => problem,
                    }
                }
                EvaluationErrorKind::DivisionByZero
                | EvaluationErrorKind::RemainderByZero
                | EvaluationErrorKind::ValueCount { .. } => expression::undefined(&error, names),
            }
        }
    };
    match content(text, written.clone(), toml) {
        Some(start) => {
            let shift = u32::try_from(start).unwrap_or(u32::MAX);
            let moved = |span: Span| {
                Span::new(span.start.saturating_add(shift), span.end.saturating_add(shift))
            };
            problem.primary = moved(problem.primary);
            problem.fix.iter_mut().for_each(|fix| fix.span = moved(fix.span));
        }
        None => {
            problem.primary = span_of(written);
            problem.fix = None;
        }
    }
    Some(problem)
}

/// Where the text of a string begins in `toml`, if it stands there as it is: without escapes.
fn content(text: &str, written: Range<usize>, toml: &str) -> Option<usize> {
    let raw = toml.get(written.clone())?;
    ["\"\"\"", "'''", "\"", "'"].into_iter().find_map(|quote| {
        let inner = raw.strip_prefix(quote)?.strip_suffix(quote)?;
        // A line break right behind three quotes is not part of the string.
        let first =
            if quote.len() == 3 { inner.trim_start_matches('\r').strip_prefix('\n') } else { None };
        let inner = first.unwrap_or(inner);
        let start = written.end - quote.len() - inner.len();
        (inner == text).then_some(start)
    })
}
