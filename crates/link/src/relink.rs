//! A few objects of an image exchanged: what comes out is, byte for byte, the image that linking everything again would give.
//!
//! ```text
//! former image, its map, new objects  ->  where everything goes now  ->  part by part, front to back:
//!                                         bytes of the former image, fields moved; bytes of the new objects
//! ```
//!
//! The former image is read once and in pieces, and what comes out is given away in pieces, so that neither is ever in memory as a whole.

use std::collections::BTreeMap;
use std::io;

use morph_object::{Object, RelocKind, Section, Target};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::dwarf::{self, ADDRESS_IN_FRAME, ADDRESS_IN_SEQUENCE, Head, Sequence};
use crate::elf::{self, DebugSection, Symbol, Tail};
use crate::layout::{Extent, Layout, Share};
use crate::map::{Changed, Changes, Defined, FIXUP, Fixup, Goal, Map, ObjectParts, Placed};
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

/// Makes the image in which some objects are exchanged; gives what has changed in its map.
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
) -> Result<Changes, Unfit> {
    let plan = Plan::new(map, exchanges)?;
    let mut out = Out { sink, buffer: Vec::with_capacity(2 * PIECE), at: 0 };
    plan.write(former, &mut out)
}

/// Bytes that are given away at once.
const PIECE: usize = 1 << 17;

fn unfit<T>(why: &'static str) -> Result<T, Unfit> {
    Err(Unfit::Other(why))
}

/// An object that does not stay as it is, as it is now.
struct Now<'a> {
    /// The object, if it is exchanged; else it only stands elsewhere in its unit.
    object: Option<&'a Object>,
    placed: Placed,
    parts: Option<ObjectParts>,
}

struct Plan<'a> {
    old: &'a Map,
    /// Of each object which entry of `now` it is, if it has one.
    fates: Vec<u32>,
    changed: Vec<Now<'a>>,
    heads: BTreeMap<u32, u32>,
    was: Layout,
    now: Layout,
    /// First fixup and first definition of each object of the former map.
    first: Vec<(u32, u32)>,
    /// What the symbols of exchanged objects stand for.
    goals: FxHashMap<&'a str, Goal>,
    /// By definition: where it is now, and how far that is from where it was.
    addresses: Vec<(u32, i32)>,
}

/// An object that stays as it is.
const STAYS: u32 = u32::MAX;

