//! The naked routines of aarch64 Linux. Arguments and results in the order of X0, X1, ...

use morph_object::RelocKind;

use super::{Instruction, Routine};

pub(super) const ROUTINES: &[Routine] = &[
    Routine { name: "_start", code: START },
    Routine { name: "mem_copy", code: MEM_COPY },
    Routine { name: "mem_fill", code: MEM_FILL },
    Routine { name: "syscall_raw", code: SYSCALL_RAW },
    Routine { name: "signal_restorer", code: SIGNAL_RESTORER },
];

const fn is(word: u32) -> Instruction {
    Instruction { word, address: None }
}

/// `bl symbol`.
const fn call(symbol: &'static str) -> Instruction {
    Instruction { word: 0x9400_0000, address: Some((RelocKind::Branch26, symbol)) }
}

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
