//! The thresholds of a run: what they say checked against the metrics there are, before it; judged
//! by what was measured, each second and at the end. Made by `setup`, asked by `running`.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Criterion, Origin, Scenario, Sited};
use crate::event::{Outcome, Threshold};
use crate::exit::Exit;
use crate::fault::{Fault, closest};
use crate::load::Pacing;
use crate::metrics::{
    ARRIVALS, BUILT_IN, Baseline, Doubt, Expression, Finding, Kind, Malformed, Measure, Regression, Selector,
    Snapshot, Source, built_in,
};
use crate::vu::SCENARIO;

use super::written;

/// Every threshold of a run.
#[derive(Clone, Debug, Default)]
pub struct Thresholds {
    /// What recorders keep apart, and as what; its number is that in [`Snapshot::watched`].
    pub(super) selectors: Vec<(Selector, Kind)>,
    rules: Vec<Rule>,
    /// The earlier run, where one is given.
    baseline: Option<Arc<Baseline>>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// Which selector.
    number: usize,
    demand: Demand,
    abort_on_fail: bool,
    delay: Duration,
}

#[derive(Clone, Debug)]
enum Demand {
    Value(Expression),
    /// Of the change since the baseline; as written.
    Change(Regression, String),
}

/// What there is that thresholds may be about.
pub(super) struct Known<'k> {
    /// The metrics that scripts have declared.
    pub(super) metrics: &'k [(String, Kind)],
    pub(super) classes: &'k [&'k str],
    /// Empty where the run has none of its own.
    pub(super) scenarios: &'k [Sited<Scenario>],
}

/// Tags that tell how a request went: that none went so is known, too.
const OUTCOMES: [&str; 3] = ["status", "error_code", "expected_response"];

impl Thresholds {
    /// # Errors
    /// Of each metric and rule that which is wrong: a metric that nobody has declared, a method that it does not
    /// have, a tag that its samples never have, or a text that says none of it.
    pub(super) fn new(criteria: &[Sited<Criterion>], known: &Known<'_>) -> Result<Thresholds, Vec<Fault>> {
        let (mut thresholds, mut faults) = (Thresholds::default(), Vec::new());
        for criterion in criteria {
            if let Err(fault) = thresholds.take(criterion, known, &mut faults) {
                faults.push(written::at(fault, &criterion.value.selector, None));
            }
        }
        if faults.is_empty() { Ok(thresholds) } else { Err(faults) }
    }

    /// What is wrong with a rule goes to `faults`, what is wrong with the metric is returned.
    fn take(
        &mut self,
        Sited { value: Criterion { selector: text, rules }, origin }: &Sited<Criterion>,
        known: &Known<'_>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Fault> {
        let refuse = |what: String| origin.fault(Exit::Config, what);
        let selector = Selector::parse(text)
            .map_err(|why| refuse(format!("no threshold can be about `{text}`")).why(why.to_string()))?;
        let (kind, source) = known.metric(&selector, origin)?;
        known.check_tags(&selector, source, origin)?;
        let number = self.selectors.len();
        for rule in rules {
            let demand = match rule.regression {
                true => regression(&rule.expression, (&selector, kind), origin),
                false => expression(&rule.expression, (&selector, kind), origin),
            };
            match demand {
                Ok(demand) => {
                    let (abort_on_fail, delay) = (rule.abort_on_fail, rule.delay);
                    self.rules.push(Rule { number, demand, abort_on_fail, delay });
                }
                Err(fault) => faults.push(written::at(fault, text, Some(&rule.expression))),
            }
        }
        self.selectors.push((selector, kind));
        Ok(())
    }

    /// Has recorders keep apart these metrics too, which nobody judges: built-in ones, for outputs.
    pub fn observe(&mut self, metrics: &[&str]) {
        for text in metrics {
            if let Ok(selector) = Selector::parse(text) {
                self.watch(selector);
            }
        }
    }

    /// The earlier run that regressions are about.
    pub fn compare_with(&mut self, baseline: Baseline) {
        self.baseline = Some(Arc::new(baseline));
    }

