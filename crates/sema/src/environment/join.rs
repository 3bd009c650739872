//! All summaries to one environment: who defines what, in which order, and what is wrong with it.
//!
//! The library is entered first, then the program, each in fragment order; so a program's definition can be compared with
//! the library's wherever their units stand. A program's struct or constant equal to the library's is the library's.

use morph_diag::{Code, Diagnostic, FragmentId, Severity};
use rustc_hash::FxHashMap;

use crate::summary::{Definition, FieldSummary, Side, Summary, same_fields};

use super::constants::{self, Constant, Meaning};
use super::fields::Fields;
use super::solve::{self, Known, Named, Resolve, Term};
use super::structs::{self, Structure};
use super::{ConstValue, EnvInput, Environment, Place, StructId, finish};

/// What is known of one side before types are solved.
#[derive(Debug, Default)]
pub(super) struct Names<'t> {
    pub(super) functions: FxHashMap<&'t str, usize>,
    pub(super) variables: FxHashMap<&'t str, Slot>,
    pub(super) structs: FxHashMap<&'t str, StructId>,
    pub(super) routines: FxHashMap<&'t str, Place>,
    pub(super) labels: FxHashMap<&'t str, Place>,
    /// Those among the labels that are plain numbers.
    pub(super) label_values: FxHashMap<&'t str, i64>,
}

/// What a name of the variables' table is, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Global(usize),
    Constant(usize),
}

/// A function or global, in the order of entering.
#[derive(Debug)]
pub(super) struct Definer<'s, 't> {
    pub(super) name: &'t str,
    pub(super) side: Side,
    pub(super) place: Place,
    pub(super) summary: &'s Summary<'t>,
}

#[derive(Debug)]
pub(super) struct ConstantDefiner<'s, 't> {
    pub(super) side: Side,
    pub(super) place: Place,
    pub(super) constant: Constant<'s, 't>,
    /// The constant of the same name that was there first: equal, or this one is a duplicate.
    pub(super) first: Option<usize>,
}

/// Everything that was entered.
#[derive(Debug, Default)]
pub(super) struct Joined<'s, 't> {
    pub(super) program: Names<'t>,
    pub(super) library: Names<'t>,
    pub(super) functions: Vec<Definer<'s, 't>>,
    pub(super) globals: Vec<Definer<'s, 't>>,
    pub(super) constants: Vec<ConstantDefiner<'s, 't>>,
    pub(super) structs: Vec<Structure<'s, 't>>,
    pub(super) problems: Vec<(FragmentId, Diagnostic)>,
}

pub(super) fn join(fragments: &[EnvInput<'_, '_>]) -> (Environment, Vec<(FragmentId, Diagnostic)>) {
    let mut joined = Joined::default();
    for side in [Side::Library, Side::Program] {
        for fragment in fragments.iter().filter(|fragment| fragment.side == side) {
            joined.enter(fragment);
        }
    }
    let values = joined.fold_constants();
    joined.compare_constants(&values);
    let mut environment = Environment::default();
    structs::finish(&mut joined, &values, &mut environment);
    let (results, globals) = joined.solve(fragments, &values, &environment);
    finish::finish(&joined, values, &results, &globals, &mut environment);
    environment.solved = [results, globals].concat();
    let mut problems = joined.problems;
    problems.sort_by_key(|(fragment, _)| *fragment);
    (environment, problems)
}

