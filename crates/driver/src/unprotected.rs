//! The same work in this process, without any protection: for comparisons and measurements.

use morph_syntax::Piece;

use crate::back::Back;
use crate::phase::Phase;
use crate::reader::{Lines, Reader, Seen, Source, look};
use crate::stopwatch::Stopwatch;
use crate::task::{Executor, Task, Verdict};
use crate::unit::Fragment;

/// Reads units here.
#[derive(Debug)]
pub(crate) struct Unprotected;

impl<'a> Reader<'a> for Unprotected {
    fn read(&mut self, units: &[Source<'a>]) -> Vec<Vec<Fragment<'a>>> {
        let read = |source: &Source<'a>| {
            let mut lines = Lines::new(source.text);
            let fragment = |piece: Piece| {
                let line = lines.next(&piece);
                let Seen { syntax, summary } =
                    look(piece.text(source.text), piece.kind, source.side, &mut || ());
                Fragment { piece, line, syntax, summary, fault: None }
            };
            morph_syntax::split(source.text).into_iter().map(fragment).collect()
        };
        units.iter().map(read).collect()
    }
}

/// Checks and compiles here.
#[derive(Debug)]
pub(crate) struct InProcess<'p, 'w> {
    pub(crate) back: Back<'p>,
    pub(crate) stopwatch: &'w mut Stopwatch,
}

impl Executor for InProcess<'_, '_> {
    fn run(&mut self, tasks: Vec<Task>) -> Vec<(Task, Verdict)> {
        let build = |task: Task| {
            let stopwatch = &mut *self.stopwatch;
            let built = self.back.build(&task, &mut |phase| {
                if phase == Phase::Compile {
                    stopwatch.lap("check");
                }
            });
            self.stopwatch.lap("compile");
            (task, Verdict::Built(Box::new(built)))
        };
        tasks.into_iter().map(build).collect()
    }
}
