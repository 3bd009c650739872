//! Every footer and mark that a room asks for is worded in the catalogue.

use xtask::{files, relative, root};

/// String literals of `text` that look like a key of the catalogue.
fn keys(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|literal| {
        let starts = ["help-", "note-", "mark-"].iter().any(|start| literal.starts_with(start));
        starts && literal.len() > 5 && literal.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    })
}

#[test]
fn every_footer_and_mark_that_a_room_asks_for_has_words() {
    let catalogue = root().join("crates/diag/catalogue/en.ftl");
    let catalogue = std::fs::read_to_string(catalogue).unwrap();
    let mut missing = Vec::new();
    for file in files(&root().join("crates"), &["rs"]).unwrap() {
        let path = relative(&file);
        if path.starts_with("crates/diag/") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for key in keys(&text) {
            let worded = catalogue.contains(&format!("    .{key} = "))
                || catalogue.contains(&format!("\n{key} = "));
            if !worded {
                missing.push(format!("{path}: {key}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
