//! Integers, floats and strings: what a value is, and what can be done with it.

use expect_test::expect;

use crate::harness::{checked, problems};

#[test]
fn one_float_makes_a_variable_a_float() {
    let program = r#"
fungsi f(n)
    var x = 1
    var y = x
    x = x + 0.5
    y = y + n
    cetak(x)
    cetak(y)
    kembalikan x
tutup_fungsi
"#;
    expect![[r#"
        f(n; x: float, y: float) float
          x.1 = 1.0
          y.2 = x.1
          x.1 = (x.1 +. 0.5)
          y.2 = (y.2 +. float(n.0))
          @print_line_float(bits(x.1))
          @print_line_float(bits(y.2))
          return x.1
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_float_spreads_backwards_through_a_loop() {
    let program = r#"
fungsi f(n)
    var a = 0
    var b = 0
    selama (n)
        a = b
        b = 1.5
        n--
    tutup_selama
    kembalikan a
tutup_fungsi
"#;
    expect![[r#"
        f(n; a: float, b: float) float
          a.1 = 0.0
          b.2 = 0.0
          loop n.0
            a.1 = b.2
            b.2 = 1.5
            n.0 = (n.0 - 1)
          return a.1
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_variable_is_a_string_if_all_its_values_are_strings_or_zero() {
    let program = r#"
fungsi f(n)
    var s = 0
    var t = s
    var angka = 0
    cetak(s)
    cetak(t)
    s = "a"
    angka = "b"
    angka = 3
    cetak(angka)
    cetak(str_concat(s, "c"))
    cetak(baca(10))
    cetak(n)
tutup_fungsi
"#;
    expect![[r#"
        f(n; s, t, angka)
          s.1 = 0
          t.2 = s.1
          angka.3 = 0
          @print_line_text(s.1)
          @print_line_text(t.2)
          s.1 = "a"
          angka.3 = "b"
          angka.3 = 3
          @print_line_int(angka.3)
          @print_line_text(@str_concat(s.1, "c"))
          @print_line_text(@sys_read(10))
          @print_line_int(n.0)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn hints_decide_what_parameters_and_locals_are() {
    let program = r#"
fungsi f(a, s)
    tipe a float
    tipe s string
    var x = 1
    tipe x float
    var y = 0
    tipe y string
    cetak(a)
    cetak(s)
    cetak(y)
    x = a
    kembalikan x
tutup_fungsi
fungsi g()
    cetak(f(1, "x"))
    cetak(f(1.5, 0))
tutup_fungsi
"#;
    expect![[r#"
        f(a: float, s; x: float, y) float
          x.2 = 1.0
          y.3 = 0
          @print_line_float(bits(a.0))
          @print_line_text(s.1)
          @print_line_text(y.3)
          x.2 = a.0
          return x.2
        g()
          @print_line_float(bits(unbits(f(bits(1.0), "x"))))
          @print_line_float(bits(unbits(f(bits(1.5), 0))))
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn hints_that_contradict_are_an_error() {
    let program = r#"
fungsi f(a)
    var x = 1
    tipe x float
    tipe x string
    var y = 1
    tipe y int
    y = 2.5
    tipe a Tidak_Ada
    tipe b int
    tipe y Tidak_Ada
tutup_fungsi
"#;
    expect![[r#"
        error TYPE_MISMATCH `string` expected=float found=string
        error TYPE_MISMATCH `2.5` expected=int found=float
        error TYPE_UNKNOWN `Tidak_Ada` name=Tidak_Ada what=type
        error NAME_UNKNOWN `b` name=b kind=variable
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn operators_on_floats_and_integers_convert() {
    let program = r#"
fungsi f(n)
    tipe n float
    cetak(n + 1)
    cetak(1 - n)
    cetak(n < 2)
    cetak(-n)
    cetak(!n)
    cetak(n && 1)
    jika (n) cetak(1) tutup_jika
    selama (n) n-- tutup_selama
    cetak(float(3) + int(n))
    cetak(float_bits(2))
    kembalikan float_from_bits(7)
tutup_fungsi
"#;
    expect![[r#"
        f(n: float) float
          @print_line_float(bits((n.0 +. 1.0)))
          @print_line_float(bits((1.0 -. n.0)))
          @print_line_int((n.0 <. 2.0))
          @print_line_float(bits(-.n.0))
          @print_line_int(!.n.0)
          @print_line_int(((n.0 !=. 0.0) && 1))
          if (n.0 !=. 0.0)
            @print_line_int(1)
          loop (n.0 !=. 0.0)
            n.0 = (n.0 -. 1.0)
          @print_line_float(bits((3.0 +. float(int(n.0)))))
          @print_line_int(bits(2.0))
          return unbits(7)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn bit_operators_and_remainder_do_not_exist_for_floats() {
    let program = r#"
fungsi f(n)
    var a = 1.5 % 2
    var b = n & 2.0
    var c = 1.5 << 1
    var d = ~2.5
    kembalikan a + b + c + d
tutup_fungsi
"#;
    expect![[r#"
        error FLOAT_OPERATOR `1.5 % 2` op=%
        error FLOAT_OPERATOR `n & 2.0` op=&
        error FLOAT_OPERATOR `1.5 << 1` op=<<
        error FLOAT_OPERATOR `~2.5` op=~
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn arithmetic_on_strings_is_an_error_that_proposes_str_concat() {
    let program = r#"
fungsi f(n)
    var s = "a"
    cetak(s + "b")
    cetak(s + n)
    cetak(s - 1)
    cetak(-s)
    s++
tutup_fungsi
"#;
    expect![[r#"
        error STRING_OPERATOR `s + "b"` op=+
          foot help-concat
          fix `s + "b"` -> `str_concat(s, "b")`
        error STRING_OPERATOR `s + n` op=+
          foot help-concat
        error STRING_OPERATOR `s - 1` op=-
        error STRING_OPERATOR `-s` op=-
        error STRING_OPERATOR `s++` op=++
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn comparing_two_strings_compares_addresses() {
    let program = r#"
fungsi f(n)
    var s = "a"
    jika (s == "b") cetak(1) tutup_jika
    jika (s != "b") cetak(1) tutup_jika
    jika (s < "b") cetak(1) tutup_jika
    jika (s == 0) cetak(1) tutup_jika
    jika (s == n) cetak(1) tutup_jika
    pilih (s)
        kasus "a":
            cetak(1)
    tutup_pilih
tutup_fungsi
"#;
    expect![[r#"
        warning STRING_COMPARED_BY_ADDRESS `s == "b"`
          fix `s == "b"` -> `str_eq(s, "b")`
        warning STRING_COMPARED_BY_ADDRESS `s != "b"`
          fix `s != "b"` -> `!str_eq(s, "b")`
        warning STRING_COMPARED_BY_ADDRESS `s < "b"`
        warning STRING_COMPARED_BY_ADDRESS `"a"`
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn strings_and_structs_are_no_numbers_for_floats() {
    let program = r#"
struktur S
    x
tutup_struktur
fungsi f(n)
    tipe n float
    var s = "a"
    cetak(n + s)
    cetak(n < S())
    n = "x"
    var a [4]int
    cetak(a[1.5])
    cetak(a["x"])
    cetak(n[0])
    cetak(n.x)
    cetak(s.x)
    cetak(n(1))
    cetak(s(1))
    cetak(int(s))
    cetak(float(s))
    cetak(float_from_bits(1.5))
    cetak_str(1.5)
tutup_fungsi
"#;
    expect![[r#"
        error TYPE_MISMATCH `s` expected=float found=string
        error TYPE_MISMATCH `S()` expected=float found=S
        error TYPE_MISMATCH `"x"` expected=float found=string
        error TYPE_MISMATCH `1.5` expected=int found=float
        error TYPE_MISMATCH `"x"` expected=int found=string
        error TYPE_MISMATCH `n` expected=word found=float
        error TYPE_MISMATCH `n` expected=struct found=float
        error TYPE_MISMATCH `s` expected=struct found=string
        error TYPE_MISMATCH `n` expected=function found=float
        error TYPE_MISMATCH `s` expected=function found=string
        error TYPE_MISMATCH `s` expected=float found=string
        error TYPE_MISMATCH `s` expected=float found=string
        error TYPE_MISMATCH `1.5` expected=int found=float
        error TYPE_MISMATCH `1.5` expected=string found=float
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn a_float_that_goes_where_a_word_is_expected_is_a_warning() {
    let program = r#"
struktur S
    x
tutup_struktur
fungsi g(p)
tutup_fungsi
fungsi f(n)
    g(1.5)
    n = 2.5
    n(1, 3.5)
    var a [2]int
    a[0] = 4.5
    var s = S(5.5)
    s.x = 6.5
    cetak(mem_load8(7.5))
    cetak(baca(8.5))
tutup_fungsi
"#;
    expect![[r#"
        warning FLOAT_AS_WORD `1.5` what=parameter name=g parameter=p
          foot help-parameter
        warning FLOAT_AS_WORD `2.5` what=parameter name=f parameter=n
          foot help-parameter
        warning FLOAT_AS_WORD `3.5` what=argument name=n parameter=2
          foot help-argument
        warning FLOAT_AS_WORD `4.5` what=element name=a
          foot help-element
        warning FLOAT_AS_WORD `5.5` what=field name=S parameter=x
          foot help-field
        warning FLOAT_AS_WORD `6.5` what=field name=S parameter=x
          foot help-field
        warning FLOAT_AS_WORD `7.5` what=argument name=mem_load8 parameter=1
          foot help-argument
        warning FLOAT_AS_WORD `8.5` what=argument name=baca parameter=1
          foot help-argument
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn a_hinted_parameter_rejects_what_it_cannot_hold() {
    let program = r#"
struktur S
    x
tutup_struktur
fungsi g(a, b, c)
    tipe a float
    tipe b string
    tipe c S
tutup_fungsi
fungsi f(n)
    g("x", 1.5, 2.5)
    g(n, n, n)
tutup_fungsi
"#;
    expect![[r#"
        error TYPE_MISMATCH `"x"` expected=float found=string
        error TYPE_MISMATCH `1.5` expected=string found=float
        error TYPE_MISMATCH `2.5` expected=S found=float
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn literals_are_folded_and_a_division_by_zero_is_left_to_fault() {
    let program = r#"
fungsi f(n)
    cetak(1 + 2 * 3 - -4)
    cetak(-9223372036854775808 / -1)
    cetak(-8 >> 1)
    cetak(1 << 65)
    cetak(1 && 0 || 3)
    cetak(0.5 + 0.25)
    cetak(0.0 / 0.0)
    cetak(1 / 0)
    cetak(n % (2 - 2))
    cetak(benar)
tutup_fungsi
"#;
    expect![[r#"
        warning DIVISION_BY_ZERO `0`
        warning DIVISION_BY_ZERO `(2 - 2)`
        f(n)
          @print_line_int(11)
          @print_line_int(-9223372036854775808)
          @print_line_int(9223372036854775804)
          @print_line_int(2)
          @print_line_int(1)
          @print_line_float(bits(0.75))
          @print_line_float(bits((0.0 /. 0.0)))
          @print_line_int((1 / 0))
          @print_line_int((n.0 % 0))
          @print_line_int(1)
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_result_is_converted_to_what_the_function_gives() {
    let program = r#"
fungsi f(n)
    jika (n) kembalikan 1 tutup_jika
    jika (n == 2) kembalikan tutup_jika
    kembalikan 2.5
tutup_fungsi
fungsi g(n)
    var x = f(n)
    kembalikan x > 1
tutup_fungsi
fungsi h(n)
    jika (n) kembalikan "a" tutup_jika
    kembalikan 1.5
tutup_fungsi
"#;
    expect![[r#"
        f(n) float
          if n.0
            return 1.0
          if (n.0 == 2)
            return unbits(0)
          return 2.5
        g(n; x: float)
          x.1 = unbits(f(n.0))
          return (x.1 >. 1.0)
        error TYPE_MISMATCH `"a"` expected=float found=string
    "#]]
    .assert_eq(&checked(program));
}
