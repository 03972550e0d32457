//! What a person wants of a run under way: a pause, more users, another rate, its end. Everything
//! goes through the door, which holds it to the limits of the environment. Of `running`.

use std::time::{Duration, SystemTime};

use crate::event::{Amount, Answer, Command, Event, Level, LogLine};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::{Iterations, Pacing, Target};

use super::message::Phase;
use super::running::{Act, Running};
use super::schedule::Schedule;

impl Running {
    /// Carries a command out that counts since `at`, and tells what came of it.
    pub(super) fn command(
        &mut self,
        command: &Command,
        (answer, at): (Option<&Answer>, Duration),
        tell: &mut dyn FnMut(&Event),
    ) {
        let answered = |said: Result<String, Fault>| {
            if let Some(answer) = answer {
                // Nobody waits for it longer than for a short while.
                let _ = answer.try_send(said);
            }
        };
        if *command == Command::Finish {
            answered(Ok("stopping".to_owned()));
            return self.finish(tell);
        }
        let is_steerable = self.act == Act::Users && self.phases.phase() == Phase::Running;
        let said = match is_steerable {
            true => self.steer(command, at),
            false => Err(refusal("no users run just now".to_owned())),
        };
        answered(said.clone());
        let (level, text) = match said {
            Ok(text) => (Level::Info, text),
            Err(fault) => {
                let help = fault.help.map(|help| format!(" ({help})")).unwrap_or_default();
                (Level::Warn, format!("{}{help}", fault.what))
            }
        };
        tell(&Event::Log(LogLine { level, at: SystemTime::now(), source: "e2e".into(), text }));
    }

    /// What was done.
    fn steer(&mut self, command: &Command, at: Duration) -> Result<String, Fault> {
        match command {
            Command::Finish => Ok(String::new()),
            Command::Reset => {
                self.reset();
                Ok("counting from anew".to_owned())
            }
            Command::Target { users, spawn_rate } => {
                let setup = self.setup.clone();
                match &setup.schedule {
                    Schedule::Steady(target) => self.set_target(target, (*users, *spawn_rate), at),
                    schedule => Err(fixed(schedule)),
                }
            }
            Command::Pause | Command::Resume | Command::PauseOrResume => {
                let pause = match command {
                    Command::Pause => true,
                    Command::Resume => false,
                    _ => !self.door.is_paused(),
                };
                self.door.pause(pause);
                Ok(match pause {
                    true => "paused: no task begins, and arrivals are passed over".to_owned(),
                    false => "resumed".to_owned(),
                })
            }
            Command::Load { scenario, amount } => {
                let setup = self.setup.clone();
                match &setup.schedule {
                    Schedule::Steady(target) => self.set_users(target, (scenario.as_deref(), *amount), at),
                    Schedule::Scenarios { .. } => self.set_scenario(scenario.as_deref(), *amount, at),
                    schedule => Err(fixed(schedule)),
                }
            }
        }
    }

    fn set_users(
        &mut self,
        begun: &Target,
        (scenario, amount): (Option<&str>, Amount),
        at: Duration,
    ) -> Result<String, Fault> {
        if let Some(name) = scenario {
            return Err(refusal(format!("there is no scenario `{name}`")));
        }
        let target = self.door.target().unwrap_or(begun).clone();
        let users = amount.of(target.users as f64).round() as u64;
        self.set_target(begun, (Some(users), None), at)
    }

    fn set_target(
        &mut self,
        begun: &Target,
        (users, spawn_rate): (Option<u64>, Option<f64>),
        at: Duration,
    ) -> Result<String, Fault> {
        let target = self.door.target().unwrap_or(begun).clone();
        let (users, rate) = (users.unwrap_or(target.users), spawn_rate.unwrap_or(target.spawn_rate));
        if users < 1 {
            return Err(refusal("there must be a user: pause the run, or stop it".to_owned()));
        }
        self.door.aim(at, Target { users, spawn_rate: rate, ..target })?;
        let s = if users == 1 { "" } else { "s" };
        Ok(format!("going to {users} user{s}, {rate}/s"))
    }

    fn set_scenario(
        &mut self,
        name: Option<&str>,
        amount: Amount,
        passed: Duration,
    ) -> Result<String, Fault> {
        let setup = self.setup.clone();
        let names: Vec<&str> = setup.parts.iter().map(|part| part.scenario.name.as_str()).collect();
        let number = match name {
            Some(name) => names.iter().position(|known| *known == name).ok_or_else(|| {
                refusal(format!("there is no scenario `{name}`")).suggest(name, names.iter().copied())
            })?,
            None if names.len() == 1 => 0,
            None => {
                return Err(refusal(format!("there are several scenarios: {}", names.join(", "))));
            }
        };
        let scenario = &setup.parts[number].scenario;
        let name = &scenario.name;
        let at = passed.checked_sub(scenario.start_time);
        let Some(at) = at.filter(|_| passed < scenario.ends()) else {
            let when = if at.is_some() { "is over" } else { "has not begun" };
            return Err(refusal(format!("scenario `{name}` {when}")));
        };
        if scenario.iterations != Iterations::Any {
            return Err(refusal(format!("scenario `{name}` has a fixed number of iterations")));
        }
        let (planned, unit) = match &scenario.pacing {
            Pacing::Users(curve) => (curve.height(at).round(), "users"),
            Pacing::Arrivals { rate, .. } => (rate.height(at), "iterations"),
        };
        let wanted = amount.of(self.door.tuned(number).unwrap_or(planned));
        let is_users = matches!(scenario.pacing, Pacing::Users(_));
        let wanted = if is_users { wanted.round() } else { wanted };
        if wanted <= 0.0 {
            return Err(refusal(format!("scenario `{name}` must have some: pause the run, or stop it")));
        }
        // The others may come to as much as they say.
        let mut most = wanted;
        for (other, part) in setup.parts.iter().enumerate().filter(|(other, _)| *other != number) {
            let pacing = &part.scenario.pacing;
            let own = if is_users { pacing.most_users() as f64 } else { pacing.most_arrivals() };
            let is_same = matches!(pacing, Pacing::Users(_)) == is_users;
            most += self.door.tuned(other).filter(|_| is_same).unwrap_or(own);
        }
        let more = if is_users { (wanted - planned).abs() } else { 0.0 };
        self.door.tune(number, (at, wanted), (is_users, most, more))?;
        let unit = if wanted == 1.0 { unit.trim_end_matches('s') } else { unit };
        Ok(format!("scenario `{name}`: going to {} {unit}", (wanted * 100.0).round() / 100.0)
            + if is_users { "" } else { " per second" })
    }
}

impl Amount {
    fn of(self, now: f64) -> f64 {
        match self {
            Amount::To(value) => value,
            Amount::By(value) => now + value,
        }
    }
}

/// Of a load that says itself how many users there are.
fn fixed(schedule: &Schedule) -> Fault {
    refusal(match schedule.shape() {
        Some(name) => format!("the load shape `{name}` says how many users there are"),
        None => "the scenarios say how many users there are".to_owned(),
    })
}

fn refusal(what: String) -> Fault {
    Fault::new(Exit::Usage, what)
}

/// When something was changed, since the beginning of its scenario; and to what.
pub(super) type Tuning = (Duration, f64);
