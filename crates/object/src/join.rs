//! Two objects as one: a fragment may be more than one function.

use crate::{Definition, Line, Object, Reloc, Section, Target, Trap};

/// Code begins at multiples of this, as in the image.
const TEXT_ALIGN: usize = 16;
const DATA_ALIGN: usize = 8;
/// What lies between two pieces of code is never executed (`int3` on x86_64, no instruction anywhere else).
const PADDING: u8 = 0xcc;

impl Object {
    /// Adds another object's code and data behind this one's. Both may name the same symbols, but not define them.
    pub fn append(&mut self, other: &Object) {
        pad(&mut self.text, TEXT_ALIGN, PADDING);
        pad(&mut self.rodata, TEXT_ALIGN, 0);
        pad(&mut self.data, DATA_ALIGN, 0);
        self.bss_size = self.bss_size.next_multiple_of(DATA_ALIGN as u32);
        let (text, rodata) = (self.text.len() as u32, self.rodata.len() as u32);
        let (data, bss) = (self.data.len() as u32, self.bss_size);
        let base = |section: Section| match section {
            Section::Text => text,
            Section::Rodata => rodata,
            Section::Data => data,
            Section::Bss => bss,
        };
        self.text.extend_from_slice(&other.text);
        self.rodata.extend_from_slice(&other.rodata);
        self.data.extend_from_slice(&other.data);
        self.bss_size += other.bss_size;
        for definition in &other.definitions {
            let offset = definition.offset + base(definition.section);
            self.definitions.push(Definition { offset, ..definition.clone() });
        }
        for reloc in &other.relocs {
            let (target, addend) = match reloc.target {
                Target::Symbol(index) => {
                    (Target::Symbol(self.name(&other.symbols[index as usize])), reloc.addend)
                }
                Target::Section(section) => (reloc.target, reloc.addend + i64::from(base(section))),
            };
            let offset = reloc.offset + base(reloc.section);
            self.relocs.push(Reloc { offset, target, addend, ..*reloc });
        }
        self.relocs.sort_by_key(|reloc| (reloc.section, reloc.offset));
        let lines = other.lines.iter();
        self.lines.extend(lines.map(|line| Line { offset: line.offset + text, ..*line }));
        let traps = other.traps.iter();
        self.traps.extend(traps.map(|trap| Trap { offset: trap.offset + text, ..*trap }));
    }

    /// The index of a symbol that relocations name.
    fn name(&mut self, symbol: &str) -> u32 {
        let at = self.symbols.iter().position(|known| known == symbol).unwrap_or_else(|| {
            self.symbols.push(symbol.to_owned());
            self.symbols.len() - 1
        });
        at as u32
    }
}

fn pad(bytes: &mut Vec<u8>, align: usize, with: u8) {
    bytes.resize(bytes.len().next_multiple_of(align), with);
}
