//! A checked fragment: names resolved, conversions explicit, every value a word or a double.
//!
//! This is the whole meaning of a fragment. Code generation and the reference interpreter both read
//! it and nothing else, so they cannot disagree about what a program says.

use morph_asm::Routine;
use morph_diag::Span;
use morph_object::{Object, Symbol};

macro_rules! index {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    )+};
}

index! {
    /// An index into [`Body::exprs`].
    ExprId;
    /// An index into [`Body::locals`]; parameters come first.
    LocalId;
    /// An index into [`Body::symbols`].
    SymbolId;
    /// An index into [`Body::strings`].
    StrId;
}

/// How a value is held: a 64-bit word (integer, address) or an IEEE double.
///
/// Across calls, in memory and in globals a double travels as its bits in a word; a `Float` parameter or
/// result is converted at the border by whoever reads the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repr {
    Word,
    Float,
}

/// One checked fragment.
#[derive(Debug)]
pub struct Typed {
    pub item: Item,
    /// Byte offsets in the fragment's text at which lines begin; the first is 0. Turns a span into line and column.
    pub line_starts: Vec<u32>,
}

#[derive(Debug)]
pub enum Item {
    /// A function, unit block or initialiser: defines `body.symbol`.
    Function(Body),
    /// A global: eight bytes named `symbol`. A literal initial value stands in the image; any other
    /// initialiser is a function that stores it, run at start-up.
    Global { symbol: Symbol, value: i64, initialiser: Option<Body> },
    /// A naked routine or data block, already assembled.
    Raw(Object),
    /// A naked routine of this name that the target has in a table of its own.
    Naked(String),
    /// Structs, constants, imports: nothing to compile.
    Nothing,
}

/// A function's body.
///
/// All parameters and the result are words at the machine level, in the System V convention (six
/// registers, then the stack); locals of [`Repr::Float`] that are parameters arrive as bits.
#[derive(Debug)]
pub struct Body {
    pub symbol: Symbol,
    /// The first `params` locals are the parameters.
    pub params: u32,
    /// How the result is held before it becomes a word: a `Float` is returned as its bits.
    pub result: Repr,
    pub locals: Vec<Local>,
    pub exprs: Vec<Expr>,
    /// Place of each expression, beside `exprs`.
    pub spans: Vec<Span>,
    pub args: Vec<ExprId>,
    pub symbols: Vec<Symbol>,
    /// Bytes of string literals, without the final NUL.
    pub strings: Vec<Vec<u8>>,
    pub statements: Block,
    /// All asm blocks of the function, assembled as one routine.
    pub asm: Option<AsmPart>,
    /// What is done when an asm block leaves the function by `ret`, before it returns: straight-line statements.
    pub on_asm_return: Block,
    /// The shards of a unit block: functions of their own, whose addresses the body gives to the runtime. They take the address
    /// of the frame in which variables of the block travel, and have no shards themselves: those inside of others stand here too.
    pub shards: Vec<Body>,
}

impl Body {
    pub fn expr(&self, id: ExprId) -> Expr {
        self.exprs[id.0 as usize]
    }

    pub fn span(&self, id: ExprId) -> Span {
        self.spans[id.0 as usize]
    }

    pub fn args(&self, list: ArgList) -> &[ExprId] {
        &self.args[list.start as usize..(list.start + list.len) as usize]
    }

