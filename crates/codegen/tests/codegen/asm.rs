//! A function's own assembly: locals around a block, results, returns, jumps between blocks.

use morph_asm::Routine;
use morph_object::{Reloc, RelocKind, Section, Target};
use morph_sema::typed::*;

use crate::build::{Build, function, returns, typed};
use crate::image::{Outcome, routines, run};

/// Blocks of hand-made code, each between `push rbp; mov rbp, rdi` and `pop rbp; ret`.
struct Blocks {
    routine: Routine,
}

impl Blocks {
    fn new() -> Blocks {
        Blocks { routine: Routine::default() }
    }

    /// Adds a block that runs `body` and ends with `ending` in RDX; gives where `body` begins.
    fn add(&mut self, body: &[u8], ending: u8) -> u32 {
        let code = &mut self.routine.code;
        self.routine.entries.push(code.len() as u32);
        code.extend_from_slice(&[0x55, 0x48, 0x89, 0xfd]);
        let start = code.len() as u32;
        code.extend_from_slice(body);
        code.extend_from_slice(&[0xba, ending, 0, 0, 0, 0x5d, 0xc3]);
        start
    }

    fn part(self, frame_size: u32) -> AsmPart {
        AsmPart { routine: self.routine, frame_size }
    }
}

const RETURNED: u8 = 0;
const FELL_THROUGH: u8 = 1;
/// `mov rax, [rbp]; add rax, [rbp + 8]; mov [rbp], rax; mov eax, 77`
const ADD_SECOND_TO_FIRST: &[u8] =
    &[0x48, 0x8b, 0x45, 0, 0x48, 0x03, 0x45, 8, 0x48, 0x89, 0x45, 0, 0xb8, 77, 0, 0, 0];

#[test]
fn a_block_changes_the_locals_that_it_names_and_leaves_its_result() {
    let mut b = Build::new("main", &[]);
    let x = b.framed("x", Repr::Word, 0);
    let other = b.local("other", Repr::Word);
    let y = b.framed("y", Repr::Word, 8);
    let mut blocks = Blocks::new();
    blocks.add(ADD_SECOND_TO_FIRST, FELL_THROUGH);
    b.asm(blocks.part(16));
    let (one, two, three) = (b.int(10), b.int(20), b.int(3));
    let sets = [b.set(x, one), b.set(other, two), b.set(y, three)];
    let before = b.expr(Expr::AsmResult);
    let keep = b.local("before", Repr::Word);
    let keep_before = b.set(keep, before);
    let run_it = b.stmt(StmtKind::Asm { block: 0 });
    // ((x * 100 + other) * 100 + y) * 100 + result + before * 1000000
    let mut value = b.read(x);
    for next in [other, y] {
        let hundred = b.int(100);
        value = b.binary(BinaryOp::Multiply, value, hundred);
        let next = b.read(next);
        value = b.binary(BinaryOp::Add, value, next);
    }
    let hundred = b.int(100);
    value = b.binary(BinaryOp::Multiply, value, hundred);
    let result = b.expr(Expr::AsmResult);
    value = b.binary(BinaryOp::Add, value, result);
    let (before, weight) = (b.read(keep), b.int(1_000_000_000));
    let before = b.binary(BinaryOp::Multiply, before, weight);
    value = b.binary(BinaryOp::Add, value, before);
    let mut statements: Vec<Stmt> = sets.into();
    statements.extend([keep_before, run_it, b.ret(value)]);
    assert_eq!(run(&[b.finish(statements)]), Outcome::Result(13_20_03_77));
}

#[test]
fn a_double_lies_in_the_frame_as_its_bits() {
    let mut b = Build::new("main", &[]).result(Repr::Float);
    let x = b.framed("x", Repr::Float, 8);
    let mut blocks = Blocks::new();
    // mov rax, [rbp + 8]; btc rax, 63; mov [rbp + 8], rax
    blocks
        .add(&[0x48, 0x8b, 0x45, 8, 0x48, 0x0f, 0xba, 0xf8, 63, 0x48, 0x89, 0x45, 8], FELL_THROUGH);
    b.asm(blocks.part(16));
    let value = b.float(2.5);
    let set = b.set(x, value);
    let asm = b.stmt(StmtKind::Asm { block: 0 });
    let value = b.read(x);
    let ret = b.ret(value);
    let wanted = (-2.5_f64).to_bits() as i64;
    assert_eq!(run(&[b.finish(vec![set, asm, ret])]), Outcome::Result(wanted));
}

#[test]
fn a_return_inside_a_block_returns_from_the_function() {
    for result in [Repr::Word, Repr::Float] {
        let mut b = Build::new("main", &[]).result(result);
        let mut blocks = Blocks::new();
        blocks.add(&[0xb8, 42, 0, 0, 0], RETURNED);
        b.asm(blocks.part(0));
        let asm = b.stmt(StmtKind::Asm { block: 0 });
        let other = if result == Repr::Word { b.int(1) } else { b.float(1.0) };
        let ret = b.ret(other);
        assert_eq!(run(&[b.finish(vec![asm, ret])]), Outcome::Result(42));
    }
}

