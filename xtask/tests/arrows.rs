//! Which room may know which: the table of the architecture, held against the manifests.

#![expect(clippy::unwrap_used, reason = "a check that cannot read the repository cannot go on")]

use std::collections::BTreeMap;

/// Allowed arrows between rooms, transitive ones written out. Arrows point down only.
const ARROWS: &[(&str, &[&str])] = &[
    ("diag", &[]),
    ("object", &[]),
    ("sandbox", &[]),
    ("store", &[]),
    ("syntax", &["diag"]),
    ("asm", &["diag", "object"]),
    ("sema", &["asm", "diag", "object", "syntax"]),
    ("codegen", &["asm", "diag", "object", "sema"]),
    ("link", &["object"]),
    ("interp", &["object", "sema"]),
    (
        "driver",
        &[
            "asm",
            "codegen",
            "diag",
            "fault",
            "link",
            "object",
            "sandbox",
            "sema",
            "store",
            "syntax",
            "trickster",
        ],
    ),
    ("cli", &["diag", "driver", "fault", "sandbox", "trickster"]),
    ("trickster", &[]),
    ("fault", &["trickster"]),
];

fn dependencies(room: &str, table: &str) -> Vec<String> {
    let path = xtask::root().join("crates").join(room).join("Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    let Some(found) = manifest.get(table).and_then(toml::Value::as_table) else {
        return Vec::new();
    };
    found.keys().filter_map(|name| name.strip_prefix("morph-")).map(str::to_owned).collect()
}

#[test]
fn rooms_depend_only_along_the_arrows() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut rooms = Vec::new();
    for entry in std::fs::read_dir(xtask::root().join("crates")).unwrap() {
        rooms.push(entry.unwrap().file_name().to_string_lossy().into_owned());
    }
    rooms.sort();
    for room in &rooms {
        let Some(arrows) = allowed.get(room.as_str()) else {
            wrong.push(format!("crates/{room} is not in the table of arrows"));
            continue;
        };
        for dependency in dependencies(room, "dependencies") {
            if !arrows.contains(&dependency.as_str()) {
                wrong.push(format!("{room} -> {dependency} is no arrow"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(rooms.len(), ARROWS.len(), "the table names a room that does not exist");
}

#[test]
fn only_tests_know_the_reference_interpreter() {
    for (room, _) in ARROWS {
        assert!(
            !dependencies(room, "dependencies").contains(&"interp".to_owned()),
            "{room} -> interp"
        );
    }
}
