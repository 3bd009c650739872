//! Whatever happens to the files of a store, it opens, tells what it left out, and gives no wrong value.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use morph_store::{Key, Limits, Lock, PackProblem, Store, VERSION, write_whole};

fn key(number: u32) -> Key {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_le_bytes());
    key
}

fn value(number: u32) -> Vec<u8> {
    format!("value {number} ").repeat(number as usize % 7 + 1).into_bytes()
}

fn filled(folder: &Path, numbers: std::ops::Range<u32>) {
    let mut store = Store::open(folder);
    for number in numbers {
        store.put(key(number), &value(number));
    }
    store.commit("user", SystemTime::now()).unwrap();
}

/// Whatever it has is right; how many of the numbers it has.
fn right(store: &mut Store, numbers: std::ops::Range<u32>) -> usize {
    let mut found = 0;
    for number in numbers {
        if let Some(got) = store.get(&key(number)) {
            assert_eq!(got, value(number));
            found += 1;
        }
    }
    found
}

fn pack(folder: &Path) -> PathBuf {
    let mut packs: Vec<PathBuf> =
        fs::read_dir(folder.join("packs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    packs.sort();
    packs.pop().unwrap()
}

#[test]
fn what_was_put_in_is_there_later_and_the_newest_value_of_a_key_counts() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 0..100);
    let mut store = Store::open(folder.path());
    store.put(key(7), b"newer");
    assert_eq!(store.get(&key(7)), Some(&b"newer"[..]));
    store.commit("user", SystemTime::now()).unwrap();
    let mut store = Store::open(folder.path());
    assert_eq!(store.get(&key(7)), Some(&b"newer"[..]));
    assert_eq!((right(&mut store, 8..100), store.len(), store.get(&key(100))), (92, 100, None));
    assert_eq!(store.problems(), []);
}

#[test]
fn every_flipped_bit_and_every_truncation_costs_what_it_hit_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 0..8);
    let path = pack(folder.path());
    let whole = fs::read(&path).unwrap();
    let mut kinds = BTreeMap::new();
    for at in 0..whole.len() {
        for bit in [0, 3, 7] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes).unwrap();
            let mut store = Store::open(folder.path());
            let found = right(&mut store, 0..8);
            let problems = store.problems();
            assert!(found < 8 && !problems.is_empty(), "byte {at}, bit {bit}: {found}");
            assert!(problems[0].to_string().starts_with("packs/0000000001.pack: "));
            *kinds.entry(format!("{:?}", problems[0].what)).or_insert(0) += 1;
        }
    }
    let kinds: Vec<String> = kinds.into_keys().filter(|kind| !kind.contains("Version")).collect();
    assert_eq!(kinds, ["Entry", "Index", "Kind"]);
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let mut store = Store::open(folder.path());
        assert!(right(&mut store, 0..8) < 8 && !store.problems().is_empty(), "{length} bytes");
    }
    // A pack that nobody can read is told once.
    fs::write(&path, &whole[..10]).unwrap();
    let mut store = Store::open(folder.path());
    assert_eq!((right(&mut store, 0..8), store.problems().len()), (0, 1));
    store.commit("user", SystemTime::now()).unwrap();
    let mut store = Store::open(folder.path());
    assert_eq!((right(&mut store, 0..8), store.problems()), (0, Vec::new()));
    // A value that is damaged is made again, and all is well.
    let mut bytes = whole;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut store = Store::open(folder.path());
    assert_eq!(right(&mut store, 0..8), 7);
    store.put(key(7), &value(7));
    store.commit("user", SystemTime::now()).unwrap();
    assert_eq!(right(&mut Store::open(folder.path()), 0..8), 8);
}

