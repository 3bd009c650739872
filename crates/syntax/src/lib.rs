//! Morph source text to fragments to trees.
//!
//! Two total functions: [`split`] cuts a unit's text into fragments, [`parse`] turns the text of one
//! fragment into a [`Tree`](tree::Tree). Neither ever fails or panics: whatever a person typed, there is a tree,
//! and what could not be understood is a diagnostic in it.
//!
//! Left out on purpose: what names mean. A tree holds spans, no symbols.

pub mod dump;
mod lexer;
mod parse;
pub mod significant;
mod split;
pub mod string;
mod token;
pub mod tree;

pub use parse::parse;
pub use split::{Piece, PieceKind, UnitRange, split};
