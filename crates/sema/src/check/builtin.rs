//! Forms that look like calls and are none: conversions and intrinsics.

use crate::typed::Intrinsic;

/// What a name in call position means when nothing defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    /// `float(x)`.
    ToFloat,
    /// `int(x)`.
    ToInt,
    /// `float_bits(f)`.
    FloatBits,
    /// `float_from_bits(w)`.
    FloatFromBits,
    /// `link_address("x")`, library only.
    LinkAddress,
    /// `symbol_address("x")`, library only.
    SymbolAddress,
    /// `baca(n)`.
    Read,
    Intrinsic(Intrinsic),
}

/// The built-in of this name, with the least and the largest number of arguments.
pub(super) fn builtin(name: &str) -> Option<(Builtin, usize, usize)> {
    use Intrinsic as I;
    let (intrinsic, count) = match name {
        "float" => return Some((Builtin::ToFloat, 1, 1)),
        "int" => return Some((Builtin::ToInt, 1, 1)),
        "float_bits" => return Some((Builtin::FloatBits, 1, 1)),
        "float_from_bits" => return Some((Builtin::FloatFromBits, 1, 1)),
        "link_address" => return Some((Builtin::LinkAddress, 1, 1)),
        "symbol_address" => return Some((Builtin::SymbolAddress, 1, 1)),
        "baca" => return Some((Builtin::Read, 1, 1)),
        "syscall" => return Some((Builtin::Intrinsic(I::Syscall), 1, 7)),
        "mem_load8" => (I::Load8, 1),
        "mem_load16" => (I::Load16, 1),
        "mem_load32" => (I::Load32, 1),
        "mem_load64" => (I::Load64, 1),
        "mem_store8" => (I::Store8, 2),
        "mem_store16" => (I::Store16, 2),
        "mem_store32" => (I::Store32, 2),
        "mem_store64" => (I::Store64, 2),
        "mem_copy" => (I::MemoryCopy, 3),
        "mem_fill" => (I::MemoryFill, 3),
        "stack_pointer" => (I::StackPointer, 0),
        "frame_pointer" => (I::FramePointer, 0),
        "atomic_load" => (I::AtomicLoad, 1),
        "atomic_store" => (I::AtomicStore, 2),
        "atomic_add" => (I::AtomicAdd, 2),
        "atomic_swap" => (I::AtomicCompareExchange, 3),
        "unsigned_div" => (I::UnsignedDivide, 2),
        "unsigned_rem" => (I::UnsignedRemainder, 2),
        "unsigned_less" => (I::UnsignedLess, 2),
        "unsigned_mul_high" => (I::UnsignedMultiplyHigh, 2),
        _ => return None,
    };
    Some((Builtin::Intrinsic(intrinsic), count, count))
}
