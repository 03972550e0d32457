//! The page: its shell, written here, and the scripts and styles that fill it. All of it is in the binary.

use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::report::page::{SCRIPT, STYLE, charts};

use super::asked::TIMES;

/// Same content, same version.
const VERSION: &str = concat!("\"", env!("CARGO_PKG_VERSION"), "\"");

fn content(kind: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

const SCRIPT_KIND: &str = "text/javascript; charset=utf-8";
const STYLE_KIND: &str = "text/css; charset=utf-8";

/// The largest part by far: browsers keep it.
pub(super) async fn plotly(headers: HeaderMap) -> Response {
    let etag = format!("\"{}-{:x}\"", VERSION.trim_matches('"'), charts().len());
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => content(SCRIPT_KIND, charts()),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response.headers_mut().extend(HeaderValue::from_str(&etag).ok().map(|etag| (ETAG, etag)));
    response
}

pub(super) async fn view() -> Response {
    content(SCRIPT_KIND, SCRIPT)
}

pub(super) async fn desk() -> Response {
    content(SCRIPT_KIND, include_str!("assets/desk.js"))
}

pub(super) async fn view_style() -> Response {
    content(STYLE_KIND, STYLE)
}

pub(super) async fn desk_style() -> Response {
    content(STYLE_KIND, include_str!("assets/desk.css"))
}

pub(super) async fn icon() -> Response {
    content("image/svg+xml", include_str!("assets/icon.svg"))
}

pub(super) async fn page() -> Response {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    (headers, shell().into_string()).into_response()
}

fn shell() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "e2e" }
                link rel="icon" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/view.css";
                link rel="stylesheet" href="/assets/desk.css";
                script src="/assets/plotly.js" defer {}
                script src="/assets/view.js" defer {}
                script src="/assets/desk.js" defer {}
            }
            body {
                (header())
                main {
                div #desk {
                    noscript { p.note { "This page needs JavaScript. " a href="/stats/requests" { "/stats/requests" } " has the figures." } }
                    p #message role="status" aria-live="polite" {}
                    section #faults aria-label="What is wrong" role="alert" hidden {}
                    (form())
                    (edit())
                }
                // The view fills it; what is below moves into tabs of it.
                div #run {}
                (downloads())
                (comparison())
                }
            }
        }
    }
}

fn header() -> Markup {
    html! {
        header #bar {
            a #brand href="/" { "e2e" }
            span #state data-state="ready" { "ready" }
            nav aria-label="Run" {
                button #new type="button" hidden { "New" }
                button #edit type="button" hidden { "Edit" }
                button #pause type="button" hidden { "Pause" }
                button #reset type="button" hidden { "Reset stats" }
                button #stop type="button" hidden { "Stop" }
            }
        }
    }
}

/// A field with its label, and where its value comes from.
fn field(name: &str, label: &str, kind: &str, mode: Option<&str>) -> Markup {
    html! {
        div.field {
            label for=(format!("start-{name}")) { (label) }
            input id=(format!("start-{name}")) name=(name) type=(kind) inputmode=[mode] autocomplete="off" spellcheck="false"
                aria-describedby=(format!("start-{name}-origin"));
            small id=(format!("start-{name}-origin")) {}
        }
    }
}

fn form() -> Markup {
    html! {
        form #start hidden aria-label="Start a run" {
            h1 { "Start a run" }
            div.fields {
                div.field.wide {
                    label for="start-script" { "Script" }
                    select #start-script name="script" {}
                    small #start-root {}
                }
                div.field {
                    label for="start-environment" { "Environment" }
                    select #start-environment name="environment" {}
                    small #start-limits {}
                }
                (field("host", "Host", "text", Some("url")))
                (field("users", "Users", "text", Some("numeric")))
                (field("spawn_rate", "Users started per second", "text", Some("decimal")))
                div.field {
                    label for="start-run_time" { "Run time" }
                    input #start-run_time name="run_time" type="text" autocomplete="off" spellcheck="false"
                        aria-describedby="start-run_time-origin start-run_time-help";
                    small #start-run_time-origin {}
                    small #start-run_time-help { (TIMES) }
                }
            }
            p #start-load.note hidden {}
            fieldset #start-classes hidden { legend { "User classes" } }
            details {
                summary { "More options" }
                div.fields {
                    (field("iterations", "Iterations", "text", Some("numeric")))
                    (field("stop_timeout", "Stop timeout", "text", None))
                    (field("seed", "Seed", "text", Some("numeric")))
                    (field("tags", "Only tasks tagged", "text", None))
                    (field("exclude_tags", "No tasks tagged", "text", None))
                    div.field.wide {
                        label for="start-variables" { "Variables for the script, NAME=VALUE, one a line" }
                        textarea #start-variables name="variables" rows="3" spellcheck="false" aria-describedby="start-variables-known" {}
                        small #start-variables-known {}
                    }
                }
                p #start-thresholds.note {}
            }
            div #start-guard.guard hidden {
                label for="start-confirm" { "This environment is guarded. Type " q #start-question {} " to go on" }
                input #start-confirm name="confirm" type="text" autocomplete="off" spellcheck="false" aria-describedby="start-confirm-wrong";
                small #start-confirm-wrong {}
            }
            div.actions {
                button #start-go type="submit" { "Start" }
                button #start-cancel type="button" hidden { "Back" }
            }
        }
    }
}

fn edit() -> Markup {
    html! {
        form #change hidden aria-label="Change the run" {
            div.fields {
                div.field #change-scenario-field hidden {
                    label for="change-scenario" { "Scenario" }
                    select #change-scenario name="scenario" {}
                }
                div.field {
                    label for="change-users" #change-users-label { "Users" }
                    input #change-users name="users" type="text" inputmode="decimal" autocomplete="off";
                }
                div.field #change-rate-field {
                    label for="change-rate" { "Users started per second" }
                    input #change-rate name="spawn_rate" type="text" inputmode="decimal" autocomplete="off";
                }
            }
            div.actions {
                button #change-go type="submit" { "Change" }
                button #change-cancel type="button" { "Back" }
            }
        }
    }
}

fn downloads() -> Markup {
    html! {
        div #downloads hidden {
            div.field {
                label for="downloads-run" { "Of run" }
                select #downloads-run {}
            }
            ul #downloads-files {}
        }
    }
}

fn comparison() -> Markup {
    html! {
        div #history hidden {
            p { "The runs of this session. Choose two to see them side by side." }
            table {
                thead { tr {
                    th scope="col" { "Run" } th scope="col" { "Script" } th scope="col" { "Environment" }
                    th scope="col" { "Users at most" } th scope="col" { "Time" } th scope="col" { "Exit code" }
                    th scope="col" { "Show" } th scope="col" { "Compare" }
                } }
                tbody #history-rows {}
            }
            div #compared {}
        }
    }
}
