//! Numbers and texts as the terminal shows them. Used by the console's parts.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A latency given in us, in ms: whole, or with two decimals below 10.
pub(super) fn ms(us: f64) -> String {
    let ms = us / 1000.0;
    if us == 0.0 {
        "0".to_owned()
    } else if ms < 9.995 {
        format!("{ms:.2}")
    } else {
        format!("{ms:.0}")
    }
}

/// A rate, to about four digits.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        small if small < 99.995 => format!("{small:.2}"),
        middle if middle < 999.95 => format!("{middle:.1}"),
        large => format!("{large:.0}"),
    }
}

/// Any number, to four significant digits; whole ones in full.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e15 {
        return format!("{value:.0}");
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{value:.3e}");
    }
    let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
    let shown = format!("{value:.decimals$}");
    match shown.contains('.') {
        true => shown.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => shown,
    }
}

/// A part of a whole; only all of it is 100.00%, and only none of it 0.00%.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0.00%".to_owned();
    }
    let exact = 100.0 * part as f64 / whole as f64;
    let shown = match part {
        0 => 0.0,
        all if all == whole => 100.0,
        _ => exact.clamp(0.01, 99.99),
    };
    format!("{shown:.2}%")
}

/// A stretch of time.
pub(super) fn duration(stretch: Duration) -> String {
    if stretch < Duration::from_secs(60) {
        return format!("{:.1} s", (stretch.as_secs_f64() * 10.0).floor() / 10.0);
    }
    let seconds = stretch.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}h {minutes:02}m {seconds:02}s")
    } else {
        format!("{minutes}m {seconds:02}s")
    }
}

/// The time of day, UTC.
pub(super) fn clock(at: SystemTime) -> String {
    let timestamp = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.strftime("%H:%M:%SZ").to_string()
}

/// A number with its noun.
pub(super) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// A text without anything that a terminal would act upon; what servers send
/// back and scripts put into names ends up here. Lines stay lines if `lines`.
pub(super) fn printable(text: &str, lines: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' if lines => shown.push('\n'),
            '\t' => shown.push_str("    "),
            '\r' if lines => {}
            hidden if hidden.is_control() || directional(hidden) => shown.extend(hidden.escape_default()),
            plain => shown.push(plain),
        }
    }
    shown
}

/// Characters that reorder the text around them.
fn directional(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `columns` of a text: its middle gives way, as both ends tell names apart.
pub(super) fn cut_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let head = fitting(text.chars(), room.div_ceil(2));
    let tail = fitting(text.chars().rev(), room / 2);
    format!("{head}…{}", tail.chars().rev().collect::<String>())
}

/// At most `columns` of a text: its end gives way, where the beginning says what matters.
pub(super) fn cut_end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    format!("{}…", fitting(text.chars(), columns.saturating_sub(1)))
}

/// Lines of at most `columns`, broken between words where that is possible.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let gap = if line.is_empty() { "" } else { " " };
            if width(line) + gap.len() + width(word) <= columns {
                *line += gap;
                *line += word;
                break;
            }
            if line.is_empty() {
                // A character that is wider than the line has one to itself.
                let first = word.chars().next().map_or(0, char::len_utf8);
                let (head, rest) = word.split_at(fitting(word.chars(), columns).len().max(first));
                *line += head;
                word = rest;
            }
            if word.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines
}

fn fitting(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= columns
    };
    characters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies() {
        for (us, shown) in
            [(0.0, "0"), (431.0, "0.43"), (9_990.0, "9.99"), (9_996.0, "10"), (123_600.0, "124")]
        {
            assert_eq!(ms(us), shown);
        }
    }

    #[test]
    fn rates_and_parts() {
        assert_eq!([rate(0.0), rate(4.2), rate(123.45), rate(41_237.8)], ["0.00", "4.20", "123.5", "41238"]);
        assert_eq!(percent(1, 1_000_000), "0.01%");
        assert_eq!(percent(999_999, 1_000_000), "99.99%");
        assert_eq!(percent(3, 3), "100.00%");
        assert_eq!(percent(1, 3), "33.33%");
        assert_eq!(percent(0, 0), "0.00%");
    }

    #[test]
    fn numbers() {
        for (value, shown) in [
            (0.0, "0"),
            (12_345_678.0, "12345678"),
            (1.5, "1.5"),
            (0.1 + 0.2, "0.3"),
            (-1234.56, "-1235"),
            (12.3456, "12.35"),
            (0.00123456, "0.001235"),
            (9.9996, "10"),
            (1.5e-7, "1.500e-7"),
            (1e20, "1.000e20"),
        ] {
            assert_eq!(number(value), shown);
        }
    }

    #[test]
    fn stretches() {
        let shown = |seconds| duration(Duration::from_secs_f64(seconds));
        assert_eq!(
            [shown(30.04), shown(59.99), shown(60.0), shown(3725.0)],
            ["30.0 s", "59.9 s", "1m 00s", "1h 02m 05s"]
        );
    }

    #[test]
    fn long_texts_give_way_at_the_end() {
        assert_eq!((cut_end("abcdef", 6), cut_end("abcdef", 4)), ("abcdef".into(), "abc…".into()));
        assert_eq!((cut_end("가나다", 4), cut_end("", 0)), ("가…".into(), String::new()));
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one", 80), ["one"]);
        assert_eq!(wrapped("abcdefg hi", 3), ["abc", "def", "g", "hi"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("가나", 1), ["가", "나"]);
    }

    #[test]
    fn names_give_way_in_the_middle() {
        assert_eq!(cut_middle("/v1beta/documents", 17), "/v1beta/documents");
        assert_eq!(cut_middle("/v1beta/documents", 10), "/v1be…ents");
        assert_eq!(width(&cut_middle("文档文档文档文档", 9)), 9);
        assert_eq!(cut_middle("/abc", 0), "…");
    }

    #[test]
    fn terminals_are_not_steered() {
        assert_eq!(printable("a\x1b[31mb\nc", false), "a\\u{1b}[31mb\\nc");
        assert_eq!(printable("a\r\nb\tc", true), "a\nb    c");
        assert_eq!(printable("a\u{202e}b", true), "a\\u{202e}b");
    }
}
