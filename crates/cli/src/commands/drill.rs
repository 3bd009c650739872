//! `morph drill`: a fire drill. Breaks the compiler on purpose while it builds a program, and proves that the program survives.

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use morph_diag::{Arg, Lang, wording};
use morph_driver::drill::{Cell, Drill, Failure, Settings, Violation, drill};
use morph_driver::isolation::{INJECTS, Inject, Injection, Site};
use morph_driver::options::Goal;
use morph_driver::phase::Phase;
use serde_json::json;

use crate::arguments::{MessageFormat, Options};
use crate::output;
use crate::status::Status;

/// Break the compiler on purpose while it builds a program, and see that nothing else is lost.
#[derive(Debug, Args)]
pub(crate) struct FireDrill {
    /// The program's root file.
    file: PathBuf,
    /// How many faults are injected.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    faults: u32,
    /// Where the choice of faults comes from: the same seed, the same faults.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

/// The version of the JSON objects that this file writes.
const VERSION: u32 = 1;

/// Failures that are shown in full.
const SHOWN: usize = 10;

impl FireDrill {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let settings = Settings {
            faults: self.faults,
            seed: self.seed,
            sandboxes: options.isolation().sandboxes,
        };
        let progress = io::stderr().is_terminal() && !options.volume.is_quiet();
        let mut watcher = |struck: u32| {
            if progress {
                // Whoever does not see it can do without.
                let _ = write!(io::stderr(), "\r{struck} / {}\r", self.faults);
            }
        };
        let drilled = drill(&self.file, &options.build(Goal::Image), settings, &mut watcher);
        let drilled = match drilled {
            Ok(drilled) => drilled,
            Err(built) => {
                output::report(&built, options)?;
                return Ok(built.status.into());
            }
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        match options.message_format {
            MessageFormat::Json => self.write_json(&mut out, &drilled)?,
            MessageFormat::Human | MessageFormat::Short => {
                self.write_table(&mut out, &drilled, options)?;
            }
        }
        out.flush()?;
        Ok(if drilled.held() { Status::Done } else { Status::WithErrors })
    }

