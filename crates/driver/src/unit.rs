//! Units and their fragments as the pipeline holds them: texts, and what each fragment shows to all others.

use std::ops::Range;

use morph_diag::Diagnostic;
use morph_sema::summary::{Side, Summary};
use morph_syntax::{Piece, PieceKind};

use crate::project::Location;

/// One source file, read, cut and summarised.
#[derive(Clone, Debug)]
pub(crate) struct Unit<'a> {
    pub location: Location,
    /// How the file is shown.
    pub path: String,
    pub text: &'a str,
    /// In text order.
    pub fragments: Vec<Fragment<'a>>,
}

/// One fragment of a unit.
#[derive(Clone, Debug)]
pub(crate) struct Fragment<'a> {
    pub piece: Piece,
    /// Line, from 1, on which the fragment's text begins.
    pub line: u32,
    /// What is wrong with its text, in text order. With an error among them it is closed.
    pub syntax: Vec<Diagnostic>,
    pub(crate) summary: Summary<'a>,
    /// Looking at it broke the worker each time: then the rest says nothing.
    pub(crate) fault: Option<Box<Diagnostic>>,
}

impl<'a> Unit<'a> {
    pub(crate) fn side(&self) -> Side {
        self.location.side()
    }

    /// The text of a fragment of this unit.
    pub(crate) fn text_of(&self, fragment: &Fragment<'_>) -> &'a str {
        fragment.piece.text(self.text)
    }

    /// The fragments of block `id`: the first run of fragments that carry the number.
    pub(crate) fn block(&self, id: u64) -> Option<Range<usize>> {
        let start = self.fragments.iter().position(|fragment| fragment.piece.block == Some(id))?;
        let len = self.fragments[start..]
            .iter()
            .take_while(|fragment| fragment.piece.block == Some(id))
            .count();
        Some(start..start + len)
    }
}

/// The keywords of definitions that have names.
pub(crate) const KEYWORDS: [&str; 6] = ["fungsi", "struktur", "const", "var", "unit", "asm_rutin"];

impl Fragment<'_> {
    /// The keyword of a definition; `None` for what has no name.
    pub(crate) fn keyword(&self) -> Option<&'static str> {
        match self.piece.kind {
            PieceKind::Function => Some("fungsi"),
            PieceKind::Struct => Some("struktur"),
            PieceKind::Const => Some("const"),
            PieceKind::Global => Some("var"),
            PieceKind::UnitBlock => Some("unit"),
            PieceKind::Routine => Some("asm_rutin"),
            PieceKind::Statement
            | PieceKind::Asm
            | PieceKind::AsmData
            | PieceKind::Import
            | PieceKind::Stray => None,
        }
    }
}
