//! `morph eval`: the value of an expression, to try a policy before it is used.

use std::io::{self, Write as _};

use clap::Args;
use morph_diag::{Diagnostic, Located, Severity, Source};
use morph_driver::expression::{malformed, undefined};
use morph_trickster::Expression;

use crate::arguments::Options;
use crate::output;
use crate::status::Status;

/// Print the value of an expression such as a policy.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// For example "crash_count < threshold && depth < max_depth"; one that begins with `-` stands behind `--`.
    #[arg(value_name = "EXPR")]
    expression: String,
    /// The names' values; a value is itself an expression, without names.
    #[arg(value_name = "NAME=VALUE", value_parser = assignment)]
    values: Vec<(String, i64)>,
}

/// How the expression's text is called in messages.
const SHOWN: &str = "EXPR";

fn assignment(text: &str) -> Result<(String, i64), String> {
    let Some((name, value)) = text.split_once('=') else {
        return Err("write NAME=VALUE".to_owned());
    };
    let is_name = |name: &str| {
        let one = Expression::parse(name).ok();
        one.is_some_and(|one| one.text() == name && one.names().eq([name]))
    };
    if !is_name(name) {
        return Err(format!("`{name}` is not a name"));
    }
    let expression = Expression::parse(value).map_err(|error| error.to_string())?;
    let no_names: [(&str, i64); 0] = [];
    let value = expression.evaluate(&no_names).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value))
}

impl Eval {
    pub(crate) fn run(&self, options: &Options) -> io::Result<Status> {
        let names = || self.values.iter().map(|(name, _)| name.as_str());
        for (index, name) in names().enumerate() {
            if names().take(index).any(|earlier| earlier == name) {
                writeln!(io::stderr(), "error: `{name}` is given two values")?;
                return Ok(Status::Usage);
            }
        }
        let context = |name: &str| {
            let found = self.values.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| *value)
        };
        let result = match Expression::parse(&self.expression) {
            Ok(expression) => {
                expression.evaluate(&context).map_err(|error| undefined(&error, names()))
            }
            Err(error) => Err(malformed(&error)),
        };
        match result {
            Ok(value) => {
                writeln!(io::stdout(), "{value}")?;
                Ok(Status::Done)
            }
            Err(problem) => {
                self.report(&problem, options)?;
                Ok(Status::NoImage)
            }
        }
    }

    fn report(&self, problem: &Diagnostic, options: &Options) -> io::Result<()> {
        debug_assert_eq!(problem.severity(), Severity::Error, "a problem is always shown");
        let source = Source::unit(SHOWN, &self.expression, 0);
        let located = Located::new(problem, source, |_| None);
        output::problem(&mut io::stderr(), &located, options)
    }
}
