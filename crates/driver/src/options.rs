//! What a build may be told.

use std::fmt;

/// How much the back end tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Opt {
    #[default]
    None,
    Speed,
}

/// What the image knows about its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Debug {
    /// Nothing: a crash names addresses.
    None,
    /// Line and trap tables: a crash names function, file, line and column.
    #[default]
    Line,
    /// Also what a debugger reads.
    Full,
}

/// What one error isolates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grain {
    /// The fragment that it stands in.
    #[default]
    Fragment,
    /// Every fragment of its file.
    Unit,
}

/// Whether an image is made although some error was reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Yes: what is broken is closed, the rest runs.
    #[default]
    Close,
    /// No: one error, no image.
    Refuse,
}

/// Whether a name that was not imported is found nevertheless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Imports {
    #[default]
    Automatic,
    /// An error that names the ID to import.
    Explicit,
}

/// What the caller wants: an image, or only the diagnostics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    #[default]
    Image,
    /// A file without an entry point is fine: it is checked as a library.
    Check,
}

/// The machine and system that an image is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Target {
    #[default]
    X86_64Linux,
    Aarch64Linux,
}

impl fmt::Display for Options {
    /// As on a command line, without what is the default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Fragments come out the same for an image that is `hot`.
        let Options { target, opt, debug, grain, on_error, imports, goal, hot: _ } = self;
        write!(f, "--target {}", target.triple())?;
        match opt {
            Opt::None => {}
            Opt::Speed => write!(f, " --opt speed")?,
        }
        match debug {
            Debug::None => write!(f, " --debug none")?,
            Debug::Line => {}
            Debug::Full => write!(f, " --debug full")?,
        }
        match grain {
            Grain::Fragment => {}
            Grain::Unit => write!(f, " --grain unit")?,
        }
        match on_error {
            OnError::Close => {}
            OnError::Refuse => write!(f, " --strict")?,
        }
        match imports {
            Imports::Automatic => {}
            Imports::Explicit => write!(f, " --strict-imports")?,
        }
        match goal {
            Goal::Image => Ok(()),
            Goal::Check => write!(f, " (check)"),
        }
    }
}

impl Target {
    /// All of them.
    pub const ALL: [Target; 2] = [Target::X86_64Linux, Target::Aarch64Linux];

    /// How people and other tools call it: machine, vendor, system, conventions.
    pub fn triple(self) -> &'static str {
        self.codegen().triple()
    }

    /// The machine that this compiler runs on, if it is a target.
    pub fn host() -> Option<Target> {
        let machine = |target: &Target| target.triple().split('-').next();
        Target::ALL.into_iter().find(|target| machine(target) == Some(std::env::consts::ARCH))
    }

    pub(crate) fn codegen(self) -> morph_codegen::Target {
        match self {
            Target::X86_64Linux => morph_codegen::Target::X86_64Linux,
            Target::Aarch64Linux => morph_codegen::Target::Aarch64Linux,
        }
    }

    pub(crate) fn machine(self) -> morph_link::Machine {
        match self {
            Target::X86_64Linux => morph_link::Machine::X86_64,
            Target::Aarch64Linux => morph_link::Machine::Aarch64,
        }
    }
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub target: Target,
    pub opt: Opt,
    pub debug: Debug,
    pub grain: Grain,
    pub on_error: OnError,
    pub imports: Imports,
    pub goal: Goal,
    /// Functions can be replaced while the image runs, under `morph watch --hot` only. Not with [`Debug::None`].
    pub hot: bool,
}
