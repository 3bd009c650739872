//! Problems as values: what is wrong, where, and with which facts; wording comes later.
//!
//! A phase states a problem as a [`Diagnostic`]: a stable [`Code`], a place, and named arguments.
//! The catalogue (`catalogue/en.ftl`, `catalogue/id.ftl`) words it when it is shown, so the same
//! value reads in English and in Indonesian, and moving the text around it changes nothing.
//!
//! Left out on purpose: files and terminals. Rendering is a function from values to a `String`.

mod code;
mod diagnostic;
mod explain;
mod lang;
mod render;
mod source;
pub mod wording;

pub use code::{Code, Severity};
pub use diagnostic::{Arg, Args, Diagnostic, Fix, FragmentId, Label, Origin, Phrase, Span};
pub use explain::explain;
pub use lang::Lang;
pub use render::{Color, Format, render};
pub use source::{Located, Place, Position, Source};
