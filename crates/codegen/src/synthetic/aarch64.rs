//! The steps as aarch64 instructions. Argument `n` goes in Xn; so does the result, in X0.

use morph_object::{RelocKind, Section, Target as To};

use super::{Code, Step};

/// `stp x29, x30, [sp, #-16]!`, `mov x29, sp`.
const PROLOGUE: [u32; 2] = [0xa9bf_7bfd, 0x9100_03fd];
/// `adrp xN, ...`: the page.
const ADRP: [u32; 4] = [0x9000_0000, 0x9000_0001, 0x9000_0002, 0x9000_0003];
/// `add xN, xN, ...`: the place in the page.
const ADD: [u32; 4] = [0x9100_0000, 0x9100_0021, 0x9100_0042, 0x9100_0063];
/// `ldr xN, [xN, ...]`: the word at a place in the page.
const LDR: [u32; 2] = [0xf940_0000, 0xf940_0021];
/// `bl ...`.
const BL: u32 = 0x9400_0000;
/// `mov x0, #0`.
const MOV_X0_0: u32 = 0xd280_0000;
/// `ldp x29, x30, [sp], #16`, `ret`.
const EPILOGUE: [u32; 2] = [0xa8c1_7bfd, 0xd65f_03c0];
/// `udf #0`.
const UDF: u32 = 0;

pub(super) fn emit(code: &mut Code, step: Step<'_>) {
    match step {
        Step::Enter => PROLOGUE.into_iter().for_each(|word| put(code, word)),
        Step::PassAddress { argument, offset } => {
            let target = To::Section(Section::Data);
            refer(code, RelocKind::Page21, target, offset, ADRP[argument]);
            refer(code, RelocKind::PageOffset12, target, offset, ADD[argument]);
        }
        Step::PassGlobal { argument, global } => {
            let target = code.symbol(global);
            refer(code, RelocKind::Page21, target, 0, ADRP[argument]);
            refer(code, RelocKind::WordOffset12, target, 0, LDR[argument]);
        }
        Step::Call(symbol) => {
            let target = code.symbol(symbol);
            refer(code, RelocKind::Branch26, target, 0, BL);
        }
        Step::ResultZero => put(code, MOV_X0_0),
        Step::Leave => EPILOGUE.into_iter().for_each(|word| put(code, word)),
        Step::Trap => put(code, UDF),
    }
}

fn put(code: &mut Code, word: u32) {
    code.put(&word.to_le_bytes());
}

fn refer(code: &mut Code, kind: RelocKind, target: To, addend: i64, word: u32) {
    code.refer(kind, target, addend);
    put(code, word);
}
