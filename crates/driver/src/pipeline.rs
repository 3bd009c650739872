//! The pipeline: read, analyse, check, compile, link, report.
//!
//! ```text
//! root file -> Program (units, imports) -> Analysis (who takes part, signatures)
//!           -> check + compile (program: all; library: what something reaches) -> stubs, start -> image
//! ```
//!
//! All errors of a program come out of one run. What has an error is closed: a stub stands in its place, and the
//! image is made nevertheless.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use bumpalo::Bump;
use morph_diag::{Code, Diagnostic, FragmentId, Severity, Span};
use morph_fault::fault::Key;
use morph_sema::summary::{Definition, Side};

use crate::analysis::{Analysis, State};
use crate::aside;
use crate::back::Back;
use crate::bundle;
use crate::compile;
use crate::config::{self, Config};
use crate::crew::CrewError;
use crate::edit;
use crate::history;
use crate::hot;
use crate::isolation::{FragmentDigest, Isolation, Protection};
use crate::key::Hasher;
use crate::ledger::{Ledger, Note};
use crate::loss;
use crate::options::{Goal, OnError, Options};
use crate::program::{self, Program};
use crate::project::{self, Location, Project};
use crate::protection::Shield;
use crate::reading::SandboxedReader;
use crate::report::{FragmentLabel, FragmentPlace, Problem, Report, Subject, UnitText};
use crate::sandboxed::SandboxedExecutor;
use crate::source::{self, SourceError};
use crate::stopwatch::Stopwatch;
use crate::task::Executor;
use crate::unchanged::{self, Found, Last};
use crate::unprotected::{InProcess, Unprotected};

/// How a build ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An image (or nothing wrong, of a check).
    Complete,
    /// No image.
    NoImage,
    /// An image, and some error was reported (or some error, of a check).
    WithErrors,
    /// The linker failed: a bug of ours.
    Bug,
}

/// What a build gives.
#[derive(Debug)]
pub struct Output {
    /// The executable.
    pub image: Option<Vec<u8>>,
    /// Its length and checksum: another image has others.
    pub sum: Option<(u64, u32)>,
    /// There is no image to write: the very one lies where the caller would write it, or is at hand.
    pub in_place: bool,
    /// What is needed to change the program while it runs, if that was asked for.
    pub hot: Option<Box<hot::Program>>,
    pub status: Status,
    pub report: Report,
    /// How long each phase took, in order.
    pub timings: Vec<(&'static str, Duration)>,
    /// What happened to sandboxes, in order. Depends on the day; what counts stands in the report.
    pub notes: Vec<Note>,
    /// The folder of crash bundles, as it is seen from the working directory.
    pub bundles: Option<String>,
    /// What became of each fragment that was checked, if that was asked for.
    pub digests: Vec<FragmentDigest>,
    /// The folders in which something stands, or could come to stand, that the outcome depends on; absolute.
    pub folders: BTreeSet<PathBuf>,
}

impl Output {
    /// A build that ended before it began.
    fn nothing(problem: Diagnostic, status: Status, stopwatch: Stopwatch) -> Output {
        Output::only(Report::of_unreadable(problem), status, stopwatch)
    }

