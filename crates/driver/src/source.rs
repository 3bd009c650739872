//! Reading one source file, whatever lies at its path.
//!
//! Only regular files are read: a pipe could make the compiler wait for ever and a device never ends, so neither is opened.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use morph_diag::{Code, Diagnostic, Span};

/// Spans are 32 bits wide.
const LIMIT: u64 = u32::MAX as u64;

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("the file does not exist")]
    Missing,
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(u64),
    #[error("{0} bytes are more than a source file may have")]
    TooLarge(u64),
}

impl SourceError {
    /// The problem, stated at `place` about the file shown as `path`.
    pub fn to_diagnostic(&self, path: &str, place: Span) -> Diagnostic {
        match self {
            SourceError::Missing => Diagnostic::new(Code::FileMissing, place).arg("path", path),
            SourceError::Unreadable(reason) => Diagnostic::new(Code::FileUnreadable, place)
                .arg("path", path)
                .arg("reason", reason.as_str()),
            SourceError::NotUtf8(offset) => Diagnostic::new(Code::FileNotUtf8, place)
                .arg("path", path)
                .arg("offset", to_number(*offset)),
            SourceError::TooLarge(size) => Diagnostic::new(Code::FileTooLarge, place)
                .arg("path", path)
                .arg("size", to_number(*size)),
        }
    }
}

fn to_number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// The text of a source file, without a byte order mark.
pub fn read(path: &Path) -> Result<String, SourceError> {
    let metadata = fs::metadata(path).map_err(|error| from_io(&error))?;
    if metadata.is_dir() {
        return Err(SourceError::Unreadable("directory".to_owned()));
    }
    if !metadata.is_file() {
        return Err(SourceError::Unreadable("device".to_owned()));
    }
    if metadata.len() > LIMIT {
        return Err(SourceError::TooLarge(metadata.len()));
    }
    let file = File::open(path).map_err(|error| from_io(&error))?;
    let mut bytes = Vec::new();
    let expected = to_number(metadata.len());
    bytes
        .try_reserve_exact(expected + 1)
        .map_err(|error| SourceError::Unreadable(error.to_string()))?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| from_io(&error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(SourceError::TooLarge(bytes.len() as u64));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|error| SourceError::NotUtf8(error.utf8_error().valid_up_to() as u64))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Why the system says that a file cannot be had.
pub(crate) fn from_io(error: &io::Error) -> SourceError {
    let kind = error.kind();
    if matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
        SourceError::Missing
    } else if kind == io::ErrorKind::PermissionDenied {
        SourceError::Unreadable("permission".to_owned())
    } else {
        SourceError::Unreadable(error.to_string())
    }
}
