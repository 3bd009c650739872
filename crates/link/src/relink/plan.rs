//! What becomes of each object of the former image, and where everything is then.

use std::collections::BTreeMap;

use morph_object::{Object, Section, Target};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Exchange, Unfit, unfit};
use crate::layout::{Layout, Share};
use crate::map::{Defined, FIXUP, Fixup, Goal, Map, ObjectParts, Placed};
use crate::symbols::PROVIDED;

/// An object that does not stay as it is, as it is now.
pub(super) struct Now<'a> {
    /// The object, if it is exchanged; else it only stands elsewhere in its unit.
    pub(super) object: Option<&'a Object>,
    pub(super) placed: Placed,
    pub(super) parts: Option<ObjectParts>,
}

pub(super) struct Plan<'a> {
    pub(super) old: &'a Map,
    /// Of each object which entry of `now` it is, if it has one.
    pub(super) fates: Vec<u32>,
    pub(super) changed: Vec<Now<'a>>,
    pub(super) heads: BTreeMap<u32, u32>,
    pub(super) was: Layout,
    pub(super) now: Layout,
    /// First fixup and first definition of each object of the former map.
    pub(super) first: Vec<(u32, u32)>,
    /// What the symbols of exchanged objects stand for.
    pub(super) goals: FxHashMap<&'a str, Goal>,
    /// By definition: where it is now, and how far that is from where it was.
    pub(super) addresses: Vec<(u32, i32)>,
}

/// An object that stays as it is.
pub(super) const STAYS: u32 = u32::MAX;

