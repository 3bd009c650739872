//! The bytes of a pack: an index, then the values.
//!
//! ```text
//! "MORPHPAK"  version u32  entries u32  checksum of all that follows up to the values u32
//! entries times, by key: key [32]  offset u64 (from the values' beginning)  length u32  checksum of key and value u32
//! values
//! ```
//!
//! Numbers are little-endian, checksums CRC-32: they tell damage, not malice. Who writes into a project's store can as well write into its sources.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustc_hash::FxHashMap;

/// The digest of all that a value depends on.
pub type Key = [u8; 32];

/// The version of packs and records.
pub const VERSION: u32 = 2;

const MAGIC: &[u8; 8] = b"MORPHPAK";
const HEADER: usize = 8 + 4 + 4 + 4;
const ENTRY: usize = 32 + 8 + 4 + 4;

/// Bytes of an index that is read at once.
const LARGE_INDEX: usize = 1 << 16;

/// Why a file of the store, or a part of it, is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackProblem {
    #[error("it is no file of the store")]
    Kind,
    #[error("it has version {0} of the store, not {VERSION}")]
    Version(u32),
    #[error("its index is damaged")]
    Index,
    #[error("an entry is damaged")]
    Entry,
}

/// A pack on disk. Its values are read when they are asked for, one by one or all at once.
pub(crate) struct Pack {
    file: File,
    /// How many entries there are.
    count: usize,
    /// Entries as they stand in the file, sorted by key. A large index is read by those who want many entries; the others look
    /// into it where it lies.
    index: Option<Vec<u8>>,
    /// What the index should have as its checksum, together with what stands before it.
    checksum: u32,
    head: [u8; 8],
    /// Where the values begin, and the length of the whole file.
    start: u64,
    size: u64,
    /// All values, once they were read.
    values: Option<Vec<u8>>,
}

#[derive(Clone, Copy)]
struct Place {
    key: Key,
    /// From the beginning of the values.
    offset: u64,
    length: usize,
    checksum: u32,
}

impl Pack {
    /// Reads what stands before the index, and a small index; values are checked when they are asked for.
    pub(crate) fn read(file: File, size: u64) -> Result<Pack, PackProblem> {
        let mut header = [0; HEADER];
        file.read_exact_at(&mut header, 0).map_err(|_| PackProblem::Kind)?;
        if !header.starts_with(MAGIC) {
            return Err(PackProblem::Kind);
        }
        let version = number(&header, 8);
        if version != VERSION {
            return Err(PackProblem::Version(version));
        }
        let length = (number(&header, 12) as usize)
            .checked_mul(ENTRY)
            .filter(|length| (*length + HEADER) as u64 <= size)
            .ok_or(PackProblem::Index)?;
        let head = std::array::from_fn(|at| header[8 + at]);
        let (count, checksum) = (length / ENTRY, number(&header, 16));
        let start = (HEADER + length) as u64;
        let (index, values) = (None, None);
        let mut pack = Pack { file, count, index, checksum, head, start, size, values };
        if length <= LARGE_INDEX {
            pack.read_index()?;
        }
        Ok(pack)
    }

    /// Reads the whole index, if that was not done yet.
    pub(crate) fn read_index(&mut self) -> Result<(), PackProblem> {
        if self.index.is_some() {
            return Ok(());
        }
        let mut index = vec![0; self.count * ENTRY];
        let read = self.file.read_exact_at(&mut index, HEADER as u64);
        read.map_err(|_| PackProblem::Index)?;
        if sum(&[&self.head, &index]) != self.checksum {
            return Err(PackProblem::Index);
        }
        self.index = Some(index);
        Ok(())
    }

    /// Reads all values: for those who want most of them.
    pub(crate) fn load(&mut self) {
        if self.values.is_some() {
            return;
        }
        let mut values = vec![0; (self.size - self.start) as usize];
        // What cannot be read one by one is no entry then.
        if self.file.read_exact_at(&mut values, self.start).is_ok() {
            self.values = Some(values);
        }
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The keys, in their order, if the index was read.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        let index = self.index.iter().flat_map(|index| index.chunks_exact(ENTRY));
        index.map(|entry| std::array::from_fn(|at| entry[at]))
    }

    /// The entry of a key.
    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.entry(middle)?[..32].cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return u32::try_from(middle).ok(),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// An entry of the index. One that was read where it lies may be damaged: then its value does not fit its checksum.
    fn entry(&self, number: usize) -> Option<[u8; ENTRY]> {
        if number >= self.count {
            return None;
        }
        let at = number * ENTRY;
        match &self.index {
            Some(index) => index.get(at..at + ENTRY)?.first_chunk().copied(),
            None => {
                let mut entry = [0; ENTRY];
                self.file.read_exact_at(&mut entry, (HEADER + at) as u64).ok()?;
                Some(entry)
            }
        }
    }

