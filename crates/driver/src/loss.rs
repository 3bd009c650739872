//! What is lost: the closed fragments, why, and by which call paths they can be reached.

use morph_diag::FragmentId;
use morph_sema::summary::{Definition, Side, UseKind};
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, State, to_u32};
use crate::fault_ids::FaultIds;
use crate::reach::Graph;
use crate::report::Closed;

/// Whether a fragment counts when a program's fragments are counted: the library's and imports do not.
pub(crate) fn counts(analysis: &Analysis<'_>, id: FragmentId) -> bool {
    *analysis.state(id) != State::Inactive
        && analysis.side(id) == Side::Program
        && !matches!(analysis.summary(id).definition, Definition::Import)
}

/// All closed fragments in order.
pub(crate) fn closed(analysis: &Analysis<'_>, entry: Option<FragmentId>) -> Vec<Closed> {
    let all: Vec<FragmentId> = analysis
        .ids()
        .filter(|id| {
            analysis.state(*id).is_closed()
                && !matches!(analysis.summary(*id).definition, Definition::Import)
        })
        .collect();
    if all.is_empty() {
        return Vec::new();
    }
    let graph = graph(analysis);
    let startup: Vec<FragmentId> =
        analysis.ids().filter(|id| runs_at_startup(analysis, *id)).collect();
    let mut searches = Vec::new();
    if let Some(entry) = entry {
        searches.push(graph.search(&[entry]));
    }
    searches.push(graph.search(&startup));
    if entry.is_none() && startup.is_empty() {
        searches
            .push(graph.search(&graph.unused(analysis.ids().filter(|id| counts(analysis, *id)))));
    }
    let faults = FaultIds::new(analysis);
    all.into_iter()
        .map(|fragment| Closed {
            fragment,
            fault: faults.of(fragment),
            because: match analysis.state(fragment) {
                State::Dependent(cause) => Some(*cause),
                State::Inactive | State::Active | State::Broken => None,
            },
            paths: searches.iter().filter_map(|paths| paths.to(fragment)).collect(),
        })
        .collect()
}

fn runs_at_startup(analysis: &Analysis<'_>, id: FragmentId) -> bool {
    // What is closed itself is not run.
    counts(analysis, id)
        && *analysis.state(id) == State::Active
        && matches!(
            analysis.summary(id).definition,
            Definition::Statement | Definition::Global { .. }
        )
}

/// Which active fragments name which.
fn graph(analysis: &Analysis<'_>) -> Graph {
    let mut callables: FxHashMap<(Side, &str), FragmentId> = FxHashMap::default();
    let mut others: FxHashMap<(Side, &str), FragmentId> = FxHashMap::default();
    for id in analysis.ids().filter(|id| *analysis.state(*id) != State::Inactive) {
        let Some((keyword, name)) = analysis.name(id) else { continue };
        let table = if matches!(keyword, "fungsi" | "unit" | "asm_rutin") {
            &mut callables
        } else {
            &mut others
        };
        // The first of several definitions is the active one.
        table.entry((analysis.side(id), name)).or_insert(id);
    }
    let find = |side: Side, name: &str, kind: UseKind| {
        let callable = callables.get(&(side, name));
        let other = others.get(&(side, name));
        match kind {
            UseKind::Call | UseKind::Runtime | UseKind::RuntimeIfFloat | UseKind::Asm => {
                callable.or(other)
            }
            UseKind::Value | UseKind::Struct | UseKind::AsmVariable => other.or(callable),
        }
        .copied()
    };
    let uses = analysis
        .ids()
        .map(|id| {
            if *analysis.state(id) == State::Inactive {
                return Vec::new();
            }
            let own = analysis.side(id);
            let mut targets = Vec::new();
            for used in &analysis.summary(id).uses {
                let found = find(own, used.name, used.kind)
                    .or_else(|| find(Side::Library, used.name, used.kind));
                if let Some(target) = found.filter(|target| !targets.contains(target)) {
                    targets.push(target);
                }
            }
            targets
        })
        .collect();
    let closed = (0..to_u32(analysis.places.len()))
        .map(|id| analysis.state(FragmentId(id)).is_closed())
        .collect();
    Graph { uses, closed }
}
