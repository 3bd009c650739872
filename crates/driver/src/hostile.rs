//! Replies of workers that have gone wrong: whatever is accepted goes through environment, link and report.
//!
//! Real replies about the example programs are recorded once; then bytes of them are flipped, cut off or added. A worker can
//! send anything, so nothing that is read here may panic, and an object that does not fit the others costs its own
//! fragment only.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use bumpalo::Bump;
use morph_diag::{Code, Color, Diagnostic, Format, FragmentId, Lang, Span};
use morph_object::{Definition, Object, Reloc, RelocKind, Section, SymbolKind, Target};
use morph_sema::summary::Side;
use morph_syntax::{Piece, PieceKind, UnitRange};
use proptest::prelude::*;

use crate::analysis::Analysis;
use crate::back::Back;
use crate::options::Options;
use crate::pipeline::{self, Parts, Status};
use crate::program;
use crate::project::Project;
use crate::reader::{Lines, Reader, Source, look};
use crate::report::{Problem, Report};
use crate::task::{Built, Executor, Made, Task, Verdict};
use crate::unit::Fragment;
use crate::unread::closed;
use crate::worker::{read_built, read_pieces, read_seen};

const PROGRAMS: [&str; 4] = [
    include_str!("../../../examples/halo.fox"),
    include_str!("../../../tests/run/structs.fox"),
    include_str!("../../../tests/run/asm_blocks.fox"),
    SMALL,
];

/// Every kind of fragment, each naming others.
const SMALL: &str = "\
const BATAS = 3
const DUA = BATAS - 1
struktur Titik
  x int
  y float
  isi [DUA]int
tutup_struktur
var hitung = 2
var beda = 1.5
asm_data
  tabel: dq 1, 2, 3
tutup_data
fungsi tambah(a, b)
  hitung = hitung + 1
  kembalikan a + b
tutup_fungsi
fungsi jauh(p)
  tipe p Titik
  kembalikan p.x + tambah(p.x, BATAS)
tutup_fungsi
hitung = tambah(hitung, 1)
fungsi mulai()
  cetak(jauh(Titik(1, 2.5)))
  cetak(hitung)
tutup_fungsi
";

/// What happens to the bytes of a reply.
#[derive(Clone, Debug)]
enum Damage {
    Flip { at: usize, with: u8 },
    Cut { at: usize },
    Append { bytes: Vec<u8> },
    Insert { at: usize, byte: u8 },
    Replace { bytes: Vec<u8> },
}

impl Damage {
    fn of(&self, reply: &mut Vec<u8>) {
        let place = |at: usize, reply: &[u8]| at % reply.len().max(1);
        match self {
            Damage::Flip { at, with } => {
                let at = place(*at, reply);
                reply.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= with);
            }
            Damage::Cut { at } => reply.truncate(place(*at, reply)),
            Damage::Append { bytes } => reply.extend(bytes),
            Damage::Insert { at, byte } => reply.insert(place(*at, reply), *byte),
            Damage::Replace { bytes } => *reply = bytes.clone(),
        }
    }
}

/// Which reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// The cut of the program's file.
    Split,
    /// Fragment n of the program on its own; n counts around.
    Look(usize),
    /// What became of it. Odd numbers beyond the program's fragments lead into the library.
    Build(usize),
}

type Damages = Vec<(Which, Damage)>;

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        6 => (any::<usize>(), 1..=u8::MAX).prop_map(|(at, with)| Damage::Flip { at, with }),
        // One bit only: most of these are still well formed.
        6 => (any::<usize>(), 0..8u32).prop_map(|(at, bit)| Damage::Flip { at, with: 1 << bit }),
        1 => any::<usize>().prop_map(|at| Damage::Cut { at }),
        1 => prop::collection::vec(any::<u8>(), 1..9).prop_map(|bytes| Damage::Append { bytes }),
        2 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert { at, byte }),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| Damage::Replace { bytes }),
    ]
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        1 => Just(Which::Split),
        4 => (0..64usize).prop_map(Which::Look),
        4 => (0..64usize).prop_map(Which::Build),
    ]
}

