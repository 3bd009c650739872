//! The tree of one fragment.
//!
//! Expressions live in one arena, so they are small, freed at once and walked without chasing boxes.
//! Names are spans into the fragment's text: nothing is copied, nothing is interned.

use morph_diag::{Diagnostic, Span};
use serde::{Deserialize, Serialize};

/// An index into [`Tree::exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);

/// A run of [`Tree::args`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgList {
    pub start: u32,
    pub len: u32,
}

/// One parsed fragment.
#[derive(Debug)]
pub struct Tree {
    pub item: Item,
    pub exprs: Vec<Expr>,
    /// Place of each expression, beside `exprs`.
    pub spans: Vec<Span>,
    /// Arguments of all calls, one run per call.
    pub args: Vec<ExprId>,
    /// Syntax problems, in text order. With an error among them the fragment is closed.
    pub diagnostics: Vec<Diagnostic>,
}

impl Tree {
    pub fn expr(&self, id: ExprId) -> Expr {
        self.exprs[id.0 as usize]
    }

    pub fn span(&self, id: ExprId) -> Span {
        self.spans[id.0 as usize]
    }

    pub fn args(&self, list: ArgList) -> &[ExprId] {
        &self.args[list.start as usize..(list.start + list.len) as usize]
    }
}

/// What a fragment defines or does. `name` spans cover the bare name.
#[derive(Debug)]
pub enum Item {
    Function {
        name: Span,
        params: Vec<Span>,
        body: Block,
    },
    Struct {
        name: Span,
        fields: Vec<Field>,
    },
    /// `const N = e` at file level.
    Const {
        name: Span,
        value: ExprId,
    },
    /// `var g`, `var g = e`, `var g [K]int` at file level.
    Global {
        name: Span,
        init: VarInit,
    },
    /// `unit u` .. `tutup_unit`: a callable without parameters that runs its body.
    UnitBlock {
        name: Span,
        body: Block,
    },
    /// One top-level statement that is none of the others (assignment, call, print, `jika` .. `tutup_jika`, `tipe`).
    Statement(Block),
    /// `asm_mulai` .. `tutup_asm` at file level.
    Asm(AsmText),
    /// `asm_data` .. `tutup_data`.
    AsmData(AsmText),
    /// `asm_rutin NAME` .. `tutup_asm`, library only: a naked routine with a register contract.
    Routine {
        name: Span,
        text: AsmText,
    },
    Import(Import),
    /// Nothing could be made of the text; `diagnostics` says why.
    Broken,
}

/// A field is a name, an optional type word and an optional array length: `x`, `x int`, `f float`, `buf [10]int`.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: Span,
    pub ty: Option<Span>,
    pub array: Option<ExprId>,
}

pub type Block = Vec<Stmt>;

#[derive(Debug)]
pub struct Stmt {
    pub kind: StmtKind,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarInit {
    /// `var x`: zero.
    None,
    Value(ExprId),
    /// `var a [K]int`: K is a literal or a constant's name.
    Array(ExprId),
}

#[derive(Debug)]
pub enum StmtKind {
    Var {
        name: Span,
        init: VarInit,
    },
    Const {
        name: Span,
        value: ExprId,
    },
    /// `tipe x S`.
    Hint {
        name: Span,
        ty: Span,
    },
    /// `target` is a name, an index or a field.
    Assign {
        target: ExprId,
        value: ExprId,
    },
    Step {
        target: ExprId,
        by: StepBy,
    },
    /// A call whose result is dropped, with or without `panggil`.
    Call(ExprId),
    /// `kembalikan` or `return`, with or without a value. Only a bare `kembalikan` can close a `simpan`.
    Return {
        word: ReturnWord,
        value: Option<ExprId>,
    },
    /// `simpan`.
    Save,
    If {
        arms: Vec<(ExprId, Block)>,
        otherwise: Option<Block>,
    },
    While {
        cond: ExprId,
        body: Block,
    },
    /// A missing condition is `None`: for ever.
    For {
        init: Option<Box<Stmt>>,
        cond: Option<ExprId>,
        step: Option<Box<Stmt>>,
        body: Block,
    },
    Switch {
        value: ExprId,
        cases: Vec<(ExprId, Block)>,
        otherwise: Option<Block>,
    },
    Break,
    Continue,
    /// `cetak(e)` (`as_text` false) or `cetak_str(e)` (true).
    Print {
        value: ExprId,
        form: PrintForm,
    },
    Asm(AsmText),
    Import(Import),
    /// `shard s` .. `tutup_shard`.
    Shard {
        name: Span,
        body: Block,
    },
    /// `fragment f`: names a part of a shard, no code.
    FragmentMark {
        name: Span,
    },
    /// `paralel` .. `gabung`.
    Parallel {
        body: Block,
    },
    /// Could not be parsed; a diagnostic says why.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepBy {
    Increment,
    Decrement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnWord {
    Kembalikan,
    Return,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintForm {
    Cetak,
    CetakStr,
}

/// The raw lines between an opening and a closing asm marker (the markers' own lines not included).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsmText {
    pub lines: Span,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Import {
    /// `ambil "path"`.
    File { path: Span },
    /// `indeks "path"`.
    Registry { path: Span },
    /// `Daftar "path" = 310-316, 318`.
    Register { path: Span, ids: Vec<IdRange> },
    /// `Ambil 341, 342` or `Ambil "path" 1, 2`.
    Blocks { path: Option<Span>, ids: Vec<IdRange> },
}

/// `first..=last`, as written; `span` covers the text. Path spans cover the text between the quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    pub first: u64,
    pub last: u64,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expr {
    /// `benar`, `salah` and integers; the whole 64-bit range as bits.
    Int(i64),
    Float(f64),
    /// The span between the quotes, escapes not yet decoded; see `string::decode`.
    Str(Span),
    Name(Span),
    Call {
        callee: ExprId,
        args: ArgList,
    },
    Index {
        base: ExprId,
        index: ExprId,
    },
    Field {
        base: ExprId,
        name: Span,
    },
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    Binary {
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    },
    /// Could not be parsed; a diagnostic says why.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
    /// `~`
    BitNot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BinaryOp {
    OrElse,
    AndThen,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    BitOr,
    BitXor,
    BitAnd,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl BinaryOp {
    /// Binding strength: 1 binds weakest. The same table serves the expression evaluator.
    pub const fn level(self) -> u8 {
        match self {
            BinaryOp::OrElse => 1,
            BinaryOp::AndThen => 2,
            BinaryOp::Equal | BinaryOp::NotEqual => 3,
            BinaryOp::Less | BinaryOp::Greater | BinaryOp::LessEqual | BinaryOp::GreaterEqual => 4,
            BinaryOp::BitOr => 5,
            BinaryOp::BitXor => 6,
            BinaryOp::BitAnd => 7,
            BinaryOp::ShiftLeft | BinaryOp::ShiftRight => 8,
            BinaryOp::Add | BinaryOp::Subtract => 9,
            BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => 10,
        }
    }

    /// As written in a program.
    pub const fn text(self) -> &'static str {
        match self {
            BinaryOp::OrElse => "||",
            BinaryOp::AndThen => "&&",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::Greater => ">",
            BinaryOp::LessEqual => "<=",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::BitOr => "|",
            BinaryOp::BitXor => "^",
            BinaryOp::BitAnd => "&",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
        }
    }
}
