//! The promise, as it is told in docs/fix-one-fragment.md: close the unit with the problem, fix one fragment, compile one fragment.

#![expect(clippy::unwrap_used, reason = "a test whose surroundings fail cannot go on")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Seven units under one root; the first has an error on line 42.
struct Shop(tempfile::TempDir);

const SIX: &str = "stok:\n22\nharga:\n33\npajak:\n44\nkirim:\n55\npoin:\n66\nlaporan:\n77\n";

impl Shop {
    fn new() -> Shop {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/incremental/tujuh");
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(source).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        Shop(folder)
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.0.path().join("keranjang.fox");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn morph(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_morph"));
        command.args(["--lang", "en", "--color", "never"]).args(args).env("LC_ALL", "C");
        let Output { status, stdout, stderr } =
            command.current_dir(self.0.path()).stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }
}

#[test]
fn six_units_run_whole_and_the_first_but_for_the_fragment_that_is_fixed_and_compiled_alone() {
    let shop = Shop::new();
    let (status, printed, said) = shop.morph(&["run", "toko.fox"]);
    assert_eq!((status, printed), (Some(70), format!("33500\n16\n{SIX}")), "{said}");
    let error = "error[TYPE_UNKNOWN]: there is no struct `Barangg`\n  --> keranjang.fox:42:14\n";
    assert!(said.starts_with(error), "{said}");
    let isolated = "isolated: 1 of 21 fragments; the other 20 work\n  fungsi keranjang_termahal (keranjang.fox:40) [f-";
    assert!(said.contains(isolated), "{said}");
    // The same id in the report and where the running program gets there.
    let ids: Vec<&str> = said.split("f-").skip(1).map(|rest| &rest[..8]).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{said}");

    shop.edit("tipe mahal Barangg", "tipe mahal Barang");
    let (status, printed, said) = shop.morph(&["run", "toko.fox", "--verbose"]);
    assert_eq!((status, printed), (Some(0), format!("33500\n16\n{SIX}20000\n")), "{said}");
    let counted = said.lines().find(|line| line.contains("as in an earlier build")).unwrap();
    assert!(counted.ends_with(", 1 were compiled"), "{counted}");
    let (_, why, _) = shop.morph(&["why", "keranjang_termahal"]);
    assert!(why.ends_with(" ago\n  its text changed\n"), "{why}");
}

#[test]
fn three_crashes_open_the_breaker_and_three_successes_after_a_change_close_it() {
    let shop = Shop::new();
    shop.edit("tipe mahal Barangg", "tipe mahal Barang");
    let faults = ["2:check:segv", "4:check:abort", "5:compile:panic"];
    let faults = faults.map(|fault| format!("--inject=keranjang.fox:{fault}"));
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let broken = [&["build", "toko.fox", "-o", "toko", "--verbose"], &faults[..]].concat();
    let (status, _, said) = shop.morph(&broken);
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("isolated: 3 of 21 fragments; the other 18 work"), "{said}");
    assert_eq!(said.matches(" is in quarantine (fault f-").count(), 3, "{said}");
    assert!(said.contains("note: breaker of keranjang.fox: CLOSED -> OPEN (fault f-"), "{said}");
    let (_, state, _) = shop.morph(&["status", "toko.fox"]);
    assert!(state.contains("\n  keranjang.fox  degraded           8        3  OPEN\n"), "{state}");
    assert!(
        state.contains("\n  stok.fox       active             2        0  CLOSED\n"),
        "{state}"
    );
    assert_eq!(state.matches("in quarantine").count(), 3, "{state}");

    // Three fragments with another text: each is tried alone.
    shop.edit("kembalikan barang.harga * barang.jumlah", "kembalikan barang.jumlah * barang.harga");
    shop.edit("total = total + barang_total", "total = 0 + total + barang_total");
    shop.edit("jumlah = jumlah + barang.jumlah", "jumlah = barang.jumlah + jumlah");
    let (status, printed, said) = shop.morph(&["run", "toko.fox", "--verbose"]);
    assert_eq!((status, printed), (Some(0), format!("33500\n16\n{SIX}20000\n")), "{said}");
    let breaker: Vec<&str> =
        said.lines().filter(|line| line.starts_with("note: breaker of")).collect();
    assert_eq!(
        breaker,
        [
            "note: breaker of keranjang.fox: OPEN -> HALF_OPEN",
            "note: breaker of keranjang.fox: HALF_OPEN -> CLOSED"
        ]
    );
    let (_, state, _) = shop.morph(&["status", "toko.fox"]);
    assert!(
        state.contains("\n  keranjang.fox  active             8        0  CLOSED\n"),
        "{state}"
    );
}
