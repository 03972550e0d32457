//! Misbehaviour on request: latency, errors, stalls. Knows nothing of what it
//! is laid over. Faults are parsed by `app`; `server` asks before each answer.

use std::time::{Duration, Instant};

use rand::RngExt;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::units::parse_duration;

/// What goes wrong, all at once; the default is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Added to every answer.
    pub latency: Duration,
    /// The fraction of answers that are a 503, 0 to 1.
    pub error_rate: f64,
    /// `(how long, in every)`: nothing is answered during the last `how long`
    /// of every such period, counted from the start of the service.
    pub stall: Option<(Duration, Duration)>,
}

impl Faults {
    /// Reads `20ms`, `1.5s`, `2m`; a bare number is seconds.
    pub fn parse_latency(text: &str) -> Result<Duration, Fault> {
        parse_duration(text).map_err(|error| {
            Fault::new(Exit::Usage, format!("invalid latency `{text}`"))
                .why(error.to_string())
                .help("write a number and a unit, as in 20ms or 1.5s")
        })
    }

    /// Reads a fraction from 0 to 1.
    pub fn parse_error_rate(text: &str) -> Result<f64, Fault> {
        let rate = text.trim().parse::<f64>().ok().filter(|rate| (0.0..=1.0).contains(rate));
        rate.ok_or_else(|| {
            Fault::new(Exit::Usage, format!("invalid error rate `{text}`"))
                .why("it is the fraction of answers that fail")
                .help("write a number from 0 to 1, as in 0.01 for one in a hundred")
        })
    }

    /// Reads `1s/10s`: silent for one second in every ten.
    pub fn parse_stall(text: &str) -> Result<(Duration, Duration), Fault> {
        let fault = |why: String| {
            Fault::new(Exit::Usage, format!("invalid stall `{text}`"))
                .why(why)
                .help("write how long and in every how long, as in 1s/10s")
        };
        let (length, period) = text.split_once('/').ok_or_else(|| fault("it has no `/`".into()))?;
        let read = |part| parse_duration(part).map_err(|error| fault(error.to_string()));
        let (length, period) = (read(length)?, read(period)?);
        if length.is_zero() || length >= period {
            return Err(fault("a stall must be longer than nothing and shorter than its period".into()));
        }
        Ok((length, period))
    }
}

/// Faults at work, from the moment the service started.
pub(super) struct Injector {
    faults: Faults,
    since: Instant,
}

impl Injector {
    /// None where there is nothing to inject, so that a healthy service does
    /// not even ask.
    pub(super) fn new(faults: Faults) -> Option<Self> {
        let idle = faults.latency.is_zero() && faults.error_rate <= 0.0 && faults.stall.is_none();
        (!idle).then(|| Injector { faults, since: Instant::now() })
    }

    /// Waits as long as the faults demand.
    pub(super) async fn pause(&self) {
        if !self.faults.latency.is_zero() {
            tokio::time::sleep(self.faults.latency).await;
        }
        // The stall comes last: nothing may be answered within its window.
        while let Some(rest) = self.faults.stall.and_then(|stall| stalled(stall, self.since.elapsed())) {
            tokio::time::sleep(rest).await;
        }
    }

    /// The same; true where the answer must be an error.
    pub(super) async fn strike(&self) -> bool {
        self.pause().await;
        self.faults.error_rate > 0.0 && rand::rng().random_bool(self.faults.error_rate.min(1.0))
    }
}

/// How much of the window that `elapsed` lies in is left, if it lies in one.
fn stalled((length, period): (Duration, Duration), elapsed: Duration) -> Option<Duration> {
    let period_nanos = period.as_nanos().max(1);
    let into = elapsed.as_nanos() % period_nanos;
    let start = period_nanos.saturating_sub(length.as_nanos());
    (into >= start).then(|| Duration::from_nanos((period_nanos - into) as u64))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_parsers_read_what_people_write_and_name_what_they_refuse() {
        let ms = Duration::from_millis;
        assert_eq!(Faults::parse_latency("20ms").unwrap(), ms(20));
        assert_eq!(Faults::parse_latency("1.5s").unwrap(), ms(1500));
        assert_eq!(Faults::parse_error_rate("0.01").unwrap(), 0.01);
        assert_eq!(Faults::parse_stall("1s/10s").unwrap(), (ms(1000), ms(10_000)));
        for text in ["", "ms", "-1s", "1h2", "nans", "infs", "20 parsecs"] {
            let fault = Faults::parse_latency(text).unwrap_err();
            assert!(fault.what.contains(text) && fault.why.is_some(), "{text}");
        }
        for text in ["", "1.01", "-0.1", "NaN", "1%"] {
            assert_eq!(Faults::parse_error_rate(text).unwrap_err().exit, Exit::Usage, "{text}");
        }
        for text in ["", "1s", "1s/", "/10s", "10s/1s", "1s/1s", "0s/1s", "1s/10s/2s"] {
            assert!(Faults::parse_stall(text).unwrap_err().what.contains(text), "{text}");
        }
    }

    #[test]
    fn the_stall_is_the_end_of_each_period() {
        let ms = Duration::from_millis;
        let stall = (ms(1000), ms(10_000));
        for (elapsed, rest) in [
            (0, None),
            (8999, None),
            (9000, Some(1000)),
            (9999, Some(1)),
            (10_000, None),
            (19_500, Some(500)),
        ] {
            assert_eq!(stalled(stall, ms(elapsed)), rest.map(ms), "{elapsed}");
        }
    }

    #[test]
    fn no_faults_no_injector() {
        assert!(Injector::new(Faults::default()).is_none());
        assert!(Injector::new(Faults { error_rate: 0.1, ..Faults::default() }).is_some());
    }
}
