//! The work of a build in sandboxes: reading units, then checking and compiling their fragments.

use std::rc::Rc;

use bumpalo::Bump;
use morph_diag::{Code, Diagnostic, FragmentId, Origin, Span};
use morph_fault::fault::{Crash, Fault, FaultKind, Key, Resource};
use morph_fault::supervisor::{Grain, Job, PlannedUnit, Rung, Verdict};
use morph_fault::unit::UnitId;
use morph_sandbox::Pool;
use morph_sema::environment::Environment;
use morph_sema::summary::Side;
use morph_syntax::{Piece, PieceKind, UnitRange};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::back::Back;
use crate::crew::{CrewError, Ended, Stubbed, Work};
use crate::history;
use crate::isolation::{AnswerDigest, Digests, FragmentDigest, Site, Step};
use crate::key::{Hasher, fragment_key};
use crate::ledger::{Ledger, Note};
use crate::options::{Goal, Opt, Options};
use crate::phase::Phase;
use crate::program::{FragmentRef, Program};
use crate::protection::{Cost, Shield, compiler_build};
use crate::reader::{Lines, Reader, Seen, Source};
use crate::results::{Definition, KeptBuilt, KeptUnit, foreign_marks};
use crate::task::{Built, Executor, Made, Task, Verdict as Answer, unit_name};
use crate::unit::{Fragment, KEYWORDS};
use crate::unread::{closed, head};
use crate::worker::{BackJob, BadAnswer, FrontJob, FrontTask, read_built, read_pieces, read_seen};

/// Texts of most programs have room in this; more address space is taken when it is needed.
const FIRST_ROOM: usize = 4 << 20;

/// Reads units in sandboxes.
pub(crate) struct SandboxedReader<'a, 'l> {
    texts: &'a Bump,
    pool: Pool<FrontJob>,
    /// Bytes of texts that the pool's workers can be sent at once.
    room: usize,
    shield: Shield,
    ledger: &'l mut Ledger,
    /// Units so far.
    read: usize,
    /// Why nothing can be read at all.
    pub(crate) failure: Option<CrewError>,
    /// What broke its worker, to be written down.
    pub(crate) broken: Vec<Broken>,
}

/// What became of a fragment on which a worker broke.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Closed,
    /// It has an object, less optimised than was asked for.
    Lowered,
}

/// A task that broke its worker each time.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) site: Site,
    pub(crate) stubbed: Stubbed,
    pub(crate) what: BrokenTask,
}

/// What the task was.
#[derive(Clone, Debug)]
pub(crate) enum BrokenTask {
    /// Cutting a unit with this text.
    Unit { text: String, side: Side },
    /// Reading a fragment on its own.
    Alone { text: String, kind: PieceKind, side: Side },
    /// Checking and compiling a fragment against the others.
    Fragment { place: FragmentRef },
}

impl<'a, 'l> SandboxedReader<'a, 'l> {
    pub(crate) fn new(
        texts: &'a Bump,
        shield: Shield,
        ledger: &'l mut Ledger,
    ) -> Result<SandboxedReader<'a, 'l>, CrewError> {
        let room = FIRST_ROOM;
        let pool = Pool::new(FrontJob, shield.settings(room))?;
        let (failure, broken) = (None, Vec::new());
        Ok(SandboxedReader { texts, pool, room, shield, ledger, read: 0, failure, broken })
    }

    fn work<W: Work>(
        &mut self,
        jobs: Vec<Key>,
        weight: usize,
        work: &mut W,
    ) -> Vec<Option<Ended<W::Answer>>> {
        let count = jobs.len();
        if self.failure.is_none() {
            let plan = self.shield.plan(jobs, weight, self.ledger);
            let order = self.shield.order(count);
            if weight > self.room {
                match Pool::new(FrontJob, self.shield.settings(weight)) {
                    Ok(pool) => (self.pool, self.room) = (pool, weight),
                    Err(error) => {
                        self.failure = Some(error.into());
                        return (0..count).map(|_| None).collect();
                    }
                }
            }
            match order.run(&mut self.pool, plan, work, self.ledger) {
                Ok(ended) => return ended.into_iter().map(Some).collect(),
                Err(error) => self.failure = Some(error),
            }
        }
        (0..count).map(|_| None).collect()
    }

