//! The order in which jobs are handed out. The result must not depend on it, and tests see to that.

use morph_fault::fault::Key;
use morph_fault::supervisor::{Plan, Rung, Verdict};
use morph_sandbox::{Job, Pool};

use crate::crew::{self, CrewError, Ended, Work};
use crate::isolation::Site;
use crate::ledger::Ledger;
use crate::phase::Phase;
use crate::worker::BadAnswer;

/// For each job the task that it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Order(Vec<usize>);

impl Order {
    /// As they come.
    pub(crate) fn given(jobs: usize) -> Order {
        Order((0..jobs).collect())
    }

    /// Some other order, which follows from `seed`.
    pub(crate) fn shuffled(jobs: usize, seed: u64) -> Order {
        let Order(mut order) = Order::given(jobs);
        fastrand::Rng::with_seed(seed).shuffle(&mut order);
        Order(order)
    }

    /// Does all jobs of a plan in this order; how they ended, in the order of the plan.
    pub(crate) fn run<J: Job, W: Work>(
        self,
        pool: &mut Pool<J>,
        mut plan: Plan,
        work: &mut W,
        ledger: &mut Ledger,
    ) -> Result<Vec<Ended<W::Answer>>, CrewError> {
        let Order(tasks) = self;
        plan.jobs = tasks.iter().filter_map(|task| plan.jobs.get(*task).cloned()).collect();
        let mut reordered = Reordered { work, tasks };
        let ended = crew::run(pool, &plan, &mut reordered, ledger)?;
        let mut placed: Vec<(usize, Ended<W::Answer>)> =
            reordered.tasks.into_iter().zip(ended).collect();
        placed.sort_by_key(|(task, _)| *task);
        Ok(placed.into_iter().map(|(_, ended)| ended).collect())
    }
}

/// Work under other numbers.
struct Reordered<'w, W> {
    work: &'w mut W,
    tasks: Vec<usize>,
}

impl<W: Work> Work for Reordered<'_, W> {
    const NAME: &'static str = W::NAME;
    type Answer = W::Answer;

    fn input(&self, job: usize, rung: Rung) -> Vec<u8> {
        self.work.input(self.tasks[job], rung)
    }

    fn read(&mut self, job: usize, reply: &[u8]) -> Result<(W::Answer, Verdict), BadAnswer> {
        self.work.read(self.tasks[job], reply)
    }

    fn key(&self, job: usize) -> Option<Key> {
        self.work.key(self.tasks[job])
    }

    fn site(&self, job: usize) -> Site {
        self.work.site(self.tasks[job])
    }

    fn steps(&self) -> &'static [Phase] {
        self.work.steps()
    }
}
