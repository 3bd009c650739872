//! Text to tokens, one at a time, each with its place.
//!
//! A tokenizer knows no order: whether a `-` is unary and whether two operands stand side by side is the parser's
//! matter. Names, numbers and operators are read as the Morph language reads them, so that a text that both accept
//! means the same in both: `--`, `++` and `<<=` are one (unknown) operator each, not two.

use crate::error::ParseErrorKind;
use crate::operator::{Binary, LEVEL_AND, LEVEL_OR, Unary};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number(i64),
    Name,
    Binary(Binary),
    /// `&&`, which is [`Logic::And`], or `||`.
    Logic(Logic),
    Minus,
    /// `!` or `~`; `-` is [`Kind::Minus`].
    Prefix(Unary),
    ParenthesisLeft,
    ParenthesisRight,
    End,
    /// No token of an expression.
    Bad(ParseErrorKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logic {
    And,
    Or,
}

impl Logic {
    pub(crate) const fn level(self) -> u8 {
        match self {
            Logic::And => LEVEL_AND,
            Logic::Or => LEVEL_OR,
        }
    }
}

/// A token: `start..end` in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

const BLANK: u8 = 1;
const LETTER: u8 = 2;
const DIGIT: u8 = 4;
const WORD: u8 = LETTER | DIGIT;

const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\r' => BLANK,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => LETTER,
            b'0'..=b'9' => DIGIT,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// The byte at `at`; behind the end, a NUL, which no token contains.
#[inline(always)]
fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

#[inline(always)]
fn is(text: &[u8], at: usize, class: u8) -> bool {
    CLASS[byte(text, at) as usize] & class != 0
}

/// The token at or after `at`.
#[inline(always)]
pub(crate) fn token(text: &[u8], mut at: usize) -> Token {
    while is(text, at, BLANK) {
        at += 1;
    }
    let start = at;
    if is(text, at, LETTER) {
        let end = word_end(text, at + 1);
        return Token { kind: Kind::Name, start, end };
    }
    if is(text, at, DIGIT) {
        let (kind, end) = number(text, at);
        return Token { kind, start, end };
    }
    let (kind, length) = sign(text, at);
    Token { kind, start, end: at + length }
}

#[inline(always)]
fn word_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let length = rest.iter().position(|&byte| CLASS[byte as usize] & WORD == 0);
    at + length.unwrap_or(rest.len())
}

#[inline(always)]
fn number(text: &[u8], start: usize) -> (Kind, usize) {
    let mut at = start;
    let mut value = 0u64;
    while is(text, at, DIGIT) {
        // So few digits cannot overflow; `rarer_number` looks at longer ones again.
        value = value.wrapping_mul(10).wrapping_add(u64::from(byte(text, at) - b'0'));
        at += 1;
    }
    if at - start > 19 || is(text, at, LETTER) || byte(text, at) == b'.' {
        return rarer_number(text, start);
    }
    (Kind::Number(value as i64), at)
}

#[cold]
#[inline(never)]
fn rarer_number(text: &[u8], start: usize) -> (Kind, usize) {
    let hexadecimal = byte(text, start) == b'0' && matches!(byte(text, start + 1), b'x' | b'X');
    let (digits, radix) = if hexadecimal { (start + 2, 16) } else { (start, 10) };
    let mut at = digits;
    let mut value = Some(0u64);
    while let Some(digit) = char::from(byte(text, at)).to_digit(radix) {
        value = value
            .and_then(|value| value.checked_mul(u64::from(radix)))
            .and_then(|value| value.checked_add(u64::from(digit)));
        at += 1;
    }
    if !hexadecimal && let Some(end) = float_end(text, at) {
        return (Kind::Bad(ParseErrorKind::Float), end);
    }
    let end = word_end(text, at);
    if at == digits || end != at {
        return (Kind::Bad(ParseErrorKind::NumberMalformed), end);
    }
    match value {
        // The whole 64-bit range: the upper half is negative.
        Some(value) => (Kind::Number(value as i64), end),
        None => (Kind::Bad(ParseErrorKind::NumberTooLarge), end),
    }
}