impl<'a> Plan<'a> {
    pub(super) fn new(old: &'a Map, exchanges: &[Exchange<'a>]) -> Result<Plan<'a>, Unfit> {
        let mut fates = vec![STAYS; old.objects.len()];
        let mut changed: Vec<Now<'a>> = Vec::new();
        for exchange in exchanges {
            // One that is not there has no effect.
            let found = old.objects.binary_search_by_key(&exchange.input, |placed| placed.input);
            let Ok(at) = found else { continue };
            let Exchange { object, first_line, first_column, .. } = *exchange;
            let placed = Placed { first_line, first_column, ..old.objects[at] };
            if object.is_none() && placed == old.objects[at] {
                continue;
            }
            let share = object.map_or(placed.share, |object| Share::of(object, old.debug()));
            fates[at] = changed.len() as u32;
            changed.push(Now { object, placed: Placed { share, ..placed }, parts: None });
        }
        let mut first = Vec::with_capacity(old.objects.len());
        let (mut fixups, mut definitions) = (0, 0);
        for placed in &old.objects {
            first.push((fixups, definitions));
            fixups += placed.fixups;
            definitions += placed.definitions;
        }
        let whole = fixups as usize * FIXUP == old.fixups.len()
            && each_fixup(&old.fixups).count() == fixups as usize
            && definitions as usize == old.definitions.len()
            && old.definitions.iter().map(|one| one.name as usize).sum::<usize>()
                == old.names.len();
        if !whole {
            return unfit("the map is damaged");
        }
        let share = |at: usize| match changed.get(fates[at] as usize) {
            Some(now) => now.placed.share,
            None => old.objects[at].share,
        };
        let large = "the image is too large";
        let was = old.layout(|at| old.objects[at].share).ok_or(Unfit::Other(large))?;
        let now = old.layout(share).ok_or(Unfit::Other(large))?;
        let goals = goals(old, &changed);
        let (heads, addresses) = (BTreeMap::new(), Vec::new());
        let mut plan = Plan { old, fates, changed, heads, was, now, first, goals, addresses };
        plan.exchange()?;
        plan.reach()?;
        plan.take_addresses()?;
        Ok(plan)
    }

    pub(super) fn changed(&self, at: usize) -> Option<&Now<'a>> {
        self.changed.get(self.fates[at] as usize)
    }

    /// The object that takes the place of the former one.
    pub(super) fn object(&self, at: usize) -> Option<&'a Object> {
        self.changed(at)?.object
    }

    pub(super) fn placed(&self, at: usize) -> &Placed {
        self.changed(at).map_or(&self.old.objects[at], |now| &now.placed)
    }

    pub(super) fn old_definitions(&self, at: usize) -> &'a [Defined] {
        let first = self.first[at].1 as usize;
        &self.old.definitions[first..first + self.old.objects[at].definitions as usize]
    }

    pub(super) fn definitions(&self, at: usize) -> &[Defined] {
        let parts = self.changed(at).and_then(|now| now.parts.as_ref());
        parts.map_or(self.old_definitions(at), |parts| &parts.definitions)
    }

    pub(super) fn old_fixups(&self, at: usize) -> &'a [u8] {
        let first = self.first[at].0 as usize * FIXUP;
        &self.old.fixups[first..first + self.old.objects[at].fixups as usize * FIXUP]
    }

    pub(super) fn fixups(&self, at: usize) -> &[u8] {
        let parts = self.changed(at).and_then(|now| now.parts.as_ref());
        parts.map_or(self.old_fixups(at), |parts| &parts.fixups)
    }

    /// Finds the definitions and fixups of the new objects.
    pub(super) fn exchange(&mut self) -> Result<(), Unfit> {
        let mut names = Names::of(self.old);
        for at in 0..self.fates.len() {
            let Some(object) = self.object(at) else {
                names.skip(self.old_definitions(at));
                continue;
            };
            let old = self.old_definitions(at);
            let definitions: Vec<Defined> = object.definitions.iter().map(Defined::of).collect();
            let same = |(old, new): (&Defined, &Defined)| {
                (old.section, old.kind) == (new.section, new.kind)
            };
            let named = object.definitions.iter().map(|one| Some(one.symbol.as_str()));
            let same = old.len() == definitions.len()
                && old.iter().zip(&definitions).all(same)
                && old.iter().zip(named).all(|(old, name)| names.next(old) == name);
            if !same {
                return unfit("an object defines other symbols");
            }
            let mut fixups = Vec::with_capacity(object.relocs.len() * FIXUP);
            for reloc in &object.relocs {
                let goal = match reloc.target {
                    Target::Section(section) => Goal::Own(section),
                    Target::Symbol(symbol) => {
                        let symbol = object.symbols.get(symbol as usize);
                        let goal = symbol.and_then(|symbol| self.goals.get(symbol.as_str()));
                        *goal.ok_or(Unfit::Other("a symbol is not in the image"))?
                    }
                };
                let (section, offset, kind) = (reloc.section, reloc.offset, reloc.kind);
                let fixup = Fixup { section, offset, kind, goal }.pack();
                fixups.extend(fixup.ok_or(Unfit::Other("a field of another machine"))?);
            }
            let now = &mut self.changed[self.fates[at] as usize];
            now.placed.fixups = object.relocs.len() as u32;
            now.parts = Some(ObjectParts { definitions, fixups });
        }
        Ok(())
    }

    /// Whether everything is still reached, and the table of gates there if and only if something names it.
    pub(super) fn reach(&self) -> Result<(), Unfit> {
        // One may be named, and no field refer to it.
        for object in self.changed.iter().filter_map(|now| now.object) {
            if !object.symbols.iter().all(|symbol| self.goals.contains_key(symbol.as_str())) {
                return unfit("a symbol is not in the image");
            }
        }
        if self.names_as_much() {
            return Ok(());
        }
        let mut owner = Vec::with_capacity(self.old.definitions.len());
        for (at, placed) in (0_u32..).zip(&self.old.objects) {
            owner.extend((0..placed.definitions).map(|_| at));
        }
        let mut reached = vec![false; self.fates.len()];
        let mut gates = false;
        let mut work: Vec<u32> = owner.get(self.old.entry as usize).copied().into_iter().collect();
        let mut count = 0;
        while let Some(at) = work.pop() {
            if std::mem::replace(&mut reached[at as usize], true) {
                continue;
            }
            count += 1;
            for goal in self.named(at as usize, self.fixups(at as usize)) {
                match goal {
                    Goal::Own(_) => {}
                    Goal::Defined(definition) => {
                        let found = owner.get(definition as usize);
                        work.extend(found.filter(|at| !reached[**at as usize]));
                    }
                    Goal::Provided(provided) => gates |= provided.is_gates(),
                }
            }
        }
        if count != reached.len() || gates != self.old.gates {
            return unfit("something is no longer reached");
        }
        Ok(())
    }

    /// Whether every new object names all that the former one named: then everything is reached that was.
    pub(super) fn names_as_much(&self) -> bool {
        (0..self.fates.len()).filter(|at| self.object(*at).is_some()).all(|at| {
            let new: FxHashSet<Goal> = self.named(at, self.fixups(at)).collect();
            let gates = |goal: &Goal| matches!(goal, Goal::Provided(one) if one.is_gates());
            each_fixup(self.old_fixups(at)).all(|fixup| new.contains(&fixup.goal))
                && (self.old.gates || !new.iter().any(gates))
        })
    }

    /// What an object names: by its fixups, and if it is new also without one.
    pub(super) fn named(&self, at: usize, fixups: &[u8]) -> impl Iterator<Item = Goal> {
        let symbols = self.object(at).map_or(&[][..], |object| &object.symbols);
        let symbols = symbols.iter().filter_map(|symbol| self.goals.get(symbol.as_str()));
        each_fixup(fixups).map(|fixup| fixup.goal).chain(symbols.copied())
    }

    pub(super) fn take_addresses(&mut self) -> Result<(), Unfit> {
        let mut addresses = Vec::with_capacity(self.old.definitions.len());
        for at in 0..self.fates.len() {
            for (old, new) in self.old_definitions(at).iter().zip(self.definitions(at)) {
                let was = self.was.parts[at].of(old.section) + u64::from(old.offset);
                let now = self.now.parts[at].of(new.section) + u64::from(new.offset);
                // Images lie below 2 GB.
                addresses.push((now as u32, (now as i64 - was as i64) as i32));
            }
        }
        let entry = addresses.get(self.old.entry as usize);
        self.now.entry = u64::from(entry.ok_or(Unfit::Other("the map is damaged"))?.0);
        self.addresses = addresses;
        Ok(())
    }

    /// How far a part of an object moves.
    pub(super) fn moved(&self, at: usize, section: Section) -> i64 {
        self.now.parts[at].of(section) as i64 - self.was.parts[at].of(section) as i64
    }

    /// Where a goal is, and how far it has moved.
    pub(super) fn goal(&self, at: usize, goal: Goal) -> Result<(u64, i64), Unfit> {
        match goal {
            Goal::Own(section) => Ok((self.now.parts[at].of(section), self.moved(at, section))),
            Goal::Defined(definition) => {
                let found = self.addresses.get(definition as usize);
                let (now, moved) = found.ok_or(Unfit::Other("the map is damaged"))?;
                Ok((u64::from(*now), i64::from(*moved)))
            }
            Goal::Provided(provided) => {
                let (was, now) = (self.was.provided(provided), self.now.provided(provided));
                Ok((now, now as i64 - was as i64))
            }
        }
    }
}

