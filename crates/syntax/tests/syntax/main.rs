//! Units of text and what is made of them: every form, every kind of damage, the limits, and properties.

mod damage;
mod forms;
mod imports;
mod limits;
mod misplaced;
mod properties;
mod significant;
mod splitting;
mod strings;

use std::fmt::Write;

use expect_test::Expect;
use morph_syntax::{dump, parse, split};

/// Splits and parses `unit`; compares all trees and diagnostics.
fn check(unit: &str, expected: Expect) {
    expected.assert_eq(&trees(unit));
}

fn trees(unit: &str) -> String {
    let mut out = String::new();
    for piece in split(unit) {
        let text = piece.text(unit);
        _ = write!(out, "{}", dump::tree(text, &parse(text, piece.kind)));
    }
    out
}

/// Compares where `unit` is cut.
fn check_pieces(unit: &str, expected: Expect) {
    expected.assert_eq(&dump::pieces(unit, &split(unit)));
}

/// Parses statements inside a function; compares all but the function's own head.
fn check_body(body: &str, expected: Expect) {
    let unit = format!("fungsi f()\n{body}\ntutup_fungsi\n");
    expected.assert_eq(&trees(&unit).replacen("(function f ()", "(body", 1));
}
