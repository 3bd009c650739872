//! The environment of small programs, and the record of questions.

use expect_test::{Expect, expect};
use morph_diag::FragmentId;
use morph_sema::environment::{
    Callee, ConstValue, EnvInput, Environment, Ty, Variable, environment,
};
use morph_sema::summary::{Definition, Side};

use super::program::{fragments, problem, summaries, units};

pub(crate) fn with_environment<R>(program: &str, then: impl FnOnce(&Environment, &str) -> R) -> R {
    let units = units(program);
    let fragments = fragments(&units);
    let summaries = summaries(&fragments);
    let inputs: Vec<EnvInput<'_, '_>> = fragments
        .iter()
        .zip(&summaries)
        .enumerate()
        .map(|(at, (fragment, summary))| EnvInput {
            id: FragmentId(at as u32),
            side: fragment.side,
            unit: fragment.unit as u32,
            summary,
            broken: !fragment.tree.diagnostics.is_empty(),
        })
        .collect();
    let (environment, problems) = environment(&inputs);
    let mut dump = String::new();
    for input in &inputs {
        let mut asker = environment.asker(input.side);
        let show = |ty: Ty| match ty {
            Ty::Int => "int".to_owned(),
            Ty::Float => "float".to_owned(),
            Ty::Str => "string".to_owned(),
            Ty::Struct(id) => environment.structure(id).map_or("?".to_owned(), |s| s.name.clone()),
        };
        match &input.summary.definition {
            Definition::Function { name, .. } | Definition::UnitBlock { name } => {
                if let Some(Callee::Function(function)) = asker.callee(name) {
                    let params: Vec<String> = function
                        .params
                        .iter()
                        .map(|p| format!("{} {}", p.name, show(p.ty)))
                        .collect();
                    let (symbol, result) = (&function.symbol, show(function.result));
                    dump += &format!("{symbol}({}) -> {result}\n", params.join(", "));
                }
            }
            Definition::Const { name, .. } | Definition::Global { name, .. } => {
                match asker.variable(name) {
                    Some(Variable::Global(global)) => {
                        dump += &format!("{} {}\n", global.symbol, show(global.ty));
                    }
                    Some(Variable::Const(constant)) => match &constant.value {
                        ConstValue::Str(bytes) => {
                            dump +=
                                &format!("const {name} = {:?}\n", String::from_utf8_lossy(bytes));
                        }
                        value @ (ConstValue::Int(_)
                        | ConstValue::Float(_)
                        | ConstValue::Closed(_)) => {
                            dump += &format!("const {name} = {value:?}\n");
                        }
                    },
                    None => {}
                }
            }
            Definition::Struct { name, .. } => {
                if let Some(structure) = asker.structure(name) {
                    let closed = if structure.closed { "closed " } else { "" };
                    let fields: Vec<String> = structure
                        .fields
                        .iter()
                        .map(|field| match field.array {
                            Some(length) => format!("{} [{length}]", field.name),
                            None => format!("{} {}", field.name, show(field.ty)),
                        })
                        .collect();
                    dump += &format!("{closed}struct {name} {{ {} }}\n", fields.join(", "));
                }
            }
            Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement
            | Definition::Import
            | Definition::Broken => {}
        }
    }
    for (fragment, diagnostic) in &problems {
        let text = fragments[fragment.0 as usize].text;
        dump += &format!("{}: {}\n", fragment.0, problem(diagnostic, text));
    }
    then(&environment, &dump)
}

fn check(program: &str, expected: Expect) {
    with_environment(program, |_, dump| expected.assert_eq(dump));
}

