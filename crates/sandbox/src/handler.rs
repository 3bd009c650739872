//! What a dying worker does: its signal handlers and its panic hook write one record and leave.
//!
//! The handlers run on a stack of their own (16 times what the kernel needs for a signal, with a guard page below) and call nothing that allocates or
//! locks. The worker leaves by `_exit` and not by the signal itself: no core dump is attempted and the kernel logs nothing; the true
//! signal is in the record. A fault inside the handler ends the worker by that signal, with the record as far as it was written.

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};

use crate::backtrace;
use crate::control::{Cause, Record};
use crate::worker::{RECORDED, Station};

/// Signals that a crash raises.
pub(crate) const FATAL: [i32; 7] = [
    libc::SIGSEGV,
    libc::SIGABRT,
    libc::SIGFPE,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGSYS,
    libc::SIGTRAP,
];

/// Signals that are meant for the pool's owner, not for a worker.
const IGNORED: [i32; 5] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE];

type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);

/// Installs the handlers on their stack, and the panic hook. Called in the worker, with all signals blocked.
pub(crate) fn install(stack: &SignalStack) -> io::Result<()> {
    stack.install()?;
    for signal in IGNORED {
        dispose(signal, libc::SIG_IGN, 0)?;
    }
    let crash: Handler = on_crash;
    for signal in FATAL {
        let flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESETHAND;
        dispose(signal, crash as libc::sighandler_t, flags)?;
    }
    let tick: Handler = on_tick;
    let flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    dispose(libc::SIGPROF, tick as libc::sighandler_t, flags)?;
    std::panic::set_hook(Box::new(on_panic));
    Ok(())
}

/// Starts the clock of the processor time: a signal each time that so much was used.
pub(crate) fn start_clock(tick: std::time::Duration) -> io::Result<()> {
    let interval = libc::timeval {
        tv_sec: tick.as_secs() as libc::time_t,
        tv_usec: libc::suseconds_t::from(tick.subsec_micros()),
    };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: `timer` lives through the call, and null says that the old one is not wanted.
    let set = unsafe { libc::setitimer(libc::ITIMER_PROF, &raw const timer, std::ptr::null_mut()) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The stack for the handlers of workers, with a guard page below. Made in the parent, which never touches it: every worker inherits its own.
#[derive(Debug)]
pub(crate) struct SignalStack {
    // Invariant: `base .. base + PAGE + size` is our own private mapping, its lowest page without access, mapped until `Drop`.
    base: NonNull<u8>,
    size: usize,
}

const PAGE: usize = 4096;

impl SignalStack {
    pub(crate) fn new() -> io::Result<SignalStack> {
        // SAFETY: asks the auxiliary vector for a number.
        let least = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) } as usize;
        let size = (16 * least.max(libc::MINSIGSTKSZ)).next_multiple_of(PAGE);
        // SAFETY: a new mapping at an address that the kernel chooses; its lowest page is then taken away as a guard.
        let base = unsafe {
            let base = rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                size + PAGE,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )?;
            rustix::mm::mprotect(base, PAGE, MprotectFlags::empty())?;
            base
        };
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(SignalStack { base, size })
    }

    /// In a worker: has the handlers run on it.
    fn install(&self) -> io::Result<()> {
        // SAFETY: by the invariant on `base`; a worker ends by `_exit`, so the stack is mapped as long as it lives.
        let set = unsafe {
            let low = self.base.as_ptr().add(PAGE).cast();
            let stack = libc::stack_t { ss_sp: low, ss_flags: 0, ss_size: self.size };
            libc::sigaltstack(&raw const stack, std::ptr::null_mut())
        };
        if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for SignalStack {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what `new` mapped; no handler of this process runs on it. It cannot fail for a range that is mapped.
        let _unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.size + PAGE) };
    }
}

