//! `morph.toml`: what a text means, and every mistake with its place.

use std::path::Path;
use std::time::Duration;

use morph_diag::{Code, Color, Format, Lang, explain};
use morph_driver::config::{self, Config, Kind, SETTINGS};
use morph_driver::report::Report;
use proptest::prelude::*;

/// All problems of a text, one line each.
fn problems(text: &str, format: Format, lang: Lang) -> Vec<String> {
    let Err(problems) = config::read(text) else { return Vec::new() };
    let report = Report::of_text(config::FILE, text.to_owned(), problems);
    let render = |problem| report.render(problem, lang, format, Color::Never);
    report.problems.iter().map(render).collect()
}

#[test]
fn an_empty_text_and_the_template_mean_the_defaults() {
    assert_eq!(config::read("").unwrap(), Config::default());
    assert_eq!(
        config::read("# nothing\n[sandbox]\n[policy]\n[breaker]\n").unwrap(),
        Config::default()
    );
    assert_eq!(config::read(&config::template()).unwrap(), Config::default());
}

/// The template with its comment signs taken off: it sets every key, and still changes nothing.
#[test]
fn the_defaults_that_the_template_shows_are_the_real_ones() {
    let bare: String = config::template()
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") => format!("{setting}\n"),
            Some(_) | None => format!("{line}\n"),
        })
        .collect();
    assert_eq!(config::read(&bare).unwrap(), Config::default());
    // A wrong default would not go unnoticed, and no key but the one that has none is left out.
    let changed = bare.replace("memory_mb = 64", "memory_mb = 65");
    assert_ne!(config::read(&changed).unwrap(), Config::default());
    let missing: Vec<&str> = SETTINGS
        .iter()
        .map(|setting| setting.key)
        .filter(|key| !bare.contains(&format!("\n{key} = ")))
        .collect();
    assert_eq!(missing, ["sandboxes"]);
}

#[test]
fn every_key_changes_what_it_names() {
    let text = "\
[sandbox]
memory_mb = 0x80
cpu_ms = 1_000
wall_ms = 3000
sandboxes = 3
[policy]
threshold = 2
max_depth = 0
retry_when = '1'
open_when = \"\"\"
crash_count >= 1\"\"\"
quarantine_when = \"\\u0030\"
probe_when = \"opens < 3\"
[breaker]
timeout_ms = 5
timeout_growth_percent = 100
timeout_limit_ms = 6
probes = 7
successes = 8
";
    let config = config::read(text).unwrap();
    assert_eq!(config.budget.memory, 128 << 20);
    assert_eq!(config.budget.cpu, Duration::from_secs(1));
    assert_eq!(config.budget.wall, Duration::from_secs(3));
    assert_eq!((config.sandboxes, config.threshold, config.max_depth), (Some(3), 2, 0));
    assert_eq!(config.policies.retry_when, "1");
    assert_eq!(config.policies.open_when, "crash_count >= 1");
    assert_eq!(config.policies.quarantine_when, "0");
    assert_eq!(config.policies.probe_when, "opens < 3");
    let wait = config.breaker.wait;
    assert_eq!((wait.first, wait.growth), (Duration::from_millis(5), 100));
    assert_eq!(wait.longest, Duration::from_millis(6));
    assert_eq!((config.breaker.probes.get(), config.breaker.successes.get()), (7, 8));
}

#[test]
fn every_mistake_has_its_line_its_column_and_its_code() {
    let table: &[(&str, &[&str])] = &[
        ("x = 1", &["1:1: error[CONFIG_KEY_UNKNOWN]: there is no key `x` outside of the tables"]),
        ("[sandbx]", &["1:2: error[CONFIG_KEY_UNKNOWN]: there is no table `sandbx`"]),
        ("sandbox = 1", &["1:11: error[CONFIG_VALUE]: `sandbox` takes a table, found a number"]),
        ("[[sandbox]]", &["1:1: error[CONFIG_VALUE]: `sandbox` takes a table, found an array"]),
        ("sandbox.memory_mb = 0", &["1:21: error[CONFIG_VALUE]: `memory_mb` is out of range: 0"]),
        (
            "[sandbox]\nsandboxes = 9\ncpu_ms = -99999999999999999999",
            &[
                "2:13: error[CONFIG_VALUE]: `sandboxes` is out of range: 9",
                "3:10: error[CONFIG_VALUE]: `cpu_ms` is out of range: -99999999999999999999",
            ],
        ),
        (
            "[policy]\nretry_when = true\nopen_when = ''\nprobe_when = \"\\u0061 +\"",
            &[
                "2:14: error[CONFIG_VALUE]: `retry_when` takes an expression in quotes, found a truth value",
                "3:14: error[EXPRESSION_MALFORMED]: the expression is empty",
                // A text with escapes cannot be pointed into: the whole of it is marked.
                "4:14: error[EXPRESSION_MALFORMED]: an operand is missing",
            ],
        ),
        (
            "[policy]\nopen_when = \"\"\"\n  crash_count >\n  treshold\"\"\"",
            &["4:3: error[EXPRESSION_UNDEFINED]: the policy `open_when` knows no `treshold`"],
        ),
        (
            "[policy]\nopen_when = \"depth > 1\"",
            &["2:14: error[EXPRESSION_UNDEFINED]: the policy `open_when` knows no `depth`"],
        ),
        (
            "[sandbox]\nmemory_mb = 64MB\nwall_ms = 1\n\n[policy\n",
            &[
                "2:13: error[CONFIG_MALFORMED]: `morph.toml` cannot be read as TOML: string values must be quoted, expected literal string",
                "3:11: error[CONFIG_VALUE]: `wall_ms` is out of range: 1",
                "5:8: error[CONFIG_MALFORMED]: `morph.toml` cannot be read as TOML: unclosed table, expected `]`",
            ],
        ),
    ];
    for (text, expected) in table {
        let expected: Vec<String> =
            expected.iter().map(|line| format!("morph.toml:{line}")).collect();
        assert_eq!(problems(text, Format::Short, Lang::En), expected, "{text}");
    }
}

