//! Who is to blame when objects do not fit together: a worker may have sent an object that is well formed and wrong.
//!
//! What each fragment defines is known from its summary, so a name that an object defines or names can be held against
//! that. Whoever is found is closed, and the image is made without it.

use morph_diag::FragmentId;
use morph_link::LinkError;
use morph_object::Object;
use morph_sema::summary::{Definition, Side};

use crate::analysis::{Analysis, State};
use crate::compile::Owners;

/// The fragments whose objects cause `error`; `inputs` are the fragments of the linker's inputs. None if it is nobody's
/// object: then the linker, or what we added ourselves, is wrong.
pub(crate) fn culprits(
    error: &LinkError,
    objects: &[(FragmentId, Object)],
    inputs: &[FragmentId],
    owners: &Owners,
    analysis: &Analysis<'_>,
) -> Vec<FragmentId> {
    let compiled = |id: &FragmentId| objects.binary_search_by_key(id, |(own, _)| *own).is_ok();
    match error {
        LinkError::DuplicateSymbol { symbol, .. } => {
            let defines = |object: &Object| {
                object.definitions.iter().any(|definition| definition.symbol == *symbol)
            };
            let definers: Vec<FragmentId> =
                objects.iter().filter(|(_, object)| defines(object)).map(|(id, _)| *id).collect();
            let owner = owner(symbol, owners, analysis);
            let strangers: Vec<FragmentId> =
                definers.iter().copied().filter(|id| Some(*id) != owner).collect();
            // One that defines its own symbol twice has nobody else to blame.
            if strangers.is_empty() { definers } else { strangers }
        }
        LinkError::UndefinedSymbol { symbol, .. } => {
            match owner(symbol, owners, analysis).filter(|id| brings_its_own(analysis, *id)) {
                Some(owner) => vec![owner],
                None => objects
                    .iter()
                    .filter(|(_, object)| object.symbols.contains(symbol))
                    .map(|(id, _)| *id)
                    .collect(),
            }
        }
        LinkError::RelocationOverflow { input, .. } => blamed(Some(*input), inputs, compiled),
        LinkError::Malformed { input, .. } => blamed(*input, inputs, compiled),
        LinkError::TooLarge { .. } => {
            let size = |object: &Object| {
                let bytes = object.text.len() + object.rodata.len() + object.data.len();
                let tables = object.lines.len() + object.traps.len();
                bytes as u64 + u64::from(object.bss_size) + tables as u64
            };
            let largest = objects.iter().max_by_key(|(_, object)| size(object));
            largest.map(|(id, _)| *id).into_iter().collect()
        }
    }
}

/// Whether an object of the fragment must define the fragment's symbols.
fn brings_its_own(analysis: &Analysis<'_>, id: FragmentId) -> bool {
    *analysis.state(id) == State::Active
        && match analysis.summary(id).definition {
            Definition::Function { .. }
            | Definition::UnitBlock { .. }
            | Definition::Global { .. }
            | Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement => true,
            // The stand-in of a constant is there only if the constant is closed.
            Definition::Const { .. }
            | Definition::Struct { .. }
            | Definition::Import
            | Definition::Broken => false,
        }
}

fn blamed(
    input: Option<usize>,
    inputs: &[FragmentId],
    compiled: impl Fn(&FragmentId) -> bool,
) -> Vec<FragmentId> {
    input.and_then(|input| inputs.get(input)).copied().filter(compiled).into_iter().collect()
}

/// The fragment that a symbol belongs to.
fn owner(symbol: &str, owners: &Owners, analysis: &Analysis<'_>) -> Option<FragmentId> {
    owners.find(symbol).or_else(|| {
        // `%unit:ordinal`, where the library's units begin with `@`.
        let (unit, ordinal) = symbol.strip_prefix('%')?.rsplit_once(':')?;
        let ordinal: u32 = ordinal.parse().ok()?;
        let (side, path) = match unit.strip_prefix('@') {
            Some(path) => (Side::Library, path),
            None => (Side::Program, unit),
        };
        analysis.ids().find(|id| {
            let place = analysis.places[id.0 as usize];
            place.fragment == ordinal
                && analysis.side(*id) == side
                && analysis.unit(*id).path == path
        })
    })
}
