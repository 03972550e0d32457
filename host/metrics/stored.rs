//! How measurements are written down and read again, exactly: maps as lists of pairs, since their
//! keys are no texts, and floats as their bits, since digits may be read as a neighbour. Used by
//! the types beside it; the files are made and read by `report`.

/// A map whose keys are shared.
pub(super) mod pairs {
    use std::collections::BTreeMap;
    use std::ops::Deref;
    use std::sync::Arc;

    use serde::de::{Deserialize, DeserializeOwned, Deserializer};
    use serde::ser::{Serialize, Serializer};

    /// A key, and what it is read as.
    pub(in super::super) trait Shared: Ord + Deref {
        type Own: DeserializeOwned;
        fn share(own: Self::Own) -> Self;
    }

    impl<T: Ord + DeserializeOwned> Shared for Arc<T> {
        type Own = T;
        fn share(own: T) -> Self {
            Arc::new(own)
        }
    }

    impl Shared for Arc<str> {
        type Own = String;
        fn share(own: String) -> Self {
            own.into()
        }
    }

    pub(in super::super) fn serialize<K, V, S>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error>
    where
        K: Shared,
        K::Target: Serialize,
        V: Serialize,
        S: Serializer,
    {
        serializer.collect_seq(map.iter().map(|(key, value)| (&**key, value)))
    }

    pub(in super::super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Shared,
        V: DeserializeOwned,
        D: Deserializer<'de>,
    {
        let pairs = Vec::<(K::Own, V)>::deserialize(deserializer)?;
        Ok(pairs.into_iter().map(|(key, value)| (K::share(key), value)).collect())
    }
}

/// A float.
pub(super) mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.to_bits())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

/// A float and its time.
pub(super) mod timed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        (at, value): &(u64, f64),
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (at, value.to_bits()).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<(u64, f64), D::Error> {
        <(u64, u64)>::deserialize(deserializer).map(|(at, bits)| (at, f64::from_bits(bits)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use crate::metrics::{Call, Exception, Group, Kind, Recorder, Scene, Snapshot};

    fn snapshot(values: &[f64]) -> Snapshot {
        let mut recorder = Recorder::new();
        for (number, value) in values.iter().enumerate() {
            let at = 1_700_000_000 + number as u64 % 3;
            let key = recorder.key("GET", &format!("/{}", number % 4));
            let latency = Duration::from_micros(value.abs() as u64 % 5_000_000);
            let failure = (number % 5 == 0).then_some("a \"text\"\nof two lines");
            let call = Call { latency, bytes: 7, at, failure };
            recorder.call(key, &call);
            let group = recorder.group(Group::NONE, "a::b, c");
            recorder.call_within(group, &call);
            recorder.group_ended(group, latency);
            recorder.check(group, "holds", number % 2 == 0);
            recorder.exception(&Exception { message: "m", traceback: "t", class: "C", task: "x", at });
            for kind in [Kind::Counter, Kind::Gauge, Kind::Rate, Kind::Trend] {
                let metric = recorder.metric(kind, kind.name(), "").unwrap();
                recorder.clear_tags();
                recorder.tag("number", &(number % 3).to_string());
                recorder.add(metric, *value, number as u64, Scene::NONE);
            }
            recorder.iteration();
        }
        recorder.take()
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(values in prop::collection::vec(-1e300f64..1e300, 0..30)) {
            let written = snapshot(&values);
            let text = serde_json::to_string(&written).unwrap();
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), written);
        }
    }
}
