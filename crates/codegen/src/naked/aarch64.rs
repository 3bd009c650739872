//! The naked routines of aarch64 Linux. Arguments and results in the order of X0, X1, ...

use morph_object::RelocKind;

use super::{Instruction, Routine};

pub(super) const ROUTINES: &[Routine] = &[
    Routine { name: "_start", code: START },
    Routine { name: "mem_copy", code: MEM_COPY },
    Routine { name: "mem_fill", code: MEM_FILL },
    Routine { name: "syscall_raw", code: SYSCALL_RAW },
    Routine { name: "signal_restorer", code: SIGNAL_RESTORER },
    Routine { name: "protect_switch", code: PROTECT_SWITCH },
    Routine { name: "protect_landing", code: PROTECT_LANDING },
    Routine { name: "protect_land", code: PROTECT_LAND },
    Routine { name: "code_changed", code: CODE_CHANGED },
];

const fn is(word: u32) -> Instruction {
    Instruction { word, address: None }
}

/// `bl symbol`.
const fn call(symbol: &'static str) -> Instruction {
    Instruction { word: 0x9400_0000, address: Some((RelocKind::Branch26, symbol)) }
}

/// `b symbol`.
const fn jump(symbol: &'static str) -> Instruction {
    Instruction { word: 0x1400_0000, address: Some((RelocKind::Branch26, symbol)) }
}

/// `code_changed(code)`: what was written there as data reaches the cache that instructions are read from.
const CODE_CHANGED: &[Instruction] = &[
    is(0xd50b_7b20), // dc cvau, x0
    is(0xd503_3b9f), // dsb ish
    is(0xd50b_7520), // ic ivau, x0
    is(0xd503_3b9f), // dsb ish
    is(0xd503_3fdf), // isb
    is(0xd65f_03c0), // ret
];

/// The kernel enters here with the arguments on the stack that it made.
const START: &[Instruction] = &[
    is(0xd280_001d), // mov x29, #0
    is(0xd280_001e), // mov x30, #0
    is(0xf940_03e0), // ldr x0, [sp]
    is(0x9100_23e1), // add x1, sp, #8
    is(0x8b00_0c22), // add x2, x1, x0, lsl #3
    is(0x9100_2042), // add x2, x2, #8
    call("@kernel_start"),
    is(0x9100_001f), // mov sp, x0
    is(0xd280_001d), // mov x29, #0
    is(0xd280_001e), // mov x30, #0
    call("=start"),
    is(0xd280_0bc8), // mov x8, #94
    is(0xd400_0001), // svc #0
];

/// `mem_copy(dest, src, n)`: forward, byte by byte in effect. Result: dest.
const MEM_COPY: &[Instruction] = &[
    is(0xaa00_03e3), // mov x3, x0
    is(0xcb01_0004), // sub x4, x0, x1
    // Close behind the source, what is written is read again.
    is(0xf100_409f), // cmp x4, #16
    is(0x5400_00e3), // b.lo bytes
    // blocks:
    is(0xf100_4042), // subs x2, x2, #16
    is(0x5400_0083), // b.lo rest
    is(0xa8c1_1424), // ldp x4, x5, [x1], #16
    is(0xa881_1464), // stp x4, x5, [x3], #16
    is(0x17ff_fffc), // b blocks
    // rest:
    is(0x9100_4042), // add x2, x2, #16
    // bytes:
    is(0xb400_00a2), // cbz x2, done
    is(0x3840_1424), // ldrb w4, [x1], #1
    is(0x3800_1464), // strb w4, [x3], #1
    is(0xd100_0442), // sub x2, x2, #1
    is(0x17ff_fffc), // b bytes
    // done:
    is(0xd65f_03c0), // ret
];

/// `mem_fill(dest, byte, n)`. Result: dest.
const MEM_FILL: &[Instruction] = &[
    is(0xaa00_03e3), // mov x3, x0
    is(0x9240_1c21), // and x1, x1, #0xff
    is(0xb200_c3e4), // mov x4, #0x0101010101010101
    is(0x9b04_7c21), // mul x1, x1, x4
    // blocks:
    is(0xf100_4042), // subs x2, x2, #16
    is(0x5400_0063), // b.lo rest
    is(0xa881_0461), // stp x1, x1, [x3], #16
    is(0x17ff_fffd), // b blocks
    // rest:
    is(0x9100_4042), // add x2, x2, #16
    // bytes:
    is(0xb400_0082), // cbz x2, done
    is(0x3800_1461), // strb w1, [x3], #1
    is(0xd100_0442), // sub x2, x2, #1
    is(0x17ff_fffd), // b bytes
    // done:
    is(0xd65f_03c0), // ret
];

