//! Compiled code and memory: literals, globals, construction, intrinsics.

use morph_sema::typed::*;

use crate::build::{Build, function, returns};
use crate::image::{Outcome, routines, run};

const SIGSEGV: i32 = 11;

/// `@sys_alloc`: hands out an arena that is full of 0xAA bytes.
fn allocator() -> Vec<Typed> {
    let arena = morph_object::Definition {
        symbol: "$arena".to_owned(),
        section: morph_object::Section::Data,
        offset: 0,
        size: 4096,
        kind: morph_object::SymbolKind::Data,
    };
    let arena = morph_object::Object {
        data: vec![0xaa; 4096],
        definitions: vec![arena],
        ..morph_object::Object::default()
    };
    vec![crate::build::typed(Item::Raw(arena)), function("@sys_alloc", 1, |b| b.address("$arena"))]
}

#[test]
fn construction_fills_and_zeroes_whatever_the_allocator_gives() {
    for (words, filled) in [(1, 0), (3, 2), (20, 1), (40, 3)] {
        for word in 0..words {
            let mut fragments = routines();
            fragments.extend(allocator());
            fragments.push(returns("main", |b| {
                let args: Vec<ExprId> = (0..filled).map(|n| b.int(n + 100)).collect();
                let (alloc, args) = (b.symbol("@sys_alloc"), b.args(&args));
                let base = b.expr(Expr::Construct { alloc, words, args });
                let index = b.int(i64::from(word));
                b.expr(Expr::LoadIndex { base, index })
            }));
            let wanted = if i64::from(word) < filled { i64::from(word) + 100 } else { 0 };
            assert_eq!(run(&fragments), Outcome::Result(wanted), "{word} of {words}");
        }
    }
}

#[test]
fn memory_strings_and_globals_hold_what_was_stored() {
    let mut fragments = routines();
    let global = Item::Global { symbol: "$g".to_owned(), value: 40, initialiser: None };
    fragments.push(crate::build::typed(global));
    fragments.extend(allocator());
    let mut b = Build::new("main", &[]);
    let base = b.address("$arena");
    let one = b.int(1);
    let store = b.stmt(StmtKind::Store { base, offset: 16, value: one });
    let (base, index, two) = (b.address("$arena"), b.int(3), b.int(2));
    let store_index = b.stmt(StmtKind::StoreIndex { base, index, value: two });
    let text = b.string("AB");
    let load = b.intrinsic(Intrinsic::Load16, &[text]);
    let base = b.address("$arena");
    let first = b.expr(Expr::Load { base, offset: 16 });
    let (base, index) = (b.address("$arena"), b.int(3));
    let second = b.expr(Expr::LoadIndex { base, index });
    let mut value = b.global("$g");
    for term in [load, first, second] {
        value = b.binary(BinaryOp::Add, value, term);
    }
    let ret = b.ret(value);
    fragments.push(b.finish(vec![store, store_index, ret]));
    assert_eq!(run(&fragments), Outcome::Result(40 + 0x4241 + 1 + 2));
}

#[test]
fn intrinsics_do_what_their_names_say() {
    use Intrinsic::*;
    type Make = fn(&mut Build) -> ExprId;
    let cases: [(&str, Make, i64); 14] = [
        ("load8", |b| memory(b, Load8, 0), 0xaa),
        ("load16", |b| memory(b, Load16, 0), 0xaaaa),
        ("load32", |b| memory(b, Load32, 0), 0xaaaa_aaaa),
        ("load64", |b| memory(b, Load64, 0), 0xaaaa_aaaa_aaaa_aaaa_u64 as i64),
        ("store8", |b| store(b, Store8), 0xaaaa_aaaa_aaaa_aaef_u64 as i64),
        ("store16", |b| store(b, Store16), 0xaaaa_aaaa_aaaa_cdef_u64 as i64),
        ("store32", |b| store(b, Store32), 0xaaaa_aaaa_89ab_cdef_u64 as i64),
        ("store64", |b| store(b, Store64), 0x0123_4567_89ab_cdef),
        ("atomic_store", |b| store(b, AtomicStore), 0x0123_4567_89ab_cdef),
        ("unsigned_div", |b| words(b, UnsignedDivide, -1, 2), i64::MAX),
        ("unsigned_rem", |b| words(b, UnsignedRemainder, -1, 10), 5),
        ("unsigned_less", |b| words(b, UnsignedLess, 1, -1), 1),
        ("unsigned_mul_high", |b| words(b, UnsignedMultiplyHigh, -1, -1), -2),
        (
            "syscall",
            |b| {
                // dup2(1, -1): EBADF
                let args = [33, 1, -1].map(|n| b.int(n));
                b.intrinsic(Syscall, &args)
            },
            -9,
        ),
    ];
    fn memory(b: &mut Build, op: Intrinsic, offset: i64) -> ExprId {
        let (base, offset) = (b.address("$arena"), b.int(offset));
        let address = b.binary(BinaryOp::Add, base, offset);
        b.intrinsic(op, &[address])
    }
    fn words(b: &mut Build, op: Intrinsic, left: i64, right: i64) -> ExprId {
        let args = [left, right].map(|n| b.int(n));
        b.intrinsic(op, &args)
    }
    fn store(b: &mut Build, op: Intrinsic) -> ExprId {
        let (address, word) = (b.address("$arena"), b.int(0x0123_4567_89ab_cdef));
        let stored = b.intrinsic(op, &[address, word]);
        let address = b.address("$arena");
        let found = b.intrinsic(AtomicLoad, &[address]);
        b.binary(BinaryOp::BitOr, stored, found)
    }
    for (name, make, wanted) in cases {
        let mut fragments = routines();
        fragments.extend(allocator());
        fragments.push(returns("main", make));
        assert_eq!(run(&fragments), Outcome::Result(wanted), "{name}");
    }
}

