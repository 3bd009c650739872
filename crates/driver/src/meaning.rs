//! A program's typed fragments beside its images, for whoever compares what they mean.
//!
//! The reference interpreter runs the very fragments that the images consist of: those of the program, what the
//! program reaches of the library, the stand-ins of what is closed, and the start function. Builds
//! through one [`Workbench`] share the library's fragments, so that ten thousand small programs are cheap.

use std::path::Path;
use std::rc::Rc;

use bumpalo::Bump;
use morph_diag::{Code, Diagnostic, FragmentId, Span};
use morph_object::Object;
use morph_sema::summary::Side;
use morph_sema::typed::Typed;
use rustc_hash::FxHashMap;

use crate::analysis::Analysis;
use crate::compile::{self, Compiled};
use crate::options::{Debug, Opt, Options};
use crate::pipeline;
use crate::program::{self, Program};
use crate::project::{self, Project};
use crate::reader::Unprotected;
use crate::report::Report;

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
        let typed: Vec<Option<Rc<Typed>>> = analysis
            .ids()
            .map(|id| match analysis.side(id) {
                Side::Program => analysis.check(id).map(Rc::new),
                Side::Library => None,
            })
            .collect();
        if entry.is_none() && !pipeline::has_top_level(analysis) {
            return Err(Diagnostic::new(Code::EntryMissing, Span::default()));
        }
        let mut images = Vec::new();
        for options in options {
            self.shared.used.clear();
            let mut compilation = compile::Compilation::new(options, Some(&mut self.shared));
            compilation.program(analysis, &mut typed.clone());
            let Compiled { bytes } = compilation.finish(analysis, entry).map_err(|reason| {
                Diagnostic::new(Code::CompilerFault, Span::default()).arg("reason", reason)
            })?;
            images.push(bytes);
        }
        Ok(images)
    }
}

/// A fragment of the library: the index of its unit, and its place there.
type Place = (usize, u32);

/// What builds of one process share. The library sees nothing of a program, so its fragments are always the same.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    typed: FxHashMap<Place, Rc<Typed>>,
    objects: FxHashMap<(Place, Opt, Debug), Rc<Object>>,
    /// What the image that was made last consists of.
    used: Vec<Rc<Typed>>,
}

impl Shared {
    pub(crate) fn typed(&self, place: Place) -> Option<Rc<Typed>> {
        self.typed.get(&place).cloned()
    }

    pub(crate) fn object(&self, place: Place, options: &Options) -> Option<Rc<Object>> {
        self.objects.get(&(place, options.opt, options.debug)).cloned()
    }

    /// Keeps what a fragment came to; `place` is that of a fragment of the library.
    pub(crate) fn keep(
        &mut self,
        place: Option<Place>,
        options: &Options,
        typed: &Rc<Typed>,
        object: &Rc<Object>,
    ) {
        self.used.push(Rc::clone(typed));
        if let Some(place) = place {
            self.typed.insert(place, Rc::clone(typed));
            self.objects.insert((place, options.opt, options.debug), Rc::clone(object));
        }
    }

    pub(crate) fn keep_synthetic(&mut self, typed: &Rc<Typed>) {
        self.used.push(Rc::clone(typed));
    }
}
