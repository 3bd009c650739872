//! The bytes of a record: `"MORPHREC"`, version, length, checksum, then the value.

use crate::pack::{PackProblem, VERSION, number, sum};

const MAGIC: &[u8; 8] = b"MORPHREC";
const HEADER: usize = 8 + 4 + 4 + 4;

pub(crate) fn write(value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + value.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&sum(&[&bytes[8..16], value]).to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

pub(crate) fn read(bytes: &[u8]) -> Result<&[u8], PackProblem> {
    let (header, value) = bytes.split_first_chunk::<HEADER>().ok_or(PackProblem::Kind)?;
    if !header.starts_with(MAGIC) {
        return Err(PackProblem::Kind);
    }
    match number(header, 8) {
        VERSION => {}
        other => return Err(PackProblem::Version(other)),
    }
    let whole = number(header, 12) as usize == value.len()
        && number(header, 16) == sum(&[&header[8..16], value]);
    if whole { Ok(value) } else { Err(PackProblem::Entry) }
}
