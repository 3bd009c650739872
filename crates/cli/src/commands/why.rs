//! `morph why`: why a fragment was compiled, or was not.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use morph_diag::{Lang, wording};
use morph_driver::history::{Entry, Fate, History, Reason};
use morph_driver::status::{self, ProjectStatus};
use serde_json::json;

use super::status::{age, describe, say};
use crate::arguments::{MessageFormat, Options};
use crate::status::Status;

/// The version of the JSON objects.
const VERSION: u32 = 1;

/// Tell why a fragment was, or was not, compiled in the last build: which input changed.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Its name, or `FILE:NAME`, or `FILE:LINE`.
    fragment: String,
    /// The program's root file [default: the program of the project that was built last].
    file: Option<PathBuf>,
}

impl Why {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let lang = options.language();
        let folder = match status::folder(self.file.as_deref()) {
            Ok(folder) => folder,
            Err(error) => {
                writeln!(io::stderr(), "{}", say(lang, "status-none", &[("reason", &error)]))?;
                return Ok(Status::NoImage);
            }
        };
        let state = ProjectStatus::read(folder);
        let own = |program: &&History| {
            self.file.as_ref().is_none_or(|file| file.ends_with(&program.root))
        };
        let program = state.programs.iter().find(own);
        let found: Vec<(&History, &Entry)> = program
            .into_iter()
            .flat_map(|program| self.find(program).map(move |entry| (program, entry)))
            .collect();
        if found.is_empty() {
            writeln!(io::stderr(), "{}", say(lang, "why-unknown", &[("name", &self.fragment)]))?;
            return Ok(Status::NoImage);
        }
        let mut out = io::stdout().lock();
        for (program, entry) in found {
            match options.message_format {
                MessageFormat::Json => json_line(&mut out, program, entry)?,
                MessageFormat::Human | MessageFormat::Short => {
                    human(&mut out, program, entry, lang)?;
                }
            }
        }
        Ok(Status::Done)
    }

    /// All that the words may mean; of several fragments of one name all.
    fn find<'p>(&'p self, program: &'p History) -> impl Iterator<Item = &'p Entry> {
        let (path, rest) = match self.fragment.rsplit_once(':') {
            Some((path, rest)) => (Some(path), rest),
            None => (None, self.fragment.as_str()),
        };
        let line: Option<u32> = rest.parse().ok().filter(|_| path.is_some());
        let in_path = move |entry: &Entry| {
            let own = program.units.get(entry.unit as usize).map(|(path, _)| path.as_str());
            path.is_none() || own == path
        };
        // A line belongs to the last fragment that begins at it or above.
        let at_line = line.and_then(|line| {
            let above = |entry: &&Entry| in_path(entry) && entry.line <= line;
            program.fragments.iter().filter(above).max_by_key(|entry| entry.line)
        });
        program.fragments.iter().filter(move |entry| match at_line {
            Some(found) => std::ptr::eq(*entry, found),
            None => in_path(entry) && entry.name.as_ref().is_some_and(|(_, name)| name == rest),
        })
    }
}

fn human(out: &mut impl Write, program: &History, entry: &Entry, lang: Lang) -> io::Result<()> {
    let key = if entry.reused { "why-reused" } else { "why-made" };
    let built = age(program.built, lang);
    writeln!(
        out,
        "{}",
        say(lang, key, &[("site", &describe(program, entry, lang)), ("age", &built)])
    )?;
    if entry.reused && !entry.because.is_empty() {
        writeln!(out, "  {}", say(lang, "why-earlier", &[("age", &age(entry.made, lang))]))?;
    }
    for reason in &entry.because {
        writeln!(out, "  {}", word(reason, lang))?;
    }
    match &entry.state {
        Fate::Active => {}
        Fate::Closed { fault, code, .. } => {
            let code = code.as_deref().unwrap_or("");
            writeln!(out, "  {}", say(lang, "why-closed", &[("fault", fault), ("code", &code)]))?;
        }
        Fate::Isolated => writeln!(out, "  {}", wording::text(lang, "why-isolated", &Vec::new()))?,
    }
    Ok(())
}

fn word(reason: &Reason, lang: Lang) -> String {
    match reason {
        Reason::Meaning(_, name) => say(lang, "why-meaning", &[("name", name)]),
        Reason::New | Reason::Text | Reason::Place | Reason::Compiler | Reason::NotKept => {
            wording::text(lang, &format!("why-{}", name(reason)), &Vec::new())
        }
    }
}

fn name(reason: &Reason) -> &'static str {
    match reason {
        Reason::New => "new",
        Reason::Text => "text",
        Reason::Place => "place",
        Reason::Meaning(..) => "meaning",
        Reason::Compiler => "compiler",
        Reason::NotKept => "not-kept",
    }
}

fn json_line(out: &mut impl Write, program: &History, entry: &Entry) -> io::Result<()> {
    let because: Vec<_> = entry
        .because
        .iter()
        .map(|reason| {
            let changed = match reason {
                Reason::Meaning(_, name) => Some(name),
                Reason::New | Reason::Text | Reason::Place | Reason::Compiler | Reason::NotKept => {
                    None
                }
            };
            json!({ "input": name(reason), "name": changed })
        })
        .collect();
    let line = json!({
        "version": VERSION, "kind": "fragment",
        "path": program.units.get(entry.unit as usize).map(|(path, _)| path), "line": entry.line,
        "name": entry.name.as_ref().map(|(_, name)| name), "reused": entry.reused, "made": entry.made, "because": because,
    });
    writeln!(out, "{line}")
}
