//! The bytes of a record in sections: who wants a few of them does not read the others.
//!
//! ```text
//! "MORPHSEC"  version u32  sections u32  checksum of the two and of the table u32
//! sections times: length u32  checksum u32
//! the sections
//! ```

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use crate::pack::{PackProblem, VERSION, number, sum};

const MAGIC: &[u8; 8] = b"MORPHSEC";
const HEADER: usize = 8 + 4 + 4 + 4;
const ENTRY: usize = 4 + 4;

/// A record in sections, opened for reading.
#[derive(Debug)]
pub struct Sections {
    file: File,
    /// Where each section begins, its length, its checksum.
    places: Vec<(u64, u32, u32)>,
}

impl Sections {
    pub(crate) fn read(file: File, size: u64) -> Result<Sections, PackProblem> {
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0).map_err(|_| PackProblem::Kind)?;
        if !header.starts_with(MAGIC) {
            return Err(PackProblem::Kind);
        }
        match number(&header, 8) {
            VERSION => {}
            other => return Err(PackProblem::Version(other)),
        }
        let length = (number(&header, 12) as usize)
            .checked_mul(ENTRY)
            .filter(|length| (*length + HEADER) as u64 <= size)
            .ok_or(PackProblem::Index)?;
        let mut table = vec![0; length];
        file.read_exact_at(&mut table, HEADER as u64).map_err(|_| PackProblem::Index)?;
        if sum(&[&header[8..16], &table]) != number(&header, 16) {
            return Err(PackProblem::Index);
        }
        let mut at = (HEADER + length) as u64;
        let places = table.chunks_exact(ENTRY).map(|entry| {
            let place = (at, number(entry, 0), number(entry, 4));
            at += u64::from(place.1);
            place
        });
        let places: Vec<_> = places.collect();
        if at == size { Ok(Sections { file, places }) } else { Err(PackProblem::Index) }
    }

    /// A section; `None` if there is no such one, or if it is damaged.
    pub fn get(&self, number: usize) -> Option<Vec<u8>> {
        let (at, length, checksum) = *self.places.get(number)?;
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, at).ok()?;
        (sum(&[&bytes]) == checksum).then_some(bytes)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// All of the record before its sections.
pub(crate) fn head(sections: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + sections.len() * ENTRY);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(sections.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    for section in sections {
        bytes.extend_from_slice(&(section.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&sum(&[section]).to_le_bytes());
    }
    let checksum = sum(&[&bytes[8..16], &bytes[HEADER..]]);
    bytes[16..HEADER].copy_from_slice(&checksum.to_le_bytes());
    bytes
}
