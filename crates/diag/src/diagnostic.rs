//! The shape of one diagnostic.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Code, Severity};

/// A half-open byte range `start..end` in the text of one fragment.
///
/// Fragment-relative, so that moving a fragment inside its unit changes no value that holds a span.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub const fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The text that this span covers, or `""` if it lies outside `text` or inside a character.
    pub fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// A fragment of the program, dense, in program order: by unit in import order, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FragmentId(pub u32);

/// Whose text a span counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// The fragment that the diagnostic is about.
    Here,
    /// Another fragment, for example the first of two definitions.
    Fragment(FragmentId),
}

/// A marked place with an optional text beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub origin: Origin,
    pub span: Span,
    /// Wording of the label; `None` shows the bare mark.
    pub text: Option<Phrase>,
}

/// A sentence of the catalogue with its arguments.
///
/// `key` is an attribute of the diagnostic's message (`help`, `note-missing`): the catalogue entry
/// `TYPE_UNKNOWN.help` is `Phrase { key: "help", .. }` of a `TYPE_UNKNOWN` diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    pub key: Cow<'static, str>,
    pub args: Args,
}

/// A fact in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arg {
    Text(String),
    Number(i64),
    /// Names or numbers that the wording joins with commas.
    List(Vec<String>),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Arg {
        Arg::Text(text)
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Arg {
        Arg::Number(number.try_into().unwrap_or(i64::MAX))
    }
}

impl From<Vec<String>> for Arg {
    fn from(list: Vec<String>) -> Arg {
        Arg::List(list)
    }
}

/// Named arguments in the order in which they were given.
pub type Args = Vec<(Cow<'static, str>, Arg)>;

/// A replacement that would make the program right (or at least righter).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    pub span: Span,
    pub replacement: String,
}

/// One problem of one fragment.
///
/// The first mark is `primary`; its text is the catalogue attribute `label` when that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub code: Code,
    pub primary: Span,
    pub args: Args,
    pub secondary: Vec<Label>,
    /// `help` proposes, `note` explains: the key begins with one of the two words.
    pub footers: Vec<Phrase>,
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic without arguments, footers or further marks.
    pub fn new(code: Code, primary: Span) -> Diagnostic {
        Diagnostic {
            code,
            primary,
            args: Vec::new(),
            secondary: Vec::new(),
            footers: Vec::new(),
            fix: None,
        }
    }

    /// Error, warning or note: a property of the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Into<Arg>) -> Diagnostic {
        self.args.push((Cow::Borrowed(name), value.into()));
        self
    }

    /// Adds a second mark in the same fragment, worded by the attribute `mark-key` (`key` may be written either way).
    #[must_use]
    pub fn mark(mut self, span: Span, key: &'static str) -> Diagnostic {
        let text = Some(Phrase { key: Cow::Borrowed(key), args: Vec::new() });
        self.secondary.push(Label { origin: Origin::Here, span, text });
        self
    }

    /// Adds a mark in another fragment, worded by the attribute `mark-key`.
    #[must_use]
    pub fn mark_in(mut self, fragment: FragmentId, span: Span, key: &'static str) -> Diagnostic {
        let text = Some(Phrase { key: Cow::Borrowed(key), args: Vec::new() });
        self.secondary.push(Label { origin: Origin::Fragment(fragment), span, text });
        self
    }

    /// Adds the footer `key`, which sees the diagnostic's own arguments.
    ///
    /// The attributes `note` and `help` of a code need not be added: they are shown whenever the
    /// diagnostic has the arguments that they name. Those with a suffix (`help-x`) are shown on request.
    #[must_use]
    pub fn footer(mut self, key: &'static str) -> Diagnostic {
        self.footers.push(Phrase { key: Cow::Borrowed(key), args: Vec::new() });
        self
    }

    /// Proposes the name that was probably meant ("did you mean").
    #[must_use]
    pub fn nearest(self, name: impl Into<String>) -> Diagnostic {
        self.arg("nearest", name.into()).footer("help-nearest")
    }

    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }
}
