//! The protection of one build, as numbers: budgets, policies, how many sandboxes, and how faults are worded.

use std::thread;

use morph_diag::{Code, Diagnostic, Span};
use morph_fault::fault::{Build, FaultId, FaultKind, Key};
use morph_fault::policy::PolicyTexts;
use morph_fault::supervisor::{Job, Plan, PlannedUnit, Trace};
use morph_fault::unit::UnitId;
use morph_sandbox::{Budget, Settings};

use crate::bundle;
use crate::config::Config;
use crate::crew::{Stubbed, Withheld};
use crate::isolation::{Digests, Isolation, Keep};
use crate::key::Hasher;
use crate::ledger::Ledger;
use crate::order::Order;
use crate::project;
use crate::sandboxed::kind_name;

/// Texts shorter than this are worth one worker only: starting a second takes longer than the work.
const ONE_WORKER: usize = 32 << 10;

/// Address space for the texts that a worker is sent at once; a larger text is not compiled.
const LARGEST_BATCH: usize = 1 << 30;

/// Room for tasks without texts.
const SMALL_BATCH: usize = 1 << 20;

/// The folder of crash bundles in a project's own.
const BUNDLES: &str = ".morph/bundles";

/// No more workers than this, however many processors there are.
pub const MOST_SANDBOXES: u32 = 8;

/// What protects one build.
#[derive(Clone, Debug)]
pub(crate) struct Shield {
    pub(crate) budget: Budget,
    pub(crate) sandboxes: Option<u32>,
    pub(crate) policies: PolicyTexts,
    pub(crate) threshold: u32,
    pub(crate) max_depth: u32,
    /// The breaker of a unit.
    pub(crate) breaker: morph_fault::Config,
    pub(crate) trace: Trace,
    /// Where crash bundles are found, as messages name it; `None` if none are written.
    pub(crate) bundles: Option<String>,
    pub(crate) digests: Digests,
    shuffle: Option<u64>,
}

/// Which build of the compiler this is: a digest of its sources.
pub fn compiler_build() -> Build {
    const BUILD: [u8; 32] = digest(env!("MORPH_BUILD").as_bytes());
    Build(BUILD)
}

/// A digest that is written in hexadecimal digits; what is missing is zero.
const fn digest(digits: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    let mut at = 0;
    while at < digits.len() && at < 64 {
        let value = match digits[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => 0,
        };
        digest[at / 2] |= value << (4 * (1 - at % 2));
        at += 1;
    }
    digest
}

/// What a fault of the compiler costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// The fragment in hand.
    Fragment,
    /// An import, so what it would have brought in.
    Import,
    /// A whole file: it could not be cut into fragments.
    File,
}

impl Shield {
    /// What the caller asks for counts before what the project's file says.
    pub(crate) fn new(isolation: &Isolation, config: &Config, ledger: &Ledger) -> Shield {
        Shield {
            budget: isolation.budget.unwrap_or(config.budget),
            sandboxes: isolation.sandboxes.or(config.sandboxes),
            policies: config.policies.clone(),
            threshold: config.threshold,
            max_depth: config.max_depth,
            breaker: config.breaker,
            trace: match isolation.log {
                Some(_) => Trace::Events,
                None => Trace::Decisions,
            },
            bundles: ledger.bundles().map(|folder| match isolation.keep {
                // As it is seen from the project's folder, so that messages are the same wherever that lies.
                Keep::Project | Keep::Nothing => BUNDLES.to_owned(),
                Keep::Folder(_) => project::display_unresolved(&folder),
            }),
            digests: isolation.digests,
            shuffle: isolation.shuffle,
        }
    }

    /// The order in which so many jobs are handed out.
    pub(crate) fn order(&self, jobs: usize) -> Order {
        match self.shuffle {
            None => Order::given(jobs),
            Some(seed) => Order::shuffled(jobs, seed),
        }
    }

    /// Settings for workers that are sent at most so many bytes of texts at once.
    pub(crate) fn settings(&self, texts: usize) -> Settings {
        let batch = texts.saturating_mul(2).saturating_add(SMALL_BATCH).min(LARGEST_BATCH);
        Settings { budget: self.budget, batch, ..Settings::default() }
    }

