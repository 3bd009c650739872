//! Naked routines and data blocks as objects.

use morph_object::{Definition, Line as LineEntry, Object, Section as Place, Symbol, SymbolKind};

use crate::line;
use crate::routine::reloc;
use crate::scope::Names;
use crate::section::{Bytes, Section};
use crate::{Assembled, Resolver, Text};

/// A routine with its own register contract: exactly the lines, nothing around them.
///
/// `line_starts` are the offsets in the fragment's text at which lines begin; the object's line table
/// counts in them.
pub fn assemble_naked<'r>(
    text: Text<'_>,
    symbol: &str,
    line_starts: &[u32],
    resolver: &'r mut Resolver<'r>,
) -> Assembled<Object> {
    let mut diagnostics = Vec::new();
    let mut section = Section::new(Names::new(resolver), true);
    for line in line::lines(text.lines, text.start, &mut diagnostics) {
        section.line(line, 0);
    }
    let made = section.finish();
    let mut object = object(&section, &made, Place::Text);
    object.lines =
        made.lines.iter().map(|(offset, start)| entry(*offset, *start, line_starts)).collect();
    object.definitions.push(Definition {
        symbol: symbol.to_owned(),
        section: Place::Text,
        offset: 0,
        size: made.bytes.len() as u32,
        kind: SymbolKind::Function,
    });
    object.text = made.bytes;
    diagnostics.append(&mut section.names.diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary);
    Assembled { value: object, diagnostics }
}

/// A block of labelled data: defines `prefix` + label for each label (`prefix` is `#` or `@#`).
pub fn assemble_data<'r>(
    text: Text<'_>,
    prefix: &str,
    resolver: &'r mut Resolver<'r>,
) -> Assembled<Object> {
    let mut diagnostics = Vec::new();
    let mut section = Section::new(Names::new(resolver), false);
    for line in line::lines(text.lines, text.start, &mut diagnostics) {
        section.line(line, 0);
    }
    let made = section.finish();
    let mut object = object(&section, &made, Place::Data);
    let end = made.bytes.len() as u32;
    let places: Vec<(&str, u32)> = section
        .names
        .labels
        .iter()
        .filter(|(name, _)| !name.starts_with('.'))
        .map(|(name, label)| (*name, made.offsets.get(label.item).copied().unwrap_or(end)))
        .collect();
    for (at, (name, offset)) in places.iter().enumerate() {
        let next = places[at + 1..].iter().map(|(_, next)| *next).find(|next| next > offset);
        object.definitions.push(Definition {
            symbol: [prefix, name].concat(),
            section: Place::Data,
            offset: *offset,
            size: next.unwrap_or(end) - offset,
            kind: SymbolKind::Data,
        });
    }
    object.data = made.bytes;
    diagnostics.append(&mut section.names.diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary);
    Assembled { value: object, diagnostics }
}

fn object(section: &Section<'_, '_>, made: &Bytes, place: Place) -> Object {
    let symbols: Vec<Symbol> = section.names.symbols.iter().cloned().collect();
    let relocs = made.fixups.iter().map(|fixup| reloc(fixup, place)).collect();
    Object { symbols, relocs, ..Object::default() }
}

fn entry(offset: u32, start: u32, line_starts: &[u32]) -> LineEntry {
    let line = line_starts.partition_point(|begin| *begin <= start).saturating_sub(1);
    let begin = line_starts.get(line).copied().unwrap_or(0);
    LineEntry { offset, line: line as u32, column: start.saturating_sub(begin) }
}
