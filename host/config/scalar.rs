//! The type of a plain YAML scalar, by the core schema of YAML 1.2. Called by `yaml` after `${NAME}` expanded.

use serde_json::{Number, Value};

/// Types an unquoted scalar. Numbers that a script could not get exactly are an error, not a silent change.
pub(super) fn type_scalar(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Err(unquoted("`.nan` is not a number that can be used")),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Err(unquoted(&format!("`{text}` is not a number that can be used")));
    }
    if let Some(digits) = text.strip_prefix("0x").filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())) {
        return integer(text, digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o").filter(|d| d.bytes().all(|b| matches!(b, b'0'..=b'7'))) {
        return integer(text, digits, 8);
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return integer(text, text, 10);
    }
    if is_float(unsigned) {
        return match text.parse::<f64>().ok().and_then(Number::from_f64) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(unquoted(&format!("`{text}` does not fit a number"))),
        };
    }
    Ok(Value::String(text.to_string()))
}

fn integer(text: &str, digits: &str, radix: u32) -> Result<Value, String> {
    if digits.is_empty() {
        return Ok(Value::String(text.to_string()));
    }
    i64::from_str_radix(digits, radix)
        .map(Value::from)
        .map_err(|_| unquoted(&format!("`{text}` does not fit 64 bits")))
}

/// `[0-9]*(.[0-9]*)?([eE][-+]?[0-9]+)?` with a digit before the exponent.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    mantissa && exponent
}

fn unquoted(what: &str) -> String {
    format!("{what}; put it in quotes if it is text")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_core_schema() {
        // The examples of YAML 1.2.2, section 10.3.2, and what YAML 1.1 read differently.
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("NULL", json!(null)),
            ("True", json!(true)),
            ("false", json!(false)),
            ("0", json!(0)),
            ("-19", json!(-19)),
            ("+12", json!(12)),
            ("0o7", json!(7)),
            ("0x3A", json!(58)),
            ("007", json!(7)),
            ("0.", json!(0.0)),
            (".5", json!(0.5)),
            ("+12e03", json!(12000.0)),
            ("-2E+05", json!(-200000.0)),
            ("yes", json!("yes")),
            ("nullish", json!("nullish")),
            ("1.2.3", json!("1.2.3")),
            ("+-5", json!("+-5")),
            ("0x", json!("0x")),
            ("0x-1", json!("0x-1")),
            ("e5", json!("e5")),
            ("1e", json!("1e")),
            (".", json!(".")),
            ("-", json!("-")),
            ("inf", json!("inf")),
            ("30s", json!("30s")),
            ("9223372036854775807", json!(i64::MAX)),
        ] {
            assert_eq!(type_scalar(text), Ok(value), "{text}");
        }
        for text in ["9223372036854775808", ".inf", "-.INF", ".NaN", "1e999", "0xffffffffffffffff"] {
            assert!(type_scalar(text).unwrap_err().contains("quotes"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_integers(text in "\\PC*", number in any::<i64>()) {
            let _ = type_scalar(&text);
            prop_assert_eq!(type_scalar(&number.to_string()), Ok(json!(number)));
        }
    }
}
