//! The tables that a running program has about itself, and the symbols.

use morph_object::{Section, SymbolKind};

use super::pieces::{Out, Window, add_to_each, word};
use super::plan::{Names, Plan};
use super::{Former, Unfit, unfit};
use crate::Input;
use crate::dwarf::Sequence;
use crate::elf::{self, Symbol};
use crate::map::Defined;
use crate::tables::{self, display_name};

impl Plan<'_> {
    /// The definitions of each object with the offsets of their names.
    pub(super) fn each_definition(
        &self,
        mut each: impl FnMut(usize, u32, &[(u32, Defined)]) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let mut used = 1;
        let mut unit = 0;
        let mut last_unit = "";
        let mut names = Names::of(self.old);
        let mut own = Vec::new();
        for (run, first, objects) in self.old.runs() {
            if run.path != last_unit {
                last_unit = &run.path;
                unit = used;
                used += run.path.len() as u32 + 1;
            }
            for at in first..first + objects.len() {
                own.clear();
                for definition in self.definitions(at) {
                    own.push((used, *definition));
                    used += display_name(names.next(definition).unwrap_or("")).len() as u32 + 1;
                }
                each(at, unit, &own)?;
            }
        }
        Ok(())
    }

    pub(super) fn functions(&self, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
        out.pad_to(self.now.functions.offset)?;
        let names = self.now.names.address as u32;
        let mut found = Vec::new();
        self.each_definition(|at, unit, definitions| {
            found.clear();
            let text = self.now.parts[at].text;
            let functions = definitions.iter().filter(|(_, one)| one.is_function());
            found.extend(
                functions.map(|(name, one)| (text + u64::from(one.offset), one.size, *name)),
            );
            found.sort_unstable();
            for &(address, size, name) in &found {
                out.words([address as u32, size, names + name, names + unit])?;
            }
            Ok(())
        })
    }

    pub(super) fn symbols(&self, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
        out.put(&[0; elf::SYM])?;
        self.each_definition(|at, _, definitions| {
            for (name, one) in definitions {
                let symbol = Symbol {
                    name: *name,
                    address: self.now.parts[at].of(one.section) + u64::from(one.offset),
                    size: one.size,
                    function: one.kind == SymbolKind::Function,
                    section: one.section,
                };
                out.put(&symbol.bytes())?;
            }
            Ok(())
        })
    }

    /// The table of lines.
    pub(super) fn lines(
        &self,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        out.pad_to(self.now.lines.offset)?;
        let mut window = Window::default();
        let mut from = self.was.lines.offset;
        let end = from + self.was.lines.size;
        for (at, placed) in self.old.objects.iter().enumerate() {
            let length = placed.share.lines as usize * tables::LINE_ENTRY;
            let begin = from;
            from += length as u64;
            if self.changed(at).is_some() {
                let sequence = self.sequence(at, begin, former)?;
                for (offset, line, column) in sequence.rows {
                    let address = sequence.start as u32 + offset;
                    out.words([address, tables::place(line, column)])?;
                }
            } else if length != 0 {
                let bytes = out.room(window.get(former, begin, length, end)?)?;
                add_to_each(bytes, tables::LINE_ENTRY, self.moved(at, Section::Text));
            }
        }
        Ok(())
    }

    /// The lines of an object where it stands now; its former ones begin at `lines` of the image.
    pub(super) fn sequence(
        &self,
        at: usize,
        lines: u64,
        former: &mut Former<'_>,
    ) -> Result<Sequence, Unfit> {
        let (was, now) = (&self.old.objects[at], self.placed(at));
        let start = self.now.parts[at].text;
        if let Some(object) = self.object(at) {
            let input = Input {
                object,
                unit: "",
                first_line: now.first_line,
                first_column: now.first_column,
                closable: false,
            };
            return Ok(Sequence::of(&input, start));
        }
        let mut bytes = vec![0; was.share.lines as usize * tables::LINE_ENTRY];
        former(lines, &mut bytes)?;
        let mut rows = Vec::with_capacity(was.share.lines as usize);
        for entry in bytes.chunks_exact(tables::LINE_ENTRY) {
            let (address, place) = (word(entry, 0), word(entry, 4));
            let (line, column) = tables::line_and_column(place);
            let begins = line == was.first_line;
            let offset = i64::from(address) - self.was.parts[at].text as i64;
            let line = i64::from(line) - i64::from(was.first_line) + i64::from(now.first_line);
            let by =
                if begins { i64::from(now.first_column) - i64::from(was.first_column) } else { 0 };
            // Where the table says less than the compiler knew, nothing can be moved.
            if column == tables::MAX_COLUMN || line >= i64::from(tables::MAX_LINE) {
                return unfit("a line is too long");
            }
            let (Ok(offset), Ok(line), Ok(column)) =
                (u32::try_from(offset), u32::try_from(line), u32::try_from(i64::from(column) + by))
            else {
                return unfit("the table of lines is damaged");
            };
            rows.push((offset, line, column));
        }
        Ok(Sequence { start, length: u64::from(was.share.text), rows })
    }

    pub(super) fn traps(
        &self,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        out.pad_to(self.now.traps.offset)?;
        let mut window = Window::default();
        let mut from = self.was.traps.offset;
        let end = from + self.was.traps.size;
        for (at, placed) in self.old.objects.iter().enumerate() {
            let length = placed.share.traps as usize * tables::TRAP_ENTRY;
            let begin = from;
            from += length as u64;
            if let Some(object) = self.object(at) {
                let text = self.now.parts[at].text as u32;
                for trap in &object.traps {
                    out.words([text + trap.offset, trap.kind as u32])?;
                }
            } else if length != 0 {
                let bytes = out.room(window.get(former, begin, length, end)?)?;
                add_to_each(bytes, tables::TRAP_ENTRY, self.moved(at, Section::Text));
            }
        }
        Ok(())
    }

    pub(super) fn gates(&self, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
        if !self.old.gates {
            return Ok(());
        }
        out.pad_to(self.now.gates.offset)?;
        let mut used = 0;
        let mut path = 0;
        let mut last_unit = None;
        for (run, first, objects) in self.old.runs() {
            for (at, placed) in (first..).zip(objects) {
                if !placed.closable {
                    continue;
                }
                if last_unit.replace(&run.path) != Some(&run.path) {
                    path = self.now.gate_paths.address as u32 + used;
                    used += run.path.len() as u32 + 1;
                }
                let text = self.now.parts[at].text as u32;
                for function in self.definitions(at).iter().filter(|one| one.is_function()) {
                    out.words([text + function.offset, path])?;
                }
            }
        }
        Ok(())
    }
}
