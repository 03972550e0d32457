//! The processes of a run, as whoever merges knows them: who speaks, who has ended, who is silent. Time is counted in
//! beats, seconds in which all could be heard: while NATS is away nobody grows silent. Pure. Kept by `head`.

use std::time::Duration;

use super::parcel::Voice;

/// After so many beats without a word a process is lost.
const SILENCE: u32 = 6;

/// After so many more whoever was started in its place is, too.
const REPLACING: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// It has said nothing yet.
    Awaited,
    Running,
    /// Its users are gone, as they were to.
    Ended,
    /// It was told to go, so long after the start.
    Left(Duration),
    /// It is silent since it spoke last.
    Lost(Duration),
}

#[derive(Debug)]
struct Member {
    state: State,
    epoch: u32,
    /// Up to when it has told what it measured.
    heard: Duration,
    silent: u32,
    /// How long ago, in beats, somebody was started in its place.
    replaced: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Roll {
    members: Vec<Member>,
}

impl Roll {
    pub(super) fn new(segments: usize) -> Roll {
        let member =
            |_| Member { state: State::Awaited, epoch: 0, heard: Duration::ZERO, silent: 0, replaced: None };
        Roll { members: (0..segments).map(member).collect() }
    }

    pub(super) fn len(&self) -> u64 {
        self.members.len() as u64
    }

    /// The newest that plays the segment.
    pub(super) fn epoch(&self, segment: u64) -> u32 {
        self.members[segment as usize].epoch
    }

    /// A process has spoken, of what was until `at`. What is to be said of it, if it had been silent.
    pub(super) fn hear(&mut self, voice: Voice, at: Duration) -> Option<String> {
        let member = &mut self.members[voice.segment as usize];
        if voice.epoch < member.epoch {
            return None;
        }
        let is_new = voice.epoch > member.epoch;
        (member.epoch, member.silent) = (voice.epoch, 0);
        let since = match member.state {
            State::Lost(since) | State::Left(since) if is_new => Some((since, "was replaced")),
            State::Lost(since) => Some((since, "is heard again")),
            State::Running if is_new => Some((member.heard, "was replaced")),
            _ => None,
        };
        let away = since.map(|(since, how)| {
            let away = at.saturating_sub(since).as_secs_f64();
            // One that was but silent had its users all the time.
            let missing = if is_new { ": its part of the load was missing meanwhile" } else { "" };
            format!("process {} {how} after {away:.0} s{missing}", voice.segment)
        });
        if is_new || matches!(member.state, State::Awaited | State::Lost(_)) {
            member.state = State::Running;
        }
        member.heard = member.heard.max(at);
        member.replaced = member.replaced.filter(|_| !is_new);
        away
    }

    pub(super) fn set(&mut self, voice: Voice, state: State) {
        let member = &mut self.members[voice.segment as usize];
        if voice.epoch == member.epoch {
            member.state = state;
        }
    }

    /// One more beat. Who is lost since.
    pub(super) fn beat(&mut self) -> Vec<u64> {
        let mut lost = Vec::new();
        for (segment, member) in self.members.iter_mut().enumerate() {
            member.silent += 1;
            member.replaced = member.replaced.map(|ago| ago + 1);
            let speaks = matches!(member.state, State::Running | State::Awaited);
            if speaks && member.silent >= SILENCE {
                member.state = State::Lost(member.heard);
                lost.push(segment as u64);
            }
        }
        lost
    }

    /// Segments that nobody plays, and that nobody was asked to play; from now on somebody was.
    pub(super) fn vacant(&mut self) -> Vec<u64> {
        let mut vacant = Vec::new();
        for (segment, member) in self.members.iter_mut().enumerate() {
            if matches!(member.state, State::Lost(_) | State::Left(_)) && member.replaced.is_none() {
                member.replaced = Some(0);
                vacant.push(segment as u64);
            }
        }
        vacant
    }

    /// Whether somebody has users yet, or may have again.
    pub(super) fn is_waiting(&self, takes_over: bool) -> bool {
        let left = self.members.iter().filter(|member| matches!(member.state, State::Left(_))).count();
        self.members.iter().any(|member| match member.state {
            State::Awaited | State::Running => true,
            // Where all were told to go, nobody is to come.
            State::Lost(_) | State::Left(_) => {
                takes_over && left < self.members.len() && member.replaced.is_none_or(|ago| ago < REPLACING)
            }
            State::Ended => false,
        })
    }

