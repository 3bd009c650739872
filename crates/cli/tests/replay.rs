//! Crash bundles: every fault that repeats leaves one, and from it alone the fault is seen again, wherever and whenever.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

fn morph(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_morph"))
        .args(["--color", "never"])
        .args(arguments)
        .env("LC_ALL", "C")
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Definitions of every kind; what a check of `hitung` can ask about is spread over all of them.
const PROGRAM: &str = r#"const BATAS = 3
const LEBAR = BATAS + 1

var jumlah = 0

struktur Titik
  x
  y float
tutup_struktur

fungsi skala(t)
  tipe t Titik
  kembalikan t.y * BATAS
tutup_fungsi

fungsi catat()
  jumlah = skala(Titik(1, 2.5))
tutup_fungsi

fungsi hitung(n)
  var t = Titik(n, 1.5)
  kembalikan skala(t) + jumlah + LEBAR
tutup_fungsi

fungsi mulai()
  catat()
  cetak("mulai")
  cetak(hitung(1))
tutup_fungsi
"#;

/// Positions in `PROGRAM`.
const HITUNG: &str = "6";
const MULAI: &str = "7";

/// A project whose build met a fault, and a place elsewhere for what is kept of it.
struct Broken {
    project: TempDir,
    elsewhere: TempDir,
    /// Of the build.
    output: Output,
    /// The fault's id as the message names it.
    id: String,
}

impl Broken {
    fn new(position: &str, phase: &str, kind: &str) -> Broken {
        Broken::of(PROGRAM, &format!("main.fox:{position}:{phase}:{kind}"))
    }

    fn of(program: &str, fault: &str) -> Broken {
        let project = tempfile::tempdir().unwrap();
        fs::write(project.path().join("main.fox"), program).unwrap();
        let output = morph(project.path(), &["build", "main.fox", "-o", "main", "--inject", fault]);
        let seen = text(&output.stderr);
        let id = seen.split_once("(fault ").and_then(|(_, rest)| rest.split_once(')'));
        let id = id.unwrap_or_else(|| panic!("{fault}: no fault is named\n{seen}")).0.to_owned();
        Broken { project, elsewhere: tempfile::tempdir().unwrap(), output, id }
    }

    fn folder(&self) -> PathBuf {
        self.project.path().join(".morph/bundles").join(&self.id)
    }

    /// Moves the bundle away and deletes the project.
    fn alone(self) -> Alone {
        let Broken { project, elsewhere, id, .. } = self;
        let from = project.path().join(".morph/bundles").join(&id);
        fs::rename(from, elsewhere.path().join(&id)).unwrap();
        drop(project);
        Alone { folder: elsewhere, id }
    }
}

/// A bundle of which nothing else is left.
struct Alone {
    folder: TempDir,
    id: String,
}

impl Alone {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(&self.id).join(name)
    }

    /// What a replay says, as a value.
    fn replay(&self) -> (i32, Value) {
        let output = morph(self.folder.path(), &["replay", &self.id, "--message-format", "json"]);
        let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr))
        });
        (output.status.code().unwrap(), said)
    }

    /// Changes what the bundle says.
    fn change(&self, change: impl FnOnce(&mut Value)) {
        let path = self.file("bundle.json");
        let mut json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut json);
        fs::write(path, json.to_string()).unwrap();
    }

    fn human(&self, arguments: &[&str]) -> (i32, String) {
        let output = morph(self.folder.path(), &[&["replay", &self.id], arguments].concat());
        let said = text(&output.stdout) + &text(&output.stderr);
        (output.status.code().unwrap(), said)
    }
}

/// Kinds of faults with the names that messages give them.
const KINDS: [(&str, &str); 11] = [
    ("segv", "SIGSEGV"),
    ("abort", "SIGABRT"),
    ("fpe", "SIGFPE"),
    ("bus", "SIGBUS"),
    ("ill", "SIGILL"),
    ("stack", "stack overflow"),
    ("memory", "memory"),
    ("panic", "panic"),
    ("garbage", "bad reply"),
    ("truncated", "bad reply"),
    ("exit", "bad reply"),
];

