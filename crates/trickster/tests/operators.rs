//! What each operator computes and which binds tighter, as tables.

#![expect(clippy::unwrap_used, reason = "a wrong expression in a table is a wrong test")]

use morph_trickster::Expression;

const MIN: i64 = i64::MIN;
const MAX: i64 = i64::MAX;

/// The value of `text` by both ways of evaluation.
fn value(text: &str, context: &[(&str, i64)]) -> i64 {
    let expression = Expression::parse(text).unwrap();
    let names: Vec<&str> = context.iter().map(|(name, _)| *name).collect();
    let values: Vec<i64> = context.iter().map(|(_, value)| *value).collect();
    let value = expression.evaluate(context).unwrap();
    assert_eq!(expression.bind(&names).unwrap().evaluate(&values).unwrap(), value, "{text} bound");
    value
}

#[test]
fn every_operator_computes_what_the_table_says() {
    let table: &[(i64, &str, i64, i64)] = &[
        (0, "||", 0, 0),
        (0, "||", 7, 1),
        (-7, "||", 0, 1),
        (2, "||", 4, 1),
        (0, "&&", 0, 0),
        (0, "&&", 7, 0),
        (-7, "&&", 0, 0),
        (2, "&&", 4, 1),
        (3, "==", 3, 1),
        (3, "==", -3, 0),
        (3, "!=", 3, 0),
        (3, "!=", -3, 1),
        (-1, "<", 0, 1),
        (0, "<", 0, 0),
        (MIN, "<", MAX, 1),
        (0, ">", -1, 1),
        (0, ">", 0, 0),
        (MIN, ">", MAX, 0),
        (0, "<=", 0, 1),
        (-1, "<=", 0, 1),
        (1, "<=", 0, 0),
        (0, ">=", 0, 1),
        (-1, ">=", 0, 0),
        (1, ">=", 0, 1),
        (0b1100, "|", 0b1010, 0b1110),
        (0b1100, "^", 0b1010, 0b0110),
        (0b1100, "&", 0b1010, 0b1000),
        (MIN, "|", MAX, -1),
        (1, "<<", 3, 8),
        (1, "<<", 63, MIN),
        (1, "<<", 64, 1),
        (1, "<<", -1, MIN),
        (3, "<<", 63, MIN),
        (256, ">>", 3, 32),
        (-8, ">>", 1, 9_223_372_036_854_775_804),
        (-1, ">>", 63, 1),
        (-1, ">>", 64, -1),
        (-1, ">>", -1, 1),
        (2, "+", 3, 5),
        (MAX, "+", 1, MIN),
        (2, "-", 3, -1),
        (MIN, "-", 1, MAX),
        (6, "*", -7, -42),
        (MAX, "*", 2, -2),
        (MIN, "*", -1, MIN),
        (7, "/", 2, 3),
        (-7, "/", 2, -3),
        (7, "/", -2, -3),
        (MIN, "/", -1, MIN),
        (7, "%", 3, 1),
        (-7, "%", 3, -1),
        (7, "%", -3, 1),
        (MIN, "%", -1, 0),
    ];
    for &(left, operator, right, expected) in table {
        let context = [("l", left), ("r", right)];
        let found = value(&format!("l {operator} r"), &context);
        assert_eq!(found, expected, "{left} {operator} {right}");
        // The other shapes that binding knows: numbers beside names, and both sides on the stack.
        let (l, r) = (number(left), number(right));
        for text in [
            format!("l{operator}{r}"),
            format!("{l} {operator} r"),
            format!("{l} {operator} {r}"),
            format!("(l+0) {operator} r"),
            format!("(l^0) {operator} {r}"),
            format!("(l*1) {operator} (r*1)"),
        ] {
            assert_eq!(value(&text, &context), expected, "{text}");
        }
    }
    let unary: &[(&str, i64, i64)] = &[
        ("!", 0, 1),
        ("!", 1, 0),
        ("!", MIN, 0),
        ("~", 0, -1),
        ("~", MAX, MIN),
        ("-", 5, -5),
        ("-", MIN, MIN),
    ];
    for &(operator, operand, expected) in unary {
        let context = [("x", operand)];
        assert_eq!(value(&format!("{operator}x"), &context), expected, "{operator}{operand}");
        assert_eq!(value(&format!("{operator} (x)"), &context), expected, "{operator}({operand})");
    }
}

