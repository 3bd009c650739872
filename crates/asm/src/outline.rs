//! What a text defines and uses, without encoding it.

use indexmap::IndexSet;
use morph_diag::Span;

use crate::line::{self, Body, Datum, Line};
use crate::operand::OperandKind;
use crate::scope::Names;
use crate::section::Section;
use crate::{Text, Usage};

/// A name that a text uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'t> {
    /// Without `var_` for [`Usage::Variable`].
    pub name: &'t str,
    pub usage: Usage,
    pub span: Span,
}

fn read(text: Text<'_>) -> Vec<Line<'_>> {
    line::lines(text.lines, text.start, &mut Vec::new())
}

/// The labels that a text defines, in order: places, not `equ` constants, not `.local` ones.
pub fn labels_of(text: Text<'_>) -> Vec<(&str, Span)> {
    let lines = read(text).into_iter().filter(|line| !matches!(line.body, Body::Equ(_)));
    lines.flat_map(|line| line.labels).filter(|(name, _)| !name.starts_with('.')).collect()
}

/// The `equ` constants of a text that are plain numbers by themselves (`len equ $ - text`).
pub fn constants_of(text: Text<'_>) -> Vec<(&str, i64, Span)> {
    let lines = read(text);
    let constants: Vec<(&str, Span)> = lines
        .iter()
        .filter(|line| matches!(line.body, Body::Equ(_)))
        .flat_map(|line| line.labels.iter().copied())
        .collect();
    if constants.is_empty() {
        return Vec::new();
    }
    let mut nothing = |_: &str, _: Usage, _: Span| None;
    let mut section = Section::new(Names::new(&mut nothing), false);
    for line in lines {
        section.line(line, 0);
    }
    section.finish();
    let mut number = |name| section.names.number(name);
    constants
        .iter()
        .filter_map(|(name, span)| number(name).map(|number| (*name, number, *span)))
        .collect()
}

/// Whether a text means something on one kind of machine only. What cannot be read does not count.
pub fn has_instruction(text: Text<'_>) -> bool {
    let mut diagnostics = Vec::new();
    let lines = line::lines(text.lines, text.start, &mut diagnostics);
    lines.iter().any(|line| matches!(line.body, Body::Instruction(_)))
}

/// Whether a text is labelled data and nothing else: it belongs into the data section.
pub fn is_data_only(text: Text<'_>) -> bool {
    let mut diagnostics = Vec::new();
    let lines = line::lines(text.lines, text.start, &mut diagnostics);
    let mut labelled = false;
    for line in &lines {
        labelled |= !line.labels.is_empty();
        match line.body {
            Body::Instruction(_) => return false,
            Body::Data(..) | Body::Reserve(..) if !labelled => return false,
            Body::Data(..) | Body::Reserve(..) | Body::Align(..) | Body::Equ(_) | Body::Nothing => {
            }
        }
    }
    let data = |line: &Line<'_>| matches!(line.body, Body::Data(..) | Body::Reserve(..));
    diagnostics.is_empty() && lines.iter().any(data)
}

/// The names that a text uses and does not define itself, each with its first place, in order.
pub fn names_of(text: Text<'_>) -> Vec<Name<'_>> {
    let lines = read(text);
    let defined: IndexSet<&str> =
        lines.iter().flat_map(|line| &line.labels).map(|(name, _)| *name).collect();
    let mut seen: IndexSet<&str> = IndexSet::new();
    let mut out = Vec::new();
    for line in &lines {
        let mut found: Vec<(&str, Span)> = Vec::new();
        names_of_line(line, &mut |name, span| found.push((name, span)));
        for (name, span) in found {
            if defined.contains(name) || !seen.insert(name) {
                continue;
            }
            let variable = name.strip_prefix("var_").filter(|rest| !rest.is_empty());
            let usage = if variable.is_some() { Usage::Variable } else { Usage::Plain };
            out.push(Name { name: variable.unwrap_or(name), usage, span });
        }
    }
    out
}

fn names_of_line<'t>(line: &Line<'t>, visit: &mut dyn FnMut(&'t str, Span)) {
    if let Some(times) = &line.times {
        times.names(visit);
    }
    match &line.body {
        Body::Nothing => {}
        Body::Instruction(instruction) => {
            for operand in &instruction.operands {
                match &operand.kind {
                    OperandKind::Register(_) => {}
                    OperandKind::Value(expr, ..) => expr.names(visit),
                    OperandKind::Memory(memory) => {
                        if let Some(expr) = &memory.displacement {
                            expr.names(visit);
                        }
                    }
                }
            }
        }
        Body::Data(_, data) => {
            for datum in data {
                if let Datum::Value(expr, _) = datum {
                    expr.names(visit);
                }
            }
        }
        Body::Reserve(_, expr) | Body::Equ(expr) => expr.names(visit),
        Body::Align(to, fill) => {
            to.names(visit);
            if let Some(fill) = fill {
                fill.names(visit);
            }
        }
    }
}
