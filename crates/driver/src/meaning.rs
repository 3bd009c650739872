//! A program's typed fragments beside its images, for whoever compares what they mean.
//!
//! The reference interpreter runs the very fragments that the images consist of: those of the program, what the
//! program reaches of the library, the stand-ins of what is closed, and the start function. Builds
//! through one [`Workbench`] share the library's fragments, so that ten thousand small programs are cheap.

use std::path::Path;
use std::rc::Rc;

use bumpalo::Bump;
use morph_codegen::synthetic::ClosedNote;
use morph_diag::{Code, Diagnostic, FragmentId, Span};
use morph_sema::check::{self, Checked};
use morph_sema::typed::{Item, Typed};
use rustc_hash::FxHashMap;

use crate::analysis::Analysis;
use crate::back::Back;
use crate::compile::Compilation;
use crate::options::{Debug, Opt, Options};
use crate::pipeline;
use crate::program::{self, Program};
use crate::project::{self, Project};
use crate::report::Report;
use crate::task::{Built, Executor, Made, Synthetic, Task, Verdict};
use crate::unprotected::Unprotected;

/// All fragments of one program. Its entry is the function `=start`.
#[derive(Clone, Debug, Default)]
pub struct TypedProgram {
    pub fragments: Vec<Rc<Typed>>,
}

/// What one program came to.
#[derive(Debug)]
pub struct Meaning {
    pub typed: TypedProgram,
    /// One executable for each of the given options.
    pub images: Vec<Vec<u8>>,
    pub report: Report,
}

/// The program whose root is the file `root`, ready to be interpreted; the report if there is nothing to run.
pub fn typed_program(root: &Path, options: &Options) -> Result<TypedProgram, Box<Report>> {
    Ok(Workbench::default().file(root, &[*options])?.typed)
}

/// Builds programs one after the other.
#[derive(Debug, Default)]
pub struct Workbench {
    shared: Shared,
}

impl Workbench {
    /// The program whose root is a file, built with each of the options.
    pub fn file(&mut self, root: &Path, options: &[Options]) -> Result<Meaning, Box<Report>> {
        let texts = Bump::new();
        let loaded = Project::of_root(root).and_then(|(project, location)| {
            Ok((program::load(&project, location, &texts, &mut Unprotected)?, project))
        });
        match loaded {
            Ok((program, project)) => self.program(&program, &project, options),
            Err(error) => {
                let shown = project::display_unresolved(root);
                Err(Box::new(Report::of_unreadable(error.to_diagnostic(&shown, Span::default()))))
            }
        }
    }

    /// The program whose root is a text shown as `name`, built with each of the options.
    pub fn text(
        &mut self,
        name: &str,
        text: &str,
        options: &[Options],
    ) -> Result<Meaning, Box<Report>> {
        let (project, location) = Project::of_text(name);
        let texts = Bump::new();
        let program = program::load_text(&project, location, text, &texts, &mut Unprotected);
        self.program(&program, &project, options)
    }

    fn program(
        &mut self,
        program: &Program<'_>,
        project: &Project,
        options: &[Options],
    ) -> Result<Meaning, Box<Report>> {
        let first = options.first().copied().unwrap_or_default();
        let mut analysis = Analysis::new(program, project, &first);
        let entry = pipeline::find_entry(&mut analysis);
        let images = self.images(&mut analysis, entry, options);
        let (images, problem) = match images {
            Ok(images) => (Some(images), None),
            Err(problem) => (None, Some(problem)),
        };
        analysis.program_problem = problem;
        let report = pipeline::Parts::new(analysis, entry).into_report(program);
        match images {
            Some(images) => Ok(Meaning {
                typed: TypedProgram { fragments: std::mem::take(&mut self.shared.used) },
                images,
                report,
            }),
            None => Err(Box::new(report)),
        }
    }

    /// The images, or why there are none.
    fn images(
        &mut self,
        analysis: &mut Analysis<'_>,
        entry: Option<FragmentId>,
        options: &[Options],
    ) -> Result<Vec<Vec<u8>>, Diagnostic> {
        if entry.is_none() && !pipeline::has_top_level(analysis) {
            return Err(Diagnostic::new(Code::EntryMissing, Span::default()));
        }
        let before = analysis.clone();
        let mut images = Vec::new();
        for options in options {
            *analysis = before.clone();
            self.shared.used.clear();
            let mut executor = Recorder {
                back: Back::new(
                    analysis.program,
                    Rc::clone(&analysis.places),
                    Rc::clone(&analysis.environment),
                    options,
                ),
                options: *options,
                shared: &mut self.shared,
            };
            let mut compilation = Compilation::new(analysis, options, &mut executor);
            compilation.program(analysis);
            let image = compilation.image(analysis, entry).map_err(|reason| {
                Diagnostic::new(Code::CompilerFault, Span::default()).arg("reason", reason)
            })?;
            images.push(image.image);
        }
        Ok(images)
    }
}

/// Works in this process, remembers what the library came to, and keeps all typed fragments.
struct Recorder<'p, 'w> {
    back: Back<'p>,
    options: Options,
    shared: &'w mut Shared,
}

impl Recorder<'_, '_> {
    fn build(&mut self, task: &Task) -> Built {
        let Some(place) = self.back.place(task.0) else { return Built::default() };
        let library = self.back.library_place(place);
        if let Some((typed, made)) = library.and_then(|at| self.shared.known(at, &self.options)) {
            self.shared.used.push(typed);
            return Built { made, ..Built::default() };
        }
        let Checked { typed, diagnostics, closed_by, asked } = self.back.check(place, &mut |_| ());
        let made = match typed.map(Rc::new) {
            None => Made::Closed,
            Some(typed) => {
                let made = self.back.compile(&typed);
                self.shared.used.push(Rc::clone(&typed));
                if let Some(at) = library {
                    self.shared.keep(at, &self.options, typed, &made);
                }
                made
            }
        };
        Built { diagnostics, closed_by, asked, made }
    }
}

impl Executor for Recorder<'_, '_> {
    fn run(&mut self, tasks: Vec<Task>) -> Vec<(Task, Verdict)> {
        let build = |task: Task| {
            let built = self.build(&task);
            (task, Verdict::Built(Box::new(built)))
        };
        tasks.into_iter().map(build).collect()
    }

    fn add(&mut self, made: &Synthetic<'_>) {
        let body = match *made {
            Synthetic::Stub { symbol, params, note } => {
                let ClosedNote { name, fault, english, indonesian } = note;
                check::stub_body(symbol.to_owned(), params, [name, fault, english, indonesian])
            }
            Synthetic::Start { initialisers, entry } => check::start_body(initialisers, entry),
        };
        let typed = Typed { item: Item::Function(body), line_starts: vec![0] };
        self.shared.used.push(Rc::new(typed));
    }
}

/// A fragment of the library: the index of its unit, and its place there.
type Place = (usize, u32);

/// What builds of one process share. The library sees nothing of a program, so its fragments are always the same.
#[derive(Debug, Default)]
struct Shared {
    known: FxHashMap<(Place, Opt, Debug), (Rc<Typed>, Made)>,
    /// What the image that was made last consists of.
    used: Vec<Rc<Typed>>,
}

impl Shared {
    fn known(&self, place: Place, options: &Options) -> Option<(Rc<Typed>, Made)> {
        self.known.get(&(place, options.opt, options.debug)).cloned()
    }

    fn keep(&mut self, place: Place, options: &Options, typed: Rc<Typed>, made: &Made) {
        self.known.insert((place, options.opt, options.debug), (typed, made.clone()));
    }
}
