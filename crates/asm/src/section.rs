//! Lines to the bytes of one section: places, branches that grow until they reach, relocations.

use iced_x86::{Encoder, Register};
use morph_diag::{Code, Diagnostic, Span};
use rustc_hash::FxHashMap;

use crate::encode::{self, Arg, Encoded, Fixup, MemoryArg, Miss, Ready};
use crate::expr::{Anchor, Expr, Failure, Value};
use crate::form::{self, Class, Form};
use crate::line::{Body, Datum, Instruction, Line};
use crate::operand::{Distance, Memory, OperandKind};
use crate::scope::{Label, Names};
use morph_object::RelocKind;

/// A text may not become larger than this.
const LIMIT: i64 = 16 << 20;
/// After so many passes everything that can be wide is.
const PATIENCE: u32 = 12;
const PASSES: u32 = 24;
/// `times` makes at most so many that differ by their place.
const ROUNDS: i64 = 1 << 16;

/// What makes bytes.
#[derive(Debug)]
enum Part<'t> {
    Line(Line<'t>),
    /// Ready-made bytes.
    Raw(Vec<u8>),
}

#[derive(Debug)]
struct Item<'t> {
    part: Part<'t>,
    block: u32,
    span: Span,
    bytes: Vec<u8>,
    fixups: Vec<Fixup>,
    /// Must be made again when places change.
    moves: bool,
    problem: Option<Diagnostic>,
}

/// A section while it is made.
#[derive(Debug)]
pub(crate) struct Section<'t, 'r> {
    pub(crate) names: Names<'t, 'r>,
    items: Vec<Item<'t>>,
    /// `nop` fills the gaps of `align`.
    code: bool,
}

/// A finished section.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fixups: Vec<Fixup>,
    /// Offset and span start of each line that made bytes.
    pub(crate) lines: Vec<(u32, u32)>,
    /// Offset of each item.
    pub(crate) offsets: Vec<u32>,
}

impl<'t, 'r> Section<'t, 'r> {
    pub(crate) fn new(names: Names<'t, 'r>, code: bool) -> Section<'t, 'r> {
        Section { names, items: Vec::new(), code }
    }

    /// Adds bytes as they are; gives the item's number.
    pub(crate) fn raw(&mut self, bytes: Vec<u8>, block: u32) -> usize {
        let part = Part::Raw(bytes);
        self.push(part, block, Span::default())
    }

    /// Adds a line and its labels.
    pub(crate) fn line(&mut self, line: Line<'t>, block: u32) {
        let item = self.items.len();
        if let Body::Equ(expr) = &line.body {
            for (name, span) in &line.labels {
                self.names.add_constant(name, expr.clone(), Label { item, block, span: *span });
            }
            return;
        }
        for (name, span) in &line.labels {
            self.names.add_label(name, Label { item, block, span: *span });
        }
        if !matches!(line.body, Body::Nothing) {
            let span = line.span;
            self.push(Part::Line(line), block, span);
        }
    }

    fn push(&mut self, part: Part<'t>, block: u32, span: Span) -> usize {
        let (bytes, fixups) = (Vec::new(), Vec::new());
        self.items.push(Item { part, block, span, bytes, fixups, moves: true, problem: None });
        self.items.len() - 1
    }

    /// Places everything; diagnostics go to `names`.
    pub(crate) fn finish(&mut self) -> Bytes {
        let mut maker =
            Maker { encoder: Encoder::new(64), forms: FxHashMap::default(), code: self.code };
        let mut at = 0;
        // The first pass does not know what lies ahead: it takes it to be here.
        for number in 0..self.items.len() {
            self.names.offsets.push(at);
            self.make(number, &mut maker, 0);
            at += self.items[number].bytes.len() as i64;
        }
        self.names.offsets.push(at);
        for pass in 1..PASSES {
            let before = self.names.offsets.clone();
            self.place();
            self.names.forget();
            let mut changed = pass == 1 || before != self.names.offsets;
            for number in 0..self.items.len() {
                if self.items[number].moves {
                    let length = self.items[number].bytes.len();
                    self.make(number, &mut maker, pass);
                    changed |= self.items[number].bytes.len() != length;
                }
            }
            if !changed {
                break;
            }
        }
        self.names.forget();
        self.names.check_constants();
        self.collect()
    }

    fn place(&mut self) {
        let mut at: i64 = 0;
        for (number, item) in self.items.iter().enumerate() {
            self.names.offsets[number] = at;
            at += item.bytes.len() as i64;
        }
        if let Some(end) = self.names.offsets.last_mut() {
            *end = at;
        }
        self.names.pool_at = (at + 7) & !7;
    }

