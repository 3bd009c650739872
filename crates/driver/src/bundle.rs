//! Crash bundles: what broke the compiler, in one folder that needs nothing else.
//!
//! ```text
//! .morph/bundles/f-mxk5j189/bundle.json      what was done, with which options and budget, and how it ended
//!                           fragment.fox     the text on which it broke
//!                           environment.fox  the definitions that a check of it can ask about
//! ```
//!
//! A build writes one for each fault of its workers that repeated. [`Bundle::open`] trusts nothing in such a folder;
//! [`replay`] does the work once more in sandboxes and [`minimise`] looks for a smaller text on which it breaks in
//! the same way. Neither needs the project that the fragment comes from.

mod ddmin;
mod environment;
mod facts;
mod folder;
mod minimise;
mod record;
mod replay;
mod trial;
mod wire;
mod write;

pub use folder::{Bundle, BundleError};
pub use minimise::{Limits, Minimised, Size, minimise};
pub use record::{At, Record};
pub use replay::{Outcome, Replayed, SeenFault, replay};
pub use trial::ReplayError;
pub(crate) use write::{is_kept, write_all};
