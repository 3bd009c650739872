//! Slots and tables of slots through their public boundary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod files;
mod rollback;