/// The literal of a value; `-9223372036854775808` would be two tokens.
fn number(value: i64) -> String {
    format!("{:#x}", value)
}

#[test]
fn literals_names_blanks_and_parentheses_are_read() {
    let table: &[(&str, i64)] = &[
        ("0", 0),
        ("007", 7),
        ("0x10", 16),
        ("0Xff", 255),
        ("0xFFFFFFFFFFFFFFFF", -1),
        ("9223372036854775807", MAX),
        ("9223372036854775808", MIN),
        ("18446744073709551615", -1),
        ("00000000000000000000000000000000042", 42),
        ("-9223372036854775808", MIN),
        (" \t\r\n1 ", 1),
        ("((((1))))", 1),
        ("a", 10),
        ("_b2", 20),
        ("Ab_C9", 30),
        ("a+_b2*Ab_C9", 610),
        ("- - a", 10),
        ("-~-a", -9),
        ("!!a", 1),
        ("!-!a", 1),
        ("a- -a", 20),
        ("a*-a", -100),
        ("a<-a", 0),
        ("a<~a", 0),
        ("x1 & 0xff", 0x34),
    ];
    let context = [("a", 10), ("_b2", 20), ("Ab_C9", 30), ("x1", 0x1234)];
    for &(text, expected) in table {
        assert_eq!(value(text, &context), expected, "{text}");
    }
}

