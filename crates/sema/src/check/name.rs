//! What a name in a value position is.

use morph_diag::Span;

use super::checker::Checker;
use super::scope::Binding;
use super::value::{Kind, Level, Value};
use crate::environment::{ConstValue, GlobalInfo, Variable};
use crate::typed::{Conversion, Expr, ExprId};

impl<'a> Checker<'a> {
    pub(super) fn name(&mut self, span: Span) -> Value {
        let name = self.text(span);
        match self.walk.scope.find(name) {
            Some(Binding::Variable(index)) => return self.read_variable(index, span),
            Some(Binding::Constant(index)) => {
                let value = self.walk.constants[index as usize].value.clone();
                return match value {
                    Some(value) => self.constant(&value, span),
                    None => self.error(span),
                };
            }
            None => {}
        }
        match self.asker.variable(name) {
            Some(Variable::Global(global)) => self.read_global(name, global, span),
            Some(Variable::Const(constant)) => self.constant(&constant.value, span),
            None => match self.asker.function(name) {
                Some(function) => {
                    let symbol = self.symbol(&function.symbol);
                    self.value(Expr::Address(symbol), span, Kind::Int)
                }
                None => {
                    self.unknown_name(name, span, "variable");
                    self.error(span)
                }
            },
        }
    }

    pub(super) fn read_variable(&mut self, index: u32, span: Span) -> Value {
        let variable = &mut self.walk.variables[index as usize];
        variable.relied_on = true;
        let kind = match (variable.broken, variable.level, variable.structure) {
            (true, ..) => Kind::Error,
            (_, Level::Float, _) => Kind::Float,
            (_, _, Some(structure)) => Kind::Struct(structure),
            (_, Level::Zero | Level::Int, None) => Kind::Int,
            (_, Level::Str, None) => Kind::Str,
        };
        let local = variable.local;
        self.value(Expr::Local(local), span, kind)
    }

    fn read_global(&mut self, name: &str, global: &GlobalInfo, span: Span) -> Value {
        let kind = self.global_kind(name, global);
        let symbol = self.symbol(&global.symbol);
        let id = self.node(Expr::Global(symbol), span);
        self.of_word(id, kind)
    }

    /// What a global is here: as hinted in this fragment, else as the environment has it.
    pub(super) fn global_kind(&self, name: &str, global: &GlobalInfo) -> Kind {
        let hint = self.walk.global_hints.iter().rev().find(|(hinted, _)| *hinted == name);
        hint.map_or_else(|| Kind::of(global.ty), |(_, kind)| *kind)
    }

    /// A word from memory or a call as a value of `kind`.
    pub(super) fn of_word(&mut self, id: ExprId, kind: Kind) -> Value {
        let id = match kind {
            Kind::Float => self.convert(Conversion::BitsToFloat, id),
            Kind::Error | Kind::Zero | Kind::Int | Kind::Str | Kind::Struct(_) => id,
        };
        Value { id, kind }
    }

    pub(super) fn constant(&mut self, value: &ConstValue, span: Span) -> Value {
        match value {
            ConstValue::Int(value) => self.integer(*value, span),
            ConstValue::Float(value) => self.value(Expr::Float(*value), span, Kind::Float),
            ConstValue::Str(bytes) => self.string(bytes.clone(), span),
            ConstValue::Closed(symbol) => {
                let symbol = self.symbol(symbol);
                self.value(Expr::Closed(symbol), span, Kind::Error)
            }
        }
    }

    pub(super) fn integer(&mut self, value: i64, span: Span) -> Value {
        let kind = if value == 0 { Kind::Zero } else { Kind::Int };
        self.value(Expr::Int(value), span, kind)
    }
}
