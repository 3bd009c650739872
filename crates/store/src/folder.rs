//! The files of a store, and the steps by which they change.
//!
//! A file gets its name only when it is whole: it is written under another name first and renamed. Names of packs are never used
//! twice, so nothing that somebody reads changes under his hands.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use rustc_hash::FxHashSet;
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};

use crate::pack::Key;
use crate::{Needs, record};

/// More bytes than any file of a store has are not read.
const LONGEST: u64 = 4 << 30;

/// Something that is about to change the disk: a process may end before each of them, and nothing is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A temporary file is made.
    Create,
    /// Bytes are written into it.
    Write,
    /// It is forced to the disk.
    Sync,
    /// It gets its name.
    Rename,
    /// A file is removed.
    Remove,
}

pub(crate) struct Folder {
    path: PathBuf,
    /// Temporary files so far.
    written: u32,
    watcher: Option<Box<dyn FnMut(Step)>>,
}

/// The file of a pack, relative to the store.
pub(crate) fn pack_file(number: u64) -> PathBuf {
    PathBuf::from("packs").join(format!("{number:010}.pack"))
}

/// The file of a record, relative to the store.
pub(crate) fn record_file(name: &str) -> PathBuf {
    Path::new("records").join(file_name(name))
}

/// A name of any characters as a file name.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    name.chars().map(|c| if plain(c) { c } else { '_' }).take(200).collect()
}

impl Folder {
    pub(crate) fn new(path: &Path, watcher: Option<Box<dyn FnMut(Step)>>) -> Folder {
        Folder { path: path.to_owned(), written: 0, watcher }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn step(&mut self, step: Step) {
        if let Some(watcher) = &mut self.watcher {
            watcher(step);
        }
    }

    pub(crate) fn make(&mut self) -> io::Result<()> {
        ["packs", "users", "records"]
            .iter()
            .try_for_each(|folder| fs::create_dir_all(self.path.join(folder)))
    }

    /// All packs, the newest first.
    pub(crate) fn packs(&self) -> Vec<(u64, PathBuf)> {
        let mut packs: Vec<(u64, PathBuf)> = self
            .names("packs")
            .filter_map(|name| name.strip_suffix(".pack")?.parse().ok())
            .map(|number| (number, pack_file(number)))
            .collect();
        packs.sort_unstable_by(|a, b| b.cmp(a));
        packs
    }

    pub(crate) fn records(&self, prefix: &str) -> Vec<String> {
        let mut names: Vec<String> =
            self.names("records").filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        names
    }

    /// All records: when each was written, its bytes, its file; the oldest first.
    pub(crate) fn record_files(&self) -> Vec<(std::time::SystemTime, u64, PathBuf)> {
        let of = |name: String| {
            let file = Path::new("records").join(name);
            let found = fs::metadata(self.path.join(&file)).ok()?;
            Some((found.modified().ok()?, found.len(), file))
        };
        let mut files: Vec<_> = self.names("records").filter_map(of).collect();
        files.sort();
        files
    }

    fn names(&self, folder: &str) -> impl Iterator<Item = String> + use<> {
        let entries = fs::read_dir(self.path.join(folder)).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok())
    }

    /// A file's bytes; `None` if it cannot be read. Anything but a file could make the reader wait for ever.
    pub(crate) fn read(&self, file: &Path) -> Option<Vec<u8>> {
        let path = self.path.join(file);
        let length = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?.len();
        if length > LONGEST {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).ok()?.saturating_add(1));
        File::open(path).ok()?.read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A file with its length; `None` if it cannot be opened, or is none.
    pub(crate) fn open(&self, file: &Path) -> Option<(File, u64)> {
        let path = self.path.join(file);
        let length = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?.len();
        if length > LONGEST {
            return None;
        }
        Some((File::open(path).ok()?, length))
    }

    /// Adds a pack under the next free number.
    pub(crate) fn add_pack(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        let temporary = self.write_temporary(parts)?;
        let mut number = self.packs().first().map_or(1, |(last, _)| last.saturating_add(1));
        loop {
            self.step(Step::Rename);
            let target = self.path.join(pack_file(number));
            match renameat_with(CWD, &temporary, CWD, &target, RenameFlags::NOREPLACE) {
                Ok(()) => return Ok(()),
                // Another process was faster.
                Err(rustix::io::Errno::EXIST) => number = number.saturating_add(1),
                Err(error) => {
                    // The first error is the one that matters.
                    let _ = fs::remove_file(&temporary);
                    return Err(error.into());
                }
            }
        }
    }

    /// Gives a file new contents.
    pub(crate) fn replace(&mut self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        self.replace_with(file, &[first, second])
    }

    /// The same for contents in parts.
    pub(crate) fn replace_with(&mut self, file: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let temporary = self.write_temporary(parts)?;
        self.step(Step::Rename);
        let renamed = fs::rename(&temporary, self.path.join(file));
        if renamed.is_err() {
            // The first error is the one that matters.
            let _ = fs::remove_file(&temporary);
        }
        renamed
    }

