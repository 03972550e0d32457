//! What the errors of scripts look like to people: place, caret, suggestion, and the script's own
//! stack, in the form that Lua's have. Used by `library`, `vm` and `listeners`.

use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext, ParseError, Position};

use crate::exit::Exit;
use crate::fault::{Fault, Place, closest};
use crate::script::{hint, message};

use super::library::{Library, is_closure};
use super::{caught, globals, json, limits};

/// Frames that a traceback shows at most.
const MAX_FRAMES: usize = 20;

/// `file:line` of the call that a host function was called with.
pub(super) fn position(context: &NativeCallContext<'_>) -> String {
    let line = context.call_position().line().unwrap_or(0);
    format!("{}:{line}", context.call_source().unwrap_or_default())
}

/// What is wrong with a script's text.
pub(super) fn syntax_fault(error: &ParseError, file: &str, line: impl Fn(usize) -> Option<String>) -> Fault {
    let what = lowered(&error.err_type().to_string());
    let number = error.position().line();
    let mut place = Place { file: file.to_owned(), line: 1, column: None, source: None };
    match number {
        Some(number) => {
            place.line = number;
            place.source = line(number);
            place.column = error.position().position();
        }
        // The text ends too early.
        None => {
            let last = (1..).take_while(|number| line(*number).is_some()).last().unwrap_or(1);
            place.line = last;
            place.source = line(last);
            place.column = place.source.as_ref().map(|text| text.trim_end().chars().count() + 1);
        }
    }
    Fault::new(Exit::Script, what).at(place)
}

/// `Message` as `message`; what begins with a name or an abbreviation stays.
fn lowered(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            format!("{}{}", first.to_lowercase(), &text[first.len_utf8()..])
        }
        _ => text.to_owned(),
    }
}

/// A function that ran, as an error passed it.
struct Layer {
    /// Its file, and what the traceback says of it; None for one of the host's.
    shown: Option<(ImmutableString, String)>,
    /// Where it was called.
    called: Position,
}

fn layer(library: &Library, name: &str, source: &str, called: Position) -> Layer {
    let shown = if is_closure(name) {
        let defined = library.closure(name);
        defined.map(|it| (it.source.clone(), format!("in the function at line {}", it.line)))
    } else {
        library.named(name, source).map(|it| (it.source.clone(), format!("in function '{name}'")))
    };
    Layer { shown, called }
}

/// An error taken apart.
pub(super) struct Broken {
    /// From the outermost in.
    layers: Vec<Layer>,
    /// What is innermost.
    inner: EvalAltResult,
}

impl Broken {
    pub(super) fn new(library: &Library, error: Box<EvalAltResult>) -> Broken {
        let (mut layers, mut error) = (Vec::new(), error);
        loop {
            error = match *error {
                EvalAltResult::ErrorInFunctionCall(name, source, inner, called) => {
                    layers.push(layer(library, &name, &source, called));
                    inner
                }
                EvalAltResult::ErrorInModule(source, inner, called) => {
                    let shown = (!source.is_empty()).then(|| (source.into(), "in the main chunk".to_owned()));
                    layers.push(Layer { shown, called });
                    inner
                }
                EvalAltResult::ErrorRuntime(value, at) => {
                    if let Some(first) = caught::again(&value) {
                        layers.extend(first.layers);
                        return Broken { layers, inner: first.inner };
                    }
                    return Broken { layers, inner: EvalAltResult::ErrorRuntime(value, at) };
                }
                other => return Broken { layers, inner: other },
            };
        }
    }

    /// The value, where it is one that was thrown.
    pub(super) fn thrown(&self) -> Option<&Dynamic> {
        match &self.inner {
            EvalAltResult::ErrorRuntime(value, _) => Some(value),
            _ => None,
        }
    }

    /// Another value, thrown in the same place.
    pub(super) fn throw(&mut self, value: Dynamic) {
        self.inner = EvalAltResult::ErrorRuntime(value, self.inner.position());
    }

