//! What is kept of a fragment for later builds, as entries of the store.

use morph_diag::{FragmentId, Origin};
use morph_fault::fault::Key;
use morph_sema::environment::Environment;
use morph_sema::summary::Side;
use morph_syntax::significant::{self, Run};

use crate::definitions::definition;
use crate::key::relaid_key;
use crate::options::Options;
use crate::program::{FragmentRef, Program};
use crate::relaid;
use crate::results::{Entry, KeptBuilt, KeptWords};
use crate::task::Built;

/// Makes entries; for many fragments on many threads.
pub(crate) struct Keeper<'k> {
    pub(crate) program: &'k Program<'k>,
    pub(crate) places: &'k [FragmentRef],
    pub(crate) environment: &'k Environment,
    pub(crate) options: &'k Options,
    /// By fragment.
    pub(crate) keys: &'k [Key],
}

impl Keeper<'_> {
    /// What was made of a fragment: under its key, and under what it has in common with those that are laid out differently. Nothing if
    /// nobody could use it again.
    pub(crate) fn entries(&self, id: FragmentId, built: &Built, reply: &[u8]) -> Vec<Entry> {
        let mut marked = Vec::new();
        for label in built.diagnostics.iter().flat_map(|diagnostic| &diagnostic.secondary) {
            let Origin::Fragment(other) = label.origin else { continue };
            // A mark that is not at a name cannot be found again.
            let Some(definition) = definition(self.program, self.places, other, label.span) else {
                return Vec::new();
            };
            marked.push((other, definition));
        }
        let key = self.keys[id.0 as usize];
        let mut entries = vec![Entry::built(&key, &KeptBuilt { marked, reply })];
        if let Some((shared, runs)) = self.words(id) {
            let kept = KeptWords { made: key, words: relaid::pack(&runs) };
            entries.push(Entry::words(&shared, &kept));
        }
        entries
    }

    /// The key that a fragment shares with those that are laid out differently, and where its words stand.
    pub(crate) fn words(&self, id: FragmentId) -> Option<(Key, Vec<Run>)> {
        let place = self.places[id.0 as usize];
        let unit = &self.program.units[place.unit as usize];
        // Nobody edits the library.
        if unit.side() == Side::Library {
            return None;
        }
        let text = unit.text_of(&unit.fragments[place.fragment as usize]);
        let runs = significant::runs(text)?;
        let canonical = relaid::canonical(text, &runs);
        let key = relaid_key(&canonical, self.program, place, self.environment, self.options);
        Some((key, runs))
    }
}
