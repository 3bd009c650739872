//! The same work on many values, by several processors at once; the results in the order of the values.

use std::panic::resume_unwind;
use std::thread;

/// What `work` makes of each item. A thread gets no fewer than `least` of them.
///
/// All threads begin and end in here: who forks a worker afterwards is alone, as it must be.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    least: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(items.len() / least.max(1));
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let (work, share) = (&work, items.len().div_ceil(threads));
    thread::scope(|scope| {
        let (own, others) = items.split_at(share);
        let others: Vec<_> = others
            .chunks(share)
            .map(|items| scope.spawn(move || items.iter().map(work).collect::<Vec<R>>()))
            .collect();
        let mut all = Vec::with_capacity(items.len());
        all.extend(own.iter().map(work));
        for thread in others {
            match thread.join() {
                Ok(made) => all.extend(made),
                Err(panic) => resume_unwind(panic),
            }
        }
        all
    })
}
