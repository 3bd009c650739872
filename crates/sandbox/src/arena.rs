//! Memory of one task, taken by moving a pointer and given back all at once.
//!
//! What a task allocated and freed again costs nothing to give back: the pointer returns to where it was. What a task keeps
//! (a buffer in `self` that grew, a lazily made static) is counted, and the pointer stays above it: nothing dangles, that memory is only not used
//! again. So the arena needs no promise from the job.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::mm::{MapFlags, ProtFlags};

use crate::settings::Residue;
use crate::worker::Station;

/// An allocator to install around another one, in a program that makes pools:
///
/// ```
/// use morph_sandbox::ArenaAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: ArenaAllocator<std::alloc::System> = ArenaAllocator::new(std::alloc::System);
/// # let all = vec![1, 2, 3];
/// # assert_eq!(all.len(), 3);
/// ```
///
/// Outside of workers, and in threads that a job starts, it forwards to the other one. While a worker works on a task, memory comes
/// from a region of its own, bounded by [`Budget::memory`](crate::Budget::memory): who asks for more ends with
/// [`Exhausted::Memory`](crate::Exhausted::Memory), and nobody has to handle a null pointer. Blocks from before the task are freed and
/// resized by the allocator that they came from.
///
/// A task does not find values of an earlier task on the heap by any pointer of its own; the bytes may still lie there
/// ([`Residue`](crate::Residue)). Thread-locals, statics and `self` are not reset: what a task writes there, the next task of the same worker sees.
#[derive(Debug)]
pub struct ArenaAllocator<A> {
    inner: A,
}

impl<A> ArenaAllocator<A> {
    /// Wraps an allocator.
    pub const fn new(inner: A) -> ArenaAllocator<A> {
        ArenaAllocator { inner }
    }
}

/// What `alloc` does on this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Forwards.
    Outside,
    /// Takes from the arena.
    Inside,
    /// Forwards, and notes that it was asked: this tells that the arena is installed at all.
    Asked,
}

/// The state of the thread that works on tasks. Addresses.
struct Tray {
    mode: Cell<Mode>,
    /// Whether this is the thread that has the arena.
    mine: Cell<bool>,
    /// Where the next block begins.
    top: Cell<usize>,
    /// Where the task's blocks begin: below lie those that earlier tasks keep.
    floor: Cell<usize>,
    /// Where the task's memory ends.
    limit: Cell<usize>,
    /// Above this, everything is still zero.
    touched: Cell<usize>,
    /// The highest place that the task has used.
    peak: Cell<usize>,
    /// Blocks of the task that are not freed.
    live: Cell<usize>,
    /// Blocks of earlier tasks that are not freed.
    kept: Cell<usize>,
}

thread_local! {
    static TRAY: Tray = const {
        Tray {
            mode: Cell::new(Mode::Outside),
            mine: Cell::new(false),
            top: Cell::new(0),
            floor: Cell::new(0),
            limit: Cell::new(0),
            touched: Cell::new(0),
            peak: Cell::new(0),
            live: Cell::new(0),
            kept: Cell::new(0),
        }
    };
}

/// The region of this process, if it is a worker.
static BASE: AtomicUsize = AtomicUsize::new(0);
static SIZE: AtomicUsize = AtomicUsize::new(0);
static MEMORY: AtomicUsize = AtomicUsize::new(0);
static POISON: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Finds out whether the program allocates through an arena, by allocating.
pub(crate) fn find() {
    TRAY.with(|tray| {
        tray.mode.set(Mode::Asked);
        drop(std::hint::black_box(Box::new(std::hint::black_box(1_u8))));
        tray.mode.set(Mode::Outside);
    });
}

/// Address space that the arena of a worker takes: twice the budget, so that a task has all of it above what earlier ones keep.
pub(crate) fn reserved(memory: usize) -> usize {
    if INSTALLED.load(Ordering::Relaxed) { 2 * memory } else { 0 }
}

/// In the worker: reserves the region, if an arena is installed.
pub(crate) fn reserve(memory: usize, residue: Residue) -> io::Result<()> {
    let size = reserved(memory);
    if size == 0 {
        return Ok(());
    }
    // SAFETY: a new mapping at an address that the kernel chooses touches nothing that exists.
    let base = unsafe {
        rustix::mm::mmap_anonymous(
            std::ptr::null_mut(),
            size,
            ProtFlags::READ | ProtFlags::WRITE,
            MapFlags::PRIVATE | MapFlags::NORESERVE,
        )?
    };
    let base = base.expose_provenance();
    TRAY.with(|tray| {
        tray.mine.set(true);
        for place in [&tray.top, &tray.floor, &tray.touched] {
            place.set(base);
        }
    });
    POISON.store(residue == Residue::Poisoned, Ordering::Relaxed);
    MEMORY.store(memory, Ordering::Relaxed);
    BASE.store(base, Ordering::Relaxed);
    SIZE.store(size, Ordering::Relaxed);
    Ok(())
}

/// A task begins. If earlier ones kept so much that the budget does not fit above it any more, the task does without the arena.
pub(crate) fn enter() {
    let memory = MEMORY.load(Ordering::Relaxed);
    let end = BASE.load(Ordering::Relaxed) + SIZE.load(Ordering::Relaxed);
    TRAY.with(|tray| {
        let limit = tray.floor.get() + memory;
        if tray.mine.get() && limit <= end {
            tray.limit.set(limit);
            tray.peak.set(tray.floor.get());
            tray.mode.set(Mode::Inside);
        }
    });
}

