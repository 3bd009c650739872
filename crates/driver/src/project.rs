//! Where files may come from, in which order, and how their paths are shown.
//!
//! A path is looked up in the project's roots, in the folder of the file that names it, and in the
//! built-in library, in this order. A path that leaves all roots is refused, whether by `..`, by being absolute or
//! through a symbolic link. What is shown is relative to the first root, so that it is the same wherever the project lies.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::{env, fs, io};

use morph_sema::summary::Side;
use serde::{Deserialize, Serialize};

use crate::library;
use crate::options::Options;
use crate::program::FragmentRef;
use crate::source::{self, SourceError};

/// The folders that a program's files come from.
#[derive(Debug)]
pub struct Project {
    /// Canonical; the first one is what shown paths are relative to.
    roots: Vec<PathBuf>,
    /// The library has units of its own for each.
    kind: library::Kind,
    /// Where paths of imports led.
    probes: RefCell<BTreeMap<PathBuf, Probed>>,
    /// Files that were read already in this build.
    texts: RefCell<BTreeMap<PathBuf, String>>,
    folders: Folders,
}

/// Folders whose real paths are known: files of one folder need not be followed from the root each.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    real: RefCell<BTreeMap<PathBuf, PathBuf>>,
}

impl Folders {
    /// The real path of a file, as [`fs::canonicalize`] has it.
    pub(crate) fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let (Some(folder), Some(Component::Normal(name))) =
            (path.parent(), path.components().next_back())
        else {
            return fs::canonicalize(path);
        };
        let known = self.real.borrow().get(folder).cloned();
        let real = match known {
            Some(real) => real,
            None => {
                let real = fs::canonicalize(folder)?;
                self.real.borrow_mut().insert(folder.to_owned(), real.clone());
                real
            }
        };
        if fs::symlink_metadata(path)?.is_symlink() {
            return fs::canonicalize(path);
        }
        Ok(real.join(name))
    }
}

/// What a path led to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Probed {
    File(PathBuf),
    Nothing,
    /// It is there, and may not be looked at.
    Denied,
}

/// A path that was looked up, and where it led.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Probe {
    pub(crate) path: PathBuf,
    pub(crate) found: Option<PathBuf>,
}

/// Where a unit's text lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A canonical path.
    File(PathBuf),
    /// An index into [`library::UNITS`].
    Library(usize),
}

/// Why a path names no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    Missing,
    Outside,
}

impl Location {
    /// Whose code it is.
    pub fn side(&self) -> Side {
        match self {
            Location::File(_) => Side::Program,
            Location::Library(_) => Side::Library,
        }
    }

    /// Where a fragment of the built-in library stands there; `None` for the program's own.
    pub(crate) fn library_place(&self, fragment: FragmentRef) -> Option<(usize, u32)> {
        match self {
            Location::Library(unit) => Some((*unit, fragment.fragment)),
            Location::File(_) => None,
        }
    }
}

impl Project {
    /// Keeps texts of files, so that each is read once in a build.
    pub(crate) fn keep_texts(&self, texts: impl Iterator<Item = (PathBuf, String)>) {
        self.texts.borrow_mut().extend(texts);
    }

    /// The text of a file that was kept.
    pub(crate) fn take_text(&self, path: &Path) -> Option<String> {
        self.texts.borrow_mut().remove(path)
    }

    /// A project without files: a program that is one text imports nothing but the library.
    pub(crate) fn of_text(name: &str) -> (Project, Location) {
        let project = Project {
            roots: Vec::new(),
            kind: library::Kind::default(),
            probes: RefCell::default(),
            texts: RefCell::default(),
            folders: Folders::default(),
        };
        (project, Location::File(PathBuf::from(name)))
    }

    /// The project of a root file, and the root file's own location.
    pub fn of_root(root: &Path) -> Result<(Project, Location), SourceError> {
        let file = fs::canonicalize(root).map_err(|error| source::from_io(&error))?;
        let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
        let marked = folder.ancestors().find(|folder| folder.join("morph.toml").is_file());
        let roots = match marked {
            Some(root) => vec![root.to_owned()],
            None => {
                let mut roots = vec![folder];
                if let Ok(working) = env::current_dir().and_then(fs::canonicalize)
                    && !roots.contains(&working)
                {
                    roots.push(working);
                }
                roots
            }
        };
        let project = Project {
            roots,
            kind: library::Kind::default(),
            probes: RefCell::default(),
            texts: RefCell::default(),
            folders: Folders::default(),
        };
        Ok((project, Location::File(file)))
    }

    /// The same project for other images.
    #[must_use]
    pub fn for_images(self, options: &Options) -> Project {
        let kind = library::Kind { target: options.target, debug: options.debug, hot: options.hot };
        Project { kind, ..self }
    }

    /// Which units of the library the project's images are built with.
    pub fn kind(&self) -> library::Kind {
        self.kind
    }

    /// The folders that files may come from.
    pub(crate) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Whether a path still leads where it led.
    pub(crate) fn holds(&self, Probe { path, found }: &Probe) -> bool {
        self.folders.canonicalize(path).ok() == *found
    }