#[test]
fn atomic_read_modify_write_gives_the_old_value() {
    use Intrinsic::{AtomicAdd, AtomicCompareExchange};
    for (op, args, old, new) in [
        (AtomicAdd, vec![5], 40, 45),
        (AtomicCompareExchange, vec![40, 7], 40, 7),
        (AtomicCompareExchange, vec![41, 7], 40, 40),
    ] {
        let main = returns("main", |b| {
            let mut operands = vec![b.address("$g")];
            operands.extend(args.iter().map(|&n| b.int(n)));
            let old = b.intrinsic(op, &operands);
            let thousand = b.int(1000);
            let scaled = b.binary(BinaryOp::Multiply, old, thousand);
            let new = b.global("$g");
            b.binary(BinaryOp::Add, scaled, new)
        });
        let global = Item::Global { symbol: "$g".to_owned(), value: 40, initialiser: None };
        let outcome = run(&[main, crate::build::typed(global)]);
        assert_eq!(outcome, Outcome::Result(old * 1000 + new), "{op:?}");
    }
}

#[test]
fn memory_is_copied_and_filled_with_the_destination_as_result() {
    let mut fragments = routines();
    fragments.extend(allocator());
    fragments.push(returns("main", |b| {
        let (arena, byte, count) = (b.address("$arena"), b.int(0x1ff), b.int(3));
        let filled = b.intrinsic(Intrinsic::MemoryFill, &[arena, byte, count]);
        let (text, count) = (b.string("hello"), b.int(1));
        let copied = b.intrinsic(Intrinsic::MemoryCopy, &[filled, text, count]);
        b.intrinsic(Intrinsic::Load32, &[copied])
    }));
    assert_eq!(run(&fragments), Outcome::Result(0xaaff_ff68));
}

#[test]
fn frame_pointers_lead_from_callee_to_caller() {
    // The caller's frame pointer is what the callee finds at its own.
    let main = returns("main", |b| {
        let saved = b.call("saved", &[]);
        let own = b.intrinsic(Intrinsic::FramePointer, &[]);
        let same = b.binary(BinaryOp::Equal, saved, own);
        let (own, stack) =
            (b.intrinsic(Intrinsic::FramePointer, &[]), b.intrinsic(Intrinsic::StackPointer, &[]));
        let below = b.binary(BinaryOp::LessEqual, stack, own);
        b.binary(BinaryOp::BitAnd, same, below)
    });
    let saved = returns("saved", |b| {
        let base = b.intrinsic(Intrinsic::FramePointer, &[]);
        b.expr(Expr::Load { base, offset: 0 })
    });
    assert_eq!(run(&[main, saved]), Outcome::Result(1));
}

#[test]
fn a_dead_load_from_nowhere_still_faults() {
    let mut b = Build::new("main", &[]);
    let base = b.int(8);
    let load = b.expr(Expr::Load { base, offset: 0 });
    let drop = b.stmt(StmtKind::Expr(load));
    assert_eq!(run(&[b.finish(vec![drop])]), Outcome::Signal(SIGSEGV));
}

#[test]
fn an_initialiser_stores_its_global_and_may_use_literals() {
    let mut init = Build::new("%main:0", &[]);
    let global = init.symbol("$g");
    let value = init.string("Z");
    let set = init.stmt(StmtKind::SetGlobal { global, value });
    let initialiser = Some(init.body(vec![set]));
    let global = Item::Global { symbol: "$g".to_owned(), value: 0, initialiser };
    let mut main = Build::new("main", &[]);
    let init = main.call("%main:0", &[]);
    let init = main.stmt(StmtKind::Expr(init));
    let text = main.global("$g");
    let letter = main.intrinsic(Intrinsic::Load16, &[text]);
    let ret = main.ret(letter);
    let fragments = [crate::build::typed(global), main.finish(vec![init, ret])];
    assert_eq!(run(&fragments), Outcome::Result(0x5a));
}
