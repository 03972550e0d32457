//! Joining a run: the first to come says what it is, others must agree; each takes a segment that nobody plays. Called
//! by `session`.

use std::time::{Duration, Instant};

use crate::config::Meeting;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::run::{Begun, Voice};

use super::clock::Clock;
use super::fault::refused;
use super::link::{Held, Link};
use super::records::{Founding, Identity, Membership, Ruling, Said};
use super::wire::{Joiner, unpack};

/// A member that has not renewed its key for so long is gone.
pub(super) const FRESH: Duration = Duration::from_secs(5);

/// Between two looks at a key.
const LOOK: Duration = Duration::from_millis(400);

/// A part in the run.
pub(super) struct Joined {
    pub(super) voice: Voice,
    pub(super) seed: u64,
    pub(super) membership: Membership,
    pub(super) revision: u64,
    /// How far a predecessor has come.
    pub(super) begun: Option<Begun>,
}

/// # Errors
/// [`Exit::Config`]: the run is over, is another, or has no segment to play.
pub(super) async fn join(
    link: &Link,
    meeting: &Meeting,
    identity: Identity,
    (token, who, clock): (&str, &str, Clock),
) -> Result<Joined, Fault> {
    let lost = |why: String| refused("answer", &why);
    if link.get::<Ruling>("verdict").await.map_err(lost)?.is_some() {
        let what = format!("run `{}` is over", meeting.run);
        return Err(Fault::new(Exit::Config, what).help("each run needs a name of its own: --run ID"));
    }
    let seed = found(link, meeting, identity).await?;
    let membership = |segment, epoch| Membership {
        voice: Voice { segment, epoch },
        token: token.to_owned(),
        who: who.to_owned(),
        gone: false,
    };
    let until = Instant::now() + FRESH + Duration::from_secs(2);
    let candidates: Vec<u64> =
        meeting.index.map_or_else(|| (0..meeting.segments).collect(), |index| vec![index]);
    let mut seen: Vec<Option<u64>> = vec![None; candidates.len()];
    loop {
        let mut player = String::new();
        for (segment, seen) in candidates.iter().zip(&mut seen) {
            let key = format!("member.{segment}");
            let held = link.get::<Membership>(&key).await.map_err(lost)?;
            let (epoch, revision) = match held {
                None => (1, 0),
                Some(Held { value, revision, nanos }) => {
                    let age = clock.now() - nanos;
                    if age < FRESH.as_nanos() as i128 && !value.gone {
                        player = value.who;
                        // It lives where it renews its key.
                        let lives = seen.replace(revision).is_some_and(|before| before != revision);
                        if lives && meeting.index.is_some() {
                            return Err(taken(meeting, *segment, &player));
                        }
                        continue;
                    }
                    (value.voice.epoch + 1, revision)
                }
            };
            let membership = membership(*segment, epoch);
            if let Some(revision) = link.update(&key, &membership, revision).await.map_err(lost)? {
                let voice = membership.voice;
                let begun = if epoch > 1 { last_begun(link, *segment).await } else { None };
                return Ok(Joined { voice, seed, membership, revision, begun });
            }
        }
        if Instant::now() > until {
            return Err(match meeting.index {
                Some(index) => taken(meeting, index, &player),
                None => Fault::new(
                    Exit::Config,
                    format!("all {} segments of run `{}` are played already", meeting.segments, meeting.run),
                )
                .help("more processes need a greater --segments in all of them, another run another --run"),
            });
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn taken(meeting: &Meeting, segment: u64, who: &str) -> Fault {
    let what = format!("segment {segment}/{} of run `{}` is played by {who}", meeting.segments, meeting.run);
    Fault::new(Exit::Config, what)
        .help("each process needs a segment of its own, and each run a name: --run ID")
}

/// The seed that all use.
async fn found(link: &Link, meeting: &Meeting, identity: Identity) -> Result<u64, Fault> {
    let lost = |why: String| refused("answer", &why);
    loop {
        if let Some(held) = link.get::<Founding>("plan").await.map_err(lost)? {
            check(&meeting.run, &held.value, &identity)?;
            return Ok(held.value.seed);
        }
        let seed = identity.seed.unwrap_or_else(|| rand::random::<u64>() >> 1);
        let founding = Founding { identity: identity.clone(), seed };
        if link.create("plan", &founding).await.map_err(lost)?.is_some() {
            return Ok(seed);
        }
    }
}

/// # Errors
/// [`Exit::Config`], and what differs.
fn check(run: &str, founding: &Founding, own: &Identity) -> Result<(), Fault> {
    let theirs = &founding.identity;
    let refuse = |what: String| Err(Fault::new(Exit::Config, what));
    if theirs.version != own.version {
        return refuse(format!("run `{run}` is made by e2e {}, and this is {}", theirs.version, own.version));
    }
    if theirs.segments != own.segments {
        return refuse(format!(
            "run `{run}` is made by {} processes, and this one was told {}",
            theirs.segments, own.segments
        ));
    }
    if theirs.scripts != own.scripts {
        let what = format!("the scripts here are not those of run `{run}`");
        let why = format!("their content is {} there and {} here", theirs.scripts, own.scripts);
        return Err(Fault::new(Exit::Config, what)
            .why(why)
            .help("give all processes the same scripts, or start another run: --run ID"));
    }
    let names = theirs.plan.keys().chain(own.plan.keys());
    let none = "not set".to_owned();
    for name in names {
        let of = |identity: &Identity| identity.plan.get(name).unwrap_or(&none).clone();
        let (there, here) = (of(theirs), of(own));
        if there != here {
            return refuse(format!("`{name}` is {here} here, and {there} in run `{run}`"));
        }
    }
    match own.seed {
        Some(seed) if seed != founding.seed => {
            refuse(format!("`seed` is {seed} here, and {} in run `{run}`", founding.seed))
        }
        _ => Ok(()),
    }
}

/// How far whoever played the segment had come when it spoke last.
async fn last_begun(link: &Link, segment: u64) -> Option<Begun> {
    let subject = link.subject(&format!("from.{segment}"));
    let message = link.stream.get_last_raw_message_by_subject(&subject).await.ok()?;
    let whole = Joiner::default().add(&subject, &message.payload)?;
    match unpack(&whole)? {
        Said::Parcel(parcel) => Some(parcel.begun),
        Said::Log(_) => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            scripts: "abc".into(),
            plan: [("users".to_owned(), "10".to_owned())].into(),
            segments: 3,
            seed: None,
            version: "1".into(),
            question: None,
        }
    }

    #[test]
    fn what_differs_is_named() {
        let founding = Founding { identity: identity(), seed: 7 };
        let why = |own: Identity| check("r", &founding, &own).unwrap_err();
        assert!(check("r", &founding, &identity()).is_ok());
        assert!(check("r", &founding, &Identity { seed: Some(7), ..identity() }).is_ok());
        assert!(why(Identity { seed: Some(8), ..identity() }).what.contains("`seed` is 8 here, and 7"));
        assert!(why(Identity { segments: 4, ..identity() }).what.contains("3 processes"));
        assert!(why(Identity { version: "2".into(), ..identity() }).what.contains("e2e 1"));
        let fault = why(Identity { scripts: "xyz".into(), ..identity() });
        assert!(fault.what.contains("the scripts here are not those") && fault.why.unwrap().contains("xyz"));
        let other = |plan: &[(&str, &str)]| Identity {
            plan: plan.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            ..identity()
        };
        assert!(why(other(&[("users", "20")])).what.contains("`users` is 20 here, and 10 in run `r`"));
        assert!(why(other(&[])).what.contains("`users` is not set here"));
        assert!(why(other(&[("users", "10"), ("tags", "a")])).what.contains("`tags` is a here, and not set"));
    }
}
