//! One fragment's text to its tree.
//!
//! Recursive descent for definitions and statements, operator precedence for expressions, tokens on demand. A routine
//! that cannot go on reports one diagnostic and answers [`Failed`]; the statement around it skips to the end of its line.
//! Nesting is counted (expressions, parentheses and blocks together), so neither parsing nor walking the tree
//! can overflow a stack.
//!
//! A line end is no token: the first token of a line reads as [`Kind::Eol`] until a statement begins with it, and
//! inside parentheses it reads as itself, provided that they are closed later (`lexer::closing`).

mod assembly;
mod block;
mod expression;
mod foreign;
mod import;
mod item;
mod statement;

use morph_diag::{Code, Diagnostic, Span};

use crate::lexer::{self, Semicolons, byte};
use crate::split::PieceKind;
use crate::token::{Kind, Token};
use crate::tree::{Expr, ExprId, Stmt, Tree};
use block::{Blocks, Guess};

/// How deep blocks, parentheses and expressions together may nest.
const NESTING_LIMIT: u32 = 1000;

/// A diagnostic has been reported; the caller gives up or recovers.
#[derive(Clone, Copy, Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

/// Parses the text of one fragment, which `split` found to be of this kind.
///
/// Total: for any text there is a tree, and what could not be understood is among its diagnostics.
pub fn parse(text: &str, kind: PieceKind) -> Tree {
    let (tree, damage) = run(text, kind, Guess::Closers);
    if !damage {
        return tree;
    }
    // Some block is not closed, or closed wrongly: indentation may tell better which one.
    let (guessed, _) = run(text, kind, Guess::Indentation);
    if guessed.diagnostics.len() <= tree.diagnostics.len() { guessed } else { tree }
}

fn run(text: &str, kind: PieceKind, guess: Guess) -> (Tree, bool) {
    // A rule of thumb: a little more than programs need, as trees are kept for long.
    let capacity = text.len() / 5;
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        token: Token::new(Kind::Eof, true, 0, 0),
        kind: Kind::Eof,
        previous_end: 0,
        open_parens: 0,
        first_paren: Span::default(),
        closed_until: 0,
        semicolons: Semicolons::Comment,
        fuel: text.len().saturating_mul(4).saturating_add(4096),
        depth: 0,
        begun: 0,
        state: State::Reporting,
        blocks: Blocks::new(guess),
        exprs: Vec::with_capacity(capacity),
        spans: Vec::with_capacity(capacity),
        args: Vec::new(),
        pending_args: Vec::new(),
        pending_statements: Vec::with_capacity(text.len() / 24),
        diagnostics: Vec::new(),
    };
    parser.bump();
    parser.token.line_start = true;
    parser.begin_line();
    let item = parser.item(kind);
    let damage = parser.blocks.damaged && parser.state != State::GivenUp;
    let Parser { exprs, spans, args, mut diagnostics, .. } = parser;
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.start);
    (Tree { item, exprs, spans, args, diagnostics }, damage)
}

/// Whether problems are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reporting,
    /// Skipping the rest of a line that has been reported.
    Skipping,
    /// Nesting was too deep: the rest of the fragment is not looked at.
    GivenUp,
}

#[derive(Debug)]
struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    /// The current token.
    token: Token,
    /// What the current token counts as: a keyword in its place only, a line end.
    kind: Kind,
    /// The end of the token before the current one.
    previous_end: u32,
    /// `(` and `[` that are open in this statement, and the first of them.
    open_parens: u32,
    first_paren: Span,
    /// Up to here they are known to be closed.
    closed_until: usize,
    semicolons: Semicolons,
    /// How many bytes may be read ahead in all, so that damaged texts do not make this quadratic.
    fuel: usize,
    /// Levels of the expression that is being parsed; blocks count for themselves.
    depth: u32,
    /// Where the current statement began.
    begun: u32,
    state: State,
    blocks: Blocks,
    exprs: Vec<Expr>,
    spans: Vec<Span>,
    args: Vec<ExprId>,
    /// Arguments of the calls that are being parsed.
    pending_args: Vec<ExprId>,
    /// Statements of the blocks that are being parsed.
    pending_statements: Vec<Stmt>,
    diagnostics: Vec<Diagnostic>,
}

