//! House rules that a machine can check.

#![expect(clippy::unwrap_used, reason = "a check that cannot read the repository cannot go on")]

use std::path::PathBuf;

use xtask::{files, relative, root};

/// Files that may be longer than the limit, each for a reason. This list may only shrink.
const LONG_FILES: &[(&str, &str)] = &[];

const LIMIT: usize = 800;

/// Rust sources that are committed.
fn sources() -> Vec<PathBuf> {
    files(&root(), &["rs"]).unwrap()
}

fn text(path: &PathBuf) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_rust_file_says_first_what_it_is() {
    let silent: Vec<String> = sources()
        .iter()
        .filter(|path| !text(path).starts_with("//!") && !text(path).starts_with("#!"))
        .map(|path| relative(path))
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn no_file_is_longer_than_the_limit() {
    let mut long = Vec::new();
    for path in files(&root(), &["rs", "fox"]).unwrap() {
        let lines = text(&path).lines().count();
        if lines > LIMIT && !LONG_FILES.iter().any(|(name, _)| *name == relative(&path)) {
            long.push(format!("{} has {lines} lines", relative(&path)));
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn no_test_is_ignored_expected_to_panic_or_asleep() {
    // Spelled in two halves so that this file does not find itself.
    let banned =
        [concat!("#[ign", "ore"), concat!("#[should", "_panic"), concat!("thread::sl", "eep")];
    let mut wrong = Vec::new();
    for path in sources() {
        for (number, line) in text(&path).lines().enumerate() {
            if banned.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", relative(&path), number + 1, line.trim()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nothing_is_left_to_do() {
    let banned = [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("FIX", "ME")];
    let mut wrong = Vec::new();
    for path in sources() {
        for (number, line) in text(&path).lines().enumerate() {
            if banned.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", relative(&path), number + 1, line.trim()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_module_is_named_after_nothing() {
    let vague = [
        "util.rs",
        "utils.rs",
        "common.rs",
        "helper.rs",
        "helpers.rs",
        "manager.rs",
        "misc.rs",
        "mod.rs",
    ];
    let wrong: Vec<String> = sources()
        .iter()
        .map(|path| relative(path))
        .filter(|path| vague.contains(&path.rsplit('/').next().unwrap_or_default()))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn unsafe_lives_in_the_rooms_that_the_design_names() {
    let rooms = ["crates/sandbox/"];
    let word = concat!("uns", "afe ");
    let mut wrong = Vec::new();
    for path in files(&root().join("crates"), &["rs"]).unwrap() {
        let name = relative(&path);
        if rooms.iter().any(|room| name.starts_with(room)) {
            continue;
        }
        for (number, line) in text(&path).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if [word, concat!("uns", "afe{")].iter().any(|word| code.contains(word)) {
                wrong.push(format!("{name}:{}", number + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Statics that are made once from nothing but the program itself, so that no task can leave anything in them. This list may only shrink.
const MADE_ONCE: &[&str] = &["crates/asm/src/form.rs", "crates/diag/src/wording.rs"];

#[test]
fn no_room_but_the_sandbox_keeps_state_between_tasks() {
    let mut wrong = Vec::new();
    for path in files(&root().join("crates"), &["rs"]).unwrap() {
        let name = relative(&path);
        if name.starts_with("crates/sandbox/") || name.contains("/tests/") {
            continue;
        }
        let body = text(&path);
        for (number, line) in body.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default().trim_start();
            let mut words = code.split_whitespace().skip_while(|word| word.starts_with("pub"));
            let is_static = words.next() == Some("static");
            let changes = ["Cell<", "Mutex<", "RwLock<", "Atomic", "static mut "];
            let once = ["OnceLock<", "LazyLock<", "OnceCell<", "LazyCell<"];
            let refused = changes.iter().any(|kind| code.contains(kind))
                || once.iter().any(|kind| code.contains(kind))
                    && !MADE_ONCE.contains(&name.as_str());
            if is_static && refused || code.starts_with("thread_local!") {
                wrong.push(format!("{name}:{}: {code}", number + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for path in files(&root(), &["md"]).unwrap() {
        let body = text(&path);
        let mut fenced = false;
        for line in body.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if fenced {
                continue;
            }
            for part in line.split("](").skip(1) {
                let Some(target) = part.split(')').next() else { continue };
                let target = target.split('#').next().unwrap_or_default();
                if target.is_empty() || target.contains("://") {
                    continue;
                }
                let folder = path.parent().unwrap();
                if !folder.join(target).exists() {
                    broken.push(format!("{} -> {target}", relative(&path)));
                }
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn every_invariant_of_the_architecture_names_a_test_that_exists() {
    let architecture = text(&root().join("ARCHITECTURE.md"));
    let all: String = sources().iter().map(text).collect();
    let mut missing = Vec::new();
    let mut count = 0;
    for line in architecture.lines().filter(|line| line.contains("Invariant:")) {
        count += 1;
        let Some(name) = line.rsplit("`").nth(1) else {
            missing.push(line.to_owned());
            continue;
        };
        if !all.contains(&format!("fn {name}(")) {
            missing.push(name.to_owned());
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(count > 0, "ARCHITECTURE.md states no invariant");
}

#[test]
fn every_example_is_listed_where_examples_are_explained() {
    let list = text(&root().join("examples/README.md"));
    let missing: Vec<String> = files(&root().join("examples"), &["fox"])
        .unwrap()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .filter(|name| !list.contains(name.as_str()))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}
