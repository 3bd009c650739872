//! All summaries to one environment.

use morph_diag::{Diagnostic, FragmentId};

use super::{EnvInput, Environment};

pub(super) fn join(
    _fragments: &[EnvInput<'_, '_>],
) -> (Environment, Vec<(FragmentId, Diagnostic)>) {
    todo!("being written")
}