#[test]
fn the_frame_is_zero_where_no_local_lies() {
    for (frame_size, offset) in [(32, 24_u8), (120, 112), (127 * 8, 120)] {
        let main = returns("main", |b| {
            // What lies below the stack pointer is not zero any more.
            let dirty = [-1, -1, -1, -1, -1, -1, -1, -1, -1, -1].map(|n| b.int(n));
            let dirty = b.call("dirty", &dirty);
            let clean = b.call("clean", &[]);
            b.binary(BinaryOp::Add, dirty, clean)
        });
        let dirty = function("dirty", 10, |b| {
            let sum = b.param(9);
            (0..9).fold(sum, |sum, n| {
                let param = b.param(n);
                let next = b.call("same", &[sum]);
                b.binary(BinaryOp::Subtract, next, param)
            })
        });
        let same = function("same", 1, |b| b.param(0));
        let mut b = Build::new("clean", &[]);
        b.framed("x", Repr::Word, 0);
        let mut blocks = Blocks::new();
        blocks.add(&[0x48, 0x8b, 0x45, offset], FELL_THROUGH);
        b.asm(blocks.part(frame_size));
        let asm = b.stmt(StmtKind::Asm { block: 0 });
        let value = b.expr(Expr::AsmResult);
        let ret = b.ret(value);
        let mut fragments = routines();
        fragments.extend([main, dirty, same, b.finish(vec![asm, ret])]);
        assert_eq!(run(&fragments), Outcome::Result(8), "{frame_size}");
    }
}

/// `trace = trace * 10 + digit`
fn record(b: &mut Build, trace: LocalId, digit: i64) -> Stmt {
    let (old, ten) = (b.read(trace), b.int(10));
    let shifted = b.binary(BinaryOp::Multiply, old, ten);
    let digit = b.int(digit);
    let value = b.binary(BinaryOp::Add, shifted, digit);
    b.set(trace, value)
}

#[test]
fn control_goes_on_after_the_block_that_it_fell_off() {
    // Block 0 jumps into the middle of block 1, which stands behind a `return`, in a loop's body.
    let mut b = Build::new("main", &[]);
    let trace = b.local("trace", Repr::Word);
    let mut blocks = Blocks::new();
    blocks.add(&[], FELL_THROUGH + 1);
    blocks.add(&[], FELL_THROUGH + 1);
    blocks.routine.jumped_into = vec![1];
    b.asm(blocks.part(0));
    let first = record(&mut b, trace, 1);
    let jump = b.stmt(StmtKind::Asm { block: 0 });
    let skipped = record(&mut b, trace, 2);
    let value = b.read(trace);
    let early = b.ret(value);
    let hidden = b.stmt(StmtKind::Asm { block: 1 });
    let landed = record(&mut b, trace, 3);
    let leave = b.stmt(StmtKind::Break);
    let body = vec![hidden, landed, leave];
    let endless = b.stmt(StmtKind::Loop { cond: None, body, step: Vec::new() });
    let last = record(&mut b, trace, 4);
    let value = b.read(trace);
    let ret = b.ret(value);
    let statements = vec![first, jump, skipped, early, endless, last, ret];
    assert_eq!(run(&[b.finish(statements)]), Outcome::Result(134));
}

#[test]
fn blocks_that_others_enter_still_run_on_their_own_and_return() {
    for (argument, wanted) in [(0, 12), (1, 99)] {
        let main = returns("main", |b| {
            let argument = b.int(argument);
            b.call("f", &[argument])
        });
        let mut b = Build::new("f", &[Repr::Word]);
        let trace = b.local("trace", Repr::Word);
        let mut blocks = Blocks::new();
        blocks.add(&[], FELL_THROUGH);
        // mov eax, 99, returned if the parameter is 1; else falls through
        blocks.add(&[0xb8, 99, 0, 0, 0], RETURNED);
        blocks.add(&[], FELL_THROUGH + 2);
        blocks.routine.jumped_into = vec![0, 2];
        b.asm(blocks.part(0));
        let cond = b.param(0);
        let then = vec![b.stmt(StmtKind::Asm { block: 1 })];
        let otherwise = vec![b.stmt(StmtKind::Asm { block: 0 }), record(&mut b, trace, 1)];
        let choose = b.stmt(StmtKind::If { cond, then, otherwise });
        let asm = b.stmt(StmtKind::Asm { block: 2 });
        let second = record(&mut b, trace, 2);
        let value = b.read(trace);
        let ret = b.ret(value);
        let f = b.finish(vec![choose, asm, second, ret]);
        assert_eq!(run(&[main, f]), Outcome::Result(wanted), "{argument}");
    }
}

#[test]
fn assembly_reaches_symbols_and_its_own_labels() {
    let mut b = Build::new("main", &[]);
    let mut blocks = Blocks::new();
    // mov rax, [$g]; add rax, [word], the word being the eight bytes of 5 behind the block
    let start = blocks
        .add(&[0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0, 0x48, 0x03, 0x05, 0, 0, 0, 0], FELL_THROUGH);
    let word = blocks.routine.code.len() as i64;
    blocks.routine.code.extend_from_slice(&5_i64.to_le_bytes());
    blocks.routine.symbols = vec!["$g".to_owned()];
    let section = Section::Text;
    blocks.routine.relocs = vec![
        Reloc {
            section,
            offset: start + 4,
            kind: RelocKind::Abs32Signed,
            target: Target::Symbol(0),
            addend: 0,
        },
        Reloc {
            section,
            offset: start + 11,
            kind: RelocKind::Rel32,
            target: Target::Section(Section::Text),
            addend: word - 4,
        },
    ];
    b.asm(blocks.part(0));
    let asm = b.stmt(StmtKind::Asm { block: 0 });
    let (result, global) = (b.expr(Expr::AsmResult), b.global("$g"));
    let value = b.binary(BinaryOp::Add, result, global);
    let ret = b.ret(value);
    let global = Item::Global { symbol: "$g".to_owned(), value: 100, initialiser: None };
    let fragments = [typed(global), b.finish(vec![asm, ret])];
    assert_eq!(run(&fragments), Outcome::Result(205));
}