#[test]
fn a_store_of_another_version_is_left_alone_and_said() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 0..3);
    let path = pack(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[8..12].copy_from_slice(&(VERSION + 1).to_le_bytes());
    fs::write(&path, &bytes).unwrap();
    let mut store = Store::open(folder.path());
    assert_eq!(right(&mut store, 0..3), 0);
    assert_eq!(store.problems()[0].what, PackProblem::Version(VERSION + 1));
    store.put(key(1), &value(1));
    store.commit("user", SystemTime::now()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(right(&mut Store::open(folder.path()), 0..3), 1);
}

#[test]
fn a_record_is_the_old_one_or_the_new_one_and_a_damaged_one_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path());
    store.set_record("a/../b", b"first").unwrap();
    store.set_record("a/../b", b"second").unwrap();
    assert_eq!(store.record("a/../b").as_deref(), Some(&b"second"[..]));
    let path = folder.path().join("records/a____b");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::write(&path, bytes).unwrap();
        assert_eq!(store.record("a/../b"), None, "byte {at}");
        assert_eq!(store.problems().len(), 1, "byte {at}");
    }
    // It is told once, and what takes its place is no longer it.
    fs::write(&path, &whole[1..]).unwrap();
    for (record, problems) in [(None, 1), (None, 0), (Some(b"third".to_vec()), 0)] {
        let mut store = Store::open(folder.path());
        assert_eq!((store.record("a/../b"), store.problems().len()), (record, problems));
        if problems == 0 {
            fs::write(&path, &whole[1..]).unwrap();
            assert_eq!(store.record("a/../b"), None);
            store.set_record("a/../b", b"third").unwrap();
        }
        store.commit("user", SystemTime::now()).unwrap();
    }
}

/// Ends whatever is going on at the step of that number.
struct Ended;

#[test]
fn ending_before_any_step_loses_nothing_that_was_there() {
    // Each time a pack more than the limit: so it is collected too.
    let limits = Limits { packs: 2, ..Limits::default() };
    let work = |folder: &Path, last: u32| {
        let steps = Rc::new(Cell::new(0));
        let count = Rc::clone(&steps);
        let watcher = move |_| {
            if count.get() == last {
                std::panic::resume_unwind(Box::new(Ended));
            }
            count.set(count.get() + 1);
        };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let mut store = Store::open_with(folder, limits, Some(Box::new(watcher)));
            right(&mut store, 0..30);
            store.put(key(30), &value(30));
            store.commit("user", SystemTime::now()).unwrap();
            store.set_record("record", b"second").unwrap();
        }));
        (ended.is_err(), steps.get())
    };
    let mut last = 0;
    loop {
        let folder = tempfile::tempdir().unwrap();
        for part in 0..3 {
            filled(folder.path(), part * 10..part * 10 + 10);
        }
        Store::open(folder.path()).set_record("record", b"first").unwrap();
        let (ended, steps) = work(folder.path(), last);
        let mut store = Store::open(folder.path());
        assert_eq!(right(&mut store, 0..30), 30, "step {last}");
        let record = store.record("record").unwrap();
        assert!(record == b"first" || record == b"second", "step {last}");
        assert_eq!(store.problems(), [], "step {last}");
        if !ended {
            assert!(steps > 10, "only {steps} steps");
            assert_eq!(record, b"second");
            return;
        }
        last += 1;
    }
}

#[test]
fn what_nobody_needs_goes_when_it_is_old_and_at_once_when_space_is_scarce() {
    let folder = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3600);
    let limits = Limits { packs: 1, unneeded: hour, user: hour * 10, ..Limits::default() };
    let now = SystemTime::now();
    filled(folder.path(), 0..10);
    // The user needs only some of them now.
    let needs = |number: u32, limits: Limits, now: SystemTime| {
        let mut store = Store::open_with(folder.path(), limits, None);
        right(&mut store, 0..5);
        store.put(key(number), &value(number));
        store.commit("user", now).unwrap();
        let mut store = Store::open(folder.path());
        (right(&mut store, 0..5), right(&mut store, 5..10))
    };
    assert_eq!(needs(100, limits, now), (5, 5));
    assert_eq!(needs(101, limits, now + hour * 2), (5, 0));
    filled(folder.path(), 5..10);
    assert_eq!(needs(102, Limits { size: 10, ..limits }, now), (5, 0));
    // Of records the oldest go first.
    let mut store = Store::open_with(folder.path(), Limits { size: 400, ..limits }, None);
    for name in ["first", "second"] {
        store.set_record(name, &[0; 60]).unwrap();
        std::fs::File::open(folder.path().join("records").join(name))
            .unwrap()
            .set_modified(now - if name == "first" { hour } else { hour / 2 })
            .unwrap();
    }
    store.put(key(104), &value(104));
    store.commit("user", now).unwrap();
    assert_eq!((store.record("first"), store.record("second").is_some()), (None, true));
    // One who did not come back for long needs nothing.
    let mut store = Store::open_with(folder.path(), limits, None);
    store.put(key(103), &value(103));
    store.commit("other", now + hour * 20).unwrap();
    assert_eq!(right(&mut Store::open(folder.path()), 0..5), 0);
}

