//! What of a fragment's text means something: its words, without the blanks and comments between them.
//!
//! Whoever keeps what a fragment came to can tell by this that two texts differ in comments and layout alone, and where each
//! word of the one stands in the other, without parsing either. The answer is careful: where only the parser knows whether a
//! `;` begins a comment, or what a blank is worth, there is none.

use crate::lexer::{byte, is_blank, is_word, line_end, string, word_end};
use crate::token::Kind;

/// Words and signs that follow each other without a blank; a string counts as one of them, and so does the header of an `untuk`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Offsets in the text.
    pub start: u32,
    pub end: u32,
    /// Line, from 0, and byte of the line, from 0, at which it begins.
    pub line: u32,
    pub column: u32,
    /// Whether a line end stands before it.
    pub begins_line: bool,
}

impl Run {
    /// The run in the text in which it was found.
    pub fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// The runs of a text that is one fragment without syntax errors; `None` if it has assembly, or the header of an `untuk` that
/// goes over several lines.
///
/// Texts whose runs are the same, with line ends before the same ones, are the same fragment to [`parse`](crate::parse()):
/// their trees differ in spans alone.
pub fn runs(text: &str) -> Option<Vec<Run>> {
    let bytes = text.as_bytes();
    let mut runs = Vec::with_capacity(text.len() / 5 + 1);
    let (mut at, mut line, mut line_start) = (0, 0, 0);
    let mut begins_line = false;
    loop {
        match byte(bytes, at) {
            _ if at >= bytes.len() => return Some(runs),
            b'\n' => {
                at += 1;
                (line, line_start) = (line + 1, at);
                begins_line = true;
            }
            blank if is_blank(blank) => at += 1,
            b'#' | b';' => at = line_end(bytes, at),
            _ => {
                let end = run_end(bytes, at)?;
                let column = offset(at - line_start)?;
                runs.push(Run { start: offset(at)?, end: offset(end)?, line, column, begins_line });
                begins_line = false;
                at = end;
            }
        }
    }
}

/// The end of the run that begins at `at`.
fn run_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match byte(bytes, at) {
            _ if at >= bytes.len() => return Some(at),
            b'\n' | b'#' | b';' => return Some(at),
            blank if is_blank(blank) => return Some(at),
            b'"' => at = closed_string(bytes, at)?,
            first if is_word(first) => {
                let end = word_end(bytes, at);
                match bytes.get(at..end)? {
                    b"untuk" => at = header_end(bytes, end)?,
                    word if word.starts_with(b"asm") => return None,
                    _ => at = end,
                }
            }
            _ => at += 1,
        }
    }
}

/// The end of the header behind an `untuk`: in it `;` is no comment. All of it must stand on one line.
fn header_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_u32;
    loop {
        match byte(bytes, at) {
            b'(' | b'[' => depth += 1,
            b')' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'"' if depth > 0 => {
                at = closed_string(bytes, at)?;
                continue;
            }
            b'\n' | b'#' | 0 => return None,
            blank if depth == 0 && !is_blank(blank) => return None,
            _ => {}
        }
        at += 1;
    }
}

fn closed_string(bytes: &[u8], at: usize) -> Option<usize> {
    let (kind, end) = string(bytes, at);
    (kind == Kind::Str).then_some(end)
}

fn offset(at: usize) -> Option<u32> {
    u32::try_from(at).ok()
}