fn dispose(signal: i32, action: libc::sighandler_t, flags: i32) -> io::Result<()> {
    // SAFETY: a zeroed `sigaction` is valid; the handlers named above have the signature that SA_SIGINFO asks for.
    let set = unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = action;
        new.sa_flags = flags;
        libc::sigaction(signal, &raw const new, std::ptr::null_mut())
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// One more stretch of processor time is used: was it all by the same task?
extern "C" fn on_tick(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let Some(station) = Station::current() else { return };
    let sequence = station.sequence();
    if station.ticked.swap(sequence, Ordering::Relaxed) != sequence {
        station.ticks.store(0, Ordering::Relaxed);
        return;
    }
    let ticks = station.ticks.fetch_add(1, Ordering::Relaxed) + 1;
    if ticks >= station.tick_limit && sequence != 0 {
        station.exhaust_cpu();
    }
}

extern "C" fn on_crash(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let Some(station) = Station::current() else { return };
    if station.claim() {
        // SAFETY: the kernel passes a valid siginfo and ucontext to a handler with SA_SIGINFO.
        let (info, registers) = unsafe { (&*info, registers(&*context.cast())) };
        let record = station.record();
        write_crash(record, station, signal, info, &registers);
        record.written.store(Cause::Crash as u32, Ordering::Release);
        // Only now, because reading a damaged stack may fault again: then the record stands without it.
        backtrace::write(record, &station.ground, &registers);
    }
    // SAFETY: ends the process without running anything of it.
    unsafe { libc::_exit(RECORDED) }
}

fn write_crash(
    record: &Record,
    station: &Station,
    signal: i32,
    info: &libc::siginfo_t,
    registers: &Registers,
) {
    let address = if info.si_code > 0 && signal != libc::SIGSYS {
        // SAFETY: a signal that the kernel raised for a fault carries an address.
        unsafe { info.si_addr() as usize }
    } else {
        0
    };
    let call = if signal == libc::SIGSYS { forbidden_call(info) } else { 0 };
    let at_guard =
        signal == libc::SIGSEGV && station.ground.at_guard(address, registers.stack_pointer);
    record.signal.store(signal as u32, Ordering::Relaxed);
    record.code.store(info.si_code as u32, Ordering::Relaxed);
    record.at_guard.store(u32::from(at_guard), Ordering::Relaxed);
    record.call.store(call as u32, Ordering::Relaxed);
    record.address.store(address as u64, Ordering::Relaxed);
    record.instruction_pointer.store(registers.instruction_pointer as u64, Ordering::Relaxed);
    record.stack_pointer.store(registers.stack_pointer as u64, Ordering::Relaxed);
}

/// The number of the system call that a SIGSYS is about: `si_syscall`, which libc does not name.
fn forbidden_call(info: &libc::siginfo_t) -> i32 {
    const PLACE: usize = 24; // Behind si_signo, si_errno, si_code, padding and the 8 bytes of si_call_addr.
    // SAFETY: a siginfo has 128 bytes, and those of a SIGSYS have a number there.
    unsafe { std::ptr::from_ref(info).byte_add(PLACE).cast::<i32>().read() }
}

/// The registers that a record needs.
#[derive(Debug)]
pub(crate) struct Registers {
    pub(crate) instruction_pointer: usize,
    pub(crate) stack_pointer: usize,
    pub(crate) frame_pointer: usize,
}

#[cfg(target_arch = "x86_64")]
fn registers(context: &libc::ucontext_t) -> Registers {
    let registers = &context.uc_mcontext.gregs;
    Registers {
        instruction_pointer: registers[libc::REG_RIP as usize] as usize,
        stack_pointer: registers[libc::REG_RSP as usize] as usize,
        frame_pointer: registers[libc::REG_RBP as usize] as usize,
    }
}

#[cfg(target_arch = "aarch64")]
fn registers(context: &libc::ucontext_t) -> Registers {
    let machine = &context.uc_mcontext;
    Registers {
        instruction_pointer: machine.pc as usize,
        stack_pointer: machine.sp as usize,
        frame_pointer: machine.regs[29] as usize,
    }
}

/// A panic ends the worker where it happens: nothing is unwound, nothing printed.
fn on_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let Some(station) = Station::current() else { return };
    station.die(Cause::Panic, |record| {
        let message = panic.payload_as_str().unwrap_or("a value that is no text");
        write_text(message, &record.message_length, &record.message);
        let mut location = [0_u8; 512];
        let mut rest: &mut [u8] = &mut location;
        if let Some(place) = panic.location() {
            // A path that is longer is cut: the writer is full, and that is all.
            let _full = io::Write::write_fmt(
                &mut rest,
                format_args!("{}:{}:{}", place.file(), place.line(), place.column()),
            );
        }
        let length = 512 - rest.len();
        write_bytes(&location[..length], &record.location_length, &record.location);
    })
}

/// Leaves a record of why the worker could not be prepared.
pub(crate) fn die_unprepared(station: &Station, step: &str, error: &dyn std::fmt::Display) -> ! {
    station.die(Cause::Jail, |record| {
        let message = format!("the worker could not be prepared: {step}: {error}");
        write_text(&message, &record.message_length, &record.message);
    })
}

fn write_text(
    text: &str,
    length: &std::sync::atomic::AtomicU32,
    place: &[std::sync::atomic::AtomicU8],
) {
    let end = text.floor_char_boundary(place.len());
    write_bytes(&text.as_bytes()[..end], length, place);
}

fn write_bytes(
    bytes: &[u8],
    length: &std::sync::atomic::AtomicU32,
    place: &[std::sync::atomic::AtomicU8],
) {
    for (byte, place) in bytes.iter().zip(place) {
        place.store(*byte, Ordering::Relaxed);
    }
    length.store(bytes.len().min(place.len()) as u32, Ordering::Relaxed);
}
