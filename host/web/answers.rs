//! How handlers answer: JSON, faults, refusals. Used by all of them.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::mask;

use super::status::Told;

/// A value as JSON; no secret gets past here.
pub(super) fn json(value: &impl Serialize) -> Response {
    json_text(serde_json::to_string(value).unwrap_or_default().into())
}

pub(super) fn json_text(text: Arc<str>) -> Response {
    ([(CONTENT_TYPE, "application/json")], mask::hide(&text).into_owned()).into_response()
}

#[derive(Serialize)]
pub(super) struct Faults {
    faults: Vec<Told>,
}

/// What is wrong with what was asked for.
pub(super) fn faults(faults: &[Fault]) -> Response {
    let status = match faults.first().map(|fault| fault.exit) {
        Some(Exit::Refused) => StatusCode::FORBIDDEN,
        Some(Exit::Internal) | None => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, json(&Faults { faults: faults.iter().map(Into::into).collect() })).into_response()
}

/// That the state of things does not allow it.
pub(super) fn conflict(fault: &Fault) -> Response {
    if fault.exit == Exit::Refused {
        return faults(std::slice::from_ref(fault));
    }
    (StatusCode::CONFLICT, json(&Faults { faults: vec![fault.into()] })).into_response()
}

pub(super) fn refusal(status: StatusCode, what: &str) -> Response {
    let fault = Fault::new(Exit::Usage, what);
    (status, json(&Faults { faults: vec![(&fault).into()] })).into_response()
}

pub(super) fn missing(what: &str) -> Response {
    refusal(StatusCode::NOT_FOUND, what)
}

/// A file for the browser to keep.
pub(super) fn file(name: &str, kind: &str, content: Vec<u8>) -> Response {
    // Names are ours: letters, digits and signs.
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], content).into_response()
}

/// An answer that ends a handler early.
pub(super) struct Refusal(Box<Response>);

impl From<Response> for Refusal {
    fn from(response: Response) -> Refusal {
        Refusal(Box::new(response))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}
