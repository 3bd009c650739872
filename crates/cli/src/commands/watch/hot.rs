//! A program that is changed while it runs: what the watch shares with it.

use std::io;
use std::os::fd::AsRawFd as _;
use std::process;

use morph_diag::Lang;
use morph_driver::hot::{AREA, AREA_SIZE, Because, Change, HotError, Kind, Live, Program, Writes};
use morph_sandbox::SharedArea;

use super::super::status::say;
use crate::output;

pub(super) struct Changing {
    area: SharedArea,
    live: Live,
}

impl Changing {
    /// An area for this program, and the image that finds it.
    pub(super) fn new(program: &Program) -> io::Result<(Changing, Vec<u8>)> {
        let area = SharedArea::new(AREA_SIZE as usize)?;
        let path = format!("/proc/{}/fd/{}", process::id(), area.file().as_raw_fd());
        let (image, writes) = program.start(&path).ok_or(io::ErrorKind::InvalidFilename)?;
        write(&area, writes)?;
        Ok((Changing { area, live: program.live() }, image))
    }

    /// Makes the running program the next one, or tells why it has to begin anew.
    pub(super) fn update(&mut self, next: &Program) -> io::Result<Result<Change, Because>> {
        let area = &self.area;
        let read = |address: u64| area.load(address - AREA).unwrap_or_default();
        match self.live.update(next.clone(), &read) {
            Ok((change, writes)) => write(area, &writes).map(|()| Ok(change)),
            Err(because) => Ok(Err(because)),
        }
    }
}

/// The bytes first: whoever sees a word sees what it leads to.
fn write(area: &SharedArea, writes: &Writes) -> io::Result<()> {
    for (address, bytes) in &writes.bytes {
        area.write(address - AREA, bytes)?;
    }
    writes.words.iter().try_for_each(|(address, word)| area.store(address - AREA, *word))
}

/// Says what became of the running program.
pub(super) fn tell(outcome: &Result<Change, Because>, lang: Lang) -> io::Result<()> {
    match outcome {
        Ok(Change { replaced, kept }) => {
            for (names, key) in [(replaced, "watch-hot-replaced"), (kept, "watch-hot-kept")] {
                if !names.is_empty() {
                    let names = format!("`{}`", names.join("`, `"));
                    output::line(&say(lang, key, &[("names", &names)]))?;
                }
            }
            Ok(())
        }
        Err(because) => {
            let why = why(because, lang);
            output::line(&say(lang, "watch-hot-anew", &[("why", &why)]))
        }
    }
}

fn why(because: &Because, lang: Lang) -> String {
    match because {
        Because::Changed(kind, name) => {
            let key = match kind {
                Kind::Function => "watch-hot-signature",
                Kind::Structure => "watch-hot-structure",
                Kind::Constant => "watch-hot-constant",
                Kind::Global => "watch-hot-global",
                Kind::Assembly => "watch-hot-data",
                Kind::Statement => "watch-hot-statement",
            };
            say(lang, key, &[("name", name)])
        }
        Because::Assembly(name) => say(lang, "watch-hot-assembly", &[("name", name)]),
        Because::Entry => say(lang, "watch-hot-entry", &[]),
        Because::Units => say(lang, "watch-hot-units", &[]),
        Because::Refused(HotError::Full) => say(lang, "watch-hot-full", &[]),
        Because::Refused(HotError::Missing { symbol }) => {
            say(lang, "watch-hot-missing", &[("name", symbol)])
        }
        Because::Refused(HotError::Parameters { symbol }) => {
            say(lang, "watch-hot-parameters", &[("name", symbol)])
        }
        Because::Refused(HotError::Link(error)) => error.to_string(),
    }
}
