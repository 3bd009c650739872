//! `morph replay`: do again what broke the compiler, from its crash bundle alone.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use morph_diag::{Arg, Color, Diagnostic, Format, Lang, Located, wording};
use morph_driver::bundle::{
    self, Bundle, BundleError, Limits, Minimised, Outcome, Record, ReplayError, Replayed, SeenFault,
};
use serde_json::json;

use crate::arguments::{MessageFormat, Options};
use crate::output;
use crate::status::Status;

mod symbols;

use symbols::Symbols;

/// Do again what broke the compiler, from its crash bundle alone.
///
/// Ends with 0 if the fault was reproduced, with 3 if it was not, and with 1 if the bundle cannot be used.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The bundle: its folder, or the fault's id (`f-...`) in a project's folder or below it.
    bundle: PathBuf,
    /// Look for the smallest text on which the compiler breaks in the same way; it becomes a bundle beside this one.
    #[arg(long)]
    minimise: bool,
}

/// The version of the JSON object.
const VERSION: u32 = 1;

impl Replay {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let words = Words(options.language());
        let Some(folder) = self.find() else {
            let bundle = self.bundle.display().to_string();
            writeln!(io::stderr(), "{}", words.say("replay-missing", [("bundle", bundle)]))?;
            return Ok(Status::NoImage);
        };
        let bundle = match Bundle::open(&folder) {
            Ok(bundle) => bundle,
            Err(error) => {
                refuse(&folder, &error, options, words)?;
                return Ok(Status::NoImage);
            }
        };
        let done = if self.minimise {
            minimise(&bundle, &folder, options, words)
        } else {
            replay(&bundle, options, words)
        };
        match done {
            Ok(status) => Ok(status),
            Err(Failure::Io(error)) => Err(error),
            Err(Failure::Replay(error)) => {
                let problem = [("problem", error.to_string())];
                writeln!(io::stderr(), "{}", words.say("replay-failed", problem))?;
                Ok(Status::Bug)
            }
        }
    }

    /// The folder as it is named; else in the bundles of a project that the working directory belongs to.
    fn find(&self) -> Option<PathBuf> {
        if self.bundle.exists() {
            return Some(self.bundle.clone());
        }
        let beneath = |folder: &Path| {
            let named =
                [folder.join(&self.bundle), folder.join(".morph/bundles").join(&self.bundle)];
            named.into_iter().find(|folder| folder.is_dir())
        };
        // What lies in the working directory is named as it is seen from there.
        beneath(Path::new("")).or_else(|| env::current_dir().ok()?.ancestors().find_map(beneath))
    }
}

