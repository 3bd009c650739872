//! Every way in which a text has no value, with the whole message and the place.

#![expect(clippy::unwrap_used, reason = "a wrong expression in a table is a wrong test")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use morph_trickster::{DEPTH_LIMIT, EvaluationErrorKind, Expression, LENGTH_LIMIT, ParseErrorKind};

/// Compares kind, marked text and message of each text's error.
fn check_parse(texts: &[&str], expected: Expect) {
    let mut found = String::new();
    for text in texts {
        let error = Expression::parse(text).unwrap_err();
        let span = error.span();
        assert_eq!(error.text(), *text);
        let marked = span.text(text);
        writeln!(found, "{:?} {}..{} {marked:?}\n  {error}", error.kind(), span.start, span.end)
            .unwrap();
    }
    expected.assert_eq(&found);
}

#[test]
fn what_has_no_operands_or_operators() {
    check_parse(
        &[
            "", " \t", "1 +", "* 3", "+5", "a || ", "()", "a + )", "a & & b", "1 2", "a b",
            "(a)(b)", "1 (2)", "a !b", "a 0x", "(a", "((1)", "1)", "a))",
        ],
        expect![[r#"
            Empty 0..0 ""
              the expression is empty, so it has no value: write at least a number or a name
            Empty 2..2 ""
              the expression is empty, so it has no value: write at least a number or a name
            OperandMissing 3..3 ""
              missing operand at byte 3 of `1 +`: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator
            OperandMissing 0..1 "*"
              missing operand at bytes 0..1 (`*`) of `* 3`: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator
            OperandMissing 0..1 "+"
              missing operand at bytes 0..1 (`+`) of `+5`: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator
            OperandMissing 5..5 ""
              missing operand at byte 5 of `a || `: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator
            OperandMissing 1..2 ")"
              missing operand at bytes 1..2 (`)`) of `()`: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator
            OperandMissing 4..5 ")"
              missing operand at bytes 4..5 (`)`) of `a + )`: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator
            OperandMissing 4..5 "&"
              missing operand at bytes 4..5 (`&`) of `a & & b`: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator
            OperatorMissing 2..3 "2"
              missing operator at bytes 2..3 (`2`) of `1 2`: two operands stand side by side; join them with an operator or remove one
            OperatorMissing 2..3 "b"
              missing operator at bytes 2..3 (`b`) of `a b`: two operands stand side by side; join them with an operator or remove one
            OperatorMissing 3..4 "("
              missing operator at bytes 3..4 (`(`) of `(a)(b)`: two operands stand side by side; join them with an operator or remove one
            OperatorMissing 2..3 "("
              missing operator at bytes 2..3 (`(`) of `1 (2)`: two operands stand side by side; join them with an operator or remove one
            OperatorMissing 2..3 "!"
              missing operator at bytes 2..3 (`!`) of `a !b`: two operands stand side by side; join them with an operator or remove one
            NumberMalformed 2..4 "0x"
              malformed number at bytes 2..4 (`0x`) of `a 0x`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
            ParenthesisUnclosed 0..1 "("
              unclosed parenthesis at bytes 0..1 (`(`) of `(a`: its `)` is missing; add it
            ParenthesisUnclosed 0..1 "("
              unclosed parenthesis at bytes 0..1 (`(`) of `((1)`: its `)` is missing; add it
            ParenthesisUnopened 1..2 ")"
              unopened parenthesis at bytes 1..2 (`)`) of `1)`: its `(` is missing; add it or remove this one
            ParenthesisUnopened 1..2 ")"
              unopened parenthesis at bytes 1..2 (`)`) of `a))`: its `(` is missing; add it or remove this one
        "#]],
    );
}

#[test]
fn what_belongs_to_other_languages() {
    check_parse(
        &[
            "f(1)",
            "f (",
            "-f(1)",
            "a[1]",
            "[1]",
            "a.b",
            "a . b",
            ".b",
            "1.5",
            "1.",
            "a.5",
            ".5",
            "1e5",
            "2E-3",
            "1.5e3",
            "\"text\"",
            "a == \"tex",
            "'t'",
            "a = 1",
            "a === b",
            "a ++ b",
            "--a",
            "a += 1",
            "a <<= 2",
            "a >>= 2",
            "a and b",
            "a or b",
            "a not b",
            "a ? b : c",
            "a, b",
            "a;",
            "# a",
            "1 @ 2",
            "a × b",
            "日",
            "a 🦊",
            "a\u{0}",
        ],
        expect![[r##"
            Call 0..2 "f("
              call at bytes 0..2 (`f(`) of `f(1)`: an expression has no functions; give the result as a value with a name
            Call 0..3 "f ("
              call at bytes 0..3 (`f (`) of `f (`: an expression has no functions; give the result as a value with a name
            Call 1..3 "f("
              call at bytes 1..3 (`f(`) of `-f(1)`: an expression has no functions; give the result as a value with a name
            Index 1..2 "["
              index at bytes 1..2 (`[`) of `a[1]`: an expression has no arrays; give the element as a value with a name
            CharacterUnexpected 0..1 "["
              unexpected character at bytes 0..1 (`[`) of `[1]`: an expression has integers, names, operators and parentheses; remove it
            Field 1..3 ".b"
              field at bytes 1..3 (`.b`) of `a.b`: names have no fields; give the field as a value with a name
            Field 2..3 "."
              field at bytes 2..3 (`.`) of `a . b`: names have no fields; give the field as a value with a name
            CharacterUnexpected 0..1 "."
              unexpected character at bytes 0..1 (`.`) of `.b`: an expression has integers, names, operators and parentheses; remove it
            Float 0..3 "1.5"
              number with a fraction or an exponent at bytes 0..3 (`1.5`) of `1.5`: values are integers; scale it, for example to milliseconds
            Float 0..2 "1."
              number with a fraction or an exponent at bytes 0..2 (`1.`) of `1.`: values are integers; scale it, for example to milliseconds
            Float 1..3 ".5"
              number with a fraction or an exponent at bytes 1..3 (`.5`) of `a.5`: values are integers; scale it, for example to milliseconds
            Float 0..2 ".5"
              number with a fraction or an exponent at bytes 0..2 (`.5`) of `.5`: values are integers; scale it, for example to milliseconds
            Float 0..3 "1e5"
              number with a fraction or an exponent at bytes 0..3 (`1e5`) of `1e5`: values are integers; scale it, for example to milliseconds
            Float 0..4 "2E-3"
              number with a fraction or an exponent at bytes 0..4 (`2E-3`) of `2E-3`: values are integers; scale it, for example to milliseconds
            Float 0..5 "1.5e3"
              number with a fraction or an exponent at bytes 0..5 (`1.5e3`) of `1.5e3`: values are integers; scale it, for example to milliseconds
            String 0..6 "\"text\""
              text in quotes at bytes 0..6 (`"text"`) of `"text"`: values are integers; write a name or a number
            String 5..9 "\"tex"
              text in quotes at bytes 5..9 (`"tex`) of `a == "tex`: values are integers; write a name or a number
            String 0..3 "'t'"
              text in quotes at bytes 0..3 (`'t'`) of `'t'`: values are integers; write a name or a number
            Assignment 2..3 "="
              assignment at bytes 2..3 (`=`) of `a = 1`: an expression changes nothing; compare with `==`
            Assignment 4..5 "="
              assignment at bytes 4..5 (`=`) of `a === b`: an expression changes nothing; compare with `==`
            OperatorUnknown 2..4 "++"
              unknown operator at bytes 2..4 (`++`) of `a ++ b`: the operators are || && == != < > <= >= | ^ & << >> + - * / % ! ~; write it out with these
            OperatorUnknown 0..2 "--"
              unknown operator at bytes 0..2 (`--`) of `--a`: the operators are || && == != < > <= >= | ^ & << >> + - * / % ! ~; write it out with these
            OperatorUnknown 2..4 "+="
              unknown operator at bytes 2..4 (`+=`) of `a += 1`: the operators are || && == != < > <= >= | ^ & << >> + - * / % ! ~; write it out with these
            OperatorUnknown 2..5 "<<="
              unknown operator at bytes 2..5 (`<<=`) of `a <<= 2`: the operators are || && == != < > <= >= | ^ & << >> + - * / % ! ~; write it out with these
            OperatorUnknown 2..5 ">>="
              unknown operator at bytes 2..5 (`>>=`) of `a >>= 2`: the operators are || && == != < > <= >= | ^ & << >> + - * / % ! ~; write it out with these
            OperatorInWords 2..5 "and"
              operator written as a word at bytes 2..5 (`and`) of `a and b`: logic is written in signs; use `&&`, `||` or `!`
            OperatorInWords 2..4 "or"
              operator written as a word at bytes 2..4 (`or`) of `a or b`: logic is written in signs; use `&&`, `||` or `!`
            OperatorInWords 2..5 "not"
              operator written as a word at bytes 2..5 (`not`) of `a not b`: logic is written in signs; use `&&`, `||` or `!`
            CharacterUnexpected 2..3 "?"
              unexpected character at bytes 2..3 (`?`) of `a ? b : c`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 1..2 ","
              unexpected character at bytes 1..2 (`,`) of `a, b`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 1..2 ";"
              unexpected character at bytes 1..2 (`;`) of `a;`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 0..1 "#"
              unexpected character at bytes 0..1 (`#`) of `# a`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 2..3 "@"
              unexpected character at bytes 2..3 (`@`) of `1 @ 2`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 2..4 "×"
              unexpected character at bytes 2..4 (`×`) of `a × b`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 0..3 "日"
              unexpected character at bytes 0..3 (`日`) of `日`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 2..6 "🦊"
              unexpected character at bytes 2..6 (`🦊`) of `a 🦊`: an expression has integers, names, operators and parentheses; remove it
            CharacterUnexpected 1..2 "\0"
              unexpected character at bytes 1..2 (`\u{0}`) of `a\u{0}`: an expression has integers, names, operators and parentheses; remove it
        "##]],
    );
}

#[test]
fn what_is_no_number() {
    check_parse(
        &[
            "18446744073709551616",
            "99999999999999999999999",
            "0x10000000000000000",
            "12ab",
            "0x",
            "0xg",
            "0x1g",
            "1_000",
            "1e",
            "1f",
        ],
        expect![[r#"
            NumberTooLarge 0..20 "18446744073709551616"
              number too large at bytes 0..20 (`18446744073709551616`) of `18446744073709551616`: 64 bits do not hold it; write a smaller one
            NumberTooLarge 0..23 "99999999999999999999999"
              number too large at bytes 0..23 (`99999999999999999999999`) of `99999999999999999999999`: 64 bits do not hold it; write a smaller one
            NumberTooLarge 0..19 "0x10000000000000000"
              number too large at bytes 0..19 (`0x10000000000000000`) of `0x10000000000000000`: 64 bits do not hold it; write a smaller one
            NumberMalformed 0..4 "12ab"
              malformed number at bytes 0..4 (`12ab`) of `12ab`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
            NumberMalformed 0..2 "0x"
              malformed number at bytes 0..2 (`0x`) of `0x`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
            NumberMalformed 0..3 "0xg"
              malformed number at bytes 0..3 (`0xg`) of `0xg`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
            NumberMalformed 0..4 "0x1g"
              malformed number at bytes 0..4 (`0x1g`) of `0x1g`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
            NumberMalformed 0..5 "1_000"
              malformed number at bytes 0..5 (`1_000`) of `1_000`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
            NumberMalformed 0..2 "1e"
              malformed number at bytes 0..2 (`1e`) of `1e`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
            NumberMalformed 0..2 "1f"
              malformed number at bytes 0..2 (`1f`) of `1f`: an integer is decimal digits, or `0x` and hexadecimal digits; separate it from the word behind it or complete it
        "#]],
    );
}

#[test]
fn a_place_in_a_long_text_is_shown_with_what_is_around_it() {
    let long = format!("{} + ? + {}", vec!["alpha"; 30].join(" + "), vec!["beta"; 30].join(" + "));
    let number = "9".repeat(100);
    let accents = format!("\"{}\"", "é".repeat(100));
    check_parse(
        &[&long, &number, &accents],
        expect![[r#"
            CharacterUnexpected 240..241 "?"
              unexpected character at bytes 240..241 (`?`) of `...alpha + alpha + alpha + alpha + alpha + ? + beta + beta + beta + beta + beta + be...`: an expression has integers, names, operators and parentheses; remove it
            NumberTooLarge 0..100 "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"
              number too large at bytes 0..100 (`9999999999999999999999999999999999999999...`) of `99999999999999999999999999999999999999999999999999999999999999999999999999999999...`: 64 bits do not hold it; write a smaller one
            String 0..202 "\"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\""
              text in quotes at bytes 0..202 (`"ééééééééééééééééééé...`) of `"ééééééééééééééééééééééééééééééééééééééé...`: values are integers; write a name or a number
        "#]],
    );
}

#[test]
fn the_limits_are_exact() {
    let parentheses = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    let unary = |depth: usize| format!("{}1", "- ".repeat(depth));
    let nested = |depth: usize| format!("{}1{}", "1+(".repeat(depth), ")".repeat(depth));
    let no_names: [(&str, i64); 0] = [];
    let value = |text: &str| Expression::parse(text).unwrap().evaluate(&no_names).unwrap();
    let bound =
        |text: &str| Expression::parse(text).unwrap().bind(&[]).unwrap().evaluate(&[]).unwrap();
    let whole = DEPTH_LIMIT;
    for (text, expected) in [
        (parentheses(whole), 1),
        (unary(whole), -1),
        (nested(whole / 2), whole as i64 / 2 + 1),
        (format!("{} + 1", nested(whole / 2)), whole as i64 / 2 + 2),
    ] {
        assert_eq!(value(&text), expected);
        assert_eq!(bound(&text), expected);
    }
    for (text, at) in [
        (parentheses(whole + 1), whole),
        (unary(whole + 1), 2 * whole),
        (nested(whole / 2 + 1), 3 * (whole / 2) + 2),
    ] {
        let error = Expression::parse(&text).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::TooDeep);
        assert_eq!(error.span().start as usize, at);
    }
    let error = Expression::parse(&unary(whole + 1)).unwrap_err();
    expect!["too deep at bytes 510..511 (`-`) of `...- - - - - - - - - - - - - - - - - - - - - 1`: more than 255 operators and parentheses wait for their right side; split the expression up"].assert_eq(&error.to_string());

    let wide = format!("{}1", "1+".repeat(LENGTH_LIMIT / 2));
    assert_eq!(wide.len(), LENGTH_LIMIT + 1);
    let error = Expression::parse(&wide).unwrap_err();
    assert_eq!(error.kind(), ParseErrorKind::TooLong);
    assert_eq!((error.span().start as usize, error.text().len()), (LENGTH_LIMIT, LENGTH_LIMIT));
    expect!["the expression is longer than 65536 bytes: split it up"].assert_eq(&error.to_string());
    assert_eq!(value(&wide[2..].replacen("1+", "1 +", 1)), LENGTH_LIMIT as i64 / 2);
}

#[test]
fn what_has_no_value() {
    let context = [("zero", 0), ("n", 4)];
    let mut found = String::new();
    for text in [
        "n / zero",
        "n % (zero * 2)",
        "nobody",
        "n + nobody * n",
        "1 && 2 / 0",
        "0 || n % 0",
        "zero && nobody || other",
        "(n / zero) / zero",
        "n*2/zero",
        "n*2%0",
        "(n+1)/(n-4)",
    ] {
        let expression = Expression::parse(text).unwrap();
        let error = expression.evaluate(&context).unwrap_err();
        let span = error.span();
        let marked = span.text(error.text());
        writeln!(found, "{:?} {}..{} {marked:?}\n  {error}", error.kind(), span.start, span.end)
            .unwrap();
        match error.kind() {
            EvaluationErrorKind::NameUnknown => {
                assert_eq!(expression.bind(&["zero", "n"]).unwrap_err().kind(), error.kind());
            }
            EvaluationErrorKind::DivisionByZero
            | EvaluationErrorKind::RemainderByZero
            | EvaluationErrorKind::ValueCount { .. } => {
                let bound = expression.bind(&["zero", "n"]).unwrap();
                assert_eq!(bound.evaluate(&[0, 4]).unwrap_err(), error);
            }
        }
    }
    expect![[r#"
        DivisionByZero 2..3 "/"
          division by zero at bytes 2..3 (`/`) of `n / zero`: its right side is 0; test it first, as in `n != 0 && m / n > 2`
        RemainderByZero 2..3 "%"
          remainder by zero at bytes 2..3 (`%`) of `n % (zero * 2)`: its right side is 0; test it first, as in `n != 0 && m % n == 0`
        NameUnknown 0..6 "nobody"
          unknown name at bytes 0..6 (`nobody`) of `nobody`: the expression was given no value for it; give one or correct the name
        NameUnknown 4..10 "nobody"
          unknown name at bytes 4..10 (`nobody`) of `n + nobody * n`: the expression was given no value for it; give one or correct the name
        DivisionByZero 7..8 "/"
          division by zero at bytes 7..8 (`/`) of `1 && 2 / 0`: its right side is 0; test it first, as in `n != 0 && m / n > 2`
        RemainderByZero 7..8 "%"
          remainder by zero at bytes 7..8 (`%`) of `0 || n % 0`: its right side is 0; test it first, as in `n != 0 && m % n == 0`
        NameUnknown 18..23 "other"
          unknown name at bytes 18..23 (`other`) of `zero && nobody || other`: the expression was given no value for it; give one or correct the name
        DivisionByZero 3..4 "/"
          division by zero at bytes 3..4 (`/`) of `(n / zero) / zero`: its right side is 0; test it first, as in `n != 0 && m / n > 2`
        DivisionByZero 3..4 "/"
          division by zero at bytes 3..4 (`/`) of `n*2/zero`: its right side is 0; test it first, as in `n != 0 && m / n > 2`
        RemainderByZero 3..4 "%"
          remainder by zero at bytes 3..4 (`%`) of `n*2%0`: its right side is 0; test it first, as in `n != 0 && m % n == 0`
        DivisionByZero 5..6 "/"
          division by zero at bytes 5..6 (`/`) of `(n+1)/(n-4)`: its right side is 0; test it first, as in `n != 0 && m / n > 2`
    "#]].assert_eq(&found);
}

#[test]
fn binding_needs_all_names_and_each_evaluation_all_values() {
    let expression = Expression::parse("a && b").unwrap();
    // Even though evaluation might never ask for it.
    let error = expression.bind(&["a"]).unwrap_err();
    expect!["unknown name at bytes 5..6 (`b`) of `a && b`: the expression was given no value for it; give one or correct the name"].assert_eq(&error.to_string());
    let bound = expression.bind(&["a", "b"]).unwrap();
    let error = bound.evaluate(&[0]).unwrap_err();
    assert_eq!(error.kind(), EvaluationErrorKind::ValueCount { expected: 2, given: 1 });
    expect!["wrong number of values for bytes 0..6 (`a && b`) of `a && b`: the expression is bound to 2 names and got 1 values; give one value a name, in the same order"].assert_eq(&error.to_string());
    assert_eq!(
        bound.evaluate(&[0, 0, 0]).unwrap_err().kind(),
        EvaluationErrorKind::ValueCount { expected: 2, given: 3 }
    );
}
