//! Assembly: names, results, and registers that cross borders.

use expect_test::expect;

use crate::harness::{ELSEWHERE, checked, checked_for, problems};

#[test]
fn variables_in_brackets_get_places_in_the_frame() {
    let program = r#"
var g = 1
const N = 5
const S = "teks"
fungsi f(a, b)
    var x = 1.5
    asm_mulai
        mov rax, [var_b]
        add rax, [var_x]
        add rax, [var_g]
        add rax, [var_N]
        add rax, [var_S]
    tutup_asm
    jika (a)
        var b = 2
        asm_mulai
            mov [var_b], rax
        tutup_asm
        a = b
    tutup_jika
    kembalikan a
tutup_fungsi
"#;
    expect![[r#"
        global $g = 1
        f(a, b @0; x: float @8,  @16, b @24) asm 2 blocks, frame 32
          x.2 = 1.5
          .3 = "teks"
          asm 0
          if a.0
            b.4 = 2
            asm 1
            a.0 = b.4
          return a.0
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn an_undeclared_variable_is_declared_for_the_whole_function() {
    let program = r#"
fungsi f(a)
    jika (a)
        asm_mulai
            mov [var_hasil], rax
        tutup_asm
        hasil = hasil + 1
    tutup_jika
    kembalikan hasil
tutup_fungsi
"#;
    expect![[r#"
        warning ASM_VARIABLE_DECLARED `var_hasil` name=hasil
        f(a; hasil @0) asm 1 blocks, frame 8
          hasil.1 = 0
          if a.0
            asm 0
            hasil.1 = (hasil.1 + 1)
          return hasil.1
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn the_last_asm_block_on_a_path_gives_the_result() {
    let program = r#"
fungsi f(a)
    jika (a)
        asm_mulai
            mov rax, 1
        tutup_asm
    lain_jika (a == 2)
        cetak(1)
    lain
        pilih (a)
            kasus 3:
                asm_mulai
                    mov rax, 2
                tutup_asm
        tutup_pilih
    tutup_jika
    tipe a int
tutup_fungsi
fungsi g(a)
    selama (a)
        asm_mulai
            mov rax, 1
        tutup_asm
    tutup_selama
tutup_fungsi
fungsi h()
    asm_mulai
        mov rax, 1
    tutup_asm
    return
tutup_fungsi
fungsi tanpa()
    return
tutup_fungsi
fungsi pecahan(a)
    jika (a) kembalikan 1.5 tutup_jika
    asm_mulai
        mov rax, 1
    tutup_asm
tutup_fungsi
"#;
    expect![[r#"
        f(a) asm 2 blocks, frame 0
          if a.0
            asm 0
            return rax
          else
            if (a.0 == 2)
              @print_line_int(1)
            else
              switch a.0
              case 3
                asm 1
                return rax
        g(a) asm 1 blocks, frame 0
          loop a.0
            asm 0
        h() asm 1 blocks, frame 0
          asm 0
          return rax
        tanpa()
          return 0
        pecahan(a) float asm 1 blocks, frame 0
          if a.0
            return 1.5
          asm 0
          return unbits(rax)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn simpan_keeps_the_registers_of_the_block_before_it() {
    let program = r#"
fungsi f()
    asm_mulai
        mov rax, 1
    tutup_asm
    simpan
    asm_mulai
        mov rax, 2
    tutup_asm
    simpan
    kembalikan
    kembalikan
    asm_mulai
        mov [var_x], rax
    tutup_asm
    kembalikan
tutup_fungsi
"#;
    expect![[r#"
        warning ASM_VARIABLE_DECLARED `var_x` name=x
        f(; x @96) asm 3 blocks, frame 104
          x.0 = 0
          asm 0
          asm 1
          asm 2
          return rax
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn simpan_without_its_kembalikan_is_a_warning() {
    let program = r#"
fungsi f(a)
    simpan
    jika (a)
        simpan
        kembalikan 1
    tutup_jika
    kembalikan
    jika (a)
        kembalikan
    tutup_jika
    simpan
tutup_fungsi
"#;
    expect![[r#"
        warning SAVE_UNCLOSED `simpan`
        warning SAVE_UNCLOSED `simpan`
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn names_in_assembly_must_exist() {
    let program = r#"
fungsi f()
    asm_mulai
        call tidak_ada
        mov rax, [var_x]
        mov rbx, str_eq
        apa rax
    tutup_asm
tutup_fungsi
"#;
    expect![[r#"
        error ASM_SYMBOL `tidak_ada` name=tidak_ada
        warning ASM_VARIABLE_DECLARED `var_x` name=x
        error ASM_MNEMONIC `apa` mnemonic=apa
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn data_and_top_level_assembly_become_objects_and_initialisers() {
    let program = r#"
asm_data
    pesan db "data", 0
tutup_data
asm_mulai
    tabel: dq 1, 2
tutup_asm
asm_mulai
    mov rax, pesan
    mov [var_g], rax
tutup_asm
var g = 0
"#;
    expect![[r#"
        raw #pesan Data
        raw #tabel Data
        %uji:2() asm 1 blocks, frame 0
          asm 0
        global $g = 0
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn naked_routines_are_for_the_library() {
    let program = r#"
asm_rutin coba
    ret
tutup_asm
=== library
asm_rutin coba
    mov rax, link_heap
    ret
tutup_asm
"#;
    expect![[r#"
        error LIBRARY_ONLY `coba` word=asm_rutin
        raw !coba Text
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn assembly_is_for_one_machine() {
    let program = "fungsi f()
    asm_mulai
        mov rax, 1
    tutup_asm
tutup_fungsi
asm_mulai

    inc rax
tutup_asm
asm_data
    isi dq 1
    ret
tutup_data
";
    expect![[r#"
        error ASM_TARGET `asm_mulai` target=aarch64-unknown-linux-gnu
        error ASM_TARGET `inc rax` target=aarch64-unknown-linux-gnu
        error ASM_TARGET `isi dq 1` target=aarch64-unknown-linux-gnu
    "#]]
    .assert_eq(&checked_for(program, ELSEWHERE));
}

#[test]
fn data_is_for_every_machine_and_so_are_routines_that_the_target_brings() {
    let program = "asm_data
    isi dq 1, 2
tutup_data
=== library
asm_data
    tabel resb 8
    ukuran equ 8
tutup_data
asm_data
    batas equ 0x70000000
tutup_data
asm_rutin pindah
    mov rax, rdi
    ret
tutup_asm
asm_rutin tukar
    ret
tutup_asm
";
    expect![[r#"
        raw #isi Data
        raw @#tabel Data
        naked pindah
        error ASM_TARGET `tukar` target=aarch64-unknown-linux-gnu
    "#]]
    .assert_eq(&checked_for(program, ELSEWHERE));
}
