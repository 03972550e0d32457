//! Downloads: every result file of the run that goes on and of those that have ended.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use crate::report::Document;

use super::answers::{Refusal, file, json, missing};
use super::control::number;
use super::past::Measured;
use super::routes::Web;

/// Locust's history, which grows in a file.
pub(super) const HISTORY: &str = "stats_history.csv";
/// The report as a page.
pub(super) const REPORT: &str = "report.html";

/// A file that there is.
#[derive(Serialize)]
struct Offer {
    name: String,
    kind: &'static str,
}

fn offers(measured: &Measured) -> Vec<Offer> {
    let there = Document::ALL.into_iter().filter(|document| document.is_there(&measured.info));
    let mut offers: Vec<Offer> =
        there.map(|document| Offer { name: document.name().to_owned(), kind: document.kind() }).collect();
    if measured.history.is_some() {
        offers.push(Offer { name: HISTORY.to_owned(), kind: Document::Stats.kind() });
    }
    offers.push(Offer { name: REPORT.to_owned(), kind: "text/html; charset=utf-8" });
    offers
}

pub(super) async fn list(State(web): State<Web>, Path(run): Path<String>) -> Result<Response, Refusal> {
    Ok(match web.session.measured(number(&run)?).await {
        Some(measured) => json(&offers(&measured)),
        None => missing("nothing was measured yet"),
    })
}

pub(super) async fn download(
    State(web): State<Web>,
    Path((run, name)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let Some(measured) = web.session.measured(number(&run)?).await else {
        return Ok(missing("nothing was measured yet"));
    };
    let told = format!("run-{}_{name}", measured.id);
    if name == REPORT {
        return Ok(match report(&web, measured).await {
            Some(page) => file(&told, "text/html; charset=utf-8", page),
            None => missing("the report cannot be made"),
        });
    }
    Ok(match content(measured, &name).await {
        Some((kind, content)) => file(&told, kind, content),
        None => missing("there is no such file"),
    })
}

/// A file of a run by its name; made on a thread of its own, since it may be large.
pub(super) async fn content(measured: Measured, name: &str) -> Option<(&'static str, Vec<u8>)> {
    if name == HISTORY {
        let kept = measured.history?;
        let content = tokio::task::spawn_blocking(move || std::fs::read(kept.path())).await.ok()?.ok()?;
        return Some((Document::Stats.kind(), content));
    }
    let document = Document::ALL.into_iter().find(|document| document.name() == name)?;
    if !document.is_there(&measured.info) {
        return None;
    }
    let content = tokio::task::spawn_blocking(move || document.render(measured.moment())).await.ok()?;
    Some((document.kind(), content))
}

/// The report of a run as one page.
pub(super) async fn report(web: &Web, measured: Measured) -> Option<Vec<u8>> {
    let Some((.., sight)) = web.session.sight(Some(measured.id)) else {
        return tokio::task::spawn_blocking(move || measured.empty_page()).await.ok();
    };
    tokio::task::spawn_blocking(move || sight.page()).await.ok()
}
