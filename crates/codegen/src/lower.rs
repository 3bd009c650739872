//! A body as Cranelift's intermediate code.
//!
//! Neither expressions nor statements recurse: both are walked with explicit stacks, so that no
//! program, however it is nested, needs more machine stack than another.
//!
//! Every value is an `I64` or an `F64`. Where the body promises a word and delivers a double, the
//! walk goes on with a zero and the whole function is refused at the end.

mod assembly;
mod branches;
mod calls;
mod expressions;
mod intrinsics;
mod operators;
mod statements;

use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, Function, InstBuilder, MemFlagsData, Signature, SourceLoc, TrapCode, Type,
    Value,
};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_codegen::packed_option::ReservedValue;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use morph_diag::Span;
use morph_sema::typed::{Body, LocalId, Repr};

use crate::Problem;
use assembly::AsmState;
use calls::Imports;
use expressions::Step;

/// The code of a trap that no run can reach unless something else is broken.
pub(crate) const UNREACHABLE: TrapCode = TrapCode::unwrap_user(1);

/// A word or double in memory, at any alignment; the access can fault.
const MEMORY: MemFlagsData = MemFlagsData::new();

/// An asm frame of more bytes than this is refused: no stack would hold it.
const LARGEST_FRAME: u32 = 1 << 24;

/// Vectors that are empty between functions and keep their memory.
#[derive(Default)]
pub(crate) struct Scratch {
    steps: Vec<Step>,
    values: Vec<Value>,
    imports: Imports,
    /// Beside the body's locals: the value of each in the block that used or set it last. Cranelift's variables
    /// would answer the same, but slower.
    known: Vec<Option<(Block, Value)>>,
}

/// How loops stand to each other in a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loops {
    /// None lies inside another one.
    Flat,
    /// Some do, or jumps between assembly blocks may form any.
    Nested,
}

/// Builds `body` into the empty `function`.
pub(crate) fn lower(
    body: &Body,
    function: &mut Function,
    context: &mut FunctionBuilderContext,
    scratch: &mut Scratch,
    config: TargetFrontendConfig,
) -> Result<Loops, Problem> {
    if body.asm.as_ref().is_some_and(|asm| asm.frame_size > LARGEST_FRAME) {
        return Err(Problem::TooLarge { expressions: body.exprs.len() });
    }
    function.signature = words(body.params as usize, 1);
    scratch.steps.clear();
    scratch.values.clear();
    scratch.imports.reset(body);
    scratch.known.clear();
    scratch.known.resize(body.locals.len(), None);
    let mut lowering = Lowering {
        body,
        builder: FunctionBuilder::new(function, context),
        scratch,
        block: Block::reserved_value(),
        open: true,
        loops: Vec::new(),
        nesting: Loops::Flat,
        asm: None,
        broken: None,
    };
    lowering.entry();
    lowering.statements(&body.statements);
    if lowering.open {
        lowering.return_zero();
    }
    lowering.close_landings();
    let Lowering { mut builder, nesting, broken, .. } = lowering;
    builder.seal_all_blocks();
    builder.finalize(config);
    match broken {
        None => Ok(nesting),
        Some(what) => Err(Problem::Fault { reason: format!("in `{}`: {what}", body.symbol) }),
    }
}

/// The loop that `break` and `continue` mean.
#[derive(Clone, Copy)]
struct Loop {
    exit: Block,
    next: Block,
}

struct Lowering<'a> {
    body: &'a Body,
    builder: FunctionBuilder<'a>,
    scratch: &'a mut Scratch,
    /// The current block.
    block: Block,
    /// Whether the current block still takes instructions; false after a `return` or a jump.
    open: bool,
    loops: Vec<Loop>,
    nesting: Loops,
    asm: Option<AsmState>,
    /// The first violation of the body's contract.
    broken: Option<&'static str>,
}

impl<'a> Lowering<'a> {
    /// Declares the locals and fills the parameters. A local that is read before it is written is
    /// 0: Cranelift's variables start so.
    fn entry(&mut self) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.enter_sealed(entry);
        for (index, local) in self.body.locals.iter().enumerate() {
            self.builder.declare_var(type_of(local.repr));
            if index < self.body.params as usize {
                let word = self.builder.block_params(entry)[index];
                let value = match local.repr {
                    Repr::Word => word,
                    Repr::Float => self.double_of(word),
                };
                self.set_local(LocalId(index as u32), value);
            }
        }
        if let Some(asm) = &self.body.asm {
            self.nesting = Loops::Nested;
            self.asm = Some(self.prepare_asm(asm));
        }
    }

    fn local(&mut self, local: LocalId) -> Value {
        match self.scratch.known[local.0 as usize] {
            Some((block, value)) if block == self.block => value,
            Some(_) | None => {
                let value = self.builder.use_var(Variable::from_u32(local.0));
                self.scratch.known[local.0 as usize] = Some((self.block, value));
                value
            }
        }
    }

    fn set_local(&mut self, local: LocalId, value: Value) {
        self.builder.def_var(Variable::from_u32(local.0), value);
        self.scratch.known[local.0 as usize] = Some((self.block, value));
    }

    /// Code from here on belongs to `span`.
    fn at(&mut self, span: Span) {
        self.builder.set_srcloc(SourceLoc::new(span.start));
    }

    /// Begins `block`; all jumps to it that will ever be must have been made, or it is sealed later.
    fn enter(&mut self, block: Block) {
        self.builder.switch_to_block(block);
        self.block = block;
        self.open = true;
    }

    /// Begins `block`, to which no further jump will be made.
    fn enter_sealed(&mut self, block: Block) {
        self.builder.seal_block(block);
        self.enter(block);
    }

    /// Ends the current block, if it is still open, with a jump.
    fn jump(&mut self, block: Block) {
        if self.open {
            self.builder.ins().jump(block, &[]);
            self.open = false;
        }
    }

    fn return_word(&mut self, word: Value) {
        self.builder.ins().return_(&[word]);
        self.open = false;
    }

    fn return_zero(&mut self) {
        let zero = self.int(0);
        self.return_word(zero);
    }

    fn int(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(I64, value)
    }

    fn double_of(&mut self, word: Value) -> Value {
        self.builder.ins().bitcast(F64, MEMORY, word)
    }

    fn bits_of(&mut self, double: Value) -> Value {
        self.builder.ins().bitcast(I64, MEMORY, double)
    }

    /// `value`, which must be of `repr`.
    fn expect(&mut self, value: Value, repr: Repr) -> Value {
        if self.builder.func.dfg.value_type(value) == type_of(repr) {
            return value;
        }
        self.refuse("a value has the wrong representation");
        match repr {
            Repr::Word => self.int(0),
            Repr::Float => self.builder.ins().f64const(0.0),
        }
    }

    /// Marks the body as one that breaks its contract.
    fn refuse(&mut self, what: &'static str) {
        self.broken.get_or_insert(what);
    }
}

fn type_of(repr: Repr) -> Type {
    match repr {
        Repr::Word => I64,
        Repr::Float => F64,
    }
}

/// The System V signature of `params` words in and `results` words out.
fn words(params: usize, results: usize) -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.resize(params, AbiParam::new(I64));
    signature.returns.resize(results, AbiParam::new(I64));
    signature
}
