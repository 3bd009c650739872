//! Typed fragments laid out in memory, ready to run.

use std::collections::BTreeMap;

use morph_object::Symbol;
use morph_sema::typed::{Body, Item, Typed};

use crate::Memory;

/// Addresses of functions: not mapped, so that loading from code faults.
const CODE: u64 = 0x1000;

/// A program: its functions by symbol, and memory with its globals and string literals.
#[derive(Debug)]
pub struct Program<'t> {
    functions: Vec<&'t Body>,
    by_symbol: BTreeMap<Symbol, usize>,
    globals: BTreeMap<Symbol, u64>,
    /// Per function: the address of each of its string literals.
    strings: Vec<Vec<u64>>,
    pub(crate) memory: Memory,
}

impl<'t> Program<'t> {
    /// Lays out the fragments. Raw assembly is kept out; using it ends the run.
    pub fn new(fragments: impl IntoIterator<Item = &'t Typed>) -> Program<'t> {
        let mut program = Program {
            functions: Vec::new(),
            by_symbol: BTreeMap::new(),
            globals: BTreeMap::new(),
            strings: Vec::new(),
            memory: Memory::new(),
        };
        for fragment in fragments {
            match &fragment.item {
                Item::Function(body) => program.add_function(body),
                Item::Global { symbol, value, initialiser } => {
                    program.add_global(symbol.clone(), *value);
                    if let Some(body) = initialiser {
                        program.add_function(body);
                    }
                }
                Item::Raw(_) | Item::Naked(_) | Item::Nothing => {}
            }
        }
        program
    }

    fn add_function(&mut self, body: &'t Body) {
        let addresses = body.strings.iter().map(|bytes| self.place(bytes)).collect();
        self.by_symbol.insert(body.symbol.clone(), self.functions.len());
        self.strings.push(addresses);
        self.functions.push(body);
        for shard in &body.shards {
            self.add_function(shard);
        }
    }

    fn add_global(&mut self, symbol: Symbol, value: i64) {
        let address = self.place(&value.to_le_bytes());
        self.globals.insert(symbol, address);
    }

    /// Maps room for the bytes and a NUL and stores them.
    fn place(&mut self, bytes: &[u8]) -> u64 {
        let address = self.memory.map(bytes.len() as u64 + 1).unwrap_or(0);
        for (i, byte) in bytes.iter().enumerate() {
            // The range was mapped just now; if it was not, the first use faults.
            let _ = self.memory.store_byte(address + i as u64, *byte);
        }
        address
    }

    pub(crate) fn function(&self, index: usize) -> &'t Body {
        self.functions[index]
    }

    pub(crate) fn find(&self, symbol: &str) -> Option<usize> {
        self.by_symbol.get(symbol).copied()
    }

    pub(crate) fn global(&self, symbol: &str) -> Option<u64> {
        self.globals.get(symbol).copied()
    }

    pub(crate) fn string(&self, function: usize, index: u32) -> u64 {
        self.strings[function][index as usize]
    }

    /// The address that stands for a function.
    pub(crate) fn address(&self, function: usize) -> u64 {
        CODE + 16 * function as u64
    }

    /// The function that an address stands for.
    pub(crate) fn at(&self, address: u64) -> Option<usize> {
        let index = (address.checked_sub(CODE)? / 16) as usize;
        (index < self.functions.len() && self.address(index) == address).then_some(index)
    }
}
