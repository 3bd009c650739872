//! Writes the image: bytes of the objects, relocations, tables, symbols.

use morph_object::{Reloc, Section, SymbolKind, Target};

use crate::dwarf::Told;
use crate::elf::{self, Symbol, Tail};
use crate::gates;
use crate::layout::{Layout, is_function};
use crate::mark::Live;
use crate::relocation::resolve;
use crate::tables::{self, display_name};
use crate::{Debug, Input, LinkError, Options, user};

pub(crate) fn emit(
    inputs: &[Input<'_>],
    options: &Options,
    live: &Live,
    layout: &Layout,
    told: &Told,
) -> Result<Vec<u8>, LinkError> {
    let debug: Vec<(&str, u64)> =
        told.sections.iter().map(|section| (section.name, section.bytes.len() as u64)).collect();
    let tail = (options.debug != Debug::None).then(|| Tail::plan(layout, &debug));
    let loaded = layout.data.offset + layout.data.size;
    let mut image = vec![0; tail.as_ref().map_or(loaded, Tail::end) as usize];
    copy(&mut image, 0, &elf::headers(options.machine, layout, tail.as_ref()));
    for &at in &live.order {
        let input = &inputs[at as usize];
        let object = input.object;
        let part = &layout.parts[at as usize];
        copy(&mut image, part.text - layout.text.address + layout.text.offset, &object.text);
        copy(
            &mut image,
            part.rodata - layout.rodata.address + layout.rodata.offset,
            &object.rodata,
        );
        copy(&mut image, part.data - layout.data.address + layout.data.offset, &object.data);
        for reloc in &object.relocs {
            relocate(&mut image, inputs, live, layout, at, reloc)?;
        }
    }
    for (n, closed) in live.closed.iter().enumerate() {
        let definition =
            &inputs[closed.input as usize].object.definitions[closed.definition as usize];
        let address = layout.parts[closed.input as usize].of(definition.section)
            + u64::from(definition.offset);
        let at = layout.closed_globals.offset + (n * tables::CLOSED_ENTRY) as u64;
        copy(&mut image, at, &address.to_le_bytes());
    }
    write_traps(&mut image, inputs, live, layout);
    gates::write(&mut image, inputs, live, layout);
    if let Some(tail) = tail {
        let mut at = tail.symbols.offset + elf::SYM as u64;
        for symbol in write_tables(&mut image, inputs, live, layout) {
            copy(&mut image, at, &symbol.bytes());
            at += elf::SYM as u64;
        }
        for (section, at) in told.sections.iter().zip(tail.debug) {
            copy(&mut image, at, &section.bytes);
        }
        copy(&mut image, tail.names.offset, &tail.name_bytes);
        copy(&mut image, tail.headers.offset, &tail.header_bytes);
    }
    Ok(image)
}

fn copy(image: &mut [u8], offset: u64, bytes: &[u8]) {
    image[offset as usize..offset as usize + bytes.len()].copy_from_slice(bytes);
}

fn relocate(
    image: &mut [u8],
    inputs: &[Input<'_>],
    live: &Live,
    layout: &Layout,
    at: u32,
    reloc: &Reloc,
) -> Result<(), LinkError> {
    let input = &inputs[at as usize];
    let object = input.object;
    let number = at as usize;
    let malformed =
        |problem| LinkError::Malformed { input: Some(number), user: user(input), problem };
    let (extent, length) = match reloc.section {
        Section::Text => (&layout.text, object.text.len()),
        Section::Rodata => (&layout.rodata, object.rodata.len()),
        Section::Data => (&layout.data, object.data.len()),
        Section::Bss => return Err(malformed("a relocation in zeroed data")),
    };
    if reloc.offset as usize + reloc.kind.width() > length {
        return Err(malformed("a relocation reaches past its section"));
    }
    let target = match reloc.target {
        Target::Symbol(symbol) if symbol as usize >= object.symbols.len() => {
            return Err(malformed("a relocation names a symbol that the object does not list"));
        }
        Target::Symbol(symbol) => layout.address(live.id(at, symbol)),
        Target::Section(section) => layout.parts[at as usize].of(section),
    };
    let place = layout.parts[at as usize].of(reloc.section) + u64::from(reloc.offset);
    let value = (target as i64).wrapping_add(reloc.addend);
    let file = (place - extent.address + extent.offset) as usize;
    let field = &mut image[file..file + reloc.kind.width()];
    if resolve(field, reloc.kind, place, value) {
        return Ok(());
    }
    let target = match reloc.target {
        Target::Symbol(symbol) => format!("`{}`", display_name(&object.symbols[symbol as usize])),
        Target::Section(section) => format!("its own {section:?} section"),
    };
    let addend = reloc.addend;
    Err(LinkError::RelocationOverflow { input: number, user: user(input), target, addend })
}

/// Fills the tables that the crash reporter reads, and gives the symbols for debuggers.
fn write_tables(
    image: &mut [u8],
    inputs: &[Input<'_>],
    live: &Live,
    layout: &Layout,
) -> Vec<Symbol> {
    let mut symbols = Vec::with_capacity(layout.named);
    let mut functions = Words::at(layout.functions.offset);
    let mut lines = Words::at(layout.lines.offset);
    let mut names = Names { used: 1, ..Names::at(layout.names.offset) };
    let mut last_unit = "";
    let mut unit = 0;
    let mut found: Vec<(u64, u32, u32)> = Vec::new();
    for &at in &live.order {
        let input = &inputs[at as usize];
        let object = input.object;
        let part = &layout.parts[at as usize];
        if input.unit != last_unit {
            last_unit = input.unit;
            unit = names.add(image, input.unit);
        }
        found.clear();
        for definition in &object.definitions {
            let name = names.add(image, display_name(&definition.symbol));
            let address = part.of(definition.section) + u64::from(definition.offset);
            symbols.push(Symbol {
                name,
                address,
                size: definition.size,
                function: definition.kind == SymbolKind::Function,
                section: definition.section,
            });
            if is_function(definition) {
                found.push((address, definition.size, name));
            }
        }
        found.sort_unstable();
        for &(address, size, name) in &found {
            let name = layout.names.address as u32 + name;
            let unit = layout.names.address as u32 + unit;
            functions.add(image, [address as u32, size, name, unit]);
        }
        for line in &object.lines {
            let column = if line.line == 0 { input.first_column } else { 0 } + line.column + 1;
            let place = tables::place(input.first_line.saturating_add(line.line), column);
            lines.add(image, [part.text as u32 + line.offset, place]);
        }
    }
    symbols
}

/// Fills the table that tells why an instruction can fault; images without any other table have it too.
fn write_traps(image: &mut [u8], inputs: &[Input<'_>], live: &Live, layout: &Layout) {
    let mut traps = Words::at(layout.traps.offset);
    for &at in &live.order {
        let text = layout.parts[at as usize].text as u32;
        for trap in &inputs[at as usize].object.traps {
            traps.add(image, [text + trap.offset, trap.kind as u32]);
        }
    }
}

/// Writes a table of four-byte fields, entry by entry.
pub(crate) struct Words {
    offset: u64,
}

impl Words {
    pub(crate) fn at(offset: u64) -> Words {
        Words { offset }
    }

    pub(crate) fn add<const N: usize>(&mut self, image: &mut [u8], fields: [u32; N]) {
        let entry = &mut image[self.offset as usize..self.offset as usize + 4 * N];
        for (bytes, field) in entry.chunks_exact_mut(4).zip(fields) {
            bytes.copy_from_slice(&field.to_le_bytes());
        }
        self.offset += 4 * N as u64;
    }
}

/// Writes texts one after the other, each with a NUL behind it.
pub(crate) struct Names {
    offset: u64,
    used: u32,
}

impl Names {
    pub(crate) fn at(offset: u64) -> Names {
        Names { offset, used: 0 }
    }

    /// Gives the text's offset from the start of the names.
    pub(crate) fn add(&mut self, image: &mut [u8], text: &str) -> u32 {
        let start = self.used;
        copy(image, self.offset + u64::from(start), text.as_bytes());
        self.used += text.len() as u32 + 1;
        start
    }
}
