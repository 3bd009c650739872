//! Return addresses of a crashed worker, collected inside its signal handler.
//!
//! First by frame pointers. Rust's own library is built without them, so where that chain is short, by a scan: every word of the
//! stack that is an address just behind a call in the executable's code is taken for a return address. Some of
//! them may be left over from earlier calls.

use std::ops::Range;
use std::sync::atomic::Ordering;

use crate::control::Record;
use crate::death::CrashRecord;
use crate::ground::Ground;
use crate::handler::Registers;

/// Words of the stack that a scan looks at.
const SCAN_LIMIT: usize = 8192;
/// A chain of frame pointers that is shorter is not believed.
const CHAIN_LEAST: usize = 3;

/// Adds return addresses to a record, publishing the count after each.
pub(crate) fn write(record: &Record, ground: &Ground, registers: &Registers) {
    let mut chain = [0; CrashRecord::FRAME_LIMIT];
    let mut length = follow(ground, registers, &mut chain);
    if length < CHAIN_LEAST {
        length = scan(ground, registers, &mut chain);
    }
    for (address, place) in chain.iter().zip(&record.frames).take(length) {
        place.store(*address as u64, Ordering::Relaxed);
    }
    record.frame_count.store(length as u32, Ordering::Release);
}

/// A word of the stack. `None` outside of it, or if the address is not aligned.
fn word(stack: &Range<usize>, address: usize) -> Option<usize> {
    if !address.is_multiple_of(8) || address < stack.start || address + 8 > stack.end {
        return None;
    }
    // SAFETY: between the stack pointer (which the callers' ranges begin at) and the stack's high end everything is mapped. If the
    // stack was unmapped nevertheless, this faults, and the record stands without a backtrace.
    Some(unsafe { std::ptr::with_exposed_provenance::<usize>(address).read_volatile() })
}

/// The part of the stack that is in use. Empty if the stack pointer is elsewhere.
fn used(ground: &Ground, registers: &Registers) -> Range<usize> {
    let from = registers.stack_pointer.next_multiple_of(8);
    if ground.stack.contains(&from) { from..ground.stack.end } else { 0..0 }
}

fn follow(ground: &Ground, registers: &Registers, chain: &mut [usize]) -> usize {
    let mut stack = used(ground, registers);
    let mut frame = registers.frame_pointer;
    let mut length = 0;
    while length < chain.len() {
        let (Some(next), Some(back)) = (word(&stack, frame), word(&stack, frame.wrapping_add(8)))
        else {
            break;
        };
        if !behind_a_call(&ground.text, back) {
            break;
        }
        chain[length] = back;
        length += 1;
        stack.start = frame + 16; // Frames lie one above the other: no circle.
        frame = next;
    }
    length
}

fn scan(ground: &Ground, registers: &Registers, chain: &mut [usize]) -> usize {
    let stack = used(ground, registers);
    let mut length = 0;
    for place in stack.clone().step_by(8).take(SCAN_LIMIT) {
        let Some(back) = word(&stack, place) else { break };
        if behind_a_call(&ground.text, back) {
            let Some(free) = chain.get_mut(length) else { break };
            *free = back;
            length += 1;
        }
    }
    length
}

/// Whether `address` lies in the code, just behind a call instruction.
fn behind_a_call(text: &Range<usize>, address: usize) -> bool {
    // The longest call is 7 bytes long.
    if address < text.start.saturating_add(8) || address >= text.end {
        return false;
    }
    // SAFETY: the eight bytes lie in the executable's code, which is mapped readable.
    let before =
        unsafe { std::ptr::with_exposed_provenance::<[u8; 8]>(address - 8).read_unaligned() };
    is_call(before)
}

/// Whether eight bytes of code end in a call.
#[cfg(target_arch = "x86_64")]
fn is_call(code: [u8; 8]) -> bool {
    // E8 rel32; FF /2 with 2, 3, 4, 6 or 7 bytes.
    let indirect = |length: usize| {
        let at = 8 - length;
        code[at] == 0xff && code[at + 1] & 0x38 == 0x10
    };
    code[3] == 0xe8 || [2, 3, 4, 6, 7].into_iter().any(indirect)
}

/// Whether eight bytes of code end in a call: BL or BLR.
#[cfg(target_arch = "aarch64")]
fn is_call(code: [u8; 8]) -> bool {
    let [_, _, _, _, a, b, c, d] = code;
    let word = u32::from_le_bytes([a, b, c, d]);
    word >> 26 == 0b10_0101 || word & 0xffff_fc1f == 0xd63f_0000
}
