//! `morph.toml`: budgets, policies and the breaker of units, as one table of settings.
//!
//! ```text
//! text -> TOML with spans -> each key against the table of settings -> Config, or all that is wrong with the text
//! ```
//!
//! Nothing is guessed and nothing is ignored: an unknown key, a value out of range or a policy that is no expression each
//! give a diagnostic that points into the text, and no build begins. The table ([`SETTINGS`]) is also what the commented file
//! of `morph new` ([`template`]) and the reference in the documents ([`reference()`]) are made from.

mod policy;
mod read;
mod settings;

pub use read::read;
pub use settings::{Kind, SETTINGS, Setting, TABLES, reference, template};

use morph_fault::policy::PolicyTexts;
use morph_fault::supervisor::{Limits, unit_breaker};
use morph_sandbox::Budget;

/// The file's name; it lies in the project's root.
pub const FILE: &str = "morph.toml";

/// What `morph.toml` says, with defaults for what it leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What a fragment may use.
    pub budget: Budget,
    /// How many sandboxes there are at once; as many as processors if it is not said.
    pub sandboxes: Option<u32>,
    /// `threshold` of the policies.
    pub threshold: u32,
    /// `max_depth` of the policies.
    pub max_depth: u32,
    pub policies: PolicyTexts,
    /// The breaker of a unit.
    pub breaker: morph_fault::Config,
}

impl Default for Config {
    fn default() -> Config {
        let limits = Limits::default();
        Config {
            budget: Budget::default(),
            sandboxes: None,
            threshold: limits.threshold,
            max_depth: limits.max_depth,
            policies: PolicyTexts::default(),
            breaker: unit_breaker(),
        }
    }
}