    /// The fault that people see. `main` is the file whose top level ran, where one did.
    pub(super) fn fault(&self, library: &Library, main: Option<&str>) -> Fault {
        let (layers, inner) = (&self.layers, &self.inner);
        let at = inner.position();
        let mut positions: Vec<Position> = layers.iter().skip(1).map(|layer| layer.called).collect();
        positions.push(at);
        let mut frames: Vec<(ImmutableString, Position, &str)> = Vec::new();
        // What ran before any function did.
        if let Some(main) = main {
            let first = layers.first().map_or(at, |layer| layer.called);
            frames.push((main.into(), first, "in the main chunk"));
        }
        for (layer, position) in layers.iter().zip(positions) {
            // For a function of the host's, its caller stands where it called it.
            if let Some((file, shown)) = &layer.shown {
                frames.push((file.clone(), position, shown));
            }
        }
        frames.reverse();
        let placed = frames.iter().find(|(_, position, _)| position.line().is_some());
        let place = placed.map(|(file, position, _)| (file.clone(), *position));
        let trace: Vec<String> = frames
            .iter()
            .filter_map(|(file, position, shown)| Some(format!("{file}:{}: {shown}", position.line()?)))
            .take(MAX_FRAMES)
            .collect();
        let (text, is_placed) = text(library, inner);
        let Some((file, position)) = place.filter(|_| is_placed) else {
            let mut fault = Fault::new(Exit::Script, text);
            fault.trace = trace;
            return fault;
        };
        let line = position.line().unwrap_or(0);
        let source = library.line(&file, line);
        let (what, help) = message::advice(&text);
        let help = help.map(str::to_owned).or_else(|| suggestion(library, inner, source.as_deref()));
        let own = position.position().filter(|column| *column > 0);
        let own = own.map(|column| library.column(&file, line, column));
        let column = source.as_deref().map(|source| {
            message::quoted(source, what).or(own).unwrap_or_else(|| message::column(source, what))
        });
        let mut fault = Fault::new(Exit::Script, what);
        fault = fault.at(Place { file: file.to_string(), line, column, source });
        fault.help = help;
        fault.trace = trace;
        fault
    }
}

/// The fault that people see. `main` is the file whose top level ran, where one did.
pub(super) fn fault(library: &Library, error: Box<EvalAltResult>, main: Option<&str>) -> Fault {
    Broken::new(library, error).fault(library, main)
}

/// The words of an error, and whether its place is a part of it.
fn text(library: &Library, error: &EvalAltResult) -> (String, bool) {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => thrown(value),
        EvalAltResult::ErrorVariableNotFound(name, _) => (format!("unknown variable `{name}`"), true),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => (unknown_function(library, signature), true),
        EvalAltResult::ErrorDotExpr(what, _) => (unknown_property(what), true),
        EvalAltResult::ErrorStackOverflow(_) => (limits::STACK_OVERFLOW.to_owned(), true),
        EvalAltResult::ErrorUnboundThis(_) => {
            ("there is no `this` here: a function called by itself has none".to_owned(), true)
        }
        EvalAltResult::ErrorDataRace(name, _) => {
            let name = if name.is_empty() { "a value".to_owned() } else { format!("`{name}`") };
            let what = format!(
                "{name} is used here that is in use already: a method of it runs (copy it before: `let copy = x;`), \
                 or it is a closure that calls itself (write it as a function: `fn name(..) {{ .. }}`)"
            );
            (what, true)
        }
        other => {
            let (said, place) = (other.to_string(), format!(" ({})", other.position()));
            (lowered(said.strip_suffix(&place).unwrap_or(&said)), true)
        }
    }
}

/// What was thrown: a text gets its place, anything else is shown as it is.
fn thrown(value: &Dynamic) -> (String, bool) {
    if let Ok(text) = value.as_immutable_string_ref() {
        return (text.to_string(), true);
    }
    let mut out = Vec::new();
    let text = match json::encode(value, &mut out) {
        Ok(()) if value.is_unit() => "nil".to_owned(),
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) if value.is_fnptr() => "(error object is a function value)".to_owned(),
        Err(_) => value.to_string(),
    };
    (text, false)
}

