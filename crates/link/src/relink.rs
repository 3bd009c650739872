//! A few objects of an image exchanged: what comes out is, byte for byte, the image that linking everything again would give.
//!
//! ```text
//! former image, its map, new objects  ->  where everything goes now  ->  part by part, front to back:
//!                                         bytes of the former image, fields moved; bytes of the new objects
//! ```
//!
//! The former image is read once and in pieces, and what comes out is given away in pieces, so that neither is ever in memory as a whole.

use std::io;
use std::ops::Range;

use morph_object::{Object, RelocKind, Section, Target};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::dwarf::{self, ADDRESS_IN_FRAME, ADDRESS_IN_SEQUENCE, Head, Sequence};
use crate::elf::{self, DebugSection, Symbol, Tail};
use crate::layout::{Extent, Layout, Share};
use crate::map::{Defined, Fixup, Goal, Map, Placed};
use crate::relocation::resolve;
use crate::symbols::PROVIDED;
use crate::tables::{self, display_name};
use crate::{Input, Machine};

/// Where an input of the former link stands now, and what it is now if it is not what it was.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Number of the input.
    pub input: u32,
    pub object: Option<&'a Object>,
    pub first_line: u32,
    pub first_column: u32,
}

/// Why an image cannot be made from the former one. Linking everything is always possible.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Other(&'static str),
}

/// The bytes of the former image: fills the slice with those from an offset on.
pub type Former<'f> = dyn FnMut(u64, &mut [u8]) -> io::Result<()> + 'f;
/// Takes the next bytes of the new one.
pub type Sink<'s> = dyn FnMut(&[u8]) -> io::Result<()> + 's;

/// Makes the image in which some objects are exchanged; gives its map.
///
/// # Errors
///
/// If the former image cannot be read, or the new one not written; if an object defines other symbols than the former one, or names one
/// that is not in the image; if something is no longer reached. What was written by then is of no use.
pub fn relink(
    map: &Map,
    exchanges: &[Exchange<'_>],
    former: &mut Former<'_>,
    sink: &mut Sink<'_>,
) -> Result<Map, Unfit> {
    let plan = Plan::new(map, exchanges)?;
    let mut out = Out { sink, buffer: Vec::with_capacity(2 * PIECE), at: 0 };
    plan.write(former, &mut out)
}

/// Bytes that are given away at once.
const PIECE: usize = 1 << 17;

fn unfit<T>(why: &'static str) -> Result<T, Unfit> {
    Err(Unfit::Other(why))
}

/// What becomes of one placed object.
#[derive(Clone, Copy)]
enum Fate<'a> {
    Stays,
    /// It stands elsewhere in its unit.
    Moves,
    Exchanged(&'a Object),
}

struct Plan<'a> {
    old: &'a Map,
    new: Map,
    fates: Vec<Fate<'a>>,
    was: Layout,
    now: Layout,
    /// First fixup and first definition of each object of the former map.
    first: Vec<(u32, u32)>,
    /// What the symbols of exchanged objects stand for.
    goals: FxHashMap<&'a str, Goal>,
    /// By definition: where it is now, and how far that is from where it was.
    addresses: Vec<(u64, i64)>,
}

