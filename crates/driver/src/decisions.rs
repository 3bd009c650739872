//! The file of decisions that `--log` writes, and replaying it.
//!
//! One JSON object a line. A build has several crews, one after the other; each begins with a line that holds all that its
//! decisions depend on, so that the file alone is enough to make them again:
//!
//! ```text
//! {"line":"plan", ...}       what is to be done: version, work (split, look, build), sites of the jobs, units, the plan
//! {"line":"started", ...}    sequence number and time
//! {"line":"event", ...}      what happened to workers, and when
//! {"line":"decision", ...}   what was decided because of it: rule, inputs, choice
//! {"line":"ended", ...}      outcome of each job, and what is remembered for the next build
//! ```
//!
//! [`replay`] tells the events of each crew to a new supervisor and compares every decision, outcome and memory.

use morph_fault::memory::StoredMemory;
use morph_fault::supervisor::{self, Line, Outcome, Plan};
use serde::{Deserialize, Serialize};

use crate::isolation::Site;

/// The version of the lines `plan` and `ended`.
pub const VERSION: u32 = 1;

/// A line that is not one of the supervisor's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Entry {
    /// A crew begins.
    Plan(Box<Header>),
    /// It has done all jobs.
    Ended(Box<Ended>),
}

/// What a crew is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub version: u32,
    /// `split`, `look` or `build`.
    pub work: String,
    /// What each job works on.
    pub sites: Vec<Site>,
    /// How the units of the plan are shown; empty where jobs belong to no unit of their own.
    pub units: Vec<String>,
    pub plan: Plan,
}

/// What a crew came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// One for each job.
    pub outcomes: Vec<Option<Outcome>>,
    /// For the next crew and the next build.
    pub memory: StoredMemory,
}

/// One crew, replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    pub header: Header,
    /// How many decisions were made again.
    pub decisions: usize,
    /// What it came to, in the replay as in the build; `None` if the log breaks off before the end.
    pub ended: Option<Ended>,
}

/// Why a log cannot be replayed. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("line {line}: {source}")]
    Malformed { line: usize, source: serde_json::Error },
    #[error("line {line}: version {version} is not known")]
    Version { line: usize, version: u32 },
    #[error("line {line}: no plan stands before it")]
    NoPlan { line: usize },
    #[error("of the plan in line {line}: {source}")]
    Differs { line: usize, source: supervisor::ReplayError },
    #[error("line {line}: the replay ends otherwise")]
    EndsOtherwise { line: usize },
}

/// A crew while its lines are collected; `line` is where its plan stands.
struct Open {
    line: usize,
    header: Header,
    lines: Vec<Line>,
}

/// Makes all decisions of a log again.
///
/// # Errors
///
/// The first line that is no line of a log, or in which log and replay differ: then another program made it, or it was changed.
/// A last line that was cut off in the middle (by the death of the build) counts as not there.
pub fn replay(log: &str) -> Result<Vec<Replayed>, ReplayError> {
    let mut replayed = Vec::new();
    let mut open: Option<Open> = None;
    for (number, text) in log.split_inclusive('\n').enumerate() {
        let line = number + 1;
        let (Some(text), false) = (text.strip_suffix('\n'), text.trim().is_empty()) else {
            continue;
        };
        let malformed = |source| ReplayError::Malformed { line, source };
        let Kind { line: kind } = serde_json::from_str(text).map_err(malformed)?;
        if !matches!(kind.as_str(), "plan" | "ended") {
            let own = serde_json::from_str(text).map_err(malformed)?;
            open.as_mut().ok_or(ReplayError::NoPlan { line })?.lines.push(own);
            continue;
        }
        match serde_json::from_str(text).map_err(malformed)? {
            Entry::Plan(header) => {
                if header.version != VERSION {
                    return Err(ReplayError::Version { line, version: header.version });
                }
                if let Some(broken_off) = open.take() {
                    replayed.push(broken_off.replay(None)?);
                }
                open = Some(Open { line, header: *header, lines: Vec::new() });
            }
            Entry::Ended(ended) => {
                let crew = open.take().ok_or(ReplayError::NoPlan { line })?;
                replayed.push(crew.replay(Some((line, *ended)))?);
            }
        }
    }
    if let Some(broken_off) = open {
        replayed.push(broken_off.replay(None)?);
    }
    Ok(replayed)
}

/// Which kind of line it is.
#[derive(Deserialize)]
struct Kind {
    line: String,
}

impl Open {
    fn replay(self, ended: Option<(usize, Ended)>) -> Result<Replayed, ReplayError> {
        let Open { line, header, mut lines } = self;
        let decisions = lines.iter().filter(|line| matches!(line, Line::Decision(_))).count();
        if ended.is_none() {
            // The decisions behind the last event may be missing: the log broke off among them.
            let last = lines.iter().rposition(|line| matches!(line, Line::Event { .. }));
            lines.truncate(last.unwrap_or(0));
        }
        let ended = match ended {
            None if lines.is_empty() => None,
            None => {
                supervise(line, &header.plan, &lines)?;
                None
            }
            Some((at, ended)) => {
                let supervisor = supervise(line, &header.plan, &lines)?;
                let again =
                    Ended { outcomes: supervisor.outcomes(), memory: supervisor.memory().store() };
                if again != ended {
                    return Err(ReplayError::EndsOtherwise { line: at });
                }
                Some(ended)
            }
        };
        Ok(Replayed { header, decisions, ended })
    }
}

fn supervise(
    line: usize,
    plan: &Plan,
    lines: &[Line],
) -> Result<supervisor::Supervisor, ReplayError> {
    supervisor::replay(plan, lines).map_err(|source| ReplayError::Differs { line, source })
}
