//! Assembly: raw lines between markers. What the lines mean is the assembler's business.

use morph_diag::{Code, Diagnostic, Span};

use super::Parser;
use crate::lexer::{byte, is_blank, line_end, word_end};
use crate::token::{Kind, Token, word_kind};
use crate::tree::AsmText;

impl Parser<'_> {
    /// The lines behind the opening word, the current token (for a routine: behind its name), and their closer.
    ///
    /// `opener` is the opening word's place, `closer` the right closer.
    pub(super) fn assembly(&mut self, opener: Span, closer: Kind) -> AsmText {
        self.bump();
        self.assembly_lines(opener, closer)
    }

    /// The same when the current token is already the one behind the opening line.
    pub(super) fn assembly_lines(&mut self, opener: Span, closer: Kind) -> AsmText {
        if !matches!(self.kind, Kind::Eol | Kind::Eof) {
            _ = self.unexpected::<()>("end of line");
            if let Some(word) = self.closer_in_line(closer) {
                return self.close_assembly(
                    word.start() as usize,
                    word.start() as usize,
                    word,
                    closer,
                );
            }
        }
        let start = self.next_line(self.previous_end as usize);
        let (mut line, mut resume) = (start, None);
        while line < self.bytes.len() {
            let word = self.first_word(line);
            if matches!(word.kind, Kind::TutupAsm | Kind::TutupData) {
                return self.close_assembly(start, line, word, closer);
            }
            let ends = word.kind.is_definition()
                || matches!(word.kind, Kind::AsmMulai | Kind::TutupFungsi | Kind::TutupUnit);
            if word.kind.begins_line() {
                // No instruction is called so: if the closer is missing, it is missing before this line.
                resume.get_or_insert(line);
            }
            if ends {
                break;
            }
            line = self.next_line(line);
        }
        let end = resume.unwrap_or(line);
        let keyword = if closer == Kind::TutupAsm { "tutup_asm" } else { "tutup_data" };
        let at = Span::new(end as u32, end as u32);
        let fix =
            if end >= self.bytes.len() { format!("\n{keyword}") } else { format!("{keyword}\n") };
        self.report(
            Diagnostic::new(Code::AsmUnclosed, opener)
                .arg("keyword", opener.text(self.text))
                .arg("closer", keyword)
                .fix(at, fix),
        );
        self.go_to(end);
        AsmText { lines: Span::new(start.min(end) as u32, end as u32) }
    }

    /// The closer among the words between the opening word and the end of its line.
    fn closer_in_line(&self, closer: Kind) -> Option<Token> {
        let mut at = self.previous_end as usize;
        let end = line_end(self.bytes, at);
        while at < end && byte(self.bytes, at) != b';' {
            let word = word_end(self.bytes, at);
            if word > at && word_kind(self.bytes, at, word) == closer {
                return Some(Token::new(closer, false, at, word));
            }
            at = word.max(at + 1);
        }
        None
    }

    fn close_assembly(&mut self, start: usize, line: usize, word: Token, closer: Kind) -> AsmText {
        let span = Span::new(word.start(), word.end());
        if word.kind != closer {
            let expected = if closer == Kind::TutupAsm { "tutup_asm" } else { "tutup_data" };
            self.report(
                Diagnostic::new(Code::BlockMismatched, span)
                    .arg("found", span.text(self.text))
                    .arg("expected", expected)
                    .arg("opener", if closer == Kind::TutupAsm { "asm_mulai" } else { "asm_data" })
                    .fix(span, expected),
            );
        }
        self.token = word;
        self.bump();
        AsmText { lines: Span::new(start as u32, line as u32) }
    }

    /// Goes on with the line at `line`.
    fn go_to(&mut self, line: usize) {
        // From the line feed before it, so that its first token is the first of a line.
        let before = if line < self.bytes.len() { line.saturating_sub(1) } else { line };
        let before = (before as u32).max(self.previous_end);
        self.token = Token::new(Kind::Eol, false, before as usize, before as usize);
        let previous_end = self.previous_end;
        self.bump();
        self.previous_end = previous_end;
    }

    fn next_line(&self, at: usize) -> usize {
        (line_end(self.bytes, at) + 1).min(self.bytes.len())
    }

    fn first_word(&self, line: usize) -> Token {
        let mut start = line;
        while is_blank(byte(self.bytes, start)) {
            start += 1;
        }
        let end = word_end(self.bytes, start);
        let kind = word_kind(self.bytes, start, end);
        Token::new(kind, true, start, end)
    }
}
