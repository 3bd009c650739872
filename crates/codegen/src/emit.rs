//! Cranelift's result as an object: text, literals, relocations, lines and traps.

use cranelift_codegen::binemit::Reloc as CraneliftReloc;
use cranelift_codegen::ir::{ExternalName, Function, SourceLoc, TrapCode};
use cranelift_codegen::{FinalizedMachReloc, FinalizedRelocTarget, MachTrap};
use morph_object::{
    Definition, Line, Object, Reloc, RelocKind, Section, SymbolKind, Target, Trap, TrapKind,
};
use morph_sema::typed::{AsmPart, Body};
use rustc_hash::FxHashMap;

use crate::Problem;
use crate::names::Name;

/// Where assembly begins behind the compiled code.
const ASM_ALIGNMENT: usize = 16;
/// `int3`: what lies between two pieces of code is never executed.
const PADDING: u8 = 0xcc;

/// What Cranelift made of a function.
pub(crate) struct Code<'a, Places> {
    pub(crate) text: &'a [u8],
    pub(crate) relocs: &'a [FinalizedMachReloc],
    pub(crate) traps: &'a [MachTrap],
    /// Where code of another place begins, in ascending order.
    pub(crate) places: Places,
}

/// Adds `code` and the literals and assembly of `body` to `object`.
///
/// `lines` holds the offsets at which lines of the fragment begin; `None` leaves the line table out.
pub(crate) fn emit(
    body: &Body,
    code: Code<'_, impl ExactSizeIterator<Item = (u32, SourceLoc)>>,
    function: &Function,
    lines: Option<&[u32]>,
    object: Object,
) -> Result<Object, Problem> {
    let mut emitter = Emitter { body, object, symbols: FxHashMap::default() };
    let strings = emitter.strings();
    let size = emitter.text(code.text);
    if let Some(line_starts) = lines {
        emitter.lines(code.places, line_starts);
    }
    emitter.traps(code.traps);
    let asm_start = body.asm.as_ref().map(|_| align(emitter.object.text.len()));
    emitter.object.relocs.reserve(code.relocs.len());
    for reloc in code.relocs {
        emitter.reloc(reloc, function, &strings, asm_start)?;
    }
    // Mostly they are in order; what an island holds may not be.
    emitter.object.relocs.sort_by_key(|reloc| reloc.offset);
    emitter.object.definitions.push(Definition {
        symbol: body.symbol.clone(),
        section: Section::Text,
        offset: 0,
        size,
        kind: SymbolKind::Function,
    });
    if let (Some(asm), Some(start)) = (&body.asm, asm_start) {
        emitter.asm(asm, start, lines);
    }
    Ok(emitter.object)
}

struct Emitter<'a> {
    body: &'a Body,
    object: Object,
    /// Index of each symbol that some relocation has named.
    symbols: FxHashMap<&'a str, u32>,
}

impl<'a> Emitter<'a> {
    /// Lays the literals out, NUL-terminated, and gives the offset of each in `Data`.
    fn strings(&mut self) -> Vec<u32> {
        let data = &mut self.object.data;
        let mut offsets = Vec::with_capacity(self.body.strings.len());
        for bytes in &self.body.strings {
            offsets.push(count(data.len()));
            data.extend_from_slice(bytes);
            data.push(0);
        }
        offsets
    }

    fn text(&mut self, code: &[u8]) -> u32 {
        self.object.text.extend_from_slice(code);
        count(code.len())
    }

    fn lines(
        &mut self,
        places: impl ExactSizeIterator<Item = (u32, SourceLoc)>,
        line_starts: &[u32],
    ) {
        let lines = &mut self.object.lines;
        lines.reserve(places.len() + 1);
        // The prologue, whose stack probe can fault, belongs to the head of the definition.
        lines.push(Line { offset: 0, line: 0, column: 0 });
        for (start, place) in places {
            if !place.is_default() {
                push_line(lines, start, place.bits(), line_starts);
            }
        }
    }

    fn traps(&mut self, traps: &[MachTrap]) {
        for trap in traps {
            if let Some(kind) = trap_kind(trap.code) {
                self.object.traps.push(Trap { offset: trap.offset, kind });
            }
        }
        self.object.traps.sort_by_key(|trap| trap.offset);
    }

    fn reloc(
        &mut self,
        reloc: &FinalizedMachReloc,
        function: &Function,
        strings: &[u32],
        asm_start: Option<usize>,
    ) -> Result<(), Problem> {
        let kind = reloc_kind(reloc.kind)?;
        let mut addend = reloc.addend;
        let target = match self.name(&reloc.target, function)? {
            Name::Symbol(id) => Target::Symbol(self.symbol(self.body.symbol(id))),
            Name::Routine(routine) => Target::Symbol(self.symbol(routine.symbol())),
            Name::String(id) => {
                addend += i64::from(strings[id.0 as usize]);
                Target::Section(Section::Data)
            }
            Name::AsmEntry(block) => {
                let (Some(asm), Some(start)) = (&self.body.asm, asm_start) else {
                    return Err(self.fault("a call into assembly that is not there"));
                };
                addend += i64::from(asm.routine.entries[block as usize]) + start as i64;
                if kind == RelocKind::Rel32 {
                    return self.patch(reloc.offset, addend - i64::from(reloc.offset));
                }
                Target::Section(Section::Text)
            }
        };
        let section = Section::Text;
        self.object.relocs.push(Reloc { section, offset: reloc.offset, kind, target, addend });
        Ok(())
    }