    pub fn symbol(&self, id: SymbolId) -> &str {
        &self.symbols[id.0 as usize]
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    pub name: String,
    pub repr: Repr,
    /// Offset in the asm frame when assembly names this local: stored there before an asm block,
    /// reloaded after it.
    pub frame: Option<i32>,
}

/// The asm blocks of a function.
#[derive(Clone, Debug)]
pub struct AsmPart {
    pub routine: Routine,
    /// Size of the asm frame in bytes: named locals and `simpan` areas.
    pub frame_size: u32,
}

pub type Block = Vec<Stmt>;

#[derive(Debug)]
pub struct Stmt {
    pub kind: StmtKind,
    pub span: Span,
}

/// Operands are evaluated in the order of the fields, left to right.
#[derive(Debug)]
pub enum StmtKind {
    /// Evaluate and drop.
    Expr(ExprId),
    /// The value's `Repr` is the local's.
    SetLocal { local: LocalId, value: ExprId },
    /// Stores eight bytes.
    SetGlobal { global: SymbolId, value: ExprId },
    /// Stores eight bytes at `base + offset`.
    Store { base: ExprId, offset: i32, value: ExprId },
    /// Stores eight bytes at `base + 8 * index`.
    StoreIndex { base: ExprId, index: ExprId, value: ExprId },
    /// `cond` is a word; any value but 0 is true.
    If { cond: ExprId, then: Block, otherwise: Block },
    /// `lanjut` goes to `step`, which runs before `cond` is tested again. `None` is for ever.
    Loop { cond: Option<ExprId>, body: Block, step: Block },
    /// The first arm whose value equals `value` runs; arms' values are evaluated in order until one matches.
    Switch { value: ExprId, arms: Vec<(ExprId, Block)>, otherwise: Block },
    /// Leaves the innermost loop.
    Break,
    /// Goes to the innermost loop's step.
    Continue,
    /// `value` has the body's `result` representation. Falling off the end returns 0 (sema has put an
    /// explicit `Return(AsmResult)` where the language says otherwise).
    Return(ExprId),
    /// Runs block `block` of the asm routine.
    Asm { block: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgList {
    pub start: u32,
    pub len: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expr {
    Int(i64),
    Float(f64),
    /// Address of the NUL-terminated bytes, in writable memory. One literal is one place in memory.
    Str(StrId),
    Local(LocalId),
    /// The word in a global.
    Global(SymbolId),
    /// Address of a function or label.
    Address(SymbolId),
    /// Word or double in, word out for `Not`; otherwise as the operand.
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    Binary {
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    },
    /// Short circuit; word conditions, result 0 or 1.
    AndThen {
        left: ExprId,
        right: ExprId,
    },
    OrElse {
        left: ExprId,
        right: ExprId,
    },
    /// The word at `base + offset`.
    Load {
        base: ExprId,
        offset: i32,
    },
    /// The word at `base + 8 * index`.
    LoadIndex {
        base: ExprId,
        index: ExprId,
    },
    /// Words in, word out; sema has put conversions around floats. A closed callee never returns.
    Call {
        callee: SymbolId,
        args: ArgList,
    },
    CallIndirect {
        callee: ExprId,
        args: ArgList,
    },
    /// Allocates `words * 8` zeroed bytes by calling `alloc` (one argument: bytes; the result need not be
    /// zeroed), then stores `args` from offset 0 on (evaluated before the allocation). Result: the address.
    Construct {
        alloc: SymbolId,
        words: u32,
        args: ArgList,
    },
    Intrinsic {
        op: Intrinsic,
        args: ArgList,
    },
    Convert {
        op: Conversion,
        operand: ExprId,
    },
    /// What the asm block that was executed last in this activation left in RAX; 0 before the first.
    AsmResult,
    /// The value of something closed: calls the stand-in (no arguments), which never returns. Typed as a word.
    Closed(SymbolId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// Wraps.
    Negate,
    /// 1 if 0, else 0.
    Not,
    BitNot,
    FloatNegate,
    /// 1 if the double equals 0.0, else 0. Result is a word.
    FloatNot,
}

/// Words unless the name says `Float`; comparisons are signed and give the word 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    /// Truncates; minimum / -1 wraps to the minimum; by zero faults (`TrapKind::DivisionByZero`).
    Divide,
    /// Sign of the dividend; minimum % -1 is 0; by zero faults.
    Remainder,
    BitAnd,
    BitOr,
    BitXor,
    /// Count modulo 64.
    ShiftLeft,
    /// Logical; count modulo 64.
    ShiftRight,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    FloatAdd,
    FloatSubtract,
    FloatMultiply,
    FloatDivide,
    FloatEqual,
    FloatNotEqual,
    FloatLess,
    FloatLessEqual,
    FloatGreater,
    FloatGreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conversion {
    IntToFloat,
    /// Saturates; not-a-number gives 0.
    FloatToInt,
    FloatToBits,
    BitsToFloat,
}

/// Operations that the library is built from. All take and give words; names as in the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intrinsic {
    /// `mem_load8(p)` .. zero-extended.
    Load8,
    Load16,
    Load32,
    Load64,
    /// `mem_store8(p, v)` .. stores the low bits; result 0.
    Store8,
    Store16,
    Store32,
    Store64,
    /// `mem_copy(dest, src, n)`: forward, byte by byte in effect; result `dest`.
    MemoryCopy,
    /// `mem_fill(dest, byte, n)`; result `dest`.
    MemoryFill,
    /// `syscall(n, a, b, c, d, e, f)`, one to seven arguments; result as the kernel gives it (-errno).
    Syscall,
    /// `stack_pointer()`.
    StackPointer,
    /// `frame_pointer()` of this activation: the saved caller's is at +0, the return address at +8.
    FramePointer,
    /// `atomic_load(p)`, `atomic_store(p, v)`, `atomic_add(p, v)` (gives the old value),
    /// `atomic_swap(p, expected, new)` (gives the value found): sequentially consistent, eight bytes.
    AtomicLoad,
    AtomicStore,
    AtomicAdd,
    AtomicCompareExchange,
    /// `unsigned_div(a, b)`, `unsigned_rem(a, b)` (by zero faults), `unsigned_less(a, b)`.
    UnsignedDivide,
    UnsignedRemainder,
    UnsignedLess,
    /// `unsigned_mul_high(a, b)`: the high 64 bits of the product.
    UnsignedMultiplyHigh,
}
