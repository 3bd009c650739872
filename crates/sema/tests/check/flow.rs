//! Choices, loops, results, and what is never reached.

use expect_test::expect;

use crate::harness::{checked, problems};

#[test]
fn jika_selama_untuk_and_pilih_are_lowered() {
    let program = r#"
fungsi f(n)
    jika (n == 1)
        cetak(1)
    lain_jika (n == 2)
        cetak(2)
    lain
        cetak(3)
    tutup_jika
    selama (n > 0)
        n--
        jika (n == 5) lanjut tutup_jika
        jika (n == 3) berhenti tutup_jika
    tutup_selama
    untuk (var i = 0; i < n; i = i + 2)
        cetak(i)
    tutup_untuk
    untuk (;;)
        berhenti
    tutup_untuk
    pilih (n + 1)
        kasus 1:
            cetak("satu")
        kasus n:
            selama (n)
                pilih (n)
                    kasus 1:
                        berhenti
                tutup_pilih
            tutup_selama
        pilihan_lain:
            cetak("lain")
    tutup_pilih
tutup_fungsi
"#;
    expect![[r#"
        f(n; i)
          if (n.0 == 1)
            @print_line_int(1)
          else
            if (n.0 == 2)
              @print_line_int(2)
            else
              @print_line_int(3)
          loop (n.0 > 0)
            n.0 = (n.0 - 1)
            if (n.0 == 5)
              continue
            if (n.0 == 3)
              break
          i.1 = 0
          loop (i.1 < n.0)
            @print_line_int(i.1)
          step
            i.1 = (i.1 + 2)
          loop
            break
          switch (n.0 + 1)
          case 1
            @print_line_text("satu")
          case n.0
            loop n.0
              switch n.0
              case 1
                break
          else
            @print_line_text("lain")
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_switch_on_floats_compares_doubles() {
    let program = r#"
fungsi f(n)
    tipe n float
    pilih (n)
        kasus 1:
            cetak(1)
        kasus 2.5:
            cetak(2)
    tutup_pilih
    pilih (3)
        kasus -0.5:
            cetak(3)
    tutup_pilih
tutup_fungsi
"#;
    expect![[r#"
        f(n: float; : float, : float)
          .1 = n.0
          switch 1
          case (.1 ==. 1.0)
            @print_line_int(1)
          case (.1 ==. 2.5)
            @print_line_int(2)
          .2 = 3.0
          switch 1
          case (.2 ==. -0.5)
            @print_line_int(3)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn two_equal_cases_are_a_warning() {
    let program = r#"
const SATU = 1
fungsi f(n)
    pilih (n)
        kasus 1:
            cetak(1)
        kasus SATU:
            cetak(2)
        kasus 2 - 1:
            cetak(3)
        kasus 1.5:
            cetak(4)
    tutup_pilih
    pilih (n)
        kasus f(1):
            cetak(4)
        kasus n:
            cetak(5)
    tutup_pilih
tutup_fungsi
"#;
    expect![[r#"
        warning CASE_DUPLICATE `SATU` value=SATU
          mark `1` mark-first
        warning CASE_DUPLICATE `2 - 1` value=2 - 1
          mark `1` mark-first
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn leaving_a_loop_needs_a_loop() {
    let program = r#"
fungsi f(n)
    berhenti
    jika (n)
        lanjut
    tutup_jika
    pilih (n)
        kasus 1:
            berhenti
    tutup_pilih
tutup_fungsi
"#;
    expect![[r#"
        error LOOP_OUTSIDE `berhenti` word=berhenti
        error LOOP_OUTSIDE `lanjut` word=lanjut
        error LOOP_OUTSIDE `berhenti` word=berhenti
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn returning_needs_a_function() {
    let program = r#"
var n = 1
jika (n)
    kembalikan 7
tutup_jika
return
fungsi f()
    return
tutup_fungsi
"#;
    expect![[r#"
        error RETURN_OUTSIDE `kembalikan 7` word=kembalikan
        error RETURN_OUTSIDE `return` word=return
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn what_follows_a_way_out_is_never_reached() {
    let program = r#"
fungsi f(n)
    selama (n)
        lanjut
        tipe n int
        cetak(1)
        cetak(2)
    tutup_selama
    jika (n)
        kembalikan 1
    tutup_jika
    kembalikan 2
    cetak(3)
tutup_fungsi
"#;
    expect![[r#"
        warning CODE_UNREACHABLE `cetak(1)`
          mark `lanjut` mark-leaves
        warning CODE_UNREACHABLE `cetak(3)`
          mark `kembalikan 2` mark-leaves
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn the_entry_gives_a_status_and_0_without_a_value() {
    let program = r#"
fungsi mulai(argc, argv)
    jika (argc)
        kembalikan
    tutup_jika
    jika (argv)
        kembalikan 7
    tutup_jika
    asm_mulai
        mov rax, 5
    tutup_asm
tutup_fungsi
"#;
    expect![[r#"
        mulai(argc, argv) asm 1 blocks, frame 0
          if argc.0
            return 0
          if argv.1
            return 7
          asm 0
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn the_entry_takes_two_parameters_and_gives_no_float() {
    let program = r#"
fungsi mulai(a, b, c)
    kembalikan 1.5
tutup_fungsi
"#;
    expect![[r#"
        error ENTRY_PARAMETERS `mulai` count=3
        error TYPE_MISMATCH `1.5` expected=int found=float
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn stepping_evaluates_base_and_index_once() {
    let program = r#"
struktur S
    x
tutup_struktur
fungsi g(n)
    kembalikan S()
tutup_fungsi
fungsi f(a, i)
    a[i]++
    a[g(1)]--
    g(1)[2]++
    g(2).x++
tutup_fungsi
"#;
    expect![[r#"
        g(n)
          return new @sys_alloc 1()
        f(a, i; , , )
          a.0[i.1] = (a.0[i.1] + 1)
          .2 = g(1)
          a.0[.2] = (a.0[.2] - 1)
          .3 = g(1)
          .3[2] = (.3[2] + 1)
          .4 = g(2)
          [.4 + 0] = ([.4 + 0] + 1)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn arrays_have_lengths_that_are_known() {
    let program = r#"
const BANYAK = 3
fungsi f(n)
    var a [BANYAK]int
    var b [0]int
    kembalikan a[0] + b[0]
tutup_fungsi
fungsi g(n)
    var a [999999999]int
tutup_fungsi
fungsi h(n)
    var a [n]int
tutup_fungsi
"#;
    expect![[r#"
        f(n; a, b)
          a.1 = new @sys_alloc 3()
          b.2 = new @sys_alloc 0()
          return (a.1[0] + b.2[0])
        error ARRAY_LENGTH `999999999` length=999999999
        error CONSTANT_NOT_CONSTANT `n`
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn one_paralel_has_at_most_sixty_shards() {
    let shards = |count: usize| "  shard s\n  tutup_shard\n".repeat(count);
    let program = |count| format!("unit u\n  paralel\n{}  gabung\ntutup_unit\n", shards(count));
    expect![""].assert_eq(&problems(&program(60)));
    expect![[r#"
        error SHARDS_TOO_MANY `s` count=61 limit=60
    "#]]
    .assert_eq(&problems(&program(61)));
}
