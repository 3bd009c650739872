//! One line on a terminal that shows how far a build has come, while it lasts.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use morph_diag::{Arg, Args, Lang, wording};
use morph_driver::isolation::{Progress, Step, Watcher};

/// A build that is done within this shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// The line changes no more often than this.
const BETWEEN: Duration = Duration::from_millis(100);

/// Shows progress on standard error, if that is a terminal. The line is gone when the watcher is dropped.
pub(crate) fn watcher(lang: Lang) -> Option<Watcher> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let mut line = Line { lang, began: Instant::now(), drawn: None, bar: None };
    Some(Box::new(move |progress| line.show(progress, Instant::now())))
}

struct Line {
    lang: Lang,
    began: Instant,
    drawn: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Line {
    fn is_due(&self, now: Instant) -> bool {
        now.duration_since(self.began) >= PATIENCE
            && self.drawn.is_none_or(|drawn| now.duration_since(drawn) >= BETWEEN)
    }

    fn show(&mut self, progress: Progress, now: Instant) {
        if !self.is_due(now) {
            return;
        }
        self.drawn = Some(now);
        let bar = self.bar.get_or_insert_with(|| {
            // The renderer may not draw more often either; it knows how wide the terminal is.
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        bar.set_message(words(progress, self.lang));
        bar.tick();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `compiling: 3 files, 120/400 fragments, 2 sandboxes, 1 fault`.
fn words(progress: Progress, lang: Lang) -> String {
    let Progress { step, units, done, total, sandboxes, faults } = progress;
    let step = match step {
        Step::Reading => "progress-reading",
        Step::Compiling => "progress-compiling",
    };
    let figures: Args = [
        ("units", units),
        ("done", done),
        ("total", total),
        ("sandboxes", sandboxes),
        ("faults", faults),
    ]
    .map(|(name, figure)| (name.into(), Arg::from(figure)))
    .to_vec();
    let step = wording::text(lang, step, &Vec::new());
    format!("{step}: {}", wording::text(lang, "progress-figures", &figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_comes_late_and_changes_at_most_ten_times_a_second() {
        let began = Instant::now();
        let mut line = Line { lang: Lang::En, began, drawn: None, bar: None };
        let mut drawn = Vec::new();
        for ms in (0..=1_300).step_by(7) {
            let now = began + Duration::from_millis(ms);
            if line.is_due(now) {
                line.drawn = Some(now);
                drawn.push(ms);
            }
        }
        assert_eq!(drawn, [301, 406, 511, 616, 721, 826, 931, 1036, 1141, 1246]);
    }

    #[test]
    fn the_figures_are_worded_in_both_languages() {
        let progress = Progress {
            step: Step::Compiling,
            units: 1,
            done: 3,
            total: 40,
            sandboxes: 2,
            faults: 0,
        };
        assert_eq!(words(progress, Lang::En), "compiling: 1 file, 3/40 fragments, 2 sandboxes");
        let progress =
            Progress { step: Step::Reading, units: 5, done: 0, total: 1, sandboxes: 1, faults: 1 };
        assert_eq!(
            words(progress, Lang::En),
            "reading: 5 files, 0/1 fragments, 1 sandbox, 1 fault"
        );
        assert_eq!(
            words(progress, Lang::Id),
            "membaca: 5 berkas, 0/1 fragmen, 1 kotak pasir, 1 gangguan"
        );
    }
}
