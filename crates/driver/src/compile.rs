//! From checked fragments to an image: objects, stubs for what is closed, the start function, the link.
//!
//! Program fragments are compiled all. Library fragments are checked and compiled when something names one
//! of their symbols, so an image costs what it uses; those that closure found are compiled together with the program.

use morph_codegen::synthetic::{self, ClosedNote};
use morph_diag::{Color, Format, FragmentId, Lang, Located, Severity, render};
use morph_link::LinkError;
use morph_object::{Object, Symbol};
use morph_sema::summary::{Definition, Side};
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, State, to_u32};
use crate::fault_ids::FaultIds;
use crate::hot;
use crate::options::{self, Goal, Options};
use crate::refusal;
use crate::task::{Executor, Synthetic, Task, Verdict};

/// The objects made so far.
pub(crate) struct Compilation<'e> {
    options: Options,
    executor: &'e mut dyn Executor,
    /// Who has which symbol.
    owners: Owners,
    /// Answers about fragments of the library that nothing has named yet.
    ahead: FxHashMap<FragmentId, Verdict>,
    /// In fragment order once linked.
    objects: Vec<(FragmentId, Object)>,
    /// Initialisers by fragment: symbols to call at start-up.
    initialisers: FxHashMap<FragmentId, Symbol>,
}

