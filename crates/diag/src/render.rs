//! Diagnostics as text for people and as JSON for programs.
//!
//! [`render`] never fails and never panics: whatever the spans and the texts are, something readable
//! comes out. Its result has no line break at its end.

mod excerpt;
mod human;
mod json;
mod short;

use crate::{Lang, Located, Severity, wording};

/// The three ways to show a diagnostic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// With the source text, marks, notes and proposals.
    #[default]
    Human,
    /// One line: `path:line:column: error[CODE]: message`.
    Short,
    /// One JSON object in one line; its members are described in `render/json.rs`.
    Json,
}

/// Whether terminal colours are used. JSON has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    #[default]
    Never,
    Always,
}

/// Words one diagnostic.
pub fn render(located: &Located<'_>, lang: Lang, format: Format, color: Color) -> String {
    match format {
        Format::Human => or_short(located, lang, color, || human::render(located, lang, color)),
        Format::Short => short::render(located, lang, color),
        Format::Json => json::render(located, lang),
    }
}

/// Falls back to the short form when the snippet renderer, which is not ours, panics.
fn or_short(
    located: &Located<'_>,
    lang: Lang,
    color: Color,
    long: impl FnOnce() -> String,
) -> String {
    // `long` only reads what it borrows, so nothing is left half-changed.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(long))
        .unwrap_or_else(|_| short::render(located, lang, color))
}

/// The word for a severity, which starts a message.
fn level_name(severity: Severity, lang: Lang) -> String {
    let key = match severity {
        Severity::Error => "level-error",
        Severity::Warning => "level-warning",
        Severity::Note => "level-note",
    };
    wording::text(lang, key, &Vec::new())
}

#[cfg(test)]
mod tests;
