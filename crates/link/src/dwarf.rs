//! What debuggers read beside the symbols: lines, functions and frames, as DWARF 4.
//!
//! One compile unit a source unit, with paths relative to the project and `.` as the folder, so that an image has the same bytes
//! wherever it is built: start the debugger there, or tell it the folder. Frames are told for functions that begin by making a frame
//! record, which is all that is compiled; `Debug::Full` adds an entry for each function. How a naked routine is left, the debugger has to guess as it does without tables.

use std::convert::Infallible;

use gimli::write::{
    Address, AttributeValue, CallFrameInstruction, CommonInformationEntry, DebugFrame, Dwarf,
    EndianVec, FrameDescriptionEntry, FrameTable, LineProgram, LineString, RelocateWriter,
    Relocation, RelocationTarget, Section as _, Sections, Unit,
};
use gimli::{
    DW_AT_comp_dir, DW_AT_decl_file, DW_AT_decl_line, DW_AT_high_pc, DW_AT_language, DW_AT_low_pc,
    DW_AT_name, DW_AT_producer, DW_LANG_C, DW_TAG_subprogram, Encoding, Format, LineEncoding,
    LittleEndian, Register,
};
use morph_object::Object;

use crate::elf::DebugSection;
use crate::layout::{Layout, is_function};
use crate::mark::Live;
use crate::tables::display_name;
use crate::{Debug, ENTRY, Input, Machine, Options};

const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 8 };

/// Where in a sequence of lines, and in the description of a frame, the address stands.
pub(crate) const ADDRESS_IN_SEQUENCE: usize = 3;
pub(crate) const ADDRESS_IN_FRAME: usize = 8;

/// What is told, and how much of it each placed input takes.
#[derive(Default)]
pub(crate) struct Told {
    /// In a fixed order; none if there is nothing to tell.
    pub(crate) sections: Vec<DebugSection>,
    /// Bytes of each unit in front of its lines.
    pub(crate) heads: Vec<u32>,
    /// Bytes of each placed input's lines.
    pub(crate) sequences: Vec<u32>,
    /// Bytes of the frames of each placed input's functions.
    pub(crate) frames: Vec<u32>,
}

/// What is told of a whole image.
pub(crate) fn of(inputs: &[Input<'_>], options: &Options, live: &Live, layout: &Layout) -> Told {
    if options.debug == Debug::None {
        return Told::default();
    }
    let mut frames = Frames::new(options.machine);
    let mut written = Sections::new(Recorded::new());
    let mut heads = Vec::new();
    let mut sequences = Vec::with_capacity(live.order.len());
    let mut described = Vec::with_capacity(live.order.len());
    for run in live.order.chunk_by(|a, b| inputs[*a as usize].unit == inputs[*b as usize].unit) {
        let text = |at: u32| layout.parts[at as usize].text;
        let lines: Vec<Sequence> =
            run.iter().map(|&at| Sequence::of(&inputs[at as usize], text(at))).collect();
        let functions = match options.debug {
            Debug::None | Debug::Line => Vec::new(),
            Debug::Full => {
                run.iter().flat_map(|&at| functions(&inputs[at as usize], text(at))).collect()
            }
        };
        // One after the other: a unit in the making takes twenty times the room of a written one.
        let start = written.debug_line.0.bytes.slice().len();
        write_unit(inputs[run[0] as usize].unit, &lines, span(&lines), &functions, &mut written);
        let end = written.debug_line.0.bytes.slice().len();
        let lengths = written.debug_line.0.lengths(&lines, end);
        heads.push((end - start) as u32 - lengths.iter().sum::<u32>());
        sequences.extend(lengths);
        for &at in run {
            described.push(frames.add(inputs[at as usize].object, text(at)));
        }
    }
    let mut sections = Vec::new();
    let each: Result<(), Infallible> = written.for_each_mut(|id, section| {
        let bytes = section.finish();
        if !bytes.is_empty() {
            sections.push(DebugSection { name: id.name(), bytes });
        }
        Ok(())
    });
    let Ok(()) = each;
    let (section, lengths) = frames.section();
    sections.extend(section);
    let mut lengths = lengths.into_iter();
    let frames = described.into_iter().map(|count| lengths.by_ref().take(count).sum());
    Told { sections, heads, sequences, frames: frames.collect() }
}

/// The lines of one object's code.
pub(crate) struct Sequence {
    pub(crate) start: u64,
    /// Bytes of the code.
    pub(crate) length: u64,
    /// Offset, line and column, both from 1.
    pub(crate) rows: Vec<(u32, u32, u32)>,
}

impl Sequence {
    pub(crate) fn of(input: &Input<'_>, start: u64) -> Sequence {
        let rows = input.object.lines.iter().map(|line| {
            let column = if line.line == 0 { input.first_column } else { 0 } + line.column + 1;
            (line.offset, input.first_line.saturating_add(line.line), column)
        });
        Sequence { start, length: input.object.text.len() as u64, rows: rows.collect() }
    }
}

/// An entry of [`Debug::Full`].
struct Function<'a> {
    name: &'a str,
    line: u32,
    start: u64,
    size: u32,
}

