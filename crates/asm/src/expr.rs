//! Constant expressions: parsing, and values that may still hang on an address.

use morph_diag::Span;

use crate::token::{Kind, Token};

/// Parentheses and unary signs nest this deep.
const DEPTH: u32 = 64;
/// An expression has at most so many operators.
const OPERATORS: u32 = 128;

#[derive(Clone, Debug)]
pub(crate) enum Expr<'t> {
    Number(i64),
    Name(&'t str, Span),
    /// `$`.
    Here,
    /// `$$`.
    Start,
    Unary(u8, Box<Expr<'t>>),
    Binary(u8, Box<Expr<'t>>, Box<Expr<'t>>),
}

/// A number plus at most one address that is known later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) number: i64,
    pub(crate) anchor: Anchor,
    /// Less the start of the section (as in `symbol - $`).
    pub(crate) minus_section: bool,
    /// The number depends on where things lie, so it may change while branches grow.
    pub(crate) moves: bool,
}

/// The address that a value counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Anchor {
    #[default]
    None,
    /// The start of the section being assembled.
    Section,
    /// A symbol, by its index in the output.
    Symbol(u32),
    /// The asm frame (RBP).
    Frame,
}

impl Value {
    pub(crate) fn number(number: i64) -> Value {
        Value { number, ..Value::default() }
    }

    /// The number, if no address is left in it.
    pub(crate) fn constant(self) -> Option<i64> {
        (self.anchor == Anchor::None && !self.minus_section).then_some(self.number)
    }
}

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A name that nothing defines.
    Unknown(Span),
    /// Addresses combined in a way that no relocation can express, or a division by zero.
    Meaningless,
}

/// What names stand for while an expression is evaluated.
pub(crate) trait Scope {
    fn name(&mut self, name: &str, span: Span) -> Result<Value, Failure>;
    /// The position of the line; the value asked for depends on it.
    fn here(&mut self) -> i64;
}

impl<'t> Expr<'t> {
    pub(crate) fn eval(&self, scope: &mut dyn Scope) -> Result<Value, Failure> {
        let section =
            |number| Value { number, anchor: Anchor::Section, moves: true, ..Value::default() };
        match self {
            Expr::Number(number) => Ok(Value::number(*number)),
            Expr::Name(name, span) => scope.name(name, *span),
            Expr::Here => Ok(section(scope.here())),
            Expr::Start => Ok(section(0)),
            Expr::Unary(op, operand) => {
                let value = operand.eval(scope)?;
                let number = value.constant().ok_or(Failure::Meaningless)?;
                let number = match op {
                    b'-' => number.wrapping_neg(),
                    b'~' => !number,
                    _ => number,
                };
                Ok(Value { number, ..value })
            }
            Expr::Binary(op, left, right) => {
                let (left, right) = (left.eval(scope)?, right.eval(scope)?);
                combine(*op, left, right).ok_or(Failure::Meaningless)
            }
        }
    }

    /// Calls `visit` with every name.
    pub(crate) fn names(&self, visit: &mut dyn FnMut(&'t str, Span)) {
        match self {
            Expr::Number(_) | Expr::Here | Expr::Start => {}
            Expr::Name(name, span) => visit(name, *span),
            Expr::Unary(_, operand) => operand.names(visit),
            Expr::Binary(_, left, right) => {
                left.names(visit);
                right.names(visit);
            }
        }
    }
}

fn combine(op: u8, left: Value, right: Value) -> Option<Value> {
    let moves = left.moves || right.moves;
    match op {
        b'+' => {
            let anchor = match (left.anchor, right.anchor) {
                (anchor, Anchor::None) | (Anchor::None, anchor) => anchor,
                (Anchor::Section | Anchor::Symbol(_) | Anchor::Frame, _) => return None,
            };
            let minus_section = left.minus_section || right.minus_section;
            if left.minus_section && right.minus_section {
                return None;
            }
            let number = left.number.wrapping_add(right.number);
            Some(settle(Value { number, anchor, minus_section, moves }))
        }
        b'-' => {
            let number = left.number.wrapping_sub(right.number);
            if right.minus_section {
                return None;
            }
            let value = Value { number, moves, ..left };
            match right.anchor {
                Anchor::None => Some(value),
                anchor if anchor == left.anchor => Some(Value { anchor: Anchor::None, ..value }),
                Anchor::Section if !left.minus_section => {
                    Some(Value { minus_section: true, ..value })
                }
                Anchor::Section | Anchor::Symbol(_) | Anchor::Frame => None,
            }
        }
        _ => {
            let (a, b) = (left.constant()?, right.constant()?);
            let shift = |value: i64| u32::try_from(value).ok().filter(|count| *count < 64);
            let number = match op {
                b'*' => a.wrapping_mul(b),
                b'/' => a.cast_unsigned().checked_div(b.cast_unsigned())?.cast_signed(),
                b'%' => a.cast_unsigned().checked_rem(b.cast_unsigned())?.cast_signed(),
                b'<' => shift(b).map_or(0, |count| a << count),
                b'>' => shift(b).map_or(0, |count| (a.cast_unsigned() >> count).cast_signed()),
                b'&' => a & b,
                b'|' => a | b,
                _ => a ^ b,
            };
            Some(Value { number, moves, ..Value::default() })
        }
    }
}

/// `section - section` is a plain number.
fn settle(value: Value) -> Value {
    if value.anchor == Anchor::Section && value.minus_section {
        return Value { anchor: Anchor::None, minus_section: false, ..value };
    }
    value
}

/// A position in a line's tokens.
#[derive(Debug)]
pub(crate) struct Cursor<'a, 't> {
    /// The line that the tokens were cut from, and where it starts.
    pub(crate) line: &'t str,
    pub(crate) start: u32,
    pub(crate) tokens: &'a [Token<'t>],
    pub(crate) at: usize,
    /// Of the expression being read.
    pub(crate) operators: u32,
}

