//! After an edit inside of fragments only those are made, and exchanged in the former image. Nobody can tell by what comes out.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use project::{COUNTING, Project, ROOT};

mod mended;
mod project;

#[test]
fn an_edited_function_is_exchanged_and_what_is_more_than_that_is_built_in_full() {
    let project = Project::new();
    assert!(!project.build());
    assert_eq!(project.run(), "42\n");
    let edits = [
        ("hitung.fox", "a * 2", "a * 2 + 1", true),
        ("hitung.fox", "a * 2", "a + a * 2 - a * 1 + a - a", true),
        ("utama.fox", "fungsi mulai", "; di atas\n\nfungsi mulai", true),
        ("utama.fox", "  cetak", "  ; di dalam\n  cetak", true),
        ("utama.fox", "var banyak = 2", "var banyak = 3", true),
        ("utama.fox", "ganda(20)", "ganda(banyak)", true),
        // A float is of another type, and needs more of the library.
        ("hitung.fox", "kembalikan a +", "kembalikan 0.5 + a +", false),
        ("hitung.fox", "kembalikan 0.5 + a +", "kembalikan a +", false),
        // Who takes other arguments is another to those who call it.
        ("hitung.fox", "tebak(p)", "tebak(p, q)", false),
        ("hitung.fox", "struktur Kotak\n", "struktur Kotak\n  warna int\n", false),
        (
            "hitung.fox",
            "fungsi tebak",
            "fungsi baru()\n  kembalikan 1\ntutup_fungsi\nfungsi tebak",
            false,
        ),
        // What it gives is of the type that `ganda` gives, which is the same.
        ("hitung.fox", "kembalikan 1\n", "kembalikan ganda(1)\n", true),
        // Nobody called it until now.
        ("hitung.fox", "kembalikan a +", "kembalikan baru() + a +", false),
        ("hitung.fox", "kembalikan ganda(1)", "kembalikan 1", true),
        ("hitung.fox", "kembalikan baru() + a +", "kembalikan salah", false),
        ("hitung.fox", "kembalikan salah", "kembalikan a +", false),
    ];
    for (file, from, to, exchanged) in edits {
        project.edit(file, from, to);
        assert_eq!(project.build(), exchanged, "{from} -> {to}");
    }
}

#[test]
fn a_type_that_comes_about_otherwise_may_be_the_same_or_another_one() {
    let project = Project::new();
    let functions = "fungsi dasar()\n  kembalikan 0\ntutup_fungsi\n\
        fungsi kata(a)\n  jika (a)\n    kembalikan \"kata\"\n  tutup_jika\n  kembalikan dasar()\ntutup_fungsi\n";
    project.save("hitung.fox", &format!("{COUNTING}{functions}"));
    project.edit("utama.fox", "  cetak", "  cetak(kata(1))\n  dasar()\n  cetak");
    project.build();
    assert_eq!(project.run(), "kata\n42\n");
    let edits = [
        ("hitung.fox", "a * 2", "ganda(a) * 2", true),
        ("hitung.fox", "ganda(a) * 2", "a * 2", true),
        ("utama.fox", "banyak + ganda(20)", "ganda(banyak) + ganda(ganda(10))", true),
        ("utama.fox", "ganda(banyak) + ganda(ganda(10))", "ganda(2 * banyak + 17)", true),
        // `dasar` gives an integer before and after, and `kata` a string or none, but then an integer.
        ("hitung.fox", "kembalikan 0", "kembalikan 1", false),
        ("hitung.fox", "kembalikan 1", "kembalikan 0", false),
        ("hitung.fox", "kembalikan dasar()", "kembalikan ganda(0)", false),
        ("hitung.fox", "kembalikan ganda(0)", "kembalikan dasar() + dasar()", true),
        ("hitung.fox", "kembalikan dasar() + dasar()", "kembalikan \"tidak\"", false),
        ("hitung.fox", "kembalikan \"tidak\"", "kembalikan kata(0)", true),
    ];
    for (file, from, to, exchanged) in edits {
        project.edit(file, from, to);
        assert_eq!(project.build(), exchanged, "{from} -> {to}");
    }
}

