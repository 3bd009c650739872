//! The table of settings, and what is made from it for people to read.

use std::fmt::Write as _;
use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use morph_fault::policy::PolicyName;

use super::Config;
use crate::protection::MOST_SANDBOXES;

/// A table of `morph.toml`, and what it is about.
pub const TABLES: [(&str, &str); 3] = [
    (
        "sandbox",
        "What one fragment may use while it is compiled, and how many are compiled at once.",
    ),
    (
        "policy",
        "What is done about a fragment that crashes the compiler: expressions, checked before any work starts.",
    ),
    (
        "breaker",
        "The breaker of a file: it stops retries of what keeps crashing, and tests the file again later.",
    ),
];

/// One key of `morph.toml`.
#[derive(Debug)]
pub struct Setting {
    /// The table that it stands in.
    pub table: &'static str,
    pub key: &'static str,
    pub kind: Kind,
    /// What it is, for the documentation.
    pub meaning: &'static str,
}

/// What a value may be, and where it goes.
#[derive(Debug)]
pub enum Kind {
    /// A whole number.
    Number {
        least: i64,
        most: i64,
        /// `None` if the default is not a number.
        get: fn(&Config) -> Option<i64>,
        set: fn(&mut Config, i64),
    },
    /// An expression.
    Policy(PolicyName),
}

const MB: i64 = 1 << 20;
/// An hour.
const LONGEST_WORK: i64 = 3_600_000;
/// A year.
const LONGEST_WAIT: i64 = 31_536_000_000;

const fn setting(
    table: &'static str,
    key: &'static str,
    kind: Kind,
    meaning: &'static str,
) -> Setting {
    Setting { table, key, kind, meaning }
}

const fn number(
    (least, most): (i64, i64),
    get: fn(&Config) -> Option<i64>,
    set: fn(&mut Config, i64),
) -> Kind {
    Kind::Number { least, most, get, set }
}

/// All keys, in the order in which they are documented.
pub const SETTINGS: &[Setting] = &[
    setting(
        "sandbox",
        "memory_mb",
        number(
            (1, 65_536),
            |config| Some(i64::try_from(config.budget.memory).unwrap_or(i64::MAX) / MB),
            |config, value| {
                config.budget.memory =
                    usize::try_from(value.saturating_mul(MB)).unwrap_or(usize::MAX);
            },
        ),
        "memory that one fragment may use, in units of 1,048,576 bytes",
    ),
    setting(
        "sandbox",
        "cpu_ms",
        number(
            (10, LONGEST_WORK),
            |config| millis(config.budget.cpu),
            |config, value| config.budget.cpu = duration(value),
        ),
        "processor time that one fragment may use, in milliseconds",
    ),
    setting(
        "sandbox",
        "wall_ms",
        number(
            (10, LONGEST_WORK),
            |config| millis(config.budget.wall),
            |config, value| config.budget.wall = duration(value),
        ),
        "time by the clock that one fragment may take, in milliseconds",
    ),
    setting(
        "sandbox",
        "sandboxes",
        number(
            (1, MOST_SANDBOXES as i64),
            |config| config.sandboxes.map(i64::from),
            |config, value| config.sandboxes = Some(small(value)),
        ),
        "how many sandboxes work at once; `--sandboxes` overrides it",
    ),
    setting(
        "policy",
        "threshold",
        number(
            (1, 1_000_000),
            |config| Some(config.threshold.into()),
            |config, value| config.threshold = small(value),
        ),
        "the value of `threshold` in the policies",
    ),
    setting(
        "policy",
        "max_depth",
        number(
            (0, 1_000),
            |config| Some(config.max_depth.into()),
            |config, value| config.max_depth = small(value),
        ),
        "the value of `max_depth` in the policies",
    ),
    policy(PolicyName::RetryWhen),
    policy(PolicyName::OpenWhen),
    policy(PolicyName::QuarantineWhen),
    policy(PolicyName::ProbeWhen),
    setting(
        "breaker",
        "timeout_ms",
        number(
            (0, LONGEST_WAIT),
            |config| millis(config.breaker.wait.first),
            |config, value| config.breaker.wait.first = duration(value),
        ),
        "how long it stays OPEN the first time, in milliseconds: `timeout` of the policies",
    ),
    setting(
        "breaker",
        "timeout_growth_percent",
        number(
            (100, 10_000),
            |config| Some(config.breaker.wait.growth.into()),
            |config, value| config.breaker.wait.growth = small(value),
        ),
        "what each further opening in a row multiplies that time by: 100 keeps it, 200 doubles it",
    ),
    setting(
        "breaker",
        "timeout_limit_ms",
        number(
            (0, LONGEST_WAIT),
            |config| millis(config.breaker.wait.longest),
            |config, value| config.breaker.wait.longest = duration(value),
        ),
        "it never grows beyond this, in milliseconds",
    ),
    setting(
        "breaker",
        "probes",
        number(
            (1, 255),
            |config| Some(config.breaker.probes.get().into()),
            |config, value| {
                let probes = u8::try_from(value).ok().and_then(NonZeroU8::new);
                config.breaker.probes = probes.unwrap_or(NonZeroU8::MIN);
            },
        ),
        "how many fragments are tried at a time while it is HALF_OPEN",
    ),
    setting(
        "breaker",
        "successes",
        number(
            (1, 1_000_000),
            |config| Some(config.breaker.successes.get().into()),
            |config, value| {
                config.breaker.successes = NonZeroU32::new(small(value)).unwrap_or(NonZeroU32::MIN);
            },
        ),
        "how many of them must compile until it is CLOSED again (or all, if there are fewer)",
    ),
];

