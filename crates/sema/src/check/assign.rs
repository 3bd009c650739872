//! Declarations, assignments, `++` and `--`, and `tipe`.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{self, Expr as Syntax, StepBy, VarInit};

use super::call::Place;
use super::checker::Checker;
use super::scope::{Binding, LocalConst};
use super::value::{Kind, Level, Value};
use crate::environment::{ConstValue, GlobalInfo, Variable};
use crate::typed::{BinaryOp, Conversion, Expr, ExprId, Repr, Stmt, StmtKind};

/// An array may have at most this many elements.
const LONGEST_ARRAY: i64 = 1 << 28;

impl<'a> Checker<'a> {
    pub(super) fn declare(&mut self, name: Span, init: VarInit, span: Span, out: &mut Vec<Stmt>) {
        let value = match init {
            VarInit::None => self.integer(0, name),
            VarInit::Value(value) => self.assigned(value),
            VarInit::Array(length) => self.array(length, span),
        };
        let text = self.text(name);
        let least = value.kind.level().unwrap_or(Level::Zero);
        let index = match self.walk.scope.find(text) {
            // Assembly has declared it for the whole function: this is it.
            Some(Binding::Variable(index)) if self.walk.variables[index as usize].implicit => {
                self.walk.variables[index as usize].implicit = false;
                self.walk.scope.declare(text, Binding::Variable(index));
                index
            }
            Some(_) | None => {
                self.no_duplicate(text, name);
                self.variable(text, name, least)
            }
        };
        self.set_variable(index, value, span, out);
    }

    fn no_duplicate(&mut self, text: &str, name: Span) {
        let first = match self.walk.scope.find_in_block(text) {
            Some(Binding::Variable(index)) => self.walk.variables[index as usize].span,
            Some(Binding::Constant(index)) => self.walk.constants[index as usize].span,
            None => return,
        };
        let diagnostic = Diagnostic::new(Code::VariableDuplicate, name)
            .arg("name", text)
            .mark(first, "mark-first");
        self.report(diagnostic);
    }

    pub(super) fn declare_constant(&mut self, name: Span, value: tree::ExprId) {
        let text = self.text(name);
        let checked = self.expr(value);
        let known = self.known(checked);
        if known.is_none() && checked.kind != Kind::Error {
            let span = self.tree.span(value);
            self.report(Diagnostic::new(Code::ConstantNotConstant, span));
        }
        self.no_duplicate(text, name);
        let index = self.walk.constants.len() as u32;
        self.walk.constants.push(LocalConst { span: name, value: known });
        self.walk.scope.declare(text, Binding::Constant(index));
    }

    /// A fresh array of as many zeroed words as the constant `length` says.
    pub(super) fn array(&mut self, length: tree::ExprId, span: Span) -> Value {
        let place = self.tree.span(length);
        let value = self.expr(length);
        match self.known(value) {
            Some(ConstValue::Int(number)) if (0..=LONGEST_ARRAY).contains(&number) => {
                let id = self.allocate(number as u32, span);
                return Value { id, kind: Kind::Int };
            }
            Some(ConstValue::Int(number)) => {
                let text = number.to_string();
                self.report(Diagnostic::new(Code::ArrayLength, place).arg("length", text));
            }
            Some(ConstValue::Float(_) | ConstValue::Str(_)) => {
                self.mismatch(place, "int", value.kind);
            }
            Some(ConstValue::Closed(symbol)) => self.close(symbol.trim_start_matches('?')),
            None if value.kind == Kind::Error => {}
            None => self.report(Diagnostic::new(Code::ConstantNotConstant, place)),
        }
        self.error(span)
    }