    /// Reads a text that is one fragment already, at position 0 of its unit.
    pub(crate) fn read_alone(&mut self, source: Source<'a>, piece: Piece) -> Option<Fragment<'a>> {
        let units = [source];
        let mut looking = Looking { texts: self.texts, units: &units, pieces: vec![(0, 0, piece)] };
        let keys = vec![look_key(&source, &piece)];
        let seen = self.work(keys, source.text.len(), &mut looking).pop()?;
        Some(self.fragment(&source, 0, piece, seen, &mut Lines::new(source.text)))
    }

    /// What a fragment is on its own, if its worker could tell.
    fn fragment(
        &mut self,
        source: &Source<'a>,
        at: u32,
        piece: Piece,
        seen: Option<Ended<(Seen<'a>, &'a [u8])>>,
        lines: &mut Lines<'_>,
    ) -> Fragment<'a> {
        match seen {
            Some(Ended::Answer((seen, _)) | Ended::Lowered((seen, _), _)) => {
                let Seen { syntax, summary } = seen;
                let line = lines.next(&piece);
                Fragment { piece, line, syntax, summary, fault: None }
            }
            Some(Ended::Stub(stubbed)) => {
                let text = piece.text(source.text);
                let import = piece.kind == PieceKind::Import;
                let cost = if import { Cost::Import } else { Cost::Fragment };
                let problem = self.shield.diagnose(&stubbed, head(&piece, text), cost);
                let site = Site { unit: source.path.to_owned(), fragment: Some(at) };
                let what = BrokenTask::Alone {
                    text: text.to_owned(),
                    kind: piece.kind,
                    side: source.side,
                };
                self.broken.push(Broken { site, stubbed, what });
                closed(piece, text, lines, Box::new(problem))
            }
            None => {
                let problem = Diagnostic::new(Code::CompilerFault, Span::default());
                closed(piece, piece.text(source.text), lines, Box::new(problem))
            }
        }
    }
}

/// The digest of all that reading a fragment on its own depends on.
fn look_key(source: &Source<'_>, piece: &Piece) -> Key {
    Hasher::of("look")
        .number(piece.kind as u64)
        .number(source.side as u64)
        .text(piece.text(source.text))
        .finish()
}

