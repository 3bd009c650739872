//! How a worker died, as it is kept and shown: addresses in the compiler count from its beginning.

use std::fmt;
use std::str::FromStr;

use morph_sandbox::{CrashRecord, Death};
use serde::{Deserialize, Serialize};

/// An executable is not longer than this; what lies further behind its beginning is something else.
const LONGEST_IMAGE: u64 = 1 << 32;

/// A place in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum At {
    /// In the compiler, counted from its beginning: the same in each run, and what `addr2line` asks for.
    Image(u64),
    /// Anywhere else.
    Elsewhere(u64),
}

impl At {
    fn of(address: u64, image_base: u64) -> At {
        match address.checked_sub(image_base) {
            Some(offset) if offset < LONGEST_IMAGE => At::Image(offset),
            Some(_) | None => At::Elsewhere(address),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Image(offset) => write!(f, "morph+{offset:#x}"),
            At::Elsewhere(address) => write!(f, "{address:#x}"),
        }
    }
}

impl From<At> for String {
    fn from(at: At) -> String {
        at.to_string()
    }
}

/// A text that names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address is written `morph+0x1f` or `0x1f`")]
pub struct NoAddress;

impl FromStr for At {
    type Err = NoAddress;
    fn from_str(text: &str) -> Result<At, NoAddress> {
        let hexadecimal = |digits: &str| {
            let digits = digits.strip_prefix("0x").ok_or(NoAddress)?;
            u64::from_str_radix(digits, 16).map_err(|_| NoAddress)
        };
        match text.strip_prefix("morph+") {
            Some(offset) => hexadecimal(offset).map(At::Image),
            None => hexadecimal(text).map(At::Elsewhere),
        }
    }
}

impl TryFrom<String> for At {
    type Error = NoAddress;
    fn try_from(text: String) -> Result<At, NoAddress> {
        text.parse()
    }
}

/// What is known of a worker's death.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// In words.
    pub death: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// What could not be accessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<At>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction_pointer: Option<At>,
    /// Return addresses, innermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backtrace: Vec<At>,
}

impl Record {
    pub(crate) fn of(death: &Death) -> Record {
        let mut record = Record {
            death: death.to_string(),
            signal: None,
            address: None,
            instruction_pointer: None,
            backtrace: Vec::new(),
        };
        if let Death::Crashed(crash) = death {
            record.add(crash);
        }
        record
    }

    fn add(&mut self, crash: &CrashRecord) {
        let at = |address: u64| At::of(address, crash.image_base);
        self.signal = Some(crash.signal);
        self.address = Some(At::Elsewhere(crash.address));
        self.instruction_pointer = Some(at(crash.instruction_pointer));
        self.backtrace = crash.backtrace.iter().map(|address| at(*address)).collect();
    }

    /// The same without anything that could play with a terminal, and not longer than a worker would write it.
    pub(crate) fn tamed(mut self) -> Record {
        self.death = tame(&self.death, 2 * Death::MESSAGE_LIMIT);
        self.backtrace.truncate(CrashRecord::FRAME_LIMIT);
        self
    }
}

/// The beginning of a text, on one line and without control characters.
pub(crate) fn tame(text: &str, longest: usize) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().take(longest).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for at in [At::Image(0x1f), At::Elsewhere(8), At::Image(0), At::Elsewhere(u64::MAX)] {
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        for wrong in ["", "8", "morph+", "morph+8", "0x", "0xg", "morph+0x1 "] {
            assert_eq!(wrong.parse::<At>(), Err(NoAddress), "{wrong}");
        }
    }

    #[test]
    fn only_what_lies_in_the_executable_counts_from_its_beginning() {
        assert_eq!(At::of(0x5500_0010, 0x5500_0000), At::Image(0x10));
        assert_eq!(At::of(0x10, 0x5500_0000), At::Elsewhere(0x10));
        assert_eq!(At::of(0x7f00_5500_0000, 0x5500_0000), At::Elsewhere(0x7f00_5500_0000));
    }
}
