//! The pipeline: plan, parse, check, compile, link, report.
//!
//! A shell around pure rooms: this crate reads files and the clock, and carries values from one phase to the
//! next. [`build`] is all of it; what it gives is worded and printed by whoever calls.

mod analysis;
mod aside;
mod back;
pub mod bundle;
mod compile;
pub mod config;
mod crew;
pub mod decisions;
mod deferral;
mod definitions;
pub mod drill;
mod edit;
pub mod expression;
mod fault_ids;
pub mod history;
#[cfg(test)]
mod hostile;
pub mod hot;
mod image;
pub mod isolation;
mod keeper;
mod key;
mod ledger;
pub mod library;
mod log_file;
mod loss;
pub mod meaning;
pub mod options;
mod order;
pub mod phase;
mod pipeline;
mod program;
pub mod project;
mod protection;
mod reach;
mod reader;
mod reading;
mod recovery;
mod refusal;
pub mod registry;
mod relaid;
pub mod report;
mod results;
mod sandboxed;
mod side_by_side;
mod signature;
pub mod source;
pub mod status;
mod stopwatch;
mod task;
mod unchanged;
mod unit;
mod unprotected;
mod unread;
mod worker;

pub use deferral::{Deferral, outlive_file_size_limits};
pub use image::write_image;
pub use ledger::Note;
pub use pipeline::{Output, Status, build};
pub use protection::{MOST_SANDBOXES, compiler_build};
pub use unchanged::checksum as image_sum;
