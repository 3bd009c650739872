//! The work itself, wherever it is done: check and compile one fragment against an environment that never changes.

use std::rc::Rc;

use morph_codegen::{Compiler, Problem, naked};
use morph_diag::FragmentId;
use morph_sema::check::{self, Checked, Site};
use morph_sema::environment::Environment;
use morph_sema::summary::Side;
use morph_sema::typed::{Item, Typed};

use crate::options::{self, Goal, Options};
use crate::phase::Phase;
use crate::program::{FragmentRef, Program};
use crate::task::{Built, Made, Task};

/// All that a piece of work may look at.
#[derive(Debug)]
pub(crate) struct Back<'p> {
    program: &'p Program<'p>,
    places: Rc<[FragmentRef]>,
    environment: Rc<Environment>,
    options: Options,
    /// Routines that the target has in a table of its own.
    naked: Vec<&'static str>,
    /// In use.
    compiler: Option<Box<Compiler>>,
    /// Never used: the others are made from it.
    model: Option<Box<Compiler>>,
}

impl<'p> Back<'p> {
    pub(crate) fn new(
        program: &'p Program<'p>,
        places: Rc<[FragmentRef]>,
        environment: Rc<Environment>,
        options: &Options,
    ) -> Back<'p> {
        let naked = naked::names(options.target.codegen());
        let options = *options;
        Back { program, places, environment, options, naked, compiler: None, model: None }
    }

    /// Does one piece of work; `phase` is told before each step.
    pub(crate) fn build(&mut self, task: &Task, phase: &mut dyn FnMut(Phase)) -> Built {
        let Some(place) = self.place(task.0) else {
            return refused("no such fragment".to_owned());
        };
        let Checked { typed, diagnostics, closed_by, asked } = self.check(place, phase);
        let made = match typed {
            None => Made::Closed,
            Some(_) if self.options.goal == Goal::Check => Made::Nothing,
            Some(typed) => {
                phase(Phase::Compile);
                self.compile(&typed)
            }
        };
        Built { diagnostics, closed_by, asked, made }
    }

    /// Compiles something small, so that whatever is made on first use is there.
    pub(crate) fn warm_up(&mut self) {
        let body = check::start_body(&[], None);
        let typed = Typed { item: Item::Function(body), line_starts: vec![0] };
        self.compile(&typed);
        self.forget();
    }

    pub(crate) fn place(&self, id: FragmentId) -> Option<FragmentRef> {
        self.places.get(id.0 as usize).copied()
    }

    /// Where a fragment of the built-in library stands there; `None` for the program's own.
    pub(crate) fn library_place(&self, place: FragmentRef) -> Option<(usize, u32)> {
        self.program.units[place.unit as usize].location.library_place(place)
    }

    /// Parses and checks the fragment at `place`.
    pub(crate) fn check(&self, place: FragmentRef, phase: &mut dyn FnMut(Phase)) -> Checked {
        let unit = &self.program.units[place.unit as usize];
        let fragment = &unit.fragments[place.fragment as usize];
        // The two sides may have units of one path: names of initialisers keep them apart.
        let name = match unit.side() {
            Side::Program => unit.path.clone(),
            Side::Library => format!("@{}", unit.path),
        };
        let site = Site { unit: &name, ordinal: place.fragment };
        let text = unit.text_of(fragment);
        phase(Phase::Parse);
        let tree = morph_syntax::parse(text, fragment.piece.kind);
        phase(Phase::Check);
        let asker = self.environment.asker(unit.side());
        let target = self.options.target.triple();
        let options = check::Options { target, naked: &self.naked };
        check::check(&tree, text, site, asker, options)
    }

    pub(crate) fn compile(&mut self, typed: &Typed) -> Made {
        let initialiser = match &typed.item {
            Item::Function(body) if body.symbol.starts_with('%') => Some(body.symbol.clone()),
            Item::Global { initialiser, .. } => {
                initialiser.as_ref().map(|body| body.symbol.clone())
            }
            Item::Function(_) | Item::Raw(_) | Item::Naked(_) => None,
            Item::Nothing => return Made::Nothing,
        };
        match self.compiler().and_then(|compiler| compiler.compile(typed)) {
            Ok(object) => Made::Object { object, initialiser },
            Err(problem) => Made::Refused(problem),
        }
    }

    /// Whatever the last piece of work left in memory is given up.
    pub(crate) fn forget(&mut self) {
        self.compiler = None;
    }

    fn compiler(&mut self) -> Result<&mut Compiler, Problem> {
        let compiler = match self.compiler.take() {
            Some(compiler) => compiler,
            None => {
                let model = match self.model.take() {
                    Some(model) => model,
                    None => Box::new(Compiler::new(&codegen_options(&self.options))?),
                };
                Box::new(self.model.insert(model).fresh())
            }
        };
        Ok(self.compiler.insert(compiler))
    }
}

fn refused(reason: String) -> Built {
    Built { made: Made::Refused(Problem::Fault { reason }), ..Built::default() }
}

fn codegen_options(options: &Options) -> morph_codegen::Options {
    morph_codegen::Options {
        opt: match options.opt {
            options::Opt::None => morph_codegen::Opt::None,
            options::Opt::Speed => morph_codegen::Opt::Speed,
        },
        target: options.target.codegen(),
        debug: match options.debug {
            options::Debug::None => morph_codegen::Debug::None,
            options::Debug::Line => morph_codegen::Debug::Line,
            options::Debug::Full => morph_codegen::Debug::Full,
        },
        verify: morph_codegen::Verify::Default,
    }
}
