//! Deterministic integer expressions: what a user may write into a configuration file to decide something.
//!
//! ```
//! use morph_trickster::Expression;
//!
//! let retry = Expression::parse("crash_count < threshold && depth < max_depth")?;
//!
//! // Once, from whatever knows the names:
//! let context = [("crash_count", 2), ("threshold", 3), ("depth", 0), ("max_depth", 10)];
//! assert_eq!(retry.evaluate(&context)?, 1);
//!
//! // Or often, from values in a fixed order:
//! let retry = retry.bind(&["crash_count", "threshold", "depth", "max_depth"])?;
//! assert_eq!(retry.evaluate(&[2, 3, 0, 10])?, 1);
//! assert_eq!(retry.evaluate(&[3, 3, 0, 10])?, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An expression always ends, always gives the same value for the same names' values, changes nothing, and needs no memory
//! but the stack when it is evaluated. It has no loops, no functions, no floats and no texts. Any text gives an expression
//! or an error with its place, never a panic:
//!
//! ```
//! use morph_trickster::{Expression, ParseErrorKind};
//!
//! let error = Expression::parse("elapsed_ms > 1.5").unwrap_err();
//! assert_eq!(error.kind(), ParseErrorKind::Float);
//! assert_eq!(error.span().text(error.text()), "1.5");
//! assert_eq!(
//!     error.to_string(),
//!     "number with a fraction or an exponent at bytes 13..16 (`1.5`) of `elapsed_ms > 1.5`: \
//!      values are integers; scale it, for example to milliseconds"
//! );
//! ```
//!
//! # The expressions
//!
//! Values are 64-bit integers; 0 is false and everything else is true. Operands are names (`[A-Za-z_][A-Za-z0-9_]*`), decimal
//! and `0x` integers, and expressions in parentheses. Operators, from the one that binds weakest:
//!
//! | level | operators | |
//! | --- | --- | --- |
//! | 1 | `\|\|` | 1 if a side is true, else 0; the right side is evaluated only if the left one is false |
//! | 2 | `&&` | 1 if both sides are true, else 0; the right side is evaluated only if the left one is true |
//! | 3 | `==` `!=` | 1 or 0 |
//! | 4 | `<` `>` `<=` `>=` | 1 or 0; signed |
//! | 5, 6, 7 | `\|`, `^`, `&` | bit by bit. They bind tighter than comparisons, unlike in C |
//! | 8 | `<<` `>>` | by the low six bits of the right side; `>>` shifts in zeros |
//! | 9 | `+` `-` | wrap around |
//! | 10 | `*` `/` `%` | `*` wraps around, `/` truncates towards zero, `%` has the sign of its left side; zero on the right side is an error |
//! | 11 | `!` `~` `-` | before their operand: 1 if it is 0, else 0; all bits inverted; negative |
//!
//! Operators of one level associate to the left. Errors of evaluation happen only where evaluation goes:
//! `n != 0 && m / n > 2` never divides by zero.
//!
//! # How it works
//!
//! `token` cuts the text, `parse` brings it into reverse Polish notation by the shunting-yard algorithm and computes the depth
//! of the stack, `evaluate` runs it with names looked up in a [`Context`], `bound` with values in a list.

mod bound;
mod context;
mod error;
mod evaluate;
mod expression;
mod operator;
mod parse;
mod span;
mod token;

pub use bound::Bound;
pub use context::Context;
pub use error::{EvaluationError, EvaluationErrorKind, ParseError, ParseErrorKind};
pub use expression::Expression;
pub use span::Span;

/// An expression is at most so many bytes long.
pub const LENGTH_LIMIT: usize = 65_536;

/// At any place of an expression at most so many operators and parentheses wait for their right side.
pub const DEPTH_LIMIT: usize = 255;
