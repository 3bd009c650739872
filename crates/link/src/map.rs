//! What is where in an image, so that a few of its objects can be exchanged without the others at hand.
//!
//! The bytes stand in the image itself; a map has what cannot be seen there: how much of each part belongs to which object, what every
//! relocated field refers to, and the names of all definitions.

use std::collections::BTreeMap;

use morph_object::{Definition, RelocKind, Section, SymbolKind, Target};
use serde::{Deserialize, Serialize};

use crate::dwarf::Told;
use crate::layout::{Layout, Share};
use crate::mark::Live;
use crate::symbols::{Meaning, PROVIDED, Provided, SymbolTable};
use crate::{Debug, ENTRY, Input, Machine, Options, gates};

/// What is where in an image. Made by [`crate::link_with_map`], used by [`crate::relink`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    pub(crate) debug: bool,
    /// Whether the image has the table of gates.
    pub(crate) gates: bool,
    /// The placed objects of one unit after the other.
    pub(crate) units: Vec<Run>,
    pub(crate) objects: Vec<Placed>,
    /// Of all objects, in their order.
    pub(crate) definitions: Vec<Defined>,
    /// The symbols of all definitions, one behind the other.
    pub(crate) names: String,
    /// Of all objects, in their order, each object's as in the object: see [`Fixup::pack`].
    #[serde(with = "serde_bytes")]
    pub(crate) fixups: Vec<u8>,
    /// Where the program begins.
    pub(crate) entry: u32,
    /// Bytes in front of the descriptions of frames, which all of them share.
    pub(crate) frames: u32,
}

/// Placed objects of one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) path: String,
    pub(crate) objects: u32,
    /// Bytes in front of its lines for debuggers; 0 if it has none.
    pub(crate) head: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    /// Which of the inputs it is.
    pub(crate) input: u32,
    pub(crate) first_line: u32,
    pub(crate) first_column: u32,
    pub(crate) closable: bool,
    pub(crate) share: Share,
    pub(crate) definitions: u32,
    pub(crate) fixups: u32,
    /// Bytes of its lines for debuggers.
    pub(crate) sequence: u32,
    /// Bytes of the descriptions of its frames.
    pub(crate) frames: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Defined {
    /// Bytes of its symbol.
    pub(crate) name: u32,
    pub(crate) section: Section,
    pub(crate) offset: u32,
    pub(crate) size: u32,
    pub(crate) kind: SymbolKind,
}