/// `get ((), &str | ImmutableString | String)` in words.
fn unknown_function(library: &Library, signature: &str) -> String {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ")"));
    let types = types.strip_suffix(')').unwrap_or(types);
    let types = types.replace("&str | ImmutableString | String", "string");
    if types.is_empty() || meant(library, name).is_some() {
        return format!("unknown function `{name}`");
    }
    let plain = |kind: &str| match kind {
        "i64" => "integer".to_owned(),
        "f64" => "float".to_owned(),
        other => other.to_owned(),
    };
    let types: Vec<String> = types.split(", ").map(plain).collect();
    format!("no function `{name}` takes ({})", types.join(", "))
}

/// The function that may have been meant by `name`.
fn meant(library: &Library, name: &str) -> Option<String> {
    let own = library.function_names();
    let mut known: Vec<&str> = globals::names().collect();
    known.extend(own.iter().map(ImmutableString::as_str));
    if known.contains(&name) {
        return None;
    }
    closest(name, known).map(str::to_owned)
}

fn unknown_property(what: &str) -> String {
    let quoted: Vec<&str> = what.split('\'').skip(1).step_by(2).collect();
    match quoted[..] {
        [name, kind] => format!("a value of type {kind} has no property `{name}`"),
        [name, kind, _] => format!("a value of type {kind} has no property `{name}` that could be set"),
        _ => lowered(what),
    }
}

/// What may have been meant.
fn suggestion(library: &Library, error: &EvalAltResult, source: Option<&str>) -> Option<String> {
    let did_you_mean = |best: &str| format!("did you mean `{best}`?");
    match error {
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            closest(name, globals::names()).filter(|best| *best != name).map(did_you_mean)
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let (name, types) = signature.split_once(" (")?;
            // Something that is nothing was asked for a method: what came before may be misspelt.
            if types.starts_with("()")
                && let Some(best) = source.and_then(|source| misspelt(source, name))
            {
                return Some(did_you_mean(best));
            }
            meant(library, name).as_deref().map(did_you_mean)
        }
        EvalAltResult::ErrorDotExpr(what, _) => {
            let name = what.split('\'').nth(1)?;
            misspelt(source?, name).map(did_you_mean)
        }
        _ => None,
    }
}

/// The name before `.name` on the line, if it is a slip of the pen.
fn misspelt(source: &str, name: &str) -> Option<&'static str> {
    let at = source.find(&format!(".{name}"))?;
    let before = &source[..at];
    let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    hint::field(&before[start..], source)
}

/// A value for a message: a number, a text or a boolean as it is, else what kind it is.
pub(super) fn shown(value: &Dynamic) -> String {
    if value.is_unit() {
        "nil".to_owned()
    } else if let Ok(text) = value.as_immutable_string_ref() {
        format!("\"{}\"", text.as_str())
    } else if value.is_int() || value.is_float() || value.is_bool() {
        value.to_string()
    } else if value.is_map() || value.is_array() {
        "a table".to_owned()
    } else if value.is_fnptr() {
        "a function".to_owned()
    } else {
        format!("a {}", value.type_name())
    }
}

/// A fault at the definition of a function.
pub(super) fn fault_at(library: &Library, function: &Dynamic, text: String) -> Fault {
    let (what, help) = message::advice(&text);
    let mut fault = Fault::new(Exit::Script, what);
    let name = function.read_lock::<rhai::FnPtr>().map(|function| function.fn_name().to_owned());
    let defined = name.and_then(|name| library.closure(&name).or_else(|| library.named(&name, "")));
    if let Some(defined) = defined {
        let (file, line) = (defined.source.to_string(), defined.line);
        let source = library.line(&file, line);
        let column = source.as_deref().map(|source| message::column(source, what));
        fault = fault.at(Place { file, line, column, source });
    }
    help.into_iter().fold(fault, Fault::help)
}
