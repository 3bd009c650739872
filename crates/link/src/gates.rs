//! The table by which a running program closes its own source files: where each function begins, and in which file it stands.
//!
//! It is apart from the tables for crash reports, because closing is no matter of debug information: an image that names
//! `=gates` has it whatever `--debug` is, and every other image has not a byte of it. Paths are its own for the same reason.

use crate::emit::{Names, Words};
use crate::layout::{Layout, is_function};
use crate::mark::Live;
use crate::{Input, tables};

/// How much the table needs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Size {
    pub(crate) table: u64,
    pub(crate) paths: u64,
}

/// Nothing, unless a reached object asks for the table.
pub(crate) fn measure(inputs: &[Input<'_>], live: &Live) -> Size {
    let functions = |input: &Input<'_>| {
        input.object.definitions.iter().filter(|one| is_function(one)).count() as u64
    };
    measured(gated(inputs, live).map(|(_, input)| (functions(input), input.unit)))
}

/// Of objects whose functions belong in the table: how many those are, and their unit.
pub(crate) fn measured<'u>(gated: impl Iterator<Item = (u64, &'u str)>) -> Size {
    let mut size = Size::default();
    let mut last_unit = None;
    for (functions, unit) in gated {
        size.table += functions * tables::GATE_ENTRY as u64;
        if last_unit.replace(unit) != Some(unit) {
            size.paths += unit.len() as u64 + 1;
        }
    }
    size
}

/// Fills what [`measure`] made room for.
pub(crate) fn write(image: &mut [u8], inputs: &[Input<'_>], live: &Live, layout: &Layout) {
    let mut entries = Words::at(layout.gates.offset);
    let mut paths = Names::at(layout.gate_paths.offset);
    let mut last_unit = None;
    let mut path = 0;
    for (at, input) in gated(inputs, live) {
        if last_unit.replace(input.unit) != Some(input.unit) {
            path = layout.gate_paths.address as u32 + paths.add(image, input.unit);
        }
        let text = layout.parts[at as usize].text as u32;
        for function in input.object.definitions.iter().filter(|one| is_function(one)) {
            entries.add(image, [text + function.offset, path]);
        }
    }
}

/// The placed inputs whose functions belong in the table, in the order of the image.
fn gated<'i, 'o>(
    inputs: &'i [Input<'o>],
    live: &'i Live,
) -> impl Iterator<Item = (u32, &'i Input<'o>)> {
    let order = if live.gates { live.order.as_slice() } else { &[] };
    order.iter().map(|&at| (at, &inputs[at as usize])).filter(|(_, input)| input.closable)
}