const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["==", "!="],
    &["<", ">", "<=", ">="],
    &["|"],
    &["^"],
    &["&"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

/// Every operand of the tests below takes each of these values.
const OPERANDS: [i64; 9] = [-9, 0, 1, 2, 3, 5, 6, 64, MAX];

/// The values of `text` for all values of `x`, `y` and `z`; `None` for a division by zero.
fn values(text: &str) -> Vec<Option<i64>> {
    let bound = Expression::parse(text).unwrap().bind(&["x", "y", "z"]).unwrap();
    let mut values = Vec::new();
    for x in OPERANDS {
        for y in OPERANDS {
            values.extend(OPERANDS.map(|z| bound.evaluate(&[x, y, z]).ok()));
        }
    }
    values
}

/// Whether grouping does not matter: `(x a y) b z` equals `x a (y b z)` for all values.
fn is_associative(a: &str, b: &str) -> bool {
    matches!((a, b), ("+", "-") | ("*", "<<"))
        || (a == b && ["||", "&&", "|", "^", "&", "+", "*"].contains(&a))
}

#[test]
fn every_pair_of_operators_groups_by_its_levels() {
    let operators = || {
        let with_level = |(level, signs): (usize, &'static &[&'static str])| {
            signs.iter().map(move |sign| (level, *sign))
        };
        LEVELS.iter().enumerate().flat_map(with_level)
    };
    let mut pairs = 0;
    for (first_level, a) in operators() {
        for (second_level, b) in operators() {
            let found = values(&format!("x {a} y {b} z"));
            let left = values(&format!("(x {a} y) {b} z"));
            let right = values(&format!("x {a} (y {b} z)"));
            let expected = if first_level >= second_level { &left } else { &right };
            assert_eq!(&found, expected, "{a} {b}");
            assert_eq!(left == right, is_associative(a, b), "the operands for {a} {b}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 18 * 18);
}

#[test]
fn unary_operators_bind_tighter_than_all_others() {
    for sign in LEVELS.iter().flat_map(|signs| signs.iter()) {
        for unary in ["!", "~", "-"] {
            let found = values(&format!("{unary}x {sign} {unary}y"));
            assert_eq!(found, values(&format!("({unary}x) {sign} ({unary}y)")), "{unary} {sign}");
        }
    }
}

#[test]
fn short_circuits_skip_errors_and_normalise() {
    let table: &[(&str, i64)] = &[
        ("0 && 1 / 0", 0),
        ("1 || 1 / 0", 1),
        ("5 || nobody", 1),
        ("0 && nobody", 0),
        ("0 && nobody || 7", 1),
        ("1 || nobody && nobody", 1),
        ("(0 && nobody) + 5", 5),
        ("(3 || nobody) + 5", 6),
        ("(2 && 4) + (0 || 8)", 2),
        ("0 && nobody && nobody", 0),
        ("0 || 0 || 9", 1),
        ("1 + (1 && (0 || 3 && 4)) * 10", 11),
        ("(1 && 2) == (3 || nobody)", 1),
    ];
    let no_names: [(&str, i64); 0] = [];
    for &(text, expected) in table {
        let found = Expression::parse(text).unwrap().evaluate(&no_names).unwrap();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn jumps_arrive_behind_merged_instructions() {
    let names = ["a", "b", "c"];
    for text in [
        "(a || b < c) && c",
        "(a && b < c) || c",
        "(a || b == 3) && (c > 2 && a)",
        "((a && b < c) || b > 2) && a < c || c == 3",
        "(a < b && b < c) + (a < b || b < c) * 2",
        "(a && b) + c < (a || b) * 4",
        "(a < 4294967296 && b) | (a > -5 || b)",
    ] {
        let expression = Expression::parse(text).unwrap();
        let bound = expression.bind(&names).unwrap();
        for case in 0..4 * 4 * 4 {
            let values = [case & 3, case >> 2 & 3, case >> 4];
            let context: [(&str, i64); 3] = std::array::from_fn(|i| (names[i], values[i]));
            assert_eq!(bound.evaluate(&values), expression.evaluate(&context), "{text} {values:?}");
        }
    }
}

#[test]
fn names_are_distinct_and_in_the_order_of_their_first_use() {
    let names = |text: &str| {
        let expression = Expression::parse(text).unwrap();
        expression.names().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("b + a * b - c / a"), ["b", "a", "c"]);
    assert_eq!(names("1 + 2"), Vec::<String>::new());
    // More than are searched from the front, each twice.
    let many: Vec<String> = (0..500).map(|i| format!("name_{}", i * 7919 % 500)).collect();
    assert_eq!(names(&[many.join("+"), many.join("+")].join("+")), many);
}

#[test]
fn a_context_is_a_function_or_pairs_of_which_the_first_counts() {
    let expression = Expression::parse("a * 10 + b").unwrap();
    assert_eq!(expression.evaluate(&|name: &str| Some(name.len() as i64)), Ok(11));
    assert_eq!(expression.evaluate(&[("b", 1), ("a", 2), ("b", 3)]), Ok(21));
    assert_eq!(expression.evaluate(&[("b", 1), ("a", 2), ("b", 3)][1..]), Ok(23));
    let bound = expression.bind(&["b", "unused", "a", "b"]).unwrap();
    assert_eq!(bound.evaluate(&[1, 99, 2, 3]), Ok(21));
}

#[test]
fn a_context_is_asked_only_for_what_is_needed() {
    let asked = std::cell::RefCell::new(Vec::new());
    let context = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        Some(0)
    };
    let expression = Expression::parse("a && b || c && d | e").unwrap();
    assert_eq!(expression.evaluate(&context), Ok(0));
    assert_eq!(asked.into_inner(), ["a", "c"]);
}

#[test]
fn an_expression_is_its_text() {
    let expression: Expression = " a+ 1 ".parse().unwrap();
    assert_eq!(expression.text(), " a+ 1 ");
    assert_eq!(expression.to_string(), " a+ 1 ");
    assert_eq!(format!("{expression:?}"), "Expression(\" a+ 1 \")");
    assert_eq!(expression, Expression::parse(" a+ 1 ").unwrap());
    assert_ne!(expression, Expression::parse("a+1").unwrap());
    let bound = expression.bind(&["a"]).unwrap();
    assert_eq!(bound.text(), " a+ 1 ");
    assert_eq!(format!("{bound:?}"), "Bound { text: \" a+ 1 \", names: 1 }");
}
