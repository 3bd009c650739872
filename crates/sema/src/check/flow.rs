//! Choices and loops.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{self, Expr as Syntax};
use rustc_hash::FxHashMap;

use super::asm::Path;
use super::checker::Checker;
use super::stmt::Tail;
use super::value::{Kind, Value};
use crate::typed::{BinaryOp, Expr, ExprId, Repr, Stmt, StmtKind};

/// More `lain_jika` than this become a flat switch: nesting them could be too deep to walk.
const NESTED_ARMS: usize = 16;

type Case = (tree::ExprId, tree::Block);

impl<'a> Checker<'a> {
    pub(super) fn choose(
        &mut self,
        arms: &'a [Case],
        otherwise: Option<&'a [tree::Stmt]>,
        tail: Tail,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let path = self.enter_path();
        let mut typed = Vec::with_capacity(arms.len());
        for (cond, block) in arms {
            let cond = self.condition(*cond);
            typed.push((cond, self.nested_on(path, block, tail)));
        }
        let mut otherwise = match otherwise {
            Some(block) => self.nested_on(path, block, tail),
            None => Vec::new(),
        };
        self.leave_path(path);
        if typed.len() > NESTED_ARMS {
            let value = self.int(1, span);
            for (cond, _) in &mut typed {
                *cond = self.zero_or_one(*cond);
            }
            out.push(Stmt { kind: StmtKind::Switch { value, arms: typed, otherwise }, span });
            return;
        }
        for (nth, (cond, then)) in typed.into_iter().enumerate().rev() {
            let span = if nth == 0 { span } else { self.span_at(cond) };
            let kind = StmtKind::If { cond, then, otherwise };
            otherwise = vec![Stmt { kind, span }];
        }
        out.append(&mut otherwise);
    }

    fn zero_or_one(&mut self, cond: ExprId) -> ExprId {
        let span = self.span_at(cond);
        let right = self.int(0, span);
        self.node(Expr::Binary { op: BinaryOp::NotEqual, left: cond, right }, span)
    }

    pub(super) fn while_loop(
        &mut self,
        cond: tree::ExprId,
        body: &'a [tree::Stmt],
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let path = self.enter_loop();
        let cond = Some(self.condition(cond));
        let body = self.nested(body, Tail::Inner);
        self.leave_loop_path(path);
        out.push(Stmt { kind: StmtKind::Loop { cond, body, step: Vec::new() }, span });
    }

    /// `untuk (init; cond; step)`: what `init` declares lives until the loop ends.
    pub(super) fn for_loop(
        &mut self,
        (init, cond, step): (Option<&'a tree::Stmt>, Option<tree::ExprId>, Option<&'a tree::Stmt>),
        body: &'a [tree::Stmt],
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let mark = self.walk.scope.open();
        if let Some(init) = init {
            self.statement(init, Tail::Inner, out);
        }
        let path = self.enter_loop();
        let cond = cond.map(|cond| self.condition(cond));
        let mut after = Vec::new();
        if let Some(step) = step {
            self.statement(step, Tail::Inner, &mut after);
        }
        let body = self.nested(body, Tail::Inner);
        self.leave_loop_path(path);
        self.walk.scope.close(mark);
        out.push(Stmt { kind: StmtKind::Loop { cond, body, step: after }, span });
    }

    pub(super) fn switch(
        &mut self,
        value: tree::ExprId,
        (cases, otherwise): (&'a [Case], Option<&'a [tree::Stmt]>),
        tail: Tail,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let checked = self.expr(value);
        let floats = checked.kind == Kind::Float
            || cases.iter().any(|(case, _)| self.is_float_literal(*case));
        let subject = if floats {
            let double = self.float(checked);
            let local = self.temporary(double, Repr::Float, out);
            let id = self.node(Expr::Local(local), self.tree.span(value));
            Value { id, kind: Kind::Float }
        } else {
            checked
        };
        let path = self.enter_path();
        let mut seen: FxHashMap<i64, Span> = FxHashMap::default();
        let mut arms = Vec::with_capacity(cases.len());
        for (case, block) in cases {
            let place = self.tree.span(*case);
            let checked = self.expr(*case);
            if let Expr::Int(number) = self.expr_at(checked.id)
                && checked.kind != Kind::Error
            {
                self.no_second_case(number, place, &mut seen);
            }
            let case = self.case(subject, checked);
            arms.push((case, self.nested_on(path, block, tail)));
        }
        let otherwise = match otherwise {
            Some(block) => self.nested_on(path, block, tail),
            None => Vec::new(),
        };
        self.leave_path(path);
        let value = if floats { self.int(1, span) } else { subject.id };
        out.push(Stmt { kind: StmtKind::Switch { value, arms, otherwise }, span });
    }

    fn no_second_case(&mut self, number: i64, place: Span, seen: &mut FxHashMap<i64, Span>) {
        let Some(first) = seen.get(&number).copied() else {
            seen.insert(number, place);
            return;
        };
        let value = self.text(place);
        let diagnostic = Diagnostic::new(Code::CaseDuplicate, place)
            .arg("value", value)
            .mark(first, "mark-first");
        self.report(diagnostic);
    }

    /// What an arm compares: the case's word, or for doubles whether they are equal.
    fn case(&mut self, subject: Value, case: Value) -> ExprId {
        let span = self.span_at(case.id);
        if subject.kind == Kind::Float {
            let right = self.float(case);
            let op = BinaryOp::FloatEqual;
            return self.node(Expr::Binary { op, left: subject.id, right }, span);
        }
        if case.kind == Kind::Float {
            self.mismatch(span, "int", case.kind);
        }
        if case.kind == Kind::Str && subject.kind == Kind::Str {
            self.report(Diagnostic::new(Code::StringCompared, span));
        }
        self.bits(case)
    }

    fn is_float_literal(&self, id: tree::ExprId) -> bool {
        match self.tree.expr(id) {
            Syntax::Float(_) => true,
            Syntax::Unary { operand, .. } => matches!(self.tree.expr(operand), Syntax::Float(_)),
            Syntax::Int(_)
            | Syntax::Str(_)
            | Syntax::Name(_)
            | Syntax::Call { .. }
            | Syntax::Index { .. }
            | Syntax::Field { .. }
            | Syntax::Binary { .. }
            | Syntax::Error => false,
        }
    }

    fn nested_on(&mut self, path: Path, block: &'a [tree::Stmt], tail: Tail) -> Vec<Stmt> {
        self.start_path(path);
        self.nested(block, tail)
    }

    fn enter_loop(&mut self) -> Path {
        let path = self.enter_path();
        // The head is reached from before the loop and from its end.
        self.walk.asm.forget_last();
        self.walk.loops += 1;
        path
    }

    fn leave_loop_path(&mut self, path: Path) {
        self.walk.loops -= 1;
        self.leave_path(path);
    }
}
