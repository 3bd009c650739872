//! What happens when Morph itself is wrong: it says so, and nobody blames the program.

use std::io::Write as _;
use std::{io, panic, thread};

use morph_diag::Lang;

use crate::status::Status;

/// Trees are walked with recursion whose depth is limited; the limit needs more stack than a thread may have.
const STACK: usize = 256 << 20;

/// Replaces the message of a panic by one that says whose fault it is.
pub(crate) fn install_hook(lang: Lang) {
    panic::set_hook(Box::new(move |info| {
        let place = info
            .location()
            .map_or_else(String::new, |place| format!("{}:{}", place.file(), place.line()));
        let reason = info.payload_as_str().unwrap_or("?");
        let version = env!("CARGO_PKG_VERSION");
        let text = match lang {
            Lang::En => format!(
                "internal error: {reason}\n  at {place}, morph {version}\n\
                 This is Morph's fault, not yours. Please report it together with the program that caused it.\n"
            ),
            Lang::Id => format!(
                "galat internal: {reason}\n  di {place}, morph {version}\n\
                 Ini kesalahan Morph, bukan kesalahan Anda. Mohon laporkan beserta program yang memicunya.\n"
            ),
        };
        // Nothing is left to do if even this cannot be written.
        let _ = io::stderr().write_all(text.as_bytes());
    }));
}

/// Runs `command` where deep nesting cannot exhaust the stack. A panic becomes a status.
pub(crate) fn on_large_stack(command: impl FnOnce() -> Status + Send + 'static) -> Status {
    #[expect(
        clippy::exit,
        reason = "giving back the memory of a large program, page by page, takes longer than a small build"
    )]
    let and_end = move || -> Status { std::process::exit(i32::from(command().number())) };
    match thread::Builder::new().stack_size(STACK).spawn(and_end) {
        Ok(handle) => handle.join().unwrap_or(Status::Bug),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: cannot start: {error}");
            Status::OutputFailed
        }
    }
}
