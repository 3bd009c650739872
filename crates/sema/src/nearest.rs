//! "Did you mean": names like one that was not found, looked up when a diagnostic is reported.

use morph_diag::{Arg, Code, Diagnostic};

use crate::environment::Environment;
use crate::summary::Side;

/// The candidate most like `name`, or `None` if none is like it. Ties go to the first in alphabetical order.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = (length / 3).max(1);
    let own = letters(name);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        // Each edit takes away one letter at most, and brings one; a letter may have four bytes. This rules out nearly all
        // of thousands of names.
        let bytes = if name.is_ascii() && candidate.is_ascii() { 1 } else { 4 };
        let other = letters(candidate);
        let edits = (own & !other).count_ones().max((other & !own).count_ones());
        if candidate.len().abs_diff(name.len()) > limit
            || edits as usize > limit * bytes && !candidate.eq_ignore_ascii_case(name)
            || candidate == name
        {
            continue;
        }
        let distance = if candidate.eq_ignore_ascii_case(name) {
            0
        } else {
            strsim::osa_distance(name, candidate)
        };
        if distance <= limit
            && distance < length
            && best.is_none_or(|best| (distance, candidate) < best)
        {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Which bytes a name has, by their last six bits: a set that differs no more than the name does.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |set, byte| set | 1 << (byte & 63))
}

/// Adds the argument `nearest` to a diagnostic about an unknown name, unless it has one (the checker adds
/// locals itself: they are part of the fragment) or nothing is like it.
pub fn add_nearest(
    mut diagnostic: Diagnostic,
    environment: &Environment,
    side: Side,
) -> Diagnostic {
    if text(&diagnostic, "nearest").is_some() {
        return diagnostic;
    }
    let name = text(&diagnostic, "name");
    let found = if diagnostic.code == Code::NameUnknown {
        name.and_then(|name| nearest(name, environment.callables_and_variables(side)))
    } else if diagnostic.code == Code::TypeUnknown {
        name.and_then(|name| nearest(name, environment.struct_names(side)))
    } else if diagnostic.code == Code::AsmSymbol {
        name.and_then(|name| nearest(name, environment.asm_names(side)))
    } else if diagnostic.code == Code::FieldUnknown {
        text(&diagnostic, "field")
            .zip(text(&diagnostic, "structure"))
            .and_then(|(field, structure)| nearest(field, environment.field_names(side, structure)))
    } else {
        None
    };
    if let Some(found) = found.map(str::to_owned) {
        diagnostic.args.push(("nearest".into(), Arg::Text(found)));
    }
    diagnostic
}

fn text<'d>(diagnostic: &'d Diagnostic, wanted: &str) -> Option<&'d str> {
    diagnostic.args.iter().find_map(|(name, arg)| match arg {
        Arg::Text(text) if *name == wanted => Some(text.as_str()),
        Arg::Text(_) | Arg::Number(_) | Arg::List(_) => None,
    })
}
