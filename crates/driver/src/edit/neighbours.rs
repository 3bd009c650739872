//! The part of a program that an edit has to do with: the units that were edited, and the definitions that they ask about.
//!
//! A check asks by name. What answers it follows from the definitions of that name, from who assigns to it, and from the
//! names on which those depend in turn ([`signature`]). A part of the program that has all of these answers as the whole does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use bumpalo::Bump;
use morph_diag::FragmentId;
use morph_sema::environment::{Asked, EnvInput, Environment, environment};
use morph_sema::summary::{Definition, Side, Summary};
use morph_syntax::Piece;

use super::names::{self, Names};
use super::standing::Standing;
use crate::analysis::to_u32;
use crate::ledger::Ledger;
use crate::library;
use crate::program::{FragmentRef, Program};
use crate::project::Location;
use crate::reader::{Seen, Source};
use crate::registry::Registry;
use crate::results::KeptUnit;
use crate::signature;
use crate::unchanged::Inputs;
use crate::unit::{Fragment, Unit};
use crate::worker::{read_pieces, read_seen};

/// Units of a program, and which of their fragments are of concern. Ids are those of the whole program.
pub(crate) struct Neighbours<'n, 'a> {
    pub(crate) inputs: &'n Inputs,
    /// Texts that are known already.
    given: &'a [Option<String>],
    texts: BTreeMap<usize, &'a str>,
    pub(crate) standing: &'n Standing,
    pub(crate) names: &'n Names,
    pub(crate) room: &'a Bump,
    /// First id of each unit.
    first: Vec<u32>,
    units: BTreeMap<usize, Unit<'a>>,
    /// What was told of each fragment of the other units, in the words of the worker.
    told: BTreeMap<usize, Vec<&'a [u8]>>,
    included: BTreeSet<FragmentId>,
    mentions: VecDeque<(Side, &'a str)>,
}

/// A program of its own: the neighbours as all that there is.
pub(crate) struct Part<'a> {
    pub(crate) program: Program<'a>,
    pub(crate) places: Vec<FragmentRef>,
    /// What each unit is in the whole program.
    units: Vec<usize>,
    included: Vec<FragmentId>,
    first: Vec<u32>,
}

impl<'n, 'a> Neighbours<'n, 'a> {
    pub(crate) fn new(
        inputs: &'n Inputs,
        given: &'a [Option<String>],
        standing: &'n Standing,
        names: &'n Names,
        room: &'a Bump,
    ) -> Neighbours<'n, 'a> {
        let mut first = Vec::with_capacity(standing.counts.len());
        let mut id = 0;
        for count in &standing.counts {
            first.push(id);
            id += count;
        }
        Neighbours {
            inputs,
            given,
            texts: BTreeMap::new(),
            standing,
            names,
            room,
            first,
            units: BTreeMap::new(),
            told: BTreeMap::new(),
            included: BTreeSet::new(),
            mentions: VecDeque::new(),
        }
    }

    pub(crate) fn id(&self, unit: usize, fragment: usize) -> Option<FragmentId> {
        Some(FragmentId(self.first.get(unit)?.checked_add(to_u32(fragment))?))
    }

    fn side(&self, unit: usize) -> Option<Side> {
        Some(match self.inputs.units.get(unit)?.file {
            Some(_) => Side::Program,
            None => Side::Library,
        })
    }