impl<'a> Reader<'a> for SandboxedReader<'a, '_> {
    fn read(&mut self, units: &[Source<'a>]) -> Vec<Vec<Fragment<'a>>> {
        self.read += units.len();
        self.ledger.step(Step::Reading, self.read);
        let known: Vec<_> = units.iter().map(|unit| self.known(unit)).collect();
        let missing = units.iter().zip(&known).filter(|(_, known)| known.is_none());
        let missing: Vec<Source<'a>> = missing.map(|(unit, _)| *unit).collect();
        let mut read = self.read_anew(&missing).into_iter();
        let found = known.into_iter().map(|known| known.or_else(|| read.next()));
        found.map(Option::unwrap_or_default).collect()
    }
}

impl<'a> SandboxedReader<'a, '_> {
    /// The fragments of a unit that an earlier build has read.
    fn known(&mut self, source: &Source<'a>) -> Option<Vec<Fragment<'a>>> {
        let kept = self.ledger.results.unit(source.side, source.text)?;
        let kept: &'a [u8] = self.texts.alloc_slice_copy(kept);
        let KeptUnit { pieces, seen } = postcard::from_bytes(kept).ok()?;
        let pieces = read_pieces(pieces, source.text).ok()?;
        if pieces.len() != seen.len() {
            return None;
        }
        let mut lines = Lines::new(source.text);
        let read = pieces.into_iter().zip(seen).map(|(piece, seen)| {
            let Seen { syntax, summary } = read_seen(seen, &piece, piece.text(source.text)).ok()?;
            let line = lines.next(&piece);
            Some(Fragment { piece, line, syntax, summary, fault: None })
        });
        read.collect()
    }

    /// Reads units in sandboxes, and keeps what comes out.
    fn read_anew(&mut self, units: &[Source<'a>]) -> Vec<Vec<Fragment<'a>>> {
        if units.is_empty() {
            return Vec::new();
        }
        let keys = units.iter().map(|unit| Hasher::of("split").text(unit.text).finish()).collect();
        let weight = units.iter().map(|unit| unit.text.len()).sum();
        let mut cutting = Cutting { units };
        let cut = self.work(keys, weight, &mut cutting);
        let mut whole: Vec<Option<Box<Diagnostic>>> = Vec::new();
        let mut pieces: Vec<Vec<Piece>> = Vec::new();
        for (unit, cut) in units.iter().zip(cut) {
            match cut {
                Some(Ended::Answer(cut) | Ended::Lowered(cut, _)) => {
                    pieces.push(cut);
                    whole.push(None);
                }
                Some(Ended::Stub(stubbed)) => {
                    // The unit is one fragment then, and that one is closed.
                    let end = u32::try_from(unit.text.len()).unwrap_or(u32::MAX);
                    pieces.push(vec![Piece {
                        range: UnitRange { start: 0, end },
                        kind: PieceKind::Stray,
                        block: None,
                        name: None,
                    }]);
                    let first_line = unit.text.find('\n').unwrap_or(unit.text.len());
                    let head = Span::new(0, u32::try_from(first_line).unwrap_or(u32::MAX));
                    let problem = self.shield.diagnose(&stubbed, head, Cost::File);
                    whole.push(Some(Box::new(problem)));
                    let site = Site { unit: unit.path.to_owned(), fragment: None };
                    let what = BrokenTask::Unit { text: unit.text.to_owned(), side: unit.side };
                    self.broken.push(Broken { site, stubbed, what });
                }
                None => {
                    pieces.push(Vec::new());
                    whole.push(None);
                }
            }
        }
        let mut looking = Looking { texts: self.texts, units, pieces: Vec::new() };
        for (unit, (pieces, whole)) in (0..).zip(pieces.iter().zip(&whole)) {
            if whole.is_none() {
                looking.pieces.extend((0..).zip(pieces).map(|(at, piece)| (unit, at, *piece)));
            }
        }
        let keys = looking.pieces.iter().map(|(unit, _, piece)| look_key(&units[*unit], piece));
        let keys = keys.collect();
        let looked = self.work(keys, weight, &mut looking);
        let mut looked = looking.pieces.into_iter().zip(looked);
        let mut read = Vec::new();
        for (number, (source, (pieces, whole))) in
            units.iter().zip(pieces.into_iter().zip(whole)).enumerate()
        {
            let mut lines = Lines::new(source.text);
            if let Some(fault) = whole {
                read.push(
                    pieces
                        .into_iter()
                        .map(|piece| {
                            closed(piece, piece.text(source.text), &mut lines, fault.clone())
                        })
                        .collect(),
                );
                continue;
            }
            let mut fragments = Vec::with_capacity(pieces.len());
            let mut replies = Vec::with_capacity(pieces.len());
            for (at, piece) in (0..).zip(pieces.iter().copied()) {
                let seen = looked.next().and_then(|(_, seen)| seen);
                if seen.is_none() {
                    debug_assert!(self.failure.is_some(), "unit {number} has no answer");
                }
                if let Some(Ended::Answer((_, reply))) = &seen {
                    replies.push(*reply);
                }
                fragments.push(self.fragment(source, at, piece, seen, &mut lines));
            }
            if replies.len() == pieces.len() {
                self.ledger.results.keep_unit(source.side, source.text, &pieces, replies);
            }
            read.push(fragments);
        }
        read
    }
}

/// Cutting units: one job each.
struct Cutting<'r, 'a> {
    units: &'r [Source<'a>],
}

impl Work for Cutting<'_, '_> {
    const NAME: &'static str = "split";
    type Answer = Vec<Piece>;

    fn input(&self, job: usize, _rung: Rung) -> Vec<u8> {
        encode(&FrontTask::Split { text: self.units[job].text })
    }

    fn read(&mut self, job: usize, reply: &[u8]) -> Result<(Vec<Piece>, Verdict), BadAnswer> {
        Ok((read_pieces(reply, self.units[job].text)?, Verdict::Accepted))
    }

    /// Texts are read again: that is soon done.
    fn key(&self, _job: usize) -> Option<Key> {
        None
    }

    fn site(&self, job: usize) -> Site {
        Site { unit: self.units[job].path.to_owned(), fragment: None }
    }

    fn steps(&self) -> &'static [Phase] {
        &[Phase::Start, Phase::Split, Phase::Reply]
    }
}

/// Reading fragments on their own: one job each.
struct Looking<'r, 'a> {
    texts: &'a Bump,
    units: &'r [Source<'a>],
    /// Unit, position in it, piece.
    pieces: Vec<(usize, u32, Piece)>,
}

impl<'a> Work for Looking<'_, 'a> {
    const NAME: &'static str = "look";
    /// What it is, and in the words of the worker.
    type Answer = (Seen<'a>, &'a [u8]);

