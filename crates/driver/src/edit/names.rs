//! Which fragments of a program define a name, or assign to it: a table that is looked into where it lies, without reading it all.

use morph_diag::FragmentId;
use morph_sema::summary::{Definition, Side, Summary};

use crate::analysis::{Analysis, State};

/// Entries of eight bytes, sorted: checksum of a name, number of a fragment. Two names may have one checksum; then both find the
/// fragments of both, and whoever wants to know exactly looks at those.
pub(crate) struct Names {
    entries: Vec<u8>,
}

const ENTRY: usize = 8;

impl Names {
    /// Of all fragments that take part.
    pub(crate) fn of(analysis: &Analysis<'_>) -> Names {
        let mut entries: Vec<u64> = Vec::new();
        for id in analysis.ids().filter(|id| *analysis.state(*id) != State::Inactive) {
            let side = analysis.side(id);
            each(analysis.summary(id), &mut |name| {
                entries.push(u64::from(sum(side, name)) << 32 | u64::from(id.0));
            });
        }
        entries.sort_unstable();
        entries.dedup();
        Names { entries: entries.iter().flat_map(|entry| entry.to_be_bytes()).collect() }
    }

    pub(crate) fn read(entries: Vec<u8>) -> Names {
        Names { entries }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.entries
    }

    /// The fragments of `side` that may define the name or assign to it; all that do are among them.
    pub(crate) fn find(&self, side: Side, name: &str) -> impl Iterator<Item = FragmentId> {
        self.with(sum(side, name))
    }

    /// All structs.
    pub(crate) fn structs(&self) -> impl Iterator<Item = FragmentId> {
        self.with(sum(Side::Program, STRUCTS)).chain(self.with(sum(Side::Library, STRUCTS)))
    }

    fn with(&self, sum: u32) -> impl Iterator<Item = FragmentId> {
        let (entries, _) = self.entries.as_chunks::<ENTRY>();
        let first = entries.partition_point(|entry| halves(*entry).0 < sum);
        let own = entries[first..].iter().map(|entry| halves(*entry));
        own.take_while(move |(found, _)| *found == sum).map(|(_, id)| FragmentId(id))
    }
}

/// No name is empty: under this one all structs are found.
const STRUCTS: &str = "";

fn halves(entry: [u8; ENTRY]) -> (u32, u32) {
    let entry = u64::from_be_bytes(entry);
    ((entry >> 32) as u32, (entry & 0xffff_ffff) as u32)
}

fn sum(side: Side, name: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[side as u8]);
    hasher.update(name.as_bytes());
    hasher.finalize()
}

/// Tells every name that a fragment has a part in.
pub(super) fn each<'t>(summary: &Summary<'t>, found: &mut impl FnMut(&'t str)) {
    match &summary.definition {
        Definition::Struct { name, .. } => {
            found(name);
            found(STRUCTS);
        }
        Definition::Function { name, .. }
        | Definition::UnitBlock { name }
        | Definition::Const { name, .. }
        | Definition::Global { name, .. }
        | Definition::Routine { name } => found(name),
        Definition::Data { labels } => labels.iter().for_each(|(label, _)| found(label)),
        Definition::Statement | Definition::Import | Definition::Broken => {}
    }
    summary.assigned.iter().for_each(|(name, _)| found(name));
}
