//! Units and their fragments as the pipeline holds them: texts and trees, no meaning.

use std::borrow::Cow;
use std::ops::Range;

use morph_sema::summary::Side;
use morph_syntax::tree::{Block, Import, Item, Stmt, StmtKind, Tree};
use morph_syntax::{Piece, PieceKind};

use crate::project::Location;

/// One source file, read, cut and parsed.
#[derive(Debug)]
pub struct Unit {
    pub location: Location,
    /// How the file is shown.
    pub path: String,
    pub text: Cow<'static, str>,
    /// In text order.
    pub fragments: Vec<Fragment>,
}

/// One fragment of a unit.
#[derive(Debug)]
pub struct Fragment {
    pub piece: Piece,
    /// Line, from 1, on which the fragment's text begins.
    pub line: u32,
    pub tree: Tree,
}

impl Unit {
    /// Cuts and parses a text.
    pub fn new(location: Location, path: String, text: Cow<'static, str>) -> Unit {
        let mut line = 1;
        let mut counted = 0;
        let fragments = morph_syntax::split(&text)
            .into_iter()
            .map(|piece| {
                let start = piece.range.start as usize;
                line += count_newlines(text.get(counted..start).unwrap_or(""));
                counted = start;
                Fragment { piece, line, tree: morph_syntax::parse(piece.text(&text), piece.kind) }
            })
            .collect();
        Unit { location, path, text, fragments }
    }

    pub fn side(&self) -> Side {
        side_of(&self.location)
    }

    /// The text of a fragment of this unit.
    pub fn text_of(&self, fragment: &Fragment) -> &str {
        fragment.piece.text(&self.text)
    }

    /// The fragments of block `id`: the first run of fragments that carry the number.
    pub fn block(&self, id: u64) -> Option<Range<usize>> {
        let start = self.fragments.iter().position(|fragment| fragment.piece.block == Some(id))?;
        let len = self.fragments[start..]
            .iter()
            .take_while(|fragment| fragment.piece.block == Some(id))
            .count();
        Some(start..start + len)
    }
}

impl Fragment {
    /// All imports in text order, those nested in a body too.
    pub fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        match &self.tree.item {
            Item::Import(import) => found.push(import.clone()),
            Item::Function { body, .. } | Item::UnitBlock { body, .. } | Item::Statement(body) => {
                in_block(body, &mut found);
            }
            Item::Struct { .. }
            | Item::Const { .. }
            | Item::Global { .. }
            | Item::Asm(_)
            | Item::AsmData(_)
            | Item::Routine { .. }
            | Item::Broken => {}
        }
        found
    }

    /// The keyword of a definition; `None` for what has no name.
    pub fn keyword(&self) -> Option<&'static str> {
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

fn side_of(location: &Location) -> Side {
    match location {
        Location::File(_) => Side::Program,
        Location::Library(_) => Side::Library,
    }
}

fn count_newlines(text: &str) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

/// The parser limits nesting, so this recursion is bounded.
fn in_block(block: &Block, found: &mut Vec<Import>) {
    for statement in block {
        in_statement(statement, found);
    }
}

fn in_statement(statement: &Stmt, found: &mut Vec<Import>) {
    match &statement.kind {
        StmtKind::Import(import) => found.push(import.clone()),
        StmtKind::If { arms, otherwise } | StmtKind::Switch { cases: arms, otherwise, .. } => {
            for (_, body) in arms {
                in_block(body, found);
            }
            if let Some(body) = otherwise {
                in_block(body, found);
            }
        }
        StmtKind::While { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::Shard { body, .. }
        | StmtKind::Parallel { body } => in_block(body, found),
        StmtKind::Var { .. }
        | StmtKind::Const { .. }
        | StmtKind::Hint { .. }
        | StmtKind::Assign { .. }
        | StmtKind::Step { .. }
        | StmtKind::Call(_)
        | StmtKind::Return { .. }
        | StmtKind::Save
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Print { .. }
        | StmtKind::Asm(_)
        | StmtKind::FragmentMark { .. }
        | StmtKind::Error => {}
    }
}
