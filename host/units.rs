//! Durations, rates and sizes as people write them ("1h20m", "2.5/s", "64MiB"), read and written.
//! Used by `cli`, `config` and `script` for what users wrote, and by `report` for what they read.

use std::time::Duration;

/// Ten years: far beyond any run, and small enough that no clock overflows by adding it.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Bounds of a rate per second, so that neither it nor its inverse leaves what timers can hold.
const SLOWEST_RATE: f64 = 1e-6;
const FASTEST_RATE: f64 = 1e9;

/// Why a text is no duration, rate or size.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UnitError {
    #[error("it is empty")]
    Empty,
    #[error("it cannot be negative")]
    Negative,
    #[error("`{0}` is not a number")]
    NotANumber(String),
    #[error("`{unit}` is not a unit, which are {known}")]
    UnknownUnit { unit: String, known: &'static str },
    #[error("`{0}` needs a unit here, for example `{0}s`")]
    NoUnit(String),
    #[error("units go from large to small and each stands once, as in 1h20m30s")]
    Order,
    #[error("`{0}` can mean {0}B of a thousand or {0}iB of 1024: write one of them")]
    Ambiguous(String),
    #[error("it is more than {0}")]
    TooLarge(&'static str),
    #[error("it must be more than 0 and at least {SLOWEST_RATE} per second")]
    TooSlow,
}

const DURATION_UNITS: &[(&str, u128)] = &[
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
];

const SIZE_UNITS: &[(&str, u128)] = &[
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
];

/// Reads "30s", "1h20m", "1.5s", "500ms", "2m 30s"; a bare number is seconds. At most ten years.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(UnitError::Empty);
    }
    let (mut total, mut next_unit, mut first) = (0u128, 0usize, true);
    while !rest.is_empty() {
        let (number, unit, after) = split_term(rest)?;
        rest = after;
        let nanos = if unit.is_empty() {
            if !first || !rest.is_empty() {
                return Err(UnitError::NoUnit(number.to_string()));
            }
            1_000_000_000
        } else {
            let index = DURATION_UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(|| {
                UnitError::UnknownUnit { unit: unit.to_string(), known: "d, h, m, s, ms and us" }
            })?;
            if index < next_unit {
                return Err(UnitError::Order);
            }
            next_unit = index + 1;
            DURATION_UNITS[index].1
        };
        first = false;
        total = scale(number, nanos)?.saturating_add(total);
    }
    if total > LONGEST.as_nanos() {
        return Err(UnitError::TooLarge("ten years"));
    }
    Ok(Duration::new((total / 1_000_000_000) as u64, (total % 1_000_000_000) as u32))
}

/// Reads a duration given as a number of seconds, as scripts and YAML carry it.
pub fn duration_of_seconds(seconds: f64) -> Result<Duration, UnitError> {
    if seconds.is_nan() {
        Err(UnitError::NotANumber("nan".into()))
    } else if seconds < 0.0 {
        Err(UnitError::Negative)
    } else {
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) if duration <= LONGEST => Ok(duration),
            _ => Err(UnitError::TooLarge("ten years")),
        }
    }
}

/// Reads "64MiB", "1KB", "10 kb", "512"; the result is bytes.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(UnitError::Empty);
    }
    let (number, unit, rest) = split_term(text)?;
    if !rest.is_empty() {
        return Err(UnitError::NotANumber(text.to_string()));
    }
    let lower = unit.to_ascii_lowercase();
    let bytes =
        match lower.as_str() {
            "" => 1,
            "k" | "m" | "g" => return Err(UnitError::Ambiguous(unit.to_ascii_uppercase())),
            name => SIZE_UNITS.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes).ok_or_else(
                || UnitError::UnknownUnit {
                    unit: unit.to_string(),
                    known: "B, KB, MB, GB (thousands) and KiB, MiB, GiB (1024)",
                },
            )?,
        };
    u64::try_from(scale(number, bytes)?).map_err(|_| UnitError::TooLarge("2^64 bytes"))
}

