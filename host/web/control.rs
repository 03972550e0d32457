//! The API's runs: what there is to run, starting, steering, looking.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::event::{Amount, Command};
use crate::exit::Exit;
use crate::fault::Fault;

use super::answers::{Refusal, conflict, faults, json, json_text, missing, refusal};
use super::asked::{self, Asked};
use super::routes::Web;

pub(super) async fn status(State(web): State<Web>) -> Response {
    json(&web.session.status())
}

/// Scripts and environments.
#[derive(Serialize)]
struct Catalog {
    root: String,
    scripts: Vec<String>,
    chosen: Vec<String>,
    environments: Vec<String>,
    environment: String,
}

pub(super) async fn scripts(State(web): State<Web>) -> Response {
    let found = tokio::task::spawn_blocking(move || web.backdrop.catalog()).await;
    match found {
        Ok(Ok(found)) => json(&Catalog {
            root: found.root.display().to_string(),
            scripts: found.scripts,
            chosen: found.chosen,
            environments: found.environments,
            environment: found.environment,
        }),
        Ok(Err(fault)) => faults(&[fault]),
        Err(_) => faults(&[]),
    }
}

/// The body as JSON; nothing is an empty object.
fn body(headers: &HeaderMap, body: &Bytes) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    // No form of another site can send this.
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        let what = "the body must be JSON, with `Content-Type: application/json`";
        return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, what).into());
    }
    serde_json::from_slice(body)
        .map_err(|error| refusal(StatusCode::BAD_REQUEST, &format!("the body is no JSON: {error}")).into())
}

fn asked(headers: &HeaderMap, bytes: &Bytes) -> Result<Asked, Refusal> {
    Asked::of_json(&body(headers, bytes)?).map_err(|fault| faults(&[fault]).into())
}

