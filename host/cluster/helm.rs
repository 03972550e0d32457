//! Orders from one who looks on: to all processes of the run, as one of them would give them; whoever merges answers.
//! A task of `follow`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::event::{Agreed, Answer, Command, Stop, What};
use crate::exit::Exit;
use crate::fault::Fault;

use super::clock::Clock;
use super::feed::{Heard, listen};
use super::link::Link;
use super::records::{Answered, Founding, Start};
use super::wire::{cut, pack, unpack};

/// NATS has an order by then, or it is not given.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is wanted, and who waits for an answer: without one the run's log tells it.
pub(super) struct Wanted {
    pub(super) command: Command,
    pub(super) answer: Option<Answer>,
}

/// Who waits, by ticket, since when.
type Waiting = Arc<Mutex<HashMap<String, (Answer, Instant)>>>;

/// Nobody waits longer.
const FORGOTTEN: Duration = Duration::from_secs(60);

pub(super) struct Helm {
    link: Link,
    /// The sentence that was given for a guarded environment.
    confirm: Option<String>,
    clock: Option<Clock>,
    /// It was told to end.
    ends: bool,
    number: u64,
    waiting: Waiting,
}

/// Until nobody wants anything. `refuse` is told what could not be ordered, where nobody waits for an answer.
pub(super) async fn steer(
    link: Link,
    confirm: Option<String>,
    mut wanted: UnboundedReceiver<Wanted>,
    refuse: &(dyn Fn(Fault) + Sync),
) {
    let waiting = Waiting::default();
    let answers = waiting.clone();
    let hearing = listen(link.clone(), "said", move |heard| {
        if let Heard::Message(packed) = heard
            && let Some(Answered { ticket, said }) = unpack(&packed)
            && let Some((answer, _)) = answers.lock().remove(&ticket)
        {
            // Whoever asked may be gone.
            let _ = answer.try_send(said);
        }
        true
    });
    let mut helm = Helm { link, confirm, clock: None, ends: false, number: 0, waiting };
    let giving = async {
        while let Some(Wanted { command, answer }) = wanted.recv().await {
            match (helm.give(command, answer.as_ref()).await, &answer) {
                (Ok(()), _) => {}
                (Err(fault), Some(answer)) => drop(answer.try_send(Err(fault))),
                (Err(fault), None) => refuse(fault),
            }
        }
    };
    tokio::select! {
        () = hearing => {}
        () = giving => {}
    }
}

impl Helm {
    /// # Errors
    /// The run is guarded, has not begun, or NATS does not take it.
    async fn give(&mut self, command: Command, answer: Option<&Answer>) -> Result<(), Fault> {
        let lost = |why: String| {
            Fault::new(Exit::Usage, "the order could not be given: NATS gives no answer").why(why)
        };
        let what = match command {
            Command::Finish if self.ends => What::Kill,
            Command::Finish => What::End(Stop::Finished),
            command => What::Command(command),
        };
        if !self.link.is_connected() {
            return Err(lost("the connection is lost, and sought again".to_owned()));
        }
        if matches!(what, What::Command(_)) {
            let founding = self.link.get::<Founding>("plan").await.map_err(lost)?;
            founding.map_or(Ok(()), |held| held.value.identity.check_guard(self.confirm.as_deref()))?;
        }
        let Some(Start::At { nanos, .. }) =
            self.link.get::<Start>("start").await.map_err(lost)?.map(|held| held.value)
        else {
            return Err(Fault::new(Exit::Usage, "the run has not begun")
                .help("before its start a run is stopped where its processes are: Ctrl-C"));
        };
        let clock = match self.clock {
            Some(clock) => clock,
            None => Clock::measure(&self.link, &ticket()).await.map_err(lost)?,
        };
        self.clock = Some(clock);
        let at = Duration::from_nanos(u64::try_from(clock.now() - nanos).unwrap_or_default());
        let ends = matches!(what, What::End(_) | What::Kill);
        let ticket = answer.map(|answer| self.wait_for(answer));
        self.publish(&Agreed { at, what, ticket }).await.map_err(lost)?;
        self.ends |= ends;
        Ok(())
    }

    /// The ticket under which it will be answered.
    fn wait_for(&self, answer: &Answer) -> String {
        let ticket = ticket();
        let mut waiting = self.waiting.lock();
        waiting.retain(|_, (_, since)| since.elapsed() < FORGOTTEN);
        waiting.insert(ticket.clone(), (answer.clone(), Instant::now()));
        ticket
    }

    /// Once: an order that comes long after it was given would surprise everybody.
    async fn publish(&mut self, agreed: &Agreed) -> Result<(), String> {
        self.number += 1;
        for part in cut(self.number, &pack(agreed)) {
            let said = async {
                let ack = self.link.context.publish(self.link.subject("ctl"), part.into()).await;
                ack.map_err(|error| error.to_string())?.await.map_err(|error| error.to_string())
            };
            match tokio::time::timeout(PATIENCE, said).await {
                Ok(said) => drop(said?),
                Err(_) => return Err("it took too long".to_owned()),
            }
        }
        Ok(())
    }
}

fn ticket() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
