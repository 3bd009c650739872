//! `morph status`: what is known about a project, from what builds have kept.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use morph_diag::{Arg, Lang, wording};
use morph_driver::history::{Entry, Fate, History};
use morph_driver::status::{self, Held, ProjectStatus};
use serde_json::json;

use crate::arguments::{MessageFormat, Options};
use crate::status::Status;

/// The version of the JSON objects.
const VERSION: u32 = 1;

/// Show units, fragments, breakers and quarantine of a project as its last builds left them.
#[derive(Debug, Args)]
pub(crate) struct ProjectState {
    /// A program's root file [default: all programs of the project in the working directory].
    file: Option<PathBuf>,
    /// Forget what is remembered against this file: its breaker, the quarantine of its fragments.
    #[arg(long, value_name = "UNIT")]
    reset: Option<String>,
}

impl ProjectState {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let lang = options.language();
        let folder = match status::folder(self.file.as_deref()) {
            Ok(folder) => folder,
            Err(error) => {
                writeln!(io::stderr(), "{}", say(lang, "status-none", &[("reason", &error)]))?;
                return Ok(Status::NoImage);
            }
        };
        let mut state = ProjectStatus::read(folder);
        let mut out = io::BufWriter::new(io::stdout().lock());
        if let Some(unit) = &self.reset {
            let known = state
                .programs
                .iter()
                .any(|program| program.units.iter().any(|(path, _)| path == unit));
            if !known {
                drop(out);
                writeln!(io::stderr(), "{}", say(lang, "status-no-unit", &[("unit", unit)]))?;
                return Ok(Status::NoImage);
            }
            let forgotten = state.reset(unit)?;
            let args = vec![
                ("unit".into(), Arg::from(unit.as_str())),
                ("count".into(), Arg::from(forgotten)),
            ];
            writeln!(out, "{}", wording::text(lang, "status-reset", &args))?;
            return out.flush().map(|()| Status::Done);
        }
        if let Some(file) = &self.file {
            let own = |program: &History| file.ends_with(&program.root);
            state.programs.retain(own);
        }
        match options.message_format {
            MessageFormat::Json => json_lines(&mut out, &state)?,
            MessageFormat::Human | MessageFormat::Short => human(&mut out, &state, lang)?,
        }
        out.flush()?;
        Ok(Status::Done)
    }
}

/// A sentence of the catalogue.
pub(super) fn say(
    lang: Lang,
    key: &str,
    args: &[(&'static str, &dyn std::fmt::Display)],
) -> String {
    let args = args.iter().map(|(name, value)| ((*name).into(), Arg::Text(value.to_string())));
    wording::text(lang, key, &args.collect())
}

/// `2 minutes`: how long ago that was.
pub(super) fn age(since: u64, lang: Lang) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = now.map_or(0, |now| now.as_secs()).saturating_sub(since);
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let args = vec![("count".into(), Arg::from(count as usize)), ("unit".into(), Arg::from(unit))];
    wording::text(lang, "status-age", &args)
}

/// The figures of one unit of the program.
struct Unit<'s> {
    path: &'s str,
    state: &'static str,
    breaker: &'static str,
    fragments: usize,
    closed: usize,
}

fn units<'s>(program: &'s History, state: &'s ProjectStatus) -> Vec<Unit<'s>> {
    let own = (0..).zip(&program.units);
    let own = own.filter(|(_, (_, side))| *side == morph_driver::history::Side::Program);
    own.map(|(number, (path, _))| {
        let of_unit = || program.fragments.iter().filter(move |entry| entry.unit == number);
        let closed = of_unit().filter(|entry| entry.state != Fate::Active).count();
        let breaker = state.breaker(path);
        let isolated = of_unit().any(|entry| entry.state == Fate::Isolated);
        Unit {
            path,
            state: match (breaker.name(), isolated, closed) {
                ("HALF_OPEN", _, _) => "testing",
                (_, true, _) => "isolated",
                (_, false, 0) => "active",
                (_, false, _) => "degraded",
            },
            breaker: breaker.name(),
            fragments: of_unit().count(),
            closed,
        }
    })
    .collect()
}

