//! The forms of each mnemonic, and what an operand of a form may be.
//!
//! `forms.txt` is generated from iced's op-code information (a test compares and rewrites it): one line
//! per mnemonic, for each form its code, two hexadecimal digits for each operand's kind, and after a
//! slash the prefixes that it takes. Asking iced itself would build 4 ms worth of strings at start-up.

use std::sync::OnceLock;

use iced_x86::{Code, OpCodeOperandKind as Op, OpKind, Register};
use rustc_hash::FxHashMap;

static TEXT: &str = include_str!("forms.txt");

/// One encoding of a mnemonic.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) code: Code,
    pub(crate) operands: Vec<Op>,
    /// Letters of the prefixes that it takes: `l r n b t x`.
    pub(crate) prefixes: &'static str,
}

fn index() -> &'static FxHashMap<&'static str, &'static str> {
    static INDEX: OnceLock<FxHashMap<&'static str, &'static str>> = OnceLock::new();
    INDEX.get_or_init(|| TEXT.lines().filter_map(|line| line.split_once(' ')).collect())
}

/// Whether iced has this mnemonic (lower case, no aliases).
pub(crate) fn is_known(mnemonic: &str) -> bool {
    index().contains_key(mnemonic)
}

/// All mnemonics, sorted.
pub(crate) fn mnemonics() -> impl Iterator<Item = &'static str> {
    TEXT.lines().filter_map(|line| line.split_once(' ')).map(|(name, _)| name)
}

/// The forms of a mnemonic (lower case, no aliases); empty if there is no such mnemonic.
pub(crate) fn forms(mnemonic: &str) -> Vec<Form> {
    let line = index().get(mnemonic).copied().unwrap_or("");
    line.split(' ').filter_map(form).collect()
}

fn form(text: &'static str) -> Option<Form> {
    let (code, rest) = text.split_once(':')?;
    let (kinds, prefixes) = rest.split_once('/').unwrap_or((rest, ""));
    let code = Code::try_from(usize::from_str_radix(code, 16).ok()?).ok()?;
    let operands = kinds
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| usize::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .filter_map(|kind| Op::try_from(kind).ok())
        .collect();
    Some(Form { code, operands, prefixes })
}

/// A class of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Gpr8,
    Gpr16,
    Gpr32,
    Gpr64,
    Mmx,
    Xmm,
    Ymm,
    Zmm,
    Mask,
    Segment,
    Control,
    Debug,
    Bound,
    Tile,
    Stack,
    One(Register),
}

impl Class {
    pub(crate) fn has(self, register: Register) -> bool {
        match self {
            Class::Gpr8 => register.is_gpr8(),
            Class::Gpr16 => register.is_gpr16(),
            Class::Gpr32 => register.is_gpr32(),
            Class::Gpr64 => register.is_gpr64(),
            Class::Mmx => register.is_mm(),
            Class::Xmm => register.is_xmm(),
            Class::Ymm => register.is_ymm(),
            Class::Zmm => register.is_zmm(),
            Class::Mask => register.is_k(),
            Class::Segment => register.is_segment_register(),
            Class::Control => register.is_cr(),
            Class::Debug => register.is_dr(),
            Class::Bound => register.is_bnd(),
            Class::Tile => register.is_tmm(),
            Class::Stack => register.is_st(),
            Class::One(one) => register == one,
        }
    }
}

