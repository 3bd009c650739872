//! Intel-syntax (NASM-flavoured) assembly text to x86-64 bytes, over iced-x86.
//!
//! Pure: text and a name resolver in, bytes and relocations out. A malformed line becomes a diagnostic
//! with a span; nothing panics.

mod encode;
mod expr;
mod form;
mod line;
mod mnemonic;
mod object;
mod operand;
mod outline;
mod register;
mod routine;
mod scope;
mod section;
mod token;

use morph_diag::{Diagnostic, Span};
use morph_object::{Reloc, Symbol};

pub use object::{assemble_data, assemble_naked};
pub use outline::{Name, constants_of, has_instruction, is_data_only, labels_of, names_of};
pub use routine::assemble_routine;

/// One run of raw assembly lines inside a fragment.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    pub lines: &'a str,
    /// Offset of `lines` in the fragment's text: spans of diagnostics count from the fragment's start.
    pub start: u32,
}

/// What a name in assembly text stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A word in the enclosing function's asm frame: `[rbp + FRAME_LINK + offset]`.
    Frame(i32),
    /// A symbol of the program: its address.
    Symbol(Symbol),
    /// A constant.
    Value(i64),
}

/// What a name is used as; the answer may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// `[var_x]`: asked with the bare name `x`.
    Variable,
    /// Anything else: `call f`, `mov rax, label`, `[rel label]`.
    Plain,
}

/// Says what a name means, or `None` if nothing defines it.
pub type Resolver<'a> = dyn FnMut(&str, Usage, Span) -> Option<Meaning> + 'a;

/// An asm block of a function, and which registers cross its borders.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    pub text: Text<'a>,
    /// Where in the asm frame the six saved registers (RAX RBX RCX RDX RSI RDI, 8 bytes each) lie that
    /// become the entry registers of this block (`simpan` .. `kembalikan`).
    pub load: Option<i32>,
    /// Where in the asm frame the six registers are recorded when this block falls through.
    pub record: Option<i32>,
}

/// All asm blocks of one function as one out-of-line routine.
///
/// Each entry is called with the System V convention: RDI = address of the asm frame. It saves the
/// callee-saved registers, sets RBP [`FRAME_LINK`] bytes below the frame, zeroes (or loads) all other general registers, and
/// calls the block's body with RSP 16-aligned at the body's first instruction. It returns
/// RAX = what the block left there, RDX = how the block ended: `FELL_THROUGH + n` when control fell
/// off the end of block `n`, `RETURNED` for a `ret`. A jump into another block falls off *that* block's
/// end, so the caller dispatches on RDX.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routine {
    pub code: Vec<u8>,
    /// Offset of each block's entry, in block order.
    pub entries: Vec<u32>,
    /// `section` is always `Text`; offsets count in `code`.
    pub relocs: Vec<Reloc>,
    pub symbols: Vec<Symbol>,
    /// Byte offset in `code` to span start of the instruction's line in the fragment.
    pub lines: Vec<(u32, u32)>,
    /// Blocks that are jumped into from other blocks.
    pub jumped_into: Vec<u32>,
}

/// The bytes below the asm frame that belong to the routine. The entry stub makes a frame record of them (the caller's
/// RBP, the return address) and lets RBP point to it, so that a walk along the frame pointers finds its way out of assembly.
pub const FRAME_LINK: i32 = 16;

/// RDX after a block's body ended in `ret`.
pub const RETURNED: i64 = 0;
/// RDX after control fell off the end of block 0; block `n` gives this plus `n`.
pub const FELL_THROUGH: i64 = 1;

/// Result of assembling: the value is complete only if there are no errors among `diagnostics`.
#[derive(Clone, Debug)]
pub struct Assembled<T> {
    pub value: T,
    pub diagnostics: Vec<Diagnostic>,
}
