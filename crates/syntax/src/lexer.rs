//! One token at a time, on demand, from any place of a text.
//!
//! A function from text and offset to a token: no state, no allocation, no diagnostics. What a bad token means
//! is the reader's business (the splitter and look-ahead ignore it, the parser reports it).

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "ninety kinds of tokens: each reader names those it wants"
)]

use memchr::memchr;

use crate::token::{Kind, Token, word_kind};

/// Whether `;` begins a comment or separates the parts of an `untuk` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Semicolons {
    Comment,
    Separate,
}

const BLANK: u8 = 1;
const NEWLINE: u8 = 2;
const WORD: u8 = 4;
const DIGIT: u8 = 8;
/// A sign that may be the first half of a longer one.
const HALF: u8 = 16;
/// A sign that may be the second half.
const SECOND: u8 = 32;
/// A sign that stands for itself.
const WHOLE: u8 = 64;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut i = 0;
    while i < 256 {
        class[i] = match i as u8 {
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => BLANK,
            b'\n' => NEWLINE,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => WORD,
            b'0'..=b'9' => DIGIT,
            b'(' | b')' | b'[' | b']' | b'.' | b',' | b':' | b'~' | b'?' => WHOLE,
            b'!' | b'*' | b'/' | b'%' | b'^' => HALF,
            b'=' | b'+' | b'-' | b'<' | b'>' | b'|' | b'&' => HALF | SECOND,
            _ => 0,
        };
        i += 1;
    }
    class
};

/// What a sign is when nothing is joined to it.
static SIGNS: [Kind; 256] = {
    let mut signs = [Kind::BadChar; 256];
    let table = [
        (b'(', Kind::LeftParen),
        (b')', Kind::RightParen),
        (b'[', Kind::LeftBracket),
        (b']', Kind::RightBracket),
        (b'.', Kind::Dot),
        (b',', Kind::Comma),
        (b':', Kind::Colon),
        (b'?', Kind::Question),
        (b'~', Kind::Tilde),
        (b'=', Kind::Assign),
        (b'!', Kind::Bang),
        (b'<', Kind::Less),
        (b'>', Kind::Greater),
        (b'|', Kind::Pipe),
        (b'^', Kind::Caret),
        (b'&', Kind::Ampersand),
        (b'+', Kind::Plus),
        (b'-', Kind::Minus),
        (b'*', Kind::Star),
        (b'/', Kind::Slash),
        (b'%', Kind::Percent),
    ];
    let mut i = 0;
    while i < table.len() {
        signs[table[i].0 as usize] = table[i].1;
        i += 1;
    }
    signs
};

#[inline(always)]
pub(crate) fn is_blank(byte: u8) -> bool {
    CLASS[byte as usize] & BLANK != 0
}

#[inline(always)]
pub(crate) fn is_word(byte: u8) -> bool {
    CLASS[byte as usize] & (WORD | DIGIT) != 0
}

/// The byte at `at`; a NUL past the end, so that scanning loops need one test only.
#[inline]
pub(crate) fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// The offset of the line feed at or after `at`, or the end of the text.
pub(crate) fn line_end(text: &[u8], at: usize) -> usize {
    text.get(at..).and_then(|rest| memchr(b'\n', rest)).map_or(text.len(), |n| at + n)
}

/// The end of the word that begins at `at`.
#[inline]
pub(crate) fn word_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| !is_word(byte)).unwrap_or(rest.len())
}

/// The next token at or after `at`. `line_start` tells whether a line end was crossed before it.
pub(crate) fn token(text: &[u8], at: usize, semicolons: Semicolons) -> Token {
    // Between most tokens lies one blank or none.
    let at = at + usize::from(byte(text, at) == b' ');
    match frequent(text, at) {
        Some(token) => token,
        None => rarer(text, at, semicolons),
    }
}

/// The token that begins at `at`, if it is a word or an operator of one character.
#[inline(always)]
pub(crate) fn frequent(text: &[u8], at: usize) -> Option<Token> {
    let first = byte(text, at);
    let class = CLASS[first as usize];
    if class & WORD != 0 {
        let end = word_end(text, at + 1);
        return Some(Token::new(word_kind(text, at, end), false, at, end));
    }
    let whole = class & WHOLE != 0
        || (class & HALF != 0 && CLASS[byte(text, at + 1) as usize] & SECOND == 0);
    whole.then(|| Token::new(SIGNS[first as usize], false, at, at + 1))
}

/// Any token at or after `at`.
#[inline(never)]
pub(crate) fn rarer(text: &[u8], mut at: usize, semicolons: Semicolons) -> Token {
    let mut line_start = false;
    loop {
        while byte(text, at) == b' ' {
            at += 1;
        }
        let first = byte(text, at);
        let class = CLASS[first as usize];
        if class & DIGIT != 0 {
            let (kind, end) = number(text, at);
            return Token::new(kind, line_start, at, end);
        }
        if let Some(mut token) = frequent(text, at) {
            token.line_start = line_start;
            return token;
        }
        if class & (BLANK | NEWLINE) != 0 {
            line_start |= class & NEWLINE != 0;
            at += 1;
        } else if first == b'#' || (first == b';' && semicolons == Semicolons::Comment) {
            at = line_end(text, at);
        } else {
            let (kind, end) = longer_sign(text, at, first);
            return Token::new(kind, line_start, at, end);
        }
    }
}

#[inline]
fn number(text: &[u8], start: usize) -> (Kind, usize) {
    let mut end = start + 1;
    while CLASS[byte(text, end) as usize] & DIGIT != 0 {
        end += 1;
    }
    let after = byte(text, end);
    if CLASS[after as usize] & WORD == 0 && after != b'.' {
        return (Kind::Int, end);
    }
    rarer_number(text, start)
}

