//! Any text is an expression or an error inside of it; both ways of evaluation agree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use morph_trickster::{Expression, Span};

fn lies_inside(span: Span, text: &str) -> bool {
    text.get(span.start as usize..span.end as usize).is_some()
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let expression = match Expression::parse(&text) {
        Ok(expression) => expression,
        Err(error) => {
            assert!(lies_inside(error.span(), error.text()), "{error:?}");
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let names: Vec<&str> = expression.names().collect();
    let bound = expression.bind(&names).expect("it is bound to its own names");
    for seed in [0, 1, -1, i64::MIN, 7] {
        let value = |name: &str| (name.len() as i64).wrapping_mul(seed);
        let values: Vec<i64> = names.iter().map(|name| value(name)).collect();
        let by_name = expression.evaluate(&|name: &str| Some(value(name)));
        assert_eq!(bound.evaluate(&values), by_name, "{text}");
        if let Err(error) = by_name {
            assert!(lies_inside(error.span(), &text), "{error:?}");
        }
    }
});
