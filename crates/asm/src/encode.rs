//! One instruction with known values to bytes: try every form, keep the shortest.

use iced_x86::{Code, Encoder, EncodingKind, Instruction, OpKind, Register};
use morph_diag::Span;
use morph_object::RelocKind;

use crate::expr::{Anchor, Value};
use crate::form::{Class, Form, Shape, fits, second_immediate, shape};
use crate::line::Prefix;
use crate::operand::{Decoration, Distance};

/// An operand whose expressions have values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arg {
    Register(Register),
    Memory(MemoryArg),
    Value { value: Value, size: Option<u32>, distance: Distance },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryArg {
    pub(crate) size: Option<u32>,
    /// The size to take when several are possible: a variable is a word of eight bytes.
    pub(crate) usual: Option<u32>,
    pub(crate) segment: Option<Register>,
    /// RIP: the displacement counts from `displacement.anchor`, or, without one, from the next instruction.
    pub(crate) base: Register,
    pub(crate) index: Register,
    pub(crate) scale: u32,
    pub(crate) displacement: Value,
    pub(crate) broadcast: bool,
}

/// An instruction that only its position still changes.
#[derive(Clone, Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) prefixes: &'a [Prefix],
    pub(crate) args: Vec<(Arg, Span)>,
    pub(crate) decoration: Decoration,
    pub(crate) at: i64,
    /// Never shorter than this: what has grown does not shrink.
    pub(crate) least: usize,
}

/// A place in the bytes that needs an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixup {
    pub(crate) offset: u32,
    pub(crate) kind: RelocKind,
    pub(crate) anchor: Anchor,
    pub(crate) addend: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fixups: Vec<Fixup>,
}

/// Why no form fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// No form takes these operands.
    Operands,
    /// A form would, but for this number.
    Range { value: i64, bits: i64, span: Span },
    /// Forms of several sizes do.
    Size(Span),
}

struct Candidate {
    encoded: Encoded,
    /// Size of the memory operand.
    memory: u32,
}

/// Encodes `ready` in the shortest of `forms` that takes it.
pub(crate) fn encode(
    encoder: &mut Encoder,
    forms: &[Form],
    ready: &Ready<'_>,
) -> Result<Encoded, Miss> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut miss = Miss::Operands;
    for form in forms {
        match attempt(encoder, form, ready) {
            Ok(candidate) => found.push(candidate),
            Err(Miss::Operands | Miss::Size(_)) => {}
            Err(range @ Miss::Range { .. }) => miss = widest(miss, range),
        }
    }
    choose(found, ready, miss)
}

/// Of two numbers that do not fit, the one with the wider field says more.
fn widest(old: Miss, new: Miss) -> Miss {
    match (old, new) {
        (Miss::Range { bits: a, .. }, Miss::Range { bits: b, .. }) if a >= b => old,
        _ => new,
    }
}

fn choose(mut found: Vec<Candidate>, ready: &Ready<'_>, miss: Miss) -> Result<Encoded, Miss> {
    let unsized_memory = ready.args.iter().find_map(|(arg, span)| match arg {
        Arg::Memory(memory) if memory.size.is_none() => Some((memory.usual, *span)),
        Arg::Memory(_) | Arg::Register(_) | Arg::Value { .. } => None,
    });
    if let Some((usual, span)) = unsized_memory {
        let first = found.first().map_or(0, |candidate| candidate.memory);
        if found.iter().any(|candidate| candidate.memory != first) {
            let size = usual.filter(|size| found.iter().any(|candidate| candidate.memory == *size));
            let Some(size) = size else { return Err(Miss::Size(span)) };
            found.retain(|candidate| candidate.memory == size);
        }
    }
    let long = found.iter().any(|candidate| candidate.encoded.bytes.len() >= ready.least);
    if long {
        found.retain(|candidate| candidate.encoded.bytes.len() >= ready.least);
    }
    let best = found.into_iter().min_by_key(|candidate| candidate.encoded.bytes.len());
    best.map(|candidate| candidate.encoded).ok_or(miss)
}

/// Where a fixup goes once the encoder has said where the field is.
struct Pending {
    immediate: bool,
    value: Value,
    /// Bytes of an immediate, and to how many it is extended.
    bytes: u8,
    extended: u8,
}