/// What has changed in a map: what belongs to objects that were exchanged or moved.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Changes {
    /// By number of the object.
    pub(crate) objects: BTreeMap<u32, Changed>,
    /// Bytes in front of the lines of a unit, by its number.
    pub(crate) heads: BTreeMap<u32, u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Changed {
    pub(crate) placed: Placed,
    /// Of an object that was exchanged.
    pub(crate) parts: Option<ObjectParts>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ObjectParts {
    pub(crate) definitions: Vec<Defined>,
    #[serde(with = "serde_bytes")]
    pub(crate) fixups: Vec<u8>,
}

impl Changes {
    /// Adds what has changed since.
    pub fn add(&mut self, later: Changes) {
        for (at, change) in later.objects {
            let former = self.objects.remove(&at).and_then(|former| former.parts);
            let parts = change.parts.or(former);
            self.objects.insert(at, Changed { parts, ..change });
        }
        self.heads.extend(later.heads);
    }
}

/// A field that names an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixup {
    pub(crate) section: Section,
    pub(crate) offset: u32,
    pub(crate) kind: RelocKind,
    pub(crate) goal: Goal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Goal {
    /// The object's own part of a section.
    Own(Section),
    /// A definition of the map.
    Defined(u32),
    Provided(Provided),
}

impl Map {
    /// Of an image that was just laid out; `None` if it is of a kind whose objects are not exchanged: for another machine than
    /// x86_64, with entries of functions for debuggers, with closed globals, or with roots.
    pub(crate) fn of(
        inputs: &[Input<'_>],
        options: &Options,
        table: &SymbolTable<'_>,
        live: &Live,
        told: &Told,
    ) -> Option<Map> {
        let Options { machine, debug, roots, closed_globals } = options;
        let plain = *machine == Machine::X86_64 && *debug != Debug::Full;
        if !plain || !roots.is_empty() || !closed_globals.is_empty() {
            return None;
        }
        let mut map = Map {
            debug: *debug == Debug::Line,
            gates: live.gates,
            units: Vec::new(),
            objects: Vec::with_capacity(live.order.len()),
            definitions: Vec::new(),
            names: String::new(),
            fixups: Vec::new(),
            entry: 0,
            frames: 0,
        };
        // The first definition of each input that is placed.
        let mut first = vec![u32::MAX; inputs.len()];
        for &at in &live.order {
            let input = &inputs[at as usize];
            first[at as usize] = map.definitions.len() as u32;
            map.add_definitions(input);
        }
        for (number, &at) in live.order.iter().enumerate() {
            let input = &inputs[at as usize];
            let begins = map.units.last().is_none_or(|run| run.path != input.unit);
            if begins {
                map.units.push(Run { path: input.unit.to_owned(), objects: 0, head: 0 });
            }
            let sequence = told.sequences.get(number).copied().unwrap_or(0);
            if let Some(run) = map.units.last_mut() {
                run.objects += 1;
            }
            for reloc in &input.object.relocs {
                let goal = match reloc.target {
                    Target::Section(section) => Goal::Own(section),
                    Target::Symbol(symbol) => match table.meaning(live.id(at, symbol)?) {
                        Meaning::Defined { input, definition } => {
                            Goal::Defined(first[input as usize].checked_add(definition)?)
                        }
                        Meaning::Provided(provided) => Goal::Provided(provided),
                        Meaning::ClosedGlobal(_) => return None,
                    },
                };
                let fixup =
                    Fixup { section: reloc.section, offset: reloc.offset, kind: reloc.kind, goal };
                map.fixups.extend(fixup.pack()?);
            }
            map.objects.push(Placed {
                input: at,
                first_line: input.first_line,
                first_column: input.first_column,
                closable: input.closable,
                share: Share::of(input.object, *debug),
                definitions: input.object.definitions.len() as u32,
                fixups: input.object.relocs.len() as u32,
                sequence,
                frames: told.frames.get(number).copied().unwrap_or(0),
            });
        }
        map.take_heads(told);
        match table.meaning(table.get(ENTRY)?) {
            Meaning::Defined { input, definition } => {
                map.entry = first[input as usize].checked_add(definition)?;
            }
            Meaning::Provided(_) | Meaning::ClosedGlobal(_) => return None,
        }
        Some(map)
    }

    fn add_definitions(&mut self, input: &Input<'_>) {
        for definition in &input.object.definitions {
            self.names.push_str(&definition.symbol);
            self.definitions.push(Defined::of(definition));
        }
    }

    /// Puts in what has changed; `false` if that belongs to another map.
    pub fn apply(&mut self, changes: &Changes) -> bool {
        let mut definitions = 0;
        let mut old = 0;
        let mut fixups = Vec::with_capacity(self.fixups.len());
        // From where on nothing has been taken over yet.
        let mut taken = 0;
        for (at, placed) in (0..).zip(&mut self.objects) {
            let own_definitions = definitions..definitions + placed.definitions as usize;
            let own_fixups = old..old + placed.fixups as usize * FIXUP;
            (definitions, old) = (own_definitions.end, own_fixups.end);
            let Some(change) = changes.objects.get(&at) else { continue };
            let expected =
                Placed { input: placed.input, definitions: placed.definitions, ..change.placed };
            if expected != change.placed {
                return false;
            }
            if let Some(parts) = &change.parts {
                let slots = self.definitions.get_mut(own_definitions);
                let Some(slots) = slots.filter(|slots| slots.len() == parts.definitions.len())
                else {
                    return false;
                };
                slots.copy_from_slice(&parts.definitions);
                let Some(before) = self.fixups.get(taken..own_fixups.start) else { return false };
                fixups.extend_from_slice(before);
                fixups.extend_from_slice(&parts.fixups);
                taken = own_fixups.end;
            }
            *placed = change.placed;
        }
        let Some(rest) = self.fixups.get(taken..) else { return false };
        fixups.extend_from_slice(rest);
        self.fixups = fixups;
        for (at, head) in &changes.heads {
            let Some(run) = self.units.get_mut(*at as usize) else { return false };
            run.head = *head;
        }
        true
    }

    /// How long the heads of the lines and of the frames are: what is left when all else is known.
    fn take_heads(&mut self, told: &Told) {
        let length = |wanted: &str| {
            let section = told.sections.iter().find(|section| section.name == wanted);
            section.map_or(0, |section| section.bytes.len() as u32)
        };
        let described: u32 = told.frames.iter().sum();
        self.frames = length(".debug_frame") - described;
        let mut objects = self.objects.iter();
        for (run, head) in self.units.iter_mut().zip(&told.heads) {
            let lines: u32 =
                objects.by_ref().take(run.objects as usize).map(|object| object.sequence).sum();
            run.head = if lines == 0 { 0 } else { *head };
        }
    }

    pub(crate) fn debug(&self) -> Debug {
        if self.debug { Debug::Line } else { Debug::None }
    }

    /// The units, each with its objects and the number of the first of them.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (&Run, usize, &[Placed])> {
        let mut at = 0;
        self.units.iter().map(move |run| {
            let first = at;
            at += run.objects as usize;
            (run, first, self.objects.get(first..at).unwrap_or_default())
        })
    }

    /// Where everything is, if each object takes this share.
    pub(crate) fn layout(&self, share: impl Fn(usize) -> Share) -> Option<Layout> {
        let placed = self.runs().flat_map(|(run, first, objects)| {
            let share = &share;
            (first..).zip(objects).map(move |(at, _)| (share(at), run.path.as_str()))
        });
        let mut gates = gates::Size::default();
        if self.gates {
            gates = gates::measured(self.gated());
        }
        let placed = (self.objects.len(), placed);
        Layout::stacked(placed, Machine::X86_64, self.debug(), gates, 0).ok()
    }

    /// How many functions each object has that belong in the table of gates, and its unit. Objects that are exchanged have as many.
    fn gated(&self) -> impl Iterator<Item = (u64, &str)> {
        let mut definitions = self.definitions.iter();
        self.runs()
            .flat_map(|(run, _, objects)| objects.iter().map(|object| (object, run.path.as_str())))
            .filter_map(move |(object, path)| {
                let own = definitions.by_ref().take(object.definitions as usize);
                let functions = own.filter(|one| one.is_function()).count() as u64;
                object.closable.then_some((functions, path))
            })
    }
}

impl Defined {
    pub(crate) fn of(definition: &Definition) -> Defined {
        Defined {
            name: definition.symbol.len() as u32,
            section: definition.section,
            offset: definition.offset,
            size: definition.size,
            kind: definition.kind,
        }
    }

    /// Whether it belongs in the function table.
    pub(crate) fn is_function(&self) -> bool {
        self.kind == SymbolKind::Function && self.section == Section::Text
    }
}

/// Bytes of a fixup in a map.
pub(crate) const FIXUP: usize = 8;

const SECTIONS: [Section; 4] = [Section::Text, Section::Rodata, Section::Data, Section::Bss];
/// Those of x86_64.
const KINDS: [RelocKind; 4] =
    [RelocKind::Abs64, RelocKind::Abs32, RelocKind::Abs32Signed, RelocKind::Rel32];

impl Fixup {
    /// Two words: the offset; then, from the lowest bit on, the section (2 bits), the kind (2), the kind of goal (2), the number of the goal.
    /// `None` if it is for another machine, or the number too large.
    pub(crate) fn pack(self) -> Option<[u8; FIXUP]> {
        let section = SECTIONS.iter().position(|one| *one == self.section)? as u32;
        let kind = KINDS.iter().position(|one| *one == self.kind)? as u32;
        let (tag, number) = match self.goal {
            Goal::Own(section) => (0, SECTIONS.iter().position(|one| *one == section)? as u32),
            Goal::Defined(number) => (1, number),
            Goal::Provided(provided) => {
                (2, PROVIDED.iter().position(|(_, one)| *one == provided)? as u32)
            }
        };
        if number >= 1 << 26 {
            return None;
        }
        let word = section | kind << 2 | tag << 4 | number << 6;
        let both = u64::from(self.offset) | u64::from(word) << 32;
        Some(both.to_le_bytes())
    }

    pub(crate) fn unpack(bytes: [u8; FIXUP]) -> Option<Fixup> {
        let both = u64::from_le_bytes(bytes);
        let word = (both >> 32) as u32;
        let number = word >> 6;
        let goal = match word >> 4 & 3 {
            0 => Goal::Own(*SECTIONS.get(number as usize)?),
            1 => Goal::Defined(number),
            2 => Goal::Provided(PROVIDED.get(number as usize)?.1),
            _ => return None,
        };
        Some(Fixup {
            section: SECTIONS[(word & 3) as usize],
            offset: (both & 0xffff_ffff) as u32,
            kind: KINDS[(word >> 2 & 3) as usize],
            goal,
        })
    }
}
