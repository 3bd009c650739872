//! The wire form of a diagnostic: own structs, with a version, so that internal types may change.
//!
//! Version 1. Lines and columns count from 1, columns in characters; bytes count from the beginning
//! of the file; ends are exclusive. `place` is `null` where a diagnostic points at no text. A new
//! member may appear without a new version; one that is taken away or changes its meaning makes one.

use serde::Serialize;

use crate::wording::{self, FooterKind};
use crate::{Label, Lang, Located, Severity, Source, Span};

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Wire<'a> {
    version: u32,
    kind: &'static str,
    code: &'static str,
    severity: &'static str,
    /// The fault id of the fragment that this error closes.
    fault: Option<&'a str>,
    message: String,
    /// The language of all texts.
    lang: &'static str,
    path: Option<&'a str>,
    place: Option<WirePlace>,
    label: Option<String>,
    labels: Vec<WireLabel<'a>>,
    notes: Vec<String>,
    helps: Vec<String>,
    fix: Option<WireFix<'a>>,
}

#[derive(Serialize)]
struct WirePlace {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    byte_start: usize,
    byte_end: usize,
}

#[derive(Serialize)]
struct WireLabel<'a> {
    path: &'a str,
    place: WirePlace,
    text: Option<String>,
}

#[derive(Serialize)]
struct WireFix<'a> {
    path: &'a str,
    place: WirePlace,
    replacement: &'a str,
}

pub(super) fn render(located: &Located<'_>, lang: Lang) -> String {
    let diagnostic = located.diagnostic;
    let mut notes = Vec::new();
    let mut helps = Vec::new();
    for (kind, text) in wording::footers(diagnostic, lang) {
        match kind {
            FooterKind::Note => notes.push(text),
            FooterKind::Help => helps.push(text),
        }
    }
    let wire = Wire {
        version: VERSION,
        kind: "diagnostic",
        code: diagnostic.code.name(),
        severity: severity(diagnostic.severity()),
        fault: located.fault,
        message: wording::message(diagnostic, lang),
        lang: lang.name(),
        path: located.here.map(|source| source.path),
        place: located.here.map(|source| place(&source, diagnostic.primary)),
        label: wording::label(diagnostic, lang),
        labels: diagnostic.secondary.iter().filter_map(|mark| label(located, mark, lang)).collect(),
        notes,
        helps,
        fix: located.here.zip(diagnostic.fix.as_ref()).map(|(source, fix)| WireFix {
            path: source.path,
            place: place(&source, fix.span),
            replacement: &fix.replacement,
        }),
    };
    // Strings, numbers and sequences always serialise.
    serde_json::to_string(&wire).unwrap_or_default()
}

/// Without words and places, for when those fail.
pub(super) fn bare(located: &Located<'_>, lang: Lang) -> String {
    let code = located.diagnostic.code;
    let wire = Wire {
        version: VERSION,
        kind: "diagnostic",
        code: code.name(),
        severity: severity(code.severity()),
        fault: located.fault,
        message: code.name().to_owned(),
        lang: lang.name(),
        path: located.here.map(|source| source.path),
        place: None,
        label: None,
        labels: Vec::new(),
        notes: Vec::new(),
        helps: Vec::new(),
        fix: None,
    };
    serde_json::to_string(&wire).unwrap_or_default()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn label<'a>(located: &Located<'a>, mark: &Label, lang: Lang) -> Option<WireLabel<'a>> {
    let source = located.source(mark.origin)?;
    let text = mark.text.as_ref().map(|text| wording::phrase(located.diagnostic, text, lang));
    Some(WireLabel { path: source.path, place: place(&source, mark.span), text })
}

fn place(source: &Source<'_>, span: Span) -> WirePlace {
    let place = source.place(span);
    WirePlace {
        line: place.start.line,
        column: place.start.column,
        end_line: place.end.line,
        end_column: place.end.column,
        byte_start: place.bytes.start,
        byte_end: place.bytes.end,
    }
}
