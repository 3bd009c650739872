//! Reading the former image and giving away the new one, piece by piece.

use super::{Former, Sink, Unfit, unfit};
use crate::layout::Extent;

/// Bytes that are given away at once.
pub(super) const PIECE: usize = 1 << 17;

pub(super) fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |word| u32::from_le_bytes(std::array::from_fn(|n| word[n])))
}

/// Moves the address at the front of each entry.
pub(super) fn add_to_each(bytes: &mut [u8], entry: usize, by: i64) {
    if by == 0 {
        return;
    }
    for entry in bytes.chunks_exact_mut(entry) {
        let moved = word(entry, 0).wrapping_add(by as u32);
        entry[..4].copy_from_slice(&moved.to_le_bytes());
    }
}

/// Moves the address of eight bytes at `at`.
pub(super) fn add(bytes: &mut [u8], at: usize, by: i64) -> Result<(), Unfit> {
    let field = bytes.get_mut(at..at + 8).and_then(|field| <&mut [u8; 8]>::try_from(field).ok());
    let field = field.ok_or(Unfit::Other("the image is damaged"))?;
    *field = i64::from_le_bytes(*field).wrapping_add(by).to_le_bytes();
    Ok(())
}

pub(super) fn copy(
    former: &mut Former<'_>,
    from: Extent,
    out: &mut Out<'_, '_>,
) -> Result<(), Unfit> {
    let end = from.offset + from.size;
    let mut at = from.offset;
    let mut bytes = vec![0; PIECE.min(from.size as usize)];
    while at < end {
        let length = bytes.len().min((end - at) as usize);
        former(at, &mut bytes[..length])?;
        out.put(&bytes[..length])?;
        at += length as u64;
    }
    Ok(())
}

/// A piece of the former image, read ahead.
#[derive(Default)]
pub(super) struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// `length` bytes from `at` on; what is read ahead ends at `end`.
    pub(super) fn get(
        &mut self,
        former: &mut Former<'_>,
        at: u64,
        length: usize,
        end: u64,
    ) -> Result<&[u8], Unfit> {
        let there = at >= self.start && at + length as u64 <= self.start + self.bytes.len() as u64;
        if !there {
            let ahead = PIECE.max(length).min(end.saturating_sub(at) as usize);
            if ahead < length {
                return unfit("the map is damaged");
            }
            self.bytes.resize(ahead, 0);
            former(at, &mut self.bytes)?;
            self.start = at;
        }
        let from = (at - self.start) as usize;
        Ok(&self.bytes[from..from + length])
    }
}

/// What is given away in pieces.
pub(super) struct Out<'o, 's> {
    pub(super) sink: &'o mut Sink<'s>,
    pub(super) buffer: Vec<u8>,
    /// Bytes before those in the buffer.
    pub(super) at: u64,
}

impl Out<'_, '_> {
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        self.room(bytes)?;
        Ok(())
    }

    /// As [`Out::put`]; the bytes may still be changed.
    pub(super) fn room(&mut self, bytes: &[u8]) -> Result<&mut [u8], Unfit> {
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        let start = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        Ok(&mut self.buffer[start..])
    }

    pub(super) fn words<const N: usize>(&mut self, words: [u32; N]) -> Result<(), Unfit> {
        words.into_iter().try_for_each(|word| self.put(&word.to_le_bytes()))
    }

    /// Zeros up to an offset of the image.
    pub(super) fn pad_to(&mut self, offset: u64) -> Result<(), Unfit> {
        let here = self.at + self.buffer.len() as u64;
        let Some(missing) = offset.checked_sub(here) else {
            return unfit("the map is damaged");
        };
        // Between two parts there is never a page.
        if missing > 1 << 16 {
            return unfit("the map is damaged");
        }
        self.buffer.resize(self.buffer.len() + missing as usize, 0);
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), Unfit> {
        (self.sink)(&self.buffer)?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