impl<'e> Compilation<'e> {
    pub(crate) fn new(
        analysis: &Analysis<'_>,
        options: &Options,
        executor: &'e mut dyn Executor,
    ) -> Compilation<'e> {
        Compilation {
            options: *options,
            executor,
            owners: Owners::new(analysis),
            ahead: FxHashMap::default(),
            objects: Vec::new(),
            initialisers: FxHashMap::default(),
        }
    }

    /// Checks the program's fragments, and compiles them if there is to be an image.
    pub(crate) fn program(&mut self, analysis: &mut Analysis<'_>) {
        let with_library = self.options.goal == Goal::Image;
        let wanted = |id: &FragmentId| match analysis.side(*id) {
            Side::Program => true,
            // Nearly all of what closure found will be named by some object.
            Side::Library => {
                with_library && !matches!(analysis.summary(*id).definition, Definition::Import)
            }
        };
        let active = |id: &FragmentId| *analysis.state(*id) == State::Active;
        let tasks = analysis.ids().filter(active).filter(wanted).map(Task).collect();
        let mut answers = self.executor.run(tasks);
        self.executor.rest();
        answers.sort_by_key(|(task, _)| *task);
        self.objects.reserve(answers.len());
        for (Task(id), verdict) in answers {
            match analysis.side(id) {
                Side::Program => self.accept(analysis, id, verdict),
                Side::Library => {
                    self.ahead.insert(id, verdict);
                }
            }
        }
    }

    fn accept(&mut self, analysis: &mut Analysis<'_>, id: FragmentId, verdict: Verdict) {
        if let Some((object, initialiser)) = analysis.accept(id, verdict) {
            self.objects.push((id, object));
            if let Some(symbol) = initialiser {
                self.initialisers.insert(id, symbol);
            }
        }
    }

    /// Adds what the program does not bring itself (stubs, the library, the start function), and links it all.
    ///
    /// An object that does not fit the others costs its own fragment: that one is closed, and the rest is linked again.
    pub(crate) fn image(
        mut self,
        analysis: &mut Analysis<'_>,
        entry: Option<FragmentId>,
    ) -> Result<Linked, String> {
        loop {
            self.make_room(analysis);
            let added = self.complete(analysis, entry);
            if let Some(id) = self.closed_runtime(analysis) {
                let name = analysis.name(id).map_or("?", |(_, name)| name);
                return Err(format!("`{name}`, without which no program runs, is closed"));
            }
            let error = match self.link(&added, analysis) {
                Ok(linked) => return Ok(linked),
                Err(error) => error,
            };
            let inputs: Vec<FragmentId> = self.inputs(&added).map(|(id, _)| id).collect();
            let culprits =
                refusal::culprits(&error, &self.objects, &inputs, &self.owners, analysis);
            let before = analysis.problems.len();
            for id in culprits {
                if !analysis.state(id).is_closed() {
                    let mut problem = self.executor.refuse(Task(id), &error.to_string());
                    problem.primary = analysis.head(id);
                    analysis.report(id, problem);
                }
            }
            if analysis.problems.len() == before {
                return Err(error.to_string());
            }
            analysis.isolate_units(&self.options);
        }
    }

    /// The first closed fragment among those that every image needs to start, and to say what it died of. An image without it
    /// would end without a word.
    fn closed_runtime(&self, analysis: &Analysis<'_>) -> Option<FragmentId> {
        let objects: FxHashMap<FragmentId, &Object> =
            self.objects.iter().map(|(id, object)| (*id, object)).collect();
        let mut seen = vec![false; analysis.places.len()];
        let mut found = None;
        let mut wave: Vec<FragmentId> = self.owners.library(analysis, roots()).collect();
        while let Some(id) = wave.pop() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            if analysis.state(id).is_closed() {
                found = Some(found.map_or(id, |other: FragmentId| other.min(id)));
            } else if let Some(object) = objects.get(&id) {
                wave.extend(self.owners.library(analysis, library_names(object)));
            }
        }
        found
    }

    /// What was closed after it was compiled makes room for its stub.
    fn make_room(&mut self, analysis: &Analysis<'_>) {
        self.objects.retain(|(id, _)| !analysis.state(*id).is_closed());
        self.initialisers.retain(|id, _| !analysis.state(*id).is_closed());
    }

    fn complete(&mut self, analysis: &mut Analysis<'_>, entry: Option<FragmentId>) -> Added {
        let mut stubs = Vec::new();
        let mut closed_globals = self.stubs(analysis, Side::Program, &mut stubs);
        self.library(analysis);
        closed_globals.extend(self.stubs(analysis, Side::Library, &mut stubs));
        let start = self.start(analysis, entry);
        let units = self.units(analysis);
        self.objects.sort_by_key(|(id, _)| *id);
        stubs.sort_by_key(|(id, _)| *id);
        let debug = match self.options.debug {
            options::Debug::None => morph_link::Debug::None,
            options::Debug::Line => morph_link::Debug::Line,
            options::Debug::Full => morph_link::Debug::Full,
        };
        let options = morph_link::Options {
            machine: self.options.target.machine(),
            debug,
            roots: Vec::new(),
            closed_globals,
        };
        Added { stubs, start, units, options }
    }

    /// All objects of the image but the start function, in fragment order.
    fn inputs<'s>(&'s self, added: &'s Added) -> impl Iterator<Item = (FragmentId, &'s Object)> {
        let mut objects = self.objects.iter().peekable();
        let mut stubs = added.stubs.iter().peekable();
        std::iter::from_fn(move || {
            let stub_first = match (objects.peek(), stubs.peek()) {
                (Some((object, _)), Some((stub, _))) => stub < object,
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (None, None) => return None,
            };
            let next = if stub_first { stubs.next() } else { objects.next() };
            next.map(|(id, object)| (*id, object))
        })
    }

    fn link(&self, added: &Added, analysis: &Analysis<'_>) -> Result<Linked, LinkError> {
        if self.options.hot {
            let decides = self.options.grain == options::Grain::Unit;
            let pieces = self.pieces(added, analysis);
            let program = hot::Program::link(pieces, analysis, decides, &added.options)?;
            let image = program.image().to_vec();
            return Ok(Linked { image, hot: Some(Box::new(program)), placed: None });
        }
        let inputs = self.inputs(added).map(|(id, object)| {
            let unit = analysis.unit(id);
            let fragment = analysis.fragment(id);
            morph_link::Input {
                object,
                unit: &unit.path,
                first_line: fragment.line,
                first_column: to_u32(analysis.source(id).start),
                // The library runs what closes the rest: even if a file of the program has the path of one of its units.
                closable: analysis.side(id) == Side::Program,
            }
        });
        let start = morph_link::Input {
            object: &added.start,
            unit: "",
            first_line: 1,
            first_column: 0,
            closable: false,
        };
        let units = morph_link::Input { object: &added.units, ..start };
        let inputs: Vec<morph_link::Input<'_>> = inputs.chain([start, units]).collect();
        // What is closed is mended in a full build, whatever was edited besides.
        if !self.executor.keeps() || !added.stubs.is_empty() {
            let image = morph_link::link(&inputs, &added.options)?.bytes;
            return Ok(Linked { image, hot: None, placed: None });
        }
        let (image, map) = morph_link::link_with_map(&inputs, &added.options)?;
        let initialises = |id: &FragmentId| self.initialisers.contains_key(id);
        let placed = map.map(|map| Placed {
            map,
            inputs: self.inputs(added).map(|(id, _)| (id, initialises(&id))).collect(),
        });
        Ok(Linked { image: image.bytes, hot: None, placed })
    }

    /// The inputs of an image whose functions can be replaced, each with what it is.
    fn pieces(&self, added: &Added, analysis: &Analysis<'_>) -> Vec<hot::Piece> {
        let own = self.inputs(added).map(|(id, object)| hot::Piece {
            object: object.clone(),
            unit: analysis.unit(id).path.clone(),
            first_line: analysis.fragment(id).line,
            first_column: to_u32(analysis.source(id).start),
            role: role(analysis, id),
        });
        let made = |object: &Object, role| hot::Piece {
            object: object.clone(),
            unit: String::new(),
            first_line: 1,
            first_column: 0,
            role,
        };
        let start = hot::Role::Other(hot::Kind::Statement, String::from("mulai"));
        own.chain([made(&added.start, start), made(&added.units, hot::Role::Units)]).collect()
    }

    /// Takes in the library fragments whose symbols are named, until nothing new is.
    fn library(&mut self, analysis: &mut Analysis<'_>) {
        let mut taken = vec![false; analysis.places.len()];
        // A library file that was imported whole runs its statements.
        let statements = analysis.ids().filter(|id| {
            *analysis.state(*id) == State::Active
                && analysis.side(*id) == Side::Library
                && matches!(analysis.summary(*id).definition, Definition::Statement)
        });
        let mut wave: Vec<FragmentId> = statements.collect();
        let named = self.objects.iter().flat_map(|(_, object)| library_names(object));
        wave.extend(self.owners.library(analysis, roots().chain(named)));
        loop {
            wave.retain(|id| !std::mem::replace(&mut taken[id.0 as usize], true));
            if wave.is_empty() {
                return;
            }
            wave.sort_unstable();
            let before = self.objects.len();
            for id in std::mem::take(&mut wave) {
                if let Some(verdict) = self.ahead.remove(&id) {
                    self.accept(analysis, id, verdict);
                }
            }
            let new = &self.objects[before..];
            let named = new.iter().flat_map(|(_, object)| library_names(object));
            wave = self.owners.library(analysis, named).collect();
        }
    }

    /// Makes the stand-ins of one side's closed fragments; gives the closed globals.
    fn stubs(
        &mut self,
        analysis: &Analysis<'_>,
        side: Side,
        stubs: &mut Vec<(FragmentId, Object)>,
    ) -> Vec<Symbol> {
        let mut closed_globals = Vec::new();
        let closed =
            |id: &FragmentId| analysis.side(*id) == side && analysis.state(*id).is_closed();
        let closed: Vec<FragmentId> = analysis.ids().filter(closed).collect();
        if closed.is_empty() {
            return closed_globals;
        }
        let errors = Errors::new(analysis);
        let faults = FaultIds::new(analysis);
        for id in closed {
            let cause = match analysis.state(id) {
                State::Dependent(cause) => *cause,
                State::Inactive | State::Active | State::Broken => id,
            };
            let name = analysis.name(id).map_or("", |(_, name)| name);
            let english = errors.text(analysis, cause, Lang::En);
            let indonesian = errors.text(analysis, cause, Lang::Id);
            let fault = faults.of(id).to_string();
            let note =
                ClosedNote { name, fault: &fault, english: &english, indonesian: &indonesian };
            for (symbol, form) in symbols(analysis, id) {
                // A second definition of a name is closed without taking the first one's place.
                if self.owners.find(&symbol) != Some(id) {
                    continue;
                }
                let symbol = match form {
                    Form::Called => symbol,
                    Form::Read => {
                        closed_globals.push(symbol.clone());
                        format!("?{symbol}")
                    }
                };
                self.executor.add(&Synthetic::Stub {
                    symbol: &symbol,
                    params: parameters(analysis, id),
                    note,
                });
                let target = self.options.target.codegen();
                let object = synthetic::stub(target, &symbol, &note);
                stubs.push((id, object));
            }
        }
        closed_globals
    }

    /// The table of the program's units: which are degraded, and why.
    fn units(&self, analysis: &Analysis<'_>) -> Object {
        let errors = Errors::new(analysis);
        let mut units: Vec<(&str, u64, Option<FragmentId>)> = Vec::new();
        for id in analysis.ids().filter(|id| analysis.side(*id) == Side::Program) {
            let path = analysis.unit(id).path.as_str();
            if units.last().is_none_or(|(last, ..)| *last != path) {
                units.push((path, 0, None));
            }
            if analysis.state(id).is_closed()
                && let Some((_, closed, first)) = units.last_mut()
            {
                *closed += 1;
                let broken = *analysis.state(id) == State::Broken;
                *first = first.or(broken.then_some(id));
            }
        }
        let texts: Vec<[String; 2]> = units
            .iter()
            .map(|(.., first)| {
                let text = |lang| first.map_or(String::new(), |id| errors.text(analysis, id, lang));
                [text(Lang::En), text(Lang::Id)]
            })
            .collect();
        let notes: Vec<synthetic::UnitNote<'_>> = units
            .iter()
            .zip(&texts)
            .map(|((path, closed, _), [english, indonesian])| synthetic::UnitNote {
                path,
                closed: *closed,
                english,
                indonesian,
                isolated: *closed > 0 && self.options.grain == options::Grain::Unit,
            })
            .collect();
        synthetic::units(&notes)
    }

    /// The function that runs initialisers and `mulai`.
    fn start(&mut self, analysis: &Analysis<'_>, entry: Option<FragmentId>) -> Object {
        let included = &analysis.program.included;
        let included: Vec<FragmentId> = included.iter().map(|place| analysis.id(*place)).collect();
        // What closure brought in is ready before anything of the program runs; the library first.
        let mut closed_over = vec![true; analysis.places.len()];
        for id in &included {
            closed_over[id.0 as usize] = false;
        }
        let mut order: Vec<FragmentId> =
            analysis.ids().filter(|id| closed_over[id.0 as usize]).collect();
        order.sort_by_key(|id| (analysis.side(*id) == Side::Program, *id));
        order.extend(included);
        let initialisers: Vec<Symbol> =
            order.iter().filter_map(|id| self.initialisers.get(id).cloned()).collect();
        let entry = entry.map(|id| {
            // A third parameter has been reported; the stub takes none of them.
            let params = parameters(analysis, id);
            ("mulai", if params <= 2 { params } else { 0 })
        });
        self.executor.add(&Synthetic::Start { initialisers: &initialisers, entry });
        synthetic::start(self.options.target.codegen(), &initialisers, entry)
    }
}

