//! The reference interpreter of typed fragments: slow, obvious, the meaning of the language.
//!
//! It reads [`morph_sema::typed`] and nothing else, as code generation does, and shares no code with
//! it: where the two disagree, one of them is wrong. Tests run every program both ways.
//!
//! Left out on purpose: inline assembly (a program that reaches some ends with
//! [`Stop::Unsupported`]), speed, and the real world: of the system calls only `read` from a
//! given input, `write`, `writev`, `exit`, `mmap`, `munmap`, `sysinfo` and `clock_gettime` (always zero) are modelled.
//!
//! A deep recursion of the program is a deep recursion of the interpreter: give its thread a large stack.

mod arithmetic;
mod evaluate;
mod memory;
mod program;
mod system;

pub use memory::Memory;
pub use program::Program;

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The program ended itself, or `=start` returned: the low eight bits.
    Exited(u8),
    /// The program faulted.
    Faulted(Fault),
    /// It needs something that the interpreter leaves out; the text names it.
    Unsupported(String),
    /// The given number of steps was not enough.
    OutOfFuel,
}

/// How a program can fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    DivisionByZero,
    /// An access outside of mapped memory, at this address.
    BadAddress(u64),
    /// A call through a word that is no function.
    BadCall(u64),
    StackOverflow,
    /// A closed fragment was reached: its stand-in reports that and never returns.
    Closed,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub stop: Stop,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Bounds of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Expressions and statements to evaluate at most.
    pub steps: u64,
    /// Nested calls at most.
    pub depth: u32,
}

/// Runs the program from the function `entry`, which takes no arguments.
pub fn run(program: &Program<'_>, entry: &str, input: &[u8], limits: Limits) -> Outcome {
    evaluate::run(program, entry, input, limits)
}
