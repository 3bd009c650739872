//! Calls, construction, and what a function refers to by name.

use cranelift_codegen::ir::{
    ExtFuncData, ExternalName, FuncRef, GlobalValue, GlobalValueData, InstBuilder, SigRef, Value,
    types::I64,
};
use morph_sema::typed::{Body, StrId, SymbolId};

use super::{Lowering, MEMORY, words};
use crate::names::{Name, Routine};

/// Up to this many words are zeroed by a store each.
const ZEROED_INLINE: u32 = 16;

/// What has been declared in the current function, so that each thing is declared once.
#[derive(Default)]
pub(super) struct Imports {
    /// Beside the body's symbols: with how many arguments each was called last.
    callees: Vec<Option<(u32, FuncRef)>>,
    addresses: Vec<Option<GlobalValue>>,
    strings: Vec<Option<GlobalValue>>,
    routines: [Option<FuncRef>; Routine::ALL.len()],
    /// By number of arguments.
    signatures: Vec<Option<SigRef>>,
    /// An empty list for the arguments of the next call.
    spare: Vec<Value>,
}

impl Imports {
    pub(super) fn reset(&mut self, body: &Body) {
        self.callees.clear();
        self.callees.resize(body.symbols.len(), None);
        self.addresses.clear();
        self.addresses.resize(body.symbols.len(), None);
        self.strings.clear();
        self.strings.resize(body.strings.len(), None);
        self.routines = Default::default();
        self.signatures.clear();
    }

    pub(super) fn take_list(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.spare)
    }

    pub(super) fn give_back(&mut self, mut list: Vec<Value>) {
        list.clear();
        self.spare = list;
    }
}

impl Lowering<'_> {
    pub(super) fn call(&mut self, callee: SymbolId, args: &[Value]) -> Value {
        let slot = callee.0 as usize;
        let function = match self.scratch.imports.callees[slot] {
            Some((count, function)) if count as usize == args.len() => function,
            Some(_) | None => {
                let signature = self.signature(args.len());
                let function = self.declare(Name::Symbol(callee), signature);
                self.scratch.imports.callees[slot] = Some((args.len() as u32, function));
                function
            }
        };
        self.call_function(function, args)
    }

    pub(super) fn call_indirect(&mut self, callee: Value, args: &[Value]) -> Value {
        let signature = self.signature(args.len());
        let call = self.builder.ins().call_indirect(signature, callee, args);
        self.builder.inst_results(call)[0]
    }

    pub(super) fn call_routine(&mut self, routine: Routine, args: &[Value]) -> Value {
        let slot = routine as usize;
        let function = match self.scratch.imports.routines[slot] {
            Some(function) => function,
            None => {
                let signature = self.signature(args.len());
                let function = self.declare(Name::Routine(routine), signature);
                self.scratch.imports.routines[slot] = Some(function);
                function
            }
        };
        self.call_function(function, args)
    }

    /// Allocates, zeroes what `args` does not fill, and fills.
    pub(super) fn construct(&mut self, alloc: SymbolId, words: u32, args: &[Value]) -> Value {
        if args.len() > words as usize {
            self.refuse("more initial values than words");
            return self.int(0);
        }
        let bytes = self.int(i64::from(words) * 8);
        let address = self.call(alloc, &[bytes]);
        let filled = args.len() as u32;
        if words - filled <= ZEROED_INLINE {
            for word in filled..words {
                let zero = self.int(0);
                self.builder.ins().store(MEMORY, zero, address, word as i32 * 8);
            }
        } else {
            let start = self.int(i64::from(filled) * 8);
            let start = self.builder.ins().iadd(address, start);
            let (zero, rest) = (self.int(0), self.int(i64::from(words - filled) * 8));
            self.call_routine(Routine::MemoryFill, &[start, zero, rest]);
        }
        for (word, &value) in args.iter().enumerate() {
            self.builder.ins().store(MEMORY, value, address, word as i32 * 8);
        }
        address
    }

    pub(super) fn symbol_address(&mut self, symbol: SymbolId) -> Value {
        let slot = symbol.0 as usize;
        let place = match self.scratch.imports.addresses[slot] {
            Some(place) => place,
            None => {
                let place = self.place(Name::Symbol(symbol));
                self.scratch.imports.addresses[slot] = Some(place);
                place
            }
        };
        self.builder.ins().symbol_value(I64, place)
    }

    pub(super) fn string_address(&mut self, string: StrId) -> Value {
        let slot = string.0 as usize;
        let place = match self.scratch.imports.strings[slot] {
            Some(place) => place,
            None => {
                let place = self.place(Name::String(string));
                self.scratch.imports.strings[slot] = Some(place);
                place
            }
        };
        self.builder.ins().symbol_value(I64, place)
    }

    /// Declares a function of this object or another; all lie within reach of a near call.
    pub(super) fn declare(&mut self, name: Name, signature: SigRef) -> FuncRef {
        let name = self.builder.func.declare_imported_user_function(name.encode());
        self.builder.import_function(ExtFuncData {
            name: ExternalName::user(name),
            signature,
            colocated: true,
            patchable: false,
        })
    }

    fn place(&mut self, name: Name) -> GlobalValue {
        let name = self.builder.func.declare_imported_user_function(name.encode());
        self.builder.create_global_value(GlobalValueData::Symbol {
            name: ExternalName::user(name),
            offset: 0.into(),
            colocated: true,
            tls: false,
        })
    }

    fn signature(&mut self, params: usize) -> SigRef {
        let signatures = &mut self.scratch.imports.signatures;
        if signatures.len() <= params {
            signatures.resize(params + 1, None);
        }
        match signatures[params] {
            Some(signature) => signature,
            None => {
                let signature = self.builder.import_signature(words(params, 1));
                self.scratch.imports.signatures[params] = Some(signature);
                signature
            }
        }
    }

    fn call_function(&mut self, function: FuncRef, args: &[Value]) -> Value {
        let call = self.builder.ins().call(function, args);
        self.builder.inst_results(call)[0]
    }
}