/// What a fragment is to a program that is changed while it runs.
fn role(analysis: &Analysis<'_>, id: FragmentId) -> hot::Role {
    if analysis.side(id) == Side::Library {
        return hot::Role::Library;
    }
    let name = analysis.name(id).map_or("", |(_, name)| name).to_owned();
    let kind = match &analysis.summary(id).definition {
        Definition::Function { .. } | Definition::UnitBlock { .. } => {
            let params = parameters(analysis, id);
            let closed = analysis.state(id).is_closed();
            return hot::Role::Function { symbol: name, params, closed };
        }
        // Its name is known, nothing else.
        Definition::Broken if matches!(analysis.name(id), Some(("fungsi" | "unit", _))) => {
            return hot::Role::Function { symbol: name, params: 0, closed: true };
        }
        Definition::Global { .. } => hot::Kind::Global,
        Definition::Const { .. } => hot::Kind::Constant,
        Definition::Struct { .. } => hot::Kind::Structure,
        Definition::Routine { .. } | Definition::Data { .. } => hot::Kind::Assembly,
        Definition::Statement | Definition::Import | Definition::Broken => hot::Kind::Statement,
    };
    let shown = if name.is_empty() { analysis.unit(id).path.clone() } else { name };
    hot::Role::Other(kind, shown)
}

