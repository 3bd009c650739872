//! Items: what a fragment is as a whole.

use morph_diag::{Code, Diagnostic, Span};

use super::block::{BlockKind, End};
use super::{Parsed, Parser};
use crate::split::PieceKind;
use crate::split::mend::FOREIGN_FUNCTION;
use crate::token::Kind;
use crate::tree::{Field, Item, VarInit};

impl Parser<'_> {
    pub(super) fn item(&mut self, kind: PieceKind) -> Item {
        let item = match kind {
            PieceKind::Function if self.kind == Kind::Fungsi => self.function(),
            PieceKind::Function => return self.function_without_keyword(),
            PieceKind::Struct if self.kind == Kind::Struktur => self.structure(),
            PieceKind::UnitBlock if self.kind == Kind::Unit => self.unit_block(),
            PieceKind::Const if self.kind == Kind::Const => {
                let parsed = self.const_rest();
                self.simple_item(parsed.map(|(name, value)| Item::Const { name, value }))
            }
            PieceKind::Global if self.kind == Kind::Var => {
                let parsed = self.var_rest();
                self.simple_item(parsed.map(|(name, init)| Item::Global { name, init }))
            }
            PieceKind::Asm if self.kind == Kind::AsmMulai => {
                let opener = self.span();
                Item::Asm(self.assembly(opener, Kind::TutupAsm))
            }
            PieceKind::AsmData if self.kind == Kind::AsmData => {
                let opener = self.span();
                Item::AsmData(self.assembly(opener, Kind::TutupData))
            }
            PieceKind::Routine if self.kind == Kind::AsmRutin => self.routine(),
            PieceKind::Import => {
                let parsed = self.import();
                self.simple_item(parsed.map(Item::Import))
            }
            PieceKind::Stray => {
                let span = self.span();
                self.report(
                    Diagnostic::new(Code::CloserStray, span).arg("found", span.text(self.text)),
                );
                return Item::Broken;
            }
            PieceKind::Statement
            | PieceKind::Struct
            | PieceKind::UnitBlock
            | PieceKind::Const
            | PieceKind::Global
            | PieceKind::Asm
            | PieceKind::AsmData
            | PieceKind::Routine => self.statements(),
        };
        self.expect_end();
        item
    }

    /// An item of one line: what is left of the line after a problem is skipped.
    fn simple_item(&mut self, parsed: Parsed<Item>) -> Item {
        parsed.unwrap_or_else(|_| {
            self.skip_line();
            while self.kind != Kind::Eof {
                self.bump();
            }
            Item::Broken
        })
    }

    fn statements(&mut self) -> Item {
        if self.open_block(BlockKind::File).is_err() {
            return Item::Broken;
        }
        // Only the end of the text ends the body: closers in it close nothing.
        let (block, _) = self.body();
        self.leave_block();
        Item::Statement(block)
    }

    fn function(&mut self) -> Item {
        if self.open_block(BlockKind::Function).is_err() {
            return Item::Broken;
        }
        self.bump();
        let header = self.function_header();
        if header.is_err() {
            self.skip_line();
        }
        let (body, _) = self.body();
        self.leave_block();
        match header {
            Ok((name, params)) => Item::Function { name, params, body },
            Err(_) => Item::Broken,
        }
    }

    /// A function whose first word is missing, or one of another language: one message, whatever its body holds.
    fn function_without_keyword(&mut self) -> Item {
        let span = self.span();
        let word = span.text(self.text);
        let diagnostic = if FOREIGN_FUNCTION.contains(&word) {
            Diagnostic::new(Code::WordForeign, span)
                .arg("word", word)
                .arg("proposal", "fungsi")
                .fix(span, "fungsi")
        } else {
            Diagnostic::new(Code::SyntaxUnexpected, span)
                .arg("expected", "`fungsi`")
                .arg("found", format!("`{word}`"))
                .fix(Span::new(span.start, span.start), "fungsi ")
        };
        self.report(diagnostic);
        Item::Broken
    }

    fn function_header(&mut self) -> Parsed<(Span, Vec<Span>)> {
        // Functions may be named like the print statements, which win over them.
        let name = if matches!(self.kind, Kind::Cetak | Kind::CetakStr | Kind::Baca) {
            let span = self.span();
            self.bump();
            span
        } else {
            self.name()?
        };
        let mut params = Vec::new();
        if self.kind != Kind::LeftParen {
            return self.unexpected("`(`");
        }
        let opener = self.open_paren();
        while self.kind != Kind::RightParen {
            if self.at_end_of_statement() {
                break;
            }
            params.push(self.name()?);
            if self.kind != Kind::Comma {
                break;
            }
            self.bump();
        }
        self.close_paren(opener, Kind::RightParen, "`)`")?;
        Ok((name, params))
    }

    fn unit_block(&mut self) -> Item {
        if self.open_block(BlockKind::Unit).is_err() {
            return Item::Broken;
        }
        self.bump();
        let name = self.name();
        let (body, _) = self.body();
        self.leave_block();
        match name {
            Ok(name) => Item::UnitBlock { name, body },
            Err(_) => Item::Broken,
        }
    }

    fn routine(&mut self) -> Item {
        let opener = self.span();
        self.bump();
        let name = self.name();
        if name.is_err() {
            self.skip_line();
        }
        let text = self.assembly_lines(opener, Kind::TutupAsm);
        match name {
            Ok(name) => Item::Routine { name, text },
            Err(_) => Item::Broken,
        }
    }

    fn structure(&mut self) -> Item {
        let keyword = self.span();
        self.bump();
        let name = self.name();
        if name.is_err() {
            self.skip_line();
        } else if !self.at_end_of_statement() {
            _ = self.unexpected::<()>("end of line");
            self.skip_line();
        }
        let mut fields = Vec::new();
        if self.fields(&mut fields) == End::Missing {
            let end = self.bytes.len() as u32;
            self.report(
                Diagnostic::new(Code::BlockUnclosed, keyword)
                    .arg("keyword", "struktur")
                    .arg("closer", "tutup_struktur")
                    .fix(Span::new(end, end), "\ntutup_struktur"),
            );
        }
        match name {
            Ok(name) => Item::Struct { name, fields },
            Err(_) => Item::Broken,
        }
    }

    /// Fields up to the closer.
    fn fields(&mut self, fields: &mut Vec<Field>) -> End {
        loop {
            if self.kind == Kind::Eol {
                self.begin_line();
            }
            if self.kind == Kind::Eof {
                return End::Missing;
            }
            if self.kind == Kind::TutupStruktur {
                self.bump();
                return End::Closed;
            }
            if self.kind == Kind::Akhir {
                self.old_closer("tutup_struktur");
                return End::Closed;
            }
            if self.kind.ends_body() {
                let span = self.span();
                self.report(
                    Diagnostic::new(Code::CloserStray, span).arg("found", span.text(self.text)),
                );
                self.bump();
                self.skip_line();
                continue;
            }
            if self.kind.is_contextual() {
                self.kind = Kind::Ident;
            }
            let mut field = self.field();
            if let Ok(field) = &mut field
                && !self.at_end_of_statement()
            {
                _ = self.unexpected::<()>("end of line");
                // Which of the words was meant for a type is not known: none is looked up.
                field.ty = None;
            }
            fields.extend(field);
            if !matches!(self.kind, Kind::Eol | Kind::Eof | Kind::TutupStruktur | Kind::Akhir) {
                self.skip_field();
            }
        }
    }

    /// Skips the rest of a field's line.
    fn skip_field(&mut self) {
        loop {
            self.skip_line();
            if matches!(self.kind, Kind::Eol | Kind::Eof | Kind::TutupStruktur | Kind::Akhir) {
                return;
            }
            self.bump();
        }
    }

    fn field(&mut self) -> Parsed<Field> {
        let name = self.name()?;
        let mut array = None;
        if self.kind == Kind::LeftBracket {
            let opener = self.open_paren();
            array = Some(self.expression()?);
            self.close_paren(opener, Kind::RightBracket, "`]`")?;
        }
        let ty = if self.at_end_of_statement() { None } else { Some(self.name()?) };
        Ok(Field { name, ty, array })
    }

    /// `N = e`, behind `const`, the current token.
    pub(super) fn const_rest(&mut self) -> Parsed<(Span, crate::tree::ExprId)> {
        self.bump();
        let name = self.name()?;
        if self.kind != Kind::Assign {
            return self.unexpected("`=`");
        }
        self.bump();
        Ok((name, self.expression()?))
    }

    /// `x`, `x = e` or `x [K]int`, behind `var`, the current token.
    #[inline]
    pub(super) fn var_rest(&mut self) -> Parsed<(Span, VarInit)> {
        self.bump();
        let name = self.name()?;
        if self.kind == Kind::Assign {
            self.bump();
            return Ok((name, VarInit::Value(self.expression()?)));
        }
        if self.kind == Kind::LeftBracket {
            let opener = self.open_paren();
            let length = self.expression()?;
            self.close_paren(opener, Kind::RightBracket, "`]`")?;
            if self.kind == Kind::Ident && self.span().text(self.text) == "int" {
                self.bump();
                return Ok((name, VarInit::Array(length)));
            }
            return self.unexpected("`int`");
        }
        if self.at_end_of_statement() {
            return Ok((name, VarInit::None));
        }
        self.unexpected("`=`")
    }
}
