//! Images whose functions are replaced while they run (x86_64).
//!
//! [`link`] makes an image in which each function of the program is a jump through a *slot*, a word that holds the address of its newest
//! version. Slots, new versions and the tables that describe them lie in an *area*: memory that the program shares with whoever watches it.
//! [`Running::replace`] lays out new versions behind what the area has already, and says what to write. The other side of the contract is
//! `lib/kernel/hot.fox`.
//!
//! Pure, as the linker is: what is to be written comes out as values.

use morph_object::{Definition, Object, Section, Symbol, SymbolKind};
use rustc_hash::FxHashMap;

use crate::layout::Layout;
use crate::mark::{self, Live};
use crate::symbols::{self, SymbolTable};
use crate::tables::LINE_ENTRY;
use crate::{Image, Input, LinkError, Options, dwarf, emit};

mod versions;

pub use versions::{HotError, Version, Writes};

/// Where the area begins in the program's memory, and in the file that is shared.
pub const AREA: u64 = 0x6000_0000;
/// Bytes of the area. Hardly any of them are ever touched.
pub const AREA_SIZE: u64 = 0xC00_0000;

/// Where the path of the shared file stands: so many bytes, the last of them 0.
const PATH: &str = "=hot_path";
const PATH_SIZE: usize = 64;

/// Words at the start of the area: where the tables and the code end.
const FUNCTIONS_END: u64 = AREA;
const LINES_END: u64 = AREA + 8;
const TRAPS_END: u64 = AREA + 16;
const CODE_END: u64 = AREA + 24;
/// The word in which the program says whom an adapter calls.
const TRY: u64 = AREA + 32;
const GATES_END: u64 = AREA + 40;

/// The parts of the area, each with its end.
const RECORDS: (u64, u64) = (AREA + 0x10_0000, AREA + 0x40_0000);
const SLOTS: (u64, u64) = (AREA + 0x40_0000, AREA + 0x100_0000);
const CODE: (u64, u64) = (AREA + 0x100_0000, AREA + 0x500_0000);
const DATA: (u64, u64) = (AREA + 0x500_0000, AREA + 0x700_0000);
const FUNCTIONS: (u64, u64) = (AREA + 0x700_0000, AREA + 0x800_0000);
const LINES: (u64, u64) = (AREA + 0x800_0000, AREA + 0xB00_0000);
const TRAPS: (u64, u64) = (AREA + 0xB00_0000, AREA + 0xB40_0000);
const GATES: (u64, u64) = (AREA + 0xB40_0000, AREA + 0xB80_0000);
const NAMES: (u64, u64) = (AREA + 0xB80_0000, AREA + AREA_SIZE);

/// A function that can be replaced: how it is called, and how many arguments it takes.
#[derive(Clone, Copy, Debug)]
pub struct Function<'a> {
    pub symbol: &'a str,
    pub params: u32,
}

/// A hot image, what the area contains when it starts, and what is known of it from then on.
#[derive(Clone, Debug)]
pub struct Hot {
    pub image: Image,
    pub writes: Writes,
    pub running: Running,
    /// Where in the image the path of the shared file belongs.
    path: usize,
}

/// What a running program consists of, as far as new versions must know.
#[derive(Clone, Debug)]
pub struct Running {
    /// Where every symbol is that can be named.
    addresses: FxHashMap<Symbol, u64>,
    functions: FxHashMap<Symbol, Entered>,
    room: Room,
}

/// The newest version of a function.
#[derive(Clone, Debug)]
struct Entered {
    slot: u64,
    entry: u64,
    /// Its record, if it is not the one with which the program began.
    record: Option<u64>,
    /// Its first line entry.
    lines: u64,
}

/// Where the free part of each part of the area begins.
#[derive(Clone, Debug)]
struct Room {
    records: u64,
    slots: u64,
    code: u64,
    data: u64,
    functions: u64,
    lines: u64,
    traps: u64,
    gates: u64,
    names: u64,
}

impl Hot {
    /// The image for a program that finds its area in the file at `path`; `None` if the path is too long.
    pub fn with_path(&self, path: &str) -> Option<Vec<u8>> {
        if path.len() >= PATH_SIZE {
            return None;
        }
        let mut bytes = self.image.bytes.clone();
        bytes[self.path..self.path + path.len()].copy_from_slice(path.as_bytes());
        Some(bytes)
    }
}

