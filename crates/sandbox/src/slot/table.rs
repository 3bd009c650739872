//! Four slots with checksums.

use std::io;
use std::ops::Range;

use super::{PAGE, Slot};

/// Four slots, each with a checksum of every page that a checkpoint wrote.
#[derive(Debug)]
pub struct SlotTable {
    pub(super) entries: [Entry; SlotTable::SLOTS],
    pub(super) size: usize,
}

/// One slot and what is known of its saved state.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) slot: Slot,
    /// Counts the checkpoints; 0: none was taken.
    pub(super) sequence: u64,
    /// Checksums of the pages that a checkpoint ever wrote. The others are zero.
    pub(super) pages: Vec<Option<u32>>,
}

/// What is wrong with a slot of a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// There is no slot of that number.
    #[error("there is no slot {index}: a table has {}", SlotTable::SLOTS)]
    NoSlot {
        /// The number.
        index: usize,
    },
    /// The saved state is not what the checkpoint wrote.
    #[error("page {page} of slot {index} does not have its checksum")]
    Damaged {
        /// The slot.
        index: usize,
        /// The first such page.
        page: usize,
    },
    /// The system refused.
    #[error("slot: {0}")]
    System(#[from] io::Error),
}

impl SlotTable {
    /// Slots of a table.
    pub const SLOTS: usize = 4;

    /// A table of slots of `size` bytes each, all zero.
    ///
    /// # Errors
    /// As [`Slot::new`].
    pub fn new(size: usize) -> io::Result<SlotTable> {
        let entry = || Slot::new(size).map(Entry::new);
        Ok(SlotTable { entries: [entry()?, entry()?, entry()?, entry()?], size })
    }

    /// A slot, to read.
    pub fn slot(&self, index: usize) -> Option<&Slot> {
        self.entries.get(index).map(|entry| &entry.slot)
    }

    /// A slot's live memory, to write.
    pub fn bytes_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        self.entries.get_mut(index).map(|entry| entry.slot.bytes_mut())
    }

    /// How many checkpoints a slot has seen: the slot with the highest was sealed most often, one with 0 never.
    pub fn sequence(&self, index: usize) -> Option<u64> {
        self.entries.get(index).map(|entry| entry.sequence)
    }

    /// Takes a checkpoint of a slot and the checksums of the pages that were written. Returns how many there were.
    ///
    /// # Errors
    /// If there is no such slot or the system refuses.
    pub fn checkpoint(&mut self, index: usize) -> Result<usize, TableError> {
        let entry = self.entries.get_mut(index).ok_or(TableError::NoSlot { index })?;
        let dirty = entry.checkpoint()?;
        entry.sequence += 1;
        Ok(dirty)
    }

    /// Rolls a slot back to its last checkpoint, if that is sound.
    ///
    /// # Errors
    /// If there is no such slot, its saved state is damaged, or the system refuses.
    pub fn restore(&mut self, index: usize) -> Result<(), TableError> {
        self.verify(index)?;
        let entry = self.entries.get_mut(index).ok_or(TableError::NoSlot { index })?;
        Ok(entry.slot.restore()?)
    }

    /// Holds the saved state of a slot against its checksums. Costs by the pages ever written.
    ///
    /// # Errors
    /// If there is no such slot, a page is damaged, or the system refuses.
    pub fn verify(&self, index: usize) -> Result<(), TableError> {
        let entry = self.entries.get(index).ok_or(TableError::NoSlot { index })?;
        let mut bytes = [0; PAGE];
        for (page, checksum) in entry.written() {
            entry.slot.read_saved(page, &mut bytes)?;
            if crc32fast::hash(&bytes) != checksum {
                return Err(TableError::Damaged { index, page });
            }
        }
        Ok(())
    }
}

impl Entry {
    pub(super) fn new(slot: Slot) -> Entry {
        let pages = vec![None; slot.bytes().len() / PAGE];
        Entry { slot, sequence: 0, pages }
    }

    /// A checkpoint, and the checksums of the pages that were written. Returns how many.
    pub(super) fn checkpoint(&mut self) -> io::Result<usize> {
        let pages = &mut self.pages;
        let dirty = self.slot.checkpoint_with(|page, bytes| {
            if let Some(place) = pages.get_mut(page) {
                *place = Some(crc32fast::hash(bytes));
            }
        })?;
        Ok(dirty.iter().map(Range::len).sum())
    }

    /// Pages that a checkpoint wrote, with their checksums, in order.
    pub(super) fn written(&self) -> impl Iterator<Item = (usize, u32)> {
        self.pages
            .iter()
            .enumerate()
            .filter_map(|(page, checksum)| checksum.map(|checksum| (page, checksum)))
    }
}
