//! Text that is long or deep is checked like any other.

use std::fmt::Write;

use crate::harness::{checked, problems};

#[test]
fn chains_are_checked_as_long_as_the_parser_allows() {
    let sum = format!("n{}", " + n".repeat(100_000));
    let program = format!("fungsi f(n)\n    kembalikan {sum} + tidak\ntutup_fungsi\n");
    assert_eq!(problems(&program), "error NAME_UNKNOWN `tidak` name=tidak kind=variable\n");
    let program = format!("fungsi f(n)\n    kembalikan n{}\ntutup_fungsi\n", "[0]".repeat(990));
    assert_eq!(problems(&program), "");
    for chain in [" + 1.5", " && n", " || n < 0.5", " * 0.5 < 1", " - n / 2"] {
        let chain = chain.repeat(100_000);
        let program = format!("fungsi f(n)\n    kembalikan n{chain} - tidak\ntutup_fungsi\n");
        assert_eq!(problems(&program), "error NAME_UNKNOWN `tidak` name=tidak kind=variable\n");
    }
    let program = format!("const N = 1{}\nvar g = N + f(1)\n", " + 1".repeat(100_000));
    assert_eq!(problems(&program), "error NAME_UNKNOWN `f` name=f kind=function\n");
}

#[test]
fn many_arms_become_one_flat_switch() {
    let mut program = String::from("fungsi f(n)\n    jika (n)\n        cetak(0)\n");
    for nth in 1..20_000 {
        writeln!(program, "    lain_jika (n == {nth})\n        cetak({nth})").unwrap();
    }
    program.push_str("    tutup_jika\ntutup_fungsi\n");
    let text = checked(&program);
    let lines: Vec<&str> = text.lines().take(6).collect();
    let expected = [
        "f(n)",
        "  switch 1",
        "  case (n.0 != 0)",
        "    @print_line_int(0)",
        "  case ((n.0 == 1) != 0)",
        "    @print_line_int(1)",
    ];
    assert_eq!(lines, expected);
    assert_eq!(text.lines().count(), 2 + 2 * 20_000);
}

#[test]
fn nesting_goes_as_deep_as_the_parser_allows() {
    let depth = 490;
    let parens = format!("{}n{}", "(-".repeat(depth), ")".repeat(depth));
    let blocks = "jika (n)\n".repeat(2 * depth) + "n++\n" + &"tutup_jika\n".repeat(2 * depth);
    let program = format!("fungsi f(n)\nn = {parens}\n{blocks}tutup_fungsi\n");
    assert_eq!(problems(&program), "");
}

#[test]
fn a_float_reaches_variables_through_any_number_of_others() {
    let mut program = String::from("fungsi f(n)\n");
    for nth in 0..40 {
        writeln!(program, "    var v{nth} = 0").unwrap();
    }
    program.push_str("    selama (n)\n");
    for nth in 0..39 {
        writeln!(program, "        v{nth} = v{}", nth + 1).unwrap();
    }
    program.push_str("        v39 = 0.5\n    tutup_selama\n    cetak(v0)\ntutup_fungsi\n");
    let text = checked(&program);
    assert!(text.ends_with("  @print_line_float(bits(v0.1))\n"), "{text}");
    assert_eq!(text.matches(": float").count(), 40);
}
