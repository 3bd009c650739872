//! `morph clean`: forget all that builds have kept.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use morph_driver::status::{self, StatusError};

use super::status::say;
use crate::arguments::Options;
use crate::status::Status;

/// Remove what builds have kept of a project: results, breakers, quarantine, crash bundles.
#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// A program's root file [default: the project of the working directory].
    file: Option<PathBuf>,
}

impl Clean {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let lang = options.language();
        let done = match status::folder(self.file.as_deref()) {
            Ok(folder) => {
                let bytes = status::clean(&folder)?;
                let megabytes = format!("{:.1}", bytes as f64 / 1e6);
                say(lang, "clean-done", &[("mb", &megabytes), ("folder", &folder.display())])
            }
            // That is what was asked for.
            Err(error @ StatusError::Nothing) => error.to_string(),
            Err(error) => {
                writeln!(io::stderr(), "{}", say(lang, "status-none", &[("reason", &error)]))?;
                return Ok(Status::NoImage);
            }
        };
        writeln!(io::stdout(), "{done}")?;
        Ok(Status::Done)
    }
}
