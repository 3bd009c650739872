//! The morph command.
fn main() {}
