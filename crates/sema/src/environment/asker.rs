//! Asking the environment, on the record.
//!
//! A question costs one look-up and one push; names are copied into one buffer per fragment. The record is
//! sorted and freed of repetitions only when someone wants it.

use morph_object::Symbol;
use serde::{Deserialize, Serialize};

use crate::summary::Side;

use super::hash::{AnswerHash, Hasher};
use super::{
    ConstInfo, Environment, FunctionInfo, GlobalInfo, Hashed, LabelInfo, StructEntry, StructId,
    StructInfo,
};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum QuestionKind {
    /// What a call of the name calls: a function or a constructor.
    Callee,
    Function,
    /// A function of the library, whatever the program defines.
    LibraryFunction,
    /// A global or constant.
    Variable,
    Structure,
    /// A struct of the program, or of the library, known by its id.
    ProgramStructure,
    LibraryStructure,
    /// All structs with a field of this name.
    StructsWithField,
    Label,
    Routine,
    /// A plain name in assembly text.
    AsmSymbol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question<'a> {
    pub kind: QuestionKind,
    pub name: &'a str,
}

/// What a call by name reaches.
#[derive(Clone, Copy, Debug)]
pub enum Callee<'e> {
    Function(&'e FunctionInfo),
    Constructor(&'e StructInfo),
}

/// What a name of the variables' table is.
#[derive(Clone, Copy, Debug)]
pub enum Variable<'e> {
    Global(&'e GlobalInfo),
    Const(&'e ConstInfo),
}

/// One fragment's way to the environment.
#[derive(Debug)]
pub struct Asker<'e> {
    environment: &'e Environment,
    side: Side,
    names: String,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Entry {
    kind: QuestionKind,
    start: u32,
    end: u32,
    answer: AnswerHash,
}

/// Everything that one fragment asked: sorted by question, each once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Asked {
    names: String,
    entries: Vec<Entry>,
}

/// A question with the hash of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedEntry<'a> {
    pub question: Question<'a>,
    pub answer: AnswerHash,
}

impl Asked {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = AskedEntry<'_>> {
        self.entries.iter().map(|entry| AskedEntry {
            question: Question { kind: entry.kind, name: name_of(&self.names, *entry) },
            answer: entry.answer,
        })
    }
}

fn name_of(names: &str, entry: Entry) -> &str {
    names.get(entry.start as usize..entry.end as usize).unwrap_or("")
}

impl<'e> Asker<'e> {
    pub(super) fn new(environment: &'e Environment, side: Side) -> Asker<'e> {
        Asker { environment, side, names: String::new(), entries: Vec::new() }
    }

    /// On whose behalf this asks.
    pub fn side(&self) -> Side {
        self.side
    }

    /// What `name(..)` calls: the program's function, its struct, then the library's function, its struct.
    /// A local of that name comes before all of these, a built-in form after them.
    pub fn callee(&mut self, name: &str) -> Option<Callee<'e>> {
        let (found, answer) = callee(self.environment, self.side, name);
        self.record(QuestionKind::Callee, name, answer);
        found
    }