/// Reads "10", "2.5/s", "600/m", "5/h"; the result is per second, more than 0 and finite.
pub fn parse_rate(text: &str) -> Result<f64, UnitError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(UnitError::Empty);
    }
    let (number, per) = match text.split_once('/') {
        None => (text, 1.0),
        Some((number, unit)) => match unit.trim() {
            "s" => (number.trim(), 1.0),
            "m" => (number.trim(), 60.0),
            "h" => (number.trim(), 3600.0),
            other => return Err(UnitError::UnknownUnit { unit: other.into(), known: "/s, /m and /h" }),
        },
    };
    if number.starts_with('-') {
        return Err(UnitError::Negative);
    }
    let decimal = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match number.parse::<f64>() {
        Ok(value) if decimal => check_rate(value / per),
        _ => Err(UnitError::NotANumber(number.to_string())),
    }
}

/// Accepts a rate per second that timers can hold.
pub fn check_rate(per_second: f64) -> Result<f64, UnitError> {
    if per_second.is_nan() || per_second < SLOWEST_RATE {
        Err(UnitError::TooSlow)
    } else if per_second > FASTEST_RATE {
        Err(UnitError::TooLarge("a billion per second"))
    } else {
        Ok(per_second)
    }
}

/// Writes what `parse_duration` reads back to the same value: "1h20m", "1.5s", "500ms", "0s".
pub fn format_duration(duration: Duration) -> String {
    let mut seconds = duration.as_secs();
    let nanos = u64::from(duration.subsec_nanos());
    if seconds == 0 {
        return match nanos {
            0 => "0s".to_string(),
            1..1_000_000 => format!("{}us", decimal(nanos, 1_000)),
            _ => format!("{}ms", decimal(nanos, 1_000_000)),
        };
    }
    let mut text = String::new();
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds >= size {
            text.push_str(&format!("{}{unit}", seconds / size));
            seconds %= size;
        }
    }
    if nanos > 0 {
        let fraction = decimal(nanos, 1_000_000_000);
        text.push_str(&format!("{seconds}{}s", &fraction[1..]));
    } else if seconds > 0 {
        text.push_str(&format!("{seconds}s"));
    }
    text
}

/// Writes bytes in the largest binary unit that divides them: "64MiB", "1000B".
pub fn format_size(bytes: u64) -> String {
    for (unit, size) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{}{unit}", bytes / size);
        }
    }
    format!("{bytes}B")
}

/// Takes "20m" off "20m30s": the number, its unit (may be empty), what is left.
fn split_term(text: &str) -> Result<(&str, &str, &str), UnitError> {
    if text.starts_with('-') {
        return Err(UnitError::Negative);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    if digits == 0 {
        return Err(UnitError::NotANumber(text.to_string()));
    }
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    Ok((number, unit, rest.trim_start()))
}

/// `number` (digits with at most one point) times `unit`, rounded down, saturating.
fn scale(number: &str, unit: u128) -> Result<u128, UnitError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
        return Err(UnitError::NotANumber(number.to_string()));
    }
    // Digits only by construction, so the one failure of `parse` is overflow.
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u128>().unwrap_or(u128::MAX) };
    // Beyond 18 digits a fraction of any unit is below one.
    let fraction = &fraction[..fraction.len().min(18)];
    let part = fraction.parse::<u128>().unwrap_or(0).saturating_mul(unit) / 10u128.pow(fraction.len() as u32);
    Ok(whole.saturating_mul(unit).saturating_add(part))
}