    /// A distance inside this object's text needs no linker.
    fn patch(&mut self, offset: u32, distance: i64) -> Result<(), Problem> {
        let at = offset as usize;
        let (Some(place), Ok(distance)) =
            (self.object.text.get_mut(at..at + 4), i32::try_from(distance))
        else {
            return Err(Problem::TooLarge { expressions: self.body.exprs.len() });
        };
        place.copy_from_slice(&distance.to_le_bytes());
        Ok(())
    }

    fn name(&self, target: &FinalizedRelocTarget, function: &Function) -> Result<Name, Problem> {
        let name = match target {
            FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
                Name::decode(&function.params.user_named_funcs()[*name])
            }
            FinalizedRelocTarget::ExternalName(
                ExternalName::TestCase(_) | ExternalName::LibCall(_) | ExternalName::KnownSymbol(_),
            )
            | FinalizedRelocTarget::Func(_) => None,
        };
        name.ok_or_else(|| self.fault(&format!("a relocation against {target:?}")))
    }

    fn symbol(&mut self, name: &'a str) -> u32 {
        let symbols = &mut self.object.symbols;
        *self.symbols.entry(name).or_insert_with(|| {
            symbols.push(name.to_owned());
            count(symbols.len() - 1)
        })
    }

    /// Appends the routine of the function's assembly as a local definition.
    fn asm(&mut self, asm: &'a AsmPart, start: usize, lines: Option<&[u32]>) {
        let routine = &asm.routine;
        self.object.text.resize(start, PADDING);
        self.object.text.extend_from_slice(&routine.code);
        let base = count(start);
        for reloc in &routine.relocs {
            let (target, addend) = match reloc.target {
                Target::Symbol(index) => {
                    let name = &routine.symbols[index as usize];
                    (Target::Symbol(self.symbol(name)), reloc.addend)
                }
                Target::Section(Section::Text) => (reloc.target, reloc.addend + i64::from(base)),
                Target::Section(Section::Rodata | Section::Data | Section::Bss) => {
                    (reloc.target, reloc.addend)
                }
            };
            let offset = reloc.offset + base;
            self.object.relocs.push(Reloc { offset, target, addend, ..*reloc });
        }
        if let Some(line_starts) = lines {
            for &(offset, place) in &routine.lines {
                push_line(&mut self.object.lines, base + offset, place, line_starts);
            }
        }
        self.object.definitions.push(Definition {
            symbol: format!("{}.asm", self.body.symbol),
            section: Section::Text,
            offset: base,
            size: count(routine.code.len()),
            kind: SymbolKind::Function,
        });
    }

    fn fault(&self, what: &str) -> Problem {
        Problem::Fault { reason: format!("in `{}`: {what}", self.body.symbol) }
    }
}

/// Adds a line unless it only repeats the one before it; a later entry for the same code wins.
fn push_line(lines: &mut Vec<Line>, offset: u32, place: u32, line_starts: &[u32]) {
    let line = line_starts.partition_point(|&start| start <= place).saturating_sub(1);
    let column = place - line_starts.get(line).copied().unwrap_or(0);
    let line = count(line);
    if lines.last().is_some_and(|last| last.offset == offset) {
        lines.pop();
    }
    if lines.last().is_none_or(|last| (last.line, last.column) != (line, column)) {
        lines.push(Line { offset, line, column });
    }
}

/// Memory accesses fault by signal and address; the table holds only what the signal does not tell.
/// (Quotients never overflow: a divisor of -1 does not reach the division.)
fn trap_kind(code: TrapCode) -> Option<TrapKind> {
    match code {
        TrapCode::INTEGER_DIVISION_BY_ZERO => Some(TrapKind::DivisionByZero),
        TrapCode::STACK_OVERFLOW => Some(TrapKind::StackOverflow),
        crate::lower::UNREACHABLE => Some(TrapKind::Unreachable),
        _ => None,
    }
}

fn reloc_kind(kind: CraneliftReloc) -> Result<RelocKind, Problem> {
    use CraneliftReloc as From;
    const KINDS: [(CraneliftReloc, RelocKind); 8] = [
        (From::X86PCRel4, RelocKind::Rel32),
        (From::X86CallPCRel4, RelocKind::Rel32),
        (From::X86CallPLTRel4, RelocKind::Rel32),
        (From::Abs8, RelocKind::Abs64),
        (From::Abs4, RelocKind::Abs32),
        (From::Arm64Call, RelocKind::Branch26),
        (From::Aarch64AdrPrelPgHi21, RelocKind::Page21),
        (From::Aarch64AddAbsLo12Nc, RelocKind::PageOffset12),
    ];
    let found = KINDS.iter().find(|(from, _)| *from == kind).map(|(_, to)| *to);
    found.ok_or_else(|| Problem::Fault { reason: format!("relocation {kind:?} is not supported") })
}

fn align(offset: usize) -> usize {
    offset.next_multiple_of(ASM_ALIGNMENT)
}

/// Sections are bounded far below 4 GiB: Cranelift refuses larger code, and sema larger literals.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
