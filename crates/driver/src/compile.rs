//! From checked fragments to an image: objects, stubs for what is closed, the start function, the link.
//!
//! Program fragments are compiled all. Library fragments are checked and compiled when something names one
//! of their symbols, so an image costs what it uses.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use morph_codegen::Compiler;
use morph_diag::{Color, Format, FragmentId, Lang, Located, Severity, Span, render};
use morph_object::{Object, Symbol};
use morph_sema::check;
use morph_sema::summary::{Definition, Side};
use morph_sema::typed::{Body, Item, Typed};
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, State, to_u32};
use crate::meaning::Shared;
use crate::options::{self, Options};

/// A linked program.
pub(crate) struct Compiled {
    pub(crate) bytes: Vec<u8>,
}

/// The objects made so far.
pub(crate) struct Compilation<'s> {
    options: Options,
    /// What several builds of one process have in common, if there are several.
    shared: Option<&'s mut Shared>,
    /// Boxed: it is large, and changes hands with each fragment.
    compiler: Option<Box<Compiler>>,
    /// In fragment order once linked; stubs carry their fragment's id.
    objects: Vec<(FragmentId, Rc<Object>)>,
    /// Initialisers by fragment: symbols to call at start-up.
    initialisers: FxHashMap<FragmentId, Symbol>,
}

