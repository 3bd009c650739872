//! Any text is split and parsed: no panic, no hang, and every span lies inside the text; comments and layout change no tree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use morph_syntax::{dump, parse, significant, split, string};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut end = 0;
    for piece in split(&text) {
        assert!(end <= piece.range.start && piece.range.start < piece.range.end, "pieces are in order");
        end = piece.range.end;
        let part = piece.text(&text);
        assert!(!part.is_empty(), "pieces lie inside the text");
        let tree = parse(part, piece.kind);
        if tree.diagnostics.is_empty()
            && let Some(runs) = significant::runs(part)
        {
            let laid = relaid(part, &runs);
            let after = parse(&laid, piece.kind);
            assert_eq!(dump::tree(part, &tree), dump::tree(&laid, &after), "{part:?} and {laid:?}");
        }
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

/// The same words with other things between them.
fn relaid(text: &str, runs: &[significant::Run]) -> String {
    let mut laid = String::new();
    for (number, run) in runs.iter().enumerate() {
        let between = match (number, run.begins_line) {
            (0, _) => "",
            (_, true) => ["\n", " ; c \"(\n\t", "\n\n# untuk (\n", "\r\n    "][run.start as usize % 4],
            (_, false) => ["  ", "\t"][run.start as usize % 2],
        };
        laid.push_str(between);
        laid.push_str(run.text(text));
    }
    laid
}