impl Parser<'_> {
    /// Goes to the next token.
    fn bump(&mut self) {
        let end = self.token.end();
        self.previous_end = end;
        // Between most tokens lies one blank or none.
        let at = end as usize + usize::from(lexer::byte(self.bytes, end as usize) == b' ');
        let Some(token) = lexer::frequent(self.bytes, at) else {
            return self.bump_rarer(at);
        };
        self.token = token;
        self.kind = token.kind;
        if token.kind.is_special() {
            self.resolve();
        }
    }

    #[inline(never)]
    fn bump_rarer(&mut self, at: usize) {
        self.token = lexer::rarer(self.bytes, at, self.semicolons);
        self.kind = self.token.kind;
        if self.token.line_start && (self.open_parens == 0 || !self.parens_are_closed()) {
            self.kind = Kind::Eol;
        } else if self.kind.is_special() {
            self.resolve();
        }
    }

    /// Begins a statement with the current token, though it is the first of a line.
    fn begin_line(&mut self) {
        self.begun = self.token.start();
        self.kind = self.token.kind;
        if self.kind.is_special() {
            self.resolve();
        }
    }

    /// Settles what a contextual keyword is here and reports a bad token.
    #[inline(never)]
    fn resolve(&mut self) {
        if self.kind.is_contextual() {
            let keyword = self.token.line_start && self.open_parens == 0;
            if !keyword || !lexer::is_keyword_here(self.bytes, self.token) {
                self.kind = Kind::Ident;
            }
        } else if self.kind.is_special() && self.kind != Kind::Reported {
            self.bad_token();
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "bad tokens among ninety kinds")]
    fn bad_token(&mut self) {
        let span = self.span();
        let text = span.text(self.text);
        let diagnostic = match self.kind {
            Kind::BadNumber => {
                self.report(Diagnostic::new(Code::NumberMalformed, span).arg("text", text));
                // It stands where a number stands: what is around it may be right.
                self.kind = Kind::Reported;
                return;
            }
            Kind::BadString => {
                Diagnostic::new(Code::StringUnclosed, span).fix(Span::new(span.end, span.end), "\"")
            }
            Kind::Nul => Diagnostic::new(Code::TextNul, span),
            _ => unexpected_character(span, text),
        };
        self.report(diagnostic);
        self.kind = Kind::Reported;
    }

    fn parens_are_closed(&mut self) -> bool {
        let from = self.previous_end as usize;
        if from < self.closed_until {
            return true;
        }
        let closed =
            lexer::closing(self.bytes, from, self.open_parens, self.semicolons, &mut self.fuel);
        self.closed_until = closed.unwrap_or(self.closed_until);
        closed.is_some()
    }

    /// Passes a `(` or `[`, the current token.
    fn open_paren(&mut self) -> Span {
        let span = self.span();
        if self.open_parens == 0 {
            self.first_paren = span;
        }
        self.open_parens += 1;
        self.bump();
        span
    }

    /// Passes the `)` or `]` that belongs to `opener`; `expected` words what else could stand here.
    fn close_paren(&mut self, opener: Span, closer: Kind, expected: &'static str) -> Parsed<()> {
        if self.kind == closer {
            self.open_parens = self.open_parens.saturating_sub(1);
            if self.open_parens == 0 {
                self.semicolons = Semicolons::Comment;
            }
            self.bump();
            return Ok(());
        }
        if self.at_end_of_statement() || self.kind.opens_block() {
            let delimiter = opener.text(self.text);
            let closer = if closer == Kind::RightParen { ")" } else { "]" };
            let end = Span::new(self.previous_end, self.previous_end);
            let diagnostic = Diagnostic::new(Code::DelimiterUnclosed, opener)
                .arg("delimiter", delimiter)
                .fix(end, closer);
            return self.fail(diagnostic);
        }
        self.unexpected(expected)
    }

    /// The current token's place.
    fn span(&self) -> Span {
        Span::new(self.token.start(), self.token.end())
    }

    /// From `start` to the end of the token before the current one.
    fn span_from(&self, start: u32) -> Span {
        Span::new(start, self.previous_end.max(start))
    }

    /// Whether a statement may end before the current token.
    fn at_end_of_statement(&self) -> bool {
        matches!(self.kind, Kind::Eol | Kind::Eof) || self.kind.ends_body()
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.state == State::Reporting {
            self.diagnostics.push(diagnostic);
        }
    }

    #[cold]
    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Parsed<T> {
        self.report(diagnostic);
        Err(Failed)
    }

    /// Reports that `expected` should stand where the current token is.
    #[cold]
    fn unexpected<T>(&mut self, expected: &'static str) -> Parsed<T> {
        if self.kind == Kind::Reported {
            return Err(Failed);
        }
        if let Some(span) = self.slashes() {
            let diagnostic = Diagnostic::new(Code::SyntaxUnexpected, span)
                .arg("expected", "end of line")
                .arg("found", "`//`");
            return self.fail(not_a_comment(diagnostic, span));
        }
        let (span, found) = self.found();
        if matches!(self.kind, Kind::OpAssign | Kind::Question) {
            return self.fail(
                Diagnostic::new(Code::OperatorUnknown, span).arg("op", span.text(self.text)),
            );
        }
        self.fail(
            Diagnostic::new(Code::SyntaxUnexpected, span)
                .arg("expected", expected)
                .arg("found", found),
        )
    }

    /// The `//` that the current token is a part of: other languages begin comments so.
    fn slashes(&self) -> Option<Span> {
        let Span { start, end } = self.span();
        let slash = |at: u32| byte(self.bytes, at as usize) == b'/';
        if self.kind != Kind::Slash {
            None
        } else if self.previous_end == start && start > 0 && slash(start - 1) {
            Some(Span::new(start - 1, end))
        } else {
            slash(end).then(|| Span::new(start, end + 1))
        }
    }

    /// The current token as a message shows it. A line end is marked at the last token of its line.
    fn found(&self) -> (Span, String) {
        if matches!(self.kind, Kind::Eol | Kind::Eof) {
            return (Span::new(self.previous_end, self.previous_end), "end of line".to_owned());
        }
        let span = self.span();
        (span, format!("`{}`", span.text(self.text)))
    }

    /// Skips what is left of a line that has been reported, up to a word that structures the text.
    #[cold]
    fn skip_line(&mut self) {
        if self.state == State::Reporting {
            self.state = State::Skipping;
        }
        while (self.token.start() as usize) < self.closed_until
            && self.open_parens > 0
            && self.token.kind != Kind::Eof
        {
            self.bump();
        }
        self.open_parens = 0;
        self.depth = 0;
        self.pending_args.clear();
        if self.semicolons == Semicolons::Separate {
            self.semicolons = Semicolons::Comment;
            // The current token may be a semicolon that begins a comment now.
            let start = self.token.start() as usize;
            self.token = Token::new(self.token.kind, self.token.line_start, start, start);
            let (line_start, previous_end) = (self.token.line_start, self.previous_end);
            self.bump();
            self.previous_end = previous_end;
            self.token.line_start |= line_start;
        }
        let next_line = self.token.line_start && self.token.start() != self.begun;
        self.kind = if next_line { Kind::Eol } else { self.token.kind };
        while !(self.at_end_of_statement() || self.begins_block()) {
            self.bump();
        }
        if self.state == State::Skipping {
            self.state = State::Reporting;
        }
    }

    /// Whether the current token begins a statement with a body, in the middle of a line.
    fn begins_block(&self) -> bool {
        self.kind.opens_block()
            && lexer::token(self.bytes, self.token.end() as usize, Semicolons::Comment).kind
                == Kind::LeftParen
    }

    /// Gives the whole fragment up: deeper than the limit.
    #[cold]
    fn too_deep<T>(&mut self, span: Span) -> Parsed<T> {
        self.report(
            Diagnostic::new(Code::NestingTooDeep, span).arg("limit", NESTING_LIMIT as usize),
        );
        self.state = State::GivenUp;
        let end = self.bytes.len() as u32;
        self.token = Token::new(Kind::Eof, true, end as usize, end as usize);
        self.kind = Kind::Eof;
        Err(Failed)
    }

    /// Counts one level; the caller gives it back with `self.depth -= 1`.
    #[inline]
    fn descend(&mut self) -> Parsed<()> {
        if self.level() >= NESTING_LIMIT {
            return self.too_deep(self.span());
        }
        self.depth += 1;
        Ok(())
    }

    /// How deep the current token lies.
    fn level(&self) -> u32 {
        self.depth + self.blocks.level()
    }

    /// A name: an identifier that is no reserved word.
    fn name(&mut self) -> Parsed<Span> {
        let span = self.span();
        if self.kind == Kind::Ident || (self.kind.is_contextual() && self.kind != Kind::Eol) {
            self.bump();
            return Ok(span);
        }
        if self.kind.is_reserved() {
            self.bump();
            return self
                .fail(Diagnostic::new(Code::NameReserved, span).arg("name", span.text(self.text)));
        }
        self.unexpected("name")
    }

    fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(expr);
        self.spans.push(span);
        id
    }

    /// Checks that the fragment ends here; reports and skips what follows.
    fn expect_end(&mut self) {
        // A definition inside another takes its closer, so the outer one ends too early.
        if self.diagnostics.iter().any(|problem| problem.code == Code::DefinitionNested) {
            return;
        }
        if !matches!(self.kind, Kind::Eof | Kind::Eol) {
            _ = self.unexpected::<()>("end of line");
        }
        if self.kind == Kind::Eol {
            self.begin_line();
            _ = self.unexpected::<()>("end of line");
        }
    }
}