fn attempt(encoder: &mut Encoder, form: &Form, ready: &Ready<'_>) -> Result<Candidate, Miss> {
    let shapes: Vec<Shape> = form.operands.iter().map(|kind| shape(*kind)).collect();
    // `stosq` names neither its memory nor its register; `maskmovq` names its registers.
    let string = shapes.iter().any(|shape| matches!(shape, Shape::Implied(_)));
    let implied = |shape: &Shape| {
        matches!(shape, Shape::Implied(_))
            || string && matches!(shape, Shape::Register(Class::One(_)))
    };
    if shapes.iter().filter(|shape| !implied(shape)).count() != ready.args.len() {
        return Err(Miss::Operands);
    }
    // iced would drop a mask that the encoding has no room for.
    let decorated = ready.decoration.is_some()
        || ready.args.iter().any(|(arg, _)| matches!(arg, Arg::Memory(arg) if arg.broadcast));
    if decorated && form.code.encoding() != EncodingKind::EVEX {
        return Err(Miss::Operands);
    }
    let mut instruction = Instruction::new();
    instruction.set_code(form.code);
    prefixes(&mut instruction, form, ready)?;
    let mut pending: Vec<Pending> = Vec::new();
    let mut args = ready.args.iter();
    let mut before = None;
    let mut memory = None;
    for (at, shape) in (0u32..).zip(shapes.iter().copied()) {
        if let (Shape::Register(Class::One(register)), true) = (shape, string) {
            instruction.set_op_kind(at, OpKind::Register);
            instruction.set_op_register(at, register);
            continue;
        }
        if let Shape::Implied(kind) = shape {
            instruction.set_op_kind(at, kind);
            if kind == OpKind::Memory {
                instruction.set_memory_base(Register::RBX);
                instruction.set_memory_index(Register::AL);
            }
            continue;
        }
        let Some((arg, span)) = args.next() else { return Err(Miss::Operands) };
        match (shape, arg) {
            (Shape::Register(class) | Shape::RegisterOrMemory(class), Arg::Register(register)) => {
                if !class.has(*register) || is_hidden_nop(form.code, *register) {
                    return Err(Miss::Operands);
                }
                instruction.set_op_kind(at, OpKind::Register);
                instruction.set_op_register(at, *register);
            }
            (
                Shape::RegisterOrMemory(_) | Shape::Memory | Shape::VectorMemory,
                Arg::Memory(arg),
            ) => {
                instruction.set_op_kind(at, OpKind::Memory);
                memory = Some((arg, *span));
            }
            (Shape::Offset, Arg::Memory(arg)) => {
                let plain = arg.base == Register::None && arg.index == Register::None;
                let number =
                    arg.displacement.constant().filter(|number| i32::try_from(*number).is_err());
                let (true, Some(_)) = (plain, number) else { return Err(Miss::Operands) };
                instruction.set_op_kind(at, OpKind::Memory);
                memory = Some((arg, *span));
            }
            (Shape::One, Arg::Value { value, .. }) => {
                if value.constant() != Some(1) || value.moves {
                    return Err(Miss::Operands);
                }
                instruction.set_op_kind(at, OpKind::Immediate8);
                instruction.set_immediate8(1);
            }
            (Shape::Immediate { kind, bytes, extended }, Arg::Value { value, size, .. }) => {
                if is_hidden_narrow(form, *size) {
                    return Err(Miss::Operands);
                }
                let kind = second_immediate(kind, before);
                before = Some(kind);
                let number = immediate(*value, bytes, extended, *span)?;
                if number.is_none() {
                    pending.push(Pending { immediate: true, value: *value, bytes, extended });
                }
                set_immediate(&mut instruction, at, kind, number.unwrap_or(0));
            }
            (Shape::Branch(bytes), Arg::Value { value, distance, .. }) => {
                let wrong = match distance {
                    Distance::Any => false,
                    Distance::Short => bytes != 1,
                    Distance::Near => bytes != 4,
                };
                if wrong || value.minus_section {
                    return Err(Miss::Operands);
                }
                instruction.set_op_kind(at, OpKind::NearBranch64);
                match value.anchor {
                    Anchor::Section => {
                        let reach = value.number.wrapping_sub(ready.at);
                        if bytes == 1 && !(-126..=129).contains(&reach) {
                            let value = reach.wrapping_sub(2);
                            return Err(Miss::Range { value, bits: 8, span: *span });
                        }
                        instruction.set_near_branch64(value.number.cast_unsigned());
                    }
                    Anchor::Symbol(_) if bytes == 4 => {
                        instruction.set_near_branch64(ready.at.cast_unsigned());
                        pending.push(Pending {
                            immediate: true,
                            value: *value,
                            bytes: 0,
                            extended: 0,
                        });
                    }
                    Anchor::Symbol(_) | Anchor::None | Anchor::Frame => return Err(Miss::Operands),
                }
            }
            _ => return Err(Miss::Operands),
        }
    }
    let memory_size = match memory {
        Some((arg, span)) => place_memory(&mut instruction, arg, span, ready, &mut pending)?,
        None => 0,
    };
    finish(encoder, instruction, ready, &pending, memory_size)
}

