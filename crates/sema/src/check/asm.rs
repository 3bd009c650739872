//! Assembly blocks: what their names mean, and which registers cross their borders.
//!
//! Names are bound where a block stands, because scopes change from line to line; all blocks of a
//! function are assembled together when its end is known.

use morph_asm::{Meaning, Text, Usage, assemble_routine, names_of};
use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::AsmText;

use super::checker::Checker;
use super::scope::Binding;
use super::value::Level;
use crate::environment::{Asker, ConstValue, Variable};
use crate::typed::{AsmPart, Expr, ExprId, LocalId, Repr, Stmt, StmtKind};

/// RAX RBX RCX RDX RSI RDI, as `simpan` keeps them.
const SAVED_BYTES: u32 = 48;

/// The asm blocks of one body.
#[derive(Debug, Default)]
pub(super) struct AsmState<'a> {
    blocks: Vec<AsmBlock<'a>>,
    frame_size: u32,
    /// The block that certainly ran last when control is here.
    last: Option<u32>,
    /// Where the body asks for what a block left.
    results: Vec<ExprId>,
}

impl AsmState<'_> {
    pub(super) fn forget_last(&mut self) {
        self.last = None;
    }
}

#[derive(Debug)]
struct AsmBlock<'a> {
    text: Text<'a>,
    load: Option<i32>,
    record: Option<i32>,
    /// What `[var_x]` means in this block.
    variables: Vec<(&'a str, Meaning)>,
}

