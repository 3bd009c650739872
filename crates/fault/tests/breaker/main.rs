//! The breaker against a model of it that is written in another way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod model;
mod pair;
mod reports;

use rustc_hash::FxHashSet;

use pair::{DEEDS, Pair, configs};

const DEPTH: usize = 8;

#[test]
fn every_sequence_of_eight_deeds_agrees_with_the_model_and_recovers() {
    for (name, config, may_isolate) in configs() {
        let mut level = vec![Pair::new(&config, may_isolate)];
        let mut known: FxHashSet<Pair> = level.iter().cloned().collect();
        let (mut steps, mut slowest) = (0_u64, 0);
        for depth in 0..DEPTH {
            let mut next = Vec::new();
            for pair in &level {
                for deed in DEEDS {
                    let mut after = pair.clone();
                    after.act(&config, deed);
                    steps += 1;
                    slowest = slowest.max(after.clone().recover(&config));
                    // What follows from a state that was seen before has been seen before, and what follows the
                    // last deed is nobody's business.
                    if depth + 1 < DEPTH && known.insert(after.clone()) {
                        next.push(after);
                    }
                }
            }
            level = next;
        }
        println!("{name}: {} states, {steps} steps, recovers in at most {slowest}", known.len());
        assert!(slowest <= 12, "{name}: {slowest} steps to recover");
    }
}

#[test]
fn a_million_random_sequences_agree_with_the_model_and_recover() {
    let seed = 20_260_117;
    for (name, config, may_isolate) in configs() {
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..1_000_000 / 4 {
            let mut pair = Pair::new(&config, may_isolate);
            for _ in 0..16 {
                let deed = random.choice(DEEDS).unwrap();
                pair.act(&config, deed);
            }
            pair.recover(&config);
        }
        println!("{name}: seed {seed}");
    }
}
