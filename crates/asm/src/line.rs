//! One line of assembly text to labels and a statement.

use morph_diag::{Code, Diagnostic, Span};

use crate::expr::{Cursor, Expr};
use crate::mnemonic;
use crate::operand::{Decoration, Operand};
use crate::register;
use crate::token::{self, Kind};

#[derive(Clone, Debug)]
pub(crate) struct Line<'t> {
    /// From the first token to the last.
    pub(crate) span: Span,
    /// The same, as text.
    pub(crate) text: &'t str,
    pub(crate) labels: Vec<(&'t str, Span)>,
    pub(crate) times: Option<Expr<'t>>,
    pub(crate) body: Body<'t>,
}

#[derive(Clone, Debug)]
pub(crate) enum Body<'t> {
    /// Labels only, `default rel`, `global x`.
    Nothing,
    Instruction(Instruction<'t>),
    /// `db` .. `dq`: bytes of a unit, and what follows.
    Data(u8, Vec<Datum<'t>>),
    /// `resb` .. `resq`.
    Reserve(u8, Expr<'t>),
    /// To a multiple of this, with this byte (code: `nop`).
    Align(Expr<'t>, Option<Expr<'t>>),
    /// The label of the line is this value and no place.
    Equ(Expr<'t>),
}

#[derive(Clone, Debug)]
pub(crate) enum Datum<'t> {
    Text(Vec<u8>),
    Float(f64),
    /// `?`: zero.
    Nothing,
    Value(Expr<'t>, Span),
}

#[derive(Clone, Debug)]
pub(crate) struct Instruction<'t> {
    /// Lower case, aliases replaced.
    pub(crate) mnemonic: String,
    pub(crate) prefixes: Vec<Prefix>,
    pub(crate) operands: Vec<Operand<'t>>,
    pub(crate) decoration: Decoration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    Lock,
    Rep,
    Repne,
    Acquire,
    Release,
    Bound,
    Notrack,
    Segment(iced_x86::Register),
}

fn prefix(name: &str) -> Option<Prefix> {
    Some(match name.to_ascii_lowercase().as_str() {
        "lock" => Prefix::Lock,
        "rep" | "repe" | "repz" => Prefix::Rep,
        "repne" | "repnz" => Prefix::Repne,
        "xacquire" => Prefix::Acquire,
        "xrelease" => Prefix::Release,
        "bnd" => Prefix::Bound,
        "notrack" => Prefix::Notrack,
        other => {
            let register = register::from_name(other)?;
            return register.is_segment_register().then_some(Prefix::Segment(register));
        }
    })
}

/// The unit of `db`, `dw`, `dd`, `dq` and of `resb` .. `resq`.
fn unit(word: &str) -> Option<(u8, bool)> {
    Some(match word {
        "db" => (1, false),
        "dw" => (2, false),
        "dd" => (4, false),
        "dq" => (8, false),
        "resb" => (1, true),
        "resw" => (2, true),
        "resd" => (4, true),
        "resq" => (8, true),
        _ => return None,
    })
}

/// Whether a line that begins with `label word` names the label without a colon.
fn follows_label(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    unit(&word).is_some() || matches!(word.as_str(), "equ" | "times")
}

/// Words that begin a line and are no mnemonics.
fn is_directive(word: &str) -> bool {
    follows_label(word)
        || matches!(
            word.to_ascii_lowercase().as_str(),
            "align" | "alignb" | "default" | "bits" | "global" | "extern" | "cpu" | "use64"
        )
}

/// Directives of NASM that mean nothing here.
fn is_foreign_directive(word: &str) -> bool {
    const WORDS: [&str; 22] = [
        "section", "segment", "org", "incbin", "struc", "endstruc", "istruc", "iend", "at",
        "common", "absolute", "group", "dt", "do", "dy", "dz", "rest", "reso", "resy", "resz",
        "float", "static",
    ];
    WORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// Reads every line of `lines`; what cannot be read becomes a diagnostic.
pub(crate) fn lines<'t>(
    lines: &'t str,
    start: u32,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Line<'t>> {
    let mut out = Vec::new();
    let mut at = start;
    for text in lines.split('\n') {
        match line(text, at) {
            Ok(Some(line)) => out.push(line),
            Ok(None) => {}
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
        at += text.len() as u32 + 1;
    }
    out
}

type Fallible<T> = Result<T, Box<Diagnostic>>;

fn line(text: &str, start: u32) -> Fallible<Option<Line<'_>>> {
    let tokens = token::tokens(text, start);
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return Ok(None) };
    let span = first.span.to(last.span);
    let shown = &text[(span.start - start) as usize..(span.end - start) as usize];
    let mut cursor = Cursor { line: text, start, tokens: &tokens, at: 0, operators: 0 };
    let mut line = Line { span, text: shown, labels: Vec::new(), times: None, body: Body::Nothing };
    while let Some(name) = cursor.peek_name() {
        let next = cursor.tokens.get(cursor.at + 1).map(|token| &token.kind);
        let colon = next == Some(&Kind::Sign(b':')) && prefix(name).is_none();
        let bare = matches!(next, Some(Kind::Name(word)) if follows_label(word))
            && !is_directive(name)
            && prefix(name).is_none();
        if !colon && !bare {
            break;
        }
        line.labels.push((name, cursor.tokens[cursor.at].span));
        cursor.at += 1 + usize::from(colon);
    }
    if cursor.eat_name("times") {
        line.times = Some(cursor.expr().ok_or_else(|| malformed(&cursor, &line))?);
    }
    if cursor.at < tokens.len() {
        line.body = body(&mut cursor, &line)?;
    }
    Ok(Some(line))
}

fn malformed(cursor: &Cursor<'_, '_>, line: &Line<'_>) -> Box<Diagnostic> {
    let span = cursor.tokens.get(cursor.at).map_or(line.span, |token| token.span);
    Box::new(Diagnostic::new(Code::AsmOperandMalformed, span).arg("text", line.text))
}

fn directive(span: Span, text: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::AsmDirective, span).arg("text", text))
}

