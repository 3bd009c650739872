//! The short way through a healthy function: from its head straight to its `tutup_fungsi`.
//!
//! Nearly every function holds none of the words that could end it elsewhere. Searching the text for these words (each
//! once, with vector instructions) is many times faster than reading first words line by line.

use memchr::memmem::Finder;

use crate::lexer::{byte, is_blank, is_word};

/// Any of these in a function (a variable may be called `unit`) means: read it line by line.
const WORDS: [&[u8]; 5] = [b"struktur", b"unit", b"akhir", b"asm_rutin", b"###"];
const FUNCTION: &[u8] = b"fungsi";
const PREFIX: &[u8] = b"tutup_";

/// The next place of each word, found once and kept until the scan has passed it.
#[derive(Debug)]
pub(super) struct LookAhead {
    function: Finder<'static>,
    words: [Finder<'static>; WORDS.len()],
    places: [Option<usize>; WORDS.len()],
}

impl LookAhead {
    pub(super) fn new() -> LookAhead {
        LookAhead {
            function: Finder::new(FUNCTION),
            words: WORDS.map(Finder::new),
            places: [None; WORDS.len()],
        }
    }

    /// The place of the `tutup_fungsi` that closes the function whose keyword is at `start` and whose body begins
    /// at the line `body`, if it begins a line and nothing before it needs a closer look.
    pub(super) fn closer(&mut self, text: &[u8], start: usize, body: usize) -> Option<usize> {
        let head = start + FUNCTION.len();
        let word = head + self.function.find(text.get(head..)?)?;
        let closer = word.checked_sub(PREFIX.len()).filter(|&at| at >= body)?;
        if !text[closer..].starts_with(PREFIX) || is_word(byte(text, word + FUNCTION.len())) {
            return None;
        }
        let mut before = closer;
        while before > body && is_blank(text[before - 1]) {
            before -= 1;
        }
        if before > body && text[before - 1] != b'\n' {
            return None;
        }
        for (place, word) in self.places.iter_mut().zip(&self.words) {
            if place.is_none_or(|place| place < body) {
                *place = Some(word.find(&text[body..]).map_or(text.len(), |n| body + n));
            }
            if place.is_some_and(|place| place < closer) {
                return None;
            }
        }
        Some(closer)
    }
}
