//! All asm blocks of a function as one routine: entry stubs, bodies, exits.
//!
//! ```text
//! returned:  xor edx, edx               a body's `ret` comes here through its stub
//! leave:     cld; add rsp, 16; pop the callee-saved registers; ret
//! entry n:   push the callee-saved registers; push rdi twice (the frame, and to align)
//!            a frame record at rdi - 16, rbp = its address; the other registers 0 or from the frame
//!            call body n; jmp returned
//! body n:    the lines
//!            record the six registers at [frame + record]     (the frame's address lies above the return address)
//!            add rsp, 8; mov edx, FELL_THROUGH + n; jmp leave
//! ```
//!
//! The bodies may do what they like with RBP and the callee-saved registers: the stub keeps its own copies.

use morph_object::{Reloc, Section as Place, Target};

use crate::expr::Anchor;
use crate::scope::Names;
use crate::section::Section;
use crate::{Assembled, Block, FELL_THROUGH, FRAME_LINK, Resolver, Routine, line};

/// `xor edx, edx`, then `leave`.
const RETURNED: [u8; 2] = [0x31, 0xd2];
/// `cld; add rsp, 16; pop r15; pop r14; pop r13; pop r12; pop rbx; pop rbp; ret`.
const LEAVE: [u8; 16] = [
    0xfc, 0x48, 0x83, 0xc4, 0x10, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5b, 0x5d, 0xc3,
];
/// `push rbp; push rbx; push r12; push r13; push r14; push r15; push rdi; push rdi`, then the frame record:
/// `mov [rdi - 16], rbp; mov rax, [rsp + 64]; mov [rdi - 8], rax; lea rbp, [rdi - 16]`.
const ENTER: [u8; 29] = [
    0x55, 0x53, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x57, 0x57, 0x48, 0x89, 0x6f, 0xf0,
    0x48, 0x8b, 0x44, 0x24, 0x40, 0x48, 0x89, 0x47, 0xf8, 0x48, 0x8d, 0x6f, 0xf0,
];
/// The numbers of RAX RBX RCX RDX RSI RDI, as `simpan` orders them.
const SIX: [u8; 6] = [0, 3, 1, 2, 6, 7];

/// Assembles all blocks of a function; labels are shared by them.
pub fn assemble_routine<'r>(
    blocks: &[Block<'_>],
    resolver: &'r mut Resolver<'r>,
) -> Assembled<Routine> {
    let mut diagnostics = Vec::new();
    let mut section = Section::new(Names::new(resolver), true);
    section.raw([&RETURNED[..], &LEAVE[..]].concat(), 0);
    let stubs: Vec<usize> =
        (0u32..).zip(blocks).map(|(n, block)| section.raw(enter(block), n)).collect();
    let mut bodies = Vec::new();
    let mut exits = Vec::new();
    for (n, block) in (0u32..).zip(blocks) {
        bodies.push(section.raw(Vec::new(), n));
        for line in line::lines(block.text.lines, block.text.start, &mut diagnostics) {
            section.line(line, n);
        }
        exits.push(section.raw(exit(block, n), n));
    }
    let made = section.finish();
    let mut routine = Routine { code: made.bytes, ..Routine::default() };
    for (((block, stub), body), exit) in blocks.iter().zip(&stubs).zip(&bodies).zip(&exits) {
        let entry = made.offsets[*stub];
        let end = entry + enter(block).len() as u32;
        // `call body; jmp returned` at the end of the stub, `jmp leave` at the end of the exit.
        patch(&mut routine.code, end - 9, made.offsets[*body]);
        patch(&mut routine.code, end - 4, 0);
        let end = made.offsets.get(*exit + 1).copied();
        let end = end.unwrap_or(made.offsets[*exit] + self::exit(block, 0).len() as u32);
        patch(&mut routine.code, end - 4, RETURNED.len() as u32);
        routine.entries.push(entry);
        routine.lines.push((entry, block.text.start));
    }
    routine.lines.extend(made.lines);
    routine.lines.sort_unstable();
    routine.relocs = made.fixups.iter().map(|fixup| reloc(fixup, Place::Text)).collect();
    routine.symbols = section.names.symbols.iter().cloned().collect();
    routine.jumped_into = section.names.jumped_into.iter().copied().collect();
    diagnostics.append(&mut section.names.diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary);
    Assembled { value: routine, diagnostics }
}

/// Writes the distance from the four bytes at `field` to `target`.
fn patch(code: &mut [u8], field: u32, target: u32) {
    let distance = target.wrapping_sub(field + 4).to_le_bytes();
    code[field as usize..field as usize + 4].copy_from_slice(&distance);
}

/// A fixup as a relocation of the section `place`.
pub(crate) fn reloc(fixup: &crate::encode::Fixup, place: Place) -> Reloc {
    let target = match fixup.anchor {
        Anchor::Symbol(index) => Target::Symbol(index),
        Anchor::None | Anchor::Section | Anchor::Frame => Target::Section(place),
    };
    Reloc { section: place, offset: fixup.offset, kind: fixup.kind, target, addend: fixup.addend }
}

fn enter(block: &Block<'_>) -> Vec<u8> {
    let mut out = ENTER.to_vec();
    for register in [0u8, 3, 1, 2, 6, 7] {
        match block.load {
            Some(load) => {
                let slot = SIX.iter().position(|six| *six == register).unwrap_or(0) as i32;
                // mov register, [rbp + FRAME_LINK + load + 8 * slot]
                out.extend([0x48, 0x8b, 0x85 | register << 3]);
                let offset = FRAME_LINK.wrapping_add(load).wrapping_add(8 * slot);
                out.extend(offset.to_le_bytes());
            }
            // xor register, register (the 32-bit form clears all 64)
            None => out.extend([0x31, 0xc0 | register << 3 | register]),
        }
    }
    for high in 0..8u8 {
        out.extend([0x45, 0x31, 0xc0 | high << 3 | high]);
    }
    out.extend([0xe8, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0]);
    out
}

fn exit(block: &Block<'_>, n: u32) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(record) = block.record {
        // mov r11, [rsp + 8]; mov [r11 + record + 8 * slot], register
        out.extend([0x4c, 0x8b, 0x5c, 0x24, 0x08]);
        for (slot, register) in (0i32..).zip(SIX) {
            out.extend([0x49, 0x89, 0x83 | register << 3]);
            out.extend(record.wrapping_add(8 * slot).to_le_bytes());
        }
    }
    let code = (FELL_THROUGH as u32).wrapping_add(n);
    out.extend([0x48, 0x83, 0xc4, 0x08, 0xba]);
    out.extend(code.to_le_bytes());
    out.extend([0xe9, 0, 0, 0, 0]);
    out
}
