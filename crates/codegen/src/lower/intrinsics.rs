//! The operations that the library is built from.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, MemFlagsData, Value};
use morph_sema::typed::Intrinsic;

use super::{Lowering, MEMORY};
use crate::names::Routine;

/// Words of an atomic operation must be aligned; all of them are, as all words of the language.
const ATOMIC: MemFlagsData = MemFlagsData::new();
/// The call number and six arguments.
const SYSCALL_WORDS: usize = 7;

impl Lowering<'_> {
    pub(super) fn intrinsic(&mut self, op: Intrinsic, args: &[Value]) -> Value {
        match (op, args) {
            (Intrinsic::Load8, &[address]) => self.builder.ins().uload8(I64, MEMORY, address, 0),
            (Intrinsic::Load16, &[address]) => self.builder.ins().uload16(I64, MEMORY, address, 0),
            (Intrinsic::Load32, &[address]) => self.builder.ins().uload32(MEMORY, address, 0),
            (Intrinsic::Load64, &[address]) => self.builder.ins().load(I64, MEMORY, address, 0),
            (Intrinsic::Store8, &[address, word]) => {
                self.builder.ins().istore8(MEMORY, word, address, 0);
                self.int(0)
            }
            (Intrinsic::Store16, &[address, word]) => {
                self.builder.ins().istore16(MEMORY, word, address, 0);
                self.int(0)
            }
            (Intrinsic::Store32, &[address, word]) => {
                self.builder.ins().istore32(MEMORY, word, address, 0);
                self.int(0)
            }
            (Intrinsic::Store64, &[address, word]) => {
                self.builder.ins().store(MEMORY, word, address, 0);
                self.int(0)
            }
            (Intrinsic::MemoryCopy, &[dest, _, _]) => {
                self.call_routine(Routine::MemoryCopy, args);
                dest
            }
            (Intrinsic::MemoryFill, &[dest, _, _]) => {
                self.call_routine(Routine::MemoryFill, args);
                dest
            }
            (Intrinsic::Syscall, _) if (1..=SYSCALL_WORDS).contains(&args.len()) => {
                let zero = self.int(0);
                let mut all = [zero; SYSCALL_WORDS];
                all[..args.len()].copy_from_slice(args);
                self.call_routine(Routine::Syscall, &all)
            }
            (Intrinsic::StackPointer, &[]) => self.builder.ins().get_stack_pointer(I64),
            (Intrinsic::FramePointer, &[]) => self.builder.ins().get_frame_pointer(I64),
            (Intrinsic::AtomicLoad, &[address]) => {
                self.builder.ins().atomic_load(I64, ATOMIC, address)
            }
            (Intrinsic::AtomicStore, &[address, word]) => {
                self.builder.ins().atomic_store(ATOMIC, word, address);
                self.int(0)
            }
            (Intrinsic::AtomicAdd, &[address, word]) => {
                self.builder.ins().atomic_rmw(I64, ATOMIC, AtomicRmwOp::Add, address, word)
            }
            (Intrinsic::AtomicCompareExchange, &[address, expected, new]) => {
                self.builder.ins().atomic_cas(ATOMIC, address, expected, new)
            }
            (Intrinsic::UnsignedDivide, &[left, right]) => self.builder.ins().udiv(left, right),
            (Intrinsic::UnsignedRemainder, &[left, right]) => self.builder.ins().urem(left, right),
            (Intrinsic::UnsignedLess, &[left, right]) => {
                let flag = self.builder.ins().icmp(IntCC::UnsignedLessThan, left, right);
                self.builder.ins().uextend(I64, flag)
            }
            (Intrinsic::UnsignedMultiplyHigh, &[left, right]) => {
                self.builder.ins().umulhi(left, right)
            }
            (
                Intrinsic::Load8
                | Intrinsic::Load16
                | Intrinsic::Load32
                | Intrinsic::Load64
                | Intrinsic::Store8
                | Intrinsic::Store16
                | Intrinsic::Store32
                | Intrinsic::Store64
                | Intrinsic::MemoryCopy
                | Intrinsic::MemoryFill
                | Intrinsic::Syscall
                | Intrinsic::StackPointer
                | Intrinsic::FramePointer
                | Intrinsic::AtomicLoad
                | Intrinsic::AtomicStore
                | Intrinsic::AtomicAdd
                | Intrinsic::AtomicCompareExchange
                | Intrinsic::UnsignedDivide
                | Intrinsic::UnsignedRemainder
                | Intrinsic::UnsignedLess
                | Intrinsic::UnsignedMultiplyHigh,
                _,
            ) => {
                self.refuse("an intrinsic has the wrong number of arguments");
                self.int(0)
            }
        }
    }
}