    /// A plan for jobs that belong to no unit of their own.
    pub(crate) fn plan(&self, keys: Vec<Key>, weight: usize, ledger: &Ledger) -> Plan {
        let unit = PlannedUnit {
            name: Hasher::of("front").finish(),
            text: Hasher::of("front").finish(),
            dependencies: Vec::new(),
        };
        let jobs = keys.into_iter().map(|key| Job { unit: UnitId(0), key }).collect();
        self.plan_of(jobs, vec![unit], weight, ledger)
    }

    pub(crate) fn plan_of(
        &self,
        jobs: Vec<Job>,
        units: Vec<PlannedUnit>,
        weight: usize,
        ledger: &Ledger,
    ) -> Plan {
        let processors = || {
            let all = thread::available_parallelism().map_or(1, |count| count.get() as u32);
            if weight < ONE_WORKER { 1 } else { all }
        };
        let jobs = jobs.into_iter().map(|job| Job { key: self.job_key(job.key), ..job }).collect();
        let mut plan = Plan::new(jobs, units, compiler_build());
        plan.limits.workers = self.sandboxes.unwrap_or_else(processors).clamp(1, MOST_SANDBOXES);
        // The pool watches each task; this is for a pool that no longer answers.
        plan.limits.job_time = self.budget.wall * 4;
        plan.limits.threshold = self.threshold;
        plan.limits.max_depth = self.max_depth;
        plan.policies = self.policies.clone();
        plan.breaker = self.breaker;
        plan.memory = ledger.memory.clone();
        plan.trace = self.trace;
        plan
    }

    /// The warning about a fragment that could only be compiled with less optimisation.
    pub(crate) fn warn_of_lowered(&self, stubbed: &Stubbed, head: Span) -> Diagnostic {
        self.of_fault(Code::CompilerLowered, stubbed, head)
    }

    /// The message about a fragment that has no result, which costs so much.
    pub(crate) fn diagnose(&self, stubbed: &Stubbed, head: Span, cost: Cost) -> Diagnostic {
        let fault = stubbed.fault;
        let code = match fault.kind {
            FaultKind::Exhausted(_) => Code::CompilerExhausted,
            FaultKind::Crashed(_) | FaultKind::Diagnosed | FaultKind::Lost => Code::CompilerCrashed,
        };
        let cost = match cost {
            Cost::Fragment => "fragment",
            Cost::Import => "import",
            Cost::File => "file",
        };
        let problem = self.of_fault(code, stubbed, head).arg("cost", cost);
        match stubbed.withheld {
            None => problem,
            Some(Withheld::Quarantined) => problem.footer("note-withheld"),
            Some(Withheld::Untested) => problem.footer("note-withheld-breaker"),
            Some(Withheld::NotLowered) => problem.footer("note-not-lowered"),
            Some(Withheld::NotRetried) => problem.footer("note-not-retried"),
        }
    }

    /// The folder of a bundle, as messages name it.
    pub(crate) fn bundle_of(&self, fault: FaultId) -> Option<String> {
        self.bundles.as_ref().map(|bundles| format!("{bundles}/{fault}"))
    }

    fn of_fault(&self, code: Code, stubbed: &Stubbed, head: Span) -> Diagnostic {
        let fault = stubbed.fault;
        let problem = Diagnostic::new(code, head)
            .arg("kind", kind_name(fault.kind))
            .arg("phase", stubbed.phase().name())
            .arg("fault", fault.id.to_string());
        match self.bundle_of(fault.id).filter(|_| bundle::is_kept(stubbed)) {
            Some(bundle) => problem.arg("bundle", bundle),
            None => problem,
        }
    }

    /// What a job is remembered by: a fragment that was too much for one budget is tried again with another.
    pub(crate) fn job_key(&self, key: Key) -> Key {
        let Budget { memory, cpu, wall, reply } = self.budget;
        if self.budget == Budget::default() {
            return key;
        }
        let number = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        Hasher::of("budget")
            .bytes(&key.0)
            .number(memory as u64)
            .number(number(cpu.as_nanos()))
            .number(number(wall.as_nanos()))
            .number(reply as u64)
            .finish()
    }
}
