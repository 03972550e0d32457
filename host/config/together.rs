//! How several processes make a run together: which part this one plays, and where it meets the others. Read by
//! `layers`, followed by `run` and `cluster`.

use std::time::Duration;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Segment;

use super::origin::{Origin, Sited};

/// What tells a pod of an Indexed Job its number.
const INDEX: &str = "JOB_COMPLETION_INDEX";

/// How long processes wait for each other before the run, unless told.
const PATIENCE: Duration = Duration::from_secs(300);

/// As it was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GivenTogether {
    pub segment: Option<Sited<Segment>>,
    pub segments: Option<Sited<u64>>,
    pub nats: Option<Sited<String>>,
    pub run: Option<Sited<String>>,
    pub on_loss: Option<Sited<OnLoss>>,
    pub wait: Option<Sited<Duration>>,
}

/// What becomes of a run that loses a process for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// It goes on without that part of the load, and is inconclusive.
    #[default]
    Inconclusive,
    /// One of the others starts a process for that part.
    Takeover,
}

impl OnLoss {
    pub const ALL: [OnLoss; 2] = [OnLoss::Inconclusive, OnLoss::Takeover];

    pub fn name(self) -> &'static str {
        match self {
            OnLoss::Inconclusive => "inconclusive",
            OnLoss::Takeover => "takeover",
        }
    }
}

/// One process's part in a run, validated.
#[derive(Clone, Debug, PartialEq)]
pub struct Together {
    /// What this process plays; where it is to take the first that is free, none is known before it has joined.
    pub segment: Segment,
    /// None: it knows nothing of the others.
    pub meeting: Option<Meeting>,
}

/// Where processes of a run meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Meeting {
    /// The URL of NATS.
    pub nats: String,
    /// The name of the run.
    pub run: String,
    pub segments: u64,
    /// None: the first that nobody has.
    pub index: Option<u64>,
    pub on_loss: OnLoss,
    /// How long to wait for the others before the run.
    pub patience: Duration,
    /// The seed, where one was given.
    pub seed: Option<u64>,
}

impl Default for Together {
    fn default() -> Self {
        Together { segment: Segment::WHOLE, meeting: None }
    }
}

impl GivenTogether {
    /// `index` is what the variable of an Indexed Job says, `seed` the seed if one was given.
    ///
    /// # Errors
    /// [`Exit::Usage`]: options that contradict each other, or that one is missing.
    pub(super) fn resolve(&self, index: Option<&str>, seed: Option<u64>) -> Result<Together, Fault> {
        let count = self.segments.as_ref();
        if let (Some(segment), Some(count)) = (&self.segment, count)
            && segment.value.count() != count.value
        {
            let what =
                format!("--segment is one of {}, and --segments says {}", segment.value.count(), count.value);
            return Err(segment.origin.fault(Exit::Usage, what).help("leave --segments out"));
        }
        let segment = match (&self.segment, count, index) {
            (Some(segment), _, _) => Some(segment.value),
            (None, Some(count), Some(index)) => Some(of_job(index, count.value)?),
            _ => None,
        };
        let Some(nats) = &self.nats else {
            self.refuse_alone()?;
            return match (segment, count) {
                (None, Some(count)) => {
                    let what = format!("which of the {} segments this process is was not said", count.value);
                    let help = format!(
                        "write --segment I/{}, set {INDEX}, or let the processes agree with --nats URL --run ID",
                        count.value
                    );
                    Err(count.origin.fault(Exit::Usage, what).help(help))
                }
                (segment, _) => Ok(Together { segment: segment.unwrap_or(Segment::WHOLE), meeting: None }),
            };
        };
        let Some(run) = &self.run else {
            let fault = nats.origin.fault(Exit::Usage, "--nats needs a name for the run");
            return Err(fault.help("give all its processes the same: --run ID"));
        };
        check_name(run)?;
        let segments = segment.map(|segment| segment.count()).or(count.map(|count| count.value));
        let Some(segments) = segments else {
            let fault = nats.origin.fault(Exit::Usage, "how many processes make the run was not said");
            return Err(fault.help("write --segments N, or --segment I/N in each of them"));
        };
        Ok(Together {
            segment: segment.or_else(|| Segment::new(0, segments)).unwrap_or(Segment::WHOLE),
            meeting: Some(Meeting {
                nats: nats.value.clone(),
                run: run.value.clone(),
                segments,
                index: segment.map(|segment| segment.index()),
                on_loss: self.on_loss.as_ref().map(|on_loss| on_loss.value).unwrap_or_default(),
                patience: self.wait.as_ref().map_or(PATIENCE, |wait| wait.value),
                seed,
            }),
        })
    }