    /// The value of an expression that is a literal by now.
    fn known(&self, value: Value) -> Option<ConstValue> {
        let expr = self.expr_at(value.id);
        if let Expr::Closed(symbol) = expr {
            return self.walk.symbols.get(symbol.0 as usize).cloned().map(ConstValue::Closed);
        }
        if value.kind == Kind::Error {
            return None;
        }
        if let Expr::Int(number) = expr {
            Some(ConstValue::Int(number))
        } else if let Expr::Float(number) = expr {
            Some(ConstValue::Float(number))
        } else if let Expr::Str(id) = expr {
            self.walk.strings.get(id.0 as usize).cloned().map(ConstValue::Str)
        } else {
            None
        }
    }

    /// Checks a value that is about to be assigned: a variable that has been 0 so far gives a zero.
    fn assigned(&mut self, id: tree::ExprId) -> Value {
        let value = self.expr(id);
        if value.kind == Kind::Int
            && let Syntax::Name(span) = self.tree.expr(id)
            && let Some(Binding::Variable(index)) = self.walk.scope.find(self.text(span))
        {
            let variable = &mut self.walk.variables[index as usize];
            if variable.level == Level::Zero && !variable.fixed {
                variable.zero_relied_on = true;
                return Value { kind: Kind::Zero, ..value };
            }
        }
        value
    }

    pub(super) fn set_variable(
        &mut self,
        index: u32,
        value: Value,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        if let Some(level) = value.kind.level() {
            self.raise(index, level);
        }
        let variable = &mut self.walk.variables[index as usize];
        match value.kind {
            Kind::Struct(id) => variable.structure = Some(id),
            Kind::Float | Kind::Str => variable.structure = None,
            Kind::Error => variable.broken = true,
            Kind::Zero | Kind::Int => {}
        }
        let (local, level, parameter) = (variable.local, variable.level, variable.parameter);
        let name = variable.span;
        let value = if level == Level::Float {
            self.float(value)
        } else if value.kind == Kind::Float && parameter {
            let (function, name) = (self.function_name(), self.text(name));
            self.word_for(value, level.kind(), Place::Parameter { function, name })
        } else if value.kind == Kind::Float {
            let expected = self.kind_name(level.kind());
            self.mismatch(self.span_at(value.id), &expected, value.kind);
            self.bits(value)
        } else {
            value.id
        };
        out.push(Stmt { kind: StmtKind::SetLocal { local, value }, span });
    }

    pub(super) fn assign(
        &mut self,
        target: tree::ExprId,
        value: tree::ExprId,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        match self.tree.expr(target) {
            Syntax::Name(name) => {
                let value = self.assigned(value);
                self.set_name(name, value, span, out);
            }
            Syntax::Index { base, index } => {
                let checked = self.expr(base);
                let (place, index) = self.element((base, checked), index);
                let value = self.expr(value);
                let name = self.text(self.tree.span(base));
                let value = self.word_for(value, Kind::Int, Place::Element { name });
                out.push(Stmt { kind: StmtKind::StoreIndex { base: place, index, value }, span });
            }
            Syntax::Field { base, name } => {
                let checked = self.expr(base);
                let slot = self.slot(base, checked, name);
                let value = self.expr(value);
                let base = checked.id;
                let Some(slot) = slot else {
                    // What is closed is reached before anything is stored.
                    out.push(Stmt { kind: StmtKind::Expr(base), span });
                    return;
                };
                let holder = match slot.structure {
                    Some(id) => self.struct_name(id),
                    None => self.text(self.tree.span(target)).to_owned(),
                };
                let name = self.text(name);
                let field = Place::Field { structure: &holder, name };
                let value = self.word_for(value, slot.kind, field);
                out.push(Stmt { kind: StmtKind::Store { base, offset: slot.offset, value }, span });
            }
            Syntax::Error => {
                self.expr(value);
            }
            Syntax::Int(_)
            | Syntax::Float(_)
            | Syntax::Str(_)
            | Syntax::Call { .. }
            | Syntax::Unary { .. }
            | Syntax::Binary { .. } => {
                let place = self.tree.span(target);
                let text = self.text(place);
                self.report(Diagnostic::new(Code::AssignTarget, place).arg("name", text));
                self.expr(value);
            }
        }
    }

