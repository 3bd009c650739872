//! Doing a bundle's work once more, to see whether it breaks as it did.

use bumpalo::Bump;

use crate::bundle::folder::Bundle;
use crate::bundle::record::Record;
use crate::bundle::trial::{Bench, Came, ReplayError};
use crate::crew::Stubbed;
use crate::phase::Phase;
use crate::protection::compiler_build;
use crate::report::Report;
use crate::sandboxed::kind_name;

/// A fault that a replay saw.
#[derive(Clone, Debug)]
pub struct SeenFault {
    /// The bundle's own id if text, surroundings and compiler are what they were.
    pub fault: String,
    pub kind: String,
    pub phase: Phase,
    pub record: Option<Record>,
}

/// What a replay came to.
#[derive(Debug)]
pub enum Outcome {
    /// A fault of the same kind in the same phase.
    Reproduced(SeenFault),
    Other(SeenFault),
    /// No fault: the report tells whether the fragment has errors of its own.
    Gone(Box<Report>),
}

/// A replay.
#[derive(Debug)]
pub struct Replayed {
    /// Whether this compiler is the one that the bundle comes from.
    pub same_compiler: bool,
    pub outcome: Outcome,
}

/// Does the work of a bundle once more.
///
/// # Errors
/// If no sandbox can be had.
pub fn replay(bundle: &Bundle) -> Result<Replayed, ReplayError> {
    let texts = Bump::new();
    let bench = Bench::new(&bundle.facts, &texts)?;
    let came = bench.attempt(&bundle.fragment, &bundle.environment)?;
    let same_compiler = bundle.facts.build == compiler_build();
    Ok(Replayed { same_compiler, outcome: judge(bundle, came) })
}

fn judge(bundle: &Bundle, came: Came) -> Outcome {
    match came {
        Came::Answer(report) => Outcome::Gone(report),
        Came::Fault(stubbed) => {
            let seen = seen(&stubbed);
            if is_same(bundle, &stubbed) { Outcome::Reproduced(seen) } else { Outcome::Other(seen) }
        }
    }
}

/// Whether a fault is the bundle's: of the same kind, in the same phase.
pub(super) fn is_same(bundle: &Bundle, stubbed: &Stubbed) -> bool {
    kind_name(stubbed.fault.kind) == bundle.facts.kind && stubbed.phase() == bundle.facts.phase
}

fn seen(stubbed: &Stubbed) -> SeenFault {
    SeenFault {
        fault: stubbed.fault.id.to_string(),
        kind: kind_name(stubbed.fault.kind),
        phase: stubbed.phase(),
        record: stubbed.death.as_ref().map(Record::of),
    }
}
