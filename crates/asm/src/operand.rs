//! Operands as written.

use iced_x86::{Register, RoundingControl};
use morph_diag::Span;

use crate::expr::{Cursor, Expr};
use crate::register;
use crate::token::Kind;

#[derive(Clone, Debug)]
pub(crate) struct Operand<'t> {
    pub(crate) span: Span,
    pub(crate) kind: OperandKind<'t>,
}

#[derive(Clone, Debug)]
pub(crate) enum OperandKind<'t> {
    Register(Register),
    Memory(Memory<'t>),
    /// An immediate or a branch target, with the size written before it.
    Value(Expr<'t>, Option<u32>, Distance),
}

/// `[base + index * scale + displacement]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory<'t> {
    /// Bytes, if written.
    pub(crate) size: Option<u32>,
    pub(crate) segment: Option<Register>,
    pub(crate) base: Option<Register>,
    pub(crate) index: Option<Register>,
    pub(crate) scale: u32,
    pub(crate) displacement: Option<Expr<'t>>,
    /// `abs`: not relative to RIP.
    pub(crate) absolute: bool,
    /// `far`: a pointer with a selector.
    pub(crate) far: bool,
    pub(crate) broadcast: bool,
}

/// How far a branch was said to reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Distance {
    #[default]
    Any,
    Short,
    Near,
}

/// What stands in braces behind an operand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Decoration {
    pub(crate) mask: Option<Register>,
    pub(crate) zeroing: bool,
    pub(crate) rounding: Option<RoundingControl>,
    pub(crate) suppress: bool,
}

/// Bytes that a size word means.
pub(crate) fn size_of(word: &str) -> Option<u32> {
    Some(match word.to_ascii_lowercase().as_str() {
        "byte" => 1,
        "word" => 2,
        "dword" => 4,
        "fword" | "pword" => 6,
        "qword" | "mmword" => 8,
        "tword" | "tbyte" => 10,
        "fpuenv14" => 14,
        "oword" | "xmmword" => 16,
        "fpuenv28" => 28,
        "yword" | "ymmword" => 32,
        "zword" | "zmmword" => 64,
        "fpustate94" => 94,
        "fpustate108" => 108,
        _ => return None,
    })
}

