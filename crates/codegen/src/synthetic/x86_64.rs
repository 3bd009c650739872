//! The steps as x86_64 instructions, with the registers of the System V convention.

use morph_object::{RelocKind, Section, Target as To};

use super::{Code, Step};

/// `push rbp`, `mov rbp, rsp`.
const PROLOGUE: &[u8] = &[0x55, 0x48, 0x89, 0xe5];
/// `lea ..., [rip + ...]` into RDI, RSI, RDX, RCX: four bytes of distance follow.
const LEA: [&[u8]; 4] =
    [&[0x48, 0x8d, 0x3d], &[0x48, 0x8d, 0x35], &[0x48, 0x8d, 0x15], &[0x48, 0x8d, 0x0d]];
/// `mov ..., [rip + ...]` into RDI, RSI.
const MOV: [&[u8]; 2] = [&[0x48, 0x8b, 0x3d], &[0x48, 0x8b, 0x35]];
/// `call ...`.
const CALL: &[u8] = &[0xe8];
const XOR_EAX_EAX: &[u8] = &[0x31, 0xc0];
/// `pop rbp`, `ret`.
const POP_RET: &[u8] = &[0x5d, 0xc3];
const UD2: &[u8] = &[0x0f, 0x0b];

pub(super) fn emit(code: &mut Code, step: Step<'_>) {
    match step {
        Step::Enter => code.put(PROLOGUE),
        Step::PassAddress { argument, offset } => {
            relative(code, LEA[argument], To::Section(Section::Data), offset);
        }
        Step::PassGlobal { argument, global } => {
            let target = code.symbol(global);
            relative(code, MOV[argument], target, 0);
        }
        Step::Call(symbol) => {
            let target = code.symbol(symbol);
            relative(code, CALL, target, 0);
        }
        Step::ResultZero => code.put(XOR_EAX_EAX),
        Step::Leave => code.put(POP_RET),
        Step::Trap => code.put(UD2),
    }
}

/// An instruction that ends in a distance from its own end.
fn relative(code: &mut Code, instruction: &[u8], target: To, addend: i64) {
    code.put(instruction);
    code.refer(RelocKind::Rel32, target, addend - 4);
    code.put(&[0; 4]);
}