    fn input(&self, job: usize, _rung: Rung) -> Vec<u8> {
        let (unit, _, piece) = &self.pieces[job];
        let Source { text, side, .. } = self.units[*unit];
        encode(&FrontTask::Look { text: piece.text(text), kind: piece.kind, side })
    }

    fn read(&mut self, job: usize, reply: &[u8]) -> Result<(Self::Answer, Verdict), BadAnswer> {
        let (unit, _, piece) = &self.pieces[job];
        let text = piece.text(self.units[*unit].text);
        let reply: &'a [u8] = self.texts.alloc_slice_copy(reply);
        let seen = read_seen(reply, piece, text)?;
        Ok(((seen, reply), Verdict::Accepted))
    }

    fn key(&self, _job: usize) -> Option<Key> {
        None
    }

    fn site(&self, job: usize) -> Site {
        let (unit, at, _) = &self.pieces[job];
        Site { unit: self.units[*unit].path.to_owned(), fragment: Some(*at) }
    }

    fn steps(&self) -> &'static [Phase] {
        &[Phase::Start, Phase::Parse, Phase::Index]
    }
}

/// Checks and compiles in sandboxes. They are forked when the environment is there, so they have it.
pub(crate) struct SandboxedExecutor<'p, 'l> {
    program: &'p Program<'p>,
    places: Rc<[FragmentRef]>,
    environment: Rc<Environment>,
    options: Options,
    pool: Pool<BackJob<'p>>,
    shield: Shield,
    ledger: &'l mut Ledger,
    /// The digest of each fragment with what it can learn of its environment.
    keys: Vec<Key>,
    /// Fragments that no earlier build has made.
    made: FxHashSet<FragmentId>,
    pub(crate) failure: Option<CrewError>,
    pub(crate) broken: Vec<Broken>,
    /// What became of each fragment, if that is asked for.
    pub(crate) digests: Vec<FragmentDigest>,
}

impl<'p, 'l> SandboxedExecutor<'p, 'l> {
    pub(crate) fn new(
        program: &'p Program<'p>,
        places: &Rc<[FragmentRef]>,
        environment: &Rc<Environment>,
        options: &Options,
        shield: Shield,
        ledger: &'l mut Ledger,
    ) -> Result<SandboxedExecutor<'p, 'l>, CrewError> {
        let rung = |opt| {
            let options = Options { opt, ..*options };
            Back::new(program, Rc::clone(places), Rc::clone(environment), &options)
        };
        let rungs = match options.opt {
            Opt::None => vec![rung(Opt::None)],
            Opt::Speed => vec![rung(Opt::None), rung(Opt::Speed)],
        };
        let keys = places
            .iter()
            .map(|place| fragment_key(program, *place, environment, options))
            .collect();
        Ok(SandboxedExecutor {
            program,
            places: Rc::clone(places),
            environment: Rc::clone(environment),
            options: *options,
            pool: Pool::new(BackJob { rungs }, shield.settings(0))?,
            shield,
            ledger,
            keys,
            made: FxHashSet::default(),
            failure: None,
            broken: Vec::new(),
            digests: Vec::new(),
        })
    }

