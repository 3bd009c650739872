//! The simplest way in: many inputs, one job, every core.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::death::Death;
use crate::job::{Job, Task, TaskId};
use crate::pool::{Event, Pool, SandboxError, WorkerId};
use crate::settings::Settings;

/// Tasks in a batch.
const BATCH: usize = 16;
/// How often a task is given out again whose worker was lost, and how many workers may die before they begin anything.
const PATIENCE: u32 = 10;

/// Runs `job` on every input, on as many workers as there are cores. The results are in the order of the inputs.
///
/// A task that its worker dies of has that death for its result; it is not tried again. Those that the same worker had not begun are given to another
/// one, and so is a task whose worker was [lost](Death::Lost), ten times at most.
///
/// # Errors
/// If the settings make no sense or the system refuses to fork at all.
pub fn run_all<J: Job>(
    job: J,
    inputs: &[impl AsRef<[u8]>],
    settings: Settings,
) -> Result<Vec<Result<Bytes, Death>>, SandboxError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut pool = Pool::new(job, settings)?;
    let mut work = Work {
        results: vec![None; inputs.len()],
        losses: vec![0; inputs.len()],
        queue: (0..inputs.len()).collect(),
        barren: 0,
    };
    for _ in 0..cores.min(inputs.len().div_ceil(BATCH)) {
        let worker = pool.spawn()?;
        work.feed(&mut pool, worker, inputs)?;
    }
    while work.results.iter().any(Option::is_none) {
        for event in pool.wait(Duration::MAX)? {
            match event {
                Event::Answered { task, reply, .. } => work.settle(task, Ok(reply)),
                Event::Drained { worker } => work.feed(&mut pool, worker, inputs)?,
                Event::Died { death, in_hand, unanswered, .. } => {
                    work.mourn(&death, in_hand.map(|(task, _)| task), &unanswered);
                    if !work.queue.is_empty() {
                        let worker = pool.spawn()?;
                        work.feed(&mut pool, worker, inputs)?;
                    }
                }
            }
        }
    }
    Ok(work.results.into_iter().flatten().collect())
}

struct Work {
    results: Vec<Option<Result<Bytes, Death>>>,
    losses: Vec<u32>,
    queue: VecDeque<usize>,
    /// Workers in a row that died with nothing in hand.
    barren: u32,
}

impl Work {
    fn feed<J: Job>(
        &mut self,
        pool: &mut Pool<J>,
        worker: WorkerId,
        inputs: &[impl AsRef<[u8]>],
    ) -> Result<(), SandboxError> {
        // The last tasks are spread: a worker takes no more than its share of what is left.
        let share = self.queue.len().div_ceil(pool.workers().count().max(1)).min(BATCH);
        let mut taken: Vec<usize> = self.queue.drain(..share).collect();
        while !taken.is_empty() {
            let tasks: Vec<Task<'_>> = taken
                .iter()
                .filter_map(|at| inputs.get(*at).map(|input| (at, input)))
                .map(|(at, input)| Task::new(TaskId(*at as u32), input.as_ref()))
                .collect();
            match pool.send(worker, &tasks) {
                // Too large together: half of it now, the rest later.
                Err(SandboxError::BatchTooLarge { .. }) if taken.len() > 1 => {
                    for at in taken.split_off(taken.len().div_ceil(2)).into_iter().rev() {
                        self.queue.push_front(at);
                    }
                }
                done => return done,
            }
        }
        Ok(())
    }

    fn settle(&mut self, task: TaskId, result: Result<Bytes, Death>) {
        self.barren = 0;
        if let Some(place) = self.results.get_mut(task.0 as usize) {
            *place = Some(result);
        }
    }

    fn mourn(&mut self, death: &Death, in_hand: Option<TaskId>, unanswered: &[TaskId]) {
        for task in unanswered.iter().rev() {
            self.queue.push_front(task.0 as usize);
        }
        let Some(task) = in_hand else {
            self.barren += 1;
            if self.barren > PATIENCE {
                for at in std::mem::take(&mut self.queue) {
                    self.settle(TaskId(at as u32), Err(death.clone()));
                }
            }
            return;
        };
        let again = match (death, self.losses.get_mut(task.0 as usize)) {
            (Death::Lost { .. }, Some(losses)) => {
                *losses += 1;
                *losses <= PATIENCE
            }
            _ => false,
        };
        if again {
            self.queue.push_front(task.0 as usize);
        } else {
            self.settle(task, Err(death.clone()));
        }
    }
}
