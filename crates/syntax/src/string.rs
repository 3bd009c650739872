//! The bytes of a string literal.

use morph_diag::{Code, Diagnostic, Span};

/// Decodes the text between the quotes of a literal: the bytes that a program sees, without the final NUL.
///
/// Escapes are those of NASM's back-quoted strings: `\\ \" \' \` \? \a \b \t \n \v \f \r \e`, one to three octal
/// digits, `\xHH`, `\uHHHH`, `\UHHHHHHHH`. Each escape that is none stays as it is written and is a problem, whose
/// span counts from the start of `raw`.
pub fn decode(raw: &str) -> (Vec<u8>, Vec<Diagnostic>) {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut problems = Vec::new();
    let text = raw.as_bytes();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'\\' {
            bytes.push(byte);
            at += 1;
            continue;
        }
        let length = match text.get(at + 1) {
            Some(b'0'..=b'7') => octal(&text[at + 1..], &mut bytes),
            Some(b'x') => hexadecimal(&text[at + 2..], 2, &mut bytes),
            Some(b'u') => character(&text[at + 2..], 4, &mut bytes),
            Some(b'U') => character(&text[at + 2..], 8, &mut bytes),
            Some(&letter) => simple(letter, &mut bytes),
            None => None,
        };
        if let Some(length) = length {
            at += 1 + length;
        } else {
            let end = at + 1 + raw[at + 1..].chars().next().map_or(0, char::len_utf8);
            bytes.extend_from_slice(&text[at..end]);
            problems.push(
                Diagnostic::new(Code::StringEscape, Span::new(at as u32, end as u32))
                    .arg("escape", &raw[at..end]),
            );
            at = end;
        }
    }
    (bytes, problems)
}

/// Each of these answers how many bytes follow the backslash, or `None` if they are no escape.
fn simple(letter: u8, bytes: &mut Vec<u8>) -> Option<usize> {
    bytes.push(match letter {
        b'\\' | b'"' | b'\'' | b'`' | b'?' => letter,
        b'a' => 7,
        b'b' => 8,
        b't' => 9,
        b'n' => 10,
        b'v' => 11,
        b'f' => 12,
        b'r' => 13,
        b'e' => 27,
        _ => return None,
    });
    Some(1)
}

fn octal(text: &[u8], bytes: &mut Vec<u8>) -> Option<usize> {
    let length = text.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
    let value =
        text[..length].iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
    bytes.push(u8::try_from(value).ok()?);
    Some(length)
}

fn digits(text: &[u8], limit: usize) -> (u32, usize) {
    let length = text.iter().take(limit).take_while(|digit| digit.is_ascii_hexdigit()).count();
    let value = text[..length]
        .iter()
        .fold(0u32, |value, &digit| value << 4 | char::from(digit).to_digit(16).unwrap_or(0));
    (value, length)
}

fn hexadecimal(text: &[u8], limit: usize, bytes: &mut Vec<u8>) -> Option<usize> {
    let (value, length) = digits(text, limit);
    if length == 0 {
        return None;
    }
    bytes.push(value as u8);
    Some(1 + length)
}

fn character(text: &[u8], wanted: usize, bytes: &mut Vec<u8>) -> Option<usize> {
    let (value, length) = digits(text, wanted);
    if length != wanted {
        return None;
    }
    let character = char::from_u32(value)?;
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(1 + length)
}
