//! Imports: `ambil`, `Ambil`, `indeks`, `Daftar`.

use morph_diag::{Code, Diagnostic, Span};

use super::expression::integer;
use super::{Parsed, Parser};
use crate::lexer::line_end;
use crate::token::Kind;
use crate::tree::{IdRange, Import};

impl Parser<'_> {
    /// The import whose keyword is the current token.
    pub(super) fn import(&mut self) -> Parsed<Import> {
        let keyword = self.kind;
        self.bump();
        if keyword == Kind::AmbilFile {
            return Ok(Import::File { path: self.path()? });
        }
        if keyword == Kind::Indeks {
            return Ok(Import::Registry { path: self.path()? });
        }
        if keyword == Kind::Daftar {
            let path = self.path()?;
            if self.kind != Kind::Assign {
                return self.unexpected("`=`");
            }
            self.bump();
            return Ok(Import::Register { path, ids: self.ids()? });
        }
        let path = if self.kind == Kind::Str { Some(self.path()?) } else { None };
        Ok(Import::Blocks { path, ids: self.ids()? })
    }

    /// The text between the quotes of a path.
    fn path(&mut self) -> Parsed<Span> {
        if self.kind != Kind::Str {
            return self.unexpected("path in quotes");
        }
        let span = self.span();
        self.bump();
        Ok(Span::new(span.start + 1, span.end - 1))
    }

    /// `id { "," id }`, each a number or a range.
    fn ids(&mut self) -> Parsed<Vec<IdRange>> {
        let mut ids = Vec::new();
        loop {
            ids.extend(self.id_range()?);
            if self.kind != Kind::Comma {
                break;
            }
            self.bump();
        }
        if !self.at_end_of_statement() {
            return self.malformed_rest();
        }
        Ok(ids)
    }

    /// One number or range; `None` if it is reversed (which is reported, and the others stay).
    fn id_range(&mut self) -> Parsed<Option<IdRange>> {
        let start = self.token.start();
        let first = self.id()?;
        let mut last = first;
        if self.kind == Kind::Minus {
            self.bump();
            last = self.id()?;
        }
        let span = self.span_from(start);
        if last < first {
            self.report(Diagnostic::new(Code::IdMalformed, span).arg("text", span.text(self.text)));
            return Ok(None);
        }
        Ok(Some(IdRange { first, last, span }))
    }

    fn id(&mut self) -> Parsed<u64> {
        if matches!(self.kind, Kind::Eol | Kind::Eof) {
            return self.unexpected("block number");
        }
        let text = &self.bytes[self.token.start() as usize..self.token.end() as usize];
        let decimal = self.kind == Kind::Int && text.iter().all(u8::is_ascii_digit);
        let Some(value) = integer(text).filter(|_| decimal) else {
            return self.malformed_rest();
        };
        self.bump();
        Ok(value)
    }

    /// Reports the current token as no part of a list of numbers.
    fn malformed_rest<T>(&mut self) -> Parsed<T> {
        if self.kind == Kind::Reported {
            return Err(super::Failed);
        }
        let span = self.span();
        debug_assert!(span.end as usize <= line_end(self.bytes, span.start as usize));
        self.fail(Diagnostic::new(Code::IdMalformed, span).arg("text", span.text(self.text)))
    }
}
