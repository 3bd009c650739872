//! Digests: what a fragment's result depends on, as 32 bytes.

use morph_fault::fault::Key;
use morph_sema::environment::{Environment, Question, QuestionKind};
use morph_sema::summary::{Definition, UseKind};

use crate::options::Options;
use crate::program::{FragmentRef, Program};

/// Collects content; every part carries its length, so parts cannot run into each other.
pub(crate) struct Hasher(blake3::Hasher);

impl Hasher {
    /// A digest of its own kind.
    pub(crate) fn of(kind: &str) -> Hasher {
        Hasher(blake3::Hasher::new()).text(kind)
    }

    pub(crate) fn text(self, text: &str) -> Hasher {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Hasher {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Hasher {
        self.0.update(&number.to_le_bytes());
        self
    }

    pub(crate) fn finish(self) -> Key {
        Key(*self.0.finalize().as_bytes())
    }
}

/// The digest of a fragment's text, of what the names in it mean, and of the options.
///
/// Equal keys, equal results. (What a check really asks is known only afterwards; names are a good guess
/// before, and all that a fragment which breaks its worker ever tells.)
pub(crate) fn fragment_key(
    program: &Program<'_>,
    place: FragmentRef,
    environment: &Environment,
    options: &Options,
) -> Key {
    let unit = &program.units[place.unit as usize];
    let fragment = &unit.fragments[place.fragment as usize];
    fragment_key_with(unit.text_of(fragment), program, place, environment, options)
}

/// The same for the fragment with another text, which names the same things.
pub(crate) fn fragment_key_with(
    text: &str,
    program: &Program<'_>,
    place: FragmentRef,
    environment: &Environment,
    options: &Options,
) -> Key {
    let unit = &program.units[place.unit as usize];
    let fragment = &unit.fragments[place.fragment as usize];
    let side = unit.side();
    let settings = [
        fragment.piece.kind as u64,
        side as u64,
        options.target as u64,
        options.opt as u64,
        options.debug as u64,
        options.goal as u64,
    ];
    let mut bytes = Vec::with_capacity(64 + 16 * fragment.summary.uses.len());
    bytes.extend(settings.iter().map(|setting| *setting as u8));
    // What runs at start-up is named by its position.
    if matches!(fragment.summary.definition, Definition::Statement | Definition::Global { .. }) {
        bytes.extend(place.fragment.to_le_bytes());
    }
    for used in &fragment.summary.uses {
        let kind = match used.kind {
            UseKind::Call => QuestionKind::Callee,
            UseKind::Value | UseKind::AsmVariable => QuestionKind::Variable,
            UseKind::Struct => QuestionKind::Structure,
            UseKind::Asm => QuestionKind::AsmSymbol,
            UseKind::Runtime | UseKind::RuntimeIfFloat => QuestionKind::LibraryFunction,
        };
        let answer = environment.answer(side, Question { kind, name: used.name });
        bytes.extend(answer.0.to_le_bytes());
    }
    Hasher::of("fragment").text(text).text(&unit.path).bytes(&bytes).finish()
}
