//! Addresses inside of aarch64 instructions.
//!
//! An instruction of four bytes holds a part of an address only: two or more of them together reach a place. What stood in
//! the field before is replaced; all other bits stay.

use morph_object::RelocKind;

/// `instruction`, which lies at `place`, made to reach `target`; `None` if that is out of its reach.
pub(crate) fn patch(kind: RelocKind, instruction: u32, place: i64, target: i64) -> Option<u32> {
    match kind {
        RelocKind::Branch26 => {
            let words = words(target.wrapping_sub(place), 4)?;
            Some(field(instruction, signed(words, 26)?, 26, 0))
        }
        RelocKind::Page21 => {
            let pages = (target >> PAGE_BITS).wrapping_sub(place >> PAGE_BITS);
            let pages = signed(pages, 21)?;
            let low = field(instruction, pages & 3, 2, 29);
            Some(field(low, pages >> 2, 19, 5))
        }
        RelocKind::PageOffset12 => Some(field(instruction, in_page(target), 12, 10)),
        RelocKind::WordOffset12 => {
            let words = words(i64::from(in_page(target)), 8)?;
            Some(field(instruction, words as u32, 12, 10))
        }
        RelocKind::Abs64 | RelocKind::Abs32 | RelocKind::Abs32Signed | RelocKind::Rel32 => None,
    }
}

/// Of the pages that `adrp` counts in.
const PAGE_BITS: u32 = 12;

fn in_page(address: i64) -> u32 {
    (address & ((1 << PAGE_BITS) - 1)) as u32
}

/// A distance counted in units of `size` bytes, if it is a multiple of that.
fn words(distance: i64, size: i64) -> Option<i64> {
    (distance % size == 0).then_some(distance / size)
}

/// The value in two's complement of `bits` bits, if it fits.
fn signed(value: i64, bits: u32) -> Option<u32> {
    let half = 1_i64 << (bits - 1);
    ((-half..half).contains(&value)).then_some((value & (2 * half - 1)) as u32)
}

/// `instruction` with `value` in the `bits` bits from `shift` on.
fn field(instruction: u32, value: u32, bits: u32, shift: u32) -> u32 {
    let mask = ((1 << bits) - 1) << shift;
    instruction & !mask | value << shift & mask
}
