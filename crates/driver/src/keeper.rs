//! What is kept of a fragment for later builds, as entries of the store.

use morph_diag::{FragmentId, Origin};
use morph_fault::fault::Key;

use crate::definitions::definition;
use crate::program::{FragmentRef, Program};
use crate::results::Entry;
use crate::task::Built;

/// Makes entries; for many fragments on many threads.
pub(crate) struct Keeper<'k> {
    pub(crate) program: &'k Program<'k>,
    pub(crate) places: &'k [FragmentRef],
    /// By fragment.
    pub(crate) keys: &'k [Key],
}

impl Keeper<'_> {
    /// What was made of a fragment, under its key. Nothing if nobody could use it again.
    pub(crate) fn entry<'r>(
        &self,
        id: FragmentId,
        built: &Built,
        reply: &'r [u8],
    ) -> Option<Entry<'r>> {
        let mut marked = Vec::new();
        for label in built.diagnostics.iter().flat_map(|diagnostic| &diagnostic.secondary) {
            let Origin::Fragment(other) = label.origin else { continue };
            // A mark that is not at a name cannot be found again.
            marked.push((other, definition(self.program, self.places, other, label.span)?));
        }
        let key = self.keys.get(id.0 as usize)?;
        Some(Entry::built(key, &marked, reply))
    }
}
