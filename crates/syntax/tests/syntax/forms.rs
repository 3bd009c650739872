//! Every form of statement, definition and expression, right as it is written.

use expect_test::expect;

use crate::{check, check_body};

#[test]
fn operators_bind_by_the_table_and_to_the_left() {
    check_body(
        "x = a || b && c == d < e | f ^ g & h << i + j * k",
        expect![[r#"
            (body
              (= x (|| a (&& b (== c (< d (| e (^ f (& g (<< h (+ i (* j k))))))))))))
        "#]],
    );
    check_body(
        "x = a * b + c << d & e ^ f | g > h != i && j || k",
        expect![[r#"
            (body
              (= x (|| (&& (!= (> (| (^ (& (<< (+ (* a b) c) d) e) f) g) h) i) j) k)))
        "#]],
    );
    check_body(
        "x = a - b - c / d % e * f",
        expect![[r#"
            (body
              (= x (- (- a b) (* (% (/ c d) e) f))))
        "#]],
    );
    check_body(
        "x = 5 & 6 == 6",
        expect![[r#"
            (body
              (= x (== (& 5 6) 6)))
        "#]],
    );
    check_body(
        "x = a <= b >= c >> d",
        expect![[r#"
            (body
              (= x (>= (<= a b) (>> c d))))
        "#]],
    );
}

#[test]
fn unary_operators_bind_to_the_right_and_tighter_than_binary_ones() {
    check_body(
        "x = -a * !b + ~c.d[-1] - - -e",
        expect![[r#"
            (body
              (= x (- (+ (* (- a) (! b)) (~ ([] (. c d) (- 1)))) (- (- e)))))
        "#]],
    );
    check_body(
        "x = !-~f(x)",
        expect![[r#"
            (body
              (= x (! (- (~ (call f x))))))
        "#]],
    );
}

#[test]
fn calls_indexes_and_fields_chain() {
    check_body(
        "x = a.b[c](d, e).f[g[h]]",
        expect![[r#"
            (body
              (= x ([] (. (call ([] (. a b) c) d e) f) ([] g h))))
        "#]],
    );
    check_body(
        "f ()\nf(g(), h(1)(2), S(3, \"t\"))",
        expect![[r#"
            (body
              (call f)
              (call f (call g) (call (call h 1) 2) (call S 3 "t")))
        "#]],
    );
    check_body(
        "x = baca(10)\nbaca(5)",
        expect![[r#"
            (body
              (= x (call baca 10))
              (call baca 5))
        "#]],
    );
}

#[test]
fn literals_have_their_values() {
    check_body(
        "a = 0\nb = 18446744073709551615\nc = 0xFFFFffffFFFFffff\nd = 1.5\ne = 2.5e-3\nf = 1e3\ng = benar\nh = salah\ni = \"\"\nj = \"a;b#c \\\" d\"",
        expect![[r#"
            (body
              (= a 0)
              (= b -1)
              (= c -1)
              (= d 1.5)
              (= e 0.0025)
              (= f 1000.0)
              (= g 1)
              (= h 0)
              (= i "")
              (= j "a;b#c \" d"))
        "#]],
    );
}

#[test]
fn parentheses_group_and_lines_go_on_inside_them() {
    check_body(
        "x = (a + b) * ((c))\ny = f(\n  a, ; first\n\n  b # second\n)\nz = a[\n 1\n]\n",
        expect![[r#"
            (body
              (= x (* (+ a b) c))
              (= y (call f a b))
              (= z ([] a 1)))
        "#]],
    );
}

#[test]
fn variables_constants_and_hints() {
    check_body(
        "var x\nvar y = 1\nvar a [4]int\nvar b [N] int\nconst K = 2\ntipe p Titik\ntipe q float",
        expect![[r#"
            (body
              (var x)
              (var y 1)
              (var a (array 4))
              (var b (array N))
              (const K 2)
              (hint p Titik)
              (hint q float))
        "#]],
    );
    check(
        "var g\nvar h = f(1)\nvar a [10]int\nconst K = -1\nconst S = \"x\"",
        expect![[r#"
        (global g)
        (global h (call f 1))
        (global a (array 10))
        (const K (- 1))
        (const S "x")
    "#]],
    );
}

#[test]
fn assignments_and_steps_take_any_place() {
    check_body(
        "x = 1\na[i] = 2\np.q = 3\na.b[c].d = 4\nx++\na[i]--\np.q ++",
        expect![[r#"
            (body
              (= x 1)
              (= ([] a i) 2)
              (= (. p q) 3)
              (= (. ([] (. a b) c) d) 4)
              (++ x)
              (-- ([] a i))
              (++ (. p q)))
        "#]],
    );
}

#[test]
fn words_that_only_begin_like_keywords_are_names() {
    check_body(
        "variabel = 2\nunit1 = 2\nlainnya = 2\nsalahnya = benarkah\nJika = Var",
        expect![[r#"
            (body
              (= variabel 2)
              (= unit1 2)
              (= lainnya 2)
              (= salahnya benarkah)
              (= Jika Var))
        "#]],
    );
    check_body(
        "type = 1\nlen = end\nloop = ptr\nend = data\nfor = 2\nprint(x)\nelse = 1\nlet.x = 3",
        expect![[r#"
            (body
              (= type 1)
              (= len end)
              (= loop ptr)
              (= end data)
              (= for 2)
              (call print x)
              (= else 1)
              (= (. let x) 3))
        "#]],
    );
}

#[test]
fn calls_with_and_without_panggil() {
    check_body(
        "panggil f(1)\nf(1)\npanggil p.q(2)\npanggil cetak(3)",
        expect![[r#"
            (body
              (call f 1)
              (call f 1)
              (call (. p q) 2)
              (cetak 3))
        "#]],
    );
}

#[test]
fn returns_and_saves() {
    check_body(
        "simpan\nkembalikan\nkembalikan x + 1\nreturn\nreturn f(x)",
        expect![[r#"
            (body
              (simpan)
              (kembalikan)
              (kembalikan (+ x 1))
              (return)
              (return (call f x)))
        "#]],
    );
}

#[test]
fn conditions() {
    check_body(
        "jika (a)\n x = 1\ntutup_jika",
        expect![[r#"
            (body
              (if
                (a
                  (= x 1))))
        "#]],
    );
    check_body(
        "jika(a == 1)\n x = 1\nlain_jika (b)\n x = 2\nlain_jika (c)\nlain\n x = 3\n y = 4\ntutup_jika",
        expect![[r#"
            (body
              (if
                ((== a 1)
                  (= x 1))
                (b
                  (= x 2))
                (c)
                (else
                  (= x 3)
                  (= y 4))))
        "#]],
    );
}

#[test]
fn a_statement_ends_before_a_closer_on_its_line() {
    check_body(
        "jika (c) x = 1 tutup_jika",
        expect![[r#"
            (body
              (if
                (c
                  (= x 1))))
        "#]],
    );
    check_body(
        "jika (c) x = 1 lain_jika (d) f() lain x++ tutup_jika",
        expect![[r#"
            (body
              (if
                (c
                  (= x 1))
                (d
                  (call f))
                (else
                  (++ x))))
        "#]],
    );
    check_body(
        "selama (c) jika (d) kembalikan tutup_jika lanjut tutup_selama",
        expect![[r#"
            (body
              (while c
                (if
                  (d
                    (kembalikan)))
                (continue)))
        "#]],
    );
    check_body(
        "jika (a) cetak(1) tutup_jika jika (b) cetak(2) tutup_jika",
        expect![[r#"
            (body
              (if
                (a
                  (cetak 1)))
              (if
                (b
                  (cetak 2))))
        "#]],
    );
    check(
        "fungsi f(a) kembalikan a tutup_fungsi\nfungsi g() tutup_fungsi",
        expect![[r#"
        (function f (a)
          (kembalikan a))
        (function g ())
    "#]],
    );
}

#[test]
fn loops() {
    check_body(
        "selama (i < 3)\n i = i + 1\n lanjut\n berhenti\ntutup_selama",
        expect![[r#"
            (body
              (while (< i 3)
                (= i (+ i 1))
                (continue)
                (break)))
        "#]],
    );
    check_body(
        "untuk (var i = 0; i < 3; i++) ; a comment\n x = i\ntutup_untuk",
        expect![[r#"
            (body
              (for (var i 0) (< i 3) (++ i)
                (= x i)))
        "#]],
    );
    check_body(
        "untuk (;;) berhenti tutup_untuk",
        expect![[r#"
            (body
              (for _ _ _
                (break)))
        "#]],
    );
    check_body(
        "untuk (i = f(a[1]); i; f(i))\ntutup_untuk",
        expect![[r#"
            (body
              (for (= i (call f ([] a 1))) i (call f i)))
        "#]],
    );
    check_body(
        "untuk (var i = 0;\n i < 3;\n i++)\ntutup_untuk",
        expect![[r#"
            (body
              (for (var i 0) (< i 3) (++ i)))
        "#]],
    );
}

#[test]
fn switches() {
    check_body(
        "pilih (x)\n kasus 1:\n  a = 1\n kasus N: b = 2\n kasus -3:\n pilihan_lain:\n  c = 3\ntutup_pilih",
        expect![[r#"
            (body
              (switch x
                (case 1
                  (= a 1))
                (case N
                  (= b 2))
                (case (- 3))
                (default
                  (= c 3))))
        "#]],
    );
    check_body(
        "pilih (x) kasus 1: y = 2 kasus 2: y = 3 tutup_pilih",
        expect![[r#"
            (body
              (switch x
                (case 1
                  (= y 2))
                (case 2
                  (= y 3))))
        "#]],
    );
}

#[test]
fn prints() {
    check_body(
        "cetak(1)\ncetak ( a + b * c )\ncetak_str(s)\ncetak(\"teks\")",
        expect![[r#"
            (body
              (cetak 1)
              (cetak (+ a (* b c)))
              (cetak_str s)
              (cetak "teks"))
        "#]],
    );
}

#[test]
fn functions_structs_and_their_closers() {
    check(
        "fungsi f(a, b)\n  kembalikan a\ntutup_fungsi\nfungsi cetak(pesan)\ntutup_fungsi",
        expect![[r#"
            (function f (a b)
              (kembalikan a))
            (function cetak (pesan))
        "#]],
    );
    check(
        "struktur S\n  x int\n  y\n  f float # comment\n  b [10]int ; another\n  unit\ntutup_struktur",
        expect![[r#"
            (struct S (x int) (y) (f float) (b [10] int) (unit))
        "#]],
    );
    check(
        "fungsi f()\n jika (x)\n  a = 1\n akhir\nakhir\nstruktur S\n x\nakhir\nvar g = 1",
        expect![[r#"
            (function f ()
              (if
                (x
                  (= a 1))))
            warning AKHIR_DEPRECATED 4:2 "akhir" closer="tutup_jika" fix "akhir" => "tutup_jika"
            warning AKHIR_DEPRECATED 5:1 "akhir" closer="tutup_fungsi" fix "akhir" => "tutup_fungsi"
            (struct S (x))
            warning AKHIR_DEPRECATED 3:1 "akhir" closer="tutup_struktur" fix "akhir" => "tutup_struktur"
            (global g 1)
        "#]],
    );
}

#[test]
fn unit_blocks() {
    check(
        "unit u\n  shard a\n    fragment satu\n    x = 1\n    tutup_fragment\n  tutup_shard\n  paralel\n  shard b\n  f()\n  tutup_shard\n  gabung\ntutup_unit\npanggil u()",
        expect![[r#"
            (unit u
              (shard a
                (fragment satu)
                (= x 1))
              (parallel
                (shard b
                  (call f))))
            (statement
              (call u))
        "#]],
    );
}

#[test]
fn contextual_words_are_names_elsewhere() {
    check_body(
        "var unit = Unit(1)\nunit.state = 2\ntipe unit Unit\nunit = f(shard, fragment)\nparalel = gabung",
        expect![[r#"
            (body
              (var unit (call Unit 1))
              (= (. unit state) 2)
              (hint unit Unit)
              (= unit (call f shard fragment))
              (= paralel gabung))
        "#]],
    );
    check_body(
        "paralel()\nshard(1)\nunit[0] = tutup_unit",
        expect![[r#"
            (body
              (call paralel)
              (call shard 1)
              (= ([] unit 0) tutup_unit))
        "#]],
    );
}

#[test]
fn assembly_is_kept_as_raw_lines() {
    check(
        "fungsi f()\n  asm_mulai ; code\n    mov rax, [var_x] # no comment\n    .l: db ';', \"tutup_asm\"\n  tutup_asm\n  x = 1\ntutup_fungsi",
        expect![[r#"
            (function f ()
              (asm "    mov rax, [var_x] # no comment\n    .l: db ';', \"tutup_asm\"\n")
              (= x 1))
        "#]],
    );
    check(
        "asm_mulai\nret\ntutup_asm\nasm_data\n  a db 1\ntutup_data\nasm_rutin sys_alloc\n  ret\ntutup_asm",
        expect![[r#"
            (asm "ret\n")
            (asm-data "  a db 1\n")
            (routine sys_alloc "  ret\n")
        "#]],
    );
    check(
        "fungsi f()\nasm_mulai\ntutup_asm\ntutup_fungsi",
        expect![[r#"
        (function f ()
          (asm ""))
    "#]],
    );
}

#[test]
fn statements_at_file_level() {
    check(
        "cetak(1)\nx = 2\njika (a)\n  b = 1\ntutup_jika\ntipe g S\npanggil f()",
        expect![[r#"
        (statement
          (cetak 1))
        (statement
          (= x 2))
        (statement
          (if
            (a
              (= b 1))))
        (statement
          (hint g S))
        (statement
          (call f))
    "#]],
    );
    check(
        "untuk (var i = 0; i < 2; i++)\n  cetak(i)\ntutup_untuk\njika (a) f() tutup_jika\nselama (b)\ntutup_selama",
        expect![[r#"
            (statement
              (for (var i 0) (< i 2) (++ i)
                (cetak i)))
            (statement
              (if
                (a
                  (call f))))
            (statement
              (while b))
        "#]],
    );
}

#[test]
fn crlf_lines_a_mark_at_the_start_and_tabs_are_ordinary() {
    check(
        "\u{feff}fungsi f()\r\n\tx = 1\r\n\tcetak(\"a\")\r\ntutup_fungsi\r\nvar g = 2\r\n",
        expect![[r#"
            (function f ()
              (= x 1)
              (cetak "a"))
            (global g 2)
        "#]],
    );
}
