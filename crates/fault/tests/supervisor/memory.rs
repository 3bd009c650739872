//! From one build to the next: quarantine, suspects, and the breakers of units.

use expect_test::expect;
use morph_fault::State;
use morph_fault::fault::Build;
use morph_fault::memory::StoredMemory;
use morph_fault::supervisor::{Plan, Rung};

use crate::script::{Does, OK, SEGV, build, key, plan};

const MINUTE: u64 = 60_000;

/// A unit whose breaker has opened at minute 1: with a threshold of 2 and three jobs that crash at `speed`, one of
/// them at `none` too, the first is rescued by the ladder, the others are withheld. Two healthy jobs are there as well.
fn opened() -> (Plan, StoredMemory, String) {
    let mut plan = plan(&[5]);
    plan.rung = Rung::Speed;
    plan.limits.threshold = 2;
    let told = build(&plan, MINUTE, |job, rung, _| crashes(job, rung));
    (plan, told.memory, told.text)
}

fn crashes(job: u32, rung: Rung) -> Does {
    match (job, rung) {
        (0 | 1, Rung::Speed) => SEGV,
        (2, _) => SEGV,
        (_, _) => OK,
    }
}

fn kept(memory: &StoredMemory) -> String {
    let breakers: Vec<String> = memory
        .units
        .iter()
        .map(|(_, unit)| format!("{} after {}", unit.breaker.state.name(), unit.crash_count))
        .collect();
    let (quarantine, suspects) = (memory.quarantine.len(), memory.suspects.len());
    format!("{quarantine} in quarantine, {suspects} suspects, breakers: {}", breakers.join(", "))
}

