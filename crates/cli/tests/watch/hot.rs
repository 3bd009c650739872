//! `morph watch --run --hot`: functions are replaced in the running program, which keeps its memory.

use std::process::Command;

use crate::harness::Watch;

/// A server in small: `langkah` is called again and again, `hitung` is its memory.
const SERVER: &str = r#"struktur Titik
  x
tutup_struktur
const BATAS = 1000000
var hitung = 0
var simpanan = Titik(7)
fungsi nilai(n)
  kembalikan n + 1
tutup_fungsi
fungsi langkah(awal)
  tipe simpanan Titik
  hitung = hitung + 1
  cetak_str(str_concat("satu ", format_int(nilai(simpanan.x))))
tutup_fungsi
fungsi campur(a, b)
  var hasil = a + b
  kembalikan hasil
tutup_fungsi
fungsi tunggu(ms)
  var akhirnya = sys_get_monotonic_ms() + ms
  selama (sys_get_monotonic_ms() < akhirnya)
  tutup_selama
tutup_fungsi
fungsi mulai()
  cetak_str("awal")
  selama (hitung < BATAS)
    protected_call(langkah, 0)
    tunggu(20)
  tutup_selama
tutup_fungsi
"#;

/// A watch of the server that has said its first word.
fn server(args: &[&str]) -> Watch {
    let all: Vec<&str> = ["--run", "--hot"].iter().chain(args).copied().collect();
    let watch = Watch::new(SERVER, &all);
    watch.until(&["awal\n", "satu 8\n", "waiting for a save"]);
    watch
}

fn save(watch: &Watch, from: &str, to: &str) {
    assert!(SERVER.contains(from), "{from}");
    watch.save("a.fox", &SERVER.replace(from, to));
}

/// The blocks of a page of documentation that begin with a fence of one of these kinds.
fn blocks<'p>(page: &'p str, kinds: &[&str]) -> Vec<(&'p str, &'p str)> {
    let mut found = Vec::new();
    for block in page.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').unwrap();
        if kinds.contains(&kind) {
            found.push((kind, text));
        }
    }
    found
}

#[test]
fn the_page_about_it_says_what_happens() {
    let page = include_str!("../../../../docs/watch.md").replace("kasir.fox", "a.fox");
    let program = blocks(&page, &["fox"])[0].1;
    let watch = Watch::new(&format!("{program}\n"), &["--run", "--hot"]);
    let steps = blocks(&page, &["text", "sh"]);
    assert_eq!(steps.len(), 9);
    for (kind, text) in steps {
        if kind == "sh" {
            let done = Command::new("sh").args(["-c", text]).current_dir(watch.path()).status();
            assert!(done.unwrap().success(), "{text}");
            continue;
        }
        // How long it took, how large the library is, and how many customers there were meanwhile, is not the same each time; ids
        // of faults follow from the file's name.
        let wanted: Vec<String> = text
            .lines()
            .map(|line| match line.split_once(": ") {
                Some((number, price)) if number.parse::<u32>().is_ok() => format!(": {price}\n"),
                Some((time, counts)) if time.ends_with(" ms") => match counts.rsplit_once(", ") {
                    Some((_, closed)) => format!("{closed}\n"),
                    None => panic!("{line}"),
                },
                _ => line.split(" [f-").next().unwrap_or(line).to_owned(),
            })
            .collect();
        let said = watch.until(&wanted.iter().map(String::as_str).collect::<Vec<_>>());
        let anew = text.contains("begins anew") || text.contains("\n1: ");
        assert_eq!(said.lines().any(|line| line.starts_with("1: ")), anew, "{said}");
    }
}

