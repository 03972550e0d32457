//! `sse`: server-sent events, with reconnecting as browsers have it. A source is held by its
//! number in the VU until it is closed.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::metrics::Kind;
use crate::net::{Error, ErrorKind, Event, Listening, Told};
use crate::vu::{HeldSource, Line, Opening, Vu, fiber};

use super::event_source::EVENT_SOURCE;
use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::lines::{self, Wanted};
use super::object::{HostFn, Module};
use super::request::text;
use super::socket_options::SOURCE_OPTIONS;
use super::tracing;

pub(super) static MODULE: Module = Module {
    name: "sse",
    doc: "Server-sent events, over the VU's own connections and cookies.",
    functions: &[HostFn {
        name: "open",
        sig: "(url: string, options?: SourceOptions): EventSource",
        doc: "Opens an event source: an absolute URL, or a path below the base URL. It stays open over tasks until it \
              is closed, its VU ends, or the server has no more (status 204). One that cannot be opened does not \
              raise: it has an `error`. Counts as `SSE` under its path, or `name`, each time it connects.",
        run: open,
    }],
    ..Module::EMPTY
};

/// Before connecting again, where the server named no time.
const RETRY: Duration = Duration::from_secs(3);

fn open(frame: &dyn Frame) -> HostResult {
    let vu = frame.vu().clone();
    let mut most = vu.client.net().settings().max_body;
    let (mut left, mut last_id) = (u64::MAX, String::new());
    let wanted = Wanted::read(frame, &SOURCE_OPTIONS, &mut |key, value| {
        match key {
            b"max_event" => most = lines::size("max_event", value)?,
            b"last_event_id" => last_id = text("last_event_id", value)?,
            b"reconnect" => {
                left = match value {
                    Arg::Bool(true) => u64::MAX,
                    Arg::Bool(false) => 0,
                    Arg::Int(times @ 0..) => times as u64,
                    other => return Err(wrong("reconnect", "true, false, or a number of times", other)),
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    wanted.refuse_headers(&[("last-event-id", "name it in the option `last_event_id`")])?;
    lines::refuse_too_many(&vu)?;
    let wanted = Rc::new(wanted);
    let connect = {
        let (wanted, vu) = (wanted.clone(), Rc::downgrade(&vu));
        move |last_id: String| -> Opening {
            let (wanted, vu) = (wanted.clone(), vu.clone());
            Box::pin(async move {
                // Who asks for it is the VU itself.
                let Some(vu) = vu.upgrade() else { return std::future::pending().await };
                let borrowed = wanted.borrowed();
                let trace = |told: Told<'_>| wanted.tell(&vu, &told);
                vu.client.listen(wanted.request(&vu, &borrowed, &trace), &last_id, most).await
            })
        }
    };
    let Listening { response, source } = fiber::wait(connect(last_id.clone()))?;
    let terms = wanted.terms(&vu, "SSE", &response);
    vu.record_line(&terms, &response, lines::failure(&response));
    let held = HeldSource {
        terms,
        error: RefCell::new(response.error.clone()),
        response: RefCell::new(response.into()),
        source: RefCell::new(source.map(Rc::new)),
        connect: Box::new(connect),
        opening: RefCell::default(),
        due: Cell::new(None),
        left: Cell::new(left),
        reconnects: Cell::new(0),
        last_id: RefCell::new(last_id),
        retry: Cell::new(RETRY),
    };
    let number = vu.lines.borrow_mut().get_or_insert_default().insert(Line::Source(Rc::new(held)));
    frame.give(Arg::Object(&EVENT_SOURCE, number));
    Ok(())
}

pub(super) fn held(frame: &dyn Frame, number: u64) -> Result<Rc<HeldSource>, Raise> {
    match frame.vu().lines.borrow().as_ref().and_then(|lines| lines.get(number)) {
        Some(Line::Source(held)) => Ok(held.clone()),
        _ => Err(lines::forgotten("event source")),
    }
}

/// The next event; None once there is none to come. Dropping the future loses nothing.
async fn next(vu: &Vu, held: &HeldSource) -> Option<Event> {
    loop {
        let source = held.source.borrow().clone();
        if let Some(source) = source {
            if let Some(event) = source.next().await {
                return Some(event);
            }
            held.source.take();
            *held.last_id.borrow_mut() = source.last_id();
            if let Some(retry) = source.retry() {
                held.retry.set(Duration::from_millis(retry));
            }
            again(held, source.error());
        } else if held.opening.borrow().is_some() {
            let listening = poll_fn(|cx| match &mut *held.opening.borrow_mut() {
                Some(opening) => opening.as_mut().poll(cx).map(Some),
                None => std::task::Poll::Ready(None),
            });
            let listening = listening.await?;
            held.opening.take();
            opened(vu, held, listening);
        } else {
            let due = held.due.get()?;
            tokio::time::sleep_until(due.into()).await;
            held.due.set(None);
            held.reconnects.set(held.reconnects.get() + 1);
            let opening = (held.connect)(held.last_id.borrow().clone());
            *held.opening.borrow_mut() = Some(opening);
        }
    }
}

/// Counts a further connection, and keeps it.
fn opened(vu: &Vu, held: &HeldSource, listening: Listening) {
    let Listening { response, source } = listening;
    vu.record_line(&held.terms, &response, lines::failure(&response));
    let error = response.error.clone();
    *held.response.borrow_mut() = response.into();
    match (source, error) {
        (Some(source), _) => {
            held.error.take();
            *held.source.borrow_mut() = Some(Rc::new(source));
        }
        (None, Some(error)) => again(held, Some(error)),
        (None, None) => {
            held.error.take();
        }
    }
}

/// Plans the next connection, if there is to be one after this.
fn again(held: &HeldSource, error: Option<Error>) {
    let is_final = error.as_ref().is_some_and(|error| {
        use ErrorKind::{Handshake, InvalidRequest, InvalidUrl, NotAllowed, TooLarge, TooManyRedirects};
        let kind = error.kind;
        matches!(kind, Handshake | InvalidRequest | InvalidUrl | NotAllowed | TooLarge | TooManyRedirects)
    });
    *held.error.borrow_mut() = error;
    if is_final || held.left.get() == 0 {
        return;
    }
    held.left.set(held.left.get().saturating_sub(u64::from(held.left.get() != u64::MAX)));
    let now = Instant::now();
    held.due.set(Some(now.checked_add(held.retry.get()).unwrap_or(now + Duration::from_secs(86_400 * 365))));
}

/// What a loop over `source:events()` calls.
static NEXT: HostFn = HostFn {
    name: "next_event",
    sig: "(source: EventSource): ServerEvent?, string?",
    doc: "The next event.",
    run: |frame| match frame.arg(0) {
        Arg::Object(kind, number) if std::ptr::eq(kind, &EVENT_SOURCE) => {
            let held = held(frame, number)?;
            take(frame, &held, held.terms.patience.get())
        }
        _ => Err(Raise::new("write it as `for event in source:events() do`")),
    },
};

pub(super) fn events(frame: &dyn Frame, number: u64) -> HostResult {
    let limit = lines::patience(frame, 0)?;
    held(frame, number)?.terms.patience.set(limit);
    frame.give(Arg::Host(&NEXT));
    frame.give(Arg::Object(&EVENT_SOURCE, number));
    Ok(())
}

pub(super) fn receive(frame: &dyn Frame, number: u64) -> HostResult {
    let limit = lines::patience(frame, 0)?;
    let held = held(frame, number)?;
    take(frame, &held, limit)
}

/// The next event as a table; or nil, and why there is none.
fn take(frame: &dyn Frame, held: &HeldSource, limit: Option<Duration>) -> HostResult {
    let vu = frame.vu();
    let event = {
        let next = pin!(next(vu, held));
        match limit {
            None => fiber::wait(next)?,
            Some(limit) => match fiber::wait(pin!(tokio::time::timeout(limit, next)))? {
                Ok(event) => event,
                Err(_) => {
                    lines::give_nothing(frame, "timeout");
                    return Ok(());
                }
            },
        }
    };
    let Some(event) = event else {
        lines::give_nothing(frame, "closed");
        return Ok(());
    };
    tracing::passes(vu, &held.terms, '<', &event.event, event.data.as_bytes());
    vu.measure(Kind::Counter, "sse_event", 1.0, &held.terms.tags);
    frame.give_map(&mut |put| {
        put("event", Arg::Str(event.event.as_bytes()));
        put("data", Arg::Str(event.data.as_bytes()));
        put("id", Arg::Str(event.id.as_bytes()));
        put(
            "retry",
            event.retry.map_or(Arg::Nil, |retry| Arg::Num(Duration::from_millis(retry).as_secs_f64())),
        );
        Ok(())
    })
}
