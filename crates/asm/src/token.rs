//! One line of assembly text to tokens.
//!
//! Total: what is no token becomes [`Kind::Bad`], and the parser that meets it says so.

use morph_diag::Span;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'t> {
    /// Mnemonics, registers, labels: `mov`, `.loop`, `var_x`, `$name` without its sign.
    Name(&'t str),
    Number(i64),
    Float(f64),
    /// The bytes between quotes.
    Text(Vec<u8>),
    /// `+ - * / % & | ^ ~ ( ) [ ] { } , :` and `<` for `<<`, `>` for `>>`.
    Sign(u8),
    /// `$`: the position of the line.
    Here,
    /// `$$`: the start of the section.
    Start,
    /// No token: a stray character, an unclosed string, a number that is none.
    Bad,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind<'t>,
    pub(crate) span: Span,
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'@' | b'?') || byte >= 0x80
}

fn is_name_part(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || matches!(byte, b'$' | b'#' | b'~')
}

/// Cuts `line` into tokens; a comment (`;` outside quotes) ends it. Spans are offset by `start`.
pub(crate) fn tokens(line: &str, start: u32) -> Vec<Token<'_>> {
    let bytes = line.as_bytes();
    let mut out = Vec::with_capacity(8);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let begin = at;
        at += 1;
        let kind = match byte {
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => continue,
            b';' => break,
            b'\'' | b'"' | b'`' => quoted(line, &mut at, byte),
            b'0'..=b'9' => number(line, begin, &mut at),
            b'$' if bytes.get(at) == Some(&b'$') => {
                at += 1;
                Kind::Start
            }
            b'$' if bytes.get(at).is_some_and(u8::is_ascii_digit) => {
                let digits = word(line, at);
                at += digits.len();
                radix(digits, 16).map_or(Kind::Bad, Kind::Number)
            }
            b'$' if bytes.get(at).copied().is_some_and(is_name_start) => {
                let name = word(line, at);
                at += name.len();
                Kind::Name(name)
            }
            b'$' => Kind::Here,
            b'<' | b'>' if bytes.get(at) == Some(&byte) => {
                at += 1;
                Kind::Sign(byte)
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'~' | b'(' | b')' | b'['
            | b']' | b'{' | b'}' | b',' | b':' | b'=' => Kind::Sign(byte),
            _ if is_name_start(byte) => {
                let name = word(line, begin);
                at = begin + name.len();
                Kind::Name(name)
            }
            _ => Kind::Bad,
        };
        out.push(Token { kind, span: Span::new(start + begin as u32, start + at as u32) });
    }
    out
}

/// The longest run of name characters from `at`.
fn word(line: &str, at: usize) -> &str {
    let rest = &line[at..];
    let len = rest.bytes().position(|byte| !is_name_part(byte)).unwrap_or(rest.len());
    // `a~b` is an expression, but names with `~` inside are legal in NASM only after a letter; a
    // trailing one belongs to the expression.
    &rest[..rest[..len].find('~').unwrap_or(len)]
}

fn quoted<'t>(line: &'t str, at: &mut usize, quote: u8) -> Kind<'t> {
    let bytes = line.as_bytes();
    let mut text = Vec::new();
    while let Some(&byte) = bytes.get(*at) {
        *at += 1;
        if byte == quote {
            return Kind::Text(text);
        }
        if quote == b'`' && byte == b'\\' {
            match escape(bytes, at) {
                Some(value) => text.push(value),
                None => {
                    *at = bytes.len();
                    return Kind::Bad;
                }
            }
        } else {
            text.push(byte);
        }
    }
    Kind::Bad
}

