//! Rendering, compared as whole outputs.

use expect_test::{Expect, expect};

use super::{Color, Format, first_whole, json, render, short};
use crate::{Code, Diagnostic, FragmentId, Lang, Located, Source, Span};

const UNIT: &str = "\
struktur Titik
  x int
  y
tutup_struktur

fungsi mulai()
  var t = Titik(3, 4)
  cetak(t.z)
tutup_fungsi
";

/// The span of `needle` in the fragment that begins at `start`.
fn span_of(text: &str, start: usize, needle: &str) -> Span {
    let at = text[start..].find(needle).unwrap();
    Span::new(at as u32, (at + needle.len()) as u32)
}

fn field_unknown() -> Diagnostic {
    let start = UNIT.find("fungsi").unwrap();
    let field = span_of(UNIT, start, "t.z");
    let field = Span::new(field.start + 2, field.end);
    Diagnostic::new(Code::FieldUnknown, field)
        .arg("structure", "Titik")
        .arg("field", "z")
        .arg("fields", vec!["x".to_owned(), "y".to_owned()])
        .mark_in(FragmentId(0), span_of(UNIT, 0, "Titik"), "mark-defined")
        .footer("note-fields")
        .nearest("y")
        .fix(field, "y")
}

fn check(diagnostic: &Diagnostic, lang: Lang, format: Format, expected: Expect) {
    let start = UNIT.find("fungsi").unwrap();
    let here = Source::unit("contoh/titik.fox", UNIT, start);
    let located = Located::new(diagnostic, here, |id| {
        (id == FragmentId(0)).then(|| Source::unit("contoh/titik.fox", UNIT, 0))
    });
    expected.assert_eq(&render(&located, lang, format, Color::Never));
}

