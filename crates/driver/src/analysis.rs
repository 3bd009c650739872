//! What is known of a program: who takes part, what they show to each other, what is wrong with each.
//!
//! Every fragment of every unit has an id, in program order. Most of the library never becomes active, and
//! what is not active costs a summary and nothing more.

use std::rc::Rc;

use morph_diag::{Arg, Code, Diagnostic, FragmentId, Severity, Source, Span};
use morph_object::{Object, Symbol};
use morph_sema::closure::{self, Candidate, ClosureInput};
use morph_sema::environment::{EnvInput, Environment, environment};
use morph_sema::nearest::add_nearest;
use morph_sema::summary::{Definition, Side, Summary};

use crate::library;
use crate::options::{Goal, Grain, Imports, Options};
use crate::program::{FragmentRef, Program};
use crate::project::{Location, Project};
use crate::registry::Registered;
use crate::report::source_of;
use crate::task::{Built, Made, Verdict};
use crate::unit::{Fragment, Unit};

/// What became of a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not part of the program.
    Inactive,
    Active,
    /// It has an error.
    Broken,
    /// It needs something that is closed, or its whole unit is isolated.
    Dependent(FragmentId),
}

impl State {
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, State::Broken | State::Dependent(_))
    }
}

/// A program under analysis. Tables are indexed by fragment id.
#[derive(Clone)]
pub(crate) struct Analysis<'p> {
    pub(crate) program: &'p Program<'p>,
    pub(crate) places: Rc<[FragmentRef]>,
    /// First id of each unit.
    first: Vec<u32>,
    pub(crate) states: Vec<State>,
    pub(crate) problems: Vec<(FragmentId, Diagnostic)>,
    pub(crate) environment: Rc<Environment>,
    /// The first fragment of each side of which not even a name is known: looking at it broke the worker.
    unread: [Option<FragmentId>; 2],
    /// A problem of the whole program: it has no entry point, or it could not be linked.
    pub(crate) program_problem: Option<Diagnostic>,
}

