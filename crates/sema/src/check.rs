//! Types one fragment against the signatures of all others.
//!
//! One walk in text order makes typed code and diagnostics at once. What a local variable is (word,
//! string or double) follows from all that is assigned to it; where a later line changes what an
//! earlier one relied on, the walk is done again with what is known by then. That is rare, and
//! each time a variable climbs one step of a short ladder, so it ends.
//!
//! One message per cause: what is broken already (an expression that the parser rejected, an unknown
//! name, a closed struct) has no type, and nothing is said about its consequences.

mod asm;
mod assign;
mod builtin;
mod call;
mod checker;
mod constant;
mod expr;
mod field;
mod flow;
mod item;
mod name;
mod operator;
mod scope;
mod shard;
mod stmt;
mod synthetic;
mod value;

use morph_diag::{Diagnostic, Severity};
use morph_syntax::tree::Tree;

use crate::environment::{Asked, Asker};
use crate::typed::Typed;

pub use synthetic::{start_body, stub_body};

/// Where a fragment stands; names its initialiser.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// How the unit is shown to people.
    pub unit: &'a str,
    /// Position of the fragment in its unit.
    pub ordinal: u32,
}

/// What else decides the result.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The target's name; inline assembly is for those that begin with `x86_64`.
    pub target: &'a str,
    /// Naked routines that the target has in a table of its own: their text is not assembled.
    pub naked: &'a [&'a str],
}

/// What became of one fragment.
#[derive(Debug)]
pub struct Checked {
    /// `None` if the tree or the check has an error, or something that it needs is closed.
    pub typed: Option<Typed>,
    /// In text order, without those of the tree.
    pub diagnostics: Vec<Diagnostic>,
    /// Closed definitions without which there is nothing to compile; they have messages of their own.
    pub closed_by: Vec<String>,
    pub asked: Asked,
}

/// Checks the fragment `tree` of `text` on behalf of the asker's side.
///
/// Never fails: whatever is wrong is a diagnostic, and then there is no typed fragment.
pub fn check<'a>(
    tree: &'a Tree,
    text: &'a str,
    site: Site<'a>,
    asker: Asker<'a>,
    options: Options<'a>,
) -> Checked {
    let mut checker = checker::Checker::new(tree, text, site, asker, options);
    let item = checker.item();
    let checker::Checker { mut diagnostics, mut closed_by, asker, .. } = checker;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.primary.start, diagnostic.primary.end));
    closed_by.sort_unstable();
    closed_by.dedup();
    let mut all = tree.diagnostics.iter().chain(&diagnostics);
    let error = all.any(|diagnostic| diagnostic.severity() == Severity::Error);
    let typed = if error || !closed_by.is_empty() {
        None
    } else {
        item.map(|item| Typed { item, line_starts: line_starts(text) })
    };
    Checked { typed, diagnostics, closed_by, asked: asker.asked() }
}

/// Where the lines of `text` begin.
pub fn line_starts(text: &str) -> Vec<u32> {
    let mut starts = Vec::with_capacity(16);
    starts.push(0);
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'\n' {
            starts.push(at as u32 + 1);
        }
    }
    starts
}
