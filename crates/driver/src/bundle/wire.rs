//! `bundle.json`: what a bundle says, as text. The version stands in it; whatever is not what it should be is named.

use std::collections::BTreeMap;
use std::time::Duration;

use morph_diag::Span;
use morph_fault::fault::{Build, FaultId};
use morph_sandbox::{Budget, Inject};
use morph_sema::summary::Side;
use morph_syntax::PieceKind;
use serde::{Deserialize, Serialize};

use crate::bundle::facts::{Facts, What};
use crate::bundle::record::Record;
use crate::isolation::{INJECTS, inject_named};
use crate::options::{Debug, Goal, Opt, Options, Target};
use crate::phase::Phase;

/// The version that is written, and the only one that is read.
pub(crate) const VERSION: u64 = 1;

/// All that is read before the version is known.
#[derive(Debug, Deserialize)]
pub(crate) struct Version {
    pub(crate) version: u64,
}

/// The whole file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wire {
    version: u64,
    morph: String,
    build: String,
    fault: String,
    kind: String,
    phase: String,
    what: String,
    side: String,
    piece: String,
    unit: String,
    position: Option<u32>,
    line: u32,
    name: Option<(u32, u32)>,
    options: WireOptions,
    budget: WireBudget,
    floats: bool,
    environment: String,
    library: BTreeMap<String, Vec<u32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    injected: Option<WireInjection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimised_from: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WireOptions {
    /// Bundles of earlier versions know one target and do not name it.
    #[serde(default = "first_target")]
    target: String,
    opt: String,
    debug: String,
    goal: String,
}

fn first_target() -> String {
    Target::default().triple().to_owned()
}

