//! Whatever the text: no panic, and every place lies inside it.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use morph_trickster::{Expression, Span};
use proptest::prelude::*;

fn lies_inside(span: Span, text: &str) -> bool {
    text.get(span.start as usize..span.end as usize).is_some()
}

fn check(text: &str) {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            assert!(lies_inside(error.span(), error.text()), "{error:?}");
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let names: Vec<&str> = expression.names().collect();
    let bound = expression.bind(&names).unwrap();
    for value in [0, 1, -1, i64::MIN] {
        let by_name = expression.evaluate(&|_: &str| Some(value));
        assert_eq!(bound.evaluate(&vec![value; names.len()]), by_name, "{text}");
        if let Err(error) = by_name {
            assert!(lies_inside(error.span(), text) && error.text() == text, "{error:?}");
            assert!(!error.to_string().is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_an_expression_or_an_error_inside_of_them(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_tokens_in_any_order_are_an_expression_or_an_error(
        tokens in prop::collection::vec(
            prop::sample::select(vec![
                "||", "&&", "==", "!=", "<", ">", "<=", ">=", "|", "^", "&", "<<", ">>", "+", "-", "*", "/", "%", "!", "~",
                "(", ")", "(", ")", "a", "b", "1", "0x2", "0", " ", ".", "[", "\"", "=", "é", "e5", "\n",
            ]),
            0..30,
        ),
    ) {
        check(&tokens.concat());
    }
}
