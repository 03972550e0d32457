//! `http`, and `self.client`, which is the same: requests over the VU's own
//! connections. A request that fails never raises; it returns a response.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use http::Method;

use crate::config::Level;
use crate::net::{self, Upload};
use crate::vu::fiber;
use crate::vu::{Kept, Verdict};

use super::cookies::COOKIES;
use super::frame::{Arg, FnRef, Frame, HostResult, Raise, TableRef, wrong};
use super::object::{HostFn, Module};
use super::request::Asked;
use super::response::{self, RESPONSE};
use super::streams;

const SIG: &str = "(path: string, options?: RequestOptions, judge?: fun(response: Response)): Response";

pub(super) static MODULE: Module = Module {
    name: "http",
    doc: "HTTP requests over the VU's own connections. `self.client` is the same client.",
    functions: &[
        HostFn { name: "get", sig: SIG, doc: "Sends a GET request.", run: |f| verb(f, Method::GET) },
        HostFn { name: "post", sig: SIG, doc: "Sends a POST request.", run: |f| verb(f, Method::POST) },
        HostFn { name: "put", sig: SIG, doc: "Sends a PUT request.", run: |f| verb(f, Method::PUT) },
        HostFn { name: "patch", sig: SIG, doc: "Sends a PATCH request.", run: |f| verb(f, Method::PATCH) },
        HostFn { name: "delete", sig: SIG, doc: "Sends a DELETE request.", run: |f| verb(f, Method::DELETE) },
        HostFn {
            name: "head",
            sig: SIG,
            doc: "Sends a HEAD request. Does not follow redirects unless asked to.",
            run: |f| verb(f, Method::HEAD),
        },
        HostFn {
            name: "options",
            sig: SIG,
            doc: "Sends an OPTIONS request.",
            run: |f| verb(f, Method::OPTIONS),
        },
        HostFn {
            name: "request",
            sig: "(method: string, path: string, options?: RequestOptions, judge?: fun(response: Response)): Response",
            doc: "Sends a request with any method.",
            run: |frame| {
                let method = method_of(frame.text(0, "the method")?)?;
                send(frame, method, 1)
            },
        },
        HostFn {
            name: "batch",
            sig: "(requests: (string|table)[]): Response[]",
            doc: "Sends requests in parallel; the responses come in the order of the requests. Each is a path, or \
                  `{ method, path, options... }`.",
            run: batch,
        },
    ],
    constants: &[HostFn {
        name: "cookies",
        sig: "Cookies",
        doc: "The VU's cookies.",
        run: |frame| {
            frame.give(Arg::Object(&COOKIES, 0));
            Ok(())
        },
    }],
    ..Module::EMPTY
};

fn verb(frame: &dyn Frame, method: Method) -> HostResult {
    send(frame, method, 0)
}

fn method_of(text: &str) -> Result<Method, Raise> {
    Method::from_bytes(text.to_ascii_uppercase().as_bytes())
        .map_err(|_| Raise::new(format!("`{text}` is not an HTTP method")))
}

/// Path at argument `first`, then options and a closure that judges, each optional.
fn send(frame: &dyn Frame, method: Method, first: usize) -> HostResult {
    refuse_while_loading(frame)?;
    let mut asked = Asked::new(method, frame.text(first, "the path")?);
    let mut judge = None;
    match frame.arg(first + 1) {
        Arg::Table(table) => asked.read(frame, table, &[])?,
        Arg::Function(function) => judge = Some(function),
        Arg::Nil => {}
        other => return Err(wrong("the options", "a table", other)),
    }
    match frame.arg(first + 2) {
        Arg::Function(function) => judge = Some(function),
        Arg::Nil => {}
        other => return Err(wrong("the closure that judges the response", "a function", other)),
    }
    let vu = frame.vu().clone();
    let response = match asked.feed() {
        None => fiber::wait(pin!(asked.send(&vu)))?,
        Some((give, upload)) => send_fed(frame, &mut asked, give, &upload)?,
    };
    let number = keep(frame, &mut asked, response, judge.is_some());
    if let Some(judge) = judge {
        judged(frame, judge, number)?;
    }
    frame.give(Arg::Object(&RESPONSE, number));
    Ok(())
}

