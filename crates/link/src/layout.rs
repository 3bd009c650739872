//! Where everything goes: addresses, file offsets and sizes, before a byte is written.
//!
//! The file has no padding between segments: an address is congruent to its file offset modulo the
//! page size, so the page at a border is mapped twice, once with each segment's rights.
//!
//! ```text
//! file:    headers | rodata, tables, names | text | data | symbols, section headers
//! memory:  R                               | RX   | RW + bss | closed (no rights)
//! ```

use morph_object::{Object, Section, SymbolKind};
use serde::{Deserialize, Serialize};

use crate::mark::Live;
use crate::symbols::{Meaning, Provided, SymbolId, SymbolTable};
use crate::tables::display_name;
use crate::{Debug, ENTRY, Input, LinkError, Machine, Options, elf, gates, tables};

/// Where an image begins in memory. Everything lies below 2 GB, so that four bytes hold an address.
pub(crate) const BASE: u64 = 0x40_0000;
const LIMIT: u64 = 0x8000_0000;

/// Alignment of an object's part of each section.
const TEXT_ALIGN: u64 = 16;
const RODATA_ALIGN: u64 = 16;
const DATA_ALIGN: u64 = 8;

/// Where the parts of one input lie.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts {
    pub(crate) text: u64,
    pub(crate) rodata: u64,
    pub(crate) data: u64,
    pub(crate) bss: u64,
}

impl Parts {
    pub(crate) fn of(&self, section: Section) -> u64 {
        match section {
            Section::Text => self.text,
            Section::Rodata => self.rodata,
            Section::Data => self.data,
            Section::Bss => self.bss,
        }
    }
}

/// A range of memory; `offset` is where its bytes lie in the file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Extent {
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

impl Extent {
    pub(crate) fn end(&self) -> u64 {
        self.address + self.size
    }
}

pub(crate) struct Layout {
    /// Addresses of each input's parts; zero for inputs that are not placed.
    pub(crate) parts: Vec<Parts>,
    /// Address of each symbol, by number; meaningless for those of inputs that are not placed.
    addresses: Vec<u64>,
    pub(crate) rodata: Extent,
    pub(crate) functions: Extent,
    pub(crate) lines: Extent,
    pub(crate) traps: Extent,
    pub(crate) closed_globals: Extent,
    /// Names of functions and data, then paths of units; begins with an empty name.
    pub(crate) names: Extent,
    pub(crate) gates: Extent,
    pub(crate) gate_paths: Extent,
    pub(crate) text: Extent,
    pub(crate) data: Extent,
    pub(crate) bss: Extent,
    /// The words of closed globals; no bytes in the file.
    pub(crate) closed: Extent,
    pub(crate) page: u64,
    pub(crate) entry: u64,
    /// Definitions that get a symbol.
    pub(crate) named: usize,
}

/// What one object takes of each part of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) text: u32,
    pub(crate) rodata: u32,
    pub(crate) data: u32,
    pub(crate) bss: u32,
    pub(crate) traps: u32,
    pub(crate) lines: u32,
    /// Definitions that get a symbol.
    pub(crate) named: u32,
    pub(crate) functions: u32,
    /// Bytes of the names of all definitions.
    pub(crate) names: u32,
}

impl Share {
    pub(crate) fn of(object: &Object, debug: Debug) -> Share {
        let share = Share {
            text: object.text.len() as u32,
            rodata: object.rodata.len() as u32,
            data: object.data.len() as u32,
            bss: object.bss_size,
            // Without it the kind of a fault would be a guess.
            traps: object.traps.len() as u32,
            ..Share::default()
        };
        if debug == Debug::None {
            return share;
        }
        let names = object.definitions.iter();
        Share {
            lines: object.lines.len() as u32,
            named: object.definitions.len() as u32,
            functions: object.definitions.iter().filter(|one| is_function(one)).count() as u32,
            names: names.map(|one| display_name(&one.symbol).len() as u32 + 1).sum(),
            ..share
        }
    }
}

/// Sizes of the sections while objects are added one after the other.
#[derive(Default)]
struct Sizes {
    text: u64,
    rodata: u64,
    data: u64,
    bss: u64,
    functions: u64,
    lines: u64,
    traps: u64,
    names: u64,
    named: usize,
    gates: gates::Size,
}

