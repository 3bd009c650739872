//! One program, run by the interpreter and as an image, and whether the two agree.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use morph_driver::meaning::{Meaning, TypedProgram};
use morph_driver::options::{Opt, Options};
use morph_interp::{Fault, Limits, Outcome, Program, Stop};

/// Both ways to compile.
pub(crate) const LEVELS: [Options; 2] = {
    let options = Options {
        target: morph_driver::options::Target::X86_64Linux,
        opt: Opt::None,
        debug: morph_driver::options::Debug::Line,
        grain: morph_driver::options::Grain::Fragment,
        on_error: morph_driver::options::OnError::Close,
        imports: morph_driver::options::Imports::Automatic,
        goal: morph_driver::options::Goal::Image,
        hot: false,
    };
    [options, Options { opt: Opt::Speed, ..options }]
};

/// The interpreter recurses as deep as the program does.
pub(crate) const STACK: usize = 2 << 30;

/// An image that runs longer than this is killed; what it printed then differs.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a run of an image did.
pub(crate) struct Seen {
    /// `None`: a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Runs an image in the folder `scratch`.
pub(crate) fn execute(image: &[u8], scratch: &Path, input: &[u8]) -> Seen {
    let path = scratch.join("image");
    // A new file: another thread's child may still hold the last one open.
    let _ = fs::remove_file(&path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o755).open(&path).unwrap();
    file.write_all(image).unwrap();
    drop(file);
    let mut child = start(&path, scratch);
    let (done, ended) = mpsc::channel::<()>();
    let id = child.id().to_string();
    let watch = thread::spawn(move || {
        if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
        }
    });
    // A program that reads nothing may have closed its end already.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    drop(done);
    watch.join().unwrap();
    Seen { status: output.status.code(), stdout: output.stdout, stderr: output.stderr }
}

fn start(path: &Path, folder: &Path) -> Child {
    loop {
        let child = Command::new(path)
            .current_dir(folder)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        match child {
            // A child that another thread forks holds the file open until it executes.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::yield_now(),
            child => return child.unwrap(),
        }
    }
}

pub(crate) fn interpret(program: &TypedProgram, input: &[u8], limits: Limits) -> Outcome {
    let program = Program::new(program.fragments.iter().map(|fragment| &**fragment));
    morph_interp::run(&program, "=start", input, limits)
}

/// Interprets a program and runs its images; a text that tells how they differ, if they do.
pub(crate) fn compare(
    meaning: &Meaning,
    outcome: &Outcome,
    scratch: &Path,
    input: &[u8],
) -> Result<(), String> {
    let (status, fault) = match &outcome.stop {
        Stop::Exited(status) => (i32::from(*status), ""),
        Stop::Faulted(Fault::DivisionByZero) => (70, "fault: division by zero"),
        Stop::Faulted(Fault::StackOverflow) => (70, "fault: stack overflow"),
        Stop::Faulted(Fault::BadAddress(_)) => (70, "fault: access "),
        Stop::Faulted(Fault::BadCall(_)) => (70, "fault: "),
        Stop::Faulted(Fault::Closed) => (70, "fault: closed fragment "),
        Stop::Unsupported(what) => return Err(format!("the interpreter does not know {what}\n")),
        Stop::OutOfFuel => return Err("the interpreter ran out of steps\n".to_owned()),
    };
    let mut wrong = String::new();
    for (image, options) in meaning.images.iter().zip(LEVELS) {
        let seen = execute(image, scratch, input);
        let stderr = String::from_utf8_lossy(&seen.stderr);
        let said =
            if fault.is_empty() { seen.stderr == outcome.stderr } else { stderr.contains(fault) };
        if seen.status == Some(status) && seen.stdout == outcome.stdout && said {
            continue;
        }
        let _ = writeln!(wrong, "---- --opt {:?}: {:?} ----", options.opt, seen.status);
        show(&mut wrong, &seen.stdout, &outcome.stdout);
        show(&mut wrong, &seen.stderr, &outcome.stderr);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let mut text = format!("---- interpreted: {:?} ----\n", outcome.stop);
    show(&mut text, &outcome.stdout, &outcome.stdout);
    show(&mut text, &outcome.stderr, &outcome.stderr);
    Err(text + &wrong)
}

/// Appends the lines of `seen`, each cut to a width that can be read; `>` marks those that differ.
fn show(text: &mut String, seen: &[u8], expected: &[u8]) {
    let mut expected = expected.split(|byte| *byte == b'\n');
    for line in seen.split(|byte| *byte == b'\n') {
        let mark = if expected.next() == Some(line) { ' ' } else { '>' };
        let shown: String = String::from_utf8_lossy(line).chars().take(100).collect();
        let _ = writeln!(text, "{mark} {shown}");
    }
}