impl<'s> Compilation<'s> {
    pub(crate) fn new(options: &Options, shared: Option<&'s mut Shared>) -> Compilation<'s> {
        Compilation {
            options: *options,
            shared,
            compiler: None,
            objects: Vec::new(),
            initialisers: FxHashMap::default(),
        }
    }

    /// Compiles all checked fragments of the program.
    pub(crate) fn program(&mut self, analysis: &mut Analysis<'_>, typed: &mut [Option<Rc<Typed>>]) {
        for id in analysis.ids() {
            if let Some(typed) = typed[id.0 as usize].take() {
                self.fragment(analysis, id, &typed);
            }
        }
    }

    /// Stubs, the library as far as it is needed, the start function, and the link.
    pub(crate) fn finish(
        self,
        analysis: &mut Analysis<'_>,
        entry: Option<FragmentId>,
    ) -> Result<Compiled, String> {
        self.complete(analysis, entry)?.link(analysis)
    }

    /// Adds what the program does not bring itself: stubs, the library, the start function.
    pub(crate) fn complete(
        mut self,
        analysis: &mut Analysis<'_>,
        entry: Option<FragmentId>,
    ) -> Result<Linkable, String> {
        // What `--grain unit` isolated after it was compiled makes room for its stub.
        self.objects.retain(|(id, _)| !analysis.state(*id).is_closed());
        self.initialisers.retain(|id, _| !analysis.state(*id).is_closed());
        let owners = Owners::new(analysis);
        let mut closed_globals = self.stubs(analysis, &owners, Side::Program)?;
        self.library(analysis, &owners)?;
        closed_globals.extend(self.stubs(analysis, &owners, Side::Library)?);
        let start = self.start(analysis, entry)?;
        self.objects.sort_by_key(|(id, _)| *id);
        let debug = match self.options.debug {
            options::Debug::None => morph_link::Debug::None,
            options::Debug::Line => morph_link::Debug::Line,
            options::Debug::Full => morph_link::Debug::Full,
        };
        let options = morph_link::Options {
            machine: morph_link::Machine::X86_64,
            debug,
            roots: Vec::new(),
            closed_globals,
        };
        Ok(Linkable { objects: self.objects, start, options })
    }

    /// Compiles one fragment; a failure closes it.
    pub(crate) fn fragment(
        &mut self,
        analysis: &mut Analysis<'_>,
        id: FragmentId,
        typed: &Rc<Typed>,
    ) {
        let initialiser = match &typed.item {
            Item::Function(body) if body.symbol.starts_with('%') => Some(body.symbol.clone()),
            Item::Global { initialiser, .. } => {
                initialiser.as_ref().map(|body| body.symbol.clone())
            }
            Item::Function(_) | Item::Raw(_) => None,
            Item::Nothing => return,
        };
        let place = analysis.unit(id).location.library_place(analysis.places[id.0 as usize]);
        let known = self.shared.as_ref().and_then(|shared| shared.object(place?, &self.options));
        let object = known.map_or_else(|| self.object(typed).map(Rc::new), Ok);
        match object {
            Ok(object) => {
                if let Some(shared) = &mut self.shared {
                    shared.keep(place, &self.options, typed, &object);
                }
                self.objects.push((id, object));
                if let Some(symbol) = initialiser {
                    self.initialisers.insert(id, symbol);
                }
            }
            Err(problem) => {
                let span = head(analysis, id);
                analysis.report(id, problem.to_diagnostic(span));
            }
        }
    }

    fn object(&mut self, typed: &Typed) -> Result<Object, morph_codegen::Problem> {
        let mut compiler = match self.compiler.take() {
            Some(compiler) => compiler,
            None => Box::new(Compiler::new(&codegen_options(&self.options))?),
        };
        // A compiler that panicked is thrown away, so nothing half-changed is seen again.
        match catch_unwind(AssertUnwindSafe(|| compiler.compile(typed))) {
            Ok(result) => {
                self.compiler = Some(compiler);
                result
            }
            Err(payload) => {
                let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
                Err(morph_codegen::Problem::Fault {
                    reason: text.unwrap_or_else(|| "panic".to_owned()),
                })
            }
        }
    }

    /// Checks and compiles the library fragments whose symbols are named, until nothing new is.
    fn library(&mut self, analysis: &mut Analysis<'_>, owners: &Owners) -> Result<(), String> {
        let mut queue: Vec<Symbol> = vec![morph_link::ENTRY.to_owned()];
        queue.extend(["@$global_argc", "@$global_argv", "@fault_closed"].map(str::to_owned));
        queue.extend(self.objects.iter().flat_map(|(_, object)| library_names(object)));
        // A library file that was imported whole runs its statements.
        let statements = analysis.ids().filter(|id| {
            *analysis.state(*id) == State::Active
                && analysis.side(*id) == Side::Library
                && matches!(analysis.summary(*id).definition, Definition::Statement)
        });
        let mut wanted: Vec<FragmentId> = statements.collect();
        let mut done = vec![false; analysis.places.len()];
        loop {
            while let Some(symbol) = queue.pop() {
                if let Some(id) =
                    owners.find(&symbol).filter(|id| analysis.side(*id) == Side::Library)
                {
                    wanted.push(id);
                }
            }
            let Some(id) = wanted.pop() else { return Ok(()) };
            if std::mem::replace(&mut done[id.0 as usize], true) {
                continue;
            }
            let place = analysis.unit(id).location.library_place(analysis.places[id.0 as usize]);
            let known = self.shared.as_ref().and_then(|shared| shared.typed(place?));
            if let Some(typed) = known.or_else(|| analysis.check(id).map(Rc::new)) {
                let before = self.objects.len();
                self.fragment(analysis, id, &typed);
                let new = &self.objects[before..];
                queue.extend(new.iter().flat_map(|(_, object)| library_names(object)));
            }
        }
    }

    /// Makes the stand-ins of one side's closed fragments; gives the closed globals.
    fn stubs(
        &mut self,
        analysis: &mut Analysis<'_>,
        owners: &Owners,
        side: Side,
    ) -> Result<Vec<Symbol>, String> {
        let mut closed_globals = Vec::new();
        let closed =
            |id: &FragmentId| analysis.side(*id) == side && analysis.state(*id).is_closed();
        let closed: Vec<FragmentId> = analysis.ids().filter(closed).collect();
        if closed.is_empty() {
            return Ok(closed_globals);
        }
        let errors = Errors::new(analysis);
        for id in closed {
            let cause = match analysis.state(id) {
                State::Dependent(cause) => *cause,
                State::Inactive | State::Active | State::Broken => id,
            };
            let name = analysis.name(id).map_or("", |(_, name)| name);
            let params = parameters(analysis, id);
            let english = errors.text(analysis, cause, Lang::En);
            let indonesian = errors.text(analysis, cause, Lang::Id);
            for (symbol, form) in symbols(analysis, id) {
                // A second definition of a name is closed without taking the first one's place.
                if owners.find(&symbol) != Some(id) {
                    continue;
                }
                let stub = match form {
                    Form::Called => symbol,
                    Form::Read => {
                        closed_globals.push(symbol.clone());
                        format!("?{symbol}")
                    }
                };
                let body = check::stub_body(stub, params, name, &english, &indonesian);
                let object = self.synthetic(body)?;
                self.objects.push((id, Rc::new(object)));
            }
        }
        Ok(closed_globals)
    }

    /// The object of a function that no text stands behind.
    fn synthetic(&mut self, body: Body) -> Result<Object, String> {
        let typed = Rc::new(Typed { item: Item::Function(body), line_starts: vec![0] });
        if let Some(shared) = &mut self.shared {
            shared.keep_synthetic(&typed);
        }
        self.object(&typed).map_err(|problem| format!("{problem:?}"))
    }

    /// The function that runs initialisers and `mulai`.
    fn start(
        &mut self,
        analysis: &Analysis<'_>,
        entry: Option<FragmentId>,
    ) -> Result<Object, String> {
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
        let body = check::start_body(&initialisers, entry);
        let mut object = self.synthetic(body)?;
        // No text stands behind it.
        object.lines.clear();
        Ok(object)
    }
}

/// All objects of an image.
pub(crate) struct Linkable {
    /// In fragment order; stubs carry their fragment's id.
    objects: Vec<(FragmentId, Rc<Object>)>,
    start: Object,
    options: morph_link::Options,
}

impl Linkable {
    pub(crate) fn link(&self, analysis: &Analysis<'_>) -> Result<Compiled, String> {
        let inputs = self.objects.iter().map(|(id, object)| {
            let unit = analysis.unit(*id);
            let fragment = analysis.fragment(*id);
            morph_link::Input {
                object,
                unit: &unit.path,
                first_line: fragment.line,
                first_column: to_u32(analysis.source(*id).start),
            }
        });
        let start =
            morph_link::Input { object: &self.start, unit: "", first_line: 1, first_column: 0 };
        let inputs: Vec<morph_link::Input<'_>> = inputs.chain([start]).collect();
        let image = morph_link::link(&inputs, &self.options).map_err(|error| error.to_string())?;
        Ok(Compiled { bytes: image.bytes })
    }
}

/// Which fragment has a symbol: the first active one that defines it.
struct Owners {
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

