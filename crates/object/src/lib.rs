//! What crosses from code generation to linking, and nothing else.
//!
//! An [`Object`] is what one fragment compiles to. It is position-independent in the source as well
//! as in memory: lines count from the fragment's first line, so that moving a fragment changes nothing.
//!
//! # Names of symbols
//!
//! Functions, variables, structs and labels live in separate tables of the language, and a program
//! may define a function that the library has too. One prefix keeps them apart:
//!
//! | symbol | what it is |
//! | --- | --- |
//! | `f` | a function (or unit block) of the program |
//! | `@f` | a function of the built-in library |
//! | `$g`, `@$g` | a global variable |
//! | `!r` | a runtime routine with a register contract (library only) |
//! | `#l`, `@#l` | a label of a data block |
//! | `%u:n` | the initialiser at ordinal `n` of unit `u`, run at start-up |
//! | `?c` | the stand-in for a closed constant `c`: calling it reports the fault |
//! | `=t` | a table or address that the linker provides |
//! | `~f` | the code of function `f`, in images where `f` itself is a jump to its newest version |

use serde::{Deserialize, Serialize};

mod join;
mod problem;

/// The name of a symbol, prefix included.
pub type Symbol = String;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Section {
    /// Code: readable and executable.
    Text,
    /// Constants: readable.
    Rodata,
    /// Initialised data: readable and writable (string literals too: programs may write to them).
    Data,
    /// Zeroed data.
    Bss,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SymbolKind {
    Function,
    Data,
}

/// A place in this object that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    pub symbol: Symbol,
    pub section: Section,
    pub offset: u32,
    pub size: u32,
    pub kind: SymbolKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RelocKind {
    /// Eight bytes: `S + A`.
    Abs64,
    /// Four bytes, must fit unsigned: `S + A`.
    Abs32,
    /// Four bytes, must fit signed: `S + A` (a displacement with index registers).
    Abs32Signed,
    /// Four bytes: `S + A - P`.
    Rel32,
    /// The 26 bits of an aarch64 `bl` or `b`: `S + A - P` in words, within 128 MB.
    Branch26,
    /// The 21 bits of an aarch64 `adrp`: from the page of `P` to the page of `S + A`, within 4 GB. A page has 4096 bytes
    /// here, whatever the system's pages are.
    Page21,
    /// The 12 bits of an aarch64 `add`: where in its page `S + A` lies.
    PageOffset12,
    /// The 12 bits of an aarch64 `ldr` of eight bytes: the same, which must be a multiple of 8.
    WordOffset12,
}

impl RelocKind {
    /// How many bytes a relocation of this kind reads and writes.
    pub fn width(self) -> usize {
        match self {
            RelocKind::Abs64 => 8,
            RelocKind::Abs32
            | RelocKind::Abs32Signed
            | RelocKind::Rel32
            | RelocKind::Branch26
            | RelocKind::Page21
            | RelocKind::PageOffset12
            | RelocKind::WordOffset12 => 4,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// An index into [`Object::symbols`].
    Symbol(u32),
    /// The start of one of this object's own sections.
    Section(Section),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloc {
    pub section: Section,
    pub offset: u32,
    pub kind: RelocKind,
    pub target: Target,
    pub addend: i64,
}

/// Code from `offset` on belongs to this place. Both counts begin at 0: line 0 is the line on which
/// the fragment's text begins, column 0 the first byte of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub offset: u32,
    pub line: u32,
    pub column: u32,
}

/// Why the instruction at a trap can fault, whatever signal the machine sends for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum TrapKind {
    DivisionByZero = 1,
    StackOverflow = 2,
    Unreachable = 3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trap {
    /// Offset in `text` of the instruction that traps.
    pub offset: u32,
    pub kind: TrapKind,
}

/// What one fragment compiles to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    #[serde(with = "serde_bytes")]
    pub text: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub rodata: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
    pub bss_size: u32,
    pub definitions: Vec<Definition>,
    /// Symbols that relocations name, each once, in order of first use.
    pub symbols: Vec<Symbol>,
    /// Sorted by section, then offset.
    pub relocs: Vec<Reloc>,
    /// Sorted by offset.
    pub lines: Vec<Line>,
    /// Sorted by offset.
    pub traps: Vec<Trap>,
}

impl Object {
    /// Whether this object is that one but for lines and columns: what stands there in the sources was only moved.
    pub fn differs_in_places_only(&self, other: &Object) -> bool {
        let Object { text, rodata, data, bss_size, definitions, symbols, relocs, lines, traps } =
            self;
        let offsets =
            |lines: &[Line]| -> Vec<u32> { lines.iter().map(|line| line.offset).collect() };
        *text == other.text
            && *rodata == other.rodata
            && *data == other.data
            && *bss_size == other.bss_size
            && *definitions == other.definitions
            && *symbols == other.symbols
            && *relocs == other.relocs
            && *traps == other.traps
            && offsets(lines) == offsets(&other.lines)
    }
}
