//! Builds typed fragments by hand.

use morph_diag::Span;
use morph_sema::typed::*;

/// A body under construction. Expressions get spans of one byte at the place set by [`Build::line`].
pub(crate) struct Build {
    body: Body,
    place: u32,
}

impl Build {
    pub(crate) fn new(symbol: &str, params: &[Repr]) -> Build {
        let locals = params.iter().enumerate().map(|(n, &repr)| local(&format!("p{n}"), repr));
        Build {
            body: Body {
                symbol: symbol.to_owned(),
                params: params.len() as u32,
                result: Repr::Word,
                locals: locals.collect(),
                exprs: Vec::new(),
                spans: Vec::new(),
                args: Vec::new(),
                symbols: Vec::new(),
                strings: Vec::new(),
                statements: Vec::new(),
                asm: None,
                on_asm_return: Vec::new(),
                shards: Vec::new(),
            },
            place: 0,
        }
    }

    pub(crate) fn result(mut self, repr: Repr) -> Build {
        self.body.result = repr;
        self
    }

    pub(crate) fn place(&mut self, place: u32) {
        self.place = place;
    }

    pub(crate) fn local(&mut self, name: &str, repr: Repr) -> LocalId {
        self.body.locals.push(local(name, repr));
        LocalId(self.body.locals.len() as u32 - 1)
    }

    /// A local word that assembly names.
    pub(crate) fn framed(&mut self, name: &str, repr: Repr, offset: i32) -> LocalId {
        let id = self.local(name, repr);
        self.body.locals[id.0 as usize].frame = Some(offset);
        id
    }

    pub(crate) fn asm(&mut self, asm: AsmPart) {
        self.body.asm = Some(asm);
    }

    pub(crate) fn expr(&mut self, expr: Expr) -> ExprId {
        self.body.exprs.push(expr);
        self.body.spans.push(Span::new(self.place, self.place + 1));
        ExprId(self.body.exprs.len() as u32 - 1)
    }

    pub(crate) fn int(&mut self, value: i64) -> ExprId {
        self.expr(Expr::Int(value))
    }

    pub(crate) fn float(&mut self, value: f64) -> ExprId {
        self.expr(Expr::Float(value))
    }

    pub(crate) fn read(&mut self, local: LocalId) -> ExprId {
        self.expr(Expr::Local(local))
    }

    pub(crate) fn param(&mut self, index: u32) -> ExprId {
        self.read(LocalId(index))
    }

    pub(crate) fn symbol(&mut self, name: &str) -> SymbolId {
        let symbols = &mut self.body.symbols;
        let index = symbols.iter().position(|symbol| symbol == name).unwrap_or_else(|| {
            symbols.push(name.to_owned());
            symbols.len() - 1
        });
        SymbolId(index as u32)
    }

    pub(crate) fn string(&mut self, text: &str) -> ExprId {
        self.body.strings.push(text.as_bytes().to_vec());
        let id = StrId(self.body.strings.len() as u32 - 1);
        self.expr(Expr::Str(id))
    }

    pub(crate) fn global(&mut self, name: &str) -> ExprId {
        let symbol = self.symbol(name);
        self.expr(Expr::Global(symbol))
    }

    pub(crate) fn address(&mut self, name: &str) -> ExprId {
        let symbol = self.symbol(name);
        self.expr(Expr::Address(symbol))
    }

    pub(crate) fn unary(&mut self, op: UnaryOp, operand: ExprId) -> ExprId {
        self.expr(Expr::Unary { op, operand })
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, left: ExprId, right: ExprId) -> ExprId {
        self.expr(Expr::Binary { op, left, right })
    }

    pub(crate) fn convert(&mut self, op: Conversion, operand: ExprId) -> ExprId {
        self.expr(Expr::Convert { op, operand })
    }

    pub(crate) fn args(&mut self, args: &[ExprId]) -> ArgList {
        let start = self.body.args.len() as u32;
        self.body.args.extend_from_slice(args);
        ArgList { start, len: args.len() as u32 }
    }

    pub(crate) fn call(&mut self, callee: &str, args: &[ExprId]) -> ExprId {
        let callee = self.symbol(callee);
        let args = self.args(args);
        self.expr(Expr::Call { callee, args })
    }

    pub(crate) fn intrinsic(&mut self, op: Intrinsic, args: &[ExprId]) -> ExprId {
        let args = self.args(args);
        self.expr(Expr::Intrinsic { op, args })
    }

    pub(crate) fn stmt(&self, kind: StmtKind) -> Stmt {
        Stmt { kind, span: Span::new(self.place, self.place + 1) }
    }

    pub(crate) fn set(&self, local: LocalId, value: ExprId) -> Stmt {
        self.stmt(StmtKind::SetLocal { local, value })
    }

    pub(crate) fn ret(&self, value: ExprId) -> Stmt {
        self.stmt(StmtKind::Return(value))
    }

    /// `local += step`.
    pub(crate) fn add_to(&mut self, local: LocalId, step: i64) -> Stmt {
        let (old, step) = (self.read(local), self.int(step));
        let sum = self.binary(BinaryOp::Add, old, step);
        self.set(local, sum)
    }

    pub(crate) fn finish(mut self, statements: Vec<Stmt>) -> Typed {
        self.body.statements = statements;
        typed(Item::Function(self.body))
    }

    pub(crate) fn body(mut self, statements: Vec<Stmt>) -> Body {
        self.body.statements = statements;
        self.body
    }
}

/// A fragment whose lines are ten bytes long.
pub(crate) fn typed(item: Item) -> Typed {
    Typed { item, line_starts: (0..100).map(|line| line * 10).collect() }
}

fn local(name: &str, repr: Repr) -> Local {
    Local { name: name.to_owned(), repr, frame: None }
}

/// A function without parameters that returns the value that `build` makes.
pub(crate) fn returns(symbol: &str, build: impl FnOnce(&mut Build) -> ExprId) -> Typed {
    let mut body = Build::new(symbol, &[]);
    let value = build(&mut body);
    let statement = body.ret(value);
    body.finish(vec![statement])
}

/// A function of words that returns the value that `build` makes of its parameters.
pub(crate) fn function(
    symbol: &str,
    params: usize,
    build: impl FnOnce(&mut Build) -> ExprId,
) -> Typed {
    let mut body = Build::new(symbol, &vec![Repr::Word; params]);
    let value = build(&mut body);
    let statement = body.ret(value);
    body.finish(vec![statement])
}
