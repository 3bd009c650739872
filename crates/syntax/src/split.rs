//! Cuts the text of a unit into fragments.
//!
//! A scan of first words: a definition keyword that begins a line begins a fragment, whatever stands around it. So a
//! missing closer, an open parenthesis or a stray word damages one fragment, and the ones after it stay as they are.
//! Every byte that is neither blank nor comment nor block marker belongs to exactly one piece.
//!
//! Left out on purpose: diagnostics. A piece that is damaged is cut somewhere sensible; parsing it says what is wrong.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "ninety kinds of tokens: each reader names those it wants"
)]

mod ahead;
mod definition;
pub(crate) mod mend;
mod statement;

use morph_diag::Span;
use serde::{Deserialize, Serialize};

use ahead::LookAhead;

use crate::lexer::{self, Semicolons, byte, is_blank, line_end, word_end};
use crate::token::{Kind, word_kind};

/// A half-open byte range in the text of a unit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct UnitRange {
    pub start: u32,
    pub end: u32,
}

/// What a piece begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PieceKind {
    /// `fungsi` .. `tutup_fungsi`.
    Function,
    /// `struktur` .. `tutup_struktur`.
    Struct,
    /// `const N = e`.
    Const,
    /// `var g`, `var g = e`, `var g [K]int`.
    Global,
    /// `unit u` .. `tutup_unit`.
    UnitBlock,
    /// Any other statement at file level.
    Statement,
    /// `asm_mulai` .. `tutup_asm` at file level.
    Asm,
    /// `asm_data` .. `tutup_data`.
    AsmData,
    /// `asm_rutin NAME` .. `tutup_asm`.
    Routine,
    /// `Ambil`, `ambil`, `indeks`, `Daftar`.
    Import,
    /// A line that begins with a closer that closes nothing.
    Stray,
}

/// One fragment of a unit: where it lies and what it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// From its first byte to its last, blanks and comments at both ends left out.
    pub range: UnitRange,
    pub kind: PieceKind,
    /// The number of the last `### number` marker before it.
    pub block: Option<u64>,
    /// The name that it defines, relative to the piece.
    pub name: Option<Span>,
}

impl Piece {
    /// The piece's own text.
    pub fn text<'t>(&self, unit: &'t str) -> &'t str {
        unit.get(self.range.start as usize..self.range.end as usize).unwrap_or("")
    }
}

/// Cuts the text of a unit into fragments, in text order.
///
/// Texts of 4 GiB and more are not cut (the driver refuses them before).
pub fn split(text: &str) -> Vec<Piece> {
    if u32::try_from(text.len()).is_err() {
        return Vec::new();
    }
    let bytes = text.as_bytes();
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut splitter = Splitter {
        text: bytes,
        at: start,
        block: None,
        next_closer: 0,
        ahead: LookAhead::new(),
        fuel: bytes.len().saturating_mul(8).saturating_add(4096),
        pieces: Vec::with_capacity(bytes.len() / 256 + 1),
    };
    while let Some(head) = splitter.head() {
        splitter.piece(head);
    }
    let mut pieces = splitter.pieces;
    mend::mend(text, &mut pieces);
    pieces
}

/// The beginning of a line that has content.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// Where the line begins.
    line: usize,
    /// Where its content begins.
    start: usize,
    /// Where the next line begins.
    next: usize,
    /// Its first word; [`Kind::Eof`] when it does not begin with one.
    kind: Kind,
}

impl Head {
    fn indent(self) -> usize {
        self.start - self.line
    }
}

struct Splitter<'t> {
    text: &'t [u8],
    /// The beginning of the next line to read.
    at: usize,
    block: Option<u64>,
    /// No `tutup_fungsi` lies between the current function's beginning and here.
    next_closer: usize,
    /// Where the words lie that make functions end.
    ahead: LookAhead,
    /// How many bytes may still be read more than once: damaged texts must not make this quadratic.
    fuel: usize,
    pieces: Vec<Piece>,
}