fn rarer_number(text: &[u8], start: usize) -> (Kind, usize) {
    let mut at = start + 1;
    if text[start] == b'0' && matches!(byte(text, at), b'x' | b'X') {
        let digits = at + 1;
        at = digits;
        while byte(text, at).is_ascii_hexdigit() {
            at += 1;
        }
        let end = word_end(text, at);
        return (if at == digits || end != at { Kind::BadNumber } else { Kind::Int }, end);
    }
    while byte(text, at).is_ascii_digit() {
        at += 1;
    }
    let mut kind = Kind::Int;
    if byte(text, at) == b'.' && byte(text, at + 1).is_ascii_digit() {
        kind = Kind::Float;
        at += 2;
        while byte(text, at).is_ascii_digit() {
            at += 1;
        }
    }
    if matches!(byte(text, at), b'e' | b'E') {
        let sign = usize::from(matches!(byte(text, at + 1), b'+' | b'-'));
        if byte(text, at + 1 + sign).is_ascii_digit() {
            kind = Kind::Float;
            at += 2 + sign;
            while byte(text, at).is_ascii_digit() {
                at += 1;
            }
        }
    }
    let mut end = word_end(text, at);
    // `1.`, `1.x`, `1.5.2`: a number has no fields.
    while byte(text, end) == b'.' {
        end = word_end(text, end + 1);
    }
    (if end == at { kind } else { Kind::BadNumber }, end)
}

/// The end of the string literal that opens at `start`, and whether it is closed on its line.
pub(crate) fn string(text: &[u8], start: usize) -> (Kind, usize) {
    let mut at = start + 1;
    loop {
        match text.get(at) {
            Some(b'"') => return (Kind::Str, at + 1),
            Some(b'\\') if !matches!(text.get(at + 1), None | Some(b'\n' | b'\r')) => at += 2,
            None | Some(b'\n') => {
                let end = if byte(text, at - 1) == b'\r' { at - 1 } else { at };
                return (Kind::BadString, end);
            }
            Some(_) => at += 1,
        }
    }
}

/// A sign of two or three characters, a string, the end, or something that begins no token.
fn longer_sign(text: &[u8], at: usize, first: u8) -> (Kind, usize) {
    let second = byte(text, at + 1);
    let (kind, length) = match (first, second) {
        (b'"', _) => return string(text, at),
        (b';', _) => (Kind::Semicolon, 1),
        (b'=', b'=') => (Kind::Equal, 2),
        (b'!', b'=') => (Kind::NotEqual, 2),
        (b'+', b'+') => (Kind::PlusPlus, 2),
        (b'-', b'-') => (Kind::MinusMinus, 2),
        (b'<', b'<') | (b'>', b'>') if byte(text, at + 2) == b'=' => (Kind::OpAssign, 3),
        (b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', b'=') => (Kind::OpAssign, 2),
        (b'<', b'<') => (Kind::ShiftLeft, 2),
        (b'<', b'=') => (Kind::LessEqual, 2),
        (b'>', b'>') => (Kind::ShiftRight, 2),
        (b'>', b'=') => (Kind::GreaterEqual, 2),
        (b'|', b'|') => (Kind::OrElse, 2),
        (b'&', b'&') => (Kind::AndThen, 2),
        (0, _) if at >= text.len() => (Kind::Eof, 0),
        (0, _) => (Kind::Nul, 1),
        (0xf0.., _) => (Kind::BadChar, 4),
        (0xe0.., _) => (Kind::BadChar, 3),
        (0xc0.., _) => (Kind::BadChar, 2),
        (sign, _) => (SIGNS[sign as usize], 1),
    };
    (kind, (at + length).min(text.len()))
}

/// Whether the `(` and `[` that are open at `at` (`depth` of them) are all closed before something that cannot
/// stand inside them: the end, an assignment, a statement keyword at the start of a line.
///
/// Answers where the last one is closed; `fuel` bounds the bytes that all questions together may look at.
pub(crate) fn closing(
    text: &[u8],
    at: usize,
    mut depth: u32,
    semicolons: Semicolons,
    fuel: &mut usize,
) -> Option<usize> {
    let mut next = at;
    loop {
        let token = token(text, next, semicolons);
        let seen = token.end() as usize - next;
        if *fuel < seen + 1 {
            return None;
        }
        *fuel -= seen + 1;
        next = token.end() as usize;
        match token.kind {
            Kind::LeftParen | Kind::LeftBracket => depth += 1,
            Kind::RightParen | Kind::RightBracket => {
                depth -= 1;
                if depth == 0 {
                    return Some(next);
                }
            }
            Kind::Eof => return None,
            Kind::Assign | Kind::BadString if semicolons == Semicolons::Comment => return None,
            kind if token.line_start && kind.begins_line() => return None,
            _ => {}
        }
    }
}

/// Whether the contextual keyword `word` stands in a place where it is one: `unit NAME`, `shard NAME` and
/// `fragment NAME` fill their line, the others stand alone. The word itself must be the first of its line.
pub(crate) fn is_keyword_here(text: &[u8], word: Token) -> bool {
    let mut next = token(text, word.end() as usize, Semicolons::Comment);
    if matches!(word.kind, Kind::Unit | Kind::Shard | Kind::Fragment) {
        if next.line_start || !(next.kind == Kind::Ident || next.kind.is_contextual()) {
            return false;
        }
        next = token(text, next.end() as usize, Semicolons::Comment);
    }
    next.line_start || next.kind == Kind::Eof
}
