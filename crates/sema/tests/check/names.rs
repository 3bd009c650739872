//! Scopes, declarations, and what a name means.

use expect_test::expect;

use crate::harness::{checked, problems};

#[test]
fn a_local_begins_after_its_own_declaration_and_blocks_shadow() {
    let program = r#"
fungsi n(x)
    kembalikan x
tutup_fungsi
fungsi f(a)
    var n = n(4)
    jika (a)
        var n = n + 1
        a = n
    lain
        var n = 7
        a = n
    tutup_jika
    kembalikan n(1)
tutup_fungsi
"#;
    expect![[r#"
        n(x)
          return x.0
        f(a; n, n, n)
          n.1 = n(4)
          if a.0
            n.2 = (n.1 + 1)
            a.0 = n.2
          else
            n.3 = 7
            a.0 = n.3
          return (n.1)(1)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn two_declarations_in_one_block_are_an_error_parameters_included() {
    let program = r#"
fungsi f(a)
    var a = 1
    var b = 1
    const b = 2
    jika (a)
        var b = 3
    tutup_jika
tutup_fungsi
"#;
    expect![[r#"
        error VARIABLE_DUPLICATE `a` name=a
          mark `a` mark-first
        error VARIABLE_DUPLICATE `b` name=b
          mark `b` mark-first
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn an_unknown_name_is_reported_once() {
    let program = r#"
fungsi f(a)
    x = 1
    x = x + y
    panggil g(z, x)
    kembalikan g(y)
tutup_fungsi
"#;
    expect![[r#"
        error NAME_UNKNOWN `x` name=x kind=variable
        error NAME_UNKNOWN `y` name=y kind=variable
        error NAME_UNKNOWN `g` name=g kind=function
        error NAME_UNKNOWN `z` name=z kind=variable
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn a_variable_of_a_block_is_unknown_after_it() {
    let program = r#"
fungsi f(a)
    jika (a)
        var dalam = 1
    tutup_jika
    untuk (var i = 0; i < 3; i++)
        var j = i
    tutup_untuk
    kembalikan dalam + i + j
tutup_fungsi
"#;
    expect![[r#"
        error NAME_UNKNOWN `dalam` name=dalam kind=variable
        error NAME_UNKNOWN `i` name=i kind=variable
        error NAME_UNKNOWN `j` name=j kind=variable
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn constants_have_values_and_cannot_be_assigned() {
    let program = r#"
const BESAR = 4 * 1024
const PI = 3.5
const NAMA = "morph"
fungsi f()
    const LOKAL = BESAR - 1
    var a [LOKAL]int
    a[LOKAL] = BESAR
    cetak(PI * 2)
    cetak(NAMA)
    kembalikan a[1 + 1]
tutup_fungsi
fungsi salah_satu()
    const LOKAL = 1
    LOKAL = 2
    BESAR = 3
    BESAR++
tutup_fungsi
fungsi bukan_tetap(x)
    const LOKAL = x + 1
    kembalikan LOKAL
tutup_fungsi
"#;
    expect![[r#"
        f(; a)
          a.0 = new @sys_alloc 4095()
          a.0[4095] = 4096
          @print_line_float(bits(7.0))
          @print_line_text("morph")
          return a.0[2]
        error CONSTANT_ASSIGNED `LOKAL` name=LOKAL
          mark `LOKAL` mark-defined
        error CONSTANT_ASSIGNED `BESAR` name=BESAR
          mark `BESAR` mark-defined
        error CONSTANT_ASSIGNED `BESAR` name=BESAR
          mark `BESAR` mark-defined
        error CONSTANT_NOT_CONSTANT `x + 1`
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn functions_and_structs_cannot_be_assigned() {
    let program = r#"
struktur S
    x
tutup_struktur
fungsi g()
tutup_fungsi
fungsi f()
    g = 1
    S = 2
tutup_fungsi
"#;
    expect![[r#"
        error ASSIGN_TARGET `g` name=g
          mark `g` mark-defined
        error ASSIGN_TARGET `S` name=S
          mark `S` mark-defined
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn a_function_name_is_an_address_and_a_value_can_be_called() {
    let program = r#"
var tabel = 0
fungsi g(a)
    kembalikan a
tutup_fungsi
fungsi f(h)
    tabel = g
    var k = str_eq
    cetak(h(1, 2))
    cetak(k("a", "b"))
    cetak(tabel(3))
    kembalikan h(1)(2)[3](4)
tutup_fungsi
"#;
    expect![[r#"
        global $tabel = 0
        g(a)
          return a.0
        f(h; k)
          $tabel = &g
          k.1 = &@str_eq
          @print_line_int((h.0)(1, 2))
          @print_line_int((k.1)("a", "b"))
          @print_line_int(($tabel)(3))
          return (((h.0)(1))(2)[3])(4)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn own_functions_and_globals_win_over_the_library_and_over_built_in_forms() {
    let program = r#"
var str_eq = 5
fungsi str_concat(a)
    kembalikan a
tutup_fungsi
fungsi float(a)
    kembalikan a
tutup_fungsi
fungsi mem_load8(a, b)
    kembalikan a
tutup_fungsi
fungsi f()
    cetak(str_concat(1))
    cetak(float(2))
    cetak(mem_load8(3, 4))
    kembalikan str_eq(1)
tutup_fungsi
"#;
    expect![[r#"
        global $str_eq = 5
        str_concat(a)
          return a.0
        float(a)
          return a.0
        mem_load8(a, b)
          return a.0
        f()
          @print_line_int(str_concat(1))
          @print_line_int(float(2))
          @print_line_int(mem_load8(3, 4))
          return ($str_eq)(1)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_local_that_is_spelled_alike_is_proposed() {
    let program = r#"
fungsi f(panjang)
    var hitung = panjng
    kembalikan hitng() + jauh
tutup_fungsi
"#;
    expect![[r#"
        error NAME_UNKNOWN `panjng` name=panjng kind=variable nearest=panjang
          foot help-nearest
        error NAME_UNKNOWN `hitng` name=hitng kind=function nearest=hitung
          foot help-nearest
        error NAME_UNKNOWN `jauh` name=jauh kind=variable
    "#]]
    .assert_eq(&problems(program));
}
