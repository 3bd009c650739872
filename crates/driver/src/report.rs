//! What a build has to say: problems by place, what still works, what is lost and who can reach it.
//!
//! Values only; the command words them. Nothing here depends on time, folder or machine.

use std::ops::Range;
use std::path::Path;

use morph_diag::{
    Code, Color, Diagnostic, Format, FragmentId, Lang, Located, Severity, Source, Span, render,
};
use morph_fault::fault::FaultId;
use morph_sema::summary::Side;

use crate::isolation::Site;
use crate::project;

/// A unit's text, kept for excerpts.
#[derive(Debug)]
pub struct UnitText {
    pub path: String,
    pub text: String,
}

/// Where a fragment stands, and what it is called.
#[derive(Clone, Debug)]
pub struct FragmentPlace {
    pub unit: u32,
    /// Bytes of the unit's text.
    pub start: u32,
    pub end: u32,
    /// Line, from 1, on which it begins.
    pub line: u32,
    pub side: Side,
    pub label: FragmentLabel,
}

/// What people call a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FragmentLabel {
    /// A definition: its keyword and its name.
    Named { keyword: &'static str, name: String },
    /// A top-level statement or code block.
    Statement,
    /// An import, at file level.
    Import,
}

/// What the spans of a problem count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Nothing: the program as a whole, a file without text.
    Nothing,
    /// A whole text: an index into [`Report::units`].
    Text(u32),
    /// The text of a fragment.
    Fragment(FragmentId),
}

impl Subject {
    /// The fragment, if it is one.
    pub fn fragment(self) -> Option<FragmentId> {
        match self {
            Subject::Fragment(id) => Some(id),
            Subject::Nothing | Subject::Text(_) => None,
        }
    }
}

/// One problem.
#[derive(Debug)]
pub struct Problem {
    /// What the diagnostic points into.
    pub subject: Subject,
    pub diagnostic: Diagnostic,
}

/// One fragment that is closed.
#[derive(Debug)]
pub struct Closed {
    pub fragment: FragmentId,
    /// What joins its messages with those of the running program; of a fragment that needs a broken one, that one's.
    pub fault: FaultId,
    /// The broken fragment that it needs, if it has no error of its own.
    pub because: Option<FragmentId>,
    /// Shortest call paths to it, one for each entry point that reaches it: `mulai`, start-up; none if nothing reaches it.
    pub paths: Vec<Vec<FragmentId>>,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Report {
    pub units: Vec<UnitText>,
    pub fragments: Vec<FragmentPlace>,
    /// Sorted by place; those without one come first.
    pub problems: Vec<Problem>,
    /// In the order of fragments.
    pub closed: Vec<Closed>,
    /// How many fragments the program itself has.
    pub total: usize,
}

impl Report {
    /// A report that consists of one problem without a place.
    pub fn of_unreadable(diagnostic: Diagnostic) -> Report {
        let subject = Subject::Nothing;
        Report { problems: vec![Problem { subject, diagnostic }], ..Report::default() }
    }

    /// A report about one text that is no unit of a program.
    pub fn of_text(path: &str, text: String, diagnostics: Vec<Diagnostic>) -> Report {
        let subject = Subject::Text(0);
        let problem = |diagnostic| Problem { subject, diagnostic };
        Report {
            units: vec![UnitText { path: path.to_owned(), text }],
            problems: diagnostics.into_iter().map(problem).collect(),
            ..Report::default()
        }
    }

    /// Sorts by place: subject, position, then severity and code; repetitions go.
    pub fn sort(&mut self) {
        self.problems.sort_by(|a, b| {
            let key = |problem: &Problem| {
                (problem.subject, problem.diagnostic.primary, problem.diagnostic.severity())
            };
            key(a).cmp(&key(b)).then(a.diagnostic.code.cmp(&b.diagnostic.code))
        });
        self.problems.dedup_by(|a, b| a.subject == b.subject && a.diagnostic == b.diagnostic);
    }

    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.diagnostic.severity() == severity).count()
    }

    /// The image could not be written.
    pub fn add_output_failure(&mut self, path: &Path, error: &std::io::Error) {
        let diagnostic = Diagnostic::new(Code::OutputFailed, Span::default())
            .arg("path", project::display_unresolved(path))
            .arg("reason", error.to_string());
        self.problems.push(Problem { subject: Subject::Nothing, diagnostic });
    }

    /// Words one problem.
    pub fn render(&self, problem: &Problem, lang: Lang, format: Format, color: Color) -> String {
        let here = match problem.subject {
            Subject::Nothing => None,
            Subject::Text(unit) => self
                .units
                .get(unit as usize)
                .map(|unit| Source::unit(unit.path.as_str(), unit.text.as_str(), 0)),
            Subject::Fragment(id) => self.source(id),
        };
        let mut located = match here {
            Some(source) => Located::new(&problem.diagnostic, source, |id| self.source(id)),
            None => Located::nowhere(&problem.diagnostic),
        };
        let fault = self.fault(problem).map(|fault| fault.to_string());
        located.fault = fault.as_deref();
        render(&located, lang, format, color)
    }

    /// The fault id of the fragment that a problem closes.
    fn fault(&self, problem: &Problem) -> Option<FaultId> {
        let fragment = problem.subject.fragment()?;
        let at = self.closed.binary_search_by_key(&fragment, |closed| closed.fragment).ok()?;
        let closes = problem.diagnostic.severity() == Severity::Error;
        self.closed.get(at).filter(|_| closes).map(|closed| closed.fault)
    }

    pub fn place(&self, id: FragmentId) -> Option<&FragmentPlace> {
        self.fragments.get(id.0 as usize)
    }

    /// The fragment that a task worked on; of two units that are shown alike the program's.
    pub fn fragment_at(&self, site: &Site) -> Option<FragmentId> {
        let unit = self.units.iter().position(|unit| unit.path == site.unit)?;
        let first = self.fragments.partition_point(|place| (place.unit as usize) < unit);
        let at = first + site.fragment? as usize;
        self.fragments.get(at).filter(|place| place.unit as usize == unit)?;
        u32::try_from(at).ok().map(FragmentId)
    }

    pub fn path(&self, place: &FragmentPlace) -> &str {
        self.units.get(place.unit as usize).map_or("", |unit| unit.path.as_str())
    }

    /// The lines that hold a fragment.
    fn source(&self, id: FragmentId) -> Option<Source<'_>> {
        let place = self.place(id)?;
        let unit = self.units.get(place.unit as usize)?;
        Some(source_of(
            &unit.path,
            &unit.text,
            place.start as usize..place.end as usize,
            place.line,
        ))
    }
}

/// The whole lines of a unit that hold the fragment at `range`, which begins on line `line`.
pub(crate) fn source_of<'a>(
    path: &'a str,
    text: &'a str,
    range: Range<usize>,
    line: u32,
) -> Source<'a> {
    let line_start =
        text.get(..range.start).and_then(|text| text.rfind('\n')).map_or(0, |newline| newline + 1);
    let line_end = text
        .get(range.end..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |at| range.end + at);
    Source {
        path,
        text: text.get(line_start..line_end).unwrap_or(""),
        start: range.start - line_start,
        first_line: line as usize,
        offset: line_start,
    }
}
