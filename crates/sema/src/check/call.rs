//! Calls: of functions, constructors, built-in forms, and of values.

use morph_diag::{Code, Diagnostic, Span};
use morph_syntax::tree::{self, ArgList, Expr as Syntax};

use super::builtin::{Builtin, builtin};
use super::checker::Checker;
use super::value::{Kind, Value};
use crate::environment::{Callee, FunctionInfo, StructInfo, Ty};
use crate::summary::Side;
use crate::typed::{Conversion, Expr, ExprId};

/// Where a value goes that travels as a word.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'n> {
    Parameter {
        function: &'n str,
        name: &'n str,
    },
    /// Of something without a signature; counted from 0.
    Argument {
        name: &'n str,
        number: usize,
    },
    Field {
        structure: &'n str,
        name: &'n str,
    },
    /// Of an array.
    Element {
        name: &'n str,
    },
}

impl Place<'_> {
    fn float_as_word(self, span: Span) -> Diagnostic {
        let (what, name, inner) = match self {
            Place::Parameter { function, name } => ("parameter", function, name.to_owned()),
            Place::Argument { name, number } => ("argument", name, (number + 1).to_string()),
            Place::Field { structure, name } => ("field", structure, name.to_owned()),
            Place::Element { name } => ("element", name, String::new()),
        };
        let diagnostic =
            Diagnostic::new(Code::FloatAsWord, span).arg("what", what).arg("name", name);
        match self {
            Place::Parameter { .. } => diagnostic.arg("parameter", inner).footer("help-parameter"),
            Place::Field { .. } => diagnostic.arg("parameter", inner).footer("help-field"),
            Place::Argument { .. } => diagnostic.arg("parameter", inner).footer("help-argument"),
            Place::Element { .. } => diagnostic.footer("help-element"),
        }
    }
}

impl<'a> Checker<'a> {
    /// A call by name.
    ///
    /// A local comes first, then a function or struct of the same side, then a global, then the
    /// library, then the built-in forms.
    pub(super) fn call(&mut self, callee: tree::ExprId, args: ArgList, span: Span) -> Value {
        let Syntax::Name(place) = self.tree.expr(callee) else {
            return self.error(span);
        };
        let name = self.text(place);
        if self.walk.scope.find(name).is_some() {
            let value = self.name(place);
            return self.call_value((callee, value), args, span);
        }
        let found = self.asker.callee(name);
        let own = match found {
            Some(Callee::Function(info)) => {
                self.asker.side() == Side::Library || !info.symbol.starts_with('@')
            }
            Some(Callee::Constructor(_)) => true,
            None => false,
        };
        if !own && self.asker.variable(name).is_some() {
            let value = self.name(place);
            return self.call_value((callee, value), args, span);
        }
        match found {
            Some(Callee::Function(info)) => self.call_function(name, info, args, span),
            Some(Callee::Constructor(info)) => self.construct(info, args, span),
            None => match builtin(name) {
                Some((form, least, most)) => {
                    self.call_builtin((name, place), form, (least, most), args, span)
                }
                None => {
                    self.unknown_name(name, place, "function");
                    self.check_args(args);
                    self.error(span)
                }
            },
        }
    }

    fn call_function(
        &mut self,
        name: &str,
        info: &'a FunctionInfo,
        args: ArgList,
        span: Span,
    ) -> Value {
        if args.len as usize != info.params.len() && !info.header_damaged {
            let diagnostic = Diagnostic::new(Code::ArityMismatch, span)
                .arg("name", name)
                .arg("expected", info.params.len())
                .arg("found", args.len as usize)
                .mark_in(info.place.fragment, info.place.name, "mark-defined");
            self.report(diagnostic);
            self.check_args(args);
            return self.error(span);
        }
        let from = self.walk.pending.len();
        for (id, parameter) in self.tree.args(args).iter().zip(&info.params) {
            let value = self.expr(*id);
            let wanted = if parameter.hinted { Kind::of(parameter.ty) } else { Kind::Int };
            let place = Place::Parameter { function: name, name: &parameter.name };
            let word = self.word_for(value, wanted, place);
            self.walk.pending.push(word);
        }
        for id in self.tree.args(args).iter().skip(info.params.len()) {
            let value = self.expr(*id);
            let word = self.bits(value);
            self.walk.pending.push(word);
        }
        let args = self.arg_list(from);
        let callee = self.symbol(&info.symbol);
        let call = self.node(Expr::Call { callee, args }, span);
        if info.header_damaged {
            return Value { id: call, kind: Kind::Error };
        }
        self.of_word(call, Kind::of(info.result))
    }

