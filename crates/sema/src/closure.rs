//! Closure: which definitions join the program because an active fragment uses their names.
//!
//! ```text
//!   a name that the program's active fragments (or library fragments that it imported) define: nothing to do
//!   else   1 the same file   2 the program's registered blocks   3 the library's numbered blocks   4 its other units
//! ```
//!
//! The first level that has the name gives it; two different definitions on one level are an error
//! (identical structs and constants count as one). A definition comes alone, not with its block, and then
//! its own uses are closed in turn. Library code sees the library only, so it never picks up a name of the program.
//! Names that no level has are left alone: `check` reports them.

use morph_diag::Diagnostic;

use crate::summary::{Side, Summary};

mod levels;
mod names;

use names::Names;

/// A fragment that takes part, in program order (units in import order, then the units that only pools know).
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a, 't> {
    pub side: Side,
    /// Index of its file in [`ClosureInput::units`].
    pub unit: u32,
    /// The ID under which a registry (the program's for its own files, the built-in one for the library) leads to
    /// the `###` block that holds this fragment; `None` if no ID does. A program fragment without an ID
    /// is reached from its own file only.
    pub id: Option<u64>,
    /// Whether the program has it already: of the root, of a file taken by `ambil`, of an imported block.
    pub active: bool,
    pub summary: &'a Summary<'t>,
}

/// All that closure looks at.
#[derive(Clone, Copy, Debug)]
pub struct ClosureInput<'a, 't> {
    pub candidates: &'a [Candidate<'a, 't>],
    /// Paths of the units as people read them, for notes and errors.
    pub units: &'a [&'a str],
    /// What the program needs whatever its text says; [`ROOTS`] for an executable, nothing for a check.
    pub roots: &'a [Root],
    pub imports: Imports,
}

/// Whether a name may be used without importing it (`--strict-imports` says no).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imports {
    Closed,
    Strict,
}

/// A definition of the library that every image needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    Function(&'static str),
    Variable(&'static str),
    Routine(&'static str),
}

/// What the synthetic start function, the entry routine and the stubs name.
pub const ROOTS: &[Root] = &[
    Root::Routine("_start"),
    Root::Function("fault_closed"),
    Root::Variable("global_argc"),
    Root::Variable("global_argv"),
    // Code generation calls these for what has no instruction.
    Root::Routine("syscall_raw"),
    Root::Routine("mem_copy"),
    Root::Routine("mem_fill"),
];

/// What closure found.
#[derive(Clone, Debug, Default)]
pub struct Closure {
    /// For each candidate whether it takes part in the program now.
    pub active: Vec<bool>,
    /// Notes and errors with the index of the candidate that uses the name. A fragment with an error is
    /// to be closed without being checked: its unknown name would only be reported again.
    /// In the order of candidates, then of places.
    pub diagnostics: Vec<(usize, Diagnostic)>,
}

/// Finds the definitions that the active fragments need, and what those need, until nothing is missing.
///
/// ```text
/// let closure = close(ClosureInput { candidates, units, roots: ROOTS, imports: Imports::Closed });
/// ```
///
/// The order of work is the order of the candidates, then the order in which they join.
pub fn close(input: ClosureInput<'_, '_>) -> Closure {
    levels::Closer::new(input, Names::new(input.candidates)).run()
}
