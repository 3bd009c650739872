//! The one-line form, which editors and `grep` understand.

use annotate_snippets::renderer::{DEFAULT_ERROR_STYLE, DEFAULT_NOTE_STYLE, DEFAULT_WARNING_STYLE};

use super::{Color, level_name};
use crate::{Lang, Located, Severity, wording};

pub(super) fn render(located: &Located<'_>, lang: Lang, color: Color) -> String {
    let diagnostic = located.diagnostic;
    let place = match (located.here, located.place()) {
        (Some(source), Some(place)) => {
            format!("{}:{}:{}: ", source.path, place.start.line, place.start.column)
        }
        _ => String::new(),
    };
    let level = format!("{}[{}]", level_name(diagnostic.severity(), lang), diagnostic.code);
    let level = match color {
        Color::Never => level,
        Color::Always => {
            let style = match diagnostic.severity() {
                Severity::Error => DEFAULT_ERROR_STYLE,
                Severity::Warning => DEFAULT_WARNING_STYLE,
                Severity::Note => DEFAULT_NOTE_STYLE,
            };
            format!("{style}{level}{style:#}")
        }
    };
    let message = wording::message(diagnostic, lang);
    format!("{}{level}: {}", on_one_line(&place), on_one_line(&message))
}

/// Code and path, for when even the wording fails.
pub(super) fn bare(located: &Located<'_>) -> String {
    let code = located.diagnostic.code;
    match located.here {
        Some(source) => on_one_line(&format!("{}: [{code}]", source.path)),
        None => format!("[{code}]"),
    }
}

/// Control characters would break the line or drive the terminal.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
