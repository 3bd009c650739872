//! The `morph` command: a thin skin over `morph-driver`.

mod arguments;
mod bug;
mod commands;
mod output;
mod progress;
mod status;

use std::process::ExitCode;

use clap::Parser as _;

/// A build makes and frees millions of small things; the system's allocator took a sixth of its time. In a sandbox what one
/// fragment allocates is taken back at once.
#[global_allocator]
static ALLOCATOR: morph_sandbox::ArenaAllocator<mimalloc::MiMalloc> =
    morph_sandbox::ArenaAllocator::new(mimalloc::MiMalloc);

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    bug::install_hook(arguments.options.language());
    morph_driver::outlive_file_size_limits();
    bug::on_large_stack(move || commands::dispatch(&arguments)).into()
}
