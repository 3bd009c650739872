//! The runtime's naked routines for targets whose assembly Morph does not read.
//!
//! A naked routine has no prologue: where a program begins, where a signal handler returns to, what copies memory. On
//! x86_64 their text stands in `lib/kernel` (`asm_rutin`). The assembler reads x86_64 only, so another target has a table of
//! instructions under the same names: what stands in `lib/kernel` is then the place that crash reports name, no more.
//!
//! Left out: routines with register contracts of x86_64, which serve assembly in programs.

mod aarch64;

use morph_object::{Definition, Line, Object, Reloc, RelocKind, Section, SymbolKind, Target as To};

use crate::Target;

/// One routine of a table.
struct Routine {
    name: &'static str,
    code: &'static [Instruction],
}

/// An instruction of four bytes.
#[derive(Clone, Copy)]
struct Instruction {
    word: u32,
    /// What the address in it is, if it has one.
    address: Option<(RelocKind, &'static str)>,
}

fn table(target: Target) -> &'static [Routine] {
    match target {
        Target::X86_64Linux => &[],
        Target::Aarch64Linux => aarch64::ROUTINES,
    }
}

/// The names of the routines in the table of `target`, without the prefix of their symbols.
pub fn names(target: Target) -> Vec<&'static str> {
    table(target).iter().map(|routine| routine.name).collect()
}

/// The routine under the symbol that the library gives it; `None` if the table of `target` has none of that name.
pub(crate) fn object(target: Target, name: &str) -> Option<Object> {
    let routine = table(target).iter().find(|routine| routine.name == name)?;
    let mut object = Object::default();
    for instruction in routine.code {
        let offset = object.text.len() as u32;
        if let Some((kind, symbol)) = instruction.address {
            let at = object.symbols.iter().position(|known| known == symbol);
            let at = at.unwrap_or_else(|| {
                object.symbols.push(symbol.to_owned());
                object.symbols.len() - 1
            });
            let target = To::Symbol(at as u32);
            let section = Section::Text;
            object.relocs.push(Reloc { section, offset, kind, target, addend: 0 });
        }
        object.text.extend_from_slice(&instruction.word.to_le_bytes());
    }
    // Which line an instruction stands on is known to this table alone: the routine's head stands for all.
    object.lines.push(Line { offset: 0, line: 0, column: 0 });
    object.definitions.push(Definition {
        symbol: format!("!{name}"),
        section: Section::Text,
        offset: 0,
        size: object.text.len() as u32,
        kind: SymbolKind::Function,
    });
    Some(object)
}
