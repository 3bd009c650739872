//! "Did you mean": names like one that was not found, looked up when a diagnostic is reported.

use morph_diag::{Arg, Code, Diagnostic};

use crate::environment::Environment;
use crate::summary::Side;

/// The candidate most like `name`, or `None` if none is like it. Ties go to the first in alphabetical order.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best = Best::new(name);
    candidates.into_iter().for_each(|candidate| best.try_one(candidate, letters(candidate)));
    best.found()
}

/// Names, each with its letters: looked through for thousands of unknown ones.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<(u64, Box<str>)>);

impl Names {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Names {
        Names(names.map(|name| (letters(name), name.into())).collect())
    }

    fn nearest(&self, name: &str) -> Option<&str> {
        let mut best = Best::new(name);
        self.0.iter().for_each(|(letters, candidate)| best.try_one(candidate, *letters));
        best.found()
    }
}

/// The most likely one so far.
struct Best<'n, 'a> {
    name: &'n str,
    ascii: bool,
    letters: u64,
    /// Characters of the name, and how many edits it may be away.
    length: usize,
    limit: usize,
    best: Option<(usize, &'a str)>,
}

impl<'n, 'a> Best<'n, 'a> {
    fn new(name: &'n str) -> Best<'n, 'a> {
        let length = name.chars().count();
        let limit = (length / 3).max(1);
        Best { name, ascii: name.is_ascii(), letters: letters(name), length, limit, best: None }
    }

    fn try_one(&mut self, candidate: &'a str, letters: u64) {
        // Each edit takes away one letter at most, and brings one; a letter may have four bytes. This rules out nearly all of
        // thousands of names. (Capitals are other letters, but no other name.)
        let edits =
            (self.letters & !letters).count_ones().max((letters & !self.letters).count_ones());
        let far = candidate.len().abs_diff(self.name.len()) > self.limit
            || edits as usize > self.limit
                && !candidate.eq_ignore_ascii_case(self.name)
                && (self.ascii && candidate.is_ascii() || edits as usize > self.limit * 4);
        if far || candidate == self.name {
            return;
        }
        let distance = if candidate.eq_ignore_ascii_case(self.name) {
            0
        } else {
            strsim::osa_distance(self.name, candidate)
        };
        if distance <= self.limit
            && distance < self.length
            && self.best.is_none_or(|best| (distance, candidate) < best)
        {
            self.best = Some((distance, candidate));
        }
    }

    fn found(self) -> Option<&'a str> {
        self.best.map(|(_, candidate)| candidate)
    }
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
        name.and_then(|name| environment.names(side).nearest(name))
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
