//! The bytes of string literals.

use std::fmt::Write;

use expect_test::{Expect, expect};
use morph_syntax::string::decode;

fn check(raw: &str, expected: Expect) {
    let (bytes, problems) = decode(raw);
    let mut out = format!("{:?}\n", bytes.escape_ascii().to_string());
    for problem in problems {
        _ = writeln!(out, "{} {:?}", problem.code, problem.primary.text(raw));
    }
    expected.assert_eq(&out);
}

#[test]
fn escapes_are_those_of_nasm() {
    check(
        r#"a\\b\"c\'\`\?"#,
        expect![[r#"
        "a\\\\b\\\"c\\'`?"
    "#]],
    );
    check(
        r"\a\b\t\n\v\f\r\e",
        expect![[r#"
        "\\x07\\x08\\t\\n\\x0b\\x0c\\r\\x1b"
    "#]],
    );
    check(
        r"\0\7\12\377\1234\8",
        expect![[r#"
        "\\x00\\x07\\n\\xffS4\\\\8"
        STRING_ESCAPE "\\8"
    "#]],
    );
    check(
        r"\x41\x4\xfg\xg",
        expect![[r#"
        "A\\x04\\x0fg\\\\xg"
        STRING_ESCAPE "\\x"
    "#]],
    );
    check(
        r"\u00e9\U0001F600\u12\ud800",
        expect![[r#"
        "\\xc3\\xa9\\xf0\\x9f\\x98\\x80\\\\u12\\\\ud800"
        STRING_ESCAPE "\\u"
        STRING_ESCAPE "\\u"
    "#]],
    );
    check(
        "é→ \\é \\",
        expect![[r#"
        "\\xc3\\xa9\\xe2\\x86\\x92 \\\\\\xc3\\xa9 \\\\"
        STRING_ESCAPE "\\é"
        STRING_ESCAPE "\\"
    "#]],
    );
    check(
        r"\777",
        expect![[r#"
        "\\\\777"
        STRING_ESCAPE "\\7"
    "#]],
    );
    check(
        "",
        expect![[r#"
        ""
    "#]],
    );
}
