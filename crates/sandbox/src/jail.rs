//! What holds a worker back, besides its budgets. Everything that can be made before the fork is made before it.
//!
//! In the order in which the walls go up: no new privileges and no capabilities, Landlock with no rights at all, limits, seccomp. Each is used if the
//! settings want it and [`Features`](crate::Features) has it. One that should hold and does not ends the worker before it sees a task.

use std::collections::BTreeMap;
use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreated, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Op, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

use crate::settings::{Guard, Jail};
use crate::worker::CHANNEL;

/// Stands for the worker's own process id in the compiled filter, until the worker knows it.
const OWN_PID: u32 = 0x4d6f_7270;

/// The walls, made but not yet put up.
#[derive(Debug, Default)]
pub(crate) struct Walls {
    limits: bool,
    privileges: bool,
    landlock: Option<RulesetCreated>,
    seccomp: Option<BpfProgram>,
}

/// One wall, for messages and for probing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wall {
    Limits,
    Privileges,
    Landlock,
    Seccomp,
}

impl Wall {
    pub(crate) const ALL: [Wall; 4] =
        [Wall::Limits, Wall::Privileges, Wall::Landlock, Wall::Seccomp];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Wall::Limits => "resource limits",
            Wall::Privileges => "no new privileges",
            Wall::Landlock => "Landlock",
            Wall::Seccomp => "seccomp",
        }
    }
}

impl Walls {
    /// Makes what the settings want, as far as `has` says that it works here.
    pub(crate) fn prepare(jail: &Jail, has: impl Fn(Wall) -> bool) -> io::Result<Walls> {
        let wanted = |guard: Guard, wall| guard.wanted() && has(wall);
        let privileges = wanted(jail.privileges, Wall::Privileges);
        let landlock = wanted(jail.landlock, Wall::Landlock).then(ruleset).transpose()?;
        let seccomp = (privileges && wanted(jail.seccomp, Wall::Seccomp))
            .then(|| filter(&jail.calls))
            .transpose()?;
        Ok(Walls { limits: wanted(jail.limits, Wall::Limits), privileges, landlock, seccomp })
    }

    /// Puts up those that need descriptors of the parent: no new privileges, Landlock.
    ///
    /// # Errors
    /// The first that did not stand.
    pub(crate) fn close_outer(&mut self) -> Result<(), (Wall, io::Error)> {
        if self.privileges {
            give_up_privileges().map_err(|error| (Wall::Privileges, error))?;
        }
        if let Some(ruleset) = self.landlock.take() {
            enforce(ruleset).map_err(|error| (Wall::Landlock, error))?;
        }
        Ok(())
    }

    /// Puts up the rest: limits, with `data` bytes of memory, and seccomp. Nothing can be prepared any more behind this.
    ///
    /// # Errors
    /// The first that did not stand.
    pub(crate) fn close_inner(&mut self, data: Option<u64>) -> Result<(), (Wall, io::Error)> {
        if self.limits {
            limit(data).map_err(|error| (Wall::Limits, error))?;
        }
        if let Some(program) = &mut self.seccomp {
            let pid = std::process::id();
            for instruction in program.iter_mut().filter(|one| one.k == OWN_PID) {
                instruction.k = pid;
            }
            seccompiler::apply_filter(program).map_err(|error| (Wall::Seccomp, cause(error)))?;
        }
        Ok(())
    }
}

/// What the system said, where it is the system that said it.
fn cause(error: seccompiler::Error) -> io::Error {
    match error {
        seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => error,
        seccompiler::Error::Backend(_)
        | seccompiler::Error::EmptyFilter
        | seccompiler::Error::ThreadSync(_) => io::Error::other(error),
    }
}

/// Bounds `data` bytes of writable private memory, and everything else by nothing.
fn limit(data: Option<u64>) -> io::Result<()> {
    let set = |resource, value| {
        let limit = Rlimit { current: Some(value), maximum: Some(value) };
        setrlimit(resource, limit).map_err(io::Error::from)
    };
    set(Resource::Core, 0)?;
    set(Resource::Fsize, 0)?;
    set(Resource::Nproc, 0)?;
    set(Resource::Memlock, 0)?;
    set(Resource::Nofile, u64::from(CHANNEL.unsigned_abs()) + 1)?;
    data.map_or(Ok(()), |data| set(Resource::Data, data))
}

fn give_up_privileges() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none)?;
    Ok(())
}

/// Handles everything that this kernel's Landlock can handle, and allows none of it.
fn ruleset() -> io::Result<RulesetCreated> {
    let newest = ABI::V6;
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(newest)))
        .and_then(|rules| rules.scope(Scope::from_all(newest)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)
}

fn enforce(ruleset: RulesetCreated) -> io::Result<()> {
    let status = ruleset.restrict_self().map_err(io::Error::other)?;
    match status.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Calls that every worker may make, whatever the arguments: they reach nothing outside of the process.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getcpu,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
];

/// The allow-list as a BPF program. Any other call raises SIGSYS, whose handler writes the record.
fn filter(further: &[i64]) -> io::Result<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in ALLOWED.iter().chain(further) {
        rules.insert(*call, Vec::new());
    }
    let on_channel = || rule(&[(0, Width::Dword, Op::Le, CHANNEL.unsigned_abs().into())]);
    rules.insert(libc::SYS_read, vec![on_channel()?]);
    rules.insert(libc::SYS_write, vec![on_channel()?]);
    rules.insert(libc::SYS_writev, vec![on_channel()?]);
    let data = |argument| {
        (argument, Width::Dword, Op::MaskedEq(libc::PROT_EXEC as u64), 0) // Never executable.
    };
    let anonymous =
        (3, Width::Dword, Op::MaskedEq(libc::MAP_ANONYMOUS as u64), libc::MAP_ANONYMOUS as u64);
    rules.insert(libc::SYS_mmap, vec![rule(&[data(2), anonymous])?]);
    rules.insert(libc::SYS_mprotect, vec![rule(&[data(2)])?]);
    // Signals to itself, for abort().
    let own = (0, Width::Dword, Op::Eq, u64::from(OWN_PID));
    rules.insert(libc::SYS_tgkill, vec![rule(&[own])?]);
    // Names for its own mappings, which allocators give.
    let naming = (0, Width::Dword, Op::Eq, libc::PR_SET_VMA as u64);
    rules.insert(libc::SYS_prctl, vec![rule(&[naming])?]);
    let arch: TargetArch = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let mut program: BpfProgram =
        SeccompFilter::new(rules, SeccompAction::Trap, SeccompAction::Allow, arch)
            .and_then(TryInto::try_into)
            .map_err(io::Error::other)?;
    program.insert(0, sock_filter { code: LOAD_CONSTANT, jt: 0, jf: 0, k: 0 });
    Ok(program)
}

/// An instruction without effect, put first. When a filter is installed, the kernel runs it once for every system call that exists, to learn
/// which are always allowed; that made a worker twice as dear as all the rest of it. It gives up at an instruction that it does not
/// expect, and this one it does not. The price is that a worker's few calls run the filter each time.
const LOAD_CONSTANT: u16 = (libc::BPF_LD | libc::BPF_IMM) as u16;

/// A rule that wants all of these: (argument, width, comparison, value).
fn rule(conditions: &[(u8, Width, Op, u64)]) -> io::Result<SeccompRule> {
    let conditions: Result<Vec<SeccompCondition>, _> = conditions
        .iter()
        .map(|(argument, width, op, value)| {
            SeccompCondition::new(*argument, width.clone(), op.clone(), *value)
        })
        .collect();
    conditions.and_then(SeccompRule::new).map_err(io::Error::other)
}
