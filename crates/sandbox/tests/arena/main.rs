//! The arena, and the deaths once more in a program that allocates through it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../pool/deaths.rs"]
mod deaths;
mod memory;
#[path = "../pool/work.rs"]
mod work;

use morph_sandbox::ArenaAllocator;

#[global_allocator]
static ALLOCATOR: ArenaAllocator<std::alloc::System> = ArenaAllocator::new(std::alloc::System);
