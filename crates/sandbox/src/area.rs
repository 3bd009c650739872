//! Memory that a program and whoever watches it share: a file without a name, of which both map what they need.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{Advice, MapFlags, ProtFlags};

/// A sealed memory file, and its words. Pages that nobody touches cost nothing. Forked processes do not have it, unless they open it.
#[derive(Debug)]
pub struct SharedArea {
    file: File,
    // Invariant: `base .. base + size` is one shared mapping of the sealed file of that size, page-aligned, mapped until `Drop`.
    base: NonNull<u8>,
    size: usize,
}

impl SharedArea {
    /// An area of so many bytes, all 0.
    ///
    /// # Errors
    /// If the system refuses, or `size` is 0.
    pub fn new(size: usize) -> io::Result<SharedArea> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = File::from(rustix::fs::memfd_create("morph-area", flags)?);
        file.set_len(size as u64)?;
        let fixed = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&file, fixed)?;
        // SAFETY: a new mapping at an address that the kernel chooses touches nothing that exists.
        let base = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                size,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED | MapFlags::NORESERVE,
                &file,
                0,
            )?
        };
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let area = SharedArea { file, base, size };
        // What this process forks shall not write there.
        // SAFETY: the advice is about the mapping made above, and takes it from processes that do not exist yet.
        unsafe { rustix::mm::madvise(area.base.as_ptr().cast(), size, Advice::LinuxDontFork)? };
        Ok(area)
    }

    /// The file, for whoever is to map it too.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes bytes. Others may see them come one by one.
    ///
    /// # Errors
    /// If the system refuses; `InvalidInput` if they reach past the end.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > self.size as u64) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.file.write_all_at(bytes, offset)
    }

    /// Stores a word at once: others see the old or the new one, and the new one only with all that was written before.
    ///
    /// # Errors
    /// `InvalidInput` if there is no whole word at `offset`.
    pub fn store(&self, offset: u64, word: u64) -> io::Result<()> {
        self.word(offset)?.store(word, Ordering::Release);
        Ok(())
    }

    /// The word there.
    ///
    /// # Errors
    /// As [`SharedArea::store`].
    pub fn load(&self, offset: u64) -> io::Result<u64> {
        Ok(self.word(offset)?.load(Ordering::Acquire))
    }

    fn word(&self, offset: u64) -> io::Result<&AtomicU64> {
        let offset = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let fits = offset.checked_add(8).is_some_and(|end| end <= self.size);
        if !fits || !offset.is_multiple_of(8) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the word lies inside the mapping and is aligned, both checked above; any bits are a valid `AtomicU64`, and another
        // process that writes there meanwhile is a concurrent store. No other kind of reference to the mapping is ever formed.
        Ok(unsafe { self.base.add(offset).cast::<AtomicU64>().as_ref() })
    }
}

impl Drop for SharedArea {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what `new` mapped; nothing borrowed from it outlives `self`. It cannot fail for a range that is mapped.
        let _unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.size) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_lies_outside_is_refused() {
        let area = SharedArea::new(0x2000).unwrap();
        area.write(0x1000, &7_u64.to_le_bytes()).unwrap();
        assert_eq!(area.load(0x1000).unwrap(), 7);
        area.store(0x1ff8, 9).unwrap();
        let mut bytes = [0; 8];
        area.file().read_exact_at(&mut bytes, 0x1ff8).unwrap();
        assert_eq!(bytes, 9_u64.to_le_bytes());
        for offset in [0x1ff9, 0x2000, 3, u64::MAX] {
            assert_eq!(area.store(offset, 1).unwrap_err().kind(), io::ErrorKind::InvalidInput);
            assert_eq!(area.load(offset).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
        assert_eq!(area.write(0x1fff, &[1, 2]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        area.file().set_len(0).unwrap_err();
    }
}