    /// The word in which `value` travels to a place that holds `wanted`.
    ///
    /// An untyped place takes anything, with a warning for a float: it would be read as an integer.
    pub(super) fn word_for(&mut self, value: Value, wanted: Kind, place: Place<'_>) -> ExprId {
        match (wanted, value.kind) {
            (Kind::Float, _) => {
                let id = self.float(value);
                return self.convert(Conversion::FloatToBits, id);
            }
            (Kind::Str | Kind::Struct(_), Kind::Float) => {
                let expected = self.kind_name(wanted);
                self.mismatch(self.span_at(value.id), &expected, value.kind);
            }
            (Kind::Error | Kind::Zero | Kind::Int, Kind::Float) => {
                let span = self.span_at(value.id);
                self.report(place.float_as_word(span));
            }
            (
                Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_),
                Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_),
            ) => {}
        }
        self.bits(value)
    }

    /// Calls whatever address the value is.
    pub(super) fn call_value(
        &mut self,
        (place, callee): (tree::ExprId, Value),
        args: ArgList,
        span: Span,
    ) -> Value {
        match callee.kind {
            Kind::Float | Kind::Str => {
                self.mismatch(self.tree.span(place), "function", callee.kind);
            }
            Kind::Error | Kind::Zero | Kind::Int | Kind::Struct(_) => {}
        }
        let name = self.text(self.tree.span(place));
        let from = self.walk.pending.len();
        for (number, id) in self.tree.args(args).iter().enumerate() {
            let value = self.expr(*id);
            let word = match value.kind {
                Kind::Float => self.word_for(value, Kind::Int, Place::Argument { name, number }),
                Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_) => value.id,
            };
            self.walk.pending.push(word);
        }
        let args = self.arg_list(from);
        let kind = if callee.kind == Kind::Error { Kind::Error } else { Kind::Int };
        let callee = self.bits(callee);
        self.value(Expr::CallIndirect { callee, args }, span, kind)
    }

    fn construct(&mut self, info: &'a StructInfo, args: ArgList, span: Span) -> Value {
        if info.closed {
            self.close(&info.name);
            self.check_args(args);
            return self.error(span);
        }
        let kind = Kind::Struct(info.id);
        if args.len as usize > info.fields.len() {
            let diagnostic = Diagnostic::new(Code::ConstructorTooMany, span)
                .arg("name", info.name.as_str())
                .arg("limit", info.fields.len())
                .arg("found", args.len as usize)
                .mark_in(info.place.fragment, info.place.name, "mark-defined");
            self.report(diagnostic);
            self.check_args(args);
            return Value { kind, ..self.error(span) };
        }
        let from = self.walk.pending.len();
        for (id, field) in self.tree.args(args).iter().zip(&info.fields) {
            let value = self.expr(*id);
            let wanted = match field.array {
                Some(_) => Kind::of(Ty::Int),
                None => Kind::of(field.ty),
            };
            let place = Place::Field { structure: &info.name, name: &field.name };
            let word = self.word_for(value, wanted, place);
            self.walk.pending.push(word);
        }
        // Missing values are 0, missing arrays are allocated.
        let last = info.fields.iter().rposition(|field| field.array.is_some());
        let needed = last.map_or(0, |last| last + 1);
        for field in info.fields.iter().take(needed).skip(args.len as usize) {
            let word = match field.array {
                Some(length) => self.allocate(length, span),
                None => self.int(0, span),
            };
            self.walk.pending.push(word);
        }
        let args = self.arg_list(from);
        let alloc = self.runtime("sys_alloc");
        let words = info.fields.len() as u32;
        self.value(Expr::Construct { alloc, words, args }, span, kind)
    }

    /// An array of `length` zeroed words.
    pub(super) fn allocate(&mut self, length: u32, span: Span) -> ExprId {
        let alloc = self.runtime("sys_alloc");
        let args = self.args_of(&[]);
        self.node(Expr::Construct { alloc, words: length, args }, span)
    }

    fn call_builtin(
        &mut self,
        (name, place): (&'a str, Span),
        form: Builtin,
        (least, most): (usize, usize),
        args: ArgList,
        span: Span,
    ) -> Value {
        let found = args.len as usize;
        if matches!(form, Builtin::LinkAddress | Builtin::SymbolAddress)
            && self.asker.side() == Side::Program
        {
            self.unknown_name(name, place, "function");
            self.check_args(args);
            return self.error(span);
        }
        if found < least || found > most {
            let expected = if found < least { least } else { most };
            let diagnostic = Diagnostic::new(Code::ArityMismatch, span)
                .arg("name", name)
                .arg("expected", expected)
                .arg("found", found);
            self.report(diagnostic);
            self.check_args(args);
            return self.error(span);
        }
        let first = self.tree.args(args).first().copied();
        match (form, first) {
            (Builtin::Intrinsic(op), _) => {
                let from = self.walk.pending.len();
                for (number, id) in self.tree.args(args).iter().enumerate() {
                    let value = self.expr(*id);
                    let word = match value.kind {
                        Kind::Float => {
                            self.word_for(value, Kind::Int, Place::Argument { name, number })
                        }
                        Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_) => {
                            value.id
                        }
                    };
                    self.walk.pending.push(word);
                }
                let args = self.arg_list(from);
                self.value(Expr::Intrinsic { op, args }, span, Kind::Int)
            }
            (Builtin::LinkAddress, Some(id)) => match self.literal(id) {
                Some(name) => self.address(&format!("={name}"), span),
                None => self.error(span),
            },
            (Builtin::SymbolAddress, Some(id)) => self.symbol_address(id, span),
            (Builtin::Read, Some(id)) => {
                let value = self.expr(id);
                let word = self.word_for(value, Kind::Int, Place::Argument { name, number: 0 });
                let callee = self.runtime("sys_read");
                let args = self.args_of(&[word]);
                self.value(Expr::Call { callee, args }, span, Kind::Str)
            }
            (Builtin::ToFloat, Some(id)) => {
                let value = self.expr(id);
                let id = self.float(value);
                Value { id, kind: Kind::Float }
            }
            (Builtin::ToInt, Some(id)) => {
                let value = self.expr(id);
                match value.kind {
                    Kind::Float => {
                        let id = self.convert(Conversion::FloatToInt, value.id);
                        return Value { id, kind: Kind::Int };
                    }
                    Kind::Str => self.mismatch(self.span_at(value.id), "float", value.kind),
                    Kind::Error | Kind::Zero | Kind::Int | Kind::Struct(_) => {}
                }
                Value { kind: Kind::Int, ..value }
            }
            (Builtin::FloatBits, Some(id)) => {
                let value = self.expr(id);
                let id = self.float(value);
                let id = self.convert(Conversion::FloatToBits, id);
                Value { id, kind: Kind::Int }
            }
            (Builtin::FloatFromBits, Some(id)) => {
                let value = self.expr(id);
                match value.kind {
                    Kind::Float | Kind::Str => {
                        self.mismatch(self.span_at(value.id), "int", value.kind);
                        self.error(span)
                    }
                    Kind::Error | Kind::Zero | Kind::Int | Kind::Struct(_) => {
                        self.of_word(value.id, Kind::Float)
                    }
                }
            }
            (
                Builtin::LinkAddress
                | Builtin::SymbolAddress
                | Builtin::Read
                | Builtin::ToFloat
                | Builtin::ToInt
                | Builtin::FloatBits
                | Builtin::FloatFromBits,
                None,
            ) => self.error(span),
        }
    }

    /// `symbol_address("x")`: the address of what the plain name `x` means in assembly.
    fn symbol_address(&mut self, id: tree::ExprId, span: Span) -> Value {
        let Some(name) = self.literal(id) else { return self.error(span) };
        match self.asker.asm_symbol(name) {
            Some(symbol) => self.address(&symbol, span),
            None => {
                self.unknown_name(name, self.tree.span(id), "function");
                self.error(span)
            }
        }
    }

    /// The text between the quotes of an argument that must be a literal.
    fn literal(&mut self, id: tree::ExprId) -> Option<&'a str> {
        if let Syntax::Str(inner) = self.tree.expr(id) {
            return Some(self.text(inner));
        }
        let value = self.expr(id);
        if value.kind != Kind::Error {
            self.mismatch(self.tree.span(id), "string", value.kind);
        }
        None
    }

    fn address(&mut self, symbol: &str, span: Span) -> Value {
        let symbol = self.symbol(symbol);
        self.value(Expr::Address(symbol), span, Kind::Int)
    }

    /// Checks arguments that go nowhere, for what is wrong in them.
    pub(super) fn check_args(&mut self, args: ArgList) {
        for id in self.tree.args(args) {
            self.expr(*id);
        }
    }
}