const fn policy(name: PolicyName) -> Setting {
    let (key, meaning) = match name {
        PolicyName::RetryWhen => {
            ("retry_when", "when a fragment that crashed again is tried with less optimisation")
        }
        PolicyName::OpenWhen => ("open_when", "when the breaker of its file opens"),
        PolicyName::QuarantineWhen => (
            "quarantine_when",
            "when it goes into quarantine: it is left alone until it or the compiler changes",
        ),
        PolicyName::ProbeWhen => {
            ("probe_when", "when a file whose breaker is OPEN is tested again")
        }
    };
    setting("policy", key, Kind::Policy(name), meaning)
}

fn millis(duration: Duration) -> Option<i64> {
    i64::try_from(duration.as_millis()).ok()
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// The ranges of the table keep values far from either end.
fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

impl Setting {
    /// The default as it is written in the file; `None` if it cannot be.
    pub fn default_text(&self) -> Option<String> {
        match self.kind {
            Kind::Number { get, .. } => get(&Config::default()).map(|value| value.to_string()),
            Kind::Policy(name) => Some(format!("\"{}\"", name.default_text())),
        }
    }
}

/// In words, for the one setting whose default depends on the machine.
const NO_DEFAULT: &str = "as many as there are processors, at most 8";

/// A `morph.toml` that changes nothing: all settings with their defaults, as comments.
pub fn template() -> String {
    let mut text = String::from(
        "# This file marks the project's root: imports are looked up from here.\n\
         # What stands below are the defaults; remove a `#` to change one.\n",
    );
    for (table, about) in TABLES {
        let _ = write!(text, "\n# {about}\n[{table}]\n");
        for setting in SETTINGS.iter().filter(|setting| setting.table == table) {
            let _ = match setting.default_text() {
                Some(value) => writeln!(text, "# {} = {value}", setting.key),
                None => writeln!(text, "# {}: {NO_DEFAULT}", setting.key),
            };
        }
    }
    text
}

/// The reference of all settings, as Markdown.
pub fn reference() -> String {
    let mut text = String::new();
    for (table, about) in TABLES {
        let _ = write!(
            text,
            "## `[{table}]`\n\n{about}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
        );
        for setting in SETTINGS.iter().filter(|setting| setting.table == table) {
            let value = match setting.kind {
                Kind::Number { least, most, .. } => format!("{least} to {most}"),
                Kind::Policy(_) => "expression".to_owned(),
            };
            let default = match setting.default_text() {
                Some(default) => format!("`{}`", default.replace('|', "\\|")),
                None => NO_DEFAULT.to_owned(),
            };
            let _ =
                writeln!(text, "| `{}` | {value} | {default} | {} |", setting.key, setting.meaning);
        }
        text.push('\n');
    }
    text.push_str("## Names in policies\n\n");
    for policy in PolicyName::ALL {
        let _ = write!(
            text,
            "`{}`: {}.\n\n| name | value |\n| --- | --- |\n",
            policy.name(),
            policy.meaning()
        );
        for (name, meaning) in policy.names() {
            let _ = writeln!(text, "| `{name}` | {meaning} |");
        }
        text.push('\n');
    }
    text
}
