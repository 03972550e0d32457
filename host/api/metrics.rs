//! `metrics`: what a script measures itself. Values are kept by the worker, and
//! shown at the end of the run.

use crate::metrics::{Kind, Metric, built_in};

use super::frame::{Arg, Frame, HostResult, Raise, TableRef, wrong};
use super::object::{Field, HostFn, Member, MemberKind, Module, ObjectType, Record};
use super::tags::read_tags;

pub(super) static MODULE: Module = Module {
    name: "metrics",
    doc: "Metrics of the script's own. A name is one metric in all VUs, wherever it is declared. A name has 1 to 128 \
          ASCII letters, digits or underscores, and does not begin with a digit.",
    functions: &[
        HostFn {
            name: "counter",
            sig: "(name: string, options?: MetricOptions): Counter",
            doc: "Adds its values up: numbers of 0 or more.",
            run: |frame| declare(frame, Kind::Counter, &COUNTER),
        },
        HostFn {
            name: "gauge",
            sig: "(name: string, options?: MetricOptions): Gauge",
            doc: "Keeps the last of its values, the least and the greatest.",
            run: |frame| declare(frame, Kind::Gauge, &GAUGE),
        },
        HostFn {
            name: "rate",
            sig: "(name: string, options?: MetricOptions): Rate",
            doc: "The share of its values that are true, or 1; the others are false, or 0.",
            run: |frame| declare(frame, Kind::Rate, &RATE),
        },
        HostFn {
            name: "trend",
            sig: "(name: string, options?: MetricOptions): Trend",
            doc: "How its values are distributed: average, median, percentiles.",
            run: |frame| declare(frame, Kind::Trend, &TREND),
        },
    ],
    ..Module::EMPTY
};

/// What [`options`] understands.
pub(super) static METRIC_OPTIONS: Record = Record {
    name: "MetricOptions",
    doc: "How a metric is shown.",
    given: true,
    fields: &[Field { name: "unit", sig: "string", doc: "What its values are counted in, such as `ms`." }],
};

macro_rules! object {
    ($name:literal, $doc:literal, $values:literal, $kind:expr) => {
        ObjectType {
            name: $name,
            doc: $doc,
            members: &[Member {
                name: "add",
                sig: concat!("(value: ", $values, ", tags?: table<string, Plain>)"),
                doc: "Adds a value. Values with different tags are shown apart, too.",
                kind: MemberKind::Method(|frame, number| add(frame, $kind, number)),
            }],
            ..ObjectType::EMPTY
        }
    };
}

pub(super) static COUNTER: ObjectType =
    object!("Counter", "A metric that adds values up.", "number", Kind::Counter);
pub(super) static GAUGE: ObjectType =
    object!("Gauge", "A metric that keeps the last value.", "number", Kind::Gauge);
pub(super) static RATE: ObjectType =
    object!("Rate", "A metric that is the share of true values.", "boolean|integer", Kind::Rate);
pub(super) static TREND: ObjectType =
    object!("Trend", "A metric that is a distribution of values.", "number", Kind::Trend);

fn declare(frame: &dyn Frame, kind: Kind, object: &'static ObjectType) -> HostResult {
    let name = frame.text(0, "the metric's name")?;
    check_name(name)?;
    let unit = match frame.arg(1) {
        Arg::Nil => String::new(),
        Arg::Table(table) => unit(frame, table)?,
        other => return Err(wrong("the options", "a table", other)),
    };
    let metric = frame.vu().shared.recorder.borrow_mut().metric(kind, name, &unit);
    let metric = metric.map_err(|undeclared| Raise::new(undeclared.to_string()))?;
    frame.give(Arg::Object(object, metric.0.into()));
    Ok(())
}

fn check_name(name: &str) -> HostResult {
    let valid = (1..=128).contains(&name.len())
        && !name.as_bytes()[0].is_ascii_digit()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !valid {
        return Err(Raise::new(format!("`{name}` is not a metric's name"))
            .help("1 to 128 ASCII letters, digits or underscores, the first no digit"));
    }
    if built_in(name).is_some() {
        return Err(
            Raise::new(format!("the metric `{name}` is measured by e2e itself")).help("choose another name")
        );
    }
    Ok(())
}

fn unit(frame: &dyn Frame, options: TableRef) -> Result<String, Raise> {
    let mut unit = String::new();
    frame.each(options, &mut |key, value| match (key, value) {
        (Arg::Str(b"unit"), Arg::Str(text)) => {
            unit = String::from_utf8_lossy(text).into_owned();
            Ok(())
        }
        (Arg::Str(b"unit"), other) => Err(wrong("unit", "a string", other)),
        (Arg::Str(other), _) => Err(Raise::unknown(
            "option",
            &String::from_utf8_lossy(other),
            METRIC_OPTIONS.fields.iter().map(|field| field.name),
        )),
        (other, _) => Err(wrong("an option's name", "a string", other)),
    })?;
    Ok(unit)
}

fn add(frame: &dyn Frame, kind: Kind, number: u64) -> HostResult {
    if frame.loading() {
        return Err(Raise::new("no value can be added while the script is loaded")
            .help("declare the metric there, and add to it in on_start or a task"));
    }
    let value = value(frame, kind)?;
    let vu = frame.vu();
    let recorder = &mut *vu.shared.recorder.borrow_mut();
    read_tags(frame, frame.arg(1), recorder)?;
    let at = vu.shared.started.elapsed().as_nanos();
    let at = u64::try_from(at).unwrap_or(u64::MAX);
    recorder.add(Metric(number as u32), value, at, vu.scene());
    Ok(())
}

fn value(frame: &dyn Frame, kind: Kind) -> Result<f64, Raise> {
    match (kind, frame.arg(0)) {
        (Kind::Rate, Arg::Bool(value)) => return Ok(f64::from(u8::from(value))),
        (Kind::Rate, Arg::Int(value @ 0..=1)) => return Ok(value as f64),
        (Kind::Rate, Arg::Num(value)) if value == 0.0 || value == 1.0 => return Ok(value),
        (Kind::Rate, Arg::Int(_) | Arg::Num(_)) => {
            return Err(Raise::new("a value of a rate must be true or false, or 1 or 0"));
        }
        (Kind::Rate, other) => return Err(wrong("a value of a rate", "a boolean", other)),
        _ => {}
    }
    let value = frame.number(0, "the value")?;
    if kind == Kind::Counter && value < 0.0 {
        return Err(Raise::new(format!("a counter only grows: {value:?} cannot be added"))
            .help("use a gauge for what goes up and down"));
    }
    Ok(value)
}
