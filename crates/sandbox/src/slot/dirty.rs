//! Which pages of a slot have a private copy.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{PAGE, Slot};

/// Ways to find the pages of a slot that were written, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tracking {
    /// The kernel lists them: the PAGEMAP_SCAN call of Linux 6.7.
    Scan,
    /// A word a page from `/proc/self/pagemap`.
    Pagemap,
    /// All pages are compared with the saved state. Works everywhere, costs by the size.
    Compare,
}

impl Tracking {
    /// Every way.
    pub const ALL: [Tracking; 3] = [Tracking::Scan, Tracking::Pagemap, Tracking::Compare];

    /// The best way that works here, tried once in the life of the process.
    pub fn best() -> Tracking {
        static BEST: OnceLock<Tracking> = OnceLock::new();
        *BEST.get_or_init(|| {
            Tracking::ALL.into_iter().find(|way| way.works()).unwrap_or(Tracking::Compare)
        })
    }

    /// Whether it finds exactly the page that was written.
    pub(crate) fn works(self) -> bool {
        let find = || {
            let mut slot = Slot::with_tracking(4 * PAGE, self)?;
            let _seen = std::hint::black_box(slot.bytes().first().copied());
            if let Some(byte) = slot.bytes_mut().get_mut(2 * PAGE) {
                *byte = 1;
            }
            slot.checkpoint()
        };
        find().is_ok_and(|found| found.into_iter().flatten().eq([2]))
    }
}

#[derive(Debug)]
pub(super) enum Tracker {
    Scan(File),
    Pagemap(File),
    Compare,
}

impl Tracker {
    pub(super) fn open(tracking: Tracking) -> io::Result<Tracker> {
        let pagemap = || File::open("/proc/self/pagemap");
        Ok(match tracking {
            Tracking::Scan => Tracker::Scan(pagemap()?),
            Tracking::Pagemap => Tracker::Pagemap(pagemap()?),
            Tracking::Compare => Tracker::Compare,
        })
    }

    pub(super) fn tracking(&self) -> Tracking {
        match self {
            Tracker::Scan(_) => Tracking::Scan,
            Tracker::Pagemap(_) => Tracking::Pagemap,
            Tracker::Compare => Tracking::Compare,
        }
    }

    /// Pages of `live` that may differ from `saved`: ranges of page numbers, in order, apart from each other.
    pub(super) fn find(&self, live: &[u8], saved: &OwnedFd) -> io::Result<Vec<Range<usize>>> {
        match self {
            Tracker::Scan(pagemap) => scan(pagemap, live),
            Tracker::Pagemap(pagemap) => read_pagemap(pagemap, live),
            Tracker::Compare => compare(live, saved),
        }
    }
}

/// Adds a range behind the others, joined to the last if they touch.
fn add(found: &mut Vec<Range<usize>>, range: Range<usize>) {
    match found.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        Some(_) | None => found.push(range),
    }
}

/// `struct pm_scan_arg` of linux/fs.h.
#[derive(Debug, Default)]
#[repr(C)]
struct ScanArguments {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    regions: u64,
    region_count: u64,
    most_pages: u64,
    inverted: u64,
    all_of: u64,
    any_of: u64,
    told: u64,
}

/// `struct page_region` of linux/fs.h.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Region {
    start: u64,
    end: u64,
    categories: u64,
}

const IS_FILE: u64 = 1 << 2;
const IS_PRESENT: u64 = 1 << 3;
const IS_SWAPPED: u64 = 1 << 4;
/// `_IOWR('f', 16, struct pm_scan_arg)`
const PAGEMAP_SCAN: libc::Ioctl = 0xc060_6610_u32 as libc::Ioctl;

fn scan(pagemap: &File, live: &[u8]) -> io::Result<Vec<Range<usize>>> {
    let base = live.as_ptr().addr();
    let end = (base + live.len()) as u64;
    let mut regions = [Region::default(); 256];
    let mut found = Vec::new();
    let mut start = base as u64;
    while start < end {
        let mut arguments = ScanArguments {
            size: size_of::<ScanArguments>() as u64,
            start,
            end,
            regions: regions.as_mut_ptr().expose_provenance() as u64,
            region_count: regions.len() as u64,
            inverted: IS_FILE,
            all_of: IS_FILE,
            any_of: IS_PRESENT | IS_SWAPPED,
            told: IS_PRESENT,
            ..ScanArguments::default()
        };
        // SAFETY: the arguments are as the kernel's header describes them and live through the call; it writes at most
        // `region_count` regions.
        let told = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut arguments) };
        if told < 0 {
            return Err(io::Error::last_os_error());
        }
        for region in regions.iter().take(told as usize) {
            let pages = |address: u64| (address as usize - base) / PAGE;
            add(&mut found, pages(region.start)..pages(region.end));
        }
        if arguments.walk_end <= start {
            return Err(io::Error::other("the scan of the page map does not come forward"));
        }
        start = arguments.walk_end;
    }
    Ok(found)
}

/// The words of the page map: bit 63 present, 62 swapped, 61 page of a file.
fn read_pagemap(pagemap: &File, live: &[u8]) -> io::Result<Vec<Range<usize>>> {
    const WORD: usize = 8;
    let page = rustix::param::page_size();
    let first = live.as_ptr().addr() / page;
    let count = live.len() / page;
    let mut words = vec![0_u8; count * WORD];
    let mut done = 0;
    while let Some(rest) = words.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(pagemap, rest, (first * WORD + done) as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => done += read,
        }
    }
    let mut found = Vec::new();
    let (words, _) = words.as_chunks::<WORD>();
    let per_page = page / PAGE;
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_ne_bytes(*word);
        if word >> 62 != 0 && word >> 61 & 1 == 0 {
            add(&mut found, index * per_page..(index + 1) * per_page);
        }
    }
    Ok(found)
}

fn compare(live: &[u8], saved: &OwnedFd) -> io::Result<Vec<Range<usize>>> {
    const STEP: usize = 64 * PAGE;
    let mut buffer = vec![0_u8; STEP];
    let mut found = Vec::new();
    for (step, live) in live.chunks(STEP).enumerate() {
        let Some(buffer) = buffer.get_mut(..live.len()) else { break };
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match rustix::io::pread(saved, rest, (step * STEP + done) as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        for (index, (live, saved)) in live.chunks(PAGE).zip(buffer.chunks(PAGE)).enumerate() {
            if live != saved {
                let page = step * (STEP / PAGE) + index;
                add(&mut found, page..page + 1);
            }
        }
    }
    Ok(found)
}
