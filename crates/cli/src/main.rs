//! The `morph` command: a thin skin over `morph-driver`.

mod arguments;
mod bug;
mod commands;
mod output;
mod status;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    bug::install_hook(arguments.options.language());
    bug::on_large_stack(move || commands::dispatch(&arguments)).into()
}
