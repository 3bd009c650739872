//! From a death record and an exit status to a [`Death`].

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use rustix::process::WaitIdStatus;

use crate::control::{Cause, Record};
use crate::death::{CrashKind, CrashRecord, Death, Exhausted, Garble};
use crate::handler::FATAL;
use crate::pool::millis;
use crate::settings::Budget;
use crate::worker::RECORDED;

/// How a reaped worker died, if the pool condemned it or not: `doomed` is what it died of if it left no other trace.
///
/// A record is believed if the worker left the way that writers of records do, or a second fault cut it short.
pub(crate) fn death(
    record: &Record,
    status: Option<WaitIdStatus>,
    budget: &Budget,
    image_base: u64,
    doomed: Option<Death>,
) -> Death {
    let written = record.written.load(Ordering::Acquire);
    let exit = status.as_ref().and_then(WaitIdStatus::exit_status);
    let signal = status.as_ref().and_then(WaitIdStatus::terminating_signal);
    if written != 0 {
        let cause = Cause::of(written).filter(|_| exit.is_none_or(|exit| exit == RECORDED));
        return cause.map_or(Death::Garbled { reason: Garble::Record }, |cause| {
            recorded(record, cause, budget, image_base)
        });
    }
    match (exit, signal) {
        (Some(status), _) => Death::Exited { status },
        (None, Some(signal)) if FATAL.contains(&signal) => {
            Death::Crashed(CrashRecord::of_signal(signal, image_base))
        }
        (None, signal) => doomed.unwrap_or(Death::Lost { signal: signal.unwrap_or(0) }),
    }
}

fn recorded(record: &Record, cause: Cause, budget: &Budget, image_base: u64) -> Death {
    let number = |place: &AtomicU32| place.load(Ordering::Relaxed) as i32;
    match cause {
        Cause::Crash => {
            let signal = number(&record.signal);
            let at_guard = record.at_guard.load(Ordering::Relaxed) == 1;
            let frames = record.frame_count.load(Ordering::Acquire) as usize;
            if !FATAL.contains(&signal) || frames > CrashRecord::FRAME_LIMIT {
                return Death::Garbled { reason: Garble::Record };
            }
            Death::Crashed(CrashRecord {
                kind: CrashKind::of(signal, number(&record.call), at_guard),
                signal,
                code: number(&record.code),
                address: record.address.load(Ordering::Relaxed),
                instruction_pointer: record.instruction_pointer.load(Ordering::Relaxed),
                stack_pointer: record.stack_pointer.load(Ordering::Relaxed),
                backtrace: record
                    .frames
                    .iter()
                    .take(frames)
                    .map(|frame| frame.load(Ordering::Relaxed))
                    .collect(),
                image_base,
            })
        }
        Cause::Panic => {
            match (
                text(&record.message_length, &record.message),
                text(&record.location_length, &record.location),
            ) {
                (Some(message), Some(location)) => Death::Panicked { message, location },
                _ => Death::Garbled { reason: Garble::Record },
            }
        }
        Cause::Jail => text(&record.message_length, &record.message).map_or(
            Death::Garbled { reason: Garble::Record },
            |message| Death::Panicked { message, location: Death::START.to_owned() },
        ),
        Cause::Memory => Death::Exhausted(Exhausted::Memory {
            asked: record.address.load(Ordering::Relaxed),
            limit: budget.memory as u64,
        }),
        Cause::Cpu => Death::Exhausted(Exhausted::Cpu { limit_ms: millis(budget.cpu) }),
        Cause::Reply => Death::Exhausted(Exhausted::Reply { limit: budget.reply as u64 }),
    }
}

/// A text of a record. `None` if its length cannot be. Bytes that are no UTF-8 are replaced.
fn text(length: &AtomicU32, place: &[AtomicU8]) -> Option<String> {
    let bytes = place.get(..length.load(Ordering::Relaxed) as usize)?;
    let bytes: Vec<u8> = bytes.iter().map(|byte| byte.load(Ordering::Relaxed)).collect();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