/// `xchg eax, eax` as `90` would be `nop`, which leaves the upper half of RAX alone.
fn is_hidden_nop(code: Code, register: Register) -> bool {
    code == Code::Xchg_r32_EAX && register == Register::EAX
}

/// `push 0x3fff` means eight bytes on the stack, never two, unless `word` is written.
fn is_hidden_narrow(form: &Form, size: Option<u32>) -> bool {
    let narrow = matches!(form.code, Code::Pushw_imm8 | Code::Push_imm16);
    let wide = matches!(form.code, Code::Pushq_imm8 | Code::Pushq_imm32);
    (narrow && size != Some(2)) || (wide && size == Some(2))
}

fn prefixes(instruction: &mut Instruction, form: &Form, ready: &Ready<'_>) -> Result<(), Miss> {
    for prefix in ready.prefixes {
        let letter = match prefix {
            Prefix::Lock => 'l',
            Prefix::Rep => 'r',
            Prefix::Repne => 'n',
            Prefix::Acquire | Prefix::Release => 'x',
            Prefix::Bound => 'b',
            Prefix::Notrack => 't',
            Prefix::Segment(register) => {
                instruction.set_segment_prefix(*register);
                continue;
            }
        };
        if !form.prefixes.contains(letter) {
            return Err(Miss::Operands);
        }
        match prefix {
            Prefix::Lock => instruction.set_has_lock_prefix(true),
            Prefix::Rep => instruction.set_has_rep_prefix(true),
            Prefix::Repne | Prefix::Bound => instruction.set_has_repne_prefix(true),
            Prefix::Acquire => instruction.set_has_xacquire_prefix(true),
            Prefix::Release => instruction.set_has_xrelease_prefix(true),
            Prefix::Notrack => instruction.set_segment_prefix(Register::DS),
            Prefix::Segment(_) => {}
        }
    }
    let decoration = ready.decoration;
    if let Some(mask) = decoration.mask {
        instruction.set_op_mask(mask);
    }
    instruction.set_zeroing_masking(decoration.zeroing);
    if let Some(rounding) = decoration.rounding {
        instruction.set_rounding_control(rounding);
    }
    instruction.set_suppress_all_exceptions(decoration.suppress);
    Ok(())
}

