//! Where a statement at file level ends.

use super::{Head, Splitter, marker};
use crate::lexer::{self, Semicolons};
use crate::token::{Kind, Token};

/// Where a statement can be cut: its end, and the line that follows.
#[derive(Clone, Copy)]
struct Cut {
    end: usize,
    next: usize,
}

impl Splitter<'_> {
    /// A statement without a body: one line, more while a parenthesis is open.
    pub(super) fn line(&mut self, head: Head) -> usize {
        let mut tokens = Tokens::new(head);
        loop {
            let token = tokens.peek(self.text);
            if tokens.ends_here(self.text, token, &mut self.fuel) {
                return self.cut(tokens.cut(self.text));
            }
            tokens.take(token);
        }
    }

    /// Any statement: with a body it extends to the closer of its outermost block.
    pub(super) fn statement(&mut self, head: Head) -> usize {
        let mut tokens = Tokens::new(head);
        let mut depth = 0u32;
        let mut deeper = None;
        let mut first_cut = None;
        loop {
            let mut token = tokens.peek(self.text);
            if tokens.ends_here(self.text, token, &mut self.fuel) {
                let cut = tokens.cut(self.text);
                if depth == 0 {
                    return self.cut(cut);
                }
                // Read again: a line end closes the header of an `untuk`.
                token = tokens.peek(self.text);
                let line = line_of(self.text, token.start() as usize);
                let indent = token.start() as usize - line;
                let word = self.head_at(line, token.start() as usize, line).kind;
                let other = token.kind == Kind::Eof
                    || word.is_definition()
                    || matches!(word, Kind::Unit | Kind::TutupFungsi | Kind::TutupUnit)
                    || self.marker_between(cut.end, line);
                if other || self.fuel == 0 {
                    return self.cut(first_cut.unwrap_or(cut));
                }
                let file_level = matches!(
                    token.kind,
                    Kind::Const
                        | Kind::Var
                        | Kind::Tipe
                        | Kind::AmbilBlocks
                        | Kind::AmbilFile
                        | Kind::Indeks
                        | Kind::Daftar
                );
                if file_level && deeper == Some(true) && indent <= head.indent() {
                    first_cut.get_or_insert(Cut { end: cut.end, next: line });
                }
                deeper.get_or_insert(indent > head.indent());
            }
            match token.kind {
                Kind::Jika | Kind::Selama | Kind::Untuk | Kind::Pilih => depth += 1,
                Kind::TutupJika
                | Kind::TutupSelama
                | Kind::TutupUntuk
                | Kind::TutupPilih
                | Kind::Akhir => {
                    depth = depth.saturating_sub(1);
                }
                Kind::Paralel | Kind::Shard if is_keyword(self.text, token, head) => depth += 1,
                Kind::Gabung | Kind::TutupShard if is_keyword(self.text, token, head) => {
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            if first_cut.is_some() {
                self.fuel = self.fuel.saturating_sub((token.end() - token.start()) as usize + 1);
            }
            tokens.take(token);
            if token.kind == Kind::AsmMulai
                && (token.line_start || token.start() as usize == head.start)
            {
                let end = self.skip_assembly(token.end() as usize);
                tokens.skip_to(end, self.text);
            }
        }
    }

    fn cut(&mut self, cut: Cut) -> usize {
        self.at = cut.next;
        cut.end
    }

    fn marker_between(&self, from: usize, line: usize) -> bool {
        let mut at = self.next_line(from);
        while at < line {
            if marker(self.text, at).is_some() {
                return true;
            }
            at = self.next_line(at);
        }
        false
    }
}

fn is_keyword(text: &[u8], token: Token, head: Head) -> bool {
    (token.line_start || token.start() as usize == head.start)
        && lexer::is_keyword_here(text, token)
}

fn line_of(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |n| n + 1)
}

/// The tokens of one statement, with the newlines that do not end it.
struct Tokens {
    start: usize,
    end: usize,
    open: u32,
    /// Up to here the parentheses are known to be closed.
    closed_until: usize,
    semicolons: Semicolons,
    /// The next `(` begins the header of an `untuk`.
    header_follows: bool,
}

impl Tokens {
    fn new(head: Head) -> Tokens {
        Tokens {
            start: head.start,
            end: head.start,
            open: 0,
            closed_until: 0,
            semicolons: Semicolons::Comment,
            header_follows: false,
        }
    }

    fn peek(&self, text: &[u8]) -> Token {
        lexer::token(text, self.end, self.semicolons)
    }

    /// Whether the line end before `token` (if there is one) ends a logical line.
    fn ends_here(&mut self, text: &[u8], token: Token, fuel: &mut usize) -> bool {
        if token.kind == Kind::Eof {
            return true;
        }
        if !token.line_start || self.end == self.start {
            return false;
        }
        if self.open > 0 && self.end < self.closed_until {
            return false;
        }
        if self.open > 0
            && let Some(end) = lexer::closing(text, self.end, self.open, self.semicolons, fuel)
        {
            self.closed_until = end;
            return false;
        }
        self.open = 0;
        self.header_follows = false;
        self.semicolons = Semicolons::Comment;
        true
    }

    fn take(&mut self, token: Token) {
        match token.kind {
            Kind::LeftParen | Kind::LeftBracket => {
                self.open += 1;
                if self.header_follows {
                    self.semicolons = Semicolons::Separate;
                }
            }
            Kind::RightParen | Kind::RightBracket => {
                self.open = self.open.saturating_sub(1);
                if self.open == 0 {
                    self.semicolons = Semicolons::Comment;
                }
            }
            _ => {}
        }
        self.header_follows = token.kind == Kind::Untuk;
        self.end = token.end() as usize;
    }

    /// Goes on with the line at `line`, behind an assembly block.
    fn skip_to(&mut self, line: usize, text: &[u8]) {
        let block = text.get(self.end..line).unwrap_or_default();
        self.end += block.trim_ascii_end().len();
    }

    /// The statement ends behind the last token taken.
    fn cut(&self, text: &[u8]) -> Cut {
        let next = (lexer::line_end(text, self.end) + 1).min(text.len());
        Cut { end: self.end, next }
    }
}