/// What a run would be.
pub(super) async fn plan(
    State(web): State<Web>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Refusal> {
    let asked = asked(&headers, &bytes)?;
    // Compiling takes a while: one at a time, so that nobody can keep all cores busy with it.
    let _turn = web.looking.lock().await;
    let backdrop = web.backdrop.clone();
    Ok(match tokio::task::spawn_blocking(move || backdrop.sketch(&asked)).await {
        Ok(Ok(sketch)) => json(&sketch),
        Ok(Err(found)) => faults(&found),
        Err(_) => faults(&[]),
    })
}

pub(super) async fn start(
    State(web): State<Web>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Refusal> {
    let asked = asked(&headers, &bytes)?;
    let started = match web.session.begin(asked) {
        Ok(started) => started,
        Err(fault) => return Ok(conflict(&fault)),
    };
    Ok(match started.await {
        Ok(Ok(run)) => (StatusCode::CREATED, json(&json!({ "run": run }))).into_response(),
        Ok(Err(found)) => faults(&found),
        Err(_) => faults(&[]),
    })
}

pub(super) async fn runs(State(web): State<Web>) -> Response {
    let past = web.session.past();
    let mut runs: Vec<_> = past.iter().map(|past| past.status.clone()).collect();
    let now = web.session.status();
    if now.run.is_some_and(|run| runs.iter().all(|past| past.run != Some(run))) {
        runs.push(now);
    }
    json(&runs)
}

/// A run's number; `current` is the one that goes on, else the last.
pub(super) fn number(run: &str) -> Result<Option<u64>, Refusal> {
    match run {
        "current" => Ok(None),
        run => run.parse().map(Some).map_err(|_| missing("there is no such run").into()),
    }
}

pub(super) async fn run(State(web): State<Web>, Path(run): Path<String>) -> Result<Response, Refusal> {
    let id = number(&run)?;
    Ok(match web.session.sight(id) {
        Some((run, number, sight)) => {
            let view = sight.json();
            json_text(format!("{{\"run\":{run},\"number\":{number},\"view\":{view}}}").into())
        }
        None => missing("there is no such run"),
    })
}

/// Only the run that goes on can be steered.
fn steered(web: &Web, run: &str) -> Result<(), Refusal> {
    match number(run)? {
        None => Ok(()),
        Some(id) if web.session.status().run == Some(id) => Ok(()),
        Some(_) => Err(missing("that run does not go on").into()),
    }
}

/// What is to be changed of the run.
pub(super) async fn change(
    State(web): State<Web>,
    Path(run): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Refusal> {
    steered(&web, &run)?;
    let wanted = Change::of_json(&body(&headers, &bytes)?).map_err(|fault| faults(&[fault]))?;
    let mut said = Vec::new();
    let session = &web.session;
    if let Some(paused) = wanted.paused {
        let command = if paused { Command::Pause } else { Command::Resume };
        said.push(session.ask(command).await);
    }
    match (wanted.scenario, wanted.rate.or(wanted.users.map(|users| users as f64))) {
        (Some(scenario), Some(amount)) => {
            let amount = Amount::To(amount);
            said.push(session.ask(Command::Load { scenario: Some(scenario), amount }).await);
        }
        (None, Some(amount)) if wanted.rate.is_some() => {
            said.push(session.ask(Command::Load { scenario: None, amount: Amount::To(amount) }).await);
        }
        _ if wanted.users.is_some() || wanted.spawn_rate.is_some() => {
            said.push(session.aim(wanted.users, wanted.spawn_rate).await);
        }
        _ => {}
    }
    Ok(match said.into_iter().collect::<Result<Vec<_>, _>>() {
        Ok(said) if said.is_empty() => refusal(
            StatusCode::UNPROCESSABLE_ENTITY,
            "nothing to change: give users, spawn_rate, rate or paused",
        ),
        Ok(said) => json(&json!({ "done": said })),
        Err(fault) => conflict(&fault),
    })
}

#[derive(Default)]
struct Change {
    users: Option<u64>,
    spawn_rate: Option<f64>,
    /// Iterations a second of a scenario at an arrival rate.
    rate: Option<f64>,
    scenario: Option<String>,
    paused: Option<bool>,
}

/// The names of its fields.
pub(super) const CHANGES: &[&str] = &["users", "spawn_rate", "rate", "scenario", "paused"];

impl Change {
    fn of_json(value: &Value) -> Result<Change, Fault> {
        let usage = |what: String| Fault::new(Exit::Usage, what);
        let Value::Object(fields) = value else {
            return Err(usage("a change is described by a JSON object".to_owned()));
        };
        let mut change = Change::default();
        for (name, value) in fields {
            let is_read = match name.as_str() {
                "users" => {
                    let users = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
                    change.users = users.filter(|users| (1..=u64::from(u32::MAX)).contains(users));
                    change.users.is_some()
                }
                "spawn_rate" => {
                    change.spawn_rate = asked::rate(value).ok();
                    change.spawn_rate.is_some()
                }
                "rate" => {
                    change.rate = asked::rate(value).ok();
                    change.rate.is_some()
                }
                "scenario" => {
                    change.scenario = value.as_str().map(str::to_owned);
                    change.scenario.is_some()
                }
                "paused" => {
                    change.paused = value.as_bool();
                    change.paused.is_some()
                }
                _ => {
                    let fault = usage(format!("there is no field `{name}`"));
                    return Err(fault.help(format!("there are {}", CHANGES.join(", "))));
                }
            };
            if !is_read {
                return Err(usage(format!("field `{name}` cannot be {value}")));
            }
        }
        Ok(change)
    }
}

/// Ends the run: with `{"now": true}` at once.
pub(super) async fn stop(
    State(web): State<Web>,
    Path(run): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Refusal> {
    steered(&web, &run)?;
    let now = body(&headers, &bytes)?.get("now").and_then(Value::as_bool).unwrap_or(false);
    Ok(said(web.session.stop(now).await))
}

pub(super) async fn reset(State(web): State<Web>, Path(run): Path<String>) -> Result<Response, Refusal> {
    steered(&web, &run)?;
    Ok(said(web.session.ask(Command::Reset).await))
}

fn said(said: Result<String, Fault>) -> Response {
    match said {
        Ok(said) => json(&json!({ "done": [said] })),
        Err(fault) => conflict(&fault),
    }
}

pub(super) async fn tasks(State(web): State<Web>) -> Response {
    json(&web.session.shares())
}
