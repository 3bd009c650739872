//! Memory that can be rolled back: checkpoints at the price of the pages that were written, not of all.
//!
//! ```text
//!   live    private mapping   what the owner reads and writes
//!    | page by page, when it is written, the kernel makes a private copy
//!   saved   memfd             the last checkpoint; mapped nowhere else, so no stray pointer reaches it
//! ```
//!
//! [`Slot::restore`] drops the private copies, one call. [`Slot::checkpoint`] finds them ([`Tracking`]), writes them into the saved state and
//! then drops them too. Writes that the kernel does for the owner (`read` into the slot) are seen like any other, which
//! guarding pages by signals would not do.

mod dirty;
mod file;
mod table;

use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::ptr::NonNull;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{Advice, MapFlags, ProtFlags};

use dirty::Tracker;
pub use dirty::Tracking;
pub use file::{Damage, LoadError, Loaded};
pub use table::{SlotTable, TableError};

/// Bytes of a page. Slots count in these, whatever the machine's own pages are.
pub const PAGE: usize = 4096;

/// Memory of a fixed size that can be rolled back to its last checkpoint.
///
/// It belongs to the process that made it. A forked process has the live part too, but pages that it has not written itself show the owner's later
/// checkpoints, and a checkpoint of its own, which would go to the saved state that both share, is refused.
#[derive(Debug)]
pub struct Slot {
    // Invariant: `live .. live + size` is a private mapping of all of `saved`, page-aligned, mapped until `Drop`.
    live: NonNull<u8>,
    size: usize,
    saved: OwnedFd,
    tracker: Tracker,
    owner: rustix::process::Pid,
}

// SAFETY: the mapping belongs to the slot alone and is reached through `&self` and `&mut self` only, like the memory of a `Vec`.
unsafe impl Send for Slot {}
// SAFETY: as above; `&self` only reads.
unsafe impl Sync for Slot {}

impl Slot {
    /// The largest slot: 128 MiB. A cap on copy-on-write memory, not an allocation.
    pub const CAP: usize = 128 << 20;

    /// A slot of `size` bytes, zero, rounded up to whole pages. The zeros are its first checkpoint.
    ///
    /// # Errors
    /// If `size` is 0 or over [`Slot::CAP`], or the system refuses.
    pub fn new(size: usize) -> io::Result<Slot> {
        Slot::with_tracking(size, Tracking::best())
    }

    /// As [`Slot::new`], finding written pages in a given way.
    ///
    /// # Errors
    /// As [`Slot::new`], and if the way is not to be had here.
    pub fn with_tracking(size: usize, tracking: Tracking) -> io::Result<Slot> {
        if size == 0 || size > Slot::CAP {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let size = size.next_multiple_of(PAGE.max(rustix::param::page_size()));
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let saved = rustix::fs::memfd_create("morph-slot", flags)?;
        rustix::fs::ftruncate(&saved, size as u64)?;
        rustix::fs::fcntl_add_seals(&saved, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        // SAFETY: a new mapping at an address that the kernel chooses touches nothing that exists.
        let live = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                size,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
                &saved,
                0,
            )?
        };
        let live = NonNull::new(live.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let mut slot =
            Slot { live, size, saved, tracker: Tracker::Compare, owner: rustix::process::getpid() };
        slot.tracker = Tracker::open(tracking)?;
        Ok(slot)
    }

    /// How written pages are found.
    pub fn tracking(&self) -> Tracking {
        self.tracker.tracking()
    }

    /// The live memory.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: by the invariant on `live` the range is mapped and readable; writers need `&mut self`. The saved state under
        // pages without a private copy changes only in `write_saved`, to what the page shows already or with `&mut self`.
        unsafe { std::slice::from_raw_parts(self.live.as_ptr(), self.size) }
    }

    /// The live memory, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `&mut self` excludes every other borrow.
        unsafe { std::slice::from_raw_parts_mut(self.live.as_ptr(), self.size) }
    }

    /// Makes the live memory the state to come back to. Returns the pages that had been written, as ranges of page numbers in order.
    ///
    /// # Errors
    /// If the system refuses; in a forked process. The live memory is untouched then, and the saved state
    /// may be between the old and the new one: take the checkpoint again.
    pub fn checkpoint(&mut self) -> io::Result<Vec<Range<usize>>> {
        self.checkpoint_with(|_, _| ())
    }

    /// As [`Slot::checkpoint`]; shows every page that had been written, while it is still at hand.
    pub(crate) fn checkpoint_with(
        &mut self,
        mut show: impl FnMut(usize, &[u8]),
    ) -> io::Result<Vec<Range<usize>>> {
        self.check_owner()?;
        let dirty = self.tracker.find(self.bytes(), &self.saved)?;
        for run in &dirty {
            self.write_saved(run)?;
            for (page, bytes) in run.clone().zip(self.pages(run)) {
                show(page, bytes);
            }
        }
        self.drop_copies()?;
        Ok(dirty)
    }

    fn pages(&self, run: &Range<usize>) -> impl Iterator<Item = &[u8]> {
        let bytes = self.bytes().get(run.start * PAGE..run.end * PAGE);
        bytes.unwrap_or_default().chunks(PAGE)
    }

    /// Makes the live memory what it was at the last checkpoint.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn restore(&mut self) -> io::Result<()> {
        self.drop_copies()
    }

    /// Reads the saved state, from a page on.
    pub(crate) fn read_saved(&self, page: usize, out: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match rustix::io::pread(&self.saved, rest, (page * PAGE + done) as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(())
    }

    fn check_owner(&self) -> io::Result<()> {
        if rustix::process::getpid() == self.owner {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "the slot of another process"))
        }
    }

    /// Writes live pages into the saved state.
    fn write_saved(&self, pages: &Range<usize>) -> io::Result<()> {
        let (mut at, end) = (pages.start * PAGE, (pages.end * PAGE).min(self.size));
        while let Some(rest) = self.bytes().get(at..end).filter(|rest| !rest.is_empty()) {
            at += rustix::io::pwrite(&self.saved, rest, at as u64)?;
        }
        Ok(())
    }

    /// Drops all private copies: the live memory shows the saved state again.
    fn drop_copies(&mut self) -> io::Result<()> {
        // SAFETY: the range is our own private mapping of a file; what is dropped comes back from the file. `&mut self` shows that
        // nothing borrows it.
        unsafe {
            rustix::mm::madvise(self.live.as_ptr().cast(), self.size, Advice::LinuxDontNeed)
        }?;
        Ok(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what was mapped; nothing borrowed from it outlives the slot. It cannot fail for a range that is mapped.
        let _unmapped = unsafe { rustix::mm::munmap(self.live.as_ptr().cast(), self.size) };
    }
}
