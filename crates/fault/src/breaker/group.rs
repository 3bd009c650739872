//! Breakers of things that stand in for each other, of which never too many are isolated at once.

use std::collections::BTreeMap;

use crate::breaker::{Answer, Breaker, Config, Illegal, Input, Notice, Percent};
use crate::time::Moment;

/// The breakers of the members of a group, with a floor.
///
/// Never more than `floor` of the members are isolated: when more of them fail, the fault is more
/// likely to lie with what they share, and calling some of them is better than calling none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<K: Ord> {
    members: BTreeMap<K, Breaker>,
    /// The largest share of isolated members; `None`: any.
    floor: Option<Percent>,
    isolated: usize,
}

impl<K: Ord> Group<K> {
    /// All members CLOSED.
    pub fn new(
        config: &Config,
        members: impl IntoIterator<Item = K>,
        floor: Option<Percent>,
    ) -> Group<K> {
        let members = members.into_iter().map(|key| (key, Breaker::new(config))).collect();
        Group { members, floor, isolated: 0 }
    }

    pub fn member(&self, key: &K) -> Option<&Breaker> {
        self.members.get(key)
    }

    /// How many members are isolated (OPEN, HALF_OPEN or FORCED_OPEN).
    pub fn isolated(&self) -> usize {
        self.isolated
    }

    /// Tells `input` to a member; `None` if there is no such member.
    ///
    /// # Errors
    ///
    /// As [`Breaker::apply_as_member`].
    pub fn apply(
        &mut self,
        key: &K,
        config: &Config,
        input: Input,
        now: Moment,
        notices: &mut Vec<Notice>,
    ) -> Option<Result<Answer, Illegal>> {
        let all = self.members.len() as u64;
        let breaker = self.members.get_mut(key)?;
        let may_isolate = self
            .floor
            .is_none_or(|share| (self.isolated as u64 + 1) * 100 <= u64::from(share.get()) * all);
        let before = breaker.state().isolates();
        let answer = breaker.apply_as_member(config, input, now, may_isolate, notices);
        match (before, breaker.state().isolates()) {
            (false, true) => self.isolated += 1,
            (true, false) => self.isolated -= 1,
            (true, true) | (false, false) => {}
        }
        Some(answer)
    }
}
