//! Threads that share the work of a step and are never waited for unless they hold a piece of it.
//!
//! Candle's own pool waits after every kernel until each of its threads has answered. A busy neighbour keeps a thread off
//! its core for milliseconds and a token takes hundreds of kernels, so decoding falls to a few tokens a second. Here the
//! caller takes pieces until none is left: a helper that did not wake in time costs its help and nothing more.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Turns that an idle helper waits awake, some ten microseconds: the time between two kernels of a step.
const SPINS: u32 = 2000;

type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// The caller's thread and its helpers.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

struct Shared {
    job: Mutex<Option<Arc<Job>>>,
    /// Counts jobs; helpers watch it.
    generation: AtomicUsize,
    asleep: Vec<AtomicBool>,
    stop: AtomicBool,
}

struct Job {
    /// Borrowed from [`Pool::run`]'s caller: valid as long as a piece is left or in work, see [`Job::take`].
    work: *const Work<'static>,
    pieces: usize,
    next: AtomicUsize,
    /// Helpers that may be in `work`.
    busy: AtomicUsize,
    failed: AtomicBool,
}

// SAFETY: `work` points to a `Sync` closure; when it may be followed is said at `Job::take`.
unsafe impl Send for Job {}
// SAFETY: as above.
unsafe impl Sync for Job {}

impl Job {
    /// Does pieces until none is left.
    ///
    /// `work` is followed only with a piece in hand. [`Wait`] keeps the caller, and so the closure, until all pieces are
    /// handed out and `busy` is 0. A helper raises `busy` before it asks for a piece, so one that got a piece is seen,
    /// and one that comes later gets none.
    fn take(&self) {
        loop {
            let piece = self.next.fetch_add(1, SeqCst);
            if piece >= self.pieces {
                return;
            }
            // SAFETY: this piece is in hand, so the closure lives.
            unsafe { (*self.work)(piece) };
        }
    }
}

/// Holds the caller until no helper is in its job, also while a panic unwinds.
struct Wait<'a>(&'a Job);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.next.store(self.0.pieces, SeqCst);
        let mut turns = 0u32;
        while self.0.busy.load(SeqCst) > 0 {
            turns = turns.saturating_add(1);
            // A helper without a core needs ours.
            if turns < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }
}

impl Pool {
    /// A pool of `threads`, the caller's included.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn new(threads: usize) -> std::io::Result<Self> {
        let helpers = threads.saturating_sub(1);
        let shared = Arc::new(Shared {
            job: Mutex::new(None),
            generation: AtomicUsize::new(0),
            asleep: (0..helpers).map(|_| AtomicBool::new(false)).collect(),
            stop: AtomicBool::new(false),
        });
        let mut pool = Self { shared, helpers: Vec::new() };
        for index in 0..helpers {
            let shared = Arc::clone(&pool.shared);
            let name = format!("llm-helper-{index}");
            pool.helpers.push(std::thread::Builder::new().name(name).spawn(move || shared.help(index))?);
        }
        Ok(pool)
    }

    /// Calls `work` with ranges that together cover `0..items` once, from several threads at the same time.
    ///
    /// # Panics
    /// When `work` does.
    pub(crate) fn run(&self, items: usize, work: impl Fn(Range<usize>) + Sync) {
        let threads = self.helpers.len() + 1;
        // Eight pieces a thread: who is slow takes fewer.
        let size = items.div_ceil(threads * 8).max(1);
        let pieces = items.div_ceil(size);
        let piece = |index: usize| work(index * size..items.min((index + 1) * size));
        if threads == 1 || pieces < 2 {
            (0..pieces).for_each(piece);
            return;
        }
        let borrowed: *const Work<'_> = &raw const piece;
        // SAFETY: only the lifetime changes; `Wait` below keeps `piece` alive while the job can reach it.
        let work = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(borrowed) };
        let (next, busy, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        let job = Arc::new(Job { work, pieces, next, busy, failed });
        let wait = Wait(&job);
        *self.shared.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&job));
        self.shared.generation.fetch_add(1, SeqCst);
        self.wake();
        job.take();
        drop(wait);
        assert!(!job.failed.load(SeqCst), "a helper's piece of work panicked");
    }

    fn wake(&self) {
        for (helper, asleep) in self.helpers.iter().zip(&self.shared.asleep) {
            if asleep.load(SeqCst) {
                helper.thread().unpark();
            }
        }
    }
}

impl Shared {
    fn help(&self, index: usize) {
        let mut seen = 0;
        loop {
            let mut spins = 0;
            while self.generation.load(SeqCst) == seen {
                spins += 1;
                if spins < SPINS {
                    std::hint::spin_loop();
                    continue;
                }
                self.asleep[index].store(true, SeqCst);
                // Whoever publishes a job first raises the generation and then looks who sleeps.
                if self.generation.load(SeqCst) == seen {
                    std::thread::park();
                }
                self.asleep[index].store(false, SeqCst);
            }
            seen = self.generation.load(SeqCst);
            if self.stop.load(SeqCst) {
                return;
            }
            let Some(job) = self.job.lock().unwrap_or_else(PoisonError::into_inner).clone() else { continue };
            job.busy.fetch_add(1, SeqCst);
            if catch_unwind(AssertUnwindSafe(|| job.take())).is_err() {
                job.failed.store(true, SeqCst);
            }
            job.busy.fetch_sub(1, SeqCst);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.shared.generation.fetch_add(1, SeqCst);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            drop(helper.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_once() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(threads).unwrap();
            for items in [0, 1, 7, 1000] {
                for _ in 0..200 {
                    let counts: Vec<AtomicUsize> = (0..items).map(|_| AtomicUsize::new(0)).collect();
                    pool.run(items, |range| range.for_each(|item| _ = counts[item].fetch_add(1, SeqCst)));
                    assert!(counts.iter().all(|count| count.load(SeqCst) == 1), "{threads} threads, {items} items");
                }
            }
        }
    }

    #[test]
    fn a_sleeping_helper_is_not_waited_for_and_a_panic_is_passed_on() {
        let pool = Pool::new(3).unwrap();
        let caller = std::thread::current().id();
        let failing = catch_unwind(AssertUnwindSafe(|| {
            pool.run(64, |range| {
                std::thread::sleep(std::time::Duration::from_millis(1));
                assert!(range.start < 32, "no further");
            });
        }));
        assert!(failing.is_err());
        // The pool works on, and helpers that slept join in.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let helped = AtomicBool::new(false);
        pool.run(64, |_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            helped.fetch_or(std::thread::current().id() != caller, SeqCst);
        });
        assert!(helped.load(SeqCst));
    }
}
