//! `morph doctor`: what this machine has. What sandboxes need is tried out; the rest is read from `/proc`. Changes nothing.

use std::fs;
use std::io::{self, Write as _};

use clap::Args;
use morph_sandbox::{Feature, Features};

use crate::status::Status;

/// Show what this machine offers to Morph.
#[derive(Debug, Args)]
pub(crate) struct Doctor {}

impl Doctor {
    pub(crate) fn run(&self) -> io::Result<Status> {
        let mut out = io::stdout().lock();
        writeln!(out, "{:18} {}", "morph", env!("CARGO_PKG_VERSION"))?;
        for (name, finding) in probes() {
            writeln!(out, "{name:18} {finding}")?;
        }
        writeln!(out, "\nsandboxes")?;
        for Feature { name, purpose, loss, missing } in Features::probe().list() {
            match missing {
                None => writeln!(out, "{name:18} works: {purpose}")?,
                Some(reason) => writeln!(out, "{name:18} missing ({reason}): {loss}")?,
            }
        }
        Ok(Status::Done)
    }
}

fn probes() -> Vec<(&'static str, String)> {
    vec![
        ("kernel", file("/proc/sys/kernel/osrelease")),
        ("machine", std::env::consts::ARCH.to_owned()),
        (
            "processors",
            std::thread::available_parallelism()
                .map_or_else(|_| unknown(), |count| count.to_string()),
        ),
        ("memory", memory()),
        ("cpu features", cpu_features()),
        ("security modules", file("/sys/kernel/security/lsm")),
        ("userfaultfd", userfaultfd()),
        ("user namespaces", user_namespaces()),
        ("memfd", memfd()),
        ("overcommit", file("/proc/sys/vm/overcommit_memory")),
        ("cgroups", cgroups()),
        ("core pattern", file("/proc/sys/kernel/core_pattern")),
    ]
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn file(path: &str) -> String {
    match fs::read_to_string(path) {
        Ok(text) => text.trim().to_owned(),
        Err(error) => format!("unknown ({path}: {error})"),
    }
}

fn memory() -> String {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match (field("MemTotal:"), field("MemAvailable:")) {
        (Some(total), Some(free)) => format!("{total}, {free} available"),
        (Some(total), None) => total.to_owned(),
        (None, _) => unknown(),
    }
}

fn cpu_features() -> String {
    const WANTED: [&str; 6] = ["sse4_2", "avx", "avx2", "bmi2", "erms", "fsgsbase"];
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let Some(flags) = text.lines().find_map(|line| line.strip_prefix("flags")) else {
        return unknown();
    };
    let present: Vec<&str> = WANTED
        .into_iter()
        .filter(|flag| flags.split_whitespace().any(|word| word == *flag))
        .collect();
    present.join(" ")
}

fn userfaultfd() -> String {
    let unprivileged = fs::read_to_string("/proc/sys/vm/unprivileged_userfaultfd");
    match unprivileged.as_deref().map(str::trim) {
        Ok("1") => "yes, for everyone".to_owned(),
        Ok(_) => "yes; without privileges for user-mode faults only".to_owned(),
        Err(_) => "not in this kernel, or hidden".to_owned(),
    }
}

fn user_namespaces() -> String {
    match fs::read_to_string("/proc/sys/user/max_user_namespaces") {
        Ok(count) if count.trim() == "0" => "forbidden".to_owned(),
        Ok(count) => format!("up to {}", count.trim()),
        Err(_) => "not in this kernel".to_owned(),
    }
}

fn memfd() -> String {
    match fs::read_to_string("/proc/sys/vm/memfd_noexec") {
        Ok(level) if level.trim() == "0" => "yes, executable".to_owned(),
        Ok(level) => {
            format!("yes, not executable (level {}): `morph run` needs level 0", level.trim())
        }
        Err(_) => "yes".to_owned(),
    }
}

fn cgroups() -> String {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    match text.lines().count() {
        0 => unknown(),
        1 if text.starts_with("0::") => "version 2".to_owned(),
        _ => "version 1".to_owned(),
    }
}
