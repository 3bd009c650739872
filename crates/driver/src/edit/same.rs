//! Whether a fragment that was edited shows the same to all others as before.

use std::collections::BTreeSet;

use morph_sema::summary::{Definition, Parameter, Summary, Use, UseKind};

/// How much of what a fragment shows to others is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    All,
    /// All but how the types of its result, of its value or of what it assigns come about: they may be the same.
    AllButTypes,
    Less,
}

/// Compares the definition, its name, and the effects on names of others. What it uses is looked at apart; where things stand in its text
/// does not matter.
pub(crate) fn likeness(old: &Summary<'_>, new: &Summary<'_>) -> Likeness {
    let quiet = |summary: &Summary<'_>| {
        summary.imports.is_empty() && summary.diagnostics.is_empty() && !summary.header_damaged
    };
    let same = quiet(old)
        && quiet(new)
        && assigns_to(old) == assigns_to(new)
        && old.label_values.is_empty()
        && new.label_values.is_empty()
        && old.floats == new.floats;
    match definitions(&old.definition, &new.definition) {
        Likeness::All if same && old.assigned == new.assigned => Likeness::All,
        Likeness::All | Likeness::AllButTypes if same => Likeness::AllButTypes,
        Likeness::All | Likeness::AllButTypes | Likeness::Less => Likeness::Less,
    }
}

fn assigns_to<'t>(summary: &Summary<'t>) -> BTreeSet<&'t str> {
    summary.assigned.iter().map(|(name, _)| *name).collect()
}

/// Definitions of other kinds than these are looked into by those who use them.
fn definitions(old: &Definition<'_>, new: &Definition<'_>) -> Likeness {
    let (same, same_type) = match (old, new) {
        (
            Definition::Function { name, params, result },
            Definition::Function { name: other, params: others, result: other_result },
        ) => {
            let same = |(one, other): (&Parameter<'_>, &Parameter<'_>)| {
                one.name == other.name && one.hint == other.hint
            };
            let same = name == other
                && params.len() == others.len()
                && params.iter().zip(others).all(same);
            (same, result == other_result)
        }
        (Definition::UnitBlock { name }, Definition::UnitBlock { name: other }) => {
            (name == other, true)
        }
        (
            Definition::Global { name, shape },
            Definition::Global { name: other, shape: other_shape },
        ) => (name == other, shape == other_shape),
        (Definition::Statement, Definition::Statement) => (true, true),
        (
            Definition::Function { .. }
            | Definition::UnitBlock { .. }
            | Definition::Global { .. }
            | Definition::Statement
            | Definition::Struct { .. }
            | Definition::Const { .. }
            | Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Import
            | Definition::Broken,
            _,
        ) => (false, false),
    };
    match (same, same_type) {
        (true, true) => Likeness::All,
        (true, false) => Likeness::AllButTypes,
        (false, _) => Likeness::Less,
    }
}

/// A name, and how it is used.
pub(crate) type Usage<'t> = (&'t str, UseKind);

/// What the fragments of a unit use.
pub(crate) fn usages<'s, 't: 's>(
    summaries: impl Iterator<Item = &'s Summary<'t>>,
) -> BTreeSet<Usage<'t>> {
    let usage = |used: &Use<'t>| (used.name, used.kind);
    summaries.flat_map(|summary| summary.uses.iter().map(usage)).collect()
}

/// Whether a definition of the program is what a use of this kind means, so that nothing else joins the program for its sake.
pub(crate) fn is_meant(definition: &Definition<'_>, (name, kind): Usage<'_>) -> bool {
    let own = match (definition, kind) {
        (
            Definition::Function { name, .. }
            | Definition::UnitBlock { name }
            | Definition::Struct { name, .. },
            UseKind::Call,
        )
        | (Definition::Global { name, .. } | Definition::Const { name, .. }, UseKind::Value)
        | (Definition::Struct { name, .. }, UseKind::Struct) => *name,
        (
            Definition::Function { .. }
            | Definition::UnitBlock { .. }
            | Definition::Struct { .. }
            | Definition::Global { .. }
            | Definition::Const { .. }
            | Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement
            | Definition::Import
            | Definition::Broken,
            _,
        ) => return false,
    };
    own == name
}
