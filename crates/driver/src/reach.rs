//! Who can reach a closed fragment: shortest call paths from the entry points.

use std::collections::VecDeque;

use morph_diag::FragmentId;

/// Which fragments name which.
#[derive(Debug)]
pub(crate) struct Graph {
    /// For each fragment those that it uses, in order of first use.
    pub(crate) uses: Vec<Vec<FragmentId>>,
    /// Closed fragments never run, so no path leads through them.
    pub(crate) closed: Vec<bool>,
}

impl Graph {
    /// The shortest path from one of `starts` to each fragment, as the fragment before it.
    pub(crate) fn search(&self, starts: &[FragmentId]) -> Paths {
        let mut before: Vec<Option<FragmentId>> = vec![None; self.uses.len()];
        let mut reached = vec![false; self.uses.len()];
        let mut queue = VecDeque::new();
        for start in starts {
            if let Some(flag) = reached.get_mut(start.0 as usize)
                && !std::mem::replace(flag, true)
            {
                queue.push_back(*start);
            }
        }
        while let Some(at) = queue.pop_front() {
            if self.closed[at.0 as usize] {
                continue;
            }
            for next in &self.uses[at.0 as usize] {
                if !std::mem::replace(&mut reached[next.0 as usize], true) {
                    before[next.0 as usize] = Some(at);
                    queue.push_back(*next);
                }
            }
        }
        Paths { before, reached }
    }

    /// Fragments among `all` that no other fragment uses.
    pub(crate) fn unused(&self, all: impl Iterator<Item = FragmentId>) -> Vec<FragmentId> {
        let mut used = vec![false; self.uses.len()];
        for (user, uses) in self.uses.iter().enumerate() {
            for id in uses {
                if id.0 as usize != user {
                    used[id.0 as usize] = true;
                }
            }
        }
        all.filter(|id| !used[id.0 as usize]).collect()
    }
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Paths {
    before: Vec<Option<FragmentId>>,
    reached: Vec<bool>,
}

impl Paths {
    /// From the start to `target`, both included.
    pub(crate) fn to(&self, target: FragmentId) -> Option<Vec<FragmentId>> {
        if !*self.reached.get(target.0 as usize)? {
            return None;
        }
        let mut path = vec![target];
        while let Some(before) = self.before[path.last()?.0 as usize] {
            path.push(before);
        }
        path.reverse();
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u32]) -> Vec<FragmentId> {
        numbers.iter().copied().map(FragmentId).collect()
    }

    #[test]
    fn the_shortest_path_is_found_and_none_leads_through_what_is_closed() {
        // 0 -> 1 -> 3, 0 -> 2 -> 1, 3 -> 4; 3 is closed.
        let uses = [&[2, 1][..], &[3], &[1], &[4], &[]];
        let graph = Graph {
            uses: uses.iter().map(|uses| ids(uses)).collect(),
            closed: vec![false, false, false, true, false],
        };
        let paths = graph.search(&ids(&[0]));
        assert_eq!(paths.to(FragmentId(3)), Some(ids(&[0, 1, 3])));
        assert_eq!(paths.to(FragmentId(4)), None);
        assert_eq!(graph.unused((0..5).map(FragmentId)), ids(&[0]));
    }
}