impl<'t> Cursor<'_, 't> {
    /// An operand; decorations behind it go to `decoration`. `None` if it cannot be read.
    pub(crate) fn operand(&mut self, decoration: &mut Decoration) -> Option<Operand<'t>> {
        let first = self.tokens.get(self.at)?.span;
        let mut size = None;
        let mut distance = Distance::Any;
        let mut far = false;
        let mut broadcast = false;
        while let Some(name) = self.peek_name() {
            // A word in front of an operand; standing alone it is a name like any other.
            if !matches!(self.tokens.get(self.at + 1).map(|next| &next.kind), Some(next) if *next != Kind::Sign(b','))
            {
                break;
            }
            match (size_of(name), name.to_ascii_lowercase().as_str()) {
                (Some(bytes), _) => size = Some(bytes),
                (None, "short") => distance = Distance::Short,
                (None, "near") => distance = Distance::Near,
                (None, "far") => far = true,
                (None, "bcst") => broadcast = true,
                (None, "ptr" | "strict" | "rel" | "offset") => {}
                (None, _) => break,
            }
            self.at += 1;
        }
        let kind = match self.peek_name().and_then(register::from_name) {
            Some(register) => {
                self.at += 1;
                self.after_register(register)?
            }
            None if self.peek_sign() == Some(b'[') => OperandKind::Memory(self.memory(None)?),
            None => OperandKind::Value(self.expr()?, size, distance),
        };
        let kind = match kind {
            OperandKind::Memory(memory) => OperandKind::Memory(Memory {
                size: size.or(memory.size),
                far: far || memory.far,
                broadcast,
                ..memory
            }),
            other @ (OperandKind::Register(_) | OperandKind::Value(..)) => other,
        };
        let last = self.tokens.get(self.at - 1)?.span;
        let mut operand = Operand { span: first.to(last), kind };
        while self.peek_sign() == Some(b'{') {
            self.brace(decoration, &mut operand)?;
        }
        Some(operand)
    }

    /// `st(1)`, `fs:[8]`, or the register itself.
    fn after_register(&mut self, register: Register) -> Option<OperandKind<'t>> {
        if register == Register::ST0 && self.eat(b'(') {
            let Some(Kind::Number(number @ 0..=7)) = self.peek() else { return None };
            self.at += 1;
            let index = u32::try_from(*number).ok()?;
            return self.eat(b')').then_some(OperandKind::Register(Register::ST0 + index));
        }
        if register.is_segment_register() && self.eat(b':') {
            return Some(OperandKind::Memory(self.memory(Some(register))?));
        }
        Some(OperandKind::Register(register))
    }

    fn memory(&mut self, segment: Option<Register>) -> Option<Memory<'t>> {
        if !self.eat(b'[') {
            // `fs:0x28`
            let displacement = Some(self.expr()?);
            return Some(Memory {
                segment,
                displacement,
                scale: 1,
                absolute: true,
                ..Memory::default()
            });
        }
        let mut memory = Memory { segment, scale: 1, ..Memory::default() };
        while let Some(name) = self.peek_name() {
            let alone =
                self.tokens.get(self.at + 1).is_none_or(|next| next.kind == Kind::Sign(b']'));
            match (size_of(name), name.to_ascii_lowercase().as_str()) {
                _ if alone => break,
                (Some(_), _) | (None, "rel" | "nosplit") => {}
                (None, "abs") => memory.absolute = true,
                (None, _) => break,
            }
            self.at += 1;
        }
        let segment = self.peek_name().and_then(register::from_name);
        if let Some(segment) = segment.filter(|register| register.is_segment_register()) {
            self.at += 1;
            if !self.eat(b':') {
                return None;
            }
            memory.segment = Some(segment);
        }
        let address = self.expr()?;
        if !self.eat(b']') {
            return None;
        }
        memory.add(address, b'+')?;
        memory.settle();
        Some(memory)
    }

    /// `{k1}`, `{z}`, `{1to8}`, `{rn-sae}`, `{sae}`.
    pub(crate) fn brace(
        &mut self,
        decoration: &mut Decoration,
        operand: &mut Operand<'t>,
    ) -> Option<()> {
        let word = self.brace_word()?;
        if let OperandKind::Memory(memory) = &mut operand.kind
            && matches!(word.as_str(), "1to2" | "1to4" | "1to8" | "1to16" | "1to32")
        {
            memory.broadcast = true;
            return Some(());
        }
        decoration.set(&word)
    }

    /// The text between braces, lower case.
    pub(crate) fn brace_word(&mut self) -> Option<String> {
        if !self.eat(b'{') {
            return None;
        }
        let mut word = String::new();
        while !self.eat(b'}') {
            match self.peek()? {
                Kind::Name(name) => word.push_str(&name.to_ascii_lowercase()),
                Kind::Sign(b'-') => word.push('-'),
                Kind::Bad => {
                    // `1to8` is no number; its text is what the line has here.
                    word.push_str(self.bad_text()?);
                }
                Kind::Number(_)
                | Kind::Float(_)
                | Kind::Text(_)
                | Kind::Sign(_)
                | Kind::Here
                | Kind::Start => {
                    return None;
                }
            }
            self.at += 1;
        }
        Some(word)
    }

    /// The broadcast word that a malformed number is.
    fn bad_text(&self) -> Option<&'static str> {
        let span = self.tokens.get(self.at)?.span;
        let text = span.start.checked_sub(self.start).zip(span.end.checked_sub(self.start))?;
        let text = self.line.get(text.0 as usize..text.1 as usize)?;
        ["1to2", "1to4", "1to8", "1to16", "1to32"].into_iter().find(|word| *word == text)
    }
}

