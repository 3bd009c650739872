//! The scheme by which code calls the asm blocks of a function.

use expect_test::{Expect, expect};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use morph_asm::{
    Block, Meaning, Text, Usage, assemble_routine, constants_of, has_instruction, is_data_only,
    labels_of, names_of,
};
use morph_diag::Span;

fn resolve(name: &str, usage: Usage, _: Span) -> Option<Meaning> {
    match usage {
        Usage::Variable => Some(Meaning::Frame(if name == "y" { 8 } else { 0 })),
        Usage::Plain => Some(Meaning::Symbol(name.to_owned())),
    }
}

fn check(blocks: &[(&str, Option<i32>, Option<i32>)], expected: Expect) {
    let mut start = 0;
    let mut all = Vec::new();
    for (lines, load, record) in blocks {
        all.push(Block { text: Text { lines, start }, load: *load, record: *record });
        start += 100;
    }
    let made = assemble_routine(&all, &mut resolve);
    let routine = made.value;
    let mut out = String::new();
    let mut formatter = IntelFormatter::new();
    let decoder = Decoder::with_ip(64, &routine.code, 0, DecoderOptions::NONE);
    for instruction in decoder {
        let at = instruction.ip() as u32;
        if let Some(n) = routine.entries.iter().position(|entry| *entry == at) {
            out += &format!("entry {n}:\n");
        }
        let line = routine.lines.iter().find(|(offset, _)| *offset == at);
        let line = line.map_or(String::new(), |(_, span)| format!("  ; {span}"));
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        out += &format!("{at:4} {text}{line}\n");
    }
    out += &format!("relocs {:?}\nsymbols {:?}\n", routine.relocs, routine.symbols);
    out += &format!("jumped into {:?}\n{:?}\n", routine.jumped_into, made.diagnostics);
    expected.assert_eq(&out);
}

