//! Fields of values whose struct is known, guessed, or neither.

use expect_test::expect;

use crate::harness::{checked, problems};

#[test]
fn the_struct_of_a_variable_follows_the_text() {
    let program = r#"
struktur A
    x
    y
tutup_struktur
struktur B
    y
    x
tutup_struktur
fungsi buat()
    kembalikan B()
tutup_fungsi
fungsi f(p)
    tipe p A
    cetak(p.x)
    p = 0
    cetak(p.x)
    p = buat()
    cetak(p.x)
    tipe p A
    p.x = p.x + 1
    p.y++
    buat().x--
    kembalikan buat().y
tutup_fungsi
"#;
    expect![[r#"
        buat()
          return new @sys_alloc 2()
        f(p; )
          @print_line_int([p.0 + 0])
          p.0 = 0
          @print_line_int([p.0 + 0])
          p.0 = buat()
          @print_line_int([p.0 + 8])
          [p.0 + 0] = ([p.0 + 0] + 1)
          [p.0 + 8] = ([p.0 + 8] + 1)
          .1 = buat()
          [.1 + 8] = ([.1 + 8] - 1)
          return [buat() + 0]
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn fields_have_types() {
    let program = r#"
struktur A
    f float
    s string
    n A
    isi [2]int
tutup_struktur
fungsi f(p)
    tipe p A
    p.f = 1
    cetak(p.f)
    cetak(p.s)
    cetak(p.n.n.f)
    p.n.f++
    p = p.n
    cetak(p.s)
    kembalikan p.f + p.isi[1]
tutup_fungsi
"#;
    expect![[r#"
        f(p; ) float
          [p.0 + 0] = bits(1.0)
          @print_line_float(bits(unbits([p.0 + 0])))
          @print_line_text([p.0 + 8])
          @print_line_float(bits(unbits([[[p.0 + 16] + 16] + 0])))
          .1 = [p.0 + 16]
          [.1 + 0] = bits((unbits([.1 + 0]) +. 1.0))
          p.0 = [p.0 + 16]
          @print_line_text([p.0 + 8])
          return (unbits([p.0 + 0]) +. float([p.0 + 24][1]))
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn globals_carry_structs_too() {
    let program = r#"
struktur A
    x
    y
tutup_struktur
var pusat = 0
tipe pusat A
fungsi f()
    pusat = A(1, 2)
    kembalikan pusat.y
tutup_fungsi
fungsi g()
    tipe pusat A
    pusat.y = 5
tutup_fungsi
"#;
    expect![[r#"
        global $pusat = 0
        f()
          $pusat = new @sys_alloc 2(1, 2)
          return [$pusat + 8]
        g()
          [$pusat + 8] = 5
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn an_unknown_field_of_a_known_struct_is_an_error() {
    let program = r#"
struktur A
    x
    y
tutup_struktur
struktur Kosong
tutup_struktur
fungsi f()
    var a = A()
    a.z = 1
    cetak(a.w + a.x)
    var k = Kosong()
    kembalikan k.x
tutup_fungsi
"#;
    expect![[r#"
        error FIELD_UNKNOWN `z` field=z structure=A fields=x,y
          mark `A` mark-defined
          foot note-fields
        error FIELD_UNKNOWN `w` field=w structure=A fields=x,y
          mark `A` mark-defined
          foot note-fields
        error FIELD_UNKNOWN `x` field=x structure=Kosong
          mark `Kosong` mark-defined
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn an_unknown_struct_is_guessed_where_all_agree() {
    let program = r#"
struktur A
    x
    y
tutup_struktur
struktur B
    kunci
    y
    x
tutup_struktur
fungsi f(p)
    cetak(p.y)
    p.y = 2
    kembalikan p.kunci
tutup_fungsi
"#;
    expect![[r#"
        warning TYPE_GUESSED `p` field=y structure=A offset=8
        f(p)
          @print_line_int([p.0 + 8])
          [p.0 + 8] = 2
          return [p.0 + 0]
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn where_they_disagree_the_candidates_are_listed() {
    let program = r#"
struktur A
    x
    f float
tutup_struktur
struktur B
    y
    x
tutup_struktur
struktur C
    w
    f
tutup_struktur
fungsi f(p, q)
    cetak(p.x)
    p.x = 1
    cetak(q.f)
    cetak(f(1, 2).tidak_ada)
tutup_fungsi
"#;
    expect![[r#"
        error TYPE_UNKNOWN `p` name=p what=value candidates=A,B
          foot note-candidates
          foot help-hint
        error TYPE_UNKNOWN `q` name=q what=value candidates=A,C
          foot note-candidates
          foot help-hint
        error TYPE_UNKNOWN `f(1, 2)` name=f(1, 2) what=value
          foot note-none
    "#]]
    .assert_eq(&problems(program));
}
