//! The log of decisions: whatever happens to workers, the file alone is enough to make every decision again.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::path::Path;
use std::process::Command;

use morph_driver::decisions::{self, ReplayError, Replayed};
use morph_driver::isolation::INJECTS;
use morph_driver::phase::Phase;
use morph_fault::memory::StoredMemory;
use morph_fault::supervisor::Outcome;

/// How many builds are logged and replayed.
const BUILDS: u64 = 24;
const FUNCTIONS: u64 = 12;

fn program() -> String {
    let functions = (0..FUNCTIONS)
        .map(|n| format!("fungsi f{n}(a)\n  kembalikan a + {n}\ntutup_fungsi\n"))
        .collect::<String>();
    format!("{functions}fungsi mulai()\n  cetak(f0(1))\ntutup_fungsi\n")
}

/// A few faults at random places, some of which strike once and others each time.
fn faults(random: &mut fastrand::Rng) -> Vec<String> {
    // Those that wait for a budget of time would make the test slow.
    let kinds: Vec<&str> = INJECTS
        .map(|(name, _)| name)
        .into_iter()
        .filter(|name| !matches!(*name, "hang" | "sleep"))
        .collect();
    let phases = [Phase::Parse, Phase::Index, Phase::Check, Phase::Compile, Phase::Reply];
    (0..random.usize(1..8))
        .flat_map(|_| {
            let kind = kinds[random.usize(..kinds.len())];
            let (site, phase) = match random.u8(..8) {
                0 => ("-".to_owned(), Phase::Split),
                _ => (random.u64(..=FUNCTIONS).to_string(), phases[random.usize(..phases.len())]),
            };
            let times = ["", ":1", ":2", ":3"][random.usize(..4)];
            ["--inject".to_owned(), format!("m.fox:{site}:{}:{kind}{times}", phase.name())]
        })
        .collect()
}

fn build(folder: &Path, args: &[String]) -> (Vec<Replayed>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["build", "m.fox", "-o", "m", "--log", "log", "--message-format", "json"])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // A file that cannot be cut has no entry point any more.
    assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{args:?}: {said}");
    let log = fs::read_to_string(folder.join("log")).unwrap();
    (decisions::replay(&log).unwrap_or_else(|error| panic!("{args:?}: {error}")), said)
}

/// The fault ids of what a log settled with a stub.
fn stubs(replayed: &[Replayed]) -> Vec<String> {
    let outcomes = replayed.iter().flat_map(|crew| &crew.ended.as_ref().unwrap().outcomes);
    let mut stubs: Vec<String> = outcomes
        .filter_map(|outcome| match outcome {
            Some(Outcome::Stub(fault)) => Some(fault.id.to_string()),
            Some(Outcome::Object(_) | Outcome::Diagnosed) | None => None,
        })
        .collect();
    stubs.sort();
    stubs
}

#[test]
fn a_log_of_random_faults_replays_to_the_same_outcomes_and_memory() {
    let seed = 7;
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut decided, mut stubbed) = (0, 0);
    let mut folder = tempfile::tempdir().unwrap();
    for nth in 0..BUILDS {
        // Every fourth build begins without a memory.
        if nth % 4 == 0 {
            folder = tempfile::tempdir().unwrap();
            let threshold = random.u32(1..4);
            let settings =
                format!("[policy]\nthreshold = {threshold}\n[breaker]\ntimeout_ms = 0\n");
            fs::write(folder.path().join("morph.toml"), settings).unwrap();
            fs::write(folder.path().join("m.fox"), program()).unwrap();
        }
        let mut args = faults(&mut random);
        if random.bool() {
            args.extend(["--opt".to_owned(), "speed".to_owned()]);
        }
        let (replayed, said) = build(folder.path(), &args);

        let works: Vec<&str> = replayed.iter().map(|crew| crew.header.work.as_str()).collect();
        assert!(matches!(works[..], ["split", "look", "build"] | ["split", "look"]), "{works:?}");
        assert!(replayed.iter().all(|crew| crew.header.sites.len() == crew.header.plan.jobs.len()));
        // What the replay remembers is what the next build will read.
        let last = &replayed.last().unwrap().ended.as_ref().unwrap().memory;
        if let Ok(memory) = fs::read(folder.path().join(".morph/memory.json")) {
            assert_eq!(serde_json::from_slice::<StoredMemory>(&memory).unwrap(), *last);
        }
        // And what it gave up is what the report names.
        let told = said.lines().filter_map(|line| {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            let of_ours = object["code"].as_str()?.starts_with("COMPILER_");
            object["fault"].as_str().filter(|_| of_ours).map(str::to_owned)
        });
        let mut told: Vec<String> = told.collect();
        told.sort();
        assert_eq!(told, stubs(&replayed), "{args:?}");
        decided += replayed.iter().map(|crew| crew.decisions).sum::<usize>();
        stubbed += told.len();
    }
    assert!(
        decided > 120 && stubbed > 12,
        "{decided} decisions, {stubbed} stubs: too few to mean anything"
    );
}

#[test]
fn a_log_that_was_changed_or_broke_off_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("m.fox"), program()).unwrap();
    let fault = ["--inject", "m.fox:3:check:segv"].map(str::to_owned);
    let (replayed, _) = build(folder.path(), &fault);
    assert!(replayed.iter().all(|crew| crew.ended.is_some()));
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let lines: Vec<&str> = log.split_inclusive('\n').collect();

    // Cut off anywhere, also inside of a line: what is there replays.
    for cut in (0..log.len()).step_by(997) {
        let cut = log.floor_char_boundary(cut);
        let replayed =
            decisions::replay(&log[..cut]).unwrap_or_else(|error| panic!("{cut}: {error}"));
        assert!(replayed.len() <= 3);
    }
    // Without one of its decisions or events it does not.
    let mut missed = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let changes = line.contains(r#""line":"decision""#) || line.contains(r#""Died""#);
        if changes {
            let without = [&lines[..at], &lines[at + 1..]].concat().concat();
            if decisions::replay(&without).is_ok() {
                missed.push(*line);
            }
        }
    }
    assert_eq!(missed, Vec::<&str>::new());
    let other = log.replacen(r#""choice":"rerun""#, r#""choice":"handed_out""#, 1);
    assert!(matches!(decisions::replay(&other), Err(ReplayError::Differs { .. })));
    assert!(matches!(decisions::replay("x\n"), Err(ReplayError::Malformed { line: 1, .. })));
    let headless: String = lines[1..].concat();
    assert!(matches!(decisions::replay(&headless), Err(ReplayError::NoPlan { line: 1 })));
}