fn functions<'a>(input: &Input<'a>, text: u64) -> impl Iterator<Item = Function<'a>> + use<'a> {
    let line = input.first_line;
    let found = input.object.definitions.iter().filter(|found| is_function(found));
    found.map(move |definition| Function {
        name: display_name(&definition.symbol),
        line,
        start: text + u64::from(definition.offset),
        size: definition.size,
    })
}

/// From the first to behind the last byte of code.
pub(crate) fn span(lines: &[Sequence]) -> (u64, u64) {
    let start = lines.iter().map(|sequence| sequence.start).min();
    let end = lines.iter().map(|sequence| sequence.start + sequence.length).max();
    (start.unwrap_or(0), end.unwrap_or(0))
}

/// Lines and functions of one source unit, whose objects lie one after the other.
fn write_unit(
    path: &str,
    lines: &[Sequence],
    span: (u64, u64),
    functions: &[Function<'_>],
    written: &mut Sections<Recorded>,
) {
    // What the compiler adds by itself belongs to no file.
    let path = if path.is_empty() { "(start)" } else { path };
    let name = LineString::String(path.as_bytes().to_vec());
    let folder = LineString::String(b".".to_vec());
    let encoding = LineEncoding::default();
    let mut program = LineProgram::new(ENCODING, encoding, folder, None, name.clone(), None);
    let directory = program.default_directory();
    let file = program.add_file(name, directory, None);
    let mut any = false;
    for Sequence { start, length, rows } in lines {
        if rows.is_empty() {
            continue;
        }
        program.begin_sequence(Some(symbol(*start)));
        any = true;
        for (offset, line, column) in rows {
            let row = program.row();
            row.address_offset = u64::from(*offset);
            row.file = file;
            row.line = u64::from(*line);
            row.column = u64::from(*column);
            program.generate_row();
        }
        program.end_sequence(*length);
    }
    let program = if any { program } else { LineProgram::none() };
    let mut unit = Unit::new(ENCODING, program);
    let root = unit.root();
    let entry = unit.get_mut(root);
    entry.set(DW_AT_producer, text("morph"));
    entry.set(DW_AT_language, AttributeValue::Language(DW_LANG_C));
    entry.set(DW_AT_name, text(path));
    entry.set(DW_AT_comp_dir, text("."));
    entry.set(DW_AT_low_pc, AttributeValue::Address(Address::Constant(span.0)));
    entry.set(DW_AT_high_pc, AttributeValue::Udata(span.1 - span.0));
    for Function { name, line, start, size } in functions {
        let id = unit.add(root, DW_TAG_subprogram);
        let entry = unit.get_mut(id);
        entry.set(DW_AT_name, text(name));
        if any {
            entry.set(DW_AT_decl_file, AttributeValue::FileIndex(Some(file)));
            entry.set(DW_AT_decl_line, AttributeValue::Udata(u64::from(*line)));
        }
        entry.set(DW_AT_low_pc, AttributeValue::Address(Address::Constant(*start)));
        entry.set(DW_AT_high_pc, AttributeValue::Udata(u64::from(*size)));
    }
    let mut dwarf = Dwarf::new();
    dwarf.units.add(unit);
    dwarf.write(written).expect("every address is below 2 GB, and no file has a digest");
}

/// The lines of one unit, as they stand in their section.
pub(crate) fn lines(path: &str, lines: &[Sequence]) -> (Vec<u8>, Vec<u32>) {
    let mut written = Sections::new(Recorded::new());
    write_unit(path, lines, span(lines), &[], &mut written);
    let end = written.debug_line.0.bytes.slice().len();
    let lengths = written.debug_line.0.lengths(lines, end);
    (written.debug_line.0.finish(), lengths)
}

/// A unit without its lines.
pub(crate) struct Head<'a> {
    pub(crate) path: &'a str,
    pub(crate) span: (u64, u64),
    /// Where its lines begin, if it has any.
    pub(crate) lines: Option<u32>,
}

