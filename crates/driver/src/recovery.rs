//! Recovery points of a long build: what was finished when it was killed need not be done again.
//!
//! Answers are appended to a snapshot slot as they come, and every now and then the slot is checkpointed and written to a
//! file, with what quarantine and breakers know. A build that ends by itself removes the file. One that finds it takes
//! from it what still holds: the same key, and every question that was asked has the same answer as before.
//!
//! Two slots take turns, so a file always has one whole recovery point beside the one that is being written over.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use morph_fault::fault::{Build, Key};
use morph_fault::memory::StoredMemory;
use morph_sandbox::slot::{Slot, SlotTable};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Builds that are shorter have no recovery points: making them would cost more than the work that they save.
pub(crate) const FIRST: Duration = Duration::from_secs(1);

/// A recovery point may take this share of the time since the one before: one part in so many.
const SHARE: u32 = 20;

/// What a slot begins with: which compiler wrote it, and how many bytes of entries follow.
const HEADER: usize = 32 + 8;

/// The account of recovery points of one build.
#[derive(Debug)]
pub(crate) struct Recovery {
    path: Option<PathBuf>,
    build: Build,
    began: Instant,
    first: Duration,
    /// Made when the first recovery point is near.
    table: Option<SlotTable>,
    /// The slot that is being filled.
    slot: usize,
    /// Bytes of entries, in both slots alike up to what `mirrored` says.
    entries: Vec<u8>,
    /// When the next recovery point is due.
    due: Duration,
    /// Recovery points made.
    made: usize,
    /// There was a file when the build began.
    found: bool,
    earlier: FxHashMap<[u8; 32], Box<[u8]>>,
}

/// One finished piece of work, or what was remembered.
#[derive(Debug, Serialize, Deserialize)]
enum Entry<'e> {
    Answer { key: Key, reply: &'e [u8] },
    Memory(Box<StoredMemory>),
}

/// What an unclean end left.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) memory: Option<StoredMemory>,
    /// What could not be used, in words.
    pub(crate) problem: Option<String>,
}

impl Recovery {
    /// Looks for what an unclean end left in `folder`; without a folder there are no recovery points at all.
    pub(crate) fn open(folder: Option<&Path>, build: Build, first: Duration) -> (Recovery, Left) {
        let path = folder.map(|folder| folder.join("recovery"));
        let mut recovery = Recovery {
            path,
            build,
            began: Instant::now(),
            first,
            table: None,
            slot: 0,
            entries: Vec::new(),
            due: first,
            made: 0,
            found: false,
            earlier: FxHashMap::default(),
        };
        // Anything but a file could make the build wait for ever.
        recovery.found = recovery.path.as_deref().is_some_and(Path::is_file);
        let left = match recovery.path.clone() {
            Some(path) if recovery.found => recovery.read(&path),
            Some(_) | None => Left::default(),
        };
        (recovery, left)
    }

    /// The answer to the work with this key, from a build that was killed. To be validated like any other.
    pub(crate) fn earlier(&self, key: &Key) -> Option<&[u8]> {
        self.earlier.get(&key.0).map(|reply| &**reply)
    }

