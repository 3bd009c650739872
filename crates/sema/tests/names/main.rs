//! What fragments show each other: summaries, the environment, closure, likely names.

mod closure;
mod environment;
mod index;
mod nearest;
mod program;
