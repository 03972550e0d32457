//! What all processes of a run that several make carry out alike: each hears the same orders in the same sequence.
//! Part of `event`; said and heard by `run`, carried by `cluster`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::metrics::Change;

use super::{Command, Outcome, Stop, Threshold};

/// An order for all processes of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Agreed {
    /// Since when it counts, from the start of the run.
    pub at: Duration,
    pub what: What,
    /// What whoever merges answers under; None where nobody waits for an answer.
    #[serde(default)]
    pub ticket: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum What {
    /// What a person wants.
    Command(Command),
    /// What a load shape's `tick` has said.
    Aim(Aimed),
    /// The load shape is over.
    Over,
    /// The run ends, as after a first signal.
    End(Stop),
    /// And at once, as after a second.
    Kill,
}

/// A load to aim at: users, users a second, and the classes that may get more, as indices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aimed {
    pub users: u64,
    pub spawn_rate: f64,
    pub classes: Option<Vec<usize>>,
}

/// A shared text.
pub(super) mod text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        text: &Arc<str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}

/// A threshold as it is read: its unit is one of those that there are.
#[derive(Deserialize)]
struct Stored {
    selector: String,
    expression: String,
    unit: String,
    value: Option<f64>,
    change: Option<Change>,
    outcome: Outcome,
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Threshold, D::Error> {
        const UNITS: [&str; 4] = ["", "ms", "B", "%"];
        let Stored { selector, expression, unit, value, change, outcome } =
            Stored::deserialize(deserializer)?;
        let unit = UNITS.into_iter().find(|known| *known == unit).unwrap_or_default();
        Ok(Threshold { selector, expression, unit, value, change, outcome })
    }
}