    /// How the fragments came about.
    pub(crate) fn into_made(self) -> history::Made {
        history::Made { keys: self.keys, made: self.made }
    }

    /// Takes what a build that was killed had finished, where it still holds: the tasks that are left, and the answers.
    fn resume(&mut self, tasks: Vec<Task>) -> (Vec<Task>, Vec<(Task, Answer)>) {
        if !self.ledger.recovery.resumes() {
            return (tasks, Vec::new());
        }
        let mut answers = Vec::new();
        let mut left = Vec::new();
        for task in tasks {
            let Task(id) = task;
            let side = self.program.units[self.places[id.0 as usize].unit as usize].side();
            let earlier = self.ledger.recovery.earlier(&self.keys[id.0 as usize]);
            let built = earlier.and_then(|reply| read_built(reply).ok());
            let holds = |built: &Built| {
                built
                    .asked
                    .iter()
                    .all(|entry| self.environment.answer(side, entry.question) == entry.answer)
            };
            match built.filter(holds) {
                Some(mut built) => {
                    if let Some(fault) = self.lowered_before(id) {
                        let site = self.site(id);
                        let stubbed = Stubbed { fault, death: None, withheld: None };
                        let problem = self.faulted(task, site, stubbed, Fate::Lowered);
                        built.diagnostics.push(*problem);
                    }
                    answers.push((task, Answer::Built(Box::new(built))));
                }
                None => left.push(task),
            }
        }
        self.ledger.note_resumed(answers.len());
        (left, answers)
    }

    /// Takes what earlier builds made, where all that it depends on is the same: the tasks that are left, and the answers.
    fn reuse(&mut self, tasks: Vec<Task>) -> (Vec<Task>, Vec<(Task, Answer)>) {
        if !self.ledger.results.are_kept() {
            return (tasks, Vec::new());
        }
        let mut answers = Vec::new();
        let mut left = Vec::new();
        let mut definitions = None;
        for task in tasks {
            let Task(id) = task;
            if self.ledger.results.is_verified(&self.keys[id.0 as usize]) {
                left.push(task);
                continue;
            }
            match self.kept(task, &mut definitions) {
                Some(built) => answers.push((task, Answer::Built(Box::new(built)))),
                None => left.push(task),
            }
        }
        (left, answers)
    }

    /// What an earlier build made of a fragment, if it holds.
    fn kept(&mut self, Task(id): Task, definitions: &mut Option<Definitions>) -> Option<Built> {
        let side = self.program.units[self.places[id.0 as usize].unit as usize].side();
        let kept = self.ledger.results.built(&self.keys[id.0 as usize])?;
        let KeptBuilt { marked, reply } = postcard::from_bytes(kept).ok()?;
        let mut built = read_built(reply).ok()?;
        let asked = &built.asked;
        if asked.iter().any(|entry| self.environment.answer(side, entry.question) != entry.answer) {
            return None;
        }
        for label in foreign_marks(&mut built.diagnostics) {
            let Origin::Fragment(old) = label.origin else { continue };
            let (_, definition) = marked.iter().find(|(id, _)| *id == old)?;
            let definitions =
                definitions.get_or_insert_with(|| Definitions::new(self.program, &self.places));
            let (id, name) = definitions.find(definition)?;
            (label.origin, label.span) = (Origin::Fragment(id), name);
        }
        Some(built)
    }