    fn set_name(&mut self, place: Span, value: Value, span: Span, out: &mut Vec<Stmt>) {
        let name = self.text(place);
        match self.walk.scope.find(name) {
            Some(Binding::Variable(index)) => return self.set_variable(index, value, span, out),
            Some(Binding::Constant(index)) => {
                let defined = self.walk.constants[index as usize].span;
                let diagnostic = Diagnostic::new(Code::ConstantAssigned, place)
                    .arg("name", name)
                    .mark(defined, "mark-defined");
                return self.report(diagnostic);
            }
            None => {}
        }
        let (code, defined) = match self.asker.variable(name) {
            Some(Variable::Global(global)) => {
                return self.set_global(name, global, value, span, out);
            }
            Some(Variable::Const(constant)) => (Code::ConstantAssigned, constant.place),
            None => match (self.asker.function(name), self.asker.structure(name)) {
                (Some(function), _) => (Code::AssignTarget, function.place),
                (None, Some(structure)) => (Code::AssignTarget, structure.place),
                (None, None) => return self.unknown_name(name, place, "variable"),
            },
        };
        let diagnostic = Diagnostic::new(code, place).arg("name", name).mark_in(
            defined.fragment,
            defined.name,
            "mark-defined",
        );
        self.report(diagnostic);
    }