    fn find(&self, symbol: &str) -> Option<FragmentId> {
        self.by_symbol.get(symbol).copied()
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
            let (_, problem) = &analysis.problems[at];
            let located =
                Located::new(problem, analysis.source(id), |other| Some(analysis.source(other)));
            render(&located, lang, Format::Human, Color::Never)
        });
        errors.collect::<Vec<String>>().join("\n")
    }
}

/// Where a problem of a whole fragment is shown: its name, else its first line.
fn head(analysis: &Analysis<'_>, id: FragmentId) -> Span {
    let fragment = analysis.fragment(id);
    let first_line = analysis.unit(id).text_of(fragment).lines().next().unwrap_or("");
    fragment.piece.name.unwrap_or(Span::new(0, to_u32(first_line.len())))
}

fn codegen_options(options: &Options) -> morph_codegen::Options {
    morph_codegen::Options {
        opt: match options.opt {
            options::Opt::None => morph_codegen::Opt::None,
            options::Opt::Speed => morph_codegen::Opt::Speed,
        },
        target: morph_codegen::Target::X86_64Linux,
        debug: match options.debug {
            options::Debug::None => morph_codegen::Debug::None,
            options::Debug::Line => morph_codegen::Debug::Line,
            options::Debug::Full => morph_codegen::Debug::Full,
        },
        verify: morph_codegen::Verify::Default,
    }
}
