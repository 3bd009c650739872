//! What the supervisor does, told line by line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod memory;
mod script;

use expect_test::expect;
use morph_fault::Moment;
use morph_fault::fault::Phase;
use morph_fault::supervisor::{
    Action, Death, Event, Grain, JobId, Rung, Supervisor, Verdict, WorkerId, decide,
};

use script::{Does, OK, SEGV, WRONG, build, plan};

#[test]
fn without_faults_there_are_only_batches() {
    let told = build(&plan(&[3, 2]), 0, |job, _, _| if job == 3 { WRONG } else { OK });
    expect![[r#"
        spawn worker 0
        send 0@None 1@None 2@None to worker 0
        job 0: Object(None)
        job 1: Object(None)
        job 2: Object(None)
        send 3@None to worker 0
        job 3: Diagnosed
        send 4@None to worker 0
        job 4: Object(None)
        done
    "#]]
    .assert_eq(&told.text);
}

#[test]
fn a_transient_fault_costs_no_fragment_and_counts_nothing() {
    let told =
        build(&plan(&[3]), 0, |job, _, tried| if (job, tried) == (0, 0) { SEGV } else { OK });
    expect![[r#"
        spawn worker 0
        send 0@None 1@None to worker 0
          job 0, Rerun (faults 1, kind 267, phase 2): Rerun
        spawn worker 1
        send 0@None to worker 1
          job 0, Rerun (faults 1): Transient
        job 0: Object(None)
        send 1@None to worker 1
        job 1: Object(None)
        send 2@None to worker 1
        job 2: Object(None)
        done
    "#]]
    .assert_eq(&told.text);
    assert!(told.memory.quarantine.is_empty() && told.memory.units.is_empty());
}

#[test]
fn a_fault_that_repeats_goes_down_the_ladder() {
    let mut plan = plan(&[2]);
    plan.rung = Rung::Speed;
    let told = build(&plan, 0, |job, rung, _| match (job, rung) {
        (0, Rung::Speed) => SEGV,
        (1, _) => Does::Dies(Death::OutOfMemory),
        (_, _) => OK,
    });
    expect![[r#"
        spawn worker 0
        send 0@Speed to worker 0
          job 0, Rerun (faults 1, kind 267, phase 2): Rerun
        spawn worker 1
        send 0@Speed to worker 1
          job 0, Rerun (faults 2, kind 267, phase 2): Repeats
        spawn worker 2
        send 1@Speed to worker 2
          job 1, Rerun (faults 1, kind 4, phase 2): Rerun
        spawn worker 3
        send 1@Speed to worker 3
          job 1, Rerun (faults 2, kind 4, phase 2): Repeats
          job 0, OpenWhen (crash_count 1, threshold 5, opens 0, kind 267): Stays
          job 0, RetryWhen (crash_count 1, threshold 5, depth 0, max_depth 10, rungs_left 1, kind 267): Down(None)
          job 1, OpenWhen (crash_count 2, threshold 5, opens 0, kind 4): Stays
          job 1, RetryWhen (crash_count 2, threshold 5, depth 0, max_depth 10, rungs_left 1, kind 4): Down(None)
        spawn worker 4
        send 0@None to worker 4
        job 0: Object(None)
          FreshWorker (suspects 1): Killed
        kill worker 4
        spawn worker 5
        send 1@None to worker 5
          job 1, Rerun (faults 1, kind 4, phase 2): Rerun
        spawn worker 6
        send 1@None to worker 6
          job 1, Rerun (faults 2, kind 4, phase 2): Repeats
          job 1, OpenWhen (crash_count 3, threshold 5, opens 0, kind 4): Stays
          job 1, QuarantineWhen (crash_count 3, threshold 5, depth 1, rungs_left 0, kind 4): Quarantined
        quarantine job 1
        job 1: stub, exhausted its memory
        done
    "#]].assert_eq(&told.text);
}

#[test]
fn a_hang_and_garbage_are_faults_of_the_job_that_was_in_hand() {
    let told = build(&plan(&[3]), 0, |job, _, _| match job {
        0 => Does::Hangs,
        1 => Does::BadReply,
        _ => OK,
    });
    expect![[r#"
        spawn worker 0
        send 0@None 1@None to worker 0
          WorkerTime (waited 10000): Killed
        kill worker 0
          job 0, Rerun (faults 1, kind 3, phase 2): Rerun
        spawn worker 1
        send 0@None to worker 1
          WorkerTime (waited 10000): Killed
        kill worker 1
          job 0, Rerun (faults 2, kind 3, phase 2): Repeats
        spawn worker 2
        send 1@None to worker 2
          job 1, BadReply (): Killed
        kill worker 2
          job 1, Rerun (faults 1, kind 8, phase 0): Rerun
        spawn worker 3
        send 1@None to worker 3
          job 1, BadReply (): Killed
        kill worker 3
          job 1, Rerun (faults 2, kind 8, phase 0): Repeats
        spawn worker 4
        send 2@None to worker 4
        job 2: Object(None)
          job 0, OpenWhen (crash_count 1, threshold 5, opens 0, kind 3): Stays
          job 0, QuarantineWhen (crash_count 1, threshold 5, depth 0, rungs_left 0, kind 3): Quarantined
        quarantine job 0
        job 0: stub, exhausted its time
          job 1, OpenWhen (crash_count 2, threshold 5, opens 0, kind 8): Stays
          job 1, QuarantineWhen (crash_count 2, threshold 5, depth 0, rungs_left 0, kind 8): Quarantined
        quarantine job 1
        job 1: stub, crashed: its answer is no answer
        done
    "#]].assert_eq(&told.text);
}

#[test]
fn a_job_whose_worker_is_lost_is_handed_out_ten_times_more() {
    let mut handed = 0;
    let told = build(&plan(&[2]), 0, |job, _, _| {
        handed += u32::from(job == 0);
        if job == 0 { Does::Dies(Death::Lost) } else { OK }
    });
    assert_eq!(handed, 11);
    assert!(told.text.contains("job 0: stub, lost with its worker too often\n"), "{}", told.text);
    assert!(told.text.contains("job 1: Object(None)\n"), "{}", told.text);
    assert!(told.memory.quarantine.is_empty() && told.memory.units.is_empty());
}

#[test]
fn when_no_worker_starts_the_build_ends_and_says_so() {
    let mut plan = plan(&[2]);
    plan.limits.fruitless_workers = 3;
    let (mut state, mut actions) = Supervisor::start(&plan, Moment::ZERO).unwrap();
    let mut spawned = 0;
    while !state.is_done() {
        let Some(Action::Spawn { worker }) =
            actions.iter().find(|action| matches!(action, Action::Spawn { .. }))
        else {
            panic!("{actions:?}")
        };
        spawned += 1;
        let event =
            Event::Died { worker: *worker, how: Death::Lost, in_hand: None, phase: Phase(0) };
        (state, actions) = decide(state, event, Moment::ZERO);
    }
    assert_eq!(spawned, 3);
    let stubs = actions.iter().filter(|action| {
        matches!(action, Action::Settled { outcome, .. } if format!("{outcome:?}").contains("Workers"))
    });
    assert_eq!(stubs.count(), 2);
}

#[test]
fn workers_that_die_between_two_jobs_do_not_go_on_for_ever() {
    let (mut state, mut actions) = Supervisor::start(&plan(&[3]), Moment::ZERO).unwrap();
    let mut deaths = 0;
    while !state.is_done() {
        let mut next = Vec::new();
        for action in actions.drain(..) {
            match action {
                Action::Spawn { worker } => {
                    state.step(Event::WorkerReady { worker }, Moment::ZERO, &mut next);
                }
                Action::Send { worker, .. } => {
                    deaths += 1;
                    let (how, in_hand, phase) = (Death::Crashed { signal: 9 }, None, Phase(0));
                    let event = Event::Died { worker, how, in_hand, phase };
                    state.step(event, Moment::ZERO, &mut next);
                }
                Action::Kill { .. }
                | Action::Settled { .. }
                | Action::Quarantine { .. }
                | Action::Breaker { .. }
                | Action::Unit { .. }
                | Action::Log(_)
                | Action::Done => {}
            }
        }
        actions = next;
        assert!(deaths <= 33, "three jobs, each handed out eleven times");
    }
    assert_eq!(deaths, 33);
}

#[test]
fn messages_that_make_no_sense_change_nothing() {
    let (mut state, first) = Supervisor::start(&plan(&[2]), Moment::ZERO).unwrap();
    assert_eq!(first, [Action::Spawn { worker: WorkerId(0) }]);
    let (worker, stranger) = (WorkerId(0), WorkerId(7));
    let (job, verdict) = (JobId(0), Verdict::Accepted);
    let phase = Phase(0);
    for event in [
        Event::Tick,
        Event::Finished { worker, job, verdict },
        Event::Finished { worker: stranger, job, verdict },
        Event::BadReply { worker: stranger, job: JobId(u32::MAX) },
        Event::WorkerReady { worker: stranger },
        Event::Died { worker: stranger, how: Death::Panicked, in_hand: Some(job), phase },
    ] {
        let actions;
        (state, actions) = decide(state, event.clone(), Moment::ZERO);
        assert_eq!(actions, [], "{event:?}");
    }
}

#[test]
fn with_the_grain_of_units_a_unit_is_isolated_at_its_first_error() {
    let mut plan = plan(&[2, 1]);
    plan.grain = Grain::Unit;
    let told = build(&plan, 0, |job, _, _| if job == 0 { WRONG } else { OK });
    expect![[r#"
        spawn worker 0
        send 0@None 1@None to worker 0
        job 0: Diagnosed
        job 1: Object(None)
        send 2@None to worker 0
        job 2: Object(None)
        unit 0: isolated
        done
    "#]]
    .assert_eq(&told.text);
}

#[test]
fn an_empty_plan_is_done_at_once() {
    let (state, actions) = Supervisor::start(&plan(&[]), Moment::ZERO).unwrap();
    assert_eq!((state.is_done(), actions), (true, vec![Action::Done]));
}

#[test]
fn a_policy_without_a_value_means_no_and_the_log_says_so() {
    let mut plan = plan(&[1]);
    plan.policies.open_when = "1 / (crash_count - 1)".into();
    let told = build(&plan, 0, |_, _, _| SEGV);
    let line = told.text.lines().find(|line| line.contains("OpenWhen")).unwrap();
    expect![[r#"  job 0, OpenWhen (crash_count 1, threshold 5, opens 0, kind 267): NoValue("division by zero at bytes 2..3 (`/`) of `1 / (crash_count - 1)`: its right side is 0; test it first, as in `n != 0 && m / n > 2`")"#]].assert_eq(line);
}
