//! While a file has a temporary name, signals that end the process wait.
//!
//! They are put off, not lost: as soon as the file has its own name, or none, the process ends by the signal as it would have.
//! A worker is not concerned: it has handlers of its own.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::{flag, low_level};

/// Puts signals off. One for a process: two would not know of each other. Clones are the same one.
#[derive(Clone, Default)]
pub struct Deferral {
    /// Made when they are needed first: until then signals do what they always do, in workers too.
    handlers: Arc<OnceLock<Option<Handlers>>>,
}

/// A file that would grow beyond `ulimit -f` is an error of the write from now on, as a full disk is, not the end of the process. A
/// program that this process becomes has the default again.
pub fn outlive_file_size_limits() {
    // Without the handler the system's default stays.
    let _registered = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// What the handlers look at.
struct Handlers {
    /// No file has a temporary name: a signal ends the process at once.
    free: Arc<AtomicBool>,
    /// The last signal that came; 0 is none.
    came: Arc<AtomicUsize>,
}

impl Handlers {
    fn install() -> Option<Handlers> {
        let handlers =
            Handlers { free: Arc::new(AtomicBool::new(true)), came: Arc::new(AtomicUsize::new(0)) };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // In this order: whoever is free ends here.
            flag::register_conditional_default(signal, Arc::clone(&handlers.free)).ok()?;
            let number = usize::try_from(signal).ok()?;
            flag::register_usize(signal, Arc::clone(&handlers.came), number).ok()?;
        }
        Some(handlers)
    }
}

impl Deferral {
    /// Does `work` without being ended in its midst. It must be short, and wait for nobody.
    pub(crate) fn uninterrupted<T>(&self, work: impl FnOnce() -> T) -> T {
        // Without handlers a signal may leave a temporary file, and nothing worse.
        let Some(handlers) = self.handlers.get_or_init(Handlers::install) else { return work() };
        handlers.free.store(false, Ordering::SeqCst);
        let done = work();
        handlers.free.store(true, Ordering::SeqCst);
        let came = handlers.came.swap(0, Ordering::SeqCst);
        if let Some(signal) = i32::try_from(came).ok().filter(|signal| *signal != 0) {
            // If it cannot end us now, there is nothing that it would interrupt any more.
            let _ended = low_level::emulate_default_handler(signal);
        }
        done
    }
}

impl fmt::Debug for Deferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferral").finish_non_exhaustive()
    }
}