    /// All paths that were looked up so far; `None` if one of them may not be looked at.
    pub(crate) fn probes(&self) -> Option<Vec<Probe>> {
        let probe = |(path, probed): (&PathBuf, &Probed)| match probed {
            Probed::File(found) => Some(Probe { path: path.clone(), found: Some(found.clone()) }),
            Probed::Nothing => Some(Probe { path: path.clone(), found: None }),
            Probed::Denied => None,
        };
        self.probes.borrow().iter().map(probe).collect()
    }

    /// The folders of these files, of the project itself, and those where a path of an import was looked for.
    pub(crate) fn folders<'f>(&self, files: impl Iterator<Item = &'f Path>) -> BTreeSet<PathBuf> {
        let probes = self.probes.borrow();
        let mut folders: BTreeSet<PathBuf> =
            files.filter_map(Path::parent).map(Path::to_owned).collect();
        folders.extend(probes.keys().filter_map(|path| path.parent()).map(Path::to_owned));
        folders.insert(self.folder().to_owned());
        folders
    }

    fn probe(&self, path: &Path) -> io::Result<PathBuf> {
        let found = self.folders.canonicalize(path);
        let probed = match &found {
            Ok(found) => Probed::File(found.clone()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Probed::Denied,
            Err(_) => Probed::Nothing,
        };
        self.probes.borrow_mut().insert(path.to_owned(), probed);
        found
    }

    /// The folder that holds the project's own state.
    pub fn folder(&self) -> &Path {
        self.roots.first().map_or(Path::new("."), PathBuf::as_path)
    }

    /// Finds what `path`, written in the unit at `user`, names. `.fox` is appended if it is missing.
    pub fn look_up(&self, path: &str, user: &Location) -> Result<Location, LookupError> {
        let path = with_extension(path);
        let folder = match user {
            Location::Library(index) => return self.look_up_library(&path, Some(*index)),
            Location::File(file) => file.parent(),
        };
        let mut left = false;
        let bases = self.roots.iter().map(PathBuf::as_path).chain(folder);
        for base in bases {
            let joined = normalise(&base.join(&path));
            let beneath = |path: &Path| self.roots.iter().any(|root| path.starts_with(root));
            if !beneath(&joined) {
                left = true;
                continue;
            }
            // What exists but cannot be looked at is found here, and reported when it is read.
            match self.probe(&joined) {
                Ok(real) if beneath(&real) => return Ok(Location::File(real)),
                Ok(_) => left = true,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Ok(Location::File(joined));
                }
                Err(_) => {}
            }
        }
        self.look_up_library(&path, None)
            .map_err(|_| if left { LookupError::Outside } else { LookupError::Missing })
    }

    fn look_up_library(&self, path: &str, user: Option<usize>) -> Result<Location, LookupError> {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let direct = library::find(&shown(&normalise(Path::new(path))));
        let beside = user
            .and_then(|user| Path::new(library::UNITS[user].path).parent())
            .and_then(|folder| library::find(&shown(&normalise(&folder.join(path)))));
        let ours = |index: &usize| library::is_for(&library::UNITS[*index], self.kind);
        let found = direct.or(beside).filter(ours);
        found.map(Location::Library).ok_or(LookupError::Missing)
    }

    /// How a location is shown: relative to the first root, with forward slashes.
    pub fn display(&self, location: &Location) -> String {
        match location {
            Location::Library(index) => library::UNITS[*index].path.to_owned(),
            Location::File(file) => match self.roots.first() {
                Some(root) => relative(file, root),
                None => file.display().to_string(),
            },
        }
    }
}

/// How a file or folder of the project is called from the working directory.
pub(crate) fn seen_from_here(path: &Path) -> String {
    match env::current_dir().and_then(fs::canonicalize) {
        Ok(here) if path.is_absolute() => relative(path, &here),
        Ok(_) | Err(_) => display_unresolved(path),
    }
}

/// A path as it is shown when there is no project: as it was given.
pub fn display_unresolved(path: &Path) -> String {
    path.display().to_string()
}

fn with_extension(path: &str) -> String {
    if path.ends_with(".fox") { path.to_owned() } else { format!("{path}.fox") }
}

/// Removes `.` and `..` without looking at the disk.
fn normalise(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if matches!(result.components().next_back(), Some(Component::Normal(_))) {
                    result.pop();
                } else if !result.has_root() {
                    result.push("..");
                }
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                result.push(component)
            }
        }
    }
    result
}

fn relative(file: &Path, base: &Path) -> String {
    let shared = file.components().zip(base.components()).take_while(|(a, b)| a == b).count();
    let up = base.components().skip(shared).map(|_| "..".to_owned());
    let down =
        file.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalising_never_climbs_above_the_root() {
        let cases = [
            ("/a/b/../c", "/a/c"),
            ("/../../a", "/a"),
            ("a/./b", "a/b"),
            ("../x", "../x"),
            ("a/../../x", "../x"),
        ];
        for (path, expected) in cases {
            assert_eq!(normalise(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn paths_are_shown_relative_to_the_first_root() {
        let cases =
            [("/p/a.fox", "a.fox"), ("/p/sub/b.fox", "sub/b.fox"), ("/q/c.fox", "../q/c.fox")];
        for (file, expected) in cases {
            assert_eq!(relative(Path::new(file), Path::new("/p")), expected);
        }
    }
}
