//! A program in one text: units begin at `//- path`, `lib/..` is the built-in library.

use morph_diag::{Arg, Diagnostic, Origin};
use morph_sema::index::index;
use morph_sema::summary::{Side, Summary};
use morph_syntax::tree::Tree;
use morph_syntax::{Piece, parse, split};

pub(crate) struct Unit<'t> {
    pub(crate) path: &'t str,
    /// What stands after the path: `registered`, `ambil`.
    pub(crate) role: &'t str,
    pub(crate) text: &'t str,
    pub(crate) side: Side,
}

/// A parsed fragment.
pub(crate) struct Fragment<'t> {
    pub(crate) unit: usize,
    pub(crate) side: Side,
    pub(crate) piece: Piece,
    pub(crate) text: &'t str,
    pub(crate) tree: Tree,
}

pub(crate) fn units(program: &str) -> Vec<Unit<'_>> {
    let mut units = Vec::new();
    for part in program.split("//- ").skip(1) {
        let (header, text) = part.split_once('\n').unwrap_or((part, ""));
        let (path, role) = header.split_once(' ').unwrap_or((header, ""));
        let side = if path.starts_with("lib/") { Side::Library } else { Side::Program };
        units.push(Unit { path, role, text, side });
    }
    units
}

pub(crate) fn fragments<'t>(units: &[Unit<'t>]) -> Vec<Fragment<'t>> {
    let mut fragments = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        for piece in split(unit.text) {
            let text = piece.text(unit.text);
            let tree = parse(text, piece.kind);
            fragments.push(Fragment { unit: at, side: unit.side, piece, text, tree });
        }
    }
    fragments
}

pub(crate) fn summaries<'t>(fragments: &[Fragment<'t>]) -> Vec<Summary<'t>> {
    fragments.iter().map(|fragment| index(&fragment.tree, fragment.text, fragment.side)).collect()
}

/// One line: code, marked text, arguments, other marks.
pub(crate) fn problem(diagnostic: &Diagnostic, text: &str) -> String {
    let mut line = format!("{} `{}`", diagnostic.code, diagnostic.primary.text(text));
    for (name, arg) in &diagnostic.args {
        match arg {
            Arg::Text(text) => line += &format!(" {name}={text}"),
            Arg::Number(number) => line += &format!(" {name}={number}"),
            Arg::List(list) => line += &format!(" {name}=[{}]", list.join(", ")),
        }
    }
    for label in &diagnostic.secondary {
        match label.origin {
            Origin::Here => line += &format!(" (first: `{}`)", label.span.text(text)),
            Origin::Fragment(fragment) => line += &format!(" (first: fragment {})", fragment.0),
        }
    }
    for footer in &diagnostic.footers {
        line += &format!(" +{}", footer.key);
    }
    line
}