/// The fault is named by the message and, when the program gets there, by the stub; from the bundle alone it is seen
/// again, as the very same fault.
#[track_caller]
fn every_kind_in(phase: &str, position: &str, stub: bool) {
    for (kind, name) in KINDS {
        let broken = Broken::new(position, phase, kind);
        let message = text(&broken.output.stderr);
        let command = format!("`morph replay .morph/bundles/{}`", broken.id);
        assert!(message.contains(&command), "{kind}: {message}");
        if stub {
            let image = Command::new(broken.project.path().join("main")).output().unwrap();
            let told = text(&image.stderr);
            assert!(told.contains(&format!("(fault {})", broken.id)), "{kind}: {told}");
            assert_eq!(image.status.code(), Some(70), "{kind}");
        }
        let id = broken.id.clone();
        let alone = broken.alone();
        let (status, said) = alone.replay();
        let seen = &said["seen"];
        assert_eq!(
            (status, &said["outcome"], &seen["fault"], &seen["kind"], &seen["phase"]),
            (0, &json!("reproduced"), &json!(id), &json!(name), &json!(phase)),
            "{kind}"
        );
    }
    // Faults of time take as long as the budget is; that of the bundle is what counts.
    let alone = Broken::new(position, phase, "segv").alone();
    alone.change(|json| {
        json["kind"] = json!("time");
        json["injected"]["kind"] = json!("hang");
        json["budget"]["cpu_ms"] = json!(50);
    });
    let (status, said) = alone.replay();
    assert_eq!((status, &said["seen"]["kind"]), (0, &json!("time")), "{said}");
    let death = &said["seen"]["record"]["death"];
    assert_eq!(death, "exhausted: needed more than 50 ms of processor time");
}

#[test]
fn faults_while_a_unit_is_cut_are_replayed() {
    every_kind_in("split", "-", false);
}

#[test]
fn faults_while_a_fragment_is_parsed_are_replayed() {
    every_kind_in("parse", MULAI, true);
}

#[test]
fn faults_while_a_fragment_is_summarised_are_replayed() {
    every_kind_in("index", MULAI, true);
}

#[test]
fn faults_while_a_fragment_is_checked_are_replayed() {
    every_kind_in("check", HITUNG, true);
}

#[test]
fn faults_while_a_fragment_is_compiled_are_replayed() {
    every_kind_in("compile", HITUNG, true);
}

#[test]
fn faults_while_a_worker_answers_are_replayed() {
    every_kind_in("reply", HITUNG, true);
}

#[test]
fn a_hang_is_kept_with_the_budget_that_it_used_up() {
    let alone = Broken::new(HITUNG, "check", "hang").alone();
    let json: Value =
        serde_json::from_slice(&fs::read(alone.file("bundle.json")).unwrap()).unwrap();
    assert_eq!(
        (&json["kind"], &json["phase"], &json["budget"]["cpu_ms"], &json["record"]["death"]),
        (
            &json!("time"),
            &json!("check"),
            &json!(2000),
            &json!("exhausted: needed more than 2000 ms of processor time")
        )
    );
}

#[test]
fn the_environment_holds_what_a_check_can_ask_about_and_nothing_else() {
    let program = format!("{PROGRAM}\nfungsi asing()\n  cetak(2)\ntutup_fungsi\n");
    let broken = Broken::of(&program, "main.fox:6:check:segv");
    let environment = fs::read_to_string(broken.folder().join("environment.fox")).unwrap();
    let names = ["LEBAR", "BATAS", "jumlah", "Titik", "fungsi skala(", "fungsi catat("];
    for name in names {
        assert!(environment.contains(name), "{name}: {environment}");
    }
    for name in ["fungsi asing(", "fungsi mulai(", "fungsi hitung("] {
        assert!(!environment.contains(name), "{name}: {environment}");
    }
    assert!(environment.starts_with("; main.fox:1\nconst BATAS = 3\n\n; main.fox:2\n"));
    let fragment = fs::read_to_string(broken.folder().join("fragment.fox")).unwrap();
    assert!(fragment.starts_with("fungsi hitung(n)\n") && fragment.ends_with("tutup_fungsi"));
}

