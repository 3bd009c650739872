//! `morph explain`: what a code means.

use std::io::{self, Write as _};

use clap::Args;
use morph_diag::Code;

use crate::arguments::Options;
use crate::status::Status;

/// Explain a code, or list all of them.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// For example TYPE_MISMATCH; upper and lower case are the same.
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let lang = options.language();
        let mut out = io::stdout().lock();
        match self.code.as_deref().map(|name| (name, Code::from_name(name))) {
            None => {
                for code in Code::ALL {
                    writeln!(out, "{code}")?;
                }
                Ok(Status::Done)
            }
            Some((_, Some(code))) => {
                writeln!(out, "{}", morph_diag::explain(code, lang))?;
                Ok(Status::Done)
            }
            Some((name, None)) => {
                writeln!(
                    io::stderr(),
                    "error: no code is named `{name}`; `morph explain` lists them all"
                )?;
                Ok(Status::Usage)
            }
        }
    }
}
