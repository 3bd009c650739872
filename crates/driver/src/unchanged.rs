//! Whether anything has changed since the last build of a program: if not, that build is given again.
//!
//! A build's outcome depends on its options, the compiler, `morph.toml`, the texts that it read, and where the paths of its imports
//! led. All of that is read and compared; times and sizes of files are not asked, so an edit within one tick of the clock
//! that leaves the size as it was is seen. Builds in which something speaks against a fragment are always done in full. Where
//! nothing but texts has changed, [`edit`](crate::edit) takes it from there.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use morph_diag::{Diagnostic, FragmentId, Label, Origin, Severity};
use morph_fault::fault::{Build, FaultId, Key};
use morph_sema::summary::Side;
use morph_syntax::UnitRange;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::aside;
use crate::config;
use crate::image;
use crate::key::Hasher;
use crate::ledger::Ledger;
use crate::library;
use crate::pipeline::Status;
use crate::program::Program;
use crate::project::{Location, Probe, Project};
use crate::protection::compiler_build;
use crate::report::{Closed, FragmentLabel, FragmentPlace, Problem, Report, Subject, UnitText};
use crate::results::Results;
use crate::side_by_side;
use crate::source;
use crate::unit::KEYWORDS;

/// The digest of a text.
pub(crate) type Digest = [u8; 32];

/// Length and checksum of an image.
pub(crate) type Sum = (u64, u32);

/// All that an outcome depends on, beside the options, which name the record.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Inputs {
    build: Build,
    roots: Vec<PathBuf>,
    /// `None` if there is no such file.
    config: Option<Digest>,
    probes: Vec<Probe>,
    pub(crate) units: Vec<Unit>,
}

/// A unit of the program: where its text lies, and what is in it. The library belongs to the compiler.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unit {
    pub(crate) path: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) text: Digest,
}

/// Which texts a record is about. Two states may have one image: then it does not tell which record goes with which.
pub(crate) type State = [u8; 32];

impl Inputs {
    pub(crate) fn state(&self) -> State {
        let mut hasher = Hasher::of("state").bytes(&self.build.0);
        for Unit { path, file, text } in &self.units {
            let file = file.as_ref().map_or(&[][..], |file| file.as_os_str().as_bytes());
            hasher = hasher.text(path).bytes(file).bytes(text);
        }
        let Key(state) = hasher.finish();
        state
    }
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    status: Kind,
    image: Option<Sum>,
    fragments: Vec<Fragment>,
    problems: Vec<(About, Diagnostic)>,
    closed: Vec<Lost>,
    total: usize,
}

