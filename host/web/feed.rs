//! The sink that tells the page. Made by `app` for each run.

use std::sync::Arc;

use crate::event::Event;
use crate::fault::Fault;
use crate::metrics::Snapshot;
use crate::report::Sink;

use super::session::Session;

/// A run's way to the session.
pub struct Feed(pub Arc<Session>);

impl Sink for Feed {
    fn compare_with(&mut self, baseline: &Arc<Snapshot>) {
        self.0.compare_with(baseline);
    }

    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        self.0.hear(event);
        Ok(())
    }
}
