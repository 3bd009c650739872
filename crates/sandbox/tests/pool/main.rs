//! The pool through its public boundary, in a program with an ordinary allocator.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deaths;
mod hostile;
mod jail;
mod leaks;
mod life;
mod many;
mod record;
mod work;
