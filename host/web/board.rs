//! What the page shows of a run, kept up from its events. Between `live` and `report`'s view.

use std::sync::Arc;

use crate::event::Event;
use crate::metrics::Snapshot;
use crate::report::page::document;
use crate::report::view::{Keeper, View};

#[derive(Default)]
pub(super) struct Board(Keeper);

/// What there is to see at a moment.
pub(super) struct Sight(View);

impl Board {
    pub(super) fn compare_with(&mut self, baseline: Arc<Snapshot>) {
        self.0.compare_with(baseline);
    }

    pub(super) fn hear(&mut self, event: &Event) {
        self.0.on(event);
    }

    pub(super) fn sight(&self) -> Sight {
        Sight(self.0.view())
    }

    /// What has changed, as JSON.
    pub(super) fn beat(&self) -> String {
        serde_json::to_string(&self.0.beat()).unwrap_or_default()
    }
}

impl Sight {
    /// The report: one page that needs nothing else.
    pub(super) fn page(&self) -> Vec<u8> {
        document(self.0.clone()).into_bytes()
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}
