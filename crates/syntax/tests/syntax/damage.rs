//! Damaged texts: one diagnostic a cause, at the smallest place, and what stands around it is still understood.

use expect_test::expect;

use crate::{check, check_body};

#[test]
fn a_missing_closer_is_blamed_on_its_opener() {
    check_body(
        "  jika (a)\n    x = 1\n  selama (b)\n    y = 1\n  tutup_selama",
        expect![[r#"
            (body
              (if
                (a
                  (= x 1)
                  (while b
                    (= y 1)))))
            BLOCK_UNCLOSED 2:3 "jika" keyword="jika" closer="tutup_jika" fix "" => "  tutup_jika\n"
        "#]],
    );
    check_body(
        "  selama (b)\n    jika (a)\n      x = 1\n  tutup_selama",
        expect![[r#"
            (body
              (while b
                (if
                  (a
                    (= x 1)))))
            BLOCK_UNCLOSED 3:5 "jika" keyword="jika" closer="tutup_jika" fix "" => "    tutup_jika\n"
        "#]],
    );
    check(
        "fungsi f()\n  x = 1\n\nfungsi g()\ntutup_fungsi",
        expect![[r#"
        (function f ()
          (= x 1))
        BLOCK_UNCLOSED 1:1 "fungsi" keyword="fungsi" closer="tutup_fungsi" fix "" => "\ntutup_fungsi"
        (function g ())
    "#]],
    );
    check(
        "struktur S\n  x int\n\nfungsi g()\ntutup_fungsi",
        expect![[r#"
        (struct S (x int))
        BLOCK_UNCLOSED 1:1 "struktur" keyword="struktur" closer="tutup_struktur" fix "" => "\ntutup_struktur"
        (function g ())
    "#]],
    );
    check(
        "unit u\n  shard s\n    x = 1\ntutup_unit",
        expect![[r#"
            (unit u
              (shard s
                (= x 1)))
            BLOCK_UNCLOSED 2:3 "shard" keyword="shard" closer="tutup_shard" fix "" => "  tutup_shard\n"
        "#]],
    );
    check_body(
        "pilih (x)\n kasus 1:\n  jika (a)\n   b = 1\n kasus 2:\ntutup_pilih",
        expect![[r#"
            (body
              (switch x
                (case 1
                  (if
                    (a
                      (= b 1))))
                (case 2)))
            BLOCK_UNCLOSED 4:3 "jika" keyword="jika" closer="tutup_jika" fix "" => "  tutup_jika\n"
        "#]],
    );
}

#[test]
fn indentation_tells_which_of_two_blocks_is_not_closed() {
    check_body(
        "  jika (a)\n    jika (b)\n      x = 1\n  tutup_jika\n  y = 1",
        expect![[r#"
            (body
              (if
                (a
                  (if
                    (b
                      (= x 1)))))
              (= y 1))
            BLOCK_UNCLOSED 3:5 "jika" keyword="jika" closer="tutup_jika" fix "" => "    tutup_jika\n"
        "#]],
    );
    check_body(
        "  jika (a)\n    jika (b)\n      x = 1\n  lain\n    y = 1\n  tutup_jika",
        expect![[r#"
            (body
              (if
                (a
                  (if
                    (b
                      (= x 1))))
                (else
                  (= y 1))))
            BLOCK_UNCLOSED 3:5 "jika" keyword="jika" closer="tutup_jika" fix "" => "    tutup_jika\n"
        "#]],
    );
}

#[test]
fn odd_indentation_alone_is_no_problem() {
    check_body(
        "      jika (a)\n    jika (b)\n  x = 1\n tutup_jika\n       tutup_jika",
        expect![[r#"
            (body
              (if
                (a
                  (if
                    (b
                      (= x 1))))))
        "#]],
    );
}

#[test]
fn wrong_and_stray_closers() {
    check_body(
        "jika (a)\n  x = 1\ntutup_selama\ny = 1",
        expect![[r#"
            (body
              (if
                (a
                  (= x 1)))
              (= y 1))
            BLOCK_MISMATCHED 4:1 "tutup_selama" found="tutup_selama" expected="tutup_jika" opener="jika" fix "tutup_selama" => "tutup_jika"
        "#]],
    );
    check_body(
        "x = 1\ntutup_jika\ny = 1",
        expect![[r#"
            (body
              (= x 1)
              (= y 1))
            CLOSER_STRAY 3:1 "tutup_jika" found="tutup_jika"
        "#]],
    );
    check_body(
        "lain\ny = 1\nkasus 3:\nlain_jika (x)\nz = 1",
        expect![[r#"
            (body
              (= y 1)
              (= z 1))
            CLOSER_STRAY 2:1 "lain" found="lain"
            CLOSER_STRAY 4:1 "kasus" found="kasus"
            CLOSER_STRAY 5:1 "lain_jika" found="lain_jika"
        "#]],
    );
    check(
        "tutup_fungsi\nvar g = 1\nlain_jika (x)\nakhir",
        expect![[r#"
        (broken)
        CLOSER_STRAY 1:1 "tutup_fungsi" found="tutup_fungsi"
        (global g 1)
        (broken)
        CLOSER_STRAY 1:1 "lain_jika" found="lain_jika"
        (broken)
        CLOSER_STRAY 1:1 "akhir" found="akhir"
    "#]],
    );
    check_body(
        "jika (a)\nlain\nlain\ntutup_jika",
        expect![[r#"
            (body
              (if
                (a)
                (else)))
            SYNTAX_UNEXPECTED 4:1 "lain" expected="`tutup_jika`" found="`lain`"
        "#]],
    );
}

#[test]
fn a_missing_parenthesis_costs_one_line() {
    check_body(
        "cetak(\"a\"\ncetak(\"b\")\nx = (1 + 2\ny = f(a, g(b)\nz = 3",
        expect![[r#"
            (body
              (error)
              (cetak "b")
              (error)
              (error)
              (= z 3))
            DELIMITER_UNCLOSED 2:6 "(" delimiter="(" fix "" => ")"
            DELIMITER_UNCLOSED 4:5 "(" delimiter="(" fix "" => ")"
            DELIMITER_UNCLOSED 5:6 "(" delimiter="(" fix "" => ")"
        "#]],
    );
    check_body(
        "jika (a > 3\n  x = 1\ntutup_jika\nselama a < 3\n  y = 1\ntutup_selama",
        expect![[r#"
            (body
              (if
                (?
                  (= x 1)))
              (while ?
                (= y 1)))
            DELIMITER_UNCLOSED 2:6 "(" delimiter="(" fix "" => ")"
            SYNTAX_UNEXPECTED 5:8 "a" expected="`(`" found="`a`"
        "#]],
    );
    check_body(
        "jika (a > 3 x = 1 tutup_jika\ny = 2",
        expect![[r#"
            (body
              (if
                (?))
              (= y 2))
            SYNTAX_UNEXPECTED 2:13 "x" expected="`)`" found="`x`"
        "#]],
    );
    check_body(
        "x = a[1\ny = f(1,\nz = 3",
        expect![[r#"
            (body
              (error)
              (error)
              (= z 3))
            DELIMITER_UNCLOSED 2:6 "[" delimiter="[" fix "" => "]"
            DELIMITER_UNCLOSED 3:6 "(" delimiter="(" fix "" => ")"
        "#]],
    );
    check_body(
        "untuk (var i = 0; i < 3; i++\n  x = i\ntutup_untuk\ny = 1",
        expect![[r#"
            (body
              (for _ _ _
                (= x i))
              (= y 1))
            DELIMITER_UNCLOSED 2:7 "(" delimiter="(" fix "" => ")"
        "#]],
    );
    check_body(
        "untuk (var i = 0, i < 3, i++)\n  x = i\ntutup_untuk\ny = 1",
        expect![[r#"
            (body
              (for _ _ _
                (= x i))
              (= y 1))
            SYNTAX_UNEXPECTED 2:17 "," expected="`;`" found="`,`"
        "#]],
    );
    check(
        "fungsi f(a\n  x = 1\ntutup_fungsi\nfungsi g)\ntutup_fungsi",
        expect![[r#"
        (broken)
        DELIMITER_UNCLOSED 1:9 "(" delimiter="(" fix "" => ")"
        (broken)
        SYNTAX_UNEXPECTED 1:9 ")" expected="`(`" found="`)`"
    "#]],
    );
}

#[test]
fn a_problem_inside_a_call_of_several_lines_is_one_problem() {
    check_body(
        "x = f(a,\n  b c,\n  d)\ny = 1",
        expect![[r#"
            (body
              (error)
              (= y 1))
            SYNTAX_UNEXPECTED 3:5 "c" expected="`)`" found="`c`"
        "#]],
    );
}

#[test]
fn several_bad_lines_get_a_diagnostic_each() {
    check_body(
        "x = \napa kabar dunia\nvar 3x = 1\ny = 1 +\nz = * 2\nf(a b)\nx\n5 = x\nx = 1 2\n) \nok = 1",
        expect![[r#"
            (body
              (error)
              (error)
              (error)
              (error)
              (error)
              (error)
              (error)
              (error)
              (= x 1)
              (error)
              (= ok 1))
            SYNTAX_UNEXPECTED 2:4 "" expected="expression" found="end of line"
            STATEMENT_UNKNOWN 3:1 "apa kabar dunia" text="apa kabar dunia"
            NUMBER_MALFORMED 4:5 "3x" text="3x"
            SYNTAX_UNEXPECTED 5:8 "" expected="expression" found="end of line"
            SYNTAX_UNEXPECTED 6:5 "*" expected="expression" found="`*`"
            SYNTAX_UNEXPECTED 7:5 "b" expected="`)`" found="`b`"
            STATEMENT_UNKNOWN 8:1 "x" text="x"
            STATEMENT_UNKNOWN 9:1 "5 = x" text="5 = x"
            SYNTAX_UNEXPECTED 10:7 "2" expected="end of line" found="`2`"
            STATEMENT_UNKNOWN 11:1 ")" text=")"
        "#]],
    );
}

#[test]
fn operators_that_do_not_exist() {
    check_body(
        "x += 1\ny = a ? b : c\nx == 5\nx <<= 2\n++x\nf() = 3\nf()++",
        expect![[r#"
            (body
              (error)
              (= y a)
              (error)
              (error)
              (error)
              (call f)
              (call f))
            OPERATOR_UNKNOWN 2:3 "+=" op="+="
            OPERATOR_UNKNOWN 3:7 "?" op="?"
            SYNTAX_UNEXPECTED 4:3 "==" expected="`=`" found="`==`" fix "==" => "="
            OPERATOR_UNKNOWN 5:3 "<<=" op="<<="
            STATEMENT_UNKNOWN 6:1 "++x" text="++x"
            SYNTAX_UNEXPECTED 7:5 "=" expected="end of line" found="`=`"
            SYNTAX_UNEXPECTED 8:4 "++" expected="end of line" found="`++`"
        "#]],
    );
}

#[test]
fn odd_characters_and_numbers() {
    check_body(
        "x = 5 @ 3\ny = é\nz = \u{a0}1\n$x = 1\nw = {\nv = 'a'",
        expect![[r#"
            (body
              (= x 5)
              (error)
              (error)
              (error)
              (error)
              (error))
            CHARACTER_UNEXPECTED 2:7 "@" found="@"
            CHARACTER_UNEXPECTED 3:5 "é" found="é"
            CHARACTER_UNEXPECTED 4:5 "\u{a0}" found="U+00A0" fix "\u{a0}" => " "
            CHARACTER_UNEXPECTED 5:1 "$" found="$"
            CHARACTER_UNEXPECTED 6:5 "{" found="{"
            CHARACTER_UNEXPECTED 7:5 "'" found="'"
        "#]],
    );
    check_body(
        "a = 12abc\nb = 0x\nc = 0xfg\nd = 18446744073709551616\ne = 1.5.2\nf = 1e999\ng = 1.",
        expect![[r#"
            (body
              (= a ?)
              (= b ?)
              (= c ?)
              (= d ?)
              (= e ?)
              (= f ?)
              (= g ?))
            NUMBER_MALFORMED 2:5 "12abc" text="12abc"
            NUMBER_MALFORMED 3:5 "0x" text="0x"
            NUMBER_MALFORMED 4:5 "0xfg" text="0xfg"
            NUMBER_TOO_LARGE 5:5 "18446744073709551616" text="18446744073709551616"
            NUMBER_MALFORMED 6:5 "1.5.2" text="1.5.2"
            NUMBER_TOO_LARGE 7:5 "1e999" text="1e999"
            NUMBER_MALFORMED 8:5 "1." text="1."
        "#]],
    );
    check_body(
        "a = \u{0}\nb = \"no end\nc = 1\nd = \"\\\"",
        expect![[r#"
            (body
              (error)
              (error)
              (= c 1)
              (error))
            TEXT_NUL 2:5 "\0"
            STRING_UNCLOSED 3:5 "\"no end" fix "" => "\""
            STRING_UNCLOSED 5:5 "\"\\\"" fix "" => "\""
        "#]],
    );
    expect![[r#"
        (const a "x␀y")
        TEXT_NUL 1:13 "\0"
    "#]]
    .assert_eq(&super::trees("const a = \"x\u{0}y\"\n").replace('\0', "␀"));
}

#[test]
fn reserved_words_as_names() {
    check_body(
        "var jika = 3\nvar selama (x)\nconst cetak = 1\ntipe var S\np.lain = 3\nx = 1",
        expect![[r#"
            (body
              (error)
              (error)
              (error)
              (error)
              (error)
              (= x 1))
            NAME_RESERVED 2:5 "jika" name="jika"
            NAME_RESERVED 3:5 "selama" name="selama"
            NAME_RESERVED 4:7 "cetak" name="cetak"
            NAME_RESERVED 5:6 "var" name="var"
            NAME_RESERVED 6:3 "lain" name="lain"
        "#]],
    );
    check(
        "fungsi jika(a, var)\ntutup_fungsi\nstruktur untuk\n  x\n  var y\n  tipe\ntutup_struktur",
        expect![[r#"
            (broken)
            NAME_RESERVED 1:8 "jika" name="jika"
            (broken)
            NAME_RESERVED 1:10 "untuk" name="untuk"
            NAME_RESERVED 3:3 "var" name="var"
            NAME_RESERVED 4:3 "tipe" name="tipe"
        "#]],
    );
}

#[test]
fn words_of_other_languages() {
    check_body(
        "if (a)\n  x = 1\nelse if (b)\n  x = 2\nelse\n  x = 3\nend",
        expect![[r#"
            (body
              (if
                (a
                  (= x 1))
                (b
                  (= x 2))
                (else
                  (= x 3))))
            WORD_FOREIGN 2:1 "if" word="if" proposal="jika" fix "if" => "jika"
            WORD_FOREIGN 4:1 "else if" word="else if" proposal="lain_jika" fix "else if" => "lain_jika"
            WORD_FOREIGN 6:1 "else" word="else" proposal="lain" fix "else" => "lain"
            WORD_FOREIGN 8:1 "end" word="end" proposal="tutup_jika" fix "end" => "tutup_jika"
        "#]],
    );
    check_body(
        "jika (a) maka\n  x = 1\nelse\n  x = 2\nendif\nwhile (b) do\n  break\nend",
        expect![[r#"
            (body
              (if
                (a
                  (= x 1))
                (else
                  (= x 2)))
              (while b
                (break)))
            WORD_FOREIGN 2:10 "maka" word="maka" fix "maka" => ""
            WORD_FOREIGN 4:1 "else" word="else" proposal="lain" fix "else" => "lain"
            WORD_FOREIGN 6:1 "endif" word="endif" proposal="tutup_jika" fix "endif" => "tutup_jika"
            WORD_FOREIGN 7:1 "while" word="while" proposal="selama" fix "while" => "selama"
            WORD_FOREIGN 7:11 "do" word="do" fix "do" => ""
            WORD_FOREIGN 8:3 "break" word="break" proposal="berhenti" fix "break" => "berhenti"
            WORD_FOREIGN 9:1 "end" word="end" proposal="tutup_selama" fix "end" => "tutup_selama"
        "#]],
    );
    check_body(
        "let y = 3\nprint \"a\"\nfunction g\nkalau (x)\ntutup_jika",
        expect![[r#"
            (body
              (var y 3)
              (if
                (x)))
            WORD_FOREIGN 2:1 "let" word="let" proposal="var" fix "let" => "var"
            WORD_FOREIGN 3:1 "print" word="print" proposal="cetak" fix "print" => "cetak"
            WORD_FOREIGN 4:1 "function" word="function" proposal="fungsi" fix "function" => "fungsi"
            WORD_FOREIGN 5:1 "kalau" word="kalau" proposal="jika" fix "kalau" => "jika"
        "#]],
    );
    check(
        "end\nelse\nfunction f()",
        expect![[r#"
            (statement)
            WORD_FOREIGN 1:1 "end" word="end"
            (statement)
            WORD_FOREIGN 1:1 "else" word="else" proposal="lain" fix "else" => "lain"
            (statement)
            WORD_FOREIGN 1:1 "function" word="function" proposal="fungsi" fix "function" => "fungsi"
        "#]],
    );
}