    /// Whether there is anything to resume from.
    pub(crate) fn resumes(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// Takes an answer in.
    pub(crate) fn keep(&mut self, key: Key, reply: &[u8]) {
        // What is finished early in a build is soon done again.
        if self.path.is_none() || self.began.elapsed() < self.first {
            return;
        }
        let entry = Entry::Answer { key, reply };
        if HEADER + self.entries.len() + reply.len() + 64 < Slot::CAP
            && let Ok(bytes) = postcard::to_stdvec(&entry)
        {
            self.entries.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            self.entries.extend_from_slice(&bytes);
        }
    }

    /// Whether a recovery point is due.
    pub(crate) fn is_due(&self) -> bool {
        self.path.is_some() && self.began.elapsed() >= self.due && !self.entries.is_empty()
    }

    /// Makes a recovery point, with what is remembered at this moment.
    pub(crate) fn point(&mut self, memory: StoredMemory) -> io::Result<()> {
        let start = Instant::now();
        let result = self.write(memory);
        let cost = start.elapsed();
        self.due = self.began.elapsed() + (cost * SHARE).max(self.first);
        result
    }

    fn write(&mut self, memory: StoredMemory) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let table = match &mut self.table {
            Some(table) => table,
            empty => empty.insert(SlotTable::new(Slot::CAP)?),
        };
        let last =
            postcard::to_stdvec(&Entry::Memory(Box::new(memory))).map_err(io::Error::other)?;
        let total = self.entries.len() + 4 + last.len();
        if HEADER + total > Slot::CAP {
            return Err(io::Error::other("more than a snapshot slot holds"));
        }
        let Some(slot) = table.bytes_mut(self.slot) else { return Ok(()) };
        slot[..32].copy_from_slice(&self.build.0);
        slot[32..HEADER].copy_from_slice(&(total as u64).to_le_bytes());
        let body = &mut slot[HEADER..HEADER + total];
        // Only what is new is written, so that only those pages count.
        write_changed(&mut body[..self.entries.len()], &self.entries);
        body[self.entries.len()..][..4].copy_from_slice(&(last.len() as u32).to_le_bytes());
        body[self.entries.len() + 4..].copy_from_slice(&last);
        table.checkpoint(self.slot).map_err(io::Error::other)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        table.save(path)?;
        self.slot = (self.slot + 1) % 2;
        self.made += 1;
        Ok(())
    }

    /// The build ended by itself: nothing is to be recovered.
    pub(crate) fn close(self) {
        if let Some(path) = self.path.filter(|_| self.made > 0 || self.found) {
            // A file that stays is read in vain, and does no harm: everything in it is held against its key.
            let _ = std::fs::remove_file(path);
        }
    }

    fn read(&mut self, path: &Path) -> Left {
        let mut left = Left::default();
        let loaded = match SlotTable::load(path) {
            Ok(loaded) => loaded,
            Err(error) => {
                left.problem = Some(error.to_string());
                return left;
            }
        };
        if let Some((slot, damage)) = loaded.damaged.first() {
            left.problem = Some(format!("{}: slot {slot}: {damage}", path.display()));
        }
        let mut best: Option<(u64, usize)> = None;
        for slot in 0..2 {
            let sequence = loaded.table.sequence(slot).unwrap_or(0);
            if sequence > 0 && best.is_none_or(|(other, _)| sequence > other) {
                best = Some((sequence, slot));
            }
        }
        let bytes = best.and_then(|(_, slot)| loaded.table.slot(slot)).map_or(&[][..], Slot::bytes);
        self.parse(bytes, &mut left);
        left
    }

    /// Reads entries until one makes no sense.
    fn parse(&mut self, bytes: &[u8], left: &mut Left) {
        let Some((build, rest)) = bytes.split_first_chunk::<32>() else { return };
        if *build != self.build.0 {
            return;
        }
        let Some((total, rest)) = rest.split_first_chunk::<8>() else { return };
        let total = usize::try_from(u64::from_le_bytes(*total)).unwrap_or(usize::MAX);
        let mut rest = rest.get(..total).unwrap_or(&[]);
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let Some((entry, tail)) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)
            else {
                return;
            };
            rest = tail;
            match postcard::from_bytes::<Entry<'_>>(entry) {
                Ok(Entry::Answer { key, reply }) => {
                    self.earlier.insert(key.0, reply.into());
                }
                Ok(Entry::Memory(memory)) => left.memory = Some(*memory),
                Err(_) => return,
            }
        }
    }
}

/// Copies page by page, leaving pages alone that are as they should be.
fn write_changed(target: &mut [u8], source: &[u8]) {
    for (target, source) in target.chunks_mut(4096).zip(source.chunks(4096)) {
        if target != source {
            target.copy_from_slice(source);
        }
    }
}
