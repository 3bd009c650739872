//! The program that `watch --run` runs.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Running {
    child: Child,
    end: OwnedFd,
}

impl Running {
    pub(super) fn start(image: &[u8], name: &Path, args: &[OsString]) -> io::Result<Running> {
        let file = rustix::fs::memfd_create("morph", rustix::fs::MemfdFlags::CLOEXEC)?;
        let mut file = std::fs::File::from(file);
        file.write_all(image)?;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let child = Command::new(path).arg0(name).args(args).spawn()?;
        let end = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        Ok(Running { child, end })
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
