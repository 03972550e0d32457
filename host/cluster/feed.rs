//! Hears what was said on some subjects, from the beginning and in sequence, whatever becomes of the connection or the
//! server meanwhile: one that falls silent is asked anew from where it stopped. A task of `session`, and `follow`.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use futures_util::StreamExt;

use super::link::Link;
use super::wire::Joiner;

/// Without a message for so long it is looked whether the server still knows of us.
const SILENCE: Duration = Duration::from_secs(2);

/// Until one that failed is asked anew.
const AGAIN: Duration = Duration::from_millis(200);

/// What is heard.
pub(super) enum Heard {
    /// What was said.
    Message(Vec<u8>),
    /// Everything that had been said before has been heard.
    CaughtUp,
}

/// Until `hear` returns false. `rest` is the subject below that of the run, such as `snap.*`.
pub(super) async fn listen(link: Link, rest: &str, mut hear: impl FnMut(Heard) -> bool) {
    let subject = link.subject(rest);
    let (mut last, mut caught_up) = (0, false);
    let mut joiner = Joiner::default();
    loop {
        let config = pull::Config {
            deliver_policy: match last {
                0 => DeliverPolicy::All,
                last => DeliverPolicy::ByStartSequence { start_sequence: last + 1 },
            },
            ack_policy: AckPolicy::None,
            filter_subject: subject.clone(),
            inactive_threshold: Duration::from_secs(30),
            memory_storage: true,
            ..pull::Config::default()
        };
        let Ok(mut consumer) = link.stream.create_consumer(config).await else {
            if !hear_nothing(&link).await {
                continue;
            }
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let pending = consumer.cached_info().num_pending;
        if pending == 0 && !caught_up {
            caught_up = true;
            if !hear(Heard::CaughtUp) {
                return;
            }
        }
        let stream = consumer.stream().heartbeat(Duration::from_millis(500)).expires(Duration::from_secs(5));
        let Ok(mut messages) = stream.messages().await else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        loop {
            let message = match tokio::time::timeout(SILENCE, messages.next()).await {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(_)) | None) => break,
                // A quiet run, or a server that was started anew and knows nobody.
                Err(_) => match link.is_connected() && consumer.info().await.is_ok() {
                    true => continue,
                    false => break,
                },
            };
            let Ok(info) = message.info() else { continue };
            let (sequence, pending) = (info.stream_sequence, info.pending);
            if sequence <= last {
                continue;
            }
            last = sequence;
            if let Some(whole) = joiner.add(&message.subject, &message.payload)
                && !hear(Heard::Message(whole))
            {
                return;
            }
            if pending == 0 && !caught_up {
                caught_up = true;
                if !hear(Heard::CaughtUp) {
                    return;
                }
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Waits a moment where there is no connection. True where there is one.
async fn hear_nothing(link: &Link) -> bool {
    if link.is_connected() {
        return true;
    }
    tokio::time::sleep(AGAIN).await;
    false
}