/// What the symbols that exchanged objects name stand for.
pub(super) fn goals<'a>(map: &Map, changed: &[Now<'a>]) -> FxHashMap<&'a str, Goal> {
    let objects = changed.iter().filter_map(|now| now.object);
    let wanted: FxHashSet<&'a str> =
        objects.flat_map(|object| object.symbols.iter().map(String::as_str)).collect();
    let mut goals = FxHashMap::default();
    for (name, provided) in PROVIDED {
        if let Some(name) = wanted.get(name) {
            goals.insert(*name, Goal::Provided(*provided));
        }
    }
    let mut names = Names::of(map);
    for (number, definition) in (0..).zip(&map.definitions) {
        if let Some(name) = names.next(definition).and_then(|name| wanted.get(name)) {
            goals.insert(*name, Goal::Defined(number));
        }
    }
    goals
}

/// The names of a map's definitions, one after the other.
pub(super) struct Names<'m> {
    rest: &'m str,
}

impl<'m> Names<'m> {
    pub(super) fn of(map: &'m Map) -> Names<'m> {
        Names { rest: &map.names }
    }

    /// The name of the next definition, which is this one.
    pub(super) fn next(&mut self, definition: &Defined) -> Option<&'m str> {
        let (name, rest) = self.rest.split_at_checked(definition.name as usize)?;
        self.rest = rest;
        Some(name)
    }

    pub(super) fn skip(&mut self, definitions: &[Defined]) {
        let length: usize = definitions.iter().map(|one| one.name as usize).sum();
        self.rest = self.rest.get(length..).unwrap_or("");
    }
}

pub(super) fn each_fixup(packed: &[u8]) -> impl Iterator<Item = Fixup> {
    let (fixups, _) = packed.as_chunks::<FIXUP>();
    fixups.iter().filter_map(|fixup| Fixup::unpack(*fixup))
}