#[test]
fn what_was_made_is_counted_and_told_as_by_any_build() {
    let project = Project::new();
    project.built("hasil", &[]);
    project.edit("hitung.fox", "a * 2", "a * 4");
    project.edit("utama.fox", "fungsi mulai", "\n\nfungsi mulai");
    assert!(project.build());
    let why = |name: &str| String::from_utf8(project.morph(&["why", name]).stdout).unwrap();
    assert_eq!(why("ganda").lines().nth(1), Some("  its text changed"),);
    assert!(why("mulai").contains("(utama.fox:5)"), "{}", why("mulai"));
    project.edit("hitung.fox", "a * 4", "a * 2");
    let output = project.morph(&["build", "utama.fox", "-o", "hasil", "--verbose"]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(report.contains(" 0 were compiled"), "a text that was there before: {report}");
}

#[test]
fn beside_a_warning_fragments_are_exchanged_and_the_warning_moves_along() {
    let project = Project::new();
    let warned = "fungsi aneh()\n  kembalikan 1\n  cetak(2)\ntutup_fungsi\n";
    project.save("hitung.fox", &format!("{COUNTING}{warned}"));
    let first = project.built("hasil", &[]);
    assert!(first.report.contains("CODE_UNREACHABLE") && first.report.contains("hitung.fox:12"));
    project.edit("hitung.fox", "a * 2", "a * 3");
    project.edit("hitung.fox", "fungsi aneh", "\nfungsi aneh");
    project.build();
    project.edit("hitung.fox", "struktur", "\n; satu\nstruktur");
    assert!(project.build());
    // Its own text is another: it is looked at with all others around it.
    project.edit("hitung.fox", "cetak(2)", "cetak(3)");
    assert!(!project.build());
}

#[test]
fn what_is_kept_of_the_last_build_is_believed_only_if_it_fits() {
    let project = Project::new();
    let mut number = 0;
    let mut next = || {
        number += 1;
        project.edit("hitung.fox", "a * ", &format!("a * {number} + a * "));
    };
    project.build();
    let old: Vec<(PathBuf, Vec<u8>)> =
        project.records().into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    next();
    assert!(project.build());
    // Damaged, cut off, gone, put back as it was two edits ago: one record at a time.
    for record in project.records() {
        let whole = fs::read(&record).unwrap();
        for way in 0..5 {
            next();
            // Some are there only at times.
            let bytes = fs::read(&record).unwrap_or_default();
            match way {
                0 => fs::write(&record, &bytes[..bytes.len() / 2]).unwrap(),
                1 if record.exists() => fs::remove_file(&record).unwrap(),
                2 => fs::write(&record, &whole).unwrap(),
                3 if !bytes.is_empty() => {
                    let mut bytes = bytes;
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 4;
                    fs::write(&record, bytes).unwrap();
                }
                _ => {
                    for (path, bytes) in &old {
                        if *path == record {
                            fs::write(path, bytes).unwrap();
                        }
                    }
                }
            }
            project.morph(&["build", "utama.fox", "-o", "hasil"]);
            let clean = project.built("bersih", &["--fresh"]);
            let image = fs::read(project.path().join("hasil")).unwrap();
            assert!(image == clean.image, "{} {way}", record.display());
        }
    }
    // All as it was at first.
    next();
    old.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    project.build();
}

#[test]
fn a_large_image_is_written_in_the_place_of_the_former_one() {
    let project = Project::large();
    project.build();
    let hasil = project.path().join("hasil");
    assert!(fs::metadata(&hasil).unwrap().len() > 1 << 20);
    project.edit("hitung.fox", "a * 77 + b", "a * 78 + b - a");
    assert!(project.build());
    assert_eq!(fs::metadata(&hasil).unwrap().permissions().mode() & 0o777, 0o755);
    // Whatever happened to it meanwhile, the next image is right.
    let image = fs::read(&hasil).unwrap();
    let mut damaged = image.clone();
    damaged[image.len() / 2] ^= 1;
    fs::write(&hasil, damaged).unwrap();
    project.edit("hitung.fox", "a * 79 + b", "a * 80 + b - a");
    assert!(!project.build());
    fs::remove_file(&hasil).unwrap();
    project.edit("hitung.fox", "a * 81 + b", "a * 82 + b - a");
    assert!(!project.build());
    // Through a symbolic link the file is another one, the link stays.
    let elsewhere = project.path().join("lain");
    fs::rename(&hasil, &elsewhere).unwrap();
    symlink("lain", &hasil).unwrap();
    project.edit("hitung.fox", "a * 83 + b", "a * 84 + b - a");
    assert!(project.build());
    assert!(fs::symlink_metadata(&hasil).unwrap().is_symlink());
    let left = fs::read_dir(project.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().ends_with(".tmp")).collect();
    assert_eq!(left, [] as [&str; 0]);
}

#[test]
fn a_build_killed_at_any_step_loses_nothing_that_is_to_be_told() {
    // Edits of which the image tells nothing: what nobody reaches, an import that brings nothing.
    let edits = [
        ("hitung.fox", "kembalikan p.lebar\n", "kembalikan p.lebar\n  kembalikan 2\n"),
        ("utama.fox", "Ambil 322\n", "Ambil 925\n"),
        ("hitung.fox", "kembalikan p.lebar\n", "kembalikan tiada\n"),
        ("hitung.fox", "kembalikan p.lebar\n", "kembalikan 0\n"),
    ];
    let mut lost = 0;
    for (file, from, to) in edits {
        for step in 1.. {
            let project = Project::new();
            project.save("utama.fox", &format!("Ambil 322\n{ROOT}"));
            project.built("hasil", &[]);
            project.edit(file, from, to);
            let number = step.to_string();
            let ended = project.built("hasil", &["--die-at", &number]);
            // What was exchanged before, and what comes after.
            let clean = project.built("bersih", &["--fresh"]);
            assert_eq!(project.built("hasil", &[]), clean, "{to}, killed at {step}");
            project.edit("hitung.fox", "a * 2", "a * 2 + 1");
            let clean = project.built("bersih", &["--fresh"]);
            assert_eq!(project.built("hasil", &[]), clean, "{to}, killed at {step}, edited");
            if ended.status.is_some() {
                break;
            }
            lost += 1;
        }
    }
    assert!(lost > 40, "only {lost} builds were killed");
}

#[test]
fn without_the_record_of_exchanges_nothing_is_taken_for_what_it_was_before_them() {
    for damage in [0, 1] {
        let project = Project::new();
        let more = "fungsi sendiri(s)\n  kembalikan 1\ntutup_fungsi\n\
            fungsi sisa()\n  var x = 1\n  cetak(x)\ntutup_fungsi\n";
        project.save("hitung.fox", &format!("{COUNTING}{more}"));
        project.build();
        // Nobody reaches it: the image is the same.
        project.edit("hitung.fox", "var x = 1", "var x = sendiri(\"abc\")");
        assert!(project.build());
        let folder = project.path().join(".morph/records");
        let found = project
            .records()
            .into_iter()
            .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("exchanged-"));
        let record = found.unwrap_or_else(|| panic!("nothing in {}", folder.display()));
        match damage {
            0 => fs::remove_file(record).unwrap(),
            _ => fs::write(record, b"MORPH").unwrap(),
        }
        project.edit("hitung.fox", "a * 2", "a * 3");
        project.morph(&["build", "utama.fox", "-o", "hasil"]);
        project.edit("hitung.fox", "fungsi sendiri(s)", "fungsi lainnya(s)");
        let clean = project.built("bersih", &["--fresh"]);
        assert!(clean.report.contains("NAME_UNKNOWN"));
        assert_eq!(project.built("hasil", &[]), clean, "{damage}");
    }
}

