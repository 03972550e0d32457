//! What a person, a load shape or a process wants of a run that several make, as whoever merges it sees it: it has no
//! users of its own, but knows how the run stands, and answers for all. Called by `head`.

use std::time::{Duration, Instant};

use crossbeam_channel::bounded;

use crate::event::{Agreed, Aimed, Command, Event, Level, What};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Target;

use super::head::Merger;
use super::message::Phase;
use super::parcel::Outgoing;
use super::schedule::Schedule;
use super::together::log;

impl Merger {
    /// The load that the run begins with.
    pub(super) fn aim(&mut self) {
        if let Schedule::Steady(target) = &self.running.setup.schedule {
            // One that the environment does not allow is refused where the users are.
            let _ = self.running.door.aim(Duration::ZERO, target.clone());
        }
    }

    /// What a load shape of stages aims at by now.
    pub(super) fn follow_stages(&mut self) {
        if matches!(self.running.setup.schedule, Schedule::Stages { .. }) {
            self.running.follow_schedule(Instant::now());
        }
    }

    /// Notes what all carry out, and answers whoever waits for that.
    pub(super) fn heed(&mut self, agreed: Agreed, tell: &mut dyn FnMut(&Event)) {
        if self.opening.is_none() {
            return self.early.push(agreed);
        }
        let Agreed { at, what, ticket } = agreed;
        let said = match what {
            What::Command(Command::Finish) | What::End(_) | What::Kill => {
                // Why it ended is for those to say whose users have ended.
                self.running.go(Phase::Stopping);
                Ok("stopping".to_owned())
            }
            What::Command(Command::Reset) => self.begin_anew(tell),
            What::Command(command) => self.steer(&command, at, tell),
            What::Aim(Aimed { users, spawn_rate, classes }) => {
                let target = Target { users, spawn_rate, classes: classes.map(Into::into) };
                let _ = self.running.door.aim(at, target);
                return;
            }
            What::Over => return,
        };
        if let Some(ticket) = ticket {
            let _ = self.mouth.send(Outgoing::Answer(ticket, said));
        }
    }

    fn steer(
        &mut self,
        command: &Command,
        at: Duration,
        tell: &mut dyn FnMut(&Event),
    ) -> Result<String, Fault> {
        let (answer, answered) = bounded(1);
        // Whoever takes over hears old orders once more, which were told of then.
        let is_new = self.caught_up;
        self.running.command(command, (Some(&answer), at), &mut |event| {
            if is_new {
                tell(event);
            }
        });
        answered.try_recv().unwrap_or_else(|_| Err(Fault::new(Exit::Internal, "nothing came of it")))
    }

    /// What is counted from anew says each process, with its next parcel.
    fn begin_anew(&mut self, tell: &mut dyn FnMut(&Event)) -> Result<String, Fault> {
        if self.running.phases.phase() > Phase::Running {
            return Err(Fault::new(Exit::Usage, "no users run just now"));
        }
        let said = "counting from anew".to_owned();
        if self.caught_up {
            tell(&log(Level::Info, said.clone()));
        }
        Ok(said)
    }
}