/// `amount / unit` with as many decimals as it needs.
fn decimal(amount: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", amount / unit, amount % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, millis) in [
            ("30s", 30_000),
            ("1h20m", 4_800_000),
            ("300", 300_000),
            ("1.5s", 1_500),
            (".5s", 500),
            ("500ms", 500),
            ("2m30s", 150_000),
            (" 2m 30s ", 150_000),
            ("2d", 172_800_000),
            ("0", 0),
            ("1.5h", 5_400_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_duration("250us"), Ok(Duration::from_micros(250)));
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, message) in [
            ("", "it is empty"),
            ("-5s", "it cannot be negative"),
            ("soon", "`soon` is not a number"),
            ("1.2.3s", "`1.2.3` is not a number"),
            (".", "`.` is not a number"),
            ("5x", "`x` is not a unit, which are d, h, m, s, ms and us"),
            ("5m30", "`30` needs a unit here, for example `30s`"),
            ("30s2m", "units go from large to small and each stands once, as in 1h20m30s"),
            ("99999999999999999999999999999999999999999999h", "it is more than ten years"),
            ("11000000m", "it is more than ten years"),
        ] {
            assert_eq!(parse_duration(text).unwrap_err().to_string(), message, "{text}");
        }
        assert_eq!(duration_of_seconds(f64::NAN), Err(UnitError::NotANumber("nan".into())));
        assert_eq!(duration_of_seconds(-0.1), Err(UnitError::Negative));
        assert_eq!(duration_of_seconds(f64::INFINITY), Err(UnitError::TooLarge("ten years")));
        assert_eq!(duration_of_seconds(0.25), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn sizes_and_rates() {
        assert_eq!(parse_size("64MiB"), Ok(67_108_864));
        assert_eq!(parse_size("1KB"), Ok(1_000));
        assert_eq!(parse_size("1.5 kib"), Ok(1_536));
        assert_eq!(parse_size("512"), Ok(512));
        assert_eq!(parse_size("64M"), Err(UnitError::Ambiguous("M".into())));
        assert_eq!(parse_size("99999999999999999999GB"), Err(UnitError::TooLarge("2^64 bytes")));
        assert!(parse_size("1MB2").is_err() && parse_size("MB").is_err() && parse_size("-1").is_err());
        assert_eq!(parse_rate("2.5"), Ok(2.5));
        assert_eq!(parse_rate("600/m"), Ok(10.0));
        assert_eq!(parse_rate("36/h"), Ok(0.01));
        assert_eq!(parse_rate("0"), Err(UnitError::TooSlow));
        for bad in ["", "-1", "inf", "nan", "1e5", "5/d", "1.2.3", "/s", "99999999999"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn formats() {
        for (duration, text) in [
            (Duration::from_secs(4_800), "1h20m"),
            (Duration::from_millis(1_500), "1.5s"),
            (Duration::from_millis(60_250), "1m0.25s"),
            (Duration::from_millis(500), "500ms"),
            (Duration::from_micros(250), "250us"),
            (Duration::ZERO, "0s"),
            (Duration::from_secs(90_061), "1d1h1m1s"),
        ] {
            assert_eq!(format_duration(duration), text);
        }
        assert_eq!((format_size(67_108_864), format_size(1_000)), ("64MiB".into(), "1000B".into()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*", near in "[0-9.]{0,30}[a-z µ/-]{0,3}[0-9.]{0,30}[dhmsuKiB]{0,3}") {
            for text in [text.as_str(), near.as_str()] {
                let _ = (parse_duration(text), parse_size(text), parse_rate(text));
            }
        }

        #[test]
        fn a_written_duration_reads_back(nanos in 0..=LONGEST.as_nanos() as u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn any_number_of_seconds_is_held_or_refused(seconds in any::<f64>()) {
            if let Ok(duration) = duration_of_seconds(seconds) {
                prop_assert!((duration.as_secs_f64() - seconds).abs() < 1e-3);
            }
        }

        #[test]
        fn a_written_size_reads_back(bytes in any::<u64>()) {
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }

        #[test]
        fn every_rate_that_reads_has_a_period(text in "[0-9]{0,12}(\\.[0-9]{0,12})?(/[smh])?") {
            if let Ok(rate) = parse_rate(&text) {
                prop_assert!(rate > 0.0 && duration_of_seconds(1.0 / rate).is_ok());
            }
        }
    }
}