    fn write_table(
        &self,
        out: &mut impl Write,
        drilled: &Drill,
        options: &Options,
    ) -> io::Result<()> {
        let lang = options.language();
        let say = |key: &str, args: &[(&'static str, Arg)]| {
            let args = args.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
            wording::text(lang, key, &args)
        };
        let total = |count: fn(&Cell) -> u32| drilled.cells.iter().map(count).sum::<u32>();
        let head = say(
            "drill-head",
            &[
                ("file", Arg::Text(self.file.display().to_string())),
                ("faults", number(drilled.injected())),
                ("fragments", Arg::from(drilled.fragments)),
                ("units", Arg::from(drilled.units)),
                ("builds", number(drilled.builds)),
                ("seed", Arg::Text(self.seed.to_string())),
            ],
        );
        writeln!(out, "{head}\n")?;
        let rows = if options.volume.is_verbose() {
            cells_table(drilled, lang)
        } else {
            kinds_table(drilled, lang)
        };
        write_aligned(out, &rows)?;
        let tail = say(
            "drill-tail",
            &[
                ("build", Arg::Text(millis(drilled.reference))),
                ("hang", Arg::Text(millis(drilled.budget.cpu))),
                ("sleep", Arg::Text(millis(drilled.sleeping.wall))),
                ("dependants", number(total(|cell| cell.dependants))),
            ],
        );
        writeln!(out, "\n{tail}")?;
        for Failure { violation, injections } in drilled.failures.iter().take(SHOWN) {
            writeln!(out, "\n{}", violation_text(violation, lang))?;
            let faults: Vec<String> =
                injections.iter().map(|one| format!("--inject {}", argument(one))).collect();
            let sleeps = injections.iter().any(|one| one.kind == Inject::Sleep);
            let budget = if sleeps { drilled.sleeping } else { drilled.budget };
            let (cpu, wall) = (budget.cpu.as_millis(), budget.wall.as_millis());
            let file = self.file.display();
            let command = format!("morph build {file} --budget {cpu}:{wall} {}", faults.join(" "));
            writeln!(out, "  {}", say("drill-again", &[("command", Arg::Text(command))]))?;
        }
        let key = if drilled.held() { "drill-held" } else { "drill-broken" };
        let args = [
            ("survived", number(total(|cell| cell.survived))),
            ("injected", number(drilled.injected())),
            ("lost", number(total(|cell| cell.lost))),
            ("failures", Arg::from(drilled.failures.len())),
        ];
        writeln!(out, "\n{}", say(key, &args))
    }

    fn write_json(&self, out: &mut impl Write, drilled: &Drill) -> io::Result<()> {
        for cell in &drilled.cells {
            let line = json!({
                "version": VERSION,
                "kind": "drill-cell",
                "fault": cell.name,
                "phase": cell.phase.name(),
                "injected": cell.injected,
                "transient": cell.transient,
                "survived": cell.survived,
                "lost": cell.lost,
                "dependants": cell.dependants,
                "images_equal": cell.transient - cell.unequal,
                "timed": cell.timed,
                "added_ms": each(cell.added, cell.timed),
                "bound_ms": to_millis(drilled.bound(cell.kind)),
            });
            writeln!(out, "{line}")?;
        }
        for Failure { violation, injections } in &drilled.failures {
            let line = json!({
                "version": VERSION,
                "kind": "drill-failure",
                "violation": violation_text(violation, Lang::En),
                "inject": injections.iter().map(argument).collect::<Vec<_>>(),
            });
            writeln!(out, "{line}")?;
        }
        let line = json!({
            "version": VERSION,
            "kind": "drill",
            "held": drilled.held(),
            "seed": self.seed,
            "injected": drilled.injected(),
            "survived": drilled.cells.iter().map(|cell| cell.survived).sum::<u32>(),
            "builds": drilled.builds,
            "fragments": drilled.fragments,
            "units": drilled.units,
            "failures": drilled.failures.len(),
            "reference_ms": to_millis(drilled.reference),
            "hang_budget_ms": to_millis(drilled.budget.cpu),
            "sleep_budget_ms": to_millis(drilled.sleeping.wall),
        });
        writeln!(out, "{line}")
    }
}

/// A line for each kind, a column for each phase.
fn kinds_table(drilled: &Drill, lang: Lang) -> Vec<Vec<String>> {
    let word = |key: &str| wording::text(lang, key, &Vec::new());
    let phases: Vec<Phase> = Phase::ALL
        .into_iter()
        .filter(|phase| drilled.cells.iter().any(|cell| cell.phase == *phase))
        .collect();
    let mut head = vec![word("drill-kind")];
    head.extend(phases.iter().map(|phase| phase.name().to_owned()));
    head.extend(
        [
            "drill-injected",
            "drill-survived",
            "drill-lost",
            "drill-equal",
            "drill-added",
            "drill-bound",
        ]
        .map(word),
    );
    let mut rows = vec![head];
    for (name, kind) in INJECTS {
        let cells: Vec<&Cell> = drilled.cells.iter().filter(|cell| cell.kind == kind).collect();
        let mut row = vec![name.to_owned()];
        for phase in &phases {
            let cell = cells.iter().find(|cell| cell.phase == *phase);
            row.push(
                cell.map_or_else(String::new, |cell| {
                    format!("{}/{}", cell.survived, cell.injected)
                }),
            );
        }
        row.extend(figures(drilled, kind, &cells));
        rows.push(row);
    }
    rows
}

/// A line for each kind and phase.
fn cells_table(drilled: &Drill, lang: Lang) -> Vec<Vec<String>> {
    let word = |key: &str| wording::text(lang, key, &Vec::new());
    let mut rows = vec![
        [
            "drill-kind",
            "drill-phase",
            "drill-injected",
            "drill-survived",
            "drill-lost",
            "drill-equal",
            "drill-added",
            "drill-bound",
        ]
        .map(word)
        .to_vec(),
    ];
    for cell in &drilled.cells {
        let mut row = vec![cell.name.to_owned(), cell.phase.name().to_owned()];
        row.extend(figures(drilled, cell.kind, &[cell]));
        rows.push(row);
    }
    rows
}

/// Injected, survived, lost, equal images, time of one fault and its bound.
fn figures(drilled: &Drill, kind: Inject, cells: &[&Cell]) -> [String; 6] {
    let sum = |count: fn(&Cell) -> u32| cells.iter().map(|cell| count(cell)).sum::<u32>();
    let transient = sum(|cell| cell.transient);
    let timed = sum(|cell| cell.timed);
    let added: Duration = cells.iter().map(|cell| cell.added).sum();
    [
        sum(|cell| cell.injected).to_string(),
        sum(|cell| cell.survived).to_string(),
        sum(|cell| cell.lost).to_string(),
        format!("{}/{transient}", transient - sum(|cell| cell.unequal)),
        each(added, timed).map_or_else(|| "-".to_owned(), |each| format!("{each:.1}")),
        millis(drilled.bound(kind)),
    ]
}

/// The first columns to the left, figures to the right.
fn write_aligned(out: &mut impl Write, rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let is_word = column == 0 || Phase::named(cell).is_some() && column == 1;
            if column > 0 {
                line.push_str("  ");
            }
            line.push_str(&if is_word {
                format!("{cell:width$}")
            } else {
                format!("{cell:>width$}")
            });
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn violation_text(violation: &Violation, lang: Lang) -> String {
    let (key, site) = match violation {
        Violation::ImageDiffers => ("drill-image", None),
        Violation::ReportDiffers => ("drill-report", None),
        Violation::NotStruck(site) => ("drill-not-struck", Some(site)),
        Violation::NotClosed(site) => ("drill-not-closed", Some(site)),
        Violation::Lost(site) => ("drill-lost-one", Some(site)),
        Violation::Changed(site) => ("drill-changed", Some(site)),
        Violation::NoImage => ("drill-no-image", None),
    };
    let args = site.map(|site| vec![("site".into(), Arg::Text(shown(site)))]).unwrap_or_default();
    wording::text(lang, key, &args)
}

fn shown(Site { unit, fragment }: &Site) -> String {
    match fragment {
        Some(fragment) => format!("{unit}:{fragment}"),
        None => format!("{unit}:-"),
    }
}

/// A fault as `--inject` takes it.
fn argument(injection: &Injection) -> String {
    let Injection { site, phase, kind, times } = injection;
    let name = INJECTS.iter().find(|(_, known)| known == kind).map_or("", |(name, _)| name);
    let times = if *times == u32::MAX { String::new() } else { format!(":{times}") };
    format!("{}:{}:{name}{times}", shown(site), phase.name())
}

fn number(count: u32) -> Arg {
    Arg::from(count as usize)
}

fn to_millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

/// Milliseconds of one of so many.
fn each(total: Duration, count: u32) -> Option<f64> {
    (count > 0).then(|| to_millis(total / count.max(1)))
}
