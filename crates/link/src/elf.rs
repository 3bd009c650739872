//! The bytes of an ELF file around the sections: headers in front, symbols and section headers behind.

use morph_object::Section;

use crate::Machine;
use crate::layout::{Extent, Layout};

const EHDR: u64 = 64;
const PHDR: u64 = 56;
const SHDR: usize = 64;
const SYM: usize = 24;

const PT_LOAD: u32 = 1;
const PT_GNU_STACK: u32 = 0x6474_E551;
const X: u32 = 1;
const W: u32 = 2;
const R: u32 = 4;

/// Where the file header tells about section headers: their offset, how many, and which one has their names.
const E_SHOFF: usize = 40;
const E_SHENTSIZE: usize = 58;

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

/// Fills the front of the image.
pub(crate) fn write_headers(image: &mut [u8], machine: Machine, layout: &Layout) {
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
    // Section headers: `write_tail` fills this in.
    out.u64(0);
    out.u32(0);
    out.u16(EHDR as u16);
    out.u16(PHDR as u16);
    out.u16(segments(closed));
    for _ in 0..3 {
        out.u16(0);
    }

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
    image[..out.0.len()].copy_from_slice(&out.0);
}

/// Room for what [`write_tail`] appends.
pub(crate) fn tail_size(symbols: usize, debug: &[DebugSection]) -> usize {
    const NAMES_AND_ALIGNMENT: usize = 256;
    let debugged: usize = debug.iter().map(|section| section.bytes.len()).sum();
    (symbols + 1) * SYM + debugged + (debug.len() + 8) * SHDR + NAMES_AND_ALIGNMENT
}

/// Appends the symbol table, the sections for debuggers, the names of sections and the section headers.
pub(crate) fn write_tail(
    image: &mut Vec<u8>,
    layout: &Layout,
    symbols: &[Symbol],
    debug: &[DebugSection],
) {
    let mut out = Writer(std::mem::take(image));
    out.align(8);
    let symtab = out.0.len() as u64;
    out.0.resize(out.0.len() + SYM, 0);
    for symbol in symbols {
        out.u32(symbol.name);
        // Local binding: nothing outside this image links to it.
        out.0.push(if symbol.function { 2 } else { 1 });
        out.0.push(0);
        out.u16(match symbol.section {
            Section::Rodata => 1,
            Section::Text => 2,
            Section::Data => 3,
            Section::Bss => 4,
        });
        out.u64(symbol.address);
        out.u64(u64::from(symbol.size));
    }
    let symtab_size = out.0.len() as u64 - symtab;
    let mut places = Vec::with_capacity(debug.len());
    for section in debug {
        places.push(out.0.len() as u64);
        out.0.extend_from_slice(&section.bytes);
    }
    let mut names = SectionNames(vec![0]);
    let mut headers = Writer(vec![0; SHDR]);
    let (alloc, write, exec) = (2, 1, 4);
    headers.section(names.add(".rodata"), 1, alloc, layout.rodata, [0, 0, 16, 0]);
    headers.section(names.add(".text"), 1, alloc | exec, layout.text, [0, 0, 16, 0]);
    headers.section(names.add(".data"), 1, alloc | write, layout.data, [0, 0, 8, 0]);
    headers.section(names.add(".bss"), 8, alloc | write, layout.bss, [0, 0, 8, 0]);
    let at = Extent { address: 0, offset: symtab, size: symtab_size };
    let rest = [6, symbols.len() as u64 + 1, 8, SYM as u64];
    headers.section(names.add(".symtab"), 2, 0, at, rest);
    let at = Extent { address: 0, ..layout.names };
    headers.section(names.add(".strtab"), 3, 0, at, [0, 0, 1, 0]);
    for (section, offset) in debug.iter().zip(places) {
        let at = Extent { address: 0, offset, size: section.bytes.len() as u64 };
        headers.section(names.add(section.name), 1, 0, at, [0, 0, 1, 0]);
    }
    let name = names.add(".shstrtab");
    let at = Extent { address: 0, offset: out.0.len() as u64, size: names.0.len() as u64 };
    headers.section(name, 3, 0, at, [0, 0, 1, 0]);
    out.0.extend_from_slice(&names.0);
    out.align(8);
    let offset = out.0.len() as u64;
    let count = (headers.0.len() / SHDR) as u16;
    out.0.extend_from_slice(&headers.0);
    out.0[E_SHOFF..E_SHOFF + 8].copy_from_slice(&offset.to_le_bytes());
    for (n, field) in [SHDR as u16, count, count - 1].into_iter().enumerate() {
        let at = E_SHENTSIZE + 2 * n;
        out.0[at..at + 2].copy_from_slice(&field.to_le_bytes());
    }
    *image = out.0;
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

    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
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
