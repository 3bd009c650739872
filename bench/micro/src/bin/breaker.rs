//! Calls through a circuit breaker, on one thread and on two, beside the crates recloser and failsafe.

use std::hint::black_box;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use failsafe::CircuitBreaker as _;
use morph_bench::{Row, row, row_on_threads, table};
use morph_fault::fault::{Build, Key};
use morph_fault::supervisor::{Action, Event, Job, Plan, PlannedUnit, Supervisor, Verdict};
use morph_fault::unit::UnitId;
use morph_fault::{Config, Input, Moment, Percent, Rates, SharedBreaker, Wait, Window};
use recloser::Recloser;

fn main() {
    let start = Instant::now();
    let clock = || Moment::from_nanos(start.elapsed().as_nanos() as u64);
    let rates = Rates {
        window: Window::Count(NonZeroU16::new(100).unwrap_or(NonZeroU16::MIN)),
        minimum_calls: 100,
        failures: Percent::new(50),
        slow: None,
    };
    let simple = SharedBreaker::new(Config::default(), clock);
    let window = SharedBreaker::new(Config { rates: Some(rates), ..Config::default() }, clock);
    let timed = Config {
        slow_after: Some(Duration::from_secs(1)),
        rates: Some(rates),
        ..Config::default()
    };
    let timed = SharedBreaker::new(timed, clock);
    let mended = SharedBreaker::new(
        Config { failures: None, rates: Some(rates), ..Config::default() },
        clock,
    );
    let open = SharedBreaker::new(
        Config {
            wait: Wait { first: Duration::from_secs(86_400), ..Config::default().wait },
            ..Config::default()
        },
        clock,
    );
    open.control(Input::Trip).unwrap_or_else(|error| panic!("{error}"));
    let recloser = Recloser::custom().error_rate(0.5).closed_len(100).build();
    let failsafe = failsafe::Config::new().build();
    let failing: SharedBreaker<_> =
        SharedBreaker::new(Config { failures: None, ..Config::default() }, clock);
    let recloser_failing = Recloser::custom().error_rate(1.1).closed_len(100).build();
    for _ in 0..200 {
        assert!(recloser.call(work).is_ok() && window.call(work).is_ok());
    }

    let rows: Vec<Row<'_>> = vec![
        row("morph-fault: failures in a row", || simple.call(work).is_ok()),
        row("morph-fault: rate over the last 100", || window.call(work).is_ok()),
        row("morph-fault: rate and slow calls (takes the lock, reads the clock)", || {
            timed.call(work).is_ok()
        }),
        row("recloser: rate over the last 100", || recloser.call(work).is_ok()),
        row("failsafe: default", || failsafe.call(work).is_ok()),
        row("the call alone", || work().is_ok()),
    ];
    table("CLOSED, the call succeeds, 1 thread", &rows);

    let rows: Vec<Row<'_>> = vec![
        row_on_threads("morph-fault: failures in a row", 2, || simple.call(work).is_ok()),
        row_on_threads("morph-fault: rate over the last 100", 2, || window.call(work).is_ok()),
        row_on_threads("morph-fault: rate and slow calls", 2, || timed.call(work).is_ok()),
        row_on_threads("recloser: rate over the last 100", 2, || recloser.call(work).is_ok()),
        row_on_threads("failsafe: default", 2, || failsafe.call(work).is_ok()),
    ];
    table("CLOSED, the call succeeds, 2 threads", &rows);

    let rows: Vec<Row<'_>> = vec![
        row("morph-fault: a failure", || failing.call(fail).is_ok()),
        row("recloser: a failure", || recloser_failing.call(fail).is_ok()),
        row("morph-fault: refused while OPEN", || open.call(work).is_ok()),
    ];
    table("Off the quiet path, 1 thread", &rows);

    // One failure among the last hundred: not quiet until it has left the window.
    let rows: Vec<Row<'_>> = vec![
        row("morph-fault: a failure and 99 successes", || {
            _ = mended.call(fail);
            (0..99).filter(|_| mended.call(work).is_ok()).count()
        }),
        row("recloser: a failure and 99 successes", || {
            _ = recloser.call(fail);
            (0..99).filter(|_| recloser.call(work).is_ok()).count()
        }),
    ];
    table("Never quiet: per 100 calls", &rows);

    let jobs = plan(10_000);
    let rows: Vec<Row<'_>> =
        vec![row("all decisions of the supervisor, without faults", || build(&jobs))];
    table("A build of 10,000 jobs by 2 workers", &rows);
}

fn plan(jobs: u32) -> Plan {
    let key = |number: u32| {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_le_bytes());
        Key(key)
    };
    let units = 100;
    let planned = |unit| PlannedUnit { name: key(unit), text: key(unit), dependencies: Vec::new() };
    let jobs = (0..jobs).map(|job| Job { unit: UnitId(job * units / jobs), key: key(job) });
    Plan::new(jobs.collect(), (0..units).map(planned).collect(), Build([1; 32]))
}

/// Workers that do all at once. How many actions there were.
fn build(plan: &Plan) -> usize {
    let now = Moment::from_millis(1);
    let (mut supervisor, mut actions) =
        Supervisor::start(plan, now).unwrap_or_else(|error| panic!("{error}"));
    let mut count = 0;
    let mut next = Vec::new();
    while !supervisor.is_done() {
        for action in actions.drain(..) {
            count += 1;
            if let Action::Spawn { worker } = action {
                supervisor.step(Event::WorkerReady { worker }, now, &mut next);
            } else if let Action::Send { worker, batch } = action {
                for (job, _) in batch {
                    let verdict = Verdict::Accepted;
                    supervisor.step(Event::Finished { worker, job, verdict }, now, &mut next);
                }
            }
        }
        std::mem::swap(&mut actions, &mut next);
    }
    count
}

fn work() -> Result<u64, u64> {
    black_box(Ok(1))
}

fn fail() -> Result<u64, u64> {
    black_box(Err(1))
}
