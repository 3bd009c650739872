//! One fragment's tree to its summary: what it defines, imports, uses and returns.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{ExprId, Field, Item, Tree, VarInit};

use crate::summary::{
    ConstExpr, ConstOp, Definition, FieldSummary, Parameter, Shape, Side, Summary, UseKind,
};

use shapes::Value;
use walk::Walk;

mod asm_names;
mod constants;
mod shapes;
mod walk;

/// Summarises one fragment. Total: what could not be parsed contributes nothing.
///
/// The summary borrows names from `text`, the text that `tree` was parsed from. `side` says whose fragment it is:
/// functions named like a statement deserve a note in a program only.
pub fn index<'t>(tree: &Tree, text: &'t str, side: Side) -> Summary<'t> {
    let mut walk = Walk::new(tree, text);
    let mut name_span = Span::default();
    let definition = match &tree.item {
        Item::Function { name, params, body } => {
            name_span = *name;
            walk.parameters(params);
            walk.body(body);
            function(&mut walk, *name, params.len(), side)
        }
        Item::UnitBlock { name, body } => {
            name_span = *name;
            walk.body(body);
            Definition::UnitBlock { name: name.text(text) }
        }
        Item::Struct { name, fields } => {
            name_span = *name;
            let structure = name.text(text);
            Definition::Struct { name: structure, fields: fields_of(&mut walk, structure, fields) }
        }
        Item::Const { name, value } => {
            name_span = *name;
            walk.expr(*value);
            Definition::Const { name: name.text(text), value: constant(tree, text, *value) }
        }
        Item::Global { name, init } => {
            name_span = *name;
            Definition::Global { name: name.text(text), shape: initial(&mut walk, *init, *name) }
        }
        Item::Statement(block) => {
            walk.top_level(block);
            Definition::Statement
        }
        Item::Asm(lines) => {
            let names = walk.asm(*lines);
            forget_own_labels(&mut walk, &names.labels);
            if names.has_code || names.labels.is_empty() {
                Definition::Statement
            } else {
                Definition::Data { labels: names.labels }
            }
        }
        Item::AsmData(lines) => {
            let names = walk.asm(*lines);
            forget_own_labels(&mut walk, &names.labels);
            Definition::Data { labels: names.labels }
        }
        Item::Routine { name, text: lines } => {
            name_span = *name;
            let names = walk.asm(*lines);
            forget_own_labels(&mut walk, &names.labels);
            Definition::Routine { name: name.text(text) }
        }
        Item::Import(import) => {
            walk.imports.push(import.clone());
            Definition::Import
        }
        Item::Broken => damaged(text, &mut name_span),
    };
    let header_damaged = matches!(tree.item, Item::Broken);
    let assigned = assigned(&walk);
    let Walk { uses, imports, floats, diagnostics, .. } = walk;
    let mut label_values = Vec::new();
    if let (Definition::Data { .. }, Item::Asm(lines) | Item::AsmData(lines)) =
        (&definition, &tree.item)
    {
        let lines = morph_asm::Text { lines: lines.lines.text(text), start: lines.lines.start };
        let values = morph_asm::constants_of(lines).into_iter();
        label_values.extend(values.map(|(name, value, _)| (name, value)));
    }
    Summary {
        definition,
        name_span,
        uses,
        assigned,
        imports,
        label_values,
        header_damaged,
        floats,
        diagnostics,
    }
}

/// A definition that could not be parsed still defines its name: who uses it links to its stand-in.
fn damaged<'t>(text: &'t str, name_span: &mut Span) -> Definition<'t> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let keyword = &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())];
    let rest = &text[keyword.len()..];
    let rest = rest.trim_start_matches([' ', '\t']);
    let start = text.len() - rest.len();
    // `rusak(n)` without its keyword, `function rusak(n)`.
    let (keyword, start, rest) = match keyword {
        "function" | "func" | "def" | "fn" | "proc" => ("fungsi", start, rest),
        name if text[name.len()..].starts_with('(') => ("fungsi", 0, text),
        keyword => (keyword, start, rest),
    };
    let name = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Definition::Broken;
    }
    *name_span = Span::new(start as u32, (start + name.len()) as u32);
    match keyword {
        "fungsi" => Definition::Function { name, params: Vec::new(), result: Shape::Int },
        "var" => Definition::Global { name, shape: Shape::Int },
        "const" => Definition::Const {
            name,
            value: ConstExpr { ops: vec![ConstOp::Broken], span: *name_span },
        },
        _ => {
            *name_span = Span::default();
            Definition::Broken
        }
    }
}

