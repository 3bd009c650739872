//! Structs with their fields' types and lengths.

use morph_diag::{Code, Diagnostic};

use crate::summary::{FieldSummary, Side};

use super::constants::Meaning;
use super::fold::{Folded, fold};
use super::hash::Hasher;
use super::join::Joined;
use super::{
    AnswerHash, ConstValue, Environment, FieldInfo, Place, StructEntry, StructId, StructInfo, Ty,
};

/// The most words of an array.
const LONGEST: i64 = 1 << 28;

/// A struct as it was entered.
#[derive(Debug)]
pub(super) struct Structure<'s, 't> {
    pub(super) name: &'t str,
    pub(super) side: Side,
    pub(super) place: Place,
    pub(super) fields: &'s [FieldSummary<'t>],
    pub(super) broken: bool,
}

/// Puts all structs into the environment, ids as entered.
pub(super) fn finish(
    joined: &mut Joined<'_, '_>,
    values: &[ConstValue],
    environment: &mut Environment,
) {
    let mut problems = Vec::new();
    for (at, structure) in joined.structs.iter().enumerate() {
        let id = StructId(at as u32);
        let mut closed = structure.broken;
        let mut fields = Vec::with_capacity(structure.fields.len());
        for field in structure.fields {
            let (info, problem) = field_info(joined, values, structure, field);
            fields.push(info);
            if let Some(problem) = problem {
                closed = true;
                problems.push((structure.place.fragment, problem));
            }
        }
        let tables = match structure.side {
            Side::Program => &mut environment.program,
            Side::Library => &mut environment.library,
        };
        tables.structs.insert(structure.name.into(), id);
        for field in &fields {
            let ids = tables.fields.entry(field.name.as_str().into()).or_default();
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        let name = structure.name.to_owned();
        let info = StructInfo { id, name, fields, closed, place: structure.place };
        let hash = AnswerHash::MISSING;
        environment.structs.push(StructEntry { info, side: structure.side, hash });
    }
    for at in 0..environment.structs.len() {
        environment.structs[at].hash = hash(&environment.structs[at], &environment.structs);
    }
    joined.problems.extend(problems);
}

fn field_info(
    joined: &Joined<'_, '_>,
    values: &[ConstValue],
    structure: &Structure<'_, '_>,
    field: &FieldSummary<'_>,
) -> (FieldInfo, Option<Diagnostic>) {
    let side = structure.side;
    let mut problem = None;
    let ty = match field.ty {
        None | Some(("int", _)) => Ty::Int,
        Some(("float", _)) => Ty::Float,
        Some(("string", _)) => Ty::Str,
        Some((word, span)) => match joined.structure(side, word) {
            Some(id) => Ty::Struct(id),
            None => {
                problem = Some(
                    Diagnostic::new(Code::TypeUnknown, span).arg("name", word).arg("what", "type"),
                );
                Ty::Int
            }
        },
    };
    let mut array = None;
    if let Some(length) = &field.array {
        let mut closed_by = None;
        let mut lookup = |name: &str| match joined.meaning(side, name) {
            Meaning::Constant(at) => {
                closed_by = Some(joined.constants[at].constant.name);
                values.get(at).cloned()
            }
            Meaning::Other | Meaning::Unknown => None,
        };
        match fold(length, &mut lookup) {
            Folded::Value(ConstValue::Int(length)) if (0..=LONGEST).contains(&length) => {
                array = u32::try_from(length).ok();
            }
            Folded::Value(value) => {
                let problem_here = Diagnostic::new(Code::ArrayLength, length.span);
                problem = Some(match value {
                    ConstValue::Int(number) => {
                        problem_here.arg("length", morph_diag::Arg::Number(number))
                    }
                    ConstValue::Float(number) => problem_here.arg("length", number.to_string()),
                    ConstValue::Str(_) | ConstValue::Closed(_) => {
                        Diagnostic::new(Code::ConstantNotConstant, length.span)
                    }
                });
            }
            Folded::Problem(found) => problem = Some(*found),
            Folded::Broken(_) => {
                let name = closed_by.unwrap_or(structure.name);
                problem =
                    Some(Diagnostic::new(Code::FragmentClosed, length.span).arg("name", name));
            }
        }
    }
    // An array field holds the address of its elements.
    let ty = if field.array.is_some() { Ty::Int } else { ty };
    (FieldInfo { name: field.name.to_owned(), ty, array }, problem)
}

fn hash(entry: &StructEntry, structs: &[StructEntry]) -> AnswerHash {
    let mut hasher = Hasher::new(b's');
    let StructInfo { id: _, name, fields, closed, place: _ } = &entry.info;
    hasher.number(matches!(entry.side, Side::Library).into());
    hasher.text(name);
    hasher.number((*closed).into());
    for FieldInfo { name, ty, array } in fields {
        hasher.text(name);
        ty_into(&mut hasher, *ty, structs);
        hasher.number(array.map_or(0, |length| u64::from(length) + 1));
    }
    hasher.finish()
}

/// A struct is known by its name and side: its layout is another question.
pub(super) fn ty_into(hasher: &mut Hasher, ty: Ty, structs: &[StructEntry]) {
    match ty {
        Ty::Int => hasher.number(1),
        Ty::Float => hasher.number(2),
        Ty::Str => hasher.number(3),
        Ty::Struct(id) => {
            hasher.number(4);
            if let Some(entry) = structs.get(id.0 as usize) {
                hasher.number(matches!(entry.side, Side::Library).into());
                hasher.text(&entry.info.name);
            }
        }
    }
}
