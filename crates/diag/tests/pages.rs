//! Every code has a page in both languages, in one form.

use morph_diag::{Code, Lang, explain};

/// The fenced blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(language), None) => open = Some((language, String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence stays open:\n{page}");
    blocks
}

#[test]
fn a_page_shows_a_failing_and_a_corrected_program_or_a_console_perhaps_with_settings() {
    for code in Code::ALL.iter().copied() {
        for lang in Lang::ALL.iter().copied() {
            let page = explain(code, lang);
            let blocks = blocks(page);
            let languages: Vec<&str> = blocks.iter().map(|(language, _)| *language).collect();
            let forms: [&[&str]; 3] = [&["fox", "fox"], &["console"], &["console", "toml"]];
            let form = forms.contains(&languages.as_slice());
            assert!(form, "{code} in {lang:?} has {languages:?}");
            if let [(_, wrong), (_, right)] = &blocks[..] {
                assert_ne!(wrong, right, "{code}");
            }
        }
    }
}

#[test]
fn a_page_begins_with_its_code_and_says_something_before_and_after_the_example() {
    for code in Code::ALL.iter().copied() {
        for lang in Lang::ALL.iter().copied() {
            let page = explain(code, lang);
            let first = format!("# {code}\n\n");
            assert!(page.starts_with(&first), "{code}");
            let before = page[first.len()..].split("```").next().unwrap_or("").trim();
            let after = page.rsplit("```").next().unwrap_or("").trim();
            assert!(before.len() > 40 && after.len() > 40, "{code} in {lang:?}");
            assert!(page.ends_with('\n') && page.lines().count() <= 60, "{code}");
        }
    }
}

#[test]
fn the_programs_are_the_same_in_both_languages() {
    for code in Code::ALL.iter().copied() {
        let programs = |lang| -> Vec<String> {
            let blocks = blocks(explain(code, lang)).into_iter();
            blocks.filter(|(language, _)| *language == "fox").map(|(_, text)| text).collect()
        };
        assert_eq!(programs(Lang::En), programs(Lang::Id), "{code}");
    }
}

#[test]
fn the_console_shows_the_code() {
    for code in Code::ALL.iter().copied().filter(|code| *code != Code::FragmentClosed) {
        for lang in Lang::ALL.iter().copied() {
            for (language, text) in blocks(explain(code, lang)) {
                if language == "console" {
                    assert!(text.contains(&format!("[{code}]")), "{code}");
                }
            }
        }
    }
}
