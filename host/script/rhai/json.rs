//! JSON straight from Rhai values, by the rules of `lua/json`: exact, or an error that names the path.

use std::fmt;

use rhai::{Array, Dynamic, Map};

use super::instance::Instance;
use super::state::State;
use super::value::HostValue;
use super::{kinds, limits};

/// How deep values may nest. serde_json reads no deeper either.
const MAX_DEPTH: usize = 127;

/// So many values take well below a time slice.
const VALUES_PER_TICK: u32 = 4096;

/// Why a value has no JSON form, and where in it (innermost segment last).
struct Refusal {
    why: String,
    path: Vec<String>,
}

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Refusal { why: why.into(), path: Vec::new() }
    }

    fn below(mut self, segment: String) -> Self {
        self.path.insert(0, segment);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.concat();
        match path.trim_start_matches('.') {
            "" => write!(f, "cannot encode as JSON: {}", self.why),
            path => write!(f, "cannot encode `{path}` as JSON: {}", self.why),
        }
    }
}

/// Appends the value as JSON.
pub(super) fn encode(value: &Dynamic, out: &mut Vec<u8>) -> Result<(), String> {
    let start = out.len();
    let most = State::current().map_or(usize::MAX, |state| state.library.memory_limit);
    let mut encoder = Encoder { out, values: 0, most: start.saturating_add(most) };
    encoder.value(value, 0).map_err(|refusal| {
        encoder.out.truncate(start);
        refusal.to_string()
    })
}

struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    /// Written so far.
    values: u32,
    /// So long it may get: many texts may be one and the same in memory.
    most: usize,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Dynamic, depth: usize) -> Result<(), Refusal> {
        self.values += 1;
        // Other VUs get their turn.
        if self.values.is_multiple_of(VALUES_PER_TICK) && limits::tick().is_err() {
            return Err(Refusal::new("the call was ended"));
        }
        if self.out.len() > self.most {
            return Err(Refusal::new("it is longer than what one VU may hold"));
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            self.write(text.as_str());
        } else if let Ok(value) = value.as_int() {
            self.write(&value);
        } else if let Ok(number) = value.as_float() {
            if !number.is_finite() {
                return Err(Refusal::new(format!("{number} is not a JSON number")));
            }
            self.write(&number);
        } else if let Ok(value) = value.as_bool() {
            self.write(&value);
        } else if value.is_unit() {
            self.out.extend_from_slice(b"null");
        } else if let Ok(map) = value.as_map_ref() {
            self.map(&map, depth)?;
        } else if let Ok(list) = value.as_array_ref() {
            self.list(&list, depth)?;
        } else if let Ok(one) = value.as_char() {
            self.write(&one);
        } else if let Some(instance) = value.read_lock::<Instance>() {
            instance.with_own(|own| self.map(own, depth))?;
        } else if let Some(HostValue::View(view)) = value.read_lock::<HostValue>().as_deref() {
            self.write(view);
        } else {
            if value.is_blob() {
                return Err(Refusal::new("the string is not valid UTF-8"));
            }
            let kind = kinds::with_article(&kinds::kind(value));
            return Err(Refusal::new(format!("{kind} has no JSON form")));
        }
        Ok(())
    }

    fn map(&mut self, map: &Map, depth: usize) -> Result<(), Refusal> {
        nest(depth)?;
        self.out.push(b'{');
        for (index, (name, value)) in map.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.write(name.as_str());
            self.out.push(b':');
            self.value(value, depth + 1).map_err(|refusal| refusal.below(format!(".{name}")))?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn list(&mut self, list: &Array, depth: usize) -> Result<(), Refusal> {
        nest(depth)?;
        self.out.push(b'[');
        for (index, value) in list.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.value(value, depth + 1).map_err(|refusal| refusal.below(format!("[{index}]")))?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn write<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        serde_json::to_writer(&mut *self.out, value)
            .expect("a vector takes every write, and these types have a JSON form");
    }
}

fn nest(depth: usize) -> Result<(), Refusal> {
    if depth < MAX_DEPTH { Ok(()) } else { Err(Refusal::new("tables nest too deeply (is there a cycle?)")) }
}
