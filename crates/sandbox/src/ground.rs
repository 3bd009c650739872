//! What is known of this process before the fork, for records of crashes: where its code lies and where its stack ends.

use std::ops::Range;

/// Bounds within this process. Addresses only; nothing here is dereferenced.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// Where the executable was loaded.
    pub(crate) image_base: usize,
    /// Its code.
    pub(crate) text: Range<usize>,
    /// The stack of the thread that forks.
    pub(crate) stack: Range<usize>,
}

impl Ground {
    /// Of this process and the calling thread.
    pub(crate) fn survey() -> Ground {
        let (image_base, text) = executable();
        Ground { image_base, text, stack: stack() }
    }

    /// Whether a fault at `address`, with the stack at `stack_pointer`, is a stack that is full: the address lies around the
    /// stack's low end, or the stack pointer itself has left the stack there.
    pub(crate) fn at_guard(&self, address: usize, stack_pointer: usize) -> bool {
        // A frame without probes may jump over the guard page, but not over a megabyte (the kernel's own gap below a stack).
        const REACH: usize = 1 << 20;
        const SLACK: usize = 64 << 10;
        let low = self.stack.start;
        if low == 0 {
            return false;
        }
        let edge = low.saturating_sub(REACH)..low + SLACK;
        edge.contains(&address) && edge.contains(&stack_pointer)
    }
}

/// Load address and code range of the executable: the first object that the loader lists.
fn executable() -> (usize, Range<usize>) {
    extern "C" fn first(
        info: *mut libc::dl_phdr_info,
        _size: libc::size_t,
        found: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the loader passes a valid description, and `found` is the pointer passed below.
        let (info, found) = unsafe { (&*info, &mut *found.cast::<(usize, Range<usize>)>()) };
        found.0 = info.dlpi_addr as usize;
        let (mut low, mut high) = (usize::MAX, 0);
        for index in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: the loader says that there are `dlpi_phnum` headers.
            let header = unsafe { &*info.dlpi_phdr.add(index) };
            if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_X != 0 {
                let start = found.0 + header.p_vaddr as usize;
                low = low.min(start);
                high = high.max(start + header.p_memsz as usize);
            }
        }
        if low < high {
            found.1 = low..high;
        }
        1 // Not zero: ask for no more objects.
    }
    let mut found: (usize, Range<usize>) = (0, 0..0);
    // SAFETY: the callback only reads what it is given and writes to `found`, which lives through the call.
    unsafe {
        libc::dl_iterate_phdr(Some(first), (&raw mut found).cast());
    }
    found
}

/// The stack of the calling thread; empty if it cannot be told.
fn stack() -> Range<usize> {
    // SAFETY: `attributes` is initialised by `pthread_getattr_np` before it is read, and destroyed once.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return 0..0;
        }
        let mut low = std::ptr::null_mut();
        let mut size = 0;
        let told = libc::pthread_attr_getstack(&raw const attributes, &raw mut low, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        if told == 0 { low as usize..low as usize + size } else { 0..0 }
    }
}
