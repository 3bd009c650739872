//! The scheme by which code calls the asm blocks of a function.

use expect_test::{Expect, expect};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use morph_asm::{
    Block, Meaning, Text, Usage, assemble_routine, constants_of, is_data_only, labels_of, names_of,
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
          30 mov rbp,rdi
          33 xor eax,eax
          35 xor ebx,ebx
          37 xor ecx,ecx
          39 xor edx,edx
          41 xor esi,esi
          43 xor edi,edi
          45 xor r8d,r8d
          48 xor r9d,r9d
          51 xor r10d,r10d
          54 xor r11d,r11d
          57 xor r12d,r12d
          60 xor r13d,r13d
          63 xor r14d,r14d
          66 xor r15d,r15d
          69 call 000000000000004Fh
          74 jmp 0
          79 mov rax,[rbp]  ; 0
          83 add rax,[rbp+8]  ; 17
          87 call 000000000000005Ch  ; 34
          92 add rsp,8
          96 mov edx,1
         101 jmp 2
        relocs [Reloc { section: Text, offset: 88, kind: Rel32, target: Symbol(0), addend: -4 }]
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
          30 mov rbp,rdi
          33 xor eax,eax
          35 xor ebx,ebx
          37 xor ecx,ecx
          39 xor edx,edx
          41 xor esi,esi
          43 xor edi,edi
          45 xor r8d,r8d
          48 xor r9d,r9d
          51 xor r10d,r10d
          54 xor r11d,r11d
          57 xor r12d,r12d
          60 xor r13d,r13d
          63 xor r14d,r14d
          66 xor r15d,r15d
          69 call 00000000000000AAh
          74 jmp 0
        entry 1:
          79 push rbp  ; 100
          80 push rbx
          81 push r12
          83 push r13
          85 push r14
          87 push r15
          89 push rdi
          90 push rdi
          91 mov rbp,rdi
          94 mov rax,[rbp+40h]
         101 mov rbx,[rbp+48h]
         108 mov rcx,[rbp+50h]
         115 mov rdx,[rbp+58h]
         122 mov rsi,[rbp+60h]
         129 mov rdi,[rbp+68h]
         136 xor r8d,r8d
         139 xor r9d,r9d
         142 xor r10d,r10d
         145 xor r11d,r11d
         148 xor r12d,r12d
         151 xor r13d,r13d
         154 xor r14d,r14d
         157 xor r15d,r15d
         160 call 00000000000000EEh
         165 jmp 0
         170 mov rax,1  ; 0
         177 mov r11,[rsp+8]
         182 mov [r11+40h],rax
         189 mov [r11+48h],rbx
         196 mov [r11+50h],rcx
         203 mov [r11+58h],rdx
         210 mov [r11+60h],rsi
         217 mov [r11+68h],rdi
         224 add rsp,8
         228 mov edx,1
         233 jmp 2
         238 inc rax  ; 100
         241 ret  ; 108
         242 add rsp,8
         246 mov edx,2
         251 jmp 2
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
              30 mov rbp,rdi
              33 xor eax,eax
              35 xor ebx,ebx
              37 xor ecx,ecx
              39 xor edx,edx
              41 xor esi,esi
              43 xor edi,edi
              45 xor r8d,r8d
              48 xor r9d,r9d
              51 xor r10d,r10d
              54 xor r11d,r11d
              57 xor r12d,r12d
              60 xor r13d,r13d
              63 xor r14d,r14d
              66 xor r15d,r15d
              69 call 000000000000008Ch
              74 jmp 0
            entry 1:
              79 push rbp  ; 100
              80 push rbx
              81 push r12
              83 push r13
              85 push r14
              87 push r15
              89 push rdi
              90 push rdi
              91 mov rbp,rdi
              94 xor eax,eax
              96 xor ebx,ebx
              98 xor ecx,ecx
             100 xor edx,edx
             102 xor esi,esi
             104 xor edi,edi
             106 xor r8d,r8d
             109 xor r9d,r9d
             112 xor r10d,r10d
             115 xor r11d,r11d
             118 xor r12d,r12d
             121 xor r13d,r13d
             124 xor r14d,r14d
             127 xor r15d,r15d
             130 call 000000000000009Dh
             135 jmp 0
             140 dec rcx  ; 0
             143 add rsp,8
             147 mov edx,1
             152 jmp 2
             157 jne short 000000000000008Ch  ; 100
             159 nop  ; 111
             160 add rsp,8
             164 mov edx,2
             169 jmp 2
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
