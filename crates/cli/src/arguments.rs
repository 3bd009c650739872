//! The command line: the options that every command takes, and the list of commands.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use std::{env, io};

use clap::{Args, Parser, Subcommand, ValueEnum};
use morph_diag::Lang;
use morph_driver::phase::Phase;
use morph_driver::{isolation, options};

use crate::commands::{
    build, check, clean, doctor, drill, eval, explain, new, replay, run, status, watch, why,
};
use crate::progress;
use crate::status::TABLE;

/// Compiles and runs Morph programs (.fox): what breaks is closed, everything else keeps working.
#[derive(Debug, Parser)]
#[command(name = "morph", version, after_help = TABLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(run::Run),
    Build(build::Build),
    Check(check::Check),
    New(new::New),
    Eval(eval::Eval),
    Explain(explain::Explain),
    Replay(replay::Replay),
    Doctor(doctor::Doctor),
    Drill(drill::FireDrill),
    Status(status::ProjectState),
    Watch(watch::Watch),
    #[command(hide = true)]
    Become(watch::Become),
    Why(why::Why),
    Clean(clean::Clean),
}

/// Options that stand before or after the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// How problems are reported on stderr.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) message_format: MessageFormat,
    /// Language of the messages [default: from the locale].
    #[arg(long, global = true, value_enum)]
    lang: Option<Language>,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    #[command(flatten)]
    pub(crate) volume: Volume,
    /// How much the code generator tries.
    #[arg(long, global = true, value_enum, default_value_t)]
    opt: Opt,
    /// What the image knows about its source.
    #[arg(long, global = true, value_enum, default_value_t)]
    debug: Debug,
    /// What one error isolates.
    #[arg(long, global = true, value_enum, default_value_t)]
    grain: Grain,
    /// Machine and system that the image is for [default: this machine's].
    #[arg(long, global = true, value_enum, value_name = "TRIPLE")]
    target: Option<Target>,
    #[command(flatten)]
    strictness: Strictness,
    /// Show how long each phase took.
    #[arg(long, global = true)]
    pub(crate) timings: bool,
    #[command(flatten)]
    isolation: Isolation,
}

/// How the compiler is kept from harming anything.
#[derive(Debug, Args)]
struct Isolation {
    /// How many sandboxes work at once [default: as many as processors].
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(morph_driver::MOST_SANDBOXES)))]
    sandboxes: Option<u32>,
    /// Write every decision about faults to a file, one JSON object a line.
    #[arg(long, global = true, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Make everything again, and give up what is kept of earlier builds where it differs.
    #[arg(long, global = true, conflicts_with = "fresh")]
    verify: bool,
    /// Use nothing of earlier builds, and keep nothing of this one.
    #[arg(long, global = true)]
    fresh: bool,
    /// For tests: ends the process, as `kill -9` does, before the step of that number that changes what is kept.
    #[arg(long, global = true, value_name = "N", hide = true)]
    die_at: Option<u32>,
    /// For measuring what sandboxes cost: `none` compiles in this process.
    #[arg(long, global = true, value_enum, default_value_t, hide = true)]
    protection: Protection,
    /// For tests: a fault, `UNIT:POSITION:PHASE:KIND[:TIMES]`; the position of a fragment in its unit from 0, or `-` for the whole unit.
    #[arg(long, global = true, value_name = "FAULT", value_parser = parse_injection, hide = true)]
    inject: Vec<isolation::Injection>,
    /// For tests: when the first recovery point of a build is made, in milliseconds.
    #[arg(long, global = true, value_name = "MS", hide = true)]
    recovery_after: Option<u64>,
    /// For tests: processor time and time by the clock that a fragment may take, in milliseconds.
    #[arg(long, global = true, value_name = "CPU:WALL", value_parser = parse_budget, hide = true)]
    budget: Option<isolation::Budget>,
    /// For tests: hands fragments out in another order.
    #[arg(long, global = true, value_name = "SEED", hide = true)]
    shuffle: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Protection {
    #[default]
    Sandboxes,
    None,
}

/// Ends the process before the `last` step, from 0.
fn dies_at(last: u32) -> isolation::StoreWatcher {
    let mut step = 0;
    Rc::new(RefCell::new(move |_| {
        if step == last {
            // Nothing can stand in the way of this signal, so nothing comes after it.
            let _ended = signal_hook::low_level::raise(signal_hook::consts::SIGKILL);
        }
        step += 1;
    }))
}

fn parse_injection(text: &str) -> Result<isolation::Injection, String> {
    let mut parts = text.split(':');
    let mut part = |what: &str| parts.next().ok_or_else(|| format!("no {what}"));
    let unit = part("unit")?.to_owned();
    let fragment = match part("position")? {
        "-" => None,
        number => Some(number.parse().map_err(|_| format!("`{number}` is no position"))?),
    };
    let phase = part("phase")?;
    let phase = Phase::named(phase).ok_or_else(|| format!("`{phase}` is no phase"))?;
    let kind = part("kind")?;
    let kind = isolation::inject_named(kind).ok_or_else(|| {
        let known: Vec<&str> = isolation::INJECTS.iter().map(|(name, _)| *name).collect();
        format!("`{kind}` is none of {}", known.join(", "))
    })?;
    let times = match parts.next() {
        None => u32::MAX,
        Some(number) => number.parse().map_err(|_| format!("`{number}` is no count"))?,
    };
    let site = isolation::Site { unit, fragment };
    Ok(isolation::Injection { site, phase, kind, times })
}

