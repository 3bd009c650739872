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
mod sections;

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustc_hash::{FxHashMap, FxHashSet};

pub use collect::Limits;
pub use folder::{Lock, Step, write_whole};
pub use pack::{Key, PackProblem, VERSION};
pub use sections::Sections;

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
    /// Packs that nobody can read, and records.
    unreadable: Vec<u64>,
    damaged: Vec<PathBuf>,
    /// Where the newest entry of each key lies, once all are read: pack, entry.
    places: Option<FxHashMap<Key, (u32, u32)>>,
    /// Values that were read one by one.
    single: FxHashMap<Key, Vec<u8>>,
    /// Keys whose values were found to be wrong.
    evicted: FxHashSet<Key>,
    fresh: Builder,
    used: FxHashSet<Key>,
    problems: Vec<Problem>,
}

/// Where the value of a key is, as long as nothing is committed.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    key: Key,
    at: Where,
}

#[derive(Clone, Copy, Debug)]
enum Where {
    Fresh,
    /// Pack, entry.
    Pack(u32, u32),
}

/// A value that nobody has checked yet: checking many is work for many threads.
#[derive(Clone, Copy, Debug)]
pub struct Value<'s> {
    bytes: &'s [u8],
    /// Its key and the checksum of both; `None` if it was put in by this process.
    checksum: Option<(Key, u32)>,
}

impl<'s> Value<'s> {
    /// The value, if it is whole.
    pub fn check(self) -> Option<&'s [u8]> {
        let fits = |(key, checksum): (Key, u32)| pack::sum(&[&key, self.bytes]) == checksum;
        let whole = self.checksum.is_none_or(fits);
        whole.then_some(self.bytes)
    }
}

