//! `google.protobuf.Timestamp` and `Duration` as texts, as in protobuf's JSON. Pure; used by `special` and `decode`.

use jiff::SignedDuration;
use jiff::civil::{DateTime, datetime};

/// The years 1 to 9999, in seconds since 1970.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

/// What a duration holds at most, in seconds.
const LONGEST: i64 = 315_576_000_000;

/// The zero of timestamps. Times are counted from it as the calendar has them: that reaches to the end of the year 9999.
const EPOCH: DateTime = datetime(1970, 1, 1, 0, 0, 0, 0);

const GIGA: i32 = 1_000_000_000;

/// Seconds since 1970 and nanoseconds after them, from RFC 3339.
///
/// # Errors
/// No such time.
pub(super) fn read_timestamp(text: &str) -> Result<(i64, i32), String> {
    let wrong = || format!("`{text}` is no time of RFC 3339, as in \"2026-01-31T12:00:00Z\"");
    let bytes = text.as_bytes();
    // `2026-01-31T12:00:00`: digits, but for what stands between them.
    let is_digit = |at: usize| bytes[at].is_ascii_digit();
    let is_shaped = bytes.len() >= 20
        && [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')].iter().all(|(at, mark)| bytes[*at] == *mark)
        && bytes[10].eq_ignore_ascii_case(&b'T')
        && (0..19).all(|at| is_digit(at) || [4, 7, 10, 13, 16].contains(&at));
    // A leap second is none of protobuf's.
    if !is_shaped || &bytes[17..19] == b"60" {
        return Err(wrong());
    }
    let civil: DateTime = text[..19].to_ascii_uppercase().parse().map_err(|_| wrong())?;
    let (nanos, offset) = read_end(&text[19..]).ok_or_else(wrong)?;
    let seconds = civil.duration_since(EPOCH).as_secs() - offset;
    if !(FIRST..=LAST).contains(&seconds) {
        return Err(format!("`{text}` is out of range: the years 1 to 9999 are"));
    }
    Ok((seconds, nanos))
}

/// Nanoseconds and the offset from UTC in seconds: `.5Z`, `+01:00`.
fn read_end(text: &str) -> Option<(i32, i64)> {
    let (part, zone) = match text.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|digit: char| !digit.is_ascii_digit())?),
        None => ("", text),
    };
    if part.len() > 9 || text.starts_with('.') && part.is_empty() {
        return None;
    }
    let nanos = format!("{part:0<9}").parse().ok()?;
    if zone.eq_ignore_ascii_case("z") {
        return Some((nanos, 0));
    }
    let sign = match zone.as_bytes() {
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let number = |text: Option<&str>, most: i64| {
        let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<i64>().ok().filter(|number| *number <= most)
    };
    let (hours, minutes) = (number(zone.get(1..3), 23)?, number(zone.get(4..6), 59)?);
    Some((nanos, sign * (hours * 3600 + minutes * 60)))
}

/// None where the numbers are no time.
pub(super) fn show_timestamp(seconds: i64, nanos: i32) -> Option<String> {
    if !(FIRST..=LAST).contains(&seconds) || !(0..GIGA).contains(&nanos) {
        return None;
    }
    let time = EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    let shown = time.strftime("%Y-%m-%dT%H:%M:%S");
    Some(format!("{shown}{}Z", fraction(nanos)))
}

/// A point and 3, 6 or 9 digits; nothing for 0.
fn fraction(nanos: i32) -> String {
    match nanos {
        0 => String::new(),
        nanos if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
        nanos => format!(".{nanos:09}"),
    }
}

/// From seconds with an `s`: `1.5s`.
///
/// # Errors
/// No duration.
pub(super) fn read_duration(text: &str) -> Result<(i64, i32), String> {
    let wrong = || format!("`{text}` is no duration: write seconds with an s, as in \"1.5s\"");
    let number = text.strip_suffix('s').ok_or_else(wrong)?;
    let (is_negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_odd = whole.is_empty() || number.ends_with('.') || part.len() > 9;
    if is_odd || !is_digits(whole) || !is_digits(part) {
        return Err(wrong());
    }
    let seconds: i64 = whole.parse().map_err(|_| wrong())?;
    let nanos: i32 = format!("{part:0<9}").parse().map_err(|_| wrong())?;
    if seconds > LONGEST {
        return Err(format!("`{text}` is out of range: a duration has at most {LONGEST} s"));
    }
    Ok(if is_negative { (-seconds, -nanos) } else { (seconds, nanos) })
}

/// None where the numbers are no duration.
pub(super) fn show_duration(seconds: i64, nanos: i32) -> Option<String> {
    let is_one_way = (seconds >= 0 && nanos >= 0) || (seconds <= 0 && nanos <= 0);
    if !is_one_way || !(-LONGEST..=LONGEST).contains(&seconds) || nanos.abs() >= GIGA {
        return None;
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    Some(format!("{sign}{}{}s", seconds.abs(), fraction(nanos.abs())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The examples of `timestamp.proto` and `duration.proto`, and their bounds.
    #[test]
    fn the_forms_of_protobuf() {
        assert_eq!(read_timestamp("1972-01-01T10:00:20.021Z").unwrap(), (63_108_020, 21_000_000));
        assert_eq!(read_timestamp("1972-01-01T10:00:20.021-05:00").unwrap(), (63_126_020, 21_000_000));
        assert_eq!(read_timestamp("1969-12-31T23:59:59.5Z").unwrap(), (-1, 500_000_000));
        assert_eq!(show_timestamp(-1, 500_000_000).unwrap(), "1969-12-31T23:59:59.500Z");
        assert_eq!(show_timestamp(FIRST, 0).unwrap(), "0001-01-01T00:00:00Z");
        assert_eq!(show_timestamp(LAST, 999_999_999).unwrap(), "9999-12-31T23:59:59.999999999Z");
        assert_eq!((show_timestamp(LAST + 1, 0), show_timestamp(0, -1)), (None, None));
        assert_eq!(read_duration("3.000000001s").unwrap(), (3, 1));
        assert_eq!(read_duration("-0.5s").unwrap(), (0, -500_000_000));
        assert_eq!(show_duration(3, 1000).unwrap(), "3.000001s");
        assert_eq!(show_duration(0, -500_000_000).unwrap(), "-0.500s");
        assert_eq!((show_duration(1, -1), show_duration(LONGEST + 1, 0)), (None, None));
        for text in ["", "s", "1", "1.s", ".5s", "1.0000000001s", "1e3s", "--1s", "315576000001s", "1.-5s"] {
            assert!(read_duration(text).is_err(), "{text}");
        }
        for text in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-02-30T12:00:00Z",
            "12:00",
            "20260131T120000Z00000",
        ] {
            assert!(read_timestamp(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_ways(seconds in FIRST..=LAST, long in -LONGEST..=LONGEST, nanos in 0..GIGA) {
            let text = show_timestamp(seconds, nanos).unwrap();
            prop_assert_eq!(read_timestamp(&text).unwrap(), (seconds, nanos));
            let nanos = if long < 0 { -nanos } else { nanos };
            let text = show_duration(long, nanos).unwrap();
            prop_assert_eq!(read_duration(&text).unwrap(), (long, nanos));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = (read_timestamp(&text), read_duration(&text));
        }
    }
}
