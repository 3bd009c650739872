//! Where functions, structs, unit blocks and assembly at file level end.

use memchr::memmem;

use super::{Comments, Head, Splitter, marker};
use crate::lexer::{self, Semicolons, byte, is_word, word_end};
use crate::token::{Kind, word_kind};

/// What a line means to the definition around it.
enum Line {
    /// Nothing: it belongs to the definition.
    Inside,
    /// The definition's closer; it belongs to the definition.
    Closer,
    /// The beginning of something else.
    Other,
}

/// The words that a scan looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    All,
    /// Those that end a function, and at the column of its keyword those that begin something else.
    OfFunctions,
}

impl Words {
    /// A cheap test that spares most lines a closer look.
    #[inline]
    fn may_begin_with(self, first: u8, shallow: bool) -> bool {
        match self {
            Words::OfFunctions if !shallow => matches!(first, b'f' | b's' | b'u' | b't' | b'a'),
            Words::OfFunctions | Words::All => is_word(first),
        }
    }
}

/// What a scan of the lines of one definition remembers.
struct Scan {
    /// The last line with content so far.
    last: usize,
    comments: Comments,
    /// Inside `asm_mulai` .. `tutup_asm`.
    in_asm: bool,
    /// Columns before the definition's keyword.
    indent: usize,
    /// Whether the body stands deeper than the definition; `None` before its first line.
    deeper: Option<bool>,
    /// Where to cut if there is no closer: the first line that looks like one of the file again,
    /// with the last line before it.
    cut: Option<(usize, usize, Comments)>,
    /// Blocks that are open at `counted`; counted only when an `akhir` asks.
    depth: i64,
    counted: usize,
}

