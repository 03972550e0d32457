//! Every route, in one table: the router and the OpenAPI document are made from it.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, patch, post};
use tokio::sync::{Mutex, Semaphore};

use super::answers::missing;
use super::gate::{Gate, guard};
use super::session::Session;
use super::sketch::Backdrop;
use super::stream::MOST_LISTENERS;
use super::{control, files, locust, openapi, page, stream};

/// What handlers have at hand.
#[derive(Clone)]
pub(super) struct Web {
    pub(super) session: Arc<Session>,
    pub(super) backdrop: Arc<dyn Backdrop>,
    /// Places for browsers that listen.
    pub(super) listeners: Arc<Semaphore>,
    /// Held while scripts are compiled for a form.
    pub(super) looking: Arc<Mutex<()>>,
}

impl Web {
    pub(super) fn new(session: Arc<Session>, backdrop: Arc<dyn Backdrop>) -> Web {
        Web {
            session,
            backdrop,
            listeners: Arc::new(Semaphore::new(MOST_LISTENERS)),
            looking: Arc::default(),
        }
    }
}

/// A method of a path.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) what: &'static str,
    /// The schema of the body that it takes, if it takes one.
    pub(super) takes: Option<&'static str>,
    pub(super) gives: Gives,
    handler: fn() -> MethodRouter<Web>,
}

/// What a route answers.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    /// JSON of that schema.
    Json(&'static str),
    /// Something of that media type.
    Other(&'static str),
}

use Gives::{Json, Other};

const CSV: Gives = Other("text/csv");
const HTML: Gives = Other("text/html");
const SCRIPT: Gives = Other("text/javascript");
const STYLE: Gives = Other("text/css");

type Handler = fn() -> MethodRouter<Web>;

const fn look(path: &'static str, what: &'static str, gives: Gives, handler: Handler) -> Route {
    Route { method: "get", path, what, takes: None, gives, handler }
}

const fn act(path: &'static str, what: &'static str, takes: &'static str, handler: Handler) -> Route {
    Route { method: "post", path, what, takes: Some(takes), gives: Json("Done"), handler }
}

/// Our own first, then Locust's, then what the page is made of.
pub(super) static ROUTES: &[Route] = &[
    look("/api/v1/openapi.json", "This document", Json("Document"), || get(openapi::document)),
    look("/api/v1/status", "How things stand", Json("Status"), || get(control::status)),
    look(
        "/api/v1/events",
        "Status and figures as they change, as server-sent events",
        Other("text/event-stream"),
        || get(stream::events),
    ),
    look("/api/v1/scripts", "Scripts and environments that can be run", Json("Catalog"), || {
        get(control::scripts)
    }),
    Route {
        gives: Json("Sketch"),
        ..act("/api/v1/plan", "What a run would be, without running it", "Asked", || post(control::plan))
    },
    look("/api/v1/runs", "The runs of this session", Json("Runs"), || get(control::runs)),
    Route { gives: Json("Started"), ..act("/api/v1/runs", "Start a run", "Asked", || post(control::start)) },
    look("/api/v1/runs/{run}", "All that the page shows of a run", Json("View"), || get(control::run)),
    Route {
        method: "patch",
        ..act("/api/v1/runs/{run}", "Change users, rates or the pause of the run", "Change", || {
            patch(control::change)
        })
    },
    act("/api/v1/runs/{run}/stop", "End the run gracefully, or at once", "Stop", || post(control::stop)),
    act("/api/v1/runs/{run}/reset", "Count from anew", "Nothing", || post(control::reset)),
    look("/api/v1/runs/{run}/files", "The result files of a run", Json("Files"), || get(files::list)),
    look("/api/v1/runs/{run}/files/{file}", "One of them", Other("application/octet-stream"), || {
        get(files::download)
    }),
    look("/api/v1/tasks", "How users are shared among classes and tasks", Json("Shares"), || {
        get(control::tasks)
    }),
    Route {
        gives: Json("Swarmed"),
        ..act("/swarm", "Locust: start a run, or change it", "Form", || post(locust::swarm))
    },
    look("/stop", "Locust: end the run", Json("Swarmed"), || get(locust::stop)),
    look("/stats/reset", "Locust: count from anew", Other("text/plain"), || get(locust::reset)),
    look("/stats/requests", "Locust: the statistics", Json("Requests"), || get(locust::requests)),
    look("/stats/requests/csv", "Locust: the statistics as CSV", CSV, || get(locust::requests_csv)),
    look("/stats/requests_full_history/csv", "Locust: the history as CSV", CSV, || get(locust::history_csv)),
    look("/stats/failures/csv", "Locust: the failures as CSV", CSV, || get(locust::failures_csv)),
    look("/stats/report", "Locust: the report", HTML, || get(locust::report_page)),
    look("/exceptions", "Locust: what scripts raised", Json("Exceptions"), || get(locust::exceptions)),
    look("/exceptions/csv", "Locust: the same as CSV", CSV, || get(locust::exceptions_csv)),
    look("/tasks", "Locust: the ratio of the tasks", Json("Tasks"), || get(locust::tasks)),
    look("/logs", "Locust: the log", Json("Logs"), || get(locust::logs)),
    look("/", "The page", HTML, || get(page::page)),
    look("/assets/plotly.js", "Of the page", SCRIPT, || get(page::plotly)),
    look("/assets/view.js", "Of the page", SCRIPT, || get(page::view)),
    look("/assets/desk.js", "Of the page", SCRIPT, || get(page::desk)),
    look("/assets/view.css", "Of the page", STYLE, || get(page::view_style)),
    look("/assets/desk.css", "Of the page", STYLE, || get(page::desk_style)),
    look("/assets/icon.svg", "Of the page", Other("image/svg+xml"), || get(page::icon)),
];

pub(super) fn router(web: Web, gate: Arc<Gate>) -> Router {
    let routes =
        ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()));
    routes
        .fallback(async || missing("there is nothing here; /api/v1/openapi.json lists what there is"))
        .with_state(web)
        .layer(from_fn_with_state(gate, guard))
}