fn strike(damages: &Damages, is_struck: impl Fn(Which) -> bool, reply: &mut Vec<u8>) {
    damages.iter().filter(|(which, _)| is_struck(*which)).for_each(|(_, damage)| damage.of(reply));
}

/// Replies that no damage touched, by what they are about.
type Known = Rc<RefCell<BTreeMap<(String, u32, u32), Vec<u8>>>>;

/// All of a test: each reply is made once.
#[derive(Default)]
struct Records {
    looks: Known,
    /// By program.
    builds: RefCell<BTreeMap<usize, Known>>,
}

fn crashed(head: Span) -> Box<Diagnostic> {
    let problem = Diagnostic::new(Code::CompilerCrashed, head);
    Box::new(problem.arg("kind", "bad reply").arg("phase", "reply").arg("fault", "f-00000000"))
}

struct HostileReader<'a, 'r> {
    records: &'r Records,
    texts: &'a Bump,
    damages: Damages,
}

impl<'a> HostileReader<'a, '_> {
    fn fragments(&self, source: &Source<'a>) -> Vec<Fragment<'a>> {
        let own = source.side == Side::Program;
        let mut cut = encode(&morph_syntax::split(source.text));
        if own {
            strike(&self.damages, |which| which == Which::Split, &mut cut);
        }
        let mut lines = Lines::new(source.text);
        let Ok(pieces) = read_pieces(&cut, source.text) else {
            let end = source.text.len() as u32;
            let (range, kind) = (UnitRange { start: 0, end }, PieceKind::Stray);
            let whole = Piece { range, kind, block: None, name: None };
            return vec![closed(whole, source.text, &mut lines, crashed(Span::default()))];
        };
        let count = pieces.len();
        let fragment = |(at, piece): (usize, Piece)| {
            let mut seen = self.look(source, &piece);
            if own {
                let struck = |which| matches!(which, Which::Look(n) if n % count == at);
                strike(&self.damages, struck, &mut seen);
            }
            let text = piece.text(source.text);
            match read_seen(self.texts.alloc_slice_copy(&seen), &piece, text) {
                Ok(seen) => Fragment {
                    piece,
                    line: lines.next(&piece),
                    syntax: seen.syntax,
                    summary: seen.summary,
                    fault: None,
                },
                Err(_) => closed(piece, text, &mut lines, crashed(Span::default())),
            }
        };
        pieces.into_iter().enumerate().map(fragment).collect()
    }

    fn look(&self, source: &Source<'a>, piece: &Piece) -> Vec<u8> {
        let text = piece.text(source.text);
        let key = (format!("{}{text}", source.path), piece.range.start, piece.kind as u32);
        let known = &self.records.looks;
        let found = known.borrow().get(&key).cloned();
        found.unwrap_or_else(|| {
            let reply = encode(&look(text, piece.kind, source.side, &mut || ()));
            known.borrow_mut().insert(key, reply.clone());
            reply
        })
    }
}

impl<'a> Reader<'a> for HostileReader<'a, '_> {
    fn read(&mut self, units: &[Source<'a>]) -> Vec<Vec<Fragment<'a>>> {
        units.iter().map(|source| self.fragments(source)).collect()
    }
}

/// What a test does to an answer, as a value instead of as bytes.
type Twist = Box<dyn Fn(FragmentId, &mut Built)>;

struct HostileExecutor<'p> {
    back: Back<'p>,
    known: Known,
    damages: Damages,
    twist: Option<Twist>,
    program: usize,
}

impl HostileExecutor<'_> {
    fn build(&mut self, task: Task) -> Vec<u8> {
        let key = (String::new(), task.0.0, 0);
        let found = self.known.borrow().get(&key).cloned();
        found.unwrap_or_else(|| {
            let reply = encode(&self.back.build(&task, &mut |_| ()));
            self.known.borrow_mut().insert(key, reply.clone());
            reply
        })
    }
}