#[test]
fn an_english_reader_sees_the_cause_the_marks_the_facts_and_the_correction() {
    check(
        &field_unknown(),
        Lang::En,
        Format::Human,
        expect![[r#"
            error[FIELD_UNKNOWN]: the struct `Titik` has no field `z`
             --> contoh/titik.fox:8:11
              |
            8 |   cetak(t.z)
              |           ^ unknown field
              |
             ::: contoh/titik.fox:1:10
              |
            1 | struktur Titik
              |          ----- `Titik` is defined here
              |
              = note: its fields are `x`, `y`
            help: did you mean `y`?
              |
            8 -   cetak(t.z)
            8 +   cetak(t.y)
              |"#]],
    );
}

#[test]
fn an_indonesian_reader_sees_all_of_it_in_indonesian() {
    check(
        &field_unknown(),
        Lang::Id,
        Format::Human,
        expect![[r#"
            galat[FIELD_UNKNOWN]: struktur `Titik` tidak punya field `z`
             --> contoh/titik.fox:8:11
              |
            8 |   cetak(t.z)
              |           ^ field tidak dikenal
              |
             ::: contoh/titik.fox:1:10
              |
            1 | struktur Titik
              |          ----- `Titik` didefinisikan di sini
              |
              = catatan: field-nya adalah `x`, `y`
            saran: mungkin maksudnya `y`?
              |
            8 -   cetak(t.z)
            8 +   cetak(t.y)
              |"#]],
    );
}

#[test]
fn the_short_form_is_one_line_in_both_languages() {
    check(
        &field_unknown(),
        Lang::En,
        Format::Short,
        expect!["contoh/titik.fox:8:11: error[FIELD_UNKNOWN]: the struct `Titik` has no field `z`"],
    );
    check(
        &field_unknown(),
        Lang::Id,
        Format::Short,
        expect![
            "contoh/titik.fox:8:11: galat[FIELD_UNKNOWN]: struktur `Titik` tidak punya field `z`"
        ],
    );
}

#[test]
fn json_is_one_object_with_file_positions() {
    check(
        &field_unknown(),
        Lang::En,
        Format::Json,
        expect![[
            r#"{"version":1,"kind":"diagnostic","code":"FIELD_UNKNOWN","severity":"error","fault":null,"message":"the struct `Titik` has no field `z`","lang":"en","path":"contoh/titik.fox","place":{"line":8,"column":11,"end_line":8,"end_column":12,"byte_start":90,"byte_end":91},"label":"unknown field","labels":[{"path":"contoh/titik.fox","place":{"line":1,"column":10,"end_line":1,"end_column":15,"byte_start":9,"byte_end":14},"text":"`Titik` is defined here"}],"notes":["its fields are `x`, `y`"],"helps":["did you mean `y`?"],"fix":{"path":"contoh/titik.fox","place":{"line":8,"column":11,"end_line":8,"end_column":12,"byte_start":90,"byte_end":91},"replacement":"y"}}"#
        ]],
    );
    check(
        &field_unknown(),
        Lang::Id,
        Format::Json,
        expect![[
            r#"{"version":1,"kind":"diagnostic","code":"FIELD_UNKNOWN","severity":"error","fault":null,"message":"struktur `Titik` tidak punya field `z`","lang":"id","path":"contoh/titik.fox","place":{"line":8,"column":11,"end_line":8,"end_column":12,"byte_start":90,"byte_end":91},"label":"field tidak dikenal","labels":[{"path":"contoh/titik.fox","place":{"line":1,"column":10,"end_line":1,"end_column":15,"byte_start":9,"byte_end":14},"text":"`Titik` didefinisikan di sini"}],"notes":["field-nya adalah `x`, `y`"],"helps":["mungkin maksudnya `y`?"],"fix":{"path":"contoh/titik.fox","place":{"line":8,"column":11,"end_line":8,"end_column":12,"byte_start":90,"byte_end":91},"replacement":"y"}}"#
        ]],
    );
}

#[test]
fn colours_are_used_only_on_request() {
    let diagnostic = Diagnostic::new(Code::EntryMissing, Span::default());
    let located = Located::nowhere(&diagnostic);
    let render = |format, color| format!("{:?}", render(&located, Lang::En, format, color));
    expect![[r#""\u{1b}[1m\u{1b}[91merror[ENTRY_MISSING]\u{1b}[0m: the program has no entry point: it has neither a function `mulai` nor a top-level statement""#]].assert_eq(&render(Format::Short, Color::Always));
    expect![[r#""\u{1b}[1m\u{1b}[91merror[ENTRY_MISSING]\u{1b}[0m\u{1b}[1m: the program has no entry point: it has neither a function `mulai` nor a top-level statement\u{1b}[0m\n \u{1b}[1m\u{1b}[94m|\u{1b}[0m\n \u{1b}[1m\u{1b}[94m= \u{1b}[0m\u{1b}[1mnote\u{1b}[0m: `morph check` accepts such a file as a library\n \u{1b}[1m\u{1b}[94m= \u{1b}[0m\u{1b}[1mhelp\u{1b}[0m: add `fungsi mulai()` and `tutup_fungsi` around what the program should do""#]].assert_eq(&render(Format::Human, Color::Always));
    expect![[r#""error[ENTRY_MISSING]: the program has no entry point: it has neither a function `mulai` nor a top-level statement\n |\n = note: `morph check` accepts such a file as a library\n = help: add `fungsi mulai()` and `tutup_fungsi` around what the program should do""#]].assert_eq(&render(Format::Human, Color::Never));
}

#[test]
fn a_place_in_another_file_is_shown_below_with_its_own_path_and_line() {
    let here = "fungsi tambah(a)\ntutup_fungsi\n";
    let other = "fungsi tambah(a, b)\n  kembalikan a + b\ntutup_fungsi\n";
    let diagnostic = Diagnostic::new(Code::DefinitionDuplicate, span_of(here, 0, "tambah"))
        .arg("name", "tambah")
        .arg("kind", "function")
        .mark_in(FragmentId(7), span_of(other, 0, "tambah"), "mark-first");
    let located = Located::new(&diagnostic, Source::fragment("b.fox", here, 41, 900), |_| {
        Some(Source::fragment("a.fox", other, 7, 88))
    });
    expect![[r#"
        error[DEFINITION_DUPLICATE]: the function `tambah` is defined twice
          --> b.fox:41:8
           |
        41 | fungsi tambah(a)
           |        ^^^^^^ the second definition
           |
          ::: a.fox:7:8
           |
         7 | fungsi tambah(a, b)
           |        ------ the first definition stays active
           |
           = help: rename one, or delete it"#]]
    .assert_eq(&render(&located, Lang::En, Format::Human, Color::Never));
    expect![[r#"{"version":1,"kind":"diagnostic","code":"DEFINITION_DUPLICATE","severity":"error","fault":null,"message":"the function `tambah` is defined twice","lang":"en","path":"b.fox","place":{"line":41,"column":8,"end_line":41,"end_column":14,"byte_start":907,"byte_end":913},"label":"the second definition","labels":[{"path":"a.fox","place":{"line":7,"column":8,"end_line":7,"end_column":14,"byte_start":95,"byte_end":101},"text":"the first definition stays active"}],"notes":[],"helps":["rename one, or delete it"],"fix":null}"#]].assert_eq(&render(&located, Lang::En, Format::Json, Color::Never));
}

#[test]
fn tabs_carriage_returns_wide_characters_and_control_characters_keep_the_marks_in_place() {
    let text = "fungsi f()\r\n\tcetak_str(\"日本語\u{1b}[31m\", aku)\r\ntutup_fungsi\r\n";
    let diagnostic = Diagnostic::new(Code::NameUnknown, span_of(text, 0, "aku"))
        .arg("name", "aku")
        .arg("kind", "variable");
    let located = Located::new(&diagnostic, Source::unit("a.fox", text, 0), |_| None);
    expect![[r#"
        error[NAME_UNKNOWN]: unknown variable `aku`
         --> a.fox:2:24
          |
        2 |     cetak_str("日本語␛[31m", aku)
          |                              ^^^ not found anywhere in the program or the library"#]]
    .assert_eq(&render(&located, Lang::En, Format::Human, Color::Never));
}

#[test]
fn a_mark_at_the_end_of_the_text_stands_behind_its_last_character() {
    let text = "fungsi f()\n  jika (1)";
    let diagnostic = Diagnostic::new(Code::BlockUnclosed, span_of(text, 0, "jika"))
        .arg("keyword", "jika")
        .arg("closer", "tutup_jika")
        .mark(Span::new(text.len() as u32, text.len() as u32), "mark-end")
        .fix(Span::new(text.len() as u32, text.len() as u32), "\n  tutup_jika");
    let located = Located::new(&diagnostic, Source::unit("a.fox", text, 0), |_| None);
    expect![[r#"
        error[BLOCK_UNCLOSED]: `jika` is never closed
         --> a.fox:2:3
          |
        2 |   jika (1)
          |   ^^^^    - expected `tutup_jika` before this
          |   |
          |   this block has no `tutup_jika`
          |
        help: add `tutup_jika`
          |
        2 ~   jika (1)
        3 +   tutup_jika
          |"#]]
    .assert_eq(&render(&located, Lang::En, Format::Human, Color::Never));
}

#[test]
fn of_a_very_long_line_only_the_neighbourhood_is_shown_with_the_true_column() {
    let text = format!("cetak({}salah_nama{})", "1 + ".repeat(500_000), " + 1".repeat(500_000));
    let diagnostic = Diagnostic::new(Code::NameUnknown, span_of(&text, 0, "salah_nama"))
        .arg("name", "salah_nama")
        .arg("kind", "variable")
        .fix(span_of(&text, 0, "salah_nama"), "benar_nama");
    let located = Located::new(&diagnostic, Source::unit("a.fox", &text, 0), |_| None);
    expect![[r#"
        error[NAME_UNKNOWN]: unknown variable `salah_nama`
         --> a.fox:1:2000007
          |
        1 | ... + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + salah_nama + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 ...
          |                                       ^^^^^^^^^^ not found anywhere in the program or the library"#]].assert_eq(&render(&located, Lang::En, Format::Human, Color::Never));
}

#[test]
fn marks_that_are_far_apart_do_not_drag_the_text_between_them_along() {
    let text = format!("var a\n{}var a\n", "; isi\n".repeat(3_000));
    let second = text.len() as u32 - 2;
    let diagnostic = Diagnostic::new(Code::VariableDuplicate, Span::new(second, second + 1))
        .arg("name", "a")
        .mark(span_of(&text, 0, "a\n"), "mark-first");
    let located = Located::new(&diagnostic, Source::unit("a.fox", &text, 0), |_| None);
    expect![[r#"
        error[VARIABLE_DUPLICATE]: `a` is declared twice in one block
            --> a.fox:3002:5
             |
        3002 | var a
             |     ^ declared again
             |
            ::: a.fox:1:5
             |
           1 | var a
             |     - first declared here
             |
             = help: leave out `var` to assign a new value"#]]
    .assert_eq(&render(&located, Lang::En, Format::Human, Color::Never));
}

#[test]
fn no_span_and_no_text_makes_a_rendering_panic() {
    let texts = ["", "\n", "a", "é", "\u{0}\u{1b}", "a\r\nb\r\n", "日\n\n\t本", "\r\r\n\r"];
    let ends = [0, 1, 2, 3, 5, 8, 1_000, u32::MAX - 1, u32::MAX];
    let mut lines = 0;
    for text in texts {
        for start in ends {
            for end in ends {
                let span = Span::new(start, end);
                let diagnostic = Diagnostic::new(Code::TextNul, span)
                    .mark(Span::new(end, start), "mark-first")
                    .mark_in(FragmentId(1), span, "mark-first")
                    .fix(span, "x\ny");
                for at in [0, 1, usize::MAX] {
                    let source = Source::unit("a.fox", text, at);
                    let located = Located::new(&diagnostic, source, |_| Some(source));
                    for format in [Format::Short, Format::Json] {
                        lines += render(&located, Lang::Id, format, Color::Always).lines().count();
                    }
                    // Without the net that `render` has.
                    assert!(!super::human::render(&located, Lang::Id, Color::Always).is_empty());
                }
            }
        }
    }
    assert_eq!(lines, texts.len() * ends.len() * ends.len() * 3 * 2, "one line each");
}

#[test]
fn what_panics_while_rendering_gives_way_to_the_next_plainer_form_and_at_last_to_code_and_path() {
    let diagnostic = Diagnostic::new(Code::TextNul, Span::new(0, 1));
    let located = Located::new(&diagnostic, Source::unit("a\n.fox", "\0", 0), |_| None);
    let panics = || [String::new()].concat().remove(3).into();
    let short = || short::render(&located, Lang::En, Color::Never);
    let bare = || short::bare(&located);
    expect!["a\\n.fox:1:1: error[TEXT_NUL]: the text contains a NUL byte"]
        .assert_eq(&first_whole(&[&panics, &short], bare));
    expect!["a\\n.fox: [TEXT_NUL]"].assert_eq(&first_whole(&[&panics, &panics], bare));
    expect![[r#"{"version":1,"kind":"diagnostic","code":"TEXT_NUL","severity":"error","fault":null,"message":"TEXT_NUL","lang":"en","path":"a\n.fox","place":null,"label":null,"labels":[],"notes":[],"helps":[],"fix":null}"#]]
        .assert_eq(&first_whole(&[&panics], || json::bare(&located, Lang::En)));
    let nowhere = Located::nowhere(&diagnostic);
    expect!["[TEXT_NUL]"].assert_eq(&short::bare(&nowhere));
}
