//! Calls, constructors and built-in forms.

use expect_test::expect;

use crate::harness::{checked, problems};

#[test]
fn the_number_of_arguments_must_fit() {
    let program = r#"
fungsi g(a, b)
tutup_fungsi
struktur S
    x
tutup_struktur
fungsi f()
    g(1)
    g(1, 2, tidak_ada)
    panggil str_eq("a")
    var s = S(1, 2)
    syscall()
    syscall(1, 2, 3, 4, 5, 6, 7, 8)
    mem_load8()
    float(1, 2)
tutup_fungsi
"#;
    expect![[r#"
        error ARITY_MISMATCH `g(1)` name=g expected=2 found=1
          mark `g` mark-defined
        error ARITY_MISMATCH `g(1, 2, tidak_ada)` name=g expected=2 found=3
          mark `g` mark-defined
        error NAME_UNKNOWN `tidak_ada` name=tidak_ada kind=variable
        error ARITY_MISMATCH `str_eq("a")` name=str_eq expected=2 found=1
          mark `str_eq` mark-defined
        error CONSTRUCTOR_TOO_MANY `S(1, 2)` name=S limit=1 found=2
          mark `S` mark-defined
        error ARITY_MISMATCH `syscall()` name=syscall expected=1 found=0
        error ARITY_MISMATCH `syscall(1, 2, 3, 4, 5, 6, 7, 8)` name=syscall expected=7 found=8
        error ARITY_MISMATCH `mem_load8()` name=mem_load8 expected=1 found=0
        error ARITY_MISMATCH `float(1, 2)` name=float expected=1 found=2
    "#]]
    .assert_eq(&problems(program));
}

#[test]
fn any_number_of_parameters_is_passed() {
    let program = r#"
fungsi banyak(a, b, c, d, e, f, g, h)
    kembalikan a + h
tutup_fungsi
fungsi f()
    panggil banyak(1, 2, 3, 4, 5, 6, 7, banyak(1, 2, 3, 4, 5, 6, 7, 8))
tutup_fungsi
"#;
    expect![[r#"
        banyak(a, b, c, d, e, f, g, h)
          return (a.0 + h.7)
        f()
          banyak(1, 2, 3, 4, 5, 6, 7, banyak(1, 2, 3, 4, 5, 6, 7, 8))
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn a_constructor_fills_up_with_zeros_and_allocates_arrays() {
    let program = r#"
struktur S
    a int
    b float
    isi [3]int
    c
tutup_struktur
fungsi f()
    var s = S()
    s = S(1, 2)
    s = S(1, 2.5, s, 4)
    s.isi[1] = s.b
    kembalikan s.isi[s.a]
tutup_fungsi
"#;
    expect![[r#"
        warning FLOAT_AS_WORD `s.b` what=element name=s.isi
          foot help-element
        f(; s)
          s.0 = new @sys_alloc 4(0, 0, new @sys_alloc 3())
          s.0 = new @sys_alloc 4(1, bits(2.0), new @sys_alloc 3())
          s.0 = new @sys_alloc 4(1, bits(2.5), s.0, 4)
          [s.0 + 16][1] = bits(unbits([s.0 + 8]))
          return [s.0 + 16][[s.0 + 0]]
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn intrinsics_are_operations() {
    let program = r#"
fungsi f(p, q)
    mem_store8(p, q)
    mem_store16(p, q)
    mem_store32(p, q)
    mem_store64(p, q)
    mem_copy(p, q, 1)
    mem_fill(p, q, 1)
    cetak(mem_load8(p) + mem_load16(p) + mem_load32(p) + mem_load64(p))
    cetak(syscall(1) + syscall(1, 2, 3, 4, 5, 6, 7))
    cetak(stack_pointer() + frame_pointer())
    cetak(atomic_load(p) + atomic_store(p, 1) + atomic_add(p, 1) + atomic_swap(p, 1, 2))
    cetak(unsigned_div(p, q) + unsigned_rem(p, q) + unsigned_less(p, q) + unsigned_mul_high(p, q))
tutup_fungsi
"#;
    expect![[r#"
        f(p, q)
          Store8(p.0, q.1)
          Store16(p.0, q.1)
          Store32(p.0, q.1)
          Store64(p.0, q.1)
          MemoryCopy(p.0, q.1, 1)
          MemoryFill(p.0, q.1, 1)
          @print_line_int((((Load8(p.0) + Load16(p.0)) + Load32(p.0)) + Load64(p.0)))
          @print_line_int((Syscall(1) + Syscall(1, 2, 3, 4, 5, 6, 7)))
          @print_line_int((StackPointer() + FramePointer()))
          @print_line_int((((AtomicLoad(p.0) + AtomicStore(p.0, 1)) + AtomicAdd(p.0, 1)) + AtomicCompareExchange(p.0, 1, 2)))
          @print_line_int((((UnsignedDivide(p.0, q.1) + UnsignedRemainder(p.0, q.1)) + UnsignedLess(p.0, q.1)) + UnsignedMultiplyHigh(p.0, q.1)))
    "#]].assert_eq(&checked(program));
}

#[test]
fn link_address_is_for_the_library() {
    let program = r#"
fungsi f()
    kembalikan link_address("heap")
tutup_fungsi
=== library
fungsi g()
    kembalikan link_address("heap")
tutup_fungsi
fungsi h(x)
    kembalikan link_address(x)
tutup_fungsi
"#;
    expect![[r#"
        error NAME_UNKNOWN `link_address` name=link_address kind=function
        @g()
          return &=heap
        error TYPE_MISMATCH `x` expected=string found=int
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn the_library_can_ask_for_the_address_of_what_assembly_can_name() {
    let program = r#"
fungsi f()
    kembalikan symbol_address("isi")
tutup_fungsi
=== library
var g = 1
asm_data
    isi dq 1, 2
tutup_data
asm_rutin pindah
    ret
tutup_asm
fungsi a()
    kembalikan symbol_address("g") + symbol_address("isi") + symbol_address("pindah")
tutup_fungsi
fungsi b(x)
    kembalikan symbol_address("tiada") + symbol_address(x)
tutup_fungsi
"#;
    expect![[r#"
        error NAME_UNKNOWN `symbol_address` name=symbol_address kind=function
        global @$g = 1
        raw @#isi Data
        raw !pindah Text
        @a()
          return ((&@$g + &@#isi) + &!pindah)
        error NAME_UNKNOWN `"tiada"` name=tiada kind=function
        error TYPE_MISMATCH `x` expected=string found=int
    "#]]
    .assert_eq(&checked(program));
}

#[test]
fn library_code_sees_the_library_only() {
    let program = r#"
var g = 1
fungsi bantu()
tutup_fungsi
=== library
var g = 2
fungsi bantu(a)
    kembalikan g
tutup_fungsi
fungsi f()
    kembalikan bantu(1)
tutup_fungsi
"#;
    expect![[r#"
        global $g = 1
        bantu()
        global @$g = 2
        @bantu(a)
          return @$g
        @f()
          return @bantu(1)
    "#]]
    .assert_eq(&checked(program));
}
