//! The fault ids of closed fragments: each joins what the build says with what the running program says.
//!
//! A crash of the compiler brings its id along. What is wrong with the program itself gets one here, of the fragment's name
//! and its errors: lines above it may come and go, and another build of the compiler may word things otherwise.

use morph_diag::{Arg, Diagnostic, FragmentId, Severity};
use morph_fault::fault::FaultId;
use morph_sema::summary::Side;
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, State};
use crate::key::Hasher;

/// The ids of all closed fragments.
pub(crate) struct FaultIds(FxHashMap<FragmentId, FaultId>);

impl FaultIds {
    pub(crate) fn new(analysis: &Analysis<'_>) -> FaultIds {
        let mut errors: FxHashMap<FragmentId, Vec<&Diagnostic>> = FxHashMap::default();
        for (id, problem) in &analysis.problems {
            if problem.severity() == Severity::Error {
                errors.entry(*id).or_default().push(problem);
            }
        }
        let own = |id: FragmentId| {
            let errors = errors.get(&id).map_or(&[][..], Vec::as_slice);
            errors.iter().find_map(|error| brought(error)).unwrap_or_else(|| {
                let name = analysis.name(id);
                let text = || analysis.unit(id).text_of(analysis.fragment(id));
                diagnosed(&analysis.unit(id).path, analysis.side(id), name, text, errors)
            })
        };
        let closed = analysis.ids().filter_map(|id| match analysis.state(id) {
            State::Broken => Some((id, own(id))),
            State::Dependent(cause) => Some((id, own(*cause))),
            State::Inactive | State::Active => None,
        });
        FaultIds(closed.collect())
    }

    /// The id of a closed fragment.
    pub(crate) fn of(&self, id: FragmentId) -> FaultId {
        self.0.get(&id).copied().unwrap_or_else(|| {
            unreachable!("{id:?} is not closed, or was not when the ids were made")
        })
    }
}

/// The id that an error about a fault of the compiler has.
fn brought(error: &Diagnostic) -> Option<FaultId> {
    let fault = error.args.iter().find(|(key, _)| *key == "fault");
    match fault {
        Some((_, Arg::Text(id))) => id.parse().ok(),
        Some((_, Arg::Number(_) | Arg::List(_))) | None => None,
    }
}

fn diagnosed<'t>(
    path: &str,
    side: Side,
    name: Option<(&str, &str)>,
    text: impl FnOnce() -> &'t str,
    errors: &[&Diagnostic],
) -> FaultId {
    let mut hasher = Hasher::of("diagnosed").number(side as u64).text(path);
    hasher = match name {
        Some((keyword, name)) => hasher.text(keyword).text(name),
        None => hasher.text(text()),
    };
    for error in errors {
        hasher = hasher.text(error.code.name());
        // What else there is in the program is no part of the fault.
        for (key, value) in error.args.iter().filter(|(key, _)| *key != "nearest") {
            hasher = hasher.text(key);
            hasher = match value {
                Arg::Text(text) => hasher.text(text),
                Arg::Number(number) => hasher.text(&number.to_string()),
                Arg::List(all) => all.iter().fold(hasher, |hasher, one| hasher.text(one)),
            };
        }
    }
    FaultId::diagnosed(&hasher.finish())
}