#[test]
fn an_open_breaker_withholds_retries_and_refuses_no_first_attempt() {
    let (_, memory, text) = opened();
    expect![[r#"
        spawn worker 0
        send 0@Speed 1@Speed 2@Speed to worker 0
          job 0, Rerun (faults 1, kind 267, phase 2): Rerun
        spawn worker 1
        send 0@Speed to worker 1
          job 0, Rerun (faults 2, kind 267, phase 2): Repeats
        spawn worker 2
        send 1@Speed 2@Speed to worker 2
          job 1, Rerun (faults 1, kind 267, phase 2): Rerun
        spawn worker 3
        send 1@Speed to worker 3
          job 1, Rerun (faults 2, kind 267, phase 2): Repeats
        spawn worker 4
        send 2@Speed 3@Speed to worker 4
          job 2, Rerun (faults 1, kind 267, phase 2): Rerun
        spawn worker 5
        send 2@Speed to worker 5
          job 2, Rerun (faults 2, kind 267, phase 2): Repeats
        spawn worker 6
        send 3@Speed to worker 6
        job 3: Object(Speed)
        send 4@Speed to worker 6
        job 4: Object(Speed)
          job 0, OpenWhen (crash_count 1, threshold 2, opens 0, kind 267): Stays
          job 0, RetryWhen (crash_count 1, threshold 2, depth 0, max_depth 10, rungs_left 1, kind 267): Down(None)
          job 1, OpenWhen (crash_count 2, threshold 2, opens 0, kind 267): Opens
        unit 0: breaker CLOSED -> OPEN
          job 1, BreakerOpen (crash_count 2, threshold 2, depth 0, max_depth 10, rungs_left 1, kind 267): Withheld
          job 1, QuarantineWhen (crash_count 2, threshold 2, depth 0, rungs_left 1, kind 267): NotQuarantined
        job 1: stub, crashed by signal 11
          job 2, BreakerOpen (crash_count 3, threshold 2, depth 0, max_depth 10, rungs_left 1, kind 267): Withheld
          job 2, QuarantineWhen (crash_count 3, threshold 2, depth 0, rungs_left 1, kind 267): NotQuarantined
        job 2: stub, crashed by signal 11
          FreshWorker (suspects 1): Killed
        kill worker 6
        spawn worker 7
        send 0@None to worker 7
        job 0: Object(None)
        done
    "#]].assert_eq(&text);
    assert_eq!(kept(&memory), "0 in quarantine, 2 suspects, breakers: OPEN after 3");
}

#[test]
fn while_it_is_open_suspects_are_stubs_at_once_and_new_fragments_go_one_at_a_time() {
    let (mut plan, memory, _) = opened();
    plan.memory = memory;
    // Half a minute later. Jobs 3 and 4 have other keys, job 0 is done; the unit's text counts as the same.
    plan.jobs[3].key = key(13);
    plan.jobs[4].key = key(14);
    plan.limits.workers = 4;
    let told = build(&plan, MINUTE + MINUTE / 2, |job, rung, _| crashes(job, rung));
    expect![[r#"
          ProbeWhen (elapsed_time 30000, timeout 60000, text_changed 0, opens 1): Stays
          job 0, Lowered (kind 267): Down(None)
          job 1, BreakerOpen (kind 267): Withheld
        job 1: stub, crashed by signal 11
          job 2, BreakerOpen (kind 267): Withheld
        job 2: stub, crashed by signal 11
        spawn worker 0
        send 0@None to worker 0
        job 0: Object(None)
        send 3@Speed to worker 0
        job 3: Object(Speed)
        send 4@Speed to worker 0
        job 4: Object(Speed)
        done
    "#]]
    .assert_eq(&told.text);
    assert_eq!(told.most, 1);
}

#[test]
fn after_the_timeout_three_successes_close_it_and_suspects_are_tried_again() {
    let (mut plan, memory, _) = opened();
    plan.memory = memory;
    plan.limits.workers = 4;
    // Strictly more than the wait of a minute later; the compiler has become better.
    let told = build(&plan, 2 * MINUTE + 1, |_, _, _| OK);
    expect![[r#"
          ProbeWhen (elapsed_time 60001, timeout 60000, text_changed 0, opens 1): Probes
        unit 0: breaker OPEN -> HALF_OPEN
        unit 0: testing
          job 0, Lowered (kind 267): Down(None)
        spawn worker 0
        spawn worker 1
        spawn worker 2
        send 0@None to worker 0
        send 1@None to worker 1
        send 2@None to worker 2
        job 0: Object(None)
        job 1: Object(None)
        job 2: Object(None)
        unit 0: breaker HALF_OPEN -> CLOSED
        send 3@Speed to worker 0
        send 4@Speed to worker 1
        job 3: Object(Speed)
        job 4: Object(Speed)
        unit 0: active
        done
    "#]]
    .assert_eq(&told.text);
    assert_eq!(kept(&told.memory), "0 in quarantine, 0 suspects, breakers: ");
}

#[test]
fn a_changed_text_lets_it_be_tested_and_a_fault_opens_it_again_with_a_longer_wait() {
    let (mut plan, memory, _) = opened();
    plan.memory = memory;
    plan.units[0].text = key(99);
    let told = build(&plan, MINUTE + 1, |job, rung, _| crashes(job, rung));
    expect![[r#"
          ProbeWhen (elapsed_time 1, timeout 60000, text_changed 1, opens 1): Probes
        unit 0: breaker OPEN -> HALF_OPEN
        unit 0: testing
          job 0, Lowered (kind 267): Down(None)
        spawn worker 0
        send 0@None to worker 0
        job 0: Object(None)
          FreshWorker (suspects 2): Killed
        kill worker 0
        spawn worker 1
        send 1@None to worker 1
        job 1: Object(None)
          FreshWorker (suspects 1): Killed
        kill worker 1
        spawn worker 2
        send 2@None to worker 2
          job 2, Rerun (faults 1, kind 267, phase 2): Rerun
        spawn worker 3
        send 2@None to worker 3
          job 2, Rerun (faults 2, kind 267, phase 2): Repeats
          job 2, HalfOpen (kind 267): Opens
        unit 0: breaker HALF_OPEN -> OPEN
          job 2, QuarantineWhen (crash_count 4, threshold 2, depth 0, rungs_left 0, kind 267): Quarantined
        quarantine job 2
        job 2: stub, crashed by signal 11
        spawn worker 4
        send 3@Speed to worker 4
        job 3: Object(Speed)
        send 4@Speed to worker 4
        job 4: Object(Speed)
        unit 0: active
        done
    "#]].assert_eq(&told.text);
    let (_, unit) = told.memory.units[0];
    assert_eq!((unit.breaker.state, unit.breaker.opens, unit.text), (State::Open, 2, key(99)));
}

#[test]
fn in_half_open_at_most_three_are_under_way() {
    let (mut plan, memory, _) = opened();
    plan.memory = memory;
    plan.limits.workers = 8;
    let mut told = build(&plan, 3 * MINUTE, |_, _, _| OK);
    assert_eq!(told.most, 3);
    // After that they are no longer suspected.
    plan.memory = told.memory;
    plan.limits.batch = 5;
    plan.limits.workers = 1;
    told = build(&plan, 3 * MINUTE, |_, _, _| OK);
    assert_eq!(told.most, 3, "half of an even share for one worker");
}

#[test]
fn what_is_in_quarantine_is_not_tried_until_its_key_or_the_build_changes() {
    let mut plan = plan(&[1]);
    plan.memory = build(&plan, 0, |_, _, _| SEGV).memory;
    let tries = |plan: &Plan| {
        let mut tries = 0;
        build(plan, 1, |_, _, _| {
            tries += 1;
            OK
        });
        tries
    };
    assert_eq!(tries(&plan), 0);
    let mut other = plan.clone();
    other.build = Build([2; 32]);
    assert_eq!(tries(&other), 1);
    let mut other = plan.clone();
    other.jobs[0].key = key(50);
    assert_eq!(tries(&other), 1);
}
