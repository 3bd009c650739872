//! Fields of all structs, for those who have a value and want its field's type.

use crate::summary::Side;

use super::solve::Known;
use super::{StructEntry, StructId, Tables};

/// The structs and, per side, who has a field of a name.
pub(super) struct Fields<'e> {
    pub(super) structs: &'e [StructEntry],
    pub(super) program: &'e Tables,
    pub(super) library: &'e Tables,
}

impl Fields<'_> {
    /// The type of a field of a known struct; a field that is not there is reported by whoever reads it.
    pub(super) fn of(&self, id: StructId, field: &str) -> Known {
        let fields = self.structs.get(id.0 as usize).map(|entry| entry.info.fields.as_slice());
        let found = fields.unwrap_or(&[]).iter().find(|known| known.name == field);
        found.map_or(Known::Int, |found| found.ty.into())
    }

    /// The type of a field of an unknown struct: what all structs with this field agree on.
    pub(super) fn guess(&self, side: Side, field: &str) -> Known {
        let own = match side {
            Side::Program => self.program.fields.get(field),
            Side::Library => None,
        };
        let mut types = own
            .into_iter()
            .chain(self.library.fields.get(field))
            .flatten()
            .map(|id| self.of(*id, field));
        let Some(first) = types.next() else { return Known::Int };
        if types.all(|other| other == first) { first } else { Known::Int }
    }
}