#[test]
fn result_types_reach_their_callers_whatever_the_order() {
    check(
        r#"//- main
fungsi a()
  kembalikan b() + 1
tutup_fungsi
fungsi b()
  kembalikan c()
tutup_fungsi
fungsi c()
  kembalikan 1.5
tutup_fungsi
fungsi even(n)
  jika (n == 0)
    kembalikan "yes"
  tutup_jika
  kembalikan odd(n - 1)
tutup_fungsi
fungsi odd(n)
  jika (n == 0)
    kembalikan 0
  tutup_jika
  kembalikan even(n - 1)
tutup_fungsi
fungsi endless(n)
  kembalikan endless(n)
tutup_fungsi
fungsi mixed(n)
  jika (n)
    kembalikan "text"
  tutup_jika
  kembalikan n
tutup_fungsi
fungsi conv(w)
  kembalikan float_from_bits(w)
tutup_fungsi
"#,
        expect![[r#"
            a() -> float
            b() -> float
            c() -> float
            even(n int) -> string
            odd(n int) -> string
            endless(n int) -> int
            mixed(n int) -> int
            conv(w int) -> float
        "#]],
    );
}

#[test]
fn globals_join_all_that_they_are_given() {
    check(
        r#"//- main
var registry = 0
var label = 0
var ratio = 1
var count = 0
struktur Map
  size int
  owner Person
  load float
tutup_struktur
struktur Person
  name string
tutup_struktur
fungsi init()
  registry = Map(1)
  label = registry.owner.name
  ratio = registry.load
  count = count + registry.size
tutup_fungsi
fungsi owner()
  kembalikan registry.owner
tutup_fungsi
"#,
        expect![[r#"
            $registry Map
            $label string
            $ratio float
            $count int
            struct Map { size int, owner Person, load float }
            struct Person { name string }
            init() -> int
            owner() -> Person
        "#]],
    );
}

#[test]
fn constants_fold_in_any_order_and_cycles_are_told() {
    check(
        r#"//- main
const A = B * 2 + 1
const B = (1 << 4) | 3
const MIN = 0 - 9223372036854775807 - 1
const WRAP = MIN / (0 - 1)
const F = B / 2.0
const NOT = !0 && ~0
const TEXT = "a\nb"
const X = Y + 1
const Y = Z
const Z = X
const NEEDS = X + 1
const CALLS = f(1)
const ZERO = 1 / (A - A)
const GONE = NOWHERE
const SIZE = count
var count = 1
"#,
        expect![[r#"
            const A = Int(39)
            const B = Int(19)
            const MIN = Int(-9223372036854775808)
            const WRAP = Int(-9223372036854775808)
            const F = Float(9.5)
            const NOT = Int(1)
            const TEXT = "a\nb"
            const X = Closed("?X")
            const Y = Closed("?Y")
            const Z = Closed("?Z")
            const NEEDS = Closed("?NEEDS")
            const CALLS = Closed("?CALLS")
            const ZERO = Closed("?ZERO")
            const GONE = Closed("?GONE")
            const SIZE = Closed("?SIZE")
            $count int
            7: CONSTANT_CYCLE `Y + 1` chain=X -> Y -> Z -> X
            8: FRAGMENT_CLOSED `Z` name=X
            9: FRAGMENT_CLOSED `X` name=X
            10: FRAGMENT_CLOSED `X + 1` name=X
            11: CONSTANT_NOT_CONSTANT `f(1)`
            12: CONSTANT_NOT_CONSTANT `1 / (A - A)` +note-division
            13: NAME_UNKNOWN `NOWHERE` name=NOWHERE kind=constant
            14: CONSTANT_NOT_CONSTANT `count`
        "#]],
    );
}

#[test]
fn a_second_definition_is_an_error_unless_it_says_the_same() {
    check(
        r#"//- main
struktur P
  x int
  y
tutup_struktur
const N = 4
fungsi f()
  kembalikan 1
tutup_fungsi
var g = 1
//- other
struktur P
  x
  y int
tutup_struktur
const N = 2 + 2
fungsi f()
  kembalikan "x"
tutup_fungsi
const g = 2
//- third
struktur P
  x
tutup_struktur
const N = 5
"#,
        expect![[r#"
            struct P { x int, y int }
            const N = Int(4)
            f() -> int
            $g int
            struct P { x int, y int }
            const N = Int(4)
            f() -> int
            $g int
            struct P { x int, y int }
            const N = Int(4)
            6: DEFINITION_DUPLICATE `f` name=f kind=function (first: fragment 2)
            7: DEFINITION_DUPLICATE `g` name=g kind=constant (first: fragment 3)
            8: DEFINITION_DUPLICATE `P` name=P kind=struct (first: fragment 0)
            9: DEFINITION_DUPLICATE `N` name=N kind=constant (first: fragment 1)
        "#]],
    );
}

#[test]
fn a_program_hides_the_library_from_itself_only() {
    check(
        r#"//- main
struktur Vector
  size int
tutup_struktur
struktur Pair
  a
tutup_struktur
const TRUE = 1
fungsi str_len(s)
  kembalikan "mine"
tutup_fungsi
fungsi mine()
  kembalikan str_len(0)
tutup_fungsi
//- lib/text
struktur Vector
  size
tutup_struktur
struktur Pair
  a
  b
tutup_struktur
const TRUE = 1
fungsi str_len(s)
  tipe s string
  kembalikan 1
tutup_fungsi
fungsi theirs()
  kembalikan str_len(0)
tutup_fungsi
"#,
        expect![[r#"
            struct Vector { size int }
            struct Pair { a int }
            const TRUE = Int(1)
            str_len(s int) -> string
            mine() -> string
            struct Vector { size int }
            struct Pair { a int, b int }
            const TRUE = Int(1)
            @str_len(s string) -> int
            @theirs() -> int
            1: LIBRARY_SHADOWED `Pair` name=Pair
            3: LIBRARY_SHADOWED `str_len` name=str_len
        "#]],
    );
}

#[test]
fn a_struct_with_a_bad_field_is_closed_with_one_message() {
    check(
        r#"//- main
const N = 2
const BAD = g()
struktur A
  list [N * 2]int
tutup_struktur
struktur B
  list [BAD]int
tutup_struktur
struktur C
  next Nowhere
tutup_struktur
struktur D
  list [N - 3]int
tutup_struktur
"#,
        expect![[r#"
            const N = Int(2)
            const BAD = Closed("?BAD")
            struct A { list [4] }
            closed struct B { list int }
            closed struct C { next int }
            closed struct D { list int }
            1: CONSTANT_NOT_CONSTANT `g()`
            3: FRAGMENT_CLOSED `BAD` name=BAD
            4: TYPE_UNKNOWN `Nowhere` name=Nowhere what=type
            5: ARRAY_LENGTH `N - 3` length=-1
        "#]],
    );
}

#[test]
fn an_answer_changes_only_with_what_an_asker_can_notice() {
    fn record(program: &str) -> Vec<String> {
        with_environment(program, |environment, _| {
            let mut asker = environment.asker(Side::Program);
            asker.callee("f");
            asker.callee("nothing");
            asker.variable("N");
            asker.callee("f");
            asker.structure("P");
            asker.structs_with_field("x");
            asker.asm_symbol("f");
            let asked = asker.asked();
            asked
                .iter()
                .map(|entry| {
                    let again = environment.answer(Side::Program, entry.question);
                    assert_eq!(again, entry.answer);
                    format!(
                        "{:?} {} {:x}",
                        entry.question.kind, entry.question.name, entry.answer.0
                    )
                })
                .collect()
        })
    }
    let first = record(
        "//- main\nconst N = 1\nstruktur P\n  x\ntutup_struktur\nfungsi f(a)\n  kembalikan 1\ntutup_fungsi\n",
    );
    let moved = record(
        "//- main\nfungsi new()\ntutup_fungsi\nfungsi f(a)\n  kembalikan 2 + a\ntutup_fungsi\nstruktur P\n  x\ntutup_struktur\nconst N = 2 - 1\n",
    );
    assert_eq!(first, moved);
    let changed = record(
        "//- main\nconst N = 2\nstruktur P\n  x\n  y\ntutup_struktur\nfungsi f(a)\n  kembalikan \"s\"\ntutup_fungsi\n",
    );
    let differing: Vec<&str> = first
        .iter()
        .zip(&changed)
        .filter(|(first, changed)| first != changed)
        .map(|(first, _)| first.rsplit_once(' ').map_or("", |(question, _)| question))
        .collect();
    expect![[r#"
        Callee f
        Variable N
        Structure P
        StructsWithField x"#]]
    .assert_eq(&differing.join("\n"));
}
