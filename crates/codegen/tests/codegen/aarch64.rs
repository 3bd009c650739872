//! What objects for aarch64 say about their code. They run in the tests of `morph-cli`.

use std::fmt::Write as _;

use expect_test::expect;
use morph_codegen::{Opt, Options, Problem, Target, compile, naked, synthetic};
use morph_object::Object;
use morph_sema::typed::*;

use crate::build::{Build, typed};
use crate::image;
use crate::objects::sample;

fn options(opt: Opt) -> Options {
    Options { target: Target::Aarch64Linux, ..image::options(opt) }
}

/// The first instruction, then each one that has a relocation or a trap.
fn facts(object: &Object) -> String {
    let word = |offset: u32| {
        let at = offset as usize;
        u32::from_le_bytes(object.text[at..at + 4].try_into().unwrap())
    };
    let mut out = format!("{:08x} begins `{}`\n", word(0), object.definitions[0].symbol);
    for reloc in &object.relocs {
        let target = match reloc.target {
            morph_object::Target::Symbol(index) => object.symbols[index as usize].clone(),
            morph_object::Target::Section(section) => format!("{section:?}"),
        };
        let (kind, addend) = (reloc.kind, reloc.addend);
        writeln!(out, "{:08x} {kind:?} {target} {addend:+}", word(reloc.offset)).unwrap();
    }
    for trap in &object.traps {
        writeln!(out, "{:08x} traps: {:?}", word(trap.offset), trap.kind).unwrap();
    }
    out
}

#[test]
fn a_function_names_what_it_refers_to_by_page_and_place_in_the_page() {
    let mut seen = String::new();
    for opt in [Opt::None, Opt::Speed] {
        seen += &facts(&compile(&sample(), &options(opt)).unwrap());
    }
    expect![[r#"
        a9bf7bfd begins `f`
        9000001a Page21 $total +0
        9100035a PageOffset12 $total +0
        90000000 Page21 Data +0
        91000000 PageOffset12 Data +0
        9000001c Page21 $total +0
        9100039c PageOffset12 $total +0
        94000000 Branch26 @show +0
        0000c11f traps: DivisionByZero
        a9bf7bfd begins `f`
        90000001 Page21 $total +0
        91000021 PageOffset12 $total +0
        90000000 Page21 $total +0
        91000000 PageOffset12 $total +0
        90000000 Page21 Data +0
        91000000 PageOffset12 Data +0
        94000000 Branch26 @show +0
        0000c11f traps: DivisionByZero
    "#]]
    .assert_eq(&seen);
}

#[test]
fn stand_ins_and_the_start_are_instructions_of_the_target() {
    let stub = synthetic::stub(
        Target::Aarch64Linux,
        "f",
        &synthetic::ClosedNote { name: "f", fault: "f-0", english: "broken", indonesian: "rusak" },
    );
    let start =
        synthetic::start(Target::Aarch64Linux, &["%main.fox:0".to_owned()], Some(("mulai", 2)));
    let empty = synthetic::start(Target::Aarch64Linux, &[], None);
    let words: Vec<u32> =
        empty.text.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
    expect![[r#"
        a9bf7bfd begins `f`
        90000000 Page21 Data +0
        91000000 PageOffset12 Data +0
        90000001 Page21 Data +2
        91000021 PageOffset12 Data +2
        90000002 Page21 Data +6
        91000042 PageOffset12 Data +6
        90000003 Page21 Data +13
        91000063 PageOffset12 Data +13
        94000000 Branch26 @fault_closed +0
        a9bf7bfd begins `=start`
        94000000 Branch26 %main.fox:0 +0
        90000000 Page21 @$global_argc +0
        f9400000 WordOffset12 @$global_argc +0
        90000001 Page21 @$global_argv +0
        f9400021 WordOffset12 @$global_argv +0
        94000000 Branch26 mulai +0
        [a9bf7bfd, 910003fd, d2800000, a8c17bfd, d65f03c0]
    "#]]
    .assert_eq(&format!("{}{}{words:08x?}\n", facts(&stub), facts(&start)));
}

#[test]
fn naked_routines_come_from_the_table_of_the_target() {
    let mut seen = String::new();
    for name in naked::names(Target::Aarch64Linux) {
        let object = compile(&typed(Item::Naked(name.to_owned())), &options(Opt::None)).unwrap();
        let definition = &object.definitions[0];
        assert_eq!(object.problem(), None);
        writeln!(seen, "{} {} {:?}", definition.symbol, definition.size, object.symbols).unwrap();
    }
    expect![[r#"
        !_start 52 ["@kernel_start", "=start"]
        !mem_copy 64 []
        !mem_fill 56 []
        !syscall_raw 36 []
        !signal_restorer 8 []
        !protect_switch 80 ["!protect_landing"]
        !protect_landing 52 []
        !protect_land 16 ["!protect_landing"]
        !code_changed 24 []
    "#]]
    .assert_eq(&seen);
    assert_eq!(naked::names(Target::X86_64Linux), [""; 0]);
}

#[test]
fn what_is_for_another_machine_is_refused() {
    let mut b = Build::new("f", &[]);
    b.asm(AsmPart { routine: morph_asm::Routine::default(), frame_size: 0 });
    let fragments = [b.finish(Vec::new()), typed(Item::Naked("sys_alloc".to_owned()))];
    let mut reasons = String::new();
    for fragment in &fragments {
        match compile(fragment, &options(Opt::None)) {
            Err(Problem::Fault { reason }) => writeln!(reasons, "{reason}").unwrap(),
            other => panic!("{other:?}"),
        }
    }
    expect![[r#"
        in `f`: assembly of another machine
        aarch64-unknown-linux-gnu has no routine `sys_alloc`
    "#]]
    .assert_eq(&reasons);
}
