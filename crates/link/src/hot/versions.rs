//! New versions of functions: laid out behind what the area has, ready to be written.

use std::collections::VecDeque;

use morph_object::{Object, Section, Target};
use rustc_hash::FxHashSet;

use super::{Entered, Function, NAMES, Running, TRY, jump_through};
use crate::relocation::resolve;
use crate::tables::{self, display_name};
use crate::{Input, LinkError, user};

/// Versions begin at pages of their own: a page that the program has changed for itself shows nothing new any more.
const PAGE: u64 = 0x1000;
const ALIGN: u64 = 16;

/// Arguments that travel in registers, and on the stack at most.
const IN_REGISTERS: u32 = 6;
const ON_STACK: u32 = 10;

/// Bytes of a record, and the unit that reports leave out: both as in `lib/kernel/hot.fox`.
const RECORD: u64 = 64;
const MACHINERY: &str = "lib/kernel/hot.fox";

/// A record's word for its state, and the state in which the version is past its probation.
const STATE: u64 = 48;
const FORMER: u64 = 16;
const KEPT: u64 = 1;

/// A function as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    pub input: Input<'a>,
    pub function: Function<'a>,
    /// Whether its first calls run protected. Otherwise it is called at once.
    pub tried: bool,
    /// Whether it stands in for one that is closed.
    pub stands_in: bool,
}

/// What is to be written into the area, each with its address: first the bytes, then, one by one and each at once, the words.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    pub bytes: Vec<(u64, Vec<u8>)>,
    pub words: Vec<(u64, u64)>,
}

/// Why versions cannot be put into a running program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HotError {
    #[error("there is no room for more versions")]
    Full,
    #[error("the program does not have `{symbol}`")]
    Missing { symbol: String },
    #[error("`{symbol}` has more parameters than can be handed on")]
    Parameters { symbol: String },
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// One object on its way into the area.
struct Placed<'a> {
    input: Input<'a>,
    version: Option<Version<'a>>,
    /// Where its adapter is, if it takes the place of a version.
    adapter: Option<u64>,
    text: u64,
    rodata: u64,
    data: u64,
}

