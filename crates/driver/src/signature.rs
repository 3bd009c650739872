//! On which names the signature of a definition depends: what others see of it follows from these, and not from its body.

use std::collections::VecDeque;

use morph_sema::summary::{ConstExpr, ConstOp, Definition, Shape, Summary};

/// The names on which the signature of a definition depends.
pub(crate) fn names<'p>(summary: &Summary<'p>, names: &mut VecDeque<&'p str>) {
    match &summary.definition {
        Definition::Function { result, .. } => shape(result, names),
        Definition::Global { shape: own, .. } => shape(own, names),
        Definition::Const { value, .. } => constant(value, names),
        Definition::Struct { fields, .. } => {
            fields.iter().filter_map(|field| field.array.as_ref()).for_each(|length| {
                constant(length, names);
            });
        }
        Definition::Data { .. } => names.extend(summary.uses.iter().map(|used| used.name)),
        Definition::UnitBlock { .. }
        | Definition::Routine { .. }
        | Definition::Statement
        | Definition::Import
        | Definition::Broken => {}
    }
    summary.assigned.iter().for_each(|(_, assigned)| shape(assigned, names));
}

fn constant<'p>(value: &ConstExpr<'p>, names: &mut VecDeque<&'p str>) {
    names.extend(value.ops.iter().filter_map(|op| match op {
        ConstOp::Name(name, _) => Some(*name),
        ConstOp::Int(_)
        | ConstOp::Float(_)
        | ConstOp::Str(_)
        | ConstOp::Unary(..)
        | ConstOp::Binary(..)
        | ConstOp::NotConstant(_)
        | ConstOp::Broken => None,
    }));
}

fn shape<'p>(shape: &Shape<'p>, names: &mut VecDeque<&'p str>) {
    // Shapes nest as deep as expressions do.
    let mut open = vec![shape];
    while let Some(shape) = open.pop() {
        match shape {
            Shape::Int | Shape::Float | Shape::Str | Shape::Zero => {}
            Shape::Struct(name) | Shape::Call(name) | Shape::Variable(name) => {
                names.push_back(name);
            }
            Shape::Field(of, _) | Shape::Word(of) => open.push(of),
            Shape::Arithmetic(parts) | Shape::Join(parts) => open.extend(parts),
        }
    }
}
