//! What the documents promise, run: the programs of the tutorial and of the README, and every example.
//!
//! ```text
//! docs/tutorial.md, README.md   a `fox` block is a whole program; a `text` block after it is what it prints
//! docs/expressions.md           a `console` block holds commands, each with all that it prints
//! docs/when-the-compiler-crashes.md  likewise, one after the other beside its program; fault ids and lines of the compiler may differ
//! docs/fix-one-fragment.md      likewise, in a copy of tests/incremental/tujuh; counts of what is kept and ages may differ
//! examples/NAME.fox             with tests/examples/NAME.out (all output, then the status) and,
//!                               where it needs them, NAME.in (standard input) and NAME.args (one a line)
//! ```
//!
//! `UPDATE_EXPECT=1` writes what the examples printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Standard output, standard error and status of `morph run FILE -- ARGS` in `folder`.
fn run(folder: &Path, file: &str, arguments: &[String], input: &str) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_morph"));
    command
        .current_dir(folder)
        .args(["--lang", "en", "run", "--fresh", file, "--"])
        .args(arguments);
    command.env("LC_ALL", "C").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input closes the pipe: that is its right.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
}

/// The fenced blocks of a document: language and text.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in document.lines() {
        if let Some(language) = line.strip_prefix("```") {
            open = !open;
            if open {
                found.push((language.to_owned(), String::new()));
            }
        } else if open && let Some((_, text)) = found.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

#[test]
fn every_program_of_the_tutorial_prints_what_stands_below_it() {
    let document = fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks(&document);
    let mut count = 0;
    for pair in blocks.windows(2) {
        if let [(fox, program), (text, expected)] = pair
            && fox == "fox"
            && text == "text"
        {
            fs::write(folder.path().join("coba.fox"), program).unwrap();
            let (printed, complaints, _) = run(folder.path(), "coba.fox", &[], "");
            assert_eq!(printed, *expected, "{program}\n{complaints}");
            count += 1;
        }
    }
    let programs = blocks.iter().filter(|(language, _)| language == "fox").count();
    assert_eq!(count, programs, "a program of the tutorial has no output below it");
    assert!(count > 5);
}

#[test]
fn the_first_screen_of_the_readme_is_what_morph_really_prints() {
    let document = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(&document);
    let [(_, program), (_, console)] = &blocks[..2] else {
        panic!("the README begins with a program and its output")
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("toko.fox"), program).unwrap();
    let (printed, complaints, status) = run(folder.path(), "toko.fox", &[], "");
    assert_eq!(format!("$ morph run toko.fox\n{complaints}{printed}"), *console);
    assert_eq!(status, 0);
}

#[test]
fn every_command_about_expressions_prints_what_stands_below_it() {
    let document = fs::read_to_string(root().join("docs/expressions.md")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_morph")).parent().unwrap();
    let mut count = 0;
    for (_, console) in blocks(&document).iter().filter(|(language, _)| language == "console") {
        let mut seen = String::new();
        for command in console.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let output = Command::new("/bin/sh")
                .args(["-c", &format!("{command} 2>&1")])
                .env("PATH", programs)
                .env("LC_ALL", "C")
                .output()
                .unwrap();
            let _ = write!(seen, "$ {command}\n{}", String::from_utf8_lossy(&output.stdout));
            count += 1;
        }
        assert_eq!(seen, *console);
    }
    assert!(count >= 7);
}

/// Fault ids follow from the compiler's sources, and so do places in them.
fn without_ids_and_places(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_alphanumeric()) {
        plain.push_str(&rest[..at]);
        let end = rest[at..]
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_./:".contains(letter)));
        let word = &rest[at..end.map_or(rest.len(), |end| at + end)];
        rest = &rest[at + word.len()..];
        match word.find("f-") {
            Some(id) if word.len() >= id + 10 => {
                plain.push_str(&word[..id]);
                plain.push_str("f-ID");
                plain.push_str(&word[id + 10..]);
            }
            _ if word.starts_with("crates/") => plain.push_str("PLACE"),
            _ => plain.push_str(word),
        }
    }
    plain + rest
}

