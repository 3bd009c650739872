//! While there are errors every build is a full one. What mends them is an edit of the last build that had none, and is exchanged there.

use std::fs;

use crate::project::{Built, COUNTING, Project};

/// Breaks a program, builds it, and mends it; whether that was an exchange.
fn mended(project: &Project, breaking: impl Fn(&Project), mending: impl Fn(&Project)) -> bool {
    breaking(project);
    assert!(!project.build());
    mending(project);
    project.build()
}

/// What `morph why` and `morph status` say of a fragment, but for the time.
fn told(project: &Project, name: &str) -> Vec<String> {
    let output = project.morph(&["why", name]);
    let why = String::from_utf8(output.stdout).unwrap();
    let status = String::from_utf8(project.morph(&["status"]).stdout).unwrap();
    let units = status.lines().skip(1).take(3);
    let timeless = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    let lines = why.lines().filter(|line| !line.starts_with("  it was compiled")).chain(units);
    lines.map(timeless).collect()
}

#[test]
fn what_mends_a_program_is_exchanged_whatever_was_wrong() {
    for project in [Project::new(), Project::large()] {
        project.build();
        let whole = project.text("hitung.fox");
        let root = project.text("utama.fox");
        let breakings: [(&str, String); 6] = [
            // A type, a name, the grammar, a name that others use, a file cut off, a file that is empty.
            ("hitung.fox", whole.replacen("a * 2", "a * 2 + p.lebar", 1)),
            ("hitung.fox", whole.replacen("a * 2", "tiada(a)", 1)),
            ("hitung.fox", whole.replacen("a * 2", "a * ) 2", 1)),
            ("hitung.fox", whole.replacen("fungsi ganda", "fungsi gandakan", 1)),
            ("hitung.fox", whole[..whole.len() * 2 / 3].to_owned()),
            ("utama.fox", String::new()),
        ];
        for (number, (file, broken)) in breakings.iter().enumerate() {
            // With the text that it had, and with another one.
            for more in ["", " + 1 - 1"] {
                let breaking = |project: &Project| project.save(file, broken);
                let mending = |project: &Project| {
                    project.save("utama.fox", &root);
                    project
                        .save("hitung.fox", &whole.replacen("a * 2", &format!("a * 2{more}"), 1));
                };
                assert!(mended(&project, breaking, mending), "{number}: {broken:.100}");
            }
        }
    }
}

#[test]
fn as_long_as_something_is_wrong_builds_are_full_and_then_all_is_exchanged_at_once() {
    let project = Project::new();
    project.build();
    project.edit("hitung.fox", "a * 2", "a * tiada");
    assert!(!project.build());
    project.edit("utama.fox", "ganda(20)", "ganda(20, 3)");
    assert!(!project.build());
    project.edit("hitung.fox", "fungsi tebak", "\n\nfungsi tebak");
    assert!(!project.build());
    project.edit("hitung.fox", "a * tiada", "a * 3");
    assert!(!project.build());
    project.edit("utama.fox", "ganda(20, 3)", "ganda(30)");
    assert!(project.build());
    assert_eq!(project.run(), "92\n");
    // The build that was set aside is forgotten.
    let kept = project.records();
    assert!(kept.iter().all(|path| !path.to_string_lossy().contains("healthy")), "{kept:?}");
    project.edit("hitung.fox", "a * 3", "a * 4");
    assert!(project.build());
}

