//! Typed fragment to object, through Cranelift.
//!
//! One rule: an [`Object`] is a pure function of the typed fragment and the [`Options`]. A
//! [`Compiler`] only keeps allocations between fragments; nothing of one fragment reaches another.
//!
//! A contract violation in the input (an operand of the wrong representation) and an error of
//! Cranelift become a [`Problem`], not a panic. Should Cranelift itself panic, throw the compiler away:
//! its state is then undefined.
//!
//! Left out: unwind tables (frame pointers are always kept, the fault reporter walks those), and
//! processor features beyond the baseline of the target, so that an image runs on every machine.

mod compiler;
mod emit;
mod isa;
mod lower;
pub mod naked;
mod names;
pub mod synthetic;

pub use compiler::Compiler;
pub use names::{MEMORY_COPY, MEMORY_FILL, SYSCALL};

use morph_diag::{Code, Diagnostic, Span};
use morph_object::Object;
use morph_sema::typed::Typed;

/// What to generate code for, and how hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    pub opt: Opt,
    pub target: Target,
    pub debug: Debug,
    pub verify: Verify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opt {
    /// Compile fast.
    None,
    /// Run fast.
    Speed,
}

/// The machine and system that an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    X86_64Linux,
    Aarch64Linux,
}

impl Target {
    /// How the target is called everywhere: machine, vendor, system, conventions.
    pub fn triple(self) -> &'static str {
        match self {
            Target::X86_64Linux => "x86_64-unknown-linux-gnu",
            Target::Aarch64Linux => "aarch64-unknown-linux-gnu",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Debug {
    /// No line table.
    None,
    Line,
    /// As `Line`, for now.
    Full,
}

/// Whether Cranelift checks its own intermediate code; it costs half the speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verify {
    /// In builds with debug assertions only.
    Default,
    Always,
}

/// Why a fragment has no object.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Problem {
    /// The function exceeds a limit of the back end.
    TooLarge { expressions: usize },
    /// Our fault: Cranelift refused what we gave it, or the typed fragment breaks its contract.
    Fault { reason: String },
}

impl Problem {
    /// The problem as a diagnostic at `span` (a fragment's head).
    pub fn to_diagnostic(&self, span: Span) -> Diagnostic {
        match self {
            Problem::TooLarge { expressions } => {
                Diagnostic::new(Code::FunctionTooLarge, span).arg("count", *expressions)
            }
            Problem::Fault { reason } => {
                Diagnostic::new(Code::CompilerFault, span).arg("reason", reason.as_str())
            }
        }
    }
}

/// Compiles one fragment. Whoever has many keeps a [`Compiler`].
pub fn compile(typed: &Typed, options: &Options) -> Result<Object, Problem> {
    Compiler::new(options)?.compile(typed)
}
