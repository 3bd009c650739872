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
    let human = || human::render(located, lang, color);
    let short = || short::render(located, lang, color);
    let json = || json::render(located, lang);
    match format {
        Format::Human => first_whole(&[&human, &short], || short::bare(located)),
        Format::Short => first_whole(&[&short], || short::bare(located)),
        Format::Json => first_whole(&[&json], || json::bare(located, lang)),
    }
}

/// The first of the forms that does not panic, each plainer than the one before: spans and facts come from a worker that
/// may have gone wrong, and the snippet renderer is not ours. At the end stands one that has nothing in it that could fail.
fn first_whole(forms: &[&dyn Fn() -> String], bare: impl FnOnce() -> String) -> String {
    for form in forms {
        // Each only reads what it borrows, so nothing is left half-changed.
        if let Ok(text) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(form)) {
            return text;
        }
    }
    bare()
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