    /// Gives a file a second name here, in place of the file that has it. Where that cannot be done the name goes to a copy.
    pub(crate) fn link(&mut self, from: &Path, file: &Path) -> io::Result<()> {
        // A link to a symbolic link would be another symbolic link.
        let from = fs::canonicalize(from)?;
        self.step(Step::Create);
        let temporary = self.next_temporary();
        let linked = fs::hard_link(&from, &temporary)
            .or_else(|_| fs::copy(&from, &temporary).map(|_| ()))
            .and_then(|()| {
                self.step(Step::Rename);
                fs::rename(&temporary, self.path.join(file))
            });
        // It is there still if that failed, or if both names were those of one file before.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => linked.and(Err(error)),
            Ok(()) | Err(_) => linked,
        }
    }

    fn next_temporary(&mut self) -> PathBuf {
        self.written = self.written.wrapping_add(1);
        self.path.join(temporary_name(self.written))
    }

    fn write_temporary(&mut self, parts: &[&[u8]]) -> io::Result<PathBuf> {
        self.step(Step::Create);
        let path = self.next_temporary();
        let written = File::create_new(&path).and_then(|mut file| {
            parts.iter().try_for_each(|part| {
                self.step(Step::Write);
                file.write_all(part)
            })
        });
        match written {
            Ok(()) => Ok(path),
            Err(error) => {
                // The first error is the one that matters.
                let _ = fs::remove_file(&path);
                Err(error)
            }
        }
    }

    pub(crate) fn remove(&mut self, file: &Path) -> io::Result<()> {
        self.step(Step::Remove);
        match fs::remove_file(self.path.join(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Notes what `user` needs. What it needs besides stands in a file of its own, which is short.
    pub(crate) fn write_user(
        &mut self,
        user: &str,
        keys: &FxHashSet<Key>,
        needs: Needs,
    ) -> io::Result<()> {
        let file = Path::new("users").join(file_name(user));
        let more = Path::new("users").join(file_name(user) + "-more");
        let mut sorted: Vec<Key> = Vec::with_capacity(keys.len());
        sorted.extend(keys);
        if needs == Needs::More
            && let Some(bytes) = self.read(&more)
        {
            sorted.extend(keys_of(record::read(&bytes).unwrap_or(&[])));
        }
        sorted.sort_unstable();
        sorted.dedup();
        let bytes = record::write(sorted.as_flattened());
        match needs {
            Needs::More => self.replace(&more, &bytes),
            Needs::Only => {
                self.replace(&file, &bytes)?;
                if self.open(&more).is_some() { self.remove(&more) } else { Ok(()) }
            }
        }
    }

    /// What all users need that were there since `oldest`; the others are removed. `None` if one cannot be read: then nobody knows.
    pub(crate) fn needed(&mut self, oldest: std::time::SystemTime) -> Option<FxHashSet<Key>> {
        let mut needed = FxHashSet::default();
        for name in self.names("users").collect::<Vec<_>>() {
            let file = Path::new("users").join(name);
            let modified =
                fs::metadata(self.path.join(&file)).and_then(|found| found.modified()).ok()?;
            if modified < oldest {
                self.remove(&file).ok()?;
                continue;
            }
            let bytes = self.read(&file)?;
            // A damaged list needs nothing: at worst something is made again.
            let keys = record::read(&bytes).unwrap_or(&[]);
            needed.extend(keys_of(keys));
        }
        Some(needed)
    }

    /// Bytes of a file.
    pub(crate) fn length(&self, file: &Path) -> u64 {
        fs::metadata(self.path.join(file)).map_or(0, |found| found.len())
    }

    /// When a file was written.
    pub(crate) fn written(&self, file: &Path) -> Option<std::time::SystemTime> {
        fs::metadata(self.path.join(file)).and_then(|found| found.modified()).ok()
    }

    /// Removes what processes left that ended while they were writing.
    pub(crate) fn sweep(&mut self) -> io::Result<()> {
        for name in self.names("").collect::<Vec<_>>() {
            let writer = name.strip_prefix(TEMPORARY).and_then(|rest| rest.split('-').next());
            let gone = |pid: &str| !Path::new("/proc").join(pid).exists();
            if writer.is_some_and(gone) {
                self.remove(Path::new(&name))?;
            }
        }
        Ok(())
    }

    /// The lock, if nobody has it.
    pub(crate) fn try_lock(&self) -> io::Result<Option<Lock>> {
        let file = open_lock(&self.path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn keys_of(bytes: &[u8]) -> impl Iterator<Item = Key> {
    let (keys, _) = bytes.as_chunks::<32>();
    keys.iter().copied()
}

const TEMPORARY: &str = ".tmp-";

/// A name that nobody else uses now: `nth` tells the files of one thread apart.
fn temporary_name(nth: u32) -> String {
    format!("{TEMPORARY}{}-{:?}-{nth}", process::id(), std::thread::current().id())
        .replace(['(', ')'], "-")
}

fn open_lock(folder: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(folder.join("lock"))
}

/// The right to replace what others replace too. It ends when it is dropped, or with the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock of a store. It is held for moments only.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn of(folder: &Path) -> io::Result<Lock> {
        fs::create_dir_all(folder)?;
        let file = open_lock(folder)?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(Lock { _file: file })
    }
}

/// Gives the file at `path` these contents, so that after a loss of power it has the old ones or the new ones.
///
/// # Errors
///
/// What the system says; then the old contents are still there.
pub fn write_whole(path: &Path, bytes: &[u8], watcher: &mut dyn FnMut(Step)) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    watcher(Step::Create);
    let temporary = folder.join(temporary_name(0));
    let written = File::create_new(&temporary).and_then(|mut file| {
        watcher(Step::Write);
        file.write_all(bytes)?;
        watcher(Step::Sync);
        file.sync_data()?;
        watcher(Step::Rename);
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        // The first error is the one that matters.
        let _ = fs::remove_file(&temporary);
    }
    written
}