/// `fungsi hitung (main.fox:12)`.
pub(super) fn describe(program: &History, entry: &Entry, lang: Lang) -> String {
    let path = program.units.get(entry.unit as usize).map_or("", |(path, _)| path.as_str());
    let name = match &entry.name {
        Some((keyword, name)) => format!("{keyword} {name}"),
        None => wording::text(lang, "loss-statement", &Vec::new()),
    };
    format!("{name} ({path}:{})", entry.line)
}

fn human(out: &mut impl Write, state: &ProjectStatus, lang: Lang) -> io::Result<()> {
    for program in &state.programs {
        let (root, options, age) = (&program.root, &program.options, age(program.built, lang));
        let head =
            say(lang, "status-program", &[("root", root), ("options", options), ("age", &age)]);
        writeln!(out, "{head}")?;
        let units = units(program, state);
        let word = |key: &str| wording::text(lang, key, &Vec::new());
        let width = units.iter().map(|unit| unit.path.chars().count()).max().unwrap_or(0).max(8);
        let [name, fragments, closed, breaker] =
            ["status-unit", "status-fragments", "status-closed", "status-breaker"].map(word);
        writeln!(
            out,
            "  {name:width$}  {:10} {fragments:>9} {closed:>8}  {breaker}",
            word("status-state")
        )?;
        for unit in units {
            let Unit { path, fragments, closed, breaker, .. } = unit;
            let state = word(&format!("status-is-{}", unit.state));
            writeln!(out, "  {path:width$}  {state:10} {fragments:>9} {closed:>8}  {breaker}")?;
        }
        for entry in &program.fragments {
            let Fate::Closed { fault, code, .. } = &entry.state else { continue };
            let code = code.as_deref().map_or(String::new(), |code| format!(" {code}"));
            writeln!(out, "  {} [{fault}]{code}", describe(program, entry, lang))?;
            let held = match state.held(entry) {
                None => continue,
                Some(Held::Quarantined(fault)) => ("status-quarantined", fault),
                Some(Held::Suspect(fault)) => ("status-suspect", fault),
                Some(Held::Lowered(fault)) => ("status-lowered", fault),
            };
            let (key, fault) = held;
            writeln!(out, "      {}", say(lang, key, &[("kind", &fault.kind)]))?;
        }
        writeln!(out)?;
    }
    let megabytes = format!("{:.1}", state.bytes as f64 / 1e6);
    writeln!(
        out,
        "{}",
        say(lang, "status-kept", &[("entries", &state.entries), ("mb", &megabytes)])
    )?;
    for problem in &state.problems {
        writeln!(out, "{}", say(lang, "note-store-unused", &[("problem", problem)]))?;
    }
    Ok(())
}

fn json_lines(out: &mut impl Write, state: &ProjectStatus) -> io::Result<()> {
    for program in &state.programs {
        let units = units(program, state);
        for unit in &units {
            let line = json!({
                "version": VERSION, "kind": "unit", "root": program.root, "path": unit.path, "state": unit.state,
                "breaker": unit.breaker, "fragments": unit.fragments, "closed": unit.closed,
            });
            writeln!(out, "{line}")?;
        }
        for entry in &program.fragments {
            let Fate::Closed { fault, code, .. } = &entry.state else { continue };
            let held = state.held(entry);
            let line = json!({
                "version": VERSION, "kind": "closed", "root": program.root,
                "path": program.units.get(entry.unit as usize).map(|(path, _)| path), "line": entry.line,
                "name": entry.name.as_ref().map(|(_, name)| name), "fault": fault.to_string(), "code": code,
                "quarantined": matches!(held, Some(Held::Quarantined(_))),
            });
            writeln!(out, "{line}")?;
        }
        let line = json!({
            "version": VERSION, "kind": "program", "root": program.root, "options": program.options,
            "built": program.built, "units": units.len(), "fragments": program.fragments.len(),
            "reused": program.fragments.iter().filter(|entry| entry.reused).count(),
        });
        writeln!(out, "{line}")?;
    }
    let line = json!({
        "version": VERSION, "kind": "store", "entries": state.entries, "bytes": state.bytes, "problems": state.problems,
    });
    writeln!(out, "{line}")
}