impl Executor for HostileExecutor<'_> {
    fn run(&mut self, tasks: Vec<Task>) -> Vec<(Task, Verdict)> {
        let mut answers = Vec::new();
        for task in tasks {
            let number = task.0.0 as usize;
            let mut reply = self.build(task);
            let program = self.program.max(1);
            let struck = |which| match which {
                Which::Build(n) if number < program => n % program == number,
                Which::Build(n) => n % 2 == 1 && n % 61 == number % 61,
                Which::Split | Which::Look(_) => false,
            };
            strike(&self.damages, struck, &mut reply);
            let answer = match read_built(&reply) {
                Ok(mut built) => {
                    if let Some(twist) = &self.twist {
                        twist(task.0, &mut built);
                    }
                    Verdict::Built(Box::new(built))
                }
                Err(_) => Verdict::Faulted(crashed(Span::default())),
            };
            answers.push((task, answer));
        }
        answers
    }
}

fn encode(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap()
}

struct Outcome {
    image: Option<Vec<u8>>,
    status: Status,
    report: Report,
}

/// Builds program number `which`. Objects are recorded as of the program without damage, whatever others see of it now.
fn build(records: &Records, which: usize, damages: Damages, twist: Option<Twist>) -> Outcome {
    let texts = Bump::new();
    let (project, location) = Project::of_text("m.fox");
    let mut reader = HostileReader { records, texts: &texts, damages: damages.clone() };
    let program = program::load_text(&project, location, PROGRAMS[which], &texts, &mut reader);
    let options = Options::default();
    let mut analysis = Analysis::new(&program, &project, &options);
    let entry = pipeline::find_entry(&mut analysis);
    let (places, environment) = (Rc::clone(&analysis.places), Rc::clone(&analysis.environment));
    let back = Back::new(&program, places, environment, &options);
    // Another cut numbers fragments in another way.
    let recut = damages.iter().any(|(which, _)| *which == Which::Split);
    let known = if recut {
        Known::default()
    } else {
        Rc::clone(records.builds.borrow_mut().entry(which).or_default())
    };
    let own = program.units.first().map_or(0, |unit| unit.fragments.len());
    let mut executor = HostileExecutor { back, known, damages, twist, program: own };
    let (image, status) = pipeline::run(&mut analysis, entry, &options, &mut executor);
    let report = Parts::new(analysis, entry).into_report(&program);
    let image = image.map(|linked| linked.image);
    Outcome { image, status, report }
}

/// Words everything, as a user would see it.
fn word(report: &Report) -> usize {
    let mut length = 0;
    for problem in &report.problems {
        for lang in Lang::ALL.iter().copied() {
            for format in [Format::Human, Format::Short, Format::Json] {
                let text = report.render(problem, lang, format, Color::Never);
                assert!(!text.is_empty());
                length += text.len();
            }
        }
    }
    length
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("MORPH_HOSTILE").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases.unwrap_or(default))
    }
}

