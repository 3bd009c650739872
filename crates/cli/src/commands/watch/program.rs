//! The program that `watch --run` runs. It ends with the watch, whatever that ends by.
//!
//! Only a process itself can ask to be ended with its parent; so a `morph` with a hidden command is started, which does that and then
//! becomes the program.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, ExitStatus};
use std::time::Duration;

use clap::Args;
use morph_driver::hot::{Because, Change, Program};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, getppid, kill_process, pidfd_open, set_parent_process_death_signal,
};

use super::hot::Changing;
use crate::status::Status;

/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Running {
    child: Child,
    end: OwnedFd,
    /// What is shared with a program that can be changed while it runs.
    changing: Option<Changing>,
    /// Open as long as the child may still look for it.
    _image: File,
}

/// The hidden command: becomes an image that ends when its parent does.
#[derive(Debug, Args)]
pub(crate) struct Become {
    /// The process that asks for it.
    parent: i32,
    image: PathBuf,
    /// What the program is called.
    name: OsString,
    #[arg(last = true)]
    args: Vec<OsString>,
}

impl Become {
    pub(crate) fn run(&self) -> io::Result<Status> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // It may have ended before it was asked for.
        if getppid().map(Pid::as_raw_pid) != Some(self.parent) {
            return Ok(Status::OutputFailed);
        }
        // Returns only if the program could not be started.
        Err(Command::new(&self.image).arg0(&self.name).args(&self.args).exec())
    }
}

impl Running {
    /// Starts the image; if there is a `program`, so that it can be changed while it runs.
    pub(super) fn start(
        image: &[u8],
        program: Option<&Program>,
        name: &Path,
        args: &[OsString],
    ) -> io::Result<Running> {
        let changing = program.map(Changing::new).transpose()?;
        let (changing, own) = changing.unzip();
        let image = own.as_deref().unwrap_or(image);
        let file = rustix::fs::memfd_create("morph", rustix::fs::MemfdFlags::CLOEXEC)?;
        let mut file = File::from(file);
        file.write_all(image)?;
        let own = process::id();
        let image = format!("/proc/{own}/fd/{}", file.as_raw_fd());
        let child = Command::new("/proc/self/exe")
            .args(["become", &own.to_string(), &image])
            .arg(name)
            .arg("--")
            .args(args)
            .spawn()?;
        let end = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        Ok(Running { child, end, changing, _image: file })
    }

    /// Makes the running program the next one, or tells why it has to begin anew; `None` if that was never possible.
    pub(super) fn change(&mut self, next: &Program) -> io::Result<Option<Result<Change, Because>>> {
        self.changing.as_mut().map(|changing| changing.update(next)).transpose()
    }

    /// Becomes readable when the program ends.
    pub(super) fn end_is_told_by(&self) -> &OwnedFd {
        &self.end
    }

    pub(super) fn has_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Ends the program: it is asked first.
    pub(super) fn end(mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let timeout = Timespec { tv_sec: 0, tv_nsec: PATIENCE.subsec_nanos().into() };
        let mut ends = [PollFd::from_borrowed_fd(self.end.as_fd(), PollFlags::IN)];
        let asked = poll(&mut ends, Some(&timeout));
        if !matches!(asked, Ok(1)) {
            self.child.kill()?;
        }
        self.child.wait().map(drop)
    }
}
