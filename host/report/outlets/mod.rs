//! Where results go while the run goes on (`--out`): each receiver on a thread of its own, behind
//! a bounded queue, so that a slow or dead one delays nothing. Made and fed by `outputs`.

mod csv;
mod hdr;
mod influxdb;
mod json;
mod names;
mod otlp;
mod otlp_grpc;
mod otlp_messages;
mod point_file;
mod points;
mod post;
mod pump;
mod remote_write;
mod scrape;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::config::{Outlet, OutletKind};
use crate::event::{RunInfo, Summary, Tick};
use crate::fault::Fault;
use crate::metrics::RawSample;

pub(super) use hdr::{End, Interval, Judged, Run, SECTION, Section};
use point_file::PointFile;
pub(super) use pump::Pump;

/// What a receiver is told, in this order: one `Started`, ticks, one `Done`.
enum News {
    Started(Arc<RunInfo>),
    Tick(Tick),
    Samples(Arc<[RawSample]>),
    /// And when nobody waits for the delivery any more.
    Done(Arc<Summary>, Instant),
}

/// Why something did not arrive.
#[derive(Debug)]
struct Trouble {
    why: String,
    /// What to do about it.
    help: Option<String>,
    /// What is lost for good by it; 0 where a later delivery makes it good.
    lost: u64,
}

/// Takes results somewhere; runs on its own thread.
trait Carrier: Send {
    /// # Errors
    /// What could not be delivered.
    fn carry(&mut self, news: &News) -> Result<(), Trouble>;

    /// Of several ticks that wait, the newest tells everything.
    fn wants_newest(&self) -> bool {
        false
    }
}

/// Makes ready what `--out` names, before the run.
///
/// # Errors
/// A file that cannot be written, an address that cannot be listened at.
pub(super) fn prepare(outlet: &Outlet, variables: &BTreeMap<String, String>) -> Result<Pump, Fault> {
    let carrier: Box<dyn Carrier> = match outlet.kind {
        OutletKind::Hdr => Box::new(hdr::HdrLog::prepare(outlet)?),
        OutletKind::Json => Box::new(PointFile::<json::Json>::prepare(outlet)?),
        OutletKind::Csv => Box::new(PointFile::<csv::Csv>::prepare(outlet)?),
        OutletKind::Influxdb => Box::new(influxdb::Influxdb::prepare(outlet, variables)?),
        OutletKind::PrometheusRw => Box::new(remote_write::RemoteWrite::prepare(outlet)?),
        OutletKind::Prometheus => Box::new(scrape::Scrape::prepare(outlet)?),
        OutletKind::Otlp => Box::new(otlp::Otlp::prepare(outlet, variables)?),
    };
    Pump::start(outlet, carrier)
}
