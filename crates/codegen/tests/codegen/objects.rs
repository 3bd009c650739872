//! What an object says about its code: symbols, relocations, lines, traps; and that it never varies.

use std::fmt::Write;

use expect_test::{Expect, expect};
use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
use morph_codegen::{Compiler, Debug, Opt, Options, Problem, compile};
use morph_diag::{Code, Span};
use morph_object::{Object, Section, TrapKind};
use morph_sema::typed::*;

use crate::build::{Build, function, returns, typed};
use crate::image::options;

fn check(fragment: &Typed, opt: Opt, expected: Expect) {
    let object = compile(fragment, &options(opt)).unwrap();
    expected.assert_eq(&dump(&object));
}

/// Everything in an object, one fact a line, the code disassembled.
fn dump(object: &Object) -> String {
    let mut out = String::new();
    for definition in &object.definitions {
        writeln!(
            out,
            "{:?} `{}` {:?} {:#x}+{:#x}",
            definition.kind,
            definition.symbol,
            definition.section,
            definition.offset,
            definition.size
        )
        .unwrap();
    }
    for (name, bytes) in [("rodata", &object.rodata), ("data", &object.data)] {
        if !bytes.is_empty() {
            writeln!(out, "{name} {:?}", String::from_utf8_lossy(bytes)).unwrap();
        }
    }
    if object.bss_size > 0 {
        writeln!(out, "bss {}", object.bss_size).unwrap();
    }
    let mut decoder = Decoder::with_ip(64, &object.text, 0, DecoderOptions::NONE);
    let mut formatter = IntelFormatter::new();
    while decoder.can_decode() {
        let instruction = decoder.decode();
        let at = instruction.ip() as u32;
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        for line in object.lines.iter().filter(|line| line.offset == at) {
            writeln!(out, "  line {}:{}", line.line, line.column).unwrap();
        }
        write!(out, "    {at:02x} {text}").unwrap();
        for trap in object.traps.iter().filter(|trap| trap.offset == at) {
            write!(out, "  ; {:?}", trap.kind).unwrap();
        }
        let end = at + instruction.len() as u32;
        for reloc in object.relocs.iter().filter(|reloc| (at..end).contains(&reloc.offset)) {
            let target = match reloc.target {
                morph_object::Target::Symbol(index) => &object.symbols[index as usize],
                morph_object::Target::Section(section) => &format!("{section:?}"),
            };
            write!(out, "  ; {:?} {target} {:+}", reloc.kind, reloc.addend).unwrap();
        }
        out.push('\n');
    }
    out
}

/// `f(a, b)` of several lines: a guarded quotient, a global, a literal, a call.
pub(crate) fn sample() -> Typed {
    let mut b = Build::new("f", &[Repr::Word, Repr::Word]);
    b.place(12);
    let cond = b.param(1);
    b.place(25);
    let (left, right) = (b.param(0), b.param(1));
    let quotient = b.binary(BinaryOp::Divide, left, right);
    let global = b.symbol("$total");
    let store = b.stmt(StmtKind::SetGlobal { global, value: quotient });
    b.place(12);
    let branch = b.stmt(StmtKind::If { cond, then: vec![store], otherwise: Vec::new() });
    b.place(40);
    let (text, total) = (b.string("total"), b.global("$total"));
    let call = b.call("@show", &[text, total]);
    let ret = b.ret(call);
    b.finish(vec![branch, ret])
}

