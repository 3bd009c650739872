//! Which names assembly text mentions and defines, without assembling it.

use morph_diag::Span;

/// How a name stands in assembly text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mention {
    Plain,
    /// `[var_x]`; the name is `x`.
    Variable,
}

/// What a run of assembly lines mentions.
#[derive(Debug, Default)]
pub(super) struct AsmNames<'t> {
    pub(super) mentions: Vec<(&'t str, Span, Mention)>,
    /// Labels that are not local (`.x`), in text order.
    pub(super) labels: Vec<(&'t str, Span)>,
    /// Whether there is an instruction: else all is labelled data.
    pub(super) has_code: bool,
    /// `v`, if the last instruction (before a final `ret`) is `mov rax, [var_v]`.
    pub(super) leaves: Option<&'t str>,
    /// Whether the last instruction is `ret`.
    pub(super) returns: bool,
}

/// Words of operands that are no names.
const OPERAND_WORDS: &[&str] = &[
    "byte", "word", "dword", "qword", "tword", "oword", "xmmword", "ymmword", "ptr", "rel", "abs",
    "short", "near", "far", "strict", "nosplit",
];

const DATA: &[&str] = &[
    "db", "dw", "dd", "dq", "dt", "do", "resb", "resw", "resd", "resq", "equ", "times", "align",
    "alignb", "incbin",
];

const IGNORED: &[&str] = &["section", "segment", "global", "extern", "default", "bits", "cpu"];

const PREFIXES: &[&str] = &["rep", "repe", "repz", "repne", "repnz", "lock"];

const REGISTERS: &[&str] = &[
    "al", "ah", "ax", "eax", "rax", "bl", "bh", "bx", "ebx", "rbx", "cl", "ch", "cx", "ecx", "rcx",
    "dl", "dh", "dx", "edx", "rdx", "si", "sil", "esi", "rsi", "di", "dil", "edi", "rdi", "bp",
    "bpl", "ebp", "rbp", "sp", "spl", "esp", "rsp", "ip", "eip", "rip", "cs", "ds", "es", "fs",
    "gs", "ss",
];

fn one_of(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_register(word: &str) -> bool {
    if one_of(REGISTERS, word) {
        return true;
    }
    let lower = |prefix: &str| {
        word.get(..prefix.len())
            .filter(|start| start.eq_ignore_ascii_case(prefix))
            .map(|_| &word[prefix.len()..])
    };
    let number = |text: &str| {
        !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit())
    };
    if ["xmm", "ymm", "zmm", "mm", "st", "cr", "dr", "k"]
        .into_iter()
        .any(|p| lower(p).is_some_and(number))
    {
        return true;
    }
    lower("r").is_some_and(|rest| number(rest.trim_end_matches(['d', 'w', 'b', 'D', 'W', 'B'])))
}

/// Scans the lines that `lines` covers in the fragment's text.
pub(super) fn scan(text: &str, lines: Span) -> AsmNames<'_> {
    let mut names = AsmNames::default();
    let mut start = lines.start as usize;
    for line in lines.text(text).split_inclusive('\n') {
        scan_line(&mut names, line, start);
        start += line.len();
    }
    names
}

/// A word of a line, with what surrounds it.
struct Word<'t> {
    text: &'t str,
    at: usize,
    in_brackets: bool,
    /// Whether a `:` follows directly.
    colon: bool,
}

fn scan_line<'t>(names: &mut AsmNames<'t>, line: &'t str, start: usize) {
    let words = words(line);
    let span = |word: &Word<'_>| {
        Span::new((start + word.at) as u32, (start + word.at + word.text.len()) as u32)
    };
    let mut rest = words.as_slice();
    while let [label, after @ ..] = rest
        && label.colon
    {
        if !label.text.starts_with('.') {
            names.labels.push((label.text, span(label)));
        }
        rest = after;
    }
    if let [label, directive, ..] = rest
        && one_of(DATA, directive.text)
        && !one_of(DATA, label.text)
        && !label.text.starts_with('.')
    {
        names.labels.push((label.text, span(label)));
        rest = &rest[1..];
    }
    while let [prefix, after @ ..] = rest
        && one_of(PREFIXES, prefix.text)
    {
        rest = after;
    }
    let [mnemonic, operands @ ..] = rest else { return };
    if one_of(IGNORED, mnemonic.text) {
        return;
    }
    if !one_of(DATA, mnemonic.text) {
        names.has_code = true;
        names.returns = mnemonic.text.eq_ignore_ascii_case("ret");
        if !names.returns {
            names.leaves = loaded(mnemonic, operands);
        }
    }
    for word in operands {
        if one_of(OPERAND_WORDS, word.text) || is_register(word.text) || one_of(DATA, word.text) {
            continue;
        }
        match word.text.strip_prefix("var_") {
            Some(bare) if word.in_brackets && !bare.is_empty() => {
                names.mentions.push((bare, span(word), Mention::Variable));
            }
            Some(_) | None if word.text.starts_with(['.', '$', '@', '?', '%']) => {}
            Some(_) | None => names.mentions.push((word.text, span(word), Mention::Plain)),
        }
    }
}

/// `v` of `mov rax, [var_v]`.
fn loaded<'t>(mnemonic: &Word<'t>, operands: &[Word<'t>]) -> Option<&'t str> {
    let (destination, source) = match operands {
        [destination, source] => (destination, source),
        [destination, size, source] if size.text.eq_ignore_ascii_case("qword") => {
            (destination, source)
        }
        _ => return None,
    };
    let is_load = mnemonic.text.eq_ignore_ascii_case("mov")
        && destination.text.eq_ignore_ascii_case("rax")
        && !destination.in_brackets
        && source.in_brackets;
    source.text.strip_prefix("var_").filter(|_| is_load)
}

/// The words of a line up to its comment; numbers and quoted text are skipped.
fn words(line: &str) -> Vec<Word<'_>> {
    let bytes = line.as_bytes();
    let mut words = Vec::new();
    let mut depth = 0_u32;
    let mut at = 0;
    let in_word = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b'@' | b'?' | b'#' | b'~')
    };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b';' => break,
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'\'' | b'"' | b'`' => {
                at += 1;
                while bytes.get(at).is_some_and(|&b| b != byte) {
                    at += if byte == b'`' && bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ if in_word(byte) => {
                let end =
                    bytes[at..].iter().position(|&b| !in_word(b)).map_or(bytes.len(), |n| at + n);
                if !byte.is_ascii_digit() {
                    let colon = bytes.get(end) == Some(&b':');
                    words.push(Word { text: &line[at..end], at, in_brackets: depth > 0, colon });
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    words
}