    pub(super) fn any_running(&self) -> bool {
        self.members.iter().any(|member| member.state == State::Running)
    }

    /// Whether somebody else has users.
    pub(super) fn any_running_but(&self, segment: u64) -> bool {
        let others = self.members.iter().enumerate().filter(|(other, _)| *other as u64 != segment);
        others.into_iter().any(|(_, member)| member.state == State::Running)
    }

    /// The run does not begin: nobody is waited for.
    pub(super) fn cancel(&mut self) {
        self.members.iter_mut().for_each(|member| member.state = State::Ended);
    }

    pub(super) fn none_running(&self) -> bool {
        !self.members.iter().any(|member| matches!(member.state, State::Running | State::Awaited))
    }

    /// Whether all that speak have told what was until then.
    pub(super) fn all_have_told(&self, until: Duration) -> bool {
        // A report of a second may be a little early.
        let until = until.saturating_sub(Duration::from_millis(500));
        self.any_running()
            && self.members.iter().all(|member| match member.state {
                State::Running => member.heard >= until,
                State::Awaited => false,
                _ => true,
            })
    }

    /// Up to when the furthest has told.
    pub(super) fn latest(&self) -> Duration {
        self.members.iter().map(|member| member.heard).max().unwrap_or_default()
    }

    pub(super) fn all_left(&self) -> bool {
        self.members.iter().all(|member| matches!(member.state, State::Left(_)))
    }

    /// Whose part of the load is missing, and since when.
    pub(super) fn missing(&self) -> Vec<(u64, Duration)> {
        let missing = |(segment, member): (usize, &Member)| match member.state {
            State::Lost(since) | State::Left(since) => Some((segment as u64, since)),
            _ => None,
        };
        self.members.iter().enumerate().filter_map(missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn voice(segment: u64, epoch: u32) -> Voice {
        Voice { segment, epoch }
    }

    #[test]
    fn who_is_silent_is_lost_and_may_come_back_or_be_replaced() {
        let mut roll = Roll::new(2);
        assert_eq!(roll.hear(voice(0, 1), S), None);
        assert_eq!(roll.hear(voice(1, 1), S), None);
        assert!(roll.all_have_told(S) && !roll.all_have_told(S * 2));
        for _ in 0..SILENCE - 1 {
            assert!(roll.beat().is_empty());
            roll.hear(voice(0, 1), S * 2);
        }
        assert_eq!(roll.beat(), [1]);
        assert_eq!((roll.missing(), roll.vacant(), roll.vacant()), (vec![(1, S)], vec![1], vec![]));
        // It lives, and speaks of what it did meanwhile.
        let text = roll.hear(voice(1, 1), S * 8);
        assert_eq!(text.as_deref(), Some("process 1 is heard again after 7 s"));
        assert!(roll.missing().is_empty());
        let text = roll.hear(voice(1, 2), S * 9);
        assert!(text.is_some_and(|text| text.contains("was replaced after 1 s")));
        // A last word of its predecessor changes nothing.
        assert_eq!(roll.hear(voice(1, 1), S * 9), None);
        roll.set(voice(1, 1), State::Ended);
        roll.set(voice(0, 1), State::Ended);
        assert!(roll.is_waiting(false) && roll.any_running());
        roll.set(voice(1, 2), State::Ended);
        assert!(!roll.is_waiting(true) && roll.none_running() && roll.missing().is_empty());
    }

    #[test]
    fn nobody_waits_for_those_who_left_together() {
        let mut roll = Roll::new(2);
        (0..2).for_each(|segment| drop(roll.hear(voice(segment, 1), S)));
        roll.set(voice(0, 1), State::Left(S));
        assert!(roll.is_waiting(false));
        roll.set(voice(1, 1), State::Left(S));
        assert!(roll.all_left() && !roll.is_waiting(true));
        let mut roll = Roll::new(2);
        (0..2).for_each(|segment| drop(roll.hear(voice(segment, 1), S)));
        roll.set(voice(0, 1), State::Left(S));
        roll.set(voice(1, 1), State::Ended);
        assert!(!roll.is_waiting(false));
        assert_eq!(roll.vacant(), [0]);
        assert!(roll.is_waiting(true), "somebody was started in its place");
        (0..REPLACING).for_each(|_| drop(roll.beat()));
        assert!(!roll.is_waiting(true), "and never came");
    }
}