    fn make(&mut self, number: usize, maker: &mut Maker, pass: u32) {
        let names = &mut self.names;
        names.item = number;
        names.moved = false;
        let at = names.offsets.get(number).copied().unwrap_or(0);
        let item = &mut self.items[number];
        names.block = item.block;
        item.problem = None;
        let least = if pass > 0 { item.bytes.len() } else { 0 };
        let made = match &item.part {
            Part::Raw(bytes) => Ok(Encoded { bytes: bytes.clone(), fixups: Vec::new() }),
            Part::Line(_) if at > LIMIT => Ok(Encoded::default()),
            Part::Line(line) => maker.line(line, names, least, pass),
        };
        item.moves = names.moved;
        match made {
            Ok(encoded) => (item.bytes, item.fixups) = (encoded.bytes, encoded.fixups),
            Err(problem) => {
                // The length stays, so that one broken line does not move the others about.
                item.bytes.fill(0x90);
                item.fixups.clear();
                item.problem = problem.map(|problem| *problem);
            }
        }
    }

    fn collect(&mut self) -> Bytes {
        let mut out = Bytes::default();
        for item in &mut self.items {
            let at = out.bytes.len() as u32;
            out.offsets.push(at);
            if matches!(item.part, Part::Line(_)) && !item.bytes.is_empty() {
                out.lines.push((at, item.span.start));
            }
            out.fixups.extend(
                item.fixups.iter().map(|fixup| Fixup { offset: fixup.offset + at, ..*fixup }),
            );
            out.bytes.append(&mut item.bytes);
            self.names.diagnostics.extend(item.problem.take());
        }
        if out.bytes.len() as i64 > LIMIT {
            let mut lines = self.items.iter().filter(|item| matches!(item.part, Part::Line(_)));
            let span = lines.next_back().map_or(Span::default(), |item| item.span);
            let size = out.bytes.len() as i64;
            self.names.diagnostics.extend(range(size, 24, span).map(|problem| *problem));
        }
        if !self.names.pool.is_empty() {
            out.bytes.resize(self.names.pool_at as usize, 0);
            for word in &self.names.pool {
                out.bytes.extend(word.to_le_bytes());
            }
        }
        self.names.diagnostics.sort_by_key(|diagnostic| diagnostic.primary);
        out
    }
}

/// `None`: already reported.
type Made<T> = Result<T, Option<Box<Diagnostic>>>;

/// What encoding needs besides the names.
struct Maker {
    encoder: Encoder,
    forms: FxHashMap<String, Vec<Form>>,
    code: bool,
}

fn failure(failure: Failure, span: Span, line: &Line<'_>) -> Option<Box<Diagnostic>> {
    match failure {
        Failure::Unknown(_) => None,
        Failure::Meaningless => {
            Some(Box::new(Diagnostic::new(Code::AsmOperandMalformed, span).arg("text", line.text)))
        }
    }
}

fn range(value: i64, bits: i64, span: Span) -> Option<Box<Diagnostic>> {
    let args = [("value", morph_diag::Arg::Number(value)), ("bits", morph_diag::Arg::Number(bits))];
    let mut problem = Diagnostic::new(Code::AsmRange, span);
    problem.args.extend(args.map(|(name, value)| (name.into(), value)));
    Some(Box::new(problem))
}

impl Maker {
    fn line(
        &mut self,
        line: &Line<'_>,
        names: &mut Names<'_, '_>,
        least: usize,
        pass: u32,
    ) -> Made<Encoded> {
        let start = names.position();
        let times = match &line.times {
            None => 1,
            Some(expr) => match number(expr, names, line)? {
                count @ 0.. => count,
                count => return Err(range(count, 24, line.span)),
            },
        };
        let mut out = Encoded::default();
        for round in 0..times {
            let at = start + out.bytes.len() as i64;
            if at > LIMIT || round > ROUNDS {
                return Err(range(times, 24, line.span));
            }
            let one = match &line.body {
                Body::Instruction(instruction) => {
                    let least = if line.times.is_none() { least } else { 0 };
                    self.instruction(instruction, line, names, at, least, pass)?
                }
                Body::Data(unit, data) => data_bytes(*unit, data, line, names, at)?,
                Body::Reserve(unit, count) => {
                    let written = number(count, names, line)?;
                    let count = written.checked_mul(i64::from(*unit));
                    let count = count.filter(|bytes| (0..=LIMIT).contains(bytes));
                    let Some(count) = count else { return Err(range(written, 24, line.span)) };
                    Encoded { bytes: vec![0; count as usize], fixups: Vec::new() }
                }
                Body::Align(to, fill) => self.align(to, fill.as_ref(), line, names, at)?,
                Body::Nothing | Body::Equ(_) => Encoded::default(),
            };
            let offset = out.bytes.len() as u32;
            out.fixups.extend(
                one.fixups.iter().map(|fixup| Fixup { offset: fixup.offset + offset, ..*fixup }),
            );
            if round == 0 && times > 1 && !names.moved && one.fixups.is_empty() {
                // All rounds are the same.
                if times.saturating_mul(one.bytes.len() as i64) > LIMIT {
                    return Err(range(times, 24, line.span));
                }
                return Ok(Encoded { bytes: one.bytes.repeat(times as usize), fixups: Vec::new() });
            }
            out.bytes.extend(one.bytes);
        }
        Ok(out)
    }