/// Reads an expression as a constant one, to be folded when all names are known.
pub fn constant<'t>(tree: &Tree, text: &'t str, expr: ExprId) -> ConstExpr<'t> {
    constants::constant(tree, text, expr)
}

fn function<'t>(walk: &mut Walk<'_, 't>, name: Span, params: usize, side: Side) -> Definition<'t> {
    let span = name;
    let name = walk.name(name);
    if side == Side::Program && matches!(name, "cetak" | "cetak_str") {
        let note = Diagnostic::new(Code::PrintUnreachable, span).arg("name", name);
        walk.diagnostics.push(note);
    }
    let parameter = |nth: usize| {
        let hints = walk.values.iter().filter_map(|(local, value)| match value {
            Value::Hint(hint) if *local == nth => Some(*hint),
            Value::Hint(_) | Value::Expr(_) | Value::Zero | Value::Array => None,
        });
        let basic = hints.clone().find(|hint| matches!(*hint, "float" | "string"));
        let hint = basic.or_else(|| hints.clone().next());
        Parameter { name: walk.locals[nth].name, hint }
    };
    let params = (0..params).map(parameter).collect();
    Definition::Function { name, params, result: walk.result() }
}

fn fields_of<'t>(
    walk: &mut Walk<'_, 't>,
    structure: &'t str,
    fields: &[Field],
) -> Vec<FieldSummary<'t>> {
    let mut seen = rustc_hash::FxHashMap::default();
    let mut summaries = Vec::with_capacity(fields.len());
    for field in fields {
        let name = walk.name(field.name);
        if let Some(first) = seen.insert(name, field.name) {
            walk.diagnostics.push(
                Diagnostic::new(Code::FieldDuplicate, field.name)
                    .arg("name", name)
                    .arg("structure", structure)
                    .mark(first, "first"),
            );
        }
        let ty = field.ty.map(|ty| (walk.name(ty), ty));
        if let Some((ty, span)) = ty {
            walk.type_name(ty, span);
        }
        let array = field.array.map(|length| {
            walk.expr(length);
            constant(walk.tree, walk.text, length)
        });
        summaries.push(FieldSummary { name, span: field.name, ty, array });
    }
    summaries
}

fn initial<'t>(walk: &mut Walk<'_, 't>, init: VarInit, name: Span) -> Shape<'t> {
    match init {
        VarInit::None => Shape::Zero,
        VarInit::Value(value) => {
            walk.expr(value);
            walk.shapes().of_value(Value::Expr(value))
        }
        VarInit::Array(length) => {
            walk.expr(length);
            walk.use_name("sys_alloc", UseKind::Runtime, name);
            Shape::Int
        }
    }
}

fn forget_own_labels(walk: &mut Walk<'_, '_>, labels: &[(&str, Span)]) {
    walk.uses.retain(|used| {
        used.kind != UseKind::Asm || !labels.iter().any(|(label, _)| *label == used.name)
    });
}

/// Shapes given to names that are not local, without repetitions of one name's last shape.
fn assigned<'t>(walk: &Walk<'_, 't>) -> Vec<(&'t str, Shape<'t>)> {
    let mut assigned: Vec<(&'t str, Shape<'t>)> = Vec::new();
    let mut shapes = walk.shapes();
    for &(name, value) in &walk.outer {
        let shape = shapes.of_value(value);
        let known = |(other, same): &(&str, Shape<'_>)| *other == name && *same == shape;
        if !assigned.iter().rev().take(8).any(known) {
            assigned.push((name, shape));
        }
    }
    assigned
}
