//! A typed body as text, for tests.

use std::fmt::Write;

use morph_sema::typed::{
    ArgList, BinaryOp, Block, Body, Conversion, Expr, ExprId, Item, Repr, StmtKind, Typed, UnaryOp,
};

/// The whole item, one statement a line.
pub(crate) fn dump(typed: &Typed) -> String {
    let mut out = String::new();
    match &typed.item {
        Item::Function(body) => {
            function(&mut out, body);
            for shard in &body.shards {
                function(&mut out, shard);
            }
        }
        Item::Global { symbol, value, initialiser } => {
            writeln!(out, "global {symbol} = {value}").unwrap();
            if let Some(body) = initialiser {
                function(&mut out, body);
            }
        }
        Item::Raw(object) => {
            for definition in &object.definitions {
                writeln!(out, "raw {} {:?}", definition.symbol, definition.section).unwrap();
            }
        }
        Item::Naked(name) => writeln!(out, "naked {name}").unwrap(),
        Item::Nothing => out.push_str("nothing\n"),
    }
    out
}

pub(crate) fn function(out: &mut String, body: &Body) {
    write!(out, "{}(", body.symbol).unwrap();
    for (number, local) in body.locals.iter().enumerate() {
        let separator = match number as u32 {
            0 => "",
            n if n == body.params => "; ",
            _ => ", ",
        };
        let separator = if number == 0 && body.params == 0 { "; " } else { separator };
        write!(out, "{separator}{}", local.name).unwrap();
        if local.repr == Repr::Float {
            out.push_str(": float");
        }
        if let Some(frame) = local.frame {
            write!(out, " @{frame}").unwrap();
        }
    }
    out.push(')');
    if body.result == Repr::Float {
        out.push_str(" float");
    }
    if let Some(asm) = &body.asm {
        write!(out, " asm {} blocks, frame {}", asm.routine.entries.len(), asm.frame_size).unwrap();
    }
    out.push('\n');
    block(out, body, &body.statements, 1);
}

fn block(out: &mut String, body: &Body, statements: &Block, depth: usize) {
    for statement in statements {
        let pad = "  ".repeat(depth);
        let e = |id: ExprId| expr(body, id);
        match &statement.kind {
            StmtKind::Expr(value) => writeln!(out, "{pad}{}", e(*value)).unwrap(),
            StmtKind::SetLocal { local, value } => {
                let name = &body.locals[local.0 as usize].name;
                writeln!(out, "{pad}{name}.{} = {}", local.0, e(*value)).unwrap();
            }
            StmtKind::SetGlobal { global, value } => {
                writeln!(out, "{pad}{} = {}", body.symbol(*global), e(*value)).unwrap();
            }
            StmtKind::Store { base, offset, value } => {
                writeln!(out, "{pad}[{} + {offset}] = {}", e(*base), e(*value)).unwrap();
            }
            StmtKind::StoreIndex { base, index, value } => {
                writeln!(out, "{pad}{}[{}] = {}", e(*base), e(*index), e(*value)).unwrap();
            }
            StmtKind::If { cond, then, otherwise } => {
                writeln!(out, "{pad}if {}", e(*cond)).unwrap();
                block(out, body, then, depth + 1);
                if !otherwise.is_empty() {
                    writeln!(out, "{pad}else").unwrap();
                    block(out, body, otherwise, depth + 1);
                }
            }
            StmtKind::Loop { cond, body: inner, step } => {
                let cond = cond.map_or_else(String::new, |cond| format!(" {}", e(cond)));
                writeln!(out, "{pad}loop{cond}").unwrap();
                block(out, body, inner, depth + 1);
                if !step.is_empty() {
                    writeln!(out, "{pad}step").unwrap();
                    block(out, body, step, depth + 1);
                }
            }
            StmtKind::Switch { value, arms, otherwise } => {
                writeln!(out, "{pad}switch {}", e(*value)).unwrap();
                for (case, arm) in arms {
                    writeln!(out, "{pad}case {}", e(*case)).unwrap();
                    block(out, body, arm, depth + 1);
                }
                if !otherwise.is_empty() {
                    writeln!(out, "{pad}else").unwrap();
                    block(out, body, otherwise, depth + 1);
                }
            }
            StmtKind::Break => writeln!(out, "{pad}break").unwrap(),
            StmtKind::Continue => writeln!(out, "{pad}continue").unwrap(),
            StmtKind::Return(value) => writeln!(out, "{pad}return {}", e(*value)).unwrap(),
            StmtKind::Asm { block } => writeln!(out, "{pad}asm {block}").unwrap(),
        }
    }
}

fn list(body: &Body, args: ArgList) -> String {
    let args: Vec<String> = body.args(args).iter().map(|arg| expr(body, *arg)).collect();
    args.join(", ")
}

fn expr(body: &Body, id: ExprId) -> String {
    let e = |id: ExprId| expr(body, id);
    match body.expr(id) {
        Expr::Int(value) => value.to_string(),
        Expr::Float(value) => format!("{value:?}"),
        Expr::Str(id) => format!("{:?}", String::from_utf8_lossy(&body.strings[id.0 as usize])),
        Expr::Local(id) => format!("{}.{}", body.locals[id.0 as usize].name, id.0),
        Expr::Global(id) => body.symbol(id).to_owned(),
        Expr::Address(id) => format!("&{}", body.symbol(id)),
        Expr::Unary { op, operand } => format!("{}{}", unary(op), e(operand)),
        Expr::Binary { op, left, right } => format!("({} {} {})", e(left), binary(op), e(right)),
        Expr::AndThen { left, right } => format!("({} && {})", e(left), e(right)),
        Expr::OrElse { left, right } => format!("({} || {})", e(left), e(right)),
        Expr::Load { base, offset } => format!("[{} + {offset}]", e(base)),
        Expr::LoadIndex { base, index } => format!("{}[{}]", e(base), e(index)),
        Expr::Call { callee, args } => format!("{}({})", body.symbol(callee), list(body, args)),
        Expr::CallIndirect { callee, args } => format!("({})({})", e(callee), list(body, args)),
        Expr::Construct { alloc, words, args } => {
            format!("new {} {words}({})", body.symbol(alloc), list(body, args))
        }
        Expr::Intrinsic { op, args } => format!("{op:?}({})", list(body, args)),
        Expr::Convert { op, operand } => {
            let name = match op {
                Conversion::IntToFloat => "float",
                Conversion::FloatToInt => "int",
                Conversion::FloatToBits => "bits",
                Conversion::BitsToFloat => "unbits",
            };
            format!("{name}({})", e(operand))
        }
        Expr::AsmResult => "rax".to_owned(),
        Expr::Closed(symbol) => format!("closed {}", body.symbol(symbol)),
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Negate => "-",
        UnaryOp::Not => "!",
        UnaryOp::BitNot => "~",
        UnaryOp::FloatNegate => "-.",
        UnaryOp::FloatNot => "!.",
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Remainder => "%",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::ShiftLeft => "<<",
        BinaryOp::ShiftRight => ">>",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::FloatAdd => "+.",
        BinaryOp::FloatSubtract => "-.",
        BinaryOp::FloatMultiply => "*.",
        BinaryOp::FloatDivide => "/.",
        BinaryOp::FloatEqual => "==.",
        BinaryOp::FloatNotEqual => "!=.",
        BinaryOp::FloatLess => "<.",
        BinaryOp::FloatLessEqual => "<=.",
        BinaryOp::FloatGreater => ">.",
        BinaryOp::FloatGreaterEqual => ">=.",
    }
}
