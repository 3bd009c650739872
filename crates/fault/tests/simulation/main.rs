//! The whole control plane with a virtual clock and one seed: workers crash, hang, vanish and answer
//! garbage, messages are late or lost, and the outcome is always the one that a single patient worker
//! without accidents arrives at.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod program;
mod world;

use morph_fault::fault::{FaultKind, Resource};
use morph_fault::memory::Memory;
use morph_fault::supervisor::{Line, Outcome, Rung, replay};
use program::Program;
use world::{Accidents, simulate};

const BUILDS: u64 = 10_000;

/// Each build is simulated under accidents and without; a chain of builds shares one memory.
#[test]
fn the_outcome_of_a_build_depends_on_what_repeats_and_on_nothing_else() {
    let first = seed();
    let mut seen = Seen::default();
    let mut program = Program::random(first);
    let mut memory = Memory::default();
    let mut clock = 1_000_000;
    for build in 0..BUILDS {
        let seed = first.wrapping_add(build);
        if build % 8 == 0 {
            program = Program::random(seed);
            memory = Memory::default();
        } else {
            program.edit(seed);
        }
        let calm = simulate(&program, &memory, clock, 1, Accidents::none(seed));
        let workers = 1 + (seed % 8) as u32;
        let wild = simulate(&program, &memory, clock, workers, Accidents::random(seed));

        assert_eq!(wild.outcomes, calm.outcomes, "seed {seed}, {workers} workers");
        assert_eq!(wild.memory, calm.memory, "seed {seed}, {workers} workers");
        assert_eq!(wild.units, calm.units, "seed {seed}, {workers} workers");
        for (index, (job, outcome)) in program.jobs.iter().zip(&wild.outcomes).enumerate() {
            if job.is_healthy() {
                let finished = matches!(outcome, Outcome::Object(_) | Outcome::Diagnosed);
                assert!(finished, "seed {seed}: healthy job {index} ended as {outcome:?}");
            }
        }
        seen.add(&wild.outcomes, &wild.lines);
        memory = wild.memory;
        clock = wild.ended + program.pause;
    }
    println!("{BUILDS} builds from seed {first}: {seen:?}");
    seen.everything_happened();
}

#[test]
fn a_log_replays_to_the_same_decisions_and_states() {
    let first = seed();
    for seed in first..first + 500 {
        let program = Program::random(seed);
        let run = simulate(
            &program,
            &Memory::default(),
            5_000,
            1 + (seed % 8) as u32,
            Accidents::random(seed),
        );
        // Through the bytes: a line is one object of JSON.
        let text: Vec<String> =
            run.lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        let lines: Vec<Line> =
            text.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let replayed =
            replay(&run.plan, &lines).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let outcomes: Vec<Outcome> = replayed.outcomes().into_iter().flatten().collect();
        assert_eq!(outcomes, run.outcomes, "seed {seed}");
        assert_eq!(replayed.memory(), run.memory, "seed {seed}");
        assert_eq!(*replayed.units(), run.units, "seed {seed}");
    }
}

#[test]
fn a_log_that_was_tampered_with_does_not_replay() {
    let runs = (7..).map(|seed| {
        let program = Program::random(seed);
        simulate(&program, &Memory::default(), 5_000, 3, Accidents::random(seed))
    });
    let is_decision = |line: &Line| matches!(line, Line::Decision(_));
    let run = runs.take(100).find(|run| run.lines.iter().any(is_decision)).unwrap();
    let decision = run.lines.iter().position(is_decision).unwrap();
    let mut lines = run.lines.clone();
    if let Some(Line::Decision(decision)) = lines.get_mut(decision) {
        decision.seq += 1;
    }
    let error = replay(&run.plan, &lines).unwrap_err().to_string();
    assert!(error.starts_with(&format!("line {}: the log has", decision + 1)), "{error}");
}

/// Another seed can be had: `MORPH_SEED=42`. The seed of a failure is in its message.
fn seed() -> u64 {
    std::option_env!("MORPH_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(20_260_117)
}

/// That the simulation has really been through it all.
#[derive(Debug, Default)]
struct Seen {
    jobs: usize,
    at_none: usize,
    diagnosed: usize,
    crashed: usize,
    exhausted: usize,
    decisions: std::collections::BTreeMap<String, usize>,
}

impl Seen {
    fn add(&mut self, outcomes: &[Outcome], lines: &[Line]) {
        self.jobs += outcomes.len();
        for outcome in outcomes {
            match outcome {
                Outcome::Object(Rung::None) => self.at_none += 1,
                Outcome::Object(Rung::Speed) => {}
                Outcome::Diagnosed => self.diagnosed += 1,
                Outcome::Stub(fault) => match fault.kind {
                    FaultKind::Crashed(_) => self.crashed += 1,
                    FaultKind::Exhausted(Resource::Time | Resource::Memory | Resource::Reply) => {
                        self.exhausted += 1;
                    }
                    FaultKind::Exhausted(Resource::Handouts | Resource::Workers)
                    | FaultKind::Diagnosed
                    | FaultKind::Lost => panic!("a stub for {fault:?}"),
                },
            }
        }
        for line in lines {
            if let Line::Decision(decision) = line {
                let name = format!("{:?} {:?}", decision.rule, decision.choice);
                *self.decisions.entry(name).or_default() += 1;
            }
        }
    }

    fn everything_happened(&self) {
        let expected = [
            "BadReply Killed",
            "BreakerOpen Withheld",
            "FreshWorker Killed",
            "HalfOpen Closes",
            "HalfOpen Opens",
            "Handouts HandedOut",
            "Lowered Down(None)",
            "OpenWhen Opens",
            "OpenWhen Stays",
            "ProbeWhen Probes",
            "ProbeWhen Stays",
            "Quarantine Withheld",
            "QuarantineWhen NotQuarantined",
            "QuarantineWhen Quarantined",
            "Rerun Repeats",
            "Rerun Rerun",
            "Rerun Transient",
            "RetryWhen Down(None)",
            "RetryWhen Withheld",
            "WorkerTime Killed",
            "WorkerTime PresumedDead",
        ];
        let seen: Vec<&str> = self.decisions.keys().map(String::as_str).collect();
        assert_eq!(seen, expected);
        assert!(self.at_none > 0 && self.diagnosed > 0 && self.crashed > 0 && self.exhausted > 0);
    }
}