    pub fn function(&mut self, name: &str) -> Option<&'e FunctionInfo> {
        let found = function(self.environment, self.side, name);
        self.keep(QuestionKind::Function, name, found)
    }

    /// A function that lowering needs, such as `print_line_int`.
    pub fn library_function(&mut self, name: &str) -> Option<&'e FunctionInfo> {
        let found = function(self.environment, Side::Library, name);
        self.keep(QuestionKind::LibraryFunction, name, found)
    }

    pub fn variable(&mut self, name: &str) -> Option<Variable<'e>> {
        let (found, answer) = variable(self.environment, self.side, name);
        self.record(QuestionKind::Variable, name, answer);
        found
    }

    pub fn structure(&mut self, name: &str) -> Option<&'e StructInfo> {
        let (found, answer) = structure(self.environment, self.side, name);
        self.record(QuestionKind::Structure, name, answer);
        found
    }

    /// The struct of a [`Ty::Struct`](super::Ty::Struct).
    pub fn structure_by_id(&mut self, id: StructId) -> Option<&'e StructInfo> {
        let entry = self.environment.structs.get(id.0 as usize)?;
        let kind = match entry.side {
            Side::Program => QuestionKind::ProgramStructure,
            Side::Library => QuestionKind::LibraryStructure,
        };
        self.record(kind, &entry.info.name, entry.hash);
        Some(&entry.info)
    }

    /// All structs that this side sees and that have the field, in id order (library code: the library's).
    pub fn structs_with_field(&mut self, field: &str) -> Vec<&'e StructInfo> {
        let (found, answer) = structs_with_field(self.environment, self.side, field);
        self.record(QuestionKind::StructsWithField, field, answer);
        found
    }

    /// A label of a data block.
    pub fn label(&mut self, name: &str) -> Option<&'e LabelInfo> {
        let found = self.environment.seen(self.side).find_map(|tables| tables.labels.get(name));
        self.keep(QuestionKind::Label, name, found)
    }

    /// A naked routine of the library.
    pub fn routine(&mut self, name: &str) -> Option<&'e LabelInfo> {
        let found = self.environment.library.routines.get(name);
        self.keep(QuestionKind::Routine, name, found)
    }

    /// What a plain name in assembly text means: the program's function, a routine, the library's
    /// function, a data label, a global (its address); in the library `link_x` is what the linker provides as `=x`.
    /// Local labels come before, constants ([`Asker::variable`]) after.
    pub fn asm_symbol(&mut self, name: &str) -> Option<Symbol> {
        let found = asm_symbol(self.environment, self.side, name);
        self.record(QuestionKind::AsmSymbol, name, symbol_hash(found.as_deref()));
        found
    }

    /// The record so far.
    pub fn asked(self) -> Asked {
        let Asker { names, mut entries, .. } = self;
        entries.sort_unstable_by(|a, b| {
            a.kind.cmp(&b.kind).then_with(|| name_of(&names, *a).cmp(name_of(&names, *b)))
        });
        entries.dedup_by(|a, b| a.kind == b.kind && name_of(&names, *a) == name_of(&names, *b));
        Asked { names, entries }
    }

    fn keep<T>(
        &mut self,
        kind: QuestionKind,
        name: &str,
        found: Option<&'e Hashed<T>>,
    ) -> Option<&'e T> {
        self.record(kind, name, found.map_or(AnswerHash::MISSING, |found| found.hash));
        found.map(|found| &found.info)
    }

    fn record(&mut self, kind: QuestionKind, name: &str, answer: AnswerHash) {
        let again = |entry: &Entry| entry.kind == kind && name_of(&self.names, *entry) == name;
        if self.entries.iter().rev().take(4).any(again) {
            return;
        }
        let start = self.names.len() as u32;
        self.names.push_str(name);
        let end = self.names.len() as u32;
        self.entries.push(Entry { kind, start, end, answer });
    }
}

/// The answer to a question, for those who only compare.
pub(super) fn answer(environment: &Environment, side: Side, question: Question<'_>) -> AnswerHash {
    fn of<T>(found: Option<&Hashed<T>>) -> AnswerHash {
        found.map_or(AnswerHash::MISSING, |found| found.hash)
    }
    let name = question.name;
    match question.kind {
        QuestionKind::Callee => callee(environment, side, name).1,
        QuestionKind::Function => of(function(environment, side, name)),
        QuestionKind::LibraryFunction => of(function(environment, Side::Library, name)),
        QuestionKind::Variable => variable(environment, side, name).1,
        QuestionKind::Structure => structure(environment, side, name).1,
        QuestionKind::ProgramStructure => structure_of(environment, Side::Program, name),
        QuestionKind::LibraryStructure => structure_of(environment, Side::Library, name),
        QuestionKind::StructsWithField => structs_with_field(environment, side, name).1,
        QuestionKind::Label => {
            of(environment.seen(side).find_map(|tables| tables.labels.get(name)))
        }
        QuestionKind::Routine => of(environment.library.routines.get(name)),
        QuestionKind::AsmSymbol => symbol_hash(asm_symbol(environment, side, name).as_deref()),
    }
}