#[test]
fn a_block_is_called_with_clear_registers_and_leaves_by_its_own_exit() {
    check(
        &[("mov rax, [var_x]\nadd rax, [var_y]\ncall f\n", None, None)],
        expect![[r#"
               0 xor edx,edx
               2 cld
               3 add rsp,10h
               7 pop r15
               9 pop r14
              11 pop r13
              13 pop r12
              15 pop rbx
              16 pop rbp
              17 ret
            entry 0:
              18 push rbp  ; 0
              19 push rbx
              20 push r12
              22 push r13
              24 push r14
              26 push r15
              28 push rdi
              29 push rdi
              30 mov [rdi-10h],rbp
              34 mov rax,[rsp+40h]
              39 mov [rdi-8],rax
              43 lea rbp,[rdi-10h]
              47 xor eax,eax
              49 xor ebx,ebx
              51 xor ecx,ecx
              53 xor edx,edx
              55 xor esi,esi
              57 xor edi,edi
              59 xor r8d,r8d
              62 xor r9d,r9d
              65 xor r10d,r10d
              68 xor r11d,r11d
              71 xor r12d,r12d
              74 xor r13d,r13d
              77 xor r14d,r14d
              80 xor r15d,r15d
              83 call 000000000000005Dh
              88 jmp 0
              93 mov rax,[rbp+10h]  ; 0
              97 add rax,[rbp+18h]  ; 17
             101 call 000000000000006Ah  ; 34
             106 add rsp,8
             110 mov edx,1
             115 jmp 2
            relocs [Reloc { section: Text, offset: 102, kind: Rel32, target: Symbol(0), addend: -4 }]
            symbols ["f"]
            jumped into []
            []
        "#]],
    );
}

#[test]
fn saved_registers_are_recorded_and_loaded() {
    check(
        &[("mov rax, 1\n", None, Some(64)), ("inc rax\nret\n", Some(64), None)],
        expect![[r#"
               0 xor edx,edx
               2 cld
               3 add rsp,10h
               7 pop r15
               9 pop r14
              11 pop r13
              13 pop r12
              15 pop rbx
              16 pop rbp
              17 ret
            entry 0:
              18 push rbp  ; 0
              19 push rbx
              20 push r12
              22 push r13
              24 push r14
              26 push r15
              28 push rdi
              29 push rdi
              30 mov [rdi-10h],rbp
              34 mov rax,[rsp+40h]
              39 mov [rdi-8],rax
              43 lea rbp,[rdi-10h]
              47 xor eax,eax
              49 xor ebx,ebx
              51 xor ecx,ecx
              53 xor edx,edx
              55 xor esi,esi
              57 xor edi,edi
              59 xor r8d,r8d
              62 xor r9d,r9d
              65 xor r10d,r10d
              68 xor r11d,r11d
              71 xor r12d,r12d
              74 xor r13d,r13d
              77 xor r14d,r14d
              80 xor r15d,r15d
              83 call 00000000000000C6h
              88 jmp 0
            entry 1:
              93 push rbp  ; 100
              94 push rbx
              95 push r12
              97 push r13
              99 push r14
             101 push r15
             103 push rdi
             104 push rdi
             105 mov [rdi-10h],rbp
             109 mov rax,[rsp+40h]
             114 mov [rdi-8],rax
             118 lea rbp,[rdi-10h]
             122 mov rax,[rbp+50h]
             129 mov rbx,[rbp+58h]
             136 mov rcx,[rbp+60h]
             143 mov rdx,[rbp+68h]
             150 mov rsi,[rbp+70h]
             157 mov rdi,[rbp+78h]
             164 xor r8d,r8d
             167 xor r9d,r9d
             170 xor r10d,r10d
             173 xor r11d,r11d
             176 xor r12d,r12d
             179 xor r13d,r13d
             182 xor r14d,r14d
             185 xor r15d,r15d
             188 call 000000000000010Ah
             193 jmp 0
             198 mov rax,1  ; 0
             205 mov r11,[rsp+8]
             210 mov [r11+40h],rax
             217 mov [r11+48h],rbx
             224 mov [r11+50h],rcx
             231 mov [r11+58h],rdx
             238 mov [r11+60h],rsi
             245 mov [r11+68h],rdi
             252 add rsp,8
             256 mov edx,1
             261 jmp 2
             266 inc rax  ; 100
             269 ret  ; 108
             270 add rsp,8
             274 mov edx,2
             279 jmp 2
            relocs []
            symbols []
            jumped into []
            []
        "#]],
    );
}

#[test]
fn blocks_share_their_labels() {
    check(
        &[(".again: dec rcx\n", None, None), ("jnz .again\n.again: nop\n", None, None)],
        expect![[r#"
               0 xor edx,edx
               2 cld
               3 add rsp,10h
               7 pop r15
               9 pop r14
              11 pop r13
              13 pop r12
              15 pop rbx
              16 pop rbp
              17 ret
            entry 0:
              18 push rbp  ; 0
              19 push rbx
              20 push r12
              22 push r13
              24 push r14
              26 push r15
              28 push rdi
              29 push rdi
              30 mov [rdi-10h],rbp
              34 mov rax,[rsp+40h]
              39 mov [rdi-8],rax
              43 lea rbp,[rdi-10h]
              47 xor eax,eax
              49 xor ebx,ebx
              51 xor ecx,ecx
              53 xor edx,edx
              55 xor esi,esi
              57 xor edi,edi
              59 xor r8d,r8d
              62 xor r9d,r9d
              65 xor r10d,r10d
              68 xor r11d,r11d
              71 xor r12d,r12d
              74 xor r13d,r13d
              77 xor r14d,r14d
              80 xor r15d,r15d
              83 call 00000000000000A8h
              88 jmp 0
            entry 1:
              93 push rbp  ; 100
              94 push rbx
              95 push r12
              97 push r13
              99 push r14
             101 push r15
             103 push rdi
             104 push rdi
             105 mov [rdi-10h],rbp
             109 mov rax,[rsp+40h]
             114 mov [rdi-8],rax
             118 lea rbp,[rdi-10h]
             122 xor eax,eax
             124 xor ebx,ebx
             126 xor ecx,ecx
             128 xor edx,edx
             130 xor esi,esi
             132 xor edi,edi
             134 xor r8d,r8d
             137 xor r9d,r9d
             140 xor r10d,r10d
             143 xor r11d,r11d
             146 xor r12d,r12d
             149 xor r13d,r13d
             152 xor r14d,r14d
             155 xor r15d,r15d
             158 call 00000000000000B9h
             163 jmp 0
             168 dec rcx  ; 0
             171 add rsp,8
             175 mov edx,1
             180 jmp 2
             185 jne short 00000000000000A8h  ; 100
             187 nop  ; 111
             188 add rsp,8
             192 mov edx,2
             197 jmp 2
            relocs []
            symbols []
            jumped into [0]
            [Diagnostic { code: AsmLabelDuplicate, primary: Span { start: 111, end: 117 }, args: [("name", Text(".again"))], secondary: [Label { origin: Here, span: Span { start: 0, end: 6 }, text: Some(Phrase { key: "first", args: [] }) }], footers: [], fix: None }]
        "#]],
    );
}

#[test]
fn a_text_can_be_outlined_without_encoding_it() {
    let text = "msg db 'hi', 10\nlen equ $ - msg\n.skip: dq other\n";
    let data = Text { lines: text, start: 7 };
    assert!(is_data_only(data));
    assert_eq!(labels_of(data), [("msg", Span::new(7, 10))]);
    assert_eq!(constants_of(data), [("len", 3, Span::new(23, 26))]);
    assert!(!has_instruction(data));
    assert!(!has_instruction(Text { lines: "x equ 1\n", start: 0 }));
    assert!(has_instruction(Text { lines: "a: db 1\nnop\n", start: 0 }));
    assert!(!is_data_only(Text { lines: "nop\n", start: 0 }));
    assert!(!is_data_only(Text { lines: "db 1\n", start: 0 }));
    assert!(!is_data_only(Text { lines: "a: db 1\nmvo\n", start: 0 }));
    let code =
        "mov rax, [var_x]\ncall f\nmov [var_x], rbx\n.l: jmp .l\nlea rsi, [rel g + rax]\nresb N\n";
    let found: Vec<String> = names_of(Text { lines: code, start: 0 })
        .iter()
        .map(|name| format!("{:?} {} {:?}", name.usage, name.name, name.span.text(code)))
        .collect();
    assert_eq!(found, ["Variable x \"var_x\"", "Plain f \"f\"", "Plain g \"g\"", "Plain N \"N\""]);
}
