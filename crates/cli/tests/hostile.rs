//! Input that no well-meaning person writes: each ends with a diagnostic and a status, quickly, never with a panic.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A project folder; what stands in it is the test's own business.
struct Project(TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        project.write("morph.toml", b"");
        for (name, text) in files {
            project.write(name, text.as_bytes());
        }
        project
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn morph(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_morph"))
            .args(["--lang", "en", "--color", "never"])
            .args(args)
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    /// Status and stderr of `morph check main.fox`.
    fn check(&self) -> (i32, String) {
        let output = self.morph(&["check", "main.fox", "--message-format", "short"]);
        (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
    }
}

/// Checks one file and compares status and the codes of all errors and warnings, in order, each code once in a row.
#[track_caller]
fn expect(project: &Project, status: i32, codes: &[&str]) {
    let (seen, stderr) = project.check();
    let mut found: Vec<&str> = Vec::new();
    // What stands further in tells what is lost.
    for line in stderr.lines().filter(|line| !line.starts_with(' ')) {
        let code =
            line.split_once("[").and_then(|(_, rest)| rest.split_once("]")).map(|(code, _)| code);
        if let Some(code) = code.filter(|code| found.last() != Some(code)) {
            found.push(code);
        }
    }
    assert_eq!(
        (seen, found.as_slice()),
        (status, codes),
        "{}",
        stderr.chars().take(2000).collect::<String>()
    );
}

#[track_caller]
fn expect_text(text: &str, status: i32, codes: &[&str]) {
    expect(&Project::new(&[("main.fox", text)]), status, codes);
}

#[test]
fn an_empty_file_is_a_library_and_no_program() {
    let project = Project::new(&[("main.fox", "")]);
    expect(&project, 0, &[]);
    let output = project.morph(&["build", "main.fox"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("ENTRY_MISSING"));
    assert!(!project.path().join("main").exists());
}

#[test]
fn a_directory_a_missing_file_and_a_pipe_are_refused_without_being_opened() {
    let project = Project::new(&[]);
    expect(&project, 1, &["FILE_MISSING"]);
    fs::create_dir(project.path().join("main.fox")).unwrap();
    expect(&project, 1, &["FILE_UNREADABLE"]);
    fs::remove_dir(project.path().join("main.fox")).unwrap();
    let made = Command::new("mkfifo").arg(project.path().join("main.fox")).status().unwrap();
    assert!(made.success());
    expect(&project, 1, &["FILE_UNREADABLE"]);
}

#[test]
fn a_file_without_permission_is_refused_unless_permissions_do_not_bind_us() {
    let project = Project::new(&[("main.fox", "fungsi mulai()\ntutup_fungsi\n")]);
    let path = project.path().join("main.fox");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read everything: then the file is read, and nothing is wrong with it.
    let readable = fs::File::open(&path).is_ok();
    if readable {
        expect(&project, 0, &[]);
    } else {
        expect(&project, 1, &["FILE_UNREADABLE"]);
    }
}

#[test]
fn bytes_that_are_no_utf8_and_nul_bytes_are_diagnosed() {
    let project = Project::new(&[]);
    project.write("main.fox", b"cetak(\"\xff\")\n");
    expect(&project, 1, &["FILE_NOT_UTF8"]);
    project.write("main.fox", b"fungsi mulai()\n  cetak(1)\0\ntutup_fungsi\n");
    expect(&project, 3, &["TEXT_NUL"]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    expect_text("\u{feff}fungsi mulai()\r\n  cetak(1)\r\ntutup_fungsi\r\n", 0, &[]);
}

#[test]
fn a_line_of_four_megabytes_is_understood_and_one_of_a_hundred_is_more_than_a_fragment_may_have() {
    for (megabytes, status, codes) in [(4, 0, &[][..]), (100, 3, &["COMPILER_EXHAUSTED"])] {
        let mut text = String::from("fungsi mulai()\n  cetak(\"");
        text.push_str(&"a".repeat(megabytes << 20));
        text.push_str("\")\ntutup_fungsi\n");
        expect_text(&text, status, codes);
    }
}

#[test]
fn a_million_parentheses_operators_or_blocks_are_too_deep_and_nothing_worse() {
    let wrap = |body: String| format!("fungsi mulai()\n  var x = 1\n{body}\ntutup_fungsi\n");
    let parens = wrap(format!("  x = {}1{}", "(".repeat(1_000_000), ")".repeat(1_000_000)));
    expect_text(&parens, 3, &["NESTING_TOO_DEEP"]);
    for operator in ["- ", "!", "~"] {
        expect_text(
            &wrap(format!("  x = {}1", operator.repeat(1_000_000))),
            3,
            &["NESTING_TOO_DEEP"],
        );
    }
    let blocks = wrap("jika (x)\n".repeat(300_000) + &"tutup_jika\n".repeat(300_000));
    expect_text(&blocks, 3, &["NESTING_TOO_DEEP"]);
}

#[test]
fn a_very_long_sum_is_no_nesting() {
    let sum = format!("fungsi mulai()\n  cetak(1{})\ntutup_fungsi\n", "+1".repeat(100_000));
    let (status, stderr) = Project::new(&[("main.fox", &sum)]).check();
    assert!(matches!(status, 0 | 3), "{stderr}");
}

#[test]
fn numbers_beyond_sixty_four_bits_are_diagnosed() {
    expect_text("fungsi mulai()\n  cetak(18446744073709551615)\ntutup_fungsi\n", 0, &[]);
    expect_text(
        "fungsi mulai()\n  cetak(18446744073709551616)\ntutup_fungsi\n",
        3,
        &["NUMBER_TOO_LARGE"],
    );
    expect_text(
        "fungsi mulai()\n  cetak(0x1ffffffffffffffff)\ntutup_fungsi\n",
        3,
        &["NUMBER_TOO_LARGE"],
    );
}

#[test]
fn huge_and_senseless_id_ranges_cost_one_diagnostic() {
    expect_text("Ambil 1-99999999999\n", 3, &["ID_RANGE_TOO_LARGE"]);
    expect_text("Daftar \"x\" = 0-18446744073709551615\n", 3, &["ID_RANGE_TOO_LARGE"]);
    expect_text("Ambil 200-100\n", 3, &["ID_MALFORMED"]);
    expect_text("Ambil 9999\n", 3, &["ID_UNREGISTERED"]);
    expect_text("Ambil 9990-9999\n", 3, &["ID_UNREGISTERED"]);
}

#[test]
fn files_that_import_each_other_and_themselves_are_taken_once() {
    let project = Project::new(&[
        (
            "main.fox",
            "ambil \"main\"\nambil \"a\"\nfungsi mulai()\n  cetak(a() + b())\ntutup_fungsi\n",
        ),
        ("a.fox", "ambil \"b\"\nfungsi a()\n  kembalikan 1\ntutup_fungsi\n"),
        ("b.fox", "ambil \"a\"\nambil \"main\"\nfungsi b()\n  kembalikan 2\ntutup_fungsi\n"),
    ]);
    expect(&project, 0, &[]);
}

#[test]
fn a_chain_of_ten_thousand_files_needs_no_stack() {
    let project = Project::new(&[(
        "main.fox",
        "ambil \"u/0\"\nfungsi mulai()\n  cetak(f9999())\ntutup_fungsi\n",
    )]);
    for n in 0..10_000 {
        let next = if n + 1 < 10_000 { format!("ambil \"u/{}\"\n", n + 1) } else { String::new() };
        project.write(
            &format!("u/{n}.fox"),
            format!("{next}fungsi f{n}()\n  kembalikan {n}\ntutup_fungsi\n").as_bytes(),
        );
    }
    expect(&project, 0, &[]);
}

#[test]
fn an_import_that_leaves_the_project_is_refused_even_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.fox"), "fungsi x()\ntutup_fungsi\n").unwrap();
    let absolute = format!("ambil \"{}\"\n", outside.path().join("x.fox").display());
    expect_text(&absolute, 3, &["IMPORT_OUTSIDE"]);
    expect_text("ambil \"../../../../../../../../etc/passwd\"\n", 3, &["IMPORT_OUTSIDE"]);
    let project = Project::new(&[("main.fox", "ambil \"pintu/x\"\n")]);
    std::os::unix::fs::symlink(outside.path(), project.path().join("pintu")).unwrap();
    expect(&project, 3, &["IMPORT_OUTSIDE"]);
}

#[test]
fn one_missing_import_costs_that_import_only() {
    let project = Project::new(&[(
        "main.fox",
        "ambil \"tiada\"\nfungsi mulai()\n  cetak(7)\ntutup_fungsi\n",
    )]);
    expect(&project, 3, &["IMPORT_MISSING"]);
    let output = project.morph(&["run", "main.fox"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"7\n".as_slice()));
}

#[test]
fn duplicates_across_units_close_the_second_and_keep_the_first() {
    let project = Project::new(&[
        (
            "main.fox",
            "ambil \"a\"\nfungsi f()\n  kembalikan 1\ntutup_fungsi\nfungsi mulai()\n  cetak(f())\ntutup_fungsi\n",
        ),
        ("a.fox", "fungsi f()\n  kembalikan 2\ntutup_fungsi\n"),
    ]);
    expect(&project, 3, &["DEFINITION_DUPLICATE"]);
    let output = project.morph(&["run", "main.fox"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"1\n".as_slice()));
}

#[test]
fn registries_that_disagree_are_warned_about_and_the_later_one_wins() {
    let block =
        |value: u32| format!("### 7000\nfungsi nilai()\n  kembalikan {value}\ntutup_fungsi\n");
    let project = Project::new(&[
        (
            "main.fox",
            "indeks \"satu\"\nindeks \"dua\"\nAmbil 7000\nfungsi mulai()\n  cetak(nilai())\ntutup_fungsi\n",
        ),
        ("satu.fox", "Daftar \"a\" = 7000\n"),
        ("dua.fox", "Daftar \"b\" = 7000\n"),
        ("a.fox", &block(1)),
        ("b.fox", &block(2)),
    ]);
    expect(&project, 0, &["REGISTRY_CONFLICT"]);
    let output = project.morph(&["run", "main.fox"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"2\n".as_slice()));
}

#[test]
fn a_registered_file_that_is_missing_is_reported_where_the_id_is_imported() {
    expect_text("Daftar \"tiada\" = 7000\n", 0, &[]);
    expect_text("Daftar \"tiada\" = 7000\nAmbil 7000\n", 3, &["IMPORT_MISSING"]);
    let project =
        Project::new(&[("main.fox", "Daftar \"a\" = 7000\nAmbil 7000\n"), ("a.fox", "### 7001\n")]);
    expect(&project, 3, &["ID_MISSING"]);
}

#[test]
fn the_command_line_is_checked_before_any_work() {
    let project = Project::new(&[("main.fox", "")]);
    for args in [
        &["build"][..],
        &["run", "main.fox", "--opt", "fast"],
        &["nonsense"],
        &["check", "main.fox", "-q", "-v"],
    ] {
        assert_eq!(project.morph(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn strict_makes_no_image_when_there_is_an_error() {
    let project = Project::new(&[(
        "main.fox",
        "fungsi mulai()\n  cetak(1)\ntutup_fungsi\nfungsi rusak()\n  cetak(tiada)\ntutup_fungsi\n",
    )]);
    let strict = project.morph(&["build", "main.fox", "--strict", "-o", "keluar"]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(!project.path().join("keluar").exists());
    let lenient = project.morph(&["build", "main.fox", "-o", "keluar"]);
    assert_eq!(lenient.status.code(), Some(3));
    let run = Command::new(project.path().join("keluar")).output().unwrap();
    assert_eq!((run.status.code(), run.stdout.as_slice()), (Some(0), b"1\n".as_slice()));
}

#[test]
fn an_image_that_cannot_be_written_is_status_74_and_leaves_nothing_behind() {
    let project = Project::new(&[("main.fox", "fungsi mulai()\ntutup_fungsi\n")]);
    let output = project.morph(&["build", "main.fox", "-o", "tiada/keluar"]);
    assert_eq!(output.status.code(), Some(74), "{}", String::from_utf8_lossy(&output.stderr));
    fs::create_dir(project.path().join("map")).unwrap();
    assert_eq!(project.morph(&["build", "main.fox", "-o", "map"]).status.code(), Some(74));
    let mut names: Vec<_> =
        fs::read_dir(project.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".morph", "main.fox", "map", "morph.toml"]);
}

#[test]
fn a_closed_pipe_is_success() {
    let project = Project::new(&[]);
    let command =
        format!("{} explain | true; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_morph"));
    let status =
        Command::new("bash").args(["-c", &command]).current_dir(project.path()).status().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn images_and_diagnostics_are_the_same_in_two_folders() {
    let files = [
        (
            "main.fox",
            "ambil \"sub/a\"\nAmbil 340-344\nfungsi mulai()\n  var v = vec_create(4)\n  cetak(a() / 0)\ntutup_fungsi\nfungsi rusak()\n  cetak(tiada)\ntutup_fungsi\n",
        ),
        (
            "sub/a.fox",
            "var g = hitung()\nfungsi hitung()\n  kembalikan 3\ntutup_fungsi\nfungsi a()\n  kembalikan g\ntutup_fungsi\n",
        ),
    ];
    let build = || {
        let project = Project::new(&files);
        let output = project.morph(&["build", "main.fox", "-o", "keluar"]);
        (output.status.code(), output.stderr, fs::read(project.path().join("keluar")).unwrap())
    };
    let (first, second) = (build(), build());
    assert_eq!(first.0, Some(3), "{}", String::from_utf8_lossy(&first.1));
    assert_eq!(String::from_utf8(first.1), String::from_utf8(second.1));
    assert!(first.2 == second.2, "the images differ");
}