    /// Keeps what was made of a fragment, and compares it with what was kept, if that is wanted.
    fn keep(&mut self, Task(id): Task, built: &Built, reply: &[u8]) {
        let mut marked = Vec::new();
        for label in built.diagnostics.iter().flat_map(|diagnostic| &diagnostic.secondary) {
            let Origin::Fragment(other) = label.origin else { continue };
            // A mark that is not at a name cannot be found again.
            let Some(definition) = definition(self.program, &self.places, other, label.span) else {
                return;
            };
            marked.push((other, definition));
        }
        let key = self.keys[id.0 as usize];
        if self.ledger.results.is_verified(&key)
            && let Some(kept) = self.ledger.results.built(&key)
        {
            let same =
                postcard::from_bytes(kept).is_ok_and(|kept: KeptBuilt<'_>| kept.reply == reply);
            if !same {
                let site = self.site(id);
                self.ledger.results.evict_built(&key);
                self.ledger.notes.push(Note::Mismatch { site });
            }
        }
        self.ledger.results.keep_built(&key, &KeptBuilt { marked, reply });
    }

    /// What a fragment died of at a higher rung, in an earlier build.
    fn lowered_before(&self, id: FragmentId) -> Option<Fault> {
        let key = self.shield.job_key(self.keys[id.0 as usize]);
        let entries = &self.ledger.memory.lowered;
        entries.iter().find(|(known, ..)| *known == key).map(|(.., entry)| entry.fault)
    }

    fn site(&self, id: FragmentId) -> Site {
        let place = self.places[id.0 as usize];
        let unit = self.program.units[place.unit as usize].path.clone();
        Site { unit, fragment: Some(place.fragment) }
    }

    /// Takes note of a task that has no result, or not the one that was asked for, and words why.
    fn faulted(
        &mut self,
        Task(id): Task,
        site: Site,
        stubbed: Stubbed,
        fate: Fate,
    ) -> Box<Diagnostic> {
        let place = self.places[id.0 as usize];
        let unit = &self.program.units[place.unit as usize];
        let fragment = &unit.fragments[place.fragment as usize];
        let head = head(&fragment.piece, unit.text_of(fragment));
        let problem = match fate {
            Fate::Closed => self.shield.diagnose(&stubbed, head, Cost::Fragment),
            Fate::Lowered => self.shield.warn_of_lowered(&stubbed, head),
        };
        self.broken.push(Broken { site, stubbed, what: BrokenTask::Fragment { place } });
        Box::new(problem)
    }
}

impl Executor for SandboxedExecutor<'_, '_> {
    fn run(&mut self, tasks: Vec<Task>) -> Vec<(Task, Answer)> {
        if self.failure.is_some() || tasks.is_empty() {
            return Vec::new();
        }
        let (tasks, mut answers) = self.resume(tasks);
        let (tasks, kept) = self.reuse(tasks);
        self.ledger.results.count(kept.len(), tasks.len());
        self.made.extend(tasks.iter().map(|Task(id)| *id));
        answers.extend(kept);
        if tasks.is_empty() {
            return answers;
        }
        let units = &self.program.units;
        self.ledger.step(Step::Compiling, units.len());
        let mut weight = 0;
        let mut plan_units = vec![usize::MAX; units.len()];
        let mut planned: Vec<PlannedUnit> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut jobs = Vec::with_capacity(tasks.len());
        for Task(id) in &tasks {
            let place = self.places[id.0 as usize];
            let unit = &units[place.unit as usize];
            let piece = unit.fragments[place.fragment as usize].piece;
            weight += (piece.range.end - piece.range.start) as usize;
            let slot = &mut plan_units[place.unit as usize];
            if *slot == usize::MAX {
                *slot = planned.len();
                planned.push(PlannedUnit {
                    name: unit_name(unit.side(), &unit.path),
                    text: Hasher::of("text").text(unit.text).finish(),
                    dependencies: Vec::new(),
                });
                names.push(unit.path.clone());
            }
            let unit = UnitId(u32::try_from(*slot).unwrap_or(u32::MAX));
            jobs.push(Job { unit, key: self.keys[id.0 as usize] });
        }
        self.ledger.units = names;
        let mut plan = self.shield.plan_of(jobs, planned, weight, self.ledger);
        plan.rung = match self.options.opt {
            Opt::None => Rung::None,
            Opt::Speed => Rung::Speed,
        };
        plan.grain = Grain::Fragment;
        let steps: &[Phase] = match self.options.goal {
            Goal::Image => &[Phase::Parse, Phase::Check, Phase::Compile, Phase::Reply],
            Goal::Check => &[Phase::Parse, Phase::Check, Phase::Reply],
        };
        let recorded = match self.shield.digests {
            Digests::None => None,
            Digests::Fragments => Some(vec![None; tasks.len()]),
        };
        let mut building = Building {
            program: self.program,
            places: &self.places,
            tasks: &tasks,
            keys: &self.keys,
            steps,
            answers: recorded,
            replies: if self.ledger.results.are_kept() {
                vec![Vec::new(); tasks.len()]
            } else {
                Vec::new()
            },
        };
        let order = self.shield.order(tasks.len());
        let ended = match order.run(&mut self.pool, plan, &mut building, self.ledger) {
            Ok(ended) => ended,
            Err(error) => {
                self.failure = Some(error);
                return Vec::new();
            }
        };
        let sites: Vec<Site> = (0..tasks.len()).map(|job| building.site(job)).collect();
        let replies = std::mem::take(&mut building.replies);
        let digests = building.answers.into_iter().flatten().zip(&sites);
        self.digests
            .extend(digests.map(|(answer, site)| FragmentDigest { site: site.clone(), answer }));
        for ((task, ended), reply) in tasks.iter().zip(&ended).zip(&replies) {
            if let Ended::Answer(built) = ended {
                self.keep(*task, built, reply);
            }
        }
        for ((task, site), ended) in tasks.into_iter().zip(sites).zip(ended) {
            let answer = match ended {
                Ended::Answer(built) => Answer::Built(built),
                Ended::Lowered(mut built, stubbed) => {
                    built.diagnostics.push(*self.faulted(task, site, stubbed, Fate::Lowered));
                    Answer::Built(built)
                }
                Ended::Stub(stubbed) => {
                    Answer::Faulted(self.faulted(task, site, stubbed, Fate::Closed))
                }
            };
            answers.push((task, answer));
        }
        answers
    }