enum Failure {
    Io(io::Error),
    Replay(ReplayError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Failure {
        Failure::Replay(error)
    }
}

/// Sentences of the catalogue.
#[derive(Clone, Copy)]
struct Words(Lang);

impl Words {
    fn say<const N: usize>(self, key: &str, args: [(&'static str, String); N]) -> String {
        let args = args.into_iter().map(|(name, value)| (name.into(), Arg::Text(value))).collect();
        wording::text(self.0, key, &args)
    }

    fn count<const N: usize>(self, key: &str, args: [(&'static str, usize); N]) -> String {
        let args = args.into_iter().map(|(name, value)| (name.into(), Arg::from(value))).collect();
        wording::text(self.0, key, &args)
    }

    /// A kind of fault, in words.
    fn kind(self, kind: &str) -> String {
        self.say("fault-kind", [("kind", kind.to_owned())])
    }

    fn fault(self, key: &str, fault: &SeenFault) -> String {
        let args = [
            ("what", self.kind(&fault.kind)),
            ("phase", fault.phase.name().to_owned()),
            ("fault", fault.fault.clone()),
        ];
        self.say(key, args)
    }
}

/// Says why a folder is no bundle.
fn refuse(folder: &Path, error: &BundleError, options: &Options, words: Words) -> io::Result<()> {
    let mut out = io::stderr().lock();
    let folder = folder.display().to_string();
    let reason = match error {
        BundleError::File { .. } => {
            let problem = error.to_diagnostic(&folder);
            return problem.map_or(Ok(()), |problem: Diagnostic| {
                output::problem(&mut out, &Located::nowhere(&problem), options)
            });
        }
        BundleError::Malformed { reason } => {
            words.say("replay-malformed", [("problem", reason.clone())])
        }
        BundleError::Version { found, known } => words
            .say("replay-version", [("found", found.to_string()), ("known", known.to_string())]),
        BundleError::Field { field } => words.say("replay-field", [("field", (*field).to_owned())]),
    };
    let args = [("folder", folder), ("reason", reason)];
    writeln!(out, "{}", words.say("replay-unusable", args))
}

fn replay(bundle: &Bundle, options: &Options, words: Words) -> Result<Status, Failure> {
    let replayed = bundle::replay(bundle)?;
    let status = match replayed.outcome {
        Outcome::Reproduced(_) => Status::Done,
        Outcome::Other(_) | Outcome::Gone(_) => Status::WithErrors,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    match options.message_format {
        MessageFormat::Json => writeln!(out, "{}", as_json(bundle, &replayed))?,
        MessageFormat::Human | MessageFormat::Short => {
            tell(&mut out, bundle, &replayed, options, words)?;
        }
    }
    out.flush()?;
    Ok(status)
}

/// What the bundle is about.
fn introduce(out: &mut impl Write, bundle: &Bundle, words: Words) -> io::Result<()> {
    let (unit, line) = bundle.place();
    let args = [
        ("fault", bundle.fault()),
        ("what", words.kind(bundle.kind())),
        ("phase", bundle.phase().name().to_owned()),
        ("place", format!("{unit}:{line}")),
    ];
    writeln!(out, "{}", words.say("replay-bundle", args))?;
    if bundle.is_injected() {
        writeln!(out, "{}", words.say("replay-injected", []))?;
    }
    if !bundle.is_whole() {
        writeln!(out, "{}", words.say("replay-cut", []))?;
    }
    Ok(())
}

fn tell(
    out: &mut impl Write,
    bundle: &Bundle,
    replayed: &Replayed,
    options: &Options,
    words: Words,
) -> io::Result<()> {
    introduce(out, bundle, words)?;
    if !replayed.same_compiler {
        let compiler = [("compiler", bundle.compiler())];
        writeln!(out, "{}", words.say("replay-compiler", compiler))?;
    }
    match &replayed.outcome {
        Outcome::Reproduced(fault) => {
            writeln!(out, "{}", words.fault("replay-reproduced", fault))?;
            details(out, fault.record.as_ref(), &Symbols::of_this_program(), words)
        }
        Outcome::Other(fault) => {
            writeln!(out, "{}", words.fault("replay-other", fault))?;
            details(out, fault.record.as_ref(), &Symbols::of_this_program(), words)
        }
        Outcome::Gone(report) => {
            let errors = report.errors();
            let what = match errors {
                0 => words.say("replay-gone", []),
                errors => words.count("replay-diagnosed", [("errors", errors)]),
            };
            writeln!(out, "{what}")?;
            if bundle.record().is_some() {
                writeln!(out, "{}", words.say("replay-then", []))?;
                // The offsets of another build lie elsewhere in this one.
                let symbols = match replayed.same_compiler {
                    true => Symbols::of_this_program(),
                    false => Symbols::default(),
                };
                details(out, bundle.record(), &symbols, words)?;
            }
            for problem in &report.problems {
                let text = report.render(problem, words.0, Format::Human, Color::Never);
                if problem.diagnostic.severity() <= options.volume.threshold() {
                    writeln!(out, "\n{text}")?;
                }
            }
            Ok(())
        }
    }
}

/// How a worker died.
fn details(
    out: &mut impl Write,
    record: Option<&Record>,
    symbols: &Symbols,
    words: Words,
) -> io::Result<()> {
    let Some(record) = record else { return Ok(()) };
    writeln!(out, "  {}", record.death)?;
    if let Some(address) = record.address {
        writeln!(out, "  {}: {address}", words.say("replay-address", []))?;
    }
    if let Some(at) = record.instruction_pointer {
        writeln!(out, "  {}: {}", words.say("replay-instruction", []), symbols.describe(at))?;
    }
    if !record.backtrace.is_empty() {
        writeln!(out, "  {}:", words.say("replay-backtrace", []))?;
        for at in &record.backtrace {
            writeln!(out, "    {}", symbols.describe(*at))?;
        }
    }
    Ok(())
}

fn as_json(bundle: &Bundle, replayed: &Replayed) -> serde_json::Value {
    let (outcome, seen) = match &replayed.outcome {
        Outcome::Reproduced(fault) => ("reproduced", Some(fault)),
        Outcome::Other(fault) => ("other", Some(fault)),
        Outcome::Gone(report) if report.errors() > 0 => ("diagnosed", None),
        Outcome::Gone(_) => ("gone", None),
    };
    let (unit, line) = bundle.place();
    json!({
        "version": VERSION,
        "kind": "replay",
        "fault": bundle.fault(),
        "unit": unit,
        "line": line,
        "injected": bundle.is_injected(),
        "same_compiler": replayed.same_compiler,
        "outcome": outcome,
        "seen": seen.map(|fault| json!({
            "fault": fault.fault,
            "kind": fault.kind,
            "phase": fault.phase.name(),
            "record": fault.record,
        })),
    })
}

fn minimise(
    bundle: &Bundle,
    folder: &Path,
    options: &Options,
    words: Words,
) -> Result<Status, Failure> {
    let Some(found) = bundle::minimise(bundle, Limits::default())? else {
        // What became of it is told as without the option.
        return replay(bundle, options, words);
    };
    let target = beside(folder);
    if let Err(error) = found.bundle.write(&target) {
        let problem = [("problem", error.to_string())];
        writeln!(io::stderr(), "{}", words.say("minimise-failed", problem))?;
        return Ok(Status::OutputFailed);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    let folder = target.display().to_string();
    let Minimised { before, after, attempts, ended_early, .. } = found;
    if options.message_format == MessageFormat::Json {
        let line = json!({
            "version": VERSION,
            "kind": "minimised",
            "fault": bundle.fault(),
            "folder": folder,
            "lines": [before.lines, after.lines],
            "definitions": [before.definitions, after.definitions],
            "attempts": attempts,
            "ended_early": ended_early,
        });
        writeln!(out, "{line}")?;
    } else {
        introduce(&mut out, bundle, words)?;
        let figures = [
            ("lines", after.lines),
            ("all-lines", before.lines),
            ("definitions", after.definitions),
            ("all-definitions", before.definitions),
            ("attempts", attempts),
        ];
        writeln!(out, "{}", words.count("minimise-result", figures))?;
        if ended_early {
            writeln!(out, "{}", words.say("minimise-early", []))?;
        }
        writeln!(out, "{}", words.say("minimise-written", [("folder", folder)]))?;
    }
    out.flush()?;
    Ok(Status::Done)
}

/// A folder beside `folder` that is not there yet: `f-....min`, then `f-....min2`.
fn beside(folder: &Path) -> PathBuf {
    // `.` and `..` have no names of their own.
    let folder = match folder.file_name() {
        Some(_) => folder.to_owned(),
        None => folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
    };
    let mut target = folder.clone();
    let mut number = 1;
    loop {
        let mut name = folder.file_name().unwrap_or_default().to_owned();
        name.push(if number == 1 { ".min".to_owned() } else { format!(".min{number}") });
        target.set_file_name(name);
        if target.symlink_metadata().is_err() {
            return target;
        }
        number += 1;
    }
}
