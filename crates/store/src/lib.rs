//! A store of results on disk, by the digest of all that each depends on: equal key, equal value.
//!
//! ```text
//! STORE/packs/0000000007.pack    entries of one build, never changed once they are there
//!       users/4f1c...            the keys that one program used last: these entries stay
//!       records/NAME             a value with a name, replaced as a whole
//!       lock                     held while something is replaced or removed, never while something is read
//! ```
//!
//! Nothing in it is trusted. A pack says what it is, which version of this format it has, and how long each entry is; each entry has a
//! checksum. Whatever does not hold is left out, and said; nothing that a crash, a full disk or a flipped bit can do makes a
//! reader fail or a wrong value come out. Several processes may use one store: files appear under their names whole (by
//! renaming), and what another process removes was not needed.
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let folder = std::env::temp_dir().join(format!("morph-store-{}", std::process::id()));
//! let key = [7; 32];
//! let mut store = morph_store::Store::open(&folder);
//! assert_eq!(store.get(&key), None);
//! store.put(key, b"what took long to make");
//! store.commit("my program", std::time::SystemTime::now())?;
//!
//! let mut later = morph_store::Store::open(&folder);
//! assert_eq!(later.get(&key), Some(&b"what took long to make"[..]));
//! # std::fs::remove_dir_all(&folder)
//! # }
//! ```

mod collect;
mod folder;
mod pack;
mod record;

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustc_hash::{FxHashMap, FxHashSet};

pub use collect::Limits;
pub use folder::{Lock, Step, write_whole};
pub use pack::{Key, PackProblem, VERSION};

use folder::Folder;
use pack::{Builder, Pack};

/// Something in the store that is not used, and why. The store goes on without it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", file.display())]
pub struct Problem {
    /// Which file, relative to the store.
    pub file: PathBuf,
    pub what: PackProblem,
}

/// An open store: what was there when it was opened, and what was put in since.
pub struct Store {
    folder: Folder,
    limits: Limits,
    /// Whether the packs have been read: who wants nothing of them does not wait for them.
    is_read: bool,
    /// The newest first.
    packs: Vec<Named>,
    /// Packs that nobody can read.
    unreadable: Vec<u64>,
    /// Where the newest entry of each key lies: pack, entry.
    places: FxHashMap<Key, (u32, u32)>,
    fresh: Builder,
    used: FxHashSet<Key>,
    problems: Vec<Problem>,
}

/// Where the value of a key is, as long as nothing is committed.
#[derive(Clone, Copy, Debug)]
pub struct Place(Where);

#[derive(Clone, Copy, Debug)]
enum Where {
    Fresh(Key),
    /// Pack, entry.
    Pack(u32, u32),
}

/// A value that nobody has checked yet: checking many is work for many threads.
#[derive(Clone, Copy, Debug)]
pub struct Value<'s> {
    bytes: &'s [u8],
    /// `None` if it was put in by this process.
    checksum: Option<u32>,
}

impl<'s> Value<'s> {
    /// The value, if it is whole.
    pub fn check(self) -> Option<&'s [u8]> {
        let whole = self.checksum.is_none_or(|checksum| pack::sum(&[self.bytes]) == checksum);
        whole.then_some(self.bytes)
    }
}

/// A pack with its number, which is its name.
struct Named {
    number: u64,
    pack: Pack,
}

impl Store {
    /// Opens the store in `folder`, which need not exist. Never fails: what cannot be read is not there, see [`Store::problems`].
    pub fn open(folder: &Path) -> Store {
        Store::open_with(folder, Limits::default(), None)
    }

    /// Opens with other limits; `watcher` is told before each step that changes the disk.
    pub fn open_with(
        folder: &Path,
        limits: Limits,
        watcher: Option<Box<dyn FnMut(Step)>>,
    ) -> Store {
        Store {
            folder: Folder::new(folder, watcher),
            limits,
            is_read: false,
            packs: Vec::new(),
            unreadable: Vec::new(),
            places: FxHashMap::default(),
            fresh: Builder::default(),
            used: FxHashSet::default(),
            problems: Vec::new(),
        }
    }

    /// Reads the packs, if that was not done yet.
    fn read(&mut self) {
        if std::mem::replace(&mut self.is_read, true) {
            return;
        }
        for (number, file) in self.folder.packs() {
            // One that is gone by now was collected by another process.
            let Some(bytes) = self.folder.read(&file) else { continue };
            match Pack::read(bytes) {
                Ok(pack) => self.packs.push(Named { number, pack }),
                Err(what) => {
                    match what {
                        PackProblem::Kind | PackProblem::Index => self.unreadable.push(number),
                        // Somebody else can.
                        PackProblem::Version(_) | PackProblem::Entry => {}
                    }
                    self.problems.push(Problem { file, what });
                }
            }
        }
        self.place();
    }

    /// Finds the newest entry of each key.
    fn place(&mut self) {
        self.places.clear();
        self.places.reserve(self.packs.iter().map(|named| named.pack.keys().len()).sum());
        for (at, named) in (0..).zip(&self.packs) {
            for (entry, key) in (0..).zip(named.pack.keys()) {
                self.places.entry(*key).or_insert((at, entry));
            }
        }
    }

