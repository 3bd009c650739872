//! Why a job has no result, and the short id by which everybody names that fault.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::breaker::Counts;
use crate::mix::digest;

/// The digest of all that a job's result depends on: equal keys, equal results.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub [u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "key-{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

/// Which build of the worker's program it was (for Morph: the compiler).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Build(pub [u8; 32]);

impl fmt::Debug for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "build-{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

/// The step of its work that a worker last published. What the numbers mean is the worker's business.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Phase(pub u8);

/// How a worker crashed on a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Crash {
    /// By this signal, as its crash record says.
    Signal(u8),
    /// By using up its stack.
    StackOverflow,
    /// By a panic.
    Panic,
    /// It answered with bytes that are no answer, or too few.
    BadReply,
}

/// What a job used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Resource {
    /// Its time.
    Time,
    /// Its memory.
    Memory,
    /// The length that an answer may have.
    Reply,
    /// The number of times it is handed out again after its worker was lost.
    Handouts,
    /// The workers: none could be started any more.
    Workers,
}

/// Why a job has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FaultKind {
    /// The input is wrong: no retry helps, and the worker is healthy.
    Diagnosed,
    Crashed(Crash),
    Exhausted(Resource),
    /// The worker vanished without a record, and not by our hand.
    Lost,
}

impl FaultKind {
    /// What a breaker makes of it: only crashes and exhaustion speak against the job. Having run out
    /// of handouts or workers is a sum of losses, so it does not.
    pub fn counts(self) -> Counts {
        match self {
            FaultKind::Crashed(_)
            | FaultKind::Exhausted(Resource::Time | Resource::Memory | Resource::Reply) => {
                Counts::Failure
            }
            FaultKind::Diagnosed
            | FaultKind::Lost
            | FaultKind::Exhausted(Resource::Handouts | Resource::Workers) => Counts::Nothing,
        }
    }

    /// A number of its own for each kind, as policies see it and ids are made of: it never changes.
    pub fn code(self) -> u16 {
        match self {
            FaultKind::Diagnosed => 1,
            FaultKind::Lost => 2,
            FaultKind::Exhausted(Resource::Time) => 3,
            FaultKind::Exhausted(Resource::Memory) => 4,
            FaultKind::Exhausted(Resource::Handouts) => 5,
            FaultKind::Exhausted(Resource::Workers) => 6,
            FaultKind::Crashed(Crash::Panic) => 7,
            FaultKind::Crashed(Crash::BadReply) => 8,
            FaultKind::Crashed(Crash::StackOverflow) => 9,
            FaultKind::Exhausted(Resource::Reply) => 10,
            FaultKind::Crashed(Crash::Signal(signal)) => 256 + signal as u16,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Diagnosed => write!(f, "diagnosed"),
            FaultKind::Crashed(Crash::Signal(signal)) => write!(f, "crashed by signal {signal}"),
            FaultKind::Crashed(Crash::StackOverflow) => write!(f, "crashed: its stack overflowed"),
            FaultKind::Crashed(Crash::Panic) => write!(f, "crashed by a panic"),
            FaultKind::Crashed(Crash::BadReply) => write!(f, "crashed: its answer is no answer"),
            FaultKind::Exhausted(Resource::Time) => write!(f, "exhausted its time"),
            FaultKind::Exhausted(Resource::Memory) => write!(f, "exhausted its memory"),
            FaultKind::Exhausted(Resource::Reply) => write!(f, "answered at too great a length"),
            FaultKind::Exhausted(Resource::Handouts) => write!(f, "lost with its worker too often"),
            FaultKind::Exhausted(Resource::Workers) => write!(f, "no worker could be started"),
            FaultKind::Lost => write!(f, "lost with its worker"),
        }
    }
}

/// One short id that joins diagnostic, stub, run-time fault, crash bundle and breaker event.
///
/// Forty bits, written `f-` and eight digits of Crockford's base 32 in lower case. It follows from what
/// faulted and how, so the same fault has the same id on every machine and in every build.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(u64);

const BITS: u32 = 40;
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl FaultId {
    pub fn new(key: &Key, phase: Phase, kind: FaultKind, build: &Build) -> FaultId {
        let how = (u64::from(phase.0) << 16) | u64::from(kind.code());
        FaultId(digest(digest(how, &key.0), &build.0) >> (64 - BITS))
    }

    /// The id of what is wrong with the input itself: every build says the same about it.
    pub fn diagnosed(key: &Key) -> FaultId {
        FaultId::new(key, Phase::default(), FaultKind::Diagnosed, &Build([0; 32]))
    }
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "f-")?;
        for place in (0..BITS / 5).rev() {
            let digit = (self.0 >> (place * 5)) & 31;
            let digit = DIGITS.get(digit as usize).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(digit))?;
        }
        Ok(())
    }
}

impl fmt::Debug for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that is no fault id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no fault id: those are `f-` and eight of the digits 0-9 and a-z without i, l, o, u"
)]
pub struct NoFaultId(pub String);

impl FromStr for FaultId {
    type Err = NoFaultId;
    fn from_str(text: &str) -> Result<FaultId, NoFaultId> {
        let wrong = || NoFaultId(text.chars().take(40).collect());
        let digits = text.strip_prefix("f-").ok_or_else(wrong)?;
        if digits.len() != (BITS / 5) as usize {
            return Err(wrong());
        }
        let mut id = 0;
        for digit in digits.bytes() {
            let value = DIGITS.iter().position(|known| *known == digit).ok_or_else(wrong)?;
            id = (id << 5) | value as u64;
        }
        Ok(FaultId(id))
    }
}

impl Serialize for FaultId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FaultId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<FaultId, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A fault with all that its id is made of but key and build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fault {
    pub id: FaultId,
    pub kind: FaultKind,
    pub phase: Phase,
}

impl Fault {
    pub fn new(key: &Key, phase: Phase, kind: FaultKind, build: &Build) -> Fault {
        Fault { id: FaultId::new(key, phase, kind, build), kind, phase }
    }
}
