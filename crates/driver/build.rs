//! Writes the table of the built-in library (every `.fox` file beneath `lib/`, sorted by path), and the digest of the
//! compiler's sources that tells one build of it from another.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../lib");
    let root = fs::canonicalize(root)?;
    println!("cargo::rerun-if-changed={}", root.display());
    let mut found = Vec::new();
    collect(&root, "lib", ".fox", &mut found)?;
    found.sort();
    let mut table = String::from("&[\n");
    for (name, path) in &found {
        println!("cargo::rerun-if-changed={}", path.display());
        let _ =
            writeln!(table, "    LibraryUnit {{ path: {name:?}, text: include_str!({path:?}) }},");
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("library_units.rs");
    fs::write(out, table)?;
    println!("cargo::rustc-env=MORPH_BUILD={}", digest(&root)?);
    Ok(())
}

/// The rooms that decide what a fragment becomes.
const ROOMS: &[&str] =
    &["asm", "codegen", "diag", "driver", "link", "object", "sandbox", "sema", "syntax"];

/// A digest of the library at `library`, of the sources of those rooms, and of the lock file.
fn digest(library: &Path) -> io::Result<String> {
    let root = library.parent().unwrap_or(library);
    let mut files = vec![(String::from("Cargo.lock"), root.join("Cargo.lock"))];
    for room in ROOMS {
        let name = format!("crates/{room}/src");
        println!("cargo::rerun-if-changed={}", root.join(&name).display());
        collect(&root.join(&name), &name, ".rs", &mut files)?;
    }
    collect(library, "lib", ".fox", &mut files)?;
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for (name, path) in files {
        let bytes = fs::read(path)?;
        hasher.update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn collect(
    folder: &Path,
    name: &str,
    ending: &str,
    found: &mut Vec<(String, PathBuf)>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name();
        let Some(file) = file.to_str() else { continue };
        let name = format!("{name}/{file}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &name, ending, found)?;
        } else if file.ends_with(ending) {
            found.push((name, entry.path()));
        }
    }
    Ok(())
}
