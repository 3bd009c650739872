//! How a command ended, as the number that the shell sees.

use std::process::ExitCode;

/// The statuses of Morph itself; a program that `run` executes has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// An image was made (or nothing was wrong).
    Done,
    /// No image, (of `eval`) no value, or (of `replay`) no bundle.
    NoImage,
    /// The command line is wrong.
    Usage,
    /// An image was made and some error was reported; (of `replay`) the fault was not reproduced.
    WithErrors,
    /// Input or output failed.
    OutputFailed,
    /// A bug of ours.
    Bug,
}

impl Status {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Status::Done => 0,
            Status::NoImage => 1,
            Status::Usage => 2,
            Status::WithErrors => 3,
            Status::OutputFailed => 74,
            Status::Bug => 101,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status.number())
    }
}

impl From<morph_driver::Status> for Status {
    fn from(status: morph_driver::Status) -> Status {
        match status {
            morph_driver::Status::Complete => Status::Done,
            morph_driver::Status::NoImage => Status::NoImage,
            morph_driver::Status::WithErrors => Status::WithErrors,
            morph_driver::Status::Bug => Status::Bug,
        }
    }
}

/// The table that `--help` shows.
pub(crate) const TABLE: &str = "\
Exit status:
    0  image made, no error (of `check`: no error)
    1  no image: the root file could not be read, has no entry point, or --strict and there is an error;
       or `morph.toml` is wrong
       (of `eval`: the expression has no value; of `replay`: the bundle cannot be used)
    2  the command line is wrong
     3  image made, some error reported (of `check`: some error; of `replay`: not reproduced;
        of `drill`: something did not survive)
   70  (a program) reached a closed fragment, or crashed, outside any protection
   71  (a program) recovery exceeded its depth
   74  input or output failed (disk full, not writable)
  101  a bug of ours
  130  interrupted
`morph run` ends with the status of the program itself.";
