//! The walk over one tree: scopes, uses, imports, and what variables are given.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{
    ArgList, AsmText, Block, Expr, ExprId, Import, PrintForm, Stmt, StmtKind, Tree, VarInit,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::summary::{Shape, Use, UseKind};

use super::asm_names::{self, AsmNames, Mention};
use super::shapes::{Binding, Local, Shapes, Value};

/// Room for the names of an ordinary function.
const FEW_NAMES: usize = 8;

/// What is known of one fragment while it is walked.
pub(super) struct Walk<'a, 't> {
    pub(super) tree: &'a Tree,
    pub(super) text: &'t str,
    pub(super) locals: Vec<Local<'t>>,
    /// Beside [`Tree::exprs`].
    pub(super) bindings: Vec<Binding>,
    pub(super) values: Vec<(usize, Value<'t>)>,
    /// Values of names that are not local.
    pub(super) outer: Vec<(&'t str, Value<'t>)>,
    pub(super) returns: Vec<Returned<'t>>,
    pub(super) uses: Vec<Use<'t>>,
    pub(super) imports: Vec<Import>,
    pub(super) floats: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
    asm_labels: Vec<&'t str>,
    used: FxHashSet<(&'t str, UseKind)>,
    scope: FxHashMap<&'t str, usize>,
    /// Names declared in open blocks, with what they hid.
    declared: Vec<(&'t str, Option<usize>)>,
    stack: Vec<ExprId>,
}

/// A value that the fragment can return.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Returned<'t> {
    Expr(ExprId),
    /// A local, with its struct at that place.
    Local {
        local: usize,
        hint: Option<&'t str>,
    },
    /// An asm block left this local in RAX.
    AsmLocal {
        local: usize,
        hint: Option<&'t str>,
    },
    /// An asm block left this global in RAX.
    AsmName(&'t str),
}

/// Whether a block's end is the end of the function.
#[derive(Clone, Copy, PartialEq)]
enum Position {
    Tail,
    Inner,
}

impl<'a, 't> Walk<'a, 't> {
    pub(super) fn new(tree: &'a Tree, text: &'t str) -> Walk<'a, 't> {
        Walk {
            tree,
            text,
            locals: Vec::with_capacity(FEW_NAMES),
            bindings: vec![Binding::default(); tree.exprs.len()],
            values: Vec::with_capacity(tree.exprs.len() / 4),
            outer: Vec::new(),
            returns: Vec::new(),
            uses: Vec::new(),
            imports: Vec::new(),
            floats: false,
            diagnostics: Vec::new(),
            asm_labels: Vec::new(),
            used: FxHashSet::default(),
            scope: FxHashMap::with_capacity_and_hasher(FEW_NAMES, Default::default()),
            declared: Vec::with_capacity(FEW_NAMES),
            stack: Vec::with_capacity(FEW_NAMES),
        }
    }

    pub(super) fn name(&self, span: Span) -> &'t str {
        span.text(self.text)
    }

    pub(super) fn parameters(&mut self, params: &[Span]) {
        for (nth, &span) in params.iter().enumerate() {
            let name = self.name(span);
            if let Some(&first) = self.scope.get(name) {
                self.diagnostics.push(
                    Diagnostic::new(Code::ParameterDuplicate, span)
                        .arg("name", name)
                        .mark(params[first.min(nth)], "first"),
                );
            }
            self.declare(name, true);
        }
    }

    /// The body of a function or unit block.
    pub(super) fn body(&mut self, block: &Block) {
        self.block(block, Position::Tail);
        let labels = std::mem::take(&mut self.asm_labels);
        if !labels.is_empty() {
            self.uses.retain(|used| used.kind != UseKind::Asm || !labels.contains(&used.name));
        }
    }

    /// One top-level statement: its block is the file, whose names are not locals.
    pub(super) fn top_level(&mut self, block: &Block) {
        for stmt in block {
            if let StmtKind::Hint { name, ty } = stmt.kind {
                let name = self.name(name);
                self.use_name(name, UseKind::Value, stmt.span);
                self.outer.push((name, Value::Hint(self.name(ty))));
            }
        }
        self.body(block);
    }

    pub(super) fn shapes(&self) -> Shapes<'_, 't> {
        Shapes {
            tree: self.tree,
            text: self.text,
            bindings: &self.bindings,
            locals: &self.locals,
            values: &self.values,
            budget: 0,
            open: Vec::new(),
            spare: Default::default(),
        }
    }

    pub(super) fn use_name(&mut self, name: &'t str, kind: UseKind, span: Span) {
        if !name.is_empty() && self.used.insert((name, kind)) {
            self.uses.push(Use { name, kind, span });
        }
    }

    fn declare(&mut self, name: &'t str, parameter: bool) -> usize {
        let local = self.locals.len();
        self.locals.push(Local { name, parameter, hint: None });
        let hidden = self.scope.insert(name, local);
        self.declared.push((name, hidden));
        local
    }

    fn leave(&mut self, mark: usize) {
        while self.declared.len() > mark {
            if let Some((name, hidden)) = self.declared.pop() {
                match hidden {
                    Some(local) => self.scope.insert(name, local),
                    None => self.scope.remove(name),
                };
            }
        }
    }

    fn block(&mut self, block: &Block, position: Position) {
        let mark = self.declared.len();
        let mut saves = 0_u32;
        let mut asm: Option<AsmNames<'t>> = None;
        for (nth, stmt) in block.iter().enumerate() {
            let last = nth + 1 == block.len() && position == Position::Tail;
            let position = if last { Position::Tail } else { Position::Inner };
            let before = asm.take();
            match &stmt.kind {
                StmtKind::Save => saves += 1,
                StmtKind::Return { value: None, .. } if saves > 0 => saves -= 1,
                StmtKind::Return { value: None, .. } => {
                    if let Some(name) = before.and_then(|names| names.leaves) {
                        self.asm_result(name);
                    }
                }
                StmtKind::Asm(text) => {
                    let names = self.asm(*text);
                    if let Some(name) = names.leaves
                        && (last || names.returns)
                    {
                        self.asm_result(name);
                    }
                    asm = Some(names);
                }
                StmtKind::Var { .. }
                | StmtKind::Const { .. }
                | StmtKind::Hint { .. }
                | StmtKind::Assign { .. }
                | StmtKind::Step { .. }
                | StmtKind::Call(_)
                | StmtKind::Return { value: Some(_), .. }
                | StmtKind::If { .. }
                | StmtKind::While { .. }
                | StmtKind::For { .. }
                | StmtKind::Switch { .. }
                | StmtKind::Break
                | StmtKind::Continue
                | StmtKind::Print { .. }
                | StmtKind::Import(_)
                | StmtKind::Shard { .. }
                | StmtKind::FragmentMark { .. }
                | StmtKind::Parallel { .. }
                | StmtKind::Error => self.statement(stmt, position),
            }
        }
        self.leave(mark);
    }

    fn statement(&mut self, stmt: &Stmt, position: Position) {
        match &stmt.kind {
            StmtKind::Var { name, init } => {
                let value = match *init {
                    VarInit::None => Value::Zero,
                    VarInit::Value(value) => {
                        self.expr(value);
                        Value::Expr(value)
                    }
                    VarInit::Array(length) => {
                        self.expr(length);
                        self.use_name("sys_alloc", UseKind::Runtime, stmt.span);
                        Value::Array
                    }
                };
                let local = self.declare(self.name(*name), false);
                self.values.push((local, value));
            }
            StmtKind::Const { name, value } => {
                self.expr(*value);
                let local = self.declare(self.name(*name), false);
                self.values.push((local, Value::Expr(*value)));
            }
            StmtKind::Hint { name, ty } => {
                let hint = self.hint(*ty);
                if let Some(&local) = self.scope.get(self.name(*name)) {
                    self.values.push((local, Value::Hint(hint)));
                    self.locals[local].hint = Some(hint);
                }
            }
            StmtKind::Assign { target, value } => {
                self.expr(*target);
                self.expr(*value);
                self.assigned(*target, Value::Expr(*value));
            }
            StmtKind::Step { target, .. } => self.expr(*target),
            StmtKind::Call(call) => self.expr(*call),
            StmtKind::Return { value, .. } => {
                if let Some(value) = *value {
                    self.expr(value);
                    self.returned(value);
                }
            }
            StmtKind::If { arms, otherwise } => {
                for (cond, block) in arms {
                    self.expr(*cond);
                    self.block(block, position);
                }
                if let Some(block) = otherwise {
                    self.block(block, position);
                }
            }
            StmtKind::While { cond, body } => {
                self.expr(*cond);
                self.block(body, Position::Inner);
            }
            StmtKind::For { init, cond, step, body } => {
                let mark = self.declared.len();
                if let Some(init) = init {
                    self.statement(init, Position::Inner);
                }
                if let Some(cond) = cond {
                    self.expr(*cond);
                }
                if let Some(step) = step {
                    self.statement(step, Position::Inner);
                }
                self.block(body, Position::Inner);
                self.leave(mark);
            }
            StmtKind::Switch { value, cases, otherwise } => {
                self.expr(*value);
                for (case, block) in cases {
                    self.expr(*case);
                    self.block(block, position);
                }
                if let Some(block) = otherwise {
                    self.block(block, position);
                }
            }
            StmtKind::Print { value, form } => {
                self.expr(*value);
                self.print(*value, *form, stmt.span);
            }
            StmtKind::Import(import) => self.imports.push(import.clone()),
            StmtKind::Shard { body, .. } => {
                self.use_name("shard_run", UseKind::Runtime, stmt.span);
                self.use_name("sys_alloc", UseKind::Runtime, stmt.span);
                self.block(body, Position::Inner);
            }
            StmtKind::Parallel { body } => {
                for name in ["paralel_begin", "paralel_add", "paralel_join"] {
                    self.use_name(name, UseKind::Runtime, stmt.span);
                }
                self.block(body, Position::Inner);
            }
            StmtKind::Asm(text) => {
                self.asm(*text);
            }
            StmtKind::Save
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::FragmentMark { .. }
            | StmtKind::Error => {}
        }
    }

    fn hint(&mut self, ty: Span) -> &'t str {
        let hint = self.name(ty);
        self.type_name(hint, ty);
        hint
    }

    /// A word in the place of a type.
    pub(super) fn type_name(&mut self, name: &'t str, span: Span) {
        match name {
            "int" | "string" => {}
            "float" => self.floats = true,
            name => self.use_name(name, UseKind::Struct, span),
        }
    }

    fn assigned(&mut self, target: ExprId, value: Value<'t>) {
        if let Expr::Name(name) = self.tree.expr(target) {
            match self.bindings[target.0 as usize].local() {
                Some(local) => {
                    self.values.push((local, value));
                    if let Value::Expr(value) = value
                        && let Expr::Call { .. } = self.tree.expr(value)
                    {
                        self.locals[local].hint = None;
                    }
                }
                None => self.outer.push((self.name(name), value)),
            }
        }
    }

    fn returned(&mut self, value: ExprId) {
        let returned = match self.bindings.get(value.0 as usize).and_then(|binding| binding.local())
        {
            Some(local) => Returned::Local { local, hint: self.locals[local].hint },
            None => Returned::Expr(value),
        };
        self.push_returned(returned);
    }

    fn asm_result(&mut self, name: &'t str) {
        let returned = match self.scope.get(name) {
            Some(&local) => Returned::AsmLocal { local, hint: self.locals[local].hint },
            None => Returned::AsmName(name),
        };
        self.push_returned(returned);
    }

    fn push_returned(&mut self, returned: Returned<'t>) {
        if !self.returns.contains(&returned) {
            self.returns.push(returned);
        }
    }

    /// `cetak` calls a library function by the static type of its value, known only to `check`.
    fn print(&mut self, value: ExprId, form: PrintForm, span: Span) {
        let literal = self.tree.expr(value);
        match (form, literal) {
            (PrintForm::CetakStr, _) | (PrintForm::Cetak, Expr::Str(_)) => {
                self.use_name("print_line_text", UseKind::Runtime, span);
            }
            (PrintForm::Cetak, Expr::Int(_) | Expr::Index { .. }) => {
                self.use_name("print_line_int", UseKind::Runtime, span);
            }
            (
                PrintForm::Cetak,
                Expr::Float(_)
                | Expr::Name(_)
                | Expr::Call { .. }
                | Expr::Field { .. }
                | Expr::Unary { .. }
                | Expr::Binary { .. }
                | Expr::Error,
            ) => {
                self.use_name("print_line_int", UseKind::Runtime, span);
                self.use_name("print_line_text", UseKind::Runtime, span);
                self.use_name("print_line_float", UseKind::RuntimeIfFloat, span);
            }
        }
    }

    /// Binds the names of an expression and notes those that are not local, in text order.
    pub(super) fn expr(&mut self, root: ExprId) {
        self.stack.push(root);
        while let Some(id) = self.stack.pop() {
            match self.tree.expr(id) {
                Expr::Int(_) | Expr::Str(_) | Expr::Error => {}
                Expr::Float(_) => self.floats = true,
                Expr::Name(name) => self.mention(id, name, UseKind::Value),
                Expr::Call { callee, args } => {
                    self.stack.extend(self.tree.args(args).iter().rev());
                    match self.tree.expr(callee) {
                        Expr::Name(name) => self.called(callee, name, args),
                        Expr::Int(_)
                        | Expr::Float(_)
                        | Expr::Str(_)
                        | Expr::Call { .. }
                        | Expr::Index { .. }
                        | Expr::Field { .. }
                        | Expr::Unary { .. }
                        | Expr::Binary { .. }
                        | Expr::Error => self.stack.push(callee),
                    }
                }
                Expr::Index { base, index } => self.stack.extend([index, base]),
                Expr::Field { base, .. } => self.stack.push(base),
                Expr::Unary { operand, .. } => self.stack.push(operand),
                Expr::Binary { left, right, .. } => self.stack.extend([right, left]),
            }
        }
    }

    fn called(&mut self, callee: ExprId, span: Span, args: ArgList) {
        match self.name(span) {
            "symbol_address" => {
                if let Some(&argument) = self.tree.args(args).first()
                    && let Expr::Str(inner) = self.tree.expr(argument)
                {
                    self.use_name(self.name(inner), UseKind::Asm, inner);
                }
                self.mention(callee, span, UseKind::Call);
            }
            "baca" => self.use_name("sys_read", UseKind::Runtime, span),
            "float" | "float_from_bits" => {
                self.floats = true;
                self.mention(callee, span, UseKind::Call);
            }
            _ => self.mention(callee, span, UseKind::Call),
        }
    }

    fn mention(&mut self, id: ExprId, span: Span, kind: UseKind) {
        let name = self.name(span);
        match self.scope.get(name) {
            Some(&local) => self.bindings[id.0 as usize] = Binding::of(local),
            None => self.use_name(name, kind, span),
        }
    }

    /// Notes the names of assembly text.
    pub(super) fn asm(&mut self, text: AsmText) -> AsmNames<'t> {
        let names = asm_names::scan(self.text, text.lines);
        for &(name, span, mention) in &names.mentions {
            match mention {
                Mention::Plain => self.use_name(name, UseKind::Asm, span),
                Mention::Variable if !self.scope.contains_key(name) => {
                    self.use_name(name, UseKind::AsmVariable, span);
                }
                Mention::Variable => {}
            }
        }
        self.asm_labels.extend(names.labels.iter().map(|(name, _)| *name));
        names
    }

    /// All that the fragment can return, as one shape.
    pub(super) fn result(&self) -> Shape<'t> {
        let mut shapes = self.shapes();
        let parts = self.returns.iter().map(|returned| match *returned {
            Returned::Expr(expr) => shapes.of_value(Value::Expr(expr)),
            Returned::Local { hint: Some(hint), .. } => shapes.of_value(Value::Hint(hint)),
            Returned::Local { local, hint: None } => shapes.of_local(local),
            Returned::AsmLocal { local, hint } => {
                let inner = match hint {
                    Some(hint) => shapes.of_value(Value::Hint(hint)),
                    None => shapes.of_local(local),
                };
                Shape::Word(Box::new(inner))
            }
            Returned::AsmName(name) => Shape::Word(Box::new(Shape::Variable(name))),
        });
        super::shapes::join(parts.collect())
    }
}