impl<'a> Plan<'a> {
    fn new(old: &'a Map, exchanges: &[Exchange<'a>]) -> Result<Plan<'a>, Unfit> {
        let mut fates = vec![STAYS; old.objects.len()];
        let mut changed: Vec<Now<'a>> = Vec::new();
        for exchange in exchanges {
            // One that is not there has no effect.
            let found = old.objects.binary_search_by_key(&exchange.input, |placed| placed.input);
            let Ok(at) = found else { continue };
            let Exchange { object, first_line, first_column, .. } = *exchange;
            let placed = Placed { first_line, first_column, ..old.objects[at] };
            if object.is_none() && placed == old.objects[at] {
                continue;
            }
            let share = object.map_or(placed.share, |object| Share::of(object, old.debug()));
            fates[at] = changed.len() as u32;
            changed.push(Now { object, placed: Placed { share, ..placed }, parts: None });
        }
        let mut first = Vec::with_capacity(old.objects.len());
        let (mut fixups, mut definitions) = (0, 0);
        for placed in &old.objects {
            first.push((fixups, definitions));
            fixups += placed.fixups;
            definitions += placed.definitions;
        }
        let whole = fixups as usize * FIXUP == old.fixups.len()
            && each_fixup(&old.fixups).count() == fixups as usize
            && definitions as usize == old.definitions.len()
            && old.definitions.iter().map(|one| one.name as usize).sum::<usize>()
                == old.names.len();
        if !whole {
            return unfit("the map is damaged");
        }
        let share = |at: usize| match changed.get(fates[at] as usize) {
            Some(now) => now.placed.share,
            None => old.objects[at].share,
        };
        let large = "the image is too large";
        let was = old.layout(|at| old.objects[at].share).ok_or(Unfit::Other(large))?;
        let now = old.layout(share).ok_or(Unfit::Other(large))?;
        let goals = goals(old, &changed);
        let (heads, addresses) = (BTreeMap::new(), Vec::new());
        let mut plan = Plan { old, fates, changed, heads, was, now, first, goals, addresses };
        plan.exchange()?;
        plan.reach()?;
        plan.take_addresses()?;
        Ok(plan)
    }

    fn changed(&self, at: usize) -> Option<&Now<'a>> {
        self.changed.get(self.fates[at] as usize)
    }

    /// The object that takes the place of the former one.
    fn object(&self, at: usize) -> Option<&'a Object> {
        self.changed(at)?.object
    }

    fn placed(&self, at: usize) -> &Placed {
        self.changed(at).map_or(&self.old.objects[at], |now| &now.placed)
    }

    fn old_definitions(&self, at: usize) -> &'a [Defined] {
        let first = self.first[at].1 as usize;
        &self.old.definitions[first..first + self.old.objects[at].definitions as usize]
    }

    fn definitions(&self, at: usize) -> &[Defined] {
        let parts = self.changed(at).and_then(|now| now.parts.as_ref());
        parts.map_or(self.old_definitions(at), |parts| &parts.definitions)
    }

    fn old_fixups(&self, at: usize) -> &'a [u8] {
        let first = self.first[at].0 as usize * FIXUP;
        &self.old.fixups[first..first + self.old.objects[at].fixups as usize * FIXUP]
    }

    fn fixups(&self, at: usize) -> &[u8] {
        let parts = self.changed(at).and_then(|now| now.parts.as_ref());
        parts.map_or(self.old_fixups(at), |parts| &parts.fixups)
    }

    /// Finds the definitions and fixups of the new objects.
    fn exchange(&mut self) -> Result<(), Unfit> {
        let mut names = Names::of(self.old);
        for at in 0..self.fates.len() {
            let Some(object) = self.object(at) else {
                names.skip(self.old_definitions(at));
                continue;
            };
            let old = self.old_definitions(at);
            let definitions: Vec<Defined> = object.definitions.iter().map(Defined::of).collect();
            let same = |(old, new): (&Defined, &Defined)| {
                (old.section, old.kind) == (new.section, new.kind)
            };
            let named = object.definitions.iter().map(|one| Some(one.symbol.as_str()));
            let same = old.len() == definitions.len()
                && old.iter().zip(&definitions).all(same)
                && old.iter().zip(named).all(|(old, name)| names.next(old) == name);
            if !same {
                return unfit("an object defines other symbols");
            }
            let mut fixups = Vec::with_capacity(object.relocs.len() * FIXUP);
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
                let fixup = Fixup { section, offset, kind, goal }.pack();
                fixups.extend(fixup.ok_or(Unfit::Other("a field of another machine"))?);
            }
            let now = &mut self.changed[self.fates[at] as usize];
            now.placed.fixups = object.relocs.len() as u32;
            now.parts = Some(ObjectParts { definitions, fixups });
        }
        Ok(())
    }

    /// Whether everything is still reached, and the table of gates there if and only if something names it.
    fn reach(&self) -> Result<(), Unfit> {
        // One may be named, and no field refer to it.
        for object in self.changed.iter().filter_map(|now| now.object) {
            if !object.symbols.iter().all(|symbol| self.goals.contains_key(symbol.as_str())) {
                return unfit("a symbol is not in the image");
            }
        }
        if self.names_as_much() {
            return Ok(());
        }
        let mut owner = Vec::with_capacity(self.old.definitions.len());
        for (at, placed) in (0_u32..).zip(&self.old.objects) {
            owner.extend((0..placed.definitions).map(|_| at));
        }
        let mut reached = vec![false; self.fates.len()];
        let mut gates = false;
        let mut work: Vec<u32> = owner.get(self.old.entry as usize).copied().into_iter().collect();
        let mut count = 0;
        while let Some(at) = work.pop() {
            if std::mem::replace(&mut reached[at as usize], true) {
                continue;
            }
            count += 1;
            for goal in self.named(at as usize, self.fixups(at as usize)) {
                match goal {
                    Goal::Own(_) => {}
                    Goal::Defined(definition) => {
                        let found = owner.get(definition as usize);
                        work.extend(found.filter(|at| !reached[**at as usize]));
                    }
                    Goal::Provided(provided) => gates |= provided.is_gates(),
                }
            }
        }
        if count != reached.len() || gates != self.old.gates {
            return unfit("something is no longer reached");
        }
        Ok(())
    }

    /// Whether every new object names all that the former one named: then everything is reached that was.
    fn names_as_much(&self) -> bool {
        (0..self.fates.len()).filter(|at| self.object(*at).is_some()).all(|at| {
            let new: FxHashSet<Goal> = self.named(at, self.fixups(at)).collect();
            let gates = |goal: &Goal| matches!(goal, Goal::Provided(one) if one.is_gates());
            each_fixup(self.old_fixups(at)).all(|fixup| new.contains(&fixup.goal))
                && (self.old.gates || !new.iter().any(gates))
        })
    }

    /// What an object names: by its fixups, and if it is new also without one.
    fn named(&self, at: usize, fixups: &[u8]) -> impl Iterator<Item = Goal> {
        let symbols = self.object(at).map_or(&[][..], |object| &object.symbols);
        let symbols = symbols.iter().filter_map(|symbol| self.goals.get(symbol.as_str()));
        each_fixup(fixups).map(|fixup| fixup.goal).chain(symbols.copied())
    }

    fn take_addresses(&mut self) -> Result<(), Unfit> {
        let mut addresses = Vec::with_capacity(self.old.definitions.len());
        for at in 0..self.fates.len() {
            for (old, new) in self.old_definitions(at).iter().zip(self.definitions(at)) {
                let was = self.was.parts[at].of(old.section) + u64::from(old.offset);
                let now = self.now.parts[at].of(new.section) + u64::from(new.offset);
                // Images lie below 2 GB.
                addresses.push((now as u32, (now as i64 - was as i64) as i32));
            }
        }
        let entry = addresses.get(self.old.entry as usize);
        self.now.entry = u64::from(entry.ok_or(Unfit::Other("the map is damaged"))?.0);
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
                let (now, moved) = found.ok_or(Unfit::Other("the map is damaged"))?;
                Ok((u64::from(*now), i64::from(*moved)))
            }
            Goal::Provided(provided) => {
                let (was, now) = (self.was.provided(provided), self.now.provided(provided));
                Ok((now, now as i64 - was as i64))
            }
        }
    }

    fn write(mut self, former: &mut Former<'_>, out: &mut Out<'_, '_>) -> Result<Changes, Unfit> {
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
        let mut objects = BTreeMap::new();
        for (at, fate) in (0..).zip(&self.fates) {
            if let Some(now) = self.changed.get_mut(*fate as usize) {
                let parts = now.parts.take();
                objects.insert(at, Changed { placed: now.placed, parts });
            }
        }
        Ok(Changes { objects, heads: self.heads })
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
        for (at, placed) in self.old.objects.iter().enumerate() {
            let place = self.now.parts[at].of(section);
            if let Some(object) = self.object(at) {
                let bytes = match section {
                    Section::Text => &object.text,
                    Section::Rodata => &object.rodata,
                    Section::Data | Section::Bss => &object.data,
                };
                if !bytes.is_empty() {
                    out.pad_to(place - now.address + now.offset)?;
                    self.fill(at, object, section, out.room(bytes)?)?;
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
            for fixup in each_fixup(self.old_fixups(at)) {
                if fixup.section == section {
                    self.shift(at, &fixup, bytes)?;
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
        bytes: &mut [u8],
    ) -> Result<(), Unfit> {
        for (reloc, fixup) in object.relocs.iter().zip(each_fixup(self.fixups(at))) {
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
    fn sequence(&self, at: usize, lines: u64, former: &mut Former<'_>) -> Result<Sequence, Unfit> {
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

    fn traps(&self, former: &mut Former<'_>, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
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

    fn gates(&self, out: &mut Out<'_, '_>) -> Result<(), Unfit> {
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

    /// Bytes of each unit's former lines for debuggers.
    fn old_lines(&self) -> Vec<u32> {
        let size = |(run, _, objects): (&crate::map::Run, usize, &[Placed])| {
            run.head + objects.iter().map(|placed| placed.sequence).sum::<u32>()
        };
        self.old.runs().map(size).collect()
    }

    /// The sections for debuggers of the former image.
    fn former_sections(&self, lines: &[u32]) -> Result<Vec<(&'static str, u64)>, Unfit> {
        let heads = self.heads(&self.was, lines, |at| self.old.objects[at].share)?;
        let lines = lines.iter().map(|length| u64::from(*length)).sum();
        let frames: u64 = self.old.objects.iter().map(|placed| u64::from(placed.frames)).sum();
        let frames = frames + u64::from(self.old.frames);
        Ok(in_order(heads, lines, frames).iter().map(|part| (part.name(), part.size())).collect())
    }

    /// What is told of each unit beside its lines.
    fn heads(
        &self,
        layout: &Layout,
        lines: &[u32],
        share: impl Fn(usize) -> Share,
    ) -> Result<[DebugSection; 2], Unfit> {
        let mut at = 0;
        let mut heads = Vec::with_capacity(lines.len());
        for ((run, first, objects), length) in self.old.runs().zip(lines) {
            let own = first..first + objects.len();
            let text = |at: usize| layout.parts[at].text;
            let start = own.clone().map(text).min();
            let end = own.map(|at| text(at) + u64::from(share(at).text)).max();
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
            let stays = objects.clone().all(|at| self.fates[at] == STAYS);
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
                for (at, length) in (first..).zip(&each) {
                    if let Some(now) = self.changed.get_mut(self.fates[at] as usize) {
                        now.placed.sequence = *length;
                    } else if self.old.objects[at].sequence != *length {
                        return unfit("the map is damaged");
                    }
                }
                let head = bytes.len() as u32 - each.iter().sum::<u32>();
                self.heads.insert(number as u32, head);
                lengths.push(bytes.len() as u32);
                units.push(Lines::Made(bytes));
            }
            at += u64::from(length);
        }
        let heads = self.heads(&self.now, &lengths, |at| self.placed(at).share)?;
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
            let text = self.now.parts[at].text;
            sum += u64::from(match self.changed.get_mut(*fate as usize) {
                None => self.old.objects[at].frames,
                Some(now) => {
                    if let Some(object) = now.object {
                        let bytes = dwarf::frames(Machine::X86_64, object, text);
                        now.placed.frames = bytes.len() as u32;
                    }
                    now.placed.frames
                }
            });
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
            if let Some(object) = self.object(number) {
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
fn goals<'a>(map: &Map, changed: &[Now<'a>]) -> FxHashMap<&'a str, Goal> {
    let objects = changed.iter().filter_map(|now| now.object);
    let wanted: FxHashSet<&'a str> =
        objects.flat_map(|object| object.symbols.iter().map(String::as_str)).collect();
    let mut goals = FxHashMap::default();
    for (name, provided) in PROVIDED {
        if let Some(name) = wanted.get(name) {
            goals.insert(*name, Goal::Provided(*provided));
        }
    }
    let mut names = Names::of(map);
    for (number, definition) in (0..).zip(&map.definitions) {
        if let Some(name) = names.next(definition).and_then(|name| wanted.get(name)) {
            goals.insert(*name, Goal::Defined(number));
        }
    }
    goals
}

/// The names of a map's definitions, one after the other.
struct Names<'m> {
    rest: &'m str,
}

impl<'m> Names<'m> {
    fn of(map: &'m Map) -> Names<'m> {
        Names { rest: &map.names }
    }

    /// The name of the next definition, which is this one.
    fn next(&mut self, definition: &Defined) -> Option<&'m str> {
        let (name, rest) = self.rest.split_at_checked(definition.name as usize)?;
        self.rest = rest;
        Some(name)
    }

    fn skip(&mut self, definitions: &[Defined]) {
        let length: usize = definitions.iter().map(|one| one.name as usize).sum();
        self.rest = self.rest.get(length..).unwrap_or("");
    }
}

fn each_fixup(packed: &[u8]) -> impl Iterator<Item = Fixup> {
    let (fixups, _) = packed.as_chunks::<FIXUP>();
    fixups.iter().filter_map(|fixup| Fixup::unpack(*fixup))
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