impl<'s, 't> Joined<'s, 't> {
    pub(super) fn names(&self, side: Side) -> &Names<'t> {
        match side {
            Side::Program => &self.program,
            Side::Library => &self.library,
        }
    }

    fn names_mut(&mut self, side: Side) -> &mut Names<'t> {
        match side {
            Side::Program => &mut self.program,
            Side::Library => &mut self.library,
        }
    }

    fn seen(&self, side: Side) -> impl Iterator<Item = &Names<'t>> {
        let own = match side {
            Side::Program => Some(&self.program),
            Side::Library => None,
        };
        own.into_iter().chain([&self.library])
    }

    fn enter(&mut self, fragment: &EnvInput<'s, 't>) {
        let summary = fragment.summary;
        let side = fragment.side;
        let broken = fragment.broken
            || summary.diagnostics.iter().any(|problem| problem.severity() == Severity::Error);
        let place = Place { fragment: fragment.id, name: summary.name_span };
        match &summary.definition {
            Definition::Function { name, .. } | Definition::UnitBlock { name } => {
                let at = self.functions.len();
                match self.names(side).functions.get(name) {
                    Some(&first) => {
                        let first = self.functions[first].place;
                        let is_unit = matches!(summary.definition, Definition::UnitBlock { .. });
                        let kind = if is_unit { "unit" } else { "function" };
                        return self.duplicate(kind, name, place, first);
                    }
                    None => {
                        self.names_mut(side).functions.insert(name, at);
                        self.functions.push(Definer { name, side, place, summary });
                    }
                }
                self.shadow(side, name, place, |library| library.functions.contains_key(name));
            }
            Definition::Struct { name, fields } => {
                self.enter_struct(side, name, fields, place, broken);
            }
            Definition::Const { name, value } => {
                let at = self.constants.len();
                let first = match self.names(side).variables.get(name) {
                    Some(&Slot::Constant(first)) => Some(first),
                    Some(&Slot::Global(first)) => {
                        let first = self.globals[first].place;
                        return self.duplicate("constant", name, place, first);
                    }
                    None => None,
                };
                if first.is_none() {
                    self.names_mut(side).variables.insert(name, Slot::Constant(at));
                }
                let mark = match side {
                    Side::Program => "?",
                    Side::Library => "?@",
                };
                let constant = Constant {
                    name,
                    fragment: fragment.id,
                    symbol: format!("{mark}{name}"),
                    expr: value,
                    broken,
                };
                self.constants.push(ConstantDefiner { side, place, constant, first });
            }
            Definition::Global { name, .. } => {
                if let Some(&slot) = self.names(side).variables.get(name) {
                    let first = self.place_of(slot);
                    return self.duplicate("global", name, place, first);
                }
                let at = self.globals.len();
                self.names_mut(side).variables.insert(name, Slot::Global(at));
                self.globals.push(Definer { name, side, place, summary });
                self.shadow(side, name, place, |library| library.variables.contains_key(name));
            }
            Definition::Routine { name } => match self.names(side).routines.get(name) {
                Some(&first) => self.duplicate("routine", name, place, first),
                None => {
                    self.names_mut(side).routines.insert(name, place);
                }
            },
            Definition::Data { labels } => {
                for (name, span) in labels {
                    let place = Place { fragment: fragment.id, name: *span };
                    match self.names(side).labels.get(name) {
                        Some(&first) => self.duplicate("label", name, place, first),
                        None => {
                            let values = &fragment.summary.label_values;
                            let value = values.iter().copied().find(|(label, _)| label == name);
                            let names = self.names_mut(side);
                            names.labels.insert(name, place);
                            names.label_values.extend(value);
                        }
                    }
                }
            }
            Definition::Statement | Definition::Import | Definition::Broken => {}
        }
    }

    fn enter_struct(
        &mut self,
        side: Side,
        name: &'t str,
        fields: &'s [FieldSummary<'t>],
        place: Place,
        broken: bool,
    ) {
        if let Some(&first) = self.names(side).structs.get(name) {
            let first = &self.structs[first.0 as usize];
            if !same_fields(first.fields, fields) {
                let first = first.place;
                self.duplicate("struct", name, place, first);
            }
            return;
        }
        if side == Side::Program
            && let Some(first) = self.library.structs.get(name)
        {
            if same_fields(self.structs[first.0 as usize].fields, fields) {
                return;
            }
            self.shadow(side, name, place, |_| true);
        }
        let id = StructId(self.structs.len() as u32);
        self.names_mut(side).structs.insert(name, id);
        self.structs.push(Structure { name, side, place, fields, broken });
    }

    pub(super) fn place_of(&self, slot: Slot) -> Place {
        match slot {
            Slot::Global(at) => self.globals[at].place,
            Slot::Constant(at) => self.constants[at].place,
        }
    }

    fn duplicate(&mut self, kind: &'static str, name: &str, second: Place, first: Place) {
        let problem = Diagnostic::new(Code::DefinitionDuplicate, second.name)
            .arg("name", name)
            .arg("kind", kind);
        let problem = if first.fragment == second.fragment {
            problem.mark(first.name, "first")
        } else {
            problem.mark_in(first.fragment, first.name, "first")
        };
        self.problems.push((second.fragment, problem));
    }

    /// Notes that a program's definition hides the library's.
    fn shadow(&mut self, side: Side, name: &str, place: Place, has: impl Fn(&Names<'t>) -> bool) {
        if side == Side::Program && has(&self.library) {
            let note = Diagnostic::new(Code::LibraryShadowed, place.name).arg("name", name);
            self.problems.push((place.fragment, note));
        }
    }

    /// The struct that code of this side means by a name.
    pub(super) fn structure(&self, side: Side, name: &str) -> Option<StructId> {
        self.seen(side).find_map(|names| names.structs.get(name)).copied()
    }

    fn fold_constants(&mut self) -> Vec<ConstValue> {
        let mut problems = std::mem::take(&mut self.problems);
        let constants: Vec<&Constant<'_, '_>> =
            self.constants.iter().map(|definer| &definer.constant).collect();
        let resolve = |at: usize, name: &str| self.meaning(self.constants[at].side, name);
        let values = constants::values(&constants, &resolve, &mut problems);
        self.problems = problems;
        values
    }

    /// What a name in a constant expression is.
    pub(super) fn meaning(&self, side: Side, name: &str) -> Meaning {
        for names in self.seen(side) {
            match names.variables.get(name) {
                Some(Slot::Constant(at)) => return Meaning::Constant(*at),
                Some(Slot::Global(_)) => return Meaning::Other,
                None if names.functions.contains_key(name) => return Meaning::Other,
                None => {}
            }
        }
        Meaning::Unknown
    }

    /// A constant defined twice is fine if both are equal, and so is one that the library has too.
    fn compare_constants(&mut self, values: &[ConstValue]) {
        for at in 0..self.constants.len() {
            let ConstantDefiner { side, place, constant, first } = &self.constants[at];
            let (side, place, name, first) = (*side, *place, constant.name, *first);
            let same = |other: usize| equal(&values[other], &values[at]);
            match first {
                Some(first) if !same(first) => {
                    let first = self.constants[first].place;
                    self.duplicate("constant", name, place, first);
                }
                Some(_) => {}
                None => {
                    let equal_library = match self.library.variables.get(name) {
                        Some(Slot::Constant(other)) => same(*other),
                        Some(Slot::Global(_)) | None => false,
                    };
                    if !equal_library {
                        self.shadow(side, name, place, |library| {
                            library.variables.contains_key(name)
                        });
                    }
                }
            }
        }
    }

    /// Results of all functions and types of all globals.
    fn solve(
        &self,
        fragments: &[EnvInput<'_, 't>],
        values: &[ConstValue],
        environment: &Environment,
    ) -> (Vec<Known>, Vec<Known>) {
        let mut terms: Vec<Term<'_, 't>> = Vec::new();
        for (node, definer) in self.functions.iter().chain(&self.globals).enumerate() {
            match &definer.summary.definition {
                Definition::Function { result: shape, .. } | Definition::Global { shape, .. } => {
                    terms.push(Term { node, side: definer.side, shape });
                }
                Definition::UnitBlock { .. }
                | Definition::Struct { .. }
                | Definition::Const { .. }
                | Definition::Routine { .. }
                | Definition::Data { .. }
                | Definition::Statement
                | Definition::Import
                | Definition::Broken => {}
            }
        }
        for fragment in fragments {
            let side = fragment.side;
            for (name, shape) in &fragment.summary.assigned {
                if let Some(Slot::Global(at)) = self.names(side).variables.get(name) {
                    terms.push(Term { node: self.functions.len() + at, side, shape });
                }
            }
        }
        let fields = Fields {
            structs: &environment.structs,
            program: &environment.program,
            library: &environment.library,
        };
        let nodes = self.functions.len() + self.globals.len();
        let resolver = Resolver { joined: self, values };
        let mut known = solve::solve(nodes, &terms, &resolver, &fields);
        let globals = known.split_off(self.functions.len());
        (known, globals)
    }
}