impl Decoration {
    /// Whether there is anything to encode.
    pub(crate) fn is_some(self) -> bool {
        self.mask.is_some() || self.zeroing || self.rounding.is_some() || self.suppress
    }

    /// Takes a word in braces; `None` if it means nothing.
    pub(crate) fn set(&mut self, word: &str) -> Option<()> {
        self.rounding = match word {
            "z" => {
                self.zeroing = true;
                return Some(());
            }
            "sae" => {
                self.suppress = true;
                return Some(());
            }
            "rn-sae" => Some(RoundingControl::RoundToNearest),
            "rd-sae" => Some(RoundingControl::RoundDown),
            "ru-sae" => Some(RoundingControl::RoundUp),
            "rz-sae" => Some(RoundingControl::RoundTowardZero),
            _ => {
                let mask = register::from_name(word).filter(|register| register.is_k())?;
                self.mask = Some(mask);
                return Some(());
            }
        };
        Some(())
    }
}

impl<'t> Memory<'t> {
    /// Sorts the terms of an address into registers and displacement.
    fn add(&mut self, expr: Expr<'t>, sign: u8) -> Option<()> {
        match expr {
            Expr::Binary(b'+', left, right) => {
                self.add(*left, sign)?;
                self.add(*right, sign)
            }
            Expr::Binary(b'-', left, right) => {
                self.add(*left, sign)?;
                self.add(*right, if sign == b'+' { b'-' } else { b'+' })
            }
            Expr::Name(name, _) if register::from_name(name).is_some() => {
                self.register(register::from_name(name)?, None, sign)
            }
            Expr::Binary(b'*', left, right) => match (&*left, &*right) {
                (Expr::Name(name, _), Expr::Number(scale))
                | (Expr::Number(scale), Expr::Name(name, _))
                    if register::from_name(name).is_some() =>
                {
                    self.register(register::from_name(name)?, Some(*scale), sign)
                }
                _ => self.number(Expr::Binary(b'*', left, right), sign),
            },
            other @ (Expr::Number(_)
            | Expr::Name(..)
            | Expr::Here
            | Expr::Start
            | Expr::Unary(..)
            | Expr::Binary(..)) => self.number(other, sign),
        }
    }

    fn number(&mut self, expr: Expr<'t>, sign: u8) -> Option<()> {
        let mut register = false;
        expr.names(&mut |name, _| register |= register::from_name(name).is_some());
        if register {
            return None;
        }
        let before = self.displacement.take();
        self.displacement = Some(match before {
            None if sign == b'+' => expr,
            before => {
                Expr::Binary(sign, Box::new(before.unwrap_or(Expr::Number(0))), Box::new(expr))
            }
        });
        Some(())
    }

    fn register(&mut self, register: Register, scale: Option<i64>, sign: u8) -> Option<()> {
        let written = scale.unwrap_or(1);
        if sign != b'+' || register.is_segment_register() || !matches!(written, 1 | 2 | 4 | 8) {
            return None;
        }
        let wants_index = scale.is_some() || register.is_vector_register();
        if self.base.is_none() && !wants_index {
            self.base = Some(register);
            return Some(());
        }
        if self.index.is_some() {
            // The index so far can be the base if it has no scale.
            if self.base.is_some() || self.scale != 1 {
                return None;
            }
            self.base = self.index;
        }
        self.index = Some(register);
        self.scale = u32::try_from(written).ok()?;
        Some(())
    }

    /// The stack pointer cannot be an index; without a scale it may as well be the base.
    fn settle(&mut self) {
        let stack = |register| matches!(register, Register::RSP | Register::ESP);
        if self.scale == 1 && self.index.is_some_and(stack) {
            std::mem::swap(&mut self.base, &mut self.index);
        }
    }
}
