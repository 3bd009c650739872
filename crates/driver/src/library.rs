//! The built-in library: its units, embedded in the binary, and the registry that gives each ID its unit.
//!
//! Inside the library every path, ID and name resolves to the library alone, whatever files a project has.

use crate::options::{Debug, Target};

/// A unit of the built-in library. Its path is what messages show: `lib/vector.fox`.
#[derive(Debug)]
pub struct LibraryUnit {
    pub path: &'static str,
    pub text: &'static str,
}

/// All units, sorted by path.
pub const UNITS: &[LibraryUnit] = include!(concat!(env!("OUT_DIR"), "/library_units.rs"));

/// First ID, last ID, unit. Sorted; ranges do not overlap.
const REGISTRY: &[(u64, u64, &str)] = &[
    (10, 24, "lib/builtins.fox"),
    (100, 101, "lib/math.fox"),
    (200, 209, "lib/bool.fox"),
    (210, 217, "lib/circuit_breaker.fox"),
    (220, 225, "lib/trickster.fox"),
    (310, 316, "lib/buffer.fox"),
    (318, 319, "lib/file_io.fox"),
    (320, 324, "lib/format.fox"),
    (330, 334, "lib/hashmap.fox"),
    (340, 344, "lib/vector.fox"),
    (350, 353, "lib/json.fox"),
    (360, 366, "lib/json.fox"),
    (380, 388, "lib/string_utils.fox"),
    (390, 391, "lib/string_utils.fox"),
    (400, 400, "lib/morphroutine.fox"),
    (410, 418, "lib/morphroutine.fox"),
    (420, 424, "lib/daemon.fox"),
    (500, 514, "lib/kernel/signals.fox"),
];

/// The unit that the built-in registry names for an ID. IDs that are kept for a unit which this version does not have
/// are not registered.
pub fn registered(id: u64) -> Option<&'static str> {
    let entry = REGISTRY.iter().find(|(first, last, _)| (*first..=*last).contains(&id));
    entry.map(|(_, _, unit)| *unit).filter(|unit| find(unit).is_some())
}

/// Units that hold a part of a numbered block of another: the block takes them with `ambil`, so its ID leads to them too.
const PARTS: [(&str, u64); 3] = [
    ("lib/kernel/trickster_error.fox", 220),
    ("lib/kernel/trickster_order.fox", 223),
    ("lib/kernel/trickster_token.fox", 222),
];

/// The ID whose block takes the whole unit with this path.
pub fn part_of(path: &str) -> Option<u64> {
    PARTS.iter().find(|(part, _)| *part == path).map(|(_, id)| *id)
}

/// What the units for an image depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    pub target: Target,
    pub debug: Debug,
    /// Functions can be replaced while the image runs.
    pub hot: bool,
}

/// Units that are for one target only.
const PER_TARGET: [(&str, Target); 2] = [
    ("lib/kernel/linux_aarch64.fox", Target::Aarch64Linux),
    ("lib/kernel/linux_x86_64.fox", Target::X86_64Linux),
];

/// Whether a unit is in the images of a kind.
type Belongs = fn(Kind) -> bool;

/// Units of which an image has one or the other, by whether it has tables, and whether they can grow.
const ALTERNATIVES: [(&str, Belongs); 6] = [
    ("lib/kernel/fault_start.fox", |kind| kind.debug != Debug::None && !kind.hot),
    ("lib/kernel/fault_start_hot.fox", |kind| kind.hot),
    ("lib/kernel/fault_start_none.fox", |kind| kind.debug == Debug::None && !kind.hot),
    ("lib/kernel/hot.fox", |kind| kind.hot),
    ("lib/kernel/tables.fox", |kind| !kind.hot),
    ("lib/kernel/tables_hot.fox", |kind| kind.hot),
];

/// Whether images of this kind are built with this unit: all but those of other kinds are.
pub fn is_for(unit: &LibraryUnit, kind: Kind) -> bool {
    let target = PER_TARGET.iter().find(|(path, _)| *path == unit.path);
    let alternative = ALTERNATIVES.iter().find(|(path, _)| *path == unit.path);
    target.is_none_or(|(_, of)| *of == kind.target)
        && alternative.is_none_or(|(_, belongs)| belongs(kind))
}

