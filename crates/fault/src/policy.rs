//! Policies: the decisions that a user may read and change, as expressions.
//!
//! Each policy is a text such as `crash_count < threshold && depth < max_depth`. All are parsed, and
//! the names in them looked up, before any work starts. Budgets stay numbers
//! (see [`Limits`](crate::supervisor::Limits)).

use std::ops::Range;

use morph_trickster::{Bound, Expression, Span};
use serde::{Deserialize, Serialize};

/// One of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyName {
    /// Is a job whose fault repeated tried again one rung further down?
    RetryWhen,
    /// Does a unit's breaker open after one more fault that repeated?
    OpenWhen,
    /// Is a job that was given up left alone until it or the compiler changes?
    QuarantineWhen,
    /// Is a unit whose breaker is OPEN tested again in this build?
    ProbeWhen,
}

/// A name that an expression may use, and what its value is.
pub type Name = (&'static str, &'static str);

const CRASH_COUNT: Name = (
    "crash_count",
    "faults of the unit that repeated, with this one, since its breaker was last CLOSED and all was well",
);
const THRESHOLD: Name = ("threshold", "the option of this name");
const DEPTH: Name = ("depth", "how many rungs this job has already gone down");
const MAX_DEPTH: Name = ("max_depth", "the option of this name");
const RUNGS_LEFT: Name = ("rungs_left", "how many rungs are still below this one");
const KIND: Name =
    ("kind", "how it faulted: 3 time, 4 memory, 7 panic, 8 bad reply, 256 + n signal n");
const OPENS: Name = ("opens", "how often the breaker has opened in a row");

impl PolicyName {
    pub const ALL: [PolicyName; 4] = [
        PolicyName::RetryWhen,
        PolicyName::OpenWhen,
        PolicyName::QuarantineWhen,
        PolicyName::ProbeWhen,
    ];

    /// As it is written in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            PolicyName::RetryWhen => "retry_when",
            PolicyName::OpenWhen => "open_when",
            PolicyName::QuarantineWhen => "quarantine_when",
            PolicyName::ProbeWhen => "probe_when",
        }
    }

    /// What it decides, for the documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            PolicyName::RetryWhen => "a job whose fault repeated is tried again one rung down",
            PolicyName::OpenWhen => "the breaker of the unit opens after a fault that repeated",
            PolicyName::QuarantineWhen => "a job that is given up goes into quarantine",
            PolicyName::ProbeWhen => "a unit whose breaker is OPEN is tested in this build",
        }
    }

    /// What it is unless the user says otherwise.
    pub fn default_text(self) -> &'static str {
        match self {
            PolicyName::RetryWhen => "crash_count < threshold && depth < max_depth",
            PolicyName::OpenWhen => "crash_count >= threshold",
            PolicyName::QuarantineWhen => "rungs_left == 0",
            PolicyName::ProbeWhen => "text_changed || elapsed_time > timeout",
        }
    }

    /// The names that it may use, in the order in which values are passed.
    pub fn names(self) -> &'static [Name] {
        match self {
            PolicyName::RetryWhen => &[CRASH_COUNT, THRESHOLD, DEPTH, MAX_DEPTH, RUNGS_LEFT, KIND],
            PolicyName::OpenWhen => &[CRASH_COUNT, THRESHOLD, OPENS, KIND],
            PolicyName::QuarantineWhen => &[CRASH_COUNT, THRESHOLD, DEPTH, RUNGS_LEFT, KIND],
            PolicyName::ProbeWhen => &[
                ("elapsed_time", "milliseconds from the opening to the start of this build"),
                ("timeout", "milliseconds that the breaker waits, grown with each opening"),
                ("text_changed", "1 if the unit's text is another than when it was last built"),
                OPENS,
            ],
        }
    }
}

/// The policies as texts, as a configuration holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyTexts {
    pub retry_when: String,
    pub open_when: String,
    pub quarantine_when: String,
    pub probe_when: String,
}

impl Default for PolicyTexts {
    fn default() -> PolicyTexts {
        PolicyTexts {
            retry_when: PolicyName::RetryWhen.default_text().to_owned(),
            open_when: PolicyName::OpenWhen.default_text().to_owned(),
            quarantine_when: PolicyName::QuarantineWhen.default_text().to_owned(),
            probe_when: PolicyName::ProbeWhen.default_text().to_owned(),
        }
    }
}

/// What is wrong with the text of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {message}", .policy.name())]
pub struct PolicyError {
    pub policy: PolicyName,
    /// The bytes of the text that are meant.
    pub span: Range<usize>,
    /// In words, with the place and the text.
    pub message: String,
}

/// Policies that have been checked.
#[derive(Clone, Debug)]
pub struct Policies {
    retry_when: Bound,
    open_when: Bound,
    quarantine_when: Bound,
    probe_when: Bound,
}

impl Policies {
    /// Parses all texts and looks their names up.
    ///
    /// # Errors
    ///
    /// One error for each text that is wrong.
    pub fn check(texts: &PolicyTexts) -> Result<Policies, Vec<PolicyError>> {
        let mut errors = Vec::new();
        let mut checked = |policy, text: &str| match bind(policy, text) {
            Ok(bound) => Some(bound),
            Err(error) => {
                errors.push(error);
                None
            }
        };
        let retry_when = checked(PolicyName::RetryWhen, &texts.retry_when);
        let open_when = checked(PolicyName::OpenWhen, &texts.open_when);
        let quarantine_when = checked(PolicyName::QuarantineWhen, &texts.quarantine_when);
        let probe_when = checked(PolicyName::ProbeWhen, &texts.probe_when);
        match (retry_when, open_when, quarantine_when, probe_when) {
            (Some(retry_when), Some(open_when), Some(quarantine_when), Some(probe_when)) => {
                Ok(Policies { retry_when, open_when, quarantine_when, probe_when })
            }
            (_, _, _, _) => Err(errors),
        }
    }

    /// Whether `policy` holds for these values of its names, in their order.
    ///
    /// # Errors
    ///
    /// Division by zero and the like, in words. Whoever asks does the careful thing then: nothing.
    pub fn holds(&self, policy: PolicyName, values: &[i64]) -> Result<bool, String> {
        let bound = match policy {
            PolicyName::RetryWhen => &self.retry_when,
            PolicyName::OpenWhen => &self.open_when,
            PolicyName::QuarantineWhen => &self.quarantine_when,
            PolicyName::ProbeWhen => &self.probe_when,
        };
        bound.evaluate(values).map(|value| value != 0).map_err(|error| error.to_string())
    }
}

fn bind(policy: PolicyName, text: &str) -> Result<Bound, PolicyError> {
    let wrong = |span: Span, message| PolicyError {
        policy,
        span: span.start as usize..span.end as usize,
        message,
    };
    let expression =
        Expression::parse(text).map_err(|error| wrong(error.span(), error.to_string()))?;
    let names: Vec<&str> = policy.names().iter().map(|(name, _)| *name).collect();
    expression.bind(&names).map_err(|error| wrong(error.span(), error.to_string()))
}

/// A Markdown table of the policies, their defaults and the names that each may use.
pub fn policy_table() -> String {
    let mut table = String::new();
    for policy in PolicyName::ALL {
        let (name, text) = (policy.name(), policy.default_text());
        table.push_str(&format!("**`{name}`**: {}. Default: `{text}`\n\n", policy.meaning()));
        table.push_str("| name | value |\n| --- | --- |\n");
        for (name, meaning) in policy.names() {
            table.push_str(&format!("| `{name}` | {meaning} |\n"));
        }
        table.push('\n');
    }
    table
}