/// NASM decodes escapes between backquotes only.
fn escape(bytes: &[u8], at: &mut usize) -> Option<u8> {
    let byte = *bytes.get(*at)?;
    *at += 1;
    Some(match byte {
        b'n' => 10,
        b't' => 9,
        b'r' => 13,
        b'0' => 0,
        b'a' => 7,
        b'b' => 8,
        b'e' => 27,
        b'f' => 12,
        b'v' => 11,
        b'x' => {
            let digits = bytes.get(*at..*at + 2)?;
            *at += 2;
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
        }
        b'\\' | b'\'' | b'"' | b'`' => byte,
        _ => return None,
    })
}

fn number<'t>(line: &'t str, begin: usize, at: &mut usize) -> Kind<'t> {
    let bytes = line.as_bytes();
    let run = |from: usize| {
        let rest = &bytes[from..];
        rest.iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
            .unwrap_or(rest.len())
    };
    let mut end = begin + run(begin);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + run(end + 1);
        let exponent_sign = matches!(bytes.get(end), Some(b'+' | b'-'))
            && matches!(bytes.get(end - 1), Some(b'e' | b'E'));
        if exponent_sign {
            end += 1 + run(end + 1);
        }
        *at = end;
        return line[begin..end].replace('_', "").parse().map_or(Kind::Bad, Kind::Float);
    }
    *at = end;
    integer(&line[begin..end]).map_or(Kind::Bad, Kind::Number)
}

/// A NASM integer: a radix prefix or suffix, else decimal (a leading zero means nothing).
fn integer(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let prefixed = lower.strip_prefix('0').and_then(|rest| {
        let radix = match rest.as_bytes().first()? {
            b'x' => 16,
            // `0bh` is hexadecimal: a suffix `h` wins over a prefix that is also a digit.
            b'h' => 16,
            b'b' | b'y' if !rest.ends_with('h') => 2,
            b'o' | b'q' => 8,
            b'd' | b't' if !rest.ends_with('h') => 10,
            _ => return None,
        };
        (rest.len() > 1).then(|| (&rest[1..], radix))
    });
    if let Some((digits, base)) = prefixed {
        return radix(digits, base);
    }
    let last = lower.len() - 1;
    match lower.as_bytes()[last] {
        b'h' => radix(&lower[..last], 16),
        b'b' | b'y' => radix(&lower[..last], 2),
        b'o' | b'q' => radix(&lower[..last], 8),
        b'd' | b't' => radix(&lower[..last], 10),
        _ => radix(&lower, 10),
    }
}

/// Up to 64 bits, as bits.
fn radix(digits: &str, base: u32) -> Option<i64> {
    let mut value: u64 = 0;
    let mut any = false;
    for c in digits.chars().filter(|&c| c != '_') {
        let digit = c.to_digit(base)?;
        value = value.checked_mul(u64::from(base))?.checked_add(u64::from(digit))?;
        any = true;
    }
    any.then_some(value.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_nasm_reads_them() {
        let table = [
            ("0755", 755),
            ("0x1F", 31),
            ("0FFh", 255),
            ("0bh", 11),
            ("1010b", 10),
            ("0b1010", 10),
            ("17o", 15),
            ("0d10", 10),
            ("$0ff", 255),
            ("1_000", 1000),
            ("0xffffffffffffffff", -1),
            ("0", 0),
        ];
        for (text, value) in table {
            let found = tokens(text, 0);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].kind, Kind::Number(value), "{text}");
        }
        for text in ["12z", "0x", "0x10000000000000000", "9h9", "\"open", "!"] {
            assert_eq!(tokens(text, 0)[0].kind, Kind::Bad, "{text}");
        }
    }

    #[test]
    fn a_semicolon_inside_quotes_is_no_comment() {
        let found = tokens("db 'a;b', `\\n` ; rest", 0);
        let kinds: Vec<_> = found.into_iter().map(|token| token.kind).collect();
        let text = |bytes: &[u8]| Kind::Text(bytes.to_vec());
        assert_eq!(kinds, [Kind::Name("db"), text(b"a;b"), Kind::Sign(b','), text(b"\n")]);
    }
}
