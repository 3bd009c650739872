//! What a jailed worker cannot do, and that all goes on without any part of the jail.

#![expect(unsafe_code, reason = "jobs here try what they must not")]

use morph_sandbox::{
    CrashKind, CrashRecord, Death, Event, Guard, Jail, Job, Marker, Pool, Reply, Settings, Task,
    TaskId,
};

use crate::deaths::every_fault_is_told;
use crate::work::batch;

/// Tries what the input says, and answers with the error's number.
struct Outlaw;

impl Job for Outlaw {
    const PHASES: &'static [&'static str] = &["all"];

    fn run(&mut self, input: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
        // SAFETY: system calls with plain numbers and constant strings.
        let result = unsafe {
            match input {
                b"open" => libc::open(c"/etc/passwd".as_ptr(), libc::O_RDONLY),
                b"create" => {
                    libc::open(c"/dev/shm/x".as_ptr(), libc::O_CREAT | libc::O_RDWR, 0o600)
                }
                b"socket" => libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0),
                b"fork" => libc::fork(),
                b"kill parent" => libc::kill(libc::getppid(), 0),
                b"exec" => libc::execv(c"/bin/true".as_ptr(), std::ptr::null()),
                b"map code" => {
                    let both = libc::PROT_EXEC | libc::PROT_WRITE;
                    let flags = libc::MAP_ANONYMOUS | libc::MAP_PRIVATE;
                    let at = libc::mmap(std::ptr::null_mut(), 4096, both, flags, -1, 0);
                    if at == libc::MAP_FAILED { -1 } else { 0 }
                }
                b"regain" => libc::setuid(0),
                b"print" => libc::write(2, c"heard?\n".as_ptr().cast(), 7) as i32 - 7,
                b"descriptor" => {
                    (4..64).filter(|fd| libc::fcntl(*fd, libc::F_GETFD) >= 0).count() as i32
                }
                _ => 77,
            }
        };
        let error = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
        let result = if result < 0 { error } else { -result };
        reply.write(&result.to_le_bytes());
    }
}

/// What becomes of an attempt: the error's number (or, negative, what was returned), or the death.
fn attempt(jail: Jail, what: &[u8]) -> Result<i32, Death> {
    let mut pool = Pool::new(Outlaw, Settings { jail, ..Settings::default() }).unwrap();
    let worker = pool.spawn().unwrap();
    match batch(&mut pool, worker, &[Task::new(TaskId(1), what)]).remove(0) {
        Event::Answered { reply, .. } => Ok(i32::from_le_bytes(reply[..].try_into().unwrap())),
        Event::Died { death, .. } => Err(death),
        Event::Drained { .. } => panic!("drained before it answered"),
    }
}

fn forbidden(result: Result<i32, Death>) -> i64 {
    match result {
        Err(Death::Crashed(CrashRecord { kind: CrashKind::ForbiddenCall { call }, .. })) => {
            i64::from(call)
        }
        Err(_) | Ok(_) => panic!("{result:?}"),
    }
}

#[test]
fn a_call_that_is_not_on_the_list_ends_the_worker_and_is_named() {
    let calls: [(&[u8], i64); 8] = [
        (b"open", libc::SYS_openat),
        (b"create", libc::SYS_openat),
        (b"socket", libc::SYS_socket),
        (b"fork", libc::SYS_clone),
        (b"kill parent", libc::SYS_getppid),
        (b"exec", libc::SYS_execve),
        (b"map code", libc::SYS_mmap),
        (b"regain", libc::SYS_setuid),
    ];
    for (what, call) in calls {
        let name = String::from_utf8_lossy(what);
        assert_eq!(forbidden(attempt(Jail::default(), what)), call, "{name}");
    }
}

#[test]
fn a_call_that_the_settings_allow_is_left_to_the_other_walls() {
    let jail = Jail { calls: vec![libc::SYS_openat, libc::SYS_socket], ..Jail::default() };
    // RLIMIT_NOFILE and Landlock both refuse.
    let open = attempt(jail.clone(), b"open");
    assert!(matches!(open, Ok(libc::EACCES | libc::EMFILE)), "{open:?}");
    assert_eq!(attempt(jail, b"socket"), Ok(libc::EMFILE));
}

#[test]
fn landlock_alone_keeps_files_shut() {
    let jail = Jail { limits: Guard::Off, seccomp: Guard::Off, ..Jail::default() };
    assert_eq!(attempt(jail.clone(), b"open"), Ok(libc::EACCES));
    assert_eq!(attempt(jail.clone(), b"create"), Ok(libc::EACCES));
    assert_eq!(attempt(jail, b"regain").map(|error| error == libc::EPERM || error == 0), Ok(true));
}

#[test]
fn a_worker_has_no_descriptor_but_its_channel_and_prints_nowhere() {
    let jail = Jail { limits: Guard::Off, seccomp: Guard::Off, ..Jail::default() };
    assert_eq!(attempt(jail, b"descriptor"), Ok(0));
    assert_eq!(attempt(Jail::default(), b"print"), Ok(0));
}

#[test]
fn without_any_one_part_of_the_jail_and_without_all_of_it_every_fault_is_still_told() {
    let (on, off) = (Guard::WherePossible, Guard::Off);
    let jail = |limits, privileges, landlock, seccomp| Jail {
        limits,
        privileges,
        landlock,
        seccomp,
        calls: Vec::new(),
    };
    for jail in [
        jail(off, on, on, on),
        jail(on, off, on, on),
        jail(on, on, off, on),
        jail(on, on, on, off),
        jail(off, off, off, off),
    ] {
        every_fault_is_told(&jail, &[1]);
    }
}

#[test]
fn a_worker_sees_the_shared_memory_of_no_other_worker() {
    struct Maps;
    impl Job for Maps {
        const PHASES: &'static [&'static str] = &["all"];

        fn run(&mut self, _: &[u8], _: &Marker<'_>, reply: &mut Reply<'_>) {
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            let shared = maps.lines().filter(|line| line.contains("memfd:morph-sandbox"));
            let starts = shared.filter_map(|line| line.split(' ').nth(2));
            // The head and the slots are neighbours of different rights: count what begins a file.
            reply.write(&[starts.filter(|offset| *offset == "00000000").count() as u8]);
        }
    }
    let open = Guard::Off;
    let jail = Jail { limits: open, landlock: open, seccomp: open, ..Jail::default() };
    let mut pool = Pool::new(Maps, Settings { jail, ..Settings::default() }).unwrap();
    for _ in 0..3 {
        let worker = pool.spawn().unwrap();
        let reply = batch(&mut pool, worker, &[Task::new(TaskId(0), b"")]).remove(0);
        assert_eq!(reply, crate::work::answered(worker, 0, &[1]));
    }
}
