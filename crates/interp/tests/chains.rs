//! A chain of operators, however long, needs no more of the interpreter's stack than a short one.
#![expect(clippy::unwrap_used, reason = "a test")]

use morph_interp::{Limits, Outcome, Program, Stop, run};
use morph_sema::typed::{
    BinaryOp, Body, Conversion, Expr, ExprId, Item, Repr, Stmt, StmtKind, Typed, UnaryOp,
};

/// What `grow`, applied to 1 a hundred thousand times, gives as the status of the program.
fn status(grow: impl Fn(&mut Vec<Expr>, ExprId) -> Expr) -> Stop {
    let mut exprs = vec![Expr::Int(1)];
    for _ in 0..100_000 {
        let last = ExprId(exprs.len() as u32 - 1);
        let next = grow(&mut exprs, last);
        exprs.push(next);
    }
    let value = ExprId(exprs.len() as u32 - 1);
    let body = Body {
        symbol: "start".to_owned(),
        params: 0,
        result: Repr::Word,
        locals: Vec::new(),
        spans: vec![Default::default(); exprs.len()],
        exprs,
        args: Vec::new(),
        symbols: Vec::new(),
        strings: Vec::new(),
        statements: vec![Stmt { kind: StmtKind::Return(value), span: Default::default() }],
        asm: None,
        on_asm_return: Vec::new(),
        shards: Vec::new(),
    };
    let fragment = Typed { item: Item::Function(body), line_starts: vec![0] };
    let work = move || {
        let program = Program::new([&fragment]);
        let Outcome { stop, .. } =
            run(&program, "start", b"", Limits { steps: 1_000_000, depth: 1 });
        stop
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap()
}

/// A new expression in front of the operator that needs it.
fn add(exprs: &mut Vec<Expr>, expr: Expr) -> ExprId {
    exprs.push(expr);
    ExprId(exprs.len() as u32 - 1)
}

#[test]
fn chains_of_operators_are_evaluated_without_recursion() {
    let sum = status(|exprs, left| {
        let right = add(exprs, Expr::Int(1));
        Expr::Binary { op: BinaryOp::Add, left, right }
    });
    assert_eq!(sum, Stop::Exited((100_001 % 256) as u8));
    let and = status(|exprs, left| {
        let right = add(exprs, Expr::Int(1));
        Expr::AndThen { left, right }
    });
    assert_eq!(and, Stop::Exited(1));
    let or = status(|exprs, left| {
        let right = add(exprs, Expr::Int(0));
        Expr::OrElse { left, right }
    });
    assert_eq!(or, Stop::Exited(1));
    let negations = status(|_, operand| Expr::Unary { op: UnaryOp::BitNot, operand });
    assert_eq!(negations, Stop::Exited(1));
    let conversions = status(|exprs, operand| {
        let operand = add(exprs, Expr::Convert { op: Conversion::IntToFloat, operand });
        Expr::Convert { op: Conversion::FloatToInt, operand }
    });
    assert_eq!(conversions, Stop::Exited(1));
}
