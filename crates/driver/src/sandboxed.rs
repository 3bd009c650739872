//! Checking and compiling fragments in sandboxes; what earlier builds made is taken, what this one makes is kept.

use std::rc::Rc;

use bumpalo::Bump;
use morph_diag::{Diagnostic, FragmentId, Origin};
use morph_fault::fault::{Crash, Fault, FaultKind, Key, Resource};
use morph_fault::supervisor::{Grain, Job, PlannedUnit, Rung, Verdict};
use morph_fault::unit::UnitId;
use morph_sandbox::Pool;
use morph_sema::environment::{AskedEntry, Environment};
use morph_sema::summary::Side;
use morph_store::Value;
use morph_syntax::{PieceKind, significant};
use rustc_hash::FxHashSet;

use crate::back::Back;
use crate::crew::{CrewError, Ended, Stubbed, Work};
use crate::definitions::Definitions;
use crate::history;
use crate::isolation::{AnswerDigest, Digests, FragmentDigest, Site, Step};
use crate::keeper::Keeper;
use crate::key::{Hasher, fragment_key, fragment_key_with};
use crate::ledger::{Ledger, Note};
use crate::options::{Goal, Opt, Options};
use crate::phase::Phase;
use crate::program::{FragmentRef, Program};
use crate::protection::{Cost, Shield, compiler_build};
use crate::relaid::{self, Earlier};
use crate::results::{KeptBuilt, foreign_marks};
use crate::side_by_side;
use crate::task::{Built, Executor, Made, Task, Verdict as Answer, unit_name};
use crate::unread::head;
use crate::worker::{BackJob, BadAnswer, read_built};

/// Looking at fewer results than these takes no longer than making a thread.
const LEAST_FRAGMENTS: usize = 500;

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
    earlier: Earlier,
    pub(crate) failure: Option<CrewError>,
    pub(crate) broken: Vec<Broken>,
    /// What became of each fragment, if that is asked for.
    pub(crate) digests: Vec<FragmentDigest>,
}