    /// The value of an entry, if it is whole.
    pub(crate) fn get(&self, entry: u32) -> Option<Cow<'_, [u8]>> {
        let place = self.place(entry)?;
        let value = match self.unchecked(entry) {
            Some((value, _)) => Cow::Borrowed(value),
            None => {
                let end = place.offset.checked_add(place.length as u64)?.checked_add(self.start)?;
                if self.values.is_some() || end > self.size {
                    return None;
                }
                // It lies in the file, so it has no more bytes than that.
                let mut value = vec![0; place.length];
                self.file.read_exact_at(&mut value, self.start + place.offset).ok()?;
                Cow::Owned(value)
            }
        };
        (sum(&[&place.key, &value]) == place.checksum).then_some(value)
    }

    /// The value of an entry, and the checksum that its key and it should have; if all were read.
    pub(crate) fn unchecked(&self, entry: u32) -> Option<(&[u8], u32)> {
        let place = self.place(entry)?;
        let start = usize::try_from(place.offset).ok()?;
        let value = self.values.as_ref()?.get(start..start.checked_add(place.length)?)?;
        Some((value, place.checksum))
    }

    fn place(&self, entry: u32) -> Option<Place> {
        let entry = self.entry(entry as usize)?;
        let offset = u64::from_le_bytes(std::array::from_fn(|at| entry[32 + at]));
        let length = number(&entry, 40) as usize;
        let key = *entry.first_chunk()?;
        Some(Place { key, offset, length, checksum: number(&entry, 44) })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

/// A pack in the making.
#[derive(Default)]
pub(crate) struct Builder {
    /// In the order in which they came; one that was replaced or removed has no place.
    keys: Vec<Key>,
    /// The values in pieces, so that none is ever copied to make room for the next one.
    pieces: Vec<Vec<u8>>,
    /// Bytes of all pieces but the last.
    before: usize,
    places: FxHashMap<Key, Placed>,
}

/// Where a value is: which piece, and where in it.
#[derive(Clone, Copy, Default)]
struct Placed {
    piece: usize,
    start: usize,
    length: usize,
    /// From the beginning of all values.
    offset: usize,
}

/// Bytes of a piece, unless a single value needs more.
const PIECE: usize = 1 << 20;

impl Builder {
    pub(crate) fn put(&mut self, key: Key, parts: &[&[u8]]) {
        let length = parts.iter().map(|part| part.len()).sum();
        let fits = |piece: &Vec<u8>| piece.capacity() - piece.len() >= length;
        if !self.pieces.last().is_some_and(fits) {
            self.before += self.pieces.last().map_or(0, Vec::len);
            self.pieces.push(Vec::with_capacity(PIECE.max(length)));
        }
        let number = self.pieces.len() - 1;
        let piece = &mut self.pieces[number];
        let start = piece.len();
        parts.iter().for_each(|part| piece.extend_from_slice(part));
        let place = Placed { piece: number, start, length, offset: self.before + start };
        if self.places.insert(key, place).is_none() {
            self.keys.push(key);
        }
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        if self.places.remove(key).is_some() {
            self.keys.retain(|known| known != key);
        }
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.places.contains_key(key)
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&[u8]> {
        self.value(self.places.get(key)?)
    }

    fn value(&self, Placed { piece, start, length, .. }: &Placed) -> Option<&[u8]> {
        self.pieces.get(*piece)?.get(*start..start + length)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// All of the pack before its values.
    pub(crate) fn index(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.keys.len() * ENTRY);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(self.keys.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        let mut keys: Vec<&Key> = self.keys.iter().collect();
        keys.sort_unstable();
        for key in keys {
            let place = self.places.get(key).copied().unwrap_or_default();
            let value = self.value(&place).unwrap_or(&[]);
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(&(place.offset as u64).to_le_bytes());
            bytes.extend_from_slice(&(place.length as u32).to_le_bytes());
            bytes.extend_from_slice(&sum(&[key, value]).to_le_bytes());
        }
        let checksum = sum(&[&bytes[8..16], &bytes[HEADER..]]);
        bytes[16..HEADER].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// All of the pack: the index, then the values.
    pub(crate) fn parts<'b>(&'b self, index: &'b [u8]) -> Vec<&'b [u8]> {
        [index].into_iter().chain(self.pieces.iter().map(Vec::as_slice)).collect()
    }
}

pub(crate) fn number(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.first_chunk::<4>());
    word.map_or(0, |word| u32::from_le_bytes(*word))
}

/// The checksum of all parts as one.
pub(crate) fn sum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}
