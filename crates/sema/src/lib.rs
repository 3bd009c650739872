//! Environment and fragment to typed fragment, or diagnostics.
//!
//! `index` reads one tree and says what it defines, imports, uses and returns; `environment` joins
//! all summaries into one table of signatures; `check` types one fragment against that table and
//! records every question that it asked. All pure; a fragment is never looked at from another one.

pub mod check;
pub mod closure;
pub mod environment;
pub mod index;
pub mod nearest;
pub mod summary;
pub mod typed;
