//! `morph watch`: build at each save, and tell what is closed and what came back.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use morph_diag::{Lang, wording};
use morph_driver::hot::Program;
use morph_driver::isolation::Reuse;
use morph_driver::options::{Debug, Goal, Target};
use morph_driver::{Note, Output};

use super::status::say;
use crate::arguments::Options;
use crate::output;
use crate::status::Status;
pub(crate) use program::Become;
use program::Running;
use saves::Saves;

mod hot;
mod program;
mod saves;

/// So long after the last save what is kept is compared with what comes out now.
const IDLE: Duration = Duration::from_secs(10);

/// Build a program at each save of one of its files.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The program's root file.
    file: PathBuf,
    /// Run the program too; it is ended and started again after each build that gives another image.
    #[arg(long)]
    run: bool,
    /// Replace what was changed in the running program, which keeps its memory. It begins anew only where that cannot be done. With `--run`.
    #[arg(long, requires = "run", conflicts_with = "output")]
    hot: bool,
    /// Write the image to a file, too.
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Stop after so many builds.
    #[arg(long, value_name = "N", hide = true)]
    builds: Option<u32>,
    /// Arguments of the program.
    #[arg(last = true)]
    args: Vec<OsString>,
}

impl Watch {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let lang = options.language();
        if self.hot && options.build(Goal::Image).target != Target::X86_64Linux {
            let text = wording::text(lang, "watch-hot-machine", &Vec::new());
            output::line(&text)?;
            return Ok(Status::NoImage);
        }
        let mut saves = Saves::new()?;
        let mut closed: BTreeSet<String> = BTreeSet::new();
        let mut running: Option<Running> = None;
        let mut image: Option<Arc<Vec<u8>>> = None;
        let mut sum = None;
        let mut status;
        let mut builds = 0;
        loop {
            let start = Instant::now();
            let mut built = self.build(options, Reuse::Results, image.as_ref());
            let mut has_bytes = take_image(&mut built, &mut image);
            // What is saved from here on is seen: the folders are watched before their files are read again.
            let mut counts = counts(&built);
            while saves.watch(self.folders(&built))? {
                built = self.build(options, Reuse::Results, image.as_ref());
                has_bytes |= take_image(&mut built, &mut image);
                // What the first had made the second one takes.
                counts = if counts.1 > 0 { counts } else { self::counts(&built) };
            }
            status = Status::from(built.status);
            let now = closed_fragments(&built, lang);
            let changed = built.sum != sum;
            // Whoever reads that a build is done finds its image. One without bytes was written by the build.
            if let (true, Some(path), Some(image)) = (changed && has_bytes, &self.output, &image)
                && let Err(error) =
                    morph_driver::write_image(path, image, &options.isolation().deferral)
            {
                // Whoever mends that saves again.
                built.report.add_output_failure(path, &error);
                status = Status::OutputFailed;
            }
            // A save that changes nothing is no news.
            if builds == 0 || changed || closed != now || counts.1 > 0 {
                output::report_as(&built, options, status)?;
                tell(&built, start.elapsed(), counts, [&closed, &now], lang)?;
            }
            (closed, sum) = (now, built.sum);
            if let (true, true, Some(image)) = (changed, self.run, &image) {
                self.go_on(&mut running, image, built.hot.as_deref(), lang)?;
            }
            builds += 1;
            if self.builds.is_some_and(|last| builds >= last) {
                break;
            }
            self.wait(&mut saves, &mut running, options, lang)?;
        }
        if let Some(running) = running {
            running.end()?;
        }
        Ok(status)
    }

    /// The program becomes the next one: at once where that can be done, else by beginning anew.
    fn go_on(
        &self,
        running: &mut Option<Running>,
        image: &[u8],
        next: Option<&Program>,
        lang: Lang,
    ) -> io::Result<()> {
        // One that has ended meanwhile is not changed any more.
        let runs = match running.as_mut() {
            Some(running) => running.has_ended()?.is_none(),
            None => false,
        };
        if let (Some(running), Some(next)) = (running.as_mut().filter(|_| runs), next)
            && let Some(outcome) = running.change(next)?
        {
            hot::tell(&outcome, lang)?;
            if outcome.is_ok() {
                return Ok(());
            }
        }
        if let Some(former) = running.take() {
            former.end()?;
        }
        *running = Some(Running::start(image, next, &self.file, &self.args)?);
        Ok(())
    }

    /// Builds; `last` is the image of the build before, if it is at hand.
    fn build(&self, options: &Options, reuse: Reuse, last: Option<&Arc<Vec<u8>>>) -> Output {
        let own = options.isolation();
        // Who asks for more work than that gets it.
        let reuse = if own.reuse == Reuse::Results { reuse } else { own.reuse };
        // Who runs the program needs its bytes.
        let image_at = self.output.clone().filter(|_| !self.run);
        let last_image = last.cloned();
        let isolation = morph_driver::isolation::Isolation { reuse, image_at, last_image, ..own };
        let mut options = options.build(Goal::Image);
        if self.hot {
            options.hot = true;
            // What is told of a fault needs the tables, and so does closing a unit.
            options.debug = options.debug.max(Debug::Line);
        }
        morph_driver::build(&self.file, &options, isolation)
    }

    /// Where a save may matter; the root's own folder at least.
    fn folders(&self, built: &Output) -> BTreeSet<PathBuf> {
        let mut folders = built.folders.clone();
        if let Some(own) = self.file.parent() {
            let own = if own.as_os_str().is_empty() { Path::new(".") } else { own };
            folders.extend(own.canonicalize());
        }
        folders
    }

    /// Waits for a save. While nothing is saved the program may end, and what is kept is checked once.
    fn wait(
        &self,
        saves: &mut Saves,
        running: &mut Option<Running>,
        options: &Options,
        lang: Lang,
    ) -> io::Result<()> {
        let mut idle_since = Some(Instant::now());
        loop {
            let program = running.as_ref().map(Running::end_is_told_by);
            if saves.wait(program, Duration::from_millis(500))? {
                return Ok(());
            }
            if let Some(ended) = running.as_mut().map_or(Ok(None), Running::has_ended)? {
                *running = None;
                let text = match ended.code() {
                    Some(status) => say(lang, "watch-ended", &[("status", &status)]),
                    None => say(lang, "watch-killed", &[("status", &ended)]),
                };
                output::line(&text)?;
            }
            if idle_since.is_some_and(|since| since.elapsed() >= IDLE) {
                idle_since = None;
                let checked = self.build(options, Reuse::Sample, None);
                let wrong =
                    checked.notes.iter().filter(|note| matches!(note, Note::Mismatch { .. }));
                if wrong.count() > 0 {
                    output::report(&checked, options)?;
                    return Ok(());
                }
            }
        }
    }
}

