//! Objects to a static ELF image.
//!
//! One function, [`link`], from objects to bytes. Pure: no file is read or written, equal inputs give
//! equal bytes, and the order of the inputs is the order of the image.
//!
//! ```text
//! inputs -> symbols (one table) -> mark (from the entry) -> layout (sizes, addresses)
//!        -> emit (copy, relocate) -> tables for the crash reporter -> ELF headers and symbols
//! ```
//!
//! Only objects that the entry routine reaches are placed. What the running program reads about itself
//! (functions, lines, traps, closed globals, gates) is described in [`tables`].
//!
//! Left out on purpose: dynamic linking, position independence, archives, and other people's objects.

mod aarch64;
mod dwarf;
mod elf;
mod emit;
mod gates;
pub mod hot;
mod layout;
mod map;
mod mark;
mod relink;
mod relocation;
mod symbols;
pub mod tables;

use morph_object::Object;

pub use map::{Changes, Map};
pub use relink::{Exchange, Former, Sink, Unfit, relink};

/// One object and where its fragment stands in the sources.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    pub object: &'a Object,
    /// How the unit is called in a crash report: a path relative to the project.
    pub unit: &'a str,
    /// The line (from 1) on which the fragment's text begins; lines in the object count from there.
    pub first_line: u32,
    /// The column (from 0) at which the fragment's text begins in its first line.
    pub first_column: u32,
    /// Whether the running program may close the unit: its functions are in the table of gates then.
    pub closable: bool,
}

/// The machine that an image is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    #[default]
    X86_64,
    Aarch64,
}

/// How much an image knows about its sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Debug {
    /// Nothing: a crash report shows addresses only, a debugger shows no names.
    None,
    /// Functions, lines and traps, a symbol table, and lines and frames for debuggers.
    #[default]
    Line,
    /// An entry for each function besides.
    Full,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub machine: Machine,
    pub debug: Debug,
    /// Symbols that are kept beside what the entry reaches.
    pub roots: Vec<String>,
    /// Globals (`$g`) whose fragment is closed. Each gets a word in a segment without access rights;
    /// the function `?$g` reports the fault.
    pub closed_globals: Vec<String>,
}

/// The symbol at which a program begins.
pub const ENTRY: &str = "!_start";

/// An executable, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub bytes: Vec<u8>,
    /// How many inputs were reached and placed.
    pub placed: usize,
}

/// Why there is no image. A bug in the linker itself is a panic, never a variant here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("`{symbol}`, used by {user}, is not defined")]
    UndefinedSymbol { symbol: String, user: String },
    #[error("`{symbol}` is defined by both {first} and {second}")]
    DuplicateSymbol { symbol: String, first: String, second: String },
    /// `input` is the number of the object in which the address stands.
    #[error("the address of {target} plus {addend} does not fit where {user} uses it")]
    RelocationOverflow { input: usize, user: String, target: String, addend: i64 },
    /// `input` is the number of the object, if it is one object's fault.
    #[error("the object of {user} is malformed: {problem}")]
    Malformed { input: Option<usize>, user: String, problem: &'static str },
    #[error("the image would not fit below 2 GB: {section} alone has {bytes} bytes")]
    TooLarge { section: &'static str, bytes: u64 },
}

/// Lays out every object that the entry reaches and resolves all references between them.
///
/// Undefined symbols are errors only where something reachable names them.
pub fn link(inputs: &[Input<'_>], options: &Options) -> Result<Image, LinkError> {
    let (image, _) = link_with(inputs, options, |_, _, _| ())?;
    Ok(image)
}

/// As [`link`]; besides a map by which [`relink`] exchanges objects, if the image is of a kind whose objects can be exchanged.
pub fn link_with_map(
    inputs: &[Input<'_>],
    options: &Options,
) -> Result<(Image, Option<Map>), LinkError> {
    link_with(inputs, options, |table, live, told| Map::of(inputs, options, table, live, told))
}

fn link_with<T>(
    inputs: &[Input<'_>],
    options: &Options,
    and: impl FnOnce(&symbols::SymbolTable<'_>, &mark::Live, &dwarf::Told) -> T,
) -> Result<(Image, T), LinkError> {
    let names = symbols::join_names(inputs);
    let table = symbols::SymbolTable::build(inputs, options, &names)?;
    let live = mark::mark(inputs, options, &table)?;
    let layout = layout::Layout::plan(inputs, options, &table, &live)?;
    let told = dwarf::of(inputs, options, &live, &layout);
    let bytes = emit::emit(inputs, options, &live, &layout, &told)?;
    let more = and(&table, &live, &told);
    Ok((Image { bytes, placed: live.order.len() }, more))
}

/// How an error names an object: its first definition and its unit.
fn user(input: &Input<'_>) -> String {
    match input.object.definitions.first() {
        Some(first) => format!("`{}` of {}", tables::display_name(&first.symbol), input.unit),
        None => format!("an unnamed part of {}", input.unit),
    }
}