impl Running {
    /// Puts versions in. `moved` are functions of which only the place in the sources is another; `more` gives what is named and not
    /// there; `read` reads a word of the area. After an error this is of no use any more.
    pub fn replace<'a>(
        &mut self,
        versions: &[Version<'a>],
        moved: &[Version<'a>],
        more: &dyn Fn(&str) -> Option<Input<'a>>,
        read: &dyn Fn(u64) -> u64,
    ) -> Result<Writes, HotError> {
        let mut writes = Writes::default();
        for version in moved {
            self.move_lines(version, &mut writes);
        }
        if versions.is_empty() {
            return Ok(writes);
        }
        self.room.code = self.room.code.next_multiple_of(PAGE);
        self.room.data = self.room.data.next_multiple_of(PAGE);
        let all = self.with_what_they_need(versions, more)?;
        let mut placed = Vec::with_capacity(all.len());
        for (input, version) in all {
            placed.push(self.place(input, version, &mut writes)?);
        }
        if !self.room.is_enough() {
            return Err(HotError::Full);
        }
        let mut slots = Vec::new();
        for one in &placed {
            self.write(one, &mut writes)?;
            if let Some(version) = one.version {
                slots.push(self.enter(one, version.function, &mut writes, read));
            }
        }
        if !self.room.is_enough() {
            return Err(HotError::Full);
        }
        self.room.tell_ends(&mut writes);
        writes.words.extend(slots);
        Ok(writes)
    }

    /// The newest version's lines count from another place.
    fn move_lines(&self, version: &Version<'_>, writes: &mut Writes) {
        let Some(entered) = self.functions.get(version.function.symbol) else { return };
        let input = &version.input;
        for (number, line) in input.object.lines.iter().enumerate() {
            let place = place_of(input, line.line, line.column);
            let at = entered.lines + (number * tables::LINE_ENTRY + 4) as u64;
            writes.bytes.push((at, place.to_le_bytes().to_vec()));
        }
    }

    /// The versions, then what they name and the program lacks, and what that names.
    fn with_what_they_need<'a>(
        &self,
        versions: &[Version<'a>],
        more: &dyn Fn(&str) -> Option<Input<'a>>,
    ) -> Result<Vec<(Input<'a>, Option<Version<'a>>)>, HotError> {
        let mut all: Vec<(Input<'a>, Option<Version<'a>>)> =
            versions.iter().map(|version| (version.input, Some(*version))).collect();
        let mut coming: FxHashSet<&str> = defined(all.iter().map(|(input, _)| input.object));
        let mut work: VecDeque<Input<'a>> = all.iter().map(|(input, _)| *input).collect();
        while let Some(input) = work.pop_front() {
            for symbol in &input.object.symbols {
                if self.addresses.contains_key(symbol) || coming.contains(symbol.as_str()) {
                    continue;
                }
                let missing = || HotError::Missing { symbol: display_name(symbol).to_owned() };
                let found = more(symbol).ok_or_else(missing)?;
                if !is_code(found.object) {
                    return Err(missing());
                }
                coming.extend(defined([found.object].into_iter()));
                all.push((found, None));
                work.push_back(found);
            }
        }
        Ok(all)
    }

    /// Gives the object its place, and its symbols their addresses.
    fn place<'a>(
        &mut self,
        input: Input<'a>,
        version: Option<Version<'a>>,
        writes: &mut Writes,
    ) -> Result<Placed<'a>, HotError> {
        let object = input.object;
        let room = &mut self.room;
        let mut adapter = None;
        if let Some(Version { function: Function { symbol, params }, tried, .. }) = version {
            if params > IN_REGISTERS + ON_STACK {
                return Err(HotError::Parameters { symbol: symbol.to_owned() });
            }
            if self.functions.contains_key(symbol) {
                adapter = tried.then(|| take(&mut room.code, ADAPTER as u64));
            } else {
                // New: everybody who calls it comes through this.
                let thunk = take(&mut room.code, ALIGN);
                let slot = room.slot();
                writes.bytes.push((thunk, jump_through(slot).to_vec()));
                self.addresses.insert(symbol.to_owned(), thunk);
                let entered = Entered { slot, entry: 0, record: None, lines: 0 };
                self.functions.insert(symbol.to_owned(), entered);
            }
        }
        let placed = Placed {
            input,
            version,
            adapter,
            text: take(&mut room.code, object.text.len() as u64),
            rodata: take(&mut room.data, object.rodata.len() as u64),
            data: take(&mut room.data, object.data.len() as u64),
        };
        for definition in &object.definitions {
            let is_entry =
                version.is_some_and(|version| version.function.symbol == definition.symbol);
            if !is_entry {
                let address = placed.of(definition.section) + u64::from(definition.offset);
                self.addresses.insert(definition.symbol.clone(), address);
            }
        }
        Ok(placed)
    }

    /// Code, data and table entries.
    fn write(&mut self, placed: &Placed<'_>, writes: &mut Writes) -> Result<(), HotError> {
        let Placed { input, .. } = placed;
        let object = input.object;
        let malformed = |problem| LinkError::Malformed { input: None, user: user(input), problem };
        let mut parts = [object.text.clone(), object.rodata.clone(), object.data.clone()];
        for reloc in &object.relocs {
            let part = match reloc.section {
                Section::Text => &mut parts[0],
                Section::Rodata => &mut parts[1],
                Section::Data => &mut parts[2],
                Section::Bss => return Err(malformed("a relocation in zeroed data").into()),
            };
            let target = match reloc.target {
                Target::Section(section) => placed.of(section),
                Target::Symbol(symbol) => object
                    .symbols
                    .get(symbol as usize)
                    .and_then(|symbol| self.addresses.get(symbol).copied())
                    .ok_or_else(|| malformed("a relocation names a symbol that is not listed"))?,
            };
            let at = reloc.offset as usize;
            let field = part
                .get_mut(at..at + reloc.kind.width())
                .ok_or_else(|| malformed("a relocation reaches past its section"))?;
            let place = placed.of(reloc.section) + u64::from(reloc.offset);
            let value = (target as i64).wrapping_add(reloc.addend);
            if !resolve(field, reloc.kind, place, value) {
                return Err(malformed("an address does not fit where it is used").into());
            }
        }
        let [text, rodata, data] = parts;
        writes.bytes.extend([(placed.text, text), (placed.rodata, rodata), (placed.data, data)]);
        self.add_entries(placed, writes);
        Ok(())
    }

    fn add_entries(&mut self, placed: &Placed<'_>, writes: &mut Writes) {
        let Placed { input, adapter, .. } = placed;
        let object = input.object;
        let mut functions = Vec::new();
        if let Some(adapter) = adapter {
            let name = self.text(MACHINERY, writes);
            functions.extend([*adapter as u32, ADAPTER as u32, name, name]);
        }
        let mut found: Vec<_> =
            object.definitions.iter().filter(|one| crate::layout::is_function(one)).collect();
        found.sort_by_key(|definition| definition.offset);
        let unit = self.text(input.unit, writes);
        let mut gates: Vec<u32> = Vec::new();
        for definition in found {
            let name = self.text(display_name(&definition.symbol), writes);
            let address = placed.text as u32 + definition.offset;
            functions.extend([address, definition.size, name, unit]);
            if input.closable {
                gates.extend([address, unit]);
            }
        }
        let lines = object.lines.iter().flat_map(|line| {
            [placed.text as u32 + line.offset, place_of(input, line.line, line.column)]
        });
        let traps = object
            .traps
            .iter()
            .flat_map(|trap| [placed.text as u32 + trap.offset, trap.kind as u32]);
        if let Some(entered) =
            placed.version.and_then(|version| self.functions.get_mut(version.function.symbol))
        {
            entered.lines = self.room.lines;
        }
        let tables: [(Vec<u32>, &mut u64); 4] = [
            (functions, &mut self.room.functions),
            (lines.collect(), &mut self.room.lines),
            (traps.collect(), &mut self.room.traps),
            (gates, &mut self.room.gates),
        ];
        for (words, at) in tables {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let start = *at;
            *at += bytes.len() as u64;
            writes.bytes.push((start, bytes));
        }
    }

    /// The slot of a function whose newest version is written, and the address that belongs into it.
    fn enter(
        &mut self,
        placed: &Placed<'_>,
        function: Function<'_>,
        writes: &mut Writes,
        read: &dyn Fn(u64) -> u64,
    ) -> (u64, u64) {
        let Function { symbol, params } = function;
        let body = placed.input.object.definitions.iter().find(|one| one.symbol == symbol);
        let entry = placed.text + body.map_or(0, |definition| u64::from(definition.offset));
        let name = u64::from(self.text(display_name(symbol), writes));
        let record = self.room.records;
        let entered = self.functions.entry(symbol.to_owned()).or_insert_with(|| Entered {
            slot: 0,
            entry,
            record: None,
            lines: 0,
        });
        let Some(adapter) = placed.adapter else {
            entered.entry = entry;
            entered.record = None;
            return (entered.slot, entry);
        };
        let former = match entered.record {
            // One on probation may yet be left, and so may nobody's former version.
            Some(record) if read(record + STATE) != KEPT => read(record + FORMER),
            Some(_) | None => entered.entry,
        };
        let words = u64::from(params.saturating_sub(IN_REGISTERS));
        let probation = adapter + jump_through(0).len() as u64;
        let fields = [probation, entry, former, name, words, 0, 0, 0];
        writes.bytes.push((record, fields.iter().flat_map(|word| word.to_le_bytes()).collect()));
        writes.bytes.push((adapter, adapter_code(record).to_vec()));
        entered.entry = entry;
        entered.record = Some(record);
        self.room.records += RECORD;
        (entered.slot, adapter)
    }

    /// Puts a text with a NUL behind it into the area; gives its address.
    fn text(&mut self, text: &str, writes: &mut Writes) -> u32 {
        let at = self.room.names;
        self.room.names += text.len() as u64 + 1;
        // What does not fit is refused before anything is written.
        if self.room.names <= NAMES.1 {
            let mut bytes = text.as_bytes().to_vec();
            bytes.push(0);
            writes.bytes.push((at, bytes));
        }
        at as u32
    }
}

