//! The few system calls that programs without assembly need, by their numbers on x86_64 Linux.

use crate::{Fault, Memory, Stop};

const READ: i64 = 0;
const WRITE: i64 = 1;
const MMAP: i64 = 9;
const MUNMAP: i64 = 11;
const WRITEV: i64 = 20;
const EXIT: i64 = 60;
const SYSINFO: i64 = 99;
const CLOCK_GETTIME: i64 = 228;
const EXIT_GROUP: i64 = 231;

const EBADF: i64 = -9;
const ENOMEM: i64 = -12;
const EINVAL: i64 = -22;

/// What a machine of the interpreter says about its memory.
const RAM: u64 = 4 << 30;

/// The outside of a run.
#[derive(Debug)]
pub(crate) struct System<'i> {
    pub(crate) input: &'i [u8],
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl System<'_> {
    /// Carries out one call; `arguments` begins with the number.
    pub(crate) fn call(&mut self, memory: &mut Memory, arguments: &[i64]) -> Result<i64, Stop> {
        let argument = |i: usize| arguments.get(i).copied().unwrap_or(0);
        let fault = Stop::Faulted;
        match argument(0) {
            READ if argument(1) == 0 => {
                let count = self.input.len().min(usize::try_from(argument(3)).unwrap_or(0));
                let (taken, rest) = self.input.split_at(count);
                for (i, byte) in taken.iter().enumerate() {
                    memory.store_byte(argument(2) as u64 + i as u64, *byte).map_err(fault)?;
                }
                self.input = rest;
                Ok(count as i64)
            }
            WRITE => self.write(memory, argument(1), argument(2) as u64, argument(3) as u64),
            WRITEV => {
                let mut written = 0;
                for part in 0..argument(3) as u64 {
                    let start = (argument(2) as u64).wrapping_add(16 * part);
                    let text = memory.load(start, 8).map_err(fault)?;
                    let length = memory.load(start.wrapping_add(8), 8).map_err(fault)?;
                    match self.write(memory, argument(1), text, length)? {
                        error @ ..0 => return Ok(error),
                        count => written += count,
                    }
                }
                Ok(written)
            }
            READ => Ok(EBADF),
            MMAP => Ok(memory.map(argument(2) as u64).map_or(ENOMEM, |address| address as i64)),
            MUNMAP if argument(1) % 4096 != 0 => Ok(EINVAL),
            MUNMAP => {
                memory.unmap(argument(1) as u64, argument(2) as u64);
                Ok(0)
            }
            SYSINFO => {
                // struct sysinfo: total memory is the word at 32, its unit the four bytes at 104.
                for offset in 0..112 {
                    memory.store_byte(argument(1) as u64 + offset, 0).map_err(fault)?;
                }
                memory.store(argument(1) as u64 + 32, RAM, 8).map_err(fault)?;
                memory.store(argument(1) as u64 + 104, 1, 4).map_err(fault)?;
                Ok(0)
            }
            CLOCK_GETTIME => {
                memory.store(argument(2) as u64, 0, 8).map_err(fault)?;
                memory.store(argument(2) as u64 + 8, 0, 8).map_err(fault)?;
                Ok(0)
            }
            EXIT | EXIT_GROUP => Err(Stop::Exited(argument(1) as u8)),
            number => Err(Stop::Unsupported(format!("system call {number}"))),
        }
    }

    fn write(
        &mut self,
        memory: &Memory,
        descriptor: i64,
        text: u64,
        length: u64,
    ) -> Result<i64, Stop> {
        let stream = match descriptor {
            1 => &mut self.stdout,
            2 => &mut self.stderr,
            _ => return Ok(EBADF),
        };
        stream.extend(memory.bytes(text, length)?);
        Ok(length as i64)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Faulted(fault)
    }
}
