//! `morph new`: a project that runs.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use morph_driver::config;

use crate::status::Status;

/// Create a project: a folder with `morph.toml` and a program that runs.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder; made if it does not exist.
    dir: PathBuf,
}

const PROGRAM: &str = "\
; Run me: morph run main.fox

fungsi sapa(nama)
  tipe nama string
  cetak(str_concat(\"Halo, \", nama))
tutup_fungsi

fungsi mulai()
  sapa(\"dunia\")
tutup_fungsi
";

const IGNORED: &str = "\
.morph/
/main
";

impl New {
    pub(crate) fn run(&self) -> io::Result<Status> {
        fs::create_dir_all(&self.dir)?;
        create(&self.dir.join(config::FILE), &config::template())?;
        create(&self.dir.join("main.fox"), PROGRAM)?;
        create(&self.dir.join(".gitignore"), IGNORED)?;
        writeln!(io::stdout(), "{}", self.dir.join("main.fox").display())?;
        Ok(Status::Done)
    }
}

/// Writes a file that must not exist yet: nothing of the user's is ever overwritten.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