#[test]
fn what_the_rest_of_the_program_brings_into_play_is_brought_into_play_again() {
    // Whether `cetak` of a word can meet a float is decided by other fragments than the one that prints it, and so is
    // the type of a global.
    let programs = [
        "fungsi asing()\n  cetak(1.5)\ntutup_fungsi\n\nfungsi mulai()\n  asing()\ntutup_fungsi\n",
        "fungsi asing()\n  cetak(1)\ntutup_fungsi\n\nfungsi mulai()\n  asing()\ntutup_fungsi\n",
        "var isi = 0\n\nfungsi mulai()\n  isi = \"teks\"\ntutup_fungsi\n",
        "var isi = 0\n\nfungsi ganti()\n  isi = \"teks\"\ntutup_fungsi\n\nfungsi mulai()\n  ganti()\ntutup_fungsi\n",
    ];
    let shown = ["n", "n", "isi", "isi"];
    for (program, shown) in programs.into_iter().zip(shown) {
        let program = format!("fungsi tampilkan(n)\n  cetak({shown})\ntutup_fungsi\n\n{program}");
        let alone = Broken::of(&program, "main.fox:0:compile:panic").alone();
        let (status, said) = alone.replay();
        assert_eq!((status, &said["seen"]["fault"]), (0, &json!(alone.id)), "{program}");
    }
}

#[test]
fn what_took_part_of_the_library_takes_part_again() {
    // Whether anything assigns to its globals depends on what the program imported.
    let program =
        "ambil \"lib/memory_arena.fox\"\n\nfungsi mulai()\n  arena_report_all()\ntutup_fungsi\n";
    let alone = Broken::of(program, "lib/memory_arena.fox:12:compile:panic").alone();
    let (status, said) = alone.replay();
    assert_eq!((status, &said["seen"]["fault"]), (0, &json!(alone.id)), "{said}");
    // A position that this compiler's library does not have is no reason to fail.
    alone.change(|json| {
        json["library"] = json!({"lib/memory_arena.fox": [u32::MAX], "lib/tiada.fox": [0]})
    });
    let (status, said) = alone.replay();
    assert_eq!((status, &said["outcome"]), (0, &json!("reproduced")), "{said}");
}

#[test]
fn what_runs_at_start_up_keeps_the_position_by_which_it_is_named() {
    for position in ["1", "2", "3"] {
        let program = "var a = 1\nvar b = a + 1\ncetak(b)\ncetak(a + b)\n";
        let alone = Broken::of(program, &format!("main.fox:{position}:compile:panic")).alone();
        let (status, said) = alone.replay();
        assert_eq!((status, &said["seen"]["fault"]), (0, &json!(alone.id)), "{position}");
    }
}

#[test]
fn a_fault_in_a_fragment_of_the_library_is_replayed_too() {
    // `cetak` of a float needs it.
    let broken = Broken::of(PROGRAM, "lib/kernel/print.fox:2:check:segv");
    let alone = broken.alone();
    let (status, said) = alone.replay();
    assert_eq!((status, &said["seen"]["fault"]), (0, &json!(alone.id)), "{said}");
}

#[test]
fn what_a_replay_says_is_worded_in_both_languages() {
    let alone = Broken::new(HITUNG, "compile", "panic").alone();
    let id = &alone.id;
    let place = {
        let json: Value =
            serde_json::from_slice(&fs::read(alone.file("bundle.json")).unwrap()).unwrap();
        json["record"]["death"].as_str().unwrap().to_owned()
    };
    let english = format!(
        "crash bundle {id}: a panic in the phase `compile` (main.fox:20)\n\
         the fault was injected on purpose\n\
         reproduced: a panic in the phase `compile`\n  {place}\n"
    );
    assert_eq!(alone.human(&[]), (0, english));
    let indonesian = format!(
        "bundel keambrukan {id}: panik pada fase `compile` (main.fox:20)\n\
         gangguannya disuntikkan dengan sengaja\n\
         terulang: panik pada fase `compile`\n  {place}\n"
    );
    assert_eq!(alone.human(&["--lang", "id"]), (0, indonesian));
}

