//! Each kind of damage of `tests/damage`, in several programs: before and behind healthy definitions of every kind.
//!
//! Whatever is damaged, the healthy definitions of the host must compile and print, and so must those that stood beside the
//! damage; and no message may be empty.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the repository cannot go on")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Healthy programs without `mulai`: how they are called, and what they print then.
const HOSTS: [(&str, &str, &str, &str); 3] = [
    (
        "structs and constants",
        "struktur HostTitik\n  x int\n  y int\ntutup_struktur\nconst HOST_SKALA = 10\n\
         fungsi host_luas(p)\n  tipe p HostTitik\n  kembalikan p.x * p.y * HOST_SKALA\ntutup_fungsi\n\
         fungsi host()\n  cetak(host_luas(HostTitik(3, 4)))\n  cetak(\"host selesai\")\ntutup_fungsi\n",
        "host()",
        "120\nhost selesai\n",
    ),
    (
        "globals, floats and recursion",
        "var host_hitung = 2\nvar host_larik [4]int\n\
         fungsi host_fakt(n)\n  jika (n < 2)\n    kembalikan 1\n  tutup_jika\n  kembalikan n * host_fakt(n - 1)\ntutup_fungsi\n\
         fungsi host_setengah(x)\n  tipe x float\n  kembalikan x / 2.0\ntutup_fungsi\n\
         fungsi host()\n  host_larik[1] = host_fakt(5)\n  host_hitung = host_hitung + host_larik[1]\n  cetak(host_hitung)\n  cetak(host_setengah(5.0))\ntutup_fungsi\n",
        "host()",
        "122\n2.5\n",
    ),
    (
        "assembly, unit blocks and function values",
        "fungsi host_ganda(n)\n  asm_mulai\n    mov rax, [var_n]\n    add rax, rax\n  tutup_asm\ntutup_fungsi\n\
         unit host_blok\n  cetak(\"blok\")\ntutup_unit\n\
         fungsi host_pakai(f, n)\n  kembalikan f(f(n))\ntutup_fungsi\n\
         fungsi host()\n  cetak(host_pakai(host_ganda, 5))\n  host_blok()\ntutup_fungsi\n",
        "host()",
        "20\nblok\n",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/damage")
}

/// The damaged text with its entry under another name, so that the host's can call it.
fn tamed(text: &str) -> Option<String> {
    (text.matches("fungsi mulai()").count() == 1)
        .then(|| text.replace("fungsi mulai()", "fungsi mulai_rusak()"))
}

/// All texts that a message consists of must say something.
fn empty_text(value: &Value) -> Option<String> {
    let required = ["message", "code", "path"];
    let missing = required.iter().find(|key| value[**key].as_str().is_none_or(str::is_empty));
    if let Some(key) = missing {
        return Some(format!("`{key}` is empty in {value}"));
    }
    let empty = |key: &str| {
        value[key]
            .as_array()
            .into_iter()
            .flatten()
            .any(|text| text.as_str().is_some_and(|text| text.trim().is_empty()))
    };
    let said = value["label"].as_str().is_none_or(|label| !label.trim().is_empty());
    (!said || empty("notes") || empty("helps")).then(|| format!("an empty text in {value}"))
}

fn check(damage: &Path) -> Result<(), Failed> {
    let bytes = fs::read(damage).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let Some(text) = tamed(&text) else { return Err("it has no single `fungsi mulai()`".into()) };
    let healthy: Vec<String> = text
        .split("cetak(\"sehat: ")
        .skip(1)
        .map(|part| format!("sehat: {}", part.split('"').next().unwrap()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(damage.parent().unwrap()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "fox") && path != damage {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let mut wrong = String::new();
    for (name, host, call, printed) in HOSTS {
        let entry = format!("fungsi mulai()\n  {call}\n  mulai_rusak()\ntutup_fungsi\n");
        let places = [
            ("before", format!("{host}{entry}{text}\n")),
            ("behind", format!("{text}\n{host}{entry}")),
        ];
        for (place, program) in places {
            fs::write(folder.path().join("tuan.fox"), &program).unwrap();
            let seen = Command::new(env!("CARGO_BIN_EXE_morph"))
                .args(["run", "tuan.fox", "--lang", "en", "--message-format", "json"])
                .current_dir(folder.path())
                .output()
                .unwrap();
            let stdout = String::from_utf8_lossy(&seen.stdout);
            let stderr = String::from_utf8_lossy(&seen.stderr);
            let mut complain = |what: &str| {
                let _ = writeln!(wrong, "the host {place} the damage ({name}): {what}");
            };
            if !stdout.contains(printed) {
                complain(&format!("the host did not print {printed:?}, but {stdout:?}\n{stderr}"));
            }
            for line in &healthy {
                if !stdout.lines().any(|seen| seen == line) {
                    complain(&format!("lost although healthy: {line}"));
                }
            }
            let messages =
                stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let mut count = 0;
            for message in messages.filter(|message| message["kind"] == "diagnostic") {
                count += 1;
                if let Some(empty) = empty_text(&message) {
                    complain(&empty);
                }
            }
            if count == 0 {
                complain("nothing was said about the damage");
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for file in fs::read_dir(root()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "fox")
            || !path.with_extension("err").exists()
        {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        trials.push(Trial::test(name, move || check(&path)));
    }
    assert!(trials.len() >= 30, "only {} kinds of damage", trials.len());
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
