//! How a build protects itself from its own compiler, and what may be asked of that protection.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub use morph_fault::policy::PolicyTexts;
pub use morph_sandbox::{Budget, Inject};
pub use morph_store::Step as StoreStep;
use serde::{Deserialize, Serialize};

use crate::deferral::Deferral;
use crate::phase::Phase;

/// Where the work on the user's texts is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// In sandboxes.
    #[default]
    Sandboxes,
    /// In this process: a crash of the compiler is the end of it. For measuring what protection costs.
    None,
}

/// Where quarantine, breakers and crash bundles are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// In the project's own folder `.morph`.
    #[default]
    Project,
    /// In another folder.
    Folder(PathBuf),
    /// Nowhere: nothing is known of earlier builds, and nothing is left for later ones.
    Nothing,
}

/// The kinds of faults that can be injected, by name.
pub const INJECTS: [(&str, Inject); 14] = [
    ("segv", Inject::Segfault),
    ("abort", Inject::Abort),
    ("fpe", Inject::Arithmetic),
    ("bus", Inject::Bus),
    ("ill", Inject::IllegalInstruction),
    ("stack", Inject::StackOverflow),
    ("memory", Inject::OutOfMemory),
    ("hang", Inject::Hang),
    ("sleep", Inject::Sleep),
    ("panic", Inject::Panic),
    ("kill", Inject::Kill),
    ("garbage", Inject::GarbageReply),
    ("truncated", Inject::TruncatedReply),
    ("exit", Inject::EarlyExit),
];

/// The kind of fault with this name.
pub fn inject_named(name: &str) -> Option<Inject> {
    INJECTS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// A fault on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    pub site: Site,
    pub phase: Phase,
    pub kind: Inject,
    /// How often it strikes; once makes it transient.
    pub times: u32,
}

/// What a task works on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// How the unit is shown.
    pub unit: String,
    /// The fragment's position in its unit; `None` is the unit as a whole, which is cut.
    pub fragment: Option<u32>,
}

/// What a build is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// Files are cut into fragments, and each is read on its own.
    #[default]
    Reading,
    /// Fragments are checked and compiled.
    Compiling,
}

/// How far a build has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub step: Step,
    /// Files that are known so far.
    pub units: usize,
    /// Fragments that have ended, and all of this step.
    pub done: usize,
    pub total: usize,
    pub sandboxes: usize,
    /// Workers that have died of something.
    pub faults: usize,
}

/// Is told how far a build has come.
pub type Watcher = Box<dyn FnMut(Progress)>;

/// Is told before each step by which what is kept on disk changes.
pub type StoreWatcher = Rc<RefCell<dyn FnMut(StoreStep)>>;

/// What else a build tells about its fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digests {
    /// Nothing.
    #[default]
    None,
    /// A digest of each fragment's result; for comparing builds.
    Fragments,
}

/// What became of one fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentDigest {
    pub site: Site,
    /// `None` if no worker ever answered.
    pub answer: Option<AnswerDigest>,
}

/// A worker's answer about a fragment, as digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerDigest {
    /// Of what was asked of the environment and answered: the same text and equal answers, equal results.
    pub asked: [u8; 32],
    /// Of all of it: object, diagnostics, questions.
    pub result: [u8; 32],
    /// Whether it got as far as code generation.
    pub compiled: bool,
}

/// Whether results of earlier builds are used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// Where all that they depend on is the same.
    #[default]
    Results,
    /// Everything is made again; what differs from what was kept is given up, and told.
    Verify,
    /// As [`Reuse::Results`], but one fragment in 64 is made again and compared: which ones depends on the time.
    Sample,
    /// Everything is made again, and no result is kept; only what became of the fragments, for those who ask later.
    History,
    /// Everything is made again, and nothing is kept.
    Nothing,
}

/// All of it.
#[derive(Default)]
pub struct Isolation {
    pub reuse: Reuse,
    pub protection: Protection,
    pub keep: Keep,
    /// How many sandboxes there are at once, 1 to 8; as many as processors if it is not said.
    pub sandboxes: Option<u32>,
    /// What a fragment may use, if not what `morph.toml` or the default says.
    pub budget: Option<Budget>,
    /// Decisions go here, one JSON object a line; see [`decisions`](crate::decisions).
    pub log: Option<PathBuf>,
    pub inject: Vec<Injection>,
    pub watcher: Option<Watcher>,
    /// After how long the first recovery point is made; builds that are shorter have none.
    pub recovery_after: Option<Duration>,
    /// Shuffles the order in which fragments are handed out; the result must not change.
    pub shuffle: Option<u64>,
    pub digests: Digests,
    /// Of this process.
    pub deferral: Deferral,
    /// Where the caller will write the image. If it lies there already, nobody needs its bytes; a large one in which a few fragments are
    /// exchanged is written there at once: [`Output::in_place`](crate::Output::in_place).
    pub image_at: Option<PathBuf>,
    /// The image that the last build of this process gave, if it is still at hand.
    pub last_image: Option<Arc<Vec<u8>>>,
    /// Is told before each step that changes what is kept.
    pub store_watcher: Option<StoreWatcher>,
}

impl fmt::Debug for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolation")
            .field("protection", &self.protection)
            .field("keep", &self.keep)
            .field("sandboxes", &self.sandboxes)
            .field("budget", &self.budget)
            .field("log", &self.log)
            .field("inject", &self.inject)
            .finish_non_exhaustive()
    }
}
