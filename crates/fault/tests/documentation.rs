//! The tables of the book that are printed from the code. `UPDATE_EXPECT=1` writes them.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the book cannot go on")]

use expect_test::expect_file;
use morph_fault::policy::policy_table;
use morph_fault::transition_table;

const BOOK: &str = include_str!("../../../docs/breaker.md");

/// The book with what stands between the markers of `section` replaced.
fn with(book: &str, section: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- {section} -->\n"), format!("<!-- end of {section} -->"));
    let (before, rest) = book.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end())
}

#[test]
fn the_book_has_the_tables_as_the_code_prints_them() {
    let book = with(BOOK, "transitions", &transition_table());
    let book = with(&book, "policies", &policy_table());
    expect_file!["../../../docs/breaker.md"].assert_eq(&book);
}
