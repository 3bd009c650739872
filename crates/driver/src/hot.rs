//! Whether a running program can become another one without beginning anew, and what is to be written for that.
//!
//! Functions can be replaced, and come to be. What has begun already, or gives memory its meaning, cannot: globals, structs, constants,
//! statements of files, signatures, assembly. Then the program begins anew, and [`Because`] says why.

use std::collections::{BTreeMap, BTreeSet};

use morph_link::hot::{self, Hot, Running};
use morph_link::{Input, LinkError};
use morph_object::{Object, Symbol};
use morph_sema::environment::{AnswerHash, Question, QuestionKind};
use morph_sema::summary::{Definition, Side};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::{Analysis, State};

pub use morph_link::hot::{AREA, AREA_SIZE, HotError, Writes};

/// A program as it was linked for being changed while it runs.
#[derive(Clone, Debug)]
pub struct Program {
    /// In the order of the image.
    pieces: Vec<Piece>,
    /// What the definitions of the program mean to those that use them.
    meanings: BTreeMap<(Kind, String), AnswerHash>,
    hot: Hot,
    /// Whether what the program is told about its units decides which of them it may enter.
    units_decide: bool,
}

/// One object of the image.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) object: Object,
    pub(crate) unit: String,
    pub(crate) first_line: u32,
    pub(crate) first_column: u32,
    pub(crate) role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A function or unit block of the program; `closed` if this is its stand-in.
    Function {
        symbol: Symbol,
        params: u32,
        closed: bool,
    },
    /// Anything else of the program: what it is, and its name.
    Other(Kind, String),
    Library,
    /// What the program is told about its units.
    Units,
}

/// What a definition is, as far as it matters for changing a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Function,
    Structure,
    Constant,
    Global,
    /// A data block or routine at file level.
    Assembly,
    /// Statements of a file, and the order in which files begin.
    Statement,
}

/// Why the program has to begin anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// This definition is another one (of a function: its parameters or its result).
    Changed(Kind, String),
    /// The function has assembly in it.
    Assembly(String),
    /// The entry has begun already.
    Entry,
    /// With `--grain unit`, which units can be entered.
    Units,
    /// The area or the linker refuses.
    Refused(HotError),
}

/// What became of a running program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Functions that were replaced, or are new.
    pub replaced: Vec<String>,
    /// Functions that are closed now, or depend on what is: they go on as they were.
    pub kept: Vec<String>,
}

/// A program that runs.
#[derive(Clone, Debug)]
pub struct Live {
    pieces: Vec<Piece>,
    meanings: BTreeMap<(Kind, String), AnswerHash>,
    running: Running,
}

impl Piece {
    fn input(&self) -> Input<'_> {
        let Piece { object, unit, first_line, first_column, .. } = self;
        let closable = !matches!(self.role, Role::Library | Role::Units);
        Input { object, unit, first_line: *first_line, first_column: *first_column, closable }
    }

    fn function(&self) -> Option<hot::Function<'_>> {
        match &self.role {
            Role::Function { symbol, params, .. } => {
                Some(hot::Function { symbol, params: *params })
            }
            Role::Other(..) | Role::Library | Role::Units => None,
        }
    }

    /// What is compared: names of what runs at start-up tell where that stands, and that may change; so do lines.
    fn normal(&self) -> Object {
        let plain = |symbol: &mut Symbol| {
            if symbol.starts_with('%') {
                "%".clone_into(symbol);
            }
        };
        let mut object = self.object.clone();
        object.lines.clear();
        object.symbols.iter_mut().for_each(plain);
        object.definitions.iter_mut().for_each(|definition| plain(&mut definition.symbol));
        object
    }
}

impl Program {
    /// Links the pieces.
    pub(crate) fn link(
        pieces: Vec<Piece>,
        analysis: &Analysis<'_>,
        units_decide: bool,
        options: &morph_link::Options,
    ) -> Result<Program, LinkError> {
        let inputs: Vec<Input<'_>> = pieces.iter().map(Piece::input).collect();
        let functions: Vec<_> = pieces.iter().map(Piece::function).collect();
        let hot = hot::link(&inputs, &functions, options)?;
        Ok(Program { pieces, meanings: meanings(analysis), hot, units_decide })
    }

    /// The image, not yet knowing where its area is.
    pub fn image(&self) -> &[u8] {
        &self.hot.image.bytes
    }

    /// The image for a program that finds its area in the file at `path`, and what that contains before the program begins; `None` if the
    /// path is too long.
    pub fn start(&self, path: &str) -> Option<(Vec<u8>, &Writes)> {
        Some((self.hot.with_path(path)?, &self.hot.writes))
    }

    /// The program, once it runs.
    pub fn live(&self) -> Live {
        let Program { pieces, meanings, hot, .. } = self.clone();
        Live { pieces, meanings, running: hot.running }
    }
}

