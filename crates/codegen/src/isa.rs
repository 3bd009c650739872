//! Cranelift's settings, chosen once.
//!
//! No feature of the building machine is asked for: equal sources give equal images everywhere.

use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};

use crate::{Opt, Options, Problem, Verify};

/// The instruction set for `options`, with everything that signals and crash reports rely on:
/// frame pointers in every function, and stack probes, so that no frame can jump over a guard page.
pub(crate) fn build(options: &Options) -> Result<OwnedTargetIsa, Problem> {
    let verify = match options.verify {
        Verify::Always => true,
        Verify::Default => cfg!(debug_assertions),
    };
    let (opt_level, regalloc) = match options.opt {
        Opt::None => ("none", "single_pass"),
        Opt::Speed => ("speed", "backtracking"),
    };
    let mut flags = settings::builder();
    for (name, value) in [
        ("opt_level", opt_level),
        ("regalloc_algorithm", regalloc),
        ("enable_verifier", if verify { "true" } else { "false" }),
        ("preserve_frame_pointers", "true"),
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("is_pic", "false"),
        ("unwind_info", "false"),
        ("enable_heap_access_spectre_mitigation", "false"),
        ("enable_table_access_spectre_mitigation", "false"),
    ] {
        flags.set(name, value).map_err(|error| fault(&error))?;
    }
    isa::lookup_by_name(options.target.triple())
        .map_err(|error| fault(&error))?
        .finish(settings::Flags::new(flags))
        .map_err(|error| fault(&error))
}

fn fault(error: &dyn std::error::Error) -> Problem {
    Problem::Fault { reason: error.to_string() }
}
