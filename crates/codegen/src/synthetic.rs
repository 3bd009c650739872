//! Functions that no text stands behind: stand-ins of closed fragments, and the start of a program.
//!
//! They are too plain to need a code generator, and must exist even when the code generator is what failed: so their
//! instructions stand here, one table for each target.

use morph_object::{
    Definition, Object, Reloc, RelocKind, Section, Symbol, SymbolKind, Target as To,
};

/// Where the entry routine leaves what the kernel passed.
const ARGUMENTS: [&str; 2] = ["@$global_argc", "@$global_argv"];

/// Reports that a closed fragment was reached, with three texts, and never returns.
const REPORT: &str = "@fault_closed";

/// Stands under `symbol` for something closed: reports `name` and its diagnostic in both languages.
///
/// It ignores its arguments, however many there are.
pub fn stub(symbol: &str, name: &str, english: &str, indonesian: &str) -> Object {
    let mut code = Code::new();
    let texts = [name, english, indonesian].map(|text| code.text(text));
    code.prologue();
    code.address(x86_64::LEA_RDI, texts[0]);
    code.address(x86_64::LEA_RSI, texts[1]);
    code.address(x86_64::LEA_RDX, texts[2]);
    code.call(REPORT);
    code.put(x86_64::UD2);
    code.finish(symbol)
}

/// `=start`: runs the initialisers in order, then the entry with as many of argc and argv as it takes (at most two).
///
/// Its result is the entry's, or 0 without one.
pub fn start(initialisers: &[Symbol], entry: Option<(&str, u32)>) -> Object {
    let mut code = Code::new();
    code.prologue();
    for initialiser in initialisers {
        code.call(initialiser);
    }
    match entry {
        Some((entry, params)) => {
            let loads = [x86_64::MOV_RDI, x86_64::MOV_RSI];
            for (load, global) in loads.into_iter().zip(ARGUMENTS).take(params as usize) {
                code.global(load, global);
            }
            code.call(entry);
        }
        None => code.put(x86_64::XOR_EAX_EAX),
    }
    code.put(x86_64::POP_RET);
    code.finish("=start")
}

mod x86_64 {
    /// `push rbp`, `mov rbp, rsp`: a frame record, as the fault reporter expects.
    pub(super) const PROLOGUE: &[u8] = &[0x55, 0x48, 0x89, 0xe5];
    /// `lea rdi, [rip + ...]`, and the like: four bytes of displacement follow.
    pub(super) const LEA_RDI: &[u8] = &[0x48, 0x8d, 0x3d];
    pub(super) const LEA_RSI: &[u8] = &[0x48, 0x8d, 0x35];
    pub(super) const LEA_RDX: &[u8] = &[0x48, 0x8d, 0x15];
    /// `mov rdi, [rip + ...]`.
    pub(super) const MOV_RDI: &[u8] = &[0x48, 0x8b, 0x3d];
    pub(super) const MOV_RSI: &[u8] = &[0x48, 0x8b, 0x35];
    /// `call ...`.
    pub(super) const CALL: &[u8] = &[0xe8];
    pub(super) const XOR_EAX_EAX: &[u8] = &[0x31, 0xc0];
    /// `pop rbp`, `ret`.
    pub(super) const POP_RET: &[u8] = &[0x5d, 0xc3];
    pub(super) const UD2: &[u8] = &[0x0f, 0x0b];
}

/// An object in the making.
struct Code {
    object: Object,
}

impl Code {
    fn new() -> Code {
        Code { object: Object::default() }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.object.text.extend_from_slice(bytes);
    }

    fn prologue(&mut self) {
        self.put(x86_64::PROLOGUE);
    }

    /// A text as programs know them: its offset in the data.
    fn text(&mut self, text: &str) -> i64 {
        let offset = self.object.data.len();
        self.object.data.extend_from_slice(text.as_bytes());
        self.object.data.push(0);
        offset as i64
    }

    fn address(&mut self, instruction: &[u8], offset: i64) {
        self.relative(instruction, To::Section(Section::Data), offset);
    }

    fn global(&mut self, instruction: &[u8], symbol: &str) {
        let target = self.symbol(symbol);
        self.relative(instruction, target, 0);
    }

    fn call(&mut self, symbol: &str) {
        let target = self.symbol(symbol);
        self.relative(x86_64::CALL, target, 0);
    }

    fn symbol(&mut self, symbol: &str) -> To {
        let symbols = &mut self.object.symbols;
        let at = symbols.iter().position(|known| known == symbol).unwrap_or_else(|| {
            symbols.push(symbol.to_owned());
            symbols.len() - 1
        });
        To::Symbol(at as u32)
    }

    /// An instruction that ends in a distance from its own end.
    fn relative(&mut self, instruction: &[u8], target: To, addend: i64) {
        self.put(instruction);
        let offset = self.object.text.len() as u32;
        self.put(&[0; 4]);
        self.object.relocs.push(Reloc {
            section: Section::Text,
            offset,
            kind: RelocKind::Rel32,
            target,
            addend: addend - 4,
        });
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