impl<'a, 't> Cursor<'a, 't> {
    pub(crate) fn peek(&self) -> Option<&'a Kind<'t>> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    pub(crate) fn peek_sign(&self) -> Option<u8> {
        match self.peek() {
            Some(Kind::Sign(sign)) => Some(*sign),
            _ => None,
        }
    }

    pub(crate) fn peek_name(&self) -> Option<&'t str> {
        match self.peek() {
            Some(Kind::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Steps over `sign` if it is next.
    pub(crate) fn eat(&mut self, sign: u8) -> bool {
        let found = self.peek_sign() == Some(sign);
        self.at += usize::from(found);
        found
    }

    /// Steps over the word `name` if it is next, whatever its case.
    pub(crate) fn eat_name(&mut self, name: &str) -> bool {
        let found = self.peek_name().is_some_and(|found| found.eq_ignore_ascii_case(name));
        self.at += usize::from(found);
        found
    }

    /// An expression; `None` if there is none here.
    pub(crate) fn expr(&mut self) -> Option<Expr<'t>> {
        self.operators = 0;
        self.binary(0, DEPTH)
    }

    fn binary(&mut self, level: u8, depth: u32) -> Option<Expr<'t>> {
        const LEVELS: [&[u8]; 6] = [b"|", b"^", b"&", b"<>", b"+-", b"*/%"];
        let Some(operators) = LEVELS.get(usize::from(level)) else {
            return self.unary(depth);
        };
        let mut left = self.binary(level + 1, depth)?;
        while let Some(sign) = self.peek_sign().filter(|sign| operators.contains(sign)) {
            self.operators += 1;
            if self.operators > OPERATORS {
                return None;
            }
            self.at += 1;
            let right = self.binary(level + 1, depth)?;
            left = Expr::Binary(sign, Box::new(left), Box::new(right));
        }
        Some(left)
    }

    fn unary(&mut self, depth: u32) -> Option<Expr<'t>> {
        let depth = depth.checked_sub(1)?;
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(match &token.kind {
            Kind::Number(number) => Expr::Number(*number),
            Kind::Text(text) => Expr::Number(character(text)?),
            Kind::Name(name) => Expr::Name(name, token.span),
            Kind::Here => Expr::Here,
            Kind::Start => Expr::Start,
            Kind::Sign(sign @ (b'-' | b'+' | b'~')) => {
                Expr::Unary(*sign, Box::new(self.unary(depth)?))
            }
            Kind::Sign(b'(') => {
                let inner = self.binary(0, depth)?;
                if !self.eat(b')') {
                    return None;
                }
                inner
            }
            Kind::Sign(_) | Kind::Float(_) | Kind::Bad => return None,
        })
    }
}

/// A character constant of up to eight bytes, the first lowest.
fn character(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 8 {
        return None;
    }
    let mut bytes = [0; 8];
    bytes[..text.len()].copy_from_slice(text);
    Some(i64::from_le_bytes(bytes))
}