impl<'p> Analysis<'p> {
    /// Summarises all fragments, finds those that take part, and joins their signatures.
    pub(crate) fn new(
        program: &'p Program<'p>,
        project: &Project,
        options: &Options,
    ) -> Analysis<'p> {
        let mut analysis = Analysis::summarise(program);
        analysis.connect(project, options);
        analysis
    }

    /// The first half of [`Analysis::new`]: all fragments on their own.
    pub(crate) fn summarise(program: &'p Program<'p>) -> Analysis<'p> {
        let mut places = Vec::new();
        let mut first = Vec::new();
        for (number, unit) in (0..).zip(&program.units) {
            first.push(to_u32(places.len()));
            let count = to_u32(unit.fragments.len());
            places.extend((0..count).map(|fragment| FragmentRef { unit: number, fragment }));
        }
        let states = vec![State::Inactive; places.len()];
        let mut analysis = Analysis {
            program,
            places: places.into(),
            first,
            states,
            problems: Vec::new(),
            environment: Rc::default(),
            unread: [None; 2],
            program_problem: None,
        };
        for side in [Side::Program, Side::Library] {
            let is_unread = |id: &FragmentId| {
                analysis.side(*id) == side
                    && analysis.fragment(*id).fault.is_some()
                    && analysis.name(*id).is_none()
            };
            analysis.unread[side as usize] = analysis.ids().find(is_unread);
        }
        for (place, problem) in &program.problems {
            // In what could not be read the number may stand.
            let unread = matches!(problem.code, Code::IdUnregistered | Code::IdMissing)
                && analysis.unread(Side::Program).is_some();
            if !unread {
                analysis.problems.push((analysis.id(*place), problem.clone()));
            }
        }
        analysis
    }

    /// The second half: who takes part, and what they show to each other.
    pub(crate) fn connect(&mut self, project: &Project, options: &Options) {
        self.activate(project, options);
        self.join();
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = FragmentId> + use<> {
        (0..to_u32(self.places.len())).map(FragmentId)
    }

    pub(crate) fn id(&self, place: FragmentRef) -> FragmentId {
        FragmentId(self.first[place.unit as usize] + place.fragment)
    }

    pub(crate) fn unit(&self, id: FragmentId) -> &'p Unit<'p> {
        &self.program.units[self.places[id.0 as usize].unit as usize]
    }

    pub(crate) fn fragment(&self, id: FragmentId) -> &'p Fragment<'p> {
        &self.unit(id).fragments[self.places[id.0 as usize].fragment as usize]
    }

    /// Keyword and name of a definition, even of one that could not be parsed.
    pub(crate) fn name(&self, id: FragmentId) -> Option<(&'static str, &'p str)> {
        let fragment = self.fragment(id);
        let text = self.unit(id).text_of(fragment);
        Some((fragment.keyword()?, fragment.piece.name?.text(text)))
    }

    /// The lines around a fragment.
    pub(crate) fn source(&self, id: FragmentId) -> Source<'p> {
        let unit = self.unit(id);
        let fragment = self.fragment(id);
        let range = fragment.piece.range;
        source_of(&unit.path, unit.text, range.start as usize..range.end as usize, fragment.line)
    }

    pub(crate) fn side(&self, id: FragmentId) -> Side {
        self.unit(id).side()
    }

    pub(crate) fn state(&self, id: FragmentId) -> &State {
        &self.states[id.0 as usize]
    }

    pub(crate) fn summary(&self, id: FragmentId) -> &'p Summary<'p> {
        &self.fragment(id).summary
    }

    /// Reports a problem; an error closes the fragment.
    pub(crate) fn report(&mut self, id: FragmentId, problem: Diagnostic) {
        if problem.severity() == Severity::Error {
            self.states[id.0 as usize] = State::Broken;
        }
        self.problems.push((id, problem));
    }

    /// Finds the fragments that take part.
    fn activate(&mut self, project: &Project, options: &Options) {
        for place in &self.program.included {
            let id = self.id(*place);
            self.states[id.0 as usize] = State::Active;
        }
        let block_ids = self.block_ids(project);
        let candidates: Vec<Candidate<'_, 'p>> = self
            .ids()
            .map(|id| Candidate {
                side: self.side(id),
                unit: self.places[id.0 as usize].unit,
                id: block_ids[id.0 as usize],
                active: *self.state(id) == State::Active,
                summary: self.summary(id),
            })
            .collect();
        let units: Vec<&str> = self.program.units.iter().map(|unit| unit.path.as_str()).collect();
        let found = closure::close(ClosureInput {
            candidates: &candidates,
            units: &units,
            roots: match options.goal {
                Goal::Image => closure::ROOTS,
                Goal::Check => &[],
            },
            imports: match options.imports {
                Imports::Automatic => closure::Imports::Closed,
                Imports::Explicit => closure::Imports::Strict,
            },
        });
        for (state, active) in self.states.iter_mut().zip(&found.active) {
            if *active {
                *state = State::Active;
            }
        }
        for (index, problem) in found.diagnostics {
            self.report(FragmentId(to_u32(index)), problem);
        }
    }

    /// For each fragment the ID under which a registry leads to it.
    fn block_ids(&self, project: &Project) -> Vec<Option<u64>> {
        let mut ids = vec![None; self.places.len()];
        for (number, unit) in self.program.units.iter().enumerate() {
            if unit.side() == Side::Library {
                let whole = library::part_of(&unit.path);
                for (fragment, slot) in
                    unit.fragments.iter().zip(&mut ids[self.first[number] as usize..])
                {
                    let own = |id: &u64| library::registered(*id) == Some(unit.path.as_str());
                    *slot = fragment.piece.block.filter(own).or(whole);
                }
            }
        }
        for (id, line) in self.program.registry.ids() {
            debug_assert!(matches!(self.program.registry.find(id), Some(Registered::ByProgram(_))));
            let user = &self.program.units[line.place.unit as usize].location;
            let Ok(location @ Location::File(_)) = project.look_up(&line.path, user) else {
                continue;
            };
            let Some(number) = self.program.units.iter().position(|unit| unit.location == location)
            else {
                continue;
            };
            let block = self.program.units[number].block(id).into_iter().flatten();
            for fragment in block {
                ids[self.first[number] as usize + fragment].get_or_insert(id);
            }
        }
        ids
    }

    /// Makes the environment of the active fragments.
    fn join(&mut self) {
        for id in self.ids() {
            if *self.state(id) == State::Inactive {
                continue;
            }
            if let Some(fault) = &self.fragment(id).fault {
                self.report(id, (**fault).clone());
            }
            let own = self.fragment(id).syntax.iter().chain(&self.summary(id).diagnostics);
            for problem in own.cloned().collect::<Vec<_>>() {
                self.report(id, problem);
            }
        }
        let inputs: Vec<EnvInput<'_, 'p>> = self
            .ids()
            .filter(|id| *self.state(*id) != State::Inactive)
            .map(|id| EnvInput {
                id,
                side: self.side(id),
                unit: self.places[id.0 as usize].unit,
                summary: self.summary(id),
                broken: self.state(id).is_closed(),
            })
            .collect();
        let (environment, problems) = environment(&inputs);
        self.environment = Rc::new(environment);
        for (id, problem) in problems {
            self.report(id, problem);
        }
        self.close_constants();
    }

    /// Closes constants whose values need closed ones, however long the chain.
    fn close_constants(&mut self) {
        let mut waiting: Vec<(FragmentId, String)> = Vec::new();
        for (id, problem) in &self.problems {
            let name = problem.args.iter().find_map(|(key, value)| match value {
                Arg::Text(name) if *key == "name" => Some(name.clone()),
                Arg::Text(_) | Arg::Number(_) | Arg::List(_) => None,
            });
            if let Some(name) = name.filter(|_| problem.code == Code::FragmentClosed) {
                waiting.push((*id, name));
            }
        }
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|(id, name)| {
                let cause = self.closed_definition(name, self.side(*id));
                if let Some(cause) = cause.filter(|_| *self.state(*id) == State::Active) {
                    self.states[id.0 as usize] = State::Dependent(cause);
                }
                cause.is_none()
            });
            if waiting.len() == before {
                break;
            }
        }
    }

    /// Takes note of what became of an active fragment; what was found wrong closes it.
    ///
    /// The object of a fragment that is not closed. Call it in the order of the fragments: which of several closed
    /// definitions a fragment depends on goes by that order.
    pub(crate) fn accept(
        &mut self,
        id: FragmentId,
        verdict: Verdict,
    ) -> Option<(Object, Option<Symbol>)> {
        let built = match verdict {
            Verdict::Built(built) => *built,
            Verdict::Faulted(problem) => {
                self.report(id, *problem);
                return None;
            }
        };
        let Built { diagnostics, closed_by, made, .. } = built;
        let side = self.side(id);
        let missing = self.missing(id);
        let mut expected = None;
        for problem in diagnostics {
            let problem = add_nearest(problem, &self.environment, side);
            // One message per cause: a name is missing because of what would have brought it.
            match &missing {
                Some(missing) if missing.explains(&problem) => expected = Some(missing.cause),
                Some(_) | None => self.report(id, problem),
            }
        }
        if let Some(cause) = expected
            && !self.state(id).is_closed()
        {
            self.report_unread(cause);
            self.states[id.0 as usize] = State::Dependent(cause);
        }
        match made {
            Made::Closed if !self.state(id).is_closed() => {
                match closed_by.iter().find_map(|name| self.closed_definition(name, side)) {
                    Some(cause) => self.states[id.0 as usize] = State::Dependent(cause),
                    None => {
                        let reason = format!("no typed fragment and no reason: {closed_by:?}");
                        self.report(id, fault(reason));
                    }
                }
                None
            }
            Made::Closed | Made::Nothing => None,
            // An object beside an error: the error counts.
            Made::Object { .. } if self.state(id).is_closed() => None,
            Made::Object { object, initialiser } => Some((object, initialiser)),
            Made::Refused(problem) => {
                self.report(id, problem.to_diagnostic(self.head(id)));
                None
            }
        }
    }

    /// Where a problem of a whole fragment is shown: its name, else its first line.
    pub(crate) fn head(&self, id: FragmentId) -> Span {
        let fragment = self.fragment(id);
        let first_line = self.unit(id).text_of(fragment).lines().next().unwrap_or("");
        fragment.piece.name.unwrap_or(Span::new(0, to_u32(first_line.len())))
    }

    /// What would have brought names that `id` misses: the first import of the program that failed, or else something that
    /// could not be read at all.
    fn missing(&self, id: FragmentId) -> Option<Missing> {
        let side = self.side(id);
        let failed =
            |(_, problem): &&(FragmentRef, Diagnostic)| problem.severity() == Severity::Error;
        let import = match side {
            Side::Program => self.program.problems.iter().find(failed),
            Side::Library => None,
        };
        match (self.unread(side), import) {
            (Some(cause), _) => Some(Missing { cause, names: MissingNames::Any }),
            (None, Some((place, _))) => {
                Some(Missing { cause: self.id(*place), names: MissingNames::UnlikeAny })
            }
            (None, None) => None,
        }
    }

    /// Reports a fragment that could not be read and of which nobody knew that it takes part.
    pub(crate) fn report_unread(&mut self, id: FragmentId) {
        if *self.state(id) == State::Inactive
            && let Some(fault) = &self.fragment(id).fault
        {
            self.report(id, (**fault).clone());
        }
    }

    /// The first fragment that could not be read and whose names `side` would see.
    pub(crate) fn unread(&self, side: Side) -> Option<FragmentId> {
        let [program, library] = self.unread;
        match side {
            Side::Program => program.or(library),
            Side::Library => library,
        }
    }

    /// The closed struct or constant of this name that `side` sees.
    fn closed_definition(&self, name: &str, side: Side) -> Option<FragmentId> {
        let matches = |id: &FragmentId| {
            self.state(*id).is_closed()
                && match self.summary(*id).definition {
                    Definition::Struct { name: own, .. } | Definition::Const { name: own, .. } => {
                        own == name
                    }
                    Definition::Function { .. }
                    | Definition::UnitBlock { .. }
                    | Definition::Global { .. }
                    | Definition::Routine { .. }
                    | Definition::Data { .. }
                    | Definition::Statement
                    | Definition::Import
                    | Definition::Broken => false,
                }
        };
        let on = |wanted: Side| self.ids().find(|id| self.side(*id) == wanted && matches(id));
        let root = match side {
            Side::Program => on(Side::Program).or_else(|| on(Side::Library)),
            Side::Library => on(Side::Library),
        };
        // A dependent's cause is named, not the dependent.
        match root.map(|id| self.state(id)) {
            Some(State::Dependent(cause)) => Some(*cause),
            Some(State::Inactive | State::Active | State::Broken) | None => root,
        }
    }

    /// Under `--grain unit` one error isolates its whole file.
    pub(crate) fn isolate_units(&mut self, options: &Options) {
        if options.grain == Grain::Fragment {
            return;
        }
        for number in 0..self.program.units.len() {
            // The library is nobody's file: what is broken in it is closed by itself.
            if self.program.units[number].side() == Side::Library {
                continue;
            }
            let ids = self.unit_ids(number);
            let erroneous = self
                .problems
                .iter()
                .filter(|(id, problem)| {
                    ids.contains(&id.0) && problem.severity() == Severity::Error
                })
                .map(|(id, _)| *id)
                .min();
            let Some(cause) = erroneous else { continue };
            for id in ids {
                let state = &mut self.states[id as usize];
                if *state == State::Active {
                    *state = State::Dependent(cause);
                }
            }
        }
    }

    fn unit_ids(&self, unit: usize) -> std::ops::Range<u32> {
        let start = self.first[unit];
        start..start + to_u32(self.program.units[unit].fragments.len())
    }
}

/// A bug of ours that costs one fragment.
fn fault(reason: String) -> Diagnostic {
    Diagnostic::new(Code::CompilerFault, Span::default()).arg("reason", reason)
}

pub(crate) fn to_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Something that would have brought names.
struct Missing {
    cause: FragmentId,
    names: MissingNames,
}

/// Which unknown names it may have brought.
enum MissingNames {
    Any,
    /// Those that are like no name that is there: the others are typing errors.
    UnlikeAny,
}

impl Missing {
    fn explains(&self, problem: &Diagnostic) -> bool {
        let has = |wanted: &str| problem.args.iter().any(|(key, _)| *key == wanted);
        let is_type =
            problem.args.iter().any(|(key, value)| *key == "what" && *value == Arg::from("type"));
        let unknown =
            problem.code == Code::NameUnknown || problem.code == Code::TypeUnknown && is_type;
        match self.names {
            MissingNames::Any => unknown || problem.code == Code::AsmSymbol,
            MissingNames::UnlikeAny => unknown && !has("nearest"),
        }
    }
}
