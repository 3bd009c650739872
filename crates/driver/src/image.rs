//! Writing the image, so that its name never holds half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::deferral::Deferral;

/// Bytes that are compared at a time.
const PART: usize = 1 << 17;

/// Writes an executable file: to a temporary name beside it, then renamed.
///
/// A signal that would end the process waits until the file has its own name.
///
/// What exists and is no regular file (a pipe, `/dev/null`) is written to, never replaced.
pub fn write_image(path: &Path, bytes: &[u8], deferral: &Deferral) -> io::Result<()> {
    // Through a symbolic link the file that it names is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => {
            return OpenOptions::new().write(true).open(&target)?.write_all(bytes);
        }
        Ok(metadata) if could_be(&metadata, bytes.len() as u64) && is_written(&target, bytes) => {
            return Ok(());
        }
        Ok(_) | Err(_) => {}
    }
    replace(&target, deferral, |file| file.write_all(bytes))
}

/// The same for an image that `write` writes piece by piece into the place of a file that is there.
pub(crate) fn write_with<T>(
    path: &Path,
    deferral: &Deferral,
    write: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<T> {
    let target = fs::canonicalize(path)?;
    if !fs::metadata(&target)?.is_file() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    replace(&target, deferral, write)
}

fn replace<T>(
    target: &Path,
    deferral: &Deferral,
    write: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<T> {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(format!(".{}.tmp", process::id()));
    let temporary = target.with_file_name(name);
    deferral.uninterrupted(|| {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o755).open(&temporary);
        let result = file.and_then(|mut file| write(&mut file)).and_then(|written| {
            take_name(&temporary, target)?;
            Ok(written)
        });
        if result.is_err() {
            // The first error is the one that matters.
            let _ = fs::remove_file(&temporary);
        }
        result
    })
}

/// Gives a file the name of another, which goes.
///
/// Exchanging both comes first: some file systems write all of a new file to the disk before it takes the place of another.
fn take_name(temporary: &Path, target: &Path) -> io::Result<()> {
    match renameat_with(CWD, temporary, CWD, target, RenameFlags::EXCHANGE) {
        Ok(()) => fs::remove_file(temporary),
        // There is none yet, or the file system cannot exchange.
        Err(_) => fs::rename(temporary, target),
    }
}

/// Whether a file is an executable of that length.
fn could_be(metadata: &fs::Metadata, length: u64) -> bool {
    let executable = metadata.permissions().mode() & 0o100 != 0;
    metadata.is_file() && executable && metadata.len() == length
}

/// Whether the very image is there already: then it need not be written.
fn is_written(path: &Path, bytes: &[u8]) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut rest = bytes;
    let compared = in_parts(&file, |part| match rest.split_at_checked(part.len()) {
        Some((same, behind)) if same == part => {
            rest = behind;
            true
        }
        Some(_) | None => false,
    });
    compared && rest.is_empty()
}

/// The executable with this length and checksum, if it is there.
pub(crate) fn open(path: &Path, (length, checksum): (u64, u32)) -> Option<File> {
    // A pipe is never opened: that could take for ever.
    if !could_be(&fs::metadata(path).ok()?, length) {
        return None;
    }
    let file = File::open(path).ok()?;
    if !could_be(&file.metadata().ok()?, length) {
        return None;
    }
    whole(file, (length, checksum))
}

/// A file, if it has this length and checksum.
pub(crate) fn whole(file: File, (length, checksum): (u64, u32)) -> Option<File> {
    let mut hasher = crc32fast::Hasher::new();
    let whole = file.metadata().ok()?.len() == length
        && in_parts(&file, |part| {
            hasher.update(part);
            true
        });
    (whole && hasher.finalize() == checksum).then_some(file)
}

/// Reads a file part by part, as long as `go_on` says so: an image is large, and memory that nobody has touched yet is dear. Whether it
/// came to the end.
fn in_parts(mut file: &File, mut go_on: impl FnMut(&[u8]) -> bool) -> bool {
    let mut part = vec![0; PART];
    loop {
        match file.read(&mut part) {
            Ok(0) => return true,
            Ok(length) if go_on(&part[..length]) => {}
            Ok(_) => return false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}
