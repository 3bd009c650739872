//! Where units are cut, whatever state they are in.

use expect_test::expect;

use crate::check_pieces;

#[test]
fn every_kind_of_piece_is_found_with_its_name_and_block() {
    check_pieces(
        "; head\nvar g = 1\n### 10 first\nconst K = 2 ; two\nfungsi f(a)\n  x = 1\ntutup_fungsi ; end\n\n### 11\nstruktur S\n  x\ntutup_struktur\nunit u\ntutup_unit\nasm_mulai\nret\ntutup_asm\nasm_data\na db 1\ntutup_data\nasm_rutin r\nret\ntutup_asm\n  ### 12\n### none\nAmbil 1\nambil \"a\"\nx = 1\nlain\nfungsi cetak()\ntutup_fungsi",
        expect![[r#"
            Global g "var g = 1"
            Const [10] K "const K = 2"
            Function [10] f "fungsi f(a)\n  x = 1\ntutup_fungsi"
            Struct [11] S "struktur S\n  x\ntutup_struktur"
            UnitBlock [11] u "unit u\ntutup_unit"
            Asm [11] "asm_mulai\nret\ntutup_asm"
            AsmData [11] "asm_data\na db 1\ntutup_data"
            Routine [11] r "asm_rutin r\nret\ntutup_asm"
            Import [11] "Ambil 1"
            Import [11] "ambil \"a\""
            Statement [11] "x = 1"
            Stray [11] "lain"
            Function [11] cetak "fungsi cetak()\ntutup_fungsi"
        "#]],
    );
}

#[test]
fn a_function_without_closer_ends_at_the_next_definition() {
    check_pieces(
        "fungsi f()\n  x = 1\n\n; about g\nfungsi g()\ntutup_fungsi",
        expect![[r#"
        Function f "fungsi f()\n  x = 1"
        Function g "fungsi g()\ntutup_fungsi"
    "#]],
    );
    check_pieces(
        "fungsi f()\n  x = 1\nstruktur S\n  a\ntutup_struktur",
        expect![[r#"
        Function f "fungsi f()\n  x = 1"
        Struct S "struktur S\n  a\ntutup_struktur"
    "#]],
    );
    check_pieces(
        "fungsi f()\n  x = 1\nunit u\ntutup_unit",
        expect![[r#"
        Function f "fungsi f()\n  x = 1"
        UnitBlock u "unit u\ntutup_unit"
    "#]],
    );
    check_pieces(
        "fungsi f()\n  unit = 1\n  unit.x = 2\ntutup_fungsi",
        expect![[r#"
        Function f "fungsi f()\n  unit = 1\n  unit.x = 2\ntutup_fungsi"
    "#]],
    );
    check_pieces(
        "fungsi f()\n  x = 1\n### 7\nfungsi g()\ntutup_fungsi",
        expect![[r#"
        Function f "fungsi f()\n  x = 1"
        Function [7] g "fungsi g()\ntutup_fungsi"
    "#]],
    );
}

#[test]
fn definitions_at_file_level_survive_a_missing_closer() {
    check_pieces(
        "fungsi f()\n  var x = 1\n  cetak(x)\n\nconst K = 3\nvar g = 4\nAmbil 3\nfungsi h()\ntutup_fungsi",
        expect![[r#"
            Function f "fungsi f()\n  var x = 1\n  cetak(x)"
            Const K "const K = 3"
            Global g "var g = 4"
            Import "Ambil 3"
            Function h "fungsi h()\ntutup_fungsi"
        "#]],
    );
    check_pieces(
        "fungsi f()\n  x = 1\nasm_data\n a db 1\ntutup_data\nfungsi g()\ntutup_fungsi",
        expect![[r#"
            Function f "fungsi f()\n  x = 1"
            AsmData "asm_data\n a db 1\ntutup_data"
            Function g "fungsi g()\ntutup_fungsi"
        "#]],
    );
    check_pieces(
        "struktur S\n  x\n  y\nvar g = 1\nfungsi f()\ntutup_fungsi",
        expect![[r#"
        Struct S "struktur S\n  x\n  y"
        Global g "var g = 1"
        Function f "fungsi f()\ntutup_fungsi"
    "#]],
    );
    check_pieces(
        "  fungsi f()\nvar x = 1\nvar y = 2\nfungsi g()\ntutup_fungsi",
        expect![[r#"
        Function f "fungsi f()\nvar x = 1\nvar y = 2"
        Function g "fungsi g()\ntutup_fungsi"
    "#]],
    );
}

#[test]
fn a_closed_function_may_be_indented_as_its_author_likes() {
    check_pieces(
        "fungsi f()\n    x = 1\nvar y = 2\n  cetak(y)\ntutup_fungsi\nvar g",
        expect![[r#"
            Function f "fungsi f()\n    x = 1\nvar y = 2\n  cetak(y)\ntutup_fungsi"
            Global g "var g"
        "#]],
    );
}

#[test]
fn closers_in_strings_and_comments_close_nothing() {
    check_pieces(
        "fungsi f()\n  x = \"tutup_fungsi\"\n  y = 1 ; tutup_fungsi\n  z = tutup_fungsi_2\ntutup_fungsi\nvar g",
        expect![[r#"
            Function f "fungsi f()\n  x = \"tutup_fungsi\"\n  y = 1 ; tutup_fungsi\n  z = tutup_fungsi_2\ntutup_fungsi"
            Global g "var g"
        "#]],
    );
    check_pieces(
        "fungsi f() untuk (;;) berhenti tutup_untuk tutup_fungsi\nvar g",
        expect![[r#"
            Function f "fungsi f() untuk (;;) berhenti tutup_untuk tutup_fungsi"
            Global g "var g"
        "#]],
    );
}

#[test]
fn assembly_ends_at_definitions_too() {
    check_pieces(
        "fungsi f()\n  asm_mulai\n  mov rax, 1\ntutup_fungsi\nvar g",
        expect![[r#"
        Function f "fungsi f()\n  asm_mulai\n  mov rax, 1\ntutup_fungsi"
        Global g "var g"
    "#]],
    );
    check_pieces(
        "asm_mulai\n  ret ; 'x'\n  db ';', '#' # kept ; cut\nfungsi f()\ntutup_fungsi",
        expect![[r#"
            Asm "asm_mulai\n  ret ; 'x'\n  db ';', '#' # kept"
            Function f "fungsi f()\ntutup_fungsi"
        "#]],
    );
    check_pieces(
        "asm_mulai\n  ret\nvar g = 1\nconst K = 2",
        expect![[r#"
        Asm "asm_mulai\n  ret"
        Global g "var g = 1"
        Const K "const K = 2"
    "#]],
    );
}

#[test]
fn statements_extend_to_the_closer_of_their_outermost_block() {
    check_pieces(
        "jika (a)\n  selama (b)\n  tutup_selama\nlain\n  x = 1\ntutup_jika\ny = 1",
        expect![[r#"
            Statement "jika (a)\n  selama (b)\n  tutup_selama\nlain\n  x = 1\ntutup_jika"
            Statement "y = 1"
        "#]],
    );
    check_pieces(
        "jika (a) x = 1 tutup_jika\njika (\"jika (\") y = 1 tutup_jika\nz = 1",
        expect![[r#"
            Statement "jika (a) x = 1 tutup_jika"
            Statement "jika (\"jika (\") y = 1 tutup_jika"
            Statement "z = 1"
        "#]],
    );
    check_pieces(
        "jika (a)\n  asm_mulai\n    jika selama\n  tutup_asm\ntutup_jika\nz = 1",
        expect![[r#"
            Statement "jika (a)\n  asm_mulai\n    jika selama\n  tutup_asm\ntutup_jika"
            Statement "z = 1"
        "#]],
    );
    check_pieces(
        "jika (a)\n  x = 1\nfungsi f()\ntutup_fungsi",
        expect![[r#"
        Statement "jika (a)\n  x = 1"
        Function f "fungsi f()\ntutup_fungsi"
    "#]],
    );
    check_pieces(
        "jika (a)\n  x = 1\nvar y = 2\ncetak(y)",
        expect![[r#"
        Statement "jika (a)\n  x = 1"
        Global y "var y = 2"
        Statement "cetak(y)"
    "#]],
    );
    check_pieces(
        "x = f(a,\n  b)\ny = f(a,\nz = 3\nvar v = f(\n1)",
        expect![[r#"
        Statement "x = f(a,\n  b)"
        Statement "y = f(a,"
        Statement "z = 3"
        Global v "var v = f(\n1)"
    "#]],
    );
    check_pieces(
        "untuk (var i = 0; i < 3; i++)\n  cetak(i)\ntutup_untuk\ncetak(1)",
        expect![[r#"
        Statement "untuk (var i = 0; i < 3; i++)\n  cetak(i)\ntutup_untuk"
        Statement "cetak(1)"
    "#]],
    );
}

#[test]
fn blanks_and_comments_belong_to_no_piece() {
    check_pieces("\n\n ; a\n# b\n\t\r\n", expect![[""]]);
    check_pieces("", expect![[""]]);
    check_pieces(
        "x = 1 ; a\n  y = \"a;b\" # c",
        expect![[r#"
        Statement "x = 1"
        Statement "y = \"a;b\""
    "#]],
    );
}