#[test]
fn a_signal_is_told_with_its_address_and_with_the_functions_of_the_compiler_that_led_to_it() {
    let alone = Broken::new(HITUNG, "check", "segv").alone();
    let (status, said) = alone.human(&[]);
    let (head, frames) = said.split_once("earlier calls):\n").unwrap();
    let (head, pointer) = head.split_once("instruction pointer: ").unwrap();
    assert_eq!(
        (status, head),
        (
            0,
            format!(
                "crash bundle {}: SIGSEGV in the phase `check` (main.fox:20)\n\
                 the fault was injected on purpose\n\
                 reproduced: SIGSEGV in the phase `check`\n  \
                 crashed: invalid memory access (signal 11) at address 0x8\n  \
                 address: 0x8\n  ",
                alone.id
            )
            .as_str()
        )
    );
    assert!(pointer.starts_with("morph+0x"), "{pointer}");
    assert!(frames.contains(" in morph_driver::back::Back::check\n"), "{frames}");
}

#[test]
fn a_fault_that_is_gone_or_is_another_one_is_told_as_such_with_status_3() {
    let alone = Broken::new(HITUNG, "check", "panic").alone();
    alone.change(|json| {
        json["injected"]["kind"] = json!("abort");
        json["build"] = json!("00".repeat(32));
        json["morph"] = json!("0.0.1");
    });
    let (status, said) = alone.human(&[]);
    assert_eq!(status, 3);
    assert!(said.contains("it comes from another build of the compiler: morph 0.0.1 (00000000)\n"));
    assert!(
        said.contains("not reproduced: SIGABRT in the phase `check` instead (fault f-"),
        "{said}"
    );

    alone.change(|json| json["injected"] = Value::Null);
    let (status, said) = alone.human(&[]);
    assert_eq!(status, 3);
    assert!(
        said.contains(
            "not reproduced: the compiler gets through it\nat that time it\n  panicked at "
        ),
        "{said}"
    );

    fs::write(alone.file("fragment.fox"), "fungsi hitung(n)\n  kembalikan tiada\ntutup_fungsi")
        .unwrap();
    let (status, said) = alone.human(&[]);
    assert_eq!(status, 3);
    assert!(said.contains("gets through it and finds an error\n"), "{said}");
    assert!(said.contains("--> main.fox:21:14\n"), "{said}");
    // With nothing to look for, nothing is made smaller.
    let (status, _) = alone.human(&["--minimise"]);
    assert_eq!(status, 3);
    assert!(!alone.folder.path().join(format!("{}.min", alone.id)).exists());
}