/// Whether a user needs something besides what it needed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Only,
    More,
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
            damaged: Vec::new(),
            places: None,
            single: FxHashMap::default(),
            evicted: FxHashSet::default(),
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
            let Some((open, length)) = self.folder.open(&file) else { continue };
            match Pack::read(open, length) {
                Ok(pack) => self.packs.push(Named { number, pack }),
                Err(what) => self.leave_out(number, what),
            }
        }
    }

    /// A pack cannot be read.
    fn leave_out(&mut self, number: u64, what: PackProblem) {
        match what {
            PackProblem::Kind | PackProblem::Index => self.unreadable.push(number),
            // Somebody else can.
            PackProblem::Version(_) | PackProblem::Entry => {}
        }
        self.problems.push(Problem { file: folder::pack_file(number), what });
    }

    /// Reads all values, and finds the newest entry of each key.
    fn load(&mut self) {
        self.read();
        if self.places.is_some() {
            return;
        }
        for named in std::mem::take(&mut self.packs) {
            let Named { number, mut pack } = named;
            match pack.read_index() {
                Ok(()) => self.packs.push(Named { number, pack }),
                Err(what) => self.leave_out(number, what),
            }
        }
        let mut places = FxHashMap::default();
        places.reserve(self.packs.iter().map(|named| named.pack.len()).sum());
        for (at, named) in (0..).zip(&mut self.packs) {
            named.pack.load();
            for (entry, key) in (0..).zip(named.pack.keys()) {
                places.entry(key).or_insert((at, entry));
            }
        }
        self.places = Some(places);
    }

    /// Where the newest entry of a key lies.
    fn newest(&self, key: &Key) -> Option<(u32, u32)> {
        match &self.places {
            _ if self.evicted.contains(key) => None,
            Some(places) => places.get(key).copied(),
            None => {
                (0..).zip(&self.packs).find_map(|(at, named)| Some((at, named.pack.find(key)?)))
            }
        }
    }

    /// The value of a key. One that does not fit its checksum is left out and becomes a problem.
    pub fn get(&mut self, key: &Key) -> Option<&[u8]> {
        if self.fresh.contains(key) {
            return self.fresh.get(key);
        }
        self.read();
        let (at, entry) = self.newest(key)?;
        if self.single.contains_key(key) {
            return self.single.get(key).map(Vec::as_slice);
        }
        let named = self.packs.get(at as usize)?;
        match named.pack.get(entry) {
            None => {
                self.evicted.insert(*key);
                let file = folder::pack_file(named.number);
                self.problems.push(Problem { file, what: PackProblem::Entry });
                return None;
            }
            Some(Cow::Owned(value)) => {
                self.single.insert(*key, value);
            }
            Some(Cow::Borrowed(_)) => {}
        }
        self.used.insert(*key);
        match self.single.get(key) {
            Some(value) => Some(value),
            None => self.packs.get(at as usize)?.pack.unchecked(entry).map(|(value, _)| value),
        }
    }

    /// The value of a key counts as used, though nobody asks for it.
    pub fn need(&mut self, key: &Key) {
        self.used.insert(*key);
    }

    /// Where the value of a key is; it counts as used. Whoever finds there that it is damaged asks [`Store::get`], which takes note of that.
    ///
    /// For those who want many: the first time everything is read.
    pub fn find(&mut self, key: &Key) -> Option<Place> {
        if self.fresh.contains(key) {
            return Some(Place { key: *key, at: Where::Fresh });
        }
        self.load();
        let (pack, entry) = self.newest(key)?;
        self.used.insert(*key);
        Some(Place { key: *key, at: Where::Pack(pack, entry) })
    }

    /// The value at a place.
    pub fn at(&self, place: &Place) -> Option<Value<'_>> {
        let Place { key, at } = place;
        match at {
            Where::Fresh => self.fresh.get(key).map(|bytes| Value { bytes, checksum: None }),
            Where::Pack(pack, entry) => {
                let (bytes, checksum) = self.packs.get(*pack as usize)?.pack.unchecked(*entry)?;
                Some(Value { bytes, checksum: Some((*key, checksum)) })
            }
        }
    }

    /// Puts a value in, to be written by [`Store::commit`]. It replaces what was there.
    pub fn put(&mut self, key: Key, value: &[u8]) {
        self.put_parts(key, &[value]);
    }

    /// The same with a value in parts.
    pub fn put_parts(&mut self, key: Key, parts: &[&[u8]]) {
        self.evicted.remove(&key);
        self.single.remove(&key);
        self.used.insert(key);
        self.fresh.put(key, parts);
    }

    /// Takes back all that was put in since the store was opened, or since the last commit.
    pub fn forget_new(&mut self) {
        self.fresh = Builder::default();
    }

    /// Gives up the value of a key: it was found to be wrong.
    pub fn evict(&mut self, key: &Key) {
        self.evicted.insert(*key);
        self.fresh.remove(key);
    }

    /// How many entries there are.
    pub fn len(&mut self) -> usize {
        self.load();
        let places = self.places.iter().flat_map(FxHashMap::keys);
        let on_disk = places.filter(|key| !self.evicted.contains(*key)).count();
        on_disk + self.fresh.keys().filter(|key| self.newest(key).is_none()).count()
    }

    pub fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// Bytes of all packs.
    pub fn size(&mut self) -> u64 {
        self.read();
        self.packs.iter().map(|named| named.pack.size()).sum()
    }

    /// Takes note of a record that cannot be read, however often somebody asks for it.
    fn note(&mut self, problem: Problem) {
        match problem.what {
            PackProblem::Kind | PackProblem::Index | PackProblem::Entry => {
                self.damaged.push(problem.file.clone());
            }
            // Somebody else can.
            PackProblem::Version(_) => {}
        }
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The file of a record that is about to be written: whatever was wrong with it is no more.
    fn file_to_write(&mut self, name: &str) -> io::Result<PathBuf> {
        self.folder.make()?;
        let file = folder::record_file(name);
        self.damaged.retain(|damaged| *damaged != file);
        Ok(file)
    }

    /// What was left out so far; each is told once.
    pub fn problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Writes what was put in, and notes that `user` needs what was asked for or put in since the store was opened. From time to time
    /// it also collects what nobody needs; what nobody can read goes at once.
    ///
    /// # Errors
    ///
    /// What the system says. Then the store on disk is as it was, or has more in it; never less that is needed, never half of something.
    pub fn commit(&mut self, user: &str, now: SystemTime) -> io::Result<()> {
        self.commit_for(user, Needs::Only, now)
    }

    /// As [`Store::commit`], but what `user` needed before is needed still.
    ///
    /// # Errors
    ///
    /// As [`Store::commit`].
    pub fn commit_more(&mut self, user: &str, now: SystemTime) -> io::Result<()> {
        self.commit_for(user, Needs::More, now)
    }

    fn commit_for(&mut self, user: &str, needs: Needs, now: SystemTime) -> io::Result<()> {
        if !self.fresh.is_empty() {
            self.folder.make()?;
            self.folder.sweep()?;
            // Its entries are needed from the moment they are there.
            self.folder.write_user(user, &self.used, needs)?;
            self.folder.add_pack(&self.fresh.parts(&self.fresh.index()))?;
            // All is there now; what is asked for from here on is read from there.
            self.fresh = Builder::default();
            self.forget();
        }
        self.drop_unreadable()?;
        self.collect(now)
    }

    /// Removes what was told to be damaged, so that it is told once. If somebody else is at it, the next one does.
    fn drop_unreadable(&mut self) -> io::Result<()> {
        if self.unreadable.is_empty() && self.damaged.is_empty() {
            return Ok(());
        }
        let Some(_lock) = self.folder.try_lock()? else { return Ok(()) };
        for file in std::mem::take(&mut self.damaged) {
            self.folder.remove(&file)?;
        }
        for number in std::mem::take(&mut self.unreadable) {
            self.folder.remove(&folder::pack_file(number))?;
        }
        Ok(())
    }

    /// Whatever was read is read again when it is needed.
    fn forget(&mut self) {
        self.packs.clear();
        self.places = None;
        self.single.clear();
        self.evicted.clear();
        self.is_read = false;
    }

    /// The value with this name, if there is one and it is whole.
    pub fn record(&mut self, name: &str) -> Option<Vec<u8>> {
        let file = folder::record_file(name);
        let bytes = self.folder.read(&file)?;
        match record::read(&bytes) {
            Ok(value) => Some(value.to_vec()),
            Err(what) => {
                self.note(Problem { file, what });
                None
            }
        }
    }

    /// A value with a name that was written in sections; they are read when they are asked for.
    pub fn sections(&mut self, name: &str) -> Option<Sections> {
        let file = folder::record_file(name);
        let (open, length) = self.folder.open(&file)?;
        match Sections::read(open, length) {
            Ok(sections) => Some(sections),
            Err(what) => {
                self.note(Problem { file, what });
                None
            }
        }
    }

    /// Gives sections a name, instead of the value that has it.
    ///
    /// # Errors
    ///
    /// What the system says; then the former value still has the name.
    pub fn set_sections(&mut self, name: &str, sections: &[&[u8]]) -> io::Result<()> {
        let file = self.file_to_write(name)?;
        let head = sections::head(sections);
        let parts: Vec<&[u8]> =
            [head.as_slice()].into_iter().chain(sections.iter().copied()).collect();
        self.folder.replace_with(&file, &parts)
    }

    /// Forgets a value with a name, if there is one.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn remove_record(&mut self, name: &str) -> io::Result<()> {
        let file = folder::record_file(name);
        if self.folder.open(&file).is_none() {
            return Ok(());
        }
        self.folder.remove(&file)
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
        let file = self.file_to_write(name)?;
        self.folder.replace(&file, &record::write(value))
    }

    /// Gives the value that has the name `from` the name `to` too, instead of the one that has it. If there is none, nothing happens.
    ///
    /// # Errors
    ///
    /// What the system says; then the former value still has the name.
    pub fn copy_record(&mut self, from: &str, to: &str) -> io::Result<()> {
        let from = folder::record_file(from);
        if self.folder.open(&from).is_none() {
            return Ok(());
        }
        let (from, to) = (self.folder.path().join(from), self.file_to_write(to)?);
        self.folder.link(&from, &to)
    }

    /// Keeps somebody else's file under a name: as long as nobody writes to it in place, it costs no room. Nothing but its bytes is
    /// kept: who takes it has to know what they should be. If there is no such file, nothing happens.
    ///
    /// # Errors
    ///
    /// What the system says; then the former value still has the name.
    pub fn keep_file(&mut self, name: &str, path: &Path) -> io::Result<()> {
        if !path.is_file() {
            return Ok(());
        }
        let file = self.file_to_write(name)?;
        self.folder.link(path, &file)
    }

    /// Keeps bytes as [`Store::keep_file`] does.
    ///
    /// # Errors
    ///
    /// What the system says; then the former value still has the name.
    pub fn keep_bytes(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = self.file_to_write(name)?;
        self.folder.replace(&file, bytes)
    }

    /// The file that was kept under a name.
    pub fn file(&self, name: &str) -> Option<File> {
        self.folder.open(&folder::record_file(name)).map(|(file, _)| file)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.folder.path())
            .field("packs", &self.packs.len())
            .field("entries", &self.places.as_ref().map(FxHashMap::len))
            .finish_non_exhaustive()
    }
}
