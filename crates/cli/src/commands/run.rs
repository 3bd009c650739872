//! `morph run`: build into memory and become the program.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::{fs, process};

use clap::Args;
use morph_diag::{Arg, wording};
use morph_driver::options::{Goal, Target};

use crate::arguments::Options;
use crate::output;
use crate::status::Status;

/// Build a program and run it; ends with the program's status.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The program's root file.
    file: PathBuf,
    /// Arguments of the program.
    #[arg(last = true)]
    args: Vec<OsString>,
}

impl Run {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let target = options.target();
        if Target::host() != Some(target) {
            let args = [("target", target.triple()), ("machine", std::env::consts::ARCH)];
            let args = args.map(|(name, value)| (name.into(), Arg::Text(value.to_owned())));
            let text = wording::text(options.language(), "run-elsewhere", &args.into());
            writeln!(io::stderr(), "{text}")?;
            return Ok(Status::Usage);
        }
        let built =
            morph_driver::build(&self.file, &options.build(Goal::Image), options.isolation());
        output::report(&built, options)?;
        let Some(image) = &built.image else { return Ok(built.status.into()) };
        let flags = rustix::fs::MemfdFlags::CLOEXEC;
        let file = fs::File::from(rustix::fs::memfd_create("morph", flags)?);
        io::Write::write_all(&mut &file, image)?;
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        // Returns only if the program could not be started.
        Err(process::Command::new(path).arg0(&self.file).args(&self.args).exec())
    }
}
