//! The work list of closure, and the levels at which a name is looked for.

use std::collections::VecDeque;

use morph_diag::{Arg, Code, Diagnostic, Span};

use crate::summary::{Definition, Side, Use, UseKind};

use super::names::{Names, Table, identical, visible};
use super::{Candidate, Closure, ClosureInput, Imports, Root};

/// The four places where a missing name is looked for, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    SameFile,
    RegisteredBlocks,
    LibraryBlocks,
    LibraryUnits,
}

const LEVELS: [Level; 4] =
    [Level::SameFile, Level::RegisteredBlocks, Level::LibraryBlocks, Level::LibraryUnits];

/// Who asks for a name.
#[derive(Clone, Copy)]
enum Asker<'t> {
    /// The candidate with this index, by this use.
    Fragment(usize, Use<'t>),
    /// Lowering or the linker: sees the library only, and nobody is told.
    Morph,
}

/// What a look-up came to.
enum Found {
    /// It is active, now or before.
    Candidate(usize),
    /// More than one, reported.
    Ambiguous,
    Missing,
}

pub(super) struct Closer<'a, 't> {
    input: ClosureInput<'a, 't>,
    names: Names<'t>,
    closure: Closure,
    queue: VecDeque<usize>,
    /// Whether an active fragment can make a float.
    floats: bool,
    /// Library functions to take in as soon as there are floats.
    if_floats: Vec<&'t str>,
}

impl<'a, 't> Closer<'a, 't> {
    pub(super) fn new(input: ClosureInput<'a, 't>, names: Names<'t>) -> Closer<'a, 't> {
        let active: Vec<bool> = input.candidates.iter().map(|candidate| candidate.active).collect();
        let queue = (0..active.len()).filter(|&at| active[at]).collect();
        let closure = Closure { active, diagnostics: Vec::new() };
        Closer { input, names, closure, queue, floats: false, if_floats: Vec::new() }
    }

    pub(super) fn run(mut self) -> Closure {
        for root in self.input.roots {
            match root {
                Root::Function(name) => self.morph(Table::Functions, name),
                Root::Variable(name) => self.morph(Table::Variables, name),
                Root::Routine(name) => self.morph(Table::Routines, name),
            }
        }
        loop {
            while let Some(at) = self.queue.pop_front() {
                self.close_fragment(at);
            }
            if !self.floats || self.if_floats.is_empty() {
                break;
            }
            for name in std::mem::take(&mut self.if_floats) {
                self.morph(Table::Functions, name);
            }
        }
        self.closure.diagnostics.sort_by_key(|(at, problem)| (*at, problem.primary.start));
        self.closure
    }

    fn close_fragment(&mut self, at: usize) {
        let summary = self.input.candidates[at].summary;
        self.floats |= summary.floats;
        if let Definition::Struct { fields, .. } = &summary.definition
            && fields.iter().any(|field| field.array.is_some())
        {
            self.morph(Table::Functions, "sys_alloc");
        }
        for used in &summary.uses {
            let asker = Asker::Fragment(at, *used);
            match used.kind {
                UseKind::Call => {
                    let tables = [Table::Functions, Table::Structs, Table::Variables];
                    if let Found::Candidate(found) = self.find(asker, &tables, used.name)
                        && let Definition::Struct { .. } =
                            self.input.candidates[found].summary.definition
                    {
                        self.morph(Table::Functions, "sys_alloc");
                    }
                }
                UseKind::Value => {
                    self.find(asker, &[Table::Variables, Table::Functions], used.name);
                }
                UseKind::Struct => {
                    self.find(asker, &[Table::Structs], used.name);
                }
                UseKind::AsmVariable => {
                    self.find(asker, &[Table::Variables], used.name);
                }
                UseKind::Asm => self.asm_name(asker, used.name),
                UseKind::Runtime => self.morph(Table::Functions, used.name),
                UseKind::RuntimeIfFloat => {
                    if !self.if_floats.contains(&used.name) {
                        self.if_floats.push(used.name);
                    }
                }
            }
        }
    }

    fn morph(&mut self, table: Table, name: &str) {
        self.find(Asker::Morph, &[table], name);
    }

    /// Assembly names a routine before a library function of the same name, active or not.
    fn asm_name(&mut self, asker: Asker<'t>, name: &str) {
        if let Asker::Fragment(user, _) = asker {
            let (candidates, active) = (self.input.candidates, &self.closure.active);
            let user = candidates[user];
            let within_reach = |at: usize| {
                let candidate = candidates[at];
                candidate.side == Side::Program
                    && (active[at] || candidate.unit == user.unit || candidate.id.is_some())
            };
            if user.side == Side::Program && self.names.of(Table::Functions, name).any(within_reach)
            {
                self.find(asker, &[Table::Functions], name);
                return;
            }
        }
        for table in [Table::Routines, Table::Functions, Table::Labels, Table::Variables] {
            match self.find(asker, &[table], name) {
                Found::Candidate(_) | Found::Ambiguous => return,
                Found::Missing => {}
            }
        }
    }

