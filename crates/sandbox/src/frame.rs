//! How tasks and replies lie in their slots. Replies are untrusted: every length and every name is checked.
//!
//! ```text
//! request: task u32 | length u32 | phase u8, fault u8, 0, 0 | bytes
//! reply:   task u32 | length u32 | bytes
//! ```
//! All little-endian.

use bytes::Bytes;

use crate::death::Garble;
use crate::inject::Plan;
use crate::job::{Task, TaskId};

/// Bytes before the input of a task.
pub(crate) const REQUEST_HEADER: usize = 12;
/// Bytes before the bytes of a reply.
pub(crate) const REPLY_HEADER: usize = 8;

/// The bytes before a task's input. `None` if the input is too long to be framed.
pub(crate) fn request_header(task: &Task<'_>) -> Option<[u8; REQUEST_HEADER]> {
    let length = u32::try_from(task.input.len()).ok()?;
    let plan = Plan::of(task.inject);
    let mut header = [0; REQUEST_HEADER];
    header[..4].copy_from_slice(&task.id.0.to_le_bytes());
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8] = plan.phase;
    header[9] = plan.fault;
    Some(header)
}

/// The bytes before a reply.
pub(crate) fn reply_header(task: TaskId, length: u32) -> [u8; REPLY_HEADER] {
    let mut header = [0; REPLY_HEADER];
    header[..4].copy_from_slice(&task.0.to_le_bytes());
    header[4..].copy_from_slice(&length.to_le_bytes());
    header
}

/// A task as the worker finds it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) task: TaskId,
    pub(crate) plan: Plan,
    pub(crate) input: &'a [u8],
}

/// Takes the first request off `bytes`. `None` at the end, or where the framing ends.
pub(crate) fn next_request<'a>(bytes: &mut &'a [u8]) -> Option<Request<'a>> {
    let (header, rest) = bytes.split_first_chunk::<REQUEST_HEADER>()?;
    let (task, length) = names(header.first_chunk()?);
    let input = rest.get(..length)?;
    *bytes = rest.get(length..)?;
    Some(Request { task, plan: Plan { phase: header[8], fault: header[9] }, input })
}

/// Takes the first reply off `bytes`, which must be the one to `expected` with at most `limit` bytes.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn next_reply(
    bytes: &mut Bytes,
    expected: Option<TaskId>,
    limit: usize,
) -> Result<Bytes, Garble> {
    let (task, length) = names(bytes.first_chunk().ok_or(Garble::Frame)?);
    if Some(task) != expected {
        return Err(Garble::Order);
    }
    if length > limit || length > bytes.len() - REPLY_HEADER {
        return Err(Garble::Frame);
    }
    let _header = bytes.split_to(REPLY_HEADER);
    Ok(bytes.split_to(length))
}

fn names(header: &[u8; REPLY_HEADER]) -> (TaskId, usize) {
    let [a, b, c, d, e, f, g, h] = *header;
    (TaskId(u32::from_le_bytes([a, b, c, d])), u32::from_le_bytes([e, f, g, h]) as usize)
}