fn body<'t>(cursor: &mut Cursor<'_, 't>, line: &Line<'t>) -> Fallible<Body<'t>> {
    let first = cursor.tokens[cursor.at].span;
    let Some(name) = cursor.peek_name() else { return Err(directive(line.span, line.text)) };
    let word = name.to_ascii_lowercase();
    if is_foreign_directive(&word) {
        return Err(directive(line.span, line.text));
    }
    if !is_directive(&word) {
        return instruction(cursor, line).map(Body::Instruction);
    }
    cursor.at += 1;
    let body = match (unit(&word), word.as_str()) {
        (Some((unit, false)), _) => Body::Data(unit, data(cursor, line)?),
        (Some((unit, true)), _) => {
            Body::Reserve(unit, cursor.expr().ok_or_else(|| malformed(cursor, line))?)
        }
        (None, "equ") if line.labels.is_empty() => return Err(directive(first, line.text)),
        (None, "equ") => Body::Equ(cursor.expr().ok_or_else(|| malformed(cursor, line))?),
        (None, "align" | "alignb") => {
            let to = cursor.expr().ok_or_else(|| malformed(cursor, line))?;
            let mut fill = None;
            if cursor.eat(b',') {
                let zero = cursor.eat_name("db");
                fill = match cursor.peek_name() {
                    Some(name) if !zero && name.eq_ignore_ascii_case("nop") => {
                        cursor.at += 1;
                        None
                    }
                    _ => Some(cursor.expr().ok_or_else(|| malformed(cursor, line))?),
                };
            }
            Body::Align(to, fill)
        }
        (None, "default") => {
            if !cursor.eat_name("rel") {
                return Err(directive(line.span, line.text));
            }
            Body::Nothing
        }
        (None, "bits") => match cursor.peek() {
            Some(Kind::Number(64)) => {
                cursor.at += 1;
                Body::Nothing
            }
            _ => return Err(directive(line.span, line.text)),
        },
        // `global`, `extern`, `cpu`, `use64`: nothing to do, everything is known to the linker.
        (None, _) => {
            cursor.at = cursor.tokens.len();
            Body::Nothing
        }
    };
    if cursor.at < cursor.tokens.len() {
        return Err(malformed(cursor, line));
    }
    Ok(body)
}

