//! One method per kind of item; allocations live on between fragments.

use std::fmt;
use std::sync::Arc;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::OptLevel;
use cranelift_codegen::{CodegenError, CodegenResult, Context};
use cranelift_frontend::FunctionBuilderContext;
use morph_object::{Definition, Object, Section, SymbolKind};
use morph_sema::typed::{Body, Item, Typed};

use crate::emit::{self, Code};
use crate::lower::{self, Loops, Scratch};
use crate::{Debug, Options, Problem, Target, isa, naked};

/// A code generator that is worth keeping: ten thousand fragments reuse its memory.
pub struct Compiler {
    isa: OwnedTargetIsa,
    target: Target,
    debug: Debug,
    context: Context,
    registers: regalloc2::Ctx,
    builder: FunctionBuilderContext,
    control: ControlPlane,
    scratch: Scratch,
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler").field("triple", self.isa.triple()).finish_non_exhaustive()
    }
}

impl Compiler {
    /// Fails only if Cranelift was built without the target.
    pub fn new(options: &Options) -> Result<Compiler, Problem> {
        Ok(Compiler {
            isa: isa::build(options)?,
            target: options.target,
            debug: options.debug,
            context: Context::new(),
            registers: regalloc2::Ctx::default(),
            builder: FunctionBuilderContext::new(),
            control: ControlPlane::default(),
            scratch: Scratch::default(),
        })
    }

    /// A code generator for the same target that has no memory of its own yet.
    ///
    /// For those who take back at once all memory that one fragment used: what this one holds, they must not touch.
    #[must_use]
    pub fn fresh(&self) -> Compiler {
        Compiler {
            isa: Arc::clone(&self.isa),
            target: self.target,
            debug: self.debug,
            context: Context::new(),
            registers: regalloc2::Ctx::default(),
            builder: FunctionBuilderContext::new(),
            control: ControlPlane::default(),
            scratch: Scratch::default(),
        }
    }

    /// The object of one fragment.
    pub fn compile(&mut self, typed: &Typed) -> Result<Object, Problem> {
        match &typed.item {
            Item::Function(body) => {
                let line_starts = &typed.line_starts;
                let mut object = self.function(body, line_starts, Object::default())?;
                for shard in &body.shards {
                    object.append(&self.function(shard, line_starts, Object::default())?);
                }
                Ok(object)
            }
            Item::Global { symbol, value, initialiser } => {
                let object = global(symbol, *value);
                match initialiser {
                    Some(body) => self.function(body, &typed.line_starts, object),
                    None => Ok(object),
                }
            }
            Item::Raw(object) => Ok(object.clone()),
            Item::Naked(name) => naked::object(self.target, name).ok_or_else(|| {
                let target = self.target.triple();
                Problem::Fault { reason: format!("{target} has no routine `{name}`") }
            }),
            Item::Nothing => Ok(Object::default()),
        }
    }

    /// Adds `body`'s code to `object`, which holds at most data so far.
    fn function(
        &mut self,
        body: &Body,
        line_starts: &[u32],
        object: Object,
    ) -> Result<Object, Problem> {
        if body.asm.is_some() && self.target != Target::X86_64Linux {
            let reason = format!("in `{}`: assembly of another machine", body.symbol);
            return Err(Problem::Fault { reason });
        }
        self.context.clear();
        let loops = lower::lower(
            body,
            &mut self.context.func,
            &mut self.builder,
            &mut self.scratch,
            self.isa.frontend_config(),
        )?;
        self.prepare(loops).map_err(|error| problem(&error, body))?;
        let Compiler { isa, context, registers, control, .. } = self;
        let code = isa
            .compile_function(&context.func, &context.domtree, registers, false, control)
            .map_err(|error| problem(&error, body))?;
        let base = context.func.params.base_srcloc();
        let places = code.buffer.get_srclocs_sorted().iter();
        let code = Code {
            text: code.buffer.data(),
            relocs: code.buffer.relocs(),
            traps: code.buffer.traps(),
            places: places.map(|range| (range.start, range.loc.expand(base))),
        };
        let lines = match self.debug {
            Debug::None => None,
            Debug::Line | Debug::Full => Some(line_starts),
        };
        emit::emit(body, code, &context.func, lines, object)
    }

    /// What `Context::compile` does before it makes machine code, without what is known to change nothing.
    fn prepare(&mut self, loops: Loops) -> CodegenResult<()> {
        let Compiler { isa, context, control, .. } = self;
        let isa = &**isa;
        if isa.flags().opt_level() != OptLevel::None {
            return context.optimize(isa, control);
        }
        context.verify_if(isa)?;
        context.compute_cfg();
        context.compute_domtree();
        let domtree = &context.domtree;
        if !context.func.layout.blocks().all(|block| domtree.is_reachable(block)) {
            context.eliminate_unreachable_code(isa)?;
        }
        // Variables become block parameters only where values meet, and in a loop for as long as it is open: only
        // a loop inside another leaves parameters behind that are always the same value.
        if loops == Loops::Nested {
            context.remove_constant_phis(isa)?;
        }
        context.func.dfg.resolve_all_aliases();
        Ok(())
    }
}

fn problem(error: &CodegenError, body: &Body) -> Problem {
    match error {
        CodegenError::CodeTooLarge | CodegenError::ImplLimitExceeded => {
            Problem::TooLarge { expressions: body.exprs.len() }
        }
        CodegenError::Verifier(errors) => {
            Problem::Fault { reason: format!("in `{}`: {errors}", body.symbol) }
        }
        CodegenError::Unsupported(_)
        | CodegenError::RegisterMappingError(_)
        | CodegenError::Regalloc(_) => {
            Problem::Fault { reason: format!("in `{}`: {error}", body.symbol) }
        }
    }
}

/// Eight bytes; zero takes no room in the image.
fn global(symbol: &str, value: i64) -> Object {
    let (section, data, bss_size) = match value {
        0 => (Section::Bss, Vec::new(), 8),
        _ => (Section::Data, value.to_le_bytes().to_vec(), 0),
    };
    let definition = Definition {
        symbol: symbol.to_owned(),
        section,
        offset: 0,
        size: 8,
        kind: SymbolKind::Data,
    };
    Object { data, bss_size, definitions: vec![definition], ..Object::default() }
}
