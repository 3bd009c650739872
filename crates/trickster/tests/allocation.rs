//! Evaluation allocates nothing.

use std::hint::black_box;

use allocation_counter::measure;
use morph_trickster::Expression;

#[test]
fn evaluation_allocates_nothing_not_even_for_an_error() {
    let deep = format!("{}a{}", "b-(".repeat(100), ")".repeat(100));
    let context = [("a", 3), ("b", 0)];
    // The counter counts.
    assert!(measure(|| drop(black_box(Expression::parse("a")))).count_total > 0);
    for text in ["a < b && b < 7", "a / b", "a % b", deep.as_str()] {
        let expression = Expression::parse(text).unwrap();
        let bound = expression.bind(&["a", "b"]).unwrap();
        let by_names = measure(|| drop(black_box(expression.evaluate(&context))));
        let by_position = measure(|| drop(black_box(bound.evaluate(&[3, 0]))));
        assert_eq!((by_names.count_total, by_position.count_total), (0, 0), "{text}");
    }
    let expression = Expression::parse("nobody").unwrap();
    let failing = measure(|| drop(black_box(expression.evaluate(&context))));
    assert_eq!(failing.count_total, 0);
}