struct Resolver<'j, 's, 't> {
    joined: &'j Joined<'s, 't>,
    values: &'j [ConstValue],
}

impl Resolve for Resolver<'_, '_, '_> {
    fn callee(&self, side: Side, name: &str) -> Named {
        for names in self.joined.seen(side) {
            if let Some(at) = names.functions.get(name) {
                return Named::Node(*at);
            }
            if let Some(id) = names.structs.get(name) {
                return Named::Fixed(Known::Struct(*id));
            }
        }
        match name {
            "float" | "float_from_bits" => Named::Fixed(Known::Float),
            _ => Named::Fixed(Known::Int),
        }
    }

    fn variable(&self, side: Side, name: &str) -> Named {
        match self.joined.seen(side).find_map(|names| names.variables.get(name)) {
            Some(Slot::Global(at)) => Named::Node(self.joined.functions.len() + at),
            Some(Slot::Constant(at)) => Named::Fixed(match self.values[*at] {
                ConstValue::Int(0) => Known::Zero,
                ConstValue::Int(_) | ConstValue::Closed(_) => Known::Int,
                ConstValue::Float(_) => Known::Float,
                ConstValue::Str(_) => Known::Str,
            }),
            None => Named::Fixed(Known::Int),
        }
    }

    fn structure(&self, side: Side, name: &str) -> Option<StructId> {
        self.joined.structure(side, name)
    }
}

/// Bit by bit, so that a constant that is not a number equals itself.
fn equal(left: &ConstValue, right: &ConstValue) -> bool {
    match (left, right) {
        (ConstValue::Float(left), ConstValue::Float(right)) => left.to_bits() == right.to_bits(),
        // What is broken has been reported.
        (ConstValue::Closed(_), _) | (_, ConstValue::Closed(_)) => true,
        (ConstValue::Int(_) | ConstValue::Float(_) | ConstValue::Str(_), _) => left == right,
    }
}