/// The end of a number whose integer part ends at `at`, if a fraction or an exponent follows.
fn float_end(text: &[u8], mut at: usize) -> Option<usize> {
    let integer = at;
    if byte(text, at) == b'.' {
        at = word_end(text, at + 1);
    } else if matches!(byte(text, at), b'e' | b'E') {
        let signed = usize::from(matches!(byte(text, at + 1), b'+' | b'-'));
        if is(text, at + 1 + signed, DIGIT) {
            at = word_end(text, at + 1 + signed);
        }
    }
    (at != integer).then_some(at)
}

/// The longest sign at `at` and its length in bytes.
#[inline(always)]
fn sign(text: &[u8], at: usize) -> (Kind, usize) {
    use Binary::{
        Add, BitAnd, BitOr, BitXor, Divide, Equal, Greater, GreaterEqual, Less, LessEqual,
        Multiply, NotEqual, Remainder, ShiftLeft, ShiftRight,
    };
    const UNKNOWN: Kind = Kind::Bad(ParseErrorKind::OperatorUnknown);
    let second = byte(text, at + 1);
    match (byte(text, at), second) {
        (b'<' | b'>', _) if second == byte(text, at) && byte(text, at + 2) == b'=' => (UNKNOWN, 3),
        (b'<', b'<') => (Kind::Binary(ShiftLeft), 2),
        (b'<', b'=') => (Kind::Binary(LessEqual), 2),
        (b'<', _) => (Kind::Binary(Less), 1),
        (b'>', b'>') => (Kind::Binary(ShiftRight), 2),
        (b'>', b'=') => (Kind::Binary(GreaterEqual), 2),
        (b'>', _) => (Kind::Binary(Greater), 1),
        (b'&', b'&') => (Kind::Logic(Logic::And), 2),
        (b'|', b'|') => (Kind::Logic(Logic::Or), 2),
        (b'=', b'=') => (Kind::Binary(Equal), 2),
        (b'!', b'=') => (Kind::Binary(NotEqual), 2),
        (b'=', _) => (Kind::Bad(ParseErrorKind::Assignment), 1),
        (b'+', b'+') | (b'-', b'-') => (UNKNOWN, 2),
        (b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', b'=') => (UNKNOWN, 2),
        (b'+', _) => (Kind::Binary(Add), 1),
        (b'-', _) => (Kind::Minus, 1),
        (b'*', _) => (Kind::Binary(Multiply), 1),
        (b'/', _) => (Kind::Binary(Divide), 1),
        (b'%', _) => (Kind::Binary(Remainder), 1),
        (b'&', _) => (Kind::Binary(BitAnd), 1),
        (b'|', _) => (Kind::Binary(BitOr), 1),
        (b'^', _) => (Kind::Binary(BitXor), 1),
        (b'!', _) => (Kind::Prefix(Unary::Not), 1),
        (b'~', _) => (Kind::Prefix(Unary::Complement), 1),
        (b'(', _) => (Kind::ParenthesisLeft, 1),
        (b')', _) => (Kind::ParenthesisRight, 1),
        (0, _) if at >= text.len() => (Kind::End, 0),
        (first, _) => rarer_sign(text, at, first),
    }
}

#[cold]
#[inline(never)]
fn rarer_sign(text: &[u8], at: usize, first: u8) -> (Kind, usize) {
    let (kind, length) = match first {
        b'"' | b'\'' => {
            let inside = text.get(at + 1..).unwrap_or_default();
            let closed = inside.iter().position(|&byte| byte == first);
            (ParseErrorKind::String, closed.map_or(text.len() - at, |length| length + 2))
        }
        b'[' => (ParseErrorKind::Index, 1),
        b'.' if is(text, at + 1, DIGIT) => (ParseErrorKind::Float, word_end(text, at + 1) - at),
        b'.' => (ParseErrorKind::Field, word_end(text, at + 1) - at),
        0xf0.. => (ParseErrorKind::CharacterUnexpected, 4),
        0xe0.. => (ParseErrorKind::CharacterUnexpected, 3),
        0xc0.. => (ParseErrorKind::CharacterUnexpected, 2),
        _ => (ParseErrorKind::CharacterUnexpected, 1),
    };
    (Kind::Bad(kind), length)
}
