//! Which objects the entry reaches.
//!
//! The unit of keeping is the object: what a fragment compiles to is needed whole or not at all. Each
//! name is looked up once, in the order of the inputs, because that is the order of their memory; the walk from
//! the entry and the relocations use the remembered answers.

use crate::symbols::{Meaning, SymbolId, SymbolTable};
use crate::{ENTRY, Input, LinkError, Options, user};

pub(crate) struct Live {
    /// Reached inputs, in the order of the inputs.
    pub(crate) order: Vec<u32>,
    /// What the symbols of all inputs stand for, one run per input; `None` is an undefined one, which only an
    /// input that is not reached can have.
    ids: Vec<Option<SymbolId>>,
    /// Where the run of each input begins in `ids`, and where the last one ends.
    first: Vec<u32>,
    /// For each closed global that is reached: its number among the options and the input of its
    /// stand-in with the definition's index; in the order of the options.
    pub(crate) closed: Vec<Closed>,
    /// Place of each closed global of the options in `closed`.
    pub(crate) closed_slot: Vec<Option<u32>>,
    /// Something reached names the table of gates.
    pub(crate) gates: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Closed {
    pub(crate) input: u32,
    pub(crate) definition: u32,
}

impl Live {
    /// What symbol number `symbol` of an input stands for.
    pub(crate) fn id(&self, input: u32, symbol: u32) -> Option<SymbolId> {
        self.ids[(self.first[input as usize] + symbol) as usize]
    }
}

pub(crate) fn mark(
    inputs: &[Input<'_>],
    options: &Options,
    table: &SymbolTable<'_>,
) -> Result<Live, LinkError> {
    let mut marker = Marker {
        reached: vec![false; inputs.len()],
        work: Vec::with_capacity(64),
        stand_ins: vec![None; options.closed_globals.len()],
        gates: false,
    };
    let names: usize = inputs.iter().map(|input| input.object.symbols.len()).sum();
    let mut ids = Vec::with_capacity(names);
    let mut first = Vec::with_capacity(inputs.len() + 1);
    for input in inputs {
        first.push(ids.len() as u32);
        ids.extend(input.object.symbols.iter().map(|symbol| table.get(symbol)));
    }
    first.push(ids.len() as u32);
    let wanted = std::iter::once(ENTRY).chain(options.roots.iter().map(String::as_str));
    for root in wanted {
        let who = || String::from("the image itself");
        marker.reach(lookup(table, root, who)?, options, table)?;
    }
    while let Some(at) = marker.work.pop() {
        let run = first[at as usize] as usize..first[at as usize + 1] as usize;
        for (symbol, id) in ids[run].iter().enumerate() {
            let input = &inputs[at as usize];
            let id = id.ok_or_else(|| LinkError::UndefinedSymbol {
                symbol: input.object.symbols[symbol].clone(),
                user: user(input),
            })?;
            marker.reach(id, options, table)?;
        }
    }
    let order = (0..inputs.len() as u32).filter(|&at| marker.reached[at as usize]).collect();
    let mut closed = Vec::new();
    let mut closed_slot = Vec::with_capacity(marker.stand_ins.len());
    for stand_in in marker.stand_ins {
        closed_slot.push(stand_in.map(|_| closed.len() as u32));
        closed.extend(stand_in);
    }
    Ok(Live { order, ids, first, closed, closed_slot, gates: marker.gates })
}

struct Marker {
    reached: Vec<bool>,
    work: Vec<u32>,
    stand_ins: Vec<Option<Closed>>,
    gates: bool,
}

impl Marker {
    fn reach(
        &mut self,
        id: SymbolId,
        options: &Options,
        table: &SymbolTable<'_>,
    ) -> Result<(), LinkError> {
        match table.meaning(id) {
            Meaning::Defined { input, .. } => {
                if !std::mem::replace(&mut self.reached[input as usize], true) {
                    self.work.push(input);
                }
                Ok(())
            }
            Meaning::Provided(provided) => {
                self.gates |= provided.is_gates();
                Ok(())
            }
            Meaning::ClosedGlobal(index) => {
                if self.stand_ins[index as usize].is_some() {
                    return Ok(());
                }
                let global = &options.closed_globals[index as usize];
                let symbol = format!("?{global}");
                let who = || format!("the closed global `{global}`");
                let stand_in = lookup(table, &symbol, who)?;
                match table.meaning(stand_in) {
                    Meaning::Defined { input, definition } => {
                        self.stand_ins[index as usize] = Some(Closed { input, definition });
                        self.reach(stand_in, options, table)
                    }
                    Meaning::Provided(_) | Meaning::ClosedGlobal(_) => Err(LinkError::Malformed {
                        input: None,
                        user: who(),
                        problem: "its stand-in is not a function",
                    }),
                }
            }
        }
    }
}

fn lookup(
    table: &SymbolTable<'_>,
    symbol: &str,
    user: impl FnOnce() -> String,
) -> Result<SymbolId, LinkError> {
    table
        .get(symbol)
        .ok_or_else(|| LinkError::UndefinedSymbol { symbol: symbol.to_owned(), user: user() })
}