#[test]
fn code_names_symbols_lines_and_traps() {
    check(
        &sample(),
        Opt::Speed,
        expect![[r#"
        Function `f` Text 0x0+0x70
        data "total\0"
          line 0:0
            00 push rbp
            01 mov rbp,rsp
          line 1:2
            04 test rsi,rsi
            07 je 0000000000000045h
          line 2:5
            0d cmp rsi,0FFFFFFFFFFFFFFFFh
            11 mov rcx,rsi
            14 cmove rcx,[68h]
            1c mov rax,rdi
            1f cqo
            21 test rcx,rcx
            24 je 0000000000000060h
            2a idiv rcx
            2d mov rcx,rax
            30 neg rcx
            33 cmp rsi,0FFFFFFFFFFFFFFFFh
            37 cmove rax,rcx
            3b lea rcx,[42h]  ; Rel32 $total -4
            42 mov [rcx],rax
            45 lea rax,[4Ch]  ; Rel32 $total -4
          line 4:0
            4c mov rsi,[rax]
            4f lea rdi,[56h]  ; Rel32 Data -4
            56 call 000000000000005Bh  ; Rel32 @show -4
            5b mov rsp,rbp
            5e pop rbp
            5f ret
          line 2:5
            60 ud2  ; DivisionByZero
            62 add [rax],al
            64 add [rax],al
            66 add [rax],al
            68 add [rax],eax
            6a add [rax],al
            6c add [rax],al
            6e add [rax],al
    "#]],
    );
}

#[test]
fn the_fast_compiler_keeps_the_frame_and_the_same_facts() {
    check(
        &sample(),
        Opt::None,
        expect![[r#"
        Function `f` Text 0x0+0xb8
        data "total\0"
          line 0:0
            00 push rbp
            01 mov rbp,rsp
            04 sub rsp,30h
            08 mov [rsp+10h],r12
            0d mov [rsp+18h],r13
            12 mov [rsp+20h],r14
            17 mov [rsp+28h],r15
            1c mov [rsp+8],rsi
            21 mov [rsp],rdi
            25 mov r8,[rsp+8]
            2a mov r9,[rsp+8]
          line 1:2
            2f test r9,r8
            32 je 0000000000000079h
            38 mov r11,[rsp+8]
            3d mov rax,[rsp]
          line 2:5
            41 cmp r11,0FFFFFFFFFFFFFFFFh
            45 mov r10,r11
            48 cmove r10,[0B0h]
            50 cqo
            52 test r10,r10
            55 je 00000000000000ACh
            5b idiv r10
            5e mov r13,rax
            61 mov r12,r13
            64 neg r12
            67 cmp r11,0FFFFFFFFFFFFFFFFh
            6b cmove r13,r12
            6f lea r14,[76h]  ; Rel32 $total -4
            76 mov [r14],r13
          line 4:0
            79 lea rdi,[80h]  ; Rel32 Data -4
            80 lea r15,[87h]  ; Rel32 $total -4
            87 mov rsi,[r15]
            8a call 000000000000008Fh  ; Rel32 @show -4
            8f mov r12,[rsp+10h]
            94 mov r13,[rsp+18h]
            99 mov r14,[rsp+20h]
            9e mov r15,[rsp+28h]
            a3 add rsp,30h
            a7 mov rsp,rbp
            aa pop rbp
            ab ret
          line 2:5
            ac ud2  ; DivisionByZero
            ae add [rax],al
            b0 add [rax],eax
            b2 add [rax],al
            b4 add [rax],al
            b6 add [rax],al
    "#]],
    );
}

#[test]
fn a_large_frame_is_probed() {
    let mut b = Build::new("f", &[]);
    b.asm(AsmPart {
        routine: morph_asm::Routine {
            code: vec![0xba, 1, 0, 0, 0, 0xc3],
            entries: vec![0],
            lines: vec![(0, 33)],
            ..morph_asm::Routine::default()
        },
        frame_size: 9000,
    });
    let asm = b.stmt(StmtKind::Asm { block: 0 });
    check(
        &b.finish(vec![asm]),
        Opt::None,
        expect![[r#"
            Function `f` Text 0x0+0x98
            Function `f.asm` Text 0xa0+0x6
              line 0:0
                00 push rbp
                01 mov rbp,rsp
                04 sub rsp,1000h
                0b mov dword ptr [rsp],0
                12 sub rsp,1000h
                19 mov dword ptr [rsp],0
                20 add rsp,2000h
                27 sub rsp,2350h
                2e mov [rsp+2340h],r15
                36 lea rdi,[rsp]
                3a xor rsi,rsi
                3d mov edx,2338h
                42 call 0000000000000047h  ; Rel32 !mem_fill -4
                47 lea rdi,[rsp+10h]
                4c call 00000000000000A0h
                51 mov r15,rdx
                54 mov [rsp+2338h],rax
                5c test r15,r15
                5f jne 0000000000000081h
                65 mov rax,[rsp+2338h]
                6d mov r15,[rsp+2340h]
                75 add rsp,2350h
                7c mov rsp,rbp
                7f pop rbp
                80 ret
                81 xor rax,rax
                84 mov r15,[rsp+2340h]
                8c add rsp,2350h
                93 mov rsp,rbp
                96 pop rbp
                97 ret
                98 int3
                99 int3
                9a int3
                9b int3
                9c int3
                9d int3
                9e int3
                9f int3
              line 3:3
                a0 mov edx,1
                a5 ret
        "#]],
    );
}

#[test]
fn a_global_takes_room_in_the_image_only_if_it_has_a_value() {
    let global = |value| typed(Item::Global { symbol: "$g".to_owned(), value, initialiser: None });
    check(
        &global(0),
        Opt::None,
        expect![[r#"
        Data `$g` Bss 0x0+0x8
        bss 8
    "#]],
    );
    check(
        &global(0x4142),
        Opt::None,
        expect![[r#"
        Data `$g` Data 0x0+0x8
        data "BA\0\0\0\0\0\0"
    "#]],
    );
}

#[test]
fn what_needs_no_code_passes_through() {
    check(&typed(Item::Nothing), Opt::None, expect![[r#""#]]);
    let raw = Object { rodata: b"raw".to_vec(), ..Object::default() };
    check(
        &typed(Item::Raw(raw)),
        Opt::None,
        expect![[r#"
        rodata "raw"
    "#]],
    );
}

#[test]
fn every_division_has_its_trap_in_the_table() {
    use Intrinsic::{UnsignedDivide, UnsignedRemainder};
    let mut fragments = Vec::new();
    for op in [BinaryOp::Divide, BinaryOp::Remainder] {
        fragments.push(function("f", 2, |b| {
            let (left, right) = (b.param(0), b.param(1));
            b.binary(op, left, right)
        }));
    }
    for op in [UnsignedDivide, UnsignedRemainder] {
        fragments.push(function("f", 2, |b| {
            let (left, right) = (b.param(0), b.param(1));
            b.intrinsic(op, &[left, right])
        }));
    }
    for fragment in &fragments {
        for opt in [Opt::None, Opt::Speed] {
            let object = compile(fragment, &options(opt)).unwrap();
            let kinds: Vec<TrapKind> = object.traps.iter().map(|trap| trap.kind).collect();
            assert_eq!(kinds, [TrapKind::DivisionByZero], "{}", dump(&object));
        }
    }
}

#[test]
fn equal_input_gives_equal_objects_whatever_was_compiled_before() {
    for opt in [Opt::None, Opt::Speed] {
        let fresh = compile(&sample(), &options(opt)).unwrap();
        let mut compiler = Compiler::new(&options(opt)).unwrap();
        let other = returns("other", |b| {
            let (text, zero) = (b.string("other"), b.int(0));
            b.call("@show", &[text, zero])
        });
        for _ in 0..3 {
            assert_eq!(compiler.compile(&sample()).unwrap(), fresh);
            compiler.compile(&other).unwrap();
        }
    }
}

#[test]
fn relocations_are_sorted_and_symbols_are_named_once_in_order_of_use() {
    let object = compile(&sample(), &options(Opt::None)).unwrap();
    let places: Vec<(Section, u32)> =
        object.relocs.iter().map(|reloc| (reloc.section, reloc.offset)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(object.symbols, ["$total", "@show"]);
}

#[test]
fn without_debug_information_there_are_no_lines() {
    let quiet = Options { debug: Debug::None, ..options(Opt::None) };
    let mut with_lines = compile(&sample(), &options(Opt::None)).unwrap();
    with_lines.lines.clear();
    assert_eq!(compile(&sample(), &quiet).unwrap(), with_lines);
}

#[test]
fn a_broken_contract_is_our_fault_and_harms_nothing_after_it() {
    let mut compiler = Compiler::new(&options(Opt::None)).unwrap();
    let broken = [
        returns("f", |b| {
            let (word, double) = (b.int(1), b.float(1.0));
            b.binary(BinaryOp::Add, word, double)
        }),
        {
            let mut b = Build::new("f", &[]);
            let local = b.local("x", Repr::Float);
            let word = b.int(1);
            let set = b.set(local, word);
            b.finish(vec![set])
        },
        {
            let b = Build::new("f", &[]);
            let leave = b.stmt(StmtKind::Break);
            b.finish(vec![leave])
        },
        {
            let b = Build::new("f", &[]);
            let asm = b.stmt(StmtKind::Asm { block: 0 });
            b.finish(vec![asm])
        },
        returns("f", |b| b.intrinsic(Intrinsic::Load8, &[])),
    ];
    let mut reasons = String::new();
    for fragment in &broken {
        let problem = compiler.compile(fragment).unwrap_err();
        assert_eq!(problem.to_diagnostic(Span::new(0, 1)).code, Code::CompilerFault);
        let Problem::Fault { reason } = problem else { panic!("{problem:?}") };
        writeln!(reasons, "{reason}").unwrap();
    }
    expect![[r#"
        in `f`: a value has the wrong representation
        in `f`: a value has the wrong representation
        in `f`: a `break` or `continue` outside a loop
        in `f`: an asm block without assembly
        in `f`: an intrinsic has the wrong number of arguments
    "#]]
    .assert_eq(&reasons);
    let fresh = compile(&sample(), &options(Opt::None)).unwrap();
    assert_eq!(compiler.compile(&sample()).unwrap(), fresh);
}

#[test]
fn a_function_past_the_limits_of_the_back_end_is_too_large() {
    let mut b = Build::new("f", &[]);
    b.int(1);
    b.asm(AsmPart { routine: morph_asm::Routine::default(), frame_size: u32::MAX });
    let problem = compile(&b.finish(Vec::new()), &options(Opt::None)).unwrap_err();
    assert_eq!(problem, Problem::TooLarge { expressions: 1 });
    assert_eq!(problem.to_diagnostic(Span::new(0, 1)).code, Code::FunctionTooLarge);
}