/// As [`crate::link`]; `functions` says of each input which function it is, if it is one that can be replaced.
///
/// All of these functions are placed, whether something reaches them or not.
pub fn link(
    inputs: &[Input<'_>],
    functions: &[Option<Function<'_>>],
    options: &Options,
) -> Result<Hot, LinkError> {
    let named: Vec<&Function<'_>> = functions.iter().flatten().collect();
    let mut room = Room::new();
    let thunks: Vec<Object> = named.iter().map(|function| thunk(&mut room, function)).collect();
    let bodies: Vec<Option<Object>> =
        inputs.iter().zip(functions).map(|(input, function)| body(input, *function)).collect();
    let path = Object {
        rodata: vec![0; PATH_SIZE],
        definitions: vec![Definition {
            symbol: PATH.to_owned(),
            section: Section::Rodata,
            offset: 0,
            size: PATH_SIZE as u32,
            kind: SymbolKind::Data,
        }],
        ..Object::default()
    };
    let own = |object| Input { object, unit: "", first_line: 1, first_column: 0, closable: false };
    let renamed = inputs.iter().zip(&bodies);
    let all: Vec<Input<'_>> = renamed
        .map(|(input, body)| body.as_ref().map_or(*input, |object| Input { object, ..*input }))
        .chain(thunks.iter().chain([&path]).map(own))
        .collect();
    let mut options = options.clone();
    options.roots.extend(named.iter().map(|function| function.symbol.to_owned()));
    options.roots.push(PATH.to_owned());
    let names = symbols::join_names(&all);
    let table = SymbolTable::build(&all, &options, &names)?;
    let live = mark::mark(&all, &options, &table)?;
    let layout = Layout::plan(&all, &options, &table, &live)?;
    let told = dwarf::of(&all, &options, &live, &layout);
    let bytes = emit::emit(&all, &options, &live, &layout, &told)?;

    let addresses = addresses(&all, &live, &layout, &table);
    let mut writes = Writes::default();
    room.take_tables(&bytes, &layout, &mut writes);
    let mut entered = FxHashMap::default();
    let lines = first_lines(&all, &live);
    for (at, function) in functions.iter().enumerate() {
        let Some(Function { symbol, .. }) = function else { continue };
        let entry = addresses.get(&format!("~{symbol}")).copied().unwrap_or_default();
        let slot = SLOTS.0 + 8 * entered.len() as u64;
        writes.words.push((slot, entry));
        let lines = LINES.0 + lines[at] * LINE_ENTRY as u64;
        entered.insert((*symbol).to_owned(), Entered { slot, entry, record: None, lines });
    }
    let path = layout.address(table.get(PATH)) - layout.rodata.address + layout.rodata.offset;
    let image = Image { bytes, placed: live.order.len() };
    let running = Running { addresses, functions: entered, room };
    Ok(Hot { image, writes, running, path: path as usize })
}

/// The function under its other name.
fn body(input: &Input<'_>, function: Option<Function<'_>>) -> Option<Object> {
    let Function { symbol, .. } = function?;
    let mut object = input.object.clone();
    for definition in &mut object.definitions {
        if definition.symbol == symbol {
            definition.symbol = format!("~{symbol}");
        }
    }
    Some(object)
}

/// What everybody calls who calls the function: `jmp [slot]`. It has a symbol, but no entry among the functions: nothing stops in it.
fn thunk(room: &mut Room, function: &Function<'_>) -> Object {
    let code = jump_through(room.slot());
    let definition = Definition {
        symbol: function.symbol.to_owned(),
        section: Section::Text,
        offset: 0,
        size: code.len() as u32,
        kind: SymbolKind::Data,
    };
    Object {
        text: code.to_vec(),
        definitions: vec![definition],
        symbols: vec![format!("~{}", function.symbol)],
        ..Object::default()
    }
}

/// `jmp [address]`.
fn jump_through(address: u64) -> [u8; 7] {
    let [a, b, c, d] = (address as u32).to_le_bytes();
    [0xFF, 0x24, 0x25, a, b, c, d]
}

/// Where all is that a new version may name.
fn addresses(
    inputs: &[Input<'_>],
    live: &Live,
    layout: &Layout,
    table: &SymbolTable<'_>,
) -> FxHashMap<Symbol, u64> {
    let mut addresses = FxHashMap::default();
    for &at in &live.order {
        let object = inputs[at as usize].object;
        for definition in &object.definitions {
            let address =
                layout.parts[at as usize].of(definition.section) + u64::from(definition.offset);
            addresses.insert(definition.symbol.clone(), address);
        }
        for symbol in &object.symbols {
            if !addresses.contains_key(symbol) {
                addresses.insert(symbol.clone(), layout.address(table.get(symbol)));
            }
        }
    }
    addresses
}

/// The number of each input's first line entry.
fn first_lines(inputs: &[Input<'_>], live: &Live) -> Vec<u64> {
    let mut first = vec![0; inputs.len()];
    let mut count = 0;
    for &at in &live.order {
        first[at as usize] = count;
        count += inputs[at as usize].object.lines.len() as u64;
    }
    first
}

impl Room {
    fn new() -> Room {
        Room {
            records: RECORDS.0,
            slots: SLOTS.0,
            code: CODE.0,
            data: DATA.0,
            functions: FUNCTIONS.0,
            lines: LINES.0,
            traps: TRAPS.0,
            gates: GATES.0,
            names: NAMES.0,
        }
    }

    fn slot(&mut self) -> u64 {
        self.slots += 8;
        self.slots - 8
    }

    /// The tables of the image, in the area.
    fn take_tables(&mut self, image: &[u8], layout: &Layout, writes: &mut Writes) {
        for (table, at) in [
            (layout.functions, &mut self.functions),
            (layout.lines, &mut self.lines),
            (layout.traps, &mut self.traps),
            (layout.gates, &mut self.gates),
        ] {
            let from = table.offset as usize;
            writes.bytes.push((*at, image[from..from + table.size as usize].to_vec()));
            *at += table.size;
        }
        self.tell_ends(writes);
    }

    fn tell_ends(&self, writes: &mut Writes) {
        writes.words.extend([
            (FUNCTIONS_END, self.functions),
            (LINES_END, self.lines),
            (TRAPS_END, self.traps),
            (GATES_END, self.gates),
            (CODE_END, self.code),
        ]);
    }

    /// Whether nothing has grown into its neighbour.
    fn is_enough(&self) -> bool {
        [
            (self.records, RECORDS),
            (self.slots, SLOTS),
            (self.code, CODE),
            (self.data, DATA),
            (self.functions, FUNCTIONS),
            (self.lines, LINES),
            (self.traps, TRAPS),
            (self.gates, GATES),
            (self.names, NAMES),
        ]
        .iter()
        .all(|(free, (_, end))| free <= end)
    }
}
