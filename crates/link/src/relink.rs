//! A few objects of an image exchanged: what comes out is, byte for byte, the image that linking everything again would give.
//!
//! ```text
//! former image, its map, new objects  ->  where everything goes now  ->  part by part, front to back:
//!                                         bytes of the former image, fields moved; bytes of the new objects
//! ```
//!
//! The former image is read once and in pieces, and what comes out is given away in pieces, so that neither is ever in memory as a whole.

use std::collections::BTreeMap;
use std::io;

use morph_object::{Object, Section};

use crate::Machine;
use crate::elf::{self, Tail};
use crate::map::{Changed, Changes, Map};
use debug::Part;
use pieces::{Out, PIECE, copy};
use plan::Plan;

mod contents;
mod debug;
mod pieces;
mod plan;
mod tables;

/// Where an input of the former link stands now, and what it is now if it is not what it was.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Number of the input.
    pub input: u32,
    pub object: Option<&'a Object>,
    pub first_line: u32,
    pub first_column: u32,
}

/// Why an image cannot be made from the former one. Linking everything is always possible.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Other(&'static str),
}

/// The bytes of the former image: fills the slice with those from an offset on.
pub type Former<'f> = dyn FnMut(u64, &mut [u8]) -> io::Result<()> + 'f;
/// Takes the next bytes of the new one.
pub type Sink<'s> = dyn FnMut(&[u8]) -> io::Result<()> + 's;

/// Makes the image in which some objects are exchanged; gives what has changed in its map.
///
/// # Errors
///
/// If the former image cannot be read, or the new one not written; if an object defines other symbols than the former one, or names one
/// that is not in the image; if something is no longer reached. What was written by then is of no use.
pub fn relink(
    map: &Map,
    exchanges: &[Exchange<'_>],
    former: &mut Former<'_>,
    sink: &mut Sink<'_>,
) -> Result<Changes, Unfit> {
    let plan = Plan::new(map, exchanges)?;
    let mut out = Out { sink, buffer: Vec::with_capacity(2 * PIECE), at: 0 };
    plan.write(former, &mut out)
}

fn unfit<T>(why: &'static str) -> Result<T, Unfit> {
    Err(Unfit::Other(why))
}

impl Plan<'_> {
    fn write(mut self, former: &mut Former<'_>, out: &mut Out<'_, '_>) -> Result<Changes, Unfit> {
        let (tail, debug) = if self.old.debug {
            let lines = self.old_lines();
            let former_debug = self.former_sections(&lines)?;
            let was = Tail::plan(&self.was, &former_debug);
            let places = former_debug.iter().map(|(name, _)| *name).zip(was.debug);
            let debug = self.debug(&lines, &places.collect::<Vec<_>>(), former)?;
            let sizes: Vec<(&str, u64)> =
                debug.iter().map(|part| (part.name(), part.size())).collect();
            (Some(Tail::plan(&self.now, &sizes)), debug)
        } else {
            (None, Vec::new())
        };
        out.put(&elf::headers(Machine::X86_64, &self.now, tail.as_ref()))?;
        self.contents(Section::Rodata, former, out)?;
        if self.old.debug {
            self.functions(out)?;
            self.lines(former, out)?;
        }
        self.traps(former, out)?;
        self.gates(out)?;
        if self.old.debug {
            out.pad_to(self.now.names.offset)?;
            copy(former, self.was.names, out)?;
        }
        if self.old.gates {
            out.pad_to(self.now.gate_paths.offset)?;
            copy(former, self.was.gate_paths, out)?;
        }
        self.contents(Section::Text, former, out)?;
        self.contents(Section::Data, former, out)?;
        out.pad_to(self.now.data.offset + self.now.data.size)?;
        if let Some(tail) = tail {
            out.pad_to(tail.symbols.offset)?;
            self.symbols(out)?;
            for (part, at) in debug.into_iter().zip(&tail.debug) {
                out.pad_to(*at)?;
                match part {
                    Part::Made(section) => out.put(&section.bytes)?,
                    Part::Lines { units, .. } => self.put_lines(units, former, out)?,
                    Part::Frames { at, .. } => self.put_frames(at, former, out)?,
                }
            }
            out.pad_to(tail.names.offset)?;
            out.put(&tail.name_bytes)?;
            out.pad_to(tail.headers.offset)?;
            out.put(&tail.header_bytes)?;
        }
        out.flush()?;
        let mut objects = BTreeMap::new();
        for (at, fate) in (0..).zip(&self.fates) {
            if let Some(now) = self.changed.get_mut(*fate as usize) {
                let parts = now.parts.take();
                objects.insert(at, Changed { placed: now.placed, parts });
            }
        }
        Ok(Changes { objects, heads: self.heads })
    }
}
