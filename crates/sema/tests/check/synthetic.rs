//! Bodies that no text stands behind.

use expect_test::expect;
use morph_sema::check::{start_body, stub_body};
use morph_sema::typed::Body;

use crate::dump::function;

fn text(body: &Body) -> String {
    let mut out = String::new();
    function(&mut out, body);
    out
}

#[test]
fn a_program_starts_with_its_initialisers_and_gives_what_the_entry_gives() {
    let initialisers = ["%uji:0".to_owned(), "%uji:4".to_owned()];
    let starts = [
        start_body(&initialisers, Some(("mulai", 2))),
        start_body(&[], Some(("mulai", 1))),
        start_body(&[], Some(("mulai", 0))),
        start_body(&initialisers, None),
    ];
    let all: String = starts.iter().map(text).collect();
    expect![[r#"
        =start()
          %uji:0()
          %uji:4()
          return mulai(@$global_argc, @$global_argv)
        =start()
          return mulai(@$global_argc)
        =start()
          return mulai()
        =start()
          %uji:0()
          %uji:4()
          return 0
    "#]]
    .assert_eq(&all);
}

#[test]
fn a_stub_reports_in_both_languages_and_takes_what_the_real_one_takes() {
    let stub =
        stub_body("hitung".to_owned(), 3, ["hitung", "f-00000000", "error: ...", "galat: ..."]);
    expect![[r#"
        hitung(, , )
          return @fault_closed("hitung", "f-00000000", "error: ...", "galat: ...")
    "#]]
    .assert_eq(&text(&stub));
}