#[derive(Debug, Serialize, Deserialize)]
struct WireBudget {
    memory: u64,
    cpu_ms: u64,
    wall_ms: u64,
    reply: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct WireInjection {
    phase: String,
    kind: String,
}

/// The field whose value is none that it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadField(pub(crate) &'static str);

const WHATS: [(&str, What); 3] =
    [("unit", What::Unit), ("alone", What::Alone), ("fragment", What::Fragment)];
const SIDES: [(&str, Side); 2] = [("program", Side::Program), ("library", Side::Library)];
const PIECES: [(&str, PieceKind); 11] = [
    ("function", PieceKind::Function),
    ("struct", PieceKind::Struct),
    ("const", PieceKind::Const),
    ("global", PieceKind::Global),
    ("unit block", PieceKind::UnitBlock),
    ("statement", PieceKind::Statement),
    ("asm", PieceKind::Asm),
    ("asm data", PieceKind::AsmData),
    ("routine", PieceKind::Routine),
    ("import", PieceKind::Import),
    ("stray", PieceKind::Stray),
];
const OPTS: [(&str, Opt); 2] = [("none", Opt::None), ("speed", Opt::Speed)];
const DEBUGS: [(&str, Debug); 3] =
    [("none", Debug::None), ("line", Debug::Line), ("full", Debug::Full)];
const GOALS: [(&str, Goal); 2] = [("image", Goal::Image), ("check", Goal::Check)];
/// Whether `environment.fox` is whole.
const EXTENTS: [(&str, bool); 2] = [("whole", true), ("cut", false)];

fn name_of<T: PartialEq>(table: &[(&str, T)], value: &T) -> String {
    let found = table.iter().find(|(_, known)| known == value);
    found.map_or_else(String::new, |(name, _)| (*name).to_owned())
}

fn value_of<T: Copy>(table: &[(&str, T)], name: &str, field: &'static str) -> Result<T, BadField> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or(BadField(field))
}

impl From<&Facts> for Wire {
    fn from(facts: &Facts) -> Wire {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let hexadecimal = facts.build.0.iter().map(|byte| format!("{byte:02x}"));
        Wire {
            version: VERSION,
            morph: facts.morph.clone(),
            build: hexadecimal.collect(),
            fault: facts.fault.to_string(),
            kind: facts.kind.clone(),
            phase: facts.phase.name().to_owned(),
            what: name_of(&WHATS, &facts.what),
            side: name_of(&SIDES, &facts.side),
            piece: name_of(&PIECES, &facts.piece),
            unit: facts.unit.clone(),
            position: facts.position,
            line: facts.line,
            name: facts.name.map(|name| (name.start, name.end)),
            options: WireOptions {
                target: facts.options.target.triple().to_owned(),
                opt: name_of(&OPTS, &facts.options.opt),
                debug: name_of(&DEBUGS, &facts.options.debug),
                goal: name_of(&GOALS, &facts.options.goal),
            },
            budget: WireBudget {
                memory: facts.budget.memory as u64,
                cpu_ms: milliseconds(facts.budget.cpu),
                wall_ms: milliseconds(facts.budget.wall),
                reply: facts.budget.reply as u64,
            },
            floats: facts.floats,
            environment: name_of(&EXTENTS, &facts.whole),
            library: facts.library.clone(),
            injected: facts.injected.map(|(phase, kind)| WireInjection {
                phase: phase.name().to_owned(),
                kind: name_of(&INJECTS, &kind),
            }),
            record: facts.record.clone(),
            minimised_from: facts.minimised_from.map(|fault| fault.to_string()),
        }
    }
}

impl TryFrom<Wire> for Facts {
    type Error = BadField;
    fn try_from(wire: Wire) -> Result<Facts, BadField> {
        let what = value_of(&WHATS, &wire.what, "what")?;
        if wire.position.is_none() != (what == What::Unit) {
            return Err(BadField("position"));
        }
        let minimised_from = wire.minimised_from.map(|id| id.parse());
        Ok(Facts {
            morph: plain(wire.morph, 64, "morph")?,
            build: build(&wire.build)?,
            fault: wire.fault.parse::<FaultId>().map_err(|_| BadField("fault"))?,
            kind: plain(wire.kind, 64, "kind")?,
            phase: Phase::named(&wire.phase).ok_or(BadField("phase"))?,
            what,
            side: value_of(&SIDES, &wire.side, "side")?,
            piece: value_of(&PIECES, &wire.piece, "piece")?,
            unit: plain(wire.unit, 8192, "unit")?,
            position: wire.position,
            line: wire.line.max(1),
            name: wire.name.map(|(start, end)| Span::new(start, end)),
            options: Options {
                target: target(&wire.options.target)?,
                opt: value_of(&OPTS, &wire.options.opt, "options.opt")?,
                debug: value_of(&DEBUGS, &wire.options.debug, "options.debug")?,
                goal: value_of(&GOALS, &wire.options.goal, "options.goal")?,
                ..Options::default()
            },
            budget: budget(&wire.budget)?,
            floats: wire.floats,
            whole: value_of(&EXTENTS, &wire.environment, "environment")?,
            library: wire.library,
            injected: wire.injected.map(|injection| injected(&injection)).transpose()?,
            record: wire.record.map(Record::tamed),
            minimised_from: minimised_from.transpose().map_err(|_| BadField("minimised_from"))?,
        })
    }
}

fn target(triple: &str) -> Result<Target, BadField> {
    let found = Target::ALL.into_iter().find(|target| target.triple() == triple);
    found.ok_or(BadField("options.target"))
}

/// A text that can be shown on a terminal.
fn plain(text: String, longest: usize, field: &'static str) -> Result<String, BadField> {
    if text.len() > longest || text.chars().any(char::is_control) {
        return Err(BadField(field));
    }
    Ok(text)
}

fn build(digits: &str) -> Result<Build, BadField> {
    let wrong = BadField("build");
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong);
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        let pair = digits.get(2 * at..2 * at + 2).ok_or(wrong)?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong)?;
    }
    Ok(Build(bytes))
}

/// Within what a sandbox can be given; a replay must not be a way to fill a machine's memory or to wait for ever.
fn budget(wire: &WireBudget) -> Result<Budget, BadField> {
    let hour = 3_600_000;
    let within = |value: u64, least: u64, most: u64, field| {
        if (least..=most).contains(&value) { Ok(value) } else { Err(BadField(field)) }
    };
    let size = |value: u64, field| usize::try_from(value).map_err(|_| BadField(field));
    let memory = within(wire.memory, 1 << 20, 64 << 30, "budget.memory")?;
    let reply = within(wire.reply, 1, 1 << 30, "budget.reply")?;
    Ok(Budget {
        memory: size(memory, "budget.memory")?,
        cpu: Duration::from_millis(within(wire.cpu_ms, 1, hour, "budget.cpu_ms")?),
        wall: Duration::from_millis(within(wire.wall_ms, 1, hour, "budget.wall_ms")?),
        reply: size(reply, "budget.reply")?,
    })
}

fn injected(wire: &WireInjection) -> Result<(Phase, Inject), BadField> {
    let phase = Phase::named(&wire.phase).ok_or(BadField("injected.phase"))?;
    let kind = inject_named(&wire.kind).ok_or(BadField("injected.kind"))?;
    Ok((phase, kind))
}