    /// As `observe`, of what is always shown of scenarios at an arrival rate.
    pub(super) fn observe_arrivals<'s>(&mut self, scenarios: impl Iterator<Item = &'s Scenario>) {
        let mut any = false;
        for scenario in scenarios.filter(|scenario| matches!(scenario.pacing, Pacing::Arrivals { .. })) {
            any = true;
            for metric in ARRIVALS {
                self.watch(Selector::of_scenario(metric, &scenario.name));
            }
        }
        if any {
            self.observe(&["http_req_duration_intended", "dropped_iterations"]);
        }
    }

    /// As `observe`, of what dashboards tell apart by scenario.
    pub fn observe_scenarios<'s>(&mut self, scenarios: impl Iterator<Item = &'s Scenario>) {
        for scenario in scenarios {
            let at_a_rate = matches!(scenario.pacing, Pacing::Arrivals { .. });
            let dropped = at_a_rate.then_some("dropped_iterations");
            for metric in ["iterations", "iteration_duration"].into_iter().chain(dropped) {
                self.watch(Selector::of_scenario(metric, &scenario.name));
            }
        }
    }

    /// Of a scenario at an arrival rate, the number of one of [`ARRIVALS`].
    pub(super) fn of_arrivals(&self, metric: &str, scenario: &str) -> Option<u32> {
        let selector = Selector::of_scenario(metric, scenario);
        let number = self.selectors.iter().position(|(known, _)| *known == selector)?;
        u32::try_from(number).ok()
    }

    fn watch(&mut self, selector: Selector) {
        let Some(metric) = built_in(&selector.metric) else { return };
        if self.selectors.iter().all(|(known, _)| *known != selector) {
            self.selectors.push((selector, metric.kind));
        }
    }

    /// What is kept apart, as people write it, by its number in [`Snapshot::watched`].
    pub fn watched(&self) -> Vec<String> {
        self.selectors.iter().map(|(selector, _)| selector.to_string()).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(super) fn may_end_the_run(&self) -> bool {
        self.rules.iter().any(|rule| rule.abort_on_fail)
    }

    /// What has become of each so far; `seconds` is the time that rates refer to.
    pub(super) fn judge(&self, totals: &Snapshot, seconds: f64) -> Vec<Threshold> {
        self.rules.iter().map(|rule| self.judge_one(rule, totals, seconds)).collect()
    }

    fn judge_one(&self, rule: &Rule, totals: &Snapshot, seconds: f64) -> Threshold {
        let (selector, kind) = &self.selectors[rule.number];
        let number = u32::try_from(rule.number).unwrap_or(u32::MAX);
        let expression = match &rule.demand {
            Demand::Value(expression) => expression,
            Demand::Change(regression, text) => {
                let (change, finding) = match &self.baseline {
                    Some(baseline) => regression.judge(baseline, selector, (totals, number)),
                    None => (None, Finding::Unknown(Doubt::NoBaseline)),
                };
                return Threshold::of_change(selector.to_string(), text.clone(), change, finding);
            }
        };
        let nothing = Measure::new(*kind);
        let measure = totals.watched.get(&number);
        let is_known = measure.is_some() || (*kind == Kind::Counter && none_is_known(selector, totals));
        let value = expression.method.of(measure.unwrap_or(&nothing), seconds).filter(|_| is_known);
        Threshold {
            selector: selector.to_string(),
            expression: expression.text.clone(),
            unit: expression.method.unit(*kind, built_in(&selector.metric).map_or("", |metric| metric.unit)),
            value,
            change: None,
            outcome: match value {
                None => Outcome::NoSamples,
                Some(value) if expression.holds(value) => Outcome::Held,
                Some(_) => Outcome::Crossed,
            },
        }
    }

    /// Which of those that were judged ends the run, so long after its start.
    pub(super) fn fatal(&self, judged: &[Threshold], passed: Duration) -> Option<usize> {
        let is_fatal = |(rule, judged): (&Rule, &Threshold)| {
            rule.abort_on_fail && passed >= rule.delay && judged.outcome == Outcome::Crossed
        };
        self.rules.iter().zip(judged).position(is_fatal)
    }

    /// The numbers of the selectors of a metric of the run as a whole.
    pub(super) fn of_run<'t>(&'t self, metric: &'t str) -> impl Iterator<Item = u32> + 't {
        (0u32..).zip(&self.selectors).filter(move |(_, (s, _))| s.metric == metric).map(|(number, _)| number)
    }

    /// A tag's value that may have been meant, for a selector that had no samples.
    pub(super) fn meant(&self, selector: &str, totals: &Snapshot) -> Option<String> {
        let (selector, _) = self.selectors.iter().find(|(known, _)| known.to_string() == selector)?;
        let (_, name) = selector.tags.iter().find(|(tag, _)| tag == "name")?;
        let shown = totals.entries.keys().map(|label| format!("{} {}", label.method, label.name));
        let seen: Vec<String> = totals.entries.keys().map(|label| label.name.clone()).chain(shown).collect();
        // Where the name itself was seen it is another tag that was not.
        let is_seen = seen.contains(name);
        closest(name, seen.iter().map(String::as_str)).filter(|_| !is_seen).map(str::to_owned)
    }
}

/// What a text demands of a value.
fn expression(text: &str, (selector, kind): (&Selector, Kind), origin: &Origin) -> Result<Demand, Fault> {
    let refuse = |what: String| origin.fault(Exit::Config, what);
    let expression = Expression::parse(text).map_err(|why| {
        let fault = refuse(format!("`{text}` is no threshold")).why(why.to_string());
        match Regression::parse(text) {
            Some(_) => fault.help(format!("one about a baseline is written {{ regression: \"{text}\" }}")),
            None => advise(fault, &why),
        }
    })?;
    if !expression.method.is_of(kind) {
        let (name, method) = (&selector.metric, expression.method);
        let fault = refuse(format!("`{name}` is a {} and has no `{method}`", kind.name()));
        return Err(fault.help(format!("a {} has {}", kind.name(), kind.methods())));
    }
    Ok(Demand::Value(expression))
}

