//! Fragments are checked: programs in, typed code or problems out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod asm;
mod calls;
mod dump;
mod fields;
mod flow;
mod harness;
mod items;
mod limits;
mod names;
mod synthetic;
mod types;