impl<'a> Plan<'a> {
    fn new(old: &'a Map, exchanges: &[Exchange<'a>]) -> Result<Plan<'a>, Unfit> {
        let mut new = old.clone();
        let mut fates = vec![Fate::Stays; old.objects.len()];
        for exchange in exchanges {
            // One that is not there has no effect.
            let found = old.objects.binary_search_by_key(&exchange.input, |placed| placed.input);
            let Ok(at) = found else { continue };
            let placed = &mut new.objects[at];
            let moves = (placed.first_line, placed.first_column)
                != (exchange.first_line, exchange.first_column);
            (placed.first_line, placed.first_column) = (exchange.first_line, exchange.first_column);
            fates[at] = match exchange.object {
                Some(object) => {
                    placed.share = Share::of(object, old.debug());
                    Fate::Exchanged(object)
                }
                None if moves => Fate::Moves,
                None => Fate::Stays,
            };
        }
        let mut first = Vec::with_capacity(old.objects.len());
        let (mut fixups, mut definitions) = (0, 0);
        for placed in &old.objects {
            first.push((fixups, definitions));
            fixups += placed.fixups;
            definitions += placed.definitions;
        }
        let whole = fixups as usize == old.fixups.len()
            && definitions as usize == old.definitions.len()
            && old.definitions.iter().map(|one| one.name as usize).sum::<usize>()
                == old.names.len();
        if !whole {
            return unfit("the map is damaged");
        }
        let goals = goals(old, &fates);
        let mut plan = Plan {
            old,
            was: old.layout().ok_or(Unfit::Other("the image is too large"))?,
            now: new.layout().ok_or(Unfit::Other("the image is too large"))?,
            new,
            fates,
            first,
            goals,
            addresses: Vec::new(),
        };
        plan.exchange()?;
        plan.reach()?;
        plan.take_addresses()?;
        Ok(plan)
    }

    /// Puts definitions and fixups of the new objects in place of the former ones.
    fn exchange(&mut self) -> Result<(), Unfit> {
        let mut fixups = Vec::with_capacity(self.old.fixups.len());
        let mut names = Names::of(self.old);
        for (at, fate) in self.fates.iter().enumerate() {
            let (first, definitions) = self.first[at];
            let placed = &mut self.new.objects[at];
            let Fate::Exchanged(object) = fate else {
                let own = first as usize..(first + placed.fixups) as usize;
                fixups.extend_from_slice(&self.old.fixups[own]);
                names.skip(placed.definitions);
                continue;
            };
            if object.definitions.len() != placed.definitions as usize {
                return unfit("an object defines other symbols");
            }
            for (own, definition) in object.definitions.iter().enumerate() {
                let slot = &mut self.new.definitions[definitions as usize + own];
                let same = names.next() == Some(definition.symbol.as_str())
                    && (slot.section, slot.kind) == (definition.section, definition.kind);
                if !same {
                    return unfit("an object defines other symbols");
                }
                (slot.offset, slot.size) = (definition.offset, definition.size);
            }
            placed.fixups = object.relocs.len() as u32;
            for reloc in &object.relocs {
                let goal = match reloc.target {
                    Target::Section(section) => Goal::Own(section),
                    Target::Symbol(symbol) => {
                        let symbol = object.symbols.get(symbol as usize);
                        let goal = symbol.and_then(|symbol| self.goals.get(symbol.as_str()));
                        *goal.ok_or(Unfit::Other("a symbol is not in the image"))?
                    }
                };
                let (section, offset, kind) = (reloc.section, reloc.offset, reloc.kind);
                fixups.push(Fixup { section, offset, kind, goal });
            }
        }
        self.new.fixups = fixups;
        Ok(())
    }

    /// Whether everything is still reached, and the table of gates there if and only if something names it.
    fn reach(&self) -> Result<(), Unfit> {
        let map = &self.new;
        let mut owner = Vec::with_capacity(map.definitions.len());
        let mut first = Vec::with_capacity(map.objects.len());
        let mut fixups = 0;
        for (at, placed) in (0_u32..).zip(&map.objects) {
            owner.extend((0..placed.definitions).map(|_| at));
            first.push(fixups as usize..(fixups + placed.fixups) as usize);
            fixups += placed.fixups;
        }
        let mut reached = vec![false; map.objects.len()];
        let mut gates = false;
        let mut work: Vec<u32> = owner.get(map.entry as usize).copied().into_iter().collect();
        let mut count = 0;
        while let Some(at) = work.pop() {
            if std::mem::replace(&mut reached[at as usize], true) {
                continue;
            }
            count += 1;
            let mut goal = |goal: Goal| match goal {
                Goal::Own(_) => {}
                Goal::Defined(definition) => {
                    work.extend(
                        owner.get(definition as usize).filter(|at| !reached[**at as usize]),
                    );
                }
                Goal::Provided(provided) => gates |= provided.is_gates(),
            };
            map.fixups[first[at as usize].clone()].iter().for_each(|fixup| goal(fixup.goal));
            // One may be named, and no field refer to it.
            if let Fate::Exchanged(object) = self.fates[at as usize] {
                for symbol in &object.symbols {
                    match self.goals.get(symbol.as_str()) {
                        Some(found) => goal(*found),
                        None => return unfit("a symbol is not in the image"),
                    }
                }
            }
        }
        if count != reached.len() || gates != map.gates {
            return unfit("something is no longer reached");
        }
        Ok(())
    }

    fn take_addresses(&mut self) -> Result<(), Unfit> {
        let mut addresses = Vec::with_capacity(self.old.definitions.len());
        let mut pairs = self.old.definitions.iter().zip(&self.new.definitions);
        for (at, placed) in self.old.objects.iter().enumerate() {
            for (old, new) in pairs.by_ref().take(placed.definitions as usize) {
                let was = self.was.parts[at].of(old.section) + u64::from(old.offset);
                let now = self.now.parts[at].of(new.section) + u64::from(new.offset);
                addresses.push((now, now as i64 - was as i64));
            }
        }
        let entry = addresses.get(self.old.entry as usize);
        self.now.entry = entry.ok_or(Unfit::Other("the map is damaged"))?.0;
        self.addresses = addresses;
        Ok(())
    }

    /// How far a part of an object moves.
    fn moved(&self, at: usize, section: Section) -> i64 {
        self.now.parts[at].of(section) as i64 - self.was.parts[at].of(section) as i64
    }

    /// Where a goal is, and how far it has moved.
    fn goal(&self, at: usize, goal: Goal) -> Result<(u64, i64), Unfit> {
        match goal {
            Goal::Own(section) => Ok((self.now.parts[at].of(section), self.moved(at, section))),
            Goal::Defined(definition) => {
                let found = self.addresses.get(definition as usize);
                found.copied().ok_or(Unfit::Other("the map is damaged"))
            }
            Goal::Provided(provided) => {
                let (was, now) = (self.was.provided(provided), self.now.provided(provided));
                Ok((now, now as i64 - was as i64))
            }
        }
    }

    fn write(mut self, former: &mut Former<'_>, out: &mut Out<'_, '_>) -> Result<Map, Unfit> {
        let (tail, debug) = if self.old.debug {
            let lines = self.old_lines();
            let former_debug = self.former_sections(&lines)?;
            let was = Tail::plan(&self.was, &former_debug);
            let places = former_debug.iter().map(|(name, _)| *name).zip(was.debug);
            let debug = self.debug(&lines, &places.collect::<Vec<_>>(), former)?;
            let sizes: Vec<(&str, u64)> =
                debug.iter().map(|part| (part.name(), part.size())).collect();
            (Some(Tail::plan(&self.now, &sizes)), debug)
        } else {
            (None, Vec::new())
        };
        out.put(&elf::headers(Machine::X86_64, &self.now, tail.as_ref()))?;
        self.contents(Section::Rodata, former, out)?;
        if self.old.debug {
            self.functions(out)?;
            self.lines(former, out)?;
        }
        self.traps(former, out)?;
        self.gates(out)?;
        if self.old.debug {
            out.pad_to(self.now.names.offset)?;
            copy(former, self.was.names, out)?;
        }
        if self.old.gates {
            out.pad_to(self.now.gate_paths.offset)?;
            copy(former, self.was.gate_paths, out)?;
        }
        self.contents(Section::Text, former, out)?;
        self.contents(Section::Data, former, out)?;
        out.pad_to(self.now.data.offset + self.now.data.size)?;
        if let Some(tail) = tail {
            out.pad_to(tail.symbols.offset)?;
            self.symbols(out)?;
            for (part, at) in debug.into_iter().zip(&tail.debug) {
                out.pad_to(*at)?;
                match part {
                    Part::Made(section) => out.put(&section.bytes)?,
                    Part::Lines { units, .. } => self.put_lines(units, former, out)?,
                    Part::Frames { at, .. } => self.put_frames(at, former, out)?,
                }
            }
            out.pad_to(tail.names.offset)?;
            out.put(&tail.name_bytes)?;
            out.pad_to(tail.headers.offset)?;
            out.put(&tail.header_bytes)?;
        }
        out.flush()?;
        Ok(self.new)
    }

    /// The objects' parts of one section.
    fn contents(
        &self,
        section: Section,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        let (was, now) = match section {
            Section::Text => (self.was.text, self.now.text),
            Section::Rodata => (self.was.rodata, self.now.rodata),
            Section::Data => (self.was.data, self.now.data),
            Section::Bss => return Ok(()),
        };
        let size = |placed: &Placed| match section {
            Section::Text => placed.share.text,
            Section::Rodata => placed.share.rodata,
            Section::Data | Section::Bss => placed.share.data,
        };
        let mut window = Window::default();
        let (mut fixups, mut next) = (0, 0);
        for (at, placed) in self.old.objects.iter().enumerate() {
            let own_fixups = fixups..fixups + placed.fixups as usize;
            let next_fixups = next..next + self.new.objects[at].fixups as usize;
            (fixups, next) = (own_fixups.end, next_fixups.end);
            let place = self.now.parts[at].of(section);
            if let Fate::Exchanged(object) = self.fates[at] {
                let bytes = match section {
                    Section::Text => &object.text,
                    Section::Rodata => &object.rodata,
                    Section::Data | Section::Bss => &object.data,
                };
                if !bytes.is_empty() {
                    out.pad_to(place - now.address + now.offset)?;
                    let field = out.room(bytes)?;
                    self.fill(at, object, section, next_fixups, field)?;
                }
                continue;
            }
            let length = size(placed) as usize;
            if length == 0 {
                continue;
            }
            let from = self.was.parts[at].of(section) - was.address + was.offset;
            out.pad_to(place - now.address + now.offset)?;
            let bytes = window.get(former, from, length, was.offset + was.size)?;
            let bytes = out.room(bytes)?;
            for fixup in &self.old.fixups[own_fixups] {
                if fixup.section == section {
                    self.shift(at, fixup, bytes)?;
                }
            }
        }
        Ok(())
    }

    /// Resolves the fields of a new object in one section.
    fn fill(
        &self,
        at: usize,
        object: &Object,
        section: Section,
        fixups: Range<usize>,
        bytes: &mut [u8],
    ) -> Result<(), Unfit> {
        for (reloc, fixup) in object.relocs.iter().zip(&self.new.fixups[fixups]) {
            if reloc.section != section {
                continue;
            }
            let (target, _) = self.goal(at, fixup.goal)?;
            let start = reloc.offset as usize;
            let Some(field) = bytes.get_mut(start..start + reloc.kind.width()) else {
                return unfit("a relocation reaches past its section");
            };
            let place = self.now.parts[at].of(section) + u64::from(reloc.offset);
            let value = (target as i64).wrapping_add(reloc.addend);
            if !resolve(field, reloc.kind, place, value) {
                return unfit("an address does not fit");
            }
        }
        Ok(())
    }

    /// Moves the address in a field as far as what it names has moved.
    fn shift(&self, at: usize, fixup: &Fixup, bytes: &mut [u8]) -> Result<(), Unfit> {
        let (_, mut by) = self.goal(at, fixup.goal)?;
        if fixup.kind == RelocKind::Rel32 {
            by -= self.moved(at, fixup.section);
        }
        if by == 0 {
            return Ok(());
        }
        let start = fixup.offset as usize;
        let Some(field) = bytes.get_mut(start..start + fixup.kind.width()) else {
            return unfit("the map is damaged");
        };
        if let Ok(word) = <&mut [u8; 8]>::try_from(&mut *field) {
            *word = i64::from_le_bytes(*word).wrapping_add(by).to_le_bytes();
            return Ok(());
        }
        let Ok(word) = <&mut [u8; 4]>::try_from(field) else { return unfit("the map is damaged") };
        let moved = match fixup.kind {
            RelocKind::Abs32 => {
                u32::try_from(i64::from(u32::from_le_bytes(*word)) + by).map(u32::to_le_bytes)
            }
            RelocKind::Abs32Signed | RelocKind::Rel32 => {
                i32::try_from(i64::from(i32::from_le_bytes(*word)) + by).map(i32::to_le_bytes)
            }
            RelocKind::Abs64
            | RelocKind::Branch26
            | RelocKind::Page21
            | RelocKind::PageOffset12
            | RelocKind::WordOffset12 => return unfit("a field of another machine"),
        };
        *word = moved.map_err(|_| Unfit::Other("an address does not fit"))?;
        Ok(())
    }

    /// The definitions of each object with the offsets of their names.
    fn each_definition(
        &self,
        mut each: impl FnMut(usize, u32, &[(u32, Defined)]) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let mut used = 1;
        let mut unit = 0;
        let mut last_unit = "";
        let mut definitions = self.new.definitions.iter();
        let mut names = Names::of(self.old);
        let mut own = Vec::new();
        for (run, first, objects) in self.new.runs() {
            if run.path != last_unit {
                last_unit = &run.path;
                unit = used;
                used += run.path.len() as u32 + 1;
            }
            for (at, placed) in (first..).zip(objects) {
                own.clear();
                for definition in definitions.by_ref().take(placed.definitions as usize) {
                    own.push((used, *definition));
                    used += display_name(names.next().unwrap_or("")).len() as u32 + 1;
                }
                each(at, unit, &own)?;
            }
        }
        Ok(())
    }

    fn functions(&self, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
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

    fn symbols(&self, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
        out.put(&[0; elf::SYM])?;
        self.each_definition(|at, _, definitions| {
            for (name, one) in definitions {
                let symbol = Symbol {
                    name: *name,
                    address: self.now.parts[at].of(one.section) + u64::from(one.offset),
                    size: one.size,
                    function: one.kind == morph_object::SymbolKind::Function,
                    section: one.section,
                };
                out.put(&symbol.bytes())?;
            }
            Ok(())
        })
    }

    /// The table of lines.
    fn lines(&self, former: &mut Former<'_>, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
        out.pad_to(self.now.lines.offset)?;
        let mut window = Window::default();
        let mut from = self.was.lines.offset;
        let end = from + self.was.lines.size;
        for (at, placed) in self.old.objects.iter().enumerate() {
            let length = placed.share.lines as usize * tables::LINE_ENTRY;
            let begin = from;
            from += length as u64;
            match self.fates[at] {
                Fate::Exchanged(_) | Fate::Moves => {
                    let sequence = self.sequence(at, begin, former)?;
                    for (offset, line, column) in sequence.rows {
                        let address = sequence.start as u32 + offset;
                        out.words([address, tables::place(line, column)])?;
                    }
                }
                Fate::Stays if length != 0 => {
                    let bytes = out.room(window.get(former, begin, length, end)?)?;
                    add_to_each(bytes, tables::LINE_ENTRY, self.moved(at, Section::Text));
                }
                Fate::Stays => {}
            }
        }
        Ok(())
    }

    /// The lines of an object where it stands now; its former ones begin at `lines` of the image.
    fn sequence(&self, at: usize, lines: u64, former: &mut Former<'_>) -> Result<Sequence, Unfit> {
        let (was, now) = (&self.old.objects[at], &self.new.objects[at]);
        let start = self.now.parts[at].text;
        if let Fate::Exchanged(object) = self.fates[at] {
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

    fn traps(&self, former: &mut Former<'_>, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
        out.pad_to(self.now.traps.offset)?;
        let mut window = Window::default();
        let mut from = self.was.traps.offset;
        let end = from + self.was.traps.size;
        for (at, placed) in self.old.objects.iter().enumerate() {
            let length = placed.share.traps as usize * tables::TRAP_ENTRY;
            let begin = from;
            from += length as u64;
            if let Fate::Exchanged(object) = self.fates[at] {
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

    fn gates(&self, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
        if !self.old.gates {
            return Ok(());
        }
        out.pad_to(self.now.gates.offset)?;
        let mut used = 0;
        let mut path = 0;
        let mut last_unit = None;
        let mut definitions = self.new.definitions.iter();
        for (run, first, objects) in self.new.runs() {
            for (at, placed) in (first..).zip(objects) {
                let own = definitions.by_ref().take(placed.definitions as usize);
                let functions: Vec<u32> =
                    own.filter(|one| one.is_function()).map(|one| one.offset).collect();
                if !placed.closable {
                    continue;
                }
                if last_unit.replace(&run.path) != Some(&run.path) {
                    path = self.now.gate_paths.address as u32 + used;
                    used += run.path.len() as u32 + 1;
                }
                let text = self.now.parts[at].text as u32;
                for offset in functions {
                    out.words([text + offset, path])?;
                }
            }
        }
        Ok(())
    }

    /// Bytes of each unit's former lines for debuggers.
    fn old_lines(&self) -> Vec<u32> {
        let size = |(run, _, objects): (&crate::map::Run, usize, &[Placed])| {
            run.head + objects.iter().map(|placed| placed.sequence).sum::<u32>()
        };
        self.old.runs().map(size).collect()
    }

    /// The sections for debuggers of the former image.
    fn former_sections(&self, lines: &[u32]) -> Result<Vec<(&'static str, u64)>, Unfit> {
        let heads = self.heads(self.old, &self.was, lines)?;
        let lines = lines.iter().map(|length| u64::from(*length)).sum();
        let frames: u64 = self.old.objects.iter().map(|placed| u64::from(placed.frames)).sum();
        let frames = frames + u64::from(self.old.frames);
        Ok(in_order(heads, lines, frames).iter().map(|part| (part.name(), part.size())).collect())
    }

    /// What is told of each unit beside its lines.
    fn heads(&self, map: &Map, layout: &Layout, lines: &[u32]) -> Result<[DebugSection; 2], Unfit> {
        let mut at = 0;
        let mut heads = Vec::with_capacity(lines.len());
        for ((run, first, objects), length) in map.runs().zip(lines) {
            let parts = layout.parts.get(first..first + objects.len());
            let parts = parts.ok_or(Unfit::Other("the map is damaged"))?;
            let code = || parts.iter().zip(objects);
            let start = code().map(|(part, _)| part.text).min();
            let end = code().map(|(part, placed)| part.text + u64::from(placed.share.text)).max();
            heads.push(Head {
                path: &run.path,
                span: (start.unwrap_or(0), end.unwrap_or(0)),
                lines: (*length != 0).then_some(at),
            });
            at += length;
        }
        Ok(dwarf::heads(&heads))
    }

    /// The sections for debuggers; of those that are large, what will be in them.
    fn debug(
        &mut self,
        old_lines: &[u32],
        places: &[(&str, u64)],
        former: &mut Former<'_>,
    ) -> Result<Vec<Part>, Unfit> {
        let place = |wanted: &str| {
            places.iter().find(|(name, _)| *name == wanted).map_or(0, |(_, place)| *place)
        };
        let (lines_at, frames_at) = (place(".debug_line"), place(".debug_frame"));
        let mut units = Vec::with_capacity(old_lines.len());
        let mut lengths = Vec::with_capacity(old_lines.len());
        let mut at = lines_at;
        let mut table = self.was.lines.offset;
        let runs: Vec<(String, usize, usize, u32)> = self
            .old
            .runs()
            .map(|(run, first, objects)| (run.path.clone(), first, objects.len(), run.head))
            .collect();
        for (number, (path, first, count, head)) in runs.into_iter().enumerate() {
            let objects = first..first + count;
            let stays = objects.clone().all(|at| matches!(self.fates[at], Fate::Stays));
            let length = old_lines[number];
            if stays {
                units.push(Lines::Stay { at, head, first, count });
                lengths.push(length);
                let lines: u32 = self.old.objects[objects].iter().map(|one| one.share.lines).sum();
                table += u64::from(lines) * tables::LINE_ENTRY as u64;
            } else {
                let mut sequences = Vec::with_capacity(count);
                for at in objects {
                    sequences.push(self.sequence(at, table, former)?);
                    table +=
                        u64::from(self.old.objects[at].share.lines) * tables::LINE_ENTRY as u64;
                }
                let (bytes, each) = if sequences.iter().all(|one| one.rows.is_empty()) {
                    (Vec::new(), vec![0; count])
                } else {
                    dwarf::lines(&path, &sequences)
                };
                for (placed, length) in self.new.objects[first..].iter_mut().zip(&each) {
                    placed.sequence = *length;
                }
                let head = bytes.len() as u32 - each.iter().sum::<u32>();
                self.new.units[number].head = head;
                lengths.push(bytes.len() as u32);
                units.push(Lines::Made(bytes));
            }
            at += u64::from(length);
        }
        let heads = self.heads(&self.new, &self.now, &lengths)?;
        let frames = self.new_frames();
        let lines = lengths.iter().map(|length| u64::from(*length)).sum();
        let mut parts = in_order(heads, lines, frames);
        for part in &mut parts {
            match part {
                Part::Lines { units: slot, .. } => *slot = std::mem::take(&mut units),
                Part::Frames { at, .. } => *at = frames_at,
                Part::Made(_) => {}
            }
        }
        Ok(parts)
    }

    /// Bytes of the descriptions of all frames.
    fn new_frames(&mut self) -> u64 {
        let mut sum = u64::from(self.old.frames);
        for (at, fate) in self.fates.iter().enumerate() {
            if let Fate::Exchanged(object) = fate {
                let bytes = dwarf::frames(Machine::X86_64, object, self.now.parts[at].text);
                self.new.objects[at].frames = bytes.len() as u32;
            }
            sum += u64::from(self.new.objects[at].frames);
        }
        sum
    }

    fn put_lines(
        &self,
        units: Vec<Lines>,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        for unit in units {
            let (at, head, first, count) = match unit {
                Lines::Made(bytes) => {
                    out.put(&bytes)?;
                    continue;
                }
                Lines::Stay { at, head, first, count } => (at, head, first, count),
            };
            let objects = &self.old.objects[first..first + count];
            let length: u32 = head + objects.iter().map(|one| one.sequence).sum::<u32>();
            if length == 0 {
                continue;
            }
            let mut bytes = vec![0; length as usize];
            former(at, &mut bytes)?;
            let mut from = head as usize;
            for (number, placed) in (first..).zip(objects) {
                if placed.sequence != 0 {
                    add(&mut bytes, from + ADDRESS_IN_SEQUENCE, self.moved(number, Section::Text))?;
                }
                from += placed.sequence as usize;
            }
            out.put(&bytes)?;
        }
        Ok(())
    }

    fn put_frames(
        &self,
        at: u64,
        former: &mut Former<'_>,
        out: &mut Out<'_, '_>,
    ) -> Result<(), Unfit> {
        let size: u64 = self.old.objects.iter().map(|placed| u64::from(placed.frames)).sum();
        let end = at + u64::from(self.old.frames) + size;
        let mut window = Window::default();
        let mut from = at + u64::from(self.old.frames);
        if self.old.frames != 0 {
            let shared = window.get(former, at, self.old.frames as usize, end)?;
            out.put(shared)?;
        }
        for (number, placed) in self.old.objects.iter().enumerate() {
            let length = placed.frames as usize;
            let begin = from;
            from += length as u64;
            if let Fate::Exchanged(object) = self.fates[number] {
                let text = self.now.parts[number].text;
                out.put(&dwarf::frames(Machine::X86_64, object, text))?;
                continue;
            }
            if length == 0 {
                continue;
            }
            let bytes = out.room(window.get(former, begin, length, end)?)?;
            let by = self.moved(number, Section::Text);
            let mut next = 0;
            while next < length {
                add(bytes, next + ADDRESS_IN_FRAME, by)?;
                next += 4 + bytes.get(next..next + 4).map_or(length, |size| word(size, 0) as usize);
            }
        }
        Ok(())
    }
}

/// A section for debuggers.
enum Part {
    Made(DebugSection),
    Lines { size: u64, units: Vec<Lines> },
    Frames { size: u64, at: u64 },
}

/// The lines of a unit.
enum Lines {
    /// They stand at `at` of the former image.
    Stay {
        at: u64,
        head: u32,
        first: usize,
        count: usize,
    },
    Made(Vec<u8>),
}

impl Part {
    fn name(&self) -> &'static str {
        match self {
            Part::Made(section) => section.name,
            Part::Lines { .. } => ".debug_line",
            Part::Frames { .. } => ".debug_frame",
        }
    }

    fn size(&self) -> u64 {
        match self {
            Part::Made(section) => section.bytes.len() as u64,
            Part::Lines { size, .. } | Part::Frames { size, .. } => *size,
        }
    }
}

/// The sections in the order in which [`dwarf::of`] gives them; of those that are not heads only the sizes.
fn in_order([abbrev, info]: [DebugSection; 2], lines: u64, frames: u64) -> Vec<Part> {
    let mut parts = vec![Part::Made(abbrev)];
    parts.push(Part::Lines { size: lines, units: Vec::new() });
    parts.push(Part::Made(info));
    parts.push(Part::Frames { size: frames, at: 0 });
    parts.retain(|part| part.size() != 0 || matches!(part, Part::Made(_)));
    parts
}

/// What the symbols that exchanged objects name stand for.
fn goals<'a>(map: &Map, fates: &[Fate<'a>]) -> FxHashMap<&'a str, Goal> {
    let mut wanted: FxHashSet<&'a str> = FxHashSet::default();
    for fate in fates {
        if let Fate::Exchanged(object) = fate {
            wanted.extend(object.symbols.iter().map(String::as_str));
        }
    }
    let mut goals = FxHashMap::default();
    for (name, provided) in PROVIDED {
        if let Some(name) = wanted.get(name) {
            goals.insert(*name, Goal::Provided(*provided));
        }
    }
    let mut names = Names::of(map);
    for definition in 0..map.definitions.len() as u32 {
        if let Some(name) = names.next().and_then(|name| wanted.get(name)) {
            goals.insert(*name, Goal::Defined(definition));
        }
    }
    goals
}

/// The names of a map's definitions, one after the other.
struct Names<'m> {
    definitions: std::slice::Iter<'m, Defined>,
    rest: &'m str,
}