impl Placed<'_> {
    fn of(&self, section: Section) -> u64 {
        match section {
            Section::Text => self.text,
            Section::Rodata => self.rodata,
            // Objects with zeroed data are not placed.
            Section::Data | Section::Bss => self.data,
        }
    }
}

/// Bytes of an adapter.
const ADAPTER: usize = 38;

/// What a slot points to: `jmp [target]`, and behind it the probation. That lays the arguments on the stack, the record below them, and
/// calls whom the program names, with their address.
fn adapter_code(record: u64) -> [u8; ADAPTER] {
    let mut code = Vec::with_capacity(ADAPTER);
    code.extend(jump_through(record));
    code.push(0x55); // push rbp
    code.extend([0x48, 0x89, 0xE5]); // mov rbp, rsp
    code.extend([0x41, 0x51, 0x41, 0x50]); // push r9; push r8
    code.extend([0x51, 0x52, 0x56, 0x57]); // push rcx; push rdx; push rsi; push rdi
    code.push(0x68); // push record
    code.extend((record as u32).to_le_bytes());
    code.extend([0x48, 0x89, 0xE7]); // mov rdi, rsp
    code.push(0x50); // push rax, so that the stack is aligned
    code.extend([0xFF, 0x14, 0x25]); // call [TRY]
    code.extend((TRY as u32).to_le_bytes());
    code.extend([0xC9, 0xC3]); // leave; ret
    std::array::from_fn(|at| code.get(at).copied().unwrap_or(0xCC))
}

/// Takes `bytes` bytes, aligned.
fn take(free: &mut u64, bytes: u64) -> u64 {
    let start = free.next_multiple_of(ALIGN);
    *free = start + bytes;
    start
}

/// Whether the object needs no memory of its own that a program could name.
fn is_code(object: &Object) -> bool {
    object.bss_size == 0
        && object.definitions.iter().all(|definition| definition.section == Section::Text)
}

fn defined<'o>(objects: impl Iterator<Item = &'o Object>) -> FxHashSet<&'o str> {
    objects.flat_map(|object| &object.definitions).map(|one| one.symbol.as_str()).collect()
}

fn place_of(input: &Input<'_>, line: u32, column: u32) -> u32 {
    let first_column = if line == 0 { input.first_column } else { 0 };
    tables::place(input.first_line.saturating_add(line), first_column + column + 1)
}