/// Sends a request whose body a function gives: it is called, on this fiber, whenever the connection wants more.
fn send_fed(
    frame: &dyn Frame,
    asked: &mut Asked,
    give: FnRef,
    upload: &Upload,
) -> Result<Box<net::Response>, Raise> {
    let vu = frame.vu().clone();
    let mut sending = pin!(asked.send(&vu));
    // Once its time is over, the function is not asked again: the request ends by its own timer.
    let mut is_late = false;
    loop {
        let polled = fiber::wait(poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Ready(response) => Poll::Ready(Ok(response)),
            Poll::Pending => match upload.hungry().filter(|_| !is_late) {
                Some(due) => Poll::Ready(Err(due)),
                None => Poll::Pending,
            },
        }))?;
        let due = match polled {
            Ok(response) => return Ok(response),
            Err(due) => due,
        };
        let mut is_empty = false;
        let asked = fiber::until(due, || {
            frame.ask(give, &mut |chunk| match chunk {
                Arg::Str(chunk) => {
                    is_empty = chunk.is_empty();
                    upload.feed(Some(chunk));
                    Ok(())
                }
                Arg::Nil => {
                    upload.feed(None);
                    Ok(())
                }
                other => Err(wrong("a chunk of the body", "a string, or nil at its end", other)),
            })
        });
        match asked {
            Some(given) => given?,
            None => is_late = true,
        }
        if is_empty {
            // Nothing to wait for: the answer and the timeout get their turn all the same.
            fiber::wait(pin!(tokio::task::yield_now()))?;
        }
    }
}

/// Calls the closure, then settles what it left open.
fn judged(frame: &dyn Frame, judge: FnRef, number: u64) -> HostResult {
    let result = frame.invoke(judge, &[Arg::Object(&RESPONSE, number)]);
    streams::close(frame, number);
    response::settle(frame, number);
    result.map(drop)
}

/// Counts the response, unless the script judges it, and keeps it for the script.
fn keep(frame: &dyn Frame, asked: &mut Asked, response: Box<net::Response>, caught: bool) -> u64 {
    let vu = frame.vu();
    if response.status == 401
        && asked.is_digest()
        && let Some(text) = vu.client.net().unanswerable(&response)
    {
        vu.log(Level::Warning, text);
    }
    let (name, key) = match asked.name.take() {
        Some((name, key)) => (Some(name), key),
        None => {
            let mut recorder = vu.shared.recorder.borrow_mut();
            (None, recorder.key(asked.method.as_str(), default_name(&asked.target, &response)))
        }
    };
    let open = caught || asked.catch_response;
    let verdict = match (open, response.is_streaming()) {
        (true, _) => Verdict::Open,
        (false, true) => Verdict::Streamed,
        (false, false) => Verdict::Settled,
    };
    let kept = Kept { response, key, group: vu.group.get(), name, verdict, tags: asked.tags };
    if verdict == Verdict::Settled {
        vu.record(&kept, kept.default_failure().as_deref());
    }
    vu.responses.borrow_mut().insert(kept)
}

/// Path and query of the first URL of the chain.
fn default_name<'a>(target: &'a str, response: &'a net::Response) -> &'a str {
    match response.history.first() {
        Some(hop) => {
            let path =
                hop.url.find("://").and_then(|at| hop.url[at + 3..].find('/').map(|slash| at + 3 + slash));
            path.map_or(hop.url.as_str(), |path| &hop.url[path..])
        }
        None if response.request.path().is_empty() => target,
        None => response.request.path(),
    }
}

