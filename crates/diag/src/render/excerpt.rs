//! The few lines of a source that a diagnostic shows, cut to a size that is safe to render.
//!
//! The snippet renderer works on whole texts and panics on ranges outside them; a source may be huge,
//! in one line, or with any line ends. So it only ever sees an excerpt: whole lines where they are
//! short, the neighbourhood of the marks where they are long, and no carriage returns.

use std::ops::Range;

use crate::Source;

/// Longer lines are cut.
const LINE_LIMIT: usize = 1_000;
/// What is kept on either side of the marks of a line that is cut.
const AROUND: usize = 100;
/// A mark over more lines than this is cut to its first line.
const MARK_LINES: usize = 30;
/// Marks that are further apart than this stand in excerpts of their own.
const GAP_LINES: usize = 100;

pub(super) struct Excerpt {
    pub(super) text: String,
    /// Line number, in the file, of the first line of `text`.
    pub(super) first_line: usize,
    /// Some line of `text` is cut, so that its columns are not those of the file.
    pub(super) cut: bool,
    lines: Vec<Line>,
}

struct Line {
    /// Where the line begins in the source.
    start: usize,
    /// The part that is kept, in the source.
    kept: Range<usize>,
    /// Where that part stands in the excerpt.
    at: usize,
}

impl Excerpt {
    /// The lines that the ranges touch. Invariant of all ranges: inside the text, between characters.
    pub(super) fn new(source: &Source<'_>, ranges: &[Range<usize>]) -> Excerpt {
        let text = source.text;
        let first = ranges.iter().map(|range| range.start).min().unwrap_or(0);
        let last = ranges.iter().map(|range| range.end).max().unwrap_or(first);
        let mut start = line_start(text, first);
        let newlines = count_lines(text, 0..start);
        let mut excerpt = Excerpt {
            text: String::new(),
            first_line: source.first_line + newlines,
            cut: false,
            lines: Vec::new(),
        };
        loop {
            let end = line_end(text, start);
            excerpt.push(text, start..end, ranges);
            if last <= end || end >= text.len() {
                return excerpt;
            }
            excerpt.text.push('\n');
            start = end + 1;
        }
    }

    fn push(&mut self, text: &str, line: Range<usize>, ranges: &[Range<usize>]) {
        let content = text.get(line.clone()).unwrap_or("");
        let end = line.start + content.trim_end_matches('\r').len();
        let mut kept = line.start..end;
        if kept.len() > LINE_LIMIT {
            let on_line = || ranges.iter().filter(|range| line.contains(&range.start));
            let from = on_line().map(|range| range.start).min().unwrap_or(line.start);
            let to = on_line().map(|range| range.end).max().unwrap_or(from).min(end);
            let from = from.saturating_sub(AROUND).max(line.start);
            let to = to.saturating_add(AROUND).min(from + LINE_LIMIT).min(end);
            kept = text.floor_char_boundary(from)..text.floor_char_boundary(to);
            self.cut = true;
        }
        if kept.start > line.start {
            self.text.push('…');
        }
        let at = self.text.len();
        self.text.push_str(text.get(kept.clone()).unwrap_or(""));
        if kept.end < end {
            self.text.push('…');
        }
        self.lines.push(Line { start: line.start, kept, at });
    }

    /// The range of the excerpt that shows `range` of the source: inside it, between characters.
    pub(super) fn map(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.offset(range.start);
        let end = self.offset(range.end).max(start);
        start..end
    }

    /// Column, from 1, of a byte of the excerpt.
    pub(super) fn column(&self, at: usize) -> usize {
        let start = line_start(&self.text, at);
        self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1
    }

    fn offset(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|line| line.start <= at);
        let Some(line) = after.checked_sub(1).and_then(|index| self.lines.get(index)) else {
            return 0;
        };
        let at = at.clamp(line.kept.start, line.kept.end);
        line.at + (at - line.kept.start)
    }
}

/// Cuts line ends off a mark, and one that covers very many lines to the first of them.
pub(super) fn tame(text: &str, range: Range<usize>) -> Range<usize> {
    let marked = text.get(range.clone()).unwrap_or("");
    let trimmed = marked.trim_end_matches(['\n', '\r']).len();
    let range = range.start..range.start + trimmed;
    if count_lines(text, range.clone()) < MARK_LINES {
        return range;
    }
    range.start..line_end(text, range.start)
}

/// Groups ranges that stand near each other: the indexes of each group, groups in text order.
pub(super) fn clusters(text: &str, ranges: &[Range<usize>]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|&index| (ranges[index].start, ranges[index].end));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut end = 0;
    for index in order {
        let range = &ranges[index];
        let near = range.start <= end || count_lines(text, end..range.start) <= GAP_LINES;
        match groups.last_mut() {
            Some(group) if near => group.push(index),
            _ => groups.push(vec![index]),
        }
        end = end.max(range.end);
    }
    groups
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |length| at + length)
}

fn count_lines(text: &str, range: Range<usize>) -> usize {
    text.get(range).map_or(0, |part| part.bytes().filter(|&byte| byte == b'\n').count())
}
