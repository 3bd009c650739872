//! Writing the image, so that its name never holds half of one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process;

use crate::deferral::Deferral;

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
        Ok(metadata) if is_written(&target, &metadata, bytes) => return Ok(()),
        Ok(_) | Err(_) => {}
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(format!(".{}.tmp", process::id()));
    let temporary = target.with_file_name(name);
    deferral.uninterrupted(|| {
        let result = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, &target));
        if result.is_err() {
            // The first error is the one that matters.
            let _ = fs::remove_file(&temporary);
        }
        result
    })
}

/// Whether the very image is there already: then it need not be written.
fn is_written(path: &Path, metadata: &fs::Metadata, bytes: &[u8]) -> bool {
    let executable = metadata.permissions().mode() & 0o100 != 0;
    let as_long = metadata.len() == bytes.len() as u64;
    executable && as_long && fs::read(path).is_ok_and(|there| there == bytes)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o755).open(path)?;
    file.write_all(bytes)?;
    file.flush()
}
