//! What a build has to say, on stderr: problems, what is lost, and figures where they are asked for.

use std::io::{self, Write};

use morph_diag::{Arg, Args, Code, Color, Format, FragmentId, Lang, Located, Severity, wording};
use morph_driver::Output;
use morph_driver::report::{Closed, FragmentLabel, Report};
use serde_json::json;

mod notes;

use crate::arguments::{MessageFormat, Options};
use crate::status::Status;

/// The version of the JSON objects that this file writes; problems carry their own.
const VERSION: u32 = 1;

/// Says a line, all of it at once: a program that runs meanwhile may say something in the same place.
pub(crate) fn line(text: &str) -> io::Result<()> {
    io::stderr().write_all(format!("{text}\n").as_bytes())
}

/// Reports a build that ended as the driver says.
pub(crate) fn report(built: &Output, options: &Options) -> io::Result<()> {
    report_as(built, options, built.status.into())
}

/// Reports a build that ended with `status`.
pub(crate) fn report_as(built: &Output, options: &Options, status: Status) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stderr().lock());
    let lang = options.language();
    problems(&mut out, &built.report, options, lang)?;
    match options.message_format {
        MessageFormat::Json => {
            for note in built.notes.iter().filter(|note| notes::is_shown(note, options)) {
                notes::json(&mut out, note, &built.report, lang)?;
            }
            summary_json(&mut out, built, options, status)?;
        }
        MessageFormat::Human | MessageFormat::Short => {
            if !options.volume.is_quiet() {
                loss(&mut out, built, lang)?;
            }
            for note in built.notes.iter().filter(|note| notes::is_shown(note, options)) {
                notes::human(&mut out, note, &built.report, lang)?;
            }
            if options.timings {
                for (phase, time) in &built.timings {
                    writeln!(out, "{phase:24} {:9.3} ms", time.as_secs_f64() * 1000.0)?;
                }
            }
        }
    }
    out.flush()
}

