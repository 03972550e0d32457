//! What happens, as server-sent events: the status whenever it changes, the figures once a second. A browser that is
//! slow gets the newest of both and misses what was between; nothing is kept for it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::answers::refusal;
use super::routes::Web;
use super::status::Frame;

/// Browsers that listen at a time.
pub(super) const MOST_LISTENERS: usize = 64;
/// Between two signs of life.
const QUIET: Duration = Duration::from_secs(15);

struct Listener {
    frames: watch::Receiver<Frame>,
    /// What was told last.
    status: Arc<str>,
    beat: (u64, u64),
    ready: VecDeque<Event>,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

pub(super) async fn events(State(web): State<Web>) -> Response {
    let Ok(place) = web.listeners.clone().try_acquire_owned() else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "too many browsers listen already");
    };
    let mut frames = web.session.listen();
    // How things stand is told at once.
    frames.mark_changed();
    let listener = Listener {
        frames,
        status: Arc::default(),
        beat: (0, 0),
        ready: VecDeque::new(),
        is_over: false,
        _place: place,
    };
    let events = stream::unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(QUIET)).into_response()
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_over || self.frames.changed().await.is_err() {
                return None;
            }
            let frame = self.frames.borrow_and_update().clone();
            if frame.status != self.status {
                self.ready.push_back(Event::default().event("status").data(&*frame.status));
                self.status = frame.status;
            }
            let beat = (frame.beat.run, frame.beat.number);
            if let (Some(json), true) = (frame.beat.json, beat != self.beat) {
                self.beat = beat;
                let (run, number) = beat;
                let text = format!("{{\"run\":{run},\"number\":{number},\"beat\":{json}}}");
                self.ready.push_back(Event::default().event("beat").data(text));
            }
            self.is_over = frame.is_over;
        }
    }
}
