//! Assembly text, the bytes and relocations it becomes, and what is said about text that cannot become any.

use std::fmt::Write;

use expect_test::{Expect, expect};
use morph_asm::{Meaning, Text, Usage, assemble_data, assemble_naked};
use morph_diag::{Diagnostic, Span};
use morph_object::{Object, Reloc, Target};

/// What the names of these tests stand for.
fn resolve(name: &str, usage: Usage, _: Span) -> Option<Meaning> {
    match (name, usage) {
        ("x", Usage::Variable) => Some(Meaning::Frame(16)),
        ("g", Usage::Variable) => Some(Meaning::Symbol("$g".to_owned())),
        ("limit", Usage::Variable) => Some(Meaning::Value(77)),
        ("LIMIT", Usage::Plain) => Some(Meaning::Value(77)),
        ("f" | "sys_alloc" | "table", Usage::Plain) => Some(Meaning::Symbol(name.to_owned())),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn show_reloc(reloc: &Reloc, object: &Object) -> String {
    let target = match reloc.target {
        Target::Symbol(index) => object.symbols[index as usize].clone(),
        Target::Section(section) => format!("{section:?}"),
    };
    format!("{:?}@{} {target}{:+}", reloc.kind, reloc.offset, reloc.addend)
}

fn show_problem(problem: &Diagnostic, text: &str) -> String {
    let mut out = format!("{} `{}`", problem.code, problem.primary.text(text));
    for (name, value) in &problem.args {
        let _ = write!(out, " {name}={value:?}");
    }
    out
}

fn naked(text: &str) -> String {
    let lines = Text { lines: text, start: 0 };
    let made = assemble_naked(lines, "!r", &[0], &mut resolve);
    let mut out = Vec::new();
    if made.diagnostics.is_empty() {
        out.push(hex(&made.value.text));
    }
    out.extend(made.value.relocs.iter().map(|reloc| show_reloc(reloc, &made.value)));
    out.extend(made.diagnostics.iter().map(|problem| show_problem(problem, text)));
    out.join(" | ")
}

/// Each line on its own.
fn each(lines: &str, expected: Expect) {
    let mut out = String::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let _ = writeln!(out, "{line:<40} {}", naked(&line.replace("\\n", "\n")));
    }
    expected.assert_eq(&out);
}

#[test]
fn every_shape_of_the_programs_assembles() {
    each(
        "mov rax, [var_x]
        mov [var_x], rbx
        mov rdi, -1
        mov rdi, 0x7FFFFFFF
        mov rax, 0xFFFFFFFF
        mov rax, 0x123456789abcdef0
        mov rax, rbx
        mov rax, [rbx + 32]
        mov [rbx + 8], rax
        mov rax, [rbx]
        mov rax, [rbx + rcx * 8]
        mov [rbx + rcx*8 - 300], rax
        mov al, byte [rbx]
        mov al, [rbx]
        mov cl, [rsi + rcx]
        mov [rdi], al
        mov byte [rdi], 0
        mov byte [rdi], '-'
        mov byte [rdi + 1], 10
        mov qword [rbx + 16], 0
        add rax, [var_x]
        add dl, '0'
        add rax, 8
        add rax, 300
        and rax, 0x7FFFFFFF
        cmp rax, 0
        test rax, rax
        test al, al
        inc rax
        inc qword [rbx + 8]
        inc dword [rbx]
        div rcx
        neg rax
        shl rax, 1
        shl rax, 3
        shr rax, cl
        movzx rax, byte [rsi + rcx]
        push rax
        push r12
        push 5
        push 0x3fff
        pop rax
        call rax
        call [rax]
        jmp [rax + 8]
        ret
        ret 8
        syscall
        cld
        rep movsb
        rep stosq
        repne scasb
        repe cmpsb
        lock xadd [rdi], rax
        lock cmpxchg qword ptr [rdi], rcx
        xchg rax, [rdi]
        xchg [rdi], rax
        imul rax, 10
        imul rax, rbx, 300
        mov rax, fs:[0x28]
        mov rax, [fs:0x28]
        movaps xmm0, [rsp + 16]
        movsd xmm0, [rsp]
        vaddps ymm1, ymm2, [rax]
        vaddpd zmm1{k2}{z}, zmm2, zmm3
        vaddps zmm1, zmm2, zmm3, {rn-sae}
        vpaddd zmm1, zmm2, [rax]{1to16}
        cmpltps xmm1, xmm2
        fld qword [rax]
        fstp st1
        vaddpd ymm1{k2}, ymm2, ymm3
        scasb
        maskmovq mm1, mm2
        xlatb
        push word 5
        mov rax, [rbp*1 + 16]
        mov eax, [ebx + 4]
        mov byte [rel f], 1
        in al, dx
        out 0x80, al
        bswap r9
        cqo
        crc32 rax, cl
        pshufd xmm1, [rax], 0x1b
        vgatherdps ymm1, [rax + ymm2 * 4], ymm3
        enter 16, 0
        jmp far [rax]
        mov cr0, rax
        mov rax, [0x1122334455667788]
        mov eax, [0x1234]
        lea rax, [rax + rax * 2 + 5]
        mov r8b, sil
        nop
        xchg eax, eax
        MOV RAX, RBX
        sal eax, 4",
        expect![[r#"
            mov rax, [var_x]                         48 8b 45 20
            mov [var_x], rbx                         48 89 5d 20
            mov rdi, -1                              48 c7 c7 ff ff ff ff
            mov rdi, 0x7FFFFFFF                      48 c7 c7 ff ff ff 7f
            mov rax, 0xFFFFFFFF                      48 b8 ff ff ff ff 00 00 00 00
            mov rax, 0x123456789abcdef0              48 b8 f0 de bc 9a 78 56 34 12
            mov rax, rbx                             48 89 d8
            mov rax, [rbx + 32]                      48 8b 43 20
            mov [rbx + 8], rax                       48 89 43 08
            mov rax, [rbx]                           48 8b 03
            mov rax, [rbx + rcx * 8]                 48 8b 04 cb
            mov [rbx + rcx*8 - 300], rax             48 89 84 cb d4 fe ff ff
            mov al, byte [rbx]                       8a 03
            mov al, [rbx]                            8a 03
            mov cl, [rsi + rcx]                      8a 0c 0e
            mov [rdi], al                            88 07
            mov byte [rdi], 0                        c6 07 00
            mov byte [rdi], '-'                      c6 07 2d
            mov byte [rdi + 1], 10                   c6 47 01 0a
            mov qword [rbx + 16], 0                  48 c7 43 10 00 00 00 00
            add rax, [var_x]                         48 03 45 20
            add dl, '0'                              80 c2 30
            add rax, 8                               48 83 c0 08
            add rax, 300                             48 05 2c 01 00 00
            and rax, 0x7FFFFFFF                      48 25 ff ff ff 7f
            cmp rax, 0                               48 83 f8 00
            test rax, rax                            48 85 c0
            test al, al                              84 c0
            inc rax                                  48 ff c0
            inc qword [rbx + 8]                      48 ff 43 08
            inc dword [rbx]                          ff 03
            div rcx                                  48 f7 f1
            neg rax                                  48 f7 d8
            shl rax, 1                               48 d1 e0
            shl rax, 3                               48 c1 e0 03
            shr rax, cl                              48 d3 e8
            movzx rax, byte [rsi + rcx]              48 0f b6 04 0e
            push rax                                 50
            push r12                                 41 54
            push 5                                   6a 05
            push 0x3fff                              68 ff 3f 00 00
            pop rax                                  58
            call rax                                 ff d0
            call [rax]                               ff 10
            jmp [rax + 8]                            ff 60 08
            ret                                      c3
            ret 8                                    c2 08 00
            syscall                                  0f 05
            cld                                      fc
            rep movsb                                f3 a4
            rep stosq                                f3 48 ab
            repne scasb                              f2 ae
            repe cmpsb                               f3 a6
            lock xadd [rdi], rax                     f0 48 0f c1 07
            lock cmpxchg qword ptr [rdi], rcx        f0 48 0f b1 0f
            xchg rax, [rdi]                          48 87 07
            xchg [rdi], rax                          48 87 07
            imul rax, 10                             48 6b c0 0a
            imul rax, rbx, 300                       48 69 c3 2c 01 00 00
            mov rax, fs:[0x28]                       64 48 8b 04 25 28 00 00 00
            mov rax, [fs:0x28]                       64 48 8b 04 25 28 00 00 00
            movaps xmm0, [rsp + 16]                  0f 28 44 24 10
            movsd xmm0, [rsp]                        f2 0f 10 04 24
            vaddps ymm1, ymm2, [rax]                 c5 ec 58 08
            vaddpd zmm1{k2}{z}, zmm2, zmm3           62 f1 ed ca 58 cb
            vaddps zmm1, zmm2, zmm3, {rn-sae}        62 f1 6c 18 58 cb
            vpaddd zmm1, zmm2, [rax]{1to16}          62 f1 6d 58 fe 08
            cmpltps xmm1, xmm2                       0f c2 ca 01
            fld qword [rax]                          dd 00
            fstp st1                                 dd d9
            vaddpd ymm1{k2}, ymm2, ymm3              62 f1 ed 2a 58 cb
            scasb                                    ae
            maskmovq mm1, mm2                        0f f7 ca
            xlatb                                    d7
            push word 5                              66 6a 05
            mov rax, [rbp*1 + 16]                    48 8b 04 2d 10 00 00 00
            mov eax, [ebx + 4]                       67 8b 43 04
            mov byte [rel f], 1                      c6 05 00 00 00 00 01 | Rel32@2 f-5
            in al, dx                                ec
            out 0x80, al                             e6 80
            bswap r9                                 49 0f c9
            cqo                                      48 99
            crc32 rax, cl                            f2 48 0f 38 f0 c1
            pshufd xmm1, [rax], 0x1b                 66 0f 70 08 1b
            vgatherdps ymm1, [rax + ymm2 * 4], ymm3  c4 e2 65 92 0c 90
            enter 16, 0                              c8 10 00 00
            jmp far [rax]                            ff 28
            mov cr0, rax                             0f 22 c0
            mov rax, [0x1122334455667788]            48 a1 88 77 66 55 44 33 22 11
            mov eax, [0x1234]                        8b 04 25 34 12 00 00
            lea rax, [rax + rax * 2 + 5]             48 8d 44 40 05
            mov r8b, sil                             41 88 f0
            nop                                      90
            xchg eax, eax                            87 c0
            MOV RAX, RBX                             48 89 d8
            sal eax, 4                               c1 e0 04
        "#]],
    );
}

#[test]
fn expressions_are_constant_folded() {
    each(
        "mov eax, 2 + 3 * 4
        mov eax, (2 + 3) * 4
        mov eax, 1 << 4 | 3
        mov eax, ~0 & 0xff
        mov eax, 7 % 4 ^ 1
        mov eax, -(5)
        mov eax, 0755
        mov eax, 'abcd'
        mov eax, 0FFh
        mov eax, LIMIT * 2
        jmp $
        db $ - $$, 2
        a: dq b - a\\nb: db 1
        mov rax, [rbx + 4*2 - 1]
        times 3 nop
        times 2 db 1, 2
        db 'text', 10, 0
        db `a\\t`
        dw 'abc'
        dd 1.5
        dq 1.5, -2.0
        dw 0x1234, -1
        dd 1
        resb 3
        resq 1
        db 1\\nalign 8\\ndb 2
        msg db 'hey'\\nlen equ $ - msg\\nmov eax, len",
        expect![[r#"
            mov eax, 2 + 3 * 4                       b8 0e 00 00 00
            mov eax, (2 + 3) * 4                     b8 14 00 00 00
            mov eax, 1 << 4 | 3                      b8 13 00 00 00
            mov eax, ~0 & 0xff                       b8 ff 00 00 00
            mov eax, 7 % 4 ^ 1                       b8 02 00 00 00
            mov eax, -(5)                            b8 fb ff ff ff
            mov eax, 0755                            b8 f3 02 00 00
            mov eax, 'abcd'                          b8 61 62 63 64
            mov eax, 0FFh                            b8 ff 00 00 00
            mov eax, LIMIT * 2                       b8 9a 00 00 00
            jmp $                                    eb fe
            db $ - $$, 2                             00 02
            a: dq b - a\nb: db 1                     08 00 00 00 00 00 00 00 01
            mov rax, [rbx + 4*2 - 1]                 48 8b 43 07
            times 3 nop                              90 90 90
            times 2 db 1, 2                          01 02 01 02
            db 'text', 10, 0                         74 65 78 74 0a 00
            db `a\t`                                 61 09
            dw 'abc'                                 61 62 63 00
            dd 1.5                                   00 00 c0 3f
            dq 1.5, -2.0                             00 00 00 00 00 00 f8 3f 00 00 00 00 00 00 00 c0
            dw 0x1234, -1                            34 12 ff ff
            dd 1                                     01 00 00 00
            resb 3                                   00 00 00
            resq 1                                   00 00 00 00 00 00 00 00
            db 1\nalign 8\ndb 2                      01 90 90 90 90 90 90 90 02
            msg db 'hey'\nlen equ $ - msg\nmov eax, len 68 65 79 b8 03 00 00 00
        "#]],
    );
}

#[test]
fn symbols_become_relocations() {
    each(
        "call sys_alloc
        jmp f
        je f
        mov rax, f
        mov eax, f
        mov rax, [f]
        mov rax, [rel f + 8]
        lea rax, [rel table]
        mov rax, [table + rbx * 8]
        mov rax, [table + rbx + 4]
        mov rax, [abs table]
        push f
        dq f, 1, f + 8
        dd f - $
        mov qword [rax], f
        mov rax, [var_g]
        mov [var_g], rax
        mov rax, [var_limit]
        inc qword [var_g]
        inc [var_x]
        lea rax, [var_x]
        mov rax, var_x
        mov rax, [var_x + rcx * 8]
        a: dq a
        lea rax, [a]\\na: db 0
        mov rax, a\\na: db 0
        mov al, [a + rcx]\\na: db 0
        movaps xmm0, [rip + 16]",
        expect![[r#"
            call sys_alloc                           e8 00 00 00 00 | Rel32@1 sys_alloc-4
            jmp f                                    e9 00 00 00 00 | Rel32@1 f-4
            je f                                     0f 84 00 00 00 00 | Rel32@2 f-4
            mov rax, f                               48 8d 05 00 00 00 00 | Rel32@3 f-4
            mov eax, f                               b8 00 00 00 00 | Abs32@1 f+0
            mov rax, [f]                             48 8b 05 00 00 00 00 | Rel32@3 f-4
            mov rax, [rel f + 8]                     48 8b 05 00 00 00 00 | Rel32@3 f+4
            lea rax, [rel table]                     48 8d 05 00 00 00 00 | Rel32@3 table-4
            mov rax, [table + rbx * 8]               48 8b 04 dd 00 00 00 00 | Abs32Signed@4 table+0
            mov rax, [table + rbx + 4]               48 8b 83 00 00 00 00 | Abs32Signed@3 table+4
            mov rax, [abs table]                     48 8b 04 25 00 00 00 00 | Abs32Signed@4 table+0
            push f                                   68 00 00 00 00 | Abs32Signed@1 f+0
            dq f, 1, f + 8                           00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 | Abs64@0 f+0 | Abs64@16 f+8
            dd f - $                                 00 00 00 00 | Rel32@0 f+0
            mov qword [rax], f                       48 c7 00 00 00 00 00 | Abs32Signed@3 f+0
            mov rax, [var_g]                         48 8b 05 00 00 00 00 | Rel32@3 $g-4
            mov [var_g], rax                         48 89 05 00 00 00 00 | Rel32@3 $g-4
            mov rax, [var_limit]                     48 8b 05 01 00 00 00 00 4d 00 00 00 00 00 00 00
            inc qword [var_g]                        48 ff 05 00 00 00 00 | Rel32@3 $g-4
            inc [var_x]                              48 ff 45 20
            lea rax, [var_x]                         48 8d 45 20
            mov rax, var_x                           48 8d 45 20
            mov rax, [var_x + rcx * 8]               48 8b 44 cd 20
            a: dq a                                  00 00 00 00 00 00 00 00 | Abs64@0 Text+0
            lea rax, [a]\na: db 0                    48 8d 05 00 00 00 00 00
            mov rax, a\na: db 0                      48 8d 05 00 00 00 00 00
            mov al, [a + rcx]\na: db 0               8a 81 00 00 00 00 00 | Abs32Signed@2 Text+6
            movaps xmm0, [rip + 16]                  0f 28 05 10 00 00 00
        "#]],
    );
}

#[test]
fn branches_take_the_short_form_when_it_reaches() {
    each(
        ".a: jmp .a
        .a: dec rax\\njnz .a
        jmp .b\\n.b:
        jmp .b\\ntimes 127 nop\\n.b:
        jmp .b\\ntimes 128 nop\\n.b:
        jz .b\\ntimes 4 db 0xcc\\n.b: ret
        jmp short .b\\n.b:
        jmp near .b\\n.b:
        call .b\\n.b: ret
        loop $
        jrcxz $
        jmp .b\\ntimes 129 int3\\n.b: dq $
        jmp .b\\nalign 16\\n.b: ret
        .a: dec rax\\ncall f\\n.b: loop .a\\njmp .b
        jmp short .b\\ntimes 300 nop\\n.b:",
        expect![[r#"
            .a: jmp .a                               eb fe
            .a: dec rax\njnz .a                      48 ff c8 75 fb
            jmp .b\n.b:                              eb 00
            jmp .b\ntimes 127 nop\n.b:               eb 7f 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90
            jmp .b\ntimes 128 nop\n.b:               e9 80 00 00 00 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90
            jz .b\ntimes 4 db 0xcc\n.b: ret          74 04 cc cc cc cc c3
            jmp short .b\n.b:                        eb 00
            jmp near .b\n.b:                         e9 00 00 00 00
            call .b\n.b: ret                         e8 00 00 00 00 c3
            loop $                                   e2 fe
            jrcxz $                                  e3 fe
            jmp .b\ntimes 129 int3\n.b: dq $         e9 81 00 00 00 cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc cc 00 00 00 00 00 00 00 00 | Abs64@134 Text+134
            jmp .b\nalign 16\n.b: ret                eb 0e 90 90 90 90 90 90 90 90 90 90 90 90 90 90 c3
            .a: dec rax\ncall f\n.b: loop .a\njmp .b 48 ff c8 e8 00 00 00 00 e2 f6 eb fc | Rel32@4 f-4
            jmp short .b\ntimes 300 nop\n.b:         ASM_RANGE `short .b` value=Number(300) bits=Number(8)
        "#]],
    );
}

#[test]
fn what_is_wrong_is_said_at_the_place() {
    each(
        "mvo rax, 1
        frobnicate
        mov rax
        mov rax, ebx
        mov [rax], 1
        inc [rax]
        movzx eax, [rbx]
        mov al, 300
        add rax, 0x123456789
        mov rax, [rbx + 0x123456789]
        mov rax, [rbx * 3]
        mov rax, [rbx
        mov rax, 12z
        mov rax, \"open
        call nothing
        mov rax, [var_nothing]
        section .text
        default abs
        align 3
        db 256
        times -1 nop\\nret
        lock mov rax, rbx
        rep add rax, rbx
        a: nop\\na: nop
        mov rax, f + f
        mov rax, f * 2
        a equ b\\nb equ a\\nmov eax, a
        mov ah, r8b
        mov rax, [rsp + rsp]
        times 99999999 nop
        resb 99999999
        %macro x 1
        mov rax, rbx rcx
        foo\\nbar rax",
        expect![[r#"
            mvo rax, 1                               ASM_MNEMONIC `mvo` mnemonic=Text("mvo") nearest=Text("mov")
            frobnicate                               ASM_MNEMONIC `frobnicate` mnemonic=Text("frobnicate")
            mov rax                                  ASM_OPERANDS `mov rax` instruction=Text("mov rax")
            mov rax, ebx                             ASM_OPERANDS `mov rax, ebx` instruction=Text("mov rax, ebx")
            mov [rax], 1                             ASM_SIZE `[rax]` instruction=Text("mov [rax], 1")
            inc [rax]                                ASM_SIZE `[rax]` instruction=Text("inc [rax]")
            movzx eax, [rbx]                         ASM_SIZE `[rbx]` instruction=Text("movzx eax, [rbx]")
            mov al, 300                              ASM_RANGE `300` value=Number(300) bits=Number(8)
            add rax, 0x123456789                     ASM_RANGE `0x123456789` value=Number(4886718345) bits=Number(32)
            mov rax, [rbx + 0x123456789]             ASM_RANGE `[rbx + 0x123456789]` value=Number(4886718345) bits=Number(32)
            mov rax, [rbx * 3]                       ASM_OPERAND_MALFORMED `mov rax, [rbx * 3]` text=Text("mov rax, [rbx * 3]")
            mov rax, [rbx                            ASM_OPERAND_MALFORMED `mov rax, [rbx` text=Text("mov rax, [rbx")
            mov rax, 12z                             ASM_OPERAND_MALFORMED `mov rax, 12z` text=Text("mov rax, 12z")
            mov rax, "open                           ASM_OPERAND_MALFORMED `mov rax, "open` text=Text("mov rax, \"open")
            call nothing                             ASM_SYMBOL `nothing` name=Text("nothing")
            mov rax, [var_nothing]                   ASM_SYMBOL `var_nothing` name=Text("var_nothing")
            section .text                            ASM_DIRECTIVE `section .text` text=Text("section .text")
            default abs                              ASM_DIRECTIVE `default abs` text=Text("default abs")
            align 3                                  ASM_DIRECTIVE `align 3` text=Text("align 3")
            db 256                                   ASM_RANGE `256` value=Number(256) bits=Number(8)
            times -1 nop\nret                        ASM_RANGE `times -1 nop` value=Number(-1) bits=Number(24)
            lock mov rax, rbx                        ASM_OPERANDS `lock mov rax, rbx` instruction=Text("lock mov rax, rbx")
            rep add rax, rbx                         ASM_OPERANDS `rep add rax, rbx` instruction=Text("rep add rax, rbx")
            a: nop\na: nop                           ASM_LABEL_DUPLICATE `a` name=Text("a")
            mov rax, f + f                           ASM_OPERAND_MALFORMED `f + f` text=Text("mov rax, f + f")
            mov rax, f * 2                           ASM_OPERAND_MALFORMED `f * 2` text=Text("mov rax, f * 2")
            a equ b\nb equ a\nmov eax, a             ASM_OPERAND_MALFORMED `a` text=Text("a equ")
            mov ah, r8b                              ASM_OPERANDS `mov ah, r8b` instruction=Text("mov ah, r8b")
            mov rax, [rsp + rsp]                     ASM_OPERANDS `mov rax, [rsp + rsp]` instruction=Text("mov rax, [rsp + rsp]")
            times 99999999 nop                       ASM_RANGE `times 99999999 nop` value=Number(99999999) bits=Number(24)
            resb 99999999                            ASM_RANGE `resb 99999999` value=Number(99999999) bits=Number(24)
            %macro x 1                               ASM_DIRECTIVE `%macro x 1` text=Text("%macro x 1")
            mov rax, rbx rcx                         ASM_OPERAND_MALFORMED `rcx` text=Text("mov rax, rbx rcx")
            foo\nbar rax                             ASM_MNEMONIC `foo` mnemonic=Text("foo") | ASM_MNEMONIC `bar` mnemonic=Text("bar") nearest=Text("bsr")
        "#]],
    );
}

#[test]
fn a_data_block_defines_its_labels() {
    let text =
        "pesan db \"Halo\", 10\npanjang equ $ - pesan\ntabel: dq pesan, f, panjang\nakhir:\n";
    let made = assemble_data(Text { lines: text, start: 0 }, "#", &mut resolve);
    let relocs: Vec<String> =
        made.value.relocs.iter().map(|reloc| show_reloc(reloc, &made.value)).collect();
    let out = format!("{}\n{:#?}\n{relocs:#?}", hex(&made.value.data), made.value.definitions);
    assert_eq!(made.diagnostics, []);
    expect![[r##"
        48 61 6c 6f 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00
        [
            Definition {
                symbol: "#pesan",
                section: Data,
                offset: 0,
                size: 5,
                kind: Data,
            },
            Definition {
                symbol: "#tabel",
                section: Data,
                offset: 5,
                size: 24,
                kind: Data,
            },
            Definition {
                symbol: "#akhir",
                section: Data,
                offset: 29,
                size: 0,
                kind: Data,
            },
        ]
        [
            "Abs64@5 Data+0",
            "Abs64@13 f+0",
        ]"##]]
    .assert_eq(&out);
}
