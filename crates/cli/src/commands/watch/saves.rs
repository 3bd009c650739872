//! Waiting for saves.
//!
//! Folders are watched, not files: an editor that saves by renaming makes another file. A file counts when it was closed after
//! writing, came by renaming, or went: then it is whole. Saves that come while a build is going on are seen by one build afterwards.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};

use super::Told;

pub(super) struct Saves {
    inotify: OwnedFd,
    folders: BTreeSet<PathBuf>,
}

impl Saves {
    pub(super) fn new() -> io::Result<Saves> {
        let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        Ok(Saves { inotify, folders: BTreeSet::new() })
    }

    /// Watches these folders too; whether one of them was not watched yet.
    pub(super) fn watch(&mut self, folders: BTreeSet<PathBuf>) -> io::Result<bool> {
        let mut new = false;
        for folder in folders {
            if self.folders.contains(&folder) {
                continue;
            }
            let flags = WatchFlags::CLOSE_WRITE
                | WatchFlags::MOVED_TO
                | WatchFlags::MOVED_FROM
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::ONLYDIR;
            match add_watch(&self.inotify, &folder, flags) {
                Ok(_) => {
                    new = true;
                    self.folders.insert(folder);
                }
                // It may come to be: its parent is watched, if anything of it mattered.
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(new)
    }

    /// Waits for a save, or for `other` to tell something, and no longer than `patience`; whether there was a save.
    pub(super) fn wait(&mut self, other: Told<'_>, patience: Duration) -> io::Result<bool> {
        let mut sources = vec![PollFd::new(&self.inotify, PollFlags::IN)];
        sources.extend(other.map(|other| PollFd::new(other, PollFlags::IN)));
        let timeout = Timespec {
            tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: patience.subsec_nanos().into(),
        };
        match poll(&mut sources, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.drain()
    }

    /// Takes all that was told so far; whether something of it was a save.
    fn drain(&mut self) -> io::Result<bool> {
        let mut buffer = [const { MaybeUninit::uninit() }; 4096];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut saved = false;
        loop {
            match reader.next() {
                // What was lost in a flood may have been a save: an event without a name counts.
                Ok(event) => saved |= event.file_name().is_none_or(|name| matters(name.to_bytes())),
                Err(rustix::io::Errno::AGAIN) => return Ok(saved),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Whether a file of this name can be part of a program. Anything without a dot may be a folder.
fn matters(name: &[u8]) -> bool {
    name.ends_with(b".fox") || name == b"morph.toml" || !name.contains(&b'.')
}