#[test]
fn a_changed_function_is_called_next_and_memory_is_kept() {
    for args in [&[][..], &["--opt", "speed"]] {
        let watch = server(args);
        let text = r#"cetak_str("dua")
  cetak(hitung > 1)
  cetak(campur(hitung, 0) > 1)"#;
        save(&watch, r#"cetak_str(str_concat("satu ", format_int(nilai(simpanan.x))))"#, text);
        let said = watch.until(&["replaced in the running program: `langkah`\n", "dua\n1\n1\n"]);
        assert!(!said.contains("awal"), "{said}");
        // One that the program did not have, and one that calls it.
        save(
            &watch,
            "fungsi langkah(awal)",
            "fungsi baru(s, n)\n  kembalikan str_slice(s, 0, n)\ntutup_fungsi\nfungsi langkah(awal)\n  cetak_str(baru(\"tiga empat\", 4))",
        );
        let said = watch.until(&[
            "program: `baru`, `langkah`\n",
            "tiga\nsatu 8\ntiga\nsatu 8\ntiga\nsatu 8\ntiga\nsatu 8\n",
        ]);
        assert!(!said.contains("awal"), "{said}");
        save(&watch, "n + 1", "n + 2");
        watch.until(&["program: `nilai`, `langkah`\n", "satu 9\n"]);
    }
}

#[test]
fn a_closed_function_that_is_mended_works_in_the_running_program() {
    let watch = Watch::new(&SERVER.replace("n + 1", "n + tiada"), &["--run", "--hot"]);
    watch.until(&["awal\n", "1 closed; waiting for a save"]);
    save(&watch, "n + 1", "n + 1");
    let said =
        watch.until(&["fungsi nilai (a.fox) works again\n", "program: `nilai`\n", "satu 8\n"]);
    assert!(!said.contains("awal"), "{said}");
    // A syntax error closes it as well: the program goes on with what it had, and so does who uses it.
    save(&watch, "n + 1", "n + (");
    let said = watch
        .until(&["the running program goes on with the former `nilai`\n", "1 closed; waiting"]);
    assert!(!said.contains("awal"), "{said}");
    watch.until(&["satu 8\n"]);
    save(&watch, "n + 1", "n + 3");
    let said = watch.until(&["program: `nilai`\n", "satu 10\n"]);
    assert!(!said.contains("awal"), "{said}");
}

#[test]
fn a_version_that_faults_is_left_for_the_former_one_and_what_it_changed_is_taken_back() {
    let watch = server(&[]);
    save(&watch, "kembalikan n + 1", "simpanan = 0\n  kembalikan n / hitung / 0");
    let said = watch.until(&[
        "recovered: the former version of `nilai` is back, and does this call again\n",
        "satu 8\n",
    ]);
    let told = "recovered: `nilai` was left because of a fault\nfault: division by zero\n  --> a.fox:9:14, in `nilai`\n  called at a.fox:14:";
    assert!(said.contains(told) && !said.contains("awal"), "{said}");
    let said = watch.until(&["satu 8\n", "satu 8\n"]);
    assert!(!said.contains("fault"), "{said}");
    // What faults later than in its first calls is nobody's probation: the program's own protection takes it.
    save(&watch, "kembalikan n + 1", "kembalikan n + 100 / larger(0, 3 - hitung % 10)");
    watch.until(&["program: `nilai`\n", "satu "]);
    save(&watch, "n + 1", "n + 4");
    watch.until(&["program: `nilai`\n", "satu 11\n"]);
}

/// A program that calls `f` now and then, and waits between.
fn caller(ms: u32) -> String {
    format!(
        "var hitung = 0\nfungsi f(n)\n  kembalikan n + 1000\ntutup_fungsi\nfungsi tunggu(ms)\n  var akhirnya = sys_get_monotonic_ms() + ms\n  selama (sys_get_monotonic_ms() < akhirnya)\n  tutup_selama\ntutup_fungsi\nfungsi mulai()\n  cetak_str(\"awal\")\n  selama (hitung < 100000)\n    cetak(f(hitung))\n    hitung = hitung + 1\n    tunggu({ms})\n  tutup_selama\ntutup_fungsi\n"
    )
}

#[test]
fn what_was_never_proven_is_nobodys_former_version() {
    let program = caller(1500);
    let watch = Watch::new(&program, &["--run", "--hot"]);
    watch.until(&["awal\n1000\n", "waiting for a save"]);
    // Two bad ones before the next call.
    watch.save("a.fox", &program.replace("n + 1000", "n / 0"));
    watch.until(&["replaced in the running program: `f`"]);
    watch.save("a.fox", &program.replace("n + 1000", "(n + 1) / 0"));
    let said = watch.until(&["the former version of `f` is back", "1001\n1002\n"]);
    assert!(!said.contains("ended"), "{said}");
}

#[test]
fn what_was_removed_is_not_forgotten_while_things_of_it_are_in_memory() {
    let program = caller(20);
    // A signature, by way of a save without the function.
    let with_g = program.replace("n + 1000", "g(n)");
    let g = "fungsi g(a)\n  kembalikan a + 1000\ntutup_fungsi\n";
    let first = format!("{g}{with_g}");
    let watch = Watch::new(&first, &["--run", "--hot"]);
    watch.until(&["awal\n1000\n", "waiting for a save"]);
    watch.save("a.fox", &with_g);
    watch.until(&["the running program goes on with the former `f`"]);
    watch.save(
        "a.fox",
        &format!(
            "fungsi g(a, b)\n  kembalikan a + b\ntutup_fungsi\n{}",
            with_g.replace("g(n)", "g(n, 1)")
        ),
    );
    watch.until(&["the program begins anew: parameters or result of `g` changed", "awal\n1\n"]);
    // A struct.
    let old = "struktur Titik\n  x int\n  y int\ntutup_struktur\nvar titik = Titik(7, 9)\n";
    let seen = program.replace("  kembalikan n + 1000", "  tipe titik Titik\n  kembalikan titik.x");
    let watch = Watch::new(&format!("{old}{seen}"), &["--run", "--hot"]);
    watch.until(&["awal\n7\n", "waiting for a save"]);
    watch.save("a.fox", &format!("{}{seen}", old.replace("struktur Titik", "struktur Titikk")));
    watch.until(&["the running program goes on with the former `f`"]);
    let new = old.replace("  x int", "  z int\n  x int").replace("(7, 9)", "(1, 7, 9)");
    watch.save("a.fox", &format!("{new}{seen}"));
    watch.until(&["the program begins anew: the struct `Titik` changed", "awal\n7\n"]);
}

#[test]
fn with_an_error_in_the_program_nothing_begins_anew() {
    let program = caller(20).replace("var hitung", "var teks = f(0)\nvar hitung");
    let watch = Watch::new(&program, &["--run", "--hot"]);
    watch.until(&["awal\n1000\n", "waiting for a save"]);
    // What `teks` is follows from `f`.
    watch.save("a.fox", &program.replace("n + 1000", "\"x\" / tiada"));
    let said = watch.until(&["the running program goes on with the former `f`", "0\n", "1\n"]);
    assert!(!said.contains("awal") && !said.contains("anew"), "{said}");
    watch.save("a.fox", &program.replace("n + 1000", "n + 500000"));
    let said = watch.until(&["replaced in the running program: `f`", "\n5000"]);
    assert!(!said.contains("awal"), "{said}");
}

#[test]
fn what_opens_checkpoints_opens_them_for_its_caller_at_once() {
    let program = caller(20)
        .replace("var hitung", "var isi = 1\nvar tingkat = 0\nvar hitung")
        .replace("  kembalikan n + 1000", "  tingkat = checkpoint_open()\n  kembalikan 0")
        .replace("    cetak(f(hitung))", "    f(0)\n    isi = isi + 100\n    checkpoint_rollback(tingkat)\n    checkpoint_close(tingkat)\n    cetak(isi)");
    let watch = Watch::new(&program, &["--run", "--hot"]);
    watch.until(&["awal\n1\n1\n", "waiting for a save"]);
    watch
        .save("a.fox", &program.replace("  kembalikan 0", "  cetak_str(\"baru\")\n  kembalikan 0"));
    watch.until(&["baru\n1\nbaru\n1\nbaru\n1\nbaru\n1\n"]);
}

#[test]
fn what_calls_itself_and_what_takes_many_arguments_is_tried_whole() {
    let watch = server(&[]);
    let many = "kembalikan n + 1\ntutup_fungsi\nfungsi banyak(a, b, c, d, e, f, g, h, i)\n  jika (a > 0)\n    kembalikan banyak(a - 1, b, c, d, e, f, g, h, i) + 1\n  tutup_jika\n  kembalikan b + c + d + e + f + g + h + i\ntutup_fungsi\nfungsi hasil()\n  kembalikan banyak(3, 1, 2, 3, 4, 5, 6, 7, 8)";
    let uses = many.to_owned() + "\ntutup_fungsi\nfungsi lagi()\n  kembalikan hasil()";
    let program = SERVER.replace("kembalikan n + 1", &uses).replace("nilai(simpanan.x)", "lagi()");
    watch.save("a.fox", &program);
    watch.until(&["program: `banyak`, `hasil`, `lagi`, `langkah`\n", "satu 39\n"]);
    watch.save(
        "a.fox",
        &program.replace("+ h + i", "+ h * i").replace("e, f, g, h, i) + 1", "e, f, g, h, i) + 2"),
    );
    let said =
        watch.until(&["program: `banyak`\n", "satu 83\nsatu 83\nsatu 83\nsatu 83\nsatu 83\n"]);
    assert!(!said.contains("fault") && !said.contains("awal"), "{said}");
}

#[test]
fn reports_of_the_running_program_follow_text_that_moves() {
    let program = SERVER.replace("kembalikan n + 1", "kembalikan n / 0");
    let program = program
        .replace("protected_call(langkah, 0)", "protected_call_reported(langkah, 0, \"langkah\")");
    let watch = Watch::new(&program, &["--run", "--hot"]);
    watch.until(&["awal\n", "--> a.fox:8:14, in `nilai`\n  called at a.fox:13:"]);
    watch.save("a.fox", &format!("; satu\n; dua\n{program}"));
    let said = watch.until(&["--> a.fox:10:14, in `nilai`\n  called at a.fox:15:"]);
    assert!(!said.contains("awal") && !said.contains("replaced"), "{said}");
    // Inside of functions too, and inside of the one that never ends.
    let program = program
        .replace("  kembalikan n / 0", "  ; tiga\n\n    kembalikan n / 0")
        .replace("  cetak_str(\"awal\")", "  ; empat\n  cetak_str(\"awal\")");
    watch.save("a.fox", &program);
    let said = watch.until(&["--> a.fox:10:16, in `nilai`\n  called at a.fox:15:"]);
    assert!(!said.contains("awal") && !said.contains("replaced"), "{said}");
}

#[test]
fn what_has_begun_already_begins_anew_and_it_is_said_why() {
    let watch = server(&[]);
    for (from, to, why) in [
        ("nilai(n)", "nilai(n, m)", "parameters or result of `nilai` changed"),
        ("kembalikan n + 1", "kembalikan n + 1.5", "parameters or result of `nilai` changed"),
        ("  x\n", "  y\n  x\n", "the struct `Titik` changed"),
        ("= 1000000", "= 2000000", "the constant `BATAS` changed"),
        ("hitung = 0", "hitung = 5", "the global `hitung` changed"),
        ("var hitung", "var lain_lagi = 3\nvar hitung", "the global `lain_lagi` changed"),
        ("tunggu(20)\n", "tunggu(21)\n", "`mulai` has begun already"),
        (
            "var simpanan",
            "cetak_str(\"dulu\")\nvar simpanan",
            "what runs before all else changed: `a.fox`",
        ),
        (
            "var hasil = a + b",
            "var hasil = a + b\n  asm_mulai\n    nop\n  tutup_asm",
            "`campur` has assembly in it",
        ),
    ] {
        assert!(SERVER.contains(from), "{from}");
        // Whoever uses it has been told.
        let program = SERVER.replace(from, to);
        let program = match to {
            "nilai(n, m)" => program.replace("nilai(simpanan.x)", "nilai(simpanan.x, 1)"),
            "  y\n  x\n" => program.replace("Titik(7)", "Titik(1, 7)"),
            _ => program,
        };
        watch.save("a.fox", &program);
        let why = format!("the program begins anew: {why}\n");
        watch.until(&[&why, "awal\n"]);
        watch.save("a.fox", SERVER);
        watch.until(&["the program begins anew: ", "awal\n", "satu 8\n"]);
    }
}

#[test]
fn a_unit_that_is_closed_while_the_program_runs_is_closed_for_new_versions_too() {
    let program = SERVER
        .replace("fungsi mulai()", "fungsi pintu()\nkembalikan 0\ntutup_fungsi\nfungsi mulai()");
    let program = program.replace(
        "    tunggu(20)",
        "    cetak_str(fault_kind_name(protected_fault()))\n    pintu()\n    tunggu(20)",
    );
    let program =
        format!("ambil \"lain.fox\"\n{}", program.replace("nilai(simpanan.x)", "tetangga()"));
    let neighbour = |n: u32| format!("fungsi tetangga()\n  kembalikan {n}\ntutup_fungsi\n");
    let door = |what: &str| {
        program.replace(
            "kembalikan 0",
            &format!(
                "  var u = unit_source(\"lain.fox\")\n  tipe u CompilationUnit\n  {what}(u.id)\n"
            ),
        )
    };
    let watch = Watch::new(&door("unit_open"), &["--run", "--hot"]);
    watch.save("lain.fox", &neighbour(50));
    watch.until(&["awal\n", "satu 50\n"]);
    watch.save("lain.fox", &neighbour(60));
    watch.until(&["program: `tetangga`\n", "satu 60\n", "satu 60\n"]);
    watch.save("a.fox", &door("unit_close"));
    watch.until(&["program: `pintu`\n", "closed fragment reached\n"]);
    // A version that comes while the unit is closed waits until it is open.
    watch.save("lain.fox", &neighbour(70));
    let said = watch.until(&["program: `tetangga`\n", "closed fragment reached\n"]);
    assert!(!said.contains("satu"), "{said}");
    watch.save("a.fox", &door("unit_open"));
    let said = watch.until(&["program: `pintu`\n", "satu 70\n"]);
    assert!(!said.contains("awal") && !said.contains("satu 60"), "{said}");
}

#[test]
fn hot_is_for_programs_that_run_here() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_morph"))
            .args(["watch", "a.fox", "--lang", "en", "--color", "never"])
            .args(args)
            .current_dir(folder.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let target = ["--run", "--hot", "--target", "aarch64-unknown-linux-gnu"];
    let refused = "error: `--hot` replaces functions of programs for x86_64 only\n";
    assert_eq!(run(&target), (Some(1), refused.to_owned()));
    let (status, said) = run(&["--hot"]);
    assert!(status == Some(2) && said.contains("--run"), "{said}");
}