impl Layout {
    pub(crate) fn plan(
        inputs: &[Input<'_>],
        options: &Options,
        table: &SymbolTable<'_>,
        live: &Live,
    ) -> Result<Layout, LinkError> {
        let placed = live.order.iter().map(|&at| {
            let input = &inputs[at as usize];
            (Share::of(input.object, options.debug), input.unit)
        });
        let gates = gates::measure(inputs, live);
        let Options { machine, debug, .. } = *options;
        let placed = (live.order.len(), placed);
        let stacked = Layout::stacked(placed, machine, debug, gates, live.closed.len())?;
        let mut parts = vec![Parts::default(); inputs.len()];
        for (&at, part) in live.order.iter().zip(&stacked.parts) {
            parts[at as usize] = *part;
        }
        let mut layout = Layout { parts, ..stacked };
        let address = |meaning| layout.address_of(inputs, live, meaning);
        layout.addresses = table.meanings().map(address).collect();
        layout.entry = layout.address(table.get(ENTRY));
        Ok(layout)
    }

    /// Of so many objects that are placed one behind the other; their parts are in this order. Nothing is known of symbols.
    pub(crate) fn stacked<'u>(
        placed: (usize, impl Iterator<Item = (Share, &'u str)>),
        machine: Machine,
        debug: Debug,
        gates: gates::Size,
        closed: usize,
    ) -> Result<Layout, LinkError> {
        let (sizes, parts) = stack(placed, debug, gates);
        for (section, bytes) in [
            (".text", sizes.text),
            (".rodata", sizes.rodata + sizes.lines * tables::LINE_ENTRY as u64 + sizes.names),
            (".data", sizes.data),
            (".bss", sizes.bss),
        ] {
            if bytes > LIMIT / 8 {
                return Err(LinkError::TooLarge { section, bytes });
            }
        }
        let mut layout = place(machine, closed, sizes, parts);
        for part in &mut layout.parts {
            part.text += layout.text.address;
            part.rodata += layout.rodata.address;
            part.data += layout.data.address;
            part.bss += layout.bss.address;
        }
        Ok(layout)
    }

    /// Where a symbol is; 0 for what no reached input can ask.
    pub(crate) fn address(&self, id: Option<SymbolId>) -> u64 {
        id.map_or(0, |id| self.addresses[id.index()])
    }

    fn address_of(&self, inputs: &[Input<'_>], live: &Live, meaning: Meaning) -> u64 {
        match meaning {
            Meaning::Defined { input, definition } => {
                let found = &inputs[input as usize].object.definitions[definition as usize];
                self.parts[input as usize].of(found.section) + u64::from(found.offset)
            }
            Meaning::ClosedGlobal(index) => {
                let slot = live.closed_slot[index as usize].unwrap_or_default();
                self.closed.address + u64::from(slot) * tables::CLOSED_ENTRY as u64
            }
            Meaning::Provided(provided) => self.provided(provided),
        }
    }

    /// The address of something that the linker makes.
    pub(crate) fn provided(&self, provided: Provided) -> u64 {
        match provided {
            Provided::Functions => self.functions.address,
            Provided::FunctionsEnd => self.functions.end(),
            Provided::Lines => self.lines.address,
            Provided::LinesEnd => self.lines.end(),
            Provided::Traps => self.traps.address,
            Provided::TrapsEnd => self.traps.end(),
            Provided::ClosedGlobals => self.closed_globals.address,
            Provided::ClosedGlobalsEnd => self.closed_globals.end(),
            Provided::Gates => self.gates.address,
            Provided::GatesEnd => self.gates.end(),
            Provided::ClosedStart => self.closed.address,
            Provided::ClosedEnd => self.closed.end(),
            Provided::TextStart => self.text.address,
            Provided::TextEnd => self.text.end(),
            Provided::DataStart => self.data.address,
            Provided::DataEnd => self.bss.end(),
        }
    }
}

/// Offsets of all parts within their sections, and how much the tables will need. Each object comes with its unit.
fn stack<'u>(
    (count, placed): (usize, impl Iterator<Item = (Share, &'u str)>),
    debug: Debug,
    gates: gates::Size,
) -> (Sizes, Vec<Parts>) {
    let mut sizes = Sizes { gates, ..Sizes::default() };
    let mut parts = Vec::with_capacity(count);
    let mut last_unit = "";
    for (share, unit) in placed {
        parts.push(Parts {
            text: extend(&mut sizes.text, u64::from(share.text), TEXT_ALIGN),
            rodata: extend(&mut sizes.rodata, u64::from(share.rodata), RODATA_ALIGN),
            data: extend(&mut sizes.data, u64::from(share.data), DATA_ALIGN),
            bss: extend(&mut sizes.bss, u64::from(share.bss), DATA_ALIGN),
        });
        sizes.traps += u64::from(share.traps);
        sizes.lines += u64::from(share.lines);
        sizes.named += share.named as usize;
        sizes.names += u64::from(share.names);
        sizes.functions += u64::from(share.functions);
        // A unit's path is written once for each run of its objects: inputs come unit by unit.
        if debug != Debug::None && unit != last_unit {
            last_unit = unit;
            sizes.names += unit.len() as u64 + 1;
        }
    }
    (sizes, parts)
}

/// Whether a definition belongs in the function table.
pub(crate) fn is_function(definition: &morph_object::Definition) -> bool {
    definition.kind == SymbolKind::Function && definition.section == Section::Text
}

fn place(machine: Machine, closed: usize, sizes: Sizes, parts: Vec<Parts>) -> Layout {
    let page = match machine {
        Machine::X86_64 => 0x1000,
        Machine::Aarch64 => 0x1_0000,
    };
    let mut at = Cursor { address: BASE, offset: 0 };
    let headers = elf::headers_size(closed != 0);
    at.skip(headers);
    let rodata = at.take(sizes.rodata, if sizes.rodata == 0 { 1 } else { RODATA_ALIGN });
    let closed_globals = at.take((closed * tables::CLOSED_ENTRY) as u64, 8);
    let functions = at.take(sizes.functions * tables::FUNCTION_ENTRY as u64, 4);
    let lines = at.take(sizes.lines * tables::LINE_ENTRY as u64, 4);
    let traps = at.take(sizes.traps * tables::TRAP_ENTRY as u64, 4);
    let gates = at.take(sizes.gates.table, 4);
    let names = at.take(if sizes.named == 0 { 0 } else { sizes.names + 1 }, 1);
    let gate_paths = at.take(sizes.gates.paths, 1);
    let rodata = Extent { size: gate_paths.end() - rodata.address, ..rodata };
    at.next_segment(page);
    let text = at.take(sizes.text, TEXT_ALIGN);
    at.next_segment(page);
    let data = at.take(sizes.data, DATA_ALIGN);
    let bss_start = data.end().next_multiple_of(DATA_ALIGN);
    let bss = Extent { address: bss_start, offset: at.offset, size: sizes.bss };
    let closed_start = bss.end().next_multiple_of(page);
    let closed_size = (closed * tables::CLOSED_ENTRY) as u64;
    let closed = Extent { address: closed_start, offset: 0, size: closed_size };
    Layout {
        parts,
        addresses: Vec::new(),
        rodata,
        functions,
        lines,
        traps,
        closed_globals,
        names,
        gates,
        gate_paths,
        text,
        data,
        bss,
        closed,
        page,
        entry: 0,
        named: sizes.named,
    }
}

/// The next free place in memory and in the file.
struct Cursor {
    address: u64,
    offset: u64,
}

impl Cursor {
    fn skip(&mut self, bytes: u64) {
        self.address += bytes;
        self.offset += bytes;
    }

    fn take(&mut self, size: u64, align: u64) -> Extent {
        self.skip(self.address.next_multiple_of(align) - self.address);
        let extent = Extent { address: self.address, offset: self.offset, size };
        self.skip(size);
        extent
    }

    /// Goes on in the next page of memory at the same offset within it, and at the same place in the file.
    fn next_segment(&mut self, page: u64) {
        self.address += page;
    }
}

fn extend(size: &mut u64, bytes: u64, align: u64) -> u64 {
    if bytes == 0 {
        return *size;
    }
    let start = size.next_multiple_of(align);
    *size = start + bytes;
    start
}
