//! Expressions: operator precedence over [`BinaryOp::level`].

use std::num::NonZeroU64;

use memchr::{memchr, memchr2};
use morph_diag::{Code, Diagnostic, Span};

use super::{NESTING_LIMIT, Parsed, Parser};
use crate::token::Kind;
use crate::tree::{ArgList, BinaryOp, Expr, ExprId, UnaryOp};

/// An expression and the height of its tree, in one word so that it travels in a register.
///
/// The left side of a binary operator counts as high as the operator itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand(NonZeroU64);

impl Operand {
    #[inline(always)]
    fn new(id: ExprId, height: u32) -> Operand {
        // A height is never 0, so neither is the word.
        Operand(
            NonZeroU64::new(u64::from(height) << 32 | u64::from(id.0)).unwrap_or(NonZeroU64::MIN),
        )
    }

    #[inline(always)]
    pub(super) fn id(self) -> ExprId {
        ExprId(self.0.get() as u32)
    }

    #[inline(always)]
    fn height(self) -> u32 {
        (self.0.get() >> 32) as u32
    }
}

const OPERATORS: [BinaryOp; 18] = [
    BinaryOp::OrElse,
    BinaryOp::AndThen,
    BinaryOp::Equal,
    BinaryOp::NotEqual,
    BinaryOp::Less,
    BinaryOp::Greater,
    BinaryOp::LessEqual,
    BinaryOp::GreaterEqual,
    BinaryOp::BitOr,
    BinaryOp::BitXor,
    BinaryOp::BitAnd,
    BinaryOp::ShiftLeft,
    BinaryOp::ShiftRight,
    BinaryOp::Add,
    BinaryOp::Subtract,
    BinaryOp::Multiply,
    BinaryOp::Divide,
    BinaryOp::Remainder,
];

/// The level of the binary operator that a token is; 0 for all other tokens.
static LEVELS: [u8; 256] = {
    let mut levels = [0; 256];
    let mut i = 0;
    while i < OPERATORS.len() {
        levels[Kind::OrElse as usize + i] = OPERATORS[i].level();
        i += 1;
    }
    levels
};

impl Kind {
    #[inline(always)]
    fn level(self) -> u8 {
        LEVELS[self as usize]
    }
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Parsed<ExprId> {
        let operand = self.operand()?;
        if self.kind.level() == 0 {
            return Ok(operand.id());
        }
        Ok(self.operators(operand, 1)?.id())
    }

    fn any(&mut self) -> Parsed<Operand> {
        let operand = self.operand()?;
        if self.kind.level() == 0 {
            return Ok(operand);
        }
        self.operators(operand, 1)
    }

    /// What follows `left` as long as its operators have at least level `least`.
    fn operators(&mut self, mut left: Operand, least: u8) -> Parsed<Operand> {
        loop {
            let level = self.kind.level();
            // Level 0 is no operator at all.
            if level < least {
                return Ok(left);
            }
            let op = OPERATORS[(self.kind as usize - Kind::OrElse as usize) % OPERATORS.len()];
            self.bump();
            let mut right = self.operand()?;
            if self.kind.level() > level {
                self.descend()?;
                right = self.operators(right, level + 1)?;
                self.depth -= 1;
            }
            let span = self.spans[left.id().0 as usize].to(self.spans[right.id().0 as usize]);
            let expr = Expr::Binary { op, left: left.id(), right: right.id() };
            // Whoever walks the tree goes down the left side of operators without recursion: a chain is not deep.
            left = self.node(expr, span, right.height().max(left.height() - 1))?;
        }
    }

    /// One operand with its unary operators and what is called, indexed and selected of it.
    #[inline]
    fn operand(&mut self) -> Parsed<Operand> {
        if self.kind == Kind::Ident {
            let name = self.name_operand();
            return if self.continues_operand() { self.postfix(name) } else { Ok(name) };
        }
        self.rarer_operand()
    }

    /// Whether the current token is called, indexes or selects what stands before it.
    #[inline(always)]
    fn continues_operand(&self) -> bool {
        matches!(self.kind, Kind::LeftParen | Kind::LeftBracket | Kind::Dot)
    }

    fn rarer_operand(&mut self) -> Parsed<Operand> {
        if self.kind == Kind::Int {
            let integer = self.integer(self.span());
            return if self.continues_operand() { self.postfix(integer) } else { Ok(integer) };
        }
        let op = if self.kind == Kind::Minus {
            UnaryOp::Negate
        } else if self.kind == Kind::Bang {
            UnaryOp::Not
        } else if self.kind == Kind::Tilde {
            UnaryOp::BitNot
        } else {
            let primary = self.primary(self.span())?;
            return self.postfix(primary);
        };
        let start = self.token.start();
        self.bump();
        self.descend()?;
        let operand = self.operand()?;
        self.depth -= 1;
        let span = Span::new(start, self.spans[operand.id().0 as usize].end);
        self.node(Expr::Unary { op, operand: operand.id() }, span, operand.height())
    }