/// The units with which images of this kind are built, each with its index in [`UNITS`].
pub fn of_kind(kind: Kind) -> impl Iterator<Item = (usize, &'static LibraryUnit)> {
    UNITS.iter().enumerate().filter(move |(_, unit)| is_for(unit, kind))
}

/// The index in [`UNITS`] of the unit with this path. `path` is relative, with forward slashes.
pub fn find(path: &str) -> Option<usize> {
    UNITS.binary_search_by(|unit| unit.path.cmp(path)).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn units_are_sorted_and_named_by_relative_paths() {
        assert!(UNITS.is_sorted_by(|a, b| a.path < b.path));
        assert!(
            UNITS.iter().all(|unit| unit.path.starts_with("lib/") && unit.path.ends_with(".fox"))
        );
    }

    #[test]
    fn every_block_marker_of_the_library_is_registered_for_its_unit() {
        for unit in UNITS {
            for marker in unit.text.lines().filter_map(|line| line.strip_prefix("###")) {
                let digits: String =
                    marker.trim_start().chars().take_while(char::is_ascii_digit).collect();
                if let Ok(id) = digits.parse() {
                    assert_eq!(registered(id), Some(unit.path), "### {id}");
                }
            }
        }
    }

    #[test]
    fn a_block_takes_the_units_that_are_parts_of_it() {
        for (part, id) in PARTS {
            let unit = &UNITS[registered(id).and_then(find).unwrap()];
            let marker = format!("### {id}\n");
            let block = unit.text.split_once(&marker).unwrap().1.split("\n###").next().unwrap();
            let import = format!("ambil \"{part}\"");
            assert!(block.lines().any(|line| line == import), "### {id}: {import}");
            assert!(
                !UNITS[find(part).unwrap()].text.contains("\n###"),
                "{part} has numbers itself"
            );
        }
    }

    /// Names that a unit defines at the beginning of a line.
    fn defined(unit: &LibraryUnit) -> BTreeSet<&'static str> {
        let definition = |line: &'static str| {
            let (keyword, rest) = line.split_once(' ')?;
            let name = rest.split(|letter: char| letter != '_' && !letter.is_alphanumeric()).next();
            name.filter(|_| matches!(keyword, "const" | "var" | "fungsi" | "struktur"))
        };
        unit.text.lines().filter_map(definition).collect()
    }

    #[test]
    fn what_other_units_use_of_one_target_every_target_has() {
        let own = |unit: &&LibraryUnit| PER_TARGET.iter().any(|(path, _)| *path == unit.path);
        let tables: Vec<&LibraryUnit> = UNITS.iter().filter(own).collect();
        assert_eq!(tables.len(), PER_TARGET.len());
        let mut used = BTreeSet::new();
        for unit in UNITS.iter().filter(|unit| !own(unit)) {
            let code = unit.text.lines().filter(|line| !line.trim_start().starts_with(';'));
            used.extend(code.flat_map(|line| {
                line.split(|letter: char| letter != '_' && !letter.is_alphanumeric())
            }));
        }
        let all: BTreeSet<&str> = tables.iter().flat_map(|table| defined(table)).collect();
        let mut missing = Vec::new();
        for table in &tables {
            let known = defined(table);
            let lacking = all.iter().filter(|name| used.contains(*name) && !known.contains(*name));
            missing.extend(lacking.map(|name| format!("{}: {name}", table.path)));
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn registry_ranges_are_sorted_and_apart() {
        assert!(REGISTRY.is_sorted_by(|a, b| a.1 < b.0));
        assert!(REGISTRY.iter().all(|(first, last, _)| first <= last));
        assert_eq!(registered(344), Some("lib/vector.fox"));
        assert_eq!(registered(345), None);
    }

    #[test]
    fn an_id_that_waits_for_its_unit_is_not_registered() {
        let waiting = REGISTRY.iter().filter(|(_, _, unit)| find(unit).is_none());
        for (first, _, unit) in waiting {
            assert_eq!(registered(*first), None, "{unit}");
        }
    }
}
