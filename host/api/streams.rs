//! Reading a response's body chunk by chunk (`stream = true`). Used by `response`.

use std::pin::pin;

use crate::vu::{Kept, Verdict, fiber};

use super::frame::{Arg, Frame, HostResult, Raise};
use super::object::{HostFn, ObjectType};

/// What a loop over `response:chunks()` holds: leaving it early closes the connection.
pub static CHUNKS: ObjectType = ObjectType {
    name: "Chunks",
    doc: "The body of a response that is being read.",
    members: &[],
    close: Some(close),
    ..ObjectType::EMPTY
};

/// What such a loop calls.
static NEXT: HostFn = HostFn {
    name: "next_chunk",
    sig: "(chunks: Chunks): string?",
    doc: "The next chunk; nil after the last.",
    run: |frame| match frame.arg(0) {
        Arg::Object(_, number) => next(frame, number),
        _ => Err(Raise::new("write it as `for chunk in response:chunks() do`")),
    },
};

/// `response:chunks()`: what Lua's `for` takes. The fourth value is closed however the loop ends.
pub(super) fn chunks(frame: &dyn Frame, number: u64) -> HostResult {
    let is_streamed =
        super::response::with(frame, number, |kept| kept.response.fate() == crate::net::Fate::Streamed)?;
    if !is_streamed {
        let raise = Raise::new("this body is not streamed: it is in `response.text`");
        return Err(raise.help("pass `stream = true` to read it in chunks"));
    }
    frame.give(Arg::Host(&NEXT));
    frame.give(Arg::Object(&CHUNKS, number));
    frame.give(Arg::Nil);
    frame.give(Arg::Object(&CHUNKS, number));
    Ok(())
}

fn next(frame: &dyn Frame, number: u64) -> HostResult {
    let vu = frame.vu();
    let taken = vu.responses.borrow_mut().get_mut(number).map(|kept| kept.response.take_download());
    let Some(download) = taken else { return Err(super::response::released()) };
    let Some(download) = download else {
        frame.give(Arg::Nil);
        return Ok(());
    };
    let mut chunk = Vec::new();
    // Where it is interrupted, the download goes, and its connection with it.
    let read = fiber::wait(pin!(vu.client.read(download, &mut chunk)))?;
    let mut responses = vu.responses.borrow_mut();
    let Some(kept) = responses.get_mut(number) else { return Err(super::response::released()) };
    match read {
        Ok(Some(download)) => {
            kept.response.put_download(download, chunk.len());
            frame.give(Arg::Str(&chunk));
        }
        Ok(None) => {
            end(frame, kept);
            frame.give(Arg::Nil);
        }
        Err(error) => {
            kept.response.error = Some(error);
            end(frame, kept);
            frame.give(Arg::Nil);
        }
    }
    Ok(())
}

/// Reads no more: what has not arrived yet is not waited for.
pub(super) fn close(frame: &dyn Frame, number: u64) {
    if let Some(kept) = frame.vu().responses.borrow_mut().get_mut(number) {
        kept.response.take_download();
        end(frame, kept);
    }
}

/// The body is read, or left: only now the request counts, unless the script judges it.
fn end(frame: &dyn Frame, kept: &mut Kept) {
    if kept.verdict == Verdict::Streamed {
        kept.verdict = Verdict::Settled;
        frame.vu().record(kept, kept.default_failure().as_deref());
    }
}
