//! Whatever is written, a restored slot is what it was at its checkpoint.

use morph_sandbox::slot::{PAGE, Slot, SlotTable, TableError, Tracking};
use proptest::prelude::*;

const PAGES: usize = 600;

/// A byte written over a stretch.
#[derive(Clone, Debug)]
struct Write {
    at: usize,
    length: usize,
    byte: u8,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let one = (0..PAGES * PAGE, 1..3 * PAGE, any::<u8>()).prop_map(|(at, length, byte)| Write {
        at,
        length: length.min(PAGES * PAGE - at),
        byte,
    });
    prop::collection::vec(one, 0..40)
}

fn apply(bytes: &mut [u8], writes: &[Write]) {
    for write in writes {
        bytes[write.at..write.at + write.length].fill(write.byte);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn restoring_gives_back_the_checkpoint_however_pages_are_tracked(
        rounds in prop::collection::vec((writes(), writes()), 1..4),
    ) {
        for tracking in Tracking::ALL {
            let mut slot = Slot::with_tracking(PAGES * PAGE, tracking).unwrap();
            let mut model = vec![0_u8; PAGES * PAGE];
            for (kept, dropped) in &rounds {
                apply(&mut model, kept);
                apply(slot.bytes_mut(), kept);
                let dirty = slot.checkpoint().unwrap();
                let touched = |page: usize| kept.iter().any(|write| {
                    (write.at / PAGE..=(write.at + write.length - 1) / PAGE).contains(&page)
                });
                prop_assert!(dirty.iter().cloned().flatten().all(touched), "only what was written");
                prop_assert!(slot.bytes() == model, "a checkpoint changes nothing ({tracking:?})");
                apply(slot.bytes_mut(), dropped);
                slot.restore().unwrap();
                prop_assert!(slot.bytes() == model, "{tracking:?}");
                prop_assert_eq!(slot.checkpoint().unwrap(), []);
            }
        }
    }
}

#[test]
fn more_runs_than_one_scan_tells_are_all_found() {
    for tracking in Tracking::ALL {
        let mut slot = Slot::with_tracking(PAGES * PAGE, tracking).unwrap();
        for page in (0..PAGES).step_by(2) {
            slot.bytes_mut()[page * PAGE] = 1;
        }
        let expected: Vec<_> = (0..PAGES).step_by(2).map(|page| page..page + 1).collect();
        assert_eq!(slot.checkpoint().unwrap(), expected, "{tracking:?}");
    }
}

#[test]
fn what_the_kernel_writes_into_a_slot_is_rolled_back_too() {
    let mut slot = Slot::new(4 * PAGE).unwrap();
    slot.checkpoint().unwrap();
    let zeros = std::fs::File::open("/proc/self/exe").unwrap();
    let read = rustix::io::pread(&zeros, &mut slot.bytes_mut()[PAGE..2 * PAGE], 0).unwrap();
    assert!(read == PAGE && slot.bytes()[PAGE..PAGE + 4] == *b"\x7fELF");
    slot.restore().unwrap();
    assert!(slot.bytes().iter().all(|byte| *byte == 0));
}

#[test]
fn a_slot_has_a_size_and_a_cap() {
    for size in [0, Slot::CAP + 1] {
        assert_eq!(Slot::new(size).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    }
    assert_eq!(Slot::new(1).unwrap().bytes().len(), PAGE);
    assert_eq!(Slot::new(Slot::CAP).unwrap().bytes().len(), Slot::CAP);
}

#[test]
fn the_best_tracking_finds_exactly_what_was_written() {
    let mut slot = Slot::new(64 * PAGE).unwrap();
    assert!(slot.bytes().iter().all(|byte| *byte == 0), "reading is not writing");
    slot.bytes_mut()[5 * PAGE + 17] = 1;
    slot.bytes_mut()[6 * PAGE] = 1;
    slot.bytes_mut()[63 * PAGE] = 1;
    assert_eq!(slot.checkpoint().unwrap(), [5..7, 63..64]);
}

#[test]
fn slots_of_a_table_are_rolled_back_one_by_one() {
    let mut table = SlotTable::new(8 * PAGE).unwrap();
    for index in 0..SlotTable::SLOTS {
        table.bytes_mut(index).unwrap().fill(index as u8 + 1);
        assert_eq!(table.checkpoint(index).unwrap(), 8);
        table.bytes_mut(index).unwrap()[0] = 99;
    }
    table.restore(2).unwrap();
    let firsts: Vec<u8> = (0..4).map(|index| table.slot(index).unwrap().bytes()[0]).collect();
    assert_eq!(firsts, [99, 99, 3, 99]);
    assert_eq!(table.sequence(2), Some(1));
    assert!(matches!(table.checkpoint(4), Err(TableError::NoSlot { index: 4 })));
}