/// What every image needs of the library.
fn roots() -> impl Iterator<Item = Symbol> {
    [morph_link::ENTRY, "@$global_argc", "@$global_argv", "@fault_closed"]
        .into_iter()
        .map(str::to_owned)
}

/// What the linker gave.
pub(crate) struct Linked {
    pub(crate) image: Vec<u8>,
    /// What is needed to change it while it runs, if that is wanted.
    pub(crate) hot: Option<Box<hot::Program>>,
    /// What is needed to exchange its objects, if they can be.
    pub(crate) placed: Option<Placed>,
}

/// What the linker placed where.
pub(crate) struct Placed {
    pub(crate) map: morph_link::Map,
    /// The fragment of each input, and whether it has something to do at start-up; the start function and the table of units follow.
    pub(crate) inputs: Vec<(FragmentId, bool)>,
}

/// What an image consists of beside the objects of fragments.
struct Added {
    /// In fragment order: they carry their fragment's id.
    stubs: Vec<(FragmentId, Object)>,
    start: Object,
    /// What the program is told about its units; placed only if something asks for it.
    units: Object,
    options: morph_link::Options,
}

/// Which fragment has a symbol: the first active one that defines it.
pub(crate) struct Owners {
    by_symbol: FxHashMap<Symbol, FragmentId>,
}

