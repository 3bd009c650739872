//! What is left of a fragment that broke its reader: its text, and what the cut of its unit tells.

use morph_diag::{Diagnostic, Span};
use morph_sema::summary::{ConstExpr, ConstOp, Definition, Shape, Summary};
use morph_syntax::{Piece, PieceKind};

use crate::reader::Lines;
use crate::unit::Fragment;

/// A fragment of which nothing is known but its kind and its name: who uses it links to its stand-in.
pub(crate) fn closed<'a>(
    piece: Piece,
    text: &'a str,
    lines: &mut Lines<'_>,
    fault: Box<Diagnostic>,
) -> Fragment<'a> {
    let name_span = piece.name.unwrap_or_default();
    let definition = definition(piece.kind, piece.name.map(|name| name.text(text)), name_span);
    let summary = Summary { header_damaged: true, ..Summary::of_unknown(definition, name_span) };
    Fragment { piece, line: lines.next(&piece), syntax: Vec::new(), summary, fault: Some(fault) }
}

/// What a piece defines as far as the cut tells.
fn definition<'a>(kind: PieceKind, name: Option<&'a str>, span: Span) -> Definition<'a> {
    match (kind, name) {
        (PieceKind::Function, Some(name)) => {
            Definition::Function { name, params: Vec::new(), result: Shape::Int }
        }
        (PieceKind::UnitBlock, Some(name)) => Definition::UnitBlock { name },
        (PieceKind::Struct, Some(name)) => Definition::Struct { name, fields: Vec::new() },
        (PieceKind::Const, Some(name)) => {
            Definition::Const { name, value: ConstExpr { ops: vec![ConstOp::Broken], span } }
        }
        (PieceKind::Global, Some(name)) => Definition::Global { name, shape: Shape::Int },
        (PieceKind::Routine, Some(name)) => Definition::Routine { name },
        (PieceKind::Statement | PieceKind::Asm, _) => Definition::Statement,
        (PieceKind::AsmData, _) => Definition::Data { labels: Vec::new() },
        (PieceKind::Import, _) => Definition::Import,
        (
            PieceKind::Function
            | PieceKind::UnitBlock
            | PieceKind::Struct
            | PieceKind::Const
            | PieceKind::Global
            | PieceKind::Routine,
            None,
        )
        | (PieceKind::Stray, _) => Definition::Broken,
    }
}

/// Where a problem of a whole fragment is shown: its name, else its first line.
pub(crate) fn head(piece: &Piece, text: &str) -> Span {
    let first_line = text.find('\n').unwrap_or(text.len());
    piece.name.unwrap_or(Span::new(0, u32::try_from(first_line).unwrap_or(u32::MAX)))
}