/// Keeps the bytes of an image at hand, if the build gave any; whether it did. One without bytes is the one at hand, or it lies where it
/// belongs and the one at hand is an older one.
fn take_image(built: &mut Output, image: &mut Option<Arc<Vec<u8>>>) -> bool {
    if let Some(new) = built.image.take() {
        *image = Some(Arc::new(new));
        return true;
    }
    let at_hand =
        |image: &Arc<Vec<u8>>| built.sum.is_some_and(|sum| sum == morph_driver::image_sum(image));
    *image = image.take().filter(at_hand);
    false
}

/// How many fragments were as before, and how many compiled.
fn counts(built: &Output) -> (usize, usize) {
    let counts = built.notes.iter().find_map(|note| {
        let Note::Reused { reused, made } = note else { return None };
        Some((*reused, *made))
    });
    counts.unwrap_or_default()
}

/// What is closed, as people call it.
fn closed_fragments(built: &Output, lang: Lang) -> BTreeSet<String> {
    let report = &built.report;
    let name = |id| output::describe_without_line(report, id, lang);
    report.closed.iter().map(|closed| name(closed.fragment)).collect()
}

/// One line about a build, and one for each fragment that came back.
fn tell(
    built: &Output,
    took: Duration,
    (reused, made): (usize, usize),
    [before, now]: [&BTreeSet<String>; 2],
    lang: Lang,
) -> io::Result<()> {
    for back in before.difference(now) {
        output::line(&say(lang, "watch-back", &[("name", back)]))?;
    }
    let ms = format!("{:.1}", took.as_secs_f64() * 1000.0);
    let closed = now.len();
    let facts: [(&'static str, &dyn std::fmt::Display); 4] =
        [("ms", &ms), ("made", &made), ("reused", &reused), ("closed", &closed)];
    output::line(&say(lang, "watch-built", &facts))?;
    if built.sum.is_none() {
        output::line(&wording::text(lang, "watch-no-image", &Vec::new()))?;
    }
    Ok(())
}

/// What tells that something has happened.
type Told<'f> = Option<&'f OwnedFd>;
