//! What a threshold demands of a metric, in k6's syntax: `p(95)<500`. Read from what people write,
//! applied to what was measured by `run`.

use std::fmt;

use super::measure::{Kind, Measure};

/// How a number is made of a metric's samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    Count,
    Rate,
    Value,
    Min,
    Max,
    Avg,
    Med,
    /// Of 0..=100.
    Percentile(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

/// `method comparison limit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub method: Method,
    pub comparison: Comparison,
    /// Finite.
    pub limit: f64,
    /// As written.
    pub text: String,
}

/// Why a text is no expression, for people.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Malformed {
    #[error("it has no comparison: one of <, <=, >, >=, ==, ===, !=")]
    NoComparison,
    #[error("`{0}` is not a number")]
    Limit(String),
    #[error("`{0}` is no method: there are count, rate, value, min, max, avg, med and p(N)")]
    Method(String),
    #[error("`{0}` is no percentile: N of p(N) is a number from 0 to 100")]
    Percentile(String),
}

/// Longer ones first: `<=` begins with `<`.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("===", Comparison::Equal),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessEqual),
    (">=", Comparison::GreaterEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Expression {
    /// Reads `p(95)<500`. Spaces around the parts do not count.
    ///
    /// # Errors
    /// A text of another form.
    pub fn parse(text: &str) -> Result<Expression, Malformed> {
        let at = text.find(['<', '>', '=', '!']).ok_or(Malformed::NoComparison)?;
        let (method, rest) = text.split_at(at);
        let found =
            COMPARISONS.iter().find_map(|&(sign, comparison)| Some((rest.strip_prefix(sign)?, comparison)));
        let (limit, comparison) = found.ok_or(Malformed::NoComparison)?;
        let limit = limit.trim();
        let number = limit.parse::<f64>().ok().filter(|number| number.is_finite());
        Ok(Expression {
            method: Method::parse(method.trim())?,
            comparison,
            limit: number.ok_or_else(|| Malformed::Limit(limit.to_owned()))?,
            text: text.trim().to_owned(),
        })
    }

    /// Whether a number is as it should be.
    pub fn holds(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Less => value < self.limit,
            Comparison::LessEqual => value <= self.limit,
            Comparison::Greater => value > self.limit,
            Comparison::GreaterEqual => value >= self.limit,
            Comparison::Equal => value == self.limit,
            Comparison::NotEqual => value != self.limit,
        }
    }
}

impl Method {
    fn parse(text: &str) -> Result<Method, Malformed> {
        Ok(match text {
            "count" => Method::Count,
            "rate" => Method::Rate,
            "value" => Method::Value,
            "min" => Method::Min,
            "max" => Method::Max,
            "avg" => Method::Avg,
            "med" => Method::Med,
            _ => {
                let inner = text.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
                let inner = inner.ok_or_else(|| Malformed::Method(text.to_owned()))?;
                let number = inner.trim().parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
                Method::Percentile(number.ok_or_else(|| Malformed::Percentile(text.to_owned()))?)
            }
        })
    }

    /// Whether metrics of that kind have it.
    pub fn is_of(self, kind: Kind) -> bool {
        match kind {
            Kind::Counter => matches!(self, Method::Count | Method::Rate),
            Kind::Gauge => self == Method::Value,
            Kind::Rate => self == Method::Rate,
            Kind::Trend => !matches!(self, Method::Count | Method::Rate | Method::Value),
        }
    }

    /// The number that it makes of samples over so many seconds; None where it has none of them.
    pub fn of(self, measure: &Measure, seconds: f64) -> Option<f64> {
        Some(match (measure, self) {
            (Measure::Counter(counter), Method::Count) => counter.sum.value(),
            (Measure::Counter(counter), Method::Rate) if seconds > 0.0 => counter.sum.value() / seconds,
            (Measure::Counter(_), Method::Rate) => 0.0,
            _ if measure.count() == 0 => return None,
            (Measure::Gauge(gauge), Method::Value) => gauge.last.1,
            (Measure::Rate(rate), Method::Rate) => rate.share(),
            (Measure::Trend(trend), Method::Min) => trend.min,
            (Measure::Trend(trend), Method::Max) => trend.max,
            (Measure::Trend(trend), Method::Avg) => trend.average(),
            (Measure::Trend(trend), Method::Med) => trend.percentile(0.5),
            (Measure::Trend(trend), Method::Percentile(q)) => trend.percentile(q / 100.0),
            _ => return None,
        })
    }
}

impl Method {
    /// Of what it makes of samples in `unit`: a counter's rate is so much a second.
    pub fn unit(self, kind: Kind, unit: &'static str) -> &'static str {
        match (kind, self, unit) {
            (Kind::Counter, Method::Rate, "B") => "B/s",
            (Kind::Counter, Method::Rate, _) => "/s",
            _ => unit,
        }
    }
}

impl Kind {
    /// The methods that a threshold may use, for people.
    pub fn methods(self) -> &'static str {
        match self {
            Kind::Counter => "count or rate",
            Kind::Gauge => "value",
            Kind::Rate => "rate",
            Kind::Trend => "avg, min, max, med or p(N)",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Count => "count",
            Method::Rate => "rate",
            Method::Value => "value",
            Method::Min => "min",
            Method::Max => "max",
            Method::Avg => "avg",
            Method::Med => "med",
            Method::Percentile(q) => return write!(f, "p({q})"),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "expression_tests.rs"]
mod tests;
