//! What this kernel has of what the sandbox can use, found out by trying.

use std::sync::OnceLock;

use crate::jail::{Wall, Walls};
use crate::settings::{Guard, Jail};
use crate::slot::Tracking;

/// What the kernel has, each with a line of why not. Nothing of it is needed: what is missing is left away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    found: Vec<Feature>,
}

/// One thing that a kernel may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// What the sandbox uses it for.
    pub purpose: &'static str,
    /// What is different without it.
    pub loss: &'static str,
    /// `None` if it works here; else why it does not, in one line.
    pub missing: Option<String>,
}

impl Features {
    /// Tries everything, once in the life of the process; later calls are told the same.
    pub fn probe() -> &'static Features {
        static FOUND: OnceLock<Features> = OnceLock::new();
        FOUND.get_or_init(|| {
            let mut all = Features::of_workers().clone();
            all.found.extend(probe_tracking());
            all
        })
    }

    /// Only what workers can use: this is tried before the first one is forked, so it has to be quick.
    pub(crate) fn of_workers() -> &'static Features {
        static FOUND: OnceLock<Features> = OnceLock::new();
        FOUND.get_or_init(|| Features {
            found: probe_walls().into_iter().chain(probe_descriptors()).collect(),
        })
    }

    /// All features, in a fixed order.
    pub fn list(&self) -> &[Feature] {
        &self.found
    }

    /// Whether a feature of that name works here.
    pub fn has(&self, name: &str) -> bool {
        self.found.iter().any(|feature| feature.name == name && feature.missing.is_none())
    }

    pub(crate) fn has_wall(&self, wall: Wall) -> bool {
        self.has(wall.name())
    }
}

pub(crate) const PIDFD: &str = "pidfd";
pub(crate) const CLOSE_RANGE: &str = "close_range";

fn probe_descriptors() -> [Feature; 2] {
    // SAFETY: takes plain numbers; the range holds no descriptor.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, u32::MAX, u32::MAX, 0) };
    let close_range = (closed != 0).then(|| std::io::Error::last_os_error().to_string());
    let pidfd = rustix::process::pidfd_open(
        rustix::process::getpid(),
        rustix::process::PidfdFlags::empty(),
    );
    [
        Feature {
            name: CLOSE_RANGE,
            purpose: "closes all descriptors in a worker at once",
            loss: "they are closed one by one, and workers start more slowly",
            missing: close_range,
        },
        Feature {
            name: PIDFD,
            purpose: "tells at once that a worker is gone",
            loss: "only the end of its channel tells that it is gone",
            missing: pidfd.err().map(|error| error.to_string()),
        },
    ]
}

fn probe_tracking() -> [Feature; 2] {
    [(Tracking::Scan, "PAGEMAP_SCAN"), (Tracking::Pagemap, "/proc/self/pagemap")].map(
        |(way, name)| Feature {
            name,
            purpose: "finds the pages that a snapshot must copy",
            loss: "a snapshot finds them in a slower way, or copies all pages",
            missing: (!way.works()).then(|| "it does not find a page that was written".to_owned()),
        },
    )
}

/// Mostly everything is there, which one try shows. Else each is tried alone.
fn probe_walls() -> [Feature; 4] {
    let all = try_jail(&Jail::default()).is_ok();
    Wall::ALL.map(|wall| Feature {
        name: wall.name(),
        purpose: match wall {
            Wall::Limits => "bounds a worker's memory, files and processes",
            Wall::Privileges => "a worker has no rights of its user beyond its own memory",
            Wall::Landlock => "a worker reaches no file and no network",
            Wall::Seccomp => "a worker makes no system call but the few that it needs",
        },
        loss: match wall {
            Wall::Limits => "only the pool's own watch bounds a worker's memory and time",
            Wall::Privileges => {
                "a worker keeps the rights of its user, and seccomp is left away too"
            }
            Wall::Landlock => "only seccomp keeps a worker from files and from the network",
            Wall::Seccomp => "a worker that goes wrong may make any system call",
        },
        missing: if all { None } else { try_wall(wall).err().map(|error| error.to_string()) },
    })
}

fn try_wall(wall: Wall) -> std::io::Result<()> {
    let only = |one| if one == wall { Guard::WherePossible } else { Guard::Off };
    try_jail(&Jail {
        limits: only(Wall::Limits),
        privileges: match wall {
            Wall::Seccomp => Guard::WherePossible,
            Wall::Limits | Wall::Privileges | Wall::Landlock => only(Wall::Privileges),
        },
        landlock: only(Wall::Landlock),
        seccomp: only(Wall::Seccomp),
        calls: Vec::new(),
    })
}

/// Jails a process made for that, which says how it went by its exit status: 0, or the error's number.
fn try_jail(jail: &Jail) -> std::io::Result<()> {
    let mut walls = Walls::prepare(jail, |_| true)?;
    // SAFETY: the child calls only what a forked child of a single-threaded caller may, and ends by `_exit`.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error()),
        0 => {
            let status = match walls.close_outer().and_then(|()| walls.close_inner(None)) {
                Ok(()) => 0,
                Err((_, error)) if error.kind() == std::io::ErrorKind::Unsupported => libc::ENOSYS,
                Err((_, error)) => error.raw_os_error().unwrap_or(libc::EIO).clamp(1, 255),
            };
            // SAFETY: ends the process without running anything of it.
            unsafe { libc::_exit(status) }
        }
        child => {
            let mut status = 0;
            // SAFETY: `status` lives through the call; the child is ours.
            while unsafe { libc::waitpid(child, &raw mut status, 0) } < 0 {
                let error = std::io::Error::last_os_error();
                if error.kind() != std::io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            if libc::WIFEXITED(status) {
                match libc::WEXITSTATUS(status) {
                    0 => Ok(()),
                    error => Err(std::io::Error::from_raw_os_error(error)),
                }
            } else {
                Err(std::io::Error::other("the process that tried it died"))
            }
        }
    }
}
