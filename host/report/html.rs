//! The report as a page (`--html`): one file with the whole run, drawn by the renderer of the live page.
//! Written at the end, whatever ended the run.

use std::sync::Arc;

use super::page::document;
use super::sink::Sink;
use super::target::Target;
use super::view::Keeper;
use crate::event::Event;
use crate::fault::Fault;
use crate::metrics::Snapshot;

pub(super) struct Html {
    target: Target,
    keeper: Keeper,
}

impl Html {
    pub(super) fn new(target: Target) -> Self {
        Html { target, keeper: Keeper::for_the_end() }
    }
}

impl Sink for Html {
    fn compare_with(&mut self, baseline: &Arc<Snapshot>) {
        self.keeper.compare_with(baseline.clone());
    }

    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        self.keeper.on(event);
        match event {
            Event::Done(_) => self.target.replace(document(self.keeper.view()).as_bytes()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "html_tests.rs"]
mod tests;