fn problems(
    out: &mut impl Write,
    report: &Report,
    options: &Options,
    lang: Lang,
) -> io::Result<()> {
    let (format, color) = (format(options), color(options));
    for problem in &report.problems {
        if problem.diagnostic.severity() > options.volume.threshold() {
            continue;
        }
        writeln!(out, "{}", report.render(problem, lang, format, color))?;
        if format == Format::Human {
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Writes a problem that belongs to no build.
pub(crate) fn problem(
    out: &mut impl Write,
    located: &Located<'_>,
    options: &Options,
) -> io::Result<()> {
    let (format, color) = (format(options), color(options));
    writeln!(out, "{}", morph_diag::render(located, options.language(), format, color))
}

fn format(options: &Options) -> Format {
    match options.message_format {
        MessageFormat::Human => Format::Human,
        MessageFormat::Short => Format::Short,
        MessageFormat::Json => Format::Json,
    }
}

fn color(options: &Options) -> Color {
    if options.use_color() { Color::Always } else { Color::Never }
}

/// What still works, and what is lost.
fn loss(out: &mut impl Write, built: &Output, lang: Lang) -> io::Result<()> {
    let report = &built.report;
    if report.closed.is_empty() {
        return Ok(());
    }
    let figures = vec![
        ("closed".into(), number(report.closed.len())),
        ("total".into(), number(report.total)),
        ("working".into(), number(report.total.saturating_sub(report.closed.len()))),
    ];
    writeln!(out, "{}", wording::text(lang, "loss-summary", &figures))?;
    for closed in &report.closed {
        writeln!(
            out,
            "  {}{} [{}]",
            describe(report, closed.fragment, lang),
            because(report, closed, lang),
            closed.fault
        )?;
        if let Some(fault) = fault(report, closed.fragment) {
            writeln!(out, "      {}", fault_text(&fault, built.bundles.as_deref(), lang))?;
        }
        if closed.paths.is_empty() {
            let is_statement = report
                .place(closed.fragment)
                .is_some_and(|place| matches!(place.label, FragmentLabel::Statement));
            let key = if is_statement { "loss-skipped" } else { "loss-unreached" };
            writeln!(out, "      {}", wording::text(lang, key, &Vec::new()))?;
        }
        for path in &closed.paths {
            if path.as_slice() == [closed.fragment] {
                writeln!(out, "      {}", wording::text(lang, "loss-entry", &Vec::new()))?;
                continue;
            }
            let startup = path.first().is_some_and(|id| runs_at_startup(report, *id));
            let first = startup.then(|| wording::text(lang, "loss-startup", &Vec::new()));
            let path: Vec<String> =
                first.into_iter().chain(path.iter().map(|id| name(report, *id, lang))).collect();
            let args = vec![("path".into(), Arg::Text(path.join(" -> ")))];
            writeln!(out, "      {}", wording::text(lang, "loss-reached", &args))?;
        }
    }
    Ok(())
}

/// Why the compiler itself could not do a fragment.
struct Fault<'r> {
    id: &'r str,
    /// More than it may use, instead of a crash.
    exhausted: bool,
    /// There is a crash bundle.
    kept: bool,
}

fn fault(report: &Report, fragment: FragmentId) -> Option<Fault<'_>> {
    let own = report.problems.iter().filter(|problem| problem.subject.fragment() == Some(fragment));
    own.map(|problem| &problem.diagnostic).find_map(|problem| {
        let text = |wanted: &str| {
            problem.args.iter().find_map(|(key, value)| match value {
                Arg::Text(text) if *key == wanted => Some(text.as_str()),
                Arg::Text(_) | Arg::Number(_) | Arg::List(_) => None,
            })
        };
        let exhausted = problem.code == Code::CompilerExhausted;
        let of_ours = exhausted || problem.code == Code::CompilerCrashed;
        let id = text("fault").filter(|_| of_ours)?;
        Some(Fault { id, exhausted, kept: text("bundle").is_some() })
    })
}

/// Whose fault it is, and how to see it again from the working directory.
fn fault_text(fault: &Fault<'_>, bundles: Option<&str>, lang: Lang) -> String {
    let bundle = bundles.filter(|_| fault.kept).map(|folder| format!("{folder}/{}", fault.id));
    let key = match (fault.exhausted, bundle.is_some()) {
        (false, true) => "loss-crashed",
        (false, false) => "loss-crashed-only",
        (true, true) => "loss-exhausted",
        (true, false) => "loss-exhausted-only",
    };
    let args = bundle.into_iter().map(|bundle| ("bundle".into(), Arg::Text(bundle))).collect();
    wording::text(lang, key, &args)
}

/// A global or a statement: what calls it is the start of the program.
fn runs_at_startup(report: &Report, id: FragmentId) -> bool {
    match report.place(id).map(|place| &place.label) {
        Some(FragmentLabel::Named { keyword, .. }) => *keyword == "var",
        Some(FragmentLabel::Statement) => true,
        Some(FragmentLabel::Import) | None => false,
    }
}

fn because(report: &Report, closed: &Closed, lang: Lang) -> String {
    let Some(cause) = closed.because else { return String::new() };
    let args: Args = vec![("cause".into(), Arg::Text(name(report, cause, lang)))];
    format!(", {}", wording::text(lang, "loss-because", &args))
}

/// `fungsi hitung (main.fox:12)`.
pub(crate) fn describe(report: &Report, id: FragmentId, lang: Lang) -> String {
    let Some(place) = report.place(id) else { return String::new() };
    let path = report.path(place);
    match &place.label {
        FragmentLabel::Named { keyword, name } => {
            format!("{keyword} {name} ({path}:{})", place.line)
        }
        FragmentLabel::Statement | FragmentLabel::Import => {
            let import = matches!(place.label, FragmentLabel::Import);
            let key = if import { "loss-import" } else { "loss-statement" };
            format!("{} ({path}:{})", wording::text(lang, key, &Vec::new()), place.line)
        }
    }
}

/// `fungsi hitung (main.fox)`: the same before and after an edit above it.
pub(crate) fn describe_without_line(report: &Report, id: FragmentId, lang: Lang) -> String {
    let described = describe(report, id, lang);
    match report.place(id).map(|place| &place.label) {
        Some(FragmentLabel::Named { .. }) => match described.rsplit_once(':') {
            Some((head, _)) => format!("{head})"),
            None => described,
        },
        Some(FragmentLabel::Statement | FragmentLabel::Import) | None => described,
    }
}

/// A fragment in a call path.
fn name(report: &Report, id: FragmentId, lang: Lang) -> String {
    match report.place(id).map(|place| &place.label) {
        Some(FragmentLabel::Named { name, .. }) => name.clone(),
        Some(FragmentLabel::Statement | FragmentLabel::Import) | None => describe(report, id, lang),
    }
}

fn number(value: usize) -> Arg {
    Arg::from(value)
}

/// One object for each closed fragment, and the summary as the last line.
fn summary_json(
    out: &mut impl Write,
    built: &Output,
    options: &Options,
    status: Status,
) -> io::Result<()> {
    let report = &built.report;
    let lang = options.language();
    for closed in &report.closed {
        let Some(place) = report.place(closed.fragment) else { continue };
        let names = |path: &Vec<FragmentId>| {
            path.iter().map(|id| name(report, *id, lang)).collect::<Vec<_>>()
        };
        let fault = fault(report, closed.fragment);
        let line = json!({
            "version": VERSION,
            "kind": "closed",
            "name": name(report, closed.fragment, lang),
            "path": report.path(place),
            "line": place.line,
            "because": closed.because.map(|cause| name(report, cause, lang)),
            "fault": closed.fault.to_string(),
            "bundle": fault
                .as_ref()
                .filter(|fault| fault.kept)
                .and_then(|fault| Some(format!("{}/{}", built.bundles.as_deref()?, fault.id))),
            "reached_by": closed.paths.iter().map(names).collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")?;
    }
    let timings = options.timings.then(|| {
        let laps = built
            .timings
            .iter()
            .map(|(phase, time)| json!({ "phase": phase, "ms": time.as_secs_f64() * 1000.0 }));
        laps.collect::<Vec<_>>()
    });
    let line = json!({
        "version": VERSION,
        "kind": "summary",
        "status": status.number(),
        "image": built.image.is_some() || built.in_place,
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "fragments": report.total,
        "closed": report.closed.len(),
        "timings": timings,
    });
    writeln!(out, "{line}")
}
