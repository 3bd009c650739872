//! The last build without an error, set aside while there are errors: what mends them is an edit of that build, and objects can be
//! exchanged in its image.
//!
//! ```text
//! a build without an error:   its outcome, its history, its image
//!   the next one has errors:  these three get second names, then the build writes its own
//!     ... they are mended:    only what differs from the build set aside is made; its history is the history again
//! ```
//!
//! Second names cost no room as long as the first ones stay; of the image they are all that is left when its place is taken.

use std::path::Path;
use std::sync::Arc;

use crate::history;
use crate::ledger::Ledger;
use crate::unchanged::{self, LONGEST_IMAGE};

/// The outcome.
pub(crate) fn record(user: &str) -> String {
    format!("healthy-{user}")
}

/// A small image as a record, a large one as the file that it is.
pub(crate) fn image(user: &str) -> String {
    format!("healthy-image-{user}")
}

pub(crate) fn history(user: &str) -> String {
    format!("healthy-history-{user}")
}

/// Sets the last build aside, if it had no error: before another one with errors takes its place.
pub(crate) fn set(image_at: Option<&Path>, last_image: Option<&Arc<Vec<u8>>>, ledger: &mut Ledger) {
    let Some(sum) = unchanged::last_healthy(ledger) else { return };
    let user = ledger.results.user().to_owned();
    let Ledger { results, notes, .. } = ledger;
    let last_image = last_image.filter(|image| unchanged::checksum(image) == sum);
    let (length, _) = sum;
    if length <= LONGEST_IMAGE as u64 {
        results.copy_record(&unchanged::image_record(&user), &image(&user), notes);
    } else if let Some(bytes) = last_image {
        results.keep_bytes(&image(&user), bytes, notes);
    } else if let Some(path) = image_at {
        results.keep_file(&image(&user), path, notes);
    }
    results.copy_record(&history::record(&user), &history(&user), notes);
    // It comes last: without it nobody asks for the others.
    results.copy_record(&unchanged::record(&user), &record(&user), notes);
}

/// Forgets what was set aside: there is a build without an error again.
pub(crate) fn forget(ledger: &mut Ledger) {
    let user = ledger.results.user().to_owned();
    let Ledger { results, notes, .. } = ledger;
    for name in [record(&user), history(&user), image(&user)] {
        results.remove_record(&name, notes);
    }
}