    pub(super) fn set_global(
        &mut self,
        name: &'a str,
        global: &GlobalInfo,
        value: Value,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let kind = self.global_kind(name, global);
        if let Kind::Struct(_) = value.kind
            && kind != value.kind
        {
            self.walk.global_hints.push((name, value.kind));
        }
        let value = match (kind, value.kind) {
            (Kind::Float, _) => {
                let double = self.float(value);
                self.convert(Conversion::FloatToBits, double)
            }
            (Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_), Kind::Float) => {
                let expected = self.kind_name(kind);
                self.mismatch(self.span_at(value.id), &expected, value.kind);
                self.bits(value)
            }
            (
                Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_),
                Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_),
            ) => value.id,
        };
        let global = self.symbol(&global.symbol);
        out.push(Stmt { kind: StmtKind::SetGlobal { global, value }, span });
    }

    /// `target++` and `target--`. Base and index are evaluated once.
    pub(super) fn step(
        &mut self,
        target: tree::ExprId,
        by: StepBy,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        match self.tree.expr(target) {
            Syntax::Name(name) => {
                let value = self.name(name);
                let value = self.stepped(value, by, span);
                self.set_name(name, value, span, out);
            }
            Syntax::Index { base, index } => {
                let checked = self.expr(base);
                let (base, index) = self.element((base, checked), index);
                let (base, index) = (self.once(base, out), self.once(index, out));
                let value = self.value(Expr::LoadIndex { base, index }, span, Kind::Int);
                let value = self.stepped(value, by, span).id;
                out.push(Stmt { kind: StmtKind::StoreIndex { base, index, value }, span });
            }
            Syntax::Field { base, name } => {
                let checked = self.expr(base);
                let Some(slot) = self.slot(base, checked, name) else {
                    out.push(Stmt { kind: StmtKind::Expr(checked.id), span });
                    return;
                };
                let base = self.once(checked.id, out);
                let word = self.node(Expr::Load { base, offset: slot.offset }, span);
                let value = self.of_word(word, slot.kind);
                let value = self.stepped(value, by, span);
                let value = self.bits(value);
                out.push(Stmt { kind: StmtKind::Store { base, offset: slot.offset, value }, span });
            }
            Syntax::Error => {}
            Syntax::Int(_)
            | Syntax::Float(_)
            | Syntax::Str(_)
            | Syntax::Call { .. }
            | Syntax::Unary { .. }
            | Syntax::Binary { .. } => {
                let place = self.tree.span(target);
                let text = self.text(place);
                self.report(Diagnostic::new(Code::AssignTarget, place).arg("name", text));
            }
        }
    }

    fn stepped(&mut self, value: Value, by: StepBy, span: Span) -> Value {
        let (word, float, text) = match by {
            StepBy::Increment => (BinaryOp::Add, BinaryOp::FloatAdd, "++"),
            StepBy::Decrement => (BinaryOp::Subtract, BinaryOp::FloatSubtract, "--"),
        };
        let (op, one, kind) = match value.kind {
            Kind::Float => (float, Expr::Float(1.0), Kind::Float),
            Kind::Str => {
                self.report(Diagnostic::new(Code::StringOperator, span).arg("op", text));
                return self.error(span);
            }
            Kind::Error => (word, Expr::Int(1), Kind::Error),
            Kind::Zero | Kind::Int | Kind::Struct(_) => (word, Expr::Int(1), Kind::Int),
        };
        let right = self.node(one, span);
        self.value(Expr::Binary { op, left: value.id, right }, span, kind)
    }

    /// Something that can be evaluated again without doing anything twice.
    fn once(&mut self, id: ExprId, out: &mut Vec<Stmt>) -> ExprId {
        let expr = self.expr_at(id);
        if matches!(expr, Expr::Int(_) | Expr::Local(_) | Expr::Global(_) | Expr::Address(_)) {
            return id;
        }
        let span = self.span_at(id);
        let local = self.temporary(id, Repr::Word, out);
        self.node(Expr::Local(local), span)
    }

    /// `tipe name ty`.
    pub(super) fn hint(&mut self, name: Span, ty: Span) {
        let hint = match self.text(ty) {
            "int" => Some(Kind::Int),
            "float" => Some(Kind::Float),
            "string" => Some(Kind::Str),
            structure => match self.asker.structure(structure) {
                Some(info) if info.closed => {
                    self.close(&info.name);
                    None
                }
                Some(info) => Some(Kind::Struct(info.id)),
                None => {
                    self.unknown_type(structure, ty);
                    None
                }
            },
        };
        let text = self.text(name);
        match self.walk.scope.find(text) {
            Some(Binding::Variable(index)) => self.hint_variable(index, hint, ty),
            Some(Binding::Constant(_)) => self.unknown_name(text, name, "variable"),
            None => match self.asker.variable(text) {
                Some(Variable::Global(_)) => {
                    self.walk.global_hints.push((text, hint.unwrap_or(Kind::Error)));
                }
                Some(Variable::Const(_)) | None => self.unknown_name(text, name, "variable"),
            },
        }
    }

    fn unknown_type(&mut self, name: &'a str, span: Span) {
        if !self.unknown.contains(&name) {
            self.unknown.push(name);
            let diagnostic =
                Diagnostic::new(Code::TypeUnknown, span).arg("name", name).arg("what", "type");
            self.report(diagnostic);
        }
    }

    fn hint_variable(&mut self, index: u32, hint: Option<Kind>, place: Span) {
        let variable = &mut self.walk.variables[index as usize];
        let Some(hint) = hint else {
            variable.broken = true;
            return;
        };
        let level = match hint {
            Kind::Struct(id) => {
                variable.structure = Some(id);
                variable.broken = false;
                if variable.level == Level::Float {
                    self.mismatch(place, "float", hint);
                } else {
                    self.raise(index, Level::Int);
                }
                return;
            }
            Kind::Float => Level::Float,
            Kind::Str => Level::Str,
            Kind::Error | Kind::Zero | Kind::Int => Level::Int,
        };
        variable.structure = None;
        if variable.fixed {
            if variable.level != level {
                let expected = self.kind_name(self.walk.variables[index as usize].level.kind());
                self.mismatch(place, &expected, hint);
            }
            return;
        }
        self.again |= variable.level != level;
        variable.level = level;
        variable.fixed = true;
        let plan = &mut self.plans[index as usize];
        plan.level = level;
        plan.fixed = true;
    }
}
