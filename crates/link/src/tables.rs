//! What a running program knows about itself: the contract between the linker and the crash reporter
//! in `lib/kernel/report.fox`.
//!
//! All tables lie in read-only memory, little-endian, sorted by address, and are reached through
//! `link_address("name")`; `name_end` is the address just past the last entry. An image lies below
//! 2 GB, so an address is four bytes.
//!
//! | table | bytes per entry | fields |
//! | --- | --- | --- |
//! | `functions` | 16 | address, size, address of the name, address of the unit's path (texts end in NUL) |
//! | `lines` | 8 | address of the first byte of code, place |
//! | `traps` | 8 | address of the instruction, kind (`morph_object::TrapKind` as a number) |
//! | `closed_globals` | 8 | address of the function that reports the fault |
//! | `gates` | 8 | address of a function of the program, address of the unit's path |
//!
//! *Place* is `line * 1024 + column`, both from 1; a column past 1023 reads 1023. A line entry holds
//! for all code up to the next entry, but never past the end of its function: look for the function
//! first.
//!
//! The word of the closed global number `n` is at `closed_start + 8 * n` and has no access rights.
//! Between `data_start` and `data_end` lie all globals.
//!
//! With `--debug none` functions and lines are empty. The table of gates is for `lib/kernel/gate.fox`: it is empty unless
//! the image names it, and has the functions of units that the program may close, in the order of the image. The names in the function table are those of
//! the symbol table: both read the same bytes of the file.

/// Bytes of one entry of the function table.
pub const FUNCTION_ENTRY: usize = 16;
/// Bytes of one entry of the line table.
pub const LINE_ENTRY: usize = 8;
/// Bytes of one entry of the trap table.
pub const TRAP_ENTRY: usize = 8;
/// Bytes of one entry of the table of gates.
pub const GATE_ENTRY: usize = 8;
/// Bytes of one entry of the table of closed globals, and of a closed global itself.
pub const CLOSED_ENTRY: usize = 8;

/// Bits of the column in a place.
const COLUMN_BITS: u32 = 10;
pub(crate) const MAX_COLUMN: u32 = (1 << COLUMN_BITS) - 1;
pub(crate) const MAX_LINE: u32 = (1 << (32 - COLUMN_BITS)) - 1;

/// Line and column, both from 1, as one number.
pub fn place(line: u32, column: u32) -> u32 {
    (line.min(MAX_LINE) << COLUMN_BITS) | column.min(MAX_COLUMN)
}

/// The reverse of [`place`].
pub fn line_and_column(place: u32) -> (u32, u32) {
    (place >> COLUMN_BITS, place & MAX_COLUMN)
}

/// A symbol as a person reads it: without the prefixes that keep the tables of names apart.
pub fn display_name(symbol: &str) -> &str {
    let name = symbol.trim_start_matches(['@', '$', '!', '#', '%', '?', '=', '~']);
    if name.is_empty() { symbol } else { name }
}
