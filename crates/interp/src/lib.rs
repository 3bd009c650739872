//! The reference interpreter of typed fragments: slow, obvious, the meaning of the language.
