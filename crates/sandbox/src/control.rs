//! The memory that the pool and one worker share.
//!
//! ```text
//! | control, death record | requests 0 | requests 1 | replies 0 | replies 1 |
//! ```
//!
//! One memfd, sparse, sealed against resizing (a worker that shrank it would kill the pool with SIGBUS), mapped before the fork. The
//! worker can scribble over all of it, so the pool checks every number that it reads, forms no reference to the slots, and copies before it looks.

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};

use crate::death::{CrashRecord, Death};

/// What the control block begins with.
pub(crate) const MARK: u64 = 0x4d4f_5250_485f_4731;

/// Slots for batches: one runs while the next is queued.
pub(crate) const SLOTS: usize = 2;

const PAGE: usize = 4096;
const HEAD: usize = 4 * PAGE;

/// The words that both sides watch.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Control {
    pub(crate) mark: AtomicU64,
    /// Worker: count of tasks begun << 8 | phase.
    pub(crate) progress: AtomicU64,
    /// Worker: number of the batch << 32 | bytes of whole replies.
    pub(crate) committed: [AtomicU64; SLOTS],
    /// Pool: number of the batch << 32 | bytes of requests.
    pub(crate) requested: [AtomicU64; SLOTS],
    pub(crate) record: Record,
}

/// How the worker died, by its own hand; `written` is stored last.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Record {
    /// 0, or a [`Cause`].
    pub(crate) written: AtomicU32,
    pub(crate) signal: AtomicU32,
    pub(crate) code: AtomicU32,
    /// 1: at the stack's guard.
    pub(crate) at_guard: AtomicU32,
    pub(crate) call: AtomicU32,
    pub(crate) frame_count: AtomicU32,
    /// Of a crash: the address. Of an exhaustion: what was asked.
    pub(crate) address: AtomicU64,
    pub(crate) instruction_pointer: AtomicU64,
    pub(crate) stack_pointer: AtomicU64,
    pub(crate) frames: [AtomicU64; CrashRecord::FRAME_LIMIT],
    pub(crate) message_length: AtomicU32,
    pub(crate) location_length: AtomicU32,
    pub(crate) message: [AtomicU8; Death::MESSAGE_LIMIT],
    pub(crate) location: [AtomicU8; 512],
}

/// What a record tells about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Cause {
    Crash = 1,
    Panic = 2,
    Memory = 3,
    Cpu = 4,
    Reply = 5,
    Jail = 6,
}

impl Cause {
    pub(crate) fn of(written: u32) -> Option<Cause> {
        [Cause::Crash, Cause::Panic, Cause::Memory, Cause::Cpu, Cause::Reply, Cause::Jail]
            .into_iter()
            .find(|cause| *cause as u32 == written)
    }
}

