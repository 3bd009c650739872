//! One table of all signatures, and the record of who asked what.
//!
//! The environment is made once from all summaries, in fragment order, and never changes. A fragment
//! reaches it only through an [`Asker`], which writes down every question and a hash of its
//! answer: names found, names not found, and questions about sets. That record is what makes an object a pure
//! function of what it really depended on.
//!
//! Functions, variables (with constants) and structs are separate tables, and the program and the built-in library
//! have each their own. Program code sees its own tables first, then the library's; library code sees
//! the library's only, so no definition of a program can change what a library function does.

use std::sync::OnceLock;

use morph_diag::{Diagnostic, FragmentId, Span};
use morph_object::Symbol;
use rustc_hash::FxHashMap;

use crate::nearest::Names;
use crate::summary::{Side, Summary};

mod asker;
mod constants;
mod fields;
mod finish;
mod fold;
mod hash;
mod join;
mod solve;
mod structs;

pub use asker::{Asked, AskedEntry, Asker, Callee, Question, QuestionKind, Variable};
pub use fold::{Folded, fold};
pub use hash::AnswerHash;

/// A struct of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StructId(pub u32);

/// The static type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ty {
    /// An integer, an address, anything untyped.
    Int,
    Float,
    Str,
    Struct(StructId),
}

/// Where a definition stands, for a second mark in a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub fragment: FragmentId,
    pub name: Span,
}

