//! Functions that no text stands behind: stand-ins of closed fragments, and the start of a program.
//!
//! They are too plain to need a code generator, and must exist even when the code generator is what failed: so they
//! consist of a few steps, and each target has a table of the instructions for each step.

mod aarch64;
mod x86_64;

use morph_object::{
    Definition, Object, Reloc, RelocKind, Section, Symbol, SymbolKind, Target as To,
};

use crate::Target;

/// Where the entry routine leaves what the kernel passed.
const ARGUMENTS: [&str; 2] = ["@$global_argc", "@$global_argv"];

/// Reports that a closed fragment was reached, with four texts, and never returns.
const REPORT: &str = "@fault_closed";

/// What a stand-in tells about the closed fragment that it stands for.
#[derive(Clone, Copy, Debug)]
pub struct ClosedNote<'a> {
    pub name: &'a str,
    /// The fault id of what closed it.
    pub fault: &'a str,
    /// The whole diagnostic, in both languages.
    pub english: &'a str,
    pub indonesian: &'a str,
}

/// Stands under `symbol` for something closed, and reports it.
///
/// It ignores its arguments, however many there are.
pub fn stub(target: Target, symbol: &str, note: &ClosedNote<'_>) -> Object {
    let mut code = Code::new(target);
    code.step(Step::Enter);
    let ClosedNote { name, fault, english, indonesian } = *note;
    for (argument, text) in [name, fault, english, indonesian].into_iter().enumerate() {
        let offset = code.text(text);
        code.step(Step::PassAddress { argument, offset });
    }
    code.step(Step::Call(REPORT));
    code.step(Step::Trap);
    code.finish(symbol)
}

/// `=start`: runs the initialisers in order, then the entry with as many of argc and argv as it takes (at most two).
///
/// Its result is the entry's, or 0 without one.
pub fn start(target: Target, initialisers: &[Symbol], entry: Option<(&str, u32)>) -> Object {
    let mut code = Code::new(target);
    code.step(Step::Enter);
    for initialiser in initialisers {
        code.step(Step::Call(initialiser));
    }
    match entry {
        Some((entry, params)) => {
            for (argument, global) in ARGUMENTS.into_iter().take(params as usize).enumerate() {
                code.step(Step::PassGlobal { argument, global });
            }
            code.step(Step::Call(entry));
        }
        None => code.step(Step::ResultZero),
    }
    code.step(Step::Leave);
    code.finish("=start")
}

/// What the functions here do, one after the other.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    /// Makes a frame record, as the fault reporter expects.
    Enter,
    /// Makes what lies at `offset` of the data the argument of that number.
    PassAddress {
        argument: usize,
        offset: i64,
    },
    /// Makes the word of a global the argument of that number, 0 or 1.
    PassGlobal {
        argument: usize,
        global: &'a str,
    },
    Call(&'a str),
    ResultZero,
    /// Undoes `Enter` and returns.
    Leave,
    /// Ends the program if it is ever reached.
    Trap,
}

/// What a running program is told about one of its source files.
#[derive(Clone, Debug)]
pub struct UnitNote<'a> {
    pub path: &'a str,
    /// How many of its fragments are closed.
    pub closed: u64,
    /// The diagnostic of the first of them in both languages; empty if there is none.
    pub english: &'a str,
    pub indonesian: &'a str,
    /// The whole file is isolated.
    pub isolated: bool,
}

/// `=units`: a table of five words for each unit (address of the path, closed fragments, addresses of the diagnostic in
/// English and Indonesian or 0, 1 if isolated); a unit without a path ends it.
pub fn units(notes: &[UnitNote<'_>]) -> Object {
    const WORDS: usize = 5;
    let mut object = Object { data: vec![0; (notes.len() + 1) * WORDS * 8], ..Object::default() };
    for (number, note) in notes.iter().enumerate() {
        for (word, value) in [(1, note.closed), (4, u64::from(note.isolated))] {
            let at = (number * WORDS + word) * 8;
            object.data[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        for (word, text) in [(0, note.path), (2, note.english), (3, note.indonesian)] {
            if text.is_empty() {
                continue;
            }
            object.relocs.push(Reloc {
                section: Section::Data,
                offset: ((number * WORDS + word) * 8) as u32,
                kind: RelocKind::Abs64,
                target: To::Section(Section::Data),
                addend: object.data.len() as i64,
            });
            object.data.extend_from_slice(text.as_bytes());
            object.data.push(0);
        }
    }
    object.definitions.push(Definition {
        symbol: "=units".to_owned(),
        section: Section::Data,
        offset: 0,
        size: ((notes.len() + 1) * WORDS * 8) as u32,
        kind: SymbolKind::Data,
    });
    object
}

/// An object in the making.
struct Code {
    target: Target,
    object: Object,
}

impl Code {
    fn new(target: Target) -> Code {
        Code { target, object: Object::default() }
    }

    fn step(&mut self, step: Step<'_>) {
        match self.target {
            Target::X86_64Linux => x86_64::emit(self, step),
            Target::Aarch64Linux => aarch64::emit(self, step),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.object.text.extend_from_slice(bytes);
    }

    /// A text as programs know them: its offset in the data.
    fn text(&mut self, text: &str) -> i64 {
        let offset = self.object.data.len();
        self.object.data.extend_from_slice(text.as_bytes());
        self.object.data.push(0);
        offset as i64
    }

    fn symbol(&mut self, symbol: &str) -> To {
        let symbols = &mut self.object.symbols;
        let at = symbols.iter().position(|known| known == symbol).unwrap_or_else(|| {
            symbols.push(symbol.to_owned());
            symbols.len() - 1
        });
        To::Symbol(at as u32)
    }

    /// What is put next refers to `target`.
    fn refer(&mut self, kind: RelocKind, target: To, addend: i64) {
        let offset = self.object.text.len() as u32;
        self.object.relocs.push(Reloc { section: Section::Text, offset, kind, target, addend });
    }

    fn finish(mut self, symbol: &str) -> Object {
        self.object.definitions.push(Definition {
            symbol: symbol.to_owned(),
            section: Section::Text,
            offset: 0,
            size: self.object.text.len() as u32,
            kind: SymbolKind::Function,
        });
        self.object
    }
}