/// Packs two halves into one word, so that they are stored together.
pub(crate) fn pack(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// The halves of a packed word.
pub(crate) fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

const _: () = assert!(size_of::<Control>() <= HEAD);

/// A mapped block. Whoever drops it unmaps it.
#[derive(Debug)]
pub(crate) struct Block {
    // Invariant: `base .. base + total` is one shared mapping of a sealed memfd of that size, page-aligned, mapped until `Drop`.
    base: NonNull<u8>,
    total: usize,
    requests: usize,
    replies: usize,
}

impl Block {
    /// A fresh block with slots of so many bytes for requests and replies each.
    pub(crate) fn new(requests: usize, replies: usize) -> io::Result<Block> {
        let round = |bytes: usize| bytes.next_multiple_of(PAGE);
        let (requests, replies) = (round(requests), round(replies));
        let total = HEAD + SLOTS * (requests + replies);
        let file = rustix::fs::memfd_create(
            "morph-sandbox",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )?;
        rustix::fs::ftruncate(&file, total as u64)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        // SAFETY: a new mapping at an address that the kernel chooses touches nothing that exists.
        let base = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                total,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &file,
                0,
            )?
        };
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let block = Block { base, total, requests, replies };
        block.control().mark.store(MARK, Ordering::Relaxed);
        Ok(block)
    }

    pub(crate) fn control(&self) -> &Control {
        // SAFETY: the block begins with a page-aligned `Control`, which consists of atomics only: any bits are valid,
        // and another process that stores to it meanwhile is an ordinary concurrent store.
        unsafe { self.base.cast::<Control>().as_ref() }
    }

    pub(crate) fn request_capacity(&self) -> usize {
        self.requests
    }

    pub(crate) fn reply_capacity(&self) -> usize {
        self.replies
    }

    /// Start of a slot for requests; valid for `request_capacity` bytes while the block lives.
    pub(crate) fn request(&self, slot: usize) -> NonNull<u8> {
        self.at(HEAD + slot.min(SLOTS - 1) * self.requests)
    }

    /// Start of a slot for replies; valid for `reply_capacity` bytes while the block lives.
    pub(crate) fn reply(&self, slot: usize) -> NonNull<u8> {
        self.at(HEAD + SLOTS * self.requests + slot.min(SLOTS - 1) * self.replies)
    }

    fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset < self.total);
        // SAFETY: the offsets of the slots lie inside the mapping, by the sum that made `total`.
        unsafe { self.base.add(offset) }
    }

    /// Copies bytes into a slot for requests. `false` if they do not fit.
    pub(crate) fn write_request(&self, slot: usize, offset: usize, bytes: &[u8]) -> bool {
        if offset.checked_add(bytes.len()).is_none_or(|end| end > self.requests) {
            return false;
        }
        // SAFETY: the range was checked against the slot; `bytes` is memory of this process and does not overlap it. No
        // reference to the slot exists in this process.
        unsafe {
            std::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                self.request(slot).as_ptr().add(offset),
                bytes.len(),
            );
        }
        true
    }

    /// Appends a private copy of `from..to` of a slot for replies. `false` if the range is not inside.
    pub(crate) fn copy_reply(
        &self,
        slot: usize,
        from: usize,
        to: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        if from > to || to > self.replies {
            return false;
        }
        out.reserve(to - from);
        // SAFETY: the range was checked against the slot, and room for it was just reserved. The worker may store meanwhile: then the
        // copy holds some mixture of bytes, which is as good as any other untrusted bytes; no reference to the slot is formed.
        unsafe {
            let end = out.as_mut_ptr().add(out.len());
            std::ptr::copy_nonoverlapping(
                self.reply(slot).as_ptr().add(from).cast_const(),
                end,
                to - from,
            );
            out.set_len(out.len() + (to - from));
        }
        true
    }

    /// Gives the memory of a slot for replies back to the system.
    pub(crate) fn release_reply(&self, slot: usize) -> io::Result<()> {
        // SAFETY: the range is a whole slot of our own mapping, which nothing refers to; its bytes become zero.
        unsafe {
            rustix::mm::madvise(self.reply(slot).as_ptr().cast(), self.replies, Advice::LinuxRemove)
        }?;
        Ok(())
    }

    /// Keeps the block out of processes forked from now on: a worker must not reach another one's.
    pub(crate) fn hide(&self) -> io::Result<()> {
        // SAFETY: changes only what a later fork inherits.
        unsafe {
            rustix::mm::madvise(self.base.as_ptr().cast(), self.total, Advice::LinuxDontFork)
        }?;
        Ok(())
    }

    /// In the worker: makes the requests read-only, so that a stray write is a fault and not a wrong input.
    pub(crate) fn protect_requests(&self) -> io::Result<()> {
        // SAFETY: the range is the request slots of our own mapping; the worker only reads them.
        unsafe {
            rustix::mm::mprotect(
                self.request(0).as_ptr().cast(),
                SLOTS * self.requests,
                MprotectFlags::READ,
            )
        }?;
        Ok(())
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what `new` mapped; nothing borrowed from it outlives the block.
        // It cannot fail for a range that is mapped.
        let _unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.total) };
    }
}
