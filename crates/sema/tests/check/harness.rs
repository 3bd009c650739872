//! Program text in, typed code or diagnostics out.

use std::fmt::Write;

use morph_diag::{Arg, Diagnostic, FragmentId, Origin};
use morph_sema::check::{Checked, Options, Site, check};
use morph_sema::environment::{EnvInput, Environment, environment};
use morph_sema::index::index;
use morph_sema::summary::{Side, Summary};
use morph_syntax::tree::Tree;
use morph_syntax::{parse, split};

use crate::dump::dump;

/// Line that separates a program from the library that it is checked with.
pub(crate) const LIBRARY: &str = "\n=== library\n";

/// What the tests need of the built-in library.
pub(crate) const SMALL_LIBRARY: &str = "
fungsi print_line_int(n)
tutup_fungsi
fungsi print_line_text(s)
tutup_fungsi
fungsi print_line_float(f)
tutup_fungsi
fungsi sys_alloc(n)
    kembalikan 0
tutup_fungsi
fungsi sys_read(n)
    kembalikan \"\"
tutup_fungsi
fungsi str_eq(a, b)
    kembalikan 1
tutup_fungsi
fungsi str_concat(a, b)
    kembalikan \"\"
tutup_fungsi
fungsi sqrt(x)
    tipe x float
    kembalikan x
tutup_fungsi
";

pub(crate) struct Fragment<'t> {
    pub(crate) side: Side,
    pub(crate) text: &'t str,
    pub(crate) tree: Tree,
}

pub(crate) fn fragments<'t>(program: &'t str, library: &'t str) -> Vec<Fragment<'t>> {
    let sides = [(Side::Program, program), (Side::Library, library)];
    let pieces = |(side, unit): (Side, &'t str)| {
        split(unit).into_iter().map(move |piece| {
            let text = piece.text(unit);
            Fragment { side, text, tree: parse(text, piece.kind) }
        })
    };
    sides.into_iter().flat_map(pieces).collect()
}

pub(crate) fn environment_of(
    fragments: &[Fragment<'_>],
) -> (Environment, Vec<(FragmentId, Diagnostic)>) {
    let summaries: Vec<Summary<'_>> =
        fragments.iter().map(|f| index(&f.tree, f.text, f.side)).collect();
    let inputs: Vec<EnvInput<'_, '_>> = summaries
        .iter()
        .zip(fragments)
        .enumerate()
        .map(|(at, (summary, fragment))| EnvInput {
            id: FragmentId(at as u32),
            side: fragment.side,
            unit: 0,
            summary,
            broken: !fragment.tree.diagnostics.is_empty(),
        })
        .collect();
    environment(&inputs)
}

pub(crate) fn check_fragment(
    fragment: &Fragment<'_>,
    ordinal: u32,
    environment: &Environment,
    target: &str,
) -> Checked {
    check(
        &fragment.tree,
        fragment.text,
        Site { unit: "uji", ordinal },
        environment.asker(fragment.side),
        Options { target, naked: if target == ELSEWHERE { &["pindah"] } else { &[] } },
    )
}

/// A target that has the routine `pindah` in a table of its own.
pub(crate) const ELSEWHERE: &str = "aarch64-unknown-linux-gnu";

/// The typed code of all fragments of the program that compile to something, and all diagnostics.
pub(crate) fn checked(program: &str) -> String {
    checked_for(program, "x86_64-unknown-linux-gnu")
}

pub(crate) fn checked_for(program: &str, target: &str) -> String {
    let (program, library) = program.split_once(LIBRARY).unwrap_or((program, SMALL_LIBRARY));
    let fragments = fragments(program, library);
    let (environment, _) = environment_of(&fragments);
    let mut out = String::new();
    for (ordinal, fragment) in fragments.iter().enumerate() {
        let checked = check_fragment(fragment, ordinal as u32, &environment, target);
        if fragment.side == Side::Library && library == SMALL_LIBRARY {
            assert_eq!(checked.diagnostics, [], "{}", fragment.text);
            continue;
        }
        for diagnostic in fragment.tree.diagnostics.iter().chain(&checked.diagnostics) {
            line(&mut out, diagnostic, fragment, &fragments);
        }
        if !checked.closed_by.is_empty() {
            writeln!(out, "closed by {}", checked.closed_by.join(", ")).unwrap();
        }
        if let Some(typed) = checked.typed {
            let text = dump(&typed);
            if text != "nothing\n" {
                out.push_str(&text);
            }
        }
    }
    out
}

/// Only the diagnostics of [`checked`].
pub(crate) fn problems(program: &str) -> String {
    let all = checked(program);
    let is_problem = |line: &&str| {
        ["error ", "warning ", "note ", "  mark ", "  fix ", "  foot", "closed "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    all.lines().filter(is_problem).map(|line| format!("{line}\n")).collect()
}

fn line(out: &mut String, d: &Diagnostic, fragment: &Fragment<'_>, all: &[Fragment<'_>]) {
    let severity = format!("{:?}", d.severity()).to_lowercase();
    let place = d.primary.text(fragment.text).replace('\n', "|");
    write!(out, "{severity} {} `{place}`", d.code.name()).unwrap();
    for (name, arg) in &d.args {
        let value = match arg {
            Arg::Text(text) => text.clone(),
            Arg::Number(number) => number.to_string(),
            Arg::List(list) => list.join(","),
        };
        write!(out, " {name}={value}").unwrap();
    }
    out.push('\n');
    for mark in &d.secondary {
        let text = match mark.origin {
            Origin::Here => fragment.text,
            Origin::Fragment(id) => all[id.0 as usize].text,
        };
        let key = mark.text.as_ref().map_or("", |phrase| &phrase.key);
        writeln!(out, "  mark `{}` {key}", mark.span.text(text)).unwrap();
    }
    for footer in &d.footers {
        writeln!(out, "  foot {}", footer.key).unwrap();
    }
    if let Some(fix) = &d.fix {
        writeln!(out, "  fix `{}` -> `{}`", fix.span.text(fragment.text), fix.replacement).unwrap();
    }
}
