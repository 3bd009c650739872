//! The surroundings of one fragment: the definitions of its program on which the answers to its check's questions depend.
//!
//! ```text
//!   what the fragment names  ->  what their signatures name: result types, initial values, lengths  ->  and so on
//!   of a global also who assigns to it, for that decides its type; and all structs, for a field can be asked for
//! ```
//!
//! Bodies of other functions are not followed: no check looks into them. Of the library, which each compiler has, only the
//! positions are told: what takes part of it decides the types of its globals.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use morph_diag::FragmentId;
use morph_sema::summary::{Definition, Side};
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, State};
use crate::bundle::record::tame;
use crate::signature;

/// The surroundings of a fragment.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// The program's definitions, in program order, each below a comment that says where it comes from.
    pub(crate) text: String,
    /// Whether all of them fitted.
    pub(crate) whole: bool,
    /// What takes part of the library: unit and positions there.
    pub(crate) library: BTreeMap<String, Vec<u32>>,
}

/// A name, and whose code mentions it.
type Mention<'p> = (Side, &'p str);

/// Which fragments of a program define which names.
pub(crate) struct Definitions<'a, 'p> {
    analysis: &'a Analysis<'p>,
    by_name: FxHashMap<Mention<'p>, Vec<FragmentId>>,
    /// Fragments that assign to a name that is not local to them.
    assigning: FxHashMap<Mention<'p>, Vec<FragmentId>>,
    /// The program's.
    structs: Vec<FragmentId>,
}

impl<'a, 'p> Definitions<'a, 'p> {
    pub(crate) fn new(analysis: &'a Analysis<'p>) -> Definitions<'a, 'p> {
        let mut definitions = Definitions {
            analysis,
            by_name: FxHashMap::default(),
            assigning: FxHashMap::default(),
            structs: Vec::new(),
        };
        for id in analysis.ids().filter(|id| *analysis.state(*id) != State::Inactive) {
            definitions.add(id);
        }
        definitions
    }

    fn add(&mut self, id: FragmentId) {
        let side = self.analysis.side(id);
        let summary = self.analysis.summary(id);
        for (name, _) in &summary.assigned {
            self.assigning.entry((side, name)).or_default().push(id);
        }
        let mut name = |name: &'p str| self.by_name.entry((side, name)).or_default().push(id);
        match &summary.definition {
            Definition::Struct { name: own, .. } => {
                name(own);
                if side == Side::Program {
                    self.structs.push(id);
                }
            }
            Definition::Function { name: own, .. }
            | Definition::UnitBlock { name: own }
            | Definition::Const { name: own, .. }
            | Definition::Global { name: own, .. }
            | Definition::Routine { name: own } => name(own),
            Definition::Data { labels } => labels.iter().for_each(|(label, _)| name(label)),
            Definition::Statement | Definition::Import | Definition::Broken => {}
        }
    }

    /// The definitions of a name that are seen from where it stands, and who assigns to it.
    fn meant(&self, (side, name): Mention<'p>) -> Vec<FragmentId> {
        let sides: &[Side] = match side {
            Side::Program => &[Side::Program, Side::Library],
            Side::Library => &[Side::Library],
        };
        let of = |table: &FxHashMap<Mention<'p>, Vec<FragmentId>>, side: Side| {
            table.get(&(side, name)).cloned().unwrap_or_default()
        };
        // A name may be a function on one side and a variable on the other, so both are taken.
        sides
            .iter()
            .flat_map(|side| [of(&self.by_name, *side), of(&self.assigning, *side)])
            .flatten()
            .collect()
    }

    /// The surroundings of fragment `id`, in about `room` bytes of text at most: what it names itself comes first.
    pub(crate) fn around(&self, id: FragmentId, room: usize) -> Surroundings {
        let mut found = BTreeSet::from([id]);
        let summary = self.analysis.summary(id);
        let side = self.analysis.side(id);
        let mut names: VecDeque<&'p str> = summary.uses.iter().map(|used| used.name).collect();
        signature::names(summary, &mut names);
        let mut mentions: VecDeque<Mention<'p>> =
            names.drain(..).map(|name| (side, name)).collect();
        // No library code sees a struct of the program.
        let structs: &[FragmentId] = match side {
            Side::Program => &self.structs,
            Side::Library => &[],
        };
        let mut structs = structs.iter().copied();
        let mut size = 0;
        let mut whole = true;
        loop {
            let next = match mentions.pop_front() {
                Some(mention) => self.meant(mention),
                None => match structs.next() {
                    Some(id) => vec![id],
                    None => break,
                },
            };
            for other in next {
                if found.contains(&other) {
                    continue;
                }
                let side = self.analysis.side(other);
                if side == Side::Program {
                    let length = self.text(other).len();
                    if size + length > room {
                        whole = false;
                        continue;
                    }
                    size += length;
                }
                found.insert(other);
                signature::names(self.analysis.summary(other), &mut names);
                mentions.extend(names.drain(..).map(|name| (side, name)));
            }
        }
        found.remove(&id);
        let mut surroundings = Surroundings { whole, ..Surroundings::default() };
        for id in found {
            self.put(id, &mut surroundings);
        }
        surroundings
    }

    fn put(&self, id: FragmentId, surroundings: &mut Surroundings) {
        let unit = self.analysis.unit(id);
        match unit.side() {
            Side::Program => {
                let path = tame(&unit.path, 1000);
                let line = self.analysis.fragment(id).line;
                // Writing into a string does not fail.
                let _ = write!(surroundings.text, "; {path}:{line}\n{}\n\n", self.text(id));
            }
            Side::Library => {
                let positions = surroundings.library.entry(unit.path.clone()).or_default();
                positions.push(self.analysis.places[id.0 as usize].fragment);
            }
        }
    }

    fn text(&self, id: FragmentId) -> &'p str {
        self.analysis.unit(id).text_of(self.analysis.fragment(id))
    }
}
