//! Where compiled code meets the function's own assembly.
//!
//! All asm blocks form one routine behind the code. The locals that they name live in variables as
//! all others do, and visit the asm frame (a stack slot) only around a block: stored before it,
//! reloaded after it. A block answers in RDX how it ended; when blocks jump into each other, a call of
//! one can end where another does, and the answer chooses among the places after them.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    Block, BlockCall, FuncRef, Inst, InstBuilder, JumpTableData, SigRef, StackSlot, StackSlotData,
    StackSlotKind, Value,
};
use cranelift_frontend::Variable;
use morph_asm::{FELL_THROUGH, FRAME_LINK, RETURNED};
use morph_sema::typed::{AsmPart, LocalId};

use super::{Lowering, UNREACHABLE, type_of, words};
use crate::names::{Name, Routine};

/// Alignment of the frame, as a power of two.
const FRAME_ALIGN_SHIFT: u8 = 4;
/// Up to this many words of the frame are zeroed by a store each.
const ZEROED_INLINE: usize = 16;

/// What the blocks of one function share.
pub(super) struct AsmState {
    frame: StackSlot,
    signature: SigRef,
    /// What the block that ran last left in RAX.
    result: Variable,
    /// The locals that assembly names, with their offsets in the frame.
    locals: Vec<(LocalId, i32)>,
    entries: Vec<Option<FuncRef>>,
    /// Where control goes on after each block into which others jump.
    landings: Vec<Option<Block>>,
    jumps: bool,
}

