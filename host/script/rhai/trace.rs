//! What the errors of scripts look like to people: place, caret, suggestion, and the script's own
//! stack, in the form that Lua's have. Used by `library`, `vm` and `listeners`.

use rhai::{Dynamic, EvalAltResult, ImmutableString, NativeCallContext, ParseError, Position};

use crate::exit::Exit;
use crate::fault::{Fault, Place};
use crate::script::message;

use super::class::ClassRef;
use super::library::{Library, is_closure};
use super::{caught, hints, json, kinds, limits};

/// Frames that a traceback shows at most.
const MAX_FRAMES: usize = 20;

/// `file:line` of the call that a host function was called with.
pub(super) fn position(context: &NativeCallContext<'_>) -> String {
    let line = context.call_position().line().unwrap_or(0);
    format!("{}:{line}", context.call_source().unwrap_or_default())
}

/// The frame of the script function that called the host, for a stack that begins anew.
pub(super) fn caller(library: &Library, context: &NativeCallContext<'_>) -> Option<String> {
    let (file, line) = (context.call_source()?, context.call_position().line()?);
    Some(format!("{file}:{line}: {}", library.around(file, line)?))
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
pub(super) fn lowered(text: &str) -> String {
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
        let source = place.as_ref().and_then(|(file, at)| library.line(file, at.line().unwrap_or(0)));
        let (text, is_placed) = text(library, inner, source.as_deref());
        let Some((file, position)) = place.filter(|_| is_placed) else {
            let mut fault = Fault::new(Exit::Script, text);
            fault.trace = trace;
            return fault;
        };
        let line = position.line().unwrap_or(0);
        let (what, help) = message::advice(&text);
        let help = help.map(str::to_owned).or_else(|| hints::suggestion(library, inner, source.as_deref()));
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
fn text(library: &Library, error: &EvalAltResult, source: Option<&str>) -> (String, bool) {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => thrown(value),
        EvalAltResult::ErrorVariableNotFound(name, _) => (format!("unknown variable `{name}`"), true),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            (hints::unknown_function(library, signature, source), true)
        }
        EvalAltResult::ErrorDotExpr(what, _) => (hints::unknown_property(what, source), true),
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
            (kinds::plain(&lowered(said.strip_suffix(&place).unwrap_or(&said))), true)
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
        Ok(()) if value.is_unit() => "()".to_owned(),
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) if value.is_fnptr() => "(error object is a function value)".to_owned(),
        Err(_) => match value.read_lock::<ClassRef>() {
            Some(class) => class.name.to_string(),
            None => kinds::kind(value),
        },
    };
    (text, false)
}

/// A value for a message: a number, a text or a boolean as it is, else what kind it is.
pub(super) fn shown(value: &Dynamic) -> String {
    if value.is_unit() {
        "()".to_owned()
    } else if let Ok(text) = value.as_immutable_string_ref() {
        format!("\"{}\"", text.as_str())
    } else if value.is_int() || value.is_float() || value.is_bool() {
        value.to_string()
    } else {
        kinds::with_article(&kinds::kind(value))
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
