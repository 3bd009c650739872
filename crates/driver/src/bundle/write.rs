//! Writing the bundles of a build. A bundle that cannot be written is a note, never an error of the build.

use morph_diag::Span;
use morph_fault::fault::{FaultKind, Resource};
use morph_sema::summary::Side;
use morph_syntax::PieceKind;

use crate::analysis::Analysis;
use crate::bundle::environment::{Definitions, Surroundings};
use crate::bundle::facts::{Facts, What};
use crate::bundle::folder::Bundle;
use crate::bundle::record::Record;
use crate::crew::Stubbed;
use crate::ledger::{Ledger, Note};
use crate::options::Options;
use crate::program::FragmentRef;
use crate::protection::{Shield, compiler_build};
use crate::sandboxed::{Broken, BrokenTask, kind_name};

/// Bytes of surroundings that one bundle may have.
const ONE_ENVIRONMENT: usize = 1 << 20;
/// And all bundles of one build together.
const ALL_ENVIRONMENTS: usize = 32 << 20;

/// Whether there is a bundle of this fault: where no sandbox could be started, nothing has broken on the fragment.
pub(crate) fn is_kept(stubbed: &Stubbed) -> bool {
    stubbed.fault.kind != FaultKind::Exhausted(Resource::Workers)
}

/// Writes the bundles that are not there yet; those of faults that were only remembered too, if their folders are gone.
pub(crate) fn write_all(
    broken: &[Broken],
    analysis: &Analysis<'_>,
    options: &Options,
    shield: &Shield,
    ledger: &mut Ledger,
) {
    let Some(folder) = ledger.bundles() else { return };
    let mut definitions = None;
    let mut room = ALL_ENVIRONMENTS;
    for broken in broken.iter().filter(|broken| is_kept(&broken.stubbed)) {
        let target = folder.join(broken.stubbed.fault.id.to_string());
        if target.symlink_metadata().is_ok() {
            continue;
        }
        let definitions = definitions.get_or_insert_with(|| Definitions::new(analysis));
        let bundle = bundle(broken, analysis, definitions, room, options, shield, ledger);
        room = room.saturating_sub(bundle.environment.len());
        if let Err(error) = bundle.write(&target) {
            let fault = broken.stubbed.fault.id.to_string();
            ledger.notes.push(Note::Bundle { fault, problem: error.to_string() });
        }
    }
}

fn bundle(
    broken: &Broken,
    analysis: &Analysis<'_>,
    definitions: &Definitions<'_, '_>,
    room: usize,
    options: &Options,
    shield: &Shield,
    ledger: &Ledger,
) -> Bundle {
    let Broken { site, stubbed, what } = broken;
    let nothing = || Surroundings { whole: true, ..Surroundings::default() };
    let (what, side, piece, text, surroundings) = match what {
        BrokenTask::Unit { text, side } => {
            (What::Unit, *side, PieceKind::Stray, text.clone(), nothing())
        }
        BrokenTask::Alone { text, kind, side } => {
            (What::Alone, *side, *kind, text.clone(), nothing())
        }
        BrokenTask::Fragment { place } => {
            let id = analysis.id(*place);
            let fragment = analysis.fragment(id);
            let text = analysis.unit(id).text_of(fragment).to_owned();
            let surroundings = definitions.around(id, room.min(ONE_ENVIRONMENT));
            (What::Fragment, analysis.side(id), fragment.piece.kind, text, surroundings)
        }
    };
    let (line, name) = standing(analysis, &site.unit, side, site.fragment);
    let facts = Facts {
        morph: env!("CARGO_PKG_VERSION").to_owned(),
        build: compiler_build(),
        fault: stubbed.fault.id,
        kind: kind_name(stubbed.fault.kind),
        phase: stubbed.phase(),
        what,
        side,
        piece,
        unit: site.unit.clone(),
        position: site.fragment,
        line,
        name,
        options: *options,
        budget: shield.budget,
        floats: analysis.ids().any(|id| {
            *analysis.state(id) != crate::analysis::State::Inactive && analysis.summary(id).floats
        }),
        library: surroundings.library,
        whole: surroundings.whole,
        injected: ledger.injected(site, stubbed.phase()),
        record: stubbed.death.as_ref().map(Record::of),
        minimised_from: None,
    };
    Bundle { facts, fragment: text, environment: surroundings.text }
}

/// The line on which the text begins, and where its name stands.
fn standing(
    analysis: &Analysis<'_>,
    path: &str,
    side: Side,
    position: Option<u32>,
) -> (u32, Option<Span>) {
    let units = (0..).zip(&analysis.program.units);
    let unit = units
        .into_iter()
        .find(|(_, unit)| unit.path == path && unit.side() == side)
        .map(|(number, _)| number);
    let (Some(unit), Some(fragment)) = (unit, position) else { return (1, None) };
    let id = analysis.id(FragmentRef { unit, fragment });
    let fragment = analysis.fragment(id);
    (fragment.line, fragment.piece.name)
}