fn parse_budget(text: &str) -> Result<isolation::Budget, String> {
    let (cpu, wall) = text.split_once(':').ok_or("write CPU:WALL")?;
    let time = |text: &str| match text.parse() {
        Ok(time) if time > 0 => Ok(Duration::from_millis(time)),
        Ok(_) | Err(_) => Err(format!("`{text}` is no count of milliseconds")),
    };
    Ok(isolation::Budget { cpu: time(cpu)?, wall: time(wall)?, ..isolation::Budget::default() })
}

#[derive(Debug, Args)]
struct Strictness {
    /// Make no image when there is an error.
    #[arg(long, global = true)]
    strict: bool,
    /// Report names that are used without being imported.
    #[arg(long, global = true)]
    strict_imports: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Volume {
    /// Errors only.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Notes too: what was imported for you, what was skipped.
    #[arg(long, short, global = true)]
    verbose: bool,
}

impl Volume {
    /// The least severe kind of problem that is shown.
    pub(crate) fn threshold(self) -> morph_diag::Severity {
        match (self.quiet, self.verbose) {
            (true, _) => morph_diag::Severity::Error,
            (false, true) => morph_diag::Severity::Note,
            (false, false) => morph_diag::Severity::Warning,
        }
    }

    pub(crate) fn is_verbose(self) -> bool {
        self.verbose
    }

    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    #[value(
        name = "x86_64-unknown-linux-gnu",
        aliases = ["x86_64-linux", "x86_64-unknown-linux", "x86_64-unknown-none"]
    )]
    X86_64Linux,
    #[value(
        name = "aarch64-unknown-linux-gnu",
        aliases = ["aarch64-linux", "aarch64-unknown-linux", "aarch64-unknown-none"]
    )]
    Aarch64Linux,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// With source text and explanations.
    #[default]
    Human,
    /// One line a problem.
    Short,
    /// One JSON object a line; the last one is a summary.
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    En,
    Id,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Opt {
    #[default]
    None,
    Speed,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Debug {
    None,
    #[default]
    Line,
    Full,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Grain {
    #[default]
    Fragment,
    Unit,
}

impl Options {
    /// The language asked for, else that of the locale.
    pub(crate) fn language(&self) -> Lang {
        match self.lang {
            Some(Language::En) => Lang::En,
            Some(Language::Id) => Lang::Id,
            None => {
                let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                    .into_iter()
                    .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
                locale.map_or(Lang::En, |locale| Lang::from_locale(&locale))
            }
        }
    }

    /// What images are made for; on a machine that is no target, for the first one.
    pub(crate) fn target(&self) -> options::Target {
        match self.target {
            Some(Target::X86_64Linux) => options::Target::X86_64Linux,
            Some(Target::Aarch64Linux) => options::Target::Aarch64Linux,
            None => options::Target::host().unwrap_or_default(),
        }
    }

    /// Whether stderr gets colour.
    pub(crate) fn use_color(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
                let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
                io::stderr().is_terminal() && !set("NO_COLOR") && !dumb
            }
        }
    }

    /// Who is told how a build goes on: people at a terminal, unless they want to hear nothing.
    fn watcher(&self) -> Option<isolation::Watcher> {
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        let wanted = match self.message_format {
            MessageFormat::Human | MessageFormat::Short => !self.volume.is_quiet() && !dumb,
            MessageFormat::Json => false,
        };
        wanted.then(|| progress::watcher(self.language())).flatten()
    }

    /// How the driver protects itself.
    pub(crate) fn isolation(&self) -> isolation::Isolation {
        let own = &self.isolation;
        isolation::Isolation {
            protection: match own.protection {
                Protection::Sandboxes => isolation::Protection::Sandboxes,
                Protection::None => isolation::Protection::None,
            },
            sandboxes: own.sandboxes,
            log: own.log.clone(),
            budget: own.budget,
            inject: own.inject.clone(),
            recovery_after: own.recovery_after.map(Duration::from_millis),
            shuffle: own.shuffle,
            reuse: match (own.verify, own.fresh) {
                (true, _) => isolation::Reuse::Verify,
                (false, true) => isolation::Reuse::Nothing,
                (false, false) => isolation::Reuse::Results,
            },
            store_watcher: own.die_at.map(dies_at),
            watcher: self.watcher(),
            ..isolation::Isolation::default()
        }
    }

    /// What the driver needs to know.
    pub(crate) fn build(&self, goal: options::Goal) -> options::Options {
        options::Options {
            target: self.target(),
            opt: match self.opt {
                Opt::None => options::Opt::None,
                Opt::Speed => options::Opt::Speed,
            },
            debug: match self.debug {
                Debug::None => options::Debug::None,
                Debug::Line => options::Debug::Line,
                Debug::Full => options::Debug::Full,
            },
            grain: match self.grain {
                Grain::Fragment => options::Grain::Fragment,
                Grain::Unit => options::Grain::Unit,
            },
            on_error: if self.strictness.strict {
                options::OnError::Refuse
            } else {
                options::OnError::Close
            },
            imports: if self.strictness.strict_imports {
                options::Imports::Explicit
            } else {
                options::Imports::Automatic
            },
            goal,
            hot: false,
        }
    }
}
