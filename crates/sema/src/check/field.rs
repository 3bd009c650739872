//! Fields: from the struct that the value is known to point to, else from what all structs agree on.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{self, Expr as Syntax};

use super::checker::Checker;
use super::value::{Kind, Value};
use crate::environment::{StructId, StructInfo, Ty};
use crate::typed::Expr;

/// Where a field lies and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) offset: i32,
    pub(super) kind: Kind,
    /// The struct, unless it was guessed.
    pub(super) structure: Option<StructId>,
}

impl<'a> Checker<'a> {
    pub(super) fn load_field(
        &mut self,
        (place, base): (tree::ExprId, Value),
        name: Span,
        span: Span,
    ) -> Value {
        let Some(slot) = self.slot(place, base, name) else {
            return Value { id: base.id, kind: Kind::Error };
        };
        let word = self.node(Expr::Load { base: base.id, offset: slot.offset }, span);
        self.of_word(word, slot.kind)
    }

    /// The field `name` of `base`; `None` if a diagnostic (or something closed) says why not.
    pub(super) fn slot(&mut self, place: tree::ExprId, base: Value, name: Span) -> Option<Slot> {
        match base.kind {
            Kind::Error => None,
            Kind::Struct(id) => {
                let info = self.asker.structure_by_id(id)?;
                self.known_slot(info, name)
            }
            Kind::Float | Kind::Str => {
                self.mismatch(self.tree.span(place), "struct", base.kind);
                None
            }
            Kind::Zero | Kind::Int => self.guessed_slot(place, name),
        }
    }

    fn known_slot(&mut self, info: &StructInfo, name: Span) -> Option<Slot> {
        if info.closed {
            self.close(&info.name);
            return None;
        }
        let field = self.text(name);
        if let Some(slot) = slot_in(info, field) {
            return Some(Slot { structure: Some(info.id), ..slot });
        }
        let place = info.place;
        let mut diagnostic = Diagnostic::new(Code::FieldUnknown, name)
            .arg("field", field)
            .arg("structure", info.name.as_str())
            .mark_in(place.fragment, place.name, "mark-defined");
        if !info.fields.is_empty() {
            let names: Vec<String> = info.fields.iter().map(|field| field.name.clone()).collect();
            diagnostic = diagnostic.arg("fields", names).footer("note-fields");
        }
        self.report(diagnostic);
        None
    }

    /// Nothing says which struct it is: take the field if it means the same in all that have it.
    fn guessed_slot(&mut self, place: tree::ExprId, name: Span) -> Option<Slot> {
        let field = self.text(name);
        let candidates = self.asker.structs_with_field(field);
        let slots = || candidates.iter().filter_map(|info| slot_in(info, field));
        let span = self.tree.span(place);
        let value = self.text(span);
        let first = slots().next();
        let agreed = first.filter(|first| {
            let float = first.kind == Kind::Float;
            slots().all(|s| s.offset == first.offset && (s.kind == Kind::Float) == float)
        });
        if let (Some(slot), Some(info)) = (agreed, candidates.first()) {
            if !self.guessed.contains(&value) {
                self.guessed.push(value);
                let diagnostic = Diagnostic::new(Code::TypeGuessed, span)
                    .arg("field", field)
                    .arg("structure", info.name.as_str())
                    .arg("offset", slot.offset as usize);
                self.report(diagnostic);
            }
            let same = slots().all(|other| other.kind == slot.kind);
            let kind = if same { slot.kind } else { Kind::Int };
            return Some(Slot { kind, ..slot });
        }
        // Said once for each value: the same hint mends all of its fields.
        if self.unknown.contains(&value) {
            return None;
        }
        self.unknown.push(value);
        let mut diagnostic =
            Diagnostic::new(Code::TypeUnknown, span).arg("name", value).arg("what", "value");
        if candidates.is_empty() {
            diagnostic = diagnostic.footer("note-none");
        } else {
            let names: Vec<String> = candidates.iter().map(|info| info.name.clone()).collect();
            diagnostic = diagnostic.arg("candidates", names).footer("note-candidates");
            if matches!(self.tree.expr(place), Syntax::Name(_)) {
                diagnostic = diagnostic.footer("help-hint");
            }
        }
        self.report(diagnostic);
        None
    }
}

fn slot_in(info: &StructInfo, field: &str) -> Option<Slot> {
    let position = info.fields.iter().position(|known| known.name == field)?;
    let field = info.fields.get(position)?;
    let kind = match field.array {
        Some(_) => Kind::of(Ty::Int),
        None => Kind::of(field.ty),
    };
    Some(Slot { offset: 8 * position as i32, kind, structure: None })
}