/// Runs where deep nesting cannot exhaust the stack, as the command does.
fn on_large_stack(test: impl FnOnce() + Send + 'static) {
    let run = std::thread::Builder::new().stack_size(256 << 20).spawn(test).unwrap();
    if let Err(panic) = run.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn replies_without_damage_make_an_image() {
    on_large_stack(|| {
        let records = Records::default();
        for which in 0..PROGRAMS.len() {
            let Outcome { image, status, report } = build(&records, which, Vec::new(), None);
            word(&report);
            assert_eq!(
                (image.is_some(), status),
                (true, Status::Complete),
                "{which}: {:?}",
                report.problems
            );
        }
    });
}

#[test]
fn whatever_a_worker_sends_goes_through_environment_link_and_report() {
    on_large_stack(|| {
        let records = Records::default();
        let mut runner = proptest::test_runner::TestRunner::new(cases(2_000));
        let strategy = (0..PROGRAMS.len(), prop::collection::vec((which(), damage()), 1..6));
        let ran = runner.run(&strategy, |(program, damages)| {
            let outcome = build(&records, program, damages, None);
            word(&outcome.report);
            // Without a part of the runtime there is no image, deliberately.
            let of_library = |problem: &Problem| {
                let place = problem.subject.fragment().and_then(|id| outcome.report.place(id));
                place.is_some_and(|place| place.side == Side::Library)
            };
            let library = outcome.report.problems.iter().any(of_library);
            prop_assert!(library || outcome.status != Status::Bug, "{:?}", outcome.report.problems);
            Ok(())
        });
        ran.unwrap();
    });
}

#[test]
fn a_damaged_answer_about_one_fragment_costs_that_fragment_and_not_the_image() {
    on_large_stack(|| {
        let records = Records::default();
        let mut runner = proptest::test_runner::TestRunner::new(cases(2_000));
        let strategy = (0..PROGRAMS.len(), 0..64usize, prop::collection::vec(damage(), 1..4));
        let ran = runner.run(&strategy, |(program, fragment, damages)| {
            let damages = damages.into_iter().map(|damage| (Which::Build(fragment * 2), damage));
            let Outcome { image, status, report } =
                build(&records, program, damages.collect(), None);
            word(&report);
            prop_assert!(image.is_some(), "{status:?}: {:?}", report.problems);
            prop_assert!(report.closed.len() <= 1, "{:?}", report.closed);
            Ok(())
        });
        ran.unwrap();
    });
}

/// A way in which an object is well formed and wrong.
type Fault = (&'static str, fn(&mut Object));

const TWISTS: [Fault; 9] = [
    ("it defines another function", |object| define(object, "tambah")),
    ("it defines a function of the library", |object| define(object, "@print_line_int")),
    ("it defines the start of all programs", |object| define(object, "!_start")),
    ("it defines a table of the linker", |object| define(object, "=functions")),
    ("it defines another's initialiser", |object| define(object, "%m.fox:8")),
    ("it names what nobody has", |object| name(object, "tiada", 0)),
    ("it names the stand-in of a constant", |object| name(object, "?BATAS", 0)),
    ("it has an address that does not fit", |object| name(object, "@fault_closed", i64::MAX / 2)),
    ("it is too large", |object| object.bss_size = u32::MAX),
];

fn define(object: &mut Object, symbol: &str) {
    object.definitions.push(Definition {
        symbol: symbol.to_owned(),
        section: Section::Text,
        offset: 0,
        size: 0,
        kind: SymbolKind::Function,
    });
}

fn name(object: &mut Object, symbol: &str, addend: i64) {
    let index = object.symbols.len() as u32;
    object.symbols.push(symbol.to_owned());
    let target = Target::Symbol(index);
    let (section, offset, kind) = (Section::Data, object.data.len() as u32, RelocKind::Abs32);
    object.data.extend([0; 4]);
    object.relocs.push(Reloc { section, offset, kind, target, addend });
}

/// Twists the object of each fragment of the small program in turn.
fn twisted(records: &Records, what: &str, twist: impl Fn(&mut Built) + Copy + 'static) -> usize {
    let whole = build(records, 3, Vec::new(), None);
    let own = whole.report.fragments.iter().filter(|place| place.side == Side::Program).count();
    let mut refused = 0;
    for target in 0..own as u32 {
        let twist: Twist = Box::new(move |id, built| {
            if id.0 == target && matches!(built.made, Made::Object { .. }) {
                twist(built);
            }
        });
        let Outcome { image, status, report } = build(records, 3, Vec::new(), Some(twist));
        word(&report);
        assert!(image.is_some(), "{what}, fragment {target}: {status:?}: {:?}", report.problems);
        let closed: Vec<u32> = report.closed.iter().map(|closed| closed.fragment.0).collect();
        assert!(closed.is_empty() || closed == [target], "{what}, fragment {target}: {closed:?}");
        refused += closed.len();
    }
    refused
}

#[test]
fn an_object_that_does_not_fit_the_others_is_closed_and_they_are_linked() {
    on_large_stack(|| {
        let records = Records::default();
        for (what, twist) in TWISTS {
            let refused = twisted(&records, what, move |built| {
                if let Made::Object { object, .. } = &mut built.made {
                    twist(object);
                }
            });
            assert!(refused >= 5, "{what}: only {refused} were refused");
        }
        let nothing = twisted(&records, "it is missing", |built| built.made = Made::Nothing);
        let bare = twisted(&records, "it defines nothing", |built| {
            if let Made::Object { object, .. } = &mut built.made {
                object.definitions.clear();
            }
        });
        assert!(nothing >= 3 && bare >= 3, "{nothing} {bare}");
    });
}

/// An error whose places are nowhere: outside of every text, inside of characters, the wrong way round, in fragments that
/// there are not.
fn nowhere(start: u32, end: u32) -> Diagnostic {
    let span = Span::new(start, end);
    Diagnostic::new(Code::NameUnknown, span)
        .arg("name", "\u{1b}[31m\n")
        .mark(Span::new(end, start), concat!("mark-", "unheard-of"))
        .mark_in(FragmentId(start), span, "mark-first")
        .mark_in(FragmentId(u32::MAX), span, "mark-first")
        .footer(concat!("help-", "unheard-of"))
        .fix(span, "\u{0}\n")
}

#[test]
fn an_error_that_points_nowhere_is_worded_in_the_report_and_in_the_stub() {
    on_large_stack(|| {
        let records = Records::default();
        let ends = [0, 1, 3, 1_000, u32::MAX - 1, u32::MAX];
        for (start, end) in ends.iter().flat_map(|start| ends.map(|end| (*start, end))) {
            let refused = twisted(&records, "it points nowhere", move |built| {
                built.diagnostics.push(nowhere(start, end));
            });
            assert!(refused >= 5, "{start}..{end}: {refused}");
        }
    });
}

/// Programs with pieces of other programs in the wrong places.
fn muddled() -> impl Strategy<Value = String> {
    let words = [
        "fungsi ",
        "tutup_fungsi",
        "unit ",
        "tutup_unit",
        "struktur ",
        "const ",
        "var ",
        "asm_mulai",
        "tutup_asm",
        "asm_data",
        "tutup_data",
        "ambil \"x\"",
        "mulai",
        "(",
        ")",
        "[",
        "=",
        ",",
        "\n",
        " ",
        "\t",
        "1",
        "\"",
        "###",
        "function f(n)\n",
        "akhir",
        "é",
    ];
    let insertion = (any::<usize>(), 0..12usize, prop::sample::select(words.to_vec()));
    (0..PROGRAMS.len(), prop::collection::vec(insertion, 0..8)).prop_map(|(program, changes)| {
        let mut text = PROGRAMS[program].to_owned();
        for (at, cut, word) in changes {
            let at = text.floor_char_boundary(at % (text.len() + 1));
            let end = text.ceil_char_boundary((at + cut).min(text.len()));
            text.replace_range(at..end, word);
        }
        text
    })
}

#[test]
fn an_honest_answer_is_always_accepted() {
    on_large_stack(|| {
        let mut runner = proptest::test_runner::TestRunner::new(cases(2_000));
        let ran = runner.run(&muddled(), |text| {
            let pieces = read_pieces(&encode(&morph_syntax::split(&text)), &text);
            for piece in pieces.map_err(|_| TestCaseError::fail("the cut is refused"))? {
                let own = piece.text(&text);
                for side in [Side::Program, Side::Library] {
                    let seen = encode(&look(own, piece.kind, side, &mut || ()));
                    let read = read_seen(&seen, &piece, own);
                    prop_assert!(read.is_ok(), "{:?} {:?}", piece, own);
                }
            }
            Ok(())
        });
        ran.unwrap();
    });
}
