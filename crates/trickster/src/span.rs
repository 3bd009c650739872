//! A place in an expression's text.

/// A half-open byte range `start..end` of the text.
///
/// Both ends lie on character boundaries and inside the text; an empty span marks the place between two bytes, for
/// example the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    // Texts are at most `LENGTH_LIMIT` bytes long, so positions fit 32 bits.
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The part of `text` that this span covers, or `""` if the span is of another text and does not fit.
    pub fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}
