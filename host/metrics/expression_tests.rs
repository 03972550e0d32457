//! Of `expression`: forms that k6 documents, and that reading undoes writing.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<(Method, Comparison, f64), Malformed> {
    Expression::parse(text).map(|read| (read.method, read.comparison, read.limit))
}

/// Forms of k6's documentation.
#[test]
fn known_forms() {
    for (text, expected) in [
        ("p(95)<500", (Method::Percentile(95.0), Comparison::Less, 500.0)),
        ("p(99.99) < 2000.0", (Method::Percentile(99.99), Comparison::Less, 2000.0)),
        ("rate<0.01", (Method::Rate, Comparison::Less, 0.01)),
        ("count >= 1e3", (Method::Count, Comparison::GreaterEqual, 1000.0)),
        ("  value === 0 ", (Method::Value, Comparison::Equal, 0.0)),
        ("min==-1", (Method::Min, Comparison::Equal, -1.0)),
        ("max!=.5", (Method::Max, Comparison::NotEqual, 0.5)),
        ("avg>200", (Method::Avg, Comparison::Greater, 200.0)),
        ("med<=100", (Method::Med, Comparison::LessEqual, 100.0)),
        ("p(0)<1", (Method::Percentile(0.0), Comparison::Less, 1.0)),
    ] {
        assert_eq!(parse(text), Ok(expected), "{text}");
    }
    assert_eq!(Expression::parse(" avg < 2 ").map(|read| read.text), Ok("avg < 2".to_owned()));
}

#[test]
fn what_is_no_expression_says_why() {
    for (text, expected) in [
        ("", Malformed::NoComparison),
        ("p(95)", Malformed::NoComparison),
        ("p(95)=500", Malformed::NoComparison),
        ("p(95)!500", Malformed::NoComparison),
        ("p(95)<", Malformed::Limit(String::new())),
        ("p(95)<500ms", Malformed::Limit("500ms".into())),
        ("p(95)<=>5", Malformed::Limit(">5".into())),
        ("p(95)<inf", Malformed::Limit("inf".into())),
        ("p(95)<NaN", Malformed::Limit("NaN".into())),
        ("<500", Malformed::Method(String::new())),
        ("p95<500", Malformed::Method("p95".into())),
        ("P(95)<500", Malformed::Method("P(95)".into())),
        ("mean<500", Malformed::Method("mean".into())),
        ("p(101)<500", Malformed::Percentile("p(101)".into())),
        ("p()<500", Malformed::Percentile("p()".into())),
        ("p(-1)<500", Malformed::Percentile("p(-1)".into())),
        ("p(nan)<500", Malformed::Percentile("p(nan)".into())),
    ] {
        assert_eq!(parse(text), Err(expected), "{text}");
    }
}

/// k6's table of kinds and methods.
#[test]
fn kinds_have_their_methods() {
    let all = [
        Method::Count,
        Method::Rate,
        Method::Value,
        Method::Min,
        Method::Max,
        Method::Avg,
        Method::Med,
        Method::Percentile(9.0),
    ];
    let of = |kind: Kind| {
        all.iter().filter(|method| method.is_of(kind)).map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(Kind::Counter), "count rate");
    assert_eq!(of(Kind::Gauge), "value");
    assert_eq!(of(Kind::Rate), "rate");
    assert_eq!(of(Kind::Trend), "min max avg med p(9)");
}

#[test]
fn numbers_of_measures() {
    let measure = |kind, values: &[f64]| {
        let mut measure = Measure::new(kind);
        values.iter().zip(1..).for_each(|(value, at)| measure.add(*value, at));
        measure
    };
    let number = |kind, values: &[f64], method: Method| method.of(&measure(kind, values), 4.0);
    assert_eq!(number(Kind::Counter, &[1.0, 2.5], Method::Count), Some(3.5));
    assert_eq!(number(Kind::Counter, &[6.0, 2.0], Method::Rate), Some(2.0));
    assert_eq!(Method::Rate.of(&measure(Kind::Counter, &[1.0]), 0.0), Some(0.0));
    assert_eq!(number(Kind::Counter, &[], Method::Count), Some(0.0));
    assert_eq!(number(Kind::Gauge, &[3.0, 9.0, 4.0], Method::Value), Some(4.0));
    assert_eq!(number(Kind::Rate, &[1.0, 0.0, 0.0, 1.0], Method::Rate), Some(0.5));
    assert_eq!(number(Kind::Rate, &[], Method::Rate), None);
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    for (method, value) in [
        (Method::Min, 1.0),
        (Method::Max, 100.0),
        (Method::Avg, 50.5),
        (Method::Med, 50.0),
        (Method::Percentile(95.0), 95.0),
        (Method::Percentile(100.0), 100.0),
    ] {
        assert_eq!(number(Kind::Trend, &hundred, method), Some(value), "{method}");
    }
    assert_eq!(number(Kind::Trend, &[], Method::Avg), None);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        method in prop_oneof![
            Just("count".to_owned()), Just("rate".to_owned()), Just("value".to_owned()), Just("min".to_owned()),
            Just("max".to_owned()), Just("avg".to_owned()), Just("med".to_owned()),
            (0u32..=10_000).prop_map(|n| format!("p({})", f64::from(n) / 100.0)),
        ],
        sign in prop::sample::select(COMPARISONS.to_vec()),
        limit in -1e12f64..1e12,
        spaces in prop::array::uniform4("[ \t]{0,2}"),
    ) {
        let [a, b, c, d] = spaces;
        let text = format!("{a}{method}{b}{}{c}{limit}{d}", sign.0);
        let read = Expression::parse(&text).unwrap();
        prop_assert_eq!((read.method.to_string(), read.comparison, read.limit), (method, sign.1, limit));
    }

    /// Of three numbers around the limit, each comparison holds for just those that it should.
    #[test]
    fn comparisons_are_those_of_numbers(limit in -1e9f64..1e9) {
        let holds = |sign: &str| {
            let expression = Expression::parse(&format!("avg{sign}{limit}")).unwrap();
            [limit - 1.0, limit, limit + 1.0].map(|value| expression.holds(value))
        };
        prop_assert_eq!(holds("<"), [true, false, false]);
        prop_assert_eq!(holds("<="), [true, true, false]);
        prop_assert_eq!(holds(">"), [false, false, true]);
        prop_assert_eq!(holds(">="), [false, true, true]);
        prop_assert_eq!(holds("=="), [false, true, false]);
        prop_assert_eq!(holds("==="), [false, true, false]);
        prop_assert_eq!(holds("!="), [true, false, true]);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,20}", near in "[p()0-9<>=! .ae-]{0,12}") {
        let _ = (Expression::parse(&text), Expression::parse(&near));
    }
}
