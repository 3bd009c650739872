//! What nobody needs goes, so that a store does not grow for ever.
//!
//! An entry stays if a user's last commit needed it. Others stay while they are young, so that an edit that is taken back costs nothing,
//! unless the store is nearly full.

use std::io;
use std::time::{Duration, SystemTime};

use rustc_hash::FxHashSet;

use crate::folder::pack_file;
use crate::pack::{Builder, Key, Pack};
use crate::{PackProblem, Store};

/// How large and how old things may become.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all packs. From four fifths of it on only what is needed stays. Records may have a quarter of it besides.
    pub size: u64,
    /// More packs than this are made one; the newest of them, if those are small beside the first large one.
    pub packs: usize,
    /// How long an entry stays that no user needs.
    pub unneeded: Duration,
    /// How long a user counts that does not come back.
    pub user: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            size: 512 << 20,
            packs: 16,
            unneeded: Duration::from_secs(24 * 3600),
            user: Duration::from_secs(60 * 24 * 3600),
        }
    }
}

impl Store {
    /// Collects, if there are too many packs or too many bytes, and nobody else does.
    pub(crate) fn collect(&mut self, now: SystemTime) -> io::Result<()> {
        let mut packs = self.folder.packs();
        let lengths: Vec<u64> = packs.iter().map(|(_, file)| self.folder.length(file)).collect();
        let size: u64 = lengths.iter().sum();
        let records = self.folder.record_files();
        let of_records: u64 = records.iter().map(|(_, length, _)| length).sum();
        let scarce = size > self.limits.size / 5 * 4;
        let many = of_records > self.limits.size / 4;
        if packs.len() <= self.limits.packs && !scarce && !many {
            return Ok(());
        }
        let Some(_lock) = self.folder.try_lock()? else { return Ok(()) };
        let Some(needed) = self.folder.needed(before(now, self.limits.user)) else { return Ok(()) };
        // Records go when nobody came back for them, and the oldest ones when there are too many.
        let mut left = of_records;
        for (written, length, file) in records {
            if written < before(now, self.limits.user) || left > self.limits.size / 4 {
                self.folder.remove(&file)?;
                left -= length;
            }
        }
        let oldest = before(now, self.limits.unneeded);
        if !scarce {
            let (new, old) = packs.split_at(newest_small(&lengths));
            let is_old = |file| self.folder.written(file).is_none_or(|written| written < oldest);
            // Where many edits made a little each, what the first build made is not copied again and again.
            if new.len() > self.limits.packs / 2 && !old.iter().any(|(_, file)| is_old(file)) {
                packs.truncate(new.len());
            }
        }
        let mut kept = Builder::default();
        let mut seen: FxHashSet<Key> = FxHashSet::default();
        let mut gone = Vec::new();
        for (number, file) in packs {
            let Some(written) = self.folder.written(&file) else { continue };
            let Some((open, length)) = self.folder.open(&file) else { continue };
            let whole = Pack::read(open, length).and_then(|mut pack| {
                pack.read_index()?;
                pack.load();
                Ok(pack)
            });
            let pack = match whole {
                Ok(pack) => pack,
                // Another version's. It goes when it is old: somebody may still use it.
                Err(PackProblem::Version(_)) if written >= oldest => continue,
                Err(_) => {
                    gone.push(number);
                    continue;
                }
            };
            let young = written >= oldest && !scarce;
            for (entry, key) in (0..).zip(pack.keys()) {
                let stays = young || needed.contains(&key) || self.used.contains(&key);
                // The newest value of a key is met first.
                if stays
                    && seen.insert(key)
                    && let Some(value) = pack.get(entry)
                {
                    kept.put(key, &[&value]);
                }
            }
            gone.push(number);
        }
        if !kept.is_empty() {
            self.folder.add_pack(&kept.parts(&kept.index()))?;
        }
        for number in &gone {
            self.folder.remove(&pack_file(*number))?;
        }
        self.forget();
        Ok(())
    }
}

/// How many packs, from the newest on, are small beside the ones behind them; all, if they are not.
fn newest_small(lengths: &[u64]) -> usize {
    let size: u64 = lengths.iter().sum();
    let large = lengths.iter().position(|length| *length > size / 2);
    large.unwrap_or(lengths.len())
}

fn before(now: SystemTime, age: Duration) -> SystemTime {
    now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
}
