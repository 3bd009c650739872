//! Names of the functions of this program, for its own addresses: from the symbol table of its executable, if it has one.
//!
//! Left out: files and lines, which `addr2line -e "$(command -v morph)" OFFSET` tells where there is debug information.

use std::fs;

use morph_driver::bundle::At;
use object::{Object as _, ObjectSymbol as _, SymbolKind};
use rustc_demangle::demangle;

/// An executable that is longer than this is not read.
const LONGEST: u64 = 1 << 30;

/// Functions by address; empty if nothing is known.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    /// First address, length, name as the linker has it. Sorted.
    functions: Vec<(u64, u64, String)>,
}

impl Symbols {
    pub(crate) fn of_this_program() -> Symbols {
        const PATH: &str = "/proc/self/exe";
        let short = fs::metadata(PATH).is_ok_and(|found| found.len() <= LONGEST);
        // Without names the offsets alone are shown.
        let bytes = short.then(|| fs::read(PATH).ok()).flatten().unwrap_or_default();
        Symbols::of_executable(&bytes)
    }

    fn of_executable(bytes: &[u8]) -> Symbols {
        let Ok(file) = object::File::parse(bytes) else { return Symbols::default() };
        let function = |symbol: &object::Symbol<'_, '_>| {
            symbol.kind() == SymbolKind::Text && symbol.is_definition() && symbol.size() > 0
        };
        let mut functions: Vec<(u64, u64, String)> = file
            .symbols()
            .filter(function)
            .filter_map(|symbol| {
                Some((symbol.address(), symbol.size(), symbol.name().ok()?.to_owned()))
            })
            .collect();
        functions.sort();
        Symbols { functions }
    }

    /// A place in memory, with the function that it lies in.
    pub(crate) fn describe(&self, at: At) -> String {
        let name = match at {
            At::Image(offset) => self.name(offset),
            At::Elsewhere(_) => None,
        };
        // `{:#}` leaves the hash at the end of a name away.
        name.map_or_else(|| at.to_string(), |name| format!("{at} in {:#}", demangle(name)))
    }

    fn name(&self, address: u64) -> Option<&str> {
        let after = self.functions.partition_point(|(start, ..)| *start <= address);
        let (start, length, name) = self.functions.get(after.checked_sub(1)?)?;
        (address - start < *length).then_some(name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_by_the_function_that_holds_it() {
        let functions = vec![
            (16, 16, "_ZN5morph5check17h0123456789abcdefE".to_owned()),
            (64, 8, "b".to_owned()),
        ];
        let symbols = Symbols { functions };
        let shown = [0, 16, 31, 32, 64, 72].map(|offset| symbols.describe(At::Image(offset)));
        assert_eq!(
            shown,
            [
                "morph+0x0",
                "morph+0x10 in morph::check",
                "morph+0x1f in morph::check",
                "morph+0x20",
                "morph+0x40 in b",
                "morph+0x48",
            ]
        );
        assert_eq!(symbols.describe(At::Elsewhere(16)), "0x10");
    }

    #[test]
    fn this_very_test_finds_names_and_nonsense_has_none() {
        assert!(!Symbols::of_this_program().functions.is_empty());
        assert!(Symbols::of_executable(b"nonsense").functions.is_empty());
    }
}
