//! What k6's six executors come to: a pace and an end, as values. Read by `config`, played by `run`.

use std::time::Duration;

use super::curve::Curve;

/// Who begins an iteration when.
#[derive(Clone, Debug, PartialEq)]
pub enum Pacing {
    /// So many users at a time, each of whom begins the next when the one before is over.
    Users(Curve),
    /// So many begin a second, each by a user who is free.
    Arrivals {
        rate: Curve,
        /// Users that are there from the beginning.
        ready: u64,
        /// Users that there may be, as more are needed.
        most: u64,
    },
}

/// How many iterations there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Iterations {
    /// As many as there is time for.
    Any,
    /// So many of each user.
    Each(u64),
    /// So many of all users together.
    Shared(u64),
}

impl Pacing {
    /// How long it lasts at most.
    pub fn lasts(&self) -> Duration {
        match self {
            Pacing::Users(curve) | Pacing::Arrivals { rate: curve, .. } => curve.end(),
        }
    }

    /// When all users are there that there are to be at first, or most.
    pub fn spawned(&self) -> Duration {
        match self {
            Pacing::Users(curve) => curve.time_of_most(),
            Pacing::Arrivals { .. } => Duration::ZERO,
        }
    }

    /// The most users that it can start in a second.
    pub fn most_started(&self) -> f64 {
        match self {
            Pacing::Users(curve) => curve.steepest(),
            // Those that are needed may be needed at once.
            Pacing::Arrivals { most, .. } => *most as f64,
        }
    }

    /// The most iterations that begin in a second, where that is known.
    pub fn most_arrivals(&self) -> f64 {
        match self {
            Pacing::Users(_) => 0.0,
            Pacing::Arrivals { rate, .. } => rate.most(),
        }
    }

    /// The most users that there can be at a time.
    pub fn most_users(&self) -> u64 {
        match self {
            Pacing::Users(curve) => curve.most().round() as u64,
            Pacing::Arrivals { most, .. } => *most,
        }
    }

    /// How many users there are to be, so long after its beginning: half a user counts as one.
    pub fn users(&self, at: Duration) -> u64 {
        match self {
            Pacing::Users(curve) => curve.height(at).round() as u64,
            Pacing::Arrivals { ready, .. } => *ready,
        }
    }
}