#[test]
fn what_is_told_of_fragments_is_what_a_program_that_was_never_broken_says() {
    let project = Project::new();
    project.build();
    project.edit("hitung.fox", "p.lebar", "p.tinggi");
    project.edit("hitung.fox", "a * 2", "a * 5");
    assert!(!project.build());
    assert!(told(&project, "tebak").iter().any(|line| line.contains("TYPE_UNKNOWN")));
    // One was made while the other one was wrong.
    project.edit("hitung.fox", "p.tinggi", "p.lebar");
    assert!(project.build());
    assert_eq!(
        told(&project, "ganda"),
        [
            "fungsi ganda (hitung.fox:1): not compiled in the last build",
            "  its text changed",
            "  unit        state      fragments   closed  breaker",
            "  utama.fox   active             2        0  CLOSED",
            "  hitung.fox  active             3        0  CLOSED",
        ]
    );
    assert!(told(&project, "tebak").iter().all(|line| !line.contains("TYPE_UNKNOWN")));
}

#[test]
fn a_build_killed_at_any_step_while_breaking_or_mending_loses_nothing() {
    let broken = |project: &Project| project.edit("hitung.fox", "a * 2", "a * tiada");
    let mended = |project: &Project| project.edit("hitung.fox", "a * tiada", "a * 3");
    let mut killed = 0;
    for step in 1.. {
        let mut ends = 0;
        for breaks in [true, false] {
            let project = Project::new();
            project.built("hasil", &[]);
            broken(&project);
            let number = step.to_string();
            let how = ["--die-at", &number];
            let first = project.built("hasil", if breaks { &how } else { &[] });
            mended(&project);
            let second = project.built("hasil", if breaks { &[] } else { &how });
            let clean = project.built("bersih", &["--fresh"]);
            assert_eq!(project.built("hasil", &[]), clean, "killed at {step}, {breaks}");
            project.edit("hitung.fox", "a * 3", "a * 4");
            project.build();
            let told = told(&project, "ganda");
            assert!(told.iter().any(|line| line == "  its text changed"), "{told:?}");
            let status = if breaks { first.status } else { second.status };
            ends += u32::from(status.is_some());
            killed += u32::from(status.is_none());
        }
        if ends == 2 {
            break;
        }
    }
    assert!(killed > 20, "only {killed} builds were killed");
}

#[test]
fn what_was_set_aside_is_believed_only_if_it_fits() {
    let project = Project::large();
    project.build();
    let break_it = |number: u32| {
        project.edit("hitung.fox", "fungsi ganda(a)\n", "fungsi ganda(a)\n  tiada()\n");
        project.built("hasil", &[]);
        project.edit("hitung.fox", "  tiada()\n", "");
        project.edit("hitung.fox", "a * ", &format!("a * {number} + a * "));
    };
    let aside = || {
        let all = project.records().into_iter();
        let aside = |path: &std::path::PathBuf| path.to_string_lossy().contains("healthy");
        all.filter(aside).collect::<Vec<_>>()
    };
    break_it(1);
    let records = aside();
    assert_eq!(records.len(), 3);
    assert!(project.build());
    for record in 0..records.len() {
        for way in 0..3 {
            break_it(2);
            let path = &aside()[record];
            let bytes = fs::read(path).unwrap();
            match way {
                0 => fs::remove_file(path).unwrap(),
                1 => fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
                _ => {
                    let mut bytes = bytes;
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 4;
                    // A name of its own: the image itself stays as it is.
                    fs::remove_file(path).unwrap();
                    fs::write(path, bytes).unwrap();
                }
            }
            project.build();
        }
    }
}

#[test]
fn only_a_file_gives_way_to_an_image() {
    let project = Project::large();
    project.build();
    project.edit("hitung.fox", "a * 2", "a * tiada");
    project.built("hasil", &[]);
    project.edit("hitung.fox", "a * tiada", "a * 3");
    let Built { status, .. } = project.built("/dev/null", &[]);
    assert_eq!(status, Some(0));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    // A name that is free is taken.
    project.edit("hitung.fox", "a * 3", "a * tiada");
    project.built("hasil", &[]);
    project.edit("hitung.fox", "a * tiada", "a * 4");
    fs::remove_file(project.path().join("hasil")).unwrap();
    project.build();
    assert!(project.text("hitung.fox").starts_with(&COUNTING[..14]));
}
