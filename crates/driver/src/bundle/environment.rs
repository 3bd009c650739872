//! The surroundings of one fragment: the definitions of its program on which the answers to its check's questions depend.
//!
//! ```text
//!   what the fragment names  ->  what their signatures name: result types, initial values, lengths  ->  and so on
//!   of a global also who assigns to it, for that decides its type; and all structs, for a field can be asked for
//! ```
//!
//! Bodies of other functions are not followed: no check looks into them. The library is left out: each compiler has its own.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;

use morph_diag::FragmentId;
use morph_sema::summary::{ConstExpr, ConstOp, Definition, Shape, Side, Summary};
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, State};
use crate::bundle::record::tame;

/// The surroundings of a fragment.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The definitions, in program order, each below a comment that says where it comes from.
    pub(crate) text: String,
    /// Whether all of them fitted.
    pub(crate) whole: bool,
}

/// Which fragments of a program define which names.
pub(crate) struct Definitions<'a, 'p> {
    analysis: &'a Analysis<'p>,
    by_name: FxHashMap<&'p str, Vec<FragmentId>>,
    /// Fragments that assign to a name that is not local to them.
    assigning: FxHashMap<&'p str, Vec<FragmentId>>,
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
        let own = analysis.ids().filter(|id| {
            analysis.side(*id) == Side::Program && *analysis.state(*id) != State::Inactive
        });
        for id in own {
            definitions.add(id);
        }
        definitions
    }

    fn add(&mut self, id: FragmentId) {
        let summary = self.analysis.summary(id);
        for (name, _) in &summary.assigned {
            self.assigning.entry(name).or_default().push(id);
        }
        match &summary.definition {
            Definition::Struct { name, .. } => {
                self.structs.push(id);
                self.by_name.entry(name).or_default().push(id);
            }
            Definition::Function { name, .. }
            | Definition::UnitBlock { name }
            | Definition::Const { name, .. }
            | Definition::Global { name, .. }
            | Definition::Routine { name } => self.by_name.entry(name).or_default().push(id),
            Definition::Data { labels } => {
                for (label, _) in labels {
                    self.by_name.entry(label).or_default().push(id);
                }
            }
            Definition::Statement | Definition::Import | Definition::Broken => {}
        }
    }

    /// The surroundings of fragment `id`, in about `room` bytes at most: what it names itself comes first.
    pub(crate) fn around(&self, id: FragmentId, room: usize) -> Surroundings {
        // Library code sees nothing of the program.
        if self.analysis.side(id) == Side::Library {
            return Surroundings { text: String::new(), whole: true };
        }
        let mut found = BTreeSet::from([id]);
        let summary = self.analysis.summary(id);
        let mut names: VecDeque<&'p str> = summary.uses.iter().map(|used| used.name).collect();
        signature(summary, &mut names);
        let mut structs = self.structs.iter().copied();
        let mut size = 0;
        let mut whole = true;
        loop {
            let mut next: Vec<FragmentId> = Vec::new();
            match names.pop_front() {
                Some(name) => {
                    next.extend(self.by_name.get(name).into_iter().flatten());
                    next.extend(self.assigning.get(name).into_iter().flatten());
                }
                None => next.extend(structs.next()),
            }
            if next.is_empty() && names.is_empty() && structs.len() == 0 {
                break;
            }
            for other in next {
                if found.contains(&other) {
                    continue;
                }
                size += self.text(other).len();
                if size > room {
                    whole = false;
                    continue;
                }
                found.insert(other);
                signature(self.analysis.summary(other), &mut names);
            }
        }
        found.remove(&id);
        Surroundings { text: self.texts(&found), whole }
    }

    fn text(&self, id: FragmentId) -> &'p str {
        self.analysis.unit(id).text_of(self.analysis.fragment(id))
    }

    fn texts(&self, ids: &BTreeSet<FragmentId>) -> String {
        let mut text = String::new();
        for id in ids {
            let unit = tame(&self.analysis.unit(*id).path, 1000);
            let line = self.analysis.fragment(*id).line;
            // Writing into a string does not fail.
            let _ = write!(text, "; {unit}:{line}\n{}\n\n", self.text(*id));
        }
        text
    }
}

/// The names on which the signature of a definition depends.
fn signature<'p>(summary: &Summary<'p>, names: &mut VecDeque<&'p str>) {
    match &summary.definition {
        Definition::Function { result, .. } => shape(result, names),
        Definition::Global { shape: own, .. } => shape(own, names),
        Definition::Const { value, .. } => constant(value, names),
        Definition::Struct { fields, .. } => {
            fields.iter().filter_map(|field| field.array.as_ref()).for_each(|length| {
                constant(length, names);
            });
        }
        Definition::Data { .. } => names.extend(summary.uses.iter().map(|used| used.name)),
        Definition::UnitBlock { .. }
        | Definition::Routine { .. }
        | Definition::Statement
        | Definition::Import
        | Definition::Broken => {}
    }
    summary.assigned.iter().for_each(|(_, assigned)| shape(assigned, names));
}

fn constant<'p>(value: &ConstExpr<'p>, names: &mut VecDeque<&'p str>) {
    names.extend(value.ops.iter().filter_map(|op| match op {
        ConstOp::Name(name, _) => Some(*name),
        ConstOp::Int(_)
        | ConstOp::Float(_)
        | ConstOp::Str(_)
        | ConstOp::Unary(..)
        | ConstOp::Binary(..)
        | ConstOp::NotConstant(_)
        | ConstOp::Broken => None,
    }));
}

fn shape<'p>(shape: &Shape<'p>, names: &mut VecDeque<&'p str>) {
    // Shapes nest as deep as expressions do.
    let mut open = vec![shape];
    while let Some(shape) = open.pop() {
        match shape {
            Shape::Int | Shape::Float | Shape::Str | Shape::Zero => {}
            Shape::Struct(name) | Shape::Call(name) | Shape::Variable(name) => {
                names.push_back(name);
            }
            Shape::Field(of, _) | Shape::Word(of) => open.push(of),
            Shape::Arithmetic(parts) | Shape::Join(parts) => open.extend(parts),
        }
    }
}
