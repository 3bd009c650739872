//! Bodies that no text stands behind: the start of a program, and stand-ins of what is closed.

use morph_diag::Span;
use morph_object::Symbol;

use crate::typed::{ArgList, Body, Expr, ExprId, Local, Repr, Stmt, StmtKind, StrId, SymbolId};

const NOWHERE: Span = Span::new(0, 0);

/// Where the entry routine leaves what the kernel passed.
const ARGUMENTS: [&str; 2] = ["@$global_argc", "@$global_argv"];

/// `=start`: runs the initialisers in order, then the entry with as many of argc and argv as it takes.
///
/// Its result is the entry's, or 0 without one.
pub fn start_body(initialisers: &[Symbol], entry: Option<(&str, u32)>) -> Body {
    let mut body = empty("=start".to_owned(), 0);
    for symbol in initialisers {
        let call = call(&mut body, symbol, &[]);
        body.statements.push(Stmt { kind: StmtKind::Expr(call), span: NOWHERE });
    }
    let result = match entry {
        Some((symbol, params)) => {
            let args: Vec<ExprId> = ARGUMENTS
                .iter()
                .take(params as usize)
                .map(|global| {
                    let global = symbol_of(&mut body, global);
                    node(&mut body, Expr::Global(global))
                })
                .collect();
            call(&mut body, symbol, &args)
        }
        None => node(&mut body, Expr::Int(0)),
    };
    body.statements.push(Stmt { kind: StmtKind::Return(result), span: NOWHERE });
    body
}

/// Stands under `symbol` for something closed: reports its name, fault id and diagnostic in both languages (`texts`, in this
/// order), and never returns. It takes `params` words, as the real one would.
pub fn stub_body(symbol: Symbol, params: u32, texts: [&str; 4]) -> Body {
    let mut body = empty(symbol, params);
    let args: Vec<ExprId> = texts
        .iter()
        .map(|text| {
            let id = StrId(body.strings.len() as u32);
            body.strings.push(text.as_bytes().to_vec());
            node(&mut body, Expr::Str(id))
        })
        .collect();
    let report = call(&mut body, "@fault_closed", &args);
    body.statements.push(Stmt { kind: StmtKind::Return(report), span: NOWHERE });
    body
}

fn empty(symbol: Symbol, params: u32) -> Body {
    let local = Local { name: String::new(), repr: Repr::Word, frame: None };
    Body {
        symbol,
        params,
        result: Repr::Word,
        locals: vec![local; params as usize],
        exprs: Vec::new(),
        spans: Vec::new(),
        args: Vec::new(),
        symbols: Vec::new(),
        strings: Vec::new(),
        statements: Vec::new(),
        asm: None,
        on_asm_return: Vec::new(),
        shards: Vec::new(),
    }
}

fn node(body: &mut Body, expr: Expr) -> ExprId {
    let id = ExprId(body.exprs.len() as u32);
    body.exprs.push(expr);
    body.spans.push(NOWHERE);
    id
}

/// Each symbol is used once.
fn symbol_of(body: &mut Body, symbol: &str) -> SymbolId {
    let id = SymbolId(body.symbols.len() as u32);
    body.symbols.push(symbol.to_owned());
    id
}

fn call(body: &mut Body, symbol: &str, args: &[ExprId]) -> ExprId {
    let callee = symbol_of(body, symbol);
    let start = body.args.len() as u32;
    body.args.extend_from_slice(args);
    let args = ArgList { start, len: args.len() as u32 };
    node(body, Expr::Call { callee, args })
}
