//! CSV files: the first row names the columns, every other row has a field for each.
//! Called by `sources`.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::quotes::Quotes;
use super::rows::Rows;
use super::sources::Broken;

/// Reads all rows.
pub(super) fn read(source: impl Read, delimiter: u8) -> Result<Rows, Broken> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(Quotes::new(source, delimiter));
    let mut record = ByteRecord::new();
    if !read_record(&mut reader, &mut record)? {
        return Err(Broken::new("it is empty").help("the first row of a CSV file names its columns"));
    }
    let columns = columns(&record)?;
    let width = columns.len();
    let mut rows = Rows::new(columns);
    while read_record(&mut reader, &mut record)? {
        if record.len() != width {
            let fields = |count: usize| if count == 1 { "1 field".into() } else { format!("{count} fields") };
            let what = format!("the row has {}, and the header {width}", fields(record.len()));
            let help = "a field that holds the delimiter, a quote or a line feed stands in quotes";
            return Err(Broken::new(what).line(line(&record)).help(help));
        }
        record.iter().try_for_each(|field| rows.push(field))?;
    }
    Ok(rows.done())
}

/// False at the end of the file.
fn read_record<R: Read>(reader: &mut csv::Reader<R>, record: &mut ByteRecord) -> Result<bool, Broken> {
    let more = reader.read_byte_record(record).map_err(|why| match why.into_kind() {
        csv::ErrorKind::Io(why) => broken_by(why),
        other => Broken::new(format!("{other:?}")),
    })?;
    if std::str::from_utf8(record.as_slice()).is_err() {
        return Err(Broken::new("the row is not UTF-8 text").line(line(record)));
    }
    Ok(more)
}

/// What `Quotes` has found, or why the file cannot be read.
fn broken_by(why: io::Error) -> Broken {
    match why.downcast::<Broken>() {
        Ok(broken) => broken,
        Err(why) => Broken::new(why.to_string()),
    }
}

fn line(record: &ByteRecord) -> u64 {
    record.position().map_or(1, csv::Position::line)
}

fn columns(header: &ByteRecord) -> Result<Vec<String>, Broken> {
    let mut columns: Vec<String> = Vec::with_capacity(header.len());
    for (index, name) in header.iter().enumerate() {
        let name = String::from_utf8_lossy(name).trim().to_owned();
        let wrong = |what: String| Err(Broken::new(what).line(line(header)));
        if name.is_empty() {
            return wrong(format!("column {} of the header has no name", index + 1));
        }
        if columns.contains(&name) {
            return wrong(format!("the header names two columns `{name}`"));
        }
        columns.push(name);
    }
    Ok(columns)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let rows = read(text.as_bytes(), b',').unwrap();
        let row = |row| rows.fields(row).map(|field| String::from_utf8(field.to_vec()).unwrap()).collect();
        std::iter::once(rows.columns().to_vec()).chain((0..rows.len()).map(row)).collect()
    }

    fn broken(text: &[u8]) -> (String, Option<u64>) {
        let broken = read(text, b',').unwrap_err();
        (broken.what, broken.line)
    }

    #[test]
    fn rfc_4180() {
        let text = "\u{feff}name, \"note\" \r\nAnn,\"a, \"\"b\"\"\nc\"\r\n\r\nBö,\n";
        let text = text.replace(", \"note\" ", ",note ");
        assert_eq!(rows(&text), [["name", "note"], ["Ann", "a, \"b\"\nc"], ["Bö", ""]]);
        assert_eq!(rows("only\n"), [["only"]]);
        let rows = read("a;b\n1;2,3\n".as_bytes(), b';').unwrap();
        assert_eq!(rows.fields(0).collect::<Vec<_>>(), [&b"1"[..], b"2,3"]);
    }

    #[test]
    fn what_is_broken_has_a_line() {
        assert_eq!(broken(b""), ("it is empty".into(), None));
        assert_eq!(broken(b"a,b\n1,2\n3\n"), ("the row has 1 field, and the header 2".into(), Some(3)));
        // The record before spans two lines.
        assert_eq!(broken(b"a,b\n\"x\ny\",2\n1,2,3\n").1, Some(4));
        assert_eq!(broken(b"a,b\n1,\xff\n"), ("the row is not UTF-8 text".into(), Some(2)));
        assert_eq!(broken(b"a,,c\n"), ("column 2 of the header has no name".into(), Some(1)));
        assert_eq!(broken(b"a,b,a\n"), ("the header names two columns `a`".into(), Some(1)));
    }

    #[test]
    fn quotes_are_closed_and_end_their_field() {
        let open = |line: u64| (format!("the quote opened in line {line} is never closed"), Some(line));
        assert_eq!(broken(b"a\n\"1\n2\n3\n"), open(2));
        assert_eq!(broken(b"a,b\n1,2\n\"3,4\n5,6\n"), open(3));
        assert_eq!(broken(b"\xef\xbb\xbf\"a\n1\n"), open(1));
        assert_eq!(broken(b"a\n\"x\ny\"\n\"\"\""), open(4));
        let behind = |line: u64| ("text follows a closing quote".to_owned(), Some(line));
        assert_eq!(broken(b"a\n\"abc\"def\n"), behind(2));
        assert_eq!(broken(b"a,b\n\"x\n\" ,1\n"), behind(3));
        // A quote within a field that does not begin with one is a character.
        assert_eq!(rows("a,b\nx\"y\"z,\"\"\n"), [["a", "b"], ["x\"y\"z", ""]]);
    }

    proptest! {
        /// What is quoted by the rules comes back.
        #[test]
        fn quoted_fields_come_back(fields in prop::collection::vec(prop::collection::vec("[a-z,\"\r\n é;]{0,6}", 3), 0..8)) {
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let mut text = "x,y,z\n".to_owned();
            for row in &fields {
                text.push_str(&row.iter().map(quoted).collect::<Vec<_>>().join(","));
                text.push('\n');
            }
            prop_assert_eq!(&rows(&text)[1..], &fields[..]);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n')], 0..60)) {
            let _ = read(&bytes[..], b',');
        }
    }
}
