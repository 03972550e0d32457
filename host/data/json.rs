//! JSON files. Called by `sources`.

use serde_json::Value;

use super::sources::Broken;

/// Reads the one value of the file.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Broken> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(Broken::new("it is empty"));
    }
    let value = serde_json::from_slice(bytes).map_err(|why| {
        let text = why.to_string();
        let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
        match why.line() {
            0 => Broken::new(format!("it is not valid JSON: {text}")),
            line => Broken::new(format!("it is not valid JSON: {text} (column {})", why.column()))
                .line(line as u64),
        }
    })?;
    match inexact(&value) {
        Some((path, number)) => {
            let what =
                format!("`{}` is {number}, beyond the integers of scripts", path.trim_start_matches('.'));
            Err(Broken::new(what).help("write it as a string"))
        }
        None => Ok(value),
    }
}

/// The path to an integer that scripts cannot hold, as `json.decode` refuses it, and the integer.
fn inexact(value: &Value) -> Option<(String, u64)> {
    let below = |segment: String, value: &Value| {
        inexact(value).map(|(path, number)| (segment + path.as_str(), number))
    };
    match value {
        Value::Number(number) if !number.is_i64() => Some((String::new(), number.as_u64()?)),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| below(format!("[{}]", index + 1), item))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| below(format!(".{name}"), field)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_and_what_is_broken() {
        assert_eq!(read(b"\xef\xbb\xbf[1, 9223372036854775807]").unwrap()[1], i64::MAX);
        let broken = read(b"{\n  \"a\": [1,]\n}").unwrap_err();
        assert_eq!(
            (&*broken.what, broken.line),
            ("it is not valid JSON: trailing comma (column 11)", Some(2))
        );
        assert!(read(b"[1").unwrap_err().what.starts_with("it is not valid JSON: EOF"));
        assert_eq!(read(b" \n").unwrap_err().what, "it is empty");
        let broken = read(b"{\"a\": [{\"id\": 9223372036854775808}]}").unwrap_err();
        assert_eq!(broken.what, "`a[1].id` is 9223372036854775808, beyond the integers of scripts");
        assert_eq!(read(b"1e30").unwrap(), 1e30);
    }
}