impl<'p, 'l> SandboxedExecutor<'p, 'l> {
    /// Only these `tasks` will have to be done, if it is known: the others have no keys then.
    pub(crate) fn new(
        program: &'p Program<'p>,
        places: &Rc<[FragmentRef]>,
        environment: &Rc<Environment>,
        options: &Options,
        shield: Shield,
        ledger: &'l mut Ledger,
        tasks: Option<&[FragmentId]>,
    ) -> Result<SandboxedExecutor<'p, 'l>, CrewError> {
        let rung = |opt| {
            let options = Options { opt, ..*options };
            Back::new(program, Rc::clone(places), Rc::clone(environment), &options)
        };
        let rungs = match options.opt {
            Opt::None => vec![rung(Opt::None)],
            Opt::Speed => vec![rung(Opt::None), rung(Opt::Speed)],
        };
        let key = |place: &FragmentRef| fragment_key(program, *place, environment, options);
        let keys = match tasks {
            None => places.iter().map(key).collect(),
            Some(tasks) => {
                let mut keys = vec![Key([0; 32]); places.len()];
                for FragmentId(id) in tasks {
                    keys[*id as usize] = key(&places[*id as usize]);
                }
                keys
            }
        };
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
            earlier: Earlier::default(),
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
            match built.filter(|built| holds(built, &self.environment, side)) {
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
        let (left, tasks): (Vec<Task>, Vec<Task>) = tasks
            .into_iter()
            .partition(|Task(id)| self.ledger.results.is_verified(&self.keys[id.0 as usize]));
        let (mut left, mut answers) = (left, Vec::with_capacity(tasks.len()));
        // For a few all that is kept need not be read.
        let ready = match tasks.len() {
            ..LEAST_FRAGMENTS => tasks.iter().map(|_| None).collect(),
            LEAST_FRAGMENTS.. => self.ready(&tasks),
        };
        let mut definitions = None;
        for (task, ready) in tasks.into_iter().zip(ready) {
            if let Some(built) = ready {
                answers.push((task, Answer::Built(built)));
                continue;
            }
            let Task(id) = task;
            let key = self.keys[id.0 as usize];
            let kept = self.kept(task, &key, &mut definitions);
            match kept.or_else(|| self.relaid(task, &mut definitions)) {
                Some(built) => answers.push((task, Answer::Built(Box::new(built)))),
                None => left.push(task),
            }
        }
        (left, answers)
    }

    /// What earlier builds made of these fragments, where that holds as it is: most of what is taken, and so looked at by all processors.
    fn ready(&mut self, tasks: &[Task]) -> Vec<Option<Box<Built>>> {
        let sides = tasks.iter().map(|Task(id)| {
            let place = self.places[id.0 as usize];
            self.program.units[place.unit as usize].side()
        });
        let keys: Vec<&Key> = tasks.iter().map(|Task(id)| &self.keys[id.0 as usize]).collect();
        let kept = self.ledger.results.all_built(&keys);
        let kept: Vec<(Side, Option<Value<'_>>)> = sides.zip(kept).collect();
        let environment = &*self.environment;
        side_by_side::map(&kept, LEAST_FRAGMENTS, |(side, kept)| {
            let KeptBuilt { marked, reply } = postcard::from_bytes((*kept)?.check()?).ok()?;
            // Marks in other fragments have to be found again.
            if !marked.is_empty() {
                return None;
            }
            let built = read_built(reply).ok()?;
            holds(&built, environment, *side).then(|| Box::new(built))
        })
    }

    /// What an earlier build made of a fragment with this key, if it holds.
    fn kept(
        &mut self,
        Task(id): Task,
        key: &Key,
        definitions: &mut Option<Definitions>,
    ) -> Option<Built> {
        let side = self.program.units[self.places[id.0 as usize].unit as usize].side();
        let kept = self.ledger.results.built(key)?;
        let KeptBuilt { marked, reply } = postcard::from_bytes(kept).ok()?;
        let mut built = read_built(reply).ok()?;
        if !holds(&built, &self.environment, side) {
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

    /// What an earlier build made of the same fragment before its comments or its layout were changed; kept for this text too.
    fn relaid(&mut self, task: Task, definitions: &mut Option<Definitions>) -> Option<Built> {
        let Task(id) = task;
        let place = self.places[id.0 as usize];
        let program = self.program;
        let unit = &program.units[place.unit as usize];
        // Nobody edits the library.
        if unit.side() == Side::Library {
            return None;
        }
        let results = &mut self.ledger.results;
        if !self.earlier.knows(&unit.path, results) {
            return None;
        }
        let piece = &unit.fragments[place.fragment as usize].piece;
        let runs = significant::runs(piece.text(unit.text))?;
        for (text, before) in self.earlier.texts((&unit.path, unit.text), piece, &runs) {
            let key = fragment_key_with(&text, program, place, &self.environment, &self.options);
            let built = self.kept(task, &key, definitions);
            let built = built.and_then(|built| relaid::relocate(built, &before, &runs));
            if let Some(built) = built {
                let reply = encode(&built);
                let entry = self.keeper().entry(id, &built, &reply);
                entry.iter().for_each(|entry| self.ledger.results.put(entry));
                return Some(built);
            }
        }
        None
    }

    fn keeper(&self) -> Keeper<'_> {
        Keeper { program: self.program, places: &self.places, keys: &self.keys }
    }

    /// Keeps what was made of fragments, and compares it with what was kept, if that is wanted.
    fn keep(&mut self, made: &[(FragmentId, &Built, &[u8])]) {
        let keeper = self.keeper();
        let entries = side_by_side::map(made, LEAST_FRAGMENTS, |(id, built, reply)| {
            keeper.entry(*id, built, reply)
        });
        for ((id, _, reply), entry) in made.iter().zip(entries) {
            let Some(entry) = entry else { continue };
            let key = self.keys[id.0 as usize];
            if self.ledger.results.is_verified(&key) && self.differs(Task(*id), reply) {
                self.mismatch(*id, key);
            }
            self.ledger.results.put(&entry);
        }
    }

    /// What is kept of a fragment is wrong.
    fn mismatch(&mut self, id: FragmentId, key: Key) {
        self.ledger.results.evict_built(&key);
        let kind = FaultKind::Crashed(Crash::BadReply);
        let phase = morph_fault::fault::Phase(Phase::Reply as u8);
        let fault = Fault::new(&self.shield.job_key(key), phase, kind, &compiler_build());
        let (site, place) = (self.site(id), self.places[id.0 as usize]);
        self.ledger
            .notes
            .push(Note::Mismatch { site: site.clone(), bundle: self.shield.bundle_of(fault.id) });
        let stubbed = Stubbed { fault, death: None, withheld: None };
        self.broken.push(Broken { site, stubbed, what: BrokenTask::Fragment { place } });
    }

    /// Whether what is kept of a fragment would be taken, and is not what came out now.
    fn differs(&mut self, Task(id): Task, reply: &[u8]) -> bool {
        let side = self.program.units[self.places[id.0 as usize].unit as usize].side();
        let Some(kept) = self.ledger.results.built(&self.keys[id.0 as usize]) else { return false };
        let Ok(KeptBuilt { marked, reply: kept }) = postcard::from_bytes(kept) else { return true };
        let Ok(built) = read_built(kept) else { return true };
        // Marks in other fragments are by their numbers, which change with the program.
        holds(&built, &self.environment, side) && marked.is_empty() && **kept != *reply
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
        let room = Bump::new();
        let mut building = Building {
            program: self.program,
            places: &self.places,
            tasks: &tasks,
            keys: &self.keys,
            steps,
            answers: recorded,
            room: &room,
            replies: if self.ledger.results.are_kept() {
                vec![&[]; tasks.len()]
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
        let made: Vec<(FragmentId, &Built, &[u8])> = tasks
            .iter()
            .zip(&ended)
            .zip(&replies)
            .filter_map(|((Task(id), ended), reply)| match ended {
                Ended::Answer(built) => Some((*id, &**built, *reply)),
                Ended::Lowered(..) | Ended::Stub(_) => None,
            })
            .collect();
        self.keep(&made);
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

    fn rest(&mut self) {
        self.pool.dismiss();
    }

    fn keeps(&self) -> bool {
        self.ledger.results.are_kept()
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

/// Whether every answer that a fragment got would be the same now.
fn holds(built: &Built, environment: &Environment, side: Side) -> bool {
    let same = |entry: AskedEntry<'_>| environment.answer(side, entry.question) == entry.answer;
    built.asked.iter().all(same)
}

/// Checking and compiling: one job each.
struct Building<'r, 'b, 'p> {
    program: &'p Program<'p>,
    places: &'r [FragmentRef],
    tasks: &'r [Task],
    /// By fragment.
    keys: &'r [Key],
    steps: &'static [Phase],
    /// Digests of the answers, if they are asked for.
    answers: Option<Vec<Option<AnswerDigest>>>,
    /// The answers in the words of the workers, if they are to be kept.
    replies: Vec<&'b [u8]>,
    room: &'b Bump,
}

impl Work for Building<'_, '_, '_> {
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
            *slot = self.room.alloc_slice_copy(reply);
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

pub(crate) fn encode(value: &impl serde::Serialize) -> Vec<u8> {
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
