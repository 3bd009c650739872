//! What a build may be told.

/// How much the back end tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Opt {
    #[default]
    None,
    Speed,
}

/// What the image knows about its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub opt: Opt,
    pub debug: Debug,
    pub grain: Grain,
    pub on_error: OnError,
    pub imports: Imports,
    pub goal: Goal,
}
