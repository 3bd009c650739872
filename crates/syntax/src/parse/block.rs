//! Blocks: which are open, what a closer closes, and which one is to blame when something is missing.

use morph_diag::{Code, Diagnostic, Span};

use super::{NESTING_LIMIT, Parsed, Parser};
use crate::lexer::{byte, is_blank};
use crate::token::Kind;
use crate::tree::Block;

/// What tells which block is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// Closers alone: the first parse, right for every undamaged fragment however it is indented.
    Closers,
    /// Where indentation says that a closer belongs to an outer block, believe it.
    Indentation,
}

/// What kind of block is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    Function,
    Unit,
    Shard,
    Parallel,
    If,
    While,
    For,
    Switch,
    /// A piece that is no definition: nothing closes it but its end.
    File,
}

impl BlockKind {
    pub(super) fn closer(self) -> &'static str {
        match self {
            BlockKind::Function => "tutup_fungsi",
            BlockKind::Unit => "tutup_unit",
            BlockKind::Shard => "tutup_shard",
            BlockKind::Parallel => "gabung",
            BlockKind::If => "tutup_jika",
            BlockKind::While => "tutup_selama",
            BlockKind::For => "tutup_untuk",
            BlockKind::Switch => "tutup_pilih",
            BlockKind::File => "",
        }
    }

    /// The kind of its closer.
    pub(super) fn closer_kind(self) -> Option<Kind> {
        match self {
            BlockKind::Function => Some(Kind::TutupFungsi),
            BlockKind::Unit => Some(Kind::TutupUnit),
            BlockKind::Shard => Some(Kind::TutupShard),
            BlockKind::Parallel => Some(Kind::Gabung),
            BlockKind::If => Some(Kind::TutupJika),
            BlockKind::While => Some(Kind::TutupSelama),
            BlockKind::For => Some(Kind::TutupUntuk),
            BlockKind::Switch => Some(Kind::TutupPilih),
            BlockKind::File => None,
        }
    }

    /// The block that a closer, or a word that begins a part, belongs to; `None`: to any (`akhir`) or to nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "closers among ninety kinds")]
    fn of(kind: Kind) -> Option<BlockKind> {
        match kind {
            Kind::TutupFungsi => Some(BlockKind::Function),
            Kind::TutupUnit => Some(BlockKind::Unit),
            Kind::TutupShard => Some(BlockKind::Shard),
            Kind::Gabung => Some(BlockKind::Parallel),
            Kind::TutupJika | Kind::Lain | Kind::LainJika => Some(BlockKind::If),
            Kind::TutupSelama => Some(BlockKind::While),
            Kind::TutupUntuk => Some(BlockKind::For),
            Kind::TutupPilih | Kind::Kasus | Kind::PilihanLain => Some(BlockKind::Switch),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Open {
    kind: BlockKind,
    keyword: Span,
    /// Blanks before the keyword; `None` when it is not the first of its line.
    indent: Option<u32>,
}

/// The blocks that are open around the current token.
#[derive(Debug)]
pub(super) struct Blocks {
    guess: Guess,
    open: Vec<Open>,
    /// How many of each kind are open.
    counts: [u32; 9],
    /// How many of each kind were reported as not closed: a closer that comes too late has its message already.
    missing: [u32; 9],
    /// The end of the text has been blamed already.
    end_blamed: bool,
    /// Some block was not closed, or closed wrongly.
    pub(super) damaged: bool,
}

impl Blocks {
    pub(super) fn new(guess: Guess) -> Blocks {
        Blocks {
            guess,
            open: Vec::new(),
            counts: [0; 9],
            missing: [0; 9],
            end_blamed: false,
            damaged: false,
        }
    }

    pub(super) fn level(&self) -> u32 {
        self.open.len() as u32
    }

    /// The kind of the innermost block.
    pub(super) fn innermost(&self) -> Option<BlockKind> {
        self.open.last().map(|open| open.kind)
    }

    /// The keyword of the outermost block.
    pub(super) fn outermost(&self) -> Option<Span> {
        self.open.first().filter(|open| open.kind != BlockKind::File).map(|open| open.keyword)
    }

    pub(super) fn has(&self, kind: BlockKind) -> bool {
        self.counts[kind as usize] > 0
    }
}

/// How the body of a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its closer was there and has been passed.
    Closed,
    /// `lain`, `kasus` and the like: the current token begins the block's next part.
    Part,
    /// The closer is missing; that has been reported.
    Missing,
}

enum Verdict {
    End(End),
    /// The closer is not for this block; it has been reported and passed.
    Skipped,
}

impl Parser<'_> {
    /// Opens a block whose keyword is the current token (which stays).
    pub(super) fn open_block(&mut self, kind: BlockKind) -> Parsed<()> {
        if self.level() >= NESTING_LIMIT {
            return self.too_deep(self.span());
        }
        let indent = if self.token.line_start { self.indent_of_token() } else { None };
        self.blocks.open.push(Open { kind, keyword: self.span(), indent });
        self.blocks.counts[kind as usize] += 1;
        Ok(())
    }

    pub(super) fn leave_block(&mut self) {
        if let Some(open) = self.blocks.open.pop() {
            self.blocks.counts[open.kind as usize] -= 1;
        }
    }

    /// Statements up to the end of the innermost block, or to its next part.
    pub(super) fn body(&mut self) -> (Block, End) {
        let from = self.pending_statements.len();
        let end = loop {
            if self.kind == Kind::Eol {
                self.begin_line();
            }
            if self.kind == Kind::Eof {
                break self.missing();
            }
            if self.kind.ends_body() {
                match self.judge() {
                    Verdict::End(end) => break end,
                    Verdict::Skipped => continue,
                }
            }
            self.statement();
        };
        // Trees are kept for long: a block is no larger than its statements.
        (self.pending_statements.drain(from..).collect(), end)
    }

    /// What the closer at the current token means for the innermost block.
    fn judge(&mut self) -> Verdict {
        let Some(&top) = self.blocks.open.last() else {
            return self.stray();
        };
        if self.kind == Kind::TutupFragment {
            // A fragment mark has no body; its closer means nothing.
            self.bump();
            return Verdict::Skipped;
        }
        if self.kind == Kind::Akhir && top.kind != BlockKind::File {
            self.old_closer(top.kind.closer());
            return Verdict::End(End::Closed);
        }
        let Some(wanted) = BlockKind::of(self.kind) else {
            return self.stray();
        };
        if wanted == top.kind {
            if self.blocks.guess == Guess::Indentation && self.belongs_to_outer(top) {
                return Verdict::End(self.missing());
            }
            if matches!(self.kind, Kind::Lain | Kind::LainJika | Kind::Kasus | Kind::PilihanLain) {
                return Verdict::End(End::Part);
            }
            self.bump();
            return Verdict::End(End::Closed);
        }
        if self.blocks.counts[wanted as usize] > 0 {
            return Verdict::End(self.missing());
        }
        let is_part =
            matches!(self.kind, Kind::Lain | Kind::LainJika | Kind::Kasus | Kind::PilihanLain);
        let deeper = match (self.line_indent(), top.indent) {
            (Some(closer), Some(opener)) => closer > opener,
            (None, _) | (_, None) => false,
        };
        if is_part
            || deeper
            || matches!(top.kind, BlockKind::Function | BlockKind::Unit | BlockKind::File)
        {
            return self.stray();
        }
        self.mismatched(top);
        Verdict::End(End::Closed)
    }

    /// Whether the closer at the current token stands in the column of an outer block of the same kind.
    fn belongs_to_outer(&self, top: Open) -> bool {
        let (Some(here), Some(opener)) = (self.line_indent(), top.indent) else {
            return false;
        };
        let outer = &self.blocks.open[..self.blocks.open.len() - 1];
        here < opener
            && outer.iter().rev().any(|open| open.kind == top.kind && open.indent == Some(here))
    }

    /// The column of the current token if it is the first of its line.
    fn line_indent(&self) -> Option<u32> {
        if self.token.line_start { self.indent_of_token() } else { None }
    }

    fn indent_of_token(&self) -> Option<u32> {
        let start = self.token.start() as usize;
        let mut at = start;
        while at > 0 && is_blank(byte(self.bytes, at - 1)) {
            at -= 1;
        }
        // The column of the fragment's own first line is not known.
        (at > 0).then_some((start - at) as u32)
    }

    #[cold]
    fn missing(&mut self) -> End {
        let Some(&top) = self.blocks.open.last() else {
            return End::Missing;
        };
        if top.kind == BlockKind::File {
            return End::Closed;
        }
        self.blocks.damaged = true;
        self.blocks.missing[top.kind as usize] += 1;
        let closer = top.kind.closer();
        if self.kind == Kind::Eof && std::mem::replace(&mut self.blocks.end_blamed, true) {
            // The text breaks off inside several blocks: one cause, one message, which closes them all.
            if let Some(fix) = self.diagnostics.last_mut().and_then(|last| last.fix.as_mut()) {
                fix.replacement.push('\n');
                fix.replacement.push_str(closer);
            }
            return End::Missing;
        }
        let start = self.token.start();
        let (at, text) = if self.kind == Kind::Eof {
            (self.bytes.len() as u32, format!("\n{closer}"))
        } else if let Some(indent) = self.line_indent() {
            // A line of its own, in the column of its opener.
            let column = top.indent.unwrap_or(0) as usize;
            (start - indent, format!("{:column$}{closer}\n", ""))
        } else {
            (start, format!("{closer} "))
        };
        let mut diagnostic = Diagnostic::new(Code::BlockUnclosed, top.keyword)
            .arg("keyword", top.keyword.text(self.text))
            .arg("closer", closer)
            .fix(Span::new(at, at), text);
        if self.kind != Kind::Eof {
            diagnostic = diagnostic.mark(self.span(), "mark-end");
        }
        self.report(diagnostic);
        End::Missing
    }

    #[cold]
    fn mismatched(&mut self, top: Open) {
        self.blocks.damaged = true;
        let (span, expected) = (self.span(), top.kind.closer());
        self.report(
            Diagnostic::new(Code::BlockMismatched, span)
                .arg("found", span.text(self.text))
                .arg("expected", expected)
                .arg("opener", top.keyword.text(self.text))
                .mark(top.keyword, "mark-opener")
                .fix(span, expected),
        );
        self.bump();
    }

    /// A closer that closes nothing: its line is passed.
    #[cold]
    fn stray(&mut self) -> Verdict {
        self.blocks.damaged = true;
        let span = self.span();
        let part = matches!(self.kind, Kind::LainJika | Kind::Kasus | Kind::PilihanLain);
        // A foreign word that reads as a closer has its message already, and so has a block whose closer comes late.
        let late = match BlockKind::of(self.kind).filter(|_| !part && self.kind != Kind::Lain) {
            Some(kind) if self.blocks.missing[kind as usize] > 0 => {
                self.blocks.missing[kind as usize] -= 1;
                true
            }
            Some(_) | None => false,
        };
        if self.token.kind != Kind::Ident && !late {
            self.report(
                Diagnostic::new(Code::CloserStray, span).arg("found", span.text(self.text)),
            );
        }
        self.bump();
        if part {
            self.skip_line();
        }
        Verdict::Skipped
    }

    /// Passes `akhir`, which closes what `closer` should close.
    #[cold]
    pub(super) fn old_closer(&mut self, closer: &'static str) {
        let span = self.span();
        self.report(
            Diagnostic::new(Code::AkhirDeprecated, span).arg("closer", closer).fix(span, closer),
        );
        self.bump();
    }
}
