//! Which definitions join a program.

use expect_test::{Expect, expect};
use morph_sema::closure::{Candidate, ClosureInput, Imports, ROOTS, Root, close};
use morph_sema::summary::{Definition, Side};

use super::program::{fragments, problem, summaries, units};

/// `main` and units marked `ambil` are active; blocks of units marked `registered` have their numbers as IDs.
fn closed(program: &str, roots: &[Root], imports: Imports) -> String {
    let units = units(program);
    let fragments = fragments(&units);
    let summaries = summaries(&fragments);
    let candidates: Vec<Candidate<'_, '_>> = fragments
        .iter()
        .zip(&summaries)
        .map(|(fragment, summary)| {
            let unit = &units[fragment.unit];
            let id = fragment
                .piece
                .block
                .filter(|_| unit.role.contains("registered") || fragment.side == Side::Library);
            let imported = format!("Ambil {}", fragment.piece.block.unwrap_or(0));
            let active =
                unit.path == "main" || unit.role.contains("ambil") || unit.role.contains(&imported);
            Candidate { side: fragment.side, unit: fragment.unit as u32, id, active, summary }
        })
        .collect();
    let paths: Vec<&str> = units.iter().map(|unit| unit.path).collect();
    let input = ClosureInput { candidates: &candidates, units: &paths, roots, imports };
    let closure = close(input);
    let mut dump = String::new();
    for (at, candidate) in candidates.iter().enumerate() {
        if closure.active[at] && !candidate.active {
            let name = match &candidate.summary.definition {
                Definition::Function { name, .. }
                | Definition::UnitBlock { name }
                | Definition::Struct { name, .. }
                | Definition::Const { name, .. }
                | Definition::Global { name, .. }
                | Definition::Routine { name } => name,
                Definition::Data { labels } => labels[0].0,
                Definition::Statement | Definition::Import | Definition::Broken => "?",
            };
            dump += &format!("{} {name}\n", paths[candidate.unit as usize]);
        }
    }
    for (at, diagnostic) in &closure.diagnostics {
        dump += &format!("{at}: {}\n", problem(diagnostic, fragments[*at].text));
    }
    dump
}

fn check(program: &str, expected: Expect) {
    expected.assert_eq(&closed(program, &[], Imports::Closed));
}

