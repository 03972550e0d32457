//! What several recorded runs come to: thresholds judged again by what all of them measured, the
//! verdict, and what the generators felt. Of `recording`.

use super::super::outlets::Judged;
use super::Recording;
use crate::event::{Health, Outcome, Summary, Threshold, Verdict};
use crate::metrics::{Baseline, Doubt, Expression, Finding, Measure, Regression, Selector, built_in};

/// The thresholds of the runs, judged by what all of them measured together.
pub(super) fn thresholds(
    recordings: &[Recording],
    summary: &Summary,
    (watched, baseline): (&[String], Option<&Baseline>),
) -> Vec<Threshold> {
    let mut all: Vec<Threshold> = Vec::new();
    let seconds = summary.lasted.as_secs_f64();
    for judged in recordings.iter().filter_map(|one| one.end.as_ref()).flat_map(|end| &end.thresholds) {
        let Judged { selector, expression, value, held, regression, change, doubt } = judged;
        if all.iter().any(|known| known.selector == *selector && known.expression == *expression) {
            continue;
        }
        let number = watched.iter().position(|name| name == selector).and_then(|at| u32::try_from(at).ok());
        if *regression {
            let rule = Regression::parse(expression).zip(Selector::parse(selector).ok()).zip(baseline);
            let (change, finding) = match (rule, number, held) {
                (Some(((rule, own), baseline)), Some(number), _) => {
                    rule.judge(baseline, &own, (&summary.totals, number))
                }
                // As it was judged when it ran; of several runs together nobody has.
                (_, _, _) if recordings.len() > 1 => (None, Finding::Unknown(Doubt::NoBaseline)),
                (_, _, Some(true)) => (*change, Finding::Held),
                (_, _, Some(false)) => (*change, Finding::Crossed),
                (_, _, None) => (*change, Finding::Unknown(doubt.unwrap_or(Doubt::NoBaseline))),
            };
            all.push(Threshold::of_change(selector.clone(), expression.clone(), change, finding));
            continue;
        }
        let measure = number.and_then(|number| summary.totals.watched.get(&number));
        let again = Expression::parse(expression)
            .ok()
            .and_then(|expression| Some((expression.method.of(measure?, seconds)?, expression)));
        // How many users there were is not in what was measured; of one run it stays as it was judged.
        let again = again.or_else(|| {
            let users = match selector.as_str() {
                "vus" => summary.users.now,
                "vus_max" => summary.users.max,
                _ => return None,
            };
            let is_anew = recordings.len() > 1;
            Expression::parse(expression).ok().filter(|_| is_anew).map(|rule| (users as f64, rule))
        });
        let (value, held) = match again {
            Some((value, expression)) => (Some(value), Some(expression.holds(value))),
            None => (*value, *held),
        };
        let metric = selector.split('{').next().unwrap_or_default();
        let built_in = built_in(metric);
        let kind = measure.map(Measure::kind).or(built_in.map(|metric| metric.kind));
        let (unit, rule) = (built_in.map_or("", |metric| metric.unit), Expression::parse(expression).ok());
        all.push(Threshold {
            selector: selector.clone(),
            expression: expression.clone(),
            unit: rule.zip(kind).map_or(unit, |(rule, kind)| rule.method.unit(kind, unit)),
            value,
            change: None,
            outcome: match held {
                Some(true) => Outcome::Held,
                Some(false) => Outcome::Crossed,
                None => Outcome::NoSamples,
            },
        });
    }
    all
}

/// How the runs went together.
pub(super) fn verdict(recordings: &[Recording], summary: &Summary) -> Verdict {
    let mut doubts: Vec<String> = Vec::new();
    for doubt in recordings.iter().filter_map(|one| one.end.as_ref()).flat_map(|end| &end.doubts) {
        if !doubts.contains(doubt) {
            doubts.push(doubt.clone());
        }
    }
    let mut lacking: Vec<&str> = summary
        .thresholds
        .iter()
        .filter(|threshold| threshold.outcome == Outcome::NoSamples)
        .map(|threshold| threshold.selector.as_str())
        .collect();
    lacking.dedup();
    let lacking = lacking.iter().map(|selector| Verdict::lacking(selector)).collect();
    let outcome = (summary.exit, Some(&summary.stop));
    Verdict::of(outcome, doubts, (&summary.thresholds, lacking), &summary.totals)
}

/// The worst of what the generators felt; what is a part of the requests, of all of them.
pub(super) fn health(recordings: &[Recording]) -> Health {
    let mut all = Health::default();
    let (mut affected, mut requests) = (0.0, 0);
    for recording in recordings {
        let Some(Health { late, latest, busiest, robbed, affected: part, exhausted }) =
            recording.end.as_ref().map(|end| end.health)
        else {
            continue;
        };
        all.late = all.late.max(late);
        all.latest = all.latest.max(latest);
        all.busiest = all.busiest.max(busiest);
        all.robbed = all.robbed.max(robbed);
        all.exhausted += exhausted;
        let own: u64 = recording.intervals.iter().map(|interval| interval.measured.total.requests).sum();
        affected += part * own as f64;
        requests += own;
    }
    all.affected = if requests == 0 { 0.0 } else { affected / requests as f64 };
    all
}
