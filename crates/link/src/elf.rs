//! The bytes of an ELF file around the sections: headers in front, symbols and section headers behind.

use morph_object::Section;

use crate::Machine;
use crate::layout::{Extent, Layout};

const EHDR: u64 = 64;
const PHDR: u64 = 56;
const SHDR: usize = 64;
pub(crate) const SYM: usize = 24;

const PT_LOAD: u32 = 1;
const PT_GNU_STACK: u32 = 0x6474_E551;
const X: u32 = 1;
const W: u32 = 2;
const R: u32 = 4;

/// A section for debuggers: in the file, not in memory.
pub(crate) struct DebugSection {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// A line of the symbol table.
#[derive(Clone, Copy)]
pub(crate) struct Symbol {
    /// Offset in the names.
    pub(crate) name: u32,
    pub(crate) address: u64,
    pub(crate) size: u32,
    pub(crate) function: bool,
    pub(crate) section: Section,
}

fn segments(closed: bool) -> u16 {
    if closed { 5 } else { 4 }
}

/// Bytes of the ELF header and the program headers.
pub(crate) fn headers_size(closed: bool) -> u64 {
    EHDR + PHDR * u64::from(segments(closed))
}

/// The front of an image; `tail` is what stands behind its data, if anything does.
pub(crate) fn headers(machine: Machine, layout: &Layout, tail: Option<&Tail>) -> Vec<u8> {
    let closed = layout.closed.size != 0;
    let mut out = Writer(Vec::with_capacity(headers_size(closed) as usize));
    out.0.extend_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    out.u16(2); // ET_EXEC
    out.u16(match machine {
        Machine::X86_64 => 62,
        Machine::Aarch64 => 183,
    });
    out.u32(1);
    out.u64(layout.entry);
    out.u64(EHDR);
    out.u64(tail.map_or(0, |tail| tail.headers.offset));
    out.u32(0);
    out.u16(EHDR as u16);
    out.u16(PHDR as u16);
    out.u16(segments(closed));
    let count = tail.map_or(0, |tail| (tail.headers.size as usize / SHDR) as u16);
    out.u16(if count == 0 { 0 } else { SHDR as u16 });
    out.u16(count);
    // The last section has the names of all.
    out.u16(count.saturating_sub(1));

    let front = layout.rodata.offset + layout.rodata.size;
    let base = layout.rodata.address - layout.rodata.offset;
    let headers = Extent { address: base, offset: 0, size: front };
    out.segment(PT_LOAD, R, headers, front, layout.page);
    out.segment(PT_LOAD, R | X, layout.text, layout.text.size, layout.page);
    out.segment(PT_LOAD, R | W, layout.data, layout.bss.end() - layout.data.address, layout.page);
    if closed {
        // Bytes of the file are named here, because Linux gives pages without bytes write access.
        out.segment(PT_LOAD, 0, layout.closed, layout.closed.size, layout.page);
    }
    out.segment(PT_GNU_STACK, R | W, Extent::default(), 0, 16);
    out.0
}

/// What stands behind the data: symbols, sections for debuggers, names of sections, section headers.
pub(crate) struct Tail {
    pub(crate) symbols: Extent,
    /// Where each section for debuggers begins.
    pub(crate) debug: Vec<u64>,
    pub(crate) names: Extent,
    pub(crate) headers: Extent,
    /// The bytes of the names, and those of the headers.
    pub(crate) name_bytes: Vec<u8>,
    pub(crate) header_bytes: Vec<u8>,
}

impl Tail {
    /// Of these sections for debuggers, each with its length.
    pub(crate) fn plan(layout: &Layout, debug: &[(&str, u64)]) -> Tail {
        let at = |offset: u64, size: u64| Extent { address: 0, offset, size };
        let loaded = layout.data.offset + layout.data.size;
        let symbols = at(loaded.next_multiple_of(8), (layout.named as u64 + 1) * SYM as u64);
        let mut end = symbols.offset + symbols.size;
        let mut places = Vec::with_capacity(debug.len());
        for (_, size) in debug {
            places.push(end);
            end += size;
        }
        let mut names = SectionNames(vec![0]);
        let mut headers = Writer(vec![0; SHDR]);
        let (alloc, write, exec) = (2, 1, 4);
        headers.section(names.add(".rodata"), 1, alloc, layout.rodata, [0, 0, 16, 0]);
        headers.section(names.add(".text"), 1, alloc | exec, layout.text, [0, 0, 16, 0]);
        headers.section(names.add(".data"), 1, alloc | write, layout.data, [0, 0, 8, 0]);
        headers.section(names.add(".bss"), 8, alloc | write, layout.bss, [0, 0, 8, 0]);
        let rest = [6, layout.named as u64 + 1, 8, SYM as u64];
        headers.section(names.add(".symtab"), 2, 0, symbols, rest);
        let strings = Extent { address: 0, ..layout.names };
        headers.section(names.add(".strtab"), 3, 0, strings, [0, 0, 1, 0]);
        for ((name, size), offset) in debug.iter().zip(&places) {
            headers.section(names.add(name), 1, 0, at(*offset, *size), [0, 0, 1, 0]);
        }
        let name = names.add(".shstrtab");
        let own = at(end, names.0.len() as u64);
        headers.section(name, 3, 0, own, [0, 0, 1, 0]);
        let offset = (own.offset + own.size).next_multiple_of(8);
        Tail {
            symbols,
            debug: places,
            names: own,
            headers: at(offset, headers.0.len() as u64),
            name_bytes: names.0,
            header_bytes: headers.0,
        }
    }

    /// Bytes of the whole file.
    pub(crate) fn end(&self) -> u64 {
        self.headers.offset + self.headers.size
    }
}

impl Symbol {
    /// The line as it stands in the table.
    pub(crate) fn bytes(&self) -> [u8; SYM] {
        let mut bytes = [0; SYM];
        bytes[..4].copy_from_slice(&self.name.to_le_bytes());
        // Local binding: nothing outside this image links to it.
        bytes[4] = if self.function { 2 } else { 1 };
        let section: u16 = match self.section {
            Section::Rodata => 1,
            Section::Text => 2,
            Section::Data => 3,
            Section::Bss => 4,
        };
        bytes[6..8].copy_from_slice(&section.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.address.to_le_bytes());
        bytes[16..].copy_from_slice(&u64::from(self.size).to_le_bytes());
        bytes
    }
}

/// The names of sections, each with a NUL behind it; the first is empty.
struct SectionNames(Vec<u8>);

impl SectionNames {
    /// Gives the name's offset.
    fn add(&mut self, name: &str) -> u32 {
        let at = self.0.len() as u32;
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
        at
    }
}

/// Appends little-endian fields.
struct Writer(Vec<u8>);

impl Writer {
    fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn segment(&mut self, kind: u32, flags: u32, file: Extent, memory: u64, align: u64) {
        self.u32(kind);
        self.u32(flags);
        self.u64(file.offset);
        self.u64(file.address);
        self.u64(file.address);
        self.u64(file.size);
        self.u64(memory);
        self.u64(align);
    }

    /// `rest` is link, info, alignment and entry size.
    fn section(&mut self, name: u32, kind: u32, flags: u64, at: Extent, rest: [u64; 4]) {
        self.u32(name);
        self.u32(kind);
        self.u64(flags);
        self.u64(at.address);
        self.u64(at.offset);
        self.u64(at.size);
        self.u32(rest[0] as u32);
        self.u32(rest[1] as u32);
        self.u64(rest[2]);
        self.u64(rest[3]);
    }
}
