//! Following imports: from a root file to all units that take part, and the order in which they do.
//!
//! Imports work at their place, each fragment counts once, cycles are harmless. `Daftar` lines count
//! wherever they stand, so the walk is repeated until it finds no new one. An import that fails costs that import only.
//! Inside the built-in library everything resolves to the library.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bumpalo::Bump;
use indexmap::{IndexMap, IndexSet};
use morph_diag::{Code, Diagnostic, Span};
use morph_sema::summary::Side;
use morph_syntax::tree::{IdRange, Import};

use crate::library;
use crate::project::{Location, LookupError, Project};
use crate::reader::{Reader, Source};
use crate::registry::{self, Registered, Registration, Registry};
use crate::source::{self, SourceError};
use crate::unit::Unit;

/// A fragment by the index of its unit (in [`Program::units`]) and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FragmentRef {
    pub unit: u32,
    pub fragment: u32,
}

/// All units that a program can reach: its own in import order, files that only its registry knows, the library.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub units: Vec<Unit<'a>>,
    /// The fragments that the program imports (the root's too), in the order in which they take effect.
    pub included: Vec<FragmentRef>,
    pub registry: Registry,
    /// Problems of imports. They close nothing: who needed what was not imported says so itself.
    pub problems: Vec<(FragmentRef, Diagnostic)>,
    /// How long reading the files took.
    pub reading: Duration,
    /// Every file that something names could be read.
    pub whole: bool,
}

/// Reads a root file and everything that it imports.
pub(crate) fn load<'a>(
    project: &Project,
    root: Location,
    texts: &'a Bump,
    reader: &mut dyn Reader<'a>,
) -> Result<Program<'a>, SourceError> {
    let mut files = Files::new(project, texts, reader);
    let root = files.open(&root)?;
    Ok(follow(files, root))
}

/// The program whose root is a text instead of a file.
pub(crate) fn load_text<'a>(
    project: &Project,
    root: Location,
    text: &'a str,
    texts: &'a Bump,
    reader: &mut dyn Reader<'a>,
) -> Program<'a> {
    let mut files = Files::new(project, texts, reader);
    files.read_ahead(root.clone(), text);
    let root = files.take_ahead(&root).unwrap_or(0);
    follow(files, root)
}

fn follow<'a>(mut files: Files<'_, 'a>, root: u32) -> Program<'a> {
    let mut lines: Vec<Registration> = Vec::new();
    loop {
        let (registry, conflicts) = Registry::new(lines);
        let mut walk = Walk::new(&mut files, &registry);
        walk.run(root);
        let Walk { lines: found, included, mut problems, touched, .. } = walk;
        let new = found.iter().any(|line| !registry.lines().contains(line));
        if new {
            // Those of earlier passes that this pass no longer reaches still count, before all others.
            lines = registry.lines().iter().filter(|line| !found.contains(line)).cloned().collect();
            lines.extend(found);
            continue;
        }
        problems.extend(conflicts);
        let pooled = files.open_registered(&registry);
        return finish(files, touched, pooled, included, registry, problems);
    }
}

