//! A flat, sparse, byte-addressed memory.

use std::collections::BTreeMap;

use crate::Fault;

const PAGE: u64 = 4096;

type Page = [u8; PAGE as usize];

/// Mapped ranges, and the pages in them that were ever written.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Start of each mapped range to its end; ranges do not touch or overlap.
    ranges: BTreeMap<u64, u64>,
    pages: BTreeMap<u64, Box<Page>>,
    next: u64,
}

/// Where the first mapping goes: low enough for any displacement, high enough that null plus an offset is not mapped.
const FIRST: u64 = 0x0100_0000;

/// The runtime's control state (`lib/kernel/control.fox`), which an image maps before anything else runs.
const CONTROL: (u64, u64) = (0x7000_0000, 0x7F00_0000);

impl Memory {
    pub fn new() -> Memory {
        Memory { ranges: BTreeMap::from([CONTROL]), next: FIRST, ..Memory::default() }
    }

    /// Maps `size` zeroed bytes with an unmapped page behind them. Result: the address.
    pub fn map(&mut self, size: u64) -> Option<u64> {
        let mut start = self.next;
        let rounded = size.checked_add(PAGE - 1)? / PAGE * PAGE;
        if start < CONTROL.1 && start.checked_add(rounded)? >= CONTROL.0 {
            start = CONTROL.1 + PAGE;
        }
        let end = start.checked_add(rounded)?;
        if size == 0 || end > 1 << 46 {
            return None;
        }
        self.ranges.insert(start, end);
        self.next = end + PAGE;
        Some(start)
    }

    /// Unmaps whole pages of `start .. start + size`.
    pub fn unmap(&mut self, start: u64, size: u64) {
        let end = start.saturating_add(size.div_ceil(PAGE) * PAGE);
        let touched: Vec<(u64, u64)> = self
            .ranges
            .range(..end)
            .filter(|range| *range.1 > start)
            .map(|range| (*range.0, *range.1))
            .collect();
        for (range_start, range_end) in touched {
            self.ranges.remove(&range_start);
            if range_start < start {
                self.ranges.insert(range_start, start);
            }
            if end < range_end {
                self.ranges.insert(end, range_end);
            }
        }
        self.pages.retain(|page, _| *page * PAGE + PAGE <= start || *page * PAGE >= end);
    }

    fn mapped(&self, address: u64) -> bool {
        self.ranges.range(..=address).next_back().is_some_and(|range| address < *range.1)
    }

    /// The page that holds `address`; `None` if it is mapped and nothing was written to it yet.
    fn page(&self, address: u64) -> Result<Option<&Page>, Fault> {
        match self.pages.get(&(address / PAGE)) {
            // Only pages of mapped ranges are ever written, and unmapping drops them.
            Some(page) => Ok(Some(page)),
            None if self.mapped(address) => Ok(None),
            None => Err(Fault::BadAddress(address)),
        }
    }

    fn page_mut(&mut self, address: u64) -> Result<&mut Page, Fault> {
        self.page(address)?;
        Ok(self.pages.entry(address / PAGE).or_insert_with(|| Box::new([0; PAGE as usize])))
    }

    pub fn load_byte(&self, address: u64) -> Result<u8, Fault> {
        Ok(self.page(address)?.map_or(0, |page| page[(address % PAGE) as usize]))
    }

    pub fn store_byte(&mut self, address: u64, byte: u8) -> Result<(), Fault> {
        self.page_mut(address)?[(address % PAGE) as usize] = byte;
        Ok(())
    }

    /// The little-endian value of `size` bytes, at most eight.
    pub fn load(&self, address: u64, size: u64) -> Result<u64, Fault> {
        let at = (address % PAGE) as usize;
        let mut bytes = [0; 8];
        if address % PAGE + size <= PAGE {
            if let Some(page) = self.page(address)? {
                bytes[..size as usize].copy_from_slice(&page[at..at + size as usize]);
            }
        } else {
            for (i, byte) in (0..size).zip(&mut bytes) {
                *byte = self.load_byte(address.wrapping_add(i))?;
            }
        }
        Ok(u64::from_le_bytes(bytes))
    }

    /// Stores the low `size` bytes of `value`, little-endian. A store either happens or does not.
    pub fn store(&mut self, address: u64, value: u64, size: u64) -> Result<(), Fault> {
        let at = (address % PAGE) as usize;
        let bytes = value.to_le_bytes();
        if address % PAGE + size <= PAGE {
            let page = self.page_mut(address)?;
            page[at..at + size as usize].copy_from_slice(&bytes[..size as usize]);
            return Ok(());
        }
        for i in 0..size {
            self.page(address.wrapping_add(i))?;
        }
        for (i, byte) in (0..size).zip(bytes) {
            self.store_byte(address.wrapping_add(i), byte)?;
        }
        Ok(())
    }

    /// The bytes of a range.
    pub fn bytes(&self, address: u64, length: u64) -> Result<Vec<u8>, Fault> {
        (0..length).map(|i| self.load_byte(address.wrapping_add(i))).collect()
    }
}
