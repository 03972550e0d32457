//! Of `thresholds`: what is refused, what ends a run, what is known where nothing was measured.

use proptest::prelude::*;

use super::*;
use crate::config::Rule as Written;
use crate::fault::Place;
use crate::metrics::{Call, Recorder};

fn criterion(selector: &str, rules: &[(&str, Option<u64>)]) -> Sited<Criterion> {
    let rule = |&(expression, abort): &(&str, Option<u64>)| Written {
        expression: expression.to_owned(),
        regression: expression.contains("<+"),
        abort_on_fail: abort.is_some(),
        delay: Duration::from_secs(abort.unwrap_or(0)),
    };
    let place = Place { file: "a.lua".into(), line: 3, column: None, source: None };
    let rules = rules.iter().map(rule).collect();
    Sited::new(Criterion { selector: selector.to_owned(), rules }, Origin::Script(place))
}

fn thresholds(criteria: &[Sited<Criterion>]) -> Result<Thresholds, Vec<Fault>> {
    let metrics = [("mine".to_owned(), Kind::Counter), ("wait".to_owned(), Kind::Trend)];
    Thresholds::new(criteria, &Known { metrics: &metrics, classes: &["Buyer", "Reader"], scenarios: &[] })
}

fn refused(selector: &str, expression: &str) -> (String, Option<String>) {
    let fault = thresholds(&[criterion(selector, &[(expression, None)])]).unwrap_err().remove(0);
    assert_eq!((fault.exit, fault.at.map(|at| at.line)), (Exit::Config, Some(3)));
    (fault.what, fault.help)
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let criteria = [
        criterion("mien", &[("count<1", None)]),
        criterion("mine", &[("avg<1", None), ("count<1", None), ("cuont<1", None)]),
    ];
    let faults = thresholds(&criteria).unwrap_err();
    let told: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "a threshold is about `mien`, but there is no such metric",
            "`mine` is a counter and has no `avg`",
            "`cuont<1` is no threshold",
        ]
    );
}

#[test]
fn what_cannot_be_judged_is_refused() {
    for (selector, expression, what, help) in [
        (
            "mien",
            "count<1",
            "a threshold is about `mien`, but there is no such metric",
            "did you mean `mine`?",
        ),
        ("mine", "avg<1", "`mine` is a counter and has no `avg`", "a counter has count or rate"),
        ("wait", "men<1", "`men<1` is no threshold", "did you mean `med`?"),
        ("wait", "p99<1", "`p99<1` is no threshold", "did you mean `p(99)`?"),
        (
            "wait{class:Byer}",
            "avg<1",
            "the tag `class` is never `Byer`: no such class runs",
            "did you mean `Buyer`?",
        ),
        ("checks{chek:a}", "rate<1", "samples of `checks` have no tag `chek`", "did you mean `check`?"),
        (
            "http_reqs{scenario:x}",
            "rate<1",
            "the tag `scenario` is never `x`: there is no such scenario",
            "there is `default`",
        ),
        (
            "http_reqs{method:post}",
            "rate<1",
            "the tag `method` is never `post`: methods are written in capitals",
            "did you mean `POST`?",
        ),
    ] {
        assert_eq!(refused(selector, expression), (what.to_owned(), Some(help.to_owned())), "{selector}");
    }
    for selector in ["http_reqs{status:ok}", "http_reqs{expected_response:yes}", "vus{class:Buyer}", "mine{"]
    {
        refused(selector, "count<1");
    }
    // Of its own metrics a script may use any tag, and of requests any that is not e2e's.
    for selector in ["mine{status:ok}", "wait{method:post}", "http_reqs{kind:post}"] {
        let expression = if selector.starts_with("wait") { "avg<1" } else { "count<1" };
        assert!(thresholds(&[criterion(selector, &[(expression, None)])]).is_ok(), "{selector}");
    }
}

#[test]
fn nothing_measured_is_zero_only_where_that_is_known() {
    let criteria = [
        criterion("http_reqs", &[("count==0", None)]),
        criterion("http_reqs{status:500}", &[("count==0", None)]),
        criterion("http_reqs{name:/a}", &[("count==0", None)]),
        criterion("mine", &[("count==0", None)]),
        criterion("wait", &[("avg<1", None)]),
        criterion("dropped_iterations", &[("count<1", None)]),
    ];
    let thresholds = thresholds(&criteria).unwrap();
    let outcomes = |totals: &Snapshot| {
        thresholds.judge(totals, 1.0).iter().map(|threshold| threshold.outcome).collect::<Vec<_>>()
    };
    use Outcome::{Held, NoSamples};
    assert_eq!(outcomes(&Snapshot::default()), [NoSamples, NoSamples, NoSamples, Held, NoSamples, Held]);
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/b");
    recorder.call(key, &Call { latency: Duration::ZERO, bytes: 0, at: 1, failure: None });
    assert_eq!(outcomes(&recorder.take()), [NoSamples, Held, NoSamples, Held, NoSamples, Held]);
}

#[test]
fn a_threshold_ends_the_run_after_its_delay_only() {
    let rules = [("count<5", None), ("count<10", Some(0)), ("count<3", Some(20))];
    let thresholds = thresholds(&[criterion("mine", &rules)]).unwrap();
    let fatal = |count: f64, seconds| {
        let mut totals = Snapshot::default();
        let mut measure = Measure::new(Kind::Counter);
        measure.add(count, 0);
        totals.watched.insert(0, measure);
        thresholds.fatal(&thresholds.judge(&totals, 1.0), Duration::from_secs(seconds))
    };
    assert_eq!(
        [fatal(2.0, 60), fatal(6.0, 19), fatal(6.0, 20), fatal(11.0, 0)],
        [None, None, Some(2), Some(1)]
    );
}

#[test]
fn a_name_that_was_not_seen_leads_to_one_that_was() {
    let thresholds = thresholds(&[
        criterion("http_req_waiting{name:/redy}", &[("avg<1", None)]),
        criterion("http_req_waiting{name:/ready,kind:a}", &[("avg<1", None)]),
    ])
    .unwrap();
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/ready");
    recorder.call(key, &Call { latency: Duration::ZERO, bytes: 0, at: 1, failure: None });
    let totals = recorder.take();
    assert_eq!(thresholds.meant("http_req_waiting{name:/redy}", &totals).as_deref(), Some("/ready"));
    assert_eq!(thresholds.meant("http_req_waiting{name:/ready,kind:a}", &totals), None);
}

proptest! {
    /// Whatever was measured, a threshold and its opposite never agree.
    #[test]
    fn opposites_disagree(values in prop::collection::vec(0f64..100.0, 1..50), limit in 0f64..100.0,
        method in prop::sample::select(vec!["avg", "min", "max", "med", "p(90)", "p(99.9)"])) {
        let [below, above] = [format!("{method}<{limit}"), format!("{method}>={limit}")];
        let rules = [(below.as_str(), None), (above.as_str(), None)];
        let thresholds = thresholds(&[criterion("wait", &rules)]).unwrap();
        let mut measure = Measure::new(Kind::Trend);
        values.iter().for_each(|value| measure.add(*value, 0));
        let totals = Snapshot { watched: [(0, measure)].into(), ..Snapshot::default() };
        let judged = thresholds.judge(&totals, 1.0);
        prop_assert!(judged[0].outcome != judged[1].outcome && judged[0].value == judged[1].value);
    }
}
