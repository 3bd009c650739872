//! Delta debugging: the least part of a list that still has a property.
//!
//! The `ddmin` algorithm of Zeller and Hildebrandt ("Simplifying and Isolating Failure-Inducing Input", 2002), with the empty
//! list tried first; and what it misses by taking away one item at a time: items that only go together, as brackets do.
//! Knows nothing of compilers.

/// Whether a part still has the property; `None` if there is no time left to find out.
pub(crate) type Oracle<'o, T> = &'o mut dyn FnMut(&[T]) -> Option<bool>;

/// A part of `items` that has the property and loses it with any one of its items, as far as `oracle` had time.
///
/// `items` itself is taken to have the property and is not asked about.
pub(crate) fn ddmin<T: Clone>(items: Vec<T>, oracle: Oracle<'_, T>) -> Vec<T> {
    if items.is_empty() {
        return items;
    }
    match oracle(&[]) {
        Some(true) => return Vec::new(),
        Some(false) => {}
        None => return items,
    }
    let mut items = items;
    let mut parts = 2;
    while items.len() > 1 {
        match smaller(&items, parts, oracle) {
            Step::To(found, next) => {
                items = found;
                parts = next.clamp(2, items.len().max(2));
            }
            Step::Finer if parts >= items.len() => break,
            Step::Finer => parts = (parts * 2).min(items.len()),
            Step::OutOfTime => break,
        }
    }
    items
}

/// Lists that are longer than this are not searched for items that go together: there are too many pairs.
const FEW: usize = 24;

/// A part of `items` that also loses the property without any run, and any two, of its items, if they are few.
pub(crate) fn ddmin_with_pairs<T: Clone>(items: Vec<T>, oracle: Oracle<'_, T>) -> Vec<T> {
    let mut items = ddmin(items, oracle);
    while let Some(found) = without_two(&items, oracle) {
        items = ddmin(found, oracle);
    }
    items
}

/// The rest without some two items, and what lies between them if that goes too.
fn without_two<T: Clone>(items: &[T], oracle: Oracle<'_, T>) -> Option<Vec<T>> {
    if items.len() > FEW {
        return None;
    }
    for first in 0..items.len() {
        for last in first + 1..items.len() {
            let (before, after) = (&items[..first], &items[last + 1..]);
            let run = [before, after].concat();
            if oracle(&run)? {
                return Some(run);
            }
            let between = &items[first + 1..last];
            let two = [before, between, after].concat();
            if !between.is_empty() && oracle(&two)? {
                return Some(two);
            }
        }
    }
    None
}

enum Step<T> {
    /// These have the property; go on with so many parts.
    To(Vec<T>, usize),
    /// No part, and no rest without a part, has it.
    Finer,
    OutOfTime,
}

/// Tries each of so many parts alone, then the rest without each of them.
fn smaller<T: Clone>(items: &[T], parts: usize, oracle: Oracle<'_, T>) -> Step<T> {
    let cut = |part: usize| part * items.len() / parts;
    for part in 0..parts {
        let alone = &items[cut(part)..cut(part + 1)];
        match oracle(alone) {
            Some(true) => return Step::To(alone.to_vec(), 2),
            Some(false) => {}
            None => return Step::OutOfTime,
        }
    }
    // Of two parts the rest without one is the other.
    if parts == 2 {
        return Step::Finer;
    }
    for part in 0..parts {
        let rest = [&items[..cut(part)], &items[cut(part + 1)..]].concat();
        match oracle(&rest) {
            Some(true) => return Step::To(rest, parts - 1),
            Some(false) => {}
            None => return Step::OutOfTime,
        }
    }
    Step::Finer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least part that holds all of `needed`, and how often was asked.
    fn holding(count: u32, needed: &[u32]) -> (Vec<u32>, usize) {
        let mut asked = 0;
        let found = ddmin((0..count).collect(), &mut |part| {
            asked += 1;
            Some(needed.iter().all(|item| part.contains(item)))
        });
        (found, asked)
    }

    #[test]
    fn what_is_needed_is_found_wherever_it_stands() {
        for needed in [&[][..], &[0], &[99], &[0, 99], &[3, 4, 5], &[1, 50, 51, 98]] {
            let (found, asked) = holding(100, needed);
            assert_eq!(found, needed);
            assert!(asked < 200, "{needed:?} took {asked} questions");
        }
    }

    #[test]
    fn one_of_a_thousand_takes_about_twice_as_many_questions_as_halvings() {
        let (found, asked) = holding(1000, &[700]);
        assert_eq!(found, [700]);
        assert!(asked <= 21, "{asked}");
    }

    #[test]
    fn brackets_go_together_with_what_is_between_them_or_without_it() {
        let balanced = |part: &[char]| {
            let depths = part.iter().scan(0, |depth, letter| {
                *depth += match letter {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                Some(*depth)
            });
            let depths: Vec<i32> = depths.collect();
            depths.iter().all(|depth| *depth >= 0) && depths.last().is_none_or(|depth| *depth == 0)
        };
        for (text, kept) in [("a(b)c", "b"), ("(b)", "b"), ("((a)(b))(c)", "b"), ("(a)b(c)", "b")] {
            let found = ddmin_with_pairs(text.chars().collect(), &mut |part| {
                Some(balanced(part) && part.contains(&'b'))
            });
            assert_eq!(found.iter().collect::<String>(), kept, "{text}");
        }
    }

    #[test]
    fn without_time_the_best_so_far_is_given() {
        let mut left = 3;
        let found = ddmin((0..8).collect(), &mut |part: &[i32]| {
            left -= 1;
            (left >= 0).then(|| part.contains(&5))
        });
        assert_eq!(found, [4, 5, 6, 7]);
    }

    #[test]
    fn nothing_stays_nothing_without_a_question() {
        assert_eq!(ddmin(Vec::<u32>::new(), &mut |_| unreachable!("asked")), Vec::<u32>::new());
    }
}
