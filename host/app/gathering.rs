//! Before a run that several processes make: what it is, and the wait until all are there. Used by `together`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cluster::{Call, Identity, Ruling, Session, StartRecord};
use crate::config::{Meeting, Plan};
use crate::event::{Event, RunInfo, Stop};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Segment;
use crate::report::masked;
use crate::run::Begin;

use super::fingerprint::fingerprint;
use super::tell;

/// What must be the same in all processes.
pub(super) fn identity(plan: &Plan, meeting: &Meeting) -> Identity {
    let mut told = std::collections::BTreeMap::new();
    let mut put =
        |name: &str, value: &dyn std::fmt::Debug| drop(told.insert(name.to_owned(), format!("{value:?}")));
    put("environment", &plan.environment);
    put("users", &plan.users);
    put("spawn_rate", &plan.spawn_rate);
    put("run_time", &plan.run_time);
    put("iterations", &plan.iterations);
    put("stop_timeout", &plan.stop_timeout);
    put("classes", &plan.classes);
    put("tags", &plan.tags);
    put("exclude_tags", &plan.exclude_tags);
    put("reset_stats", &plan.reset_stats);
    put("on_loss", &meeting.on_loss.name());
    let thresholds = plan.thresholds.iter().map(|criterion| &criterion.value);
    put("thresholds", &thresholds.collect::<Vec<_>>());
    put("scenarios", &plan.scenarios.iter().map(|scenario| &scenario.value).collect::<Vec<_>>());
    if !plan.target_demo {
        put("host", &plan.base_url);
    }
    Identity {
        scripts: fingerprint(&plan.script_root),
        plan: told,
        segments: meeting.segments,
        seed: meeting.seed,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        question: plan.safety.confirm.as_ref().map(|confirm| confirm.value.clone()),
    }
}

/// What waiting for the others came to.
pub(super) enum Gathered {
    Begin(Begin),
    Over(Box<Ruling>),
}

/// Waits until all are there, or until whoever leads has said when to begin.
pub(super) fn gather(session: &Arc<Session>, meeting: &Meeting, info: &RunInfo) -> Gathered {
    let begun = Instant::now();
    let (mut told, mut leads) = (None, false);
    loop {
        match session.calls.recv_timeout(Duration::from_millis(250)) {
            Ok(Call::Start(start)) => return Gathered::Begin(begins(session, &start)),
            Ok(Call::Verdict(ruling)) => return Gathered::Over(ruling),
            Ok(Call::Lead) => leads = true,
            Ok(Call::Leader(segment, who)) => say_leader(meeting, segment, &who),
            Ok(Call::Replaced(who)) => {
                let fault = Fault::new(Exit::Config, format!("{who} plays this segment by now"));
                return Gathered::Begin(Begin::Cancelled(Stop::Fault(fault)));
            }
            Err(_) => {}
        }
        if !leads || !session.leads() {
            continue;
        }
        let (here, all) = session.count();
        if here >= all {
            let (session, info) = (session.clone(), shown(whole(info, meeting)));
            return Gathered::Begin(Begin::Lead(Box::new(move |outcome| session.open(outcome, info))));
        }
        if told != Some(here) {
            told = Some(here);
            tell(&format!("run {}: {here} of {all} processes are here", meeting.run));
        }
        if begun.elapsed() > meeting.patience {
            let waited = crate::units::format_duration(meeting.patience);
            let what =
                format!("only {here} of {all} processes of run `{}` came within {waited}", meeting.run);
            let help = "start the others in time, or wait longer: --wait TIME";
            session.call_off(&Fault::new(Exit::Config, what).help(help));
        }
    }
}

fn begins(session: &Session, start: &StartRecord) -> Begin {
    match session.begins(start) {
        Ok(opening) => Begin::At(opening),
        Err(stop) => Begin::Cancelled(stop),
    }
}

pub(super) fn say_leader(meeting: &Meeting, segment: u64, who: &str) {
    tell(&format!("run {}: process {segment} ({who}) merges the results", meeting.run));
}

/// What is known of the run, rather than of this process's part.
pub(super) fn whole(info: &RunInfo, meeting: &Meeting) -> RunInfo {
    RunInfo { segment: Segment::WHOLE, processes: meeting.segments, ..info.clone() }
}

/// As it may be told to those who know no secrets that they could hide.
fn shown(info: RunInfo) -> RunInfo {
    match &*masked(&Event::Started(Arc::new(info.clone()))) {
        Event::Started(shown) => RunInfo::clone(shown),
        _ => info,
    }
}
