//! Likely names.

use expect_test::expect;
use morph_diag::{Arg, Code, Diagnostic, Span};
use morph_sema::nearest::{add_nearest, nearest};
use morph_sema::summary::Side;

use super::environment::with_environment;

#[test]
fn the_likeliest_name_wins_and_unlike_names_are_not_proposed() {
    let names = ["vec_push", "vec_pop", "str_len", "Count", "x"];
    let found: Vec<String> = ["vec_psuh", "vec_pp", "strlen", "count", "y", "banana", "vec_push"]
        .into_iter()
        .map(|name| format!("{name}: {:?}", nearest(name, names)))
        .collect();
    expect![[r#"
        vec_psuh: Some("vec_push")
        vec_pp: Some("vec_pop")
        strlen: Some("str_len")
        count: Some("Count")
        y: None
        banana: None
        vec_push: None"#]]
    .assert_eq(&found.join("\n"));
}

#[test]
fn a_diagnostic_learns_the_likeliest_name_of_its_kind() {
    let program = "//- main
struktur Vector
  size
tutup_struktur
fungsi vec_push(v)
tutup_fungsi
var total = 0
";
    let ask = |code: Code, args: &[(&'static str, &str)]| {
        let mut diagnostic = Diagnostic::new(code, Span::default());
        for (name, value) in args {
            diagnostic = diagnostic.arg(name, *value);
        }
        with_environment(program, |environment, _| {
            let diagnostic = add_nearest(diagnostic, environment, Side::Program);
            match diagnostic.args.last() {
                Some((name, Arg::Text(found))) if name == "nearest" => found.clone(),
                Some(_) | None => "-".to_owned(),
            }
        })
    };
    let found = [
        ask(Code::NameUnknown, &[("name", "vec_pus")]),
        ask(Code::NameUnknown, &[("name", "totl")]),
        ask(Code::NameUnknown, &[("name", "somethingelse")]),
        ask(Code::TypeUnknown, &[("name", "vector")]),
        ask(Code::FieldUnknown, &[("field", "sise"), ("structure", "Vector")]),
    ];
    expect!["vec_push total - Vector size"].assert_eq(&found.join(" "));
}
