//! Solved types and values to the tables that fragments ask.

use crate::summary::{Definition, Parameter, Side};

use super::hash::Hasher;
use super::join::{Joined, Slot};
use super::solve::Known;
use super::structs::ty_into;
use super::{
    AnswerHash, ConstInfo, ConstValue, Environment, FunctionInfo, GlobalInfo, Hashed, LabelInfo,
    ParameterInfo, Place, Ty,
};

pub(super) fn finish(
    joined: &Joined<'_, '_>,
    values: Vec<ConstValue>,
    results: &[Known],
    globals: &[Known],
    environment: &mut Environment,
) {
    for (definer, result) in joined.functions.iter().zip(results) {
        let side = definer.side;
        let params = match &definer.summary.definition {
            Definition::Function { params, .. } => params.as_slice(),
            Definition::UnitBlock { .. }
            | Definition::Struct { .. }
            | Definition::Const { .. }
            | Definition::Global { .. }
            | Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement
            | Definition::Import
            | Definition::Broken => &[],
        };
        let params = params.iter().map(|param| parameter(joined, side, param)).collect();
        let info = FunctionInfo {
            symbol: symbol(side, "", definer.name),
            params,
            header_damaged: definer.summary.header_damaged,
            result: result.ty(),
            place: definer.place,
        };
        let hash = function_hash(&info, environment);
        tables(environment, side).functions.insert(definer.name.into(), Hashed { info, hash });
    }
    for (definer, ty) in joined.globals.iter().zip(globals) {
        let info = GlobalInfo {
            symbol: symbol(definer.side, "$", definer.name),
            ty: ty.ty(),
            place: definer.place,
        };
        let mut hasher = Hasher::new(b'g');
        hasher.text(&info.symbol);
        ty_into(&mut hasher, info.ty, &environment.structs);
        let hash = hasher.finish();
        tables(environment, definer.side)
            .globals
            .insert(definer.name.into(), Hashed { info, hash });
    }
    for (at, (definer, value)) in joined.constants.iter().zip(values).enumerate() {
        let name = definer.constant.name;
        if joined.names(definer.side).variables.get(name) != Some(&Slot::Constant(at)) {
            continue;
        }
        let hash = value_hash(&value);
        let info = ConstInfo { value, place: definer.place };
        tables(environment, definer.side).constants.insert(name.into(), Hashed { info, hash });
    }
    for side in [Side::Library, Side::Program] {
        let names = joined.names(side);
        let label = |mark: &str, (name, place): (&&str, &Place)| {
            let symbol = match mark {
                "!" => format!("!{name}"),
                mark => symbol(side, mark, name),
            };
            let value = names.label_values.get(*name).filter(|_| mark == "#").copied();
            let mut hasher = Hasher::new(b'l');
            hasher.text(&symbol);
            if let Some(value) = value {
                hasher.text(&value.to_string());
            }
            let hash = hasher.finish();
            (Box::from(*name), Hashed { info: LabelInfo { symbol, value, place: *place }, hash })
        };
        let tables = tables(environment, side);
        tables.routines = names.routines.iter().map(|entry| label("!", entry)).collect();
        tables.labels = names.labels.iter().map(|entry| label("#", entry)).collect();
    }
}

fn tables(environment: &mut Environment, side: Side) -> &mut super::Tables {
    match side {
        Side::Program => &mut environment.program,
        Side::Library => &mut environment.library,
    }
}

fn symbol(side: Side, mark: &str, name: &str) -> String {
    let at = match side {
        Side::Program => "",
        Side::Library => "@",
    };
    [at, mark, name].concat()
}

fn parameter(joined: &Joined<'_, '_>, side: Side, param: &Parameter<'_>) -> ParameterInfo {
    let ty = match param.hint {
        None | Some("int") => Ty::Int,
        Some("float") => Ty::Float,
        Some("string") => Ty::Str,
        Some(name) => joined.structure(side, name).map_or(Ty::Int, Ty::Struct),
    };
    ParameterInfo { name: param.name.to_owned(), ty, hinted: param.hint.is_some() }
}

fn function_hash(info: &FunctionInfo, environment: &Environment) -> AnswerHash {
    let mut hasher = Hasher::new(b'c');
    let FunctionInfo { symbol, params, header_damaged, result, place: _ } = info;
    hasher.text(symbol);
    if *header_damaged {
        hasher.number(2);
    }
    ty_into(&mut hasher, *result, &environment.structs);
    for ParameterInfo { name, ty, hinted } in params {
        hasher.text(name);
        ty_into(&mut hasher, *ty, &environment.structs);
        hasher.number((*hinted).into());
    }
    hasher.finish()
}

fn value_hash(value: &ConstValue) -> AnswerHash {
    let mut hasher = Hasher::new(b'v');
    match value {
        ConstValue::Int(value) => {
            hasher.number(0);
            hasher.number(*value as u64);
        }
        ConstValue::Float(value) => {
            hasher.number(1);
            hasher.number(value.to_bits());
        }
        ConstValue::Str(bytes) => {
            hasher.number(2);
            hasher.bytes(bytes);
        }
        ConstValue::Closed(symbol) => {
            hasher.number(3);
            hasher.text(symbol);
        }
    }
    hasher.finish()
}
