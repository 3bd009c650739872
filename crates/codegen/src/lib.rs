//! Typed fragment to object, through Cranelift.