/// A task is done: everything that it freed is there again.
pub(crate) fn leave() {
    TRAY.with(|tray| {
        if tray.mode.replace(Mode::Outside) != Mode::Inside {
            return;
        }
        let top = tray.top.get();
        tray.note_peak();
        if tray.live.get() > 0 {
            tray.kept.set(tray.kept.get() + tray.live.replace(0));
            tray.floor.set(top);
            return;
        }
        let floor =
            if tray.kept.get() == 0 { BASE.load(Ordering::Relaxed) } else { tray.floor.get() };
        if POISON.load(Ordering::Relaxed) {
            let length = tray.peak.get() - floor;
            // SAFETY: the range lies in our own region, and no block in it is live.
            unsafe {
                std::ptr::with_exposed_provenance_mut::<u8>(floor).write_bytes(0xdd, length);
            }
        }
        tray.floor.set(floor);
        tray.top.set(floor);
    });
}

/// Whether a block lies in the arena of this process.
fn owns(block: *mut u8) -> bool {
    block.addr().wrapping_sub(BASE.load(Ordering::Relaxed)) < SIZE.load(Ordering::Relaxed)
}

impl Tray {
    /// Moves the pointer. Past the limit the worker ends.
    fn take(&self, layout: Layout) -> usize {
        let start = self.top.get().next_multiple_of(layout.align());
        match start.checked_add(layout.size()).filter(|end| *end <= self.limit.get()) {
            Some(end) => {
                self.top.set(end);
                self.live.set(self.live.get() + 1);
                start
            }
            None => exhaust(layout.size()),
        }
    }

    /// Notes how high the pointer is, before it goes down or over a block that must be zero.
    fn note_peak(&self) {
        let top = self.top.get();
        self.peak.set(self.peak.get().max(top));
        self.touched.set(self.touched.get().max(top));
    }

    /// Uncounts a block, and takes the pointer back if it was the last.
    fn give(&self, block: usize, size: usize) {
        if !self.mine.get() {
            return; // Another thread's: it stays counted, so its memory is not used again.
        }
        let count = if block >= self.floor.get() { &self.live } else { &self.kept };
        count.set(count.get().saturating_sub(1));
        if block + size == self.top.get() && block >= self.floor.get() {
            self.note_peak();
            self.top.set(block);
        }
    }

    /// Resizes the last block where it is. `false` if it is not the last.
    fn stretch(&self, block: usize, old: usize, new: usize) -> bool {
        if self.mode.get() != Mode::Inside
            || block + old != self.top.get()
            || block < self.floor.get()
        {
            return false;
        }
        match block.checked_add(new).filter(|end| *end <= self.limit.get()) {
            Some(end) => {
                self.note_peak();
                self.top.set(end);
                true
            }
            None => exhaust(new - old),
        }
    }
}

#[cold]
fn exhaust(asked: usize) -> ! {
    match Station::current() {
        Some(station) => station.exhaust_memory(asked),
        // Only a worker has an arena.
        None => std::process::abort(),
    }
}

/// What the other allocator gave; in a worker, its refusal is the end of the budget.
fn granted(block: *mut u8, asked: usize) -> *mut u8 {
    if block.is_null()
        && let Some(station) = Station::current()
    {
        station.exhaust_memory(asked);
    }
    block
}

// SAFETY: blocks of the arena are aligned and disjoint: the pointer only moves up while blocks below it live, except over the last
// block when that is freed. At a task's end it goes back only if no block above that place is live. Blocks of
// the other allocator go back to it. Zero-sized layouts are not passed by the contract of the trait.
unsafe impl<A: GlobalAlloc> GlobalAlloc for ArenaAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TRAY.with(|tray| match tray.mode.get() {
            Mode::Inside => std::ptr::with_exposed_provenance_mut(tray.take(layout)),
            Mode::Outside | Mode::Asked => {
                if tray.mode.get() == Mode::Asked {
                    INSTALLED.store(true, Ordering::Relaxed);
                }
                // SAFETY: the caller's promise about `layout` is passed on.
                granted(unsafe { self.inner.alloc(layout) }, layout.size())
            }
        })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        TRAY.with(|tray| {
            if tray.mode.get() != Mode::Inside {
                // SAFETY: the caller's promise about `layout` is passed on.
                return granted(unsafe { self.inner.alloc_zeroed(layout) }, layout.size());
            }
            let start = tray.take(layout);
            let block: *mut u8 = std::ptr::with_exposed_provenance_mut(start);
            let dirty = tray.touched.get().saturating_sub(start).min(layout.size());
            // SAFETY: the block was just taken, and `dirty` is not more than its size.
            unsafe { block.write_bytes(0, dirty) };
            block
        })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if owns(block) {
            TRAY.with(|tray| tray.give(block.addr(), layout.size()));
        } else {
            // SAFETY: the block is not ours, so it came from the other allocator.
            unsafe { self.inner.dealloc(block, layout) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !owns(block) {
            // SAFETY: the block is not ours, so it came from the other allocator.
            return granted(unsafe { self.inner.realloc(block, layout, size) }, size);
        }
        if TRAY.with(|tray| tray.stretch(block.addr(), layout.size(), size))
            || size <= layout.size()
        {
            return block;
        }
        // SAFETY: the caller promises that `size`, rounded up to the alignment, does not overflow. Both blocks are live and
        // apart, and the old one is smaller.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                std::ptr::copy_nonoverlapping(block, new, layout.size());
                self.dealloc(block, layout);
            }
            new
        }
    }
}