    /// A unit as it is now.
    pub(crate) fn source(&mut self, unit: usize) -> Option<Source<'a>> {
        let path = self.room.alloc_str(&self.inputs.units.get(unit)?.path);
        Some(Source { path, text: self.text(unit)?, side: self.side(unit)? })
    }

    /// The text of a unit: a known one, or else the one that it had when it was looked at.
    fn text(&mut self, unit: usize) -> Option<&'a str> {
        if let Some(text) = self.texts.get(&unit) {
            return Some(text);
        }
        let text = match self.given.get(unit)? {
            Some(text) => text,
            None => {
                let known = self.inputs.units.get(unit)?;
                let (text, digest) = known.now()?;
                if digest != known.text {
                    return None;
                }
                &*self.room.alloc_str(&text)
            }
        };
        self.texts.insert(unit, text);
        Some(text)
    }

    /// Puts in a unit with its fragments as they are now.
    pub(crate) fn put(&mut self, unit: usize, fragments: Vec<Fragment<'a>>) -> Option<()> {
        let kept = self.inputs.units.get(unit)?;
        let location = location(kept.file.as_ref(), &kept.path)?;
        let text = self.text(unit)?;
        self.units.insert(unit, Unit { location, path: kept.path.clone(), text, fragments });
        Some(())
    }

    /// Opens a unit that was not edited. Nothing is known of its fragments but where they are.
    fn open(&mut self, unit: usize, ledger: &mut Ledger) -> Option<()> {
        let source = self.source(unit)?;
        let kept = ledger.results.unit_with(source.side, &self.inputs.units.get(unit)?.text)?;
        let kept = self.room.alloc_slice_copy(kept);
        let KeptUnit { pieces, seen } = postcard::from_bytes(kept).ok()?;
        let pieces = read_pieces(pieces, source.text).ok()?;
        if pieces.len() != seen.len() {
            return None;
        }
        self.told.insert(unit, seen.into_iter().map(|seen| &**seen).collect());
        let unknown = |piece: Piece| {
            let name = piece.name.unwrap_or_default();
            let summary = Summary::of_unknown(Definition::Broken, name);
            Fragment { piece, line: 1, syntax: Vec::new(), summary, fault: None }
        };
        self.put(unit, pieces.into_iter().map(unknown).collect())
    }

    /// Includes a fragment, and takes note of what it depends on.
    pub(crate) fn include(&mut self, id: FragmentId, ledger: &mut Ledger) -> Option<Summary<'a>> {
        let unit = self.first.partition_point(|first| *first <= id.0).checked_sub(1)?;
        if !self.units.contains_key(&unit) {
            self.open(unit, ledger)?;
        }
        let side = self.side(unit)?;
        let at = (id.0 - self.first[unit]) as usize;
        let text = self.text(unit)?;
        let fragment = self.units.get_mut(&unit)?.fragments.get_mut(at)?;
        // Of most fragments of a unit nobody wants to know.
        if let Some(told) = self.told.get(&unit)
            && !self.included.contains(&id)
        {
            let piece = fragment.piece;
            let Seen { syntax, summary } =
                read_seen(told.get(at)?, &piece, piece.text(text)).ok()?;
            *fragment = Fragment { syntax, summary, ..fragment.clone() };
        }
        let summary = fragment.summary.clone();
        if self.included.insert(id) {
            self.depend(side, &summary);
        }
        Some(summary)
    }

    /// Takes note of what the signature of a fragment depends on.
    pub(crate) fn depend(&mut self, side: Side, summary: &Summary<'a>) {
        let mut names = VecDeque::new();
        signature::names(summary, &mut names);
        self.mentions.extend(names.into_iter().map(|name| (side, name)));
    }

    /// Includes a fragment that is to be checked: what it uses is of concern too.
    pub(crate) fn include_body(&mut self, id: FragmentId, ledger: &mut Ledger) -> Option<()> {
        let summary = self.include(id, ledger)?;
        let unit = self.first.partition_point(|first| *first <= id.0).checked_sub(1)?;
        let side = self.side(unit)?;
        // What it is to others, it is to itself.
        names::each(&summary, &mut |name| self.mentions.push_back((side, name)));
        self.mentions.extend(summary.uses.iter().map(|used| (side, used.name)));
        Some(())
    }

    /// Includes all structs: a field can be asked for by its name alone.
    pub(crate) fn include_structs(&mut self, ledger: &mut Ledger) -> Option<()> {
        let structs: Vec<FragmentId> = self.names.structs().collect();
        structs.into_iter().try_for_each(|id| self.include(id, ledger).map(|_| ()))
    }

    /// A name is of concern to code of `side`.
    pub(crate) fn mention(&mut self, side: Side, name: &'a str) {
        self.mentions.push_back((side, name));
    }

    /// Includes all that is mentioned, and all that this depends on.
    pub(crate) fn follow(&mut self, ledger: &mut Ledger) -> Option<()> {
        while let Some((side, name)) = self.mentions.pop_front() {
            for id in self.meant(side, name) {
                if !self.included.contains(&id) {
                    self.include(id, ledger)?;
                }
            }
        }
        Some(())
    }

    /// Who may define a name that `side` sees, or assign to it.
    fn meant(&self, side: Side, name: &str) -> Vec<FragmentId> {
        let own = self.names.find(Side::Library, name);
        match side {
            Side::Library => own.collect(),
            Side::Program => self.names.find(Side::Program, name).chain(own).collect(),
        }
    }

    /// What was asked for and is not included.
    pub(crate) fn missing(&self, unit: usize, asked: &Asked) -> Vec<FragmentId> {
        let Some(side) = self.side(unit) else { return Vec::new() };
        let about = asked.iter().flat_map(|entry| self.meant(side, entry.question.name));
        about.filter(|id| !self.included.contains(id)).collect()
    }

    /// The neighbours as a program.
    pub(crate) fn part(&self) -> Part<'a> {
        let mut places = Vec::new();
        let mut first = Vec::new();
        let mut units = Vec::new();
        for (unit, (number, own)) in (0..).zip(&self.units) {
            first.push(to_u32(places.len()));
            units.push(*number);
            let count = to_u32(own.fragments.len());
            places.extend((0..count).map(|fragment| FragmentRef { unit, fragment }));
        }
        let included = self.included.iter().filter_map(|id| {
            let unit = self.first.partition_point(|first| *first <= id.0).checked_sub(1)?;
            let at = units.binary_search(&unit).ok()?;
            Some(FragmentId(first[at] + (id.0 - self.first[unit])))
        });
        let included = included.collect();
        let program = Program {
            units: self.units.values().cloned().collect(),
            included: Vec::new(),
            registry: Registry::default(),
            problems: Vec::new(),
            reading: std::time::Duration::ZERO,
            whole: true,
        };
        Part { program, places, units, included, first }
    }
}