    /// A build that ended before it began, for several reasons.
    pub(crate) fn only(report: Report, status: Status, stopwatch: Stopwatch) -> Output {
        Output {
            image: None,
            sum: None,
            in_place: false,
            hot: None,
            status,
            report,
            timings: stopwatch.laps,
            notes: Vec::new(),
            bundles: None,
            digests: Vec::new(),
            folders: BTreeSet::new(),
        }
    }
}

/// What the project's `morph.toml` says; a project without one has the defaults.
fn settings(project: &Project) -> Result<Config, Report> {
    let text = match source::read(&project.folder().join(config::FILE)) {
        Ok(text) => text,
        Err(SourceError::Missing) => return Ok(Config::default()),
        Err(error) => {
            let problem = error.to_diagnostic(config::FILE, Span::default());
            return Err(Report::of_unreadable(problem));
        }
    };
    config::read(&text).map_err(|problems| Report::of_text(config::FILE, text, problems))
}

/// Builds (or checks) the program whose root is `root`.
pub fn build(root: &Path, options: &Options, mut isolation: Isolation) -> Output {
    let mut stopwatch = Stopwatch::new();
    let (project, location) = match Project::of_root(root) {
        Ok((project, location)) => (project.for_images(options), location),
        Err(error) => {
            let problem = error.to_diagnostic(&project::display_unresolved(root), Span::default());
            return Output::nothing(problem, Status::NoImage, stopwatch);
        }
    };
    let config = match settings(&project) {
        Ok(config) => config,
        Err(report) => return Output::only(report, Status::NoImage, stopwatch),
    };
    let user = user(&project, &location, options);
    let shown = project.display(&location);
    let mut ledger = Ledger::open(&mut isolation, project.folder(), user);
    let shield = Shield::new(&isolation, &config, &ledger);
    if ledger.results.are_taken() && !options.hot {
        let (image_at, last) = (isolation.image_at.as_deref(), isolation.last_image.as_ref());
        let found = unchanged::look(&project, image_at, last, &mut ledger);
        stopwatch.lap("unchanged");
        match found {
            Found::Same(last) => {
                let Last { status, image, sum, in_place, report, folders } = *last;
                ledger.results.count(report.total, 0);
                let notes = ledger.close();
                return Output {
                    image,
                    sum,
                    in_place,
                    notes,
                    folders,
                    ..Output::only(report, status, stopwatch)
                };
            }
            Found::Edited(edited) => {
                let site = edit::Site {
                    options,
                    shield: &shield,
                    image_at,
                    last_image: last,
                    deferral: &isolation.deferral,
                };
                match edit::build(edited, &site, &mut ledger, &mut stopwatch) {
                    Ok((output, former)) => {
                        // The system gives up a file that nobody has any more page by page.
                        let notes = thread::scope(|scope| {
                            scope.spawn(move || drop(former));
                            ledger.close()
                        });
                        stopwatch.lap("close");
                        return Output { notes, timings: stopwatch.laps, ..output };
                    }
                    Err(edited) => edited.give_up(&project),
                }
            }
            Found::Other => {}
        }
    }
    let texts = Bump::new();
    let mut broken = Vec::new();
    let mut failure = None;
    let mut digests = Vec::new();
    let loaded = match isolation.protection {
        Protection::None => program::load(&project, location, &texts, &mut Unprotected),
        Protection::Sandboxes => match SandboxedReader::new(&texts, shield.clone(), &mut ledger) {
            Ok(mut reader) => {
                let loaded = program::load(&project, location, &texts, &mut reader);
                broken.append(&mut reader.broken);
                failure = reader.failure.take();
                loaded
            }
            Err(error) => return Output::nothing(bug(&error), Status::Bug, stopwatch),
        },
    };
    let program = match loaded {
        Ok(program) => program,
        Err(error) => {
            let problem = error.to_diagnostic(&project::display_unresolved(root), Span::default());
            return Output::nothing(problem, Status::NoImage, stopwatch);
        }
    };
    stopwatch.lap("parse");
    stopwatch.split_off("parse", "read", program.reading);
    if let Some(error) = failure {
        return Output::nothing(bug(&error), Status::Bug, stopwatch);
    }
    let mut analysis = Analysis::summarise(&program);
    analysis.connect(&project, options);
    stopwatch.lap("environment");
    let entry = find_entry(&mut analysis);
    let places = Rc::clone(&analysis.places);
    let environment = Rc::clone(&analysis.environment);
    let mut made = history::Made::default();
    let (linked, status) = match isolation.protection {
        Protection::None => {
            let back = Back::new(&program, places, environment, options);
            let mut executor = InProcess { back, stopwatch: &mut stopwatch };
            run(&mut analysis, entry, options, &mut executor)
        }
        Protection::Sandboxes => {
            let executor = SandboxedExecutor::new(
                &program,
                &places,
                &environment,
                options,
                shield.clone(),
                &mut ledger,
                None,
            );
            match executor {
                Ok(mut executor) => {
                    let (linked, status) = run(&mut analysis, entry, options, &mut executor);
                    broken.append(&mut executor.broken);
                    digests.append(&mut executor.digests);
                    let failure = executor.failure.take();
                    made = executor.into_made();
                    match failure {
                        None => (linked, status),
                        Some(error) => {
                            analysis.program_problem = Some(bug(&error));
                            (None, Status::Bug)
                        }
                    }
                }
                Err(error) => {
                    analysis.program_problem = Some(bug(&error));
                    (None, Status::Bug)
                }
            }
        }
    };
    let (image, hot, placed) = match linked {
        Some(compile::Linked { image, hot, placed }) => (Some(image), hot, placed),
        None => (None, None, None),
    };
    bundle::write_all(&broken, &analysis, options, &shield, &mut ledger);
    let bundles = ledger.bundles().map(|folder| project::seen_from_here(&folder));
    stopwatch.lap("build");
    let before = unchanged::Before::of(&project, &program)
        .filter(|_| broken.is_empty() && !options.hot && ledger.results.are_kept());
    let state = before.as_ref().map(unchanged::Before::state).unwrap_or_default();
    let healthy = before.is_some() && status == Status::Complete;
    if !healthy {
        aside::set(isolation.image_at.as_deref(), isolation.last_image.as_ref(), &mut ledger);
    }
    let built = history::keep(&made, &shown, &analysis, options, state, &shield, &mut ledger);
    let sum = image.as_deref().map(unchanged::checksum);
    if let (true, Some(placed), Some(sum)) = (healthy, &placed, sum) {
        edit::standing::keep(&analysis, placed, (state, sum), built, &mut ledger);
        edit::standing::forget_exchanges(&mut ledger);
    }
    let report = Parts::new(analysis, entry).into_report(&program);
    if let Some(before) = before {
        before.keep(status, image.as_deref(), sum, &report, &mut ledger);
    }
    if healthy {
        aside::forget(&mut ledger);
    }
    let files = program.units.iter().filter_map(|unit| match &unit.location {
        Location::File(path) => Some(path.as_path()),
        Location::Library(_) => None,
    });
    let folders = project.folders(files);
    let notes = ledger.close();
    stopwatch.lap("report");
    let (timings, in_place) = (stopwatch.laps, false);
    Output { image, sum, in_place, hot, status, report, timings, notes, bundles, digests, folders }
}

/// Who needs the results of this build: the program, as it is built with these options.
fn user(project: &Project, root: &Location, options: &Options) -> String {
    let Options { target, opt, debug, grain, on_error, imports, goal, hot } = *options;
    let numbers = [
        target as u64,
        opt as u64,
        debug as u64,
        grain as u64,
        on_error as u64,
        imports as u64,
        goal as u64,
        u64::from(hot),
    ];
    let hasher = Hasher::of("user").text(&project.display(root));
    let Key(key) = numbers.into_iter().fold(hasher, Hasher::number).finish();
    key.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A failure that no fragment is to blame for.
fn bug(error: &CrewError) -> Diagnostic {
    Diagnostic::new(Code::CompilerFault, Span::default()).arg("reason", error.to_string())
}

/// Checks, compiles and links what `analysis` knows.
pub(crate) fn run(
    analysis: &mut Analysis<'_>,
    entry: Option<FragmentId>,
    options: &Options,
    executor: &mut dyn Executor,
) -> (Option<compile::Linked>, Status) {
    let mut compilation = compile::Compilation::new(analysis, options, executor);
    compilation.program(analysis);
    analysis.isolate_units(options);
    let runs = entry.is_some() || has_top_level(analysis);
    let mut image = None;
    let mut status = Status::Complete;
    if options.goal == Goal::Image {
        if !runs {
            // In what could not be read there may be one.
            if analysis.unread(Side::Program).is_none() {
                let problem = Diagnostic::new(Code::EntryMissing, Span::default());
                analysis.program_problem = Some(problem);
            }
            status = Status::NoImage;
        } else {
            match compilation.image(analysis, entry) {
                Ok(linked) => image = Some(linked),
                // A unit of the library that could not be read may have what every image needs.
                Err(_) if let Some(unread) = analysis.unread(Side::Library) => {
                    analysis.report_unread(unread);
                    status = Status::NoImage;
                }
                Err(reason) => {
                    let fault =
                        Diagnostic::new(Code::CompilerFault, Span::default()).arg("reason", reason);
                    analysis.program_problem = Some(fault);
                    status = Status::Bug;
                }
            }
        }
    }
    let any_error =
        analysis.problems.iter().any(|(_, problem)| problem.severity() == Severity::Error);
    if any_error && status == Status::Complete {
        status = Status::WithErrors;
        if options.on_error == OnError::Refuse {
            image = None;
            status = if options.goal == Goal::Image { Status::NoImage } else { Status::WithErrors };
        }
    }
    (image, status)
}

/// The function `mulai`, if the program has one; it may be closed.
pub(crate) fn find_entry(analysis: &mut Analysis<'_>) -> Option<FragmentId> {
    let entry = analysis.ids().find(|id| {
        *analysis.state(*id) != State::Inactive
            && analysis.side(*id) == Side::Program
            && analysis.name(*id).is_some_and(|(keyword, name)| {
                matches!(keyword, "fungsi" | "unit") && name == "mulai"
            })
    })?;
    if let Definition::Function { params, .. } = &analysis.summary(entry).definition
        && params.len() > 2
    {
        let count = params.len();
        let span = analysis.summary(entry).name_span;
        analysis.report(entry, Diagnostic::new(Code::EntryParameters, span).arg("count", count));
    }
    Some(entry)
}

/// Whether the program has a top-level statement: then it needs no `mulai`.
pub(crate) fn has_top_level(analysis: &Analysis<'_>) -> bool {
    analysis.ids().any(|id| {
        *analysis.state(id) != State::Inactive
            && analysis.side(id) == Side::Program
            && matches!(analysis.summary(id).definition, Definition::Statement)
    })
}

fn place(analysis: &Analysis<'_>, id: FragmentId) -> FragmentPlace {
    let fragment = analysis.fragment(id);
    let label = match analysis.name(id) {
        Some((keyword, name)) => FragmentLabel::Named { keyword, name: name.to_owned() },
        None if matches!(analysis.summary(id).definition, Definition::Import) => {
            FragmentLabel::Import
        }
        None => FragmentLabel::Statement,
    };
    FragmentPlace {
        unit: analysis.places[id.0 as usize].unit,
        start: fragment.piece.range.start,
        end: fragment.piece.range.end,
        line: fragment.line,
        side: analysis.side(id),
        label,
    }
}

/// What is left of a build besides texts and image.
pub(crate) struct Parts {
    problems: Vec<(FragmentId, Diagnostic)>,
    program_problem: Option<Diagnostic>,
    fragments: Vec<FragmentPlace>,
    closed: Vec<crate::report::Closed>,
    total: usize,
}

impl Parts {
    pub(crate) fn new(analysis: Analysis<'_>, entry: Option<FragmentId>) -> Parts {
        let closed = loss::closed(&analysis, entry);
        let own = analysis.ids().filter(|id| loss::counts(&analysis, *id)).count();
        // A library fragment counts when it is lost.
        let of_library =
            closed.iter().filter(|closed| analysis.side(closed.fragment) == Side::Library).count();
        let total = own + of_library;
        let fragments = analysis.ids().map(|id| place(&analysis, id)).collect();
        let Analysis { problems, program_problem, .. } = analysis;
        Parts { problems, program_problem, fragments, closed, total }
    }

    pub(crate) fn into_report(self, program: &Program<'_>) -> Report {
        // Warnings and notes about the library are ours to read, not the user's.
        let shown = |id: FragmentId, problem: &Diagnostic| {
            problem.severity() == Severity::Error
                || self
                    .fragments
                    .get(id.0 as usize)
                    .is_some_and(|place| place.side == Side::Program)
        };
        let mut problems: Vec<Problem> = Vec::new();
        for (id, diagnostic) in self.problems {
            if shown(id, &diagnostic) {
                problems.push(Problem { subject: Subject::Fragment(id), diagnostic });
            }
        }
        let whole = |diagnostic| Problem { subject: Subject::Nothing, diagnostic };
        problems.extend(self.program_problem.map(whole));
        let units = program
            .units
            .iter()
            .map(|unit| UnitText { path: unit.path.clone(), text: unit.text.to_owned() })
            .collect();
        let mut report = Report {
            units,
            fragments: self.fragments,
            problems,
            closed: self.closed,
            total: self.total,
        };
        report.sort();
        report
    }
}