impl Splitter<'_> {
    /// Goes to the next line with content, past blank lines, comments and markers.
    fn head(&mut self) -> Option<Head> {
        loop {
            let line = self.at;
            let start = self.skip_blanks(line);
            match self.text.get(start)? {
                b'\n' => self.at = start + 1,
                b';' => self.at = self.next_line(start),
                b'#' => {
                    if let Some(number) = marker(self.text, line) {
                        self.block = Some(number);
                    }
                    self.at = self.next_line(start);
                }
                _ => return Some(self.head_at(line, start, self.next_line(start))),
            }
        }
    }

    fn head_at(&self, line: usize, start: usize, next: usize) -> Head {
        let end = word_end(self.text, start);
        let kind = if end == start { Kind::Eof } else { word_kind(self.text, start, end) };
        let kind = if kind.is_contextual() && !self.is_keyword(kind, start, end) {
            Kind::Ident
        } else {
            kind
        };
        Head { line, start, next, kind }
    }

    fn is_keyword(&self, kind: Kind, start: usize, end: usize) -> bool {
        let word = crate::token::Token::new(kind, true, start, end);
        lexer::is_keyword_here(self.text, word)
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        while is_blank(byte(self.text, at)) {
            at += 1;
        }
        at
    }

    fn next_line(&self, at: usize) -> usize {
        (line_end(self.text, at) + 1).min(self.text.len())
    }

    /// Cuts the piece that begins at `head` and goes past it.
    fn piece(&mut self, head: Head) {
        let kind = match head.kind {
            Kind::Fungsi => PieceKind::Function,
            Kind::Struktur => PieceKind::Struct,
            Kind::Unit => PieceKind::UnitBlock,
            Kind::AsmMulai => PieceKind::Asm,
            Kind::AsmData => PieceKind::AsmData,
            Kind::AsmRutin => PieceKind::Routine,
            Kind::Const => PieceKind::Const,
            Kind::Var => PieceKind::Global,
            Kind::AmbilBlocks | Kind::AmbilFile | Kind::Indeks | Kind::Daftar => PieceKind::Import,
            kind if kind.ends_body() => PieceKind::Stray,
            _ => PieceKind::Statement,
        };
        let end = match kind {
            PieceKind::Function => self.function(head),
            PieceKind::Struct => self.structure(head),
            PieceKind::UnitBlock => self.unit_block(head),
            PieceKind::Asm | PieceKind::AsmData | PieceKind::Routine => self.assembly(head),
            PieceKind::Const | PieceKind::Global | PieceKind::Import | PieceKind::Stray => {
                self.line(head)
            }
            PieceKind::Statement => self.statement(head),
        };
        debug_assert!(head.start < end && head.start < self.at, "a piece is never empty");
        let name = match kind {
            PieceKind::Function
            | PieceKind::Struct
            | PieceKind::UnitBlock
            | PieceKind::Routine
            | PieceKind::Const
            | PieceKind::Global => self.name(head.start),
            PieceKind::Asm
            | PieceKind::AsmData
            | PieceKind::Import
            | PieceKind::Stray
            | PieceKind::Statement => None,
        };
        let range = UnitRange { start: head.start as u32, end: end as u32 };
        self.pieces.push(Piece { range, kind, block: self.block, name });
    }

    /// The word after the keyword at `start`, if a definition can be named so.
    fn name(&self, start: usize) -> Option<Span> {
        let name = lexer::token(self.text, word_end(self.text, start), Semicolons::Comment);
        let fits = !name.line_start
            && (matches!(name.kind, Kind::Ident | Kind::Cetak | Kind::CetakStr | Kind::Baca)
                || name.kind.is_contextual());
        fits.then(|| Span::new(name.start() - start as u32, name.end() - start as u32))
    }

    /// The end of the content of the line at `line`, without its comment.
    fn content_end(&self, line: usize, comments: Comments) -> usize {
        match comments {
            Comments::Morph => self.read_line(line, Kind::Eof).1,
            Comments::Assembly => self.assembly_line_end(line),
        }
    }

    fn assembly_line_end(&self, line: usize) -> usize {
        let (mut at, mut end) = (line, line);
        let mut quote = None;
        while let Some(&byte) = self.text.get(at) {
            if byte == b'\n' || (byte == b';' && quote.is_none()) {
                break;
            }
            if quote == Some(byte) {
                quote = None;
            } else if quote.is_none() && matches!(byte, b'"' | b'\'' | b'`') {
                quote = Some(byte);
            }
            if !is_blank(byte) {
                end = at + 1;
            }
            at += 1;
        }
        end
    }
}

/// Whose comment signs and quotes a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comments {
    Morph,
    Assembly,
}

/// The number of the block marker (`###`, blanks, a number) in column 0 of the line at `line`.
fn marker(text: &[u8], line: usize) -> Option<u64> {
    let mut at = line + text.get(line..)?.strip_prefix(b"###").map(|_| 3)?;
    while matches!(byte(text, at), b' ' | b'\t') {
        at += 1;
    }
    let digits = at;
    while byte(text, at).is_ascii_digit() {
        at += 1;
    }
    let number = std::str::from_utf8(&text[digits..at]).ok().filter(|digits| !digits.is_empty())?;
    // Beyond 64 bits: a block that no import can name.
    Some(number.parse().unwrap_or(u64::MAX))
}
