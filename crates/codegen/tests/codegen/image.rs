//! Runs objects: a linker and loader of the smallest kind, for tests only.
//!
//! All sections of all objects go into one segment that may be read, written and executed. A start
//! stub calls `main`, writes its 64-bit result to standard output and exits.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;

use morph_codegen::{Compiler, Debug, Opt, Options, Target, Verify};
use morph_object::{Definition, Object, Reloc, RelocKind, Section, SymbolKind};
use morph_sema::typed::{Item, Typed};

use crate::build::typed;

const BASE: u64 = 0x40_0000;
const HEADERS: usize = 64 + 56;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Result(i64),
    Signal(i32),
    /// It exited by itself with this status.
    Exit(i32),
}

pub(crate) fn options(opt: Opt) -> Options {
    Options { opt, target: Target::X86_64Linux, debug: Debug::Line, verify: Verify::Always }
}

pub(crate) fn compile_all(fragments: &[Typed], opt: Opt) -> Vec<Object> {
    let mut compiler = Compiler::new(&options(opt)).unwrap();
    fragments.iter().map(|fragment| compiler.compile(fragment).unwrap()).collect()
}

/// Compiles at both levels, runs `main` of both images, and gives the outcome they agree on.
pub(crate) fn run(fragments: &[Typed]) -> Outcome {
    let outcomes = [Opt::None, Opt::Speed].map(|opt| execute(&compile_all(fragments, opt)));
    assert_eq!(outcomes[0], outcomes[1], "the two optimisation levels disagree");
    outcomes[0]
}

/// Code as an item, for what a library would provide.
pub(crate) fn raw(symbol: &str, code: &[u8]) -> Typed {
    let definition = Definition {
        symbol: symbol.to_owned(),
        section: Section::Text,
        offset: 0,
        size: code.len() as u32,
        kind: SymbolKind::Function,
    };
    let text = code.to_vec();
    typed(Item::Raw(Object { text, definitions: vec![definition], ..Object::default() }))
}

/// The routines that code generation relies on.
pub(crate) fn routines() -> Vec<Typed> {
    vec![
        // mov rcx, rdx; rep movsb; ret
        raw(morph_codegen::MEMORY_COPY, &[0x48, 0x89, 0xd1, 0xf3, 0xa4, 0xc3]),
        // mov rcx, rdx; mov eax, esi; rep stosb; ret
        raw(morph_codegen::MEMORY_FILL, &[0x48, 0x89, 0xd1, 0x89, 0xf0, 0xf3, 0xaa, 0xc3]),
        // mov rax, rdi; rdi, rsi; rsi, rdx; rdx, rcx; r10, r8; r8, r9; r9, [rsp + 8]; syscall; ret
        raw(
            morph_codegen::SYSCALL,
            &[
                0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca, 0x4d, 0x89,
                0xc2, 0x4d, 0x89, 0xc8, 0x4c, 0x8b, 0x4c, 0x24, 0x08, 0x0f, 0x05, 0xc3,
            ],
        ),
    ]
}

#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests execute real code")]
fn execute(objects: &[Object]) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("program");
    std::fs::write(&path, link(objects)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    let output = loop {
        match std::process::Command::new(&path).output() {
            // Another thread's child may hold the file open for a moment between fork and exec.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
            output => break output.unwrap(),
        }
    };
    match (output.status.signal(), output.status.code(), <[u8; 8]>::try_from(output.stdout)) {
        (None, Some(0), Ok(word)) => Outcome::Result(i64::from_le_bytes(word)),
        (Some(signal), _, _) => Outcome::Signal(signal),
        (None, code, _) => Outcome::Exit(code.unwrap()),
    }
}

fn link(objects: &[Object]) -> Vec<u8> {
    let mut memory = start_stub();
    let mut places = Vec::new();
    for object in objects {
        let sections =
            [&object.text, &object.rodata, &object.data, &vec![0; object.bss_size as usize]];
        places.push(sections.map(|bytes| {
            memory.resize(memory.len().next_multiple_of(16), 0xcc);
            let place = memory.len();
            memory.extend_from_slice(bytes);
            place
        }));
    }
    let mut symbols = BTreeMap::new();
    for (object, place) in objects.iter().zip(&places) {
        for definition in &object.definitions {
            let at = place[definition.section as usize] + definition.offset as usize;
            assert_eq!(symbols.insert(definition.symbol.as_str(), at), None, "defined twice");
        }
    }
    for (object, place) in objects.iter().zip(&places) {
        for reloc in &object.relocs {
            let target = match reloc.target {
                morph_object::Target::Symbol(index) => {
                    let name = object.symbols[index as usize].as_str();
                    *symbols.get(name).unwrap_or_else(|| panic!("`{name}` is not defined"))
                }
                morph_object::Target::Section(section) => place[section as usize],
            };
            apply(&mut memory, place[reloc.section as usize], reloc, target);
        }
    }
    let main = symbols["main"] as i32 - (HEADERS as i32 + 5);
    memory[HEADERS + 1..HEADERS + 5].copy_from_slice(&main.to_le_bytes());
    let size = (memory.len() as u64).to_le_bytes();
    memory[64 + 32..64 + 40].copy_from_slice(&size);
    memory[64 + 40..64 + 48].copy_from_slice(&size);
    memory
}

fn apply(memory: &mut [u8], section: usize, reloc: &Reloc, target: usize) {
    let at = section + reloc.offset as usize;
    let address = BASE as i64 + target as i64 + reloc.addend;
    match reloc.kind {
        RelocKind::Abs64 => memory[at..at + 8].copy_from_slice(&address.to_le_bytes()),
        RelocKind::Abs32 | RelocKind::Abs32Signed => {
            memory[at..at + 4].copy_from_slice(&(address as i32).to_le_bytes());
        }
        RelocKind::Rel32 => {
            let distance = (address - BASE as i64 - at as i64) as i32;
            memory[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
        RelocKind::Branch26
        | RelocKind::Page21
        | RelocKind::PageOffset12
        | RelocKind::WordOffset12 => panic!("{:?} in code for x86_64", reloc.kind),
    }
}

/// The headers of a static ELF of one segment, and the code at its entry.
fn start_stub() -> Vec<u8> {
    let mut file = Vec::new();
    file.extend_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    for half in [2_u16, 62] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    file.extend_from_slice(&1_u32.to_le_bytes());
    for word in [BASE + HEADERS as u64, 64, 0] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 0, 0, 0] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    for half in [1_u32, 7] {
        file.extend_from_slice(&half.to_le_bytes());
    }
    for word in [0, BASE, BASE, 0, 0, 0x1000] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    assert_eq!(file.len(), HEADERS);
    file.extend_from_slice(&[
        0xe8, 0, 0, 0, 0,    // call main
        0x50, // push rax
        0xb8, 1, 0, 0, 0, // mov eax, 1 (write)
        0xbf, 1, 0, 0, 0, // mov edi, 1
        0x48, 0x89, 0xe6, // mov rsi, rsp
        0xba, 8, 0, 0, 0, // mov edx, 8
        0x0f, 0x05, // syscall
        0xb8, 60, 0, 0, 0, // mov eax, 60 (exit)
        0x31, 0xff, // xor edi, edi
        0x0f, 0x05, // syscall
    ]);
    file
}
