//! A data file as a script asked for it: its rows, and which of them comes next. Used by
//! `api`; one of each kind a worker, over rows that all workers share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::RngExt;
use rand::rngs::SmallRng;

use super::rows::Rows;

/// Which row `next` gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// One after the other over all VUs together, and again from the first.
    #[default]
    Shared,
    /// One after the other for each VU, and again from the first.
    Sequential,
    /// Any, by the VU's random numbers.
    Random,
    /// Each row once in the whole run.
    Unique,
}

impl Mode {
    pub const ALL: [(&str, Mode); 4] = [
        ("shared", Mode::Shared),
        ("sequential", Mode::Sequential),
        ("random", Mode::Random),
        ("unique", Mode::Unique),
    ];
}

/// What becomes of a VU that asks for a unique row when all are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnEnd {
    #[default]
    Error,
    Stop,
    /// The rows begin anew: they are unique no more.
    Recycle,
}

impl OnEnd {
    pub const ALL: [(&str, OnEnd); 3] =
        [("error", OnEnd::Error), ("stop", OnEnd::Stop), ("recycle", OnEnd::Recycle)];
}

/// Which rows are this process's, where several make the run: `first`, and each `apart` further.
#[derive(Debug)]
pub(super) struct Stride {
    pub(super) first: AtomicU64,
    pub(super) apart: AtomicU64,
}

impl Default for Stride {
    fn default() -> Self {
        Stride { first: AtomicU64::new(0), apart: AtomicU64::new(1) }
    }
}

/// How far the VUs of all workers have come.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    given: AtomicU64,
    stride: Arc<Stride>,
    /// Somebody was told that the rows are used up.
    told: AtomicBool,
}

#[derive(Clone, Debug)]
pub struct Dataset {
    /// The file, as people know it.
    pub name: Arc<str>,
    pub rows: &'static Rows,
    pub mode: Mode,
    pub on_end: OnEnd,
    pub(super) cursor: Arc<Cursor>,
}

/// What `next` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The number of a row, from 0.
    Row(usize),
    /// There is no row at all.
    Empty,
    /// Every row was given.
    UsedUp,
}

impl Cursor {
    pub(super) fn new(stride: Arc<Stride>) -> Cursor {
        Cursor { stride, ..Cursor::default() }
    }

    /// The number of the next row that all VUs of the run take in turn.
    fn take(&self) -> u64 {
        let own = self.given.fetch_add(1, Ordering::Relaxed);
        let Stride { first, apart } = &*self.stride;
        own.saturating_mul(apart.load(Ordering::Relaxed)).saturating_add(first.load(Ordering::Relaxed))
    }
}

impl Dataset {
    /// The row that a VU gets next; `own` is how many it was given before.
    pub fn next(&self, own: &mut u32, rng: &mut SmallRng) -> Next {
        let rows = self.rows.len() as u64;
        if rows == 0 {
            return Next::Empty;
        }
        Next::Row(match self.mode {
            Mode::Shared => self.cursor.take() % rows,
            Mode::Sequential => {
                let row = u64::from(*own) % rows;
                *own = (row + 1) as u32;
                row
            }
            Mode::Random => rng.random_range(0..rows),
            Mode::Unique => match self.cursor.take() {
                before if before < rows => before,
                before if self.on_end == OnEnd::Recycle => before % rows,
                _ => return Next::UsedUp,
            },
        } as usize)
    }

    /// Whether both are the same file, asked for in the same way.
    pub fn is(&self, other: &Dataset) -> bool {
        Arc::ptr_eq(&self.cursor, &other.cursor)
    }

    /// True once a run, for whoever is to say that the rows are used up.
    pub fn tell(&self) -> bool {
        !self.cursor.told.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::data::lines;

    fn dataset(count: usize, mode: Mode, on_end: OnEnd) -> Dataset {
        let rows = Box::leak(Box::new(lines::read("x\n".repeat(count).as_bytes()).unwrap()));
        Dataset { name: "x".into(), rows, mode, on_end, cursor: Arc::default() }
    }

    fn draw(dataset: &Dataset, times: usize) -> Vec<Option<usize>> {
        let (mut own, mut rng) = (0, SmallRng::seed_from_u64(1));
        let mut next = || match dataset.next(&mut own, &mut rng) {
            Next::Row(row) => Some(row),
            _ => None,
        };
        (0..times).map(|_| next()).collect()
    }

    #[test]
    fn each_mode_has_its_order() {
        let [shared, sequential, random, unique] = Mode::ALL.map(|(_, mode)| dataset(3, mode, OnEnd::Error));
        assert_eq!(draw(&shared, 2), [Some(0), Some(1)]);
        assert_eq!(draw(&shared, 2), [Some(2), Some(0)], "another VU goes on where the first was");
        assert_eq!(draw(&sequential, 4), [Some(0), Some(1), Some(2), Some(0)]);
        assert_eq!(draw(&sequential, 1), [Some(0)], "another VU begins at the first");
        assert_eq!(draw(&random, 50), draw(&random, 50), "by the VU's random numbers alone");
        assert!((0..3).all(|row| draw(&random, 50).contains(&Some(row))));
        assert_eq!(draw(&unique, 5), [Some(0), Some(1), Some(2), None, None]);
        assert_eq!(draw(&dataset(2, Mode::Unique, OnEnd::Recycle), 3), [Some(0), Some(1), Some(0)]);
        assert!(Mode::ALL.iter().all(|(_, mode)| draw(&dataset(0, *mode, OnEnd::Error), 1) == [None]));
    }

    #[test]
    fn no_row_is_given_twice_to_threads() {
        let dataset = dataset(2000, Mode::Unique, OnEnd::Error);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let dataset = dataset.clone();
                std::thread::spawn(move || draw(&dataset, 600))
            })
            .collect();
        let mut rows: Vec<usize> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).flatten().collect();
        rows.sort_unstable();
        assert_eq!(rows, (0..2000).collect::<Vec<_>>());
    }
}