    fn refuse(&mut self, Task(id): Task, _reason: &str) -> Diagnostic {
        let place = self.places[id.0 as usize];
        let unit = self.program.units[place.unit as usize].path.clone();
        let kind = FaultKind::Crashed(Crash::BadReply);
        let (phase, build) = (morph_fault::fault::Phase(Phase::Reply as u8), compiler_build());
        let key = self.shield.job_key(self.keys[id.0 as usize]);
        let fault = Fault::new(&key, phase, kind, &build);
        let stubbed = Stubbed { fault, death: None, withheld: None };
        let site = Site { unit, fragment: Some(place.fragment) };
        *self.faulted(Task(id), site, stubbed, Fate::Closed)
    }
}

/// Checking and compiling: one job each.
struct Building<'r, 'p> {
    program: &'p Program<'p>,
    places: &'r [FragmentRef],
    tasks: &'r [Task],
    /// By fragment.
    keys: &'r [Key],
    steps: &'static [Phase],
    /// Digests of the answers, if they are asked for.
    answers: Option<Vec<Option<AnswerDigest>>>,
    /// The answers in the words of the workers, if they are to be kept.
    replies: Vec<Vec<u8>>,
}

/// Where definitions stand now.
struct Definitions(FxHashMap<(Side, &'static str, String), (FragmentId, Span)>);

impl Definitions {
    fn new(program: &Program<'_>, places: &[FragmentRef]) -> Definitions {
        let mut found = FxHashMap::default();
        for (id, place) in (0..).map(FragmentId).zip(places) {
            let unit = &program.units[place.unit as usize];
            let fragment = &unit.fragments[place.fragment as usize];
            if let (Some(keyword), Some(name)) = (fragment.keyword(), fragment.piece.name) {
                let name = name.text(unit.text_of(fragment)).to_owned();
                let place = (id, fragment.summary.name_span);
                found.entry((unit.side(), keyword, name)).or_insert(place);
            }
        }
        Definitions(found)
    }

    fn find(
        &self,
        Definition { side, keyword, name }: &Definition<'_>,
    ) -> Option<(FragmentId, Span)> {
        let keyword = KEYWORDS.iter().find(|known| *known == keyword)?;
        self.0.get(&(*side, keyword, name.clone().into_owned())).copied()
    }
}

/// The definition whose name stands at `span` in fragment `id`; `None` if that is no name, or not the first of its name.
fn definition<'p>(
    program: &'p Program<'p>,
    places: &[FragmentRef],
    id: FragmentId,
    span: Span,
) -> Option<Definition<'p>> {
    let place = places.get(id.0 as usize)?;
    let unit = &program.units[place.unit as usize];
    let fragment = unit.fragments.get(place.fragment as usize)?;
    let (keyword, name) = (fragment.keyword()?, fragment.piece.name?);
    (fragment.summary.name_span == span).then(|| Definition {
        side: unit.side(),
        keyword: keyword.into(),
        name: name.text(unit.text_of(fragment)).into(),
    })
}

impl Work for Building<'_, '_> {
    const NAME: &'static str = "build";
    type Answer = Box<Built>;