    fn align(
        &mut self,
        to: &Expr<'_>,
        fill: Option<&Expr<'_>>,
        line: &Line<'_>,
        names: &mut Names<'_, '_>,
        at: i64,
    ) -> Made<Encoded> {
        let to = number(to, names, line)?;
        if to.count_ones() != 1 || !(1..=4096).contains(&to) {
            return Err(Some(Box::new(
                Diagnostic::new(Code::AsmDirective, line.span).arg("text", line.text),
            )));
        }
        let byte = match fill {
            None if self.code => 0x90,
            None => 0,
            Some(expr) => number(expr, names, line)? as u8,
        };
        names.moved = true;
        Ok(Encoded {
            bytes: vec![byte; (at.wrapping_neg() & (to - 1)) as usize],
            fixups: Vec::new(),
        })
    }

    fn instruction(
        &mut self,
        instruction: &Instruction<'_>,
        line: &Line<'_>,
        names: &mut Names<'_, '_>,
        at: i64,
        least: usize,
        pass: u32,
    ) -> Made<Encoded> {
        let mut args = Vec::with_capacity(instruction.operands.len());
        let mut broken = false;
        for operand in &instruction.operands {
            let made = match &operand.kind {
                OperandKind::Register(register) => Ok(Arg::Register(*register)),
                OperandKind::Value(expr, size, distance) => {
                    let distance = if pass > PATIENCE && *distance == Distance::Any {
                        Distance::Near
                    } else {
                        *distance
                    };
                    expr.eval(names)
                        .map(|value| Arg::Value { value, size: *size, distance })
                        .map_err(|problem| failure(problem, operand.span, line))
                }
                OperandKind::Memory(memory) => memory_arg(memory, operand.span, line, names),
            };
            match made {
                Ok(arg) => args.push((arg, operand.span)),
                Err(None) => broken = true,
                Err(problem) => return Err(problem),
            }
        }
        if broken {
            return Err(None);
        }
        share_size(&mut args);
        let mut mnemonic = instruction.mnemonic.as_str();
        if address_of(mnemonic, &mut args) {
            mnemonic = "lea";
        }
        if matches!(mnemonic, "call" | "jmp" | "push" | "pop") {
            for ((arg, _), operand) in args.iter_mut().zip(&instruction.operands) {
                if let (Arg::Memory(arg), OperandKind::Memory(memory)) = (arg, &operand.kind) {
                    arg.usual = Some(if memory.far { 6 } else { 8 });
                }
            }
        }
        if !self.forms.contains_key(mnemonic) {
            self.forms.insert(mnemonic.to_owned(), form::forms(mnemonic));
        }
        let forms = self.forms.get(mnemonic).map_or(&[][..], Vec::as_slice);
        let (prefixes, decoration) = (&instruction.prefixes[..], instruction.decoration);
        let mut ready = Ready { prefixes, args, decoration, at, least };
        let mut made = encode::encode(&mut self.encoder, forms, &ready);
        if made.is_err()
            && let Some(other) = encode::other_spelling(mnemonic, &ready.args)
        {
            ready.args = other;
            made = encode::encode(&mut self.encoder, forms, &ready).or(made);
        }
        made.map_err(|miss| match miss {
            Miss::Range { value, bits, span } => range(value, bits, span),
            Miss::Size(span) => {
                Some(Box::new(Diagnostic::new(Code::AsmSize, span).arg("instruction", line.text)))
            }
            Miss::Operands => Some(Box::new(
                Diagnostic::new(Code::AsmOperands, line.span).arg("instruction", line.text),
            )),
        })
    }
}

fn number(expr: &Expr<'_>, names: &mut Names<'_, '_>, line: &Line<'_>) -> Made<i64> {
    let value = expr.eval(names).map_err(|problem| failure(problem, line.span, line))?;
    value.constant().ok_or_else(|| failure(Failure::Meaningless, line.span, line))
}

/// `mov [rax], byte 5`: a size on the number is the memory's.
fn share_size(args: &mut [(Arg, Span)]) {
    let written = args.iter().find_map(|(arg, _)| match arg {
        Arg::Value { size, .. } => *size,
        Arg::Register(_) | Arg::Memory(_) => None,
    });
    for (arg, _) in args {
        if let Arg::Memory(memory) = arg {
            memory.size = memory.size.or(written);
        }
    }
}

