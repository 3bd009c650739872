//! Words of other languages: what a newcomer types by habit, and what it is called here.

use morph_diag::{Code, Diagnostic, Fix, Span};

use super::Parser;
use super::block::BlockKind;
use crate::lexer::{self, Semicolons, byte, is_blank};
use crate::token::{Kind, Token};

/// What a foreign word at the start of a statement is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// As this keyword, so that the block that it opens or closes stays whole.
    Keyword(Kind),
    /// As the closer of the innermost block.
    Closer,
    /// As nothing: the word is skipped, what follows is read.
    Nothing,
    /// As a line that cannot be understood.
    Line,
}

/// Word, proposal, reading.
const WORDS: [(&str, &str, Reading); 41] = [
    ("if", "jika", Reading::Keyword(Kind::Jika)),
    ("kalau", "jika", Reading::Keyword(Kind::Jika)),
    ("else", "lain", Reading::Keyword(Kind::Lain)),
    ("elif", "lain_jika", Reading::Keyword(Kind::LainJika)),
    ("elseif", "lain_jika", Reading::Keyword(Kind::LainJika)),
    ("elsif", "lain_jika", Reading::Keyword(Kind::LainJika)),
    ("while", "selama", Reading::Keyword(Kind::Selama)),
    ("for", "untuk", Reading::Keyword(Kind::Untuk)),
    ("switch", "pilih", Reading::Keyword(Kind::Pilih)),
    ("case", "kasus", Reading::Keyword(Kind::Kasus)),
    ("default", "pilihan_lain", Reading::Keyword(Kind::PilihanLain)),
    ("end", "", Reading::Closer),
    ("endif", "tutup_jika", Reading::Keyword(Kind::TutupJika)),
    ("fi", "tutup_jika", Reading::Keyword(Kind::TutupJika)),
    ("endwhile", "tutup_selama", Reading::Keyword(Kind::TutupSelama)),
    ("endfor", "tutup_untuk", Reading::Keyword(Kind::TutupUntuk)),
    ("maka", "", Reading::Nothing),
    ("then", "", Reading::Nothing),
    ("do", "", Reading::Nothing),
    ("lakukan", "", Reading::Nothing),
    ("begin", "", Reading::Nothing),
    ("break", "berhenti", Reading::Keyword(Kind::Berhenti)),
    ("continue", "lanjut", Reading::Keyword(Kind::Lanjut)),
    ("let", "var", Reading::Keyword(Kind::Var)),
    ("kembali", "kembalikan", Reading::Keyword(Kind::Kembalikan)),
    ("call", "panggil", Reading::Keyword(Kind::Panggil)),
    ("print", "cetak", Reading::Line),
    ("println", "cetak", Reading::Line),
    ("echo", "cetak", Reading::Line),
    ("function", "fungsi", Reading::Line),
    ("func", "fungsi", Reading::Line),
    ("def", "fungsi", Reading::Line),
    ("fn", "fungsi", Reading::Line),
    ("struct", "struktur", Reading::Line),
    ("class", "struktur", Reading::Line),
    ("type", "struktur", Reading::Line),
    ("import", "ambil", Reading::Line),
    ("include", "ambil", Reading::Line),
    ("goto", "", Reading::Line),
    ("try", "", Reading::Line),
    ("enum", "const", Reading::Line),
];

impl Parser<'_> {
    /// Whether the current token, a name, goes on as hardly any name does: a cheap test before the look-up.
    pub(super) fn may_be_foreign(&self) -> bool {
        let mut at = self.token.end() as usize;
        while is_blank(byte(self.bytes, at)) {
            at += 1;
        }
        !matches!(byte(self.bytes, at), b'=' | b'.' | b'[' | b'+' | b'-')
    }

    /// If the current token, a name, begins a statement as it would in another language, reports that and answers
    /// how to go on.
    pub(super) fn foreign_word(&mut self) -> Foreign {
        let span = self.span();
        let word = span.text(self.text);
        // Most names are none of the words; all of them are short and lower case.
        let Some(&(_, proposal, reading)) = WORDS.iter().find(|(foreign, _, _)| *foreign == word)
        else {
            return Foreign::No;
        };
        if !self.stands_as_foreign(reading) {
            return Foreign::No;
        }
        if reading == Reading::Keyword(Kind::Lain)
            && let Some(both) = self.else_if()
        {
            let diagnostic = Diagnostic::new(Code::WordForeign, both)
                .arg("word", both.text(self.text))
                .arg("proposal", "lain_jika")
                .fix(both, "lain_jika");
            self.report(diagnostic);
            self.token = Token::new(
                self.token.kind,
                self.token.line_start,
                both.start as usize,
                both.end as usize,
            );
            self.kind = Kind::LainJika;
            return Foreign::Resolved;
        }
        let mut diagnostic = Diagnostic::new(Code::WordForeign, span).arg("word", word);
        let innermost = self.blocks.innermost();
        let proposal = if reading == Reading::Closer {
            innermost.map_or("", BlockKind::closer)
        } else {
            proposal
        };
        if !proposal.is_empty() {
            diagnostic = diagnostic.arg("proposal", proposal);
            diagnostic.fix = Some(Fix { span, replacement: proposal.to_owned() });
        } else if reading == Reading::Nothing {
            diagnostic.fix = Some(Fix { span, replacement: String::new() });
        }
        self.report(diagnostic);
        match reading {
            Reading::Keyword(kind) => {
                self.kind = kind;
                Foreign::Resolved
            }
            Reading::Closer => {
                if let Some(closer) = innermost.and_then(BlockKind::closer_kind) {
                    self.kind = closer;
                } else {
                    self.bump();
                    self.skip_line();
                }
                Foreign::Resolved
            }
            Reading::Nothing => {
                self.bump();
                Foreign::Resolved
            }
            Reading::Line => {
                self.bump();
                self.skip_line();
                Foreign::Resolved
            }
        }
    }

    /// `else if` on one line, the current token being `else`: a part of the block, no block in a part.
    fn else_if(&self) -> Option<Span> {
        let next = lexer::token(self.bytes, self.token.end() as usize, Semicolons::Comment);
        let span = Span::new(next.start(), next.end());
        let is_if = next.kind == Kind::Jika || span.text(self.text) == "if";
        (is_if && !next.line_start).then(|| self.span().to(span))
    }

    /// Whether what follows the word shows that it is not an ordinary name.
    fn stands_as_foreign(&self, reading: Reading) -> bool {
        let next = lexer::token(self.bytes, self.token.end() as usize, Semicolons::Comment);
        let ends = next.line_start || next.kind == Kind::Eof;
        let like_name = !ends
            && matches!(
                next.kind,
                Kind::Assign
                    | Kind::Dot
                    | Kind::LeftBracket
                    | Kind::PlusPlus
                    | Kind::MinusMinus
                    | Kind::OpAssign
            );
        let call = !ends && next.kind == Kind::LeftParen;
        match reading {
            Reading::Keyword(
                Kind::Jika | Kind::LainJika | Kind::Selama | Kind::Untuk | Kind::Pilih,
            ) => !like_name,
            Reading::Keyword(_) | Reading::Closer | Reading::Nothing | Reading::Line => {
                !like_name && !call
            }
        }
    }
}

/// What became of a name that may be a foreign word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// It is an ordinary name.
    No,
    /// It was reported; the current token (which may be of another kind now) begins what follows.
    Resolved,
}
