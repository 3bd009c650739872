//! Fault ids, units, policies and what is remembered.

use expect_test::expect;
use morph_fault::fault::{Build, Crash, Fault, FaultId, FaultKind, Key, Phase, Resource};
use morph_fault::memory::{MEMORY_VERSION, Memory, Quarantined, StoredMemory, Suspect, merge};
use morph_fault::policy::{Policies, PolicyTexts};
use morph_fault::supervisor::{Job, Plan, PlanError, PlannedUnit, Rung, Supervisor};
use morph_fault::unit::{Unit, UnitEvent, UnitId, UnitState, Units};
use morph_fault::{Counts, Moment};

const KEY: Key = Key([7; 32]);
const BUILD: Build = Build([1; 32]);
const SEGV: FaultKind = FaultKind::Crashed(Crash::Signal(11));

#[test]
fn an_id_follows_from_what_faulted_and_how_and_never_changes() {
    let id = FaultId::new(&KEY, Phase(3), SEGV, &BUILD);
    expect!["f-twcvpeje"].assert_eq(&id.to_string());
    let others = [
        FaultId::new(&Key([8; 32]), Phase(3), SEGV, &BUILD),
        FaultId::new(&KEY, Phase(4), SEGV, &BUILD),
        FaultId::new(&KEY, Phase(3), FaultKind::Crashed(Crash::Panic), &BUILD),
        FaultId::new(&KEY, Phase(3), SEGV, &Build([2; 32])),
    ];
    assert!(others.iter().all(|other| *other != id));
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(serde_json::from_str::<FaultId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
}

#[test]
fn a_text_that_is_no_id_is_refused() {
    for text in
        ["", "f-", "f-abc", "g-00000000", "f-0000000i", "f-000000000", "f-0000000O", "f-äöüß"]
    {
        let error = text.parse::<FaultId>().unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{text}` is no fault id")), "{error}");
    }
}

#[test]
fn only_crashes_and_exhaustion_speak_against_a_job() {
    let counting = |kind: FaultKind| kind.counts() == Counts::Failure;
    let exhausted = FaultKind::Exhausted;
    assert!(counting(SEGV) && counting(exhausted(Resource::Time)));
    assert!(counting(exhausted(Resource::Memory)) && counting(FaultKind::Crashed(Crash::BadReply)));
    assert!(!counting(FaultKind::Diagnosed) && !counting(FaultKind::Lost));
    assert!(!counting(exhausted(Resource::Handouts)) && !counting(exhausted(Resource::Workers)));
}

#[test]
fn a_unit_goes_through_its_states_and_nowhere_else() {
    let mut table = String::new();
    for state in [UnitState::Open, UnitState::Closed, UnitState::Testing] {
        for event in [UnitEvent::Close, UnitEvent::Test, UnitEvent::Open] {
            let next = match state.after(event) {
                Ok(next) => next.name().to_owned(),
                Err(error) => error.to_string(),
            };
            table.push_str(&format!("{} + {event:?} -> {next}\n", state.name()));
        }
    }
    expect![[r#"
        active + Close -> isolated
        active + Test -> testing
        active + Open -> a unit that is active cannot be opened again
        isolated + Close -> a unit that is isolated cannot be closed again
        isolated + Test -> testing
        isolated + Open -> active
        testing + Close -> isolated
        testing + Test -> a unit that is testing cannot be tested twice at a time
        testing + Open -> active
    "#]]
    .assert_eq(&table);
}

#[test]
fn closing_one_unit_leaves_the_others_and_tells_who_depends_on_it() {
    let mut units = Units::default();
    for (id, uses) in
        [(1, vec![]), (2, vec![1]), (3, vec![2]), (4, vec![]), (5, vec![6]), (6, vec![5])]
    {
        units.create(UnitId(id), Unit::new(uses.into_iter().map(UnitId))).unwrap();
    }
    units.apply(UnitId(1), UnitEvent::Close).unwrap();
    let running: Vec<bool> = (0..=6).map(|id| units.can_execute(UnitId(id))).collect();
    assert_eq!(running, [false, false, true, true, true, true, true]);
    let users =
        |id| units.dependents(UnitId(id)).into_iter().map(|user| user.0).collect::<Vec<_>>();
    assert_eq!((users(1), users(4), users(5)), (vec![2, 3], vec![], vec![5, 6]));
    let error = units.apply(UnitId(9), UnitEvent::Test).unwrap_err();
    assert_eq!(error.to_string(), "there is no unit 9");
    let error = units.create(UnitId(1), Unit::new([])).unwrap_err();
    assert_eq!(error.to_string(), "unit 1 exists already");
}

#[test]
fn a_unit_with_errors_is_degraded_as_long_as_it_is_not_isolated() {
    let mut units = Units::default();
    let id = UnitId(1);
    units.create(id, Unit::new([])).unwrap();
    assert!(!units.get(id).unwrap().is_degraded());
    let error = FaultId::new(&KEY, Phase(0), SEGV, &BUILD);
    units.note_error(id, Some(error)).unwrap();
    units.note_error(id, None).unwrap();
    units.set_checkpoint(id, Some(64)).unwrap();
    let unit = units.get(id).unwrap();
    assert!(unit.is_degraded());
    assert_eq!((unit.error_count, unit.last_error, unit.checkpoint), (2, Some(error), Some(64)));
    units.apply(id, UnitEvent::Close).unwrap();
    assert!(!units.get(id).unwrap().is_degraded());
}

#[test]
fn all_bad_policies_are_told_with_their_places_before_any_work() {
    let texts = PolicyTexts {
        retry_when: "crash_count < treshold".into(),
        open_when: "crash_count >=".into(),
        quarantine_when: "1 / 0".into(),
        ..PolicyTexts::default()
    };
    let errors: Vec<String> = Policies::check(&texts)
        .unwrap_err()
        .iter()
        .map(|error| format!("{:?} {error}", error.span))
        .collect();
    expect![[r#"
        14..22 `retry_when`: unknown name at bytes 14..22 (`treshold`) of `crash_count < treshold`: the expression was given no value for it; give one or correct the name
        14..14 `open_when`: missing operand at byte 14 of `crash_count >=`: a number, a name, `(`, `!`, `~` or `-` has to stand here; complete the expression or remove the operator"#]].assert_eq(&errors.join("\n"));
    let mut plan = plan();
    plan.policies = texts;
    assert!(matches!(Supervisor::start(&plan, Moment::ZERO), Err(PlanError::Policies(_))));
}

fn plan() -> Plan {
    let job = |unit| Job { unit: UnitId(unit), key: KEY };
    let unit = |name| PlannedUnit { name: Key([name; 32]), text: KEY, dependencies: vec![] };
    Plan::new(vec![job(0), job(1)], vec![unit(0), unit(1)], BUILD)
}

#[test]
fn a_plan_that_leads_nowhere_is_refused() {
    let refused = |change: fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        Supervisor::start(&plan, Moment::ZERO).unwrap_err().to_string()
    };
    let messages = [
        refused(|plan| plan.jobs[1].unit = UnitId(2)),
        refused(|plan| plan.units[1].dependencies.push(UnitId(2))),
        refused(|plan| plan.units[1].name = plan.units[0].name),
        refused(|plan| plan.limits.workers = 0),
    ];
    expect![[r#"
        job 1 is of unit 2, which is not in the plan
        unit 1 depends on unit 2, which is not in the plan
        units 0 and 1 have the same name
        at least one worker is needed"#]]
    .assert_eq(&messages.join("\n"));
}

fn memory() -> StoredMemory {
    let now = Moment::from_millis(5);
    let mut memory = Memory::default();
    let fault = |kind| Fault::new(&KEY, Phase(2), kind, &BUILD);
    let entry = Quarantined { fault: fault(SEGV), since: now };
    memory.quarantine.insert((KEY, BUILD), entry);
    let fault = Fault::new(&Key([8; 32]), Phase(2), SEGV, &BUILD);
    memory.suspects.insert((Key([8; 32]), BUILD), Suspect { fault, next: Rung::None, since: now });
    memory.store()
}

#[test]
fn a_memory_that_was_written_is_read_back_whole() {
    let stored = memory();
    let text = serde_json::to_string(&stored).unwrap();
    let back: StoredMemory = serde_json::from_str(&text).unwrap();
    let (memory, problems) = Memory::load(&back, Moment::from_millis(9));
    assert_eq!((memory.store(), problems), (stored, vec![]));
}

#[test]
fn what_two_builds_at_once_learned_is_kept_and_what_one_forgot_is_gone() {
    let base = memory();
    let entry = base.suspects[0].2;
    let with = |keys: &[u8]| {
        let suspects = keys.iter().map(|key| (Key([*key; 32]), BUILD, entry)).collect();
        StoredMemory { suspects, ..base.clone() }
    };
    let keys = |memory: &StoredMemory| -> Vec<u8> {
        memory.suspects.iter().map(|(Key(key), ..)| key[0]).collect()
    };
    // Base, ours, theirs: what is left.
    let cases: [([&[u8]; 3], &[u8]); 5] = [
        ([&[1], &[1, 2], &[1, 3]], &[1, 2, 3]),
        ([&[1], &[], &[1, 3]], &[3]),
        ([&[1, 2], &[1, 2], &[2]], &[2]),
        ([&[], &[4], &[]], &[4]),
        ([&[5], &[], &[]], &[]),
    ];
    for ([base, ours, theirs], left) in cases {
        let merged = merge(&with(base), &with(ours), &with(theirs));
        assert_eq!(keys(&merged), left, "{base:?} {ours:?} {theirs:?}");
    }
}

#[test]
fn what_could_not_have_been_written_is_left_out_and_named() {
    let told = |change: fn(&mut StoredMemory)| {
        let mut stored = memory();
        change(&mut stored);
        let (memory, problems) = Memory::load(&stored, Moment::from_millis(3));
        let kept = memory.quarantine.len() + memory.suspects.len();
        let since = memory.quarantine.values().map(|entry| entry.since.millis()).max();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("{kept} kept, since {since:?}: {}", told.join("; "))
    };
    let messages = [
        told(|_| {}),
        told(|stored| stored.version = MEMORY_VERSION + 1),
        told(|stored| stored.quarantine[0].0 = Key([9; 32])),
        told(|stored| {
            let kind = FaultKind::Diagnosed;
            stored.quarantine[0].2.fault = Fault::new(&KEY, Phase(2), kind, &BUILD);
        }),
        told(|stored| stored.suspects.push(stored.suspects[0])),
    ];
    expect![[r#"
        2 kept, since Some(3): 
        0 kept, since None: the memory is of version 3, not 2: nothing of it is used
        1 kept, since None: an entry for key-09090909 is left out: its fault id does not follow from it
        1 kept, since None: an entry for key-07070707 is left out: a fault of its kind is not remembered
        2 kept, since Some(3): a second entry for key-08080808 is left out"#]].assert_eq(&messages.join("\n"));
}
