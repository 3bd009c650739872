//! From the text of `morph.toml` to settings, or to all that is wrong with it.

use std::ops::Range;

use morph_diag::{Code, Diagnostic, Span};
use morph_sema::nearest::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{Kind, SETTINGS, Setting, TABLES};
use super::{Config, policy};

/// More problems than this are not told at once.
const MOST_PROBLEMS: usize = 20;

/// The settings that `text` makes; an empty text makes the defaults.
///
/// # Errors
///
/// Everything that is wrong, in the order of the text; spans count in it.
pub fn read(text: &str) -> Result<Config, Vec<Diagnostic>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, config: Config::default(), problems: Vec::new() };
    let mut malformed: Vec<Range<usize>> = Vec::new();
    for error in errors {
        let place = error.span().unwrap_or(0..0);
        let line = line_of(text, place.start);
        // Of several mistakes in one line the first one is the cause.
        if malformed.contains(&line) {
            continue;
        }
        malformed.push(line);
        let problem = Diagnostic::new(Code::ConfigMalformed, span_of(place))
            .arg("reason", error.message().replace('\n', "; "));
        reader.problems.push(problem);
    }
    reader.tables(document.get_ref());
    // What was made of a line that cannot be read says nothing.
    reader.problems.retain(|problem| {
        let line = line_of(text, problem.primary.start as usize);
        problem.code == Code::ConfigMalformed || !malformed.contains(&line)
    });
    if reader.problems.is_empty() {
        return Ok(reader.config);
    }
    reader.problems.sort_by_key(|problem| problem.primary);
    reader.problems.truncate(MOST_PROBLEMS);
    Err(reader.problems)
}

/// The bytes of the line in which byte `at` stands.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    start..end
}

pub(super) fn span_of(range: Range<usize>) -> Span {
    let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(short(range.start), short(range.end))
}

struct Reader<'t> {
    text: &'t str,
    config: Config,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn tables(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            match TABLES.iter().find(|(known, _)| *known == name.get_ref().as_ref()) {
                None => self.unknown("top", name, value),
                Some((table, _)) => match value.get_ref() {
                    DeValue::Table(keys) => self.keys(table, keys),
                    DeValue::String(_)
                    | DeValue::Integer(_)
                    | DeValue::Float(_)
                    | DeValue::Boolean(_)
                    | DeValue::Datetime(_)
                    | DeValue::Array(_) => {
                        let problem = wrong_kind(table, "table", value).footer("help-table");
                        self.problems.push(problem);
                    }
                },
            }
        }
    }

    fn keys(&mut self, table: &'static str, keys: &DeTable<'_>) {
        for (key, value) in keys {
            let known = SETTINGS
                .iter()
                .find(|setting| setting.table == table && setting.key == key.get_ref().as_ref());
            match known {
                None => self.unknown(table, key, value),
                Some(setting) => self.set(setting, value),
            }
        }
    }

    /// A name that is none; `place` is its table, or `top`.
    fn unknown(
        &mut self,
        place: &str,
        name: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let key = name.get_ref().as_ref();
        let tables = TABLES.iter().map(|(table, _)| *table);
        let own = SETTINGS.iter().filter(|setting| setting.table == place);
        let known: Vec<&str> = match place {
            "top" => tables.collect(),
            _ => own.map(|setting| setting.key).collect(),
        };
        let is_table =
            place == "top" && matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
        let span = span_of(name.span());
        let mut problem = Diagnostic::new(Code::ConfigKey, span)
            .arg("key", key)
            .arg("what", if is_table { "table" } else { "key" })
            .arg("place", place)
            .arg("known", known.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let home = SETTINGS.iter().find(|setting| setting.key == key && setting.table != place);
        if let Some(home) = home {
            problem = problem.arg("home", home.table).footer("help-home");
        } else if let Some(nearest) = nearest(key, known) {
            problem = problem.nearest(nearest).fix(span, nearest);
        }
        self.problems.push(problem);
    }

    fn set(&mut self, setting: &Setting, value: &Spanned<DeValue<'_>>) {
        match &setting.kind {
            Kind::Number { least, most, set, .. } => {
                match self.number(setting, (*least, *most), value) {
                    Ok(number) => set(&mut self.config, number),
                    Err(problem) => self.problems.push(*problem),
                }
            }
            Kind::Policy(name) => {
                if let DeValue::String(text) = value.get_ref() {
                    self.problems.extend(policy::check(*name, text, value.span(), self.text));
                    *policy::slot(&mut self.config.policies, *name) = text.clone().into_owned();
                    return;
                }
                let mut problem = wrong_kind(setting.key, "expression", value)
                    .arg("example", name.default_text())
                    .footer("help-expression");
                match value.get_ref() {
                    DeValue::Integer(number) if number.radix() == 10 => {
                        problem =
                            problem.fix(span_of(value.span()), format!("\"{}\"", number.as_str()));
                    }
                    DeValue::Boolean(truth) => {
                        let text = if *truth { "\"1\"" } else { "\"0\"" };
                        problem = problem.fix(span_of(value.span()), text);
                    }
                    DeValue::Integer(_)
                    | DeValue::String(_)
                    | DeValue::Float(_)
                    | DeValue::Datetime(_)
                    | DeValue::Array(_)
                    | DeValue::Table(_) => {}
                }
                self.problems.push(problem);
            }
        }
    }

    /// The number that `value` is, if it is one from `least` to `most`.
    fn number(
        &self,
        setting: &Setting,
        (least, most): (i64, i64),
        value: &Spanned<DeValue<'_>>,
    ) -> Result<i64, Box<Diagnostic>> {
        let span = span_of(value.span());
        let in_range = |number: &i64| (least..=most).contains(number);
        let limits = |problem: Diagnostic| {
            problem.arg("least", least.to_string()).arg("most", most.to_string())
        };
        let DeValue::Integer(written) = value.get_ref() else {
            let problem = limits(wrong_kind(setting.key, "number", value)).footer("help-number");
            // A number in quotes, or with a fraction of nothing, is meant as a number.
            let meant = match value.get_ref() {
                DeValue::String(text) => text.trim().parse().ok(),
                DeValue::Float(text) => {
                    text.as_str().strip_suffix(".0").and_then(|text| text.parse().ok())
                }
                DeValue::Integer(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_)
                | DeValue::Table(_) => None,
            };
            return Err(Box::new(match meant.filter(in_range) {
                Some(number) => problem.fix(span, number.to_string()),
                None => problem,
            }));
        };
        // What 64 bits do not hold is out of every range.
        let number = i64::from_str_radix(written.as_str(), written.radix());
        match number {
            Ok(number) if in_range(&number) => Ok(number),
            Ok(_) | Err(_) => {
                let negative = written.as_str().starts_with('-');
                let nearest = match number {
                    Ok(number) => number.clamp(least, most),
                    Err(_) if negative => least,
                    Err(_) => most,
                };
                let problem = Diagnostic::new(Code::ConfigValue, span)
                    .arg("key", setting.key)
                    .arg("reason", "range")
                    .arg("given", self.text.get(value.span()).unwrap_or_default());
                Err(Box::new(limits(problem).fix(span, nearest.to_string())))
            }
        }
    }
}

/// A value of another kind than `key` takes.
fn wrong_kind(key: &str, needed: &'static str, value: &Spanned<DeValue<'_>>) -> Diagnostic {
    let given = match value.get_ref() {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "float",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "datetime",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "table",
    };
    Diagnostic::new(Code::ConfigValue, span_of(value.span()))
        .arg("key", key)
        .arg("reason", "kind")
        .arg("needed", needed)
        .arg("given", given)
}
