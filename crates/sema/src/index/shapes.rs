//! What values look like as far as one fragment can tell.
//!
//! Locals are expanded into the values that they are given anywhere in the fragment. One expansion visits
//! a limited number of nodes; what lies beyond is taken for an integer.

use morph_syntax::tree::{BinaryOp, Expr, ExprId, Tree, UnaryOp};

use crate::summary::Shape;

/// How many nodes one value may be expanded into.
const BUDGET: u32 = 256;

/// What a variable is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'t> {
    Expr(ExprId),
    /// `tipe x S`.
    Hint(&'t str),
    /// A declaration without a value.
    Zero,
    /// A fresh array.
    Array,
}

/// A local as the walk left it.
#[derive(Debug)]
pub(super) struct Local<'t> {
    pub(super) name: &'t str,
    pub(super) parameter: bool,
    /// The latest `tipe` in text order, unless a later assignment has ended it.
    pub(super) hint: Option<&'t str>,
}

/// Which local a name stands for; 0 is none, `n + 1` is local `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Binding(pub(super) u32);

impl Binding {
    pub(super) fn of(local: usize) -> Binding {
        Binding(local as u32 + 1)
    }

    pub(super) fn local(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

pub(super) struct Shapes<'a, 't> {
    pub(super) tree: &'a Tree,
    pub(super) text: &'t str,
    /// Beside [`Tree::exprs`].
    pub(super) bindings: &'a [Binding],
    pub(super) locals: &'a [Local<'t>],
    pub(super) values: &'a [(usize, Value<'t>)],
    pub(super) budget: u32,
    pub(super) open: Vec<usize>,
    /// Lists of an expansion that is over, kept for the next one.
    pub(super) spare: (Vec<ExprId>, Vec<usize>),
}

impl<'a, 't> Shapes<'a, 't> {
    pub(super) fn of_value(&mut self, value: Value<'t>) -> Shape<'t> {
        self.budget = BUDGET;
        self.value(value)
    }

    pub(super) fn of_local(&mut self, local: usize) -> Shape<'t> {
        self.budget = BUDGET;
        self.local(local)
    }

    fn value(&mut self, value: Value<'t>) -> Shape<'t> {
        match value {
            Value::Expr(expr) => self.expr(expr),
            Value::Hint(name) => hinted(name),
            Value::Zero => Shape::Zero,
            Value::Array => Shape::Int,
        }
    }

    fn expr(&mut self, id: ExprId) -> Shape<'t> {
        if self.budget == 0 {
            return Shape::Int;
        }
        self.budget -= 1;
        match self.tree.expr(id) {
            Expr::Int(0) => Shape::Zero,
            Expr::Int(_) | Expr::Index { .. } => Shape::Int,
            Expr::Float(_) => Shape::Float,
            Expr::Str(_) => Shape::Str,
            Expr::Name(name) => match self.binding(id) {
                Some(local) => self.local(local),
                None => Shape::Variable(name.text(self.text)),
            },
            Expr::Call { callee, .. } => match self.tree.expr(callee) {
                Expr::Name(name) if self.binding(callee).is_none() => match name.text(self.text) {
                    "baca" => Shape::Str,
                    name => Shape::Call(name),
                },
                Expr::Int(_)
                | Expr::Float(_)
                | Expr::Str(_)
                | Expr::Name(_)
                | Expr::Call { .. }
                | Expr::Index { .. }
                | Expr::Field { .. }
                | Expr::Unary { .. }
                | Expr::Binary { .. }
                | Expr::Error => Shape::Int,
            },
            Expr::Field { base, name } => {
                Shape::Field(Box::new(self.expr(base)), name.text(self.text))
            }
            Expr::Unary { op: UnaryOp::Negate, .. } => self.arithmetic(id),
            Expr::Unary { op: UnaryOp::Not | UnaryOp::BitNot, .. } => Shape::Int,
            Expr::Binary { op, .. } if is_arithmetic(op) => self.arithmetic(id),
            Expr::Binary { .. } => Shape::Int,
            Expr::Error => Shape::Join(Vec::new()),
        }
    }