impl<'m> Names<'m> {
    fn of(map: &'m Map) -> Names<'m> {
        Names { definitions: map.definitions.iter(), rest: &map.names }
    }

    fn next(&mut self) -> Option<&'m str> {
        let length = self.definitions.next()?.name as usize;
        let (name, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(name)
    }

    fn skip(&mut self, count: u32) {
        for _ in 0..count {
            self.next();
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |word| u32::from_le_bytes(std::array::from_fn(|n| word[n])))
}

/// Moves the address at the front of each entry.
fn add_to_each(bytes: &mut [u8], entry: usize, by: i64) {
    if by == 0 {
        return;
    }
    for entry in bytes.chunks_exact_mut(entry) {
        let moved = word(entry, 0).wrapping_add(by as u32);
        entry[..4].copy_from_slice(&moved.to_le_bytes());
    }
}

/// Moves the address of eight bytes at `at`.
fn add(bytes: &mut [u8], at: usize, by: i64) -> Result<(), Unfit> {
    let field = bytes.get_mut(at..at + 8).and_then(|field| <&mut [u8; 8]>::try_from(field).ok());
    let field = field.ok_or(Unfit::Other("the image is damaged"))?;
    *field = i64::from_le_bytes(*field).wrapping_add(by).to_le_bytes();
    Ok(())
}

fn copy(former: &mut Former<'_>, from: Extent, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
    let end = from.offset + from.size;
    let mut at = from.offset;
    let mut bytes = vec![0; PIECE.min(from.size as usize)];
    while at < end {
        let length = bytes.len().min((end - at) as usize);
        former(at, &mut bytes[..length])?;
        out.put(&bytes[..length])?;
        at += length as u64;
    }
    Ok(())
}

/// A piece of the former image, read ahead.
#[derive(Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// `length` bytes from `at` on; what is read ahead ends at `end`.
    fn get(
        &mut self,
        former: &mut Former<'_>,
        at: u64,
        length: usize,
        end: u64,
    ) -> Result<&[u8], Unfit> {
        let there = at >= self.start && at + length as u64 <= self.start + self.bytes.len() as u64;
        if !there {
            let ahead = PIECE.max(length).min(end.saturating_sub(at) as usize);
            if ahead < length {
                return unfit("the map is damaged");
            }
            self.bytes.resize(ahead, 0);
            former(at, &mut self.bytes)?;
            self.start = at;
        }
        let from = (at - self.start) as usize;
        Ok(&self.bytes[from..from + length])
    }
}

/// What is given away in pieces.
struct Out<'o, 's> {
    sink: &'o mut Sink<'s>,
    buffer: Vec<u8>,
    /// Bytes before those in the buffer.
    at: u64,
}

impl Out<'_, '_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        self.room(bytes)?;
        Ok(())
    }

    /// As [`Out::put`]; the bytes may still be changed.
    fn room(&mut self, bytes: &[u8]) -> Result<&mut [u8], Unfit> {
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        let start = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        Ok(&mut self.buffer[start..])
    }

    fn words<const N: usize>(&mut self, words: [u32; N]) -> Result<(), Unfit> {
        words.into_iter().try_for_each(|word| self.put(&word.to_le_bytes()))
    }

    /// Zeros up to an offset of the image.
    fn pad_to(&mut self, offset: u64) -> Result<(), Unfit> {
        let here = self.at + self.buffer.len() as u64;
        let Some(missing) = offset.checked_sub(here) else {
            return unfit("the map is damaged");
        };
        // Between two parts there is never a page.
        if missing > 1 << 16 {
            return unfit("the map is damaged");
        }
        self.buffer.resize(self.buffer.len() + missing as usize, 0);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Unfit> {
        (self.sink)(&self.buffer)?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