/// Puts the units into their final order and renumbers all references.
fn finish<'a>(
    mut files: Files<'_, 'a>,
    touched: IndexSet<u32>,
    pooled: Vec<u32>,
    mut included: Vec<FragmentRef>,
    registry: Registry,
    mut problems: Vec<(FragmentRef, Diagnostic)>,
) -> Program<'a> {
    for index in 0..library::UNITS.len() {
        files.take_ahead(&Location::Library(index));
    }
    let is_library = |unit: &u32| {
        matches!(files.units.get_index(*unit as usize), Some((Location::Library(_), _)))
    };
    let all = 0..to_u32(files.units.len());
    let order: IndexSet<u32> =
        touched.into_iter().chain(pooled).chain(all).filter(|unit| !is_library(unit)).collect();
    let (reading, whole) = (files.reading, files.whole);
    let mut renumbered = vec![u32::MAX; files.units.len()];
    let mut slots: Vec<Option<Unit<'a>>> = files.units.into_values().map(Some).collect();
    let mut units: Vec<Unit<'a>> = Vec::new();
    for old in order {
        if let Some(unit) = slots.get_mut(old as usize).and_then(Option::take) {
            renumbered[old as usize] = to_u32(units.len());
            units.push(unit);
        }
    }
    for index in 0..library::UNITS.len() {
        let location = Location::Library(index);
        let old = slots
            .iter()
            .position(|slot| slot.as_ref().is_some_and(|unit| unit.location == location));
        if let Some((old, unit)) = old.and_then(|old| Some((old, slots[old].take()?))) {
            renumbered[old] = to_u32(units.len());
            units.push(unit);
        }
    }
    let renumber = |place: &mut FragmentRef| place.unit = renumbered[place.unit as usize];
    included.iter_mut().for_each(renumber);
    problems.iter_mut().for_each(|(place, _)| renumber(place));
    let lines = registry.lines().iter().cloned().map(|mut line| {
        renumber(&mut line.place);
        line
    });
    let (registry, _) = Registry::new(lines.collect());
    Program { units, included, registry, problems, reading, whole }
}

/// All files read so far. Nothing is read twice.
struct Files<'p, 'a> {
    project: &'p Project,
    texts: &'a Bump,
    reader: &'p mut dyn Reader<'a>,
    units: IndexMap<Location, Unit<'a>>,
    /// Read because an import names them, and not asked for yet.
    ahead: IndexMap<Location, Unit<'a>>,
    reading: Duration,
    whole: bool,
}

impl<'p, 'a> Files<'p, 'a> {
    fn new(project: &'p Project, texts: &'a Bump, reader: &'p mut dyn Reader<'a>) -> Files<'p, 'a> {
        let units = IndexMap::new();
        let ahead = IndexMap::new();
        Files { project, texts, reader, units, ahead, reading: Duration::ZERO, whole: true }
    }

    fn open(&mut self, location: &Location) -> Result<u32, SourceError> {
        if let Some(index) = self.units.get_index_of(location) {
            return Ok(to_u32(index));
        }
        if let Some(index) = self.take_ahead(location) {
            return Ok(index);
        }
        let text = self.text(location)?;
        self.read_ahead(location.clone(), text);
        self.take_ahead(location).ok_or(SourceError::Missing)
    }

    fn text(&mut self, location: &Location) -> Result<&'a str, SourceError> {
        match location {
            Location::Library(index) => Ok(library::UNITS[*index].text),
            Location::File(path) => {
                let start = Instant::now();
                let text = self.project.take_text(path).map_or_else(|| source::read(path), Ok);
                self.reading += start.elapsed();
                self.whole &= text.is_ok();
                Ok(self.texts.alloc_str(&text?))
            }
        }
    }

    fn take_ahead(&mut self, location: &Location) -> Option<u32> {
        let unit = self.ahead.swap_remove(location)?;
        Some(to_u32(self.units.insert_full(location.clone(), unit).0))
    }

    /// Reads a file and those that its imports lead to, many at once; the library together with the first.
    ///
    /// Only a guess at what will be asked for: whatever cannot be had is reported when something asks for it.
    fn read_ahead(&mut self, location: Location, text: &'a str) {
        let mut wave = vec![(location, text)];
        if self.units.is_empty() && self.ahead.is_empty() {
            let library = library::of_kind(self.project.kind());
            wave.extend(library.map(|(index, unit)| (Location::Library(index), unit.text)));
        }
        while !wave.is_empty() {
            let sources: Vec<Source<'a>> = wave
                .iter()
                .map(|(location, text)| {
                    let path = self.texts.alloc_str(&self.project.display(location));
                    Source { path, text, side: location.side() }
                })
                .collect();
            let mut next: Vec<(Location, &'a str)> = Vec::new();
            for ((location, text), fragments) in wave.into_iter().zip(self.reader.read(&sources)) {
                let path = self.project.display(&location);
                let unit = Unit { location: location.clone(), path, text, fragments };
                for found in self.named_by(&unit) {
                    let known = self.units.contains_key(&found)
                        || self.ahead.contains_key(&found)
                        || next.iter().any(|(other, _)| *other == found);
                    if !known && let Ok(text) = self.text(&found) {
                        next.push((found, text));
                    }
                }
                self.ahead.insert(location, unit);
            }
            wave = next;
        }
    }

    /// The program's files that the imports of a unit name.
    fn named_by(&self, unit: &Unit<'a>) -> Vec<Location> {
        let mut found = Vec::new();
        for fragment in &unit.fragments {
            for import in &fragment.summary.imports {
                let (Import::File { path }
                | Import::Registry { path }
                | Import::Register { path, .. }
                | Import::Blocks { path: Some(path), .. }) = import
                else {
                    continue;
                };
                let path = path.text(unit.text_of(fragment));
                if let Ok(location @ Location::File(_)) = self.project.look_up(path, &unit.location)
                {
                    found.push(location);
                }
            }
        }
        found
    }

    fn unit(&self, index: u32) -> &Unit<'a> {
        &self.units[index as usize]
    }

    /// The files that the registry names, where they can be read; faults of an ID are reported where it is imported.
    fn open_registered(&mut self, registry: &Registry) -> Vec<u32> {
        let mut opened = Vec::new();
        for line in registry.lines() {
            let user = self.unit(line.place.unit).location.clone();
            let found = self.project.look_up(&line.path, &user).ok();
            if let Some(unit) = found.and_then(|location| self.open(&location).ok())
                && !opened.contains(&unit)
            {
                opened.push(unit);
            }
        }
        opened
    }
}