#[derive(Clone, Debug)]
pub struct FunctionInfo {
    pub symbol: Symbol,
    pub params: Vec<ParameterInfo>,
    /// The header is damaged: any number of arguments will do, for the call reaches a stand-in.
    pub header_damaged: bool,
    pub result: Ty,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub struct ParameterInfo {
    pub name: String,
    pub ty: Ty,
    /// Whether a `tipe` said so; an unhinted parameter is an untyped word.
    pub hinted: bool,
}

#[derive(Clone, Debug)]
pub struct GlobalInfo {
    pub symbol: Symbol,
    pub ty: Ty,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ConstValue {
    Int(i64),
    Float(f64),
    Str(Vec<u8>),
    /// The constant is broken: reading it is `typed::Expr::Closed` of this stand-in (`?name`);
    /// where a constant must stand, the reader is closed too, without a message.
    Closed(Symbol),
}

#[derive(Clone, Debug)]
pub struct ConstInfo {
    pub value: ConstValue,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub struct StructInfo {
    pub id: StructId,
    pub name: String,
    pub fields: Vec<FieldInfo>,
    /// A broken struct has no layout: who needs it is closed, without a message.
    pub closed: bool,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub struct FieldInfo {
    pub name: String,
    pub ty: Ty,
    /// Length of an array that the constructor allocates for this field.
    pub array: Option<u32>,
}

/// A label of a data block, or a naked routine.
#[derive(Clone, Debug)]
pub struct LabelInfo {
    pub symbol: Symbol,
    /// Set if it is a plain number (`n equ 3`): then nothing defines the symbol.
    pub value: Option<i64>,
    pub place: Place,
}

/// A fragment that is active in the program, in fragment order.
#[derive(Clone, Copy, Debug)]
pub struct EnvInput<'a, 't> {
    pub id: FragmentId,
    pub side: Side,
    pub unit: u32,
    pub summary: &'a Summary<'t>,
    /// It has a syntax error (or another that closes it). A function or global still counts: who uses it links to
    /// its stand-in. A struct has no layout then, and a constant no value.
    pub broken: bool,
}

/// All signatures of a program. See [`environment`] and [`Environment::asker`].
#[derive(Debug, Default)]
pub struct Environment {
    program: Tables,
    library: Tables,
    /// All structs of both sides, by id.
    structs: Vec<StructEntry>,
    /// What is known of each function's result and then of each global, in the order of entering.
    solved: Vec<solve::Known>,
    /// Names for "did you mean" of each side, made when the first one is looked for.
    names: [OnceLock<Names>; 2],
}

#[derive(Debug)]
struct StructEntry {
    info: StructInfo,
    side: Side,
    hash: AnswerHash,
}

/// A definition with the hash of what others can learn about it.
#[derive(Debug)]
struct Hashed<T> {
    info: T,
    hash: AnswerHash,
}

/// The tables of one side. Look-ups only: order comes from fragments.
#[derive(Debug, Default)]
struct Tables {
    functions: FxHashMap<Box<str>, Hashed<FunctionInfo>>,
    globals: FxHashMap<Box<str>, Hashed<GlobalInfo>>,
    constants: FxHashMap<Box<str>, Hashed<ConstInfo>>,
    structs: FxHashMap<Box<str>, StructId>,
    routines: FxHashMap<Box<str>, Hashed<LabelInfo>>,
    labels: FxHashMap<Box<str>, Hashed<LabelInfo>>,
    /// Structs that have a field of this name, in id order.
    fields: FxHashMap<Box<str>, Vec<StructId>>,
}

/// Joins all summaries into one table.
///
/// Diagnostics come in fragment order. A fragment that gets an error is closed by the caller; the environment
/// has already drawn the consequences (a closed struct, a constant without a value).
pub fn environment(fragments: &[EnvInput<'_, '_>]) -> (Environment, Vec<(FragmentId, Diagnostic)>) {
    join::join(fragments)
}

impl Environment {
    /// A way to ask for one fragment; make one for each.
    pub fn asker(&self, side: Side) -> Asker<'_> {
        Asker::new(self, side)
    }

    /// What the answer to a recorded question is in this environment; equal hashes mean that nothing that
    /// the fragment can notice has changed.
    pub fn answer(&self, side: Side, question: Question<'_>) -> AnswerHash {
        asker::answer(self, side, question)
    }

    /// Whether all results and globals came to the same as in an environment of the same definitions: then nobody, however many
    /// definitions away, can tell the two apart by a type. Finer than equal answers: a result that is only ever 0 is an integer to those who
    /// ask, but joined with others it may become something else.
    pub fn has_types_of(&self, other: &Environment) -> bool {
        self.solved == other.solved
    }

    pub fn structure(&self, id: StructId) -> Option<&StructInfo> {
        self.structs.get(id.0 as usize).map(|entry| &entry.info)
    }

    fn tables(&self, side: Side) -> &Tables {
        match side {
            Side::Program => &self.program,
            Side::Library => &self.library,
        }
    }

    /// The tables that `side` sees, nearest first.
    fn seen(&self, side: Side) -> impl Iterator<Item = &Tables> {
        let own = match side {
            Side::Program => Some(&self.program),
            Side::Library => None,
        };
        own.into_iter().chain([&self.library])
    }
}

/// Names for "did you mean", in no order: who picks goes by likeness, then by the alphabet.
impl Environment {
    pub(crate) fn names(&self, side: Side) -> &Names {
        self.names[side as usize].get_or_init(|| Names::new(self.callables_and_variables(side)))
    }

    fn callables_and_variables(&self, side: Side) -> impl Iterator<Item = &str> {
        self.seen(side).flat_map(|tables| {
            let callables = tables.functions.keys().chain(tables.structs.keys());
            let variables = tables.globals.keys().chain(tables.constants.keys());
            callables.chain(variables).map(AsRef::as_ref)
        })
    }

    pub(crate) fn struct_names(&self, side: Side) -> impl Iterator<Item = &str> {
        self.seen(side).flat_map(|tables| tables.structs.keys().map(AsRef::as_ref))
    }

    pub(crate) fn field_names(&self, side: Side, structure: &str) -> impl Iterator<Item = &str> {
        let id = self.seen(side).find_map(|tables| tables.structs.get(structure));
        let fields = id.and_then(|id| self.structure(*id)).map(|info| info.fields.as_slice());
        fields.unwrap_or(&[]).iter().map(|field| field.name.as_str())
    }

    pub(crate) fn asm_names(&self, side: Side) -> impl Iterator<Item = &str> {
        let routines = self.library.routines.keys();
        let others = self.seen(side).flat_map(|tables| {
            tables.functions.keys().chain(tables.labels.keys()).chain(tables.globals.keys())
        });
        routines.chain(others).map(AsRef::as_ref)
    }
}
