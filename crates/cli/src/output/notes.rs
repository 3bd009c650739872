//! What happened to the sandboxes of a build: warnings for everybody, the rest for those who ask.

use std::io::{self, Write};

use morph_diag::{Arg, Args, Lang, wording};
use morph_driver::Note;
use morph_driver::isolation::Site;
use morph_driver::report::Report;
use serde_json::json;

use super::{VERSION, describe};
use crate::arguments::Options;

/// Warnings unless everything but errors is silenced; notes where they are asked for.
pub(super) fn is_shown(note: &Note, options: &Options) -> bool {
    options.volume.is_verbose() || (note.is_warning() && !options.volume.is_quiet())
}

/// One line for people.
pub(super) fn human(
    out: &mut impl Write,
    note: &Note,
    report: &Report,
    lang: Lang,
) -> io::Result<()> {
    let level = if note.is_warning() { "level-warning" } else { "level-note" };
    let Words { text, .. } = words(note, report, lang);
    writeln!(out, "{}: {}", wording::text(lang, level, &Vec::new()), on_one_line(&text))
}

/// One object for programs.
pub(super) fn json(
    out: &mut impl Write,
    note: &Note,
    report: &Report,
    lang: Lang,
) -> io::Result<()> {
    let Words { event, site, text } = words(note, report, lang);
    let place = site.and_then(|site| report.fragment_at(site)).and_then(|id| report.place(id));
    let line = json!({
        "version": VERSION,
        "kind": "note",
        "severity": if note.is_warning() { "warning" } else { "note" },
        "event": event,
        "message": text,
        "lang": lang.name(),
        "path": site.map(|site| site.unit.as_str()),
        "line": place.map(|place| place.line),
    });
    writeln!(out, "{line}")
}

/// A note in words.
struct Words<'n> {
    /// What it is about, for programs.
    event: &'static str,
    site: Option<&'n Site>,
    text: String,
}

fn words<'n>(note: &'n Note, report: &Report, lang: Lang) -> Words<'n> {
    let (count, other);
    let (event, key, site, facts): (_, _, Option<&Site>, Vec<(&'static str, &str)>) = match note {
        Note::Died { site, phase, death, recovered } => {
            let key = match (site, recovered) {
                (None, _) => "note-idle",
                (Some(_), true) => "note-recovered",
                (Some(_), false) => "note-died",
            };
            let facts = vec![("phase", phase.name()), ("death", death.as_str())];
            ("died", key, site.as_ref(), facts)
        }
        Note::BadReply { site, recovered } => {
            let key = if *recovered { "note-bad-reply-recovered" } else { "note-bad-reply" };
            ("bad-reply", key, Some(site), Vec::new())
        }
        Note::NotStarted { reason } => {
            ("not-started", "note-not-started", None, vec![("reason", reason.as_str())])
        }
        Note::Quarantined { site, fault } => {
            ("quarantined", "note-quarantined", Some(site), vec![("fault", fault.as_str())])
        }
        Note::Breaker { unit, text, fault } => {
            let mut facts = vec![("unit", unit.as_str()), ("text", text.as_str())];
            facts.extend(fault.as_deref().map(|fault| ("fault", fault)));
            let key = if fault.is_some() { "note-breaker-fault" } else { "note-breaker" };
            ("breaker", key, None, facts)
        }
        Note::MemoryUnused { problem } => {
            ("memory", "note-memory-unused", None, vec![("problem", problem.as_str())])
        }
        Note::MemoryUnwritten { problem } => {
            ("memory", "note-memory-unwritten", None, vec![("problem", problem.as_str())])
        }
        Note::Log { problem } => ("log", "note-log", None, vec![("problem", problem.as_str())]),
        Note::Resumed { fragments } => {
            count = fragments.to_string();
            ("resumed", "note-resumed", None, vec![("fragments", count.as_str())])
        }
        Note::Reused { reused, made } => {
            count = reused.to_string();
            other = made.to_string();
            let facts = vec![("reused", count.as_str()), ("made", other.as_str())];
            ("reused", "note-reused", None, facts)
        }
        Note::StoreUnused { problem } => {
            ("store", "note-store-unused", None, vec![("problem", problem.as_str())])
        }
        Note::StoreUnwritten { problem, .. } => {
            ("store", "note-store-unwritten", None, vec![("problem", problem.as_str())])
        }
        Note::Mismatch { site, bundle } => {
            let facts = bundle.iter().map(|bundle| ("bundle", bundle.as_str())).collect();
            ("mismatch", "note-mismatch", Some(site), facts)
        }
        Note::Recovery { problem } => {
            ("recovery", "note-recovery", None, vec![("problem", problem.as_str())])
        }
        Note::Bundle { fault, problem } => {
            let facts = vec![("fault", fault.as_str()), ("problem", problem.as_str())];
            ("bundle", "note-bundle", None, facts)
        }
    };
    let mut args: Args =
        facts.into_iter().map(|(name, fact)| (name.into(), Arg::from(fact))).collect();
    args.extend(site.map(|site| ("site".into(), Arg::Text(name(site, report, lang)))));
    Words { event, site, text: wording::text(lang, key, &args) }
}

/// `fungsi kali (m.fox:4)`; of a file that was never cut into fragments the file.
fn name(site: &Site, report: &Report, lang: Lang) -> String {
    match (report.fragment_at(site), site.fragment) {
        (Some(id), _) => describe(report, id, lang),
        (None, Some(fragment)) => format!("{}:{fragment}", site.unit),
        (None, None) => {
            wording::text(lang, "note-unit", &vec![("unit".into(), Arg::from(site.unit.as_str()))])
        }
    }
}

/// What a worker left behind may hold anything.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
