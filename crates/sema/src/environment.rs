//! One table of all signatures, and the record of who asked what.
//!
//! The environment is made once from all summaries, in fragment order, and never changes. A fragment
//! reaches it only through an [`Asker`], which writes down every question and a hash of its
//! answer: names found, names not found, and questions about sets. That record is what makes an object a pure
//! function of what it really depended on.

use morph_diag::{FragmentId, Span};
use morph_object::Symbol;

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
