//! The long explanation of each code: what it means, an example, the correction.
//!
//! A page's first `fox` block is a program that gets exactly this code, its second block the corrected
//! program. Codes that need several files or a special machine show a `console` block instead.

use crate::{Code, Lang};

/// The page of `code`, in Markdown.
pub const fn explain(code: Code, lang: Lang) -> &'static str {
    pages::page(code, lang)
}

mod pages;
