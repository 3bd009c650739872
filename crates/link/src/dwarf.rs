//! What debuggers read beside the symbols: lines, functions and frames, as DWARF 4.
//!
//! One compile unit a source unit, with paths relative to the project and `.` as the folder, so that an image has the same bytes
//! wherever it is built: start the debugger there, or tell it the folder. Frames are told for functions that begin by making a frame
//! record, which is all that is compiled; `Debug::Full` adds an entry for each function. How a naked routine is left, the debugger has to guess as it does without tables.

use std::convert::Infallible;

use gimli::write::{
    Address, AttributeValue, CallFrameInstruction, CommonInformationEntry, DebugFrame, Dwarf,
    EndianVec, FrameDescriptionEntry, FrameTable, LineProgram, LineString, Sections, Unit,
};
use gimli::{
    DW_AT_comp_dir, DW_AT_decl_file, DW_AT_decl_line, DW_AT_high_pc, DW_AT_language, DW_AT_low_pc,
    DW_AT_name, DW_AT_producer, DW_LANG_C, DW_TAG_subprogram, Encoding, Format, LineEncoding,
    LittleEndian, Register,
};

use crate::elf::DebugSection;
use crate::layout::{Layout, is_function};
use crate::mark::Live;
use crate::tables::display_name;
use crate::{Debug, ENTRY, Input, Machine, Options};

const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 8 };

/// The sections, in a fixed order; none if there is nothing to tell.
pub(crate) fn sections(
    inputs: &[Input<'_>],
    options: &Options,
    live: &Live,
    layout: &Layout,
) -> Vec<DebugSection> {
    let mut frames = Frames::new(options.machine);
    let mut written = Sections::new(EndianVec::new(LittleEndian));
    for run in live.order.chunk_by(|a, b| inputs[*a as usize].unit == inputs[*b as usize].unit) {
        // One after the other: a unit in the making takes twenty times the room of a written one.
        let mut dwarf = Dwarf::new();
        dwarf.units.add(unit(inputs, run, layout, options.debug));
        dwarf.write(&mut written).expect("every address is constant, and no file has a digest");
        for &at in run {
            frames.add(&inputs[at as usize], layout.parts[at as usize].text);
        }
    }
    let mut out = Vec::new();
    let each: Result<(), Infallible> = written.for_each_mut(|id, bytes| {
        if !bytes.slice().is_empty() {
            out.push(DebugSection { name: id.name(), bytes: bytes.take() });
        }
        Ok(())
    });
    let Ok(()) = each;
    out.extend(frames.section());
    out
}

/// Lines and functions of one source unit, whose objects lie one after the other.
fn unit(inputs: &[Input<'_>], run: &[u32], layout: &Layout, debug: Debug) -> Unit {
    let first = &inputs[run[0] as usize];
    let lines = LineEncoding::default();
    // What the compiler adds by itself belongs to no file.
    let path = if first.unit.is_empty() { "(start)" } else { first.unit };
    let name = LineString::String(path.as_bytes().to_vec());
    let folder = LineString::String(b".".to_vec());
    let mut program = LineProgram::new(ENCODING, lines, folder, None, name.clone(), None);
    let directory = program.default_directory();
    let file = program.add_file(name, directory, None);
    let span = span(inputs, run, layout);
    let mut any = false;
    for &at in run {
        let input = &inputs[at as usize];
        if input.object.lines.is_empty() {
            continue;
        }
        let start = layout.parts[at as usize].text;
        program.begin_sequence(Some(Address::Constant(start)));
        any = true;
        for line in &input.object.lines {
            let column = if line.line == 0 { input.first_column } else { 0 } + line.column + 1;
            let row = program.row();
            row.address_offset = u64::from(line.offset);
            row.file = file;
            row.line = u64::from(input.first_line) + u64::from(line.line);
            row.column = u64::from(column);
            program.generate_row();
        }
        program.end_sequence(input.object.text.len() as u64);
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
    if debug != Debug::Full {
        return unit;
    }
    for &at in run {
        let input = &inputs[at as usize];
        for definition in input.object.definitions.iter().filter(|found| is_function(found)) {
            let start = layout.parts[at as usize].text + u64::from(definition.offset);
            let id = unit.add(root, DW_TAG_subprogram);
            let entry = unit.get_mut(id);
            entry.set(DW_AT_name, text(display_name(&definition.symbol)));
            if any {
                entry.set(DW_AT_decl_file, AttributeValue::FileIndex(Some(file)));
                entry.set(DW_AT_decl_line, AttributeValue::Udata(u64::from(input.first_line)));
            }
            entry.set(DW_AT_low_pc, AttributeValue::Address(Address::Constant(start)));
            entry.set(DW_AT_high_pc, AttributeValue::Udata(u64::from(definition.size)));
        }
    }
    unit
}

/// From the first to behind the last byte of code.
fn span(inputs: &[Input<'_>], run: &[u32], layout: &Layout) -> (u64, u64) {
    let starts = run.iter().map(|&at| layout.parts[at as usize].text);
    let ends = run
        .iter()
        .map(|&at| layout.parts[at as usize].text + inputs[at as usize].object.text.len() as u64);
    (starts.min().unwrap_or(0), ends.max().unwrap_or(0))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::String(text.as_bytes().to_vec())
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

    fn add(&mut self, input: &Input<'_>, text: u64) {
        for definition in input.object.definitions.iter().filter(|found| is_function(found)) {
            let start = definition.offset as usize;
            let code = input.object.text.get(start..).unwrap_or_default();
            let address = Address::Constant(text + u64::from(definition.offset));
            let mut entry = FrameDescriptionEntry::new(address, definition.size);
            let Shape { saved, set, frame, link, returns, .. } = self.shape;
            if definition.symbol == ENTRY {
                // Nobody called it.
                entry.add_instruction(0, CallFrameInstruction::Undefined(returns));
                self.table.add_fde(self.cie, entry);
                continue;
            }
            if definition.symbol.ends_with(ASSEMBLY) {
                // While a block runs, its frame register points at a record of who called the assembly.
                entry.add_instruction(0, CallFrameInstruction::Cfa(frame, 16));
                entry.add_instruction(0, CallFrameInstruction::Offset(frame, -16));
                self.table.add_fde(self.cie, entry);
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
        }
    }

    fn section(&self) -> Option<DebugSection> {
        let mut written = DebugFrame(EndianVec::new(LittleEndian));
        let told = self.table.write_debug_frame(&mut written);
        told.expect("offsets are multiples of what the machine's instructions and words are");
        let bytes = written.0.into_vec();
        (!bytes.is_empty()).then_some(DebugSection { name: ".debug_frame", bytes })
    }
}