impl Live {
    /// Makes the running program the next one. `read` reads a word of the area. After a refusal this is of no use any more.
    pub fn update(
        &mut self,
        mut next: Program,
        read: &dyn Fn(u64) -> u64,
    ) -> Result<(Change, Writes), Because> {
        let held = self.hold(&mut next);
        let plan = self
            .compare_meanings(&next)
            .and_then(|()| self.compare_others(&next))
            .and_then(|()| self.plan(&next));
        let (versions, moved) = match plan {
            Ok(plan) => plan,
            // With an error in the program it is too early to begin anew: what runs goes on as it is.
            Err(_) if !held.is_empty() => {
                let change = Change { replaced: Vec::new(), kept: held };
                return Ok((change, Writes::default()));
            }
            Err(because) => return Err(because),
        };
        let of_library: FxHashMap<&str, &Piece> = next
            .pieces
            .iter()
            .filter(|piece| piece.role == Role::Library)
            .flat_map(|piece| piece.object.definitions.iter().map(move |one| (&*one.symbol, piece)))
            .collect();
        let more = |symbol: &str| of_library.get(symbol).map(|piece| piece.input());
        let writes =
            self.running.replace(&versions, &moved, &more, read).map_err(Because::Refused)?;
        let replaced = versions.iter().filter(|version| !version.stands_in);
        let replaced = replaced.map(|version| version.function.symbol.to_owned()).collect();
        self.become_next(next);
        Ok((Change { replaced, kept: held }, writes))
    }

    /// The next program is the running one now. What it lacks is there all the same: in memory, and in functions that are held.
    fn become_next(&mut self, next: Program) {
        let Program { mut pieces, mut meanings, .. } = next;
        let known: FxHashSet<Symbol> =
            pieces.iter().filter_map(|piece| Some(piece.function()?.symbol.to_owned())).collect();
        let lacks = |piece: &Piece| piece.function().is_some_and(|own| !known.contains(own.symbol));
        pieces.extend(std::mem::take(&mut self.pieces).into_iter().filter(lacks));
        for (key, meaning) in std::mem::take(&mut self.meanings) {
            meanings.entry(key).or_insert(meaning);
        }
        (self.pieces, self.meanings) = (pieces, meanings);
    }

