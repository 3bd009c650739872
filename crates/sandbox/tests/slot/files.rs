//! A table of slots on disk: whole, cut off, with flipped bits, of another kind.

use std::path::Path;

use morph_sandbox::slot::{Damage, LoadError, PAGE, SlotTable};

const SIZE: usize = 16 * PAGE;
const HEAD: usize = 8 + 4 + 8 + 4 * 12 + 4;
const RECORD: usize = 12 + PAGE;

/// Slot 0: pages 0 and 1; slot 1: never sealed; slot 2: pages 3 and 15; slot 3: page 7.
fn table() -> SlotTable {
    let mut table = SlotTable::new(SIZE).unwrap();
    for (slot, page) in [(0, 0), (0, 1), (2, 3), (2, 15), (3, 7)] {
        let bytes = table.bytes_mut(slot).unwrap();
        bytes[page * PAGE..(page + 1) * PAGE].fill((slot * 16 + page) as u8 + 1);
    }
    for slot in [0, 2, 2, 3] {
        table.checkpoint(slot).unwrap();
    }
    // Not part of a checkpoint, so not part of the file.
    table.bytes_mut(3).unwrap()[0] = 77;
    table
}

fn contents(table: &SlotTable) -> Vec<Vec<u8>> {
    (0..4).map(|slot| table.slot(slot).unwrap().bytes().to_vec()).collect()
}

/// A table that was loaded, and its damaged slots; or why not.
type Found = Result<(SlotTable, Vec<(usize, Damage)>), LoadError>;

/// Saves the table, changes the file's bytes, and loads it. Returns what the slots held, too.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> (Vec<Vec<u8>>, Found) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let mut table = table();
    table.save(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes.len(), HEAD + 5 * RECORD);
    change(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    table.restore(3).unwrap();
    (contents(&table), SlotTable::load(&path).map(|loaded| (loaded.table, loaded.damaged)))
}

#[test]
fn a_saved_table_comes_back_whole() {
    let (saved, loaded) = changed(|_| ());
    let (table, damaged) = loaded.unwrap();
    assert_eq!(damaged, []);
    assert!(contents(&table) == saved);
    assert_eq!(
        (0..4).map(|slot| table.sequence(slot).unwrap()).collect::<Vec<u64>>(),
        [1, 0, 2, 1]
    );
    for slot in 0..4 {
        table.verify(slot).unwrap();
    }
}

#[test]
fn a_damaged_page_costs_its_slot_and_no_other() {
    let (saved, loaded) = changed(|bytes| bytes[HEAD + RECORD + 12 + 100] ^= 4);
    let (table, damaged) = loaded.unwrap();
    assert_eq!(damaged, [(0, Damage::Page { page: 1 })]);
    let found = contents(&table);
    assert!(found[0].iter().all(|byte| *byte == 0), "a damaged slot is empty");
    assert!(found[1..] == saved[1..]);
    assert_eq!(table.sequence(0), Some(0));
}

#[test]
fn a_file_that_is_cut_off_keeps_the_slots_before() {
    let (saved, loaded) = changed(|bytes| bytes.truncate(HEAD + 3 * RECORD + 5));
    let (table, damaged) = loaded.unwrap();
    assert_eq!(damaged, [(2, Damage::CutOff), (3, Damage::CutOff)]);
    assert!(contents(&table)[..2] == saved[..2]);
}

#[test]
fn every_flipped_bit_is_noticed_and_harms_no_slot_that_is_kept() {
    let mut random = fastrand::Rng::with_seed(5);
    for round in 0..300 {
        // Half of them in the header and the first entry, where they hurt most.
        let reach = if round % 2 == 0 { HEAD + 12 } else { HEAD + 5 * RECORD };
        let (at, bit) = (random.usize(..reach), random.u8(..8));
        let (saved, loaded) = changed(|bytes| bytes[at] ^= 1 << bit);
        match loaded {
            Ok((table, damaged)) => {
                assert!(at >= HEAD && !damaged.is_empty(), "byte {at}, bit {bit}");
                for (slot, (found, saved)) in contents(&table).iter().zip(&saved).enumerate() {
                    let lost = damaged.iter().any(|(index, _)| *index == slot);
                    assert!(lost || found == saved, "byte {at}, bit {bit}, slot {slot}");
                }
            }
            Err(_) => assert!(at < HEAD, "byte {at}, bit {bit}"),
        }
    }
}

#[test]
fn what_is_wrong_with_a_whole_file_is_said() {
    let said = |change: fn(&mut Vec<u8>)| {
        let error = changed(change).1.map(|_| ()).unwrap_err().to_string();
        let folder = std::env::temp_dir().to_string_lossy().into_owned();
        // The name of the folder is random: only what follows or precedes it is compared.
        error.split(' ').filter(|word| !word.starts_with(&folder)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(said(|bytes| bytes[0] = b'X'), "is not a table of snapshots");
    assert_eq!(said(|bytes| bytes.clear()), "is not a table of snapshots");
    assert_eq!(said(|bytes| bytes[8] = 9), "has version 9, and this is version 1");
    assert_eq!(said(|bytes| bytes[20] ^= 1), "the header of is damaged");
    assert_eq!(said(|bytes| bytes.truncate(30)), "the header of is damaged");
    let missing = SlotTable::load(Path::new("/nowhere/at/all")).map(|_| ()).unwrap_err();
    assert!(missing.to_string().starts_with("cannot read /nowhere/at/all: "), "{missing}");
}

#[test]
fn a_save_that_fails_leaves_the_old_file_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    table().save(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    // A folder in the way of the name to be replaced.
    let blocked = folder.path().join("blocked");
    std::fs::create_dir(&blocked).unwrap();
    assert!(table().save(&blocked).is_err());
    table().save(&path).unwrap();
    assert!(std::fs::read(&path).unwrap() == before);
    let mut names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["blocked", "snapshot"]);
}
