//! Any text is split and parsed: no panic, no hang, and every span lies inside the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use morph_syntax::{parse, split, string};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut end = 0;
    for piece in split(&text) {
        assert!(end <= piece.range.start && piece.range.start < piece.range.end, "pieces are in order");
        end = piece.range.end;
        let part = piece.text(&text);
        assert!(!part.is_empty(), "pieces lie inside the text");
        let tree = parse(part, piece.kind);
        for span in &tree.spans {
            assert!(part.get(span.start as usize..span.end as usize).is_some(), "spans lie inside the text");
        }
        for diagnostic in &tree.diagnostics {
            let span = diagnostic.primary;
            assert!(part.get(span.start as usize..span.end as usize).is_some(), "marks lie inside the text");
        }
    }
    let _ = string::decode(&text);
});
