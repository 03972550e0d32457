//! What every output is. Implemented by the modules beside this one and by
//! `web`; called by `outputs`.

use std::sync::Arc;

use crate::event::Event;
use crate::fault::Fault;
use crate::metrics::Snapshot;

pub trait Sink: Send {
    /// Takes notice of an event.
    ///
    /// # Errors
    /// A result that is lost for good. What a later event writes anew is not
    /// lost yet, so a sink reports a failed rewrite only at the end.
    fn on(&mut self, event: &Event) -> Result<(), Fault>;

    /// Is told what the run is to be shown beside, before it begins; some show it.
    fn compare_with(&mut self, _baseline: &Arc<Snapshot>) {}
}
