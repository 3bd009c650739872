//! The two catalogues word every code, and say the same things.

use std::collections::{BTreeMap, BTreeSet};

use morph_diag::{Arg, Code, Diagnostic, Lang, Phrase, Span, wording};

const ENGLISH: &str = include_str!("../catalogue/en.ftl");
const INDONESIAN: &str = include_str!("../catalogue/id.ftl");

/// `ENTRY` or `ENTRY.attribute` to its wording, line breaks included.
fn entries(catalogue: &str) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    let mut entry = String::new();
    let mut key = String::new();
    for line in catalogue.lines().filter(|line| !line.starts_with('#')) {
        let trimmed = line.trim_start();
        if let Some((name, words)) = trimmed.split_once(" = ") {
            if line.starts_with(|first: char| first.is_ascii_alphabetic()) {
                entry = name.to_owned();
                key = entry.clone();
                entries.insert(key.clone(), words.to_owned());
                continue;
            }
            if let Some(attribute) = trimmed.strip_prefix('.').and(name.strip_prefix('.')) {
                key = format!("{entry}.{attribute}");
                entries.insert(key.clone(), words.to_owned());
                continue;
            }
        }
        if !trimmed.is_empty() {
            let words = entries.get_mut(&key).expect("text before the first entry");
            words.push('\n');
            words.push_str(trimmed);
        }
    }
    entries
}

/// Names of arguments and of other entries in `words`.
fn variables(words: &str) -> BTreeSet<&str> {
    let inside = words.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let inside = inside.filter_map(|inside| inside.split("->").next());
    inside.map(str::trim).filter(|name| !name.is_empty()).collect()
}

#[test]
fn both_languages_have_the_same_entries_with_the_same_arguments() {
    let english = entries(ENGLISH);
    let indonesian = entries(INDONESIAN);
    let facts = |entries: &BTreeMap<String, String>| -> String {
        let line = |(key, words): (&String, &String)| format!("{key} {:?}\n", variables(words));
        entries.iter().map(line).collect()
    };
    assert_eq!(facts(&english), facts(&indonesian));
}

#[test]
fn every_code_has_a_message_in_the_order_of_the_codes_and_nothing_else_has() {
    let is_code = |line: &&str| line.starts_with(|first: char| first.is_ascii_uppercase());
    for catalogue in [ENGLISH, INDONESIAN] {
        let mut worded: Vec<&str> =
            catalogue.lines().filter(is_code).filter_map(|line| line.split(" = ").next()).collect();
        let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        worded.sort_unstable();
        codes.sort_unstable();
        assert_eq!(worded, codes);
    }
}

/// Codes that point at no text need no words beside a mark.
const WITHOUT_LABEL: &[Code] = &[
    Code::FileMissing,
    Code::FileUnreadable,
    Code::FileTooLarge,
    Code::EntryMissing,
    Code::FragmentClosed,
    Code::OutputFailed,
];

#[test]
fn every_code_that_points_at_text_has_words_for_its_mark() {
    let english = entries(ENGLISH);
    let without: Vec<Code> = Code::ALL
        .iter()
        .copied()
        .filter(|code| !english.contains_key(&format!("{code}.label")))
        .collect();
    assert_eq!(without, WITHOUT_LABEL);
}

#[test]
fn wordings_follow_the_style_lowercase_and_without_a_full_stop() {
    let mut offences = Vec::new();
    for catalogue in [ENGLISH, INDONESIAN] {
        for (key, words) in entries(catalogue) {
            // The program's name, units and proper names may begin with a capital.
            let first = words.chars().next().unwrap_or(' ');
            let capital = first.is_uppercase() && !words.starts_with("ID");
            if capital || words.ends_with('.') || words.contains("illegal") {
                offences.push(format!("{key} = {words}"));
            }
        }
    }
    assert_eq!(offences, Vec::<String>::new());
}

#[test]
fn attributes_are_labels_marks_helps_and_notes() {
    for key in entries(ENGLISH).into_keys() {
        let Some((_, attribute)) = key.split_once('.') else { continue };
        let known = matches!(attribute, "label" | "help" | "note")
            || ["mark-", "help-", "note-"].iter().any(|start| attribute.starts_with(start));
        assert!(known, "{key}");
    }
}