fn refuse_while_loading(frame: &dyn Frame) -> HostResult {
    if frame.loading() {
        let raise = Raise::new("no request can be made while the script is loaded");
        return Err(raise.help("every VU loads the script: move the request to on_start or a task"));
    }
    Ok(())
}

fn batch(frame: &dyn Frame) -> HostResult {
    refuse_while_loading(frame)?;
    let Arg::Table(list) = frame.arg(0) else {
        return Err(wrong("the requests", "a list", frame.arg(0)));
    };
    let mut all = Vec::new();
    frame.each(list, &mut |key, _| match key {
        Arg::Int(_) => Ok(()),
        _ => Err(Raise::new("the requests of a batch must be a list, without names")),
    })?;
    frame.items(list, &mut |_, item| {
        all.push(match item {
            Arg::Str(path) => Asked::new(Method::GET, &String::from_utf8_lossy(path)),
            Arg::Table(table) => batch_item(frame, table)?,
            other => return Err(wrong("a request of the batch", "a path or a table", other)),
        });
        Ok(())
    })?;
    if all.iter().any(|asked| asked.feed().is_some()) {
        let raise = Raise::new("a function cannot give the body of a request of a batch");
        return Err(raise.help("they are sent at the same time: send it by itself"));
    }
    let vu = frame.vu().clone();
    let sends = all.iter_mut().map(|asked| Sending::Under(Box::pin(asked.send(&vu))));
    let mut sends: Vec<_> = sends.collect();
    let responses = fiber::wait(poll_fn(move |cx| {
        let mut pending = false;
        for sending in &mut sends {
            if let Sending::Under(future) = sending {
                match future.as_mut().poll(cx) {
                    Poll::Ready(response) => *sending = Sending::Done(Some(response)),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            return Poll::Pending;
        }
        let done = sends.iter_mut().filter_map(|sending| match sending {
            Sending::Done(response) => response.take(),
            Sending::Under(_) => None,
        });
        Poll::Ready(done.collect::<Vec<_>>())
    }))?;
    let mut both = all.into_iter().zip(responses);
    frame.give_list(&mut |list| {
        for (mut asked, response) in both.by_ref() {
            let number = keep(frame, &mut asked, response, false);
            list.give(Arg::Object(&RESPONSE, number));
        }
        Ok(())
    })
}

enum Sending<'f> {
    Under(Pin<Box<dyn Future<Output = Box<net::Response>> + 'f>>),
    Done(Option<Box<net::Response>>),
}

/// `{ "POST", "/path", json = .. }` or `{ method = "POST", path = "/path", .. }`.
fn batch_item(frame: &dyn Frame, table: TableRef) -> Result<Asked, Raise> {
    let (mut method, mut path) = (None, None);
    let take = |place: &mut Option<String>, what: &str, value: Arg<'_>| match value {
        Arg::Str(text) => {
            *place = Some(String::from_utf8_lossy(text).into_owned());
            Ok(())
        }
        other => Err(wrong(what, "a string", other)),
    };
    frame.each(table, &mut |key, value| match key {
        Arg::Int(1) | Arg::Str(b"method") => take(&mut method, "the method", value),
        Arg::Int(2) | Arg::Str(b"path" | b"url") => take(&mut path, "the path", value),
        Arg::Int(_) => Err(Raise::new("a request of the batch is a method, a path, and options by name")
            .help("write `{ \"POST\", \"/path\", json = ... }`")),
        _ => Ok(()),
    })?;
    // `{ "/path" }` is a GET.
    let (method, path) = match (method, path) {
        (Some(method), Some(path)) => (method_of(&method)?, path),
        (Some(path), None) if path.contains('/') => (Method::GET, path),
        (None, Some(path)) => (Method::GET, path),
        _ => return Err(Raise::new("a request of the batch needs a path")),
    };
    let mut asked = Asked::new(method, &path);
    asked.read(frame, table, &["1", "method", "path", "url"])?;
    Ok(asked)
}
