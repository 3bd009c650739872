//! A bundle as a folder: written whole or not at all, and read with suspicion, for it may come from a stranger.

use std::ffi::OsString;
use std::path::Path;
use std::{fs, io, process};

use morph_diag::{Diagnostic, Span};

use crate::bundle::facts::Facts;
use crate::bundle::wire::{BadField, VERSION, Version, Wire};
use crate::phase::Phase;
use crate::source::{self, SourceError};

const FACTS: &str = "bundle.json";
const FRAGMENT: &str = "fragment.fox";
const ENVIRONMENT: &str = "environment.fox";

/// No `bundle.json` of ours has more bytes.
const LONGEST_FACTS: u64 = 1 << 20;
/// A fragment may be as long as its file; no one replays more than this.
const LONGEST_TEXT: u64 = 1 << 30;

/// A crash bundle: what broke, on which text, in which surroundings.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub(crate) facts: Facts,
    pub(crate) fragment: String,
    pub(crate) environment: String,
}

/// Why a folder is no bundle that can be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("`{file}`: {source}")]
    File { file: &'static str, source: SourceError },
    #[error("`bundle.json` is not what morph writes: {reason}")]
    Malformed { reason: String },
    #[error("`bundle.json` is of version {found}, and this morph reads version {known}")]
    Version { found: u64, known: u64 },
    #[error("`{field}` in `bundle.json` has a value that it cannot have")]
    Field { field: &'static str },
}

impl BundleError {
    /// The problem with a file of the bundle that is shown as `folder`, if it is one.
    pub fn to_diagnostic(&self, folder: &str) -> Option<Diagnostic> {
        match self {
            BundleError::File { file, source } => {
                Some(source.to_diagnostic(&format!("{folder}/{file}"), Span::default()))
            }
            BundleError::Malformed { .. }
            | BundleError::Version { .. }
            | BundleError::Field { .. } => None,
        }
    }
}

impl From<BadField> for BundleError {
    fn from(BadField(field): BadField) -> BundleError {
        BundleError::Field { field }
    }
}

impl Bundle {
    /// Reads the bundle in `folder`.
    ///
    /// # Errors
    /// If a file is missing or unreadable, or says what no morph of this version writes.
    pub fn open(folder: &Path) -> Result<Bundle, BundleError> {
        let json = read(folder, FACTS, LONGEST_FACTS)?;
        let malformed = |error: serde_json::Error| {
            // Whatever it quotes comes from the file.
            BundleError::Malformed { reason: super::record::tame(&error.to_string(), 200) }
        };
        let Version { version } = serde_json::from_str(&json).map_err(malformed)?;
        if version != VERSION {
            return Err(BundleError::Version { found: version, known: VERSION });
        }
        let wire: Wire = serde_json::from_str(&json).map_err(malformed)?;
        let facts = Facts::try_from(wire)?;
        let fragment = read(folder, FRAGMENT, LONGEST_TEXT)?;
        let environment = read(folder, ENVIRONMENT, LONGEST_TEXT)?;
        Ok(Bundle { facts, fragment, environment })
    }

    /// Writes the bundle to a folder that does not exist yet: to a temporary name beside it, then renamed.
    ///
    /// Where a folder of that name has appeared meanwhile, it stays.
    ///
    /// # Errors
    /// If the system refuses; nothing is left behind then.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let name = folder.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let beside = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or(Path::new("."));
        fs::create_dir_all(beside)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.tmp", process::id()));
        let temporary = beside.join(hidden);
        let written = self.fill(&temporary).and_then(|()| fs::rename(&temporary, folder));
        if written.is_err() {
            // The first error is the one that matters.
            let _ = fs::remove_dir_all(&temporary);
        }
        match written {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            written => written,
        }
    }

    fn fill(&self, folder: &Path) -> io::Result<()> {
        // A process of the same number may have ended in the middle of this.
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::create_dir(folder)?;
        let mut json = serde_json::to_string_pretty(&Wire::from(&self.facts))?;
        json.push('\n');
        fs::write(folder.join(FACTS), json)?;
        fs::write(folder.join(FRAGMENT), &self.fragment)?;
        fs::write(folder.join(ENVIRONMENT), &self.environment)
    }

    /// The id that joins this bundle with diagnostic, stub and log.
    pub fn fault(&self) -> String {
        self.facts.fault.to_string()
    }

    /// What kind of fault it was, as messages name it.
    pub fn kind(&self) -> &str {
        &self.facts.kind
    }

    pub fn phase(&self) -> Phase {
        self.facts.phase
    }

    /// Where the fragment stands: unit and line.
    pub fn place(&self) -> (&str, u32) {
        (&self.facts.unit, self.facts.line)
    }

    /// Whether the fault was injected on purpose.
    pub fn is_injected(&self) -> bool {
        self.facts.injected.is_some()
    }

    /// Whether all that a check of the fragment can ask about is in the bundle.
    pub fn is_whole(&self) -> bool {
        self.facts.whole
    }

    /// The version and the build of the compiler that broke; the build's first digits will do.
    pub fn compiler(&self) -> String {
        let digits: String =
            self.facts.build.0.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("morph {} ({digits})", self.facts.morph)
    }

    /// How the worker ended then, if that is known.
    pub fn record(&self) -> Option<&crate::bundle::Record> {
        self.facts.record.as_ref()
    }
}

fn read(folder: &Path, file: &'static str, longest: u64) -> Result<String, BundleError> {
    let path = folder.join(file);
    let wrong = |source| BundleError::File { file, source };
    match fs::metadata(&path) {
        Ok(found) if found.is_file() && found.len() > longest => {
            Err(wrong(SourceError::TooLarge(found.len())))
        }
        // Whatever else is wrong is found in reading.
        Ok(_) | Err(_) => source::read(&path).map_err(wrong),
    }
}
