//! Globals, initialisers, unit blocks, and what is closed.

use expect_test::expect;

use crate::harness::{checked, problems};

#[test]
fn a_literal_stands_in_the_image_and_all_else_is_stored_at_start_up() {
    let program = r#"
const N = 7
var a
var b = -5
var c = N * 2
var d = 1.5
var e = "teks"
var f = b + 1
var g [3]int
var h = 2
fungsi ubah()
    h = 2.5
    a = e
tutup_fungsi
"#;
    expect![[r#"
        global $a = 0
        global $b = -5
        global $c = 14
        global $d = 4609434218613702656
        global $e = 0
        %uji:5()
          $e = "teks"
        global $f = 0
        %uji:6()
          $f = ($b + 1)
        global $g = 0
        %uji:7()
          $g = new @sys_alloc 3()
        global $h = 4611686018427387904
        ubah()
          $h = bits(2.5)
          $a = $e
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn top_level_statements_are_initialisers() {
    let program = r#"
var x = 1
x = x + 1
cetak(x)
untuk (var i = 0; i < 3; i++)
    x = i
tutup_untuk
tipe x int
"#;
    expect![[r#"
        global $x = 1
        %uji:1()
          $x = ($x + 1)
        %uji:2()
          @print_line_int($x)
        %uji:3(; i)
          i.0 = 0
          loop (i.0 < 3)
            $x = i.0
          step
            i.0 = (i.0 + 1)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_unit_block_is_a_function_that_runs_its_shards() {
    let program = r#"
unit kerja
    shard satu
        fragment awal
        var a = 1
        cetak(a)
    tutup_shard
    paralel
        shard dua
            var a = 2
            cetak(a)
        tutup_shard
    gabung
tutup_unit
fungsi f()
    panggil kerja()
tutup_fungsi
"#;
    expect![[r#"
        kerja(; a, a)
          @shard_run(&kerja.satu, 0, "kerja.satu")
          @paralel_begin()
          @paralel_add(&kerja.dua, 0, "kerja.dua")
          @paralel_join()
        kerja.satu(; a, a)
          a.1 = 0
          a.2 = 0
          a.1 = 1
          @print_line_int(a.1)
          return 0
        kerja.dua(; a, a)
          a.1 = 0
          a.2 = 0
          a.2 = 2
          @print_line_int(a.2)
          return 0
        f()
          kerja()
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_broken_constant_closes_only_where_a_constant_must_stand() {
    let program = r#"
const RUSAK = tidak_ada
fungsi nilai()
    var x = RUSAK + 1
    cetak(x.y)
    kembalikan RUSAK * 2.5
tutup_fungsi
fungsi panjang()
    var a [RUSAK]int
    kembalikan a[0]
tutup_fungsi
"#;
    expect![[r#"
        nilai(; x) float
          x.0 = (closed ?RUSAK + 1)
          @print_line_int(x.0)
          return (float(closed ?RUSAK) *. 2.5)
        closed by RUSAK
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_broken_struct_closes_whoever_needs_its_layout() {
    let program = r#"
struktur Rusak
    x Tidak_Ada
tutup_struktur
fungsi buat()
    kembalikan Rusak(1)
tutup_fungsi
fungsi baca_x(p)
    tipe p Rusak
    kembalikan p.x
tutup_fungsi
fungsi sehat(p)
    kembalikan p
tutup_fungsi
"#;
    expect![[r#"
        closed by Rusak
        closed by Rusak
        sehat(p)
          return p.0
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn what_is_broken_already_has_no_further_problems() {
    let program = r#"
fungsi f()
    var a = tidak_ada(1)
    a.x = 1
    cetak(a + "x")
    cetak(a.y.z[1])
    a++
    kembalikan a % 1.5
tutup_fungsi
"#;
    expect![[r#"
        error NAME_UNKNOWN `tidak_ada` name=tidak_ada kind=function
        error FLOAT_OPERATOR `a % 1.5` op=%
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn syntax_errors_leave_the_rest_checked() {
    let program = r#"
fungsi f()
    var x = 1 +
    cetak(x + "a")
    y = 2
tutup_fungsi
"#;
    expect![[r#"
        error SYNTAX_UNEXPECTED `` expected=expression found=end of line
        error NAME_UNKNOWN `y` name=y kind=variable
    "#]]
    .assert_eq(&problems(program));
}
