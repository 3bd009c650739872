//! `morph check`: say what is wrong, make no image.

use std::io;
use std::path::PathBuf;

use clap::Args;
use morph_driver::options::Goal;

use crate::arguments::Options;
use crate::output;
use crate::status::Status;

/// Report all problems without making an image; a file without `mulai` is checked as a library.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The root file.
    file: PathBuf,
}

impl Check {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let built =
            morph_driver::build(&self.file, &options.build(Goal::Check), options.isolation());
        output::report(&built, options)?;
        Ok(built.status.into())
    }
}
