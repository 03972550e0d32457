//! Measuring, without I/O: each worker's recorder, the snapshots it hands over
//! and their sum, and what is asked of them. Called by `run` (workers record,
//! the aggregator merges), `event` and `report` (which read).

mod baseline;
mod builtin;
mod custom;
mod entry;
mod exact;
mod expression;
mod groups;
mod latencies;
mod measure;
mod raw;
mod recorder;
mod regression;
mod rewrite;
mod selector;
mod shares;
mod slots;
mod snapshot;
mod stored;
mod summary;
mod tally;
mod watched;

pub use baseline::{Change, Distribution};
pub use builtin::{ARRIVALS, BUILT_IN, BuiltIn, Part, Source, built_in};
pub use custom::{Metric, MetricKey, Undeclared};
pub use entry::{Entry, Label};
pub use expression::{Comparison, Expression, Malformed, Method};
pub use groups::{Group, GroupCount};
pub use measure::{Counter, Gauge, Kind, Measure, Rate, Trend};
pub use raw::{RawRequest, RawSample, RawSink, RawWhat};
pub use recorder::{Call, Exception, Key, Recorder};
pub use regression::{Baseline, Doubt, Finding, Regression, fail_otherwise};
pub use selector::{Selector, Unselective};
pub use shares::ShareKey;
pub use snapshot::{
    CheckCount, CheckKey, ExceptionCount, ExceptionKey, FailureKey, Occurrences, Origin, Overflow,
    OverflowKind, Snapshot,
};
pub use summary::{PERCENTILES, Span, epoch};
pub use tally::{Buckets, Count, Seconds, Tally};
pub use watched::{Phases, Sample, Scene, TagSet};
