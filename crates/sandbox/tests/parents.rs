//! Pools in programs of their own: killed by SIGKILL, and run by an ordinary user.
//!
//! This program is its own subject: called with a word, it is the parent that a test starts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "pool/deaths.rs"]
mod deaths;
#[path = "pool/work.rs"]
mod work;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use morph_sandbox::{Features, Inject, Jail, Pool, Settings, Task, TaskId};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// Nobody, on every system.
const NOBODY: u32 = 65534;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("be-a-parent") => be_a_parent(),
        Some("try-every-fault") => {
            deaths::every_fault_is_told(&Jail::default(), &[0, 1, 2]);
        }
        Some("be-an-old-kernel") => be_an_old_kernel(),
        Some("count-features") => {
            let names: Vec<&str> = Features::probe()
                .list()
                .iter()
                .filter(|feature| feature.missing.is_none())
                .map(|feature| feature.name)
                .collect();
            say(&names.join(" "));
        }
        _ => {
            let trials = vec![
                Trial::test("a_parent_killed_by_sigkill_leaves_no_worker", killed_parent),
                Trial::test("an_ordinary_user_has_the_whole_sandbox", ordinary_user),
                Trial::test("on_a_kernel_that_has_nothing_every_fault_is_told", old_kernel),
            ];
            return libtest_mimic::run(&Arguments::from_args(), trials).exit_code();
        }
    }
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "this is how a parent talks to the test that started it")]
fn say(line: &str) {
    println!("{line}");
}

/// Keeps three workers, one idle, one asleep in a task, one running in circles, and tells their process ids.
fn be_a_parent() {
    let mut pool = Pool::new(work::Echo, Settings::default()).unwrap();
    for fault in [None, Some((0, Inject::Sleep)), Some((1, Inject::Hang))] {
        let worker = pool.spawn().unwrap();
        if fault.is_some() {
            pool.send(worker, &[Task { id: TaskId(0), input: b"", inject: fault }]).unwrap();
        }
        say(&pool.process_id(worker).unwrap().to_string());
    }
    say("done");
    // Until it is killed; the tests kill it at once.
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

/// Has the kernel deny what came in the last ten years, tells what is missing, and tries every fault.
fn be_an_old_kernel() {
    let new = [
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_restrict_self,
        libc::SYS_close_range,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
    ];
    let filter = |calls: &[i64], error: i32| {
        let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
        let arch = std::env::consts::ARCH.try_into().unwrap();
        let deny = SeccompAction::Errno(error as u32);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, deny, arch).unwrap();
        let program: BpfProgram = filter.try_into().unwrap();
        seccompiler::apply_filter(&program).unwrap();
    };
    filter(&new, libc::ENOSYS);
    // Last: behind it no filter can be installed.
    filter(&[libc::SYS_seccomp], libc::EINVAL);
    for feature in Features::probe().list() {
        say(&format!("{}: {}", feature.name, feature.missing.as_deref().unwrap_or("yes")));
    }
    deaths::every_fault_is_told(&Jail::default(), &[1]);
}

fn old_kernel() -> Result<(), Failed> {
    let told = Command::new(std::env::current_exe()?).arg("be-an-old-kernel").output()?;
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let all = String::from_utf8(told.stdout)?;
    let workers: Vec<&str> = all.lines().take(6).collect();
    assert_eq!(
        workers,
        [
            "resource limits: yes",
            "no new privileges: yes",
            "Landlock: Function not implemented (os error 38)",
            "seccomp: Invalid argument (os error 22)",
            "close_range: Function not implemented (os error 38)",
            "pidfd: Function not implemented (os error 38)",
        ]
    );
    Ok(())
}

fn killed_parent() -> Result<(), Failed> {
    let mut parent = Command::new(std::env::current_exe()?)
        .arg("be-a-parent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let told = BufReader::new(parent.stdout.take().ok_or("no output")?);
    let mut workers = Vec::new();
    for line in told.lines() {
        let line = line?;
        if line == "done" {
            break;
        }
        let pid = Pid::from_raw(line.parse()?).ok_or("a process id of zero")?;
        workers.push(rustix::process::pidfd_open(pid, PidfdFlags::empty())?);
    }
    assert_eq!(workers.len(), 3);
    parent.kill()?;
    parent.wait()?;
    let limit = Timespec { tv_sec: 30, tv_nsec: 0 };
    for worker in &workers {
        let mut place = [PollFd::new(worker, PollFlags::IN)];
        assert_eq!(
            rustix::event::poll(&mut place, Some(&limit))?,
            1,
            "a worker outlived its parent"
        );
    }
    Ok(())
}

fn ordinary_user() -> Result<(), Failed> {
    let root = rustix::process::geteuid().is_root();
    // Where another user can read it.
    let folder = tempfile::tempdir()?;
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
    let program = folder.path().join("parents");
    std::fs::copy(std::env::current_exe()?, &program)?;
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755))?;
    let run = |word: &str, user: Option<u32>| {
        let mut command = Command::new(&program);
        command.arg(word).current_dir("/").stdin(Stdio::null());
        if let Some(user) = user {
            command.uid(user).gid(user);
        }
        command.output()
    };
    let other = root.then_some(NOBODY);
    let tried = run("try-every-fault", other)?;
    assert!(tried.status.success(), "{}", String::from_utf8_lossy(&tried.stderr));
    assert_eq!(
        String::from_utf8(run("count-features", other)?.stdout)?,
        String::from_utf8(run("count-features", None)?.stdout)?
    );
    Ok(())
}