/// `mov rax, label` is `lea rax, [rel label]`: shorter than ten bytes, and it stays right wherever the image lies.
fn address_of(mnemonic: &str, args: &mut [(Arg, Span)]) -> bool {
    let [(Arg::Register(to), _), (source, _)] = args else { return false };
    let Arg::Value { value, .. } = *source else { return false };
    if mnemonic != "mov"
        || !Class::Gpr64.has(*to)
        || value.anchor == Anchor::None
        || value.minus_section
    {
        return false;
    }
    let (base, displacement) = match value.anchor {
        Anchor::Frame => (Register::RBP, Value { anchor: Anchor::None, ..value }),
        Anchor::None | Anchor::Section | Anchor::Symbol(_) => (Register::RIP, value),
    };
    *source = Arg::Memory(MemoryArg {
        size: None,
        usual: None,
        segment: None,
        base,
        index: Register::None,
        scale: 1,
        displacement,
        broadcast: false,
    });
    true
}

fn memory_arg(
    memory: &Memory<'_>,
    span: Span,
    line: &Line<'_>,
    names: &mut Names<'_, '_>,
) -> Made<Arg> {
    let mut displacement = match &memory.displacement {
        None => Value::number(0),
        Some(expr) => expr.eval(names).map_err(|problem| failure(problem, span, line))?,
    };
    let mut base = memory.base.unwrap_or(Register::None);
    let mut index = memory.index.unwrap_or(Register::None);
    let mut scale = memory.scale;
    let mut usual = None;
    match displacement.anchor {
        Anchor::Frame => {
            if base != Register::None {
                if index != Register::None {
                    return Err(failure(Failure::Meaningless, span, line));
                }
                (index, scale) = (base, 1);
            }
            base = Register::RBP;
            displacement.anchor = Anchor::None;
            usual = Some(8);
        }
        Anchor::Section | Anchor::Symbol(_) => {
            let plain = base == Register::None && index == Register::None;
            if plain && !memory.absolute && memory.segment.is_none() && !displacement.minus_section
            {
                base = Register::RIP;
            }
            if plain
                && matches!(&memory.displacement, Some(Expr::Name(name, _)) if name.starts_with("var_"))
            {
                usual = Some(8);
            }
        }
        Anchor::None => {}
    }
    if matches!(base, Register::RIP | Register::EIP) && index != Register::None
        || index == Register::RIP
    {
        return Err(failure(Failure::Meaningless, span, line));
    }
    let arg = MemoryArg {
        size: memory.size,
        usual,
        segment: memory.segment,
        base,
        index,
        scale,
        displacement,
        broadcast: memory.broadcast,
    };
    Ok(Arg::Memory(arg))
}

fn data_bytes(
    unit: u8,
    data: &[Datum<'_>],
    line: &Line<'_>,
    names: &mut Names<'_, '_>,
    at: i64,
) -> Made<Encoded> {
    let mut out = Encoded::default();
    let width = usize::from(unit);
    for datum in data {
        match datum {
            Datum::Text(text) => {
                out.bytes.extend(text);
                let odd = text.len() % width;
                out.bytes.resize(out.bytes.len() + if odd == 0 { 0 } else { width - odd }, 0);
            }
            Datum::Nothing => out.bytes.resize(out.bytes.len() + width, 0),
            Datum::Float(float) => match unit {
                8 => out.bytes.extend(float.to_le_bytes()),
                4 => out.bytes.extend((*float as f32).to_le_bytes()),
                _ => return Err(failure(Failure::Meaningless, line.span, line)),
            },
            Datum::Value(expr, span) => {
                let value = expr.eval(names).map_err(|problem| failure(problem, *span, line))?;
                let offset = out.bytes.len();
                if let Some(number) = value.constant() {
                    if !form::fits(number, unit, unit) {
                        return Err(range(number, i64::from(unit) * 8, *span));
                    }
                    out.bytes.extend(&number.to_le_bytes()[..width]);
                    continue;
                }
                let place = at + offset as i64;
                let (kind, addend) = match (unit, value.minus_section) {
                    (8, false) => (RelocKind::Abs64, value.number),
                    (4, false) => (RelocKind::Abs32, value.number),
                    (4, true) => (RelocKind::Rel32, value.number.wrapping_add(place)),
                    _ => return Err(failure(Failure::Meaningless, *span, line)),
                };
                if value.anchor == Anchor::Frame || value.anchor == Anchor::None {
                    return Err(failure(Failure::Meaningless, *span, line));
                }
                out.fixups.push(Fixup {
                    offset: offset as u32,
                    kind,
                    anchor: value.anchor,
                    addend,
                });
                out.bytes.resize(offset + width, 0);
            }
        }
    }
    Ok(out)
}
