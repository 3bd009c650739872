//! Things in the wrong place: definitions inside others, switches out of order, words behind the end.

use expect_test::expect;

use crate::{check, check_body};

#[test]
fn definitions_inside_others() {
    check_body(
        "jika (a) fungsi g() tutup_jika\nasm_data\n a db 1\ntutup_data\nx = 1",
        expect![[r#"
            (body
              (if
                (a
                  (error)))
              (error)
              (= x 1))
            DEFINITION_NESTED 2:10 "fungsi" keyword="fungsi"
            DEFINITION_NESTED 3:1 "asm_data" keyword="asm_data"
        "#]],
    );
    check(
        "fungsi f()\n  x = 1\n  fungsi g()\n  tutup_fungsi\ntutup_fungsi",
        expect![[r#"
            (function f ()
              (= x 1)
              (error))
            DEFINITION_NESTED 3:3 "fungsi" keyword="fungsi"
        "#]],
    );
}

#[test]
fn assembly_without_its_closer() {
    check(
        "fungsi f()\n  jika (a)\n    asm_mulai\n      mov rax, 1\n  tutup_jika\n  x = 1\ntutup_fungsi",
        expect![[r#"
            (function f ()
              (if
                (a
                  (asm "      mov rax, 1\n")))
              (= x 1))
            ASM_UNCLOSED 3:5 "asm_mulai" keyword="asm_mulai" closer="tutup_asm" fix "" => "tutup_asm\n"
        "#]],
    );
    check(
        "asm_mulai\n  ret\nvar g = 1",
        expect![[r#"
            (asm "  ret")
            ASM_UNCLOSED 1:1 "asm_mulai" keyword="asm_mulai" closer="tutup_asm" fix "" => "\ntutup_asm"
            (global g 1)
        "#]],
    );
    check(
        "asm_mulai\n  ret\ntutup_data\nasm_data\n a db 1",
        expect![[r#"
            (asm "  ret\n")
            BLOCK_MISMATCHED 3:1 "tutup_data" found="tutup_data" expected="tutup_asm" opener="asm_mulai" fix "tutup_data" => "tutup_asm"
            (asm-data " a db 1")
            ASM_UNCLOSED 1:1 "asm_data" keyword="asm_data" closer="tutup_data" fix "" => "\ntutup_data"
        "#]],
    );
    check(
        "asm_mulai extra\n  ret\ntutup_asm extra",
        expect![[r#"
        (asm "  ret\n")
        SYNTAX_UNEXPECTED 1:11 "extra" expected="end of line" found="`extra`"
        SYNTAX_UNEXPECTED 3:11 "extra" expected="end of line" found="`extra`"
    "#]],
    );
    check(
        "asm_rutin\n  ret\ntutup_asm",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:10 "" expected="name" found="end of line"
    "#]],
    );
}

#[test]
fn switches_out_of_order() {
    check_body(
        "pilih (x)\n  y = 1\n kasus 1:\n  z = 1\ntutup_pilih",
        expect![[r#"
            (body
              (switch x
                (case 1
                  (= z 1))))
            SYNTAX_UNEXPECTED 3:3 "y = 1" expected="`kasus`" found="`y`"
        "#]],
    );
    check_body(
        "pilih (x)\n pilihan_lain:\n kasus 1:\n pilihan_lain:\ntutup_pilih",
        expect![[r#"
            (body
              (switch x
                (case 1)
                (default)))
            SWITCH_DEFAULT_PLACE 4:2 "kasus"
            SWITCH_DEFAULT_PLACE 5:2 "pilihan_lain"
        "#]],
    );
    check_body(
        "pilih (x)\n kasus 1\n  y = 1\n kasus :\n  z = 1\ntutup_pilih",
        expect![[r#"
            (body
              (switch x
                (case 1
                  (= y 1))
                (case ?
                  (= z 1))))
            SYNTAX_UNEXPECTED 3:9 "" expected="`:`" found="end of line"
            SYNTAX_UNEXPECTED 5:8 ":" expected="expression" found="`:`"
        "#]],
    );
}

#[test]
fn what_stands_behind_the_end() {
    check(
        "fungsi f()\ntutup_fungsi x\nstruktur S y\n  a int int\ntutup_struktur z\nvar g = 1 2",
        expect![[r#"
            (function f ())
            SYNTAX_UNEXPECTED 2:14 "x" expected="end of line" found="`x`"
            (struct S (a))
            SYNTAX_UNEXPECTED 1:12 "y" expected="end of line" found="`y`"
            SYNTAX_UNEXPECTED 2:9 "int" expected="end of line" found="`int`"
            SYNTAX_UNEXPECTED 3:16 "z" expected="end of line" found="`z`"
            (global g 1)
            SYNTAX_UNEXPECTED 1:11 "2" expected="end of line" found="`2`"
        "#]],
    );
    check(
        "unit u\n  shard\n  shard s\n  tutup_shard\ntutup_unit\nshard t\n x = 1\ntutup_shard",
        expect![[r#"
            (unit u
              (error)
              (shard s))
            STATEMENT_UNKNOWN 2:3 "shard" text="shard"
            (statement
              (shard t
                (= x 1)))
            SYNTAX_UNEXPECTED 1:1 "shard" expected="statement" found="`shard`"
        "#]],
    );
    check(
        "var\nconst\nconst K\nvar a [4]\nvar a [4]float\nfungsi\nstruktur",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:4 "" expected="name" found="end of line"
        (broken)
        SYNTAX_UNEXPECTED 1:6 "" expected="name" found="end of line"
        (broken)
        SYNTAX_UNEXPECTED 1:8 "" expected="`=`" found="end of line"
        (broken)
        SYNTAX_UNEXPECTED 1:10 "" expected="`int`" found="end of line"
        (broken)
        SYNTAX_UNEXPECTED 1:10 "float" expected="`int`" found="`float`"
        (broken)
        BLOCK_UNCLOSED 1:1 "fungsi" keyword="fungsi" closer="tutup_fungsi" fix "" => "\ntutup_fungsi"
        SYNTAX_UNEXPECTED 1:7 "" expected="name" found="end of line"
        (broken)
        BLOCK_UNCLOSED 1:1 "struktur" keyword="struktur" closer="tutup_struktur" fix "" => "\ntutup_struktur"
        SYNTAX_UNEXPECTED 1:9 "" expected="name" found="end of line"
    "#]],
    );
}

#[test]
fn a_comment_of_another_language() {
    check_body(
        "x = 1 // one\n// alone\ncetak(x) //three\nx = a / / b\nvar y // four\nx = 8 // 2 // 3",
        expect![[r#"
            (body
              (error)
              (error)
              (cetak x)
              (error)
              (error)
              (error))
            SYNTAX_UNEXPECTED 2:7 "//" expected="end of line" found="`//`" fix "//" => ";"
            STATEMENT_UNKNOWN 3:1 "// alone" text="// alone" fix "//" => ";"
            SYNTAX_UNEXPECTED 4:10 "//" expected="end of line" found="`//`" fix "//" => ";"
            SYNTAX_UNEXPECTED 5:9 "/" expected="expression" found="`/`"
            SYNTAX_UNEXPECTED 6:7 "//" expected="end of line" found="`//`" fix "//" => ";"
            SYNTAX_UNEXPECTED 7:7 "//" expected="end of line" found="`//`" fix "//" => ";"
        "#]],
    );
    check(
        "// at file level",
        expect![[r#"
        (statement
          (error))
        STATEMENT_UNKNOWN 1:1 "// at file level" text="// at file level" fix "//" => ";"
    "#]],
    );
    check(
        "var g = 2 // global",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:11 "//" expected="end of line" found="`//`" fix "//" => ";"
    "#]],
    );
    check(
        "const K = 2 //",
        expect![[r#"
        (broken)
        SYNTAX_UNEXPECTED 1:13 "//" expected="end of line" found="`//`" fix "//" => ";"
    "#]],
    );
}

#[test]
fn assembly_that_is_closed_on_the_line_on_which_it_is_opened() {
    check_body(
        "asm_mulai mov rax, 1 tutup_asm\nx = 1",
        expect![[r#"
        (body
          (asm "")
          (= x 1))
        SYNTAX_UNEXPECTED 2:11 "mov" expected="end of line" found="`mov`"
    "#]],
    );
    check(
        "asm_mulai ret tutup_asm",
        expect![[r#"
        (asm "")
        SYNTAX_UNEXPECTED 1:11 "ret" expected="end of line" found="`ret`"
    "#]],
    );
    check_body(
        "asm_mulai ret ; tutup_asm\ntutup_asm",
        expect![[r#"
        (body
          (asm ""))
        SYNTAX_UNEXPECTED 2:11 "ret" expected="end of line" found="`ret`"
    "#]],
    );
}

#[test]
fn more_words_than_a_field_has() {
    check(
        "struktur S\n  x y z w\n  b int\ntutup_struktur",
        expect![[r#"
        (struct S (x) (b int))
        SYNTAX_UNEXPECTED 2:7 "z" expected="end of line" found="`z`"
    "#]],
    );
}
