//! One field of code or data that names an address.

use morph_object::RelocKind;

use crate::aarch64;

/// Writes `value` (the target's address and the addend) into a field of the kind's width, which stands at `place`. `false`, and nothing is
/// written, if it does not fit.
pub(crate) fn resolve(field: &mut [u8], kind: RelocKind, place: u64, value: i64) -> bool {
    let word = match kind {
        RelocKind::Abs64 => {
            field.copy_from_slice(&value.to_le_bytes());
            return true;
        }
        RelocKind::Abs32 => u32::try_from(value).ok(),
        RelocKind::Abs32Signed => i32::try_from(value).ok().map(i32::cast_unsigned),
        RelocKind::Rel32 => {
            i32::try_from(value.wrapping_sub(place as i64)).ok().map(i32::cast_unsigned)
        }
        RelocKind::Branch26
        | RelocKind::Page21
        | RelocKind::PageOffset12
        | RelocKind::WordOffset12 => {
            let instruction = u32::from_le_bytes(std::array::from_fn(|byte| field[byte]));
            aarch64::patch(kind, instruction, place as i64, value)
        }
    };
    if let Some(word) = word {
        field.copy_from_slice(&word.to_le_bytes());
    }
    word.is_some()
}