#[test]
fn a_name_is_taken_from_the_nearest_level_with_all_that_it_needs() {
    check(
        r#"//- main
fungsi mulai()
  a()
  b()
  c()
  d()
  nowhere()
tutup_fungsi
//- part registered
### 7
fungsi b()
  helper(LIMIT)
tutup_fungsi
### 8
fungsi c()
tutup_fungsi
fungsi helper(x)
tutup_fungsi
const LIMIT = 3
//- unregistered
fungsi d()
tutup_fungsi
//- lib/one
### 100
fungsi a()
  e()
tutup_fungsi
fungsi c()
tutup_fungsi
fungsi unused()
tutup_fungsi
//- lib/two
fungsi d()
tutup_fungsi
fungsi e()
tutup_fungsi
"#,
        expect![[r#"
            part b
            part c
            part helper
            part LIMIT
            lib/one a
            lib/two d
            lib/two e
            0: NAME_IMPORTED `a` name=a path=lib/one id=100 +note-id
            0: NAME_IMPORTED `b` name=b path=part id=7 +note-id
            0: NAME_IMPORTED `c` name=c path=part id=8 +note-id
            0: NAME_IMPORTED `d` name=d path=lib/two
            1: NAME_IMPORTED `helper` name=helper path=part id=8 +note-id
            1: NAME_IMPORTED `LIMIT` name=LIMIT path=part id=8 +note-id
        "#]],
    );
}

#[test]
fn two_definitions_on_one_level_are_an_error_unless_they_are_identical() {
    check(
        r#"//- main
fungsi mulai()
  a(N)
  var p = P(1)
tutup_fungsi
//- one registered
### 7
fungsi a(x)
tutup_fungsi
const N = 1
struktur P
  x
tutup_struktur
//- two registered
### 8
fungsi a(x)
tutup_fungsi
const N = 1
struktur P
  x int
tutup_struktur
//- lib/heap
fungsi sys_alloc(n)
tutup_fungsi
"#,
        expect![[r#"
            one N
            one P
            lib/heap sys_alloc
            0: NAME_AMBIGUOUS `a` name=a candidates=[one (7), two (8)]
            0: NAME_IMPORTED `N` name=N path=one id=7 +note-id
            0: NAME_IMPORTED `P` name=P path=one id=7 +note-id
        "#]],
    );
}

#[test]
fn lowering_takes_the_librarys_functions_whatever_the_program_defines() {
    check(
        r#"//- main
fungsi print_line_text(x)
tutup_fungsi
fungsi mulai(x)
  cetak("hello")
  cetak(x)
tutup_fungsi
//- lib/print
fungsi print_line_int(x)
  digits(x)
tutup_fungsi
fungsi print_line_text(x)
  str_len(x)
tutup_fungsi
fungsi print_line_float(x)
tutup_fungsi
fungsi digits(x)
tutup_fungsi
fungsi str_len(x)
tutup_fungsi
"#,
        expect![[r#"
            lib/print print_line_int
            lib/print print_line_text
            lib/print digits
            lib/print str_len
        "#]],
    );
    check(
        r#"//- main
fungsi mulai(x)
  cetak(x * 1.5)
tutup_fungsi
//- lib/print
fungsi print_line_int(x)
tutup_fungsi
fungsi print_line_text(x)
tutup_fungsi
fungsi print_line_float(x)
tutup_fungsi
"#,
        expect![[r#"
            lib/print print_line_int
            lib/print print_line_text
            lib/print print_line_float
        "#]],
    );
}

#[test]
fn what_the_library_needs_is_not_yet_the_programs() {
    check(
        r#"//- main
fungsi mulai()
  cetak("x")
  str_len("x")
tutup_fungsi
//- text registered
### 9
fungsi str_len(x)
tutup_fungsi
//- lib/print
fungsi print_line_text(x)
  str_len(x)
tutup_fungsi
### 300
fungsi str_len(x)
tutup_fungsi
"#,
        expect![[r#"
            text str_len
            lib/print print_line_text
            lib/print str_len
            0: NAME_IMPORTED `str_len` name=str_len path=text id=9 +note-id
        "#]],
    );
}

#[test]
fn assembly_means_the_routine_before_the_library_function() {
    check(
        r#"//- main
fungsi mulai()
  sys_alloc(8)
  asm_mulai
    call sys_alloc
    call own
    mov rax, [var_global_argc]
    mov rbx, [var_nothing]
    mov rcx, [table + rbx * 8]
  tutup_asm
tutup_fungsi
//- part registered
### 1
fungsi own()
tutup_fungsi
//- lib/heap
fungsi sys_alloc(n)
tutup_fungsi
asm_rutin sys_alloc
  mov rdi, rax
  jmp sys_alloc_body
tutup_asm
fungsi sys_alloc_body(n)
tutup_fungsi
var global_argc = 0
asm_data
  table dq 0
tutup_data
"#,
        expect![[r#"
            part own
            lib/heap sys_alloc
            lib/heap sys_alloc
            lib/heap sys_alloc_body
            lib/heap global_argc
            lib/heap table
            0: NAME_IMPORTED `sys_alloc` name=sys_alloc path=lib/heap
            0: NAME_IMPORTED `sys_alloc` name=sys_alloc path=lib/heap
            0: NAME_IMPORTED `own` name=own path=part id=1 +note-id
            0: NAME_IMPORTED `var_global_argc` name=global_argc path=lib/heap
            0: NAME_IMPORTED `table` name=table path=lib/heap
        "#]],
    );
}

#[test]
fn strict_imports_name_the_id_or_the_file() {
    let program = r#"//- main
fungsi mulai()
  a()
  b()
tutup_fungsi
//- lib/one
### 100
fungsi a()
tutup_fungsi
//- lib/two
fungsi b()
tutup_fungsi
"#;
    expect![[r#"
        lib/one a
        lib/two b
        0: IMPORT_NEEDED `a` name=a path=lib/one id=100 +help-id
        0: IMPORT_NEEDED `b` name=b path=lib/two +help-file
    "#]]
    .assert_eq(&closed(program, &[], Imports::Strict));
}

#[test]
fn an_executable_needs_its_roots() {
    let program = r#"//- main
fungsi mulai()
tutup_fungsi
//- lib/entry
asm_rutin _start
  call start_here
tutup_asm
fungsi start_here()
tutup_fungsi
var global_argc = 0
var global_argv = 0
fungsi fault_closed(a, b, c)
tutup_fungsi
fungsi other()
tutup_fungsi
"#;
    expect![[r#"
        lib/entry _start
        lib/entry start_here
        lib/entry global_argc
        lib/entry global_argv
        lib/entry fault_closed
    "#]]
    .assert_eq(&closed(program, ROOTS, Imports::Closed));
}
