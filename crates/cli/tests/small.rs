//! Images without tables (`--debug none`): as small as what they use, and a fault still says what it was.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn build(folder: &Path, program: &str, args: &[&str]) -> u64 {
    fs::write(folder.join("a.fox"), program).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_morph"));
    command.args(["build", "a.fox", "-o", "a", "--fresh", "--quiet", "--debug", "none"]);
    let status = command.args(args).current_dir(folder).stderr(Stdio::null()).status().unwrap();
    assert!(matches!(status.code(), Some(0 | 3)), "{status}");
    fs::metadata(folder.join("a")).unwrap().len()
}

/// Status, standard output, and standard error without addresses.
fn run(folder: &Path, words: usize) -> (Option<i32>, String, String) {
    let words = vec!["x"; words];
    let output =
        Command::new(folder.join("a")).args(words).env("LC_ALL", "id_ID").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let said: Vec<String> = text(output.stderr)
        .split(' ')
        .map(|word| if word.starts_with("0x") { "0x..".to_owned() } else { word.to_owned() })
        .collect();
    (output.status.code(), text(output.stdout), said.join(" "))
}

#[test]
fn a_program_that_prints_one_line_is_small() {
    let folder = tempfile::tempdir().unwrap();
    let hello = "cetak(\"Halo, dunia!\")\n";
    let sizes = ["none", "speed"].map(|opt| build(folder.path(), hello, &["--opt", opt]));
    assert_eq!(run(folder.path(), 0).1, "Halo, dunia!\n");
    assert!(sizes[0] <= 5_800 && sizes[1] < 4_096, "{sizes:?}");
}

const CRASHES: &str = "\
fungsi bagi(a, b)
  kembalikan a / b
tutup_fungsi
fungsi terus(n)
  kembalikan terus(n + 1) + 1
tutup_fungsi
fungsi mulai(n)
  cetak(\"sebelum\")
  pilih (n)
    kasus 1:
      bagi(1, n - 1)
    kasus 2:
      cetak(bagi(9, 1) % (n - 2))
    kasus 3:
      mem_load64(0)
    kasus 4:
      mem_load64(0x123456789)
    kasus 5:
      mem_load64(0x8123456789abcdef)
    kasus 6:
      terus(0)
    kasus 7:
      n(1)
    kasus 8:
      syscall(SYS_KILL, syscall(SYS_GETPID), 6)
  tutup_pilih
tutup_fungsi
";

#[test]
fn a_fault_says_its_kind_and_place_and_ends_with_status_70() {
    let folder = tempfile::tempdir().unwrap();
    for opt in ["none", "speed"] {
        let size = build(folder.path(), CRASHES, &["--opt", opt]);
        assert!(size < 8_000, "{size}");
        let expected = [
            "division by zero at 0x..",
            "division by zero at 0x..",
            "null access at 0x.. address 0x..",
            "invalid access at 0x.. address 0x..",
            "invalid access at 0x..",
            "stack overflow at 0x.. address 0x..",
            "call of no function at 0x.. address 0x..",
            "aborted at 0x..",
        ];
        for (number, expected) in (1..).zip(expected) {
            let (status, printed, said) = run(folder.path(), number - 1);
            let said = said.replace("; status", " status");
            let said = said.strip_prefix("fault: ").unwrap_or(&said).to_owned();
            assert_eq!((status, printed.as_str()), (Some(70), "sebelum\n"), "{number}: {said}");
            assert_eq!(said, format!("{expected} status 70\n"), "{number}, --opt {opt}");
        }
    }
}

#[test]
fn a_closed_fragment_tells_all_and_protection_protects_without_tables_too() {
    let folder = tempfile::tempdir().unwrap();
    let program = "fungsi rusak()\n  kembalikan tiada\ntutup_fungsi\nfungsi mulai()\n  rusak()\ntutup_fungsi\n";
    build(folder.path(), program, &[]);
    let (status, _, said) = run(folder.path(), 0);
    assert_eq!(status, Some(70));
    assert!(said.starts_with("gangguan: fragmen tertutup `rusak` tercapai (f-"), "{said}");
    assert!(said.contains("galat[NAME_UNKNOWN]"), "{said}");
    let program = "\
var kata = 7
fungsi jatuh(n)
  kata = 8
  kembalikan 1 / n
tutup_fungsi
fungsi mulai()
  cetak(protected_call(jatuh, 0))
  cetak(protected_fault())
  cetak(kata)
  cetak(protected_call(jatuh, 1))
tutup_fungsi
";
    build(folder.path(), program, &[]);
    assert_eq!(run(folder.path(), 0), (Some(0), "0\n1\n7\n1\n".to_owned(), String::new()));
}

const CLOSES: &str = "\
fungsi isi(n)
  kembalikan n + 100
tutup_fungsi
fungsi mulai()
  var unit = unit_source(\"a.fox\")
  tipe unit CompilationUnit
  cetak(isi(1))
  unit_close(unit.id)
  cetak(\"tertutup\")
  cetak(isi(2))
tutup_fungsi
";

#[test]
fn what_unit_close_has_closed_cannot_be_entered_and_says_so_where_nothing_is_protected() {
    let folder = tempfile::tempdir().unwrap();
    for opt in ["none", "speed"] {
        build(folder.path(), CLOSES, &["--opt", opt]);
        let (status, printed, said) = run(folder.path(), 0);
        assert_eq!((status, printed.as_str()), (Some(70), "101\ntertutup\n"), "{opt}: {said}");
        let expected = "\
gangguan: fungsi dari unit yang ditutup dipanggil
  --> 0x..  dipanggil di 0x..  dipanggil di 0x..  dipanggil di 0x..  = sebab: program telah menutup `a.fox` dengan `unit_close`
  = saran: tanyakan dulu `unit_can_execute`, atau buka lagi dengan `unit_open`
  = catatan: yang tercetak sebelumnya sudah lengkap; program berakhir di sini dengan status 70
";
        assert_eq!(said, expected, "--opt {opt}");
    }
}