    /// The functions that get new versions, and those that only moved.
    fn plan<'n>(&self, next: &'n Program) -> Result<Plan<'n>, Because> {
        let mut before = FxHashMap::default();
        for piece in &self.pieces {
            if let Some(function) = piece.function() {
                before.insert(function.symbol, piece);
            }
        }
        let mut versions = Vec::new();
        let mut moved = Vec::new();
        for piece in &next.pieces {
            let Role::Function { symbol, params, closed } = &piece.role else { continue };
            let function = hot::Function { symbol, params: *params };
            let tried = !closed && !minds_levels(&piece.object);
            let input = piece.input();
            let version = hot::Version { input, function, tried, stands_in: *closed };
            let Some(old) = before.get(symbol.as_str()) else {
                versions.push(version);
                continue;
            };
            if old.unit == piece.unit && old.object.differs_in_places_only(&piece.object) {
                let place = |piece: &Piece| (piece.first_line, piece.first_column);
                if place(old) != place(piece) || old.object.lines != piece.object.lines {
                    moved.push(version);
                }
                continue;
            }
            if symbol == "mulai" {
                return Err(Because::Entry);
            }
            if has_assembly(&old.object) || has_assembly(&piece.object) {
                return Err(Because::Assembly(symbol.clone()));
            }
            versions.push(version);
        }
        Ok((versions, moved))
    }

    /// Functions that run, and are closed in the next program, stay as they are; so do those that use them, if they now believe something
    /// else about them. Gives their names.
    fn hold(&self, next: &mut Program) -> Vec<String> {
        let mut healthy: FxHashMap<&str, &Piece> = FxHashMap::default();
        for piece in &self.pieces {
            if let Role::Function { symbol, closed: false, .. } = &piece.role {
                healthy.insert(symbol, piece);
            }
        }
        let mut held: BTreeSet<String> = BTreeSet::new();
        let mut believed: FxHashSet<String> = FxHashSet::default();
        for piece in &next.pieces {
            if let Role::Function { symbol, closed: true, .. } = &piece.role
                && healthy.contains_key(symbol.as_str())
            {
                held.insert(symbol.clone());
                let key = (Kind::Function, symbol.clone());
                if self.meanings.get(&key) != next.meanings.get(&key) {
                    believed.insert(symbol.clone());
                }
            }
        }
        let mut dropped: FxHashSet<String> = FxHashSet::default();
        loop {
            let before = held.len() + dropped.len();
            for piece in &next.pieces {
                let Role::Function { symbol, .. } = &piece.role else { continue };
                let old = healthy.get(symbol.as_str());
                let same = old.is_some_and(|old| old.object.differs_in_places_only(&piece.object));
                let names_held = || piece.object.symbols.iter().any(|one| believed.contains(one));
                if same || held.contains(symbol) || dropped.contains(symbol) || !names_held() {
                    continue;
                }
                if old.is_some() {
                    held.insert(symbol.clone());
                } else {
                    // New: whoever calls it waits with it.
                    dropped.insert(symbol.clone());
                    believed.insert(symbol.clone());
                }
            }
            if held.len() + dropped.len() == before {
                break;
            }
        }
        for piece in &mut next.pieces {
            if let Role::Function { symbol, .. } = &piece.role
                && let Some(old) = healthy.get(symbol.as_str()).filter(|_| held.contains(symbol))
            {
                *piece = (*old).clone();
            }
        }
        let is_dropped = |piece: &Piece| match &piece.role {
            Role::Function { symbol, .. } => dropped.contains(symbol),
            Role::Other(..) | Role::Library | Role::Units => false,
        };
        next.pieces.retain(|piece| !is_dropped(piece));
        for symbol in &held {
            let key = (Kind::Function, symbol.clone());
            if let Some(meaning) = self.meanings.get(&key) {
                next.meanings.insert(key, *meaning);
            }
        }
        held.into_iter().collect()
    }

    /// What both have must mean the same.
    fn compare_meanings(&self, next: &Program) -> Result<(), Because> {
        let mut closed = FxHashMap::default();
        for piece in &self.pieces {
            if let Role::Function { symbol, params, closed: true } = &piece.role {
                closed.insert(symbol.as_str(), *params);
            }
        }
        let mut params = FxHashMap::default();
        for piece in &next.pieces {
            if let Some(function) = piece.function() {
                params.insert(function.symbol, function.params);
            }
        }
        for (key, before) in &self.meanings {
            let Some(now) = next.meanings.get(key) else { continue };
            let (kind, name) = key;
            // Nobody has seen a result of what was closed.
            let never_ran = *kind == Kind::Function
                && closed
                    .get(name.as_str())
                    .is_some_and(|old| params.get(name.as_str()) == Some(old));
            if now != before && !never_ran {
                return Err(Because::Changed(*kind, name.clone()));
            }
        }
        Ok(())
    }

    /// What has begun already must be the same, in the same order.
    fn compare_others(&self, next: &Program) -> Result<(), Because> {
        let others = |pieces: &'_ [Piece]| -> Vec<(Kind, String, Object)> {
            let other = |piece: &Piece| match &piece.role {
                Role::Other(kind, name) => Some((*kind, name.clone(), piece.normal())),
                Role::Function { .. } | Role::Library | Role::Units => None,
            };
            pieces.iter().filter_map(other).collect()
        };
        let (before, now) = (others(&self.pieces), others(&next.pieces));
        let pairs = before.iter().zip(&now);
        let first = pairs.take_while(|(before, now)| before == now).count();
        if let Some((kind, name, _)) = now.get(first).or(before.get(first)) {
            return Err(Because::Changed(*kind, name.clone()));
        }
        let units = |pieces: &'_ [Piece]| {
            pieces.iter().find(|piece| piece.role == Role::Units).map(|piece| piece.object.clone())
        };
        if next.units_decide && units(&self.pieces) != units(&next.pieces) {
            return Err(Because::Units);
        }
        Ok(())
    }
}

/// Versions to put in, and functions that only moved.
type Plan<'n> = (Vec<hot::Version<'n>>, Vec<hot::Version<'n>>);

/// Whether the function opens checkpoints or goes back to them. Under the protection of a probation these would be other levels, gone when
/// the call ends.
fn minds_levels(object: &Object) -> bool {
    const LEVELS: [&str; 5] = [
        "@checkpoint_open",
        "@checkpoint_rollback",
        "@checkpoint_close",
        "@checkpoint_levels",
        "@protected_depth",
    ];
    object.symbols.iter().any(|symbol| LEVELS.contains(&symbol.as_str()))
}

/// Whether the function has assembly: that is a symbol of its own.
fn has_assembly(object: &Object) -> bool {
    object.definitions.iter().any(|definition| definition.symbol.ends_with(".asm"))
}

/// What others can learn about each definition of the program.
fn meanings(analysis: &Analysis<'_>) -> BTreeMap<(Kind, String), AnswerHash> {
    let mut meanings = BTreeMap::new();
    for id in analysis.ids() {
        if analysis.side(id) != Side::Program || *analysis.state(id) == State::Inactive {
            continue;
        }
        let (kind, question, name) = match &analysis.summary(id).definition {
            Definition::Function { name, .. } | Definition::UnitBlock { name } => {
                (Kind::Function, QuestionKind::Function, *name)
            }
            Definition::Struct { name, .. } => (Kind::Structure, QuestionKind::Structure, *name),
            Definition::Const { name, .. } => (Kind::Constant, QuestionKind::Variable, *name),
            Definition::Global { name, .. } => (Kind::Global, QuestionKind::Variable, *name),
            Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement
            | Definition::Import
            | Definition::Broken => continue,
        };
        let answer = analysis.environment.answer(Side::Program, Question { kind: question, name });
        meanings.insert((kind, name.to_owned()), answer);
    }
    meanings
}