/// All units of an image whose lines are there already.
pub(crate) fn heads(heads: &[Head<'_>]) -> [DebugSection; 2] {
    let mut written = Sections::new(Recorded::new());
    for Head { path, span, lines } in heads {
        let row = lines.map(|_| Sequence { start: 0, length: 1, rows: vec![(0, 1, 1)] });
        write_unit(path, row.as_slice(), *span, &[], &mut written);
    }
    let mut offsets = heads.iter().filter_map(|head| head.lines);
    for relocation in &mut written.debug_info.0.relocations {
        if relocation.target == RelocationTarget::Section(gimli::SectionId::DebugLine) {
            relocation.addend = offsets.next().map_or(0, i64::from);
        }
    }
    let (info, abbrev) = (&mut written.debug_info, &mut written.debug_abbrev);
    [
        DebugSection { name: abbrev.name(), bytes: abbrev.0.finish() },
        DebugSection { name: info.name(), bytes: info.0.finish() },
    ]
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::String(text.as_bytes().to_vec())
}

/// An address whose place is recorded.
fn symbol(address: u64) -> Address {
    Address::Symbol { symbol: 0, addend: address as i64 }
}

/// A section in the making that remembers where addresses and offsets stand in it.
#[derive(Clone, Debug)]
struct Recorded {
    bytes: EndianVec<LittleEndian>,
    relocations: Vec<Relocation>,
    /// How many of them have been looked at.
    looked: usize,
}

impl RelocateWriter for Recorded {
    type Writer = EndianVec<LittleEndian>;

    fn writer(&self) -> &Self::Writer {
        &self.bytes
    }

    fn writer_mut(&mut self) -> &mut Self::Writer {
        &mut self.bytes
    }

    fn relocate(&mut self, relocation: Relocation) {
        self.relocations.push(relocation);
    }
}

impl Recorded {
    fn new() -> Recorded {
        Recorded { bytes: EndianVec::new(LittleEndian), relocations: Vec::new(), looked: 0 }
    }

    /// The bytes, with all that was recorded in its place.
    fn finish(&mut self) -> Vec<u8> {
        let mut bytes = self.bytes.take();
        for Relocation { offset, size, addend, .. } in std::mem::take(&mut self.relocations) {
            let size = usize::from(size);
            bytes[offset..offset + size].copy_from_slice(&addend.to_le_bytes()[..size]);
        }
        bytes
    }

    /// Bytes of each sequence among those that were written last and end at `end`.
    fn lengths(&mut self, lines: &[Sequence], end: usize) -> Vec<u32> {
        let new = &self.relocations[self.looked..];
        self.looked = self.relocations.len();
        let starts = new
            .iter()
            .filter(|relocation| relocation.target == RelocationTarget::Symbol(0))
            .map(|relocation| relocation.offset - ADDRESS_IN_SEQUENCE);
        let starts: Vec<usize> = starts.chain([end]).collect();
        let mut next = 0;
        let each = lines.iter().map(|sequence| {
            if sequence.rows.is_empty() {
                return 0;
            }
            next += 1;
            (starts[next] - starts[next - 1]) as u32
        });
        each.collect()
    }
}

/// How functions save their caller's frame.
struct Frames {
    table: FrameTable,
    cie: gimli::write::CieId,
    shape: Shape,
}

/// The first instructions of a function, and what they do to the frame.
struct Shape {
    prologue: &'static [u8],
    /// Bytes of the first instruction, which saves, and of both.
    saved: u32,
    set: u32,
    frame: Register,
    link: Option<Register>,
    returns: Register,
}

/// How the symbol of the assembly of a function ends.
const ASSEMBLY: &str = ".asm";

const RBP: Register = Register(6);
const RSP: Register = Register(7);
const RETURN_X86_64: Register = Register(16);
const X29: Register = Register(29);
const X30: Register = Register(30);
const SP_AARCH64: Register = Register(31);

impl Frames {
    fn new(machine: Machine) -> Frames {
        let (shape, returns, stack, code, at_entry) = match machine {
            Machine::X86_64 => {
                // push rbp; mov rbp, rsp
                let prologue = &[0x55, 0x48, 0x89, 0xe5];
                (
                    Shape {
                        prologue,
                        saved: 1,
                        set: 4,
                        frame: RBP,
                        link: None,
                        returns: RETURN_X86_64,
                    },
                    RETURN_X86_64,
                    RSP,
                    1,
                    8,
                )
            }
            Machine::Aarch64 => {
                // stp x29, x30, [sp, #-16]!; mov x29, sp
                let prologue = &[0xfd, 0x7b, 0xbf, 0xa9, 0xfd, 0x03, 0x00, 0x91];
                let link = Some(X30);
                (
                    Shape { prologue, saved: 4, set: 8, frame: X29, link, returns: X30 },
                    X30,
                    SP_AARCH64,
                    4,
                    0,
                )
            }
        };
        let mut cie = CommonInformationEntry::new(ENCODING, code, -8, returns);
        cie.add_instruction(CallFrameInstruction::Cfa(stack, at_entry));
        if machine == Machine::X86_64 {
            cie.add_instruction(CallFrameInstruction::Offset(returns, -8));
        }
        let mut table = FrameTable::default();
        let cie = table.add_cie(cie);
        Frames { table, cie, shape }
    }

    /// Describes the frames of an object's functions; how many there are to describe.
    fn add(&mut self, object: &Object, text: u64) -> usize {
        let mut told = 0;
        for definition in object.definitions.iter().filter(|found| is_function(found)) {
            let start = definition.offset as usize;
            let code = object.text.get(start..).unwrap_or_default();
            let address = symbol(text + u64::from(definition.offset));
            let mut entry = FrameDescriptionEntry::new(address, definition.size);
            let Shape { saved, set, frame, link, returns, .. } = self.shape;
            if definition.symbol == ENTRY {
                // Nobody called it.
                entry.add_instruction(0, CallFrameInstruction::Undefined(returns));
                self.table.add_fde(self.cie, entry);
                told += 1;
                continue;
            }
            if definition.symbol.ends_with(ASSEMBLY) {
                // While a block runs, its frame register points at a record of who called the assembly.
                entry.add_instruction(0, CallFrameInstruction::Cfa(frame, 16));
                entry.add_instruction(0, CallFrameInstruction::Offset(frame, -16));
                self.table.add_fde(self.cie, entry);
                told += 1;
                continue;
            }
            if !code.starts_with(self.shape.prologue) {
                continue;
            }
            entry.add_instruction(saved, CallFrameInstruction::CfaOffset(16));
            entry.add_instruction(saved, CallFrameInstruction::Offset(frame, -16));
            if let Some(link) = link {
                entry.add_instruction(saved, CallFrameInstruction::Offset(link, -8));
            }
            entry.add_instruction(set, CallFrameInstruction::CfaRegister(frame));
            self.table.add_fde(self.cie, entry);
            told += 1;
        }
        told
    }

    /// The section, and how many bytes of it each description takes; what they share stands in front.
    fn section(&self) -> (Option<DebugSection>, Vec<u32>) {
        let mut written = DebugFrame(Recorded::new());
        let told = self.table.write_debug_frame(&mut written);
        told.expect("offsets are multiples of what the machine's instructions and words are");
        let recorded = &mut written.0;
        let addresses = recorded.relocations.iter();
        let starts = addresses
            .filter(|relocation| relocation.target == RelocationTarget::Symbol(0))
            .map(|relocation| relocation.offset - ADDRESS_IN_FRAME);
        let ends = starts.clone().skip(1).chain([recorded.bytes.slice().len()]);
        let lengths = starts.zip(ends).map(|(start, end)| (end - start) as u32).collect();
        let bytes = recorded.finish();
        let name = ".debug_frame";
        ((!bytes.is_empty()).then_some(DebugSection { name, bytes }), lengths)
    }
}

/// The descriptions of one object's frames, without what they share with all others.
pub(crate) fn frames(machine: Machine, object: &Object, text: u64) -> Vec<u8> {
    let mut frames = Frames::new(machine);
    frames.add(object, text);
    let (section, lengths) = frames.section();
    let mut bytes = section.map(|section| section.bytes).unwrap_or_default();
    let own: u32 = lengths.iter().sum();
    bytes.split_off(bytes.len() - own as usize)
}
