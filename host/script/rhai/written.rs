//! Values as texts: what `print`, `to_string`, `+` and `${..}` make of floats (the text that Lua has, so
//! that names and URLs are the same in both languages), and of lists and maps, which is bounded: many of their texts may be
//! one and the same in memory. Bound by `guards`, before the library's own.

use std::any::TypeId;
use std::fmt::Write;

use rhai::{Array, Dynamic, Map, Module, NativeCallContext};

use super::bind::Binding;
use super::guards;

pub(super) fn bind(module: &mut Module) {
    for name in ["print", "to_string", "debug", "to_debug"] {
        module.set_native_fn(name, |number: f64| Ok(float(number)));
    }
    // Else it prints an empty line.
    module.set_native_fn("print", |_: ()| Ok("()"));
    let mut binding = Binding { module: &mut *module, by_reference: true };
    for kind in [TypeId::of::<Array>(), TypeId::of::<Map>()] {
        for name in ["print", "to_string", "debug", "to_debug"] {
            binding.bind(name, (&[kind], 0), |state, context, args| {
                let mut text = Writer { context, out: String::new(), room: guards::room(state) };
                if args.first_mut().is_some_and(|value| text.value(value).is_none()) {
                    // Nobody hears of an error that this raises: the call ends where it goes on.
                    state.over_memory.set(true);
                }
                Ok(text.out.into())
            });
        }
    }
    module.set_native_fn("to_json", |map: Map| {
        let mut out = Vec::new();
        super::json::encode(&map.into(), &mut out).map_err(super::bind::error)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    });
    module.set_native_fn("parse_json", |text: &str| {
        super::json_decode::decode(text.as_bytes())
            .map_err(|why| super::bind::error(format!("not valid JSON: {why}")))
    });
}

/// The shortest of up to 14 digits, as C's `%.14g` has it; whole ones end in `.0`.
pub(super) fn float(number: f64) -> String {
    const DIGITS: i32 = 14;
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{number:.13e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        let fixed = format!("{number:.decimals$}");
        return match fixed.split_once('.') {
            Some((whole, decimals)) => match decimals.trim_end_matches('0') {
                "" => format!("{whole}.0"),
                decimals => format!("{whole}.{decimals}"),
            },
            None => format!("{fixed}.0"),
        };
    }
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

struct Writer<'a> {
    context: &'a NativeCallContext<'a>,
    out: String,
    /// Bytes that may be written yet.
    room: usize,
}

impl Writer<'_> {
    /// None: there is no room for more.
    fn value(&mut self, value: &mut Dynamic) -> Option<()> {
        if let Some(mut list) = value.write_lock::<Array>() {
            self.put("[")?;
            for (index, item) in list.iter_mut().enumerate() {
                self.put(if index > 0 { ", " } else { "" })?;
                self.value(item)?;
            }
            return self.put("]");
        }
        if let Some(mut map) = value.write_lock::<Map>() {
            self.put("#{")?;
            for (index, (name, item)) in map.iter_mut().enumerate() {
                self.put(if index > 0 { ", " } else { "" })?;
                let _ = write!(self.out, "{name:?}: ");
                self.value(item)?;
            }
            return self.put("}");
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            let _ = write!(self.out, "{:?}", text.as_str());
            return self.put("");
        }
        let text = self.context.call_native_fn_raw("to_debug", true, &mut [value]);
        match text.map(|text| text.into_immutable_string()) {
            Ok(Ok(text)) => self.put(&text),
            _ => {
                let _ = write!(self.out, "{value:?}");
                self.put("")
            }
        }
    }

    fn put(&mut self, text: &str) -> Option<()> {
        self.out.push_str(text);
        (self.out.len() <= self.room).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_lua_writes_them() {
        for (number, text) in [
            (0.1 + 0.2, "0.3"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e15, "1e+15"),
            (1e14, "1e+14"),
            (12_345_678_901_234.0, "12345678901234.0"),
            (9_007_199_254_740_992.0, "9.007199254741e+15"),
            (1e100, "1e+100"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (99_999_999_999_999.9, "1e+14"),
            (2.0 / 3.0, "0.66666666666667"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "-nan"),
        ] {
            assert_eq!(float(number), text);
        }
    }
}