fn data<'t>(cursor: &mut Cursor<'_, 't>, line: &Line<'t>) -> Fallible<Vec<Datum<'t>>> {
    let mut out = Vec::new();
    loop {
        let from = cursor.at;
        let next = cursor.tokens.get(from + 1).map(|token| &token.kind);
        let alone = matches!(next, None | Some(Kind::Sign(b',')));
        let negative = cursor.peek_sign() == Some(b'-');
        let datum = match (cursor.peek(), next) {
            (Some(Kind::Text(text)), _) if alone => Datum::Text(text.clone()),
            (Some(Kind::Float(number)), _) => Datum::Float(*number),
            (Some(Kind::Name("?")), _) => Datum::Nothing,
            (Some(Kind::Sign(b'-')), Some(Kind::Float(number))) if negative => {
                cursor.at += 1;
                Datum::Float(-number)
            }
            _ => {
                let expr = cursor.expr().ok_or_else(|| malformed(cursor, line))?;
                let last = cursor.tokens[cursor.at - 1].span;
                cursor.at -= 1;
                Datum::Value(expr, cursor.tokens[from].span.to(last))
            }
        };
        cursor.at += 1;
        out.push(datum);
        // A trailing comma is fine, as in NASM.
        if !cursor.eat(b',') || cursor.at == cursor.tokens.len() {
            break;
        }
    }
    Ok(out)
}

fn instruction<'t>(cursor: &mut Cursor<'_, 't>, line: &Line<'t>) -> Fallible<Instruction<'t>> {
    let mut prefixes = Vec::new();
    while let Some(found) = cursor.peek_name().and_then(prefix) {
        let last = cursor.at + 1 == cursor.tokens.len();
        prefixes.push(found);
        cursor.at += 1;
        if last {
            return Err(malformed(cursor, line));
        }
    }
    let Some(name) = cursor.peek_name() else { return Err(malformed(cursor, line)) };
    let span = cursor.tokens[cursor.at].span;
    cursor.at += 1;
    let Some((mnemonic, predicate)) = mnemonic::canonical(name) else {
        let mut diagnostic = Diagnostic::new(Code::AsmMnemonic, span).arg("mnemonic", name);
        if let Some(nearest) = mnemonic::nearest(name) {
            diagnostic = diagnostic.arg("nearest", nearest);
        }
        return Err(Box::new(diagnostic));
    };
    let mut decoration = Decoration::default();
    let mut operands: Vec<Operand<'t>> = Vec::new();
    while cursor.at < cursor.tokens.len() {
        if cursor.peek_sign() == Some(b'{') {
            // `vaddps zmm0, zmm1, zmm2, {rn-sae}`
            let word = cursor.brace_word().ok_or_else(|| malformed(cursor, line))?;
            decoration.set(&word).ok_or_else(|| malformed(cursor, line))?;
        } else {
            let operand = cursor.operand(&mut decoration).ok_or_else(|| malformed(cursor, line))?;
            operands.push(operand);
        }
        if cursor.at < cursor.tokens.len() && !cursor.eat(b',') {
            return Err(malformed(cursor, line));
        }
    }
    if let Some(predicate) = predicate {
        operands.push(Operand {
            span,
            kind: crate::operand::OperandKind::Value(
                Expr::Number(predicate),
                None,
                Default::default(),
            ),
        });
    }
    Ok(Instruction { mnemonic, prefixes, operands, decoration })
}