    /// Finds `name` in the first of `tables` that has it, nearest first, and takes it in.
    fn find(&mut self, asker: Asker<'t>, tables: &[Table], name: &str) -> Found {
        for table in tables {
            if let Some(found) = self.defined(asker, *table, name) {
                return Found::Candidate(found);
            }
        }
        for level in LEVELS {
            for table in tables {
                let found = self.at_level(asker, level, *table, name);
                match found {
                    Found::Candidate(_) | Found::Ambiguous => return found,
                    Found::Missing => {}
                }
            }
        }
        Found::Missing
    }

    /// A definition that the asker has without closure: the program's own first.
    ///
    /// A library fragment that is there only because the library needs it is not the program's yet.
    fn defined(&self, asker: Asker<'t>, table: Table, name: &str) -> Option<usize> {
        let candidates = self.input.candidates;
        let mut imported = None;
        for at in self.names.of(table, name).filter(|&at| self.closure.active[at]) {
            let side = candidates[at].side;
            match (self.side(asker), side) {
                (Side::Program, Side::Program) | (Side::Library, Side::Library) => return Some(at),
                (Side::Program, Side::Library) if candidates[at].active => {
                    imported = imported.or(Some(at));
                }
                (Side::Program, Side::Library) | (Side::Library, Side::Program) => {}
            }
        }
        imported
    }

    fn side(&self, asker: Asker<'t>) -> Side {
        match asker {
            Asker::Fragment(at, _) => self.input.candidates[at].side,
            Asker::Morph => Side::Library,
        }
    }

    fn at_level(&mut self, asker: Asker<'t>, level: Level, table: Table, name: &str) -> Found {
        let candidates = self.input.candidates;
        let side = self.side(asker);
        let user_unit = match asker {
            Asker::Fragment(at, _) => Some((candidates[at].side, candidates[at].unit)),
            Asker::Morph => None,
        };
        let belongs = |candidate: &Candidate<'_, '_>| {
            visible(side, candidate)
                && match level {
                    Level::SameFile => user_unit == Some((candidate.side, candidate.unit)),
                    Level::RegisteredBlocks => {
                        candidate.side == Side::Program && candidate.id.is_some()
                    }
                    Level::LibraryBlocks => {
                        candidate.side == Side::Library && candidate.id.is_some()
                    }
                    Level::LibraryUnits => {
                        candidate.side == Side::Library && candidate.id.is_none()
                    }
                }
        };
        let mut found: Option<usize> = None;
        let mut others: Vec<usize> = Vec::new();
        for at in self.names.of(table, name).filter(|&at| belongs(&candidates[at])) {
            match found {
                None => found = Some(at),
                Some(first) if identical(candidates[first].summary, candidates[at].summary) => {}
                Some(_) => others.push(at),
            }
        }
        let Some(found) = found else { return Found::Missing };
        if !others.is_empty()
            && let Asker::Fragment(user, used) = asker
        {
            let all = [&[found], others.as_slice()].concat();
            let places = all.iter().map(|&at| self.place(at)).collect::<Vec<_>>();
            let problem = Diagnostic::new(Code::NameAmbiguous, used.span)
                .arg("name", name)
                .arg("candidates", places);
            self.closure.diagnostics.push((user, problem));
            return Found::Ambiguous;
        }
        self.take_in(asker, level, found, name);
        Found::Candidate(found)
    }

    fn take_in(&mut self, asker: Asker<'t>, level: Level, found: usize, name: &str) {
        if !self.closure.active[found] {
            self.closure.active[found] = true;
            self.queue.push_back(found);
        }
        if let Asker::Fragment(user, used) = asker
            && self.input.candidates[user].side == Side::Program
        {
            let told = self.told(level, found, name, used.span);
            self.closure.diagnostics.push((user, told));
        }
    }

    /// The note (or, under strict imports, the error) about a name that was not imported.
    fn told(&self, level: Level, found: usize, name: &str, span: Span) -> Diagnostic {
        let candidate = self.input.candidates[found];
        let path = self.unit(candidate.unit);
        let code = match self.input.imports {
            Imports::Closed => Code::NameClosed,
            Imports::Strict => Code::ImportNeeded,
        };
        let told = Diagnostic::new(code, span).arg("name", name).arg("path", path);
        let id = candidate.id.and_then(|id| i64::try_from(id).ok());
        match (self.input.imports, id, level) {
            (Imports::Closed, Some(id), _) => told.arg("id", Arg::Number(id)).footer("note-id"),
            (Imports::Strict, Some(id), _) => told.arg("id", Arg::Number(id)).footer("help-id"),
            // A file cannot import itself: its block needs a number first.
            (Imports::Closed, None, _) | (Imports::Strict, None, Level::SameFile) => told,
            (
                Imports::Strict,
                None,
                Level::RegisteredBlocks | Level::LibraryBlocks | Level::LibraryUnits,
            ) => told.footer("help-file"),
        }
    }

    fn place(&self, at: usize) -> String {
        let candidate = self.input.candidates[at];
        let path = self.unit(candidate.unit);
        match candidate.id {
            Some(id) => format!("{path} ({id})"),
            None => path.to_owned(),
        }
    }

    fn unit(&self, unit: u32) -> &'a str {
        self.input.units.get(unit as usize).copied().unwrap_or("")
    }
}
