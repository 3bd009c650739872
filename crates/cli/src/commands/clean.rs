//! `morph clean`: forget all that builds have kept.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use morph_diag::wording;
use morph_driver::status::{self, StatusError};

use super::status::{folder_of, say};
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
        let folder = match status::folder(self.file.as_deref()) {
            // That is what was asked for.
            Err(StatusError::Nothing) => {
                let text = wording::text(lang, "clean-nothing", &Vec::new());
                return writeln!(io::stdout(), "{text}").map(|()| Status::Done);
            }
            Ok(_) | Err(_) => folder_of(self.file.as_deref(), options)?,
        };
        let Some(folder) = folder else { return Ok(Status::NoImage) };
        let megabytes = format!("{:.1}", status::clean(&folder)? as f64 / 1e6);
        let done = say(lang, "clean-done", &[("mb", &megabytes), ("folder", &folder.display())]);
        writeln!(io::stdout(), "{done}")?;
        Ok(Status::Done)
    }
}
