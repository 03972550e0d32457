//! A load shape that is written down: stages, one after the other. Called by `run`.

use std::time::Duration;

use super::target::Target;

/// A part of the run with a target of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Of this stage alone, not since the start of the run.
    pub duration: Duration,
    pub target: Target,
}

/// All stages of a run, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stages(pub Vec<Stage>);

impl Stages {
    /// When stage `index` begins; None where there is none.
    pub fn begin(&self, index: usize) -> Option<(Duration, &Target)> {
        let stage = self.0.get(index)?;
        Some((self.0[..index].iter().map(|stage| stage.duration).sum(), &stage.target))
    }

    /// When the last stage is over.
    pub fn end(&self) -> Duration {
        self.0.iter().map(|stage| stage.duration).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// The most users that any stage aims at.
    pub fn most_users(&self) -> u64 {
        self.0.iter().map(|stage| stage.target.users).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_each_other() {
        let stage = |seconds, users| Stage {
            duration: Duration::from_secs(seconds),
            target: Target { users, spawn_rate: 1.0, classes: None },
        };
        // The shape of the article: 60 s, 120 s, 60 s, 60 s.
        let stages = Stages(vec![stage(60, 10), stage(120, 50), stage(60, 100), stage(60, 50)]);
        let begins: Vec<_> = (0..5).map_while(|index| stages.begin(index)).collect();
        let seen: Vec<_> = begins.iter().map(|(at, target)| (at.as_secs(), target.users)).collect();
        assert_eq!(seen, [(0, 10), (60, 50), (180, 100), (240, 50)]);
        assert_eq!((stages.end().as_secs(), stages.most_users()), (300, 100));
        assert_eq!((Stages::default().begin(0), Stages::default().end()), (None, Duration::ZERO));
    }
}
