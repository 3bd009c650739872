//! Writes the table of the built-in library: every `.fox` file beneath `lib/`, sorted by path.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../lib");
    let root = fs::canonicalize(root)?;
    println!("cargo::rerun-if-changed={}", root.display());
    let mut found = Vec::new();
    collect(&root, "lib", &mut found)?;
    found.sort();
    let mut table = String::from("&[\n");
    for (name, path) in &found {
        println!("cargo::rerun-if-changed={}", path.display());
        let _ =
            writeln!(table, "    LibraryUnit {{ path: {name:?}, text: include_str!({path:?}) }},");
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("library_units.rs");
    fs::write(out, table)
}

fn collect(folder: &Path, name: &str, found: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name();
        let Some(file) = file.to_str() else { continue };
        let name = format!("{name}/{file}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &name, found)?;
        } else if file.ends_with(".fox") {
            found.push((name, entry.path()));
        }
    }
    Ok(())
}