#[test]
fn a_mistake_is_shown_with_what_would_be_right() {
    let text = "[sandbox]\nmemory = 64\ncpu_ms = \"2000\"\n\n[policy]\nmemory_mb = 1\n";
    expect_test::expect![[r#"
        galat[CONFIG_KEY_UNKNOWN]: tidak ada kunci `memory` di `[sandbox]`
         --> morph.toml:2:1
          |
        2 | memory = 64
          | ^^^^^^ tidak dikenal
          |
          = catatan: yang ada: `memory_mb`, `cpu_ms`, `wall_ms`, `sandboxes`

        galat[CONFIG_VALUE]: `cpu_ms` menerima bilangan bulat, tetapi ditemukan string
         --> morph.toml:3:10
          |
        3 | cpu_ms = "2000"
          |          ^^^^^^ jenisnya salah
          |
        saran: nilainya bilangan bulat dari 10 sampai 3600000
          |
        3 - cpu_ms = "2000"
        3 + cpu_ms = 2000
          |

        galat[CONFIG_KEY_UNKNOWN]: tidak ada kunci `memory_mb` di `[policy]`
         --> morph.toml:6:1
          |
        6 | memory_mb = 1
          | ^^^^^^^^^ tidak dikenal
          |
          = catatan: yang ada: `threshold`, `max_depth`, `retry_when`, `open_when`, `quarantine_when`, `probe_when`
          = saran: tempatnya di `[sandbox]`"#]].assert_eq(&problems(text, Format::Human, Lang::Id).join("\n\n"));
}

#[test]
fn settings_that_the_pages_and_the_reference_show_are_right() {
    let document = include_str!("../../../docs/configuration.md");
    let in_document = document.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(problems(in_document, Format::Short, Lang::En), Vec::<String>::new());
    assert_ne!(config::read(in_document).unwrap(), Config::default());
    let mut shown = 0;
    for code in Code::ALL.iter().copied() {
        for lang in Lang::ALL.iter().copied() {
            for block in explain(code, lang).split("```toml\n").skip(1) {
                let text = block.split("```").next().unwrap();
                assert_eq!(problems(text, Format::Short, Lang::En), Vec::<String>::new(), "{code}");
                shown += 1;
            }
        }
    }
    assert!(shown >= 4, "{shown}");
}

/// `UPDATE_EXPECT=1` writes the reference into the document.
#[test]
fn the_document_about_settings_holds_the_reference_that_is_made_from_them() {
    const BEGIN: &str = "<!-- made from the table of settings; UPDATE_EXPECT=1 cargo test -p morph-driver --test configuration -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, old) = document.split_once(BEGIN).unwrap();
    let reference = config::reference();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}\n{reference}")).unwrap();
        return;
    }
    assert_eq!(old.trim(), reference.trim());
    let kinds = SETTINGS.iter().filter(|setting| matches!(setting.kind, Kind::Policy(_))).count();
    assert_eq!(kinds, 4, "one for each policy");
}

/// Pieces from which nearly right files are made.
fn piece() -> impl Strategy<Value = String> {
    let keys = SETTINGS.iter().map(|setting| setting.key.to_owned()).collect::<Vec<_>>();
    prop_oneof![
        prop::sample::select(keys),
        prop::sample::select(vec![
            "[sandbox]",
            "[policy]",
            "[breaker]",
            "\n",
            " = ",
            "1",
            "-5",
            "1e400",
            "\"\"\"",
            "'''",
            "\"",
            "'",
            "\\u0061",
            "crash_count",
            "threshold",
            " + ",
            "(",
            "[",
            "{",
            "}",
            "]",
            ",",
            ".",
            "#",
            "true",
            "1979-05-27",
            "é",
            "\u{1f98a}",
            "\r\n",
            "\0",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_text_makes_reading_it_panic_and_every_mistake_lies_inside_of_it(
        pieces in prop::collection::vec(piece(), 0..24),
    ) {
        let text = pieces.concat();
        if let Err(problems) = config::read(&text) {
            prop_assert!(!problems.is_empty());
            for problem in &problems {
                let (start, end) = (problem.primary.start as usize, problem.primary.end as usize);
                prop_assert!(text.get(start..end).is_some(), "{problem:?} in {text:?}");
            }
            let shown = self::problems(&text, Format::Human, Lang::En);
            prop_assert!(shown.iter().all(|shown| shown.contains("morph.toml:")), "{shown:?}");
        }
    }
}

#[test]
fn brackets_without_end_are_refused_and_not_followed() {
    let deep = format!("[policy]\nx = {}", "[".repeat(1 << 20));
    assert_eq!(problems(&deep, Format::Short, Lang::En).len(), 1);
}
