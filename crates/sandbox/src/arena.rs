//! Memory of one task: see [`ArenaAllocator`].

use std::io;

use crate::settings::Residue;

/// Reserves.
pub(crate) fn reserve(_memory: usize, _residue: Residue) -> io::Result<()> {
    Ok(())
}

/// A task begins.
pub(crate) fn enter() {}

/// A task is done.
pub(crate) fn leave() {}

/// Address space that the arena of a worker takes.
pub(crate) fn reserved(_memory: usize) -> usize {
    0
}
