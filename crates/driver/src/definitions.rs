//! Definitions by what stays the same when they move, and where they stand now.

use morph_diag::{FragmentId, Span};
use morph_sema::summary::Side;
use rustc_hash::FxHashMap;

use crate::program::{FragmentRef, Program};
use crate::results::Definition;
use crate::unit::KEYWORDS;

/// Where definitions stand now.
pub(crate) struct Definitions(FxHashMap<(Side, &'static str, String), (FragmentId, Span)>);

impl Definitions {
    pub(crate) fn new(program: &Program<'_>, places: &[FragmentRef]) -> Definitions {
        let mut found = FxHashMap::default();
        for (id, place) in (0..).map(FragmentId).zip(places) {
            let unit = &program.units[place.unit as usize];
            let fragment = &unit.fragments[place.fragment as usize];
            if let (Some(keyword), Some(name)) = (fragment.keyword(), fragment.piece.name) {
                let name = name.text(unit.text_of(fragment)).to_owned();
                let place = (id, fragment.summary.name_span);
                found.entry((unit.side(), keyword, name)).or_insert(place);
            }
        }
        Definitions(found)
    }

    pub(crate) fn find(
        &self,
        Definition { side, keyword, name }: &Definition<'_>,
    ) -> Option<(FragmentId, Span)> {
        let keyword = KEYWORDS.iter().find(|known| *known == keyword)?;
        self.0.get(&(*side, keyword, name.clone().into_owned())).copied()
    }
}

/// The definition whose name stands at `span` in fragment `id`; `None` if that is no name, or not the first of its name.
pub(crate) fn definition<'p>(
    program: &'p Program<'p>,
    places: &[FragmentRef],
    id: FragmentId,
    span: Span,
) -> Option<Definition<'p>> {
    let place = places.get(id.0 as usize)?;
    let unit = &program.units[place.unit as usize];
    let fragment = unit.fragments.get(place.fragment as usize)?;
    let (keyword, name) = (fragment.keyword()?, fragment.piece.name?);
    (fragment.summary.name_span == span).then(|| Definition {
        side: unit.side(),
        keyword: keyword.into(),
        name: name.text(unit.text_of(fragment)).into(),
    })
}