#[test]
fn what_was_made_at_first_is_not_copied_with_every_few_small_edits() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { packs: 4, ..Limits::default() };
    filled(folder.path(), 0..400);
    let (first, now) = (pack(folder.path()), SystemTime::now());
    let whole = fs::read(&first).unwrap();
    let edit = |number: u32, now: SystemTime| {
        let mut store = Store::open_with(folder.path(), limits, None);
        assert_eq!(right(&mut store, 0..number), number as usize);
        store.put(key(number), &value(number));
        store.commit("user", now).unwrap();
        let packs = fs::read_dir(folder.path().join("packs")).unwrap().count();
        assert!(packs <= 4 + 1, "{packs} packs after {number}");
    };
    for number in 400..430 {
        edit(number, now);
        assert!(fs::read(&first).is_ok_and(|bytes| bytes == whole), "after {number}");
    }
    // Once a day all is looked through.
    for number in 430..434 {
        edit(number, now + limits.unneeded * 2);
    }
    assert!(!first.exists());
}

#[test]
fn several_at_once_lose_nothing_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { packs: 3, ..Limits::default() };
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let folder = folder.path().to_owned();
            std::thread::spawn(move || {
                for round in 0..10 {
                    let mut store = Store::open_with(&folder, limits, None);
                    right(&mut store, 0..400);
                    store.put(key(thread * 100 + round), &value(thread * 100 + round));
                    store.commit(&format!("user{thread}"), SystemTime::now()).unwrap();
                    assert_eq!(store.problems(), []);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let mut store = Store::open(folder.path());
    assert_eq!(right(&mut store, 0..400), 40);
    assert!(fs::read_dir(folder.path().join("packs")).unwrap().count() <= 8);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_what_is_there_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 0..3);
    let mut store = Store::open(folder.path());
    store.put(key(9), &value(9));
    // Also for root, whom no permission stops.
    fs::remove_dir_all(folder.path().join("users")).unwrap();
    fs::write(folder.path().join("users"), "").unwrap();
    assert!(store.commit("user", SystemTime::now()).is_err());
    assert_eq!(right(&mut Store::open(folder.path()), 0..3), 3);
}

#[test]
fn what_a_process_left_that_is_gone_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 0..1);
    let left = folder.path().join(".tmp-999999999-ThreadId-1--1");
    let own = folder.path().join(format!(".tmp-{}-ThreadId-1--99", std::process::id()));
    fs::write(&left, "half").unwrap();
    fs::write(&own, "half").unwrap();
    filled(folder.path(), 1..2);
    assert_eq!((left.exists(), own.exists()), (false, true));
}

#[test]
fn the_lock_is_for_one_at_a_time_and_a_whole_file_replaces_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inner/file");
    let order = Arc::new(Mutex::new(Vec::new()));
    let lock = Lock::of(folder.path()).unwrap();
    let (other, seen) = (folder.path().to_owned(), Arc::clone(&order));
    let waiting = std::thread::spawn(move || {
        let _lock = Lock::of(&other).unwrap();
        seen.lock().unwrap().push("second");
    });
    order.lock().unwrap().push("first");
    drop(lock);
    waiting.join().unwrap();
    assert_eq!(*order.lock().unwrap(), ["first", "second"]);
    write_whole(&path, b"old", &mut |_| {}).unwrap();
    let mut steps = Vec::new();
    write_whole(&path, b"new", &mut |step| steps.push(format!("{step:?}"))).unwrap();
    assert_eq!(steps, ["Create", "Write", "Sync", "Rename"]);
    assert_eq!(fs::read(&path).unwrap(), b"new");
    fs::create_dir(folder.path().join("taken")).unwrap();
    let refused = write_whole(&folder.path().join("taken"), b"x", &mut |_| {});
    assert_eq!(refused.map_err(|error| error.kind()), Err(io::ErrorKind::IsADirectory));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn of_a_large_pack_one_entry_is_found_where_it_lies_and_damage_costs_what_it_hit() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 0..3000);
    let mut store = Store::open(folder.path());
    assert_eq!(right(&mut store, 0..3000), 3000);
    assert_eq!(store.get(&key(3000)), None);
    assert_eq!(store.problems(), []);
    let path = pack(folder.path());
    let whole = fs::read(&path).unwrap();
    let mut random = 7_u32;
    for _ in 0..100 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut bytes = whole.clone();
        // Behind the header; most of it is the index.
        let at = 20 + random as usize % (bytes.len() - 20);
        bytes[at] ^= 1 << (random >> 29);
        fs::write(&path, &bytes).unwrap();
        // One by one: no wrong value.
        let mut store = Store::open(folder.path());
        assert!(right(&mut store, 0..3000) >= 2900 - 1, "byte {at}");
        // All at once: the index is looked through, and what is wrong is told.
        let mut store = Store::open(folder.path());
        let places: Vec<_> = (0..3000).map(|number| store.find(&key(number))).collect();
        let lost = |place: &Option<morph_store::Place>| {
            place.as_ref().and_then(|place| store.at(place)?.check()).is_none()
        };
        let lost = places.iter().filter(|place| lost(place)).count();
        let told = store.problems().len();
        assert!((lost, told) == (3000, 1) || (lost, told) == (1, 0), "byte {at}: {lost}, {told}");
    }
}

