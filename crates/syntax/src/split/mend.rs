//! Puts damaged functions together again.
//!
//! A closer that closes nothing says that a function ends there, so one must have begun before it: the outer one
//! of a nested pair, or a line that lacks its keyword (`rusak(n)`, `function rusak(n)`). What lies
//! between is one damaged fragment with one message, not a row of statements that each fail for themselves.

use morph_diag::Span;

use super::{Piece, PieceKind, UnitRange};
use crate::lexer::{byte, is_blank, is_word, word_end};

/// Words that begin a function in other languages.
pub(crate) const FOREIGN_FUNCTION: [&str; 5] = ["function", "func", "def", "fn", "proc"];

/// Words that end one.
const FOREIGN_CLOSER: [&str; 3] = ["end", "endfunction", "}"];

/// Joins the pieces of functions that were cut apart.
pub(super) fn mend(text: &str, pieces: &mut Vec<Piece>) {
    let closes = |piece: &Piece| match piece.kind {
        PieceKind::Stray => piece.text(text).starts_with("tutup_fungsi"),
        PieceKind::Statement => FOREIGN_CLOSER.contains(&piece.text(text)),
        PieceKind::Function
        | PieceKind::Struct
        | PieceKind::Const
        | PieceKind::Global
        | PieceKind::UnitBlock
        | PieceKind::Asm
        | PieceKind::AsmData
        | PieceKind::Routine
        | PieceKind::Import => false,
    };
    if !pieces.iter().any(closes) {
        return;
    }
    let mut mended: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces.drain(..) {
        match closes(&piece).then(|| beginning(text, &mended, &piece)).flatten() {
            Some((first, name)) => {
                let start = mended[first].range.start;
                let block = mended[first].block;
                mended.truncate(first);
                let range = UnitRange { start, end: piece.range.end };
                mended.push(Piece { range, kind: PieceKind::Function, block, name });
            }
            None => mended.push(piece),
        }
    }
    *pieces = mended;
}

/// The piece with which the function begins that `closer` ends, and the function's name.
fn beginning(text: &str, before: &[Piece], closer: &Piece) -> Option<(usize, Option<Span>)> {
    let column = indent(text, closer);
    let deeper = before
        .iter()
        .rev()
        .take_while(|piece| piece.block == closer.block && indent(text, piece) > column)
        .count();
    let first = before.len().checked_sub(deeper + 1)?;
    let piece = before.get(first)?;
    if piece.block != closer.block || indent(text, piece) != column {
        return None;
    }
    let nested = before[first + 1..].iter().any(|inner| inner.kind == PieceKind::Function);
    match piece.kind {
        PieceKind::Function if nested && !piece.text(text).ends_with("tutup_fungsi") => {
            Some((first, piece.name))
        }
        PieceKind::Statement if deeper > 0 && !nested => {
            Some((first, Some(header(piece.text(text))?)))
        }
        PieceKind::Function
        | PieceKind::Statement
        | PieceKind::Struct
        | PieceKind::Const
        | PieceKind::Global
        | PieceKind::UnitBlock
        | PieceKind::Asm
        | PieceKind::AsmData
        | PieceKind::Routine
        | PieceKind::Import
        | PieceKind::Stray => None,
    }
}

/// The name in a line that reads like the header of a function: `name(...)`, `function name(...)`.
fn header(line: &str) -> Option<Span> {
    let bytes = line.as_bytes();
    let mut start = 0;
    let mut end = word_end(bytes, start);
    if FOREIGN_FUNCTION.contains(&&line[..end]) {
        start = end;
        while is_blank(byte(bytes, start)) {
            start += 1;
        }
        end = word_end(bytes, start);
    }
    let named = end > start && is_word(bytes[start]) && !bytes[start].is_ascii_digit();
    (named && byte(bytes, end) == b'(').then(|| Span::new(start as u32, end as u32))
}

/// Blanks before a piece, which begins its line.
fn indent(text: &str, piece: &Piece) -> usize {
    let before = &text.as_bytes()[..piece.range.start as usize];
    before.iter().rev().take_while(|&&byte| is_blank(byte)).count()
}
