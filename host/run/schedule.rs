//! Where the number of users comes from: one target, the stages of a load shape, or
//! its `tick`. Made by `setup`, followed by `running`.

use std::sync::Arc;
use std::time::Duration;

use crate::api::Wanted;
use crate::config::Plan;
use crate::exit::Exit;
use crate::fault::{Fault, Place};
use crate::load::{Stage, Stages, Target};
use crate::script::{Shape, ShapeForm};

use super::setup::ClassPlan;

pub enum Schedule {
    /// One target for the whole run.
    Steady(Target),
    /// The stages of the load shape with that name.
    Stages { name: String, stages: Stages },
    /// The `tick` of the load shape with that name is asked every second.
    Ticks { name: String },
    /// Scenarios, which workers play by themselves: so many users at most; when they end, unless iterations
    /// decide; and when their users have come, and how many those are.
    Scenarios { users: u64, end: Option<Duration>, spawned: (Duration, u64) },
}

impl Schedule {
    /// # Errors
    /// More than one load shape; stages that no environment, or not this one, allows.
    pub(super) fn new(plan: &Plan, shapes: Vec<Shape>, classes: &[ClassPlan]) -> Result<Schedule, Fault> {
        let named = |shape: &Shape| plan.classes.contains(&shape.name);
        let any_named = shapes.iter().any(named);
        let mut shapes: Vec<Shape> = shapes.into_iter().filter(|shape| !any_named || named(shape)).collect();
        if shapes.len() > 1 {
            let names: Vec<&str> = shapes.iter().map(|shape| shape.name.as_str()).collect();
            let what = format!("a run has one load shape, not {}: {}", names.len(), names.join(", "));
            let help = "name one on the command line, or give the others `abstract = true`";
            return Err(Fault::new(Exit::Script, what).help(help));
        }
        let Some(Shape { name, place, form }) = shapes.pop() else {
            let target = Target { users: plan.users.into(), spawn_rate: plan.spawn_rate, classes: None };
            return Ok(Schedule::Steady(target));
        };
        let ShapeForm::Stages(stages) = form else { return Ok(Schedule::Ticks { name }) };
        let mut all = Vec::with_capacity(stages.len());
        for (index, (duration, wanted)) in stages.into_iter().enumerate() {
            let stage = format!("stage {} of load shape `{name}`", index + 1);
            let located = |fault: Fault| {
                let fault = Fault { what: format!("{stage}: {}", fault.what), ..fault };
                if fault.at.is_some() { fault } else { place.iter().cloned().fold(fault, Fault::at) }
            };
            let target = target_of(wanted, classes).and_then(|target| {
                target.check().map_err(|fault| Fault { exit: Exit::Script, ..fault })?;
                plan.safety.check_target(target.users, target.spawn_rate)?;
                Ok(target)
            });
            all.push(Stage { duration, target: target.map_err(located)? });
        }
        Ok(Schedule::Stages { name, stages: Stages(all) })
    }

    /// The load shape's name, where there is one.
    pub fn shape(&self) -> Option<&str> {
        match self {
            Schedule::Steady(_) | Schedule::Scenarios { .. } => None,
            Schedule::Stages { name, .. } | Schedule::Ticks { name } => Some(name),
        }
    }

    /// The most users there will be, as far as it is known.
    pub fn most_users(&self) -> Option<u64> {
        match self {
            Schedule::Steady(target) => Some(target.users),
            Schedule::Stages { stages, .. } => Some(stages.most_users()),
            Schedule::Ticks { .. } => None,
            Schedule::Scenarios { users, .. } => Some(*users),
        }
    }
}

/// What a shape wants, with its classes by number.
///
/// # Errors
/// A class that does not run.
pub(super) fn target_of(wanted: Wanted, classes: &[ClassPlan]) -> Result<Target, Fault> {
    let Wanted { users, spawn_rate, classes: named } = wanted;
    let known = || classes.iter().map(|plan| plan.class.name.as_str());
    let numbered = |name: String| {
        known().position(|known| known == name).ok_or_else(|| {
            let fault = Fault::new(Exit::Script, format!("no user class `{name}` runs"));
            fault
                .help(format!("there are {}", known().collect::<Vec<_>>().join(", ")))
                .suggest(&name, known())
        })
    };
    let classes = match named {
        Some(names) => Some(names.into_iter().map(numbered).collect::<Result<Arc<[usize]>, Fault>>()?),
        None => None,
    };
    Ok(Target { users, spawn_rate, classes })
}

/// A place as engines write it: `file:line`.
pub(super) fn place_of(text: &str) -> Option<Place> {
    let (file, line) = text.trim_end_matches([':', ' ']).rsplit_once(':')?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: None, source: None })
}