/// The number to encode, `None` if a relocation will provide it.
fn immediate(value: Value, bytes: u8, extended: u8, span: Span) -> Result<Option<i64>, Miss> {
    match value.constant() {
        Some(number) if fits(number, bytes, extended) => Ok(Some(number)),
        Some(number) => Err(Miss::Range { value: number, bits: i64::from(bytes) * 8, span }),
        None => {
            let possible = match value.anchor {
                Anchor::Symbol(_) | Anchor::Section => {
                    bytes == 4 || (bytes == 8 && !value.minus_section)
                }
                Anchor::None | Anchor::Frame => false,
            };
            if possible { Ok(None) } else { Err(Miss::Operands) }
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "iced's enum: the kinds of `Shape::Immediate` are listed"
)]
fn set_immediate(instruction: &mut Instruction, at: u32, kind: OpKind, number: i64) {
    instruction.set_op_kind(at, kind);
    let bits = number.cast_unsigned();
    match kind {
        OpKind::Immediate8_2nd => instruction.set_immediate8_2nd(bits as u8),
        OpKind::Immediate16 => instruction.set_immediate16(bits as u16),
        OpKind::Immediate8to16 => instruction.set_immediate8to16(i16::from(bits as i8)),
        OpKind::Immediate8to32 => instruction.set_immediate8to32(i32::from(bits as i8)),
        OpKind::Immediate8to64 => instruction.set_immediate8to64(i64::from(bits as i8)),
        OpKind::Immediate32 => instruction.set_immediate32(bits as u32),
        OpKind::Immediate32to64 => instruction.set_immediate32to64(i64::from(bits as i32)),
        OpKind::Immediate64 => instruction.set_immediate64(bits),
        _ => instruction.set_immediate8(bits as u8),
    }
}

/// Fills in the memory operand; gives its size in bytes.
fn place_memory(
    instruction: &mut Instruction,
    arg: &MemoryArg,
    span: Span,
    ready: &Ready<'_>,
    pending: &mut Vec<Pending>,
) -> Result<u32, Miss> {
    instruction.set_is_broadcast(arg.broadcast);
    let size = instruction.memory_size().size() as u32;
    if arg.size.is_some_and(|written| size != 0 && written != size) {
        return Err(Miss::Operands);
    }
    instruction.set_memory_base(arg.base);
    if arg.index != Register::None {
        instruction.set_memory_index(arg.index);
        instruction.set_memory_index_scale(arg.scale);
    }
    if let Some(segment) = arg.segment {
        instruction.set_segment_prefix(segment);
    }
    let displacement = arg.displacement;
    let wide = [arg.base, arg.index].iter().any(|register| register.is_gpr32());
    if arg.base == Register::RIP {
        instruction.set_memory_displ_size(8);
        let target = match displacement.anchor {
            Anchor::Section => displacement.number,
            Anchor::Symbol(_) | Anchor::None | Anchor::Frame => {
                pending.push(Pending {
                    immediate: false,
                    value: displacement,
                    bytes: 0,
                    extended: 0,
                });
                ready.at
            }
        };
        instruction.set_memory_displacement64(target.cast_unsigned());
        return Ok(size);
    }
    match displacement.constant() {
        Some(0) if arg.base != Register::None => {}
        Some(number) => {
            let absolute = arg.base == Register::None && arg.index == Register::None;
            let moffs = absolute && i32::try_from(number).is_err();
            let low = i64::from(i32::MIN);
            let high = if wide { i64::from(u32::MAX) } else { i64::from(i32::MAX) };
            let fits = (low..=high).contains(&number);
            let allowed = fits || (moffs && is_offset_form(instruction.code()));
            if !allowed {
                return Err(Miss::Range { value: number, bits: 32, span });
            }
            let size =
                if moffs || absolute || displacement.moves { if wide { 4 } else { 8 } } else { 1 };
            instruction.set_memory_displ_size(size);
            instruction.set_memory_displacement64(number.cast_unsigned());
        }
        None if displacement.minus_section => return Err(Miss::Operands),
        None => {
            instruction.set_memory_displ_size(if wide { 4 } else { 8 });
            pending.push(Pending { immediate: false, value: displacement, bytes: 4, extended: 8 });
        }
    }
    Ok(size)
}

fn is_offset_form(code: Code) -> bool {
    matches!(
        code,
        Code::Mov_AL_moffs8
            | Code::Mov_AX_moffs16
            | Code::Mov_EAX_moffs32
            | Code::Mov_RAX_moffs64
            | Code::Mov_moffs8_AL
            | Code::Mov_moffs16_AX
            | Code::Mov_moffs32_EAX
            | Code::Mov_moffs64_RAX
    )
}

fn finish(
    encoder: &mut Encoder,
    mut instruction: Instruction,
    ready: &Ready<'_>,
    pending: &[Pending],
    memory: u32,
) -> Result<Candidate, Miss> {
    let at = ready.at.cast_unsigned();
    let mut run = |instruction: &Instruction| {
        let result = encoder.encode(instruction, at);
        let bytes = encoder.take_buffer();
        (result.is_ok().then_some(bytes), encoder.get_constant_offsets())
    };
    let (bytes, offsets) = run(&instruction);
    let mut bytes = bytes.ok_or(Miss::Operands)?;
    let mut fixups = Vec::new();
    for one in pending {
        let value = one.value;
        let offset =
            if one.immediate { offsets.immediate_offset() } else { offsets.displacement_offset() };
        let after = bytes.len() as i64 - offset as i64;
        let relative = one.bytes == 0;
        if relative && value.anchor == Anchor::None {
            // `[rip + 8]`: counts from the next instruction.
            let target = ready.at.wrapping_add(bytes.len() as i64).wrapping_add(value.number);
            instruction.set_memory_displacement64(target.cast_unsigned());
            bytes = run(&instruction).0.ok_or(Miss::Operands)?;
            continue;
        }
        let kind = match (relative || value.minus_section, one.bytes, one.extended) {
            (true, _, _) => RelocKind::Rel32,
            (false, 8, _) => RelocKind::Abs64,
            (false, _, 8) => RelocKind::Abs32Signed,
            (false, _, _) => RelocKind::Abs32,
        };
        let addend = if relative {
            value.number.wrapping_sub(after)
        } else if value.minus_section {
            value.number.wrapping_add(ready.at).wrapping_add(offset as i64)
        } else {
            value.number
        };
        let width = if kind == RelocKind::Abs64 { 8 } else { 4 };
        let Some(field) = bytes.get_mut(offset..offset + width) else { return Err(Miss::Operands) };
        field.fill(0);
        fixups.push(Fixup { offset: offset as u32, kind, anchor: value.anchor, addend });
    }
    Ok(Candidate { encoded: Encoded { bytes, fixups }, memory })
}

/// Operands in another order or number, which mean the same; tried when nothing fits as written.
pub(crate) fn other_spelling(mnemonic: &str, args: &[(Arg, Span)]) -> Option<Vec<(Arg, Span)>> {
    match (mnemonic, args) {
        ("xchg" | "test", [a, b]) => Some(vec![*b, *a]),
        ("imul", [a @ (Arg::Register(register), _), b @ (Arg::Value { .. }, _)])
            if !Class::Gpr8.has(*register) =>
        {
            Some(vec![*a, *a, *b])
        }
        _ => None,
    }
}
