//! Statements.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "words that begin a statement among ninety kinds"
)]

use morph_diag::{Code, Diagnostic, Span};

use super::block::{BlockKind, End};
use super::foreign::Foreign;
use super::{Parsed, Parser, not_a_comment};
use crate::lexer::{Semicolons, line_end};
use crate::token::Kind;
use crate::tree::{Block, Expr, ExprId, PrintForm, ReturnWord, StepBy, Stmt, StmtKind};

impl Parser<'_> {
    /// One statement and the end of its line, at the end of the pending ones.
    ///
    /// The frequent forms are written to their place there at once.
    pub(super) fn statement(&mut self) {
        let start = self.token.start();
        let parsed = match self.kind {
            Kind::Ident if !self.may_be_foreign() => self.assignment_or_call(),
            Kind::Var => self.var_rest().map(|(name, init)| StmtKind::Var { name, init }),
            Kind::Kembalikan => self.return_statement(ReturnWord::Kembalikan),
            _ => return self.rarer_statement(start),
        };
        if parsed.is_ok() && self.at_end_of_statement() {
            let span = self.span_from(start);
            self.pending_statements.extend(parsed.map(|kind| Stmt { kind, span }));
            return;
        }
        self.finish(start, parsed.map(Some));
    }

    #[inline(never)]
    fn rarer_statement(&mut self, start: u32) {
        let parsed = self.statement_kind();
        self.finish(start, parsed);
    }

    fn finish(&mut self, start: u32, parsed: Parsed<Option<StmtKind>>) {
        let span = self.span_from(start);
        match parsed {
            Ok(Some(kind)) => {
                self.end_statement(&kind);
                self.pending_statements.push(Stmt { kind, span });
            }
            Ok(None) => {}
            Err(_) => {
                self.skip_line();
                self.pending_statements.push(Stmt { kind: StmtKind::Error, span });
            }
        }
    }

    /// A statement ends with its line, before a closer, or with its own closer.
    fn end_statement(&mut self, kind: &StmtKind) {
        let closed = matches!(
            kind,
            StmtKind::If { .. }
                | StmtKind::While { .. }
                | StmtKind::For { .. }
                | StmtKind::Switch { .. }
                | StmtKind::Shard { .. }
                | StmtKind::Parallel { .. }
                | StmtKind::Error
        );
        if !closed && !self.at_end_of_statement() {
            _ = self.unexpected::<()>("end of line");
            self.skip_line();
        }
    }

    fn statement_kind(&mut self) -> Parsed<Option<StmtKind>> {
        let kind = match self.kind {
            Kind::Ident => return self.name_statement(),
            Kind::Var => {
                let (name, init) = self.var_rest()?;
                StmtKind::Var { name, init }
            }
            Kind::Const => {
                let (name, value) = self.const_rest()?;
                StmtKind::Const { name, value }
            }
            Kind::Tipe => {
                self.bump();
                StmtKind::Hint { name: self.name()?, ty: self.name()? }
            }
            Kind::Jika => self.if_statement()?,
            Kind::Selama => self.while_statement()?,
            Kind::Untuk => self.for_statement()?,
            Kind::Pilih => self.switch_statement()?,
            Kind::Cetak => self.print(PrintForm::Cetak)?,
            Kind::CetakStr => self.print(PrintForm::CetakStr)?,
            Kind::Kembalikan => self.return_statement(ReturnWord::Kembalikan)?,
            Kind::Return => self.return_statement(ReturnWord::Return)?,
            Kind::Panggil => self.call_statement()?,
            Kind::Baca => self.assignment_or_call()?,
            Kind::Simpan => self.word(StmtKind::Save),
            Kind::Berhenti => self.word(StmtKind::Break),
            Kind::Lanjut => self.word(StmtKind::Continue),
            Kind::AmbilFile | Kind::AmbilBlocks | Kind::Indeks | Kind::Daftar => {
                StmtKind::Import(self.import()?)
            }
            Kind::AsmMulai => {
                let opener = self.span();
                StmtKind::Asm(self.assembly(opener, Kind::TutupAsm))
            }
            Kind::AsmData => {
                let opener = self.span();
                self.nested_definition();
                _ = self.assembly(opener, Kind::TutupData);
                StmtKind::Error
            }
            Kind::Shard => self.shard()?,
            Kind::Paralel => self.parallel()?,
            Kind::Fragment => {
                self.bump();
                StmtKind::FragmentMark { name: self.name()? }
            }
            Kind::TutupFragment => {
                self.bump();
                return Ok(None);
            }
            kind if kind.is_definition() || kind == Kind::Unit => {
                self.nested_definition();
                self.bump();
                self.skip_line();
                StmtKind::Error
            }
            _ => return self.unknown(),
        };
        Ok(Some(kind))
    }

    fn word(&mut self, kind: StmtKind) -> StmtKind {
        self.bump();
        kind
    }

    fn nested_definition(&mut self) {
        let span = self.span();
        let mut diagnostic =
            Diagnostic::new(Code::DefinitionNested, span).arg("keyword", span.text(self.text));
        if let Some(outer) = self.blocks.outermost() {
            diagnostic = diagnostic.mark(outer, "mark-outer");
        }
        self.report(diagnostic);
    }

    /// A line that is no statement at all, from the current token on.
    fn unknown<T>(&mut self) -> Parsed<T> {
        self.unknown_from(self.token.start())
    }

    #[cold]
    fn unknown_from<T>(&mut self, start: u32) -> Parsed<T> {
        if self.kind == Kind::Reported {
            return Err(super::Failed);
        }
        self.skip_line();
        let line = line_end(self.bytes, start as usize) as u32;
        let span = Span::new(start, self.previous_end.clamp(start, line));
        let text = span.text(self.text);
        let diagnostic = Diagnostic::new(Code::StatementUnknown, span).arg("text", text);
        if text.starts_with("//") {
            return self.fail(not_a_comment(diagnostic, Span::new(start, start + 2)));
        }
        self.fail(diagnostic)
    }

    /// A statement that begins with a name: an assignment, a step or a call.
    fn name_statement(&mut self) -> Parsed<Option<StmtKind>> {
        // Names of other languages' words are rare: look them up only where a name cannot go on.
        if self.may_be_foreign() && self.foreign_word() == Foreign::Resolved {
            return if self.kind == Kind::Ident || self.at_end_of_statement() {
                Ok(None)
            } else {
                self.statement_kind()
            };
        }
        self.assignment_or_call().map(Some)
    }

    #[inline]
    fn assignment_or_call(&mut self) -> Parsed<StmtKind> {
        let start = self.token.start();
        let first = self.name_operand();
        let target = self.postfix(first)?.id();
        if self.kind == Kind::Assign && !matches!(self.exprs[target.0 as usize], Expr::Call { .. })
        {
            self.bump();
            let value = self.expression()?;
            return Ok(StmtKind::Assign { target, value });
        }
        let is_call = matches!(self.exprs[target.0 as usize], Expr::Call { .. });
        if matches!(self.kind, Kind::PlusPlus | Kind::MinusMinus) && !is_call {
            let by =
                if self.kind == Kind::PlusPlus { StepBy::Increment } else { StepBy::Decrement };
            self.bump();
            return Ok(StmtKind::Step { target, by });
        }
        if is_call {
            return Ok(StmtKind::Call(target));
        }
        if matches!(self.kind, Kind::OpAssign | Kind::Question) {
            return self.unexpected("`=`");
        }
        if self.kind == Kind::Equal {
            let span = self.span();
            return self.fail(
                Diagnostic::new(Code::SyntaxUnexpected, span)
                    .arg("expected", "`=`")
                    .arg("found", "`==`")
                    .fix(span, "="),
            );
        }
        self.unknown_from(start)
    }

    fn call_statement(&mut self) -> Parsed<StmtKind> {
        self.bump();
        if self.kind == Kind::Cetak {
            return self.print(PrintForm::Cetak);
        }
        if self.kind == Kind::CetakStr {
            return self.print(PrintForm::CetakStr);
        }
        if !matches!(self.kind, Kind::Ident | Kind::Baca) {
            return self.name().and_then(|_| self.unexpected("call"));
        }
        let first = self.name_operand();
        let call = self.postfix(first)?.id();
        if matches!(self.exprs[call.0 as usize], Expr::Call { .. }) {
            return Ok(StmtKind::Call(call));
        }
        self.unexpected("`(`")
    }

    #[inline]
    fn return_statement(&mut self, word: ReturnWord) -> Parsed<StmtKind> {
        self.bump();
        let value = if self.at_end_of_statement() { None } else { Some(self.expression()?) };
        Ok(StmtKind::Return { word, value })
    }

    fn print(&mut self, form: PrintForm) -> Parsed<StmtKind> {
        self.bump();
        if self.kind != Kind::LeftParen {
            return self.unexpected("`(`");
        }
        let opener = self.open_paren();
        let value = self.expression()?;
        self.close_paren(opener, Kind::RightParen, "`)`")?;
        Ok(StmtKind::Print { value, form })
    }

    /// `(` expression `)` behind a block's keyword. A problem in it leaves the block whole.
    fn condition(&mut self) -> ExprId {
        let start = self.token.start();
        let parsed = self.parenthesised();
        parsed.unwrap_or_else(|_| {
            self.skip_line();
            self.push(Expr::Error, self.span_from(start))
        })
    }

    fn parenthesised(&mut self) -> Parsed<ExprId> {
        if self.kind != Kind::LeftParen {
            return self.unexpected("`(`");
        }
        let opener = self.open_paren();
        let value = self.expression()?;
        self.close_paren(opener, Kind::RightParen, "`)`")?;
        Ok(value)
    }

    fn if_statement(&mut self) -> Parsed<StmtKind> {
        self.open_block(BlockKind::If)?;
        self.bump();
        let mut otherwise: Option<Block> = None;
        let cond = self.condition();
        let (body, mut end) = self.body();
        let mut arms = vec![(cond, body)];
        while end == End::Part {
            let misplaced = otherwise.is_some();
            if misplaced {
                _ = self.unexpected::<()>("`tutup_jika`");
            }
            let has_condition = self.kind == Kind::LainJika;
            self.bump();
            if has_condition {
                let cond = self.condition();
                let (body, next) = self.body();
                end = next;
                arms.push((cond, body));
            } else {
                let (body, next) = self.body();
                end = next;
                otherwise.get_or_insert(body);
            }
        }
        self.leave_block();
        Ok(StmtKind::If { arms, otherwise })
    }

    fn while_statement(&mut self) -> Parsed<StmtKind> {
        self.open_block(BlockKind::While)?;
        self.bump();
        let cond = self.condition();
        let (body, _) = self.body();
        self.leave_block();
        Ok(StmtKind::While { cond, body })
    }

    fn for_statement(&mut self) -> Parsed<StmtKind> {
        self.open_block(BlockKind::For)?;
        self.bump();
        let header = self.for_header();
        if header.is_err() {
            self.skip_line();
        }
        let (body, _) = self.body();
        self.leave_block();
        Ok(match header {
            Ok(Header { init, cond, step }) => StmtKind::For { init, cond, step, body },
            Err(_) => StmtKind::For { init: None, cond: None, step: None, body },
        })
    }

    fn for_header(&mut self) -> Parsed<Header> {
        if self.kind != Kind::LeftParen {
            return self.unexpected("`(`");
        }
        self.semicolons = Semicolons::Separate;
        let opener = self.open_paren();
        let init = self.header_statement(Kind::Semicolon)?;
        self.header_separator(opener)?;
        let cond = if self.kind == Kind::Semicolon { None } else { Some(self.expression()?) };
        self.header_separator(opener)?;
        let step = self.header_statement(Kind::RightParen)?;
        self.close_paren(opener, Kind::RightParen, "`)`")?;
        Ok(Header { init, cond, step })
    }

    fn header_separator(&mut self, opener: Span) -> Parsed<()> {
        if self.kind == Kind::Semicolon {
            self.bump();
            return Ok(());
        }
        if self.at_end_of_statement() {
            return self.close_paren(opener, Kind::RightParen, "`;`");
        }
        self.unexpected("`;`")
    }

    /// A simple statement in a header, or nothing before `end`.
    fn header_statement(&mut self, end: Kind) -> Parsed<Option<Box<Stmt>>> {
        if self.kind == end {
            return Ok(None);
        }
        let start = self.token.start();
        let kind = if self.kind == Kind::Var {
            let (name, init) = self.var_rest()?;
            StmtKind::Var { name, init }
        } else if self.kind == Kind::Panggil {
            self.call_statement()?
        } else if matches!(self.kind, Kind::Ident | Kind::Baca) {
            self.assignment_or_call()?
        } else {
            return self.unexpected("statement");
        };
        Ok(Some(Box::new(Stmt { kind, span: self.span_from(start) })))
    }

    fn switch_statement(&mut self) -> Parsed<StmtKind> {
        self.open_block(BlockKind::Switch)?;
        self.bump();
        let value = self.condition();
        let mut cases = Vec::new();
        let mut otherwise: Option<Block> = None;
        let mut default = Span::default();
        let before = self.diagnostics.len();
        let (lead, mut end) = self.body();
        if let Some(first) = lead.first().filter(|_| self.diagnostics.len() == before) {
            let found = format!("`{}`", first_word(first.span.text(self.text)));
            let diagnostic = Diagnostic::new(Code::SyntaxUnexpected, first.span);
            self.report(diagnostic.arg("expected", "`kasus`").arg("found", found));
        }
        while end == End::Part {
            let word = self.span();
            if otherwise.is_some() {
                self.report(
                    Diagnostic::new(Code::SwitchDefaultPlace, word).mark(default, "mark-first"),
                );
            }
            let is_case = self.kind == Kind::Kasus;
            if !is_case {
                default = word;
            }
            self.bump();
            let value = if is_case { self.case_value() } else { None };
            if !is_case {
                self.label_end();
            }
            let (body, next) = self.body();
            end = next;
            if let Some(value) = value {
                cases.push((value, body));
            } else {
                otherwise.get_or_insert(body);
            }
        }
        self.leave_block();
        Ok(StmtKind::Switch { value, cases, otherwise })
    }

    fn case_value(&mut self) -> Option<ExprId> {
        let start = self.token.start();
        let value = self.expression().unwrap_or_else(|_| {
            self.skip_line();
            self.push(Expr::Error, self.span_from(start))
        });
        if self.exprs[value.0 as usize] != Expr::Error {
            self.label_end();
        }
        Some(value)
    }

    /// The `:` of a label.
    fn label_end(&mut self) {
        if self.kind == Kind::Colon {
            self.bump();
        } else {
            _ = self.unexpected::<()>("`:`");
            self.skip_line();
        }
    }

    fn shard(&mut self) -> Parsed<StmtKind> {
        if !self.blocks.has(BlockKind::Unit) {
            let (span, found) = self.found();
            self.report(
                Diagnostic::new(Code::SyntaxUnexpected, span)
                    .arg("expected", "statement")
                    .arg("found", found),
            );
        }
        self.open_block(BlockKind::Shard)?;
        self.bump();
        let name = self.name();
        let (body, _) = self.body();
        self.leave_block();
        Ok(StmtKind::Shard { name: name?, body })
    }

    fn parallel(&mut self) -> Parsed<StmtKind> {
        self.open_block(BlockKind::Parallel)?;
        self.bump();
        let (body, _) = self.body();
        self.leave_block();
        Ok(StmtKind::Parallel { body })
    }
}

/// The parts of an `untuk` header.
struct Header {
    init: Option<Box<Stmt>>,
    cond: Option<ExprId>,
    step: Option<Box<Stmt>>,
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or("")
}