/// A diagnostic that has every argument its code's wording names.
fn with_all_arguments(code: Code) -> Diagnostic {
    let english = entries(ENGLISH);
    let mut diagnostic = Diagnostic::new(code, Span::default());
    for (key, words) in &english {
        let own = key == code.name() || key.starts_with(&format!("{code}."));
        // The words for kinds are shared by several codes.
        if !own && !key.ends_with("-kind") && !key.ends_with("-found") {
            continue;
        }
        let names = variables(words).into_iter().filter_map(|name| name.strip_prefix('$'));
        for name in names.filter(|name| !name.ends_with("-key")) {
            let name: &'static str = name.to_owned().leak();
            diagnostic = diagnostic.arg(name, Arg::Text(format!("<{name}>")));
        }
    }
    diagnostic
}

#[test]
fn with_all_arguments_no_wording_shows_a_hole() {
    for lang in Lang::ALL.iter().copied() {
        for code in Code::ALL.iter().copied() {
            let diagnostic = with_all_arguments(code);
            let mut texts = vec![wording::message(&diagnostic, lang)];
            texts.extend(wording::label(&diagnostic, lang));
            for key in entries(ENGLISH).into_keys() {
                if let Some(attribute) = key.strip_prefix(&format!("{code}.")) {
                    let key: &'static str = attribute.to_owned().leak();
                    let phrase = Phrase { key: key.into(), args: Vec::new() };
                    texts.push(wording::phrase(&diagnostic, &phrase, lang));
                }
            }
            for text in texts {
                let hole = text.is_empty() || text.contains(['{', '}', '$']);
                assert!(!hole, "{code} in {lang:?}: {text}");
            }
        }
    }
}

#[test]
fn a_missing_wording_is_shown_as_its_key_and_a_missing_argument_hides_an_unasked_footer() {
    let diagnostic = Diagnostic::new(Code::NameReserved, Span::default()).footer("help-unheard-of");
    assert_eq!(
        wording::footers(&diagnostic, Lang::Id),
        [(wording::FooterKind::Help, "help-unheard-of".to_owned())]
    );
}

#[test]
fn lists_are_joined_with_commas_and_nearest_names_read_the_same_for_every_code() {
    let diagnostic = Diagnostic::new(Code::NameAmbiguous, Span::default())
        .arg("name", "luas")
        .arg("candidates", vec!["a.fox".to_owned(), "b.fox".to_owned()])
        .nearest("lusa");
    let footers = |lang| -> Vec<String> {
        wording::footers(&diagnostic, lang).into_iter().map(|(_, text)| text).collect()
    };
    assert_eq!(
        footers(Lang::En),
        ["candidates: `a.fox`, `b.fox`", "did you mean `lusa`?", "import the one that is meant"]
    );
    assert_eq!(
        footers(Lang::Id),
        ["calonnya: `a.fox`, `b.fox`", "mungkin maksudnya `lusa`?", "impor definisi yang dimaksud"]
    );
}

#[test]
fn words_of_the_compiler_are_translated_and_words_of_the_program_are_not() {
    let message = |expected: &str, found: &str, lang| {
        let diagnostic = Diagnostic::new(Code::SyntaxUnexpected, Span::default())
            .arg("expected", expected)
            .arg("found", found);
        wording::message(&diagnostic, lang)
    };
    let english = message("path in quotes", "end of line", Lang::En);
    assert_eq!(english, "expected a path in quotes, found the end of the line");
    let indonesian = message("path in quotes", "end of line", Lang::Id);
    assert_eq!(indonesian, "seharusnya jalur di antara tanda kutip, tetapi ditemukan akhir baris");
    let quoted = message("`(`", "`name`", Lang::Id);
    assert_eq!(quoted, "seharusnya `(`, tetapi ditemukan `name`");
}

#[test]
fn the_language_comes_from_the_locale() {
    let table = [
        ("id_ID.UTF-8", Lang::Id),
        ("id", Lang::Id),
        ("in_ID", Lang::Id),
        ("ID-id", Lang::Id),
        ("en_GB.UTF-8", Lang::En),
        ("idx", Lang::En),
        ("C.UTF-8", Lang::En),
        ("", Lang::En),
    ];
    for (locale, lang) in table {
        assert_eq!(Lang::from_locale(locale), lang, "{locale}");
    }
}
