//! A table of slots as a file.
//!
//! ```text
//! header: "MORPHSLT" | version u32 | size of a slot u64 | 4 x (sequence u64, pages u32) | checksum of all this u32
//! then for every slot its written pages: number u32 | checksum u32 | checksum of these 8 bytes u32 | 4096 bytes
//! ```
//! All little-endian. Written under another name and renamed, not synced: after a loss of power the file may be damaged, and loading says so.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::table::Entry;
use super::{PAGE, Slot, SlotTable};

const MAGIC: [u8; 8] = *b"MORPHSLT";
const VERSION: u32 = 1;

/// A table from a file, with what of it could not be used.
#[derive(Debug)]
pub struct Loaded {
    /// The table. Damaged slots are empty, as if no checkpoint had ever been taken.
    pub table: SlotTable,
    /// Damaged slots and what is wrong with them, in order.
    pub damaged: Vec<(usize, Damage)>,
}

/// What is wrong with a slot in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file ends within it, or within one before it.
    #[error("the file ends too early")]
    CutOff,
    /// The place of a page is damaged, so nothing behind it can be told apart.
    #[error("the entry of a page is damaged")]
    Entry,
    /// The bytes of a page are damaged.
    #[error("page {page} does not have its checksum")]
    Page {
        /// The page.
        page: usize,
    },
}

/// Why nothing of a file can be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is no table of slots.
    #[error("{} is not a table of snapshots", path.display())]
    NotATable {
        /// The file.
        path: PathBuf,
    },
    /// Another version wrote it.
    #[error("{} has version {found}, and this is version {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Its header is damaged.
    #[error("the header of {} is damaged", path.display())]
    Header {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

const ENTRY: usize = 12;
const HEAD: usize = 8 + 4 + 8 + SlotTable::SLOTS * ENTRY;

impl SlotTable {
    /// Writes the checkpoints of all slots into a file, replacing it at once.
    ///
    /// # Errors
    /// If the system refuses; then the file is what it was before.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let written = self.write(&temporary).and_then(|()| std::fs::rename(&temporary, path));
        if written.is_err() {
            // The first failure is the one to tell.
            let _removed = std::fs::remove_file(&temporary);
        }
        written
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        let mut head = Vec::with_capacity(HEAD);
        head.extend(MAGIC);
        head.extend(VERSION.to_le_bytes());
        head.extend((self.size as u64).to_le_bytes());
        for entry in &self.entries {
            head.extend(entry.sequence.to_le_bytes());
            head.extend((entry.written().count() as u32).to_le_bytes());
        }
        head.extend(crc32fast::hash(&head).to_le_bytes());
        out.write_all(&head)?;
        let mut bytes = [0; PAGE];
        for entry in &self.entries {
            for (page, checksum) in entry.written() {
                let mut place = [0; 8];
                place[..4].copy_from_slice(&(page as u32).to_le_bytes());
                place[4..].copy_from_slice(&checksum.to_le_bytes());
                entry.slot.read_saved(page, &mut bytes)?;
                out.write_all(&place)?;
                out.write_all(&crc32fast::hash(&place).to_le_bytes())?;
                out.write_all(&bytes)?;
            }
        }
        out.flush()
    }

    /// Reads a file. A damaged slot costs no other one, except that behind a damaged *place* nothing can be found any more.
    ///
    /// # Errors
    /// If nothing of it can be used.
    pub fn load(path: &Path) -> Result<Loaded, LoadError> {
        let refused = |source| LoadError::System { path: path.to_owned(), source };
        let mut file = BufReader::new(File::open(path).map_err(refused)?);
        let mut head = [0; HEAD + 4];
        let length = fill(&mut file, &mut head).map_err(refused)?;
        if length < 12 || head[..8] != MAGIC {
            return Err(LoadError::NotATable { path: path.to_owned() });
        }
        let found = u32_at(&head, 8);
        if found != VERSION {
            return Err(LoadError::Version { path: path.to_owned(), found });
        }
        let size = usize::try_from(u64_at(&head, 12)).unwrap_or(usize::MAX);
        let sound = length == head.len()
            && crc32fast::hash(&head[..HEAD]) == u32_at(&head, HEAD)
            && (1..=Slot::CAP).contains(&size);
        if !sound {
            return Err(LoadError::Header { path: path.to_owned() });
        }
        let mut table = SlotTable::new(size).map_err(refused)?;
        let mut damaged = Vec::new();
        let mut lost = None;
        for (index, entry) in table.entries.iter_mut().enumerate() {
            let at = 20 + index * ENTRY;
            let (sequence, pages) = (u64_at(&head, at), u32_at(&head, at + 8));
            let read = match lost {
                Some(lost) if pages > 0 => Err(lost),
                Some(_) | None => read_pages(&mut file, entry, pages).map_err(refused)?,
            };
            match read {
                Ok(()) => entry.sequence = sequence,
                Err(damage) => {
                    *entry = Slot::new(size).map(Entry::new).map_err(refused)?;
                    damaged.push((index, damage));
                    if damage == Damage::CutOff || damage == Damage::Entry {
                        lost = Some(damage);
                    }
                }
            }
        }
        Ok(Loaded { table, damaged })
    }
}

/// Reads the pages of one slot to their end, even behind a damaged one, so that the next slot is found.
fn read_pages(
    file: &mut impl Read,
    entry: &mut Entry,
    count: u32,
) -> io::Result<Result<(), Damage>> {
    let mut state = Ok(());
    let mut record = [0; ENTRY + PAGE];
    for _ in 0..count {
        if fill(file, &mut record)? < record.len() {
            return Ok(Err(Damage::CutOff));
        }
        let page = u32_at(&record, 0) as usize;
        let live = entry.slot.bytes_mut().get_mut(page * PAGE..page.saturating_add(1) * PAGE);
        let Some(live) = live.filter(|_| crc32fast::hash(&record[..8]) == u32_at(&record, 8))
        else {
            return Ok(Err(Damage::Entry));
        };
        let bytes = &record[ENTRY..];
        if crc32fast::hash(bytes) == u32_at(&record, 4) {
            live.copy_from_slice(bytes);
        } else {
            state = state.and(Err(Damage::Page { page }));
        }
    }
    if state.is_ok() {
        entry.checkpoint()?;
    }
    Ok(state)
}

/// Reads until the buffer is full or the file ends. Returns how much there was.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
