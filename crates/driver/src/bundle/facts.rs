//! What a bundle says besides its texts.

use std::collections::BTreeMap;

use morph_diag::Span;
use morph_fault::fault::{Build, FaultId};
use morph_sandbox::{Budget, Inject};
use morph_sema::summary::Side;
use morph_syntax::PieceKind;

use crate::bundle::record::Record;
use crate::options::Options;
use crate::phase::Phase;

/// The piece of work that broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Cutting a unit into fragments.
    Unit,
    /// Reading one fragment on its own.
    Alone,
    /// Checking and compiling a fragment against its environment.
    Fragment,
}

/// All that a replay needs to know, checked.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The version of morph that wrote it.
    pub(crate) morph: String,
    pub(crate) build: Build,
    pub(crate) fault: FaultId,
    /// As messages name it: `SIGSEGV`, `panic`.
    pub(crate) kind: String,
    pub(crate) phase: Phase,
    pub(crate) what: What,
    pub(crate) side: Side,
    pub(crate) piece: PieceKind,
    /// How the unit was shown; the fault id depends on it.
    pub(crate) unit: String,
    /// The fragment's position in its unit; of a unit as a whole there is none.
    pub(crate) position: Option<u32>,
    /// On which line of the unit the text begins, from 1.
    pub(crate) line: u32,
    /// Where the fragment's name stands in its text.
    pub(crate) name: Option<Span>,
    /// Only `target`, `opt`, `debug` and `goal` matter to a fragment.
    pub(crate) options: Options,
    pub(crate) budget: Budget,
    /// Whether floats could arise anywhere in the program: it decides what of the library takes part.
    pub(crate) floats: bool,
    /// What the check can ask about of the library: units, and positions in them.
    pub(crate) library: BTreeMap<String, Vec<u32>>,
    /// Whether all that the check can ask about fitted into `environment.fox`.
    pub(crate) whole: bool,
    /// The fault was there on purpose.
    pub(crate) injected: Option<(Phase, Inject)>,
    /// How the worker ended; unknown if the bundle was written later than that.
    pub(crate) record: Option<Record>,
    /// The fault of the bundle from which this one was made smaller.
    pub(crate) minimised_from: Option<FaultId>,
}