/// A closed fragment: its fault, what it needs, call paths to it.
type Lost = (FragmentId, FaultId, Option<FragmentId>, Vec<Vec<FragmentId>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Complete,
    NoImage,
    WithErrors,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum About {
    Nothing,
    Text(u32),
    Fragment(FragmentId),
}

#[derive(Debug, Serialize, Deserialize)]
struct Fragment {
    unit: u32,
    start: u32,
    end: u32,
    line: u32,
    side: Side,
    label: Called,
}

#[derive(Debug, Serialize, Deserialize)]
enum Called {
    /// An index into [`KEYWORDS`].
    Named(u8, String),
    Statement,
    Import,
}

/// The name of the record of a program under its options.
pub(crate) fn record(user: &str) -> String {
    format!("same-{user}")
}

/// The name of the record of a small image.
pub(crate) fn image_record(user: &str) -> String {
    format!("image-{user}")
}

/// What a build came to.
pub(crate) struct Last {
    pub(crate) status: Status,
    pub(crate) image: Option<Vec<u8>>,
    pub(crate) sum: Option<Sum>,
    /// The image lies where it belongs.
    pub(crate) in_place: bool,
    pub(crate) report: Report,
    /// Those in which something could change it.
    pub(crate) folders: BTreeSet<PathBuf>,
}

/// What was found of the last build.
pub(crate) enum Found {
    /// Nothing has changed since.
    Same(Box<Last>),
    /// Nothing but texts has changed since there was no error.
    Edited(Box<Edited>),
    /// It is not known, or something else has changed.
    Other,
}

/// The last build without an error, and what has changed since.
pub(crate) struct Edited {
    /// What it depended on; of the units that have changed the former texts.
    pub(crate) inputs: Inputs,
    outcome: Outcome,
    pub(crate) image: Sum,
    /// The file that it is.
    pub(crate) file: Option<File>,
    /// The texts as they are now, by unit: all of them if there is something to tell, else those that have changed.
    pub(crate) texts: Vec<Option<String>>,
    /// Units that have changed, in order, with the digests of their texts.
    pub(crate) changed: Vec<(usize, Digest)>,
    pub(crate) folders: BTreeSet<PathBuf>,
}

/// Looks whether anything has changed since the last build.
pub(crate) fn look(
    project: &Project,
    image_at: Option<&Path>,
    last_image: Option<&Arc<Vec<u8>>>,
    ledger: &mut Ledger,
) -> Found {
    found(project, image_at, last_image, ledger).unwrap_or(Found::Other)
}

fn found(
    project: &Project,
    image_at: Option<&Path>,
    last_image: Option<&Arc<Vec<u8>>>,
    ledger: &mut Ledger,
) -> Option<Found> {
    if !ledger.says_nothing_against_anybody() {
        return None;
    }
    let user = ledger.results.user().to_owned();
    let last = Compared::of(&record(&user), &Texts::default(), project, image_at, ledger);
    let read = match last {
        Some(last) if last.changed.is_empty() => return last.same(image_at, last_image, ledger),
        Some(last) if last.outcome.is_healthy() => return last.edited(),
        Some(last) => last.into_texts(),
        None => Texts::default(),
    };
    // There were errors, and this edit mends them perhaps.
    let healthy = Compared::of(&aside::record(&user), &read, project, image_at, ledger);
    project.keep_texts(read.into_iter().map(|(file, (text, _))| (file, text)));
    healthy.filter(|healthy| healthy.outcome.is_healthy())?.edited()
}

/// What a record says.
fn outcome(record: &str, results: &mut Results) -> Option<(Inputs, Outcome)> {
    postcard::from_bytes(&results.record(record)?).ok()
}

/// The image of the last build, if there was no error.
pub(crate) fn last_healthy(ledger: &mut Ledger) -> Option<Sum> {
    let (_, outcome) = outcome(&record(ledger.results.user()), &mut ledger.results)?;
    outcome.image.filter(|_| outcome.is_healthy())
}

/// The texts of the program's units in the last build, and in the one that was set aside; by path.
pub(crate) fn earlier_texts(results: &mut Results) -> FxHashMap<String, Vec<Digest>> {
    let user = results.user().to_owned();
    let mut texts: FxHashMap<String, Vec<Digest>> = FxHashMap::default();
    for name in [record(&user), aside::record(&user)] {
        let Some((inputs, _)) = outcome(&name, results) else { continue };
        for unit in inputs.units.into_iter().filter(|unit| unit.file.is_some()) {
            let known = texts.entry(unit.path).or_default();
            if !known.contains(&unit.text) {
                known.push(unit.text);
            }
        }
    }
    texts
}

/// A build, and what has changed since.
struct Compared {
    inputs: Inputs,
    outcome: Outcome,
    /// Its image, and whether it lies where the caller would write it.
    file: Option<(File, bool)>,
    texts: Vec<Option<String>>,
    changed: Vec<(usize, Digest)>,
    folders: BTreeSet<PathBuf>,
}

/// Texts of files that were read, with their digests.
type Texts = FxHashMap<PathBuf, (String, Digest)>;

impl Compared {
    /// Compares the build that a record tells of with what is there now; `None` if something else than texts has changed.
    fn of(
        record: &str,
        read: &Texts,
        project: &Project,
        image_at: Option<&Path>,
        ledger: &mut Ledger,
    ) -> Option<Compared> {
        let (inputs, outcome) = outcome(record, &mut ledger.results)?;
        let same = inputs.build == compiler_build()
            && inputs.roots == project.roots()
            && inputs.config == config_digest(project)?
            && inputs.probes.iter().all(|probe| project.holds(probe));
        if !same {
            return None;
        }
        let files = inputs.units.iter().filter_map(|unit| unit.file.as_deref());
        let places = inputs.probes.iter().map(|probe| probe.path.as_path());
        let folders = project.folders(files.chain(places));
        let kept = ledger.results.file(&aside::image(ledger.results.user()));
        let find = |sum: Sum| {
            let there = image_at.and_then(|path| image::open(path, sum)).map(|file| (file, true));
            there.or_else(|| Some((image::whole(kept?, sum)?, false)))
        };
        // A large image takes as long to look through as all texts together.
        let (file, texts) = thread::scope(|scope| {
            let (large, small) = match outcome.image {
                Some(sum) if is_large(sum) => (Some(scope.spawn(move || find(sum))), None),
                small => (None, small.zip(image_at)),
            };
            let silent = outcome.problems.is_empty() && outcome.closed.is_empty();
            let texts = texts(&inputs.units, !silent, read)?;
            let file = match large {
                Some(finding) => finding.join().ok()?,
                None => small.and_then(|(sum, path)| Some((image::open(path, sum)?, true))),
            };
            Some((file, texts))
        })?;
        let changed = texts.iter().zip(&inputs.units).enumerate();
        let changed = changed.filter(|(_, ((_, digest), unit))| *digest != unit.text);
        let changed: Vec<(usize, Digest)> =
            changed.map(|(number, ((_, digest), _))| (number, *digest)).collect();
        let texts: Vec<Option<String>> = texts.into_iter().map(|(text, _)| text).collect();
        Some(Compared { inputs, outcome, file, texts, changed, folders })
    }

    /// Nothing has changed: that build is given again.
    fn same(
        self,
        image_at: Option<&Path>,
        last_image: Option<&Arc<Vec<u8>>>,
        ledger: &mut Ledger,
    ) -> Option<Found> {
        let Compared { inputs, outcome, file, texts, folders, .. } = self;
        let at_hand = |sum: Sum| last_image.is_some_and(|image| checksum(image) == sum);
        let in_place = file.is_some_and(|(_, there)| there)
            || image_at.is_none() && outcome.image.is_some_and(at_hand);
        let image = match outcome.image {
            Some(sum) if !in_place => Some(kept_image(ledger, sum)?),
            Some(_) | None => None,
        };
        let status = match outcome.status {
            Kind::Complete => Status::Complete,
            Kind::NoImage => Status::NoImage,
            Kind::WithErrors => Status::WithErrors,
        };
        let sum = outcome.image;
        let report = outcome.into_report(&inputs, texts)?;
        Some(Found::Same(Box::new(Last { status, image, sum, in_place, report, folders })))
    }

    /// Of a build without errors.
    fn edited(self) -> Option<Found> {
        let Compared { inputs, outcome, file, texts, changed, folders } = self;
        let image = outcome.image?;
        let file = file.map(|(file, _)| file);
        let edited = Edited { inputs, outcome, image, file, texts, changed, folders };
        Some(Found::Edited(Box::new(edited)))
    }

    /// What was read of files.
    fn into_texts(self) -> Texts {
        let changed: FxHashMap<usize, Digest> = self.changed.into_iter().collect();
        let units = self.inputs.units.into_iter().zip(self.texts).enumerate();
        let texts = units.filter_map(|(number, (unit, text))| {
            let digest = changed.get(&number).copied().unwrap_or(unit.text);
            Some((unit.file?, (text?, digest)))
        });
        texts.collect()
    }
}

fn is_large((length, _): Sum) -> bool {
    length > LONGEST_IMAGE as u64
}

/// The image with this checksum, if it is kept beside where it was written.
pub(crate) fn kept_image(ledger: &mut Ledger, sum: Sum) -> Option<Vec<u8>> {
    let user = ledger.results.user().to_owned();
    [image_record(&user), aside::image(&user)]
        .iter()
        .find_map(|record| ledger.results.record(record).filter(|image| checksum(image) == sum))
}

/// The digests of all units as they are now, with the texts of those that have changed, or of all; what was `read` already is not read
/// again. `None` if one cannot be read.
fn texts(units: &[Unit], all: bool, read: &Texts) -> Option<Vec<(Option<String>, Digest)>> {
    let texts = side_by_side::map(units, LEAST_TEXTS, |unit| {
        let wanted = |digest| all || digest != unit.text;
        if let Some((text, digest)) = unit.file.as_ref().and_then(|file| read.get(file)) {
            return Some((wanted(*digest).then(|| text.clone()), *digest));
        }
        let (text, digest) = unit.now()?;
        Some((wanted(digest).then_some(text), digest))
    });
    texts.into_iter().collect()
}

impl Unit {
    /// Its text as it is now, with its digest.
    pub(crate) fn now(&self) -> Option<(String, Digest)> {
        let text = match &self.file {
            Some(file) => source::read(file).ok()?,
            None => library::UNITS.get(library::find(&self.path)?)?.text.to_owned(),
        };
        let digest = digest(&text);
        Some((text, digest))
    }
}

/// Texts that were read for nothing are kept for the build that follows.
fn keep_texts(project: &Project, inputs: &Inputs, texts: Vec<Option<String>>) {
    let files = inputs.units.iter().map(|unit| unit.file.clone());
    project.keep_texts(files.zip(texts).filter_map(|(file, text)| Some((file?, text?))));
}

/// Reading fewer texts than these takes no longer than making a thread.
const LEAST_TEXTS: usize = 32;

impl Edited {
    /// Gives up: what was read is kept for the build that follows.
    pub(crate) fn give_up(self, project: &Project) {
        keep_texts(project, &self.inputs, self.texts);
    }

    /// Whether there was nothing to tell, about no fragment.
    pub(crate) fn was_silent(&self) -> bool {
        self.outcome.problems.is_empty()
    }

    /// Whether something is told about a fragment, or points into it.
    pub(crate) fn is_told_about(&self, id: FragmentId) -> bool {
        self.outcome.problems.iter().any(|(about, problem)| {
            let points = |label: &Label| label.origin == Origin::Fragment(id);
            matches!(about, About::Fragment(own) if *own == id)
                || problem.secondary.iter().any(points)
        })
    }

    /// Takes note of where a fragment stands now.
    pub(crate) fn place(&mut self, FragmentId(id): FragmentId, range: UnitRange, line: u32) {
        // Where nothing is told there are no places.
        if let Some(place) = self.outcome.fragments.get_mut(id as usize) {
            (place.start, place.end, place.line) = (range.start, range.end, line);
        }
    }

    /// Takes note that the texts are as they are now.
    pub(crate) fn take_digests(&mut self) {
        for (unit, digest) in &self.changed {
            if let Some(unit) = self.inputs.units.get_mut(*unit) {
                unit.text = *digest;
            }
        }
    }

    /// Keeps what came out for the next build: this image.
    pub(crate) fn keep(&mut self, image: Sum, small: Option<&[u8]>, ledger: &mut Ledger) {
        self.outcome.image = Some(image);
        keep(&self.inputs, &self.outcome, small, ledger);
    }

    /// What there is to tell.
    pub(crate) fn into_report(self) -> Option<Report> {
        self.outcome.into_report(&self.inputs, self.texts)
    }
}

fn keep(inputs: &Inputs, outcome: &Outcome, image: Option<&[u8]>, ledger: &mut Ledger) {
    let Ok(bytes) = postcard::to_stdvec(&(inputs, outcome)) else { return };
    let user = ledger.results.user().to_owned();
    // The image first: a record without it is no record. A long one is looked for where it was written.
    if let Some(image) = image.filter(|image| image.len() <= LONGEST_IMAGE) {
        ledger.results.set_record(&image_record(&user), image, &mut ledger.notes);
    }
    ledger.results.set_record(&record(&user), &bytes, &mut ledger.notes);
}

impl Outcome {
    /// Whether there was no error: an image of all fragments.
    fn is_healthy(&self) -> bool {
        let harmless = |(about, problem): &(About, Diagnostic)| {
            matches!(about, About::Fragment(_)) && problem.severity() != Severity::Error
        };
        let readable = |fragment: &Fragment| match fragment.label {
            Called::Named(keyword, _) => usize::from(keyword) < KEYWORDS.len(),
            Called::Statement | Called::Import => true,
        };
        self.status == Kind::Complete
            && self.closed.is_empty()
            && self.problems.iter().all(harmless)
            && self.fragments.iter().all(readable)
    }

    /// Where there is nothing to tell, nobody asks for texts either.
    fn into_report(self, inputs: &Inputs, texts: Vec<Option<String>>) -> Option<Report> {
        let units = inputs.units.iter().zip(texts);
        let units = units.map(|(unit, text)| UnitText {
            path: unit.path.clone(),
            text: text.unwrap_or_default(),
        });
        let fragments = self.fragments.into_iter().map(|fragment| {
            let Fragment { unit, start, end, line, side, label } = fragment;
            let label = match label {
                Called::Named(keyword, name) => {
                    FragmentLabel::Named { keyword: KEYWORDS.get(usize::from(keyword))?, name }
                }
                Called::Statement => FragmentLabel::Statement,
                Called::Import => FragmentLabel::Import,
            };
            Some(FragmentPlace { unit, start, end, line, side, label })
        });
        let problems = self.problems.into_iter().map(|(about, diagnostic)| {
            let subject = match about {
                About::Nothing => Subject::Nothing,
                About::Text(unit) => Subject::Text(unit),
                About::Fragment(id) => Subject::Fragment(id),
            };
            Problem { subject, diagnostic }
        });
        let closed = self.closed.into_iter();
        let closed = closed.map(|(fragment, fault, because, paths)| Closed {
            fragment,
            fault,
            because,
            paths,
        });
        Some(Report {
            units: units.collect(),
            fragments: fragments.collect::<Option<_>>()?,
            problems: problems.collect(),
            closed: closed.collect(),
            total: self.total,
        })
    }
}

/// What a build depended on.
pub(crate) struct Before {
    inputs: Inputs,
}

impl Before {
    /// `None` if it depended on something that cannot be compared: a file that could not be read.
    pub(crate) fn of(project: &Project, program: &Program<'_>) -> Option<Before> {
        if !program.whole {
            return None;
        }
        let units = program.units.iter().map(|unit| Unit {
            path: unit.path.clone(),
            file: match &unit.location {
                Location::File(path) => Some(path.clone()),
                Location::Library(_) => None,
            },
            text: digest(unit.text),
        });
        let inputs = Inputs {
            build: compiler_build(),
            roots: project.roots().to_vec(),
            config: config_digest(project)?,
            probes: project.probes()?,
            units: units.collect(),
        };
        Some(Before { inputs })
    }

    /// Which texts it depended on.
    pub(crate) fn state(&self) -> State {
        self.inputs.state()
    }

    /// Keeps what came out for the next build.
    pub(crate) fn keep(
        &self,
        status: Status,
        image: Option<&[u8]>,
        sum: Option<Sum>,
        report: &Report,
        ledger: &mut Ledger,
    ) {
        let status = match status {
            Status::Complete => Kind::Complete,
            Status::NoImage => Kind::NoImage,
            Status::WithErrors => Kind::WithErrors,
            Status::Bug => return,
        };
        if !ledger.results.are_kept() || !ledger.says_nothing_against_anybody() {
            return;
        }
        // Where nothing is to be told, nobody asks for places.
        let silent = report.problems.is_empty() && report.closed.is_empty();
        let told = if silent { &[][..] } else { &report.fragments };
        let fragments = told.iter().map(|place| Fragment {
            unit: place.unit,
            start: place.start,
            end: place.end,
            line: place.line,
            side: place.side,
            label: match &place.label {
                FragmentLabel::Named { keyword, name } => {
                    let keyword = KEYWORDS.iter().position(|known| known == keyword).unwrap_or(0);
                    Called::Named(u8::try_from(keyword).unwrap_or(0), name.clone())
                }
                FragmentLabel::Statement => Called::Statement,
                FragmentLabel::Import => Called::Import,
            },
        });
        let problems = report.problems.iter().map(|problem| {
            let about = match problem.subject {
                Subject::Nothing => About::Nothing,
                Subject::Text(unit) => About::Text(unit),
                Subject::Fragment(id) => About::Fragment(id),
            };
            (about, problem.diagnostic.clone())
        });
        let closed = report
            .closed
            .iter()
            .map(|closed| (closed.fragment, closed.fault, closed.because, closed.paths.clone()));
        let outcome = Outcome {
            status,
            image: sum,
            fragments: fragments.collect(),
            problems: problems.collect(),
            closed: closed.collect(),
            total: report.total,
        };
        keep(&self.inputs, &outcome, image, ledger);
    }
}

/// Longer images are not kept beside where they are written.
pub(crate) const LONGEST_IMAGE: usize = 1 << 20;

/// The length and the checksum of an image, as [`Output::sum`](crate::Output::sum) has them.
pub fn checksum(image: &[u8]) -> (u64, u32) {
    (image.len() as u64, crc32fast::hash(image))
}

pub(crate) fn digest(text: &str) -> Digest {
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// `None` if the file is there and cannot be read; inside, `None` if it is not there.
#[expect(clippy::option_option, reason = "not there and not readable are two things")]
fn config_digest(project: &Project) -> Option<Option<Digest>> {
    match source::read(&project.folder().join(config::FILE)) {
        Ok(text) => Some(Some(digest(&text))),
        Err(source::SourceError::Missing) => Some(None),
        Err(_) => None,
    }
}