    /// A float if any leaf is one: only leaves that may be floats matter.
    ///
    /// What a local is given joins the operands, each local once: that spares the expansion of the same few
    /// locals over and over, and a local that is being expanded already adds nothing to itself.
    fn arithmetic(&mut self, root: ExprId) -> Shape<'t> {
        let (mut stack, mut seen) = std::mem::take(&mut self.spare);
        stack.clear();
        stack.push(root);
        seen.clear();
        seen.extend_from_slice(&self.open);
        let shape = self.join_leaves(&mut stack, &mut seen);
        self.spare = (stack, seen);
        shape
    }

    fn join_leaves(&mut self, stack: &mut Vec<ExprId>, seen: &mut Vec<usize>) -> Shape<'t> {
        let mut leaves = Vec::new();
        while let Some(id) = stack.pop() {
            if let Expr::Name(_) = self.tree.expr(id)
                && let Some(local) = self.binding(id)
            {
                if self.budget > 0 && !seen.contains(&local) {
                    self.budget -= 1;
                    seen.push(local);
                    match self.hinted_basic(local) {
                        Some(Shape::Float) => return Shape::Float,
                        Some(_) => {}
                        None if self.locals[local].parameter => {}
                        None => stack.extend(self.exprs_of(local)),
                    }
                }
                continue;
            }
            match self.tree.expr(id) {
                Expr::Unary { op: UnaryOp::Negate, operand } => stack.push(operand),
                Expr::Binary { op, left, right } if is_arithmetic(op) => {
                    stack.extend([right, left])
                }
                Expr::Float(_) => return Shape::Float,
                Expr::Int(_)
                | Expr::Str(_)
                | Expr::Name(_)
                | Expr::Call { .. }
                | Expr::Index { .. }
                | Expr::Field { .. }
                | Expr::Unary { .. }
                | Expr::Binary { .. }
                | Expr::Error => match self.expr(id) {
                    Shape::Float => return Shape::Float,
                    Shape::Int | Shape::Zero | Shape::Str | Shape::Struct(_) | Shape::Word(_) => {}
                    Shape::Join(parts) if parts.is_empty() => {}
                    leaf @ (Shape::Call(_)
                    | Shape::Variable(_)
                    | Shape::Field(..)
                    | Shape::Arithmetic(_)
                    | Shape::Join(_)) => {
                        push_new(&mut leaves, leaf);
                    }
                },
            }
        }
        if leaves.is_empty() { Shape::Int } else { Shape::Arithmetic(leaves) }
    }

    fn local(&mut self, local: usize) -> Shape<'t> {
        if self.open.contains(&local) {
            return Shape::Join(Vec::new());
        }
        if let Some(shape) = self.hinted_basic(local) {
            return shape;
        }
        self.open.push(local);
        let parameter = self.locals[local].parameter;
        let mut parts = if parameter { vec![Shape::Int] } else { Vec::new() };
        let values = self.values;
        for (_, value) in values.iter().filter(|(of, _)| *of == local) {
            let part = self.value(*value);
            parts.push(part);
        }
        self.open.pop();
        if parameter { Shape::Word(Box::new(join(parts))) } else { join(parts) }
    }

    /// What `tipe x float` or `tipe x string` makes of a local, whatever else it is given.
    fn hinted_basic(&self, local: usize) -> Option<Shape<'t>> {
        let mut basic = None;
        for (_, value) in self.values.iter().filter(|(of, _)| *of == local) {
            match value {
                Value::Hint("float") => return Some(Shape::Float),
                Value::Hint("string") => basic = Some(Shape::Str),
                Value::Hint(_) | Value::Expr(_) | Value::Zero | Value::Array => {}
            }
        }
        basic
    }

    /// The expressions that a local is given, the last one first.
    fn exprs_of(&self, local: usize) -> impl Iterator<Item = ExprId> + use<'a, 't> {
        let values = self.values;
        values.iter().rev().filter_map(move |(of, value)| match value {
            Value::Expr(expr) if *of == local => Some(*expr),
            Value::Expr(_) | Value::Hint(_) | Value::Zero | Value::Array => None,
        })
    }

    fn binding(&self, id: ExprId) -> Option<usize> {
        self.bindings.get(id.0 as usize).and_then(|binding| binding.local())
    }
}

/// The type that a `tipe` gives.
pub(super) fn hinted(name: &str) -> Shape<'_> {
    match name {
        "int" => Shape::Int,
        "float" => Shape::Float,
        "string" => Shape::Str,
        name => Shape::Struct(name),
    }
}

fn is_arithmetic(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => true,
        BinaryOp::OrElse
        | BinaryOp::AndThen
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::Greater
        | BinaryOp::LessEqual
        | BinaryOp::GreaterEqual
        | BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::BitAnd
        | BinaryOp::ShiftLeft
        | BinaryOp::ShiftRight
        | BinaryOp::Remainder => false,
    }
}

/// How far back a repetition is looked for. Values repeat near each other, and what is overlooked costs a
/// place in a list and no more; comparing all with all would cost the square.
const REPEATED_WITHIN: usize = 8;

fn push_new<'t>(shapes: &mut Vec<Shape<'t>>, shape: Shape<'t>) {
    if !shapes.iter().rev().take(REPEATED_WITHIN).any(|known| *known == shape) {
        shapes.push(shape);
    }
}

/// One shape for all, without close repetitions.
pub(super) fn join(parts: Vec<Shape<'_>>) -> Shape<'_> {
    let mut flat: Vec<Shape<'_>> = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Shape::Float => return Shape::Float,
            Shape::Join(inner) => {
                for part in inner {
                    push_new(&mut flat, part);
                }
            }
            part @ (Shape::Int
            | Shape::Str
            | Shape::Zero
            | Shape::Struct(_)
            | Shape::Call(_)
            | Shape::Variable(_)
            | Shape::Field(..)
            | Shape::Arithmetic(_)
            | Shape::Word(_)) => push_new(&mut flat, part),
        }
    }
    match flat.len() {
        1 => flat.remove(0),
        _ => Shape::Join(flat),
    }
}
