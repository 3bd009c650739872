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
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Provided { $($(#[doc = $doc])* $name,)+ }

        const PROVIDED: &[(&str, Provided)] = &[$(($symbol, Provided::$name),)+];
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

pub(crate) struct SymbolTable<'a> {
    meanings: FxHashMap<&'a str, Meaning>,
}

impl<'a> SymbolTable<'a> {
    pub(crate) fn build(
        inputs: &[Input<'a>],
        options: &'a Options,
    ) -> Result<SymbolTable<'a>, LinkError> {
        let count: usize = inputs.iter().map(|input| input.object.definitions.len()).sum();
        let mut meanings = FxHashMap::default();
        meanings.reserve(count + PROVIDED.len() + options.closed_globals.len());
        for &(name, provided) in PROVIDED {
            meanings.insert(name, Meaning::Provided(provided));
        }
        for (at, input) in inputs.iter().enumerate() {
            for (index, definition) in input.object.definitions.iter().enumerate() {
                check_bounds(input, definition)?;
                let meaning = Meaning::Defined { input: at as u32, definition: index as u32 };
                if let Some(earlier) = meanings.insert(definition.symbol.as_str(), meaning) {
                    return Err(duplicate(inputs, &definition.symbol, earlier, user(input)));
                }
            }
        }
        for (index, symbol) in options.closed_globals.iter().enumerate() {
            let meaning = Meaning::ClosedGlobal(index as u32);
            if let Some(earlier) = meanings.insert(symbol.as_str(), meaning) {
                let second = String::from("the list of closed globals");
                return Err(duplicate(inputs, symbol, earlier, second));
            }
        }
        Ok(SymbolTable { meanings })
    }

    pub(crate) fn get(&self, symbol: &str) -> Option<Meaning> {
        self.meanings.get(symbol).copied()
    }
}

fn duplicate(inputs: &[Input<'_>], symbol: &str, earlier: Meaning, second: String) -> LinkError {
    let first = match earlier {
        Meaning::Defined { input, .. } => user(&inputs[input as usize]),
        Meaning::Provided(_) => String::from("the linker"),
        Meaning::ClosedGlobal(_) => String::from("the list of closed globals"),
    };
    LinkError::DuplicateSymbol { symbol: symbol.to_owned(), first, second }
}

fn check_bounds(input: &Input<'_>, definition: &Definition) -> Result<(), LinkError> {
    let object = input.object;
    let size = match definition.section {
        Section::Text => object.text.len() as u64,
        Section::Rodata => object.rodata.len() as u64,
        Section::Data => object.data.len() as u64,
        Section::Bss => u64::from(object.bss_size),
    };
    if u64::from(definition.offset) + u64::from(definition.size) > size {
        let problem = "a definition reaches past its section";
        return Err(LinkError::Malformed { user: user(input), problem });
    }
    Ok(())
}