impl Lowering<'_> {
    /// Makes the frame, zeroed: what no local is stored to (`simpan` areas) is read as 0 at first.
    pub(super) fn prepare_asm(&mut self, asm: &AsmPart) -> AsmState {
        let blocks = asm.routine.entries.len();
        let mut landings = vec![None; blocks];
        for &block in &asm.routine.jumped_into {
            if let Some(landing) = landings.get_mut(block as usize) {
                *landing = Some(self.builder.create_block());
            }
        }
        let link = FRAME_LINK.unsigned_abs();
        let size = asm.frame_size.max(8).next_multiple_of(8) + link;
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, size, FRAME_ALIGN_SHIFT);
        let state = AsmState {
            frame: self.builder.create_sized_stack_slot(slot),
            signature: self.builder.import_signature(words(1, 2)),
            result: self.builder.declare_var(I64),
            locals: self.frame_locals(),
            entries: vec![None; blocks],
            landings,
            jumps: !asm.routine.jumped_into.is_empty(),
        };
        self.zero_frame(&state, size);
        state
    }

    /// Whether code that no statement reaches can be reached by a jump between asm blocks.
    pub(super) fn asm_may_enter_anywhere(&self) -> bool {
        self.asm.as_ref().is_some_and(|asm| asm.jumps)
    }

    pub(super) fn asm_result(&mut self) -> Value {
        match &self.asm {
            Some(asm) => self.builder.use_var(asm.result),
            None => self.int(0),
        }
    }

    /// Calls block `block` and goes on where it ended.
    pub(super) fn run_asm(&mut self, block: u32) {
        let Some(mut asm) = self.asm.take() else {
            return self.refuse("an asm block without assembly");
        };
        if (block as usize) < asm.entries.len() {
            self.call_block(&mut asm, block);
        } else {
            self.refuse("an asm block that was not assembled");
        }
        self.asm = Some(asm);
    }

    fn call_block(&mut self, asm: &mut AsmState, block: u32) {
        let entry = match asm.entries[block as usize] {
            Some(entry) => entry,
            None => {
                let entry = self.declare(Name::AsmEntry(block), asm.signature);
                asm.entries[block as usize] = Some(entry);
                entry
            }
        };
        for &(local, offset) in &asm.locals {
            let value = self.local(local);
            self.builder.ins().stack_store(I64, value, asm.frame, FRAME_LINK + offset);
        }
        let frame = self.builder.ins().stack_addr(I64, asm.frame, FRAME_LINK);
        let call = self.builder.ins().call(entry, &[frame]);
        let (result, ending) = self.two_results(call);
        self.builder.def_var(asm.result, result);
        for &(local, offset) in &asm.locals {
            let repr = self.body.locals[local.0 as usize].repr;
            let value =
                self.builder.ins().stack_load(I64, type_of(repr), asm.frame, FRAME_LINK + offset);
            self.set_local(local, value);
        }
        let after = match asm.landings[block as usize] {
            Some(landing) => landing,
            None => self.builder.create_block(),
        };
        let returned = self.builder.create_block();
        if asm.jumps {
            self.dispatch(asm, block, ending, returned, after);
        } else {
            // Invariant: RETURNED is 0, and nothing but falling off this block's end remains.
            const { assert!(RETURNED == 0) };
            self.builder.ins().brif(ending, after, &[], returned, &[]);
        }
        self.enter_sealed(returned);
        self.before_asm_return();
        self.return_word(result);
        self.enter(after);
    }

    /// Jumps by how the routine ended: a return, or past the end of this block or of one that others enter.
    fn dispatch(
        &mut self,
        asm: &AsmState,
        block: u32,
        ending: Value,
        returned: Block,
        after: Block,
    ) {
        let impossible = self.builder.create_block();
        let mut targets = vec![impossible; asm.landings.len() + FELL_THROUGH as usize];
        targets[RETURNED as usize] = returned;
        for (index, landing) in asm.landings.iter().enumerate() {
            if let Some(landing) = landing {
                targets[index + FELL_THROUGH as usize] = *landing;
            }
        }
        targets[block as usize + FELL_THROUGH as usize] = after;
        let pool = &mut self.builder.func.dfg.value_lists;
        let mut call = |block| BlockCall::new(block, [], pool);
        let targets: Vec<BlockCall> = targets.into_iter().map(&mut call).collect();
        let table = JumpTableData::new(call(impossible), &targets);
        let table = self.builder.create_jump_table(table);
        let ending = self.builder.ins().ireduce(I32, ending);
        self.builder.ins().br_table(ending, table);
        self.enter_sealed(impossible);
        self.builder.ins().trap(UNREACHABLE);
    }

    /// A jump into a block of another body of the same unit, whose places are not in this one, goes nowhere.
    pub(super) fn close_landings(&mut self) {
        let Some(asm) = self.asm.take() else { return };
        for (entry, landing) in asm.entries.iter().zip(&asm.landings) {
            if let (None, Some(landing)) = (entry, landing) {
                self.enter_sealed(*landing);
                self.builder.ins().trap(UNREACHABLE);
            }
        }
    }

    fn two_results(&self, call: Inst) -> (Value, Value) {
        let results = self.builder.inst_results(call);
        (results[0], results[1])
    }

    fn frame_locals(&self) -> Vec<(LocalId, i32)> {
        let locals = self.body.locals.iter().enumerate();
        locals
            .filter_map(|(index, local)| local.frame.map(|offset| (LocalId(index as u32), offset)))
            .collect()
    }

    fn zero_frame(&mut self, asm: &AsmState, size: u32) {
        let is_local = |word: &i32| asm.locals.iter().any(|&(_, offset)| offset == *word);
        let size = i32::try_from(size).unwrap_or(i32::MAX);
        if size as usize / 8 > asm.locals.len() + ZEROED_INLINE {
            let frame = self.builder.ins().stack_addr(I64, asm.frame, 0);
            let (zero, bytes) = (self.int(0), self.int(i64::from(size)));
            self.call_routine(Routine::MemoryFill, &[frame, zero, bytes]);
            return;
        }
        for word in (0..size).step_by(8).filter(|word| !is_local(word)) {
            let zero = self.int(0);
            self.builder.ins().stack_store(I64, zero, asm.frame, word);
        }
    }
}