#[test]
fn a_crash_of_the_compiler_looks_as_the_page_about_it_shows() {
    let document = fs::read_to_string(root().join("docs/when-the-compiler-crashes.md")).unwrap();
    let blocks = blocks(&document);
    let folder = tempfile::tempdir().unwrap();
    let (_, program) = blocks.iter().find(|(language, _)| language == "fox").unwrap();
    fs::write(folder.path().join("toko.fox"), program).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_morph")).parent().unwrap();
    let mut id = String::new();
    let consoles: Vec<_> = blocks.iter().filter(|(language, _)| language == "console").collect();
    for (_, console) in &consoles {
        let (command, _) = console.split_once('\n').unwrap();
        let mut command = command.strip_prefix("$ ").unwrap().to_owned();
        if let Some(at) = command.find(" f-") {
            command.replace_range(at + 1..at + 11, &id);
        }
        let output = Command::new("/bin/sh")
            .args(["-c", &format!("{command} 2>&1")])
            .current_dir(folder.path())
            .env("PATH", programs)
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let seen = format!("$ {command}\n{}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(without_ids_and_places(&seen), without_ids_and_places(console));
        if let Some((_, rest)) = seen.split_once("(fault ") {
            id = rest[..10].to_owned();
        }
    }
    assert_eq!(consoles.len(), 3);
}

/// How long ago something was and how much is kept: the library grows, machines are slow.
fn without_counts(text: &str) -> String {
    let plain = |line: &str| {
        let counts = line.contains(" ago")
            || line.starts_with("kept: ")
            || line.contains("as in an earlier build");
        match counts {
            true => line
                .chars()
                .filter(|c| !c.is_ascii_digit())
                .collect::<String>()
                .replace("seconds", "second"),
            false => line.to_owned(),
        }
    };
    text.lines().map(|line| plain(line) + "\n").collect()
}

#[test]
fn fixing_one_fragment_looks_as_the_page_about_it_shows() {
    let document = fs::read_to_string(root().join("docs/fix-one-fragment.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(root().join("tests/incremental/tujuh")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    let programs = Path::new(env!("CARGO_BIN_EXE_morph")).parent().unwrap().display().to_string();
    let mut count = 0;
    for (_, console) in blocks(&document).iter().filter(|(language, _)| language == "console") {
        let mut seen = String::new();
        for command in console.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let output = Command::new("/bin/sh")
                .args(["-c", &format!("{command} 2>&1")])
                .current_dir(folder.path())
                .env("PATH", format!("{programs}:/usr/bin:/bin"))
                .env("LC_ALL", "C")
                .output()
                .unwrap();
            let _ = write!(seen, "$ {command}\n{}", String::from_utf8_lossy(&output.stdout));
            count += 1;
        }
        let plain = |text: &str| without_ids_and_places(&without_counts(text));
        assert_eq!(plain(&seen), plain(console));
    }
    assert_eq!(count, 9);
}

#[test]
fn every_example_prints_what_it_should() {
    let examples = root().join("examples");
    let expected = root().join("tests/examples");
    let mut names: Vec<String> = fs::read_dir(&examples)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "fox"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut wrong = String::new();
    for name in &names {
        let side = |extension: &str| {
            fs::read_to_string(expected.join(format!("{name}.{extension}"))).unwrap_or_default()
        };
        let arguments: Vec<String> = side("args").lines().map(str::to_owned).collect();
        let (printed, complaints, status) =
            run(&examples, &format!("{name}.fox"), &arguments, &side("in"));
        let seen = format!("{printed}--- stderr\n{complaints}--- status {status}\n");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(expected.join(format!("{name}.out")), &seen).unwrap();
        } else if seen != side("out") {
            let _ = writeln!(wrong, "== {name}: expected\n{}== but saw\n{seen}", side("out"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(names.len() >= 12);
}
