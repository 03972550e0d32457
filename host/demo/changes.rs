//! What a store does, told to those who watch it. Used by `store`, listened to by `grpc`.

use std::sync::OnceLock;

use tokio::sync::broadcast;

use super::store::Document;

/// So many changes may wait for a watcher.
const MOST_WAITING: usize = 4096;

#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) collection: String,
    pub(super) kind: ChangeKind,
    pub(super) document: Document,
}

/// By the number that it has on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Created = 1,
    Updated = 2,
    Deleted = 3,
}

/// Costs nothing until somebody listens.
#[derive(Default)]
pub(super) struct Changes(OnceLock<broadcast::Sender<Change>>);

impl Changes {
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.get_or_init(|| broadcast::channel(MOST_WAITING).0).subscribe()
    }

    /// Under the store's lock, so that changes come in their order.
    pub(super) fn tell(&self, kind: ChangeKind, collection: &str, document: &Document) {
        if let Some(changes) = self.0.get() {
            // Fails where nobody listens any more.
            let _ = changes.send(Change { collection: collection.into(), kind, document: document.clone() });
        }
    }
}
