//! Events without the secrets that scripts have read: whatever they put into names,
//! and servers into answers. Every sink gets them through `outputs`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::event::{
    About, Event, LogLine, RunInfo, Setting, Share, SoFar, Stop, Summary, Threshold, Tick, Verdict,
};
use crate::mask::hide;
use crate::metrics::Snapshot;

/// The event as sinks may see it.
pub fn masked(event: &Event) -> Cow<'_, Event> {
    if let Event::Log(line) = event
        && [&*line.source, &*line.text].iter().all(|text| matches!(hide(text), Cow::Borrowed(_)))
    {
        return Cow::Borrowed(event);
    }
    Cow::Owned(match event {
        Event::Started(info) => Event::Started(Arc::new(started(info))),
        Event::Tick(tick) => Event::Tick(Tick {
            totals: measured(&tick.totals),
            interval: measured(&tick.interval),
            classes: tick.classes.iter().map(|(name, users)| (hide(name).into(), *users)).collect(),
            so_far: SoFar {
                thresholds: tick.so_far.thresholds.iter().map(threshold).collect(),
                verdict: Arc::new(verdict(&tick.so_far.verdict)),
                ..tick.so_far.clone()
            },
            ..tick.clone()
        }),
        Event::Log(line) => Event::Log(LogLine {
            source: hide(&line.source).into(),
            text: hide(&line.text).into_owned(),
            ..line.clone()
        }),
        Event::Done(summary) => Event::Done(Arc::new(done(summary))),
    })
}

fn measured(snapshot: &Arc<Snapshot>) -> Arc<Snapshot> {
    snapshot.rewritten(&|text| hide(text)).map_or_else(|| snapshot.clone(), Arc::new)
}

fn all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| hide(text).into_owned()).collect()
}

fn started(info: &RunInfo) -> RunInfo {
    RunInfo {
        environment: hide(&info.environment).into_owned(),
        host: info.host.as_ref().map(|host| hide(host).into_owned()),
        scripts: all(&info.scripts),
        classes: all(&info.classes),
        scenarios: all(&info.scenarios),
        watched: all(&info.watched),
        about: Arc::new(about(&info.about)),
        ..info.clone()
    }
}

fn about(about: &About) -> About {
    let hidden = |text: &str| hide(text).into_owned();
    let setting = |one: &Setting| Setting {
        name: hidden(&one.name),
        value: hidden(&one.value),
        origin: hidden(&one.origin),
    };
    let settings = about.settings.iter().map(setting).collect();
    About { settings, shares: about.shares.iter().map(share).collect(), machine: about.machine.clone() }
}

fn share(one: &Share) -> Share {
    let parts = one.parts.iter().map(share).collect();
    Share { name: hide(&one.name).into_owned(), parts, ..*one }
}

fn verdict(verdict: &Verdict) -> Verdict {
    let Verdict { judgement, reasons, doubts, failures } = verdict;
    Verdict { judgement: *judgement, reasons: all(reasons), doubts: all(doubts), failures: all(failures) }
}

fn done(summary: &Summary) -> Summary {
    Summary {
        totals: measured(&summary.totals),
        interval: measured(&summary.interval),
        notes: all(&summary.notes),
        verdict: verdict(&summary.verdict),
        thresholds: summary.thresholds.iter().map(threshold).collect(),
        stop: match &summary.stop {
            Stop::Threshold(text) => Stop::Threshold(hide(text).into_owned()),
            Stop::Abort(message) => Stop::Abort(hide(message).into_owned()),
            Stop::Fault(fault) => Stop::Fault(fault.masked()),
            other => other.clone(),
        },
        ..summary.clone()
    }
}

fn threshold(threshold: &Threshold) -> Threshold {
    Threshold {
        selector: hide(&threshold.selector).into_owned(),
        expression: hide(&threshold.expression).into_owned(),
        ..threshold.clone()
    }
}