/// `syscall_raw(number, a, b, c, d, e, f)`. Result: the kernel's, a negative number is -errno.
const SYSCALL_RAW: &[Instruction] = &[
    is(0xaa00_03e8), // mov x8, x0
    is(0xaa01_03e0), // mov x0, x1
    is(0xaa02_03e1), // mov x1, x2
    is(0xaa03_03e2), // mov x2, x3
    is(0xaa04_03e3), // mov x3, x4
    is(0xaa05_03e4), // mov x4, x5
    is(0xaa06_03e5), // mov x5, x6
    is(0xd400_0001), // svc #0
    is(0xd65f_03c0), // ret
];

/// Where a signal handler returns to.
const SIGNAL_RESTORER: &[Instruction] = &[
    is(0xd280_1168), // mov x8, #139
    is(0xd400_0001), // svc #0
];

/// `protect_switch(f, argument, pad, ready)`: notes in the pad where the stack is, calls `ready()` and then `f(argument)`. Below its frame lie the
/// registers that a function keeps for its caller, 144 bytes.
const PROTECT_SWITCH: &[Instruction] = &[
    is(0xa9bf_7bfd), // stp x29, x30, [sp, #-16]!
    is(0x9100_03fd), // mov x29, sp
    is(0xd102_43ff), // sub sp, sp, #144
    is(0xa900_53f3), // stp x19, x20, [sp]
    is(0xa901_5bf5), // stp x21, x22, [sp, #16]
    is(0xa902_63f7), // stp x23, x24, [sp, #32]
    is(0xa903_6bf9), // stp x25, x26, [sp, #48]
    is(0xa904_73fb), // stp x27, x28, [sp, #64]
    is(0x6d05_27e8), // stp d8, d9, [sp, #80]
    is(0x6d06_2fea), // stp d10, d11, [sp, #96]
    is(0x6d07_37ec), // stp d12, d13, [sp, #112]
    is(0x6d08_3fee), // stp d14, d15, [sp, #128]
    is(0x9100_03e4), // mov x4, sp
    is(0xf900_0044), // str x4, [x2]
    is(0xaa00_03f3), // mov x19, x0
    is(0xaa01_03f4), // mov x20, x1
    is(0xd63f_0060), // blr x3
    is(0xaa14_03e0), // mov x0, x20
    is(0xd63f_0260), // blr x19
    jump("!protect_landing"),
];

/// Returns from `protect_switch` with what is in X0, wherever the stack is; its frame is at X29.
const PROTECT_LANDING: &[Instruction] = &[
    is(0xd102_43bf), // sub sp, x29, #144
    is(0xa940_53f3), // ldp x19, x20, [sp]
    is(0xa941_5bf5), // ldp x21, x22, [sp, #16]
    is(0xa942_63f7), // ldp x23, x24, [sp, #32]
    is(0xa943_6bf9), // ldp x25, x26, [sp, #48]
    is(0xa944_73fb), // ldp x27, x28, [sp, #64]
    is(0x6d45_27e8), // ldp d8, d9, [sp, #80]
    is(0x6d46_2fea), // ldp d10, d11, [sp, #96]
    is(0x6d47_37ec), // ldp d12, d13, [sp, #112]
    is(0x6d48_3fee), // ldp d14, d15, [sp, #128]
    is(0x9100_03bf), // mov sp, x29
    is(0xa8c1_7bfd), // ldp x29, x30, [sp], #16
    is(0xd65f_03c0), // ret
];

/// `protect_land(stack)`: goes on at the pad whose stack is there, with the result 0.
const PROTECT_LAND: &[Instruction] = &[
    is(0x9100_001f), // mov sp, x0
    is(0x9102_401d), // add x29, x0, #144
    is(0xd280_0000), // mov x0, #0
    jump("!protect_landing"),
];