#[test]
fn sections_are_read_one_by_one_and_a_damaged_one_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path());
    assert!(store.sections("halo").is_none() && store.problems().is_empty());
    let sections: [&[u8]; 4] = [b"head", b"", &[7; 1000], b"tail"];
    store.set_sections("halo", &sections).unwrap();
    let read = |store: &mut Store| -> Vec<Option<Vec<u8>>> {
        let sections = store.sections("halo");
        sections.map_or_else(Vec::new, |open| (0..=open.len()).map(|at| open.get(at)).collect())
    };
    let all: Vec<Option<Vec<u8>>> =
        sections.iter().map(|section| Some(section.to_vec())).chain([None]).collect();
    assert_eq!(read(&mut Store::open(folder.path())), all);
    let path = folder.path().join("records/halo");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let mut store = Store::open(folder.path());
        let got = read(&mut store);
        // Either nothing is there and that is told, or one section is missing and the others are what they were.
        let right = got.iter().zip(&all).all(|(got, all)| got.is_none() || got == all);
        let missing = got.iter().filter(|section| section.is_none()).count();
        let told = store.problems().len();
        assert!(right && ((got.is_empty() && told == 1) || (missing == 2 && told == 0)), "{at}");
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(Store::open(folder.path()).sections("halo").is_none(), "{length}");
    }
    fs::write(&path, &whole).unwrap();
    let mut store = Store::open(folder.path());
    store.remove_record("halo").unwrap();
    store.remove_record("halo").unwrap();
    assert!(store.sections("halo").is_none());
}

#[test]
fn a_second_name_stays_when_the_first_one_gets_another_value() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path());
    store.copy_record("first", "second").unwrap();
    assert_eq!(store.record("second"), None);
    store.set_record("first", b"old").unwrap();
    // Once more changes nothing, and leaves nothing behind.
    for _ in 0..2 {
        store.copy_record("first", "second").unwrap();
    }
    store.set_record("first", b"new").unwrap();
    let both = (store.record("first"), store.record("second"));
    assert_eq!(both, (Some(b"new".to_vec()), Some(b"old".to_vec())));

    let elsewhere = tempfile::tempdir().unwrap();
    let (image, link) = (elsewhere.path().join("image"), elsewhere.path().join("link"));
    let kept = |store: &Store| store.file("image").map(|file| io::read_to_string(file).unwrap());
    store.keep_file("image", &image).unwrap();
    store.keep_file("image", elsewhere.path()).unwrap();
    assert_eq!(kept(&store), None);
    fs::write(&image, "one").unwrap();
    symlink("image", &link).unwrap();
    store.keep_file("image", &link).unwrap();
    fs::remove_file(&image).unwrap();
    fs::write(&image, "another").unwrap();
    assert_eq!(kept(&store).as_deref(), Some("one"));
    store.keep_bytes("image", b"bytes").unwrap();
    assert_eq!(kept(&store).as_deref(), Some("bytes"));
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["packs", "records", "users"]);
}

#[test]
fn what_was_needed_before_stays_when_more_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { packs: 1, unneeded: Duration::ZERO, ..Limits::default() };
    let later = SystemTime::now() + Duration::from_secs(10);
    let put = |numbers: std::ops::Range<u32>, more: bool| {
        let mut store = Store::open_with(folder.path(), limits, None);
        for number in numbers {
            store.put(key(number), &value(number));
        }
        if more {
            store.commit_more("user", later).unwrap();
        } else {
            store.commit("user", later).unwrap();
        }
    };
    put(0..10, false);
    put(10..12, true);
    put(12..14, true);
    assert_eq!(right(&mut Store::open(folder.path()), 0..14), 14);
    // Who says that it needs nothing else does not need what was before.
    put(20..22, false);
    put(22..23, true);
    let mut store = Store::open(folder.path());
    assert_eq!((right(&mut store, 0..20), right(&mut store, 20..23)), (0, 3));
}
