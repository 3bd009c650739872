//! What one fragment shows to all others: its signature, what it uses, what its result can be.

use morph_diag::{Diagnostic, Span};
use morph_syntax::tree::Import;

/// Whose code asks: the built-in library resolves its own names first and only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// What a variable or result is when it can be each of these.
    Join(Vec<Shape<'t>>),
}

#[derive(Clone, Debug)]
pub struct Parameter<'t> {
    pub name: &'t str,
    /// From `tipe x float` (or `string`, or a struct) in the body; `None` is an untyped word.
    pub hint: Option<&'t str>,
}

#[derive(Clone, Debug)]
pub struct FieldSummary<'t> {
    pub name: &'t str,
    pub ty: Option<&'t str>,
    /// Length of an array field that the constructor allocates.
    pub array: Option<u32>,
}

/// A constant's initialiser, to be folded by `environment`.
#[derive(Clone, Debug)]
pub enum ConstExpr<'t> {
    Int(i64),
    Float(f64),
    /// Decoded bytes.
    Str(Vec<u8>),
    Name(&'t str, Span),
    Unary(morph_syntax::tree::UnaryOp, Box<ConstExpr<'t>>),
    Binary(morph_syntax::tree::BinaryOp, Box<ConstExpr<'t>>, Box<ConstExpr<'t>>, Span),
    /// Something that no constant can be, at this place.
    NotConstant(Span),
}

#[derive(Clone, Debug)]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseKind {
    /// In call position.
    Call,
    /// A variable, constant or function name used as a value, or assigned.
    Value,
    /// A struct name in `tipe` or as a constructor.
    Struct,
    /// A name in assembly text (`call f`, `mov rax, label`) or `[var_x]`.
    Asm,
}

/// A name that the fragment mentions and does not itself declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use<'t> {
    pub name: &'t str,
    pub kind: UseKind,
    pub span: Span,
}

/// What `index` makes of one fragment. Borrows names from the fragment's text.
#[derive(Clone, Debug)]
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
    /// Problems that the syntax has not reported already (two parameters of one name, ...).
    pub diagnostics: Vec<Diagnostic>,
}
