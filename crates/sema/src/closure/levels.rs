//! Being written.

use super::{Closure, ClosureInput, Names};

pub(super) struct Closer;

impl Closer {
    pub(super) fn new(_input: ClosureInput<'_, '_>, _names: Names) -> Closer {
        Closer
    }
    pub(super) fn run(self) -> Closure {
        todo!("being written")
    }
}
