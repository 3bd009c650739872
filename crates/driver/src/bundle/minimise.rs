//! Making a bundle smaller: the least surroundings and the fewest lines on which the compiler breaks in the same way.

use std::time::{Duration, Instant};

use bumpalo::Bump;

use crate::bundle::ddmin::{ddmin, ddmin_with_pairs};
use crate::bundle::folder::Bundle;
use crate::bundle::record::Record;
use crate::bundle::replay::is_same;
use crate::bundle::trial::{Bench, Came, ReplayError};
use crate::crew::Stubbed;
use crate::protection::compiler_build;

/// How long to look for something smaller.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub attempts: usize,
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { attempts: 2000, time: Duration::from_secs(120) }
    }
}

/// How much text a bundle has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Lines of the fragment.
    pub lines: usize,
    /// Definitions around it.
    pub definitions: usize,
}

/// A smaller bundle.
#[derive(Debug)]
pub struct Minimised {
    pub bundle: Bundle,
    pub before: Size,
    pub after: Size,
    /// How often the compiler was made to work.
    pub attempts: usize,
    /// Whether the limits cut the search short.
    pub ended_early: bool,
}

/// Looks for a smaller bundle with a fault of the same kind in the same phase; `None` if the fault is not reproduced at all.
///
/// # Errors
/// If no sandbox can be had.
pub fn minimise(bundle: &Bundle, limits: Limits) -> Result<Option<Minimised>, ReplayError> {
    let texts = Bump::new();
    let mut search = Search {
        bundle,
        bench: Bench::new(&bundle.facts, &texts)?,
        limits,
        began: Instant::now(),
        attempts: 0,
        last: None,
        failure: None,
        ended_early: false,
    };
    let mut lines: Vec<&str> = bundle.fragment.split_inclusive('\n').collect();
    let mut around = search.bench.definitions(&bundle.environment)?;
    let before = Size { lines: lines.len(), definitions: around.len() };
    let found = search.breaks(&bundle.fragment, &bundle.environment);
    if found != Some(true) {
        return search.failure.map_or(Ok(None), Err);
    }
    // Less text makes each attempt cheaper, so what is around goes first; and it may be needed by lines that go then.
    loop {
        let size = (lines.len(), around.len());
        let text = lines.concat();
        around = ddmin(around, &mut |kept| search.breaks(&text, &joined(kept)));
        let environment = joined(&around);
        lines = ddmin_with_pairs(lines, &mut |kept| search.breaks(&kept.concat(), &environment));
        if (lines.len(), around.len()) == size || search.ended_early {
            break;
        }
    }
    if let Some(error) = search.failure {
        return Err(error);
    }
    let mut smaller = Bundle {
        facts: bundle.facts.clone(),
        fragment: lines.concat(),
        environment: joined(&around),
    };
    if lines.len() < before.lines {
        smaller.facts.name = None;
    }
    smaller.facts.build = compiler_build();
    smaller.facts.morph = env!("CARGO_PKG_VERSION").to_owned();
    smaller.facts.minimised_from = Some(bundle.facts.minimised_from.unwrap_or(bundle.facts.fault));
    if let Some(stubbed) = search.last {
        smaller.facts.fault = stubbed.fault.id;
        smaller.facts.record = stubbed.death.as_ref().map(Record::of);
    }
    let after = Size { lines: lines.len(), definitions: around.len() };
    let (attempts, ended_early) = (search.attempts, search.ended_early);
    Ok(Some(Minimised { bundle: smaller, before, after, attempts, ended_early }))
}

/// Definitions as one text.
fn joined(definitions: &[&str]) -> String {
    definitions.iter().flat_map(|definition| [*definition, "\n\n"]).collect()
}

struct Search<'b> {
    bundle: &'b Bundle,
    bench: Bench<'b>,
    limits: Limits,
    began: Instant,
    attempts: usize,
    /// The last fault that was the bundle's: that of the smallest text so far.
    last: Option<Stubbed>,
    failure: Option<ReplayError>,
    ended_early: bool,
}

impl Search<'_> {
    /// Whether the compiler breaks on these texts as it did; `None` if there is no more time, or no sandbox.
    fn breaks(&mut self, fragment: &str, environment: &str) -> Option<bool> {
        if self.failure.is_some() {
            return None;
        }
        if self.attempts >= self.limits.attempts || self.began.elapsed() >= self.limits.time {
            self.ended_early = true;
            return None;
        }
        self.attempts += 1;
        match self.bench.attempt(fragment, environment) {
            Ok(Came::Fault(stubbed)) if is_same(self.bundle, &stubbed) => {
                self.last = Some(stubbed);
                Some(true)
            }
            Ok(Came::Fault(_) | Came::Answer(_)) => Some(false),
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }
}
