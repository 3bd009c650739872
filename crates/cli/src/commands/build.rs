//! `morph build`: write the image to a file.

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use morph_driver::options::Goal;

use crate::arguments::Options;
use crate::output;
use crate::status::Status;

/// Build a program into an executable file.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The program's root file.
    file: PathBuf,
    /// Where the image goes [default: the root file's name without `.fox`, in the working directory].
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
}

impl Build {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let path = self.output.clone().unwrap_or_else(|| self.default_output());
        let mut isolation = options.isolation();
        isolation.image_at = Some(path.clone());
        let deferral = isolation.deferral.clone();
        let mut built = morph_driver::build(&self.file, &options.build(Goal::Image), isolation);
        let mut status = Status::from(built.status);
        if let Some(image) = built.image.take() {
            let start = Instant::now();
            match morph_driver::write_image(&path, &image, &deferral) {
                Ok(()) => built.image = Some(image),
                // The report says that there is no image, then.
                Err(error) => {
                    built.report.add_output_failure(&path, &error);
                    status = Status::OutputFailed;
                }
            }
            built.timings.push(("write", start.elapsed()));
        }
        output::report_as(&built, options, status)?;
        // The process is about to end, and memory ends with it.
        std::mem::forget(built);
        Ok(status)
    }

    fn default_output(&self) -> PathBuf {
        let stem = self.file.file_stem().unwrap_or(self.file.as_os_str());
        // A root file without an extension must not be overwritten by its own image.
        let same = self.file.file_name() == Some(stem);
        let mut name = stem.to_owned();
        if same {
            name.push(".out");
        }
        PathBuf::from(name)
    }
}