impl<'a> Part<'a> {
    /// The id of a fragment in here.
    pub(crate) fn id(&self, unit: usize, fragment: usize) -> Option<FragmentId> {
        let at = self.units.binary_search(&unit).ok()?;
        Some(FragmentId(self.first[at] + to_u32(fragment)))
    }

    /// What is included, as an environment; `None` if there is anything to say against it.
    pub(crate) fn environment(&self) -> Option<Environment> {
        self.environment_with(|_, _, summary| summary)
    }

    /// The same with other summaries: `choose` is told which fragment of which unit of the whole program one is of.
    pub(crate) fn environment_with<'s>(
        &'s self,
        choose: impl Fn(usize, usize, &'s Summary<'a>) -> &'s Summary<'a>,
    ) -> Option<Environment> {
        let inputs = self.included.iter().map(|id| {
            let place = self.places.get(id.0 as usize)?;
            let unit = self.program.units.get(place.unit as usize)?;
            let summary = &unit.fragments.get(place.fragment as usize)?.summary;
            let number = *self.units.get(place.unit as usize)?;
            let summary = choose(number, place.fragment as usize, summary);
            let (id, side) = (*id, unit.side());
            Some(EnvInput { id, side, unit: place.unit, summary, broken: false })
        });
        let inputs: Vec<EnvInput<'_, 'a>> = inputs.collect::<Option<_>>()?;
        let (environment, problems) = environment(&inputs);
        problems.is_empty().then_some(environment)
    }
}

fn location(file: Option<&PathBuf>, path: &str) -> Option<Location> {
    match file {
        Some(file) => Some(Location::File(file.clone())),
        None => library::find(path).map(Location::Library),
    }
}