    fn input(&self, job: usize, rung: Rung) -> Vec<u8> {
        let rung: u8 = match rung {
            Rung::None => 0,
            Rung::Speed => 1,
        };
        encode(&(rung, &self.tasks[job]))
    }

    fn read(&mut self, job: usize, reply: &[u8]) -> Result<(Box<Built>, Verdict), BadAnswer> {
        let built = read_built(reply)?;
        if let Some(slot) = self.replies.get_mut(job) {
            reply.clone_into(slot);
        }
        if let Some(slot) = self.answers.as_mut().and_then(|answers| answers.get_mut(job)) {
            let digest = |bytes: &[u8]| {
                let Key(digest) = Hasher::of("answer").bytes(bytes).finish();
                digest
            };
            *slot = Some(AnswerDigest {
                asked: digest(&encode(&built.asked)),
                result: digest(reply),
                compiled: !matches!(built.made, Made::Closed),
            });
        }
        let verdict = match built.made {
            Made::Closed => Verdict::Diagnosed,
            Made::Nothing | Made::Object { .. } | Made::Refused(_) => Verdict::Accepted,
        };
        Ok((Box::new(built), verdict))
    }

    fn key(&self, job: usize) -> Option<Key> {
        let Task(id) = self.tasks[job];
        self.keys.get(id.0 as usize).copied()
    }

    fn site(&self, job: usize) -> Site {
        let Task(id) = self.tasks[job];
        let place = self.places[id.0 as usize];
        let unit = self.program.units[place.unit as usize].path.clone();
        Site { unit, fragment: Some(place.fragment) }
    }

    fn steps(&self) -> &'static [Phase] {
        self.steps
    }
}

fn encode(value: &impl serde::Serialize) -> Vec<u8> {
    // Values without maps or floating lengths are always written.
    postcard::to_stdvec(value).unwrap_or_default()
}

/// What a fault is called in messages.
pub(crate) fn kind_name(kind: FaultKind) -> String {
    match kind {
        FaultKind::Crashed(Crash::Signal(signal)) => signal_name(signal),
        FaultKind::Crashed(Crash::StackOverflow) => "stack overflow".to_owned(),
        FaultKind::Crashed(Crash::Panic) => "panic".to_owned(),
        FaultKind::Crashed(Crash::BadReply) => "bad reply".to_owned(),
        FaultKind::Exhausted(Resource::Time) => "time".to_owned(),
        FaultKind::Exhausted(Resource::Memory) => "memory".to_owned(),
        FaultKind::Exhausted(Resource::Reply) => "reply".to_owned(),
        FaultKind::Exhausted(Resource::Handouts) => "handouts".to_owned(),
        FaultKind::Exhausted(Resource::Workers) => "workers".to_owned(),
        FaultKind::Diagnosed | FaultKind::Lost => "lost".to_owned(),
    }
}

fn signal_name(signal: u8) -> String {
    match signal {
        4 => "SIGILL".to_owned(),
        5 => "SIGTRAP".to_owned(),
        6 => "SIGABRT".to_owned(),
        7 => "SIGBUS".to_owned(),
        8 => "SIGFPE".to_owned(),
        11 => "SIGSEGV".to_owned(),
        31 => "SIGSYS".to_owned(),
        other => format!("signal {other}"),
    }
}