fn function<'e>(
    environment: &'e Environment,
    side: Side,
    name: &str,
) -> Option<&'e Hashed<FunctionInfo>> {
    environment.seen(side).find_map(|tables| tables.functions.get(name))
}

fn callee<'e>(
    environment: &'e Environment,
    side: Side,
    name: &str,
) -> (Option<Callee<'e>>, AnswerHash) {
    for tables in environment.seen(side) {
        if let Some(function) = tables.functions.get(name) {
            return (Some(Callee::Function(&function.info)), function.hash);
        }
        if let Some(entry) = tables.structs.get(name).and_then(|id| entry(environment, *id)) {
            return (Some(Callee::Constructor(&entry.info)), entry.hash);
        }
    }
    (None, AnswerHash::MISSING)
}

fn variable<'e>(
    environment: &'e Environment,
    side: Side,
    name: &str,
) -> (Option<Variable<'e>>, AnswerHash) {
    for tables in environment.seen(side) {
        if let Some(global) = tables.globals.get(name) {
            return (Some(Variable::Global(&global.info)), global.hash);
        }
        if let Some(constant) = tables.constants.get(name) {
            return (Some(Variable::Const(&constant.info)), constant.hash);
        }
    }
    (None, AnswerHash::MISSING)
}

fn entry(environment: &Environment, id: StructId) -> Option<&StructEntry> {
    environment.structs.get(id.0 as usize)
}

fn structure<'e>(
    environment: &'e Environment,
    side: Side,
    name: &str,
) -> (Option<&'e StructInfo>, AnswerHash) {
    let id = environment.seen(side).find_map(|tables| tables.structs.get(name));
    match id.and_then(|id| entry(environment, *id)) {
        Some(entry) => (Some(&entry.info), entry.hash),
        None => (None, AnswerHash::MISSING),
    }
}

fn structure_of(environment: &Environment, side: Side, name: &str) -> AnswerHash {
    let id = environment.tables(side).structs.get(name);
    id.and_then(|id| entry(environment, *id)).map_or(AnswerHash::MISSING, |entry| entry.hash)
}

fn structs_with_field<'e>(
    environment: &'e Environment,
    side: Side,
    field: &str,
) -> (Vec<&'e StructInfo>, AnswerHash) {
    let mut ids: Vec<StructId> = environment
        .seen(side)
        .filter_map(|tables| tables.fields.get(field))
        .flatten()
        .copied()
        .collect();
    ids.sort_unstable();
    let mut hasher = Hasher::new(b'f');
    let mut found = Vec::with_capacity(ids.len());
    for entry in ids.into_iter().filter_map(|id| entry(environment, id)) {
        hasher.answer(entry.hash);
        found.push(&entry.info);
    }
    let answer = if found.is_empty() { AnswerHash::MISSING } else { hasher.finish() };
    (found, answer)
}

fn asm_symbol(environment: &Environment, side: Side, name: &str) -> Option<Symbol> {
    let library = &environment.library;
    if side == Side::Program
        && let Some(function) = environment.program.functions.get(name)
    {
        return Some(function.info.symbol.clone());
    }
    if let Some(routine) = library.routines.get(name) {
        return Some(routine.info.symbol.clone());
    }
    if let Some(function) = library.functions.get(name) {
        return Some(function.info.symbol.clone());
    }
    if let Some(label) = environment.seen(side).find_map(|tables| tables.labels.get(name)) {
        return Some(label.info.symbol.clone());
    }
    if let Some(global) = environment.seen(side).find_map(|tables| tables.globals.get(name)) {
        return Some(global.info.symbol.clone());
    }
    match (side, name.strip_prefix("link_")) {
        (Side::Library, Some(provided)) => Some(format!("={provided}")),
        (Side::Library, None) | (Side::Program, _) => None,
    }
}

fn symbol_hash(symbol: Option<&str>) -> AnswerHash {
    symbol.map_or(AnswerHash::MISSING, |symbol| {
        let mut hasher = Hasher::new(b'y');
        hasher.text(symbol);
        hasher.finish()
    })
}
