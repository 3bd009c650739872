//! A file that never holds anybody up: what it does not take at once waits in memory.
//!
//! A log may lead into a pipe that nobody reads, or onto a full disk. A build must neither hang nor fail for that, so the
//! file is never waited for while there is work to do, and at the end only for a moment.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use serde::Serialize;

/// Bytes that are collected before they are written.
const CHUNK: usize = 64 << 10;
/// More bytes than this do not wait for a reader.
const MOST: usize = 64 << 20;
/// How long a reader may do nothing when all work is done.
const PATIENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// A file of lines, each a JSON object.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    waiting: Vec<u8>,
    /// How many of the bytes that wait have been written.
    written: usize,
}

impl LogFile {
    /// Opens the file; what it held is gone.
    pub(crate) fn create(path: &Path) -> io::Result<LogFile> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .custom_flags(flags)
            .open(path)?;
        Ok(LogFile { file, waiting: Vec::new(), written: 0 })
    }

    /// Adds a line.
    ///
    /// # Errors
    ///
    /// The file takes nothing any more, or its reader is too slow.
    pub(crate) fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.waiting, value)?;
        self.waiting.push(b'\n');
        if self.waiting.len() - self.written >= CHUNK {
            self.pass_on()?;
        }
        if self.waiting.len() - self.written > MOST { Err(too_slow()) } else { Ok(()) }
    }

    /// Writes as much as the file takes without waiting.
    fn pass_on(&mut self) -> io::Result<()> {
        while self.written < self.waiting.len() {
            match self.file.write(&self.waiting[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.waiting.clear();
        self.written = 0;
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn close(mut self) -> io::Result<()> {
        loop {
            self.pass_on()?;
            if self.waiting.is_empty() {
                return Ok(());
            }
            let mut ready = [PollFd::new(&self.file, PollFlags::OUT)];
            match poll(&mut ready, Some(&PATIENCE)) {
                Ok(0) => return Err(too_slow()),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "whoever reads it is too slow")
}
