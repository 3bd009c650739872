//! One piece of work done again, away from its project: in sandboxes, under a supervisor of its own that remembers nothing.
//!
//! The fragment is not cut out again: it is taken as one piece of the kind that it had. The surroundings are cut, read and joined
//! as in any build. A fragment of the library takes the place of the one that this compiler has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bumpalo::Bump;
use morph_diag::Span;
use morph_sandbox::Inject;
use morph_sema::summary::{Definition, Side, Summary};
use morph_syntax::{Piece, PieceKind, UnitRange};

use crate::analysis::{Analysis, State};
use crate::bundle::facts::{Facts, What};
use crate::config::Config;
use crate::crew::{CrewError, Stubbed};
use crate::isolation::{Injection, Isolation, Keep, Site};
use crate::ledger::Ledger;
use crate::library;
use crate::phase::Phase;
use crate::pipeline::Parts;
use crate::program::{FragmentRef, Program};
use crate::project::{Location, Project};
use crate::protection::Shield;
use crate::reader::{Reader as _, Source};
use crate::reading::SandboxedReader;
use crate::registry::Registry;
use crate::report::Report;
use crate::sandboxed::SandboxedExecutor;
use crate::task::{Executor as _, Task};
use crate::unit::{Fragment, Unit};

/// Why nothing could be tried: there are no sandboxes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReplayError(String);

impl From<CrewError> for ReplayError {
    fn from(error: CrewError) -> ReplayError {
        ReplayError(error.to_string())
    }
}

/// What came of one trial.
#[derive(Debug)]
pub(crate) enum Came {
    /// It broke.
    Fault(Stubbed),
    /// It did not; here is what there is to say about the fragment.
    Answer(Box<Report>),
}

/// Where trials of one bundle are made.
pub(crate) struct Bench<'b> {
    facts: &'b Facts,
    /// The library, read once for all trials.
    library: Vec<Unit<'b>>,
}

/// A fragment whose unit has more fragments than this before it is taken for the first one.
const MOST_FILLERS: u32 = 100_000;

/// Stands where the unit of the fragment has others. It is nothing and takes part in nothing.
fn filler<'t>() -> Fragment<'t> {
    let piece = Piece {
        range: UnitRange { start: 0, end: 0 },
        kind: PieceKind::Stray,
        block: None,
        name: None,
    };
    let summary = Summary::of_unknown(Definition::Broken, Span::default());
    Fragment { piece, line: 1, syntax: Vec::new(), summary, fault: None }
}

/// Shown as the unit of the surroundings.
const SURROUNDINGS: &str = "environment.fox";

