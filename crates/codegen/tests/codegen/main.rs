//! Code generation through its public boundary: typed bodies in, objects and running code out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod aarch64;
mod asm;
mod build;
mod flow;
mod image;
mod memory;
mod objects;
mod values;