/// Adds to a problem with the `//` at `slashes` how comments begin here.
fn not_a_comment(diagnostic: Diagnostic, slashes: Span) -> Diagnostic {
    diagnostic.footer("help-comment").fix(slashes, ";")
}

/// A character of no token. What looks like one of the language is proposed; what cannot be seen is named.
fn unexpected_character(span: Span, text: &str) -> Diagnostic {
    let character = text.chars().next().unwrap_or_default();
    let invisible = character.is_control()
        || character.is_whitespace()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let meant = match character {
        '“' | '”' | '„' | '«' | '»' | '＂' => Some("\""),
        '−' | '–' | '—' => Some("-"),
        '×' => Some("*"),
        '÷' => Some("/"),
        '≤' => Some("<="),
        '≥' => Some(">="),
        '≠' => Some("!="),
        '（' => Some("("),
        '）' => Some(")"),
        '，' => Some(","),
        _ if character.is_whitespace() => Some(" "),
        _ if invisible => Some(""),
        _ => None,
    };
    let found = if invisible { format!("U+{:04X}", u32::from(character)) } else { text.to_owned() };
    let diagnostic = Diagnostic::new(Code::CharacterUnexpected, span).arg("found", found);
    match meant {
        Some(meant) => diagnostic.fix(span, meant),
        None => diagnostic,
    }
}