    /// The value of a key. One that does not fit its checksum is left out and becomes a problem.
    pub fn get(&mut self, key: &Key) -> Option<&[u8]> {
        if self.fresh.contains(key) {
            return self.fresh.get(key);
        }
        self.read();
        let (pack, entry) = *self.places.get(key)?;
        let named = self.packs.get(pack as usize)?;
        if named.pack.get(entry).is_none() {
            self.places.remove(key);
            let file = folder::pack_file(named.number);
            self.problems.push(Problem { file, what: PackProblem::Entry });
            return None;
        }
        self.used.insert(*key);
        self.packs.get(pack as usize)?.pack.get(entry)
    }

    /// Where the value of a key is; it counts as used. Whoever finds there that it is damaged asks [`Store::get`], which takes note of that.
    pub fn find(&mut self, key: &Key) -> Option<Place> {
        if self.fresh.contains(key) {
            return Some(Place(Where::Fresh(*key)));
        }
        self.read();
        let (pack, entry) = *self.places.get(key)?;
        self.used.insert(*key);
        Some(Place(Where::Pack(pack, entry)))
    }

    /// The value at a place.
    pub fn at(&self, place: &Place) -> Option<Value<'_>> {
        match &place.0 {
            Where::Fresh(key) => self.fresh.get(key).map(|bytes| Value { bytes, checksum: None }),
            Where::Pack(pack, entry) => {
                let (bytes, checksum) = self.packs.get(*pack as usize)?.pack.unchecked(*entry)?;
                Some(Value { bytes, checksum: Some(checksum) })
            }
        }
    }

    /// Puts a value in, to be written by [`Store::commit`]. It replaces what was there.
    pub fn put(&mut self, key: Key, value: &[u8]) {
        self.used.insert(key);
        self.fresh.put(key, value);
    }

    /// Gives up the value of a key: it was found to be wrong.
    pub fn evict(&mut self, key: &Key) {
        self.read();
        self.places.remove(key);
        self.fresh.remove(key);
    }

    /// How many entries there are.
    pub fn len(&mut self) -> usize {
        self.read();
        self.places.len() + self.fresh.keys().filter(|key| !self.places.contains_key(*key)).count()
    }

    pub fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// Bytes of all packs.
    pub fn size(&mut self) -> u64 {
        self.read();
        self.packs.iter().map(|named| named.pack.size() as u64).sum()
    }

    /// What was left out so far; each is told once.
    pub fn problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Writes what was put in, and notes that `user` needs what was asked for or put in since the store was opened. From time to time
    /// it also collects what nobody needs; packs that nobody can read go at once.
    ///
    /// # Errors
    ///
    /// What the system says. Then the store on disk is as it was, or has more in it; never less that is needed, never half of something.
    pub fn commit(&mut self, user: &str, now: SystemTime) -> io::Result<()> {
        if !self.fresh.is_empty() {
            self.folder.make()?;
            self.folder.sweep()?;
            // Its entries are needed from the moment they are there.
            self.folder.write_user(user, &self.used)?;
            self.folder.add_pack(&self.fresh.parts(&self.fresh.index()))?;
            // All is there now; what is asked for from here on is read from there.
            self.fresh = Builder::default();
            self.forget();
        }
        self.drop_unreadable()?;
        self.collect(now)
    }

    /// Removes packs that were told to be damaged, so that they are told once. If somebody else is at it, the next one does.
    fn drop_unreadable(&mut self) -> io::Result<()> {
        if self.unreadable.is_empty() {
            return Ok(());
        }
        let Some(_lock) = self.folder.try_lock()? else { return Ok(()) };
        for number in std::mem::take(&mut self.unreadable) {
            self.folder.remove(&folder::pack_file(number))?;
        }
        Ok(())
    }

    /// Whatever was read is read again when it is needed.
    fn forget(&mut self) {
        self.packs.clear();
        self.places.clear();
        self.is_read = false;
    }

    /// The value with this name, if there is one and it is whole.
    pub fn record(&mut self, name: &str) -> Option<Vec<u8>> {
        let file = folder::record_file(name);
        let bytes = self.folder.read(&file)?;
        match record::read(&bytes) {
            Ok(value) => Some(value.to_vec()),
            Err(what) => {
                self.problems.push(Problem { file, what });
                None
            }
        }
    }

    /// The names of all values that have one and begin so, in order.
    pub fn records(&self, prefix: &str) -> Vec<String> {
        self.folder.records(prefix)
    }

    /// Gives a value a name, instead of the one that has it.
    ///
    /// # Errors
    ///
    /// What the system says; then the former value still has the name.
    pub fn set_record(&mut self, name: &str, value: &[u8]) -> io::Result<()> {
        self.folder.make()?;
        self.folder.replace(&folder::record_file(name), &record::write(value))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.folder.path())
            .field("packs", &self.packs.len())
            .field("entries", &self.places.len())
            .finish_non_exhaustive()
    }
}
