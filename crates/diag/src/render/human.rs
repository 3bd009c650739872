//! The form with source text: our values turned into a report of the snippet renderer.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin as OriginLine, Patch, Renderer,
    Snippet, normalize_untrusted_str,
};

use super::excerpt::{self, Excerpt};
use super::{Color, level_name};
use crate::wording::{self, FooterKind};
use crate::{Lang, Located, Severity, Source, Span};

pub(super) fn render(located: &Located<'_>, lang: Lang, color: Color) -> String {
    let diagnostic = located.diagnostic;
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .with_name(level_name(diagnostic.severity(), lang))
        .primary_title(wording::message(diagnostic, lang))
        .id(diagnostic.code.name());
    let mut group = Group::with_title(title);
    let mut corrections = Vec::new();
    for view in views(located, lang) {
        for element in view.elements(&mut corrections) {
            group = group.element(element);
        }
    }
    let mut footers = wording::footers(diagnostic, lang);
    let fix = fix(located, lang, &mut footers);
    for (kind, text) in footers {
        let level = match kind {
            FooterKind::Note => Level::NOTE.with_name(word(lang, "level-note")),
            FooterKind::Help => help(lang),
        };
        group = group.element(level.message(normalize_untrusted_str(&text)));
    }
    let mut report = vec![group];
    report.extend(fix);
    let renderer = match color {
        Color::Never => Renderer::plain(),
        Color::Always => Renderer::styled(),
    };
    let mut text = renderer.render(&report);
    for (seen, meant) in corrections {
        text = text.replacen(&seen, &meant, 1);
    }
    text
}

/// All marks of one text.
struct View<'a> {
    source: Source<'a>,
    marks: Vec<Mark>,
}

struct Mark {
    range: Range<usize>,
    kind: AnnotationKind,
    text: Option<String>,
}

/// The primary mark's text first; marks in the same text share a view.
fn views<'a>(located: &Located<'a>, lang: Lang) -> Vec<View<'a>> {
    let diagnostic = located.diagnostic;
    let mut views: Vec<View<'a>> = Vec::new();
    if let Some(source) = located.here {
        let text = wording::label(diagnostic, lang);
        let mark = mark(&source, diagnostic.primary, AnnotationKind::Primary, text);
        views.push(View { source, marks: vec![mark] });
    }
    for label in &diagnostic.secondary {
        let Some(source) = located.source(label.origin) else { continue };
        let text = label.text.as_ref().map(|text| wording::phrase(diagnostic, text, lang));
        let mark = mark(&source, label.span, AnnotationKind::Context, text);
        match views.iter_mut().find(|view| same_text(&view.source, &source)) {
            Some(view) => view.marks.push(mark),
            None => views.push(View { source, marks: vec![mark] }),
        }
    }
    views
}

fn mark(source: &Source<'_>, span: Span, kind: AnnotationKind, text: Option<String>) -> Mark {
    Mark { range: excerpt::tame(source.text, source.range(span)), kind, text }
}

fn same_text(left: &Source<'_>, right: &Source<'_>) -> bool {
    left.path == right.path && left.offset == right.offset && std::ptr::eq(left.text, right.text)
}

impl<'a> View<'a> {
    fn elements(self, corrections: &mut Vec<(String, String)>) -> Vec<Element<'a>> {
        let ranges: Vec<Range<usize>> = self.marks.iter().map(|mark| mark.range.clone()).collect();
        if self.source.text.is_empty() {
            return vec![OriginLine::path(self.source.path).into()];
        }
        let mut groups = excerpt::clusters(self.source.text, &ranges);
        // What the diagnostic is about comes first, wherever it stands in the text.
        groups.sort_by_key(|group| !group.iter().any(|&index| self.is_primary(index)));
        groups.iter().map(|group| self.snippet(group, corrections)).collect()
    }

    fn is_primary(&self, index: usize) -> bool {
        self.marks[index].kind == AnnotationKind::Primary
    }

    fn snippet(&self, group: &[usize], corrections: &mut Vec<(String, String)>) -> Element<'a> {
        let marks: Vec<&Mark> = group.iter().map(|&index| &self.marks[index]).collect();
        let ranges: Vec<Range<usize>> = marks.iter().map(|mark| mark.range.clone()).collect();
        let excerpt = Excerpt::new(&self.source, &ranges);
        if excerpt.cut {
            corrections.extend(marks.iter().map(|mark| self.correction(&excerpt, mark)));
        }
        let annotations = marks.iter().map(|mark| annotation(&excerpt, mark));
        Snippet::source(excerpt.text.clone())
            .line_start(excerpt.first_line)
            .path(self.source.path)
            .annotations(annotations)
            .into()
    }

    /// In a line that is cut, the renderer counts columns in what it sees.
    fn correction(&self, excerpt: &Excerpt, mark: &Mark) -> (String, String) {
        let position = self.source.position(mark.range.start);
        let seen = excerpt.column(excerpt.map(&mark.range).start);
        let line = format!("{}:{}", self.source.path, position.line);
        (format!("{line}:{seen}"), format!("{line}:{}", position.column))
    }
}

fn annotation(excerpt: &Excerpt, mark: &Mark) -> Annotation<'static> {
    mark.kind.span(excerpt.map(&mark.range)).label(mark.text.clone())
}

/// The corrected text, as a proposal of its own. The first help introduces it and leaves the footers.
fn fix<'a>(
    located: &Located<'a>,
    lang: Lang,
    footers: &mut Vec<(FooterKind, String)>,
) -> Option<Group<'a>> {
    let source = located.here?;
    let fix = located.diagnostic.fix.as_ref()?;
    let range = source.range(fix.span);
    let excerpt = Excerpt::new(&source, std::slice::from_ref(&range));
    if excerpt.cut || source.text.is_empty() {
        return None;
    }
    let title = match footers.iter().position(|(kind, _)| *kind == FooterKind::Help) {
        Some(first) => footers.remove(first).1,
        None => word(lang, "fix-title"),
    };
    let title = help(lang).secondary_title(normalize_untrusted_str(&title));
    let patch = Patch::new(excerpt.map(&range), fix.replacement.clone());
    let snippet = Snippet::source(Cow::<str>::Owned(excerpt.text))
        .line_start(excerpt.first_line)
        .path(source.path)
        .patch(patch);
    Some(title.element(snippet))
}

fn help(lang: Lang) -> Level<'static> {
    Level::HELP.with_name(word(lang, "level-help"))
}

fn word(lang: Lang, key: &str) -> String {
    wording::text(lang, key, &Vec::new())
}
