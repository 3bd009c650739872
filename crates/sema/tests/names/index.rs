//! Summaries of single fragments.

use expect_test::{Expect, expect};
use morph_sema::summary::Definition;

use super::program::{fragments, problem, summaries, units};

/// Summaries of all fragments, one paragraph each.
fn check(program: &str, expected: Expect) {
    let program = format!("//- main\n{program}");
    let units = units(&program);
    let fragments = fragments(&units);
    let mut dump = String::new();
    for (fragment, summary) in fragments.iter().zip(summaries(&fragments)) {
        match &summary.definition {
            Definition::Function { name, params, result } => {
                let params: Vec<String> = params
                    .iter()
                    .map(|param| match param.hint {
                        Some(hint) => format!("{} {hint}", param.name),
                        None => param.name.to_owned(),
                    })
                    .collect();
                dump += &format!("function {name}({}) -> {result:?}\n", params.join(", "));
            }
            Definition::Struct { name, fields } => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| {
                        let ty = field.ty.map_or("-", |(ty, _)| ty);
                        format!("{} {ty} {}", field.name, field.array.is_some())
                    })
                    .collect();
                dump += &format!("struct {name} [{}]\n", fields.join(", "));
            }
            Definition::Const { name, value } => dump += &format!("const {name} {:?}\n", value.ops),
            Definition::Global { name, shape } => dump += &format!("global {name} {shape:?}\n"),
            Definition::Data { labels } => {
                let labels: Vec<&str> = labels.iter().map(|(label, _)| *label).collect();
                dump += &format!("data {}\n", labels.join(" "));
            }
            Definition::UnitBlock { name } => dump += &format!("unit {name}\n"),
            Definition::Routine { name } => dump += &format!("routine {name}\n"),
            Definition::Statement => dump += "statement\n",
            Definition::Import => dump += "import\n",
            Definition::Broken => dump += "broken\n",
        }
        for used in &summary.uses {
            dump += &format!("  uses {:?} {}\n", used.kind, used.name);
        }
        for (name, shape) in &summary.assigned {
            dump += &format!("  gives {name} {shape:?}\n");
        }
        for _ in &summary.imports {
            dump += "  imports\n";
        }
        if summary.floats {
            dump += "  floats\n";
        }
        for diagnostic in &summary.diagnostics {
            dump += &format!("  {}\n", problem(diagnostic, fragment.text));
        }
    }
    expected.assert_eq(&dump);
}

#[test]
fn a_local_begins_after_its_own_declaration_and_ends_with_its_block() {
    check(
        "
fungsi f(a)
  var n = n(4)
  jika (a)
    var b = n
    b = c
  tutup_jika
  b = n + a
  n(1)
tutup_fungsi
",
        expect![[r#"
            function f(a) -> Join([])
              uses Call n
              uses Value c
              uses Value b
              gives b Arithmetic([Call("n")])
        "#]],
    );
}

#[test]
fn results_follow_locals_hints_and_calls() {
    check(
        r#"
fungsi half(x)
  tipe x float
  kembalikan x / 2
tutup_fungsi
fungsi text(x)
  var s = 0
  jika (x)
    s = "yes"
  tutup_jika
  kembalikan s
tutup_fungsi
fungsi make(x)
  var v = sys_alloc(16)
  tipe v Vector
  v.size = 0
  kembalikan v
tutup_fungsi
fungsi chain(v)
  tipe v Vector
  var i = 0
  i = i + 1
  jika (i > 3)
    kembalikan i
  tutup_jika
  kembalikan v.next.size + other(i)
tutup_fungsi
"#,
        expect![[r#"
            function half(x float) -> Float
              floats
            function text(x) -> Join([Zero, Str])
            function make(x) -> Struct("Vector")
              uses Call sys_alloc
              uses Struct Vector
            function chain(v Vector) -> Join([Zero, Int, Arithmetic([Field(Field(Word(Join([Int, Struct("Vector")])), "next"), "size"), Call("other")])])
              uses Struct Vector
              uses Call other
        "#]],
    );
}

#[test]
fn assembly_gives_names_and_the_type_of_a_final_load() {
    check(
        "
fungsi make(size)
  var v = Vector(size)
  asm_mulai
    mov rax, [var_size] ; not [var_this]
    call sys_alloc
    mov [var_hasil], rax
  .loop:
    lea rsi, [rel pesan]
    jmp .loop
    rep movsb
  tutup_asm
  asm_mulai
    mov rax, [var_v]
  tutup_asm
  kembalikan
tutup_fungsi
asm_data
  pesan db \"call nothing\", 10
  panjang equ $ - pesan
  table: dq make, other
tutup_data
",
        expect![[r#"
            function make(size) -> Word(Call("Vector"))
              uses Call Vector
              uses Asm sys_alloc
              uses AsmVariable hasil
              uses Asm pesan
            data pesan panjang table
              uses Asm make
              uses Asm other
        "#]],
    );
}

#[test]
fn lowering_names_the_library_functions_that_it_will_call() {
    check(
        r#"
fungsi mulai()
  cetak("x")
  var a [4]int
  a[0] = baca(10)
  cetak(a[0])
  Ambil 340
tutup_fungsi
var half = 1.5
"#,
        expect![[r#"
            function mulai() -> Join([])
              uses Runtime print_line_text
              uses Runtime sys_alloc
              uses Runtime sys_read
              uses Runtime print_line_int
              imports
            global half Float
              floats
        "#]],
    );
}

#[test]
fn structs_constants_and_statements_are_summarised() {
    check(
        r#"
const N = 2 * (M + 1)
struktur Node
  x
  next Node
  weight float
  buf [N]int
  x int
tutup_struktur
count = count + 1
root = Node(1)
tipe root Node
fungsi twice(a, b, a)
tutup_fungsi
fungsi cetak(x)
tutup_fungsi
unit kerja
  shard s
    kirim(total)
  tutup_shard
tutup_unit
"#,
        expect![[r#"
            const N [Int(2), Name("M", Span { start: 15, end: 16 }), Int(1), Binary(Add, Span { start: 14, end: 21 }), Binary(Multiply, Span { start: 10, end: 21 })]
              uses Value M
            struct Node [x - false, next Node false, weight float false, buf int true, x int false]
              uses Struct Node
              uses Value N
              floats
              FIELD_DUPLICATE `x` name=x structure=Node (first: `x`)
            statement
              uses Value count
              gives count Arithmetic([Variable("count")])
            statement
              uses Value root
              uses Call Node
              gives root Call("Node")
            statement
              uses Value root
              uses Struct Node
              gives root Struct("Node")
            function twice(a, b, a) -> Join([])
              PARAMETER_DUPLICATE `a` name=a (first: `a`)
            function cetak(x) -> Join([])
              PRINT_UNREACHABLE `cetak` name=cetak
            unit kerja
              uses Runtime shard_run
              uses Runtime sys_alloc
              uses Call kirim
              uses Value total
        "#]],
    );
}
