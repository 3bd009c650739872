//! The same work in this process, without any protection: for comparisons and measurements.

use morph_syntax::Piece;

use crate::back::{Back, Phase};
use crate::reader::{Lines, Reader, Seen, Source, look};
use crate::stopwatch::Stopwatch;
use crate::task::{Built, Executor, Task, Verdict};
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
    fn run(
        &mut self,
        tasks: Vec<Task>,
        follow: &mut dyn FnMut(&Built) -> Vec<Task>,
    ) -> Vec<(Task, Verdict)> {
        let mut done = Vec::with_capacity(tasks.len());
        let mut queue = tasks;
        queue.reverse();
        while let Some(task) = queue.pop() {
            let stopwatch = &mut *self.stopwatch;
            let built = self.back.build(&task, &mut |phase| match phase {
                Phase::Compile => stopwatch.lap("check"),
                Phase::Parse | Phase::Check => {}
            });
            self.stopwatch.lap("compile");
            queue.extend(follow(&built));
            done.push((task, Verdict::Built(Box::new(built))));
        }
        done
    }
}
