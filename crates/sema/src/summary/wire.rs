//! Shapes as they travel from a sandbox, and the tests that a summary from there must pass.
//!
//! A reply is untrusted: whoever sent it may have been broken. A shape travels in postfix order, so that reading one never
//! recurses, and is refused where it is deeper than any that `index` makes.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ConstExpr, ConstOp, Definition, Shape, Summary};

/// Shapes are joined, solved and freed by recursion; `index` stays far below.
const MAX_DEPTH: usize = 300;

/// One step: it takes its parts off a stack and puts itself there.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 't"))]
enum Step<'t> {
    Int,
    Float,
    Str,
    Zero,
    Struct(&'t str),
    Call(&'t str),
    Variable(&'t str),
    Field(&'t str),
    Arithmetic(u32),
    Word,
    Join(u32),
}

fn flatten<'t>(shape: &Shape<'t>, steps: &mut Vec<Step<'t>>) {
    let count = |parts: &[Shape<'_>]| u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let step = match shape {
        Shape::Int => Step::Int,
        Shape::Float => Step::Float,
        Shape::Str => Step::Str,
        Shape::Zero => Step::Zero,
        Shape::Struct(name) => Step::Struct(name),
        Shape::Call(name) => Step::Call(name),
        Shape::Variable(name) => Step::Variable(name),
        Shape::Field(base, name) => {
            flatten(base, steps);
            Step::Field(name)
        }
        Shape::Arithmetic(parts) => {
            parts.iter().for_each(|part| flatten(part, steps));
            Step::Arithmetic(count(parts))
        }
        Shape::Word(part) => {
            flatten(part, steps);
            Step::Word
        }
        Shape::Join(parts) => {
            parts.iter().for_each(|part| flatten(part, steps));
            Step::Join(count(parts))
        }
    };
    steps.push(step);
}

fn build(steps: Vec<Step<'_>>) -> Option<Shape<'_>> {
    // Each with its depth.
    let mut stack: Vec<(Shape<'_>, usize)> = Vec::new();
    for step in steps {
        let (shape, depth) = match step {
            Step::Int => (Shape::Int, 1),
            Step::Float => (Shape::Float, 1),
            Step::Str => (Shape::Str, 1),
            Step::Zero => (Shape::Zero, 1),
            Step::Struct(name) => (Shape::Struct(name), 1),
            Step::Call(name) => (Shape::Call(name), 1),
            Step::Variable(name) => (Shape::Variable(name), 1),
            Step::Field(name) => {
                let (base, depth) = stack.pop()?;
                (Shape::Field(Box::new(base), name), depth + 1)
            }
            Step::Word => {
                let (part, depth) = stack.pop()?;
                (Shape::Word(Box::new(part)), depth + 1)
            }
            Step::Arithmetic(count) => {
                let (parts, depth) = take(&mut stack, count)?;
                (Shape::Arithmetic(parts), depth + 1)
            }
            Step::Join(count) => {
                let (parts, depth) = take(&mut stack, count)?;
                (Shape::Join(parts), depth + 1)
            }
        };
        if depth > MAX_DEPTH {
            return None;
        }
        stack.push((shape, depth));
    }
    let (shape, _) = stack.pop()?;
    stack.is_empty().then_some(shape)
}

fn take<'t>(stack: &mut Vec<(Shape<'t>, usize)>, count: u32) -> Option<(Vec<Shape<'t>>, usize)> {
    let at = stack.len().checked_sub(count as usize)?;
    let depth = stack[at..].iter().map(|(_, depth)| *depth).max().unwrap_or(0);
    Some((stack.drain(at..).map(|(part, _)| part).collect(), depth))
}

impl Serialize for Shape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut steps = Vec::new();
        flatten(self, &mut steps);
        steps.serialize(serializer)
    }
}

impl<'de: 't, 't> Deserialize<'de> for Shape<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shape<'t>, D::Error> {
        let steps = Vec::<Step<'t>>::deserialize(deserializer)?;
        build(steps).ok_or_else(|| D::Error::custom("a shape that no fragment has"))
    }
}

impl ConstExpr<'_> {
    /// Whether every step finds its operands, and one value is left.
    fn is_well_formed(&self) -> bool {
        let mut depth = 0_usize;
        for op in &self.ops {
            let takes = match op {
                ConstOp::Int(_)
                | ConstOp::Float(_)
                | ConstOp::Str(_)
                | ConstOp::Name(..)
                | ConstOp::NotConstant(_)
                | ConstOp::Broken => 0,
                ConstOp::Unary(..) => 1,
                ConstOp::Binary(..) => 2,
            };
            match depth.checked_sub(takes) {
                Some(left) => depth = left + 1,
                None => return false,
            }
        }
        depth == 1
    }
}

impl Summary<'_> {
    /// Whether `index` could have made this: what was decoded from a reply is used only if it passes.
    pub fn is_well_formed(&self) -> bool {
        match &self.definition {
            Definition::Struct { fields, .. } => fields
                .iter()
                .filter_map(|field| field.array.as_ref())
                .all(ConstExpr::is_well_formed),
            Definition::Const { value, .. } => value.is_well_formed(),
            Definition::Function { .. }
            | Definition::UnitBlock { .. }
            | Definition::Global { .. }
            | Definition::Routine { .. }
            | Definition::Data { .. }
            | Definition::Statement
            | Definition::Import
            | Definition::Broken => true,
        }
    }
}
