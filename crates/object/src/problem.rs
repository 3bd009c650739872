//! What an object must be like before anybody relies on it.

use crate::{Object, Section, Target};

impl Object {
    /// What is wrong with an object that came from somewhere else; `None` if it can be linked.
    pub fn problem(&self) -> Option<&'static str> {
        let size = |section: Section| match section {
            Section::Text => self.text.len() as u64,
            Section::Rodata => self.rodata.len() as u64,
            Section::Data => self.data.len() as u64,
            Section::Bss => u64::from(self.bss_size),
        };
        for definition in &self.definitions {
            let end = u64::from(definition.offset) + u64::from(definition.size);
            if end > size(definition.section) {
                return Some("a definition reaches past its section");
            }
        }
        for reloc in &self.relocs {
            let width = reloc.kind.width() as u64;
            if reloc.section == Section::Bss {
                return Some("a relocation in zeroed data");
            }
            if u64::from(reloc.offset) + width > size(reloc.section) {
                return Some("a relocation reaches past its section");
            }
            if let Target::Symbol(symbol) = reloc.target
                && symbol as usize >= self.symbols.len()
            {
                return Some("a relocation names a symbol that the object does not list");
            }
        }
        if !self.lines.is_sorted_by_key(|line| line.offset) {
            return Some("the line table is not sorted");
        }
        if !self.traps.is_sorted_by_key(|trap| trap.offset) {
            return Some("the trap table is not sorted");
        }
        let past = |offset: u32| u64::from(offset) > size(Section::Text);
        if self.lines.last().is_some_and(|line| past(line.offset))
            || self.traps.last().is_some_and(|trap| past(trap.offset))
        {
            return Some("a table reaches past the code");
        }
        None
    }
}
