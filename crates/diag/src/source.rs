//! Where a diagnostic points: texts, and fragment-relative spans turned into places of a file.

use std::ops::Range;

use crate::{Diagnostic, FragmentId, Origin, Span};

/// The text around one fragment, as the caller has it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// How the file is shown to the user.
    pub path: &'a str,
    /// The unit's whole text, or whole lines of it that hold the fragment.
    pub text: &'a str,
    /// Where the fragment begins in `text`; its spans count from here.
    pub start: usize,
    /// Line number, from 1, of the first line of `text`.
    pub first_line: usize,
    /// Byte offset of `text` in its file.
    pub offset: usize,
}

impl<'a> Source<'a> {
    /// A fragment that begins at byte `start` of the unit's whole text.
    pub const fn unit(path: &'a str, text: &'a str, start: usize) -> Source<'a> {
        Source { path, text, start, first_line: 1, offset: 0 }
    }

    /// A fragment's own text, which begins at byte `offset`, line `line` (from 1) and column 1 of its file.
    pub const fn fragment(path: &'a str, text: &'a str, line: usize, offset: usize) -> Source<'a> {
        Source { path, text, start: 0, first_line: line, offset }
    }

    /// The bytes of `text` that `span` means: always inside the text, and between characters.
    pub(crate) fn range(&self, span: Span) -> Range<usize> {
        let start = self.text.floor_char_boundary(self.start.saturating_add(span.start as usize));
        let end = self.text.ceil_char_boundary(self.start.saturating_add(span.end as usize));
        start..end.max(start)
    }

    /// The place of `span` in the file.
    pub fn place(&self, span: Span) -> Place {
        let range = self.range(span);
        let start = self.position(range.start);
        let end = self.position(range.end);
        Place { start, end, bytes: self.offset + range.start..self.offset + range.end }
    }

    /// Line and column of a byte of `text`.
    pub(crate) fn position(&self, at: usize) -> Position {
        let before = self.text.get(..at).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let newlines = before.bytes().filter(|&byte| byte == b'\n').count();
        let column = before.get(line_start..).map_or(0, |text| text.chars().count());
        Position { line: self.first_line + newlines, column: column + 1 }
    }
}

/// A line and a column, both from 1. Columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// A stretch of a file; `end` is the position behind its last character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub start: Position,
    pub end: Position,
    pub bytes: Range<usize>,
}

/// A diagnostic together with the texts that its spans count in.
#[derive(Clone, Debug)]
pub struct Located<'a> {
    pub diagnostic: &'a Diagnostic,
    /// Text of the fragment that it is about; `None` when there is none (a file that cannot be read).
    pub here: Option<Source<'a>>,
    /// Texts of the other fragments that it marks.
    pub others: Vec<(FragmentId, Source<'a>)>,
    /// The fault id of the fragment that it closes, for programs that read it.
    pub fault: Option<&'a str>,
}

impl<'a> Located<'a> {
    /// A diagnostic in `here`; `find` is asked once for each other fragment that it marks.
    pub fn new(
        diagnostic: &'a Diagnostic,
        here: Source<'a>,
        mut find: impl FnMut(FragmentId) -> Option<Source<'a>>,
    ) -> Located<'a> {
        let mut others: Vec<(FragmentId, Source<'a>)> = Vec::new();
        for label in &diagnostic.secondary {
            if let Origin::Fragment(id) = label.origin
                && !others.iter().any(|(known, _)| *known == id)
                && let Some(source) = find(id)
            {
                others.push((id, source));
            }
        }
        Located { diagnostic, here: Some(here), others, fault: None }
    }

    /// A diagnostic that points at no text.
    pub const fn nowhere(diagnostic: &'a Diagnostic) -> Located<'a> {
        Located { diagnostic, here: None, others: Vec::new(), fault: None }
    }

    /// The text that spans of `origin` count in, if the caller had it.
    pub fn source(&self, origin: Origin) -> Option<Source<'a>> {
        match origin {
            Origin::Here => self.here,
            Origin::Fragment(id) => {
                self.others.iter().find(|(known, _)| *known == id).map(|(_, source)| *source)
            }
        }
    }

    /// Where the diagnostic points.
    pub fn place(&self) -> Option<Place> {
        Some(self.here?.place(self.diagnostic.primary))
    }
}