/// One thing to do; the last one of the stack is done first.
enum Step {
    /// A fragment with its imports, unless it is in already.
    Enter(FragmentRef),
    Import(FragmentRef, Import),
    /// The imports of a fragment are done: now it takes effect itself.
    Emit(FragmentRef),
    /// A whole file is done.
    Leave,
}

struct Walk<'f, 'p, 'a> {
    files: &'f mut Files<'p, 'a>,
    registry: &'f Registry,
    steps: Vec<Step>,
    entered: BTreeSet<FragmentRef>,
    whole: BTreeSet<u32>,
    indexed: BTreeSet<u32>,
    /// Whole files being walked, outermost first.
    open: Vec<u32>,
    /// Units in the order in which they were reached first.
    touched: IndexSet<u32>,
    lines: Vec<Registration>,
    included: Vec<FragmentRef>,
    problems: Vec<(FragmentRef, Diagnostic)>,
}

impl<'f, 'p, 'a> Walk<'f, 'p, 'a> {
    fn new(files: &'f mut Files<'p, 'a>, registry: &'f Registry) -> Walk<'f, 'p, 'a> {
        Walk {
            files,
            registry,
            steps: Vec::new(),
            entered: BTreeSet::new(),
            whole: BTreeSet::new(),
            indexed: BTreeSet::new(),
            open: Vec::new(),
            touched: IndexSet::new(),
            lines: Vec::new(),
            included: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn run(&mut self, root: u32) {
        self.take_whole(root);
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Enter(place) => self.enter(place),
                Step::Import(place, import) => self.import(place, &import),
                Step::Emit(place) => self.included.push(place),
                Step::Leave => {
                    self.open.pop();
                }
            }
        }
    }

    fn touch(&mut self, unit: u32) {
        self.touched.insert(unit);
    }

    fn take_whole(&mut self, unit: u32) {
        self.touch(unit);
        if !self.whole.insert(unit) {
            return;
        }
        self.open.push(unit);
        self.steps.push(Step::Leave);
        let count = to_u32(self.files.unit(unit).fragments.len());
        self.steps
            .extend((0..count).rev().map(|fragment| Step::Enter(FragmentRef { unit, fragment })));
    }

    fn enter(&mut self, place: FragmentRef) {
        if !self.entered.insert(place) {
            return;
        }
        let imports = self.imports(place);
        if imports.is_empty() {
            self.included.push(place);
            return;
        }
        self.steps.push(Step::Emit(place));
        self.steps.extend(imports.into_iter().rev().map(|import| Step::Import(place, import)));
    }

    fn import(&mut self, place: FragmentRef, import: &Import) {
        match import {
            Import::File { path } => {
                if let Some(unit) = self.open_path(place, *path) {
                    self.note_cycle(place, *path, unit);
                    self.take_whole(unit);
                }
            }
            Import::Registry { path } => {
                if let Some(unit) = self.open_path(place, *path) {
                    self.read_registry(unit);
                }
            }
            Import::Register { path, ids } => self.register(place, *path, ids),
            Import::Blocks { path: Some(path), ids } => {
                if let Some(unit) = self.open_path(place, *path) {
                    self.touch(unit);
                    self.take_ranges(place, ids, |_, _, _, _| Ok(unit));
                }
            }
            Import::Blocks { path: None, ids } => {
                self.take_ranges(place, ids, Self::find_registered)
            }
        }
    }

    /// All imports of a fragment in text order, those nested in a body too.
    fn imports(&self, place: FragmentRef) -> Vec<Import> {
        let unit = self.files.unit(place.unit);
        unit.fragments[place.fragment as usize].summary.imports.clone()
    }

    fn text(&self, place: FragmentRef, span: Span) -> String {
        let unit = self.files.unit(place.unit);
        span.text(unit.text_of(&unit.fragments[place.fragment as usize])).to_owned()
    }

    fn report(&mut self, place: FragmentRef, diagnostic: Diagnostic) {
        self.problems.push((place, diagnostic));
    }

    fn open_path(&mut self, place: FragmentRef, span: Span) -> Option<u32> {
        let path = self.text(place, span);
        let user = self.files.unit(place.unit).location.clone();
        match self.open_named(&path, &user, span) {
            Ok(unit) => Some(unit),
            Err(problem) => {
                self.report(place, problem);
                None
            }
        }
    }

    fn open_named(&mut self, path: &str, user: &Location, span: Span) -> Result<u32, Diagnostic> {
        let location = self.files.project.look_up(path, user).map_err(|error| {
            let code = match error {
                LookupError::Missing => Code::ImportMissing,
                LookupError::Outside => Code::ImportOutside,
            };
            Diagnostic::new(code, span).arg("path", path)
        })?;
        let shown = self.files.project.display(&location);
        self.files.open(&location).map_err(|error| error.to_diagnostic(&shown, span))
    }

    fn note_cycle(&mut self, place: FragmentRef, span: Span, unit: u32) {
        let Some(start) = self.open.iter().position(|open| *open == unit) else { return };
        let mut chain: Vec<&str> =
            self.open[start..].iter().map(|unit| self.files.unit(*unit).path.as_str()).collect();
        chain.push(self.files.unit(unit).path.as_str());
        let chain = chain.join(" -> ");
        self.report(place, Diagnostic::new(Code::ImportCycle, span).arg("chain", chain));
    }

    /// Takes the `Daftar` lines of a file and nothing else of it.
    fn read_registry(&mut self, unit: u32) {
        self.touch(unit);
        if !self.indexed.insert(unit) {
            return;
        }
        for fragment in 0..to_u32(self.files.unit(unit).fragments.len()) {
            let place = FragmentRef { unit, fragment };
            for import in self.imports(place) {
                if let Import::Register { path, ids } = import {
                    self.register(place, path, &ids);
                }
            }
        }
    }

    fn register(&mut self, place: FragmentRef, path: Span, ids: &[IdRange]) {
        let line = Registration { place, path: self.text(place, path), ids: ids.to_vec() };
        // A file may be read both as a registry and whole: its lines count once.
        if self.lines.contains(&line) {
            return;
        }
        for range in ids {
            if let Err(Some(problem)) = registry::checked(*range) {
                self.report(place, problem);
            }
        }
        self.lines.push(line);
    }

    /// The unit that a registry names for an ID.
    fn find_registered(
        &mut self,
        place: FragmentRef,
        range: IdRange,
        id: u64,
    ) -> Result<u32, IdFault> {
        let registered = match self.files.unit(place.unit).side() {
            Side::Program => self.registry.find(id),
            Side::Library => registry::built_in(id),
        };
        match registered {
            None => Err(IdFault::Unregistered),
            Some(Registered::BuiltIn(path)) => {
                let index = library::find(path).ok_or(IdFault::NoBlock(path.to_owned()))?;
                self.files
                    .open(&Location::Library(index))
                    .map_err(|_| IdFault::NoBlock(path.to_owned()))
            }
            Some(Registered::ByProgram(line)) => {
                let line = line.clone();
                let user = self.files.unit(line.place.unit).location.clone();
                self.open_named(&line.path, &user, range.span)
                    .map_err(|problem| IdFault::File(Box::new(problem)))
            }
        }
    }

    fn take_ranges(
        &mut self,
        place: FragmentRef,
        ranges: &[IdRange],
        mut find: impl FnMut(&mut Self, FragmentRef, IdRange, u64) -> Result<u32, IdFault>,
    ) {
        let mut taken = Vec::new();
        for range in ranges {
            match registry::checked(*range) {
                Ok(ids) => {
                    let faults = self.take_range(place, *range, ids, &mut find, &mut taken);
                    self.report_faults(place, *range, faults);
                }
                Err(Some(problem)) => self.report(place, problem),
                Err(None) => {}
            }
        }
        self.steps.extend(taken.into_iter().rev().map(Step::Enter));
    }

    fn take_range(
        &mut self,
        place: FragmentRef,
        range: IdRange,
        ids: std::ops::RangeInclusive<u64>,
        find: &mut impl FnMut(&mut Self, FragmentRef, IdRange, u64) -> Result<u32, IdFault>,
        taken: &mut Vec<FragmentRef>,
    ) -> Vec<(u64, IdFault)> {
        let mut faults = Vec::new();
        for id in ids {
            let unit = match find(self, place, range, id) {
                Ok(unit) => unit,
                Err(fault) => {
                    faults.push((id, fault));
                    continue;
                }
            };
            self.touch(unit);
            match self.files.unit(unit).block(id) {
                Some(block) => taken
                    .extend(block.map(|fragment| FragmentRef { unit, fragment: to_u32(fragment) })),
                None => faults.push((id, IdFault::NoBlock(self.files.unit(unit).path.clone()))),
            }
        }
        faults
    }

    /// Holes in a range are skipped with a note; an ID that stands alone, or a range that is nothing but a hole, is an error.
    fn report_faults(&mut self, place: FragmentRef, range: IdRange, faults: Vec<(u64, IdFault)>) {
        let all = faults.len() as u64 > range.last - range.first;
        let mut file_reported = false;
        let mut first = true;
        for (id, fault) in faults {
            let problem = match fault {
                IdFault::File(problem) if !file_reported => {
                    file_reported = true;
                    *problem
                }
                IdFault::File(_) => continue,
                IdFault::Unregistered | IdFault::NoBlock(_) if all && !first => continue,
                IdFault::Unregistered if all => {
                    Diagnostic::new(Code::IdUnregistered, range.span).arg("id", id.to_string())
                }
                IdFault::NoBlock(path) if all => Diagnostic::new(Code::IdMissing, range.span)
                    .arg("id", id.to_string())
                    .arg("path", path),
                IdFault::Unregistered => Diagnostic::new(Code::IdSkipped, range.span)
                    .arg("id", id.to_string())
                    .arg("path", ""),
                IdFault::NoBlock(path) => Diagnostic::new(Code::IdSkipped, range.span)
                    .arg("id", id.to_string())
                    .arg("path", path),
            };
            first = false;
            self.report(place, problem);
        }
    }
}

/// Why an ID brings nothing.
enum IdFault {
    Unregistered,
    NoBlock(String),
    /// The file that it is registered to cannot be had.
    File(Box<Diagnostic>),
}

fn to_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
