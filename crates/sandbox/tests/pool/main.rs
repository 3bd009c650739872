//! The pool through its public boundary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deaths;
mod work;