#[test]
fn a_damaged_bundle_is_refused_with_a_reason() {
    let alone = Broken::new(HITUNG, "check", "segv").alone();
    let good = fs::read_to_string(alone.file("bundle.json")).unwrap();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let reasons = [
        (
            String::new(),
            "`bundle.json` is not what morph writes: EOF while parsing a value at line 1 column 0",
        ),
        (
            "{}".to_owned(),
            "`bundle.json` is not what morph writes: missing field `version` at line 1 column 2",
        ),
        (
            "[".repeat(100_000),
            "`bundle.json` is not what morph writes: invalid type: sequence, expected u64 at line 1 column 1",
        ),
        (
            with("\"version\": 1", "\"version\": 2"),
            "`bundle.json` is of version 2, and this morph reads version 1",
        ),
        (
            with("\"phase\": \"check\"", "\"phase\": \"x\""),
            "`phase` in `bundle.json` has a value that it cannot have",
        ),
        (
            with("\"function\"", "\"poem\""),
            "`piece` in `bundle.json` has a value that it cannot have",
        ),
        (
            with("\"main.fox\"", "\"\\u001b[2J\""),
            "`unit` in `bundle.json` has a value that it cannot have",
        ),
        (
            with("67108864", "1152921504606846976"),
            "`budget.memory` in `bundle.json` has a value that it cannot have",
        ),
        (
            with("\"fault\": \"f-", "\"fault\": \"../"),
            "`fault` in `bundle.json` has a value that it cannot have",
        ),
        (
            with("\"position\": 6", "\"position\": null"),
            "`position` in `bundle.json` has a value that it cannot have",
        ),
        (
            with("\"kind\": \"segv\"", "\"kind\": \"rm\""),
            "`injected.kind` in `bundle.json` has a value that it cannot have",
        ),
        (
            with("morph+0x", "morph+"),
            "`bundle.json` is not what morph writes: an address is written `morph+0x1f` or `0x1f`",
        ),
    ];
    for (json, reason) in reasons {
        fs::write(alone.file("bundle.json"), &json).unwrap();
        let (status, said) = alone.human(&[]);
        let expected =
            format!("error: `{}` is no crash bundle that can be replayed: {reason}", alone.id);
        assert_eq!(status, 1, "{reason}");
        assert!(said.trim_end().starts_with(&expected), "{said}");
    }
    fs::write(alone.file("bundle.json"), &good).unwrap();
    fs::write(alone.file("fragment.fox"), b"\xff").unwrap();
    let (status, said) = alone.human(&["--message-format", "short"]);
    let id = &alone.id;
    assert_eq!(status, 1);
    assert!(
        said.contains(&format!("{id}/fragment.fox")) && said.contains("FILE_NOT_UTF8"),
        "{said}"
    );
    for name in ["fragment.fox", "environment.fox", "bundle.json"] {
        fs::remove_file(alone.file(name)).unwrap();
        let (status, said) = alone.human(&["--message-format", "short"]);
        assert_eq!(status, 1, "{name}");
        assert!(said.contains("FILE_MISSING") && said.contains(&format!("{id}/")), "{said}");
    }
    let output = morph(alone.folder.path(), &["replay", "f-00000000"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: there is no crash bundle `f-00000000`, "));
}

#[test]
fn facts_that_fit_no_text_are_no_reason_to_fail() {
    let alone = Broken::new(HITUNG, "check", "segv").alone();
    alone.change(|json| {
        json["name"] = json!([4_000_000_000_u32, 7]);
        json["line"] = json!(u32::MAX);
        json["position"] = json!(u32::MAX);
    });
    let (status, said) = alone.replay();
    assert_eq!((status, &said["outcome"]), (0, &json!("reproduced")));
    // A fragment of a library that this compiler does not have.
    alone.change(|json| {
        json["side"] = json!("library");
        json["unit"] = json!("lib/tiada.fox");
    });
    let (status, said) = alone.replay();
    assert_eq!((status, &said["outcome"]), (0, &json!("reproduced")), "{said}");
}

#[test]
fn two_hundred_lines_become_the_few_that_matter() {
    let body: String = (0..200).map(|n| format!("  cetak({n})\n")).collect();
    let more: String = (0..20).map(|n| format!("const K{n} = {n}\n")).collect();
    let used: String = (0..20).map(|n| format!("  cetak(K{n})\n")).collect();
    let program = format!(
        "fungsi besar()\n{body}{used}tutup_fungsi\n{more}\nfungsi mulai()\n  besar()\ntutup_fungsi\n"
    );
    let alone = Broken::of(&program, "main.fox:0:compile:abort").alone();
    let (status, said) = alone.human(&["--minimise"]);
    let smaller = format!("{}.min", alone.id);
    assert_eq!(status, 0);
    assert!(
        said.contains("minimised: 2 of 222 lines, 0 of 20 definitions around them, after "),
        "{said}"
    );
    assert!(said.ends_with(&format!("written to {smaller}\n")), "{said}");
    let read =
        |name: &str| fs::read_to_string(alone.folder.path().join(&smaller).join(name)).unwrap();
    assert_eq!(read("fragment.fox"), "fungsi besar()\ntutup_fungsi");
    assert_eq!(read("environment.fox"), "");
    let output = morph(alone.folder.path(), &["replay", &smaller]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    // The first result stays.
    let (_, said) = alone.human(&["--minimise"]);
    assert!(said.ends_with(&format!("written to {smaller}2\n")), "{said}");
}

#[test]
fn what_is_needed_for_a_fault_stays() {
    // Not injected: the answer is longer than the budget, and one line of a hundred, with a constant, is to blame for that.
    let blamed = "  cetak(PANJANG)\n";
    let line = |n: u32| if n == 66 { blamed.to_owned() } else { format!("  cetak({n})\n") };
    let body: String = (0..100).map(line).collect();
    let program = format!(
        "const PANJANG = \"{}\"\nconst LAIN = 1\n\n\
         fungsi besar()\n{body}  cetak(LAIN)\ntutup_fungsi\n\n\
         fungsi mulai()\n  besar()\ntutup_fungsi\n",
        "a".repeat(20_000)
    );
    let alone = Broken::of(&program, "main.fox:2:compile:abort").alone();
    alone.change(|json| {
        json["injected"] = Value::Null;
        json["kind"] = json!("reply");
        json["phase"] = json!("reply");
        // Enough to read the constant, too little for the code that prints it.
        json["budget"]["reply"] = json!(20_080);
    });
    let (status, said) = alone.human(&["--minimise"]);
    assert_eq!(status, 0, "{said}");
    let read = |name: &str| {
        let smaller = alone.folder.path().join(format!("{}.min", alone.id));
        fs::read_to_string(smaller.join(name)).unwrap()
    };
    assert_eq!(read("fragment.fox"), format!("fungsi besar()\n{blamed}tutup_fungsi"));
    assert!(read("environment.fox").starts_with("const PANJANG = \"aaa"));
    assert!(!read("environment.fox").contains("LAIN"));
}

#[test]
fn a_bundle_is_found_by_the_id_of_its_fault_from_anywhere_in_its_project() {
    let broken = Broken::new(HITUNG, "check", "panic");
    let inner = broken.project.path().join("dalam/sekali");
    fs::create_dir_all(&inner).unwrap();
    for named in [broken.id.clone(), format!(".morph/bundles/{}", broken.id)] {
        assert_eq!(morph(&inner, &["replay", &named]).status.code(), Some(0), "{named}");
    }
}

#[test]
fn the_report_ends_with_whose_fault_it_is_and_a_path_that_leads_there_from_here() {
    let broken = Broken::new(HITUNG, "check", "panic");
    let said = text(&broken.output.stderr);
    let id = &broken.id;
    let end = |folder: &str| {
        format!(
            "isolated: 1 of 8 fragments; the other 7 work\n  \
         fungsi hitung (main.fox:20) [{id}]\n      \
         this is Morph's fault, not yours: `morph replay {folder}.morph/bundles/{id}` shows it\n      \
         reached by mulai -> hitung\n"
        )
    };
    assert!(said.ends_with(&end("")), "{said}");
    // A later build does not try the fragment again, and from another folder the way is another one.
    let name = broken.project.path().file_name().unwrap().to_str().unwrap().to_owned();
    let above = broken.project.path().parent().unwrap();
    let again = |format: &str| {
        let (file, image) = (format!("{name}/main.fox"), format!("{name}/main"));
        let arguments = ["build", &file, "-o", &image, "--message-format", format];
        text(&morph(above, &arguments).stderr)
    };
    let said = again("human");
    assert!(said.contains("not tried again: it crashed in an earlier build"), "{said}");
    assert!(
        said.contains(&format!("`morph replay {name}/.morph/bundles/{id}` shows it")),
        "{said}"
    );
    let closed = again("json");
    let closed = closed.lines().find(|line| line.contains("\"kind\":\"closed\"")).unwrap();
    let closed: Value = serde_json::from_str(closed).unwrap();
    assert_eq!(
        (&closed["fault"], &closed["bundle"]),
        (&json!(id), &json!(format!("{name}/.morph/bundles/{id}")))
    );
}

#[test]
fn a_bundle_is_written_once_and_again_if_it_was_deleted() {
    let broken = Broken::new(HITUNG, "check", "panic");
    let marker = broken.folder().join("catatan.txt");
    fs::write(&marker, "milik saya").unwrap();
    let build = || morph(broken.project.path(), &["build", "main.fox", "-o", "main"]);
    build();
    assert!(marker.exists());
    fs::remove_dir_all(broken.folder()).unwrap();
    let said = text(&build().stderr);
    assert!(said.contains(&broken.id), "{said}");
    // Nothing is injected any more, so there is nothing to see; but what is named is there.
    let replay = morph(broken.project.path(), &["replay", &broken.id]);
    assert_eq!(replay.status.code(), Some(3), "{}", text(&replay.stderr));
    let left: Vec<_> =
        fs::read_dir(broken.project.path().join(".morph/bundles")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_bundle_that_cannot_be_written_is_told_and_costs_nothing() {
    let project = tempfile::tempdir().unwrap();
    fs::write(project.path().join("main.fox"), PROGRAM).unwrap();
    fs::create_dir(project.path().join(".morph")).unwrap();
    fs::write(project.path().join(".morph/bundles"), "berkas").unwrap();
    let output = morph(
        project.path(),
        &["build", "main.fox", "-o", "main", "--inject", "main.fox:6:check:panic"],
    );
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3));
    assert!(said.contains("warning: the crash bundle of f-"), "{said}");
    assert!(project.path().join("main").exists());
}
