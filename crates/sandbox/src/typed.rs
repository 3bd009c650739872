//! Jobs that take and give values instead of bytes, carried by postcard.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::death::Death;
use crate::job::{Job, Marker, Reply};
use crate::many::run_all;
use crate::pool::SandboxError;
use crate::settings::Settings;

/// Work that may crash, on values.
pub trait TypedJob {
    /// As of [`Job::PHASES`].
    const PHASES: &'static [&'static str];
    /// What it takes.
    type Input: Serialize + DeserializeOwned;
    /// What it gives.
    type Output: Serialize + DeserializeOwned;

    /// As [`Job::warm_up`].
    fn warm_up(&mut self) {}

    /// Works on one task.
    fn run(&mut self, input: Self::Input, phase: &Marker<'_>) -> Self::Output;
}

/// Makes a [`Job`] of a [`TypedJob`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed<T>(pub T);

/// A value that could not be carried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes are no such value, or the value cannot be written.
    #[error("not a value of this type: {0}")]
    Value(postcard::Error),
    /// The bytes go on behind the value.
    #[error("{0} bytes too many")]
    Trailing(usize),
}

impl<T: TypedJob> Typed<T> {
    /// The bytes of an input, to be sent as a [`Task`](crate::Task).
    ///
    /// # Errors
    /// If the value cannot be written.
    pub fn encode(input: &T::Input) -> Result<Vec<u8>, CodecError> {
        postcard::to_allocvec(input).map_err(CodecError::Value)
    }

    /// The value of a reply. The bytes are untrusted; they must be one value exactly.
    ///
    /// # Errors
    /// If they are not.
    pub fn decode(reply: &[u8]) -> Result<T::Output, CodecError> {
        decode(reply)
    }
}

fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, CodecError> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(CodecError::Value)?;
    if rest.is_empty() { Ok(value) } else { Err(CodecError::Trailing(rest.len())) }
}

impl<T: TypedJob> Job for Typed<T> {
    const PHASES: &'static [&'static str] = T::PHASES;

    fn warm_up(&mut self) {
        self.0.warm_up();
    }

    fn run(&mut self, input: &[u8], phase: &Marker<'_>, reply: &mut Reply<'_>) {
        let input = match decode(input) {
            Ok(input) => input,
            Err(error) => panic!("the input of a task was not encoded by its job: {error}"),
        };
        let output = self.0.run(input, phase);
        if let Err(error) = postcard::serialize_with_flavor(&output, reply) {
            panic!("the output of a task cannot be encoded: {error}");
        }
    }
}

/// Why a task has no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Its worker died of it.
    #[error("{0}")]
    Died(Death),
    /// What the worker replied is not an output.
    #[error("the reply is {0}")]
    Undecodable(CodecError),
}

/// [`run_all`](crate::run_all) on values.
///
/// # Errors
/// As `run_all`, and if an input cannot be encoded.
pub fn run_all_typed<T: TypedJob>(
    job: T,
    inputs: &[T::Input],
    settings: Settings,
) -> Result<Vec<Result<T::Output, Failure>>, SandboxError> {
    let inputs: Result<Vec<Vec<u8>>, CodecError> = inputs.iter().map(Typed::<T>::encode).collect();
    let inputs = inputs.map_err(|source| SandboxError::System {
        what: "encoding the inputs",
        source: std::io::Error::other(source),
    })?;
    let replies = run_all(Typed(job), &inputs, settings)?;
    Ok(replies
        .into_iter()
        .map(|reply: Result<Bytes, Death>| {
            reply
                .map_err(Failure::Died)
                .and_then(|reply| Typed::<T>::decode(&reply).map_err(Failure::Undecodable))
        })
        .collect())
}
