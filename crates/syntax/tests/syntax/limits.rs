//! Depth: clear diagnostics instead of an overflowing stack, and time that grows with the text only.

use morph_syntax::tree::Tree;
use morph_syntax::{PieceKind, dump, parse, split};

/// Splits and parses on a small stack and drops everything there; answers codes and places of the diagnostics.
fn problems(unit: String) -> Vec<String> {
    let work = move || {
        let trees: Vec<(u32, Tree)> = split(&unit)
            .iter()
            .map(|piece| (piece.range.start, parse(piece.text(&unit), piece.kind)))
            .collect();
        let mut out = Vec::new();
        for (start, tree) in &trees {
            for diagnostic in &tree.diagnostics {
                out.push(format!("{} {}", diagnostic.code, start + diagnostic.primary.start));
            }
        }
        out
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(work)
        .expect("a thread can be started")
        .join()
        .expect("the work does not panic")
}

fn nested(opener: &str, count: usize, inner: &str, closer: &str) -> String {
    format!("{}{inner}{}", opener.repeat(count), closer.repeat(count))
}

#[test]
fn nesting_beyond_the_limit_is_one_diagnostic() {
    let deep = 1_000_000;
    for (what, text) in [
        ("parentheses", format!("x = {}", nested("(", deep, "1", ")"))),
        ("open parentheses", format!("x = {}", "(".repeat(deep))),
        ("unary operators", format!("x = {}1", "-".repeat(deep).replace("--", "- "))),
        ("negations", format!("x = {}1", "!".repeat(deep))),
        ("calls", format!("x = {}", nested("f(", deep, "1", ")"))),
        ("indexes", format!("x = {}", nested("a[", deep, "1", "]"))),
        ("fields", format!("x = a{}", ".b".repeat(deep))),
        ("chained calls", format!("f{}", "()".repeat(deep))),
        ("a sum of sums on the right", format!("x = {}", nested("1 + (", deep, "1", ")"))),
        ("blocks", nested("jika (1)\n", 300_000, "x = 1\n", "tutup_jika\n")),
        ("open blocks", "jika (1)\n".repeat(300_000)),
        ("loops", nested("selama (1) ", 300_000, "x = 1 ", "tutup_selama ")),
        (
            "all operators",
            format!("x = {}1", "1 || 1 && 1 == 1 < 1 | 1 ^ 1 & 1 << 1 + 1 * -(".repeat(deep / 50)),
        ),
    ] {
        let inside = format!("fungsi f()\n{text}\ntutup_fungsi\n");
        let found = problems(inside);
        assert_eq!(found.len(), 1, "{what} in a function: {:?}", &found[..found.len().min(5)]);
        assert!(found[0].starts_with("NESTING_TOO_DEEP "), "{what} in a function: {}", found[0]);
        let found = problems(text);
        assert_eq!(found.len(), 1, "{what} at file level: {:?}", &found[..found.len().min(5)]);
        assert!(found[0].starts_with("NESTING_TOO_DEEP "), "{what} at file level: {}", found[0]);
    }
}

#[test]
fn nesting_up_to_the_limit_is_understood() {
    assert_eq!(problems(format!("x = {}", nested("(", 990, "1", ")"))), Vec::<String>::new());
    assert_eq!(problems(format!("x = {}1", "!".repeat(990))), Vec::<String>::new());
    assert_eq!(
        problems(nested("jika (1)\n", 990, "x = 1\n", "tutup_jika\n")),
        Vec::<String>::new()
    );
}

#[test]
fn a_chain_of_operators_is_not_deep() {
    for chain in [" + 1", " * 2 + 1", " && n", " < 1 | n", " + (n - 1 - 1)", " + f(n)[n]"] {
        let text = format!("x = 1{}", chain.repeat(100_000));
        let dump = dump::tree(&text, &parse(&text, PieceKind::Statement));
        assert_eq!(dump.matches('(').count(), dump.matches(')').count(), "{chain}");
        assert_eq!(problems(text), Vec::<String>::new(), "{chain}");
    }
    // But what lies on the right of an operator in it is as deep as it is elsewhere.
    let inner = nested("(-", 499, "1", ")");
    assert_eq!(problems(format!("x = 1{} + {inner}", " + 1".repeat(2000))), Vec::<String>::new());
    let inner = nested("(-", 501, "1", ")");
    let found = problems(format!("x = 1{} + {inner}", " + 1".repeat(2000)));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("NESTING_TOO_DEEP "), "{}", found[0]);
}

#[test]
fn damaged_texts_take_time_that_grows_with_their_length_only() {
    // Each of these was, or would be, quadratic with a naive search for the missing closer.
    for text in [
        "jika (x)\n  y = 1\nvar a = 2\n".repeat(50_000),
        "x = f(\n".repeat(100_000),
        "x = f(a,\n".repeat(100_000),
        "f((\n".repeat(100_000),
        "fungsi f()\n  x = 1\nvar a = 2\n".repeat(50_000),
        format!("fungsi f()\n{}", "x = f(\n".repeat(100_000)),
        format!("fungsi f()\n{}", "f((\n".repeat(100_000)),
        format!("fungsi f()\n{}tutup_fungsi", "jika (x)\nakhir\n".repeat(50_000)),
        format!("fungsi f()\n{}", "x = \"tutup_fungsi\"\n".repeat(50_000)),
        "asm_mulai\nret\nvar x = 1\n".repeat(50_000),
        "tutup_jika\n".repeat(100_000),
        "untuk (x\n".repeat(50_000),
        "jika (x)\nasm_mulai\n".repeat(50_000),
    ] {
        problems(text);
    }
}
