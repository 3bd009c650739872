//! What a name in Cranelift's code refers to, and the routines that the library must provide.

use cranelift_codegen::ir::UserExternalName;
use morph_sema::typed::{StrId, SymbolId};

/// `(n, a, b, c, d, e, f)` in the target's C convention (x86_64 has the seventh on the stack); gives what the kernel
/// gives.
pub const SYSCALL: &str = "!syscall_raw";
/// `(dest, src, n)`: copies forward, byte by byte in effect.
pub const MEMORY_COPY: &str = "!mem_copy";
/// `(dest, byte, n)`: sets `n` bytes to the low byte of `byte`.
pub const MEMORY_FILL: &str = "!mem_fill";

/// A routine that stands for what Cranelift has no instruction for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Routine {
    Syscall,
    MemoryCopy,
    MemoryFill,
}

impl Routine {
    pub(crate) const ALL: [Routine; 3] =
        [Routine::Syscall, Routine::MemoryCopy, Routine::MemoryFill];

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Routine::Syscall => SYSCALL,
            Routine::MemoryCopy => MEMORY_COPY,
            Routine::MemoryFill => MEMORY_FILL,
        }
    }
}

/// What a relocation that Cranelift asks for refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// A symbol of the body.
    Symbol(SymbolId),
    /// The bytes of a literal, in this object's data.
    String(StrId),
    /// The entry of block `n` of the function's own assembly.
    AsmEntry(u32),
    Routine(Routine),
}

const SYMBOL: u32 = 0;
const STRING: u32 = 1;
const ASM_ENTRY: u32 = 2;
const ROUTINE: u32 = 3;

impl Name {
    /// Cranelift's form of the name: a pair of numbers.
    pub(crate) fn encode(self) -> UserExternalName {
        let (namespace, index) = match self {
            Name::Symbol(id) => (SYMBOL, id.0),
            Name::String(id) => (STRING, id.0),
            Name::AsmEntry(block) => (ASM_ENTRY, block),
            Name::Routine(routine) => (ROUTINE, routine as u32),
        };
        UserExternalName { namespace, index }
    }

    /// Undoes [`Name::encode`]; `None` for a pair that it never made.
    pub(crate) fn decode(name: &UserExternalName) -> Option<Name> {
        match name.namespace {
            SYMBOL => Some(Name::Symbol(SymbolId(name.index))),
            STRING => Some(Name::String(StrId(name.index))),
            ASM_ENTRY => Some(Name::AsmEntry(name.index)),
            ROUTINE => Routine::ALL.get(name.index as usize).copied().map(Name::Routine),
            _ => None,
        }
    }
}
