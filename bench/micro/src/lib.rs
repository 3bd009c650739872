//! Times small functions beside each other and prints Markdown tables.
//!
//! Rows of a table take turns, so that a noisy moment of the machine hits all of them. Nothing is asserted. One binary a
//! subject: `cargo run --release --manifest-path bench/micro/Cargo.toml --bin trickster`.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// A run of one row lasts about so long.
const RUN: Duration = Duration::from_millis(10);
const RUNS: usize = 51;

/// One row: a name and what is timed.
pub struct Row<'a> {
    name: &'a str,
    run: Box<dyn Fn(u64) -> Duration + 'a>,
}

/// A row that times `function`. What it gives is used, so that the optimiser keeps it.
pub fn row<'a, T>(name: &'a str, function: impl Fn() -> T + 'a) -> Row<'a> {
    let run = move |count| {
        let begin = Instant::now();
        for _ in 0..count {
            black_box(function());
        }
        begin.elapsed()
    };
    Row { name, run: Box::new(run) }
}

/// A row that times itself: `run` does its work so many times and tells how long the part took that counts.
pub fn timed<'a>(name: &'a str, run: impl Fn(u64) -> Duration + 'a) -> Row<'a> {
    Row { name, run: Box::new(run) }
}

/// A row that times `function` on so many threads at once: the time that each thread takes for a call.
pub fn row_on_threads<'a, T>(
    name: &'a str,
    threads: usize,
    function: impl Fn() -> T + Sync + 'a,
) -> Row<'a> {
    let run = move |count| {
        let start = Barrier::new(threads);
        let times: Vec<Duration> = std::thread::scope(|scope| {
            let work = || {
                start.wait();
                let begin = Instant::now();
                for _ in 0..count {
                    black_box(function());
                }
                begin.elapsed()
            };
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        times.iter().sum::<Duration>() / times.len().max(1) as u32
    };
    Row { name, run: Box::new(run) }
}

/// Times the rows in turns and prints them under `title`: best and median of the runs, a call.
pub fn table(title: &str, rows: &[Row<'_>]) {
    let counts: Vec<u64> = rows.iter().map(calibrate).collect();
    let mut times = vec![Vec::with_capacity(RUNS); rows.len()];
    for _ in 0..RUNS {
        for ((row, count), times) in rows.iter().zip(&counts).zip(&mut times) {
            times.push((row.run)(*count).as_secs_f64() * 1e9 / *count as f64);
        }
    }
    println!(
        "\n### {title}\n\n| what | best | median | against the first |\n| --- | ---: | ---: | ---: |"
    );
    let mut first = None;
    for (row, times) in rows.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let (best, median) = (times[0], times[times.len() / 2]);
        let first = *first.get_or_insert(best);
        println!("| {} | {} | {} | {:.2} |", row.name, time(best), time(median), best / first);
    }
}

/// Nanoseconds, in the unit that suits them.
fn time(nanoseconds: f64) -> String {
    if nanoseconds < 10_000.0 {
        format!("{nanoseconds:.1} ns")
    } else {
        format!("{:.1} us", nanoseconds / 1e3)
    }
}

/// How often to call the row in one run.
fn calibrate(row: &Row<'_>) -> u64 {
    let mut count = 1;
    loop {
        let time = (row.run)(count);
        if time * 4 > RUN {
            return (count as f64 * RUN.as_secs_f64() / time.as_secs_f64()).max(1.0) as u64;
        }
        count *= 2;
    }
}