impl Owners {
    fn new(analysis: &Analysis<'_>) -> Owners {
        let mut by_symbol = FxHashMap::default();
        for id in analysis.ids().filter(|id| *analysis.state(*id) != State::Inactive) {
            for (symbol, _) in symbols(analysis, id) {
                by_symbol.entry(symbol).or_insert(id);
            }
        }
        Owners { by_symbol }
    }

    pub(crate) fn find(&self, symbol: &str) -> Option<FragmentId> {
        self.by_symbol.get(symbol).copied()
    }

    /// The library fragments that have these symbols; some perhaps several times.
    fn library(
        &self,
        analysis: &Analysis<'_>,
        symbols: impl Iterator<Item = Symbol>,
    ) -> impl Iterator<Item = FragmentId> {
        symbols
            .filter_map(|symbol| self.find(&symbol))
            .filter(|id| analysis.side(*id) == Side::Library)
    }
}

/// The symbols that an object names and that the library may have; a program's begin otherwise.
fn library_names(object: &Object) -> impl Iterator<Item = Symbol> {
    object.symbols.iter().filter(|symbol| symbol.starts_with(['@', '!', '?'])).cloned()
}

/// How many parameters a function has; 0 for all else.
fn parameters(analysis: &Analysis<'_>, id: FragmentId) -> u32 {
    let Definition::Function { params, .. } = &analysis.summary(id).definition else { return 0 };
    to_u32(params.len())
}

/// How a symbol is used, which decides what stands in for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Called,
    Read,
}

/// The symbols that a fragment defines.
fn symbols(analysis: &Analysis<'_>, id: FragmentId) -> Vec<(Symbol, Form)> {
    let prefix = match analysis.side(id) {
        Side::Program => "",
        Side::Library => "@",
    };
    match &analysis.summary(id).definition {
        Definition::Function { name, .. } | Definition::UnitBlock { name } => {
            vec![(format!("{prefix}{name}"), Form::Called)]
        }
        Definition::Global { name, .. } => vec![(format!("{prefix}${name}"), Form::Read)],
        Definition::Routine { name } => vec![(format!("!{name}"), Form::Called)],
        Definition::Data { labels } => {
            labels.iter().map(|(label, _)| (format!("{prefix}#{label}"), Form::Read)).collect()
        }
        Definition::Const { name, .. } => vec![(format!("?{prefix}{name}"), Form::Called)],
        Definition::Struct { .. } | Definition::Statement | Definition::Import => Vec::new(),
        // Its signature is unknown, its name is not: who calls it reaches the stub.
        Definition::Broken => match analysis.name(id) {
            Some(("fungsi" | "unit", name)) => vec![(format!("{prefix}{name}"), Form::Called)],
            Some(_) | None => Vec::new(),
        },
    }
}

/// All errors by fragment, as indices into the problems.
struct Errors {
    by_fragment: FxHashMap<FragmentId, Vec<usize>>,
}

impl Errors {
    fn new(analysis: &Analysis<'_>) -> Errors {
        let mut by_fragment: FxHashMap<FragmentId, Vec<usize>> = FxHashMap::default();
        for (at, (id, problem)) in analysis.problems.iter().enumerate() {
            if problem.severity() == Severity::Error {
                by_fragment.entry(*id).or_default().push(at);
            }
        }
        Errors { by_fragment }
    }

    /// The errors of a fragment, worded in full: what its stub says when it is reached.
    fn text(&self, analysis: &Analysis<'_>, id: FragmentId, lang: Lang) -> String {
        let errors = self.by_fragment.get(&id).into_iter().flatten().map(|&at| {
            let mut problem = analysis.problems[at].1.clone();
            // What earlier builds knew is for the report: an image depends on its sources alone.
            problem.footers.retain(|footer| !footer.key.starts_with("note-withheld"));
            let problem = &problem;
            // What a worker says about other fragments may be wrong.
            let known = |other: &FragmentId| (other.0 as usize) < analysis.places.len();
            let located = Located::new(problem, analysis.source(id), |other| {
                Some(other).filter(known).map(|other| analysis.source(other))
            });
            render(&located, lang, Format::Human, Color::Never)
        });
        errors.collect::<Vec<String>>().join("\n")
    }
}