    /// Calls, indexes and fields behind `base`.
    pub(super) fn postfix(&mut self, mut base: Operand) -> Parsed<Operand> {
        loop {
            let start = self.spans[base.id().0 as usize].start;
            if self.kind == Kind::LeftParen {
                let (args, height) = self.arguments()?;
                let expr = Expr::Call { callee: base.id(), args };
                base = self.node(expr, self.span_from(start), base.height().max(height))?;
            } else if self.kind == Kind::LeftBracket {
                let opener = self.open_paren();
                self.descend()?;
                let index = self.any()?;
                self.depth -= 1;
                self.close_paren(opener, Kind::RightBracket, "`]`")?;
                let expr = Expr::Index { base: base.id(), index: index.id() };
                base = self.node(expr, self.span_from(start), base.height().max(index.height()))?;
            } else if self.kind == Kind::Dot {
                self.bump();
                let name = self.name()?;
                let expr = Expr::Field { base: base.id(), name };
                base = self.node(expr, self.span_from(start), base.height())?;
            } else {
                return Ok(base);
            }
        }
    }

    /// `(` arguments `)`, and the height of the highest.
    fn arguments(&mut self) -> Parsed<(ArgList, u32)> {
        let opener = self.open_paren();
        let base = self.pending_args.len();
        let mut height = 0;
        self.descend()?;
        if self.kind != Kind::RightParen {
            loop {
                if self.kind == Kind::Eol || self.kind == Kind::Eof {
                    break;
                }
                let argument = self.any()?;
                height = height.max(argument.height());
                self.pending_args.push(argument.id());
                if self.kind != Kind::Comma {
                    break;
                }
                self.bump();
            }
        }
        self.depth -= 1;
        self.close_paren(opener, Kind::RightParen, "`)`")?;
        let start = self.args.len() as u32;
        self.args.extend(self.pending_args.drain(base..));
        Ok((ArgList { start, len: self.args.len() as u32 - start }, height))
    }

    fn primary(&mut self, span: Span) -> Parsed<Operand> {
        if self.kind == Kind::LeftParen {
            let opener = self.open_paren();
            self.descend()?;
            let inner = self.any()?;
            self.depth -= 1;
            self.close_paren(opener, Kind::RightParen, "`)`")?;
            // Operands beside it span from parenthesis to parenthesis.
            self.spans[inner.id().0 as usize] = self.span_from(opener.start);
            return Ok(inner);
        }
        let expr = if self.kind == Kind::Baca {
            Expr::Name(span)
        } else if self.kind == Kind::Str {
            let inner = Span::new(span.start + 1, span.end - 1);
            if memchr2(b'\\', 0, inner.text(self.text).as_bytes()).is_some() {
                self.escapes(inner);
            }
            Expr::Str(inner)
        } else if self.kind == Kind::Benar {
            Expr::Int(1)
        } else if self.kind == Kind::Salah {
            Expr::Int(0)
        } else if self.kind == Kind::Float {
            self.float(span)
        } else if self.kind == Kind::Reported && self.token.kind == Kind::BadNumber {
            Expr::Error
        } else {
            return self.unexpected("expression");
        };
        self.bump();
        Ok(self.leaf(expr, span))
    }

    fn integer(&mut self, span: Span) -> Operand {
        let text = &self.bytes[span.start as usize..span.end as usize];
        let expr = match integer(text) {
            Some(value) => Expr::Int(value as i64),
            None => {
                let text = span.text(self.text);
                self.report(Diagnostic::new(Code::NumberTooLarge, span).arg("text", text));
                Expr::Error
            }
        };
        self.bump();
        self.leaf(expr, span)
    }

    fn float(&mut self, span: Span) -> Expr {
        let text = span.text(self.text);
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Expr::Float(value),
            Ok(_) | Err(_) => {
                self.report(Diagnostic::new(Code::NumberTooLarge, span).arg("text", text));
                Expr::Error
            }
        }
    }

    /// The current token as a name.
    #[inline]
    pub(super) fn name_operand(&mut self) -> Operand {
        let span = self.span();
        self.bump();
        self.leaf(Expr::Name(span), span)
    }

    fn leaf(&mut self, expr: Expr, span: Span) -> Operand {
        Operand::new(self.push(expr, span), 1)
    }

    /// An expression above one of height `below`: the tree, too, stays within the limit.
    #[inline]
    fn node(&mut self, expr: Expr, span: Span, below: u32) -> Parsed<Operand> {
        if below + self.level() >= NESTING_LIMIT {
            return self.too_deep(span);
        }
        Ok(Operand::new(self.push(expr, span), below + 1))
    }
}

/// The value of a decimal or `0x` literal, if 64 bits hold it.
pub(super) fn integer(text: &[u8]) -> Option<u64> {
    // So few decimal digits cannot overflow.
    if text.len() <= 18 && text.iter().all(u8::is_ascii_digit) {
        return Some(text.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')));
    }
    let (digits, radix) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16u64),
        digits => (digits, 10),
    };
    let mut value = 0u64;
    for &digit in digits {
        let digit = char::from(digit).to_digit(radix as u32)?;
        value = value.checked_mul(radix)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

impl Parser<'_> {
    /// Reports escape sequences that are none, and a NUL byte, which would end the string unseen.
    #[cold]
    fn escapes(&mut self, inner: Span) {
        if let Some(at) = memchr(0, inner.text(self.text).as_bytes()) {
            let start = inner.start + at as u32;
            self.report(Diagnostic::new(Code::TextNul, Span::new(start, start + 1)));
        }
        for mut problem in crate::string::decode(inner.text(self.text)).1 {
            let Span { start, end } = problem.primary;
            problem.primary = Span::new(inner.start + start, inner.start + end);
            self.report(problem);
        }
    }
}