impl<'b> Bench<'b> {
    /// `texts` takes what is read once.
    pub(crate) fn new(facts: &'b Facts, texts: &'b Bump) -> Result<Bench<'b>, ReplayError> {
        let mut bench = Bench { facts, library: Vec::new() };
        if facts.what == What::Fragment {
            bench.library = bench.reading(texts, None, |reader| {
                let units: Vec<_> = {
                    let crate::options::Options { target, debug, .. } = facts.options;
                    library::of_kind(library::Kind { target, debug, hot: false }).collect()
                };
                let sources: Vec<Source<'b>> = units
                    .iter()
                    .map(|(_, unit)| Source {
                        path: unit.path,
                        text: unit.text,
                        side: Side::Library,
                    })
                    .collect();
                reader
                    .read(&sources)
                    .into_iter()
                    .zip(units)
                    .map(|(fragments, (index, unit))| Unit {
                        location: Location::Library(index),
                        path: unit.path.to_owned(),
                        text: unit.text,
                        fragments,
                    })
                    .collect()
            })?;
        }
        Ok(bench)
    }

    /// Does the bundle's work on these texts.
    pub(crate) fn attempt(&self, fragment: &str, environment: &str) -> Result<Came, ReplayError> {
        let texts = Bump::new();
        let source = Source { path: &self.facts.unit, text: fragment, side: self.facts.side };
        match self.facts.what {
            What::Unit => {
                let inject = self.injection(None);
                self.reading(&texts, inject, |reader| {
                    reader.read(&[source]);
                    let whole =
                        reader.broken.iter().position(|broken| broken.site.fragment.is_none());
                    match whole {
                        Some(at) => Came::Fault(reader.broken.swap_remove(at).stubbed),
                        None => Came::Answer(Box::default()),
                    }
                })
            }
            What::Alone => {
                let inject = self.injection(Some(0));
                self.reading(&texts, inject, |reader| {
                    reader.read_alone(source, self.piece(fragment));
                    match reader.broken.pop() {
                        Some(broken) => Came::Fault(broken.stubbed),
                        None => Came::Answer(Box::default()),
                    }
                })
            }
            What::Fragment => self.check(&texts, source, environment),
        }
    }

    /// The definitions of a text.
    pub(crate) fn definitions<'t>(&self, text: &'t str) -> Result<Vec<&'t str>, ReplayError> {
        let texts = Bump::new();
        let source = Source { path: SURROUNDINGS, text, side: Side::Program };
        self.reading(&texts, None, |reader| {
            let pieces = reader.read(&[source]).into_iter().flatten();
            pieces.map(|fragment| fragment.piece.text(text)).collect()
        })
    }

    /// Reads and then checks and compiles the fragment in its surroundings.
    fn check<'t>(
        &'t self,
        texts: &'t Bump,
        source: Source<'t>,
        environment: &'t str,
    ) -> Result<Came, ReplayError> {
        let around = Source { path: SURROUNDINGS, text: environment, side: Side::Program };
        let read = self.reading(texts, None, |reader| {
            let own = reader.read_alone(source, self.piece(source.text));
            let broken = reader.broken.pop().map(|broken| broken.stubbed);
            let around = reader.read(&[around]).pop().unwrap_or_default();
            match (own, broken) {
                (Some(own), None) => Ok((own, around)),
                (_, Some(stubbed)) => Err(Came::Fault(stubbed)),
                (None, None) => Err(Came::Answer(Box::default())),
            }
        })?;
        let (own, around) = match read {
            Ok(read) => read,
            Err(came) => return Ok(came),
        };
        let (program, place) = self.program(source.text, own, environment, around);
        let options = self.facts.options;
        let (project, _) = Project::of_text(&self.facts.unit);
        let project = project.for_images(&options);
        let mut analysis = Analysis::new(&program, &project, &options);
        let id = analysis.id(place);
        if *analysis.state(id) == State::Active {
            let (shield, mut ledger) = self.supervision(self.injection(Some(place.fragment)));
            let mut executor = SandboxedExecutor::new(
                &program,
                &analysis.places,
                &analysis.environment,
                &options,
                shield,
                &mut ledger,
                None,
            )?;
            let answers = executor.run(vec![Task(id)]);
            if let Some(error) = executor.failure.take() {
                return Err(error.into());
            }
            if let Some(broken) = executor.broken.pop() {
                return Ok(Came::Fault(broken.stubbed));
            }
            for (Task(id), verdict) in answers {
                analysis.accept(id, verdict);
            }
        }
        analysis.problems.retain(|(of, _)| *of == id);
        Ok(Came::Answer(Box::new(Parts::new(analysis, None).into_report(&program))))
    }

    /// The program that consists of the surroundings, the fragment and the library, and where the fragment stands in it.
    fn program<'t>(
        &'t self,
        text: &'t str,
        own: Fragment<'t>,
        environment: &'t str,
        around: Vec<Fragment<'t>>,
    ) -> (Program<'t>, FragmentRef) {
        let mut library: Vec<Unit<'t>> = self.library.clone();
        let location = match self.facts.side {
            Side::Program => Location::File(PathBuf::from(&self.facts.unit)),
            Side::Library => {
                let index = library::find(&self.facts.unit).unwrap_or(library::UNITS.len());
                let own = library.iter_mut().find(|unit| unit.path == self.facts.unit);
                let own = own.zip(self.facts.position);
                let own = own.and_then(|(unit, at)| unit.fragments.get_mut(at as usize));
                if let Some(own) = own {
                    *own = filler();
                }
                Location::Library(index)
            }
        };
        let mut own = own;
        own.line = self.facts.line;
        let unit = |location, path: &str, text, fragments| Unit {
            location,
            path: path.to_owned(),
            text,
            fragments,
        };
        // A location of its own, whatever the unit of the fragment is called.
        let surroundings = Location::File(PathBuf::from(SURROUNDINGS).join(SURROUNDINGS));
        let count = u32::try_from(around.len()).unwrap_or(u32::MAX);
        let around = unit(surroundings, SURROUNDINGS, environment, around);
        // What runs at start-up is named by its position.
        let position = self.facts.position.filter(|position| *position <= MOST_FILLERS);
        let fragment = position.unwrap_or(0);
        let fillers = std::iter::repeat_n(filler(), fragment as usize);
        let own = unit(location, &self.facts.unit, text, fillers.chain([own]).collect());
        let mut units: Vec<Unit<'t>> = match self.facts.side {
            Side::Program => [around, own].into_iter().chain(library).collect(),
            Side::Library => std::iter::once(around).chain(library).chain([own]).collect(),
        };
        let place = match self.facts.side {
            Side::Program => FragmentRef { unit: 1, fragment },
            Side::Library => {
                let last = u32::try_from(units.len() - 1).unwrap_or(u32::MAX);
                FragmentRef { unit: last, fragment }
            }
        };
        // Floats anywhere in the program have the library's functions for floats take part; names that are missing here and
        // are found in the library instead must not.
        let fragments = units.iter_mut().flat_map(|unit| &mut unit.fragments);
        fragments.for_each(|fragment| fragment.summary.floats &= self.facts.floats);
        if let Some(own) = units[place.unit as usize].fragments.get_mut(place.fragment as usize) {
            own.summary.floats = self.facts.floats;
        }
        let around = (0..count).map(|fragment| FragmentRef { unit: 0, fragment });
        let library = self.library_places(&units, place);
        let program = Program {
            units,
            included: around.chain(library).chain([place]).collect(),
            registry: Registry::default(),
            problems: Vec::new(),
            reading: Duration::ZERO,
            whole: true,
        };
        (program, place)
    }

    /// The fragments of the library that took part, as far as this compiler has them.
    fn library_places(&self, units: &[Unit<'_>], own: FragmentRef) -> Vec<FragmentRef> {
        let mut places = Vec::new();
        for (unit, known) in (0..).zip(units) {
            if known.side() == Side::Program || unit == own.unit {
                continue;
            }
            let count = u32::try_from(known.fragments.len()).unwrap_or(u32::MAX);
            let positions = self.facts.library.get(&known.path).into_iter().flatten().copied();
            let positions: BTreeSet<u32> = positions.filter(|at| *at < count).collect();
            places.extend(positions.into_iter().map(|fragment| FragmentRef { unit, fragment }));
        }
        places
    }

    /// The whole of a text as one piece.
    fn piece(&self, text: &str) -> Piece {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let stands = |name: &Span| {
            name.start <= name.end && text.get(name.start as usize..name.end as usize).is_some()
        };
        Piece {
            range: UnitRange { start: 0, end },
            kind: self.facts.piece,
            block: None,
            name: self.facts.name.filter(stands),
        }
    }

    /// The fault that the bundle's was, if it was injected.
    fn injection(&self, fragment: Option<u32>) -> Option<Injection> {
        let (phase, kind): (Phase, Inject) = self.facts.injected?;
        let site = Site { unit: self.facts.unit.clone(), fragment };
        Some(Injection { site, phase, kind, times: u32::MAX })
    }

    fn reading<'t, T>(
        &self,
        texts: &'t Bump,
        inject: Option<Injection>,
        read: impl FnOnce(&mut SandboxedReader<'t, '_>) -> T,
    ) -> Result<T, ReplayError> {
        let (shield, mut ledger) = self.supervision(inject);
        let mut reader = SandboxedReader::new(texts, shield, &mut ledger)?;
        let came = read(&mut reader);
        match reader.failure.take() {
            Some(error) => Err(error.into()),
            None => Ok(came),
        }
    }

    fn supervision(&self, inject: Option<Injection>) -> (Shield, Ledger) {
        let mut isolation = Isolation {
            keep: Keep::Nothing,
            budget: Some(self.facts.budget),
            inject: inject.into_iter().collect(),
            ..Isolation::default()
        };
        let ledger = Ledger::open(&mut isolation, Path::new(""), String::new());
        (Shield::new(&isolation, &Config::default(), &ledger), ledger)
    }
}