/// What was known about the last block where control divides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    last: Option<u32>,
    blocks: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn asm_block(
        &mut self,
        text: AsmText,
        load: Option<i32>,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        if !self.asm_is_for_target(span) {
            return;
        }
        let text = self.asm_text(text);
        let mut variables = Vec::new();
        for used in names_of(text) {
            if used.usage == Usage::Variable
                && let Some(meaning) = self.asm_variable(used.name, used.span, out)
            {
                variables.push((used.name, meaning));
            }
        }
        let block = self.walk.asm.blocks.len() as u32;
        self.walk.asm.blocks.push(AsmBlock { text, load, record: None, variables });
        self.walk.asm.last = Some(block);
        out.push(Stmt { kind: StmtKind::Asm { block }, span });
    }

    pub(super) fn asm_is_for_target(&mut self, span: Span) -> bool {
        let target = self.options.target;
        let ours = target.starts_with("x86_64");
        if !ours {
            let span = self.first_line(span);
            self.report(Diagnostic::new(Code::AsmTarget, span).arg("target", target));
        }
        ours
    }

    pub(super) fn asm_text(&self, text: AsmText) -> Text<'a> {
        Text { lines: self.text(text.lines), start: text.lines.start }
    }

    /// What `[var_name]` is; `None` if there is nothing that could stand there.
    fn asm_variable(&mut self, name: &'a str, span: Span, out: &mut Vec<Stmt>) -> Option<Meaning> {
        let constant = match self.walk.scope.find(name) {
            Some(Binding::Variable(index)) => {
                let local = self.walk.variables[index as usize].local;
                return Some(self.in_frame(local));
            }
            Some(Binding::Constant(index)) => self.walk.constants[index as usize].value.clone(),
            None => match self.asker.variable(name) {
                Some(Variable::Global(global)) => {
                    return Some(Meaning::Symbol(global.symbol.clone()));
                }
                Some(Variable::Const(constant)) => Some(constant.value.clone()),
                None => return Some(self.declare_in_asm(name, span)),
            },
        };
        match constant? {
            ConstValue::Int(value) => Some(Meaning::Value(value)),
            ConstValue::Float(value) => Some(Meaning::Value(value.to_bits() as i64)),
            // Known only to the linker, or not at all: a local holds it while the block runs.
            value @ (ConstValue::Str(_) | ConstValue::Closed(_)) => {
                let value = self.constant(&value, span).id;
                let local = self.temporary(value, Repr::Word, out);
                Some(self.in_frame(local))
            }
        }
    }

    /// An undeclared name in assembly is a local of the whole function.
    fn declare_in_asm(&mut self, name: &'a str, span: Span) -> Meaning {
        self.report(Diagnostic::new(Code::AsmVariableDeclared, span).arg("name", name));
        let index = self.new_variable(name, span, Level::Int);
        self.walk.scope.declare_implicit(name, Binding::Variable(index));
        let variable = &mut self.walk.variables[index as usize];
        variable.implicit = true;
        let (local, level) = (variable.local, variable.level);
        let zero = if level == Level::Float { Expr::Float(0.0) } else { Expr::Int(0) };
        let value = self.node(zero, span);
        self.walk.prologue.push(Stmt { kind: StmtKind::SetLocal { local, value }, span });
        self.in_frame(local)
    }

    /// The place of a local in the asm frame.
    fn in_frame(&mut self, local: LocalId) -> Meaning {
        let asm = &mut self.walk.asm;
        let slot = self.walk.locals[local.0 as usize].frame.get_or_insert_with(|| {
            let offset = asm.frame_size as i32;
            asm.frame_size += 8;
            offset
        });
        Meaning::Frame(*slot)
    }

    /// `simpan`: where the block that ran last leaves its registers.
    pub(super) fn record(&mut self) -> Option<i32> {
        let asm = &mut self.walk.asm;
        let block = asm.blocks.get_mut(asm.last? as usize)?;
        let area = block.record.get_or_insert_with(|| {
            let offset = asm.frame_size as i32;
            asm.frame_size += SAVED_BYTES;
            offset
        });
        Some(*area)
    }

    // ---- Which block ran last.

    pub(super) fn enter_path(&self) -> Path {
        Path { last: self.walk.asm.last, blocks: self.walk.asm.blocks.len() }
    }

    /// Begins another branch.
    pub(super) fn start_path(&mut self, path: Path) {
        self.walk.asm.last = path.last;
    }

    /// All branches meet again: with a block in one of them, nobody knows which one ran last.
    pub(super) fn leave_path(&mut self, path: Path) {
        let same = self.walk.asm.blocks.len() == path.blocks;
        self.walk.asm.last = path.last.filter(|_| same);
    }

    // ---- The end of the body.

    /// What the block that ran last left in RAX.
    pub(super) fn asm_result(&mut self, span: Span) -> ExprId {
        let id = self.node(Expr::AsmResult, span);
        self.walk.asm.results.push(id);
        id
    }

    /// Assembles the blocks of the body that has just been walked.
    pub(super) fn finish_asm(&mut self) -> Option<AsmPart> {
        let AsmState { blocks, frame_size, results, .. } = std::mem::take(&mut self.walk.asm);
        if blocks.is_empty() {
            for id in results {
                self.walk.exprs[id.0 as usize] = Expr::Int(0);
            }
            return None;
        }
        let list: Vec<morph_asm::Block<'a>> = blocks
            .iter()
            .map(|block| morph_asm::Block {
                text: block.text,
                load: block.load,
                record: block.record,
            })
            .collect();
        let asker = &mut self.asker;
        let mut resolver = |name: &str, usage: Usage, span: Span| match usage {
            Usage::Variable => {
                let holder = blocks.partition_point(|block| block.text.start <= span.start);
                let holder = blocks.get(holder.checked_sub(1)?)?;
                let bound = holder.variables.iter().find(|(bound, _)| *bound == name);
                bound.map(|(_, meaning)| meaning.clone())
            }
            Usage::Plain => plain(asker, name),
        };
        let assembled = assemble_routine(&list, &mut resolver);
        self.diagnostics.extend(assembled.diagnostics);
        Some(AsmPart { routine: assembled.value, frame_size })
    }
}

/// What a plain name in assembly text means.
pub(super) fn plain(asker: &mut Asker<'_>, name: &str) -> Option<Meaning> {
    if let Some(symbol) = asker.asm_symbol(name) {
        let label = asker.label(name).filter(|label| label.symbol == symbol);
        if let Some(value) = label.and_then(|label| label.value) {
            return Some(Meaning::Value(value));
        }
        return Some(Meaning::Symbol(symbol));
    }
    match asker.variable(name)? {
        Variable::Const(constant) => match constant.value {
            ConstValue::Int(value) => Some(Meaning::Value(value)),
            ConstValue::Float(value) => Some(Meaning::Value(value.to_bits() as i64)),
            ConstValue::Str(_) | ConstValue::Closed(_) => None,
        },
        Variable::Global(global) => Some(Meaning::Symbol(global.symbol.clone())),
    }
}