    /// What says nothing without NATS.
    fn refuse_alone(&self) -> Result<(), Fault> {
        let origin = |name, origin: &Origin| (name, origin.clone());
        let alone = [
            self.run.as_ref().map(|run| origin("--run", &run.origin)),
            self.on_loss.as_ref().map(|on_loss| origin("--on-loss", &on_loss.origin)),
            self.wait.as_ref().map(|wait| origin("--wait", &wait.origin)),
        ];
        match alone.into_iter().flatten().next() {
            None => Ok(()),
            Some((name, origin)) => Err(origin
                .fault(Exit::Usage, format!("{name} is for processes that make a run together"))
                .help("say where they meet: --nats URL")),
        }
    }
}

fn of_job(index: &str, count: u64) -> Result<Segment, Fault> {
    let number = index.trim().parse::<u64>().ok();
    number.and_then(|number| Segment::new(number, count)).ok_or_else(|| {
        Fault::new(
            Exit::Usage,
            format!("the variable {INDEX} is `{index}`, which is none of {count} segments"),
        )
        .help("--segments must be what the Job calls `completions`")
    })
}

/// A run's name becomes part of names of NATS.
pub(super) fn check_name(run: &Sited<String>) -> Result<(), Fault> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !run.value.is_empty() && run.value.len() <= 64 && run.value.chars().all(is_plain) {
        return Ok(());
    }
    let what = format!("`{}` cannot be the name of a run", run.value);
    Err(run.origin.fault(Exit::Usage, what).help("up to 64 letters, digits, `-` and `_`"))
}

/// What the variables of the process say of its number.
pub(super) fn index_of(variables: &std::collections::BTreeMap<String, String>) -> Option<&str> {
    variables.get(INDEX).map(String::as_str).filter(|index| !index.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn flag<T>(name: &str, value: T) -> Option<Sited<T>> {
        Some(Sited::new(value, Origin::Flag(name.into())))
    }

    fn with_nats() -> GivenTogether {
        GivenTogether {
            nats: flag("--nats", "nats://localhost".to_owned()),
            run: flag("--run", "nightly-7".to_owned()),
            ..GivenTogether::default()
        }
    }

    #[test]
    fn the_number_comes_from_the_flag_else_from_the_job_else_from_the_others() {
        let alone = GivenTogether::default();
        assert_eq!(alone.resolve(Some("3"), None).unwrap(), Together::default());
        let given = GivenTogether { segments: flag("--segments", 4), ..GivenTogether::default() };
        assert_eq!(given.resolve(Some("3"), None).unwrap().segment, Segment::new(3, 4).unwrap());
        let both = GivenTogether { segment: flag("--segment", Segment::new(1, 4).unwrap()), ..given.clone() };
        assert_eq!(both.resolve(Some("3"), None).unwrap().segment.index(), 1);
        let met = GivenTogether { segments: flag("--segments", 4), ..with_nats() };
        let meeting = |given: &GivenTogether, index| given.resolve(index, Some(7)).unwrap().meeting.unwrap();
        assert_eq!((meeting(&met, None).index, meeting(&met, Some("2")).index), (None, Some(2)));
        assert_eq!((meeting(&met, None).segments, meeting(&met, None).seed), (4, Some(7)));
    }

    #[test]
    fn what_is_missing_or_contradicts_itself_is_refused() {
        let why = |given: GivenTogether, index| {
            let fault = given.resolve(index, None).unwrap_err();
            assert_eq!(fault.exit, Exit::Usage);
            fault.what
        };
        let segments = GivenTogether { segments: flag("--segments", 4), ..GivenTogether::default() };
        assert!(why(segments.clone(), None).contains("was not said"));
        assert!(why(segments.clone(), Some("4")).contains("JOB_COMPLETION_INDEX is `4`"));
        assert!(why(segments.clone(), Some("x")).contains("none of 4 segments"));
        let other = GivenTogether { segment: flag("--segment", Segment::new(1, 5).unwrap()), ..segments };
        assert!(why(other, None).contains("one of 5"));
        assert!(why(with_nats(), None).contains("how many processes"));
        let unnamed = GivenTogether { run: None, segments: flag("--segments", 2), ..with_nats() };
        assert!(why(unnamed, None).contains("a name for the run"));
        for name in ["", "a.b", "a b", &"x".repeat(65)] {
            let named = GivenTogether { run: flag("--run", name.to_owned()), ..with_nats() };
            assert!(why(named, None).contains("cannot be the name"), "{name}");
        }
        assert!(why(GivenTogether { nats: None, ..with_nats() }, None).contains("--run is for"));
    }
}