impl Splitter<'_> {
    /// Each of these answers where the piece ends, and leaves `at` at the line after it.
    pub(super) fn function(&mut self, head: Head) -> usize {
        if let Some(closer) = self.ahead.closer(self.text, head.start, head.next) {
            self.at = self.next_line(closer);
            return self.content_end(closer, Comments::Morph);
        }
        let scan = Scan::new(head);
        let has_closer = self.closer_in_line(head);
        self.definition(head, scan, Words::OfFunctions, has_closer, |splitter, scan, head| {
            if head.kind == Kind::TutupFungsi {
                return Line::Closer;
            }
            if head.kind == Kind::Akhir && !scan.in_asm {
                return splitter.old_closer(scan, head);
            }
            if !scan.in_asm && splitter.closer_in_line(head) {
                return Line::Closer;
            }
            match head.kind {
                Kind::Fungsi | Kind::Struktur | Kind::Unit | Kind::AsmRutin => return Line::Other,
                Kind::AsmMulai | Kind::AsmData => scan.in_asm = true,
                Kind::TutupAsm | Kind::TutupData => scan.in_asm = false,
                Kind::Const
                | Kind::Var
                | Kind::Tipe
                | Kind::AmbilBlocks
                | Kind::AmbilFile
                | Kind::Indeks
                | Kind::Daftar
                    if scan.deeper == Some(true) && head.indent() <= scan.indent =>
                {
                    scan.propose_cut(head.line);
                }
                _ => {}
            }
            if head.kind == Kind::AsmData
                && scan.deeper == Some(true)
                && head.indent() <= scan.indent
            {
                scan.propose_cut(head.line);
            }
            Line::Inside
        })
    }

    pub(super) fn structure(&mut self, head: Head) -> usize {
        let has_closer = self.word_in_line(head.line, Kind::TutupStruktur);
        self.definition(head, Scan::new(head), Words::All, has_closer, |splitter, scan, head| {
            match head.kind {
                Kind::TutupStruktur | Kind::Akhir => Line::Closer,
                Kind::Fungsi | Kind::Struktur | Kind::Unit | Kind::AsmRutin => Line::Other,
                Kind::TutupFungsi => Line::Other,
                kind if kind.begins_line() => {
                    scan.propose_cut(head.line);
                    Line::Inside
                }
                _ if splitter.word_in_line(head.line, Kind::TutupStruktur) => Line::Closer,
                _ => Line::Inside,
            }
        })
    }

    pub(super) fn unit_block(&mut self, head: Head) -> usize {
        self.definition(head, Scan::new(head), Words::All, false, |splitter, scan, head| match head
            .kind
        {
            Kind::TutupUnit => Line::Closer,
            Kind::Akhir if !scan.in_asm => splitter.old_closer(scan, head),
            Kind::Fungsi | Kind::Struktur | Kind::Unit | Kind::AsmRutin => Line::Other,
            Kind::AsmMulai | Kind::AsmData => {
                scan.in_asm = true;
                Line::Inside
            }
            Kind::TutupAsm | Kind::TutupData => {
                scan.in_asm = false;
                Line::Inside
            }
            _ => Line::Inside,
        })
    }

    pub(super) fn assembly(&mut self, head: Head) -> usize {
        let mut scan = Scan::new(head);
        scan.in_asm = true;
        self.definition(head, scan, Words::All, false, |_, scan, head| match head.kind {
            Kind::TutupAsm | Kind::TutupData => Line::Closer,
            kind if kind.is_definition() || matches!(kind, Kind::Unit | Kind::AsmMulai) => {
                Line::Other
            }
            // No instruction is called so: the block was not closed.
            kind if kind.begins_line() => {
                scan.propose_cut(head.line);
                Line::Inside
            }
            _ => Line::Inside,
        })
    }

    /// Reads lines until one closes the definition or begins something else.
    fn definition(
        &mut self,
        head: Head,
        mut scan: Scan,
        words: Words,
        closed_at_once: bool,
        mut classify: impl FnMut(&mut Self, &mut Scan, Head) -> Line,
    ) -> usize {
        self.at = head.next;
        if closed_at_once {
            return self.content_end(head.start, Comments::Morph);
        }
        while self.at < self.text.len() {
            let line = self.at;
            let start = self.skip_blanks(line);
            let first = byte(self.text, start);
            let next = self.next_line(start);
            if first == b'#' && marker(self.text, line).is_some() {
                break;
            }
            let nothing = matches!(first, b'\n' | b';') || start >= self.text.len();
            if nothing || (first == b'#' && !scan.in_asm) {
                self.at = next;
                continue;
            }
            let shallow = start - line <= scan.indent;
            let found = if words.may_begin_with(first, shallow) {
                self.head_at(line, start, next)
            } else {
                Head { line, start, next, kind: Kind::Eof }
            };
            let was_asm = scan.in_asm;
            match classify(self, &mut scan, found) {
                Line::Inside => {}
                Line::Closer => {
                    self.at = next;
                    return self.content_end(start, Comments::Morph);
                }
                Line::Other => break,
            }
            let asm_line = was_asm && scan.in_asm;
            scan.deeper.get_or_insert(!shallow);
            scan.last = start;
            scan.comments = if asm_line { Comments::Assembly } else { Comments::Morph };
            self.at = next;
        }
        if let Some((line, last, comments)) = scan.cut {
            self.at = line;
            return self.content_end(last, comments);
        }
        self.content_end(scan.last, scan.comments)
    }

    /// Whether a `tutup_fungsi` stands in the middle of the line of `head`.
    fn closer_in_line(&mut self, head: Head) -> bool {
        if self.next_closer < head.line {
            let found = memmem::find(&self.text[head.line..], b"tutup_fungsi");
            self.next_closer = found.map_or(self.text.len(), |n| head.line + n);
        }
        if self.next_closer >= head.next {
            return false;
        }
        self.next_closer = head.next.saturating_sub(1);
        self.word_in_line(head.line, Kind::TutupFungsi)
    }

    /// Whether the line at `line` holds the keyword `wanted`, outside strings and comments.
    fn word_in_line(&self, line: usize, wanted: Kind) -> bool {
        self.read_line(line, wanted).0
    }

    /// Reads the tokens of the line at `line`: whether `wanted` is among them, and the end of the last.
    pub(super) fn read_line(&self, line: usize, wanted: Kind) -> (bool, usize) {
        let (mut at, mut mode) = (line, Semicolons::Comment);
        let mut open = 0u32;
        let mut header_follows = false;
        let mut found = false;
        loop {
            let token = lexer::token(self.text, at, mode);
            if token.kind == Kind::Eof || token.line_start {
                return (found, at);
            }
            found |= token.kind == wanted;
            match token.kind {
                Kind::LeftParen => {
                    open += 1;
                    // The header of an `untuk` holds semicolons; what stands behind it counts.
                    if header_follows {
                        mode = Semicolons::Separate;
                    }
                }
                Kind::RightParen => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        mode = Semicolons::Comment;
                    }
                }
                _ => {}
            }
            header_follows = token.kind == Kind::Untuk;
            at = token.end() as usize;
        }
    }

    /// `akhir` closes the innermost open block; the definition when none is open.
    fn old_closer(&mut self, scan: &mut Scan, head: Head) -> Line {
        let mut at = scan.counted;
        while at < head.start {
            let token = lexer::token(self.text, at, Semicolons::Comment);
            at = token.end() as usize;
            match token.kind {
                Kind::Eof => break,
                Kind::Jika | Kind::Selama | Kind::Untuk | Kind::Pilih => scan.depth += 1,
                Kind::TutupJika | Kind::TutupSelama | Kind::TutupUntuk | Kind::TutupPilih => {
                    scan.depth -= 1
                }
                Kind::Shard if token.line_start && lexer::is_keyword_here(self.text, token) => {
                    scan.depth += 1
                }
                Kind::TutupShard
                    if token.line_start && lexer::is_keyword_here(self.text, token) =>
                {
                    scan.depth -= 1
                }
                Kind::AsmMulai => at = self.skip_assembly(at).min(head.start),
                _ => {}
            }
        }
        scan.counted = word_end(self.text, head.start);
        if scan.depth <= 0 {
            return Line::Closer;
        }
        scan.depth -= 1;
        Line::Inside
    }

    /// The line that ends the assembly block whose opening word ends at `at`: its closer's, or if that is
    /// missing, the first one that begins with a word of the language.
    pub(super) fn skip_assembly(&self, mut at: usize) -> usize {
        let mut resume = None;
        loop {
            at = self.next_line(at);
            if at >= self.text.len() {
                return resume.unwrap_or(at);
            }
            let start = self.skip_blanks(at);
            let kind = word_kind(self.text, start, word_end(self.text, start));
            if matches!(kind, Kind::TutupAsm | Kind::TutupData) {
                return at;
            }
            if kind.begins_line() {
                resume.get_or_insert(at);
            }
            if kind.is_definition()
                || matches!(kind, Kind::AsmMulai | Kind::TutupFungsi | Kind::TutupUnit)
            {
                return resume.unwrap_or(at);
            }
        }
    }
}

impl Scan {
    fn new(head: Head) -> Scan {
        Scan {
            last: head.start,
            comments: Comments::Morph,
            in_asm: false,
            indent: head.indent(),
            deeper: None,
            cut: None,
            depth: 0,
            counted: head.start,
        }
    }

    fn propose_cut(&mut self, line: usize) {
        self.cut.get_or_insert((line, self.last, self.comments));
    }
}
