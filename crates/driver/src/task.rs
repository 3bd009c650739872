//! What is done to one fragment once all signatures are known, as values that can travel to a worker and back.

use morph_codegen::Problem;
use morph_codegen::synthetic::ClosedNote;
use morph_diag::{Code, Diagnostic, FragmentId, Span};
use morph_fault::fault::Key;
use morph_object::{Object, Symbol};
use morph_sema::environment::Asked;
use morph_sema::summary::Side;
use serde::{Deserialize, Serialize};

use crate::key::Hasher;

/// Check a fragment, and compile it if that is the goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Task(pub(crate) FragmentId);

/// What a unit is remembered by from build to build.
pub(crate) fn unit_name(side: Side, path: &str) -> Key {
    Hasher::of("unit").number(side as u64).text(path).finish()
}

/// What no text stands behind.
#[derive(Clone, Debug)]
pub(crate) enum Synthetic<'s> {
    /// Stands in for something closed: it reports, and never returns.
    Stub { symbol: &'s str, params: u32, note: ClosedNote<'s> },
    /// Runs the initialisers, then the entry with so many parameters.
    Start { initialisers: &'s [Symbol], entry: Option<(&'s str, u32)> },
}

/// What a piece of work came to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Built {
    /// Without those of the syntax.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Closed definitions without which there is nothing to compile; they have messages of their own.
    pub(crate) closed_by: Vec<String>,
    /// What it asked of the environment.
    pub(crate) asked: Asked,
    pub(crate) made: Made,
}

/// What there is to link.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Made {
    /// The check found an error, or something that is needed is closed.
    #[default]
    Closed,
    /// Nothing: a struct, a constant, or a check without a compilation.
    Nothing,
    Object {
        object: Object,
        /// What must be called at start-up.
        initialiser: Option<Symbol>,
    },
    /// The back end could not.
    Refused(Problem),
}

/// The answer to one piece of work.
#[derive(Debug)]
pub(crate) enum Verdict {
    Built(Box<Built>),
    /// There is no answer: working on it broke the worker each time, and this is what to tell about it.
    Faulted(Box<Diagnostic>),
}

/// Who does the work.
pub(crate) trait Executor {
    /// Does all of it; the answers in any order.
    fn run(&mut self, tasks: Vec<Task>) -> Vec<(Task, Verdict)>;

    /// Is told that there is no more work.
    fn rest(&mut self) {}

    /// Whether what comes out is kept for later builds.
    fn keeps(&self) -> bool {
        false
    }

    /// What to tell about a fragment whose object cannot be linked, for this reason.
    fn refuse(&mut self, _task: Task, reason: &str) -> Diagnostic {
        Diagnostic::new(Code::CompilerFault, Span::default()).arg("reason", reason)
    }

    /// Is told what else the image consists of.
    fn add(&mut self, _made: &Synthetic<'_>) {}
}
