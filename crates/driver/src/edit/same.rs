//! Whether a fragment that was edited shows the same to all others as before.

use std::collections::BTreeSet;

use morph_sema::summary::{Definition, Parameter, Summary, Use, UseKind};

/// The same definition under the same name, the same effects on names of others. What it uses is looked at apart; where things stand
/// in its text does not matter.
pub(crate) fn shows_the_same(old: &Summary<'_>, new: &Summary<'_>) -> bool {
    let quiet = |summary: &Summary<'_>| {
        summary.imports.is_empty() && summary.diagnostics.is_empty() && !summary.header_damaged
    };
    quiet(old)
        && quiet(new)
        && defines_the_same(&old.definition, &new.definition)
        && old.assigned == new.assigned
        && old.label_values.is_empty()
        && new.label_values.is_empty()
        && old.floats == new.floats
}

/// Definitions of other kinds than these are looked into by those who use them.
fn defines_the_same(old: &Definition<'_>, new: &Definition<'_>) -> bool {
    match (old, new) {
        (
            Definition::Function { name, params, result },
            Definition::Function { name: other, params: others, result: other_result },
        ) => {
            let same = |(one, other): (&Parameter<'_>, &Parameter<'_>)| {
                one.name == other.name && one.hint == other.hint
            };
            name == other
                && params.len() == others.len()
                && params.iter().zip(others).all(same)
                && result == other_result
        }
        (Definition::UnitBlock { name }, Definition::UnitBlock { name: other }) => name == other,
        (
            Definition::Global { name, shape },
            Definition::Global { name: other, shape: other_shape },
        ) => name == other && shape == other_shape,
        (Definition::Statement, Definition::Statement) => true,
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
        ) => false,
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
