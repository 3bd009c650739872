//! While a file has a temporary name, signals that end the process wait.
//!
//! They are put off, not lost: as soon as the file has its own name, or none, the process ends by the signal as it would have.
//! A worker is not concerned: it has handlers of its own.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// What the handlers look at.
struct Deferral {
    /// No file has a temporary name: a signal does what it always does.
    free: Arc<AtomicBool>,
    /// The last signal that came; 0 is none.
    came: Arc<AtomicUsize>,
}

static DEFERRAL: LazyLock<Option<Deferral>> = LazyLock::new(|| {
    let deferral =
        Deferral { free: Arc::new(AtomicBool::new(true)), came: Arc::new(AtomicUsize::new(0)) };
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: whoever is free ends here.
        flag::register_conditional_default(signal, Arc::clone(&deferral.free)).ok()?;
        let number = usize::try_from(signal).ok()?;
        flag::register_usize(signal, Arc::clone(&deferral.came), number).ok()?;
    }
    Some(deferral)
});

/// Does `work` without being ended in its midst. It must be short, and wait for nobody.
pub(crate) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    // Without handlers a signal may leave a temporary file, and nothing worse.
    let Some(deferral) = &*DEFERRAL else { return work() };
    deferral.free.store(false, Ordering::SeqCst);
    let done = work();
    deferral.free.store(true, Ordering::SeqCst);
    let came = deferral.came.swap(0, Ordering::SeqCst);
    if let Some(signal) = i32::try_from(came).ok().filter(|signal| *signal != 0) {
        // If it cannot end us now, there is nothing that it would interrupt any more.
        let _ended = low_level::emulate_default_handler(signal);
    }
    done
}
