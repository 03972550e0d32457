//! Says what a process has to say, in sequence, until NATS has it: what is not acknowledged is said again, with the same
//! number, and NATS as well as those who listen know it for a repeat. One task of `session`.

use std::time::Duration;

use async_nats::HeaderMap;
use crossbeam_channel::Sender;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::run::{Closing, Mouth, Outgoing, Voice};

use super::link::Link;
use super::records::{Answered, Said};
use super::wire::{cut, pack};

/// Until something is said again.
const AGAIN: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(2);

/// What is to be said: where, and what.
pub(super) enum Letter {
    Say(String, Vec<u8>),
    /// Answers when everything before it has been said.
    Flush(oneshot::Sender<()>),
}

impl Letter {
    pub(super) fn of(subject: String, value: &impl Serialize) -> Letter {
        Letter::Say(subject, pack(value))
    }
}

/// Until nobody has anything to say. `token` tells this process's messages from those of others.
pub(super) async fn deliver(link: Link, token: String, mut letters: UnboundedReceiver<Letter>) {
    let mut number = 0;
    while let Some(letter) = letters.recv().await {
        match letter {
            Letter::Flush(done) => drop(done.send(())),
            Letter::Say(subject, packed) => {
                number += 1;
                for (index, part) in cut(number, &packed).into_iter().enumerate() {
                    say(&link, &subject, &format!("{token}-{number}-{index}"), part).await;
                }
            }
        }
    }
}

async fn say(link: &Link, subject: &str, id: &str, part: Vec<u8>) {
    let part = bytes::Bytes::from(part);
    loop {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id);
        let said = async {
            let ack = link.context.publish_with_headers(subject.to_owned(), headers, part.clone()).await;
            match ack {
                Ok(ack) => ack.await.is_ok(),
                Err(_) => false,
            }
        };
        if tokio::time::timeout(PATIENCE, said).await.unwrap_or(false) {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Carries what `run` says: each word to its subject.
pub(super) fn speak(
    link: Link,
    voice: Voice,
    letters: UnboundedSender<Letter>,
    closing: Sender<Closing>,
) -> Mouth {
    let (mouth, mut words) = unbounded_channel();
    tokio::spawn(async move {
        let own = link.subject(&format!("from.{}", voice.segment));
        while let Some(word) = words.recv().await {
            let letter = match word {
                Outgoing::Parcel(parcel) => Letter::of(own.clone(), &Said::Parcel(parcel)),
                Outgoing::Log(line) => Letter::of(own.clone(), &Said::Log(line)),
                Outgoing::Order(agreed) => Letter::of(link.subject("ctl"), &agreed),
                Outgoing::Answer(ticket, said) => {
                    Letter::of(link.subject("said"), &Answered { ticket, said })
                }
                Outgoing::Finish => {
                    let _ = closing.send(Closing::Teardown);
                    continue;
                }
            };
            if letters.send(letter).is_err() {
                return;
            }
        }
    });
    mouth
}
