//! What one fragment shows to all others: its signature, what it uses, what its result can be.

use morph_diag::{Diagnostic, Span};
use morph_syntax::tree::{BinaryOp, Import, UnaryOp};
use serde::{Deserialize, Serialize};

mod wire;

/// Whose code asks: the built-in library resolves its own names first and only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    Program,
    Library,
}

/// A result type before the types of other definitions are known.
///
/// Solved to a fixpoint over all summaries by `environment`. Unknown names solve to an integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape<'t> {
    Int,
    Float,
    Str,
    /// The literal 0: a null string, a null struct, an integer, or a float.
    Zero,
    Struct(&'t str),
    /// The result of the function (or constructor, or library function) with this name.
    Call(&'t str),
    /// The value of this global or constant.
    Variable(&'t str),
    /// A field of a value.
    Field(Box<Shape<'t>>, &'t str),
    /// A float if any operand is one, else an integer.
    Arithmetic(Vec<Shape<'t>>),
    /// A word that cannot be a double: a struct or string keeps its type, all else is an integer.
    Word(Box<Shape<'t>>),
    /// What a variable or result is when it can be each of these.
    Join(Vec<Shape<'t>>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub struct Parameter<'t> {
    pub name: &'t str,
    /// From `tipe x float` (or `string`, or a struct) in the body; `None` is an untyped word.
    pub hint: Option<&'t str>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub struct FieldSummary<'t> {
    pub name: &'t str,
    pub span: Span,
    pub ty: Option<(&'t str, Span)>,
    /// Length of an array field that the constructor allocates.
    pub array: Option<ConstExpr<'t>>,
}

/// A constant expression in postfix order, so that neither folding nor freeing it recurses.
///
/// Made by [`constant`](crate::index::constant), folded by [`fold`](crate::environment::fold).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub struct ConstExpr<'t> {
    pub ops: Vec<ConstOp<'t>>,
    /// Place of the whole expression.
    pub span: Span,
}

impl ConstExpr<'_> {
    /// Whether both are written alike; where they stand does not matter.
    pub fn same(&self, other: &ConstExpr<'_>) -> bool {
        self.ops.len() == other.ops.len()
            && self.ops.iter().zip(&other.ops).all(|(left, right)| match (left, right) {
                (ConstOp::Float(left), ConstOp::Float(right)) => left.to_bits() == right.to_bits(),
                (ConstOp::Name(left, _), ConstOp::Name(right, _)) => left == right,
                (ConstOp::Unary(left, _), ConstOp::Unary(right, _)) => left == right,
                (ConstOp::Binary(left, _), ConstOp::Binary(right, _)) => left == right,
                (
                    ConstOp::Int(_)
                    | ConstOp::Float(_)
                    | ConstOp::Str(_)
                    | ConstOp::Name(..)
                    | ConstOp::Unary(..)
                    | ConstOp::Binary(..)
                    | ConstOp::NotConstant(_)
                    | ConstOp::Broken,
                    _,
                ) => left == right,
            })
    }
}

/// One step of a [`ConstExpr`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub enum ConstOp<'t> {
    Int(i64),
    Float(f64),
    /// Decoded bytes.
    Str(Vec<u8>),
    Name(&'t str, Span),
    Unary(UnaryOp, Span),
    Binary(BinaryOp, Span),
    /// Something that no constant can be, at this place.
    NotConstant(Span),
    /// A syntax error, reported already.
    Broken,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub enum Definition<'t> {
    Function {
        name: &'t str,
        params: Vec<Parameter<'t>>,
        result: Shape<'t>,
    },
    UnitBlock {
        name: &'t str,
    },
    Struct {
        name: &'t str,
        fields: Vec<FieldSummary<'t>>,
    },
    Const {
        name: &'t str,
        value: ConstExpr<'t>,
    },
    Global {
        name: &'t str,
        shape: Shape<'t>,
    },
    /// A naked routine (library only).
    Routine {
        name: &'t str,
    },
    /// Labels that a file-level data block defines.
    Data {
        labels: Vec<(&'t str, Span)>,
    },
    /// A top-level statement or file-level code block: runs before `mulai`.
    Statement,
    Import,
    /// Nothing could be made of it.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum UseKind {
    /// In call position.
    Call,
    /// A variable, constant or function name used as a value, or assigned.
    Value,
    /// A struct name in `tipe` or as a constructor.
    Struct,
    /// A plain name in assembly text (`call f`, `mov rax, label`).
    Asm,
    /// `[var_x]` in assembly text, with the bare name `x`.
    AsmVariable,
    /// A function of the built-in library that lowering calls (`print_line_text` for `cetak`), whatever
    /// the program defines under that name.
    Runtime,
    /// As `Runtime`, but needed only where some active fragment can make a float.
    RuntimeIfFloat,
}

/// A name that the fragment mentions and does not itself declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub struct Use<'t> {
    pub name: &'t str,
    pub kind: UseKind,
    pub span: Span,
}

/// What `index` makes of one fragment. Borrows names from the fragment's text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
pub struct Summary<'t> {
    pub definition: Definition<'t>,
    /// Where the definition's name stands.
    pub name_span: Span,
    /// Each (name, kind) once, at its first place, in text order.
    pub uses: Vec<Use<'t>>,
    /// Values assigned to names that are not local: they decide the types of globals.
    pub assigned: Vec<(&'t str, Shape<'t>)>,
    /// Imports of the fragment, those nested in a body too.
    pub imports: Vec<Import>,
    /// Those of a data block's labels that are plain numbers (`n equ 3`), not places.
    pub label_values: Vec<(&'t str, i64)>,
    /// The header is damaged, so how many arguments the function takes is not known; its name is.
    pub header_damaged: bool,
    /// Whether a float can arise here: a literal, a `float` hint or field, a conversion to float.
    pub floats: bool,
    /// Problems that the syntax has not reported already (two parameters of one name, ...).
    pub diagnostics: Vec<Diagnostic>,
}

impl<'t> Summary<'t> {
    /// Of a fragment of which nothing is known but what it defines, and where the name stands.
    pub fn of_unknown(definition: Definition<'t>, name_span: Span) -> Summary<'t> {
        Summary {
            definition,
            name_span,
            uses: Vec::new(),
            assigned: Vec::new(),
            imports: Vec::new(),
            label_values: Vec::new(),
            header_damaged: false,
            floats: false,
            diagnostics: Vec::new(),
        }
    }
}

/// The same names, type words and lengths in the same order; where they stand does not matter.
pub(crate) fn same_fields(left: &[FieldSummary<'_>], right: &[FieldSummary<'_>]) -> bool {
    fn word(ty: Option<(&str, Span)>) -> &str {
        ty.map_or("int", |(word, _)| word)
    }
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            left.name == right.name
                && word(left.ty) == word(right.ty)
                && match (&left.array, &right.array) {
                    (Some(left), Some(right)) => left.same(right),
                    (None, None) => true,
                    (Some(_), None) | (None, Some(_)) => false,
                }
        })
}
