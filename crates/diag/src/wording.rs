//! From values to sentences: the catalogue, looked up and filled in.
//!
//! A message can never be empty and never fails: what the language lacks is taken from English, and
//! what English lacks is shown as its key. The tests see to it that neither happens.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::{Arg, Args, Diagnostic, Lang, Phrase};

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> =
    LazyLock::new(|| bundle("en", include_str!("../catalogue/en.ftl")));
static INDONESIAN: LazyLock<Bundle> =
    LazyLock::new(|| bundle("id", include_str!("../catalogue/id.ftl")));

/// The sentence that says what is wrong.
pub fn message(diagnostic: &Diagnostic, lang: Lang) -> String {
    words(lang, diagnostic.code.name(), None, &[&diagnostic.args])
        .map_or_else(|| diagnostic.code.name().to_owned(), |words| words.text)
}

/// The text at the primary mark, if the code has one.
pub fn label(diagnostic: &Diagnostic, lang: Lang) -> Option<String> {
    words(lang, diagnostic.code.name(), Some("label"), &[&diagnostic.args])
        .filter(|words| words.complete)
        .map(|words| words.text)
}

/// A footer or the text of a second mark, whose key may leave `mark-` out. The phrase's own arguments win over the diagnostic's.
pub fn phrase(diagnostic: &Diagnostic, phrase: &Phrase, lang: Lang) -> String {
    let args: [&Args; 2] = [&diagnostic.args, &phrase.args];
    words(lang, diagnostic.code.name(), Some(&phrase.key), &args)
        .map_or_else(|| phrase.key.clone().into_owned(), |words| words.text)
}

/// What stands below a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FooterKind {
    /// Explains.
    Note,
    /// Proposes.
    Help,
}

/// All footers in reading order, worded: the notes, then the helps.
///
/// Those that the phase asked for; and the code's plain `note` and `help`, and `help-nearest`, which every
/// diagnostic of the code shows unless it lacks one of their arguments.
pub fn footers(diagnostic: &Diagnostic, lang: Lang) -> Vec<(FooterKind, String)> {
    let mut notes = Vec::new();
    let mut helps = Vec::new();
    for footer in &diagnostic.footers {
        let text = phrase(diagnostic, footer, lang);
        if footer.key.starts_with("help") { &mut helps } else { &mut notes }.push(text);
    }
    // A fact that is an empty text is not there.
    let known = |arg: &Arg| !matches!(arg, Arg::Text(text) if text.is_empty());
    let args: Args = diagnostic.args.iter().filter(|(_, arg)| known(arg)).cloned().collect();
    for key in ["note", "help-nearest", "help"] {
        if diagnostic.footers.iter().any(|footer| footer.key == key) {
            continue;
        }
        let found = words(lang, diagnostic.code.name(), Some(key), &[&args]);
        let list = if key == "note" { &mut notes } else { &mut helps };
        list.extend(found.filter(|words| words.complete).map(|words| words.text));
    }
    let notes = notes.into_iter().map(|text| (FooterKind::Note, text));
    notes.chain(helps.into_iter().map(|text| (FooterKind::Help, text))).collect()
}

/// A sentence of the catalogue that belongs to no code (`level-error`, `fix-title`).
pub fn text(lang: Lang, key: &str, args: &Args) -> String {
    words(lang, key, None, &[args]).map_or_else(|| key.to_owned(), |words| words.text)
}

struct Words {
    text: String,
    /// Every argument that the wording names was given.
    complete: bool,
}

fn words(lang: Lang, entry: &str, attribute: Option<&str>, args: &[&Args]) -> Option<Words> {
    words_in(bundle_of(lang), entry, attribute, args)
        .or_else(|| words_in(&ENGLISH, entry, attribute, args))
        .or_else(|| {
            // `help-nearest` reads the same for every code.
            let key = attribute.filter(|key| SHARED.contains(key))?;
            words_in(bundle_of(lang), key, None, args)
        })
}

/// Facts that may be words of the compiler (`end of line`) instead of the program's: the catalogue chooses
/// its own word by `$found-key` (`end-of-line`). What stands in the program comes in backticks.
const WITH_KEY: &[&str] = &["expected", "found", "kind"];

/// Attributes that any code may use without wording them itself.
const SHARED: &[&str] = &["help-nearest"];

fn words_in(
    bundle: &Bundle,
    entry: &str,
    attribute: Option<&str>,
    args: &[&Args],
) -> Option<Words> {
    let message = bundle.get_message(entry)?;
    let pattern = match attribute {
        None => message.value()?,
        Some(name) => {
            let attribute = message.get_attribute(name);
            attribute.or_else(|| message.get_attribute(&format!("mark-{name}")))?.value()
        }
    };
    let mut filled = FluentArgs::new();
    for (name, arg) in args.iter().copied().flatten() {
        filled.set(name.clone(), value(arg));
        if let (Arg::Text(text), true) = (arg, WITH_KEY.contains(&name.as_ref())) {
            filled.set(format!("{name}-key"), text.replace(' ', "-"));
        }
    }
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&filled), &mut errors).into_owned();
    Some(Words { text, complete: errors.is_empty() })
}

fn value(arg: &Arg) -> FluentValue<'static> {
    match arg {
        Arg::Text(text) => FluentValue::from(text.clone()),
        Arg::Number(number) => FluentValue::from(*number),
        Arg::List(names) => {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            FluentValue::from(quoted.join(", "))
        }
    }
}

fn bundle_of(lang: Lang) -> &'static Bundle {
    match lang {
        Lang::En => &ENGLISH,
        Lang::Id => &INDONESIAN,
    }
}

fn bundle(language: &str, catalogue: &str) -> Bundle {
    let language: LanguageIdentifier = language.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // The marks that isolate bidirectional text show up as garbage in terminals.
    bundle.set_use_isolating(false);
    // A malformed entry drops out of the resource; the rest is whole.
    let resource = match FluentResource::try_new(catalogue.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    // Fails for an entry that stands twice only: the first one stays.
    _ = bundle.add_resource(resource);
    bundle
}