/// What an operand of a form may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Register(Class),
    /// A register of this class, or memory.
    RegisterOrMemory(Class),
    Memory,
    /// Memory with a vector register as index.
    VectorMemory,
    /// A 64-bit address in the instruction itself.
    Offset,
    /// An immediate of `bytes` bytes, sign-extended to `extended` bytes.
    Immediate {
        kind: OpKind,
        bytes: u8,
        extended: u8,
    },
    /// The constant 1.
    One,
    /// A branch displacement of so many bytes.
    Branch(u8),
    /// Memory that the mnemonic implies: not written.
    Implied(OpKind),
    /// Nothing that this assembler takes (16-bit branches, far pointers).
    Never,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "iced's enum: what is not listed has no 64-bit form"
)]
pub(crate) fn shape(kind: Op) -> Shape {
    use Shape::{Memory, Register as Reg, RegisterOrMemory as RegMem};
    let immediate = |kind, bytes, extended| Shape::Immediate { kind, bytes, extended };
    match kind {
        Op::mem | Op::mem_mpx | Op::mem_mib | Op::sibmem => Memory,
        Op::mem_vsib32x
        | Op::mem_vsib64x
        | Op::mem_vsib32y
        | Op::mem_vsib64y
        | Op::mem_vsib32z
        | Op::mem_vsib64z => Shape::VectorMemory,
        Op::mem_offs => Shape::Offset,
        Op::r8_or_mem => RegMem(Class::Gpr8),
        Op::r16_or_mem => RegMem(Class::Gpr16),
        Op::r32_or_mem | Op::r32_or_mem_mpx => RegMem(Class::Gpr32),
        Op::r64_or_mem | Op::r64_or_mem_mpx => RegMem(Class::Gpr64),
        Op::mm_or_mem => RegMem(Class::Mmx),
        Op::xmm_or_mem => RegMem(Class::Xmm),
        Op::ymm_or_mem => RegMem(Class::Ymm),
        Op::zmm_or_mem => RegMem(Class::Zmm),
        Op::bnd_or_mem_mpx => RegMem(Class::Bound),
        Op::k_or_mem => RegMem(Class::Mask),
        Op::r8_reg | Op::r8_opcode => Reg(Class::Gpr8),
        Op::r16_reg | Op::r16_reg_mem | Op::r16_rm | Op::r16_opcode => Reg(Class::Gpr16),
        Op::r32_reg | Op::r32_reg_mem | Op::r32_rm | Op::r32_opcode | Op::r32_vvvv => {
            Reg(Class::Gpr32)
        }
        Op::r64_reg | Op::r64_reg_mem | Op::r64_rm | Op::r64_opcode | Op::r64_vvvv => {
            Reg(Class::Gpr64)
        }
        Op::seg_reg => Reg(Class::Segment),
        Op::k_reg | Op::kp1_reg | Op::k_rm | Op::k_vvvv => Reg(Class::Mask),
        Op::mm_reg | Op::mm_rm => Reg(Class::Mmx),
        Op::xmm_reg | Op::xmm_rm | Op::xmm_vvvv | Op::xmmp3_vvvv | Op::xmm_is4 | Op::xmm_is5 => {
            Reg(Class::Xmm)
        }
        Op::ymm_reg | Op::ymm_rm | Op::ymm_vvvv | Op::ymm_is4 | Op::ymm_is5 => Reg(Class::Ymm),
        Op::zmm_reg | Op::zmm_rm | Op::zmm_vvvv | Op::zmmp3_vvvv => Reg(Class::Zmm),
        Op::cr_reg => Reg(Class::Control),
        Op::dr_reg => Reg(Class::Debug),
        Op::bnd_reg => Reg(Class::Bound),
        Op::tmm_reg | Op::tmm_rm | Op::tmm_vvvv => Reg(Class::Tile),
        Op::sti_opcode => Reg(Class::Stack),
        Op::es => Reg(Class::One(Register::ES)),
        Op::cs => Reg(Class::One(Register::CS)),
        Op::ss => Reg(Class::One(Register::SS)),
        Op::ds => Reg(Class::One(Register::DS)),
        Op::fs => Reg(Class::One(Register::FS)),
        Op::gs => Reg(Class::One(Register::GS)),
        Op::al => Reg(Class::One(Register::AL)),
        Op::cl => Reg(Class::One(Register::CL)),
        Op::ax => Reg(Class::One(Register::AX)),
        Op::dx => Reg(Class::One(Register::DX)),
        Op::eax => Reg(Class::One(Register::EAX)),
        Op::rax => Reg(Class::One(Register::RAX)),
        Op::st0 => Reg(Class::One(Register::ST0)),
        Op::imm4_m2z | Op::imm8 => immediate(OpKind::Immediate8, 1, 1),
        Op::imm8_const_1 => Shape::One,
        Op::imm8sex16 => immediate(OpKind::Immediate8to16, 1, 2),
        Op::imm8sex32 => immediate(OpKind::Immediate8to32, 1, 4),
        Op::imm8sex64 => immediate(OpKind::Immediate8to64, 1, 8),
        Op::imm16 => immediate(OpKind::Immediate16, 2, 2),
        Op::imm32 => immediate(OpKind::Immediate32, 4, 4),
        Op::imm32sex64 => immediate(OpKind::Immediate32to64, 4, 8),
        Op::imm64 => immediate(OpKind::Immediate64, 8, 8),
        Op::seg_rSI => Shape::Implied(OpKind::MemorySegRSI),
        Op::es_rDI => Shape::Implied(OpKind::MemoryESRDI),
        Op::seg_rDI => Shape::Implied(OpKind::MemorySegRDI),
        Op::seg_rBX_al => Shape::Implied(OpKind::Memory),
        Op::br64_1 => Shape::Branch(1),
        Op::br64_4 | Op::xbegin_4 => Shape::Branch(4),
        _ => Shape::Never,
    }
}

/// Whether `number` can stand in an immediate of `bytes` bytes that is sign-extended to `extended`.
pub(crate) fn fits(number: i64, bytes: u8, extended: u8) -> bool {
    let narrow = |value: i64| match bytes {
        1 => i8::try_from(value).is_ok(),
        2 => i16::try_from(value).is_ok(),
        4 => i32::try_from(value).is_ok(),
        _ => true,
    };
    if narrow(number) {
        return true;
    }
    // An unsigned spelling of the same bits: `0xff` in a byte, `0xffffff80` as a 32-bit -128.
    let bits = u32::from(extended) * 8;
    if bits >= 64 || number < 0 || number >> bits != 0 {
        return false;
    }
    let shift = 64 - bits;
    narrow((number << shift) >> shift)
}

/// Where OpKind of a second 8-bit immediate differs.
pub(crate) fn second_immediate(kind: OpKind, before: Option<OpKind>) -> OpKind {
    match (kind, before) {
        (OpKind::Immediate8, Some(OpKind::Immediate8 | OpKind::Immediate16)) => {
            OpKind::Immediate8_2nd
        }
        (kind, _) => kind,
    }
}
