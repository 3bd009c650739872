//! The one table of symbols: who defines which name.

use morph_object::{Definition, Section};
use rustc_hash::FxHashMap;

use crate::{Input, LinkError, Options, user};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Definition `definition` of input `input`.
    Defined { input: u32, definition: u32 },
    /// A table or address that the linker makes.
    Provided(Provided),
    /// The word of closed global number `n` of the options.
    ClosedGlobal(u32),
}

macro_rules! provided {
    ($($(#[doc = $doc:literal])* $name:ident = $symbol:literal;)+) => {
        /// Addresses that the linker provides; library code asks with `link_address("name")`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Provided { $($(#[doc = $doc])* $name,)+ }

        pub(crate) const PROVIDED: &[(&str, Provided)] = &[$(($symbol, Provided::$name),)+];
    };
}

provided! {
    /// First entry of the function table.
    Functions = "=functions";
    FunctionsEnd = "=functions_end";
    /// First entry of the line table.
    Lines = "=lines";
    LinesEnd = "=lines_end";
    /// First entry of the trap table.
    Traps = "=traps";
    TrapsEnd = "=traps_end";
    /// Addresses of the stand-ins of closed globals.
    ClosedGlobals = "=closed_globals";
    ClosedGlobalsEnd = "=closed_globals_end";
    /// First entry of the table of gates.
    Gates = "=gates";
    GatesEnd = "=gates_end";
    /// The words of closed globals, without access rights.
    ClosedStart = "=closed_start";
    ClosedEnd = "=closed_end";
    /// All code.
    TextStart = "=text_start";
    TextEnd = "=text_end";
    /// Initialised and zeroed data: everything that a rollback of globals must restore.
    DataStart = "=data_start";
    DataEnd = "=data_end";
}

impl Provided {
    /// Whether it is part of the table of gates, which only images have that name it.
    pub(crate) fn is_gates(self) -> bool {
        matches!(self, Provided::Gates | Provided::GatesEnd)
    }
}

/// A name's number: provided names first, then closed globals, then definitions in the order of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SymbolId(u32);

impl SymbolId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names of all definitions, one behind the other: comparing them while looking up then stays in the cache.
pub(crate) fn join_names(inputs: &[Input<'_>]) -> String {
    let definitions = inputs.iter().flat_map(|input| &input.object.definitions);
    let mut names = String::with_capacity(definitions.clone().map(|d| d.symbol.len()).sum());
    definitions.for_each(|definition| names.push_str(&definition.symbol));
    names
}

pub(crate) struct SymbolTable<'a> {
    ids: FxHashMap<&'a str, SymbolId>,
    closed_globals: u32,
    /// Input and index of each definition.
    definitions: Vec<(u32, u32)>,
}

impl<'a> SymbolTable<'a> {
    /// `names` is what [`join_names`] gave for the same inputs.
    pub(crate) fn build(
        inputs: &[Input<'_>],
        options: &'a Options,
        names: &'a str,
    ) -> Result<SymbolTable<'a>, LinkError> {
        let count: usize = inputs.iter().map(|input| input.object.definitions.len()).sum();
        let mut ids = FxHashMap::default();
        ids.reserve(count + PROVIDED.len() + options.closed_globals.len());
        let mut table =
            SymbolTable { ids, closed_globals: 0, definitions: Vec::with_capacity(count) };
        for &(name, _) in PROVIDED {
            table.insert(name);
        }
        for symbol in &options.closed_globals {
            if let Some(earlier) = table.insert(symbol) {
                let second = String::from(CLOSED_GLOBALS);
                return Err(table.duplicate(inputs, symbol, earlier, second));
            }
        }
        table.closed_globals = options.closed_globals.len() as u32;
        let mut at = 0;
        for (number, input) in inputs.iter().enumerate() {
            for (index, definition) in input.object.definitions.iter().enumerate() {
                check_bounds(number, input, definition)?;
                let name = &names[at..at + definition.symbol.len()];
                at += name.len();
                if let Some(earlier) = table.insert(name) {
                    return Err(table.duplicate(inputs, name, earlier, user(input)));
                }
                table.definitions.push((number as u32, index as u32));
            }
        }
        Ok(table)
    }

    /// Gives the name the next number; the earlier one if it has one.
    fn insert(&mut self, name: &'a str) -> Option<SymbolId> {
        let id = SymbolId(self.ids.len() as u32);
        self.ids.insert(name, id)
    }

    pub(crate) fn get(&self, symbol: &str) -> Option<SymbolId> {
        self.ids.get(symbol).copied()
    }

    pub(crate) fn meaning(&self, id: SymbolId) -> Meaning {
        let provided = PROVIDED.len() as u32;
        if let Some((_, provided)) = PROVIDED.get(id.index()) {
            return Meaning::Provided(*provided);
        }
        if id.0 < provided + self.closed_globals {
            return Meaning::ClosedGlobal(id.0 - provided);
        }
        let (input, definition) =
            self.definitions[(id.0 - provided - self.closed_globals) as usize];
        Meaning::Defined { input, definition }
    }

    /// All meanings, by number.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = Meaning> {
        (0..self.ids.len() as u32).map(|id| self.meaning(SymbolId(id)))
    }

    fn duplicate(
        &self,
        inputs: &[Input<'_>],
        symbol: &str,
        earlier: SymbolId,
        second: String,
    ) -> LinkError {
        let first = match self.meaning(earlier) {
            Meaning::Defined { input, .. } => user(&inputs[input as usize]),
            Meaning::Provided(_) => String::from("the linker"),
            Meaning::ClosedGlobal(_) => String::from(CLOSED_GLOBALS),
        };
        LinkError::DuplicateSymbol { symbol: symbol.to_owned(), first, second }
    }
}

const CLOSED_GLOBALS: &str = "the list of closed globals";

fn check_bounds(
    number: usize,
    input: &Input<'_>,
    definition: &Definition,
) -> Result<(), LinkError> {
    let object = input.object;
    let size = match definition.section {
        Section::Text => object.text.len() as u64,
        Section::Rodata => object.rodata.len() as u64,
        Section::Data => object.data.len() as u64,
        Section::Bss => u64::from(object.bss_size),
    };
    if u64::from(definition.offset) + u64::from(definition.size) > size {
        let problem = "a definition reaches past its section";
        return Err(LinkError::Malformed { input: Some(number), user: user(input), problem });
    }
    Ok(())
}