#[test]
fn what_only_another_fragment_brought_in_is_not_what_an_edited_one_means() {
    let project = Project::new();
    let block = |number: u32, text: &str| format!("### {number}\n{text}\n");
    let function = |name: &str, body: &str| format!("fungsi {name}()\n  {body}\ntutup_fungsi\n");
    let helper = |result: &str| format!("fungsi bantu(s)\n  kembalikan {result}\ntutup_fungsi\n");
    let calling = function("sebut", "kembalikan bantu(\"a\")");
    project.save("b.fox", &(block(1, &calling) + &block(2, &helper("1"))));
    project.save("c.fox", &block(900, &helper("2")));
    project.save("d.fox", &block(901, &helper("3")));
    let root = "Daftar \"c.fox\" = 900\nDaftar \"d.fox\" = 901\nAmbil \"b.fox\" 1\n";
    let own = function("f", "var x = 1");
    let main = function("mulai", "f()\n  cetak(sebut())");
    project.save("utama.fox", &format!("{root}{own}{main}"));
    assert!(!project.build());
    project.edit("utama.fox", "var x = 1", "var x = 2");
    assert!(project.build());
    project.edit("utama.fox", "var x = 2", "var x = bantu(\"ab\")");
    assert!(!project.build());
}

#[test]
fn a_function_that_makes_a_struct_is_as_it_was_when_only_its_layout_changes() {
    let project = Project::new();
    project.edit("utama.fox", "  cetak", "  var k = Kotak(1)\n  cetak");
    project.built("hasil", &[]);
    project.edit("utama.fox", "  var k", "\n  ; kotak\n  var k");
    let output = project.morph(&["build", "utama.fox", "-o", "hasil", "--verbose", "--timings"]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert!(report.contains(" 0 were compiled") && report.contains("exchange "), "{report}");
    assert!(!project.build());
}
