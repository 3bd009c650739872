//! Imports and lists of block numbers, right and wrong.

use expect_test::expect;

use crate::{check, check_body};

#[test]
fn every_form_of_import() {
    check(
        "ambil \"lib/a\"\nindeks \"indeks.fox\"\nDaftar \"lib/vector\" = 340-344, 350\nAmbil 341, 342\nAmbil 200-225\nAmbil \"a.fox\" 1, 2-3",
        expect![[r#"
            (import "lib/a")
            (registry "indeks.fox")
            (register "lib/vector" 340..=344 350..=350)
            (blocks 341..=341 342..=342)
            (blocks 200..=225)
            (blocks "a.fox" 1..=1 2..=3)
        "#]],
    );
}

#[test]
fn imports_inside_a_body() {
    check_body(
        "Ambil 330-333\nambil \"x\"\njika (a) Ambil 202 tutup_jika",
        expect![[r#"
            (body
              (blocks 330..=333)
              (import "x")
              (if
                (a
                  (blocks 202..=202))))
        "#]],
    );
}

#[test]
fn malformed_imports_say_where() {
    check(
        "Ambil 5-3",
        expect![[r#"
        (blocks)
        ID_MALFORMED 1:7 "5-3" text="5-3"
    "#]],
    );
    check(
        "Ambil 1, x",
        expect![[r#"
        (broken)
        ID_MALFORMED 1:10 "x" text="x"
    "#]],
    );
    check(
        "Ambil 1,",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:9 "" expected="block number" found="end of line"
    "#]],
    );
    check(
        "Ambil",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:6 "" expected="block number" found="end of line"
    "#]],
    );
    check(
        "Ambil \"a\"",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:10 "" expected="block number" found="end of line"
    "#]],
    );
    check(
        "Ambil 0x10",
        expect![[r#"
        (broken)
        ID_MALFORMED 1:7 "0x10" text="0x10"
    "#]],
    );
    check(
        "Ambil 1 2",
        expect![[r#"
        (broken)
        ID_MALFORMED 1:9 "2" text="2"
    "#]],
    );
    check(
        "Ambil 99999999999999999999",
        expect![[r#"
        (broken)
        ID_MALFORMED 1:7 "99999999999999999999" text="99999999999999999999"
    "#]],
    );
    check(
        "Ambil 1--2",
        expect![[r#"
        (broken)
        ID_MALFORMED 1:8 "--" text="--"
    "#]],
    );
    check(
        "Daftar \"a\" 1",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:12 "1" expected="`=`" found="`1`"
    "#]],
    );
    check(
        "ambil lib",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:7 "lib" expected="path in quotes" found="`lib`"
    "#]],
    );
    check(
        "indeks \"a\" 3",
        expect![[r#"
        (registry "a")
        SYNTAX_UNEXPECTED 1:12 "3" expected="end of line" found="`3`"
    "#]],
    );
    check(
        "ambil \"a",
        expect![[r#"
        (broken)
        STRING_UNCLOSED 1:7 "\"a" fix "" => "\""
    "#]],
    );
}
