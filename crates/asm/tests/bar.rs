//! The bar: instructions out of real binaries, written down, assembled and decoded again.
//!
//! None may come back as another instruction, and fewer than one in a hundred may be refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};
use morph_asm::{Text, Usage, assemble_naked};
use morph_diag::Span;
use object::{Object as _, ObjectSection as _};

/// Distinct texts taken from one binary.
const CAP: usize = 80_000;
/// Binaries that are read: the largest of those that exist.
const BINARIES: usize = 3;

fn candidates() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/usr/bin"), PathBuf::from("/usr/lib/x86_64-linux-gnu")];
    // The compiler's own libraries lie beside `cargo`.
    if let Some(root) = Path::new(env!("CARGO")).parent().and_then(Path::parent) {
        folders.push(root.join("lib"));
    }
    let gcc = std::fs::read_dir("/usr/lib/gcc/x86_64-linux-gnu");
    folders.extend(gcc.into_iter().flatten().flatten().map(|entry| entry.path()));
    let mut files: BTreeSet<(u64, PathBuf)> = BTreeSet::new();
    for folder in folders {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            // Links are left out: each file counts once.
            let kind = entry.file_type().ok();
            if let (true, Ok(data)) = (kind.is_some_and(|kind| kind.is_file()), entry.metadata()) {
                files.insert((data.len(), entry.path()));
            }
        }
    }
    files.into_iter().rev().take(40).map(|(_, path)| path).chain(std::env::current_exe()).collect()
}

#[expect(clippy::disallowed_methods, reason = "the bar is made of the machine's binaries")]
fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

struct Printer(IntelFormatter);

impl Printer {
    fn new() -> Printer {
        let mut formatter = IntelFormatter::new();
        formatter.options_mut().set_rip_relative_addresses(true);
        formatter.options_mut().set_show_branch_size(false);
        Printer(formatter)
    }

    /// The text of an instruction at address 0; branch targets count from it.
    fn text(&mut self, instruction: &Instruction) -> String {
        let mut text = String::new();
        self.0.format(instruction, &mut text);
        let branch = (0..instruction.op_count())
            .any(|at| matches!(instruction.op_kind(at), iced_x86::OpKind::NearBranch64));
        match text.rsplit_once(' ') {
            Some((front, target)) if branch => format!("{front} $+{target}"),
            _ => text,
        }
    }
}

fn decode(bytes: &[u8]) -> Instruction {
    Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE).decode()
}

/// Distinct texts of a binary with the bytes that they were first seen as.
fn texts(data: &[u8], out: &mut BTreeMap<String, Vec<u8>>) -> bool {
    let Ok(file) = object::File::parse(data) else { return false };
    if file.architecture() != object::Architecture::X86_64 {
        return false;
    }
    let mut printer = Printer::new();
    let room = out.len() + CAP;
    for section in file.sections().filter(|section| section.kind() == object::SectionKind::Text) {
        let Ok(code) = section.data() else { continue };
        let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
        while decoder.can_decode() && out.len() < room {
            let start = decoder.position();
            let found = decoder.decode();
            if found.is_invalid() {
                continue;
            }
            let bytes = &code[start..decoder.position()];
            let text = printer.text(&decode(bytes));
            out.entry(text).or_insert_with(|| bytes.to_vec());
        }
    }
    true
}

#[test]
fn instructions_of_real_binaries_survive_a_round_trip() {
    let mut all = BTreeMap::new();
    let mut read_from = Vec::new();
    for path in candidates() {
        if read_from.len() < BINARIES && texts(&read(&path), &mut all) {
            read_from.push(path);
        }
    }
    let mut printer = Printer::new();
    let (mut same, mut other) = (0, 0);
    let mut refused: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut nothing = |_: &str, _: Usage, _: Span| None;
    for (text, bytes) in &all {
        let made = assemble_naked(Text { lines: text, start: 0 }, "!r", &[], &mut nothing);
        if let Some(problem) = made.diagnostics.first() {
            let key = format!("{} {}", problem.code, text.split(' ').next().unwrap_or(""));
            refused.entry(key).or_insert((0, text.clone())).0 += 1;
            continue;
        }
        let code = made.value.text;
        if code == *bytes {
            same += 1;
            continue;
        }
        let again = decode(&code);
        if again.len() == code.len() && printer.text(&again) == *text {
            other += 1;
        } else {
            wrong.push(format!("{text}: {bytes:02x?} -> {code:02x?} {}", printer.text(&again)));
        }
    }
    let count: usize = refused.values().map(|(count, _)| count).sum();
    println!("binaries: {read_from:?}");
    println!(
        "{} texts: {same} byte-identical, {other} in another encoding, {count} refused, {} wrong",
        all.len(),
        wrong.len()
    );
    for (key, (count, example)) in &refused {
        println!("  refused {count}: {key}: {example}");
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, the first: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    assert!(count * 100 < all.len(), "{count} of {} refused", all.len());
}
