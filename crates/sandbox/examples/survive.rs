//! Calls C functions that crash, and lives.
//!
//! ```console
//! $ cargo run -p morph-sandbox --example survive
//! ```

#![expect(unsafe_code, reason = "the crashing C functions are called for real")]
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::ffi::{c_int, c_void};

use morph_sandbox::{Budget, Failure, Marker, SandboxError, Settings, TypedJob, run_all_typed};

/// Some C library that we cannot trust, one call at a time.
struct Library;

impl TypedJob for Library {
    const PHASES: &'static [&'static str] = &["decode", "call"];
    type Input = String;
    type Output = String;

    fn run(&mut self, input: String, phase: &Marker<'_>) -> String {
        phase.enter(1);
        // SAFETY: it is not safe, and that is the point: whatever happens here happens in a worker.
        unsafe {
            match input.as_str() {
                "strlen(NULL)" => libc::strlen(std::ptr::null()).to_string(),
                "abort()" => libc::abort(),
                "qsort, with a comparator that ruins the stack" => sort(),
                "read a file" => {
                    let file = libc::open(c"/etc/passwd".as_ptr(), libc::O_RDONLY);
                    format!("got descriptor {file}")
                }
                "while (1);" => loop {
                    std::hint::spin_loop();
                },
                _ => {
                    let text = c"harmless".as_ptr();
                    format!("{} bytes", libc::strlen(text))
                }
            }
        }
    }
}

/// Sorts with a comparator that compares by sorting, which never ends.
unsafe fn sort() -> String {
    extern "C" fn compare(left: *const c_void, _: *const c_void) -> c_int {
        let mut numbers = [3, 1, 2];
        // SAFETY: the array is as long as it says; the recursion is what goes wrong.
        unsafe { libc::qsort((&raw mut numbers).cast(), 3, 4, Some(compare)) };
        std::hint::black_box(numbers[0] + i32::from(left.is_null()))
    }
    let mut numbers = [3, 1, 2];
    // SAFETY: as above.
    unsafe { libc::qsort((&raw mut numbers).cast(), 3, 4, Some(compare)) };
    format!("{numbers:?}")
}

fn main() -> Result<(), SandboxError> {
    let calls = [
        "strlen(\"harmless\")",
        "strlen(NULL)",
        "abort()",
        "qsort, with a comparator that ruins the stack",
        "read a file",
        "while (1);",
        "strlen(\"harmless\"), again",
    ]
    .map(String::from);
    let budget = Budget { cpu: std::time::Duration::from_millis(200), ..Budget::default() };
    let results = run_all_typed(Library, &calls, Settings { budget, ..Settings::default() })?;
    for (call, result) in calls.iter().zip(results) {
        match result {
            Ok(answer) => println!("{call:48} {answer}"),
            Err(Failure::Died(death)) => println!("{call:48} {death}"),
            Err(failure) => println!("{call:48} {failure}"),
        }
    }
    println!("and we are still here");
    Ok(())
}