/// What a text demands of a change.
fn regression(text: &str, (selector, kind): (&Selector, Kind), origin: &Origin) -> Result<Demand, Fault> {
    let refuse = |what: String| origin.fault(Exit::Config, what);
    let help = "write p(N) or med, how much more it may be, and %: \"p(95)<+10%\"";
    let regression =
        Regression::parse(text).ok_or_else(|| refuse(format!("`{text}` is no regression")).help(help))?;
    if kind != Kind::Trend {
        let what = format!("`{}` is a {} and has no percentiles to compare", selector.metric, kind.name());
        return Err(refuse(what).help("regressions are about trends, such as http_req_duration"));
    }
    Ok(Demand::Change(regression, text.trim().to_owned()))
}

/// Whether that nothing was counted means that there was nothing to count, rather than nobody who would have.
fn none_is_known(selector: &Selector, totals: &Snapshot) -> bool {
    match built_in(&selector.metric).map(|metric| metric.source) {
        None | Some(Source::Run | Source::Dropped) => true,
        Some(Source::Requests(_)) => {
            totals.total.requests > 0
                && !selector.tags.is_empty()
                && selector.tags.iter().all(|(name, _)| OUTCOMES.contains(&name.as_str()))
        }
        Some(_) => false,
    }
}

impl Known<'_> {
    fn metric(&self, selector: &Selector, origin: &Origin) -> Result<(Kind, Source), Fault> {
        let name = &selector.metric;
        if let Some(metric) = built_in(name) {
            return Ok((metric.kind, metric.source));
        }
        if let Some((_, kind)) = self.metrics.iter().find(|(known, _)| known == name) {
            return Ok((*kind, Source::Named));
        }
        if name == "regression" {
            let what = "a regression is about a metric".to_owned();
            let help = "write it below one: `http_req_duration: { regression: \"p(95)<+10%\" }`";
            return Err(origin.fault(Exit::Config, what).help(help));
        }
        let own = self.metrics.iter().map(|(name, _)| name.as_str());
        let fault =
            origin.fault(Exit::Config, format!("a threshold is about `{name}`, but there is no such metric"));
        Err(fault
            .help("declare a metric of your own at the top level of a script: `metrics.trend(\"name\")`")
            .suggest(name, BUILT_IN.iter().map(|metric| metric.name).chain(own)))
    }

    fn scenario_names(&self) -> Vec<&str> {
        match self.scenarios {
            [] => vec![SCENARIO],
            all => all.iter().map(|scenario| scenario.value.name.as_str()).collect(),
        }
    }

    fn check_tags(&self, selector: &Selector, source: Source, origin: &Origin) -> Result<(), Fault> {
        let refuse = |what: String| origin.fault(Exit::Config, what);
        for (name, value) in &selector.tags {
            let of_scenario = || self.scenarios.iter().any(|scenario| scenario.value.tags.contains_key(name));
            let is_known = source.tags().contains(&name.as_str()) || source.takes_tags();
            if !is_known && (source == Source::Run || !of_scenario()) {
                let what = format!("samples of `{}` have no tag `{name}`", selector.metric);
                let help = match source.tags() {
                    [] => "it is about the run as a whole: leave the tags out".to_owned(),
                    tags => format!("they have {}", tags.join(", ")),
                };
                return Err(refuse(what).help(help).suggest(name, source.tags().iter().copied()));
            }
            let never = |why: &str| refuse(format!("the tag `{name}` is never `{value}`: {why}"));
            match name.as_str() {
                "class" if !self.classes.contains(&value.as_str()) => {
                    return Err(never("no such class runs")
                        .help(format!("there are {}", self.classes.join(", ")))
                        .suggest(value, self.classes.iter().copied()));
                }
                "scenario" if !self.scenario_names().contains(&value.as_str()) => {
                    let names = self.scenario_names();
                    let fault = never("there is no such scenario");
                    let fault = fault.help(format!("there is `{}`", names.join("`, `")));
                    return Err(fault.suggest(value, names.iter().copied()));
                }
                _ if !matches!(source, Source::Requests(_)) => {}
                "expected_response" if !matches!(value.as_str(), "true" | "false") => {
                    return Err(never("it is true or false"));
                }
                "status" | "error_code" if value.parse::<u16>().is_err() => {
                    return Err(never("it is a number"));
                }
                "method" if *value != value.to_ascii_uppercase() => {
                    return Err(never("methods are written in capitals")
                        .help(format!("did you mean `{}`?", value.to_ascii_uppercase())));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What to do about an expression that is none.
fn advise(fault: Fault, why: &Malformed) -> Fault {
    let Malformed::Method(method) = why else { return fault };
    match method.strip_prefix('p').and_then(|rest| rest.parse::<f64>().ok()) {
        Some(percent) => fault.help(format!("did you mean `p({percent})`?")),
        None => fault.suggest(method, ["count", "rate", "value", "min", "max", "avg", "med"]),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "threshold_tests.rs"]
mod tests;
