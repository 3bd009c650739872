//! The languages that Morph speaks.

/// A language of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lang {
    #[default]
    En,
    Id,
}

impl Lang {
    /// All languages, in the order in which an image stores their texts.
    pub const ALL: &'static [Lang] = &[Lang::En, Lang::Id];

    /// The language of a POSIX locale (`id_ID.UTF-8`) or BCP 47 tag (`id-ID`); English if it is none of ours.
    pub fn from_locale(locale: &str) -> Lang {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or("");
        Lang::from_name(language).unwrap_or_default()
    }

    /// The language of a `--lang` argument. `in` is the old code of Indonesian, which some systems keep.
    pub fn from_name(name: &str) -> Option<Lang> {
        match name.to_ascii_lowercase().as_str() {
            "en" => Some(Lang::En),
            "id" | "in" => Some(Lang::Id),
            _ => None,
        }
    }

    /// The ISO 639 code.
    pub const fn name(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Id => "id",
        }
    }
}
