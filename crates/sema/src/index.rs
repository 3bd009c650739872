//! One fragment's tree to its summary: what it defines, imports, uses and returns.

use morph_syntax::tree::{ExprId, Tree};

use crate::summary::{ConstExpr, Side, Summary};

mod asm_names;
mod constants;
mod shapes;
mod walk;

/// Summarises one fragment. Total: what could not be parsed contributes nothing.
///
/// `side` decides which forms the library alone has. The summary borrows names from `text`, the text that `tree` was parsed from.
pub fn index<'t>(tree: &Tree, text: &'t str, side: Side) -> Summary<'t> {
    walk::index(tree, text, side)
}

/// Reads an expression as a constant one, to be folded when all names are known.
pub fn constant<'t>(tree: &Tree, text: &'t str, expr: ExprId) -> ConstExpr<'t> {
    constants::constant(tree, text, expr)
}
