//! Random expressions, as text, that use every part of the grammar.
//!
//! The texts are valid in the Morph language too: no reserved words, no line ends.

use fastrand::Rng;

pub(crate) const NAMES: [&str; 4] = ["a", "b", "crash_count", "X9"];

const BINARY: [&str; 20] = [
    "||", "&&", "==", "!=", "<", ">", "<=", ">=", "|", "^", "&", "<<", ">>", "+", "-", "*", "/",
    "%", "&&", "||",
];
const UNARY: [&str; 3] = ["!", "~", "-"];

/// A value that is likely to make a difference.
pub(crate) fn value(rng: &mut Rng) -> i64 {
    match rng.u8(..10) {
        0 => 0,
        1 => 1,
        2 => -1,
        3 => *rng.choice(&[i64::MIN, i64::MAX, 63, 64, 1 << 32]).unwrap_or(&0),
        4..7 => rng.i64(-10..=10),
        7..9 => rng.i64(-1000..=1000),
        _ => rng.i64(..),
    }
}

/// An expression of up to about `size` operands over [`NAMES`].
pub(crate) fn expression(rng: &mut Rng, size: usize) -> String {
    let mut text = String::new();
    write(rng, size, &mut text);
    text
}

fn write(rng: &mut Rng, size: usize, text: &mut String) {
    let operands = rng.usize(1..=size.clamp(1, 5));
    for index in 0..operands {
        if index > 0 {
            blank(rng, text);
            text.push_str(rng.choice(BINARY).unwrap_or("+"));
        }
        blank(rng, text);
        operand(rng, size / operands, text);
    }
}

fn operand(rng: &mut Rng, size: usize, text: &mut String) {
    while rng.u8(..6) == 0 {
        let operator = rng.choice(UNARY).unwrap_or("!");
        // `--` is another token.
        if operator == "-" && text.ends_with('-') {
            text.push(' ');
        }
        text.push_str(operator);
        blank(rng, text);
    }
    if size > 1 {
        text.push('(');
        write(rng, size, text);
        text.push(')');
    } else if rng.bool() {
        text.push_str(rng.choice(NAMES).unwrap_or("a"));
    } else {
        let number = value(rng) as u64 >> rng.u8(..64);
        if rng.bool() {
            text.push_str(&number.to_string());
        } else {
            text.push_str(&format!("{number:#x}"));
        }
    }
}

/// A blank or none; where the next sign would join the last one, always a blank.
fn blank(rng: &mut Rng, text: &mut String) {
    if rng.bool() || text.ends_with(|last: char| "|&=!<>+-*/%^".contains(last)) {
        text.push(' ');
    }
}
